"""Whether several rows are about the same thing: a patient, a school, a country.

A colour or a department also comes again, and is no such thing: new rows will have the same
colours. What tells them apart is added up in two sums. The first says how far a value *is* a thing:
many of them, few rows each, attributes that are fixed within it, rows that stand together in the
file, sizes that somebody planned, its name. The second says how far that *matters*: answers alike
within it beyond what other columns explain, and a model that does better when it has seen other
rows of the same thing. Both have to be large. An amount names no thing, and neither does a number
whose neighbours answer as it does: beside one name stands another thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.evaluate.structure.keys import Key, find_keys
from modelwright.evaluate.structure.view import Gap, View, gap_between
from modelwright.stats.groups import (
    Alike,
    Sizes,
    fixed_columns,
    group_sizes,
    intraclass_correlation,
    runs_on,
    stands_together,
)

__all__ = ["Entities", "find_entities"]

_IS = 3.0
_IS_SURELY = 4.5
_MAY_BE = 2.0
_MATTERS_SOMEHOW = 1.0
_MATTERS = 1.5
_MATTERS_SURELY = 3.5
_MATTERS_MUCH = 4.0
_SUPPORT = 1.0
_PROBED_KEYS = 5
# Fewer things are none that a split could keep apart; from so many on their number speaks for them.
_LEAST_EFFECTIVE, _SPEAKING = 8.0, 12.0
_CERTAIN_GROUPS = 20
# The most that is still added when a key's size and name are known.
_STILL = 4.0
_COMPARED = 6_000
# Rows of neighbouring numbers answer alike, nearly as much as rows of one number: so many times.
_EVEN = 2.0
# Five keys at most are measured: so many standard deviations are enough.
_BEYOND = 3.0


@dataclass(frozen=True)
class Entities:
    """How far rows of one key are about the same thing, and how far that matters.

    Parameters
    ----------
    columns : tuple of str
        Where the key stands.
    what : str
        The key in words.
    direct : bool
        Whether it is one column that can be given as it is.
    sizes : Sizes
        How rows spread over it.
    likeness : float
        The points for being a thing.
    support : float
        Those of them that do not come from numbers of rows alone.
    effect : float
        The points for mattering; 0 until it was measured.
    gap : Gap or None
        What a quick model promises at random and keeps on new things.
    reasons : tuple of str
        The evidence in words.
    codes : ndarray of int64, shape (n_rows,)
        The thing of each row of the table; 0 is missing.
    alike : Alike or None
        How alike the answers within it are beyond what a quick model explains; None: not measured.
    """

    columns: tuple[str, ...]
    what: str
    direct: bool
    sizes: Sizes
    likeness: float
    support: float
    effect: float = 0.0
    gap: Gap | None = None
    reasons: tuple[str, ...] = field(default=())
    codes: NDArray[np.int64] = field(
        default_factory=lambda: np.empty(0, np.int64), repr=False, compare=False
    )
    alike: Alike | None = None

    @property
    def is_thing(self) -> bool:
        """Whether values are things rather than sorts."""
        return self.likeness >= _IS and self.support >= _SUPPORT

    @property
    def may_be_thing(self) -> bool:
        """Whether values might be things: few of them, say, but with attributes of their own."""
        return self.likeness >= _MAY_BE and self.support >= _MAY_BE

    @property
    def recommended(self) -> bool:
        """Whether the evidence is enough: the less it is a thing, the more it has to matter."""
        if self.is_thing and self.likeness >= _IS_SURELY:
            return self.effect >= _MATTERS_SOMEHOW
        if self.is_thing:
            return self.effect >= _MATTERS
        return self.may_be_thing and self.effect >= _MATTERS_MUCH

    @property
    def certain(self) -> bool:
        """Whether hardly anything else is possible."""
        return (
            self.recommended
            and self.direct
            and self.likeness >= _IS_SURELY
            and self.effect >= _MATTERS_SURELY
            and self.sizes.groups >= _CERTAIN_GROUPS
        )


def find_entities(view: View, orders: tuple[str, ...]) -> tuple[Entities, ...]:
    """Weigh all that rows may have in common, what is recommended and speaks most first.

    Parameters
    ----------
    view : View
        The rows.
    orders : tuple of str
        Columns that say when.

    Returns
    -------
    tuple of Entities
        At most five, none of which is clearly a mere sort.
    """
    weighed = [(_likeness(view, key), key) for key in find_keys(view, orders)]
    weighed.sort(key=lambda pair: (not pair[0].direct, -pair[0].likeness))
    worth = _different([pair for pair in weighed if pair[0].is_thing or pair[0].may_be_thing])
    worth.sort(key=lambda pair: -pair[0].likeness)
    measured = [_measured(view, found, key) for found, key in worth[:_PROBED_KEYS]]
    measured.sort(key=lambda found: (not found.recommended, -(found.likeness + found.effect)))
    return tuple(measured)


def _different(pairs: list[tuple[Entities, Key]]) -> list[tuple[Entities, Key]]:
    """Of keys that part the rows alike, such as a number and a name, keep the first."""
    kept: dict[tuple[int, int], tuple[Entities, Key]] = {}
    for found, key in pairs:
        like = found.sizes.groups, round(1e6 / found.sizes.effective)
        kept.setdefault(like, (found, key))
    return list(kept.values())


def _seen(view: View, codes: NDArray[np.int64], most: int, why: str) -> NDArray[np.int64]:
    """Draw whole groups of at most so many rows in all, and give their rows."""
    known = codes > 0
    rows = int(known.sum())
    if rows <= most:
        return np.flatnonzero(known)
    rng = np.random.default_rng(view.seed.derive("structure", why))
    groups = rng.permutation(int(codes.max()) + 1)
    counts = np.bincount(codes)[groups] * (groups > 0)
    # A group larger than all the room there is would leave no other.
    fits = (counts > 0) & (counts <= most / 20)
    kept = groups[fits][np.cumsum(counts[fits]) <= most]
    if not len(kept):
        return np.sort(rng.choice(np.flatnonzero(known), most, replace=False))
    chosen = np.zeros(len(groups), bool)
    chosen[kept] = True
    return np.flatnonzero(chosen[codes] & known)


def _likeness(view: View, key: Key) -> Entities:
    """Add up what speaks for a thing without looking at the answers."""
    known = key.codes[key.codes > 0]
    sizes = group_sizes(known)
    points = key.points + _by_size(sizes)
    support = max(key.points, 0.0)
    reasons = [f"{key.what} has {sizes.groups:,} values in {len(known):,} rows"]
    if sizes.effective < _LEAST_EFFECTIVE or points + _STILL < _MAY_BE:
        return Entities(key.columns, key.what, key.direct, sizes, points, support=0.0)
    cells, codes = view.cells, key.codes
    if not view.whole:
        rows = _seen(view, key.codes, _COMPARED, "groups")
        cells, codes = view.at(rows).cells, key.codes[rows]
    elif len(known) < len(codes):
        cells, codes = cells.rows(np.flatnonzero(codes > 0)), known
    fixed = tuple(name for name in fixed_columns(cells, codes) if name not in key.columns)
    # The columns of a key that was found because they stay together are its attributes.
    held = len(fixed) + (len(key.columns) - 1 if len(key.columns) > 2 else 0)
    for more, reason in (
        (min(2.0, 0.5 * held), _listed(fixed)),
        (1.0 * (stands_together(known) >= 0.5), "rows of one stand together in the file"),
        (1.0 * sizes.even, f"each has about {sizes.mean:.3g} rows"),
    ):
        points, support = points + more, support + more
        reasons += [reason] if more and reason else []
    return Entities(
        key.columns, key.what, key.direct, sizes, points, support, reasons=tuple(reasons)
    )


def _by_size(sizes: Sizes) -> float:
    points = float(np.clip(1.5 * np.log10(sizes.effective / _SPEAKING), 0, 2))
    points += 1.0 if sizes.mean <= 60 else -1.0 if sizes.mean > 200 else 0.5
    return points - 1.0 * (sizes.largest > 0.1)


def _listed(fixed: tuple[str, ...]) -> str:
    if not fixed:
        return ""
    shown = ", ".join(repr(name) for name in fixed[:3])
    more = f" and {len(fixed) - 3} more" if len(fixed) > 3 else ""
    return f"{shown}{more} never {'vary' if len(fixed) > 1 else 'varies'} within one"


def _measured(view: View, found: Entities, key: Key) -> Entities:
    """Look at the answers: alike within a thing, and better known by its other rows."""
    rows = _seen(view, key.codes, view.probed, "probe")
    some = view.at(rows)
    codes = key.codes[rows]
    found = replace(found, codes=key.codes)
    points, reasons = 0.0, list(found.reasons)
    constant = _constant(view, rows, codes)
    if constant:
        points += 2.0
        reasons.append("all its rows have the same answer")
    everyone = np.arange(len(rows))
    gap, left = gap_between(some, key.columns, everyone, codes, (None, codes))
    alike = intraclass_correlation(left, codes, view.seed.derive("structure", "alike"))
    if key.ordered and alike.share * float(left.var(axis=0).sum()) <= _EVEN * runs_on(left, codes):
        return replace(
            found, reasons=tuple(reasons)
        )  # a quantity: its neighbours answer alike, too
    more = _by_alike(alike)
    if more:
        reasons.append(
            f"{alike.share:.0%} of what a quick model leaves unexplained lies between them "
            f"({max(alike.chance, 0):.0%} by chance)"
        )
    points += more
    if gap.sure and gap.worse >= 0.02:
        points += 2.0 if gap.worse >= 0.1 else 1.0
        reasons.append(
            f"a quick model that has seen other rows of the same one leaves {gap.random:.0%} of "
            f"the answers' variation unexplained, on new ones {gap.apart:.0%}"
        )
    return replace(found, effect=points, gap=gap, alike=alike, reasons=tuple(reasons))


def _constant(view: View, rows: NDArray[np.int64], codes: NDArray[np.int64]) -> bool:
    """Tell whether rows of one thing all have its answer, beyond chance."""
    _, answers = np.unique(view.y.values[rows], return_inverse=True)
    order = np.argsort(codes, kind="stable")
    same = codes[order][1:] == codes[order][:-1]
    if same.sum() < 20:
        return False
    agreed = float((answers[order][1:] == answers[order][:-1])[same].mean())
    counts = np.bincount(answers).astype(np.float64)
    chance = float((counts * (counts - 1)).sum()) / max(len(rows) * (len(rows) - 1), 1)
    return chance < 0.95 and (agreed - chance) / (1 - chance) >= 0.97


def _by_alike(alike: Alike) -> float:
    if alike.z < _BEYOND:
        return 0.0
    steps = ((0.5, 3.0), (0.25, 2.0), (0.08, 1.0), (0.05, 0.5))
    return next((points for least, points in steps if alike.share >= least), 0.0)
