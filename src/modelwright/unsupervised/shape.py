"""The groups or the density of a table as one model file, safe to open from a stranger."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Reading, conform, like, read_raw
from modelwright.core.errors import ModelFileError, ModelwrightWarning, UserError
from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.core.task import ShapeKind
from modelwright.core.version import __version__
from modelwright.store import pack_state, read_archive, unpack_state, write_archive
from modelwright.unsupervised.findings import Findings
from modelwright.unsupervised.groups import NOBODY, Centres, Dense, Hierarchy
from modelwright.unsupervised.kernel import Kernel
from modelwright.unsupervised.mixture import Mixture
from modelwright.unsupervised.space import Rows, Space

__all__ = ["Fitted", "Shape", "load"]

Fitted = Centres | Hierarchy | Dense | Mixture | Kernel
"""What rows are put into groups by, or their density is taken from."""

_KINDS: Mapping[str, type[Any]] = MappingProxyType(
    {
        "centres": Centres,
        "hierarchy": Hierarchy,
        "dense": Dense,
        "mixture": Mixture,
        "kernel": Kernel,
    }
)
_ENTRY = "shape.json"
_UNSOUND = (LookupError, ValueError, TypeError, AttributeError, RecursionError, ArithmeticError)
# Rows measured at a time.
_CHUNK = 50_000


@dataclass(frozen=True)
class Shape:
    """The groups of a table's rows, or their density.

    Parameters
    ----------
    kind : ShapeKind
        Clustering or density.
    schema : Schema
        The columns of the table.
    space : Space
        How rows are measured.
    fitted : Centres, Hierarchy, Dense, Mixture or Kernel
        What predicts.
    findings : Findings
        The evidence.
    rows : int
        How many rows it was fitted on.
    source : mapping of str to str
        Where the rows came from (`data`), their `fingerprint` and `encoding`, and when.
    seed : int
        The root of all randomness.
    encoding : str, optional
        How the text files are encoded that it reads; None: found out.
    """

    kind: ShapeKind
    schema: Schema
    space: Space
    fitted: Fitted
    findings: Findings
    rows: int
    source: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    encoding: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that new rows must have, in the order of the table."""
        return tuple(name for name in self.schema.names() if name in self.space.names)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        return self.findings.notes

    def _read(self, data: object) -> Table:
        """Read rows as those before them were, and warn of what was noticed."""
        usual = self.source.get("encoding", "")
        reading = Reading.like(self.schema, usual, self.encoding)
        raw = read_raw(data, replace(reading, may_be_empty=True))
        table = conform(raw.frame, self.schema, self.columns)
        for note in (*raw.notes, *table.notes):
            warnings.warn(note, ModelwrightWarning, stacklevel=4)
        return table

    def predict(self, data: object) -> Any:
        """Put new rows into groups, or say how dense it is where they lie.

        Parameters
        ----------
        data : path or frame
            A file, or a pandas, Polars or Arrow frame, a NumPy array, a dict of columns; also one
            without rows.

        Returns
        -------
        frame
            One row for each row of `data`, in order, in the kind of frame that it is. Of a
            clustering `cluster` (from 1, the largest first; missing where a row belongs to none)
            and `distance` from it (in standard deviations of the columns, all of them together);
            of a mixture also `probability` and one ``p_<cluster>`` for each. Of a density
            `log_density` (per unit of the numbers) and `percentile`: the share of the fit's rows
            that lie less densely, so that .01 is an unusual row.

        Raises
        ------
        ColumnError
            When a column is missing, renamed or retyped.
        DataError
            When `data` cannot be read.
        """
        table = self._read(data)
        starts = range(0, max(table.height, 1), _CHUNK)
        pieces = [self._answer(table.part(start, start + _CHUNK)) for start in starts]
        return like(pl.concat(pieces), data)

    def _answer(self, table: Table) -> pl.DataFrame:
        rows = self.space.rows(table)
        if self.kind is ShapeKind.DENSITY:
            logs = self.log_density(table, rows)
            steps = np.linspace(0, 1, len(self.findings.usual))
            ranks = np.interp(logs, self.findings.usual, steps)
            return pl.DataFrame({"log_density": logs, "percentile": ranks})
        assert not isinstance(self.fitted, Kernel)  # load has checked
        labels = pl.Series("cluster", self.fitted.labels(rows) + 1, dtype=pl.Int64)
        labels = labels.set(labels == NOBODY + 1, None)
        found = pl.DataFrame([labels, pl.Series("distance", self.fitted.distance(rows))])
        if not isinstance(self.fitted, Mixture):
            return found
        shares = self.fitted.shares(rows)
        own = shares.max(axis=1, initial=0.0)
        each = [pl.Series(f"p_{k + 1}", column) for k, column in enumerate(shares.T)]
        return found.with_columns(pl.Series("probability", own), *each)

    def log_density(self, table: Table, rows: Rows | None = None) -> NDArray[np.float64]:
        """Give the log density of rows, per unit of each number.

        Parameters
        ----------
        table : Table
            Typed rows.
        rows : Rows, optional
            The same measured.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
        """
        assert isinstance(self.fitted, Mixture | Kernel)  # load has checked
        rows = self.space.rows(table) if rows is None else rows
        return self.fitted.log_density(rows) + self.space.jacobian(table)

    def save(self, path: str | Path, *, key: bytes | None = None) -> Path:
        """Write it to one file, whole or not at all.

        Parameters
        ----------
        path : path
            Usually ends in ``.mw``.
        key : bytes, optional
            Sign the file with this secret, so that `load` with the same one proves its origin.

        Raises
        ------
        OutputError
            When the disk is full or the folder cannot be written to.
        """
        kind = next(name for name, one in _KINDS.items() if type(self.fitted) is one)
        head = {
            "kind": self.kind.value,
            "schema": self.schema.to_json(),
            "space": self.space.to_json(),
            "fitted": kind,
            "rows": self.rows,
            "source": dict(self.source),
            "seed": self.seed,
        }
        entries = {_ENTRY: json.dumps(head, indent=1).encode()}
        for folder, state in (("fitted", self.fitted.export()), ("found", self.findings.export())):
            entries |= {f"{folder}/{name}": data for name, data in pack_state(state).items()}
        write_archive(Path(path), entries, writer=__version__, key=key)
        return Path(path)

    def __str__(self) -> str:
        return f"{self.kind.value} of {self.rows:,} rows: {self.findings.why}"


