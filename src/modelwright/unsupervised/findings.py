"""What is known of groups and densities beside the fit: enough to draw every plot again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import State
from modelwright.models.unpack import array

__all__ = ["Candidate", "Curve", "Findings", "Group", "Trait", "Unusual"]

T = TypeVar("T")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """One way that was tried.

    Parameters
    ----------
    name : str
        The word for it, such as ``"k-means"`` or ``"kernel, width 0.3"``.
    count : int
        Groups or clouds; 0 where there are none to count.
    score, error : float
        What decided: the prediction strength of groups; the mean log density of rows that it has
        not seen, and its standard error against the chosen one. NaN where it is not known.
    silhouette, nobody, agreement : float
        Of groups: how far they stand apart, the share of rows in none, and the agreement with the
        chosen ones (0 by chance, 1 wholly).
    """

    name: str
    count: int
    score: float
    error: float = math.nan
    silhouette: float = math.nan
    nobody: float = math.nan
    agreement: float = math.nan


@dataclass(frozen=True)
class Trait:
    """What is typical of a group.

    Parameters
    ----------
    column : str
        The column.
    here, all : str
        The middle value, or the level with its share, in the group and in all rows.
    lift : float
        How many times more frequent the level is in the group; of a number, how many standard
        deviations its mean lies from that of all rows.
    is_level : bool
        Whether it is a level.
    """

    column: str
    here: str
    all: str
    lift: float
    is_level: bool


@dataclass(frozen=True)
class Group:
    """One group at a glance.

    Parameters
    ----------
    rows : int
        How many rows of the table.
    stability : float
        How far it is found again when rows are drawn again (Jaccard); NaN where nobody looked.
    traits : tuple of Trait
        What is typical of it, the most typical first.
    """

    rows: int
    stability: float
    traits: tuple[Trait, ...]


@dataclass(frozen=True)
class Unusual:
    """One row that is unlike the others.

    Parameters
    ----------
    row : int
        Its position, counted from 0.
    value : float
        Its log density, or its distance from its group in units of the middle one.
    columns, values, notes : tuple of str
        The columns in which it stands out most, its values, and where they lie among all rows.
    """

    row: int
    value: float
    columns: tuple[str, ...]
    values: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Curve:
    """The density of one column.

    Parameters
    ----------
    column, kind : str
        The column.
    at : tuple of float or tuple of str
        Values of a number (dates: seconds since 1970), or levels.
    density : tuple of float
        Of the model, per unit of the column; or the probability of a level.
    edges : tuple of float
        Borders of the bars of a histogram; empty for levels.
    counts : tuple of int
        How many rows each bar or level holds.
    """

    column: str
    kind: str
    at: tuple[float | str, ...]
    density: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Findings:
    """The evidence of a clustering or a density.

    Parameters
    ----------
    why : str
        The answer with its reason, in a sentence.
    trials : tuple of mapping
        Of a clustering: what is known of one group, two, and so on (`Trial` as plain JSON, None
        where a criterion says nothing).
    votes : mapping of str to int
        How many groups each criterion asks for.
    candidates : tuple of Candidate
        The ways that were tried, the chosen one first.
    groups : tuple of Group
        The largest first.
    unusual : tuple of Unusual
        The least usual row first.
    curves : tuple of Curve
        Densities of single columns.
    notes : tuple of str
        What the user should know.
    map : ndarray of float32, shape (n, 2)
        Rows on the two directions of most spread.
    labels : ndarray of int64, shape (n,)
        Their groups.
    spread : tuple of float
        The share of all spread along the two directions.
    usual : ndarray of float64, shape (101,)
        Percentiles of the rows' log densities, or of their distances.
    """

    why: str
    trials: tuple[Mapping[str, float | None], ...] = ()
    votes: Mapping[str, int] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    groups: tuple[Group, ...] = ()
    unusual: tuple[Unusual, ...] = ()
    curves: tuple[Curve, ...] = ()
    notes: tuple[str, ...] = ()
    map: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    spread: tuple[float, ...] = ()
    usual: Floats = field(default_factory=lambda: np.zeros(101))

    def export(self) -> State:
        """Give everything in forms that are safe to read from a stranger."""
        config = {
            "why": self.why,
            "trials": [dict(trial) for trial in self.trials],
            "votes": dict(self.votes),
            "candidates": [_told(one) for one in self.candidates],
            "groups": [
                {**_told(one), "traits": [asdict(trait) for trait in one.traits]}
                for one in self.groups
            ],
            "unusual": [asdict(one) for one in self.unusual],
            "curves": [asdict(one) for one in self.curves],
            "notes": list(self.notes),
            "spread": list(self.spread),
        }
        return State(config, {"map": self.map, "labels": self.labels, "usual": self.usual})

    @classmethod
    def restore(cls, state: State) -> Findings:
        """Rebuild what `export` gave.

        Raises
        ------
        LookupError, TypeError, ValueError or ModelFileError
            When the state is unsound.
        """
        config = state.config
        found = cls(
            _text(config["why"]),
            tuple({_text(k): _known(v) for k, v in trial.items()} for trial in config["trials"]),
            {_text(name): _whole(count) for name, count in config["votes"].items()},
            tuple(_built(Candidate, item) for item in config["candidates"]),
            tuple(_group(item) for item in config["groups"]),
            tuple(_built(Unusual, item) for item in config["unusual"]),
            tuple(_curve(item) for item in config["curves"]),
            tuple(_text(note) for note in config["notes"]),
            array(state, "map", np.float32, 2),
            array(state, "labels", np.int64, 1),
            tuple(_number(share) for share in config["spread"]),
            array(state, "usual", np.float64, 1),
        )
        if found.map.shape != (len(found.labels), 2) or len(found.usual) != 101:
            raise ValueError("a map of other rows than its labels")
        if len(found.labels) and found.labels.max() >= max(len(found.groups), 1):
            raise ValueError("labels of groups that are not there")
        return found


def _told(one: Candidate | Group) -> dict[str, Any]:
    """Give the fields as plain JSON, which knows no NaN."""
    return {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in asdict(one).items()
    }


def _group(item: Mapping[str, Any]) -> Group:
    traits = tuple(_built(Trait, trait) for trait in item["traits"])
    return Group(_whole(item["rows"]), _nan(item["stability"]), traits)


def _curve(item: Mapping[str, Any]) -> Curve:
    curve = _built(Curve, item)
    levels = all(isinstance(value, str) for value in curve.at)
    bars = len(curve.at) if levels else max(len(curve.edges) - 1, 0)
    if len(curve.density) != len(curve.at) or len(curve.counts) != bars:
        raise ValueError("a curve of other values than its densities")
    return curve


def _built(kind: type[T], item: Mapping[str, Any]) -> T:
    """Build one of the small records above, each field as its type says."""
    found = {}
    for one in fields(cast(Any, kind)):
        found[one.name] = _READ[str(one.type)](item[one.name])
    return kind(**found)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is no finite number")
    return float(value)


def _known(value: object) -> float | None:
    return None if value is None else _number(value)


def _nan(value: object) -> float:
    return math.nan if value is None else _number(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(f"{value!r:.40} is no count")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r:.40} is neither true nor false")
    return value


def _several(read: Callable[[object], T]) -> Callable[[object], tuple[T, ...]]:
    def all_of(values: object) -> tuple[T, ...]:
        if not isinstance(values, (list, tuple)):
            raise TypeError(f"{values!r:.40} is no list")
        return tuple(read(value) for value in values)

    return all_of


def _either(values: object) -> tuple[float | str, ...]:
    given = cast(Sequence[object], values if isinstance(values, (list, tuple)) else [None])
    if all(isinstance(value, str) for value in given):
        return _several(_text)(values)
    return _several(_number)(values)


_READ: Mapping[str, Callable[[object], Any]] = {
    "str": _text,
    "int": _whole,
    "float": _nan,
    "bool": _truth,
    "tuple[str, ...]": _several(_text),
    "tuple[float, ...]": _several(_number),
    "tuple[int, ...]": _several(_whole),
    "tuple[float | str, ...]": _either,
}
