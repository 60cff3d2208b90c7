"""Target encoding: what the rows of a level answered, on average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
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
from modelwright.features.answers import MOST_CLASSES, answer_columns, answer_names, kept_parts
from modelwright.features.keys import word_keys
from modelwright.features.reading import columns_of, read, sound_state, texts
from modelwright.features.screening import clearness

__all__ = ["FittedMeans", "Means", "MeansOf"]

_STRONGEST = 1_000.0  # rows with the mean answer that are added to a level's own at most
_CROSSED = 8  # columns whose pairs are tried
_CLEAR = 3.0  # standard errors by which a pair has to say more than chance

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeansOf:
    """Mean answers of the levels of one column, or of the pairs of levels of two.

    Parameters
    ----------
    columns : tuple of str
        One or two input columns.
    keys : ndarray of int64, shape (n_known,)
        The known levels or pairs, ascending.
    means : ndarray of float32, shape (n_known + 1, n_answers)
        What they answered; the last row is for all others.

    Examples
    --------
    >>> MeansOf(("town",), np.array([1]), np.array([[2.0], [3.0]], np.float32)).names
    ('town: mean answer',)
    """

    columns: tuple[str, ...]
    keys: Codes
    means: NDArray[np.float32]

    @property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        return answer_names(f"{' x '.join(self.columns)}: mean answer", self.means.shape[1])

    def encode(self, keys: Codes) -> NDArray[np.float32]:
        """Give the mean answer of each key: shape (n_rows, n_answers)."""
        place = np.full(len(keys), -1)
        if len(self.keys):
            near = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            place = np.where(self.keys[near] == keys, near, -1)
        found: NDArray[np.float32] = self.means[place]
        return found

    def learned(self, keys: Codes, answers: Floats) -> MeansOf:
        """Take the means of these rows instead; without rows nothing is known (NaN)."""
        found = _shrunk_means(keys, answers)
        return MeansOf(self.columns, found.keys, found.means)


@dataclass(frozen=True)
class _Shrunk:
    keys: Codes
    means: NDArray[np.float32]
    says: bool


def _shrunk_means(keys: Codes, answers: Floats) -> _Shrunk:
    """Pull the mean of each level to the mean of all, the more the fewer its rows.

    The strength is the empirical Bayes estimate: the variance within levels over the variance
    between them (Micci-Barreca 2001). Levels that differ by no more than chance get all one mean.
    """
    columns = answers.shape[1]
    if not len(keys):
        return _Shrunk(keys, np.full((1, columns), np.nan, np.float32), False)
    levels, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    overall = answers.mean(axis=0)
    centred = answers - overall
    sums = np.column_stack([np.bincount(place, column, len(levels)) for column in centred.T])
    own = sums / counts[:, None]
    rows, groups = len(keys), len(levels)
    within = ((centred - own[place]) ** 2).sum(axis=0) / max(rows - groups, 1)
    between = (counts[:, None] * own**2).sum(axis=0) - (groups - 1) * within
    between = np.maximum(between / (rows - (counts**2).sum() / rows or 1.0), 0.0)
    ceiling = within / _STRONGEST
    strength = np.where(between > ceiling, within / np.maximum(between, 1e-300), np.inf)
    share = counts[:, None] / (counts[:, None] + strength)
    means = np.vstack([overall + np.where(np.isfinite(strength), share * own, 0.0), overall])
    known = counts > 1 if (counts > 1).any() else np.ones(groups, bool)
    kept = np.append(known, True)
    return _Shrunk(levels[known], means[kept].astype(np.float32), bool(np.isfinite(strength).any()))


@dataclass(frozen=True)
class _Coder:
    """Levels as integers: 0 for missing, -1 for unknown ones."""

    column: str
    kind: Kind
    levels: tuple[str, ...]

    def codes(self, series: pl.Series) -> Codes:
        physical = series.cast(pl.Enum(self.levels), strict=False).to_physical().cast(pl.Int64)
        codes = (physical + 1).fill_null(-1).to_numpy(writable=True)
        codes[series.is_null().to_numpy()] = 0
        return codes


@dataclass(frozen=True)
class FittedMeans:
    """Mean answers by level, pulled to the mean of all rows.

    Parameters
    ----------
    coders : tuple
        The levels of each input column.
    encodings : tuple of MeansOf
        One a column or pair of columns.

    Examples
    --------
    >>> FittedMeans((), ()).number_names
    ()
    """

    name: ClassVar[str] = "means"

    coders: tuple[_Coder, ...]
    encodings: tuple[MeansOf, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(coder.column for coder in self.coders)

    @property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for one in self.encodings for name in one.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def _keys(self, table: Table) -> list[Codes]:
        """Give one key a row for each encoding; -1 where a level is unknown."""
        frame = read(table, self.columns, [coder.kind for coder in self.coders])
        pairs = zip(self.coders, frame, strict=True)
        codes = {coder.column: coder.codes(series) for coder, series in pairs}
        sizes = {coder.column: len(coder.levels) + 1 for coder in self.coders}
        return [_joined([codes[c] for c in e.columns], [sizes[c] for c in e.columns])
                for e in self.encodings]  # fmt: skip

    def transform(self, table: Table) -> Matrix:
        """Give float32 means; for a level that is new, the mean of all training rows.

        Raises
        ------
        ColumnError
            When a column is absent.
        """
        keys = self._keys(table)
        blocks = [one.encode(key) for one, key in zip(self.encodings, keys, strict=True)]
        return Matrix.of_numbers(np.hstack(blocks), self.number_names)

    def relearned(self, table: Table, y: Target) -> FittedMeans:
        """Give the same encodings, with the means of these rows."""
        answers, keys = answer_columns(y), self._keys(table)
        pairs = zip(self.encodings, keys, strict=True)
        return replace(self, encodings=tuple(one.learned(key, answers) for one, key in pairs))

    def keeping(self, clear: NDArray[np.bool_]) -> FittedMeans | None:
        """Leave out the encodings that say nothing; None when nothing is left."""
        kept = kept_parts(self.encodings, [len(one.names) for one in self.encodings], clear)
        used = {column for one in kept for column in one.columns}
        coders = tuple(coder for coder in self.coders if coder.column in used)
        return FittedMeans(coders, kept) if kept else None

    def export(self) -> State:
        """Give the whole state."""
        coders = [
            {"column": coder.column, "kind": coder.kind.value, "levels": list(coder.levels)}
            for coder in self.coders
        ]
        arrays: dict[str, NDArray[np.generic]] = {}
        for i, one in enumerate(self.encodings):
            arrays |= {f"keys{i}": one.keys, f"means{i}": one.means}
        encodings = [list(one.columns) for one in self.encodings]
        return State({"coders": coders, "encodings": encodings}, arrays)

    @classmethod
    def restore(cls, state: State) -> FittedMeans:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            coders = tuple(
                _Coder(str(item["column"]), Kind(item["kind"]), texts(item, "levels"))
                for item in state.config["coders"]
            )
            known = {coder.column for coder in coders}
            if any(len(set(coder.levels)) != len(coder.levels) for coder in coders):
                raise ValueError("a level comes twice")
            encodings = []
            for i, columns in enumerate(state.config["encodings"]):
                keys, means = state.arrays[f"keys{i}"], state.arrays[f"means{i}"]
                if not columns or not set(columns) <= known:
                    raise ValueError("an encoding of an unknown column")
                if means.ndim != 2 or keys.shape != (len(means) - 1,) or (np.diff(keys) <= 0).any():
                    raise ValueError("mean answers do not fit their levels")
                pair = tuple(str(column) for column in columns)
                encodings.append(
                    MeansOf(pair, np.asarray(keys, np.int64), np.asarray(means, np.float32))
                )
            return cls(coders, tuple(encodings))


def _joined(codes: Sequence[Codes], sizes: Sequence[int]) -> Codes:
    """Make one key of one or two codes; -1 when one of them is unknown."""
    if len(codes) == 1:
        return codes[0]
    joint = codes[0] * sizes[1] + codes[1]
    return np.where((codes[0] < 0) | (codes[1] < 0), -1, joint)


@dataclass(frozen=True)
class Means:
    """Replace the levels of categories by the mean answer of their rows (target encoding).

    Means of rare levels are pulled to the mean of all rows, as strongly as the levels' own
    differences advise. For classes, answers are the shares of each class; of more than 10 classes
    nothing is encoded. A fitted step says of new rows what all training rows tell; training rows
    themselves are encoded by `Recipe.fit_transform`, each without its own answer.

    Parameters
    ----------
    least : int
        The least number of levels that makes a column worth encoding, at least 2.
    pairs : int
        How many pairs of columns are encoded at most: those whose pairs of levels say most that
        the two columns alone do not. 0 for none.

    Raises
    ------
    OptionError
        When `least` is below 2 or `pairs` negative.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"town": ["Rome", "Bonn", "Oslo"] * 20})
    >>> table = Table(frame, Schema((Column("town", Kind.CATEGORY),)))
    >>> fitted = Means().fit(table, Target(np.array([1.0, 2.0, 6.0] * 20)), seed=0)
    >>> fitted.transform(table.rows(np.arange(3))).numbers.ravel().tolist()
    [1.0, 2.0, 6.0]
    """

    uses_target: ClassVar[bool] = True

    least: int = 3
    pairs: int = 0

    def __post_init__(self) -> None:
        if self.least < 2 or self.pairs < 0:
            raise OptionError(
                "least to be at least 2 and pairs 0 or more", f"{self.least}, {self.pairs}"
            )

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedMeans | None:
        """Learn the means; None when no column has levels that answer differently."""
        names = (*columns_of(table, Kind.CATEGORY), *word_keys(table))
        if not names or not len(y) or y.classes > MOST_CLASSES:
            return None
        frame = read(table, names, [Kind.CATEGORY] * len(names))
        coders, codes = [], []
        for series in frame:
            counts = pl.DataFrame({"level": series.drop_nulls()})["level"].value_counts()
            levels = counts.filter(pl.col("count") > 1)["level"].sort()
            if len(levels) + bool(series.null_count()) < self.least:
                continue
            kind = table.schema[series.name].kind
            coders.append(_Coder(series.name, kind, tuple(levels)))
            codes.append(coders[-1].codes(series))
        answers = answer_columns(y)
        encodings = []
        for coder, code in zip(coders, codes, strict=True):
            found = _shrunk_means(code, answers)
            if found.says:
                encodings.append(MeansOf((coder.column,), found.keys, found.means))
        if self.pairs:
            encodings += _best_pairs(coders, codes, answers, self.pairs)
        used = {column for one in encodings for column in one.columns}
        kept = tuple(coder for coder in coders if coder.column in used)
        return FittedMeans(kept, tuple(encodings)) if encodings else None


def _best_pairs(
    coders: Sequence[_Coder], codes: Sequence[Codes], answers: Floats, most: int
) -> list[MeansOf]:
    """Find the pairs of columns whose pairs of levels say more than the sum of the two."""
    rated = []
    few = sorted(range(len(coders)), key=lambda i: -len(coders[i].levels))[:_CROSSED]
    for i, j in combinations(sorted(few), 2):
        rest = answers
        for code in (codes[i], codes[j]):
            rest = rest - _encoded(code, rest)
        joint = _joined([codes[i], codes[j]], [len(c.levels) + 1 for c in (coders[i], coders[j])])
        clear = clearness(joint, rest)
        if clear > _CLEAR:
            rated.append((clear, i, j, joint))
    chosen = sorted(rated, key=lambda item: (-item[0], item[1], item[2]))[:most]
    return [
        MeansOf((coders[i].column, coders[j].column), found.keys, found.means)
        for _, i, j, joint in chosen
        for found in (_shrunk_means(joint, answers),)
    ]


def _encoded(code: Codes, answers: Floats) -> Floats:
    found = _shrunk_means(code, answers)
    return MeansOf(("",), found.keys, found.means).encode(code).astype(np.float64)
