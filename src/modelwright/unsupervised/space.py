"""Rows of mixed columns as points: each column counts as much as each other.

A number is centred at its median and scaled by its standard deviation (that of the inner 99 % of
the values); amounts that are skewed lie on a scale of logarithms. A category becomes one
coordinate for each level, scaled so that two rows drawn at random are as far apart in it, on
average, as in a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.schema import Kind
from modelwright.core.table import Table

__all__ = ["Axis", "Rows", "Space"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

FAR = 6.0
"""Standard deviations: further out than this no value lies, else one would be a cluster."""

_MICROSECONDS = 1e6
_LEVELS = 20
_RARE = 0.005
_SKEWED = 1.5
# Times the spread of the middle half, beyond which a value says nothing of the others.
_WILD = 20.0
_HUGE = 1e100
# Numbers of densities lie no further out: their squares are numbers still.
_FURTHEST = 1e6
_NUMBERS = (Kind.NUMBER, Kind.DATETIME)
_LEVELLED = (Kind.CATEGORY, Kind.BOOLEAN)
MISSING, OTHER = "missing", "other"


@dataclass(frozen=True)
class Axis:
    """How one column is measured.

    Parameters
    ----------
    name, kind : str
        The column.
    centre, scale : float
        Of a number (dates: seconds since 1970), after the logarithm.
    logged : bool
        Whether a number lies on a scale of logarithms.
    levels : tuple of str
        The levels of a category with a coordinate of their own; the last one stands for all others.
    shares : tuple of float
        How frequent each of them is.
    """

    name: str
    kind: str
    centre: float = 0.0
    scale: float = 1.0
    logged: bool = False
    levels: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def weight(self) -> float:
        """What the coordinates of the levels are multiplied by."""
        return 1.0 / float(np.sqrt(max(1.0 - sum(share**2 for share in self.shares), 1e-3)))

    def numbers(self, values: pl.Series) -> Floats:
        """Give the values of a number or a date as they are; NaN is missing."""
        if values.dtype.is_temporal():
            days = values.to_physical().cast(pl.Float64).fill_null(np.nan).to_numpy()
            return np.asarray(days / _MICROSECONDS, np.float64)
        return np.asarray(values.cast(pl.Float64).fill_null(np.nan).to_numpy(), np.float64)

    def scaled(self, values: pl.Series) -> Floats:
        """Give the values of a number as standard deviations from its centre; missing is 0."""
        x = self.numbers(values)
        if self.logged:
            above = x > 0
            # what is not above zero lies below all that was seen; what is missing stays so
            below = np.where(np.isnan(x), np.nan, self.centre - FAR * self.scale)
            x = np.where(above, np.log(np.where(above, x, 1.0)), below)
        with np.errstate(over="ignore"):
            scaled = (x - self.centre) / self.scale
        return np.clip(np.where(np.isnan(scaled), 0.0, scaled), -_FURTHEST, _FURTHEST)

    def codes(self, values: pl.Series) -> Codes:
        """Give the place of each value among the levels."""
        last = len(self.levels) - 1
        place = {level: code for code, level in enumerate(self.levels[:-1])}
        texts = values.cast(pl.String).fill_null(MISSING).to_list()
        return np.array([place.get(text, last) for text in texts], np.int64)

    def jacobian(self, values: pl.Series) -> Floats:
        """Give the logarithm of how much scaling stretches a number: densities are per unit."""
        stretch = np.full(len(values), -np.log(self.scale))
        if self.logged:
            x = self.numbers(values)
            stretch -= np.log(np.where(x > 0, x, np.exp(self.centre)))
        return stretch


@dataclass(frozen=True)
class Rows:
    """Rows of a table in three forms.

    Parameters
    ----------
    points : ndarray of float64, shape (n_rows, n_coordinates)
        All columns, nothing further out than 6 standard deviations.
    numbers : ndarray of float64, shape (n_rows, n_numbers)
        The numbers alone, however far out.
    codes : ndarray of int64, shape (n_rows, n_categories)
        The categories alone.
    """

    points: Floats
    numbers: Floats
    codes: Codes

    def __len__(self) -> int:
        return len(self.points)

    def take(self, index: NDArray[np.integer]) -> Rows:
        """Give some of the rows."""
        return Rows(self.points[index], self.numbers[index], self.codes[index])


@dataclass(frozen=True)
class Space:
    """The columns, each with its measure.

    Parameters
    ----------
    axes : tuple of Axis
        Numbers and dates first, categories and truth values behind them.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("age", Kind.NUMBER), Column("town", Kind.CATEGORY)))
    >>> frame = pl.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "town": ["a", "b"] * 2})
    >>> space = Space.fit(Table(frame, schema))
    >>> space.names, space.rows(Table(frame, schema)).points.shape
    (('age', 'town'), (4, 4))
    """

    axes: tuple[Axis, ...]

    @classmethod
    def fit(cls, table: Table) -> Space:
        """Measure the columns of a table that are numbers, dates, categories or truth values."""
        kinds = {name: table.schema[name].kind for name in table.features()}
        numbers = [n for n, kind in kinds.items() if kind in _NUMBERS]
        levelled = [n for n, kind in kinds.items() if kind in _LEVELLED]
        axes = [_number(n, kinds[n], table.frame[n]) for n in numbers]
        axes += [_category(n, kinds[n], table.frame[n]) for n in levelled]
        return cls(tuple(axis for axis in axes if axis is not None))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(axis.name for axis in self.axes)

    @property
    def numbers(self) -> tuple[Axis, ...]:
        """The axes of numbers and dates."""
        return tuple(axis for axis in self.axes if not axis.levels)

    @property
    def categories(self) -> tuple[Axis, ...]:
        """The axes of categories and truth values."""
        return tuple(axis for axis in self.axes if axis.levels)

    def rows(self, table: Table) -> Rows:
        """Measure rows."""
        numbers = [axis.scaled(table.frame[axis.name]) for axis in self.numbers]
        codes = [axis.codes(table.frame[axis.name]) for axis in self.categories]
        block = np.column_stack(numbers) if numbers else np.zeros((table.height, 0))
        coded = np.column_stack(codes) if codes else np.zeros((table.height, 0), np.int64)
        spread = [
            (coded[:, [i]] == np.arange(len(axis.levels))) * axis.weight
            for i, axis in enumerate(self.categories)
        ]
        return Rows(np.hstack([np.clip(block, -FAR, FAR), *spread]), block, coded)

    def jacobian(self, table: Table) -> Floats:
        """Give what is added to a log density of scaled numbers for one in the columns' units."""
        total = np.zeros(table.height)
        for axis in self.numbers:
            total += axis.jacobian(table.frame[axis.name])
        return total

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many levels each category has."""
        return tuple(len(axis.levels) for axis in self.categories)

    def to_json(self) -> list[dict[str, Any]]:
        """Give the measures as plain JSON."""
        return [asdict(axis) for axis in self.axes]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> Space:
        """Read what `to_json` gave.

        Raises
        ------
        LookupError, TypeError or ValueError
            When it is unsound.
        """
        axes = []
        for item in data:
            kind, levels = Kind(item["kind"]), tuple(str(level) for level in item["levels"])
            centre, scale = float(item["centre"]), float(item["scale"])
            shares = tuple(float(share) for share in item["shares"])
            sound = np.isfinite([centre, scale, *shares]).all() and scale > 0
            if not sound or len(shares) != len(levels) or (kind in _LEVELLED) != bool(levels):
                raise ValueError("a column measured in a way that cannot be")
            name, logged = str(item["name"]), bool(item["logged"])
            axes.append(Axis(name, kind.value, centre, scale, logged, levels, shares))
        return cls(tuple(axes))


def _number(name: str, kind: Kind, values: pl.Series) -> Axis | None:
    plain = Axis(name, kind.value)
    x = plain.numbers(values)
    x = x[np.isfinite(x)]
    if len(x) < 2 or x.min() == x.max():
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers so large no spread is known
        logged = kind is Kind.NUMBER and float(x.min()) > 0 and _better_logged(x)
        x = _inner(np.log(x) if logged else x)
        scale = float(x.std())
    if not (np.isfinite(scale) and scale > 0):
        return None
    return Axis(name, kind.value, float(np.median(x)), scale, logged)


def _inner(x: Floats) -> Floats:
    """Draw in the outermost values: 1 % of all, and what no spread of the middle half explains."""
    low, first, last, high = np.quantile(x, (0.005, 0.25, 0.75, 0.995), method="inverted_cdf")
    if last > first:
        reach = _WILD * (last - first)
        low, high = max(low, first - reach), min(high, last + reach)
    inner = np.clip(x, low, high)
    return inner if high > low else np.clip(x, -_HUGE, _HUGE)


def _better_logged(x: Floats) -> bool:
    """Whether the values lean far to one side, and their logarithms much less."""
    lean, of_logs = _skew(_inner(x)), _skew(np.log(x))
    return lean > _SKEWED and abs(of_logs) < lean / 2


def _skew(x: Floats) -> float:
    centred = (x - x.mean()) / (x.std() or 1.0)
    return float((centred**3).mean())


def _category(name: str, kind: Kind, values: pl.Series) -> Axis | None:
    texts = values.cast(pl.String).fill_null(MISSING).alias("level")
    counted = texts.value_counts().sort(["count", "level"], descending=[True, False])
    total = max(len(texts), 1)
    kept = [(level, n) for level, n in counted.head(_LEVELS).iter_rows() if n / total >= _RARE]
    if not kept or kept[0][1] == total:
        return None
    rest = max(1.0 - sum(n for _, n in kept) / total, 0.0)
    levels = (*(str(level) for level, _ in kept), OTHER)
    return Axis(name, kind.value, levels=levels, shares=(*(n / total for _, n in kept), rest))
