"""Where a model is weak: labels that are to be doubted, and kinds of rows that it does badly on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, nan
from typing import Any

__all__ = ["SURELY", "TOO_WEAK", "LabelDoubts", "Slice", "Suspect", "Weaknesses", "slice_from_json"]

SURELY = 0.01
"""When at least so many labels are wrong, there is no doubt that some are."""
TOO_WEAK = "The model is too weak to judge labels: it is not shown to be better than a plain guess."
"""What is said instead of rows to doubt."""


@dataclass(frozen=True)
class Suspect:
    """One row whose label is to be doubted.

    Parameters
    ----------
    row : int
        Its position in the data as it was read, counted from 0.
    given, suggested : str
        The label, and what the model says; numbers as text.
    wrong : float
        The probability that the label is wrong.
    hard : bool
        Whether the model disagrees with many right labels of such rows, too.
    values : tuple of str
        The row's values in the columns that matter most; empty for most rows.
    """

    row: int
    given: str
    suggested: str
    wrong: float
    hard: bool
    values: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Say ``"mislabelled"`` or ``"hard"``."""
        return "hard" if self.hard else "mislabelled"


@dataclass(frozen=True)
class LabelDoubts:
    """What predictions for rows that a model has not seen say of their labels.

    Parameters
    ----------
    rows : int
        How many rows were looked at.
    rate, low, high : float
        The share of labels that are wrong, and its 95 % interval; NaN where that is not known.
    mislabelled, hard : int
        How many labels are more likely wrong than right, no more than `rate` says (`high`, where
        it may be none), and how many rows are merely hard.
    pairs : tuple of (str, str, int)
        A given label, what is suggested instead, and how many mislabelled rows have both; the
        most frequent first. Empty for numbers.
    suspects : tuple of Suspect
        The rows to look at: the mislabelled first, then the hard ones, the worst first.
    columns : tuple of str
        Those that the values of suspects are of.
    judged : bool
        Whether the model can judge labels at all: one that is not shown to be better than a plain
        guess cannot, and nothing is said of any row.

    Examples
    --------
    >>> one = Suspect(17, "no", "yes", 0.98, hard=False)
    >>> doubts = LabelDoubts(900, 0.03, 0.01, 0.06, 20, 51, (("no", "yes", 20),), (one,))
    >>> LabelDoubts.from_json(doubts.to_json()) == doubts
    True
    >>> doubts.plain
    True
    """

    rows: int
    rate: float
    low: float
    high: float
    mislabelled: int
    hard: int
    pairs: tuple[tuple[str, str, int], ...] = ()
    suspects: tuple[Suspect, ...] = ()
    columns: tuple[str, ...] = ()
    judged: bool = True

    @property
    def plain(self) -> bool:
        """Whether there is no doubt that labels are wrong: at least one in a hundred."""
        return self.mislabelled > 0 and self.low >= SURELY

    def withdrawn(self) -> LabelDoubts:
        """Give what a model has to say that cannot judge labels: nothing."""
        return LabelDoubts(self.rows, nan, nan, nan, 0, 0, judged=False)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON; what is not known is null."""
        known = {name: _known(getattr(self, name)) for name in ("rate", "low", "high")}
        return {**asdict(self), **known}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabelDoubts:
        """Read what `to_json` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        return cls(
            _whole(data["rows"]),
            _share(data["rate"]),
            _share(data["low"]),
            _share(data["high"]),
            _whole(data["mislabelled"]),
            _whole(data["hard"]),
            tuple((_text(g), _text(s), _whole(n)) for g, s, n in data["pairs"]),
            tuple(_suspect(item) for item in data["suspects"]),
            _texts(data["columns"]),
            bool(data.get("judged", True)),
        )


def _suspect(item: Mapping[str, Any]) -> Suspect:
    return Suspect(
        _whole(item["row"]),
        _text(item["given"]),
        _text(item["suggested"]),
        _share(item["wrong"]),
        bool(item["hard"]),
        _texts(item["values"]),
    )


@dataclass(frozen=True)
class Slice:
    """A kind of rows on which a model is worse than on the others.

    Parameters
    ----------
    where : str
        Which rows, in words.
    columns : tuple of str
        The columns that tell.
    rows : int
        How many rows there are of the kind.
    loss, rest : float
        The mean loss on them, and on all others, on rows that had no part in finding the slice.
    low, high : float
        The 95 % interval of the difference.
    p_value : float
        Of a difference so large by chance, corrected for how many slices were tested.

    Examples
    --------
    >>> Slice("age above 60", ("age",), 120, 0.4, 0.2, 0.1, 0.3, 0.001).ratio
    2.0
    """

    where: str
    columns: tuple[str, ...]
    rows: int
    loss: float
    rest: float
    low: float
    high: float
    p_value: float

    @property
    def ratio(self) -> float:
        """How many times as large the loss is."""
        return self.loss / self.rest if self.rest > 0 else nan


@dataclass(frozen=True)
class Weaknesses:
    """Where a model is weak.

    Parameters
    ----------
    labels : LabelDoubts, optional
        None when nobody looked.
    slices : tuple of Slice
        The worst first.
    sliced : int
        On how many rows slices were looked for; 0 when nobody did.
    """

    labels: LabelDoubts | None = None
    slices: tuple[Slice, ...] = ()
    sliced: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give them as plain JSON."""
        labels = None if self.labels is None else self.labels.to_json()
        return {
            "labels": labels,
            "slices": [asdict(one) for one in self.slices],
            "sliced": self.sliced,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Weaknesses:
        """Read what `to_json` gave; errors as for `LabelDoubts.from_json`."""
        labels = data.get("labels")
        return cls(
            None if labels is None else LabelDoubts.from_json(labels),
            tuple(slice_from_json(item) for item in data.get("slices", ())),
            _whole(data.get("sliced", 0)),
        )


def slice_from_json(item: Mapping[str, Any]) -> Slice:
    """Read one slice; errors as for `LabelDoubts.from_json`."""
    return Slice(
        _text(item["where"]),
        _texts(item["columns"]),
        _whole(item["rows"]),
        _number(item["loss"]),
        _number(item["rest"]),
        _number(item["low"]),
        _number(item["high"]),
        _share(item["p_value"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r:.40} is no list")
    return tuple(_text(item) for item in value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r:.40} is no count")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{value!r:.40} is no finite number")
    return float(value)


def _known(value: float) -> float | None:
    return value if isfinite(value) else None


def _share(value: object) -> float:
    """Read a share; what is not known is null."""
    if value is None:
        return nan
    share = _number(value)
    if not 0 <= share <= 1:
        raise ValueError(f"{share:g} is no share")
    return share
