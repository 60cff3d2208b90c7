"""A table of any origin, from the file to what would hurt a model in it."""

from __future__ import annotations

import gzip
import importlib
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import modelwright as mw
from explore.tables import orders
from modelwright.acquire import streaming
from modelwright.core.errors import ColumnError, DataError, UserError
from modelwright.core.findings import Finding
from modelwright.core.settings import Settings
from modelwright.explore.table_profile import TableProfile


def codes(found: TableProfile) -> set[str]:
    return {finding.code for finding in found.findings}


def finding(found: TableProfile, code: str) -> Finding:
    return next(one for one in found.findings if one.code == code)


@pytest.mark.long
def test_what_hurts_is_found_with_its_cure() -> None:
    frame = orders()
    frame = pl.concat([frame, frame.head(20)]).with_columns(
        (pl.col("paid").cast(pl.Int8) * 2.5 + 1).alias("refund")
    )
    found = mw.explore(frame, "paid")
    assert {
        "disguised-missing",
        "sparse-columns",
        "constant-columns",
        "copied-columns",
        "wild-values",
        "target-copy",
    } <= codes(found)
    hidden = finding(found, "disguised-missing")
    assert hidden.columns == ("days",)
    assert '{"days": {"missing": ["999"]}}' in hidden.cure
    # what check says of a column is said once, with the flag that leaves it out
    assert "leak" not in codes(found)
    assert finding(found, "target-copy").columns == ("refund",)
    assert '"role": "ignored"' in finding(found, "target-copy").cure
    assert finding(found, "wild-values").columns[0] in ("amount", "net")
    assert set(finding(found, "sparse-columns").columns) == {"floor", "door"}


def test_a_cure_mends_what_it_is_for() -> None:
    found = mw.explore(orders(), settings=Settings(types={"days": {"missing": ["999"]}}))
    assert "disguised-missing" not in codes(found)
    assert found["days"].numbers is not None
    assert found["days"].numbers.quantiles[-1] < 999


def test_a_clean_table_is_not_spoken_ill_of() -> None:
    rng = np.random.default_rng(0)
    frame = {
        "height": rng.normal(170, 9, 500),
        "weight": rng.normal(70, 9, 500),
        "team": rng.choice(["a", "b", "c"], 500),
        "score": rng.normal(size=500),
    }
    found = mw.explore(frame, "score")
    assert not [one for one in found.findings if one.severity.value != "info"]
    assert "nothing was found" in str(found) or found.findings


def test_the_structure_of_rows_is_part_of_it() -> None:
    who = np.repeat(np.arange(60), 6)
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            "patient": [f"P{i}" for i in who],
            "height": rng.normal(170, 9, 60)[who],
            "dose": rng.normal(size=360),
            "pressure": rng.normal(size=60)[who] + 0.2 * rng.normal(size=360),
        }
    )
    found = mw.explore(frame, "pressure")
    assert "repeated-entities" in codes(found)
    assert found.option == "--group patient"
    assert "recommended: modelwright fit ... --group patient" in str(found)


def test_a_rare_class_and_a_long_tail() -> None:
    rng = np.random.default_rng(2)
    rare = np.where(rng.random(2000) < 0.01, "fraud", "fine")
    found = mw.explore({"x": rng.normal(size=2000), "y": rare}, "y")
    assert "--metric average_precision" in finding(found, "rare-class").cure
    tail = mw.explore({"x": rng.normal(size=900), "y": rng.lognormal(3, 2, 900)}, "y")
    assert "--metric rmsle" in finding(tail, "long-tail").cure


def test_gaps_that_know_the_answer() -> None:
    rng = np.random.default_rng(3)
    y = rng.random(800) < 0.5
    letter = [None if answer or rng.random() < 0.1 else 1.0 + rng.random() for answer in y]
    found = mw.explore({"letter": letter, "x": rng.normal(size=800), "y": y}, "y")
    assert finding(found, "telling-gaps").columns == ("letter",)


@pytest.mark.long
def test_test_rows_that_differ() -> None:
    old, new = orders(800), orders(400, seed=9)
    same = mw.explore(old, "paid", test=new)
    assert same.comparison is not None
    assert not [one for one in same.comparison.drifted if one.column not in ("order", "remark")]
    moved = mw.explore(old, "paid", test=new.with_columns(pl.col("amount") * 5))
    assert moved.comparison is not None
    assert [one.column for one in moved.comparison.drifted] == ["amount"]
    assert moved.comparison.auc > 0.7
    assert finding(moved, "drift").columns == ("amount",)
    fewer = mw.explore(old, test=new.drop("amount"))
    assert fewer.comparison is not None
    assert "amount" not in {one.column for one in fewer.comparison.columns}


