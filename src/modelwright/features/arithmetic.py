"""Ratios, products and differences of two numbers, where they say what the two alone do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.answers import answer_columns
from modelwright.features.reading import columns_of, read, sound_state, texts
from modelwright.features.screening import additive_rest, binned, clearness

__all__ = ["Arithmetic", "FittedArithmetic"]

_FIT_ROWS = 10_000
_LEAST_ROWS = 200
_COLUMNS = 12  # numbers that say most, of which pairs are tried
_CLEAR = 5.0  # standard errors by which a cross has to say more than chance
_SHORT = 3  # so many times the crosses that are taken are looked at again
_LARGEST = float(np.finfo(np.float32).max)

Block = NDArray[np.float64]


def _ratio(a: Block, b: Block) -> Block:
    out = np.full(len(a), np.nan)
    np.divide(a, b, out=out, where=b != 0)
    return out


_SIGNS: Mapping[str, Callable[[Block, Block], Block]] = MappingProxyType(
    {
        "/": _ratio,
        "*": lambda a, b: a * b,
        "-": lambda a, b: a - b,
        "+": lambda a, b: a + b,
    }
)


def _crossed(sign: str, a: Block, b: Block) -> NDArray[np.float32]:
    with np.errstate(over="ignore", invalid="ignore"):
        value = _SIGNS[sign](a, b)
    value[~np.isfinite(value)] = np.nan
    return _narrow(value)


def _narrow(value: Block) -> NDArray[np.float32]:
    return np.clip(value, -_LARGEST, _LARGEST).astype(np.float32)


def _numbers(table: Table, names: tuple[str, ...]) -> Mapping[str, Block]:
    columns = read(table, names, [Kind.NUMBER] * len(names))
    return {series.name: series.to_numpy() for series in columns}  # NaN where it is missing


@dataclass(frozen=True)
class FittedArithmetic:
    """Crosses of two numbers.

    Parameters
    ----------
    crosses : tuple of (str, str, str)
        Left column, sign, right column.

    Examples
    --------
    >>> FittedArithmetic((("price", "/", "area"),)).number_names
    ('price / area',)
    """

    name: ClassVar[str] = "arithmetic"

    crosses: tuple[tuple[str, str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(dict.fromkeys(c for left, _, right in self.crosses for c in (left, right)))

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(" ".join(cross) for cross in self.crosses)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make one float32 feature a cross, NaN where it has no value.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        values = _numbers(table, self.columns)
        out = np.empty((table.height, len(self.crosses)), np.float32)
        for j, (left, sign, right) in enumerate(self.crosses):
            out[:, j] = _crossed(sign, values[left], values[right])
        return Matrix.of_numbers(out, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        left, signs, right = (list(part) for part in zip(*self.crosses, strict=True))
        return State({"left": left, "signs": signs, "right": right})

    @classmethod
    def restore(cls, state: State) -> FittedArithmetic:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            parts = [texts(state.config, key) for key in ("left", "signs", "right")]
            if not set(parts[1]) <= set(_SIGNS):
                raise ValueError("a sign is unknown")
            return cls(tuple((a, s, b) for a, s, b in zip(*parts, strict=True)))


@dataclass(frozen=True)
class Arithmetic:
    """Cross pairs of numbers where the cross says what an additive model of all numbers does not.

    Of the 12 numbers that say most of the answer, every ratio, product, difference and sum of two
    is cut into bins; those whose bins explain the rest of an additive model best are taken, one
    after the other, each judged on what the earlier ones left, if they say clearly more than
    chance. At most 10,000 rows are looked at, and nothing is taken of fewer than 200. The
    features themselves hold no answer.

    Parameters
    ----------
    most : int
        How many crosses at most, at least 1.

    Raises
    ------
    OptionError
        When `most` is below 1.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.uniform(1, 9, (2, 2000))
    >>> schema = Schema((Column("mass", Kind.NUMBER), Column("height", Kind.NUMBER)))
    >>> table = Table(pl.DataFrame({"mass": a, "height": b}), schema)
    >>> fitted = Arithmetic(most=1).fit(table, Target((a > b).astype(int), classes=2), seed=0)
    >>> fitted.number_names[0] in ("mass / height", "mass - height")
    True
    """

    uses_target: ClassVar[bool] = True

    most: int = 4

    def __post_init__(self) -> None:
        if self.most < 1:
            raise OptionError("most to be at least 1", str(self.most))

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedArithmetic | None:
        """Choose the crosses; None when no cross says anything of its own."""
        order = table.schema.names(Role.ORDER)  # later rows lie beyond all that is known of it
        names = tuple(name for name in columns_of(table, Kind.NUMBER) if name not in order)
        if len(names) < 2 or table.height < _LEAST_ROWS:
            return None
        if table.height > _FIT_ROWS:
            rng = np.random.default_rng(seed)
            rows = np.sort(rng.choice(table.height, _FIT_ROWS, replace=False))
            table, y = table.rows(rows), y.rows(rows)
        values, answers = _numbers(table, names), answer_columns(y)
        bins = {name: binned(_narrow(values[name])) for name in names}
        worth = {name: clearness(bins[name], answers) for name in names}
        best = sorted(names, key=lambda name: -worth[name])[:_COLUMNS]
        rest = additive_rest([bins[name] for name in best], answers)
        tried = []
        for left, right in combinations([name for name in names if name in best], 2):
            for sign in _SIGNS:
                keys = binned(_crossed(sign, values[left], values[right]))
                tried.append((clearness(keys, rest), (left, sign, right), keys))
        tried.sort(key=lambda item: -item[0])
        return _taken(tried[: _SHORT * self.most], rest, self.most)


def _taken(
    tried: list[tuple[float, tuple[str, str, str], NDArray[np.int64]]], rest: Block, most: int
) -> FittedArithmetic | None:
    """Take the best, judge the others on what it leaves, and so on."""
    taken: list[tuple[str, str, str]] = []
    left = [(cross, keys) for clear, cross, keys in tried if clear > _CLEAR]
    while left and len(taken) < most:
        rated = [clearness(keys, rest) for _, keys in left]
        best = int(np.argmax(rated))
        if rated[best] <= _CLEAR:
            break
        cross, keys = left.pop(best)
        taken.append(cross)
        rest = additive_rest([keys], rest)
    return FittedArithmetic(tuple(taken)) if taken else None
