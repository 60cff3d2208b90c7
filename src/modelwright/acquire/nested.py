"""Tables whose cells hold records: one level becomes columns, the rest JSON text."""

from __future__ import annotations

import polars as pl

from modelwright.acquire.frames import plain
from modelwright.acquire.names import unique_names

__all__ = ["flatten"]


def flatten(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Spread records into columns named ``outer.inner``; what lies deeper becomes JSON text.

    Parameters
    ----------
    frame : polars.DataFrame
        Of any dtypes.

    Returns
    -------
    frame : polars.DataFrame
        Without records and lists.
    notes : tuple of str
        What was spread and what became text.

    Examples
    --------
    >>> frame, notes = flatten(pl.DataFrame({"a": [{"b": 1, "c": [2, 3]}]}))
    >>> frame.to_dict(as_series=False)
    {'a.b': [1], 'a.c': ['[2, 3]']}
    """
    if not any(dtype.is_nested() for dtype in frame.dtypes):
        return frame, ()
    columns: list[pl.Series] = []
    spread, deep = [], []
    for values in frame:
        inner = [values]
        if isinstance(values.dtype, pl.Struct) and values.dtype.fields:
            spread.append(values.name)
            inner = [part.alias(f"{values.name}.{part.name}") for part in values.struct.unnest()]
        for part in inner:
            if part.dtype.is_nested():
                deep.append(part.name)
                columns.append(plain(part))
            else:
                columns.append(part)
    names = unique_names(column.name for column in columns)
    flat = pl.DataFrame([c.alias(name) for c, name in zip(columns, names, strict=True)])
    notes = []
    if spread:
        notes.append(
            f"Records in {_listed(spread)} became columns, such as {_example(flat, spread)}."
        )
    if deep:
        notes.append(f"Lists or records in {_listed(deep)} became JSON text.")
    return flat, tuple(notes)


def _example(flat: pl.DataFrame, spread: list[str]) -> str:
    return next((repr(n) for n in flat.columns if n.startswith(f"{spread[0]}.")), repr(spread[0]))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(repr(name) for name in names[:5]) + more
