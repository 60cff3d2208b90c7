"""Which rows a model learned from: short hashes of them, which travel in its file.

A row is known again by what it holds, not by where it stands: by the values of the columns that the
model reads, as typed, so that the same row of another file, format or order has the same hash. The
hashes are computed by our own arithmetic, for they have to be the same in every later version.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.numerals import number
from modelwright.core.protocols import State
from modelwright.core.table import Table
from modelwright.stats.distinct_sketch import mixed

__all__ = ["LearnedRows", "Overlap"]

Keys = NDArray[np.uint64]
Mask = NDArray[np.bool_]

MOST = 2**17
"""Of more rows those with the smallest hashes are kept: a fair sample, with all of their copies."""
CELLS = 4_000_000
"""In longer tables only the columns that tell rows apart best are looked at."""
# Bits of a hash that say what stands in the columns, and bits behind them that say the answer.
_INPUTS, _ANSWER = 40, 24
_BYTES = 8
_FEWEST_COLUMNS = 4
_LOOKED = 2_000
# Of a number so many binary digits count, as in float32: no model sees more of them.
_DIGITS = 24
# Equal rows are more than chance brings from so many standard errors on.
_APART = 3.0
_ABSENT = np.uint64(0x6D697373696E6721)


@dataclass(frozen=True)
class Overlap:
    """Which of some rows a model had learned from.

    Parameters
    ----------
    of : int
        How many rows it learned from.
    compared : ndarray of bool, shape (n_rows,)
        Which rows could be compared: all of them, but for a model of very many rows.
    equal : ndarray of bool, shape (n_rows,)
        Which equal a row that it learned from, in what the model reads.
    answered : ndarray of bool, shape (n_rows,)
        Which of these have the same answer as well.
    by_chance : float
        The share of the rows it learned from that equal another one in what the model reads: as
        many of new rows do so, though nobody has seen them.
    answered_by_chance : float
        The same of rows with their answers.
    things : str
        What the rows are called.
    """

    of: int
    compared: Mask
    equal: Mask
    answered: Mask
    by_chance: float
    answered_by_chance: float
    things: str = "rows"

    @property
    def seen(self) -> Mask:
        """The rows that it learned from: equal ones, where these are more than chance brings."""
        rows = int(self.compared.sum())
        if _beyond(self.equal, rows, self.by_chance):
            return self.equal
        if _beyond(self.answered, rows, self.answered_by_chance):
            return self.answered
        return np.zeros(len(self.equal), np.bool_)

    @property
    def fresh(self) -> Mask:
        """The rows that it has not learned from."""
        return self.compared & ~self.seen

    @property
    def whole(self) -> bool:
        """Whether all rows that could be compared are among those it learned from."""
        return bool(self.seen.any()) and not bool((self.compared & ~self.seen).any())

    @property
    def words(self) -> str:
        """Say how many of the rows it learned from; empty when none equals one of them."""
        things = self.things
        count, rows = int(self.seen.sum()), int(self.compared.sum())
        some = "" if rows == len(self.equal) else f" that could be compared, of {len(self.equal):,}"
        if self.whole:
            return (
                f"All {rows:,} {things}{some} are among the {self.of:,} that the model was fitted "
                f"on: scores on them are too good to be true. Score {things} that it has not seen; "
                "its leaderboard holds honest scores."
            )
        if count:
            other = int((self.seen & ~self.answered).sum())
            changed = f" ({other:,} of them with another answer)" if other else ""
            verb = "is" if count == 1 else "are"
            return (
                f"{count:,} of {rows:,} {things}{some} {verb} among the {self.of:,} that the model "
                f"was fitted on{changed}: scores on all {things} are too good to be true."
            )
        count = int(self.equal.sum())
        if not count:
            return ""
        return (
            f"{count:,} of {rows:,} {things}{some} equal{'s' * (count == 1)} one that the model "
            f"was fitted on. That may be chance: of the {things} that it was fitted on, "
            f"{number(100 * self.by_chance, 2)} % equal another one."
        )

    def to_json(self) -> dict[str, Any]:
        """Give the counts as plain JSON."""
        counts = {"compared": self.compared, "equal": self.equal, "seen": self.seen}
        told = {name: int(rows.sum()) for name, rows in counts.items()}
        return {"fitted_on": self.of, **told, "by_chance": self.by_chance}


def _beyond(found: Mask, rows: int, chance: float) -> bool:
    """Tell whether more rows are equal than as many of the fit's own rows would be."""
    spread = math.sqrt(rows * chance * (1 - chance))
    return int(found.sum()) > rows * chance + _APART * spread


