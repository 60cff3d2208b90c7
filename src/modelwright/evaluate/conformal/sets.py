"""Sets of class labels, for every level that may be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError
from modelwright.core.protocols import State
from modelwright.evaluate.conformal.labels import (
    METHODS,
    Method,
    label_scores,
    labels_within,
    true_scores,
)
from modelwright.evaluate.conformal.pools import Pools
from modelwright.evaluate.conformal.reached import NOT_MEASURED, Reached, measure
from modelwright.evaluate.conformal.rows import CalibrationRows
from modelwright.evaluate.conformal.scores import check_level
from modelwright.evaluate.conformal.times import choose_half_life

__all__ = ["LabelSets"]

Array = NDArray[np.float64]

USUAL = 0.9
# Rows are cut into so many parts by how sure the model is.
HARDNESS = 3
# In no part may coverage fall below the level by more.
SLACK = 0.1


@dataclass(frozen=True)
class LabelSets:
    """What has to be known of past predictions to give any row a set of labels at any level.

    Parameters
    ----------
    pools : Pools
        The scores of the true labels.
    method : str
        How labels are scored: see `label_scores`.
    free : int
        Ranks without a penalty (RAPS).
    by : str
        The column whose labels are calibrated on their own; empty: none.
    half_life : float
        How fast old rows fade, as a share of the time that they span; infinite: not at all.
    reached : Reached
        Measured coverage and size.
    worst : float
        The lowest coverage at 90 % among rows of one third by how sure the model is; NaN when
        not measured.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.dirichlet([1, 1, 1], 2000)
    >>> y = (rng.random((2000, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    >>> made = LabelSets.learn(CalibrationRows(y, p))
    >>> made.within(np.array([[0.98, 0.01, 0.01]]), 0.9).tolist()
    [[True, False, False]]
    """

    pools: Pools
    method: Method = "lac"
    free: int = 1
    by: str = ""
    half_life: float = math.inf
    reached: Reached = NOT_MEASURED
    worst: float = math.nan

    @classmethod
    def learn(cls, rows: CalibrationRows, by: str = "", method: Method | None = None) -> LabelSets:
        """Find sets, and measure how good they are.

        Parameters
        ----------
        rows : CalibrationRows
            With class codes and probabilities.
        by : str
            The column that their labels are of.
        method : str, optional
            How labels are scored; None: of the methods whose coverage at 90 % falls nowhere below
            80 %, be the model sure or not, the one with the smallest sets; if there is none, the
            one whose lowest coverage is highest.

        Returns
        -------
        LabelSets

        Raises
        ------
        DataError
            Without rows, or when a probability is not finite.
        """
        if not len(rows):
            cure = "give rows with answers that the model has not seen"
            raise DataError("rows to calibrate sets on", "none", cure)
        made = [cls._fitted(rows, by, one) for one in (METHODS if method is None else (method,))]
        even = [one for one in made if one.worst >= USUAL - SLACK]
        if even:
            return min(even, key=lambda one: one.reached.width(USUAL))
        return max(made, key=lambda one: (not math.isnan(one.worst), one.worst))

    @classmethod
    def _fitted(cls, rows: CalibrationRows, by: str, method: Method) -> LabelSets:
        free = 1
        if method == "raps":  # ranks at which most true labels stand are free
            order = np.argsort(-rows.p, axis=1, kind="stable")
            rank = (order == np.asarray(rows.y)[:, None]).argmax(axis=1) + 1
            free = int(np.quantile(rank, USUAL))
        own = true_scores(rows.y, label_scores(rows.p, method, free))
        half_life = math.inf
        if rows.order is not None:
            half_life = choose_half_life(own, rows.order, USUAL)
        made = cls(Pools.learn(own, rows, half_life), method, free, by, half_life)
        return replace(made, reached=measure(rows, made._again), worst=_worst(rows, made))

    def _again(self, rows: CalibrationRows) -> LabelSets:
        """Make the same of other rows: what was chosen stays chosen."""
        own = true_scores(rows.y, label_scores(rows.p, self.method, self.free))
        return replace(self, pools=Pools.learn(own, rows, self.half_life))

    def within(
        self, p: NDArray[Any], level: float, labels: NDArray[Any] | None = None
    ) -> NDArray[np.bool_]:
        """Tell which labels are in the set of each row.

        Parameters
        ----------
        p : ndarray, shape (n, n_classes)
            Probabilities.
        level : float
            The share of true labels that the sets are to hold.
        labels : ndarray of str, shape (n,), optional
            What each row is, where there is a column `by`.

        Returns
        -------
        ndarray of bool, shape (n, n_classes)
            The most probable label always is in.

        Raises
        ------
        OptionError
            When the level is not between 0 and 1.
        DataError
            When there were too few rows for the level, or a probability is not finite.
        """
        check_level(level)
        lines = self.pools.lines(labels, len(p), lambda scores: (scores.upper(level),))
        # One row's line is as good as another's when it is taken off its scores.
        scores = label_scores(p, self.method, self.free) - lines
        found: NDArray[np.bool_] = scores <= 1e-9
        return found | labels_within(p, "lac", -1.0)

    def holding(self, rows: CalibrationRows, level: float) -> tuple[NDArray[np.bool_], Array]:
        """Tell for each row whether its set holds the answer, and how many labels it has."""
        found = self.within(rows.p, level, rows.labels)
        return found[np.arange(len(rows)), rows.y], found.sum(axis=1).astype(np.float64)

    def __str__(self) -> str:
        kind = "rows" if self.pools.whole.units >= len(self.pools.whole.values) else "groups"
        words = [f"sets ({self.method.upper()}) from {self.pools.whole.units:,} held-out {kind}"]
        if self.pools.names:
            words.append(f"{len(self.pools.names)} labels of {self.by} each on their own")
        if math.isfinite(self.half_life):
            words.append("recent rows counting more")
        return ", ".join(words)

    def export(self) -> State:
        """Give the whole state."""
        state = self.pools.export()
        config = {
            **state.config,
            "kind": "sets",
            "method": self.method,
            "free": self.free,
            "by": self.by,
            "half_life": self.half_life if math.isfinite(self.half_life) else None,
            "reached": self.reached.to_json(),
            "worst": None if math.isnan(self.worst) else self.worst,
        }
        return State(config, state.arrays)

    @classmethod
    def restore(cls, state: State) -> LabelSets:
        """Rebuild what `export` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        config: Mapping[str, Any] = state.config
        half_life = math.inf if config["half_life"] is None else float(config["half_life"])
        method, free = config["method"], int(config["free"])
        if method not in METHODS or free < 1 or not half_life > 0:
            raise ValueError("sets by an unknown method")
        return cls(
            Pools.restore(config, state.arrays),
            method,
            free,
            str(config["by"]),
            half_life,
            Reached.from_json(config["reached"]),
            math.nan if config["worst"] is None else float(config["worst"]),
        )


def _worst(rows: CalibrationRows, made: LabelSets) -> float:
    """Give the lowest coverage at 90 % of thirds of the rows, by how sure the model is of them."""
    sure = np.asarray(rows.p, np.float64).max(axis=1)
    third = np.searchsorted(np.quantile(sure, np.arange(1, HARDNESS) / HARDNESS), sure)
    hits = np.full(len(rows), np.nan)
    for known, held in rows.parts():
        if known.any() and held.any():
            try:
                hits[held] = made._again(rows.rows(known)).holding(rows.rows(held), USUAL)[0]
            except DataError:
                return math.nan
    judged = ~np.isnan(hits)  # in time the first rows are not
    shares = [hits[(third == k) & judged].mean() for k in np.unique(third[judged])]
    return float(np.min(shares)) if shares else math.nan
