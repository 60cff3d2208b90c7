"""What wrong cells ought to say, each with how likely that is right.

Candidates come from rows that agree with the cell's own in what settles it, from sources by how
reliable they are, from rules of rewriting learned by example, from values that are written nearly
so, and from other columns (value, vicinity and domain models, after Baran: Mahdavi and Abedjan
2020). A small model, fitted on labelled cells and on believed cells that are spoiled on purpose,
says how likely each is right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.mending.candidates import PRIOR, Candidate, Cell, propose
from modelwright.clean.mending.evidence import Evidence, gather
from modelwright.clean.mending.ranking import Choices, calibrate, chances, fit_weights
from modelwright.clean.mending.rivals import one_of_two
from modelwright.clean.mending.spoiling import spoil
from modelwright.clean.repairs import Means, Repair, Repairs
from modelwright.core.errors import OptionError
from modelwright.core.seed import Seed

__all__ = ["SAID", "repair"]

SAID = "said in the labels"
"""The rule of what somebody said of a cell."""

Floats = NDArray[np.float64]

# For a quantity another one is proposed only where that much speaks for it beside its digits.
_BORNE_OUT = 0.02
# Less likely repairs are not even proposed.
_PROPOSED = 0.3
_MOST = 100_000
_REAL = 3_000
_SPOILED = 400
_QUIET = 100.0  # how much they count together, where nobody said anything
_FOLDS = 4
_SURE = 0.6  # what somebody said of one row is taken for true of others of the thing
# How the rules of repairs begin that rest on what settles the cell.
_SAME, _LIKE_SAID = "rows with the same", "said in the labels of a row with the same"
_JUDGED = 15  # held-out cells from which it is learned how far chances can be believed


def repair(
    cells: pl.DataFrame,
    errors: Errors,
    *,
    labels: Labels | None = None,
    threshold: float = 0.9,
    seed: int = 0,
) -> Repairs:
    """Find what wrong cells ought to say.

    Parameters
    ----------
    cells : polars.DataFrame, shape (rows, columns)
        Text as it stands in the file, null where a value is missing.
    errors : Errors
        How likely each cell is wrong: those that are likelier wrong than right are mended, the
        100,000 likeliest of them at the most.
    labels : Labels, optional
        The right values of a few rows: they are done, and what they teach is used elsewhere.
    threshold : float
        Repairs that are likelier right than so are applied, others proposed.
    seed : int
        Of what is drawn.

    Returns
    -------
    Repairs

    Raises
    ------
    OptionError
        When the threshold is not between 0 and 1.

    Examples
    --------
    >>> towns = ["Bonn", "Ulm"] * 8 + ["Bxnn", "Ulm"]
    >>> towns = pl.DataFrame({"zip": ["53111", "89073"] * 9, "town": towns})
    >>> chance = np.zeros((18, 2), np.float32)
    >>> chance[16, 1] = 0.99
    >>> errors = Errors(("zip", "town"), chance, np.full((18, 2), -1, np.int16), ())
    >>> [one] = repair(towns, errors)
    >>> one.row, one.old, one.new, one.applied
    (16, 'Bxnn', 'Bonn', True)
    """
    if not 0 <= threshold <= 1:
        raise OptionError("a threshold between 0 and 1", f"{threshold:g}", "such as 0.9")
    seeds = Seed(seed)
    evidence = gather(cells, errors, labels, seed=seeds.derive("repair", "witnesses"))
    doubtful = _doubtful(evidence, errors)
    told = [
        Repair(row, cells.columns[column], evidence.text(row, column), new, SAID, 1.0, True)
        for (row, column), new in evidence.said.items()
        if new != evidence.text(row, column)
    ]
    rows, columns = np.nonzero(doubtful)
    if not len(rows):
        return Repairs.of(told)
    model = _fit(evidence, doubtful, seeds)
    wanted = [_cell(evidence, row, column, apart=False)
              for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]  # fmt: skip
    means: dict[str, Means] = {}
    found = _mended(evidence, model, wanted, threshold, means)
    settled = {rule: by for rule, by in means.items() if rule.startswith((_SAME, _LIKE_SAID))}
    found = one_of_two(found, settled, threshold, _PROPOSED)
    return Repairs.of([*told, *found], means)


def _doubtful(evidence: Evidence, errors: Errors) -> NDArray[np.bool_]:
    """Mark the cells that are to be mended: likely wrong, and nobody said what they are."""
    doubtful = errors.wrong().copy()
    for row, column in evidence.said:
        doubtful[row, column] = False
    count = int(doubtful.sum())
    if count > _MOST:
        least = np.partition(errors.chance[doubtful], count - _MOST)[count - _MOST]
        doubtful &= errors.chance >= least
    return doubtful


def _cell(evidence: Evidence, row: int, column: int, *, apart: bool) -> Cell:
    doubt = 1.0 - float(evidence.trust[row, column])
    return Cell(row, column, evidence.text(row, column), doubt, apart)


@dataclass(frozen=True)
class _Model:
    """What candidates are judged by."""

    weights: Floats
    slope: float
    shift: float

    def judged(self, several: list[list[Candidate]]) -> list[list[float]]:
        """Give how likely each candidate of each cell is right."""
        filled = [each for each in several if each]
        if not filled:
            return [[] for _ in several]
        chance = chances(_choices(filled), self.weights)
        odds = np.log(np.clip(chance, 1e-6, 1)) - np.log(np.clip(1 - chance, 1e-6, 1))
        believed = iter((1 / (1 + np.exp(-(self.slope * odds + self.shift)))).tolist())
        return [[next(believed) for _ in each] for each in several]


@dataclass(frozen=True)
class _Examples:
    """Cells whose truth is known, their candidates, how much each counts, and in which fold."""

    candidates: list[list[Candidate]]
    truth: list[str | None]
    loud: Floats
    fold: NDArray[np.int64]

    def of(self, kept: NDArray[np.bool_]) -> _Examples:
        places = np.flatnonzero(kept).tolist()
        return _Examples(
            [self.candidates[i] for i in places],
            [self.truth[i] for i in places],
            self.loud[kept],
            self.fold[kept],
        )

    def right(self) -> NDArray[np.bool_]:
        pairs = zip(self.candidates, self.truth, strict=True)
        return np.array([one.value == truth for each, truth in pairs for one in each], np.bool_)

    def weights(self) -> Floats:
        if not self.candidates:
            return PRIOR
        return fit_weights(_choices(self.candidates), self.right(), self.loud, PRIOR)


def _choices(several: Sequence[Sequence[Candidate]]) -> Choices:
    features = np.array([one.features for each in several for one in each])
    sizes = [len(each) for each in several]
    return Choices(features, np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64))


def _fit(evidence: Evidence, doubtful: NDArray[np.bool_], seeds: Seed) -> _Model:
    """Learn what speaks for a candidate, and how far the answer can be believed."""
    real, truth, loud, fold = _known_cells(evidence, doubtful, seeds)
    spoiled = spoil(evidence, doubtful, _SPOILED, seed=seeds.derive("repair", "spoiled"))
    # what is spoiled on purpose is easier to mend: it counts little where there is better
    quiet = max(_QUIET - 2 * sum(loud), 30.0) / max(len(spoiled), 1)
    cells = [*real, *(cell for cell, _ in spoiled)]
    candidates = propose(evidence, cells)
    whole = _Examples(
        candidates,
        [*truth, *(text for _, text in spoiled)],
        np.array([*loud, *[quiet] * len(spoiled)]),
        np.array([*fold, *[-1] * len(spoiled)], np.int64),
    ).of(np.array([bool(each) for each in candidates], np.bool_))
    weights = whole.weights()
    held = whole.fold >= 0
    if held.sum() < _JUDGED:
        return _Model(weights, 1.0, 0.0)
    chance, right = np.zeros(len(held)), np.zeros(len(held), np.bool_)
    for number in range(_FOLDS):
        inside = whole.fold == number
        if inside.any():
            part = whole.of(inside)
            chance[inside], right[inside] = _best(part, whole.of(~inside).weights())
    slope, shift = calibrate(chance[held], right[held], whole.loud[held])
    return _Model(weights, slope, shift)


def _best(examples: _Examples, weights: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Give how likely the best candidate of each cell is right, and whether it is."""
    choices = _choices(examples.candidates)
    chance = chances(choices, weights)
    ends = np.append(choices.starts[1:], len(chance))
    pairs = zip(choices.starts.tolist(), ends.tolist(), strict=True)
    best = np.array([start + int(np.argmax(chance[start:end])) for start, end in pairs])
    return chance[best], examples.right()[best]


