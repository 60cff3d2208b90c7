"""Values of another form than the others of their column."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.told import Told
from modelwright.clean.other_forms import other_forms
from modelwright.clean.shapes import Shapes

__all__ = ["odd_shapes", "shape_shares"]

Floats = NDArray[np.float32]

_USUAL = 0.05
_RARE = 0.01
_FORMED = 0.95
_OTHERWISE = 0.8  # how likely it is wrong to write the same thing otherwise than all others


def shape_shares(shape: pl.Series, counts: NDArray[np.int64]) -> Floats:
    """Give the share of a column's cells that have the shape of each value.

    Parameters
    ----------
    shape : polars.Series of String, shape (different values,)
        A shape for each value.
    counts : int array of shape (different values,)
        How many cells hold each of them.

    Returns
    -------
    float array of shape (different values,)

    Examples
    --------
    >>> shape_shares(pl.Series(["9", "9", "a"]), np.array([5, 3, 2])).round(1).tolist()
    [0.8, 0.8, 0.2]
    """
    whole = max(int(counts.sum()), 1)
    frame = pl.DataFrame({"shape": shape, "count": counts})
    share = frame.select(pl.col("count").sum().over("shape"))["count"].to_numpy() / whole
    return np.asarray(share, np.float32)


def odd_shapes(coded: Coded, column: int, shapes: Shapes) -> Told:
    """Judge the values of a column by how many others have their shape.

    Where nearly all cells have one of a few shapes, a rare one speaks against a cell; where the
    same thing is written otherwise (a date, an address, a code), one of up to 15 % does.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    shapes : Shapes
        Of its values.

    Returns
    -------
    Told
    """
    counts = coded.counts[column]
    shares = [shape_shares(shape, counts) for shape in shapes.all]
    whole = max(int(counts.sum()), 1)
    chance = np.zeros(len(counts), np.float32)
    # an odd shape that comes again and again, as one value, is somebody's way of writing
    for share, most in zip(shares, (0.5, 0.7, 0.7, 0.5), strict=True):
        formed = float(counts[share >= _USUAL].sum()) / whole
        if formed >= _FORMED:
            sure = (formed - _FORMED) / (1 - _FORMED) * (1 - share / _RARE)
            chance = np.maximum(chance, np.clip(most * sure, 0, most).astype(np.float32))
    texts = coded.values[column].to_list()
    odd = other_forms(dict(zip(texts, counts.tolist(), strict=True)))
    if odd is not None:
        chance[[text in odd.values for text in texts]] = _OTHERWISE
    length = coded.values[column].str.len_chars().cast(pl.Float64).to_numpy()
    centre = float(np.average(length, weights=counts)) if len(counts) else 0.0
    spread = (
        float(np.sqrt(np.average((length - centre) ** 2, weights=counts))) if whole > 1 else 0.0
    )
    off = (length - centre) / (spread + 1.0)
    found = [*(np.log(share + 1e-6) for share in shares), off, np.abs(off)]
    measures = [coded.spread(column, np.asarray(one, np.float32)) for one in found]
    reason = f"written in another form than the others of {coded.columns[column]!r}"
    return Told(reason, coded.spread(column, chance), np.column_stack(measures))
