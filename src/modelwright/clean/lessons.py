"""What labels of a few rows teach about other cells: of the same thing, and of the same kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Labels
from modelwright.clean.coded import MISSING
from modelwright.clean.entities import Claims
from modelwright.clean.evidence import Evidence
from modelwright.clean.labels import wrong_cells
from modelwright.clean.truth import NONE, Known, learned

__all__ = ["PARTS", "Lessons", "Taught", "direct", "spread", "taught"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PARTS = 5
"""Parts of the labelled rows: what is learned for one of them is learned from the others."""
_TRUSTED = 0.75
_WEIGHT = 0.5
_MOST = 20_000
_PRIOR = 2.0


@dataclass(frozen=True)
class Lessons:
    """Cells of which it is known whether they are wrong.

    Parameters
    ----------
    row, column : int array of shape (cells,)
        Which cells.
    wrong : bool array of shape (cells,)
        Whether they are.
    weight : float array of shape (cells,)
        1 for a label, less for what follows from one.
    part : int array of shape (cells,)
        Which part of the labelled rows a lesson comes from.
    """

    row: Ints
    column: Ints
    wrong: NDArray[np.bool_]
    weight: Floats
    part: Ints

    def of(self, column: int) -> Lessons:
        """Give the lessons about one column."""
        return self.only(self.column == column)

    def only(self, chosen: NDArray[np.bool_] | Ints) -> Lessons:
        """Give some of the lessons."""
        return Lessons(
            self.row[chosen],
            self.column[chosen],
            self.wrong[chosen],
            self.weight[chosen],
            self.part[chosen],
        )

    def with_others(self, other: Lessons) -> Lessons:
        """Add lessons about cells that nothing is known of yet."""
        width = 1 + int(max(self.column.max(initial=0), other.column.max(initial=0)))
        new = ~np.isin(other.row * width + other.column, self.row * width + self.column)
        more = other.only(new)
        return Lessons(
            np.concatenate([self.row, more.row]),
            np.concatenate([self.column, more.column]),
            np.concatenate([self.wrong, more.wrong]),
            np.concatenate([self.weight, more.weight]),
            np.concatenate([self.part, more.part]),
        )


def direct(labels: Labels, cells: pl.DataFrame, seed: int) -> Lessons:
    """Say of each labelled cell whether it is wrong.

    Parameters
    ----------
    labels : Labels
        The right values.
    cells : polars.DataFrame
        The table.
    seed : int
        Of the parts.

    Returns
    -------
    Lessons
    """
    wrong = wrong_cells(labels, cells)
    part = np.random.default_rng(seed).permutation(len(labels.rows)) % PARTS
    columns = np.array([cells.columns.index(name) for name in labels.values.columns], np.int64)
    return Lessons(
        row=np.repeat(labels.rows, len(columns)),
        column=np.tile(columns, len(labels.rows)),
        wrong=wrong.ravel(),
        weight=np.ones(wrong.size),
        part=np.repeat(part, len(columns)).astype(np.int64),
    )


@dataclass(frozen=True)
class Taught:
    """What labels say of claims.

    Parameters
    ----------
    held_out : tuple of float arrays
        How likely each claim is true; of what a label settles, as the other labels have it.
    final : tuple of float arrays
        The same, with all that labels settle.
    known : tuple of Known
        What labels settle.
    part : tuple of int arrays
        The part of the labelled rows that settles each of those.
    """

    held_out: tuple[Floats, ...]
    final: tuple[Floats, ...]
    known: tuple[Known, ...]
    part: tuple[Ints, ...]


def taught(evidence: Evidence, labels: Labels, lessons: Lessons) -> Taught:
    """Learn from labels whom to believe.

    Parameters
    ----------
    evidence : Evidence
        The table.
    labels : Labels
        The right values.
    lessons : Lessons
        What `direct` gives of them.

    Returns
    -------
    Taught
    """
    held_out, final, all_known, parts = [], [], [], []
    for claims, belief, weight in zip(
        evidence.claims, evidence.beliefs, evidence.weights, strict=True
    ):
        known, part = _settled(evidence, claims, labels, lessons)
        all_known.append(known)
        parts.append(part)
        if not len(known.question):
            held_out.append(belief)
            final.append(belief)
            continue
        last = learned(claims.world, weight, known)
        before = last.copy()
        for one in np.unique(part).tolist():
            others = Known(known.question[part != one], known.candidate[part != one])
            seen = learned(claims.world, weight, others) if len(others.question) else belief
            mine = np.isin(claims.world.question, known.question[part == one])
            before[mine] = seen[mine]
        held_out.append(before)
        last[np.isin(claims.world.question, known.question)] = 0.0
        last[known.candidate] = 1.0
        final.append(last)
    return Taught(tuple(held_out), tuple(final), tuple(all_known), tuple(parts))


def _settled(
    evidence: Evidence, claims: Claims, labels: Labels, lessons: Lessons
) -> tuple[Known, Ints]:
    """Find the claims that labels show to be true."""
    world, coded = claims.world, evidence.coded
    part_of = dict(zip(lessons.row.tolist(), lessons.part.tolist(), strict=True))
    # a row whose thing is named wrongly says nothing of that thing
    naming = np.isin(lessons.column, claims.entity.given) & lessons.wrong
    misnamed = set(lessons.row[naming].tolist())
    groups = int(claims.group.max(initial=0)) + 1
    last = np.flatnonzero(world.claim == NONE)
    none = dict(zip(world.question[last].tolist(), last.tolist(), strict=True))
    where: dict[int, tuple[int, int]] = {}
    for fact, column in enumerate(claims.entity.columns):
        name = coded.columns[column]
        if name not in labels.values.columns:
            continue
        right = labels.values[name]
        numbers = claims.cores[fact].of(right, coded.values[column])
        for row, text, said in zip(labels.rows.tolist(), right.to_list(), numbers, strict=True):
            question = fact * groups + int(claims.group[row])
            if row in misnamed or claims.group[row] < 0 or question not in none or not text:
                continue
            start, end = np.searchsorted(world.question, [question, question + 1])
            known = NONE if said is None else said
            found = np.flatnonzero(world.claim[start:end] == known)
            place = int(start + found[0]) if len(found) else none[question]
            where.setdefault(question, (place, part_of[row]))
    questions = np.array(sorted(where), np.int64)
    candidates = np.array([where[q][0] for q in questions.tolist()], np.int64)
    parts = np.array([where[q][1] for q in questions.tolist()], np.int64)
    return Known(questions, candidates), parts


def spread(evidence: Evidence, lessons: Lessons, told: Taught, seed: int) -> Lessons:
    """Judge other rows of a thing by the truth that a label settles.

    That is done only where labels bear out that a thing has one truth: where labelled cells that
    differ from what is believed of their thing are wrong.

    Parameters
    ----------
    evidence : Evidence
        The table.
    lessons : Lessons
        What labels say of their own cells.
    told : Taught
        What they say of claims.
    seed : int
        Of a sample, when there are very many such cells.

    Returns
    -------
    Lessons
        About other cells, of a weight below 1.
    """
    rows, columns, wrong, weight, parts = [], [], [], [], []
    for place, claims in enumerate(evidence.claims):
        known = told.known[place]
        if not len(known.question):
            continue
        groups = int(claims.group.max(initial=0)) + 1
        trusts = _trust(evidence, claims, told.held_out[place], lessons)
        true = dict(zip(known.question.tolist(), known.candidate.tolist(), strict=True))
        part = dict(zip(known.question.tolist(), told.part[place].tolist(), strict=True))
        for fact, (column, trust) in enumerate(zip(claims.entity.columns, trusts, strict=True)):
            if trust < _TRUSTED:
                continue
            asked = fact * groups + claims.group
            mine = np.flatnonzero((claims.group >= 0) & np.isin(asked, known.question))
            answer = np.array([true[q] for q in asked[mine].tolist()], np.int64)
            right = (claims.place[mine, fact] == answer) & claims.plain[mine, fact]
            rows.append(mine)
            columns.append(np.full(len(mine), column, np.int64))
            wrong.append(~right)
            weight.append(np.full(len(mine), _WEIGHT * trust))
            parts.append(np.array([part[q] for q in asked[mine].tolist()], np.int64))
    if not rows:
        return lessons.only(np.zeros(len(lessons.row), np.bool_))
    found = Lessons(
        np.concatenate(rows),
        np.concatenate(columns),
        np.concatenate(wrong),
        np.concatenate(weight),
        np.concatenate(parts),
    )
    if len(found.row) > _MOST:
        kept = np.random.default_rng(seed).choice(len(found.row), _MOST, replace=False)
        found = found.only(np.sort(kept))
    return found


def _trust(evidence: Evidence, claims: Claims, belief: Floats, lessons: Lessons) -> list[float]:
    """Say how surely a labelled cell is wrong that differs from what is believed of its thing.

    One number for each fact, drawn to that of all facts.
    """
    wrong, seen, prior = [], [], []
    for fact, column in enumerate(claims.entity.columns):
        prior.append(evidence.reality(column))
        mine = lessons.of(column)
        place = claims.place[mine.row, fact]
        gone = evidence.coded.codes[mine.row, column] == MISSING
        own = np.where(place >= 0, belief[place], 0.0)
        differs = ~gone & (claims.group[mine.row] >= 0) & (own < 0.2)
        seen.append(float(differs.sum()))
        wrong.append(float(mine.wrong[differs].sum()))
    whole = (sum(wrong) + _PRIOR * float(np.mean(prior))) / (sum(seen) + _PRIOR)
    return [(w + _PRIOR * whole) / (n + _PRIOR) for w, n in zip(wrong, seen, strict=True)]