def _known_cells(
    evidence: Evidence, doubtful: NDArray[np.bool_], seeds: Seed
) -> tuple[list[Cell], list[str | None], list[float], list[int]]:
    """Collect the cells whose truth somebody said, of them or of the thing that they tell about."""
    rng = np.random.default_rng(seeds.derive("repair", "known"))
    cells: list[Cell] = []
    truth: list[str | None] = []
    loud: list[float] = []
    fold: list[int] = []
    for (row, column), new in sorted(evidence.said.items(), key=lambda pair: pair[0]):
        old = evidence.text(row, column)
        if new != old:
            cells.append(Cell(row, column, old, apart=True))
            truth.append(new)
            loud.append(1.0)
            fold.append(_fold(evidence, row, column))
    for hearing in evidence.witnesses:
        things = np.array(sorted(asked for asked in hearing.known), np.int64)
        for place, column in enumerate(hearing.entity.columns):
            if hearing.sure[place] < _SURE:
                continue
            known = things[things // hearing.groups == place] % hearing.groups
            rows = np.flatnonzero(doubtful[:, column] & np.isin(hearing.group, known))
            if len(rows) > _REAL // len(hearing.entity.columns):
                size = max(_REAL // len(hearing.entity.columns), 1)
                rows = np.sort(rng.choice(rows, size, replace=False))
            sizes = np.bincount(hearing.group[rows], minlength=1)
            for row in rows.tolist():
                cells.append(_cell(evidence, row, column, apart=True))
                truth.append(hearing.known[hearing.question(row, column)])
                # the cells of one thing say nearly the same
                loud.append(hearing.sure[place] / float(sizes[hearing.group[row]]) ** 0.5)
                fold.append(_fold(evidence, row, column))
    return cells, truth, loud, fold


def _fold(evidence: Evidence, row: int, column: int) -> int:
    """Keep the cells of one thing together."""
    hearing = evidence.hearing(column)
    thing = row if hearing is None else int(hearing.group[row])
    return (thing * 2654435761 >> 7) % _FOLDS


def _mended(
    evidence: Evidence,
    model: _Model,
    cells: list[Cell],
    threshold: float,
    means: dict[str, Means],
) -> list[Repair]:
    """Take the likeliest candidate of each cell; what stands behind the rules goes to `means`."""
    several = propose(evidence, cells)
    likely_of = model.judged(several)
    wild = _wild(evidence, cells, several)
    found = []
    for cell, candidates, likely, left in zip(cells, several, likely_of, wild, strict=True):
        hearing = evidence.hearing(cell.column)
        asked = -1 if hearing is None else hearing.question(cell.row, cell.column)
        told, sure = ("", 0.0) if hearing is None else hearing.told(asked)
        if told:
            likely = _with(sure, told, candidates, likely)
        if not candidates or (told == cell.old and sure > 0.5):
            continue
        best = max(range(len(candidates)), key=lambda i: (likely[i], candidates[i].value))
        if left[best] and candidates[best].value != told:
            continue
        # the model says how likely it is right if the cell is wrong
        one, confidence = candidates[best], likely[best] * cell.doubt
        if confidence < _PROPOSED:
            continue
        rule, meant = _why(evidence, cell, one, model.weights, told=one.value == told)
        if meant:
            means[rule] = meant
        found.append(
            Repair(
                cell.row,
                evidence.coded.columns[cell.column],
                cell.old,
                one.value,
                rule,
                round(confidence, 4),
                confidence >= threshold,
            )
        )
    return found


def _wild(
    evidence: Evidence, cells: list[Cell], several: list[list[Candidate]]
) -> list[list[bool]]:
    """Mark candidates that are other amounts, dates or codes, for which nothing speaks but that.

    Such a value is nearly always near to many others: that is no reason to take it for one of them.
    """
    by_column: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (cell, candidates) in enumerate(zip(cells, several, strict=True)):
        if cell.old is not None:
            pairs = ((number, place) for place in range(len(candidates)))
            by_column[cell.column].extend(pairs)
    marked = [[False] * len(each) for each in several]
    for column, places in by_column.items():
        old = [cells[number].old or "" for number, _ in places]
        new = [several[number][place].value for number, place in places]
        two = evidence.quantities[column].differ(old, new)
        for (number, place), differs in zip(places, two, strict=True):
            said = several[number][place].borne_out
            marked[number][place] = differs and said < _BORNE_OUT
    return marked


def _with(sure: float, told: str, candidates: list[Candidate], likely: list[float]) -> list[float]:
    """Add what somebody said of another row of the same thing."""
    return [
        max(share, sure) if one.value == told else min(share, 1 - sure)
        for one, share in zip(candidates, likely, strict=True)
    ]


def _why(
    evidence: Evidence, cell: Cell, candidate: Candidate, weights: Floats, *, told: bool
) -> tuple[str, Means]:
    """Say in plain words what speaks loudest for a candidate, and what stands behind the words."""
    kind = candidate.kind(weights)
    if kind == "rewrite" and candidate.rewrite is not None:
        return str(candidate.rewrite), candidate.rewrite
    hearing, tallies = evidence.hearing(cell.column), evidence.tallies[cell.column]
    given: tuple[int, ...] = ()
    if hearing is not None and (told or kind == "group"):
        given = hearing.entity.given
    elif tallies and kind in ("group", "alike"):
        given = tallies[0].dependency.given
    names = tuple(evidence.coded.columns[place] for place in given)
    named = " and ".join(map(repr, names))
    if told:
        return f"{_LIKE_SAID} {named}", names
    if kind == "group" and names:
        return f"{_SAME} {named} say so", names
    if kind == "copy" and candidate.other >= 0:
        return f"the same as {evidence.coded.columns[candidate.other]!r}", names
    if kind == "said":
        return "said in the labels of the same value", names
    if kind == "alike":
        more = f", as rows with the same {named} have it" if names else ""
        return f"a frequent value, written nearly so{more}", names
    return "usual in the column", names
