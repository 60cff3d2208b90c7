"""Pairs of names worth a look: those that share rare pieces, however many names there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["candidates"]

Places = NDArray[np.int64]

_PAIRS_EACH = 100  # pairs that pieces may make for each name, and a million beside
_EACH = 8  # looked at closely for every name, of either side


def candidates(
    left: Sequence[tuple[str, ...]],
    right: Sequence[tuple[str, ...]],
    left_block: Places,
    right_block: Places,
) -> tuple[Places, Places]:
    """List pairs of names that may be alike: the eight best of every name on either side.

    Names are compared by the words and the three-letter pieces they share, the rarer the more.
    The most common pieces, which would make more than a million pairs and a hundred for each name,
    are left out of this look (blocking): a pair that shares nothing else is not found.

    Parameters
    ----------
    left, right : sequence of tuple of str
        The words of each name.
    left_block, right_block : ndarray of int64
        Only names of equal blocks are compared.

    Returns
    -------
    left, right : ndarray of int64, shape (n_pairs,)
        Places of the names; no pair comes twice.

    Examples
    --------
    >>> none = np.zeros(2, np.int64)
    >>> pairs = candidates([("peru",), ("chad",)], [("tchad",), ("peru",)], none, none)
    >>> sorted(zip(*(side.tolist() for side in pairs), strict=True))
    [(0, 1), (1, 0)]
    """
    ours, theirs = _pieces(left, left_block), _pieces(right, right_block)
    often = ours.group_by("piece", "block").len("ours")
    often = often.join(theirs.group_by("piece", "block").len("theirs"), on=["piece", "block"])
    often = often.with_columns(pairs=pl.col("ours").cast(pl.Int64) * pl.col("theirs"))
    often = often.sort("pairs", "block", "piece")
    total = len(left) + len(right)
    often = often.filter(pl.col("pairs").cum_sum() <= 1_000_000 + _PAIRS_EACH * total)
    often = often.with_columns(weight=(1 + total / (pl.col("ours") + pl.col("theirs"))).log())
    kept = often.select("piece", "block", "weight")
    shared = (
        ours.join(kept, on=["piece", "block"])
        .join(theirs, on=["piece", "block"], suffix="_right")
        .group_by("name", "name_right")
        .agg(pl.col("weight").sum())
    )
    shared = shared.sort("name", "name_right")  # so that of equal ones the same are taken always
    best = pl.any_horizontal(
        pl.col("weight").rank("ordinal", descending=True).over(side) <= _EACH
        for side in ("name", "name_right")
    )
    found = shared.filter(best)
    return found["name"].to_numpy(), found["name_right"].to_numpy()


def _pieces(names: Sequence[tuple[str, ...]], block: Places) -> pl.DataFrame:
    place, piece = [], list[str]()
    for i, words in enumerate(names):
        mine = {one for word in words for one in _cut(word)}
        piece += sorted(mine)
        place.append(np.full(len(mine), i))
    row = np.concatenate(place) if place else np.empty(0, np.int64)
    columns = {"name": row, "block": block[row], "piece": pl.Series(piece, dtype=pl.String)}
    return pl.DataFrame(columns, schema_overrides={"name": pl.Int64, "block": pl.Int64})


def _cut(word: str) -> Iterator[str]:
    yield f"={word}"
    edged = f"^{word}$"
    for start in range(len(edged) - 2):
        yield edged[start : start + 3]
