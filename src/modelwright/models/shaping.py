"""Steps of cyclic boosting: small trees over the bins of one column, or of a pair of them.

All take sums of gradients and curvatures a bin, and give what is to be added to each bin.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["levels_step", "pair_gain", "pair_step", "purified", "values_step"]

Floats = NDArray[np.float64]

_TINY = 1e-12


def values_step(
    G: Floats, H: Floats, count: Floats, leaves: int, least: float, l2: float
) -> Floats:
    """Fit a small regression tree over ordered bins, of which the first is for missing values.

    Parameters
    ----------
    G, H : ndarray of shape (n_bins, n_scores)
        Sums of gradients and of curvatures; all scores share the cuts.
    count : ndarray of shape (n_bins,)
        Rows.
    leaves : int
        Leaves at most, besides the one of the missing values.
    least : float
        Rows in a leaf at least.
    l2 : float
        Ridge penalty on leaf values.

    Returns
    -------
    ndarray of shape (n_bins, n_scores)
        The Newton step of each bin's leaf.

    Examples
    --------
    >>> G, H = np.array([[0.0], [4.0], [4.0], [-8.0]]), np.array([[0.0], [4.0], [4.0], [8.0]])
    >>> values_step(G, H, H[:, 0], leaves=2, least=1, l2=0.0)[1:, 0]
    array([-1., -1.,  1.])
    """
    g, h, n = np.zeros_like(G), np.zeros_like(H), np.zeros(len(G))
    np.cumsum(G[1:], axis=0, out=g[1:])
    np.cumsum(H[1:], axis=0, out=h[1:])
    np.cumsum(count[1:], out=n[1:])
    cuts = [0, len(g) - 1]
    for _ in range(leaves - 1):
        gain, place = max(
            (_best_cut(g, h, n, low, high, least, l2) for low, high in pairwise(cuts)),
            key=lambda found: found[0],
        )
        if gain <= _TINY:
            break
        cuts = sorted([*cuts, place])
    out = np.empty_like(G)
    out[0] = -G[0] / (H[0] + l2 + _TINY)
    for low, high in pairwise(cuts):
        out[1 + low : 1 + high] = -(g[high] - g[low]) / (h[high] - h[low] + l2 + _TINY)
    return out


def _best_cut(
    g: Floats, h: Floats, n: Floats, low: int, high: int, least: float, l2: float
) -> tuple[float, int]:
    """Give the best place to cut the bins between two cuts, and what it saves."""
    # places with enough rows on both sides lie between these two
    first = int(np.searchsorted(n[low : high + 1], n[low] + least)) + low
    last = int(np.searchsorted(n[low : high + 1], n[high] - least, side="right")) + low - 1
    first, last = max(first, low + 1), min(last, high - 1)
    if first > last:
        return 0.0, 0
    places = slice(first, last + 1)
    left, weight = g[places] - g[low], h[places] - h[low]
    whole, total = g[high] - g[low], h[high] - h[low]
    gain = left * left / (weight + l2 + _TINY)
    gain += (whole - left) ** 2 / (total - weight + l2 + _TINY)
    saved = gain[:, 0] if gain.shape[1] == 1 else gain.sum(axis=1)
    best = int(saved.argmax())
    return float(saved[best] - (whole * whole / (total + l2 + _TINY)).sum()), first + best


def levels_step(G: Floats, H: Floats, l2: float) -> Floats:
    """Step each level of a category by itself, rare ones less.

    Parameters
    ----------
    G, H : ndarray of shape (n_bins,)
        Sums of gradients and of curvatures.
    l2 : float
        Ridge penalty on a level's value.

    Returns
    -------
    ndarray of shape (n_bins,)

    Examples
    --------
    >>> levels_step(np.array([-8.0, 1.0]), np.array([6.0, 0.0]), l2=2.0)
    array([ 1. , -0.5])
    """
    return -G / (H + l2 + _TINY)


def _quadrants(table: Floats) -> tuple[Floats, ...]:
    """Sum the four corners that each cut of a grid makes: all of shape (n - 1, n - 1, n_scores)."""
    c = table.cumsum(axis=0).cumsum(axis=1)
    low, right, down = c[:-1, :-1], c[:-1, -1:], c[-1:, :-1]
    return low, right - low, down - low, c[-1:, -1:] - right - down + low


def pair_gain(G: Floats, H: Floats, l2: float) -> Floats:
    """Give what a cut of a grid into four corners saves, for each cut (FAST; Lou et al. 2013).

    Parameters
    ----------
    G, H : ndarray of shape (n, n, n_scores)
        Sums of gradients and of curvatures of each cell.
    l2 : float
        Ridge penalty on a corner's value.

    Returns
    -------
    ndarray of shape (n - 1, n - 1)

    Examples
    --------
    >>> pair_gain(np.array([[[1.0], [-1.0]], [[-1.0], [1.0]]]), np.ones((2, 2, 1)), l2=0.0)
    array([[4.]])
    """
    corners = zip(_quadrants(G), _quadrants(H), strict=True)
    gains = [(g**2 / (h + l2 + _TINY)).sum(axis=2) for g, h in corners]
    total: Floats = gains[0] + gains[1] + gains[2] + gains[3]
    return total


def pair_step(G: Floats, H: Floats, l2: float) -> Floats:
    """Give the step of the four corners of the best cut, for each cell of the grid.

    Examples
    --------
    >>> G = np.array([[[1.0], [-1.0]], [[-1.0], [1.0]]])
    >>> pair_step(G, np.ones((2, 2, 1)), l2=0.0)[:, :, 0]
    array([[-1.,  1.],
           [ 1., -1.]])
    """
    gain = pair_gain(G, H, l2)
    i, j = np.unravel_index(int(gain.argmax()), gain.shape)
    out = np.empty_like(G)
    corners = zip(_quadrants(G), _quadrants(H), strict=True)
    steps = [-g[i, j] / (h[i, j] + l2 + _TINY) for g, h in corners]
    i, j = i + 1, j + 1
    out[:i, :j], out[:i, j:], out[i:, :j], out[i:, j:] = steps
    return out


def purified(grid: Floats, counts: NDArray[np.integer]) -> tuple[Floats, Floats, Floats]:
    """Take out of a pair what belongs to its columns alone (Lengerich et al. 2020).

    What is taken is the sum of two curves that is closest to the grid over the rows; the rest
    has a mean of 0 in each row and in each column of the grid.

    Parameters
    ----------
    grid : ndarray of shape (..., n, m, n_scores)
        What each cell adds.
    counts : ndarray of shape (n, m)
        Rows in each cell.

    Returns
    -------
    rest : ndarray of shape (..., n, m, n_scores)
    down : ndarray of shape (..., n, n_scores)
    across : ndarray of shape (..., m, n_scores)
        ``rest + down[..., :, None, :] + across[..., None, :, :]`` is the grid.

    Examples
    --------
    >>> grid = np.array([[[0.0], [1.0]], [[2.0], [7.0]]])
    >>> rest, down, across = purified(grid, np.ones((2, 2), int))
    >>> rest[:, :, 0].round(6)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    share = counts / max(counts.sum(), 1)
    n = len(share)
    normal = np.block([[np.diag(share.sum(axis=1)), share], [share.T, np.diag(share.sum(axis=0))]])
    weighted = grid * share[:, :, None]
    sums = np.concatenate([weighted.sum(axis=-2), weighted.sum(axis=-3)], axis=-2)
    curves = np.linalg.pinv(normal, hermitian=True) @ sums
    down, across = curves[..., :n, :], curves[..., n:, :]
    return grid - down[..., :, None, :] - across[..., None, :, :], down, across
