"""Rows that no fit and no choice sees: read at the start, kept apart until the end."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import conform, read_raw, without_strays
from modelwright.core.addresses import is_database, masked
from modelwright.core.errors import DataError
from modelwright.core.framing import encode_target
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.evaluate.intervals import group_codes
from modelwright.evaluate.soundness import check_judged
from modelwright.evaluate.splitters import says_test
from modelwright.evaluate.weights import read_weights
from modelwright.features.pictures import described
from modelwright.model.reading import reading_of
from modelwright.plan.folders import save_arrays
from modelwright.plan.workspace import Rows
from modelwright.stats.learned_rows import LearnedRows
from modelwright.store.files import replacing

if TYPE_CHECKING:
    from modelwright.clean.recipes.rowwise import Cleaning

__all__ = ["ARRAYS", "TABLE", "Fresh", "digest_of", "read_fresh", "set_apart"]

TABLE = "test.arrow"
"""The file of the rows in a run's folder, which is deleted when the run is done."""

ARRAYS = "test.npz"
"""The same for their answers, weights and groups."""


@dataclass(frozen=True)
class Fresh:
    """Rows with answers that had no part in anything yet.

    Parameters
    ----------
    table : Table
        Typed as the rows that are learned from.
    y : Target
        Their answers.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.
    digest : str
        The hash of the file as it lies on disk, or of the rows of a frame.
    source : str
        What to call them.
    notes : tuple of str
        What was noticed while reading.
    """

    table: Table
    y: Target
    weight: NDArray[np.float64] | None
    digest: str
    source: str
    notes: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Keep the rows in a run's folder, where a worker finds them at the end."""
        names = self.table.features()
        with replacing(folder / TABLE) as file:
            self.table.frame.select(names).write_ipc(file, compression="uncompressed")
        groups = group_codes(self.table)
        found = {"y": self.y.values, "weight": self.weight, "groups": groups}
        arrays = {name: values for name, values in found.items() if values is not None}
        save_arrays(folder / ARRAYS, arrays)


def read_fresh(
    data: object,
    rows: Rows,
    encoding: str = "",
    cleaning: Cleaning | None = None,
    images: str | Path | None = None,
) -> Fresh:
    """Read a test file as the rows before it were read.

    Parameters
    ----------
    data : path or frame
        With the columns of the table, the target among them; rows without an answer are left out,
        and those that are learned from.
    rows : Rows
        What is learned from.
    encoding : str
        How their file was encoded; empty for UTF-8.
    cleaning : Cleaning, optional
        What was done to these rows before they were typed.
    images : path, optional
        The folder of the images that they name; None: that of their own file.

    Returns
    -------
    Fresh

    Raises
    ------
    ColumnError
        When a column is missing, renamed or retyped.
    DataError
        When no row has an answer, a label is new, these are the rows that are learned from, or the
        metric has no value on them.
    """
    source = read_raw(data, reading_of(rows.table.schema, cleaning, encoding))
    raw = source.frame
    digest = digest_of(data, raw)
    if cleaning is not None:
        raw = cleaning.mend(raw, rows.table.features()).frame
    rest, strays = without_strays(raw)
    table = conform(rest, rows.table.schema, (*rows.table.features(), rows.task.target))
    pictured = rows.table.schema.names(Role.FEATURE, Kind.IMAGE)
    table = described(table, pictured, PictureFolder.found(images, source.folder))
    known = table.frame[rows.task.target].is_not_null().arg_true().to_numpy().astype(np.int64)
    if not len(known):
        raise DataError(f"answers in column {rows.task.target!r} of --test", "none in any row")
    notes = tuple(f"Test rows: {note}" for note in (*source.notes, *strays.notes(), *table.notes))
    table = table.rows(known)
    if table.fingerprint() == rows.table.fingerprint():
        raise _all_seen("the very rows of the table")
    table, seen = _without_seen(table, rows)
    return replace(_fresh(table, rows, digest, _source(data)), notes=(*notes, *seen))


def _without_seen(table: Table, rows: Rows) -> tuple[Table, tuple[str, ...]]:
    """Leave out test rows that are learned from: a score on them is no score on fresh rows."""
    y = encode_target(rows.task, table.frame[rows.task.target])
    known = LearnedRows.of(rows.table, rows.table.features(), rows.y.values)
    found = known.compare(table, y.values)
    if found.whole:
        raise _all_seen("rows that are all among those of the table")
    if not found.seen.any():
        return table, ()
    count = int(found.seen.sum())
    told = f"Test rows: {count:,} of {table.height:,} are learned from, and were left out."
    return table.rows(np.flatnonzero(~found.seen)), (told,)


def _all_seen(got: str) -> DataError:
    cure = "name a file of other rows, or leave --test out: scores are out of fold anyway"
    return DataError("rows for --test that are not learned from", got, cure)


def set_apart(rows: Rows, column: str) -> tuple[Rows, Fresh | None]:
    """Take the rows away that a column of folds calls test.

    Parameters
    ----------
    rows : Rows
        All rows.
    column : str
        The column of folds.

    Returns
    -------
    rows : Rows
        What is learned from.
    fresh : Fresh, optional
        The others; None when there are none.

    Raises
    ------
    DataError
        When nothing is left to learn from, or the metric has no value on the others.
    """
    apart = says_test(rows.table.frame[column])
    if not apart.any():
        return rows, None
    if apart.sum() > len(apart) - 2:
        raise DataError(
            f"rows to learn from in column {column!r} (--splits)", "test in nearly every row"
        )
    kept, held = np.flatnonzero(~apart), np.flatnonzero(apart)
    weight = None if rows.weight is None else rows.weight[kept]
    origin = None if rows.origin is None else rows.origin[kept]
    rest = replace(
        rows, table=rows.table.rows(kept), y=rows.y.rows(kept), weight=weight, origin=origin
    )
    table = rows.table.rows(held)
    return rest, _fresh(table, rows, table.fingerprint(), f"column {column!r}")


def _fresh(table: Table, rows: Rows, digest: str, source: str) -> Fresh:
    y = encode_target(rows.task, table.frame[rows.task.target])
    told = "among the test rows", "bring test rows of the other classes too"
    metric = metric_or_usual(rows.task)
    check_judged(y, metric, rows.task.classes, told)
    names = [name for name in table.schema.names(Role.WEIGHT) if name in table.frame.columns]
    weight = read_weights(table, names[0], "the test rows") if names else None
    return Fresh(table, y, weight, digest, source)


def digest_of(data: object, raw: pl.DataFrame | None) -> str:
    """Hash what was given: the bytes of a file, or the rows of anything else.

    Parameters
    ----------
    data : path or frame
        What was given.
    raw : polars.DataFrame, optional
        Its rows; not needed of a file.
    """
    digest = hashlib.blake2b(digest_size=16)
    if isinstance(data, str | Path) and not is_database(str(data)):
        path = Path(data).expanduser()
        if path.is_file():
            with path.open("rb") as file:
                while block := file.read(2**20):
                    digest.update(block)
            return digest.hexdigest()
    assert raw is not None  # only a file can do without its rows
    digest.update(repr(raw.columns).encode())
    digest.update(raw.hash_rows(seed=0).to_numpy().tobytes())
    return digest.hexdigest()


def _source(data: object) -> str:
    if not isinstance(data, str | Path):
        return f"a {type(data).__name__} in memory"
    return masked(str(data)) if is_database(str(data)) else Path(data).name
