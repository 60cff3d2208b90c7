"""The density of single columns, taken from that of whole rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelwright.core.table import Table
from modelwright.unsupervised.findings import Curve
from modelwright.unsupervised.kernel import Kernel
from modelwright.unsupervised.mixture import Mixture
from modelwright.unsupervised.space import Axis, Rows, Space

__all__ = ["curves_of"]

Floats = NDArray[np.float64]

CURVES = 12
POINTS = 101
BARS = 30


def curves_of(
    table: Table, space: Space, rows: Rows, fitted: Mixture | Kernel
) -> tuple[Curve, ...]:
    """Draw the density of each column that a density of rows implies, beside its histogram.

    Parameters
    ----------
    table : Table
        The rows as they are.
    space : Space
        The columns.
    rows : Rows
        The rows measured.
    fitted : Mixture or Kernel
        A density of rows.

    Returns
    -------
    tuple of Curve
        Of at most 12 columns of each sort, in the order of the table.
    """
    found = {}
    for place, axis in enumerate(space.numbers[:CURVES]):
        curve = _of_number(table, axis, rows.numbers[:, place], fitted, place)
        if curve is not None:
            found[axis.name] = curve
    for place, axis in enumerate(space.categories[:CURVES]):
        counts = np.bincount(rows.codes[:, place], minlength=len(axis.levels))
        shares = _level_shares(fitted, place)
        kept = np.flatnonzero((counts > 0) | (shares > 1e-3))
        levels = tuple(axis.levels[k] for k in kept)
        found[axis.name] = Curve(
            axis.name, axis.kind, levels, tuple(shares[kept].tolist()), (),
            tuple(int(count) for count in counts[kept]),
        )  # fmt: skip
    return tuple(found[name] for name in table.frame.columns if name in found)


def _of_number(
    table: Table, axis: Axis, scaled: Floats, fitted: Mixture | Kernel, place: int
) -> Curve | None:
    raw = axis.numbers(table.frame[axis.name])
    raw = raw[np.isfinite(raw)]
    low, high = np.quantile(raw, (0.005, 0.995))
    if not high > low:
        low, high = float(raw.min()), float(raw.max())
    at = np.linspace(low, high, POINTS)
    z = (np.log(at) if axis.logged else at) / axis.scale - axis.centre / axis.scale
    weights, means, widths = _normals(fitted, place)
    apart = (z[:, None] - means) / widths
    per_unit = 1 / (axis.scale * at) if axis.logged else np.full(POINTS, 1 / axis.scale)
    bells = np.exp(-0.5 * apart**2) / (widths * np.sqrt(2 * np.pi))
    density = (bells @ weights) * per_unit
    counts, edges = np.histogram(raw, BARS, (low, high))
    if not np.isfinite(density).all():
        return None
    return Curve(
        axis.name, axis.kind, tuple(at.tolist()), tuple(density.tolist()),
        tuple(edges.tolist()), tuple(int(count) for count in counts),
    )  # fmt: skip


def _normals(fitted: Mixture | Kernel, place: int) -> tuple[Floats, Floats, Floats]:
    """Give the weights, means and widths of the normal curves that one number is made of."""
    if isinstance(fitted, Mixture):
        turned = np.linalg.inv(fitted.roots)[:, :, place]
        return fitted.weights, fitted.means[:, place], np.sqrt((turned**2).sum(axis=1))
    back = np.linalg.inv(fitted.root)
    width = fitted.width * float(np.sqrt((back[:, place] ** 2).sum()))
    means = fitted.numbers @ back[:, place]
    count = len(means)
    return np.full(count, 1 / count), means, np.full(count, width)


def _level_shares(fitted: Mixture | Kernel, place: int) -> Floats:
    if isinstance(fitted, Mixture):
        return np.asarray(fitted.weights @ np.exp(fitted.levels[place]))
    size = fitted.sizes[place]
    seen = np.bincount(fitted.codes[:, place], minlength=size) / len(fitted.codes)
    return np.asarray((1 - fitted.blur) * seen + fitted.blur / size)
