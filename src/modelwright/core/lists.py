"""Several labels in one cell, taken apart."""

from __future__ import annotations

import polars as pl

__all__ = ["BRACKETS", "split_list"]

BRACKETS = "[]"


def split_list(values: pl.Series, format: str) -> pl.Series:
    """Give the distinct labels of each cell, in sorted order.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        Null stays null.
    format : str
        What stands between two labels; ``"[]"`` for a list in brackets, such as ``['a', 'b']``.

    Returns
    -------
    polars.Series of List(String), shape (n_rows,)
        Stripped; no label is empty.

    Examples
    --------
    >>> split_list(pl.Series(["b; a", "a;", None]), ";").to_list()
    [['a', 'b'], ['a'], None]
    >>> split_list(pl.Series(["['x', 'y']", "[]"]), "[]").to_list()
    [['x', 'y'], []]
    """
    bare = format == BRACKETS
    text = pl.nth(0).str.strip_chars(" \t\n[](){}") if bare else pl.nth(0)
    parts = text.str.split("," if bare else format.strip() or " ")
    marks = " \t\n'\"" if bare else None
    parts = parts.list.eval(pl.element().str.strip_chars(marks))
    kept = parts.list.eval(pl.element().filter(pl.element() != ""))
    return values.to_frame().select(kept.list.unique().list.sort()).to_series()
