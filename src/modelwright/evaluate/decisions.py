"""From probabilities to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.evaluate.amount import Amount
from modelwright.evaluate.scores.classes import confusion
from modelwright.evaluate.scores.ordering import taken

__all__ = [
    "USUAL",
    "Best",
    "Decision",
    "LeastCost",
    "MostProbable",
    "Threshold",
    "restore_decision",
]

Codes = NDArray[np.int64]
Table = NDArray[np.float64]


class Decision(Protocol):
    """A rule that turns class probabilities of shape (n_rows, n_classes) into class codes."""

    def answers(self, p: NDArray[Any]) -> Codes:
        """Decide for one class in each row."""
        ...

    def table(self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None) -> Table:
        """Count weight by true class (down) and decided class (across)."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        ...

    def __str__(self) -> str:
        """Say the rule in a few words that follow "the answer is"."""
        ...


@dataclass(frozen=True)
class MostProbable:
    """Answer with the most probable class; of two, from a probability of one half on.

    Examples
    --------
    >>> MostProbable().answers(np.array([[0.2, 0.8], [0.6, 0.4]])).tolist()
    [1, 0]
    """

    def answers(self, p: NDArray[Any]) -> Codes:
        """Decide for one class in each row."""
        best: Codes = p.argmax(axis=1)
        return best

    def table(self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None) -> Table:
        """Count weight by true class (down) and decided class (across)."""
        return confusion(y, self.answers(p), p.shape[1], weight)

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"rule": "most probable"}

    def __str__(self) -> str:
        return "the most probable class"


USUAL = MostProbable()
"""How a model answers that nobody tuned."""


@dataclass(frozen=True)
class Threshold:
    """Answer with the positive class of two from this probability on.

    Parameters
    ----------
    value : float
        Between 0 and 1.

    Raises
    ------
    OptionError
        When it is not.

    Examples
    --------
    >>> Threshold(0.3).answers(np.array([[0.7, 0.3], [0.8, 0.2]])).tolist()
    [1, 0]
    """

    value: float

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            cure = "write --threshold 0.3"
            raise OptionError("a threshold between 0 and 1", f"{self.value:g}", cure)

    def answers(self, p: NDArray[Any]) -> Codes:
        """Decide for one class in each row."""
        return (p[:, 1].astype(np.float64) >= self.value).astype(np.int64)

    def table(self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None) -> Table:
        """Count weight by true class (down) and decided class (across)."""
        return confusion(y, self.answers(p), 2, weight)

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"rule": "threshold", "value": self.value}

    def __str__(self) -> str:
        return f"the positive class from a probability of {self.value:.4g} on"


@dataclass(frozen=True)
class Best:
    """Answer with the positive class in the most probable rows, as many as there is capacity for.

    An answer depends on the other rows that are asked about at the same time.

    Parameters
    ----------
    capacity : Amount
        How many rows, or which share of them.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]])
    >>> Best(Amount(2)).answers(p).tolist()
    [0, 1, 1]
    """

    capacity: Amount

    def answers(self, p: NDArray[Any]) -> Codes:
        """Decide for one class in each row; of equal rows the earlier ones are taken."""
        decided = np.zeros(len(p), np.int64)
        # A share that is a whole number of rows but for rounding is that number.
        room = int(self.capacity.of(len(p)) + 1e-9)
        decided[np.argsort(-p[:, 1], kind="stable")[:room]] = 1
        return decided

    def table(self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None) -> Table:
        """Count weight by true class and decision; of equal rows, as many as fit on average."""
        mass = np.bincount(y, weight, 2).astype(np.float64)
        hits, misses = taken(y, p, self.capacity.of(float(mass.sum())), weight)
        return np.array([[mass[0] - misses, misses], [mass[1] - hits, hits]])

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"rule": "best", "capacity": str(self.capacity)}

    def __str__(self) -> str:
        rows = str(self.capacity) + ("" if self.capacity.share else " rows")
        return f"the positive class in the most probable {rows}"


@dataclass(frozen=True)
class LeastCost:
    """Answer with the class whose expected cost is least (Elkan 2001).

    Parameters
    ----------
    costs : tuple of tuple of float, shape (n_classes, n_classes)
        True classes down, decided ones across.

    Examples
    --------
    >>> p = np.array([[0.8, 0.2]])  # the second class is missed at a cost of 10
    >>> LeastCost(((0.0, 1.0), (10.0, 0.0))).answers(p).tolist()
    [1]
    """

    costs: tuple[tuple[float, ...], ...]

    def answers(self, p: NDArray[Any]) -> Codes:
        """Decide for one class in each row."""
        expected = p.astype(np.float64) @ np.array(self.costs)
        best: Codes = expected.argmin(axis=1)
        return best

    def table(self, y: NDArray[Any], p: NDArray[Any], weight: NDArray[Any] | None) -> Table:
        """Count weight by true class (down) and decided class (across)."""
        return confusion(y, self.answers(p), p.shape[1], weight)

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"rule": "least cost", "costs": [list(row) for row in self.costs]}

    def __str__(self) -> str:
        return "the class of the least expected cost"


def restore_decision(data: Mapping[str, Any] | None, classes: int) -> Decision:
    """Rebuild a rule from its JSON; None, as in old model files, is the most probable class.

    Parameters
    ----------
    data : mapping, optional
        What `to_json` gave.
    classes : int
        How many classes the task has; 0 for numbers.

    Raises
    ------
    LookupError, TypeError, ValueError or OptionError
        When it is unsound.

    Examples
    --------
    >>> restore_decision({"rule": "threshold", "value": 0.25}, 2)
    Threshold(value=0.25)
    """
    rule = "most probable" if data is None else data["rule"]
    if data is None or rule == "most probable":
        return MostProbable()
    if rule == "least cost":
        costs = np.array(data["costs"], dtype=np.float64)
        if costs.shape != (classes, classes) or not np.isfinite(costs).all():
            raise ValueError(f"costs of shape {costs.shape} for {classes} classes")
        return LeastCost(tuple(tuple(row) for row in costs.tolist()))
    if classes != 2:
        raise ValueError(f"a rule for two classes, not {classes}")
    if rule == "threshold":
        return Threshold(float(data["value"]))
    if rule == "best":
        return Best(Amount.read(str(data["capacity"])))
    raise ValueError(f"no rule {rule!r:.40}")
