"""What a folder holds, said where a file was asked for."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

__all__ = ["inside", "tables_in"]

_TABLES = frozenset(
    (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".psv", ".json", ".jsonl", ".ndjson",
     ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
)  # fmt: skip
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")
# Files that are looked at: what is below many folders is no answer to a slip of the pen.
_GLANCED = 2_000
_NAMED = 3


def tables_in(names: Iterable[str]) -> list[str]:
    """Keep the names of files that hold a table, by their ending; a packed one counts as well.

    Examples
    --------
    >>> tables_in(["a.CSV", "b.csv.gz", "c.png", "notes.pdf"])
    ['a.CSV', 'b.csv.gz']
    """
    return [name for name in names if _ending(name) in _TABLES]


def inside(place: Path) -> tuple[str, str]:
    """Say what is in a folder where one table was asked for, and what to do.

    Parameters
    ----------
    place : pathlib.Path
        A folder.

    Returns
    -------
    got, cure : str
        For an error: what came instead of a file, and which file to name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     _ = (Path(name) / "sales.csv").write_text("a,b")
    ...     got, cure = inside(Path(name))
    >>> got.endswith("in which 1 file is a table (sales.csv)"), cure.endswith("sales.csv'")
    (True, True)
    """
    names = list(islice(_files(place), _GLANCED))
    tables = sorted(tables_in(names), key=lambda name: (name.count("/"), name))
    got = f"the folder {str(place)!r}"
    if not names:
        return f"{got}, which is empty", "check the path"
    if not tables:
        kinds = Counter(_ending(name) or "no ending" for name in names)
        listed = ", ".join(f"{ending} ({count:,})" for ending, count in kinds.most_common(_NAMED))
        cure = "name a file that holds a table: CSV, Excel, Parquet, Arrow or JSON"
        return f"{got}, in which no file is a table by its ending: {listed}", cure
    more = f" and {len(tables) - _NAMED:,} more" if len(tables) > _NAMED else ""
    shown = f"{', '.join(tables[:_NAMED])}{more}"
    first = repr(str(place / tables[0]))
    if len(tables) == 1:
        return f"{got}, in which 1 file is a table ({shown})", f"name that file: {first}"
    cure = f"name one of them, such as {first}; rows that belong together have to be in one file"
    return f"{got}, in which {len(tables):,} files are tables ({shown})", cure


def _ending(name: str) -> str:
    path = Path(name.lower())
    return Path(path.stem).suffix or path.suffix if path.suffix in _PACKED else path.suffix


def _files(place: Path) -> Iterator[str]:
    """List the files of a folder by their path inside it, without hidden ones."""
    for folder, below, files in os.walk(place):
        below[:] = sorted(name for name in below if not name.startswith((".", "__")))
        inner = Path(folder).relative_to(place)
        for name in sorted(files):
            if not name.startswith("."):
                yield (inner / name).as_posix()
