"""Rows of a source of any size, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from modelwright.acquire.damage import told_in_one_line
from modelwright.acquire.files import check_text, located, reader_of, scanned
from modelwright.acquire.homes import expanded
from modelwright.acquire.ingest import ingest
from modelwright.acquire.nested import flatten
from modelwright.acquire.raw import Raw, Reading
from modelwright.acquire.reading import read_raw
from modelwright.acquire.standard_input import is_pipe
from modelwright.core.addresses import is_database, masked
from modelwright.core.errors import DataError

__all__ = ["Streamed", "stream"]

# Larger files are not read as a whole: text takes several times its size in memory.
LARGE = 150 * 10**6
LARGE_PARQUET = 60 * 10**6
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")
_SWELL = 6
_SLICES = 16
_MEMORY = 10**9


@dataclass(frozen=True)
class Streamed:
    """A table whose rows come in batches, as often as they are asked for.

    Parameters
    ----------
    shown : str
        What it is called, without passwords.
    rows : int
        How many rows it has.
    lazy : polars.LazyFrame
        The rows.
    whole : bool
        Whether they lie in memory.
    notes : tuple of str
        What was noticed while reading.
    encoding : str
        How its text was encoded; empty for UTF-8.
    """

    shown: str
    rows: int
    lazy: pl.LazyFrame
    whole: bool
    notes: tuple[str, ...] = ()
    encoding: str = ""

    def batches(self, rows: int) -> Iterator[pl.DataFrame]:
        """Give all rows, so many at a time, in order."""
        if self.whole:
            frame = self.lazy.collect()
            yield from (frame.slice(start, rows) for start in range(0, frame.height, rows))
            return
        with told_in_one_line(self.shown):
            for part in self.lazy.collect_batches(chunk_size=rows, maintain_order=True):
                # a chunk may be a little larger than what was asked for
                flat = flatten(part)[0]
                yield from (flat.slice(start, rows) for start in range(0, flat.height, rows))

    def sample(self, most: int) -> pl.DataFrame:
        """Give some rows from all over the table; all when there are few."""
        if self.rows <= most:
            return flatten(self.lazy.collect())[0]
        each = max(most // _SLICES, 1)
        starts = [int(i * (self.rows - each) / (_SLICES - 1)) for i in range(_SLICES)]
        with told_in_one_line(self.shown):
            parts = [self.lazy.slice(start, each).collect() for start in starts]
        return flatten(pl.concat(parts))[0]


@contextmanager
def stream(
    data: object, reading: Reading | None = None, *, folder: Path | None = None
) -> Iterator[Streamed]:
    """Open a source so that its rows can be looked at without holding all of them.

    Small files and tables in memory are read as a whole. A large Parquet or Arrow file and a lazy
    frame are streamed; large text, compressed or not, and what a database answers go through a
    typed file in a temporary folder (`ingest`, which works in DuckDB and about 1 GB).

    Parameters
    ----------
    data : path, database, frame or mapping
        As for `read_raw`.
    reading : Reading, optional
        What is known of it.
    folder : Path, optional
        Where the temporary folder is made; None: where the system has its own.

    Yields
    ------
    Streamed

    Raises
    ------
    DataError
        When there is no such source, or it is no table with rows.

    Examples
    --------
    >>> with stream({"a": [1, 2, 3]}) as rows:
    ...     [part["a"].to_list() for part in rows.batches(2)]
    [[1, 2], [3]]
    """
    chosen = reading or Reading()
    if isinstance(data, pl.LazyFrame):
        yield _lazily(data, "the table", ())
        return
    with TemporaryDirectory(prefix="modelwright-", dir=folder, ignore_cleanup_errors=True) as name:
        yield _opened(data, chosen, Path(name))


def _opened(data: object, reading: Reading, folder: Path) -> Streamed:
    if not isinstance(data, str | Path):
        return _in_memory(read_raw(data, reading), "the table")
    text = str(data)
    if is_database(text):
        return _ingested(text, masked(text), reading, folder)
    shown = "standard input" if is_pipe(text) else Path(text).name
    size = _size(text)
    if size <= LARGE_PARQUET:
        return _in_memory(read_raw(data, reading), shown)
    plain = located(text, folder)
    reader = reader_of(plain)
    if reading.encoding is not None:
        check_text(plain, reader)
    lazy = scanned(plain)
    if lazy is not None:
        return _lazily(lazy, shown, plain.notes)
    if size <= LARGE:
        return _in_memory(read_raw(data, reading), shown)
    return _ingested(text, shown, reading, folder)


def _size(text: str) -> int:
    """Say about how many bytes a file holds, unpacked; 0 where there is none to look at."""
    try:
        path = expanded(text)
        size = path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        return 0
    return size * (_SWELL if path.suffix.lower() in _PACKED else 1)


def _in_memory(raw: Raw, shown: str) -> Streamed:
    return Streamed(shown, raw.frame.height, raw.frame.lazy(), True, raw.notes, raw.encoding)


def _lazily(lazy: pl.LazyFrame, shown: str, notes: tuple[str, ...]) -> Streamed:
    with told_in_one_line(shown):
        rows = int(lazy.select(pl.len()).collect().item())
        width = len(lazy.collect_schema())
    if not rows or not width:
        raise DataError("a table with rows and columns", f"{rows} rows of {width} columns")
    return Streamed(shown, rows, lazy, False, notes)


def _ingested(source: str, shown: str, reading: Reading, folder: Path) -> Streamed:
    out = folder / "rows.parquet"
    done = ingest(
        source,
        out,
        memory=_MEMORY,
        header=reading.header,
        encoding=reading.encoding,
        verbatim=reading.verbatim,
    )
    lazy = pl.scan_parquet(out, glob=False)
    return Streamed(shown, done.rows, lazy, False, done.notes)
