"""The small words: seeds, budgets, tables, splits, schemas, leaderboards."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.budget import Budget, parse_duration
from modelwright.core.deferred import Deferred
from modelwright.core.errors import ColumnError, MissingExtraError, OptionError, did_you_mean
from modelwright.core.matrix import Matrix
from modelwright.core.progress import SilentProgress, progress
from modelwright.core.result import Card, Leaderboard, Standing
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.seed import Seed
from modelwright.core.settings import Question, Settings, Validation
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import LabelType, Task, TaskKind


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60", 60), ("60s", 60), ("5m", 300), ("1.5h", 5400), ("1m30s", 90), ("250ms", 0.25), (7, 7)],
)
def test_durations(text: str | float, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-5", "five", "5w", "1e400", "inf", "nan", "5 m x"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(OptionError):
        parse_duration(text)


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(OptionError):
        assert 0 < parse_duration(text) < float("inf")


def test_a_budget_ends() -> None:
    assert Budget.seconds(0.0).expired
    assert not Budget.seconds(60).expired
    assert Budget.seconds(None).left == float("inf")
    assert Budget(time.monotonic() - 1).left < 0


def test_seeds_depend_on_what_is_done_in_every_process() -> None:
    known = Seed(0).derive("trial", 3, "fold", 1)
    code = "from modelwright.core.seed import Seed; print(Seed(0).derive('trial', 3, 'fold', 1))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == known
    assert len({Seed(0).derive("a", i) for i in range(100)}) == 100
    assert Seed(0).derive("1") != Seed(0).derive(1)


def test_equal_tables_have_equal_fingerprints() -> None:
    schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.CATEGORY)))
    frame = pl.DataFrame({"a": [1.0, None], "b": ["x", "y"]})
    first = Table(frame, schema).fingerprint()
    assert Table(frame.clone(), schema).fingerprint() == first
    assert Table(frame.reverse(), schema).fingerprint() != first
    changed = schema.with_columns(Column("a", Kind.BOOLEAN))
    assert Table(frame, changed).fingerprint() != first


def test_schema_survives_json_and_rejects_unknown_words() -> None:
    schema = Schema((Column("a b", Kind.DATETIME, Role.ORDER, "%Y", "dates"),))
    assert Schema.from_json(schema.to_json()) == schema
    with pytest.raises(OptionError, match="did you mean 'number'"):
        Schema.from_json([{"name": "a", "kind": "nmbr"}])
    with pytest.raises(ColumnError, match="'a b'"):
        schema["ab"]


def test_task_and_card_survive_json() -> None:
    task = Task(TaskKind.BINARY, "y", "roc_auc", ("0", "1"), LabelType.INTEGER)
    assert Task.from_json(task.to_json()) == task
    board = Leaderboard("rmse", (Standing("linear-0", 1.5, 1.0, 0.2),))
    card = Card("0.1.0", "now", "run", 5, "hash", "plan", None, board, ("a note",))
    assert Card.from_json(card.to_json()) == card


def test_a_leaderboard_escapes_what_it_shows() -> None:
    board = Leaderboard("rmse", (Standing("<b>", 1.0, 1.0, 0.1),))
    assert "<b>" not in board._repr_html_()


def test_blocks_side_by_side() -> None:
    numbers = Matrix.of_numbers(np.ones((3, 2), np.float32), ["a", "b"])
    codes = Matrix.of_codes(np.zeros((3, 1), np.int32), ["c"], [4])
    both = Matrix.beside([codes, numbers], 3)
    assert both.shape == (3, 3)
    assert both.levels == (4,)
    assert Matrix.beside([], 3).shape == (3, 0)


def test_scored_rows_are_those_that_some_fold_validates() -> None:
    folds = (Fold(np.array([0]), np.array([1, 2])), Fold(np.array([0, 1]), np.array([2, 3])))
    assert Splits(folds, 5, "time-ordered", "").scored.tolist() == [1, 2, 3]


def test_a_missing_package_names_its_extra() -> None:
    with pytest.raises(MissingExtraError, match=r"modelwright\[deep\]"):
        Deferred("no_such_package", "deep").load()


def test_suggestions() -> None:
    assert did_you_mean("Pirce", ["price", "area"]) == "did you mean 'price'?"
    assert "and 8 more" in did_you_mean("zzz", [f"column{i}" for i in range(20)])


def test_no_bar_in_a_pipe() -> None:
    assert isinstance(progress(), SilentProgress)


def test_whole_numbers_of_numpy_are_pythons_own() -> None:
    settings = Settings(seed=np.int64(3), trials=np.int32(2), workers=np.uint8(0))
    assert settings == Settings(seed=3, trials=2, workers=0)
    assert type(settings.seed) is int
    question = Question("price")
    assert settings.fingerprint(question) == Settings(seed=3, trials=2).fingerprint(question)
    assert json.dumps(Validation(folds=np.int64(3), repeats=np.int64(2)).to_json())
    with pytest.raises(OptionError, match="a whole number for --folds"):
        Validation(folds=2.5)  # type: ignore[arg-type]
