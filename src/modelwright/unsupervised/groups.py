"""Groups of rows as plain arrays: what each way of clustering leaves behind, and predicts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import State
from modelwright.models.unpack import array, unsound
from modelwright.unsupervised.space import Rows

__all__ = ["NOBODY", "Centres", "Dense", "Hierarchy", "distances"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

NOBODY = -1
"""The label of a row that belongs to no group."""
_CHUNK = 2_000


def distances(points: Floats, others: Floats) -> Floats:
    """Give Euclidean distances: shape (n_points, n_others).

    Examples
    --------
    >>> distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).tolist()
    [[5.0]]
    """
    squares = (points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * points @ others.T
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


@dataclass(frozen=True)
class Centres:
    """Groups around centres, as k-means finds them (Lloyd 1957).

    Parameters
    ----------
    centres : ndarray of float64, shape (k, n_coordinates)
        The mean of each group.

    Examples
    --------
    >>> rows = Rows(np.array([[0.1], [4.0]]), np.zeros((2, 0)), np.zeros((2, 0), np.int64))
    >>> Centres(np.array([[0.0], [5.0]])).labels(rows).tolist()
    [0, 1]
    """

    centres: Floats
    name: ClassVar[str] = "k-means"

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.centres)

    def labels(self, rows: Rows) -> Codes:
        """Put each row into the group of the nearest centre."""
        return np.asarray(distances(rows.points, self.centres).argmin(axis=1), np.int64)

    def distance(self, rows: Rows) -> Floats:
        """Give the distance from the nearest centre."""
        return np.asarray(distances(rows.points, self.centres).min(axis=1))

    def export(self) -> State:
        """Give the whole state."""
        return State({}, {"centres": self.centres})

    @classmethod
    def restore(cls, state: State) -> Centres:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        return cls(array(state, "centres", np.float64, 2))


@dataclass(frozen=True)
class Hierarchy:
    """Groups that were merged pair by pair, cut at some height.

    Parameters
    ----------
    points : ndarray of float64, shape (n, n_coordinates)
        The rows that were merged; of a large table a sample.
    group : ndarray of int64, shape (n,)
        The group of each.
    merges : ndarray of int64, shape (n - 1, 2)
        Which two nodes each step merges: below n a row, else n + the step that made it.
    heights : ndarray of float64, shape (n - 1,)
        How far apart the two were.
    ward : bool
        Whether the merge that adds least to the squares within groups comes first (Ward 1963);
        else that of the least mean distance (Sokal and Michener 1958).
    """

    points: Floats
    group: Codes
    merges: Codes
    heights: Floats
    ward: bool

    @property
    def name(self) -> str:
        """The word for it."""
        return "ward" if self.ward else "average"

    @property
    def count(self) -> int:
        """How many groups there are."""
        return int(self.group.max(initial=-1)) + 1

    def labels(self, rows: Rows) -> Codes:
        """Put each row into the group that it would be merged with first."""
        out = np.empty(len(rows), np.int64)
        for start in range(0, len(rows), _CHUNK):
            part = rows.points[start : start + _CHUNK]
            out[start : start + _CHUNK] = self._costs(part).argmin(axis=1)
        return out

    def distance(self, rows: Rows) -> Floats:
        """Give the distance from the mean of the row's group."""
        means = np.array([self.points[self.group == g].mean(axis=0) for g in range(self.count)])
        return np.asarray(np.sqrt(((rows.points - means[self.labels(rows)]) ** 2).sum(axis=1)))

    def _costs(self, points: Floats) -> Floats:
        sizes = np.bincount(self.group, minlength=self.count).astype(np.float64)
        belongs = (self.group[:, None] == np.arange(self.count)) / sizes
        if not self.ward:
            return np.asarray(distances(points, self.points) @ belongs)
        means = belongs.T @ self.points
        return np.asarray(distances(points, means) ** 2 * sizes / (sizes + 1))

    def export(self) -> State:
        """Give the whole state."""
        arrays = {"points": self.points, "group": self.group, "merges": self.merges}
        return State({"ward": self.ward}, {**arrays, "heights": self.heights})

    @classmethod
    def restore(cls, state: State) -> Hierarchy:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        points, group = array(state, "points", np.float64, 2), array(state, "group", np.int64, 1)
        merges, heights = (
            array(state, "merges", np.int64, 2),
            array(state, "heights", np.float64, 1),
        )
        steps = np.arange(len(merges))[:, None]
        shaped = len(points) == len(group) == len(merges) + 1 == len(heights) + 1
        if not shaped or merges.shape[1:] != (2,):
            raise unsound("one merge less than rows", f"{len(merges)} for {len(points)}")
        if (merges < 0).any() or (merges >= len(points) + steps).any():
            raise unsound("merges of what is there", "others")
        names = np.unique(group)
        if not len(group) or names[0] != 0 or names[-1] != len(names) - 1:
            raise unsound("groups counted from 0", "others")
        return cls(points, group, merges, heights, bool(state.config.get("ward")))


@dataclass(frozen=True)
class Dense:
    """Groups where rows lie densely, and rows between them that belong to none.

    Parameters
    ----------
    points : ndarray of float64, shape (n, n_coordinates)
        Rows that belong to a group.
    group : ndarray of int64, shape (n,)
        The group of each.
    core : ndarray of float64, shape (n,)
        How far each has to reach for its neighbours.
    reach : ndarray of float64, shape (k,)
        The longest step by which a row of each group still belonged to it.
    """

    points: Floats
    group: Codes
    core: Floats
    reach: Floats
    name: ClassVar[str] = "hdbscan"

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.reach)

    def labels(self, rows: Rows) -> Codes:
        """Put each row into the group of the nearest row that it reaches; -1 where none is."""
        return self._nearest(rows)[0]

    def distance(self, rows: Rows) -> Floats:
        """Give the distance from the nearest row of a group, in mutual reachability."""
        return self._nearest(rows)[1]

    def _nearest(self, rows: Rows) -> tuple[Codes, Floats]:
        label, step = np.full(len(rows), NOBODY, np.int64), np.full(len(rows), np.inf)
        if not len(self.points):
            return label, step
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            apart = np.maximum(distances(rows.points[part], self.points), self.core)
            near = apart.argmin(axis=1)
            step[part] = apart[np.arange(len(near)), near]
            own = self.group[near]
            label[part] = np.where(step[part] <= self.reach[own] * (1 + 1e-9), own, NOBODY)
        return label, step

    def export(self) -> State:
        """Give the whole state."""
        arrays = {"points": self.points, "group": self.group, "core": self.core}
        return State({}, {**arrays, "reach": self.reach})

    @classmethod
    def restore(cls, state: State) -> Dense:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        points, group = array(state, "points", np.float64, 2), array(state, "group", np.int64, 1)
        core, reach = (array(state, name, np.float64, 1) for name in ("core", "reach"))
        if not len(points) == len(group) == len(core):
            raise unsound("rows, groups and reaches of one length", "several")
        if len(group) and not (group.min() >= 0 and group.max() < len(reach)):
            raise unsound(f"groups below {len(reach)}", "others")
        return cls(points, group, core, reach)
