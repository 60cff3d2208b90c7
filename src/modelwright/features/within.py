"""Numbers compared with what is usual for their category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.answers import answer_columns
from modelwright.features.reading import columns_of, read, sound_state, texts
from modelwright.features.screening import additive_rest, binned, clearness

__all__ = ["FittedWithin", "Usual", "Within"]

_FIT_ROWS = 10_000
_LEAST_ROWS = 200
_NUMBERS, _CATEGORIES = 10, 5
_LEVELS = 2_000
_CLEAR = 5.0
_STRONGEST = 1_000.0  # rows with the overall mean that are added to a level's own at most

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Usual:
    """What is usual of a number in each level of a category.

    Parameters
    ----------
    category, number : str
        Input columns.
    levels : tuple of str
        Known levels.
    mean : ndarray of float32, shape (n_levels + 1,)
        Of the number; the last one is for all others.
    scale : float
        The spread of the number within levels.

    Examples
    --------
    >>> Usual("town", "rent", ("Rome",), np.zeros(2, np.float32), 1.0).name
    'rent within town'
    """

    category: str
    number: str
    levels: tuple[str, ...]
    mean: Floats
    scale: float

    @property
    def name(self) -> str:
        """The feature it makes."""
        return f"{self.number} within {self.category}"

    def compare(self, category: pl.Series, number: pl.Series) -> Floats:
        """Say by how many spreads each number is above what is usual."""
        codes = category.cast(pl.Enum(self.levels), strict=False).to_physical()
        place = codes.cast(pl.Int64).fill_null(len(self.levels)).to_numpy()
        value = number.fill_null(float("nan")).to_numpy() - self.mean[place]
        return np.clip(value / self.scale, -1e30, 1e30).astype(np.float32)


@dataclass(frozen=True)
class FittedWithin:
    """Numbers in units of their spread around the mean of their level.

    Parameters
    ----------
    usual : tuple of Usual
        One a feature.

    Examples
    --------
    >>> FittedWithin(()).number_names
    ()
    """

    name: ClassVar[str] = "within"

    usual: tuple[Usual, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(dict.fromkeys(c for one in self.usual for c in (one.category, one.number)))

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(one.name for one in self.usual)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a pair; raises `ColumnError` for an absent column."""
        numbers = {one.number for one in self.usual}
        kinds = [Kind.NUMBER if name in numbers else Kind.CATEGORY for name in self.columns]
        frame = read(table, self.columns, kinds)
        out = np.empty((table.height, len(self.usual)), np.float32)
        for j, one in enumerate(self.usual):
            out[:, j] = one.compare(frame[one.category], frame[one.number])
        return Matrix.of_numbers(out, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        pairs = [
            {
                "category": one.category,
                "number": one.number,
                "levels": list(one.levels),
                "scale": one.scale,
            }
            for one in self.usual
        ]
        return State({"pairs": pairs}, {f"mean{i}": one.mean for i, one in enumerate(self.usual)})

    @classmethod
    def restore(cls, state: State) -> FittedWithin:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = []
            for i, item in enumerate(state.config["pairs"]):
                levels = texts(item, "levels")
                mean, scale = np.asarray(state.arrays[f"mean{i}"], np.float32), item["scale"]
                if len(set(levels)) != len(levels) or mean.shape != (len(levels) + 1,):
                    raise ValueError("levels do not fit their means")
                if not scale > 0:
                    raise ValueError("a spread is not above zero")
                pair = str(item["category"]), str(item["number"])
                found.append(Usual(*pair, levels, mean, float(scale)))
            return cls(tuple(found))


@dataclass(frozen=True)
class Within:
    """Compare numbers with the mean of their category, where that says something of its own.

    Of the numbers and categories that say most of the answer, every pair is tried: the number
    minus the mean of its level (levels of few rows lean to the mean of all), in units of the
    spread within levels. Those are taken that explain clearly more than chance of what an
    additive model leaves. At most 10,000 rows choose, and nothing is taken of fewer than 200.
    The features themselves hold no answer.

    Parameters
    ----------
    most : int
        How many pairs at most, at least 1.

    Raises
    ------
    OptionError
        When `most` is below 1.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> rng = np.random.default_rng(0)
    >>> town, noise = rng.integers(0, 20, 2000), rng.normal(size=2000)
    >>> frame = pl.DataFrame({"town": [f"town {i}" for i in town], "rent": town * 10 + noise})
    >>> schema = Schema((Column("town", Kind.CATEGORY), Column("rent", Kind.NUMBER)))
    >>> y = Target((noise > 0).astype(int), classes=2)
    >>> Within().fit(Table(frame, schema), y, seed=0).number_names
    ('rent within town',)
    """

    uses_target: ClassVar[bool] = True

    most: int = 6

    def __post_init__(self) -> None:
        if self.most < 1:
            raise OptionError("most to be at least 1", str(self.most))

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedWithin | None:
        """Choose the pairs; None when no pair says anything of its own."""
        numbers = columns_of(table, Kind.NUMBER)
        names = columns_of(table, Kind.CATEGORY)
        if not numbers or not names or table.height < _LEAST_ROWS:
            return None
        whole, some, answers = table, table, answer_columns(y)
        if table.height > _FIT_ROWS:
            rng = np.random.default_rng(seed)
            rows = np.sort(rng.choice(table.height, _FIT_ROWS, replace=False))
            some, answers = table.rows(rows), answers[rows]
        frame = some.frame
        bins = {name: binned(frame[name].cast(pl.Float32).to_numpy()) for name in numbers}
        codes = {name: _codes(frame[name]) for name in names}
        codes = {name: code for name, code in codes.items() if 2 < len(np.unique(code)) <= _LEVELS}
        best = _best(bins, answers, _NUMBERS)
        chosen = _best(codes, answers, _CATEGORIES)
        rest = additive_rest([bins[n] for n in best] + [codes[n] for n in chosen], answers)
        rated = []
        for category in chosen:
            for number in best:
                one = _usual(whole.frame[category], whole.frame[number])
                if one is not None:
                    keys = binned(one.compare(frame[category], frame[number]))
                    rated.append((clearness(keys, rest), one))
        rated.sort(key=lambda item: -item[0])
        taken = tuple(one for clear, one in rated if clear > _CLEAR)[: self.most]
        return FittedWithin(taken) if taken else None


def _best(columns: dict[str, NDArray[np.int64]], answers: NDArray[np.float64], most: int) -> list[str]:
    worth = {name: clearness(keys, answers) for name, keys in columns.items()}
    return sorted(columns, key=lambda name: -worth[name])[:most]


def _codes(series: pl.Series) -> NDArray[np.int64]:
    return (series.rank("dense").cast(pl.Int64).fill_null(0)).to_numpy()


def _usual(category: pl.Series, number: pl.Series) -> Usual | None:
    """Learn the mean of each level of two rows or more; None when nothing varies within."""
    known = pl.DataFrame({"level": category, "value": number}).drop_nulls()
    means = known.group_by("level").agg(
        pl.col("value").sum().alias("sum"), pl.len().alias("count"), pl.col("value").var().alias("var")
    ).filter(pl.col("count") > 1).sort("level")
    if not means.height:
        return None
    overall = float(known["value"].mean() or 0.0)  # type: ignore[arg-type]
    scale = float(np.sqrt(np.average(means["var"].to_numpy(), weights=means["count"].to_numpy())))
    if not np.isfinite(scale) or scale <= 0:
        return None
    counts = means["count"].to_numpy()
    own = means["sum"].to_numpy() / counts - overall
    between = np.average(own**2, weights=counts) - scale**2 * len(counts) / counts.sum()
    caution = scale**2 / max(between, scale**2 / _STRONGEST)
    mean = overall + own * counts / (counts + caution)
    return Usual(
        category.name, number.name, tuple(means["level"]),
        np.append(mean, overall).astype(np.float32), scale,
    )  # fmt: skip