def test_a_test_file_of_another_table_is_refused() -> None:
    with pytest.raises(ColumnError, match="columns of the table"):
        mw.explore(orders(50), test={"else": [1, 2, 3]})


def test_a_wrong_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(ColumnError, match="did you mean 'paid'"):
        mw.explore(orders(50), "paidd")


def test_a_target_that_cannot_be_predicted_is_told_not_refused() -> None:
    found = mw.explore(orders(300), "country")
    assert any("cannot be predicted" in note for note in found.notes)
    assert found.target is not None


@pytest.mark.long
def test_python_s_frames_are_taken() -> None:
    frame = orders(120)
    whole = mw.explore(frame).describe()
    assert mw.explore(frame.lazy()).describe().equals(whole)
    there = mw.explore(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]}))
    assert (there["b"].missing, there.rows) == (1, 2)
    assert whole["missing"].to_list()[5] == frame["floor"].null_count()


@pytest.mark.long
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "arrow", "jsonl"])
def test_streamed_files_say_the_same_as_small_ones(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = orders(700).with_columns(pl.col("placed").dt.date())
    path = tmp_path / f"orders.{ending}"
    if ending == "csv.gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    elif ending == "csv":
        frame.write_csv(path)
    elif ending == "jsonl":
        frame.write_ndjson(path)
    elif ending == "parquet":
        frame.write_parquet(path, row_group_size=100)
    else:
        frame.write_ipc(path)
    small = mw.explore(path)
    monkeypatch.setattr(streaming, "LARGE", 0)
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    large = mw.explore(path)
    assert large.rows == small.rows == 700
    assert large.describe().equals(small.describe())
    assert codes(large) == codes(small)
    assert large.source == path.name


def test_a_database_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE sales (town TEXT, amount REAL)")
        base.executemany(
            "INSERT INTO sales VALUES (?, ?)", [("Rome", i % 7 + 0.5) for i in range(50)]
        )
    found = mw.explore(f"sqlite:///{path}#sales")
    assert found.rows == 50
    assert found["amount"].numbers is not None
    assert found["amount"].numbers.median == 3.5
    with pytest.raises(UserError):
        mw.explore(f"sqlite:///{path}#nothing")


@pytest.mark.long
def test_too_many_columns_are_refused() -> None:
    with pytest.raises(DataError, match="at most 20,000 columns"):
        mw.explore(pl.DataFrame(np.zeros((1, 20_001))))


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"a\n", b"a,b\n1\n", b"\x00" * 100, b"\xff\xfe\x00", b'"', b"a,a\n1,2\n", b"{}",
     b"PAR1" + b"\x00" * 20 + b"PAR1", b"a\n" + b"x" * 200_000, "é;è\n1;2\n".encode("cp1252")],
)  # fmt: skip
def test_rubbish_is_read_or_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "rubbish.csv"
    path.write_bytes(content)
    try:
        found = mw.explore(path)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert found.page()


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.text(max_size=12).filter(lambda name: name != "*" and not name.startswith("^")),
        st.lists(
            st.none() | st.floats() | st.text(max_size=8) | st.booleans() | st.integers(-9, 9),
            min_size=6,
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.long
def test_any_small_table_is_profiled(table: dict[str, list[object]]) -> None:
    try:
        found = mw.explore(table)
    except UserError:
        return
    assert found.rows == 6
    assert len(found.columns) == len(table)
    assert found.page()
    assert str(found)


def test_the_same_seed_says_the_same(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": np.random.default_rng(0).normal(size=45_000)})
    first, second = (mw.explore(frame).to_json() for _ in range(2))
    assert first == second
    assert first["sample_rows"] == 20_000


def test_a_room_does_not_hide_the_function() -> None:
    importlib.import_module("modelwright.explore.column_figures")

    assert callable(mw.explore)


@pytest.mark.parametrize(
    ("code", "severity", "said"),
    [(-999.0, "warning", "lies far outside"), (-1.0, "info", "below zero, as no other value does")],
)
def test_a_code_beside_the_other_values_is_not_called_far(
    code: float, severity: str, said: str
) -> None:
    steps = np.random.default_rng(0).integers(0, 31, 400).astype(float)
    steps[::20] = code
    (one,) = [f for f in mw.explore({"steps": steps}).findings if f.code == "disguised-missing"]
    assert one.severity.value == severity
    assert said in one.evidence


def test_totals_are_left_out_as_by_a_fit(tmp_path: Path) -> None:
    rows = {"name": ["a", "b", "c"] * 20, "kind": ["x", "y"] * 30, "size": list(range(60))}
    table = pl.DataFrame({**rows, "price": [float(i % 7) for i in range(60)]})
    path = tmp_path / "sums.csv"
    path.write_text(table.write_csv() + "Total,,,9999\n")
    found = mw.explore(path)
    assert found.rows == 60
    assert "Totals at the end were left out: 1 row." in found.notes
    total = pl.DataFrame({"name": ["Total"], "kind": [None], "size": [None], "price": [9999.0]},
                         schema=table.schema)  # fmt: skip
    streamed = mw.explore(pl.concat([table, total]).lazy())
    assert streamed.rows == 60
    assert "Totals at the end were left out: 1 row." in streamed.notes
    # the word is one of the column's
    often = pl.concat([table.with_columns(name=pl.lit("Total")), total]).lazy()
    assert mw.explore(often).rows == 61


def test_totals_of_test_rows_are_left_out(tmp_path: Path) -> None:
    table = pl.DataFrame({"name": ["a", "b"] * 30, "kind": ["x", "y", "z"] * 20,
                          "size": [i % 9 for i in range(60)]})  # fmt: skip
    path = tmp_path / "test.csv"
    path.write_text(table.write_csv() + "Total,,\n")
    found = mw.explore(table, test=path)
    assert found.comparison is not None
    assert found.comparison.rows == 60


def test_one_column_is_warned_of_once() -> None:
    draw = np.random.default_rng(0)
    answer = draw.normal(5000, 800, 300)
    table = pl.DataFrame({"answer": answer, "upper": answer + draw.normal(0, 5, 300),
                          "other": draw.normal(size=300)})  # fmt: skip
    found = mw.explore(table, "answer")
    named = [one for one in found.findings if one.columns == ("upper",)]
    assert len(named) == 1


def test_numbers_of_a_column_are_written_alike() -> None:
    rows = {"score": [2404.0, 5568.5, 7821.0, 5569.0], "year": [1996, 2004, 2010, 2011]}
    told = str(mw.explore(pl.DataFrame({name: values * 9 for name, values in rows.items()})))
    assert "5,569 (2,404 to 7,821)" in told
    assert "2007 (1996 to 2011)" in told


@pytest.mark.long
def test_dirty_cells_are_told_in_plain_words(shared_data: Path) -> None:
    folder = shared_data / "errors"
    told = finding(mw.explore(folder / "hospital" / "dirty.csv"), "wrong-cells")
    assert told.evidence.startswith("at least 3")
    assert "cells look wrong: " in told.evidence
    assert "where rows of the same 'measure_code' say " in told.evidence
    assert "; and more in " in told.evidence
    assert "modelwright clean FILE --out" in told.cure
    assert "--clean" in told.cure
    disputed = finding(mw.explore(folder / "flights" / "dirty.csv"), "wrong-cells")
    assert "where most rows of the same 'flight' say " in disputed.evidence
    assert set(disputed.columns) >= {"act_dep_time", "act_arr_time"}
    assert "wrong-cells" not in codes(mw.explore(folder / "hospital" / "clean.csv"))


def test_of_a_large_table_some_rows_are_asked() -> None:
    rng = np.random.default_rng(0)
    town = rng.choice(["Frankfurt", "Kassel", "Wiesbaden"], 30_000)
    slips = ["Frankfxrt", "Franxfurt", "Wiesbdaen", "Kasxel", "Wixsbaden", "Kxssel"]
    town[rng.random(30_000) < 0.003] = "?"
    town = np.where(town == "?", rng.choice(slips, 30_000), town)
    told = finding(
        mw.explore(pl.DataFrame({"town": town, "x": rng.normal(size=30_000)})), "wrong-cells"
    )
    assert "wrong among 4,000 rows that were looked at: " in told.evidence
    assert told.columns == ("town",)


@pytest.mark.slow
def test_no_false_alarm_on_public_tables(shared_data: Path) -> None:
    paths = sorted((shared_data / "tabular").glob("*/train.csv.gz"))
    loud = {path.parent.name for path in paths if "wrong-cells" in codes(mw.explore(path))}
    # one writes a degree in two ways, the other a publisher
    assert loud == {"reddit_finance", "videogame_sales"}
