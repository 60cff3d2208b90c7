"""Heat maps of pairs of columns: associations of any kinds, correlations, covariances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.explore.associations import correlation_matrix, covariance_matrix
from modelwright.explore.column_figures import short
from modelwright.explore.relations import Relations, side_by_side
from modelwright.pages import Figure, Grid, Markup, element, joined, shorten
from modelwright.pages.numerals import number, plural
from modelwright.pages.plot import fitted, text_mark, text_width

__all__ = ["association_figure", "correlation_figure", "covariance_figure"]

Floats = NDArray[np.float64]

MOST = 30
"""So many columns are drawn."""
_LABEL = 130.0
_NUMBERED = 12
_SIDES = (13.0, 34.0)
_WIDE = 430.0
_PAIRS = 60


def association_figure(relations: Relations, most: int = MOST) -> Figure:
    """Draw how much columns of any kinds have to do with each other.

    Parameters
    ----------
    relations : Relations
        Of a profile.
    most : int
        How many columns are drawn.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When there are fewer than two columns.
    """
    kept = _strongest(relations.strength, most)
    names = [relations.names[i] for i in kept]
    matrix = relations.strength[np.ix_(kept, kept)]
    drawing, width, height = _triangle(names, matrix, 1.0)
    rows = tuple(
        (shorten(one.left, 60), shorten(one.right, 60), one.measure, f"{one.strength:.2f}")
        for one in relations.pairs[:_PAIRS]
    )
    left = len(relations.names) - len(names)
    return Figure(
        "Associations",
        "Each cell is a pair: the column named at the right end of its line, and the one named "
        "above its stack. The stronger the colour, the more one says of the other, from 0 to 1, "
        f"whatever their kinds.{_not_drawn(left)}",
        drawing,
        width,
        height,
        Grid(("column", "column", "measure", "strength"), rows, "The strongest pairs", text=3),
    )


def correlation_figure(columns: Mapping[str, ArrayLike] | Relations, most: int = MOST) -> Figure:
    """Draw Pearson's correlations of columns of numbers as a heat map.

    Parameters
    ----------
    columns : mapping of str to array_like of float, shape (n,), or Relations
        NaN where there is no value: each pair is taken on the rows that have both.
    most : int
        How many columns are drawn.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        When there are fewer than two columns, or of different lengths.

    Examples
    --------
    >>> correlation_figure({"a": [1.0, 2.0, 3.0], "b": [3.0, 2.0, 1.0]}).data.rows[0]
    ('a', 'b', '\u22121')
    """
    names, matrix = _given(columns, covariance=False)
    return _matrix_figure(
        "Correlations",
        names,
        matrix,
        matrix,
        "Pearson's correlation of each pair: blue when both rise together, orange when one falls "
        "as the other rises.",
        most,
    )


def covariance_figure(columns: Mapping[str, ArrayLike] | Relations, most: int = MOST) -> Figure:
    """Draw covariances of columns of numbers as a heat map, the variances on its edge.

    Parameters, return and errors as for `correlation_figure`.

    Examples
    --------
    >>> covariance_figure({"a": [1.0, 2.0, 3.0], "b": [3.0, 2.0, 1.0]}).data.rows[0]
    ('a', 'a', '1')
    """
    names, matrix = _given(columns, covariance=True)
    size = np.sqrt(np.abs(np.nan_to_num(matrix)))
    shades = np.sign(np.nan_to_num(matrix)) * size / max(float(size.max(initial=0.0)), 1e-300)
    return _matrix_figure(
        "Covariances",
        names,
        matrix,
        shades,
        "The covariance of each pair in the units of its columns, and the variance of each column: "
        "blue when both rise together, orange when one falls. A column of large numbers outshines "
        "the others: correlations are free of units.",
        most,
        diagonal=True,
    )


def _given(
    columns: Mapping[str, ArrayLike] | Relations, *, covariance: bool
) -> tuple[list[str], Floats]:
    if isinstance(columns, Relations):
        return list(columns.numbers), columns.covariance if covariance else columns.correlation
    values = [np.asarray(column, np.float64).ravel() for column in columns.values()]
    if len(values) < 2 or len({len(column) for column in values}) > 1:
        raise DataError("two or more columns of one length", str([len(v) for v in values][:8]))
    block = np.column_stack(values)
    names = list(columns)
    correlation = correlation_matrix(block)
    order = side_by_side(np.nan_to_num(np.abs(correlation), nan=0.0))
    matrix = covariance_matrix(block) if covariance else correlation
    return [names[i] for i in order], matrix[np.ix_(order, order)]


def _matrix_figure(
    title: str,
    names: Sequence[str],
    matrix: Floats,
    shades: Floats,
    said: str,
    most: int,
    diagonal: bool = False,
) -> Figure:
    kept = _strongest(np.nan_to_num(np.abs(shades)), most)
    shown = [names[i] for i in kept]
    grid = np.ix_(kept, kept)
    drawing, width, height = _triangle(shown, shades[grid], 1.0, matrix[grid], diagonal)
    left = len(names) - len(shown)
    pairs = [
        (abs(float(np.nan_to_num(shades[i, j]))), i, j)
        for i in range(len(names))
        for j in range(i + (not diagonal), len(names))
        if np.isfinite(matrix[i, j])
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    rows = tuple(
        (shorten(names[i], 60), shorten(names[j], 60), number(float(matrix[i, j]), 3))
        for _, i, j in pairs[:_PAIRS]
    )
    return Figure(
        title,
        f"{said}{_not_drawn(left)}",
        drawing,
        width,
        height,
        Grid(("column", "column", title.lower()[:-1]), rows, title, text=2),
    )


def _strongest(matrix: Floats, most: int) -> list[int]:
    """Choose the columns with the strongest ties, in the order they have."""
    if len(matrix) < 2:
        raise DataError("two or more columns to compare", str(len(matrix)))
    others = matrix - np.diag(np.diag(matrix))
    best = np.argsort(-others.max(axis=0), kind="stable")[:most]
    return sorted(int(i) for i in best)


def _triangle(
    names: Sequence[str],
    shades: Floats,
    largest: float,
    values: Floats | None = None,
    diagonal: bool = False,
) -> tuple[Markup, int, int]:
    """Draw the lower half of a matrix; a name stands at the end of its line, above its stack."""
    k = len(names)
    side = min(max(_WIDE / k, _SIDES[0]), _SIDES[1])
    numbered = k <= _NUMBERED
    told = shades if values is None else values
    paths: dict[str, list[str]] = {}
    marks: list[Markup] = []
    for i in range(k):
        for j in range(i + diagonal):
            shade = float(np.nan_to_num(shades[i, j])) / largest
            step = min(int(abs(shade) * 8), 7)
            key = f"{'a' if shade >= 0 else 'b'}.h{step}"
            at = f"M{j * side + 0.5:.1f} {i * side + 0.5:.1f}"
            paths.setdefault(key, []).append(f"{at}h{side - 1:.1f}v{side - 1:.1f}h-{side - 1:.1f}z")
            text = short(float(told[i, j])) if numbered and np.isfinite(told[i, j]) else ""
            if text and text_width(text, 11.0) <= side:
                light = ".on" if step >= 6 else ""
                marks.append(
                    text_mark(text, (j + 0.5) * side, (i + 0.5) * side + 4, f"middle.small{light}")
                )
        place = (i + diagonal) * side + (3 if diagonal else 2)
        marks.append(text_mark(fitted(names[i], _LABEL, 12.0), place, (i + 0.5) * side + 4, "name"))
    cells = [element(f"path.bar.{key}", at={"d": "".join(d)}) for key, d in sorted(paths.items())]
    labels = max(
        ((i + 1) * side + text_width(fitted(n, _LABEL, 12.0), 12.0) for i, n in enumerate(names)),
        default=0.0,
    )
    width = max(round(labels + 8), 240)
    return joined(cells, marks), width, round(k * side + 2)


def _not_drawn(count: int) -> str:
    return f" {plural(count, 'column')} not drawn." if count else ""
