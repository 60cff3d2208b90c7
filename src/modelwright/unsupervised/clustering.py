"""Groups of rows: how many, found how, how far they hold, and what is typical of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.seed import Seed
from modelwright.core.table import Table
from modelwright.unsupervised.criteria import (
    agreement,
    jaccard,
    one_cloud,
    prediction_strength,
    silhouette,
)
from modelwright.unsupervised.described import flat_map, traits_of, unusual_rows
from modelwright.unsupervised.findings import Candidate, Findings, Group
from modelwright.unsupervised.fitting import METHODS, Asked, Groups, fit_groups
from modelwright.unsupervised.groups import NOBODY
from modelwright.unsupervised.measured import measured
from modelwright.unsupervised.number import STABLE, Effort, Number, Trial, choose_number
from modelwright.unsupervised.space import Rows, Space

__all__ = ["USUAL", "cluster"]

Codes = NDArray[np.int64]

USUAL = ("k-means", "ward", "mixture", "hdbscan")
"""The ways that are tried where none is named; the first ones where they are equally good."""

# On so many rows ways are compared; a difference of so much is none.
_COMPARED = 800
_EQUAL = 0.02
# Groups that leave out more rows are no picture of the table.
_MOST_NOBODY = 0.5
# Clusterings that agree less are others.
_OTHERS = 0.6
_TABLES = 4
_ROWS_EACH = 5


def cluster(
    table: Table,
    *,
    methods: Sequence[str] = (),
    count: int | None = None,
    effort: Effort | None = None,
    seed: int = 0,
) -> tuple[Space, Groups, Findings]:
    """Find the groups of a table's rows, or say that there are none.

    How many there are is asked of k-means (see `choose_number`); then the other ways look for as
    many, and HDBSCAN for as many as it finds. The one whose groups are found again best in other
    rows (prediction strength) is taken.

    Parameters
    ----------
    table : Table
        Rows.
    methods : sequence of str
        Keys of `METHODS`; the four of `USUAL` when left out.
    count : int, optional
        How many groups; None finds out.
    effort : Effort, optional
        How much is looked at.
    seed : int
        The only source of randomness.

    Returns
    -------
    space : Space
        How rows are measured.
    groups : Groups
        The clustering; one group where none hold.
    findings : Findings
        The evidence.

    Raises
    ------
    DataError
        When there are fewer than 10 rows, or no column that can be measured.
    OptionError
        When a method is unknown or cannot be used, or there are fewer rows than groups.
    """
    effort, root = effort or Effort(), Seed(seed)
    for name in methods:
        if name not in METHODS:
            raise OptionError("a way of clustering", repr(name), did_you_mean(name, METHODS))
    space, rows, notes = measured(table)
    if count is not None and not 1 <= count <= len(rows) // 2:
        raise OptionError(f"1 to {len(rows) // 2:,} clusters of {len(rows):,} rows", str(count))
    number = choose_number(rows, space, effort, seed)
    wanted = number.count if count is None else count
    numbers = len(space.numbers)
    # a cloud of more numbers than rows is a guess; who names the way gets it all the same
    clouds = numbers and (methods or len(rows) >= _ROWS_EACH * wanted * (numbers + 1))
    tried = [name for name in methods or USUAL if name != "mixture" or clouds]
    if not tried:
        raise OptionError(
            "a column of numbers for a mixture", "none", "name another way: --models k-means"
        )
    asked = Asked(wanted, root.derive("cluster"), space.sizes)
    sample = _sample(rows, root.derive("compare"))
    candidates = [_candidate(name, rows, sample, asked, effort) for name in tried]
    best = _best(candidates, sample, space, effort, asked, number, forced=count is not None)
    if best is None:
        asked, name = replace(asked, count=1), "k-means"
    else:
        name = best.name
    groups = fit_groups(name, rows, asked)
    labels = groups.labels(rows)
    told = _compared(candidates, best, rows, asked, labels)
    found = Findings(
        _why(number, best, count),
        tuple(_plain(trial) for trial in number.trials),
        number.votes,
        told,
        notes=(*notes, *_other_groups(told, best)),
    )
    return space, groups, _findings(table, space, rows, groups, found, effort)


def _other_groups(told: Sequence[Candidate], best: Candidate | None) -> list[str]:
    """Say which other groups hold as well: there is more than one way to see these rows."""
    others = [
        f"{one.name} ({one.count} groups, agreement {one.agreement:.2f})"
        for one in told
        if one.score >= STABLE and one.nobody <= _MOST_NOBODY and one.agreement < _OTHERS
    ]
    if best is None or not others:
        return []
    return [
        f"Other groups hold as well, by {' and '.join(others)}: look at them with "
        f"--models {others[0].split()[0]} before trusting either."
    ]


def _plain(trial: Trial) -> dict[str, float | None]:
    """Give the fields as plain JSON, which knows no NaN."""
    values: dict[str, float] = asdict(trial)
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _sample(rows: Rows, seed: int) -> Rows:
    if len(rows) <= _COMPARED:
        return rows
    return rows.take(np.sort(np.random.default_rng(seed).choice(len(rows), _COMPARED, False)))


def _candidate(name: str, rows: Rows, sample: Rows, asked: Asked, effort: Effort) -> Candidate:
    """Fit one way, and see whether its groups are found again."""
    groups = fit_groups(name, rows, asked)
    labels = groups.labels(rows)
    if groups.count < 2:
        return Candidate(name, groups.count, math.nan, nobody=float((labels == NOBODY).mean()))
    few = replace(asked, starts=3)

    def fit(some: Rows) -> Groups:
        return fit_groups(name, some, replace(few, count=min(asked.count, len(some))))

    strength = prediction_strength(sample, fit, splits=max(effort.splits - 2, 1), seed=asked.seed)
    return Candidate(
        name,
        groups.count,
        strength,
        silhouette=silhouette(rows.points, labels),
        nobody=float((labels == NOBODY).mean()),
    )


def _best(
    candidates: Sequence[Candidate],
    sample: Rows,
    space: Space,
    effort: Effort,
    asked: Asked,
    number: Number,
    *,
    forced: bool,
) -> Candidate | None:
    """Take the way whose groups are found again best; None where no groups hold."""
    sound = [one for one in candidates if one.count > 1]
    if forced:
        known = [one for one in sound if one.name != "hdbscan"] or sound
        return _first_best(known) if asked.count > 1 or not known else None
    sound = [one for one in sound if one.score >= STABLE and one.nobody <= _MOST_NOBODY]
    if number.count == 1:
        # k-means found nothing that holds; dense groups of another form may be there all the same
        dense = [one for one in sound if one.name == "hdbscan"]
        sound = dense if dense and not _by_chance(sample, space, effort, asked) else []
    return _first_best(sound) if sound else None


def _first_best(known: Sequence[Candidate]) -> Candidate | None:
    if not known:
        return None
    most = max(one.score for one in known)
    return next(one for one in known if one.score >= most - _EQUAL)


def _by_chance(sample: Rows, space: Space, effort: Effort, asked: Asked) -> bool:
    """Whether HDBSCAN finds stable groups in a cloud without any, in one of four draws."""
    rng = np.random.default_rng(asked.seed)
    for _ in range(min(_TABLES, max(effort.references, 1))):
        cloud = one_cloud(sample, space, rng)
        found = _candidate("hdbscan", cloud, cloud, asked, effort)
        if found.count > 1 and found.score >= STABLE and found.nobody <= _MOST_NOBODY:
            return True
    return False


def _compared(
    candidates: Sequence[Candidate], best: Candidate | None, rows: Rows, asked: Asked, labels: Codes
) -> tuple[Candidate, ...]:
    """Say how far each way agrees with the chosen one, which stands first."""
    if best is None:
        return tuple(candidates)
    some = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), 2_000)).astype(np.int64))
    few, told = rows.take(some), []
    for one in candidates:
        other = labels[some] if one is best else fit_groups(one.name, rows, asked).labels(few)
        told.append(replace(one, agreement=agreement(labels[some], other)))
    return tuple(sorted(told, key=lambda one: one.name != best.name))


def _why(number: Number, best: Candidate | None, count: int | None) -> str:
    there = 1 if best is None else best.count
    if count is not None and count != there:
        finds = "no groups" if best is None else f"{there} groups"
        return (
            f"hdbscan, which finds the number itself, finds {finds}, not the {count} asked for; "
            f"by k-means {number.why}"
        )
    if count is not None:
        seen = next((one for one in number.trials if one.count == count), None)
        if count == 1 or seen is None:
            return f"{count} clusters, as asked"
        holds = "they hold" if seen.holds else "they do not hold"
        strength = f"prediction strength {seen.strength:.2f}"
        return f"{count} clusters, as asked; by k-means {holds} ({strength}); {number.why}"
    if best is None:
        if number.count == 1:
            return number.why
        return f"no groups hold by the ways that were compared; by k-means alone {number.why}"
    if number.count == 1:
        return (
            f"{best.count} dense groups of a form that k-means does not find: found again in other "
            f"rows (prediction strength {best.score:.2f})"
        )
    if best.count != number.count:
        return f"{best.count} groups by {best.name}, found again best; k-means: {number.why}"
    return f"{number.why}; by {best.name}"


def _findings(
    table: Table, space: Space, rows: Rows, groups: Groups, found: Findings, effort: Effort
) -> Findings:
    """Describe the groups."""
    labels, seed = groups.labels(rows), Seed(0).derive("described")
    count = int(labels.max(initial=0)) + 1
    stability = np.full(count, math.nan)
    if count > 1 and effort.draws:
        sample = _sample(rows, seed)
        asked = Asked(count, seed, space.sizes, starts=3)

        def fit(some: Rows) -> Groups:
            return fit_groups(groups.name, some, replace(asked, count=min(count, len(some))))

        stability = jaccard(sample, fit, groups.labels(sample), draws=effort.draws, seed=seed)
        stability = np.append(stability, np.full(max(count - len(stability), 0), math.nan))
    traits = traits_of(table, space, rows, labels) if count > 1 else [()]
    sizes = np.bincount(labels[labels != NOBODY], minlength=count)
    each = zip(sizes.tolist(), stability.tolist(), traits, strict=False)
    distance = np.nan_to_num(groups.distance(rows), posinf=0.0)
    ratio = distance / _usual(distance, labels)
    drawn, mapped, spread = flat_map(rows, labels, seed)
    return replace(
        found,
        groups=tuple(Group(*one) for one in each),
        unusual=unusual_rows(table, space, rows, ratio, ratio),
        map=drawn,
        labels=mapped,
        spread=spread,
        usual=np.percentile(distance, np.arange(101.0)),
    )


def _usual(distance: NDArray[np.float64], labels: Codes) -> NDArray[np.float64]:
    """Give the middle distance within each row's group."""
    whole = float(np.median(distance)) or 1.0
    usual = np.full(len(labels), whole)
    for group in np.unique(labels[labels != NOBODY]):
        usual[labels == group] = float(np.median(distance[labels == group])) or whole
    return usual