@dataclass(frozen=True)
class LearnedRows:
    """Hashes of the rows that a model learned from.

    Parameters
    ----------
    columns : tuple of str
        Whose values are hashed.
    rows : int
        How many rows there were.
    bound : int
        Below it lie the hashes that are kept; 2**40: all.
    marks : ndarray of uint64, shape (n_kept,)
        Sorted. 40 bits for the columns, and 24 behind them for the answer.

    Notes
    -----
    Another row has the hash of one of n rows with a chance of n / 2**40: of 131,072 rows, the most
    that are kept, one in eight million. A file grows by at most 7 bytes a row, 0.9 MB in all. Who
    has a row can find out with such a file whether the model learned from it; no row can be read
    from it.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Kind, Schema
    >>> schema = Schema((Column("age", Kind.NUMBER), Column("town", Kind.CATEGORY)))
    >>> ages, towns = [31.0, 40.5, 52.0, 40.5], ["Rome", "Oslo", None, "Lima"]
    >>> table = Table(pl.DataFrame({"age": ages, "town": towns}), schema)
    >>> known = LearnedRows.of(table, ("age", "town"), np.array([1, 0, 1, 1]))
    >>> found = known.compare(table.rows(np.array([3, 1])), np.array([1, 1]))
    >>> found.seen.tolist(), found.answered.tolist()
    ([True, True], [True, False])
    """

    columns: tuple[str, ...]
    rows: int
    bound: int
    marks: Keys

    @classmethod
    def of(
        cls, table: Table, columns: Sequence[str], answers: NDArray[Any], most: int = MOST
    ) -> LearnedRows:
        """Hash the rows of a table.

        Parameters
        ----------
        table : Table
            Typed rows.
        columns : sequence of str
            What the model reads of them.
        answers : ndarray, shape (n_rows,)
            Codes of classes, or numbers.
        most : int
            How many hashes are kept at most, but for copies.
        """
        none = cls(_telling(table, columns), 0, 2**_INPUTS, np.empty(0, np.uint64))
        return none.also(table, answers, most)

    def also(self, table: Table, answers: NDArray[Any], most: int = MOST) -> LearnedRows:
        """Add the rows of another table, by the same columns; parameters as for `of`."""
        added = _marks(table, self.columns, answers)
        added = added[_inputs(added) < np.uint64(self.bound)]
        marks, bound = np.sort(np.concatenate([self.marks, added])), self.bound
        if len(marks) > most:
            bound = int(_inputs(marks)[most])
            marks = marks[_inputs(marks) < np.uint64(bound)]
        return LearnedRows(self.columns, self.rows + table.height, bound, marks)

    def compare(self, table: Table, answers: NDArray[Any], things: str = "rows") -> Overlap:
        """Say which rows of a table, called `things`, are among these; parameters as for `of`."""
        found = _marks(table, self.columns, answers)
        own, theirs = _inputs(self.marks), _inputs(found)
        return Overlap(
            self.rows,
            theirs < np.uint64(self.bound),
            _among(theirs, own),
            _among(found, self.marks),
            _repeated(own),
            _repeated(self.marks),
            things,
        )

    def export(self) -> State:
        """Give the whole state: the bytes of hashes one below the other, which pack well."""
        planes = self.marks.astype(">u8").view(np.uint8).reshape(-1, _BYTES).T
        config = {"columns": list(self.columns), "rows": self.rows, "bound": self.bound}
        return State(config, {"marks": np.ascontiguousarray(planes)})

    @classmethod
    def restore(cls, state: State) -> LearnedRows:
        """Rebuild from an exported state.

        Raises
        ------
        ValueError
            When the hashes are not what `export` gave.
        """
        planes = state.arrays["marks"]
        if planes.dtype != np.uint8 or planes.ndim != 2 or len(planes) != _BYTES:
            raise ValueError("no hashes of rows")
        marks = np.ascontiguousarray(planes.T).view(">u8").ravel().astype(np.uint64)
        if (marks[1:] < marks[:-1]).any():
            raise ValueError("hashes of rows out of order")
        columns = tuple(str(name) for name in state.config["columns"])
        rows, bound = int(state.config["rows"]), int(state.config["bound"])
        if rows < 0 or not 0 < bound <= 2**_INPUTS:
            raise ValueError("hashes of rows out of bounds")
        return cls(columns, rows, bound, marks)


