"""Answers as columns of numbers, as encoders average them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target

__all__ = ["MOST_CLASSES", "answer_columns", "answer_names", "kept_parts"]

Part = TypeVar("Part")

MOST_CLASSES = 10
"""Above so many classes an encoder would make too many columns."""


def answer_columns(y: Target) -> NDArray[np.float64]:
    """Give numbers, the second class of two, or one column a class: shape (n_rows, n_columns).

    Examples
    --------
    >>> answer_columns(Target(np.array([0, 1, 1]), classes=2)).ravel()
    array([0., 1., 1.])
    """
    if not y.classes:
        return np.asarray(y.values, np.float64)[:, None]
    one_hot: NDArray[np.float64] = np.eye(y.classes)[y.values]
    return one_hot[:, 1:] if y.classes == 2 else one_hot


def answer_names(name: str, columns: int) -> tuple[str, ...]:
    """Name the features of one encoding.

    Examples
    --------
    >>> answer_names("town: mean answer", 1), len(answer_names("town: mean answer", 3))
    (('town: mean answer',), 3)
    """
    return (name,) if columns == 1 else tuple(f"{name} {k}" for k in range(columns))


def kept_parts(
    parts: Sequence[Part], widths: Sequence[int], clear: NDArray[np.bool_]
) -> tuple[Part, ...]:
    """Take the parts of which any feature is clear, given how many features each has.

    Examples
    --------
    >>> kept_parts(["town", "street"], [2, 1], np.array([False, True, False]))
    ('town',)
    """
    ends = np.cumsum(widths)
    rows = zip(parts, ends, widths, strict=True)
    return tuple(part for part, end, width in rows if clear[end - width : end].any())
