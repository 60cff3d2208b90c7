"""Boosting on the rows that the sample of a larger file left."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.acquire import read_raw, streaming
from modelwright.acquire.text import delimited
from modelwright.core.errors import ModelwrightWarning
from modelwright.core.settings import Question
from modelwright.core.splits import Fold, Splits
from modelwright.evaluate import Temperature
from modelwright.models import pieces
from modelwright.plan.board import Choice
from modelwright.plan.clock import Clock
from modelwright.plan.pose import Posed, pose, reading_for
from modelwright.plan.trial import PartResult, Trial, TrialSpec
from modelwright.plan.whole_file import fit as file_fit
from modelwright.plan.whole_file import larger
from modelwright.plan.whole_file.larger import Larger
from modelwright.plan.workspace import Workspace

ROWS = 4_000
ROOM = 2**14
SAW = "Boosting saw"


def table(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    """Make sales that hang together in a way that a few hundred rows do not show."""
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(0, 1, (2, rows)).round(4)
    town = rng.integers(0, 40, rows)
    worth = np.random.default_rng(9).normal(0, 1, 40)[town]
    day = rng.integers(0, 900, rows)
    signal = np.sin(12 * x) * np.cos(9 * z) + worth + 0.3 * (day % 7 == 0)
    gone = rng.random(rows) < 0.05
    return pl.DataFrame(
        {
            "x": [None if g else v for g, v in zip(gone, x, strict=True)],
            "z": z,
            "town": [f"town {t}" for t in town],
            "day": [date(2020, 1, 1) + timedelta(days=int(d)) for d in day],
            "worth": (signal + rng.normal(0, 0.3, rows)).round(4),
            "bought": np.where(signal + rng.normal(0, 0.6, rows) > 0, "yes", "no"),
        }
    )


def shrink(patch: pytest.MonkeyPatch) -> None:
    """Let a file be larger than memory, which yet holds the features of all of its rows."""
    posing = importlib.import_module("modelwright.plan.pose")
    patch.setattr(posing, "total_memory", lambda: 8 * ROOM + 5)
    patch.setattr(larger, "MEMORY_PER_BYTE", 1_000)
    patch.setattr(file_fit, "core_count", lambda: 1)  # tests run side by side


@pytest.fixture(autouse=True)
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)


def quick(**changes: object) -> mw.Settings:
    how = {"trials": 1, "workers": 0, "models": ("lightgbm",), **changes}
    how = {"validation": mw.Validation(folds=2), **how}
    return mw.Settings(**how)  # type: ignore[arg-type]


def said(result: mw.Result, words: str = SAW) -> str:
    (note,) = (note for note in result.notes if words in note)
    return note


def sales_of(folder: Path, target: str = "worth") -> Path:
    other = {"worth": "bought", "bought": "worth"}[target]
    table().drop(other).write_csv(folder / "sales.csv")
    return folder / "sales.csv"


def answers(result: mw.Result) -> np.ndarray:
    return result.model.probabilities(table(300, seed=1))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, mw.Result]]:
    """Fit numbers once, for several questions."""
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        path = sales_of(tmp_path_factory.mktemp("sales"))
        yield path, mw.fit(path, "worth", settings=quick(store=path.parent / "runs"))


@pytest.mark.long
def test_the_rest_of_the_file_makes_the_model_better(found: tuple[Path, mw.Result]) -> None:
    path, result = found
    rows, fresh = result.model.card.rows, table(3_000, seed=1)
    assert rows < ROWS / 6
    assert f"of the {ROWS:,} rows of the file: lightgbm-0 was fitted again" in said(result)
    assert "counts for 100% of the model" in said(result)
    sample = path.with_name("sample.csv")
    pl.read_csv(path).sample(rows, seed=0).write_csv(sample)
    alone = mw.fit(sample, "worth", settings=quick()).model.evaluate(fresh)["rmse"]
    assert result.model.evaluate(fresh)["rmse"] < 0.9 * alone
    # the score is that of models of the sample, half of which each of them had not seen
    assert result.score is not None
    assert result.score > 0.95 * alone


@pytest.mark.long
def test_a_model_knows_the_rows_of_the_file_again(found: tuple[Path, mw.Result]) -> None:
    path, result = found
    loaded = mw.load(result.model.save(path.with_name("sales.mw")))
    assert np.array_equal(answers(result), loaded.probabilities(table(300, seed=1)))
    with pytest.warns(ModelwrightWarning, match="the model was fitted on"):
        loaded.evaluate(path)
    assert loaded.learned is not None
    assert loaded.learned.rows > 0.8 * ROWS


@pytest.mark.long
def test_a_replay_fits_the_same_model(found: tuple[Path, mw.Result]) -> None:
    path, result = found
    again = mw.fit(
        path, "worth", settings=quick(store=path.parent / "runs", replay=result.run, trials=None)
    )
    assert said(again) == said(result)
    assert np.array_equal(answers(again), answers(result))


@pytest.mark.long
@pytest.mark.parametrize("batch", [331, 10**6])
def test_the_size_of_batches_changes_no_bit(
    found: tuple[Path, mw.Result], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through a typed file, as large ones are read, and piece by piece into the booster."""
    path, result = found
    monkeypatch.setattr(file_fit, "_BATCH", batch)
    monkeypatch.setattr(pieces, "_CELLS", 0)
    monkeypatch.setattr(streaming, "LARGE", 0)
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    again = mw.fit(path, "worth", settings=quick())
    assert said(again) == said(result)
    assert np.array_equal(answers(again), answers(result))


