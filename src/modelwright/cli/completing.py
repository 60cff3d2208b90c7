"""What the shell offers at the TAB key where the program has to be asked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts.completion._engine import CompletionContext

__all__ = ["columns", "encodings", "learners", "metrics", "run_ids", "tasks"]

_HEAD = 2**16
_RECENT = 20


def tasks(context: CompletionContext) -> Iterable[str]:
    """Offer the kinds of task."""
    from modelwright.core.task import ShapeKind, TaskKind

    return [kind.value for kind in (*TaskKind, *ShapeKind)]


def metrics(context: CompletionContext) -> Iterable[str]:
    """Offer the metrics, those with parameters as they are written."""
    from modelwright.evaluate.forms import FORMS

    return list(dict.fromkeys(form.example for form in FORMS))


def learners(context: CompletionContext) -> Iterable[str]:
    """Offer the learners; behind a comma the next one."""
    from modelwright.models import LEARNERS

    before, comma, _ = context.incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in LEARNERS if name not in before.split(",")]


def encodings(context: CompletionContext) -> Iterable[str]:
    """Offer the encodings that tables are met in."""
    from modelwright.acquire.text.code_pages import common_pages

    return list(common_pages())


def columns(context: CompletionContext) -> Iterable[str]:
    """Offer the columns of the table that stands on the command line already."""
    data = context.get("data")
    return _header(Path(data.raw).expanduser()) if data is not None and data.raw else []


def _header(path: Path) -> list[str]:
    """Read the names of the columns from the first bytes; nothing when that is not easy."""
    import csv
    import gzip

    if path.suffix in (".parquet", ".pq"):
        import polars as pl

        return list(pl.read_parquet_schema(path))
    if not {".csv", ".tsv", ".txt"}.intersection(path.suffixes) or path.suffix == ".zst":
        return []
    with path.open("rb") as plain:
        packed = path.suffix == ".gz"
        head = gzip.GzipFile(fileobj=plain).read(_HEAD) if packed else plain.read(_HEAD)
    lines = head.decode("utf-8-sig", "replace").splitlines()
    if not lines:
        return []
    delimiter = max(",;\t|", key=lines[0].count)
    return next(csv.reader(lines, delimiter=delimiter))


def run_ids(context: CompletionContext) -> Iterable[tuple[str, str]]:
    """Offer the newest runs, each with its target and how it stands."""
    from modelwright.store import RunStore, data_folder

    named = context.get("store")
    folder = data_folder(named.raw if named is not None else None)
    with RunStore(folder) as records:
        found = records.runs(_RECENT)
    return [(record.id, f"{record.target}, {record.status.value}") for record in found]
