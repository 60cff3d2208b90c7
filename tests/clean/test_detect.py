"""Errors are found in whole tables, and twenty labelled rows help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clean.planted import articles, changed, drinks, f1, reports, wrong
from modelwright.clean.cells import Labels
from modelwright.clean.detect import detect
from modelwright.clean.rules.file import parse_rules
from modelwright.core.errors import ColumnError, DataError

Maker = Callable[[int, int], tuple[pl.DataFrame, pl.DataFrame]]


def labelled(clean: pl.DataFrame, seed: int, count: int = 20) -> Labels:
    rows = np.sort(np.random.default_rng(seed).choice(clean.height, count, replace=False))
    return Labels(rows, clean[rows])


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "least"),
    [(drinks, 0.9), (articles, 0.7), (reports, 0.85)],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_twenty_labelled_rows_find_errors_of_many_kinds(make: Maker, least: float) -> None:
    dirty, clean = make(400, 0)
    truth = wrong(dirty, clean)
    labels = labelled(clean, 0)
    found = detect(dirty, labels=labels, seed=0)
    scored = np.setdiff1d(np.arange(dirty.height), labels.rows)
    assert f1(found.wrong()[scored], truth[scored]) > least
    assert f1(found.wrong()[labels.rows], truth[labels.rows]) == 1.0


def test_sources_that_contradict_each_other_need_no_labels() -> None:
    dirty, clean = reports(600, 1)
    assert f1(detect(dirty).wrong(), wrong(dirty, clean)) > 0.8


@pytest.mark.long
def test_the_same_seed_gives_the_same_answer() -> None:
    dirty, clean = articles(150, 0)
    one, two = (detect(dirty, labels=labelled(clean, 0), seed=3) for _ in range(2))
    assert (one.chance == two.chance).all()
    assert (one.reason == two.reason).all()


@pytest.mark.long
def test_what_is_wrong_has_a_reason_in_plain_words() -> None:
    dirty, clean = drinks(200, 0)
    found = detect(dirty, labels=labelled(clean, 1))
    assert (found.reason[found.wrong()] >= 0).all()
    assert found.reason.max() < len(found.reasons)
    assert all("'" in reason or "labels" in reason for reason in found.reasons)


def test_rules_speak_beside_detectors() -> None:
    table = pl.DataFrame({"age": ["31", "40", "-4"] * 10, "name": [f"n{i}" for i in range(30)]})
    found = detect(table, rules=parse_rules("[columns.age]\nleast = 0"))
    assert found.wrong()[2::3, 0].all()
    assert found.reasons[found.reason[2, 0]] == "'age' is below 0"
    assert not found.wrong()[:, 1].any()
    with pytest.raises(ColumnError, match="did you mean 'age'"):
        detect(table, rules=parse_rules("[columns.agee]\nleast = 0"))


@pytest.mark.long
def test_what_somebody_said_of_a_cell_outweighs_a_rule() -> None:
    table = pl.DataFrame({"age": ["31", "40", "-4"] * 10, "name": [f"n{i}" for i in range(30)]})
    right = table[[2, 3]].with_columns(age=pl.Series(["-4", "41"]))
    found = detect(
        table, labels=Labels(np.array([2, 3]), right), rules=parse_rules("[columns.age]\nleast = 0")
    )
    assert found.wrong()[[2, 3], 0].tolist() == [False, True]
    assert found.wrong()[5::3, 0].all()


@pytest.mark.long
def test_very_many_labels_teach_by_a_part_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.clean.learned._LESSONS", 200)
    dirty, clean = drinks(150, 0)
    found = detect(dirty, labels=Labels(np.arange(100), clean[:100]))
    assert (found.wrong()[:100] == wrong(dirty, clean)[:100]).all()


@pytest.mark.long
def test_labels_do_not_deny_what_they_are_silent_about() -> None:
    draw = np.random.default_rng(0)
    clean = pl.DataFrame(
        {
            "town": draw.choice(["Bonn", "Ulm", "Jena"], 600),
            "rain": [f"{x:.1f}" for x in draw.gamma(4, 3, 600)],
            "shade": draw.choice(["red", "green", "blue"], 600),
        }
    )
    dirty = changed(clean, "rain", draw, 0.03, lambda text: "N/A")
    dirty = changed(dirty, "shade", draw, 0.2, lambda text: text + " ")
    truth = wrong(dirty, clean)
    rows = np.flatnonzero(~truth[:, 1])[:20]
    found = detect(dirty, labels=Labels(rows, clean[rows]))
    assert found.wrong()[truth[:, 1], 1].all()
    assert f1(found.wrong(), truth) > 0.95
    words = changed(clean, "shade", draw, 0.2, lambda text: "unknown")
    rows = np.flatnonzero(words["shade"].to_numpy() == "unknown")[:20]
    right = detect(words, labels=Labels(rows, words[rows]))
    assert not right.wrong()[:, 2].any()


def test_labels_that_do_not_fit_are_refused() -> None:
    table = pl.DataFrame({"a": ["x", "y"]})
    with pytest.raises(DataError, match="rows from 0 to 1"):
        detect(table, labels=Labels(np.array([2]), pl.DataFrame({"a": ["x"]})))


@pytest.mark.long
def test_labels_of_some_columns_and_few_rows_are_enough_to_go_on() -> None:
    dirty, clean = drinks(120, 0)
    few = Labels(np.array([3]), clean[[3]].select("ounces"))
    assert detect(dirty, labels=few).chance.shape == dirty.shape
    none = Labels(np.array([], np.int64), clean.clear())
    assert (detect(dirty, labels=none).chance == detect(dirty).chance).all()


@pytest.mark.parametrize(
    "table", [pl.DataFrame(), pl.DataFrame({"a": pl.Series([], dtype=pl.String)})]
)
def test_an_empty_table_has_no_errors(table: pl.DataFrame) -> None:
    assert detect(table).chance.shape == table.shape


CELLS = st.one_of(
    st.none(), st.sampled_from(["a", "b", "1", "-7.5", "2020-01-01", " x "]), st.text(max_size=5)
)


@pytest.mark.long
@settings(max_examples=25)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30), data=st.data())
def test_any_table_gets_chances_and_labels_are_believed(
    rows: list[tuple[str | None, ...]], data: st.DataObject
) -> None:
    schema = dict.fromkeys("abc", pl.String)
    dirty = pl.DataFrame(rows, schema=schema, orient="row")
    row = data.draw(st.integers(0, len(rows) - 1))
    right = pl.DataFrame([data.draw(st.tuples(CELLS, CELLS, CELLS))], schema=schema, orient="row")
    found = detect(dirty, labels=Labels(np.array([row]), right))
    assert ((found.chance >= 0) & (found.chance <= 1)).all()
    assert found.wrong()[row].tolist() == wrong(dirty[[row]], right)[0].tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("hospital", 0.95), ("flights", 0.80)])
def test_real_tables(shared_data: Path, name: str, least: float) -> None:
    folder = shared_data / "errors" / name
    dirty, clean = (
        pl.read_csv(folder / f"{x}.csv", infer_schema=False) for x in ("dirty", "clean")
    )
    clean = clean.rename(dict(zip(clean.columns, dirty.columns, strict=True)))
    labels = labelled(clean, 7)
    found = detect(dirty, labels=labels, seed=7)
    scored = np.setdiff1d(np.arange(dirty.height), labels.rows)
    assert f1(found.wrong()[scored], wrong(dirty, clean)[scored]) > least
