"""One pass over the rows of a table of any length, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.schema import Schema
from modelwright.core.seed import Seed
from modelwright.core.table import Table
from modelwright.explore.columns import ColumnProfile
from modelwright.explore.gathering import Gatherer
from modelwright.explore.patterns import Missingness, PatternSketch
from modelwright.explore.sizes import Sizes
from modelwright.explore.summing_up import column_profile
from modelwright.stats.repeat_sketch import RepeatSketch

__all__ = ["Batch", "Scan", "scan"]

_AT_ONCE = 4


@dataclass(frozen=True)
class Batch:
    """Some rows of a table, as they stood in the source and typed.

    Parameters
    ----------
    found : polars.DataFrame, shape (n_rows, n_columns)
        Values untouched.
    table : Table
        The same rows and columns, typed.
    """

    found: pl.DataFrame
    table: Table


@dataclass(frozen=True)
class Scan:
    """What one pass gave.

    Parameters
    ----------
    rows : int
        How many rows passed.
    columns : tuple of ColumnProfile
        In the order of the schema.
    missing : Missingness
        What is missing together.
    repeated : int
        How many rows equal an earlier one.
    repeated_exact : bool
        Whether that is counted.
    sample : Table
        A uniform sample of the rows in their order; all of them when they are few.
    sample_found : polars.DataFrame
        The same as it stood in the source.
    places : ndarray of int64, shape (n_sample,)
        The positions of the sampled rows.
    """

    rows: int
    columns: tuple[ColumnProfile, ...]
    missing: Missingness
    repeated: int
    repeated_exact: bool
    sample: Table
    sample_found: pl.DataFrame
    places: NDArray[np.int64]


class _RowSample:
    """Rows with the smallest of random keys: any share of the rows has the same chance."""

    def __init__(self, most: int, seed: int) -> None:
        self._most = most
        self._draw = np.random.default_rng(seed)
        self._bound = 2.0
        self._parts: list[tuple[NDArray[np.float64], NDArray[np.int64], Batch]] = []
        self._held = self._seen = 0

    def add(self, batch: Batch) -> None:
        keys = self._draw.random(batch.table.height)
        at = np.flatnonzero(keys < self._bound)
        places = self._seen + at
        self._seen += batch.table.height
        if len(at) > self._most:
            at = at[np.sort(np.argpartition(keys[at], self._most)[: self._most])]
            places = self._seen - batch.table.height + at
        if not len(at):
            return
        kept = Batch(batch.found[at], batch.table.rows(at))
        self._parts.append((keys[at], places.astype(np.int64), kept))
        self._held += len(at)
        if self._held > 2 * self._most:
            self._prune()

    def _prune(self) -> None:
        every = np.concatenate([keys for keys, _, _ in self._parts])
        if len(every) <= self._most:
            return
        self._bound = float(np.partition(every, self._most)[self._most])
        parts = []
        for keys, places, kept in self._parts:
            at = np.flatnonzero(keys < self._bound)
            smaller = Batch(kept.found[at], kept.table.rows(at))
            parts.append((keys[at], places[at], smaller))
        self._parts = parts
        self._held = sum(len(keys) for keys, _, _ in parts)

    def result(self, schema: Schema) -> tuple[Table, pl.DataFrame, NDArray[np.int64]]:
        self._prune()
        parts = [part for part in self._parts if len(part[0])]
        frame = pl.concat([kept.table.frame for _, _, kept in parts], rechunk=True)
        found = pl.concat([kept.found for _, _, kept in parts], rechunk=True)
        return Table(frame, schema), found, np.concatenate([places for _, places, _ in parts])


def scan(
    batches: Iterable[Batch],
    schema: Schema,
    *,
    seed: int = 0,
    tell: Callable[[int], None] | None = None,
    sizes: Sizes | None = None,
) -> Scan:
    """Look at every row once.

    Parameters
    ----------
    batches : iterable of Batch
        The rows, in order.
    schema : Schema
        What the columns mean.
    seed : int
        Of the sample and the sketches.
    tell : callable, optional
        Is told how many rows have passed.
    sizes : Sizes, optional
        How much is kept; None: as much as suits the number of columns.

    Returns
    -------
    Scan

    Raises
    ------
    DataError
        When there are no rows.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind
    >>> schema = Schema((Column("age", Kind.NUMBER),))
    >>> frame = pl.DataFrame({"age": [20.0, 30.0, None, 40.0]})
    >>> found = scan([Batch(frame, Table(frame, schema))], schema)
    >>> found.rows, found.columns[0].missing, found.columns[0].numbers.median
    (4, 1, 30.0)
    """
    sizes = sizes or Sizes.of_width(len(schema))
    root = Seed(seed)
    gatherers = [
        Gatherer(column, sizes, root.derive("explore", i)) for i, column in enumerate(schema)
    ]
    patterns, repeats = PatternSketch(schema.names()), RepeatSketch()
    sample = _RowSample(sizes.sample, root.derive("explore", "sample"))
    rows = 0
    with ThreadPoolExecutor(min(_AT_ONCE, pl.thread_pool_size())) as pool:
        for batch in batches:
            if not batch.table.height:
                continue
            _look(batch, gatherers, pool)
            patterns.add(batch.table.frame)
            repeats.add(batch.table.frame.hash_rows(seed=0).to_numpy())
            sample.add(batch)
            rows += batch.table.height
            if tell is not None:
                tell(rows)
    if not rows:
        raise DataError("a table with rows", "none")
    table, found, places = sample.result(schema)
    there = table.frame.to_dict(as_series=True)
    columns = tuple(column_profile(one, there[one.column.name]) for one in gatherers)
    told = repeats.repeated, repeats.exact, table, found, places
    return Scan(rows, columns, patterns.result(), *told)


def _look(batch: Batch, gatherers: list[Gatherer], pool: ThreadPoolExecutor) -> None:
    """Let every column take in its part; Polars and NumPy work outside the interpreter's lock."""
    typed = batch.table.frame.get_columns()
    there = batch.found.to_dict(as_series=True)

    def take(place: int) -> None:
        one = gatherers[place]
        one.add(typed[place], there.get(one.column.name))

    # texts take longest: no thread is left alone with one at the end
    order = sorted(range(len(gatherers)), key=lambda i: typed[i].dtype != pl.String())
    for _ in pool.map(take, order):
        pass