def _inputs(marks: Keys) -> Keys:
    return np.asarray(marks >> np.uint64(_ANSWER), np.uint64)


def _among(keys: Keys, ordered: Keys) -> Mask:
    if not len(ordered):
        return np.zeros(len(keys), np.bool_)
    place = np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)
    return np.asarray(ordered[place] == keys, np.bool_)


def _repeated(ordered: Keys) -> float:
    """Give the share of keys that stand there more than once."""
    same = ordered[1:] == ordered[:-1]
    again = np.append(same, False) | np.append(False, same)
    return float(again.mean()) if len(ordered) else 0.0


def _marks(table: Table, columns: Sequence[str], answers: NDArray[Any]) -> Keys:
    """Hash what stands in the columns of each row, and behind it the answer."""
    total = np.zeros(table.height, np.uint64)
    for name in columns:
        own = np.uint64(_hash(name))
        total += mixed(_values(table.frame[name]) ^ own)
    inputs = mixed(total) >> np.uint64(64 - _INPUTS)
    said = mixed(_of_numbers(np.asarray(answers, np.float64)))
    return np.asarray((inputs << np.uint64(_ANSWER)) | (said >> np.uint64(64 - _ANSWER)), np.uint64)


def _values(series: pl.Series) -> Keys:
    """Give each value as a whole number; equal ones are equal, in whatever file they stood."""
    if series.dtype.is_temporal():
        numbers = series.to_physical().to_numpy() / 1e6  # to the second: Excel knows no better
        return _of_numbers(np.round(numbers))
    if series.dtype != pl.String():
        return _of_numbers(series.cast(pl.Float64).to_numpy())
    different = series.unique().drop_nulls()
    hashes = pl.Series([_hash(" ".join(text.split())) for text in different], dtype=pl.UInt64)
    if not len(different):
        return np.full(len(series), _ABSENT)
    keys = series.replace_strict(different, hashes, default=None, return_dtype=pl.UInt64)
    return np.asarray(keys.fill_null(int(_ABSENT)).to_numpy(), np.uint64)


def _of_numbers(values: NDArray[np.float64]) -> Keys:
    """Round numbers to some binary digits; NaN is a missing value."""
    part, power = np.frexp(values)
    with np.errstate(invalid="ignore", over="ignore"):
        rounded = np.ldexp(np.rint(part * 2.0**_DIGITS), power - _DIGITS) + 0.0
    keys = rounded.view(np.uint64)
    return np.where(np.isfinite(values), keys, _ABSENT)


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _telling(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    """Choose columns: all in a short table, in a long one those that tell rows apart best."""
    most = max(CELLS // max(table.height, 1), _FEWEST_COLUMNS)
    if len(columns) <= most:
        return tuple(columns)
    some = table.rows(np.linspace(0, table.height - 1, min(_LOOKED, table.height)).astype(np.int64))

    def rank(place: int) -> tuple[float, bool, int]:
        values = some.frame[columns[place]]
        # of columns that tell about as much numbers come first: texts take longer to hash
        return -math.floor(2 * math.log2(values.n_unique())), values.dtype == pl.String(), place

    chosen = sorted(range(len(columns)), key=rank)[:most]
    return tuple(columns[place] for place in sorted(chosen))
