"""What a cell may have been meant to say: candidates, and what speaks for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.clean.mending.evidence import Evidence
from modelwright.clean.mending.nearby import alike
from modelwright.clean.mending.rewriting import Rewrite, shape

__all__ = ["FEATURES", "PRIOR", "Candidate", "Cell", "propose"]

# What is known of a candidate, and what each counts before anything was learned. The groups say
# which of them make a repair one "by" something in the log.
_FEATURES: tuple[tuple[str, float, str], ...] = (
    ("any candidate", -3.5, ""),
    ("trusted votes of the strongest group", 2.0, "group"),
    ("plain votes of the strongest group", 0.5, "group"),
    ("votes of the second group", 1.0, "group"),
    ("votes of the third group", 0.5, "group"),
    ("all groups together", 2.0, "group"),
    ("true by its witnesses", 2.0, "group"),
    ("lead over the other candidates", 1.0, "group"),
    ("written alike", 1.5, "alike"),
    ("few letters apart", 1.0, "alike"),
    ("alike and voted for", 2.0, "alike"),
    ("frequent", 0.3, "often"),
    ("rewritten", 6.0, "rewrite"),
    ("equal in another column", 0.5, "copy"),
    ("equal in another column, and no row may tell the truth", 1.0, "copy"),
    ("written in a usual shape", 0.5, "often"),
    ("voted for, and the cell is missing", 0.5, "group"),
    ("the old value is voted for", -2.0, ""),
    ("said of the same value elsewhere", 5.0, "said"),
)
FEATURES = tuple(name for name, _, _ in _FEATURES)
"""What is known of each candidate."""
PRIOR = np.array([weight for _, weight, _ in _FEATURES])
"""What each counts before anything was learned."""
_KINDS = tuple(kind for _, _, kind in _FEATURES)
_FACTS = tuple(
    place
    for place, name in enumerate(FEATURES)
    if name.startswith(("trusted votes", "plain votes", "votes of", "true by", "rewritten", "said"))
    or name == "equal in another column"
)

_TOP = 4
_SLOTS = 3


@dataclass(frozen=True)
class Cell:
    """A cell to be mended.

    Parameters
    ----------
    row, column : int
        Where.
    old : str or None
        What it says: of a cell that is spoiled on purpose, something else than the table.
    doubt : float
        How likely it is wrong.
    apart : bool
        Whether nothing is to be used that follows from what somebody said of its own thing; how
        far other rows are believed does, too.
    near : tuple of str, optional
        The values that are written nearly so; None: as the evidence has it.
    """

    row: int
    column: int
    old: str | None
    doubt: float = 1.0
    apart: bool = False
    near: tuple[str, ...] | None = None

    def nearby(self, evidence: Evidence) -> Sequence[str]:
        """Give the believed values that are written nearly so."""
        if self.near is not None:
            return self.near
        return evidence.near[self.column].get(self.old or "", ())


@dataclass(frozen=True)
class Candidate:
    """A value that a cell may get.

    Parameters
    ----------
    value : str
        The value.
    features : tuple of float
        One for each of `FEATURES`.
    rewrite : Rewrite, optional
        The rule that makes it of the old value.
    other : int
        The column that holds the same; -1 for none.
    """

    value: str
    features: tuple[float, ...]
    rewrite: Rewrite | None = None
    other: int = -1

    @property
    def borne_out(self) -> float:
        """How much speaks for it beside its letters: rows, sources, rules or labels."""
        return max(self.features[place] for place in _FACTS)

    def kind(self, weights: NDArray[np.float64]) -> str:
        """Say what speaks loudest for it: group, alike, often, rewrite, copy or said."""
        loud: dict[str, float] = {}
        for kind, weight, feature in zip(_KINDS, weights.tolist(), self.features, strict=True):
            if kind:
                loud[kind] = loud.get(kind, 0.0) + weight * feature
        return max(loud, key=lambda kind: loud[kind])


@dataclass
class _Weighed:
    """What has been gathered for one value on the way to its features."""

    first: float = 0.0
    plain: float = 0.0
    second: float = 0.0
    third: float = 0.0
    together: float = 0.0
    true: float = 0.0
    rewritten: float = 0.0
    copied: float = 0.0
    said: float = 0.0
    rewrite: Rewrite | None = None
    other: int = -1


def propose(evidence: Evidence, cells: Sequence[Cell]) -> list[list[Candidate]]:
    """List the candidates of some cells.

    Parameters
    ----------
    evidence : Evidence
        What is known of their table.
    cells : sequence of Cell
        The cells.

    Returns
    -------
    list of list of Candidate
        Those of a cell in any order; never its old value; perhaps none.
    """
    gathered = []
    for cell in cells:
        values, silent = _gathered(evidence, cell)
        values.pop("", None)
        gathered.append((values, silent))
    pairs = [(cell.old, value) for cell, (values, _) in zip(cells, gathered, strict=True)
             for value in values]  # fmt: skip
    different = sorted(set(pairs), key=lambda pair: (pair[0] or "", pair[1]))
    close = alike([old for old, _ in different], [new for _, new in different]).tolist()
    likeness = dict(zip(different, close, strict=True))
    return [
        _finished(evidence, cell, values, silent, likeness)
        for cell, (values, silent) in zip(cells, gathered, strict=True)
    ]


def _gathered(evidence: Evidence, cell: Cell) -> tuple[dict[str, _Weighed], float]:
    """Collect values from all sides, and say how likely no row tells the truth of the cell."""
    found: dict[str, _Weighed] = {}
    spoken = _from_groups(evidence, cell, found)
    silent = _from_witnesses(evidence, cell, found)
    silent = 1.0 / (1.0 + spoken) if silent is None else silent
    if cell.old is not None:
        for one in evidence.rewrites[cell.column]:
            new = one.rewrite.apply(cell.old)
            if new is not None and new != cell.old:
                weighed = found.setdefault(new, _Weighed())
                if one.right > weighed.rewritten:
                    weighed.rewritten, weighed.rewrite = one.right, one.rewrite
        for new in cell.nearby(evidence):
            found.setdefault(new, _Weighed())
        _from_labels(evidence, cell, cell.old, found)
    for other, rate in evidence.copied[cell.column].items():
        for new in _held(evidence, cell, other):
            weighed = found.setdefault(new, _Weighed())
            if rate > weighed.copied:
                weighed.copied, weighed.other = rate, other
    return found, silent


def _from_groups(evidence: Evidence, cell: Cell, found: dict[str, _Weighed]) -> float:
    """Ask the rows that agree with this one in what settles the cell."""
    code = int(evidence.normal.codes[cell.row, cell.column])
    trust = float(evidence.trust[cell.row, cell.column])
    often = evidence.often[cell.column]
    whole = evidence.believed[cell.column] + 1.0
    tallies = evidence.tallies[cell.column]
    votes = [(one, one.votes(cell.row, code, trust, plain=cell.apart)) for one in tallies]
    likely = dict.fromkeys(value for _, said in votes for value in list(said.values)[:_TOP])
    for value in likely:
        weighed = found.setdefault(evidence.value(cell.column, value), _Weighed())
        usual = (float(often[value]) + 0.1) / whole
        for slot, (one, said) in enumerate(votes):
            count, trusted = said.values.get(value, (0.0, 0.0))
            strength = one.dependency.strength
            share = trusted / (said.trusted + 0.5) * strength
            odds = math.log((trusted + usual) / (said.trusted + 1.0) / usual)
            weighed.together += odds * strength
            if slot == 0:
                weighed.first, weighed.plain = share, count / (said.rows + 0.5) * strength
            elif slot == 1:
                weighed.second = share
            elif slot < _SLOTS:
                weighed.third = share
    return votes[0][1].trusted if votes else 0.0


def _from_witnesses(evidence: Evidence, cell: Cell, found: dict[str, _Weighed]) -> float | None:
    """Ask who tells of the cell's thing; give how likely no claim is true."""
    hearing = evidence.hearing(cell.column)
    question = -1 if hearing is None else hearing.question(cell.row, cell.column)
    if hearing is None or question < 0:
        return None
    answers = hearing.answers(question, apart=cell.apart)
    for code in sorted(answers, key=lambda code: (-answers[code], code))[:_TOP]:
        text = evidence.value(cell.column, code)
        found.setdefault(text, _Weighed()).true = answers[code]
    if not cell.apart and question in hearing.known:
        found.setdefault(hearing.known[question], _Weighed())
    return max(1.0 - sum(answers.values()), 0.0)


