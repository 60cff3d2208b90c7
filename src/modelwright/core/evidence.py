"""What held-out rows said of a model: enough to draw every plot again without the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from math import isfinite
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.pictures import Pictures
from modelwright.core.protocols import State
from modelwright.core.schema import Kind, Role
from modelwright.core.task import Task
from modelwright.core.weaknesses import Weaknesses

__all__ = ["KEPT", "Attribution", "Dependence", "Evidence", "Importance", "Profile"]

KEPT = 20_000
"""So many held-out rows are kept at most."""

T = TypeVar("T")


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
        Between them lies the rise for other rows and other shuffles.
    level : float
        How sure that is, such as 0.95; 0: they are the least and the greatest rise among repeats.
    together : tuple of str
        Columns that were shuffled together; empty for a single one.
    """

    column: str
    loss: float
    low: float
    high: float
    level: float = 0.0
    together: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The column, or the first of those that were shuffled together and how many more."""
        if len(self.together) < 3:
            return self.column
        return f"{self.together[0]} + {len(self.together) - 1} more"


@dataclass(frozen=True)
class Dependence:
    """What the model says at several values of one column.

    Parameters
    ----------
    column : str
        The column of the table.
    at : tuple of float or tuple of str
        The values: numbers (seconds since 1970 for dates), or labels.
    means : tuple of tuple of float, shape (n_values, n_outputs)
        Mean probabilities, or the mean number.
    how : str
        ``"partial"``: the column is set to the value in every row (partial dependence); ``"ale"``:
        small steps, each in the rows that stand there, are added up (accumulated local effects).
    beside : str
        The column that it goes with most; empty when that is not known.
    strength : float
        How strongly, from 0 to 1.
    lines : tuple of tuple of float, shape (n_lines, n_values)
        What the model says of single rows, of the last output; empty where that is not kept.
    """

    column: str
    at: tuple[float | str, ...]
    means: tuple[tuple[float, ...], ...]
    how: str = "partial"
    beside: str = ""
    strength: float = 0.0
    lines: tuple[tuple[float, ...], ...] = ()


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
        What the model says of typical rows of the table, on average.
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
        The answers of at most 20,000 held-out rows: class codes, or numbers (float64).
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
        The most important column first; groups of columns that go together stand among them.
    dependences : tuple of Dependence
        Of the most important columns.
    attributions : tuple of Attribution
        A few predictions explained.
    heard : float
        The share of the ensemble behind importances, dependences and attributions: members that
        were fitted once on all rows could not be asked about rows that they have not seen.
    group : ndarray of int32, shape (n,), optional
        Which of these rows belong together; None when each stands for itself.
    weak : Weaknesses
        Labels to doubt, and kinds of rows that the model does badly on.
    pictures : Pictures, optional
        Of a model of images: curves, and images worth looking at.

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
    group: NDArray[np.int32] | None = None
    weak: Weaknesses = field(default_factory=Weaknesses)
    pictures: Pictures | None = None

    def export(self) -> State:
        """Give everything in forms that are safe to read from a stranger."""
        arrays: dict[str, NDArray[Any]] = {"y": self.y, "p": self.p, "fold": self.fold}
        if self.weight is not None:
            arrays["weight"] = self.weight
        if self.group is not None:
            arrays["group"] = self.group
        config: dict[str, Any] = {
            "asked": dict(self.asked),
            "splits": [list(pair) for pair in self.splits],
            "profiles": [asdict(profile) for profile in self.profiles],
            "importances": [asdict(importance) for importance in self.importances],
            "dependences": [asdict(dependence) for dependence in self.dependences],
            "attributions": [asdict(attribution) for attribution in self.attributions],
            "heard": self.heard,
            "weak": self.weak.to_json(),
        }
        if self.pictures is not None:
            config["pictures"], arrays["pictures"] = self.pictures.export()
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
        y = _array(arrays["y"], "fiu", 1)
        p = _array(arrays["p"], "f", 2).astype(np.float32, copy=False)
        fold = _array(arrays["fold"], "i", 1).astype(np.int16, copy=False)
        weight = _array(arrays["weight"], "f", 1) if "weight" in arrays else None
        if not len(y) == len(p) == len(fold) or (weight is not None and len(weight) != len(y)):
            raise ValueError("evidence of different lengths")
        if weight is not None and ((weight < 0).any() or (len(weight) and not weight.any())):
            raise ValueError("weights below zero, or of nothing but zero")
        group = _array(arrays["group"], "i", 1).astype(np.int32) if "group" in arrays else None
        if group is not None and len(group) != len(y):
            raise ValueError("groups of another length than the evidence")
        return cls(
            y,
            p,
            fold,
            weight,
            _asked(config["asked"]),
            tuple((_whole(train), _whole(valid)) for train, valid in config["splits"]),
            tuple(_profile(item) for item in config["profiles"]),
            group=group,
            weak=Weaknesses.from_json(config.get("weak", {})),
            pictures=Pictures.restore(config["pictures"], arrays["pictures"])
            if "pictures" in config
            else None,
        ).with_findings(config)

    @property
    def held_out(self) -> int:
        """How many rows were predicted by models that had not seen them; all, not those kept."""
        if len(self.y) < KEPT or not self.splits:
            return len(self.y)
        return min(sum(valid for _, valid in self.splits), sum(max(self.splits, key=sum)))

    @property
    def forward(self) -> bool:
        """Whether every fold was fitted on what the folds before it were scored on, as in time."""
        after = zip(self.splits, self.splits[1:], strict=False)
        grown = [later[0] - train >= valid / 2 for (train, valid), later in after]
        return bool(grown) and all(grown)

    @property
    def leading(self) -> tuple[str, ...]:
        """The columns whose importance is known, the most important first."""
        return tuple(one.column for one in self.importances if not one.together)

    def suits(self, task: Task) -> bool:
        """Whether answers and predictions are of this task: so many outputs, known classes."""
        if self.p.shape[1] != task.outputs:
            return False
        if not task.is_classification:
            return self.y.dtype.kind == "f"
        codes = self.y.dtype.kind in "iu"
        shown = () if self.pictures is None else self.pictures.thumbnails
        known = range(len(task.classes))
        return (
            codes
            and bool(((self.y >= 0) & (self.y < len(task.classes))).all())
            and all(one.true in known and one.said in known for one in shown)
        )

    def with_findings(self, findings: Mapping[str, Any]) -> Evidence:
        """Add importances, dependences and attributions that are plain JSON.

        Raises
        ------
        LookupError, TypeError or ValueError
            When one of them is unsound.
        """
        return replace(
            self,
            importances=tuple(_importance(item) for item in findings.get("importances", ())),
            dependences=tuple(_dependence(item) for item in findings.get("dependences", ())),
            attributions=tuple(_attribution(item) for item in findings.get("attributions", ())),
            heard=_number(findings.get("heard", 1.0)),
        )


def _array(found: NDArray[Any], kinds: str, ndim: int) -> NDArray[Any]:
    if found.dtype.kind not in kinds or found.ndim != ndim:
        raise ValueError(f"evidence of type {found.dtype} with {found.ndim} dimensions")
    if not np.isfinite(found).all():
        raise ValueError("evidence with NaN or infinity")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
        raise ValueError(f"{value!r:.40} is no finite number")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(f"{value!r:.40} is no count")
    return value


def _each(read: Callable[[object], T], values: object) -> tuple[T, ...]:
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"{values!r:.40} is no list")
    return tuple(read(value) for value in values)


def _asked(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r:.40} is no mapping")
    return dict(value)


def _profile(item: Mapping[str, Any]) -> Profile:
    profile = Profile(
        _text(item["name"]),
        Kind(item["kind"]).value,
        Role(item["role"]).value,
        _text(item["why"]),
        _number(item["missing"]),
        _whole(item["distinct"]),
        _each(_number, item["quantiles"]),
        _each(_number, item["edges"]),
        _each(_text, item["levels"]),
        _each(_whole, item["counts"]),
    )
    bars = len(profile.levels) or max(len(profile.edges) - 1, 0)
    if len(profile.counts) != bars:
        raise ValueError(f"{bars} bars, but {len(profile.counts)} counts")
    return profile


def _importance(item: Mapping[str, Any]) -> Importance:
    loss, low, high = (_number(item[name]) for name in ("loss", "low", "high"))
    together = _each(_text, item.get("together", ()))
    level = _number(item.get("level", 0.0))
    return Importance(_text(item["column"]), loss, low, high, level, together)


def _dependence(item: Mapping[str, Any]) -> Dependence:
    means = _each(partial(_each, _number), item["means"])
    at: tuple[float | str, ...] = _each(
        _text if all(isinstance(value, str) for value in item["at"]) else _number, item["at"]
    )
    if len(at) != len(means) or len({len(row) for row in means}) > 1:
        raise ValueError(f"{len(at)} values, but {len(means)} means")
    how = _text(item.get("how", "partial"))
    if how not in ("partial", "ale"):
        raise ValueError(f"{how!r:.40} is no sort of curve")
    lines = _each(partial(_each, _number), item.get("lines", ()))
    if any(len(line) != len(at) for line in lines):
        raise ValueError(f"{len(at)} values, but lines of another length")
    beside, strength = _text(item.get("beside", "")), _number(item.get("strength", 0.0))
    return Dependence(_text(item["column"]), at, means, how, beside, strength, lines)


def _attribution(item: Mapping[str, Any]) -> Attribution:
    columns, values = _each(_text, item["columns"]), _each(_text, item["values"])
    shares = _each(_number, item["shares"])
    if not len(columns) == len(values) == len(shares):
        raise ValueError("columns, values and shares of different lengths")
    return Attribution(
        _text(item["row"]), _text(item["output"]), _number(item["base"]),
        _number(item["prediction"]), _text(item["actual"]), columns, values, shares,
    )  # fmt: skip
