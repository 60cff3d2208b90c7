"""Two tables from any source, joined by keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from modelwright.acquire import Raw, Reading, cast, infer_schema, read_raw
from modelwright.clean.joins import Joined, join, join_aggregates
from modelwright.clean.joins.keys import key_pairs
from modelwright.core.errors import ColumnError, DataError

__all__ = ["aggregate_files", "join_files", "read_decisions"]

_YES = ("true", "yes", "1")
_NO = ("false", "no", "0")


def join_files(
    left: object,
    right: object,
    on: Sequence[str],
    *,
    fuzzy: bool = False,
    threshold: float = 0.5,
    decided: Mapping[tuple[str, str], bool] | None = None,
) -> Joined:
    """Read two tables and join them; values stay as they were written.

    Parameters
    ----------
    left, right : path, database, frame or mapping
        What `fit` takes.
    on, fuzzy, threshold, decided
        As for `modelwright.clean.joins.join`.

    Returns
    -------
    Joined

    Raises
    ------
    UserError
        When a table cannot be read, or they cannot be joined.

    Examples
    --------
    >>> people = {"id": ["007", "8"], "town": ["Rome", "Oslo"]}
    >>> found = join_files(people, {"town": ["ROME"], "people": [2.8]}, ["town"], fuzzy=True)
    >>> found.frame.rows()
    [('007', 'Rome', 2.8), ('8', 'Oslo', None)]
    """
    one, other = (_read(source, on) for source in (left, right))
    found = join(one.frame, other.frame, on, fuzzy=fuzzy, threshold=threshold, decided=decided)
    return replace(found, notes=(*_told(one, other), *found.notes))


def aggregate_files(
    left: object,
    right: object,
    on: Sequence[str],
    *,
    before: str | None = None,
    gap: float = 0.0,
) -> Joined:
    """Read two tables, and put beside each row of one what its rows in the other say together.

    Parameters
    ----------
    left, right : path, database, frame or mapping
        What `fit` takes. The right one is typed, so that numbers and dates in text count.
    on, before, gap
        As for `modelwright.clean.joins.join_aggregates`.

    Returns
    -------
    Joined

    Raises
    ------
    UserError
        When a table cannot be read, or they cannot be joined.

    Examples
    --------
    >>> orders = {"who": ["a", "a"], "day": ["2024-01-01", "2024-03-01"], "paid": ["$1", "$9"]}
    >>> people = {"who": ["a"], "day": ["2024-02-01"]}
    >>> aggregate_files(people, orders, ["who"], before="day").frame["paid: mean"].to_list()
    [1.0]
    """
    one, other = (_read(source, on) for source in (left, right))
    asked, rows = one.frame, _typed(other.frame, on, other.frame.columns)
    if before is not None:
        ((when, then),) = key_pairs(before, asked.columns, rows.columns)
        asked = asked.with_columns(_typed(asked.select(when), (), [when]).to_series())
        for frame, name in ((asked, when), (rows, then)):
            if frame[name].dtype == pl.String():
                raise DataError(f"dates or numbers in {name!r}", "text that is read as neither")
    found = join_aggregates(asked, rows, on, before=before, gap=gap)
    as_written = found.frame.with_columns(one.frame.get_columns())
    return replace(found, frame=as_written, notes=(*_told(one, other), *found.notes))


def read_decisions(data: object) -> dict[tuple[str, str], bool]:
    """Read the pairs of keys that a person has decided on, from an edited log of matches.

    Parameters
    ----------
    data : path or frame
        Columns ``left``, ``right`` and ``applied`` (true or false), as `Joined.matches` has them;
        others are not looked at.

    Returns
    -------
    dict of (str, str) to bool

    Raises
    ------
    ColumnError
        When a column is absent.
    DataError
        When a decision is neither true nor false, or a pair has both.

    Examples
    --------
    >>> read_decisions({"left": ["UK"], "right": ["United Kingdom"], "applied": ["yes"]})
    {('UK', 'United Kingdom'): True}
    """
    frame = read_raw(data, Reading(verbatim=frozenset(("left", "right", "applied")))).frame
    for name in ("left", "right", "applied"):
        if name not in frame.columns:
            raise ColumnError(f"a column {name!r} among the decisions", ", ".join(frame.columns),
                              "edit a file that --matches wrote")  # fmt: skip
    found = dict[tuple[str, str], bool]()
    for one, other, said in frame.select("left", "right", "applied").cast(pl.String).iter_rows():
        word = (said or "").strip().lower()
        if word not in (*_YES, *_NO):
            raise DataError("true or false for each pair", repr(said), f"see {one!r}")
        if found.setdefault((one, other), word in _YES) is not (word in _YES):
            raise DataError("one decision on a pair", f"both on {one!r} and {other!r}")
    return found


def _read(data: object, on: Sequence[str]) -> Raw:
    names = {part for name in on for part in (name, *name.split("="))}
    return read_raw(data, Reading(verbatim=frozenset(names)))


def _typed(frame: pl.DataFrame, on: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
    """Type columns, but for the keys, whose exact text matters."""
    schema = infer_schema(frame)
    keys = {part for name in on for part in (name, *name.split("="))}
    typed = cast(frame, schema.select(columns)).frame
    return typed.with_columns(frame[name] for name in columns if name in keys)


def _told(left: Raw, right: Raw) -> list[str]:
    return [f"{side} table: {note}" for side, raw in (("left", left), ("right", right))
            for note in raw.notes]  # fmt: skip
