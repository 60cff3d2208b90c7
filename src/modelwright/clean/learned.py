"""A detector that learns from labels of a few rows how far to trust all others.

In the spirit of Raha (Mahdavi et al. 2019): what every detector says of a cell is a feature, labels
speak for other cells of the same kind, and a classifier weighs it all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Labels
from modelwright.clean.combined import Combined, by_themselves
from modelwright.clean.detectors.told import Told
from modelwright.clean.evidence import DETECTORS, Evidence
from modelwright.clean.kinds import kinds_of_cells, rates
from modelwright.clean.lessons import PARTS, Lessons, direct, spread, taught
from modelwright.clean.library import ensembles
from modelwright.core.seed import Seed

__all__ = ["learn"]

Floats = NDArray[np.float32]

_TREES = 200
_LEAST_TREES = 40
_CELLS = 1_000_000
_SETTLED = 0.97
_CHUNK = 100_000
_SURELY = 0.85
_FAINT = 100
_FAINT_SHARE = 0.25
_LESSONS = 50_000
_PRIOR = 2.0


def learn(
    evidence: Evidence, cells: pl.DataFrame, labels: Labels, found: Combined, seed: int
) -> Floats:
    """Learn from labels which cells are wrong.

    Columns that no label names are judged by what detectors say by themselves; what labels teach of
    sources and things counts there, too.

    Parameters
    ----------
    evidence : Evidence
        The table.
    cells : polars.DataFrame
        The same as text.
    labels : Labels
        The right values of a few rows.
    found : Combined
        What is believed of cells without labels, and why.
    seed : int
        The only source of randomness.

    Returns
    -------
    float array of shape (rows, columns)
        How likely each cell is wrong.
    """
    seeds, first = Seed(seed), found.chance
    told_by_labels = direct(labels, cells, seeds.derive("parts"))
    claims = taught(evidence, labels, told_by_labels)
    following = spread(evidence, told_by_labels, claims, seeds.derive("spread"))
    lessons = told_by_labels.with_others(following)
    usual = float(np.average(lessons.wrong, weights=lessons.weight))
    table = _Table(evidence, first, (first > 0.5).sum(axis=1), usual)
    some = _some(lessons, seeds.derive("some"))
    order = [some.of(column) for column in np.unique(some.column).tolist()]
    blocks = [table.held_out(mine, claims.held_out) for mine in order]
    faint = _faint(first, lessons, seeds.derive("faint"))
    for column in np.unique(faint.column).tolist():
        mine = faint.of(column)
        blocks.append(table.described(column, mine.row, lessons, claims.final))
        order.append(mine)
    X = np.concatenate(blocks)
    wrong = np.concatenate([mine.wrong for mine in order])
    weight = np.concatenate([mine.weight for mine in order])
    models = _fitted(X, wrong, weight, first.size, seeds)
    chance = np.empty(first.shape, np.float32)
    named = set(lessons.column.tolist())
    for column in range(cells.width):
        # of a column that no label names the classifier has never seen a cell: what is usual in
        # others says nothing of its ways of writing
        chance[:, column] = (
            table.asked(column, lessons, claims.final, models)
            if column in named
            else by_themselves(evidence, column, claims.final)
        )
    chance = np.maximum(chance, _unspoken(found, lessons))
    settled = np.where(lessons.wrong, _SETTLED, 1 - _SETTLED)
    chance[lessons.row, lessons.column] = settled
    chance[told_by_labels.row, told_by_labels.column] = told_by_labels.wrong
    return chance


def _some(lessons: Lessons, seed: int) -> Lessons:
    """Keep as many lessons as a classifier needs, when somebody labelled very many rows."""
    if len(lessons.row) <= _LESSONS:
        return lessons
    kept = np.random.default_rng(seed).choice(len(lessons.row), _LESSONS, replace=False)
    return lessons.only(np.sort(kept))


def _unspoken(found: Combined, lessons: Lessons) -> Floats:
    """Keep what detectors find wrong for a reason that no labelled cell was suspected for.

    A few rows seldom hold every kind of error: what labels are silent about they do not deny. It
    counts for less as far as labels of other columns deny what the same detector says.
    """
    claimed = lessons.only(found.chance[lessons.row, lessons.column] > 0.5)
    reason = found.reason[claimed.row, claimed.column]
    speakers = np.append(np.array(found.speakers, np.int64), len(DETECTORS))
    speaker = speakers[reason]
    size = len(DETECTORS) + 1
    borne = np.bincount(speaker, claimed.weight * claimed.wrong, minlength=size)
    seen = np.bincount(speaker, claimed.weight, minlength=size)
    trust = ((borne + _PRIOR) / (seen + _PRIOR)).astype(np.float32)[speakers]
    trust[reason] = 0.0
    return np.where(found.chance > 0.5, trust[found.reason] * found.chance, np.float32(0.0))


def _faint(first: Floats, lessons: Lessons, seed: int) -> Lessons:
    """Take some cells of which detectors are sure for examples, as far as labels bear them out.

    Few labelled cells are wrong in a table of few errors: a classifier that saw these alone would
    know too little of what an error looks like.
    """
    draw = np.random.default_rng(seed)
    known = np.zeros(first.shape, np.bool_)
    known[lessons.row, lessons.column] = True
    claimed = first[lessons.row, lessons.column] > 0.5
    borne = (float((lessons.wrong & claimed).sum()) + 1) / (float(claimed.sum()) + 2)
    row, column = np.nonzero((first > _SURELY) & ~known)
    kept = draw.permutation(len(row))[:_FAINT]
    weight = np.full(len(kept), _FAINT_SHARE * borne)
    wrong = np.ones(len(kept), np.bool_)
    return Lessons(row[kept], column[kept], wrong, weight, np.full(len(kept), PARTS))


@dataclass(frozen=True)
class _Table:
    """A table whose cells are described to a classifier."""

    evidence: Evidence
    first: Floats
    suspects: NDArray[np.int64]
    usual: float

    def held_out(self, lessons: Lessons, beliefs: tuple[NDArray[np.float64], ...]) -> Floats:
        """Describe the lessons of one column; what labels say of kinds comes from other parts."""
        column = int(lessons.column[0])
        told = self.evidence.told(column, beliefs)
        kinds = kinds_of_cells(self.evidence, column, told)
        parts = [lessons.part == part for part in np.unique(lessons.part).tolist()]
        said = [rates(kinds, lessons.only(~p), self.usual, lessons.row[p]) for p in parts]
        place = np.concatenate([np.flatnonzero(p) for p in parts])
        return self._features(told, np.concatenate(said)[np.argsort(place)], column, lessons.row)

    def described(
        self,
        column: int,
        rows: NDArray[np.int64],
        lessons: Lessons,
        beliefs: tuple[NDArray[np.float64], ...],
    ) -> Floats:
        """Describe cells of a column that no label speaks of."""
        told = self.evidence.told(column, beliefs)
        kinds = kinds_of_cells(self.evidence, column, told)
        said = rates(kinds, lessons.of(column), self.usual, rows)
        return self._features(told, said, column, rows)

    def asked(
        self,
        column: int,
        lessons: Lessons,
        beliefs: tuple[NDArray[np.float64], ...],
        models: _Models,
    ) -> Floats:
        """Ask a fitted classifier about all cells of a column."""
        told = self.evidence.told(column, beliefs)
        kinds = kinds_of_cells(self.evidence, column, told)
        chance = np.empty(len(kinds), np.float32)
        mine = lessons.of(column)
        for start in range(0, len(kinds), _CHUNK):
            rows = np.arange(start, min(start + _CHUNK, len(kinds)))
            said = rates(kinds, mine, self.usual, rows)
            chance[rows] = models.chance(self._features(told, said, column, rows))
        return chance

    def _features(
        self, told: tuple[Told, ...], said: Floats, column: int, rows: NDArray[np.int64]
    ) -> Floats:
        """Put what is known of some cells of a column side by side."""
        own = self.first[:, column]
        others = self.suspects[rows] - (own[rows] > 0.5)
        chances = np.column_stack([one.chance[rows] for one in told])
        usual = np.full(len(rows), float(own.mean()), np.float32)
        more = np.column_stack([own[rows], others, usual])
        parts = [one.measures[rows] for one in told]
        return np.hstack([chances, *parts, said, more]).astype(np.float32)


@dataclass(frozen=True)
class _Models:
    """Fitted classifiers, whose chances are averaged."""

    members: tuple[object, ...]

    def chance(self, block: Floats) -> Floats:
        found = [_chance_of(member, block) for member in self.members]
        return np.asarray(np.mean(found, axis=0), np.float32)


def _chance_of(member: object, block: Floats) -> Floats:
    p = member.predict_proba(block)  # type: ignore[attr-defined]
    classes = member.classes_.tolist()  # type: ignore[attr-defined]
    if True not in classes:
        return np.zeros(len(block), np.float32)
    return np.asarray(p[:, classes.index(True)], np.float32)


def _fitted(
    X: Floats, wrong: NDArray[np.bool_], weight: NDArray[np.float64], cells: int, seeds: Seed
) -> _Models:
    trees = int(np.clip(_TREES * _CELLS / max(cells, 1), _LEAST_TREES, _TREES))
    found = []
    for name in ("ExtraTreesClassifier", "RandomForestClassifier"):
        kind = getattr(ensembles, name)
        model = kind(
            n_estimators=trees,
            max_features="sqrt",
            min_samples_leaf=1,
            random_state=seeds.derive("forest", name),
        )
        found.append(model.fit(X, wrong, sample_weight=weight))
    return _Models(tuple(found))