def _from_labels(evidence: Evidence, cell: Cell, old: str, found: dict[str, _Weighed]) -> None:
    """Ask what somebody said of the same value in other rows."""
    several = evidence.taught[cell.column].get(old, [])
    hearing = evidence.hearing(cell.column)
    if cell.apart and hearing is not None:
        own = hearing.question(cell.row, cell.column)
        several = [(row, new) for row, new in several
                   if own < 0 or hearing.question(row, cell.column) != own]  # fmt: skip
    several = [(row, new) for row, new in several if row != cell.row]
    for _, new in several:
        found.setdefault(new, _Weighed()).said += 1 / (len(several) + 0.5)


def _held(evidence: Evidence, cell: Cell, other: int) -> list[str]:
    """Give what another column of the row holds, and what its witnesses hold for true."""
    code = int(evidence.normal.codes[cell.row, other])
    believed = code >= 0 and evidence.trust[cell.row, other] > 0.5
    held = [evidence.value(other, code)] if believed else []
    hearing = evidence.hearing(other)
    question = -1 if hearing is None else hearing.question(cell.row, other)
    if hearing is not None and question >= 0:
        answers = hearing.answers(question, apart=cell.apart)
        if answers:
            best = max(answers, key=lambda code: (answers[code], -code))
            held.append(evidence.value(other, best))
    return held


