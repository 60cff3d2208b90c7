from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.core.protocols import FittedEncoder
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.plan.trial import ALL
from modelwright.plan.work import prepare_part
from modelwright.plan.workspace import Rows, Workspace

ROWS = 300


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    """Rows of 60 towns, each in one fold only: towns are groups."""
    rng = np.random.default_rng(0)
    town, kind = np.repeat(np.arange(60), 5), rng.integers(0, 6, ROWS)
    frame = pl.DataFrame({"town": [f"town {i}" for i in town], "kind": [f"kind {i}" for i in kind]})
    table = Table(frame, Schema((Column("town", Kind.CATEGORY), Column("kind", Kind.CATEGORY))))
    y = Target(kind + rng.normal(0, 0.5, ROWS) + 3 * rng.normal(size=60)[town])
    rows = Rows(table, Task(TaskKind.REGRESSION, "y", "rmse"), y, None, seed=0)
    rows.write(tmp_path)
    folds = tuple(
        Fold(np.flatnonzero(town % 4 != i), np.flatnonzero(town % 4 == i)) for i in range(4)
    )
    workspace = Workspace(tmp_path)
    workspace.write_splits(Splits(folds, ROWS, "group k-fold", "four folds"))
    return workspace


def made(work: Workspace, part: str) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Give the features on disk, those that the stored recipe makes, and their names."""
    prepare_part(str(work.folder), part, "rich")
    stored = work.matrices.read(f"{part}-rich")
    again = work.matrices.recipe(f"{part}-rich").transform(work.rows.table)
    assert stored.number_names == again.number_names
    np.testing.assert_array_equal(stored.codes, again.codes)
    return stored.numbers, again.numbers, stored.number_names


def test_rows_outside_a_fold_are_encoded_as_new_rows_are(work: Workspace) -> None:
    stored, again, names = made(work, "fold-1")
    assert "kind: mean answer" in names
    fold = work.splits.folds[1]
    np.testing.assert_array_equal(stored[fold.valid], again[fold.valid])
    column = names.index("kind: mean answer")
    assert (stored[fold.train, column] != again[fold.train, column]).all()


@pytest.mark.parametrize("part", ["fold-0", ALL])
def test_a_name_of_a_group_is_no_feature(work: Workspace, part: str) -> None:
    """Rows of a town teach nobody but themselves, and a new town has no mean."""
    _, _, names = made(work, part)
    assert not {"town: mean answer", "town: score"}.intersection(names)
    assert "kind: mean answer" in names


def test_in_time_rows_are_encoded_by_what_came_before(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 6, ROWS)
    day = rng.permutation(ROWS).astype(float)
    frame = pl.DataFrame({"kind": [f"kind {i}" for i in kind], "day": day})
    schema = Schema((Column("kind", Kind.CATEGORY), Column("day", Kind.NUMBER, Role.ORDER)))
    y = Target(kind + rng.normal(0, 0.5, ROWS))
    task = Task(TaskKind.REGRESSION, "y", "rmse")
    train, valid = np.flatnonzero(day < 200), np.flatnonzero(day >= 200)
    work = Workspace(tmp_path)
    work.write_splits(Splits((Fold(train, valid),), ROWS, "time-ordered", "one cut"))
    late = (day >= 150) & (day < 200)
    encoded = []
    for change in (0.0, 1e3):
        changed = Target(y.values + change * late)
        Rows(Table(frame, schema), task, changed, None, seed=0).write(tmp_path)
        folder = tmp_path / f"changed by {change}"
        folder.mkdir()
        for name in ("rows.json", "table.arrow", "arrays.npz", "splits.npz"):
            (folder / name).write_bytes((tmp_path / name).read_bytes())
        stored, again, names = made(Workspace(folder), "fold-0")
        column = names.index("kind: mean answer")
        np.testing.assert_array_equal(stored[valid], again[valid])
        encoded.append(stored[:, column])
    assert np.isnan(encoded[0][day < 25]).all()  # the first eighth has nobody to learn from
    np.testing.assert_array_equal(encoded[0][day < 150], encoded[1][day < 150])
    assert (encoded[0][valid] != encoded[1][valid]).any()


def test_the_lean_recipe_holds_no_answers(work: Workspace) -> None:
    prepare_part(str(work.folder), "fold-0")
    recipe = work.matrices.recipe("fold-0")
    assert not any(isinstance(step, FittedEncoder) for step in recipe.steps)
    stored = work.matrices.read("fold-0")
    np.testing.assert_array_equal(stored.numbers, recipe.transform(work.rows.table).numbers)


def test_files_that_a_worker_still_reads_do_not_end_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "used by another process", str(path))

    (tmp_path / "matrices").mkdir()
    monkeypatch.setattr(Path, "unlink", held)
    Workspace(tmp_path).tidy()
    assert not (tmp_path / "matrices").exists()
