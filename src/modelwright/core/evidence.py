"""What held-out rows said of a model: enough to draw every plot again without the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import State

__all__ = ["Attribution", "Dependence", "Evidence", "Importance", "Profile"]


@dataclass(frozen=True)
class Profile:
    """One column at a glance.

    Parameters
    ----------
    name, kind, role, why : str
        As in the schema.
    missing : float
        The share of rows without a value.
    distinct : int
        How many different values there are.
    quantiles : tuple of float
        Of numbers, booleans (0 and 1) and dates (seconds since 1970): 21 of them, from the least
        value to the greatest, in steps of 5 %. Empty for other kinds.
    edges : tuple of float
        Borders of the histogram's bars, for the same kinds; one more than `counts`.
    levels : tuple of str
        The most frequent values of a category, the most frequent first; empty for free text.
    counts : tuple of int
        How many rows each bar or level holds.
    """

    name: str
    kind: str
    role: str
    why: str = ""
    missing: float = 0.0
    distinct: int = 0
    quantiles: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Importance:
    """How much worse the score on held-out rows is when a column is shuffled.

    Parameters
    ----------
    column : str
        The column of the table.
    loss : float
        The mean rise of the loss (of the deciding metric, turned so that less is better).
    low, high : float
        The least and the greatest rise among repeats.
    """

    column: str
    loss: float
    low: float
    high: float


@dataclass(frozen=True)
class Dependence:
    """What the model says on average when one column is set to a value (partial dependence).

    Parameters
    ----------
    column : str
        The column of the table.
    at : tuple of float or tuple of str
        The values it is set to: numbers (seconds since 1970 for dates), or labels.
    means : tuple of tuple of float, shape (n_values, n_outputs)
        Mean probabilities, or the mean number.
    """

    column: str
    at: tuple[float | str, ...]
    means: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Attribution:
    """One prediction, taken apart: base + the sum of shares = prediction.

    Parameters
    ----------
    row : str
        What is so special about the row: "typical", "the largest error", or its number.
    output : str
        The class whose probability is explained; empty for a number.
    base : float
        What the model says of an average row.
    prediction : float
        What it says of this one.
    actual : str
        The answer, as text; empty when unknown.
    columns, values : tuple of str
        The columns by size of their share, and the row's values as text.
    shares : tuple of float
        How much each column moves the prediction away from the base.
    """

    row: str
    output: str
    base: float
    prediction: float
    actual: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """What is known of a fitted model beyond its score.

    Parameters
    ----------
    y : ndarray, shape (n,)
        The answers of at most 20,000 held-out rows: class codes (int32), or numbers (float64).
    p : ndarray of float32, shape (n, n_outputs)
        The ensemble's calibrated out-of-fold predictions for them.
    fold : ndarray of int16, shape (n,)
        The fold in which each row was held out.
    weight : ndarray of float64, shape (n,), optional
        How much each row counts.
    asked : mapping
        The question and settings, as plain JSON.
    splits : tuple of (int, int)
        Rows fitted on and rows held out, for each fold.
    profiles : tuple of Profile
        Every column of the table, in order.
    importances : tuple of Importance
        The most important column first.
    dependences : tuple of Dependence
        Of the most important columns.
    attributions : tuple of Attribution
        A few predictions explained.
    heard : float
        The share of the ensemble behind importances, dependences and attributions: members that
        were fitted once on all rows could not be asked about rows that they have not seen.

    Examples
    --------
    >>> import numpy as np
    >>> y, p = np.array([1.0, 2.0]), np.array([[1.1], [1.8]], np.float32)
    >>> evidence = Evidence(y, p, np.zeros(2, np.int16))
    >>> Evidence.restore(evidence.export()).p.shape
    (2, 1)
    """

    y: NDArray[Any]
    p: NDArray[np.float32]
    fold: NDArray[np.int16]
    weight: NDArray[np.float64] | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)
    splits: tuple[tuple[int, int], ...] = ()
    profiles: tuple[Profile, ...] = ()
    importances: tuple[Importance, ...] = ()
    dependences: tuple[Dependence, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    heard: float = 1.0

    def export(self) -> State:
        """Give everything in forms that are safe to read from a stranger."""
        arrays: dict[str, NDArray[Any]] = {"y": self.y, "p": self.p, "fold": self.fold}
        if self.weight is not None:
            arrays["weight"] = self.weight
        config = {
            "asked": dict(self.asked),
            "splits": [list(pair) for pair in self.splits],
            "profiles": [asdict(profile) for profile in self.profiles],
            "importances": [asdict(importance) for importance in self.importances],
            "dependences": [asdict(dependence) for dependence in self.dependences],
            "attributions": [asdict(attribution) for attribution in self.attributions],
            "heard": self.heard,
        }
        return State(config, arrays)

    @classmethod
    def restore(cls, state: State) -> Evidence:
        """Rebuild what `export` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When the state is unsound.
        """
        config, arrays = state.config, state.arrays
        y, p, fold = arrays["y"], arrays["p"], arrays["fold"]
        if p.ndim != 2 or not len(y) == len(p) == len(fold):
            raise ValueError("evidence of different lengths")
        return cls(
            y,
            p,
            fold,
            arrays.get("weight"),
            dict(config["asked"]),
            tuple((int(train), int(valid)) for train, valid in config["splits"]),
            tuple(Profile(**_tuples(item)) for item in config["profiles"]),
        ).with_findings(config)

    def with_findings(self, findings: Mapping[str, Any]) -> Evidence:
        """Add importances, dependences and attributions that are plain JSON."""
        return replace(
            self,
            importances=tuple(Importance(**item) for item in findings.get("importances", ())),
            dependences=tuple(_dependence(item) for item in findings.get("dependences", ())),
            attributions=tuple(
                Attribution(**_tuples(item)) for item in findings.get("attributions", ())
            ),
            heard=float(findings.get("heard", 1.0)),
        )


def _tuples(item: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in item.items()}


def _dependence(item: Mapping[str, Any]) -> Dependence:
    means = tuple(tuple(float(mean) for mean in row) for row in item["means"])
    return Dependence(str(item["column"]), tuple(item["at"]), means)