def load(path: str | Path, *, key: bytes | None = None, encoding: str | None = None) -> Shape:
    """Open the model file of a clustering or a density; safe with a file from a stranger.

    Parameters
    ----------
    path : path
        A file that `Shape.save` or ``modelwright fit --task clustering`` wrote.
    key : bytes, optional
        Demand that the file was signed with this secret.
    encoding : str, optional
        How the text files are encoded that it will read; None finds out.

    Returns
    -------
    Shape

    Raises
    ------
    ModelFileError
        When the file is truncated, altered, oversized, unsigned, of a newer format, or of
        another task.
    """
    entries = read_archive(Path(path), key=key)
    if "model.json" in entries:
        raise ModelFileError(
            "the model of a clustering or a density", f"a model that predicts a column in {path}",
            "open it with modelwright.load",
        )  # fmt: skip
    try:
        return replace(_unpack(entries), encoding=encoding)
    except ModelFileError:
        raise
    except (*_UNSOUND, UserError) as error:
        raise ModelFileError(
            "the parts of a clustering or a density",
            f"{type(error).__name__}: {error} in {Path(path).name}",
            "the file was not written by modelwright, or was altered; fit again",
        ) from error


def _unpack(entries: Mapping[str, bytes]) -> Shape:
    head = json.loads(entries[_ENTRY])
    kind, space = ShapeKind(head["kind"]), Space.from_json(head["space"])
    fitted = _KINDS[head["fitted"]].restore(unpack_state(_below("fitted/", entries)))
    findings = Findings.restore(unpack_state(_below("found/", entries)))
    if isinstance(fitted, Mixture | Kernel) is False and kind is ShapeKind.DENSITY:
        raise ValueError("a density without one")
    if isinstance(fitted, Kernel) and kind is ShapeKind.CLUSTERING:
        raise ValueError("a clustering without groups")
    schema = Schema.from_json(head["schema"])
    if not space.axes or not all(name in schema for name in space.names):
        raise ValueError("measures of columns that are not there")
    _check_sizes(fitted, space)
    source = {str(name): str(text) for name, text in head["source"].items()}
    return Shape(
        kind, schema, space, fitted, findings, int(head["rows"]), source, int(head["seed"])
    )


def _check_sizes(fitted: Fitted, space: Space) -> None:
    """Refuse a fitted part that measures rows otherwise than the space does."""
    numbers, sizes = len(space.numbers), space.sizes
    width = numbers + sum(sizes)
    if isinstance(fitted, Mixture):
        sound = fitted.means.shape[1] == numbers
        sound &= tuple(table.shape[1] for table in fitted.levels) == sizes
    elif isinstance(fitted, Kernel):
        sound = fitted.numbers.shape[1] == numbers and fitted.sizes == sizes
    else:
        points = fitted.centres if isinstance(fitted, Centres) else fitted.points
        sound = points.shape[1] == width
    if not sound:
        raise ValueError("a part of other columns than are measured")


def _below(start: str, entries: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name[len(start) :]: data for name, data in entries.items() if name.startswith(start)}
