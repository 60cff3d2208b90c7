"""The shapes of texts: which kinds of letters follow each other."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["Shapes", "coarse_shapes", "exact_shapes", "kinds_of_letters", "shapes", "shapes_of"]

LONGEST = 256
"""Longer texts are cut before they are looked at."""


def exact_shapes(values: pl.Series) -> pl.Series:
    """Replace each digit by 9, each small letter by a, each capital by A.

    Examples
    --------
    >>> exact_shapes(pl.Series(["7:10 a.m.", "AA-38"])).to_list()
    ['9:99 a.a.', 'AA-99']
    """
    return (
        values.str.slice(0, LONGEST)
        .str.replace_all(r"\p{Nd}", "9")
        .str.replace_all(r"[\p{Ll}\p{Lo}]", "a")
        .str.replace_all(r"\p{Lu}", "A")
    )


def shapes(values: pl.Series) -> pl.Series:
    """Do as `exact_shapes`, and write what is repeated once: lengths no longer matter.

    Examples
    --------
    >>> shapes(pl.Series(["7:10 a.m.", "12:05 p.m.", "AA-3859"])).to_list()
    ['9:9 a.a.', '9:9 a.a.', 'A-9']
    """
    return (
        values.str.slice(0, LONGEST)
        .str.replace_all(r"\p{Nd}+", "9")
        .str.replace_all(r"[\p{Ll}\p{Lo}]+", "a")
        .str.replace_all(r"\p{Lu}+", "A")
    )


def coarse_shapes(values: pl.Series) -> pl.Series:
    """Do as `shapes`, with words of any case and number as one w.

    Examples
    --------
    >>> coarse_shapes(pl.Series(["New York, NY 10001", "Bonn 53111"])).to_list()
    ['w 9', 'w 9']
    """
    return shapes(values).str.replace_all(r"[Aa]+(?:[ ,.'&/-]+[Aa]+)*", "w")


def kinds_of_letters(values: pl.Series) -> pl.Series:
    """Say which kinds of letters a text holds at all, in one order.

    Examples
    --------
    >>> kinds_of_letters(pl.Series(["12.0 oz", "oz 12", "x"])).to_list()
    ['9a .', '9a ', 'a']
    """
    tests = [
        (r"\p{Nd}", "9"),
        (r"\p{Lu}", "A"),
        (r"[\p{Ll}\p{Lo}]", "a"),
        (r"\s", " "),
        (r"\.", "."),
        (r"[,;]", ","),
        (r"[-\u2013/:]", "-"),
        (r"[^\p{Nd}\p{L}\s.,;\-\u2013/:]", "*"),
    ]
    column = pl.col("value")
    parts = [
        pl.when(column.str.contains(test)).then(pl.lit(mark)).otherwise(pl.lit(""))
        for test, mark in tests
    ]
    frame = pl.DataFrame({"value": values.str.slice(0, LONGEST)})
    return frame.select(pl.concat_str(parts).alias("value"))["value"]


@dataclass(frozen=True)
class Shapes:
    """The shapes of some values, from fine to coarse; one of each a value.

    Parameters
    ----------
    exact, fine, coarse, kinds : polars.Series of String
        What `exact_shapes`, `shapes`, `coarse_shapes` and `kinds_of_letters` say.
    """

    exact: pl.Series
    fine: pl.Series
    coarse: pl.Series
    kinds: pl.Series

    @property
    def all(self) -> tuple[pl.Series, ...]:
        """All of them, the finest first."""
        return self.exact, self.fine, self.coarse, self.kinds


def shapes_of(values: pl.Series) -> Shapes:
    """Give all shapes of some values.

    Examples
    --------
    >>> [shape.item() for shape in shapes_of(pl.Series(["No. 12"])).all]
    ['Aa. 99', 'Aa. 9', 'w. 9', '9Aa .']
    """
    return Shapes(
        exact_shapes(values), shapes(values), coarse_shapes(values), kinds_of_letters(values)
    )