def _finished(
    evidence: Evidence,
    cell: Cell,
    values: dict[str, _Weighed],
    silent: float,
    likeness: dict[tuple[str | None, str], float],
) -> list[Candidate]:
    if not values.keys() - {cell.old}:
        return []
    highest = max(one.together for one in values.values())
    raised = {value: math.exp(one.together - highest) for value, one in values.items()}
    whole = sum(raised.values())
    pooled = {value: share / whole for value, share in raised.items()}
    main = {value: max(one.true, one.first) for value, one in values.items()}
    held = main.pop(cell.old or "", 0.0)
    best = sorted(main.values(), reverse=True)
    second = best[1] if len(best) > 1 else 0.0
    shapes = evidence.shapes[cell.column]
    missing = float(cell.old is None)
    found = []
    for value in main:
        one = values[value]
        close = likeness[cell.old, value]
        far = (1 - close) * max(len(value), len(cell.old or ""))
        near = float(cell.old is not None and far <= 1 + len(value) // 10)
        lead = main[value] - (second if main[value] >= best[0] else best[0])
        voted = max(main[value], pooled[value])
        features = (
            1.0,
            one.first,
            one.plain,
            one.second,
            one.third,
            pooled[value] if evidence.tallies[cell.column] else 0.0,
            one.true,
            lead,
            max(2 * close - 1, 0.0),
            near,
            max(2 * close - 1, 0.0) * voted,
            _frequency(evidence, cell.column, value),
            one.rewritten,
            one.copied,
            one.copied * silent,
            min(shapes.get(shape(value), 0.0) * 5, 1.0),
            missing * main[value],
            held,
            one.said,
        )
        found.append(Candidate(value, features, one.rewrite, one.other))
    return found


def _frequency(evidence: Evidence, column: int, value: str) -> float:
    """Say how frequent a value is in its column, from 0 to 1, slowly rising."""
    count = evidence.counted(column).get(value, 0.0)
    return math.log1p(count) / math.log1p(evidence.highest[column])
