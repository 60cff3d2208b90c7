"""How steps read their columns from a table and their state from a stranger's file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from modelwright.core.errors import ColumnError, ModelFileError, did_you_mean
from modelwright.core.schema import Kind
from modelwright.core.table import PHYSICAL, Table

__all__ = ["columns_of", "read", "sound_state", "texts"]


def columns_of(table: Table, *kinds: Kind) -> tuple[str, ...]:
    """List the columns of these kinds that a model may see, in the order of the schema.

    Parameters
    ----------
    table : Table
        The rows to fit on; its schema says what a model may see.
    *kinds : Kind
        The semantic types asked for.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Role, Schema
    >>> schema = Schema((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER, Role.TARGET)))
    >>> columns_of(Table(pl.DataFrame({"a": [1.0], "b": [2.0]}), schema), Kind.NUMBER)
    ('a',)
    """
    allowed = set(table.features())
    return tuple(c.name for c in table.schema if c.name in allowed and c.kind in kinds)


def read(table: Table, names: Sequence[str], kinds: Sequence[Kind]) -> list[pl.Series]:
    """Take columns from a table by name, each stored as its kind asks.

    Parameters
    ----------
    table : Table
        Any rows; the order of its columns does not matter.
    names : sequence of str
        The columns, in the order wanted.
    kinds : sequence of Kind
        What each of them was at fit.

    Returns
    -------
    list of polars.Series
        One for each name, of shape (n_rows,).

    Raises
    ------
    ColumnError
        When a column is absent, or stored as something else.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> table = Table(pl.DataFrame({"a": [1.0]}), Schema((Column("a", Kind.NUMBER),)))
    >>> [column.to_list() for column in read(table, ["a"], [Kind.NUMBER])]
    [[1.0]]
    >>> read(table, ["b"], [Kind.NUMBER])
    Traceback (most recent call last):
    ...
    modelwright.core.errors.ColumnError: expected a column 'b'; got a table without it; ...
    """
    there, wanted = table.series, []
    for name, kind in zip(names, kinds, strict=True):
        if name not in there:
            cure = did_you_mean(name, list(there))
            raise ColumnError(f"a column {name!r}", "a table without it", cure)
        series = there[name]
        if series.dtype != PHYSICAL[kind]:
            if series.dtype != pl.Null():
                raise ColumnError(
                    f"the column {name!r} to be a {kind.value}, as it was at fit",
                    f"values stored as {series.dtype}",
                    "read the table with the schema of the model",
                )
            series = series.cast(PHYSICAL[kind])
        wanted.append(series)
    return wanted


@contextmanager
def sound_state(step: str) -> Iterator[None]:
    """Turn any failure to read a state into a `ModelFileError` that names the step.

    Parameters
    ----------
    step : str
        The step that is restored.

    Raises
    ------
    ModelFileError
        When a key is missing, or a value has the wrong type or shape.

    Examples
    --------
    >>> with sound_state("numbers"):
    ...     {}["columns"]
    Traceback (most recent call last):
    ...
    modelwright.core.errors.ModelFileError: expected a sound state of the step 'numbers'; ...
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise ModelFileError(
            f"a sound state of the step {step!r}",
            f"{type(error).__name__}: {error}",
            "take the model file from its source again",
        ) from error


def texts(config: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Read a list of texts from the configuration of a state.

    Parameters
    ----------
    config : mapping
        Plain JSON.
    key : str
        Which entry.

    Returns
    -------
    tuple of str

    Raises
    ------
    TypeError
        When the entry is anything but a list of texts.

    Examples
    --------
    >>> texts({"columns": ["a", "b"]}, "columns")
    ('a', 'b')
    """
    value = config[key]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"{key!r} is no list of texts")
    return tuple(value)
