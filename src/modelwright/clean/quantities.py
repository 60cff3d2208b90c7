"""Amounts, dates and names of things made of digits: two of them are two, and no slip of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

__all__ = ["Quantities", "builds"]

_LONGEST = 96
_USUAL = 0.1
# The digits of one number, one date or one time, with what stands between them.
_NUMBER = r"\p{Nd}(?:[\p{Nd}.,:/'\u2019\u00a0\u2009\u202f-]*\p{Nd})?"
_WORD = r"(?:\p{L}|\p{Sc})+"


def builds(texts: pl.Series) -> pl.Series:
    """Say how texts are built: 9 for a number, a date or a time, w for a word or a sign of money.

    Examples
    --------
    >>> builds(pl.Series(["1.234,50 €", "99,00 EUR", "K0113", "19 Jul 2023", "205x32"])).to_list()
    ['9 w', '9 w', 'w9', '9 w 9', '9w9']
    """
    return (
        texts.str.slice(0, _LONGEST)
        .str.replace_all(_WORD, "w")
        .str.replace_all(_NUMBER, "9")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
    )


@dataclass(frozen=True)
class Quantities:
    """How the values of a column are built that hold digits.

    Parameters
    ----------
    usual : frozenset of str
        What `builds` says of a tenth of the cells or more.

    Examples
    --------
    >>> made = Quantities.of({"1.250,00 €": 3, "99,00 EUR": 2, "250,00 €": 1})
    >>> made.differ(["250,00 €", "25x,00 €"], ["1.250,00 €", "250,00 €"])
    [True, False]
    """

    usual: frozenset[str]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Quantities:
        """Look at the values of a column: how many cells hold each."""
        if not counts:
            return cls(frozenset())
        texts = pl.Series(list(counts), dtype=pl.String)
        held = pl.DataFrame({"build": builds(texts), "cells": list(counts.values())})
        found = held.group_by("build").agg(pl.col("cells").sum())
        whole = int(found["cells"].sum())
        often = found.filter(pl.col("cells") >= _USUAL * whole)["build"].to_list()
        return cls(frozenset(one for one in often if "9" in one))

    def differ(self, left: Sequence[str], right: Sequence[str]) -> list[bool]:
        """Tell which pairs are two quantities: built as is usual, and of other digits.

        A slip changes how a value is built (``20532x81``), or leaves its digits as they are.

        Parameters
        ----------
        left, right : sequence of str
            As many of each.
        """
        if not self.usual or not left:
            return [False] * len(left)
        pairs = pl.DataFrame({"left": list(left), "right": list(right)})
        built = pl.Series(sorted(self.usual)).implode()
        both = builds(pairs["left"]).is_in(built) & builds(pairs["right"]).is_in(built)
        digits = [pairs[side].str.replace_all(r"\P{Nd}", "") for side in ("left", "right")]
        return (both & (digits[0] != digits[1])).to_list()