@pytest.mark.long
def test_classes_and_damaged_rows(tmp_path: Path) -> None:
    path = sales_of(tmp_path, "bought")
    head, *lines = path.read_text().splitlines()
    lines[1_400] += ",1,2,3"
    lines[1_700] = lines[1_700].rsplit(",", 1)[0] + ",maybe"
    lines[1_900] = lines[1_900].rsplit(",", 1)[0] + ","
    path.write_text("\n".join([head, *lines]) + "\n")
    result = mw.fit(path, "bought", settings=quick())
    assert result.model.task.classes == ("no", "yes")
    assert f"of the {ROWS - 1:,} rows of the file" in said(result)
    assert "cannot be aligned: it was left out" in said(result, "(line 1402)")
    assert "without a value of 'bought' left out" in said(result, "without a value")
    assert "1 row of classes that the sample does not hold" in said(result, "('maybe')")
    assert result.score is not None
    assert result.score > 0.7


@pytest.mark.long
@pytest.mark.parametrize("typed_from", [0, 2**30])
def test_categories_that_are_written_as_numbers(
    tmp_path: Path, typed_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are known again whether the sample was read as text or with typed numbers."""
    path, types = sales_of(tmp_path), tmp_path / "types.json"
    frame = pl.read_csv(path)
    code = pl.Series("code", [("3.50", "4.0", "007", "12")[i % 3] for i in range(ROWS)])
    kind = pl.Series("kind", [("1.50", "2.50")[i % 2] for i in range(ROWS)])
    frame.with_columns(code, kind).write_csv(path)
    types.write_text('{"code": "category", "kind": "category"}')
    monkeypatch.setattr(delimited, "TYPED_FROM", typed_from)
    monkeypatch.setattr(streaming, "LARGE", 0)
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    result = mw.fit(path, "worth", settings=quick(types=types))
    assert f"of the {ROWS:,} rows of the file" in said(result)


@pytest.mark.long
def test_later_rows_judge_and_then_teach(tmp_path: Path) -> None:
    path = sales_of(tmp_path)
    result = mw.fit(path, "worth", order="day", settings=quick())
    assert f"Boosting saw {ROWS:,} of the {ROWS:,} rows" in said(result)


@pytest.mark.long
def test_whole_groups_are_held_back(tmp_path: Path) -> None:
    path = sales_of(tmp_path)
    result = mw.fit(path, "worth", group="town", settings=quick())
    saw = int(said(result).split()[2].replace(",", ""))
    assert 0.4 * ROWS < saw < 0.6 * ROWS  # one of two folds has the other half of the towns


@pytest.mark.long
def test_test_rows_stay_unseen(tmp_path: Path) -> None:
    path = sales_of(tmp_path)
    test = tmp_path / "test.csv"
    pl.read_csv(path).tail(500).write_csv(test)
    how = quick(validation=mw.Validation(folds=2, test=test))
    result = mw.fit(path, "worth", settings=how)
    saw = int(said(result).split()[2].replace(",", ""))
    assert saw < ROWS - 350 - result.model.card.rows / 2
    assert result.test is not None
    assert 350 < result.test.rows < 500  # some were in the sample


@pytest.mark.long
def test_without_a_boosted_member_the_sample_is_all(tmp_path: Path) -> None:
    result = mw.fit(sales_of(tmp_path), "worth", settings=quick(models=("linear",)))
    assert "no model of the ensemble" in said(result, "that the sample left were not learned from")


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seconds": 0.0}, "there was no time for more rows"),
        ({"memory": 10_000}, "hold hardly more rows"),
        ({"nonsense": 1}, "failed: TypeError"),  # whatever else goes wrong
    ],
)
def test_what_does_not_end_is_thrown_away(
    tmp_path: Path, change: dict[str, float], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = file_fit.fit_file
    monkeypatch.setattr(
        file_fit, "fit_file", lambda folder, asked: fit(folder, {**asked, **change})
    )
    result = mw.fit(sales_of(tmp_path), "worth", settings=quick())
    assert why in said(result, "that the sample left were not learned from")
    assert not any(SAW in note for note in result.notes)
    assert result.predict(table(10, seed=1)).height == 10


@pytest.mark.long
@pytest.mark.parametrize("gone", [True, False])
def test_a_file_that_changed_meanwhile(
    tmp_path: Path, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sales_of(tmp_path)

    def fit(folder: str, asked: dict[str, object]) -> dict[str, object]:
        path.unlink()
        if not gone:
            table(seed=5).write_csv(path)
        return before(folder, asked)

    before = file_fit.fit_file
    monkeypatch.setattr(file_fit, "fit_file", fit)
    result = mw.fit(path, "worth", settings=quick())
    why = "expected an existing file" if gone else "rows of the sample are no longer in the file"
    assert why in said(result, "that the sample left were not learned from")


@pytest.mark.long
def test_a_part_of_the_rows_where_memory_is_short(
    found: tuple[Path, mw.Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = found
    monkeypatch.setattr(larger, "MEMORY_PER_BYTE", 10)
    result = mw.fit(path, "worth", settings=quick())
    saw = int(said(result).split()[2].replace(",", ""))
    width = 88 + 30  # bytes of a row, its features within them
    assert 10 * ROOM / width < saw < 10 * ROOM / 88


def opened(
    folder: Path, kind: str = "hold-out", group: str | None = None
) -> tuple[Workspace, Posed]:
    """Put the question, and plan one hold-out."""
    asked, path = Question("worth", group=group), sales_of(folder)
    posed = pose(read_raw(path, reading_for(asked, mw.Settings(), path)), asked, mw.Settings())
    work = Workspace(folder)
    work.hold(posed.rows)
    half = np.arange(len(posed.rows.y)) % 2 == 0
    fold = Fold(np.flatnonzero(half), np.flatnonzero(~half))
    work.write_splits(Splits((fold,), len(half), kind, ""))
    return work, posed


def test_no_time_is_kept_before_there_is_a_boosted_member(tmp_path: Path) -> None:
    """A search that has just begun may use all of its time."""
    found = Larger(*opened(tmp_path), mw.Settings(), Clock(100.0))
    line = Trial(TrialSpec(0, "linear", {}), ("fold-0",), {"fold-0": PartResult(9, 0.5)})
    boosted = Trial(TrialSpec(1, "lightgbm", {}), ("fold-0",), {"fold-0": PartResult(90, 0.5)})
    slow = Trial(TrialSpec(1, "lightgbm", {}), ("fold-0",), {"fold-0": PartResult(1, 90.0)})
    assert found.keep(of(line), 90.0) == 0.0
    assert 30 < found.keep(of(line, boosted), 90.0) < 36
    assert found.keep(of(boosted), 10.0) == found.kept == 10.0
    assert found.keep(of(slow), 90.0) == 0.0  # it would not be enough


@pytest.mark.parametrize(
    ("settings", "kind", "path", "why"),
    [
        (mw.Settings(), "hold-out", "", "cannot be read twice"),
        (mw.Settings(bounds=mw.Bounds(size=10**7)), "hold-out", "a.csv", "the model has bounds"),
        (mw.Settings(), "purged k-fold", "a.csv", "the plan of splits"),
        (mw.Settings(validation=mw.Validation(splits="x")), "hold-out", "a.csv", "the plan of"),
        (mw.Settings(), "hold-out", "a.csv", ""),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, settings: mw.Settings, kind: str, path: str, why: str
) -> None:
    work, posed = opened(tmp_path, kind)
    assert posed.drawn is not None
    assert posed.drawn.path == str(tmp_path / "sales.csv")
    posed = replace(posed, drawn=replace(posed.drawn, path=path))
    told = Larger(work, posed, settings, Clock(100.0)).notes
    assert [why in note for note in told] == ([True] if why else [])


def test_no_group_chooses_and_judges(tmp_path: Path) -> None:
    """Rows of one group know each other's answers: a half that holds all of them judges nothing."""
    work, posed = opened(tmp_path, "group hold-out", "town")
    posed.rows.write(tmp_path)
    valid = work.fold("fold-0").valid
    said = np.zeros((len(valid), 1), np.float32)
    trial = Trial(TrialSpec(0, "lightgbm", {}), ("fold-0",), oof=said)
    rows = larger._Blend(work, of(trial), trial, "fold-0", said, posed.metric)
    town = posed.rows.table.frame["town"].to_numpy()[valid]
    chosen, judged = set(town[rows._chosen_on]), set(town[rows._judged_on])
    assert chosen | judged == set(town)
    assert not chosen & judged
    assert abs(2 * rows.judged - len(valid)) < 0.1 * len(valid)
    watched: list[np.ndarray] = []
    fit: Any = SimpleNamespace(
        _work=work,
        _fold=work.fold("fold-0"),
        _rows=work.rows,
        _matrix=SimpleNamespace(rows=watched.append),
        _asked=file_fit.Asked(0, "fold-0", 1, 0.0, 0, grown=1),
        _left=None,
        _learn=lambda *_: SimpleNamespace(stages=None),
    )
    file_fit._FileFit._fitted(fit, None)  # type: ignore[arg-type]
    np.testing.assert_array_equal(watched[0], valid[rows._chosen_on])


def of(*trials: Trial) -> Choice:
    p = np.zeros((1, 1), np.float32)
    return Choice(trials, (1.0,) * len(trials), Temperature(), 0.0, p)
