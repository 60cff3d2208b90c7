"""How the columns of new rows differ from those of earlier ones: sizes first, then tests.

With many rows every difference is significant, with many columns some are by chance. So a column
counts as drifted only when its difference is large (population stability index) *and* its test,
corrected for the number of columns (Holm 1979), leaves no doubt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.evidence import Profile
from modelwright.core.numerals import number
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.stats.profiles import SAMPLE
from modelwright.stats.tails import above_chi2, above_ks, holm

__all__ = ["FEWEST", "ColumnDrift", "compare_profiles", "compare_tables", "drift_words"]

Floats = NDArray[np.float64]

# The usual rule for the population stability index: below 0.1 no matter, from 0.25 on a large one.
SOME = 0.1
MUCH = 0.25
# So much more, or less, of a column missing is a drift of its own.
MISSING = 0.1
SURE = 0.01
# Of fewer rows, or values, nothing is said; parts of so few expected rows are tested together.
FEWEST = 30
_EXPECTED = 5
_BINS = 10
_LEVELS = 30
_FEW_VALUES = 20
_MICROSECONDS = 1e6
_NAMED = 4
_LARGE = 10_000
_STEPS = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class ColumnDrift:
    """How one column differs between earlier and new rows.

    Parameters
    ----------
    column : str
        The column.
    psi : float
        The population stability index over tenths of the earlier numbers, or over labels, less
        what chance gives; 0: no difference, from 0.25 on a large one.
    distance : float
        The Jensen-Shannon distance over the same parts (base 2): from 0 to 1.
    ks : float
        The Kolmogorov-Smirnov distance of numbers and dates; NaN for others.
    moved : float
        The Wasserstein distance of numbers and dates, in units of the earlier interquartile
        range; NaN for others.
    missing_before, missing_now : float
        The share of rows without a value.
    p_value : float
        Of the test (Kolmogorov-Smirnov, or chi-squared, and one of missing values), corrected for
        the number of columns.
    words : str
        What changed most.
    few : bool
        Whether there are too few rows to tell: fewer than 30 on a side.
    """

    column: str
    psi: float
    distance: float
    ks: float
    moved: float
    missing_before: float
    missing_now: float
    p_value: float
    words: str
    few: bool = False

    @property
    def drifted(self) -> bool:
        """Whether the difference is large, and beyond doubt."""
        return bool(not self.few and self.p_value < SURE and self.size >= 1)

    @property
    def size(self) -> float:
        """How large the difference is; 1 is where it begins to matter."""
        return max(self.psi / SOME, abs(self.missing_now - self.missing_before) / MISSING)

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {**asdict(self), "drifted": self.drifted}


@dataclass(frozen=True)
class _Side:
    """One column of some rows: how many, the share missing, and the counts of its parts."""

    rows: float
    missing: float
    counts: Floats

    @property
    def present(self) -> float:
        return self.rows * (1 - self.missing)


def compare_tables(
    old: Table, new: Table, columns: Sequence[str] | None = None
) -> tuple[ColumnDrift, ...]:
    """Compare the columns of two tables.

    Parameters
    ----------
    old, new : Table
        Earlier rows, and new ones.
    columns : sequence of str, optional
        Those to compare; None: the features that both have. Of free text, ids, lists and
        positions only missing values are compared.

    Returns
    -------
    tuple of ColumnDrift
        The largest difference first.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> schema = Schema((Column("age", Kind.NUMBER),))
    >>> old = Table(pl.DataFrame({"age": np.arange(500) % 60.0}), schema)
    >>> new = Table(pl.DataFrame({"age": np.arange(500) % 60.0 + 30}), schema)
    >>> (found,) = compare_tables(old, new)
    >>> found.drifted, round(found.ks, 2), found.words
    (True, 0.52, 'median 28 -> 58')
    """
    names = old.features() if columns is None else columns
    found = [
        _of_series(old.frame[name], new.frame[name], old.schema[name].kind, name)
        for name in names
        if name in new.schema
    ]
    return _corrected(found)


def compare_profiles(profiles: Sequence[Profile], rows: int, new: Table) -> tuple[ColumnDrift, ...]:
    """Compare new rows with what is kept of earlier ones: quantiles, and counts of labels.

    Parameters
    ----------
    profiles : sequence of Profile
        Of the columns to compare; those that the table lacks are passed over.
    rows : int
        How many rows they were made of.
    new : Table
        New rows.

    Returns
    -------
    tuple of ColumnDrift
        The largest difference first. Of numbers, quantiles in steps of 5 % are known: distances
        are a little smaller than those of the rows themselves.

    Examples
    --------
    >>> from modelwright.core.schema import Column, Schema
    >>> from modelwright.stats import profile_table
    >>> schema = Schema((Column("town", Kind.CATEGORY),))
    >>> old = Table(pl.DataFrame({"town": ["Rome", "Oslo"] * 200}), schema)
    >>> new = Table(pl.DataFrame({"town": ["Rome"] * 90 + ["Oslo"] * 10}), schema)
    >>> (found,) = compare_profiles(profile_table(old), 400, new)
    >>> found.drifted, found.words
    (True, 'Oslo 50 % -> 10 %')
    """
    known = [profile for profile in profiles if profile.name in new.schema]
    found = [_of_profile(p, min(rows, SAMPLE), new.frame[p.name]) for p in known]
    return _corrected(found)


def drift_words(found: Sequence[ColumnDrift]) -> str:
    """Say in one line which columns drifted; empty when none did.

    Examples
    --------
    >>> one = ColumnDrift("age", 0.4, 0.3, 0.4, 0.8, 0.0, 0.0, 1e-9, "median 38 -> 52")
    >>> drift_words([one])
    "these rows differ from those of the fit in 1 of 1 columns: 'age' (median 38 -> 52)"
    """
    drifted = [one for one in found if one.drifted]
    if not drifted:
        return ""
    shown = ", ".join(f"{one.column!r} ({one.words})" for one in drifted[:_NAMED])
    more = f" and {len(drifted) - _NAMED} more" if len(drifted) > _NAMED else ""
    count = f"{len(drifted)} of {len(found)} columns"
    return f"these rows differ from those of the fit in {count}: {shown}{more}"


def _corrected(found: Sequence[ColumnDrift]) -> tuple[ColumnDrift, ...]:
    adjusted = holm([one.p_value for one in found]) if found else np.empty(0)
    told = [replace(one, p_value=float(p)) for one, p in zip(found, adjusted, strict=True)]
    return tuple(sorted(told, key=lambda one: (not one.drifted, -one.size)))


def _of_series(old: pl.Series, new: pl.Series, kind: Kind, name: str) -> ColumnDrift:
    missing = [s.null_count() / max(len(s), 1) for s in (old, new)]
    if kind in (Kind.NUMBER, Kind.DATETIME):
        x, y = (_numbers(series, kind) for series in (old, new))
        cuts = np.unique(np.quantile(x, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(x) else x
        before = _Side(len(old), missing[0], _binned(x, cuts))
        now = _Side(len(new), missing[1], _binned(y, cuts))
        ks, moved = _distances(x, y)
        return _compared(name, before, now, (ks, moved), _medians(x, y, kind))
    labels = _labels_of(old, kind)
    before = _Side(len(old), missing[0], _counted(old, labels))
    now = _Side(len(new), missing[1], _counted(new, labels))
    return _compared(name, before, now, None, _changed(labels, before, now))


def _of_profile(profile: Profile, rows: int, new: pl.Series) -> ColumnDrift:
    missing = new.null_count() / max(len(new), 1)
    kind = Kind(profile.kind)
    if kind in (Kind.NUMBER, Kind.DATETIME) and profile.quantiles:
        values = _numbers(new, kind)
        cuts, shares = _parts(profile)
        before = _Side(rows, profile.missing, shares * rows * (1 - profile.missing))
        now = _Side(len(new), missing, _binned(values, cuts))
        distances = _profile_distances(profile, values)
        words = _medians(np.array(profile.quantiles), values, kind)
        return _compared(profile.name, before, now, distances, words)
    labels, counts = list(profile.levels), list(profile.counts)
    if kind is Kind.BOOLEAN and profile.counts:
        labels, counts = ["false", "true"], [profile.counts[0], profile.counts[-1]]
    present = rows * (1 - profile.missing)
    rest = max(present - sum(counts), 0.0)
    before = _Side(rows, profile.missing, np.array([*counts, rest], np.float64))
    now = _Side(len(new), missing, _counted(new, labels if labels else []))
    return _compared(profile.name, before, now, None, _changed(labels, before, now))


def _numbers(values: pl.Series, kind: Kind) -> Floats:
    present = values.drop_nulls()
    if kind is Kind.DATETIME:
        return present.cast(pl.Int64).to_numpy() / _MICROSECONDS
    numbers = present.cast(pl.Float64).to_numpy()
    found: Floats = numbers[np.isfinite(numbers)]
    return found


def _binned(values: Floats, cuts: Floats) -> Floats:
    """Count the values up to the first cut, between the cuts, and above the last."""
    counts = np.bincount(np.searchsorted(cuts, values, side="left"), minlength=len(cuts) + 1)
    return counts.astype(np.float64)


def _parts(profile: Profile) -> tuple[Floats, Floats]:
    """Give cuts and the share of each part: bars where values are few, else about tenths."""
    quantiles, counts = np.array(profile.quantiles), np.array(profile.counts, np.float64)
    if profile.distinct <= _FEW_VALUES and counts.sum() > 0:
        filled = np.flatnonzero(counts)
        edges = np.array(profile.edges)
        return edges[filled[1:]] - 1e-9 * np.ptp(edges), counts[filled] / counts.sum()
    cuts = np.unique(quantiles[2:-1:2])
    cuts = cuts[cuts < quantiles[-1]]
    below = np.searchsorted(quantiles, cuts, side="right") - 1  # the last level at each cut
    levels = np.concatenate([[0.0], _STEPS[below], [1.0]])
    return cuts, np.diff(levels)


def _labels_of(old: pl.Series, kind: Kind) -> list[str]:
    if kind not in (Kind.CATEGORY, Kind.BOOLEAN):
        return []
    counted = old.drop_nulls().cast(pl.String).alias("level").value_counts()
    return (
        counted.sort(["count", "level"], descending=[True, False]).head(_LEVELS)["level"].to_list()
    )


def _counted(values: pl.Series, labels: Sequence[str]) -> Floats:
    """Count each label, and all others together."""
    present = values.drop_nulls()
    if not labels:
        return np.array([float(len(present))])
    counted = present.cast(pl.String).alias("level").value_counts()
    by_label = dict(zip(counted["level"].to_list(), counted["count"].to_list(), strict=True))
    known = [float(by_label.get(label, 0)) for label in labels]
    return np.array([*known, len(present) - sum(known)])


def _distances(x: Floats, y: Floats) -> tuple[float, float]:
    """Give the Kolmogorov-Smirnov distance, and Wasserstein's in interquartile ranges."""
    if not len(x) or not len(y):
        return math.nan, math.nan
    x, y = np.sort(x), np.sort(y)
    joint = np.sort(np.concatenate([x, y]))
    below_x = np.searchsorted(x, joint, side="right") / len(x)
    below_y = np.searchsorted(y, joint, side="right") / len(y)
    gaps = np.abs(below_x - below_y)
    moved = float(gaps[:-1] @ np.diff(joint))
    return float(gaps.max()), moved / _unit(np.quantile(x, [0.25, 0.75]), x)


def _unit(quartiles: Floats, values: Floats) -> float:
    """Give the interquartile range; where it is zero the whole range."""
    width = float(quartiles[1] - quartiles[0])
    return width if width > 0 else max(float(np.ptp(values)), 1e-300)


def _profile_distances(profile: Profile, values: Floats) -> tuple[float, float]:
    if not len(values):
        return math.nan, math.nan
    quantiles, ordered = np.array(profile.quantiles), np.sort(values)
    at = np.unique(quantiles)
    least = _STEPS[np.searchsorted(quantiles, at, side="left")]
    most = _STEPS[np.searchsorted(quantiles, at, side="right") - 1]
    upto = np.searchsorted(ordered, at, side="right") / len(ordered)
    before = np.searchsorted(ordered, at, side="left") / len(ordered)
    ks = float(np.maximum(most - upto, before - least).max())
    moved = float(np.trapezoid(np.abs(np.quantile(ordered, _STEPS) - quantiles), _STEPS))
    return max(ks, 0.0), moved / _unit(quantiles[[5, 15]], quantiles)


def _compared(
    name: str, before: _Side, now: _Side, distances: tuple[float, float] | None, words: str
) -> ColumnDrift:
    fewest = round(min(before.present, now.present))
    shown = fewest > 0
    psi, distance, chance = _divergences(before.counts, now.counts) if shown else (0.0, 0.0, 1.0)
    ks, moved = (math.nan, math.nan) if distances is None else distances
    if distances is not None and shown:
        chance = above_ks(ks, round(before.present), round(now.present))
    if fewest < FEWEST:  # of few values their number may be compared, not what they are
        psi, chance = 0.0, 1.0
    rows = round(min(before.rows, now.rows))
    if rows < FEWEST:
        words = f"{rows} rows are too few to tell" if rows != 1 else "1 row is too few to tell"
        sizes = psi, distance, ks, moved, before.missing, now.missing
        return ColumnDrift(name, *sizes, 1.0, words, few=True)
    gap = abs(now.missing - before.missing)
    if gap >= MISSING and gap / MISSING > psi / SOME:
        words = f"missing {_percent(before.missing)} -> {_percent(now.missing)}"
    p_value = min(1.0, 2 * min(chance, _of_shares(before, now)))
    return ColumnDrift(name, psi, distance, ks, moved, before.missing, now.missing, p_value, words)


def _divergences(old: Floats, new: Floats) -> tuple[float, float, float]:
    """Give the stability index less what chance gives, the distance, and the chi-squared test."""
    there = old + new > 0
    old, new = old[there], new[there]
    n, m, k = old.sum(), new.sum(), len(old)
    p, q = (old + 0.5) / (n + 0.5 * k), (new + 0.5) / (m + 0.5 * k)
    psi = float(((p - q) * np.log(p / q)).sum()) - (k - 1) * (1 / n + 1 / m)
    a, b = old / n, new / m
    middle = (a + b) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(s > 0, s * np.log2(s / middle), 0.0).sum() for s in (a, b)]
    return max(psi, 0.0), math.sqrt(max(sum(parts) / 2, 0.0)), _chi_squared(np.stack([old, new]))


def _chi_squared(counts: Floats) -> float:
    """Test whether two rows of counts have the same shares; rare parts count as one."""
    rows, parts = counts.sum(axis=1), counts.sum(axis=0)
    rare = rows.min() * parts < _EXPECTED * rows.sum()
    if rare.sum() > 1:
        counts = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
        parts = counts.sum(axis=0)
    expected = np.outer(rows, parts) / rows.sum()
    return above_chi2(float(((counts - expected) ** 2 / expected).sum()), counts.shape[1] - 1)


def _of_shares(before: _Side, now: _Side) -> float:
    """Test whether as many values are missing as before: two shares, by the normal distribution."""
    lost = before.rows * before.missing + now.rows * now.missing
    share = lost / max(before.rows + now.rows, 1)
    error = math.sqrt(share * (1 - share) * (1 / max(before.rows, 1) + 1 / max(now.rows, 1)))
    if error == 0:
        return 1.0
    return math.erfc(abs(now.missing - before.missing) / error / math.sqrt(2))


def _medians(x: Floats, y: Floats, kind: Kind) -> str:
    if not len(x) or not len(y):
        return "no values on one side"
    pair = [float(np.median(side)) for side in (x, y)]
    if kind is Kind.DATETIME:
        days = [str(np.datetime64(round(value), "s").astype("datetime64[D]")) for value in pair]
        return f"median {days[0]} -> {days[1]}"
    texts = [_written(value) for value in pair]
    if texts[0] == texts[1]:  # the middle stays, the spread does not
        spans = [np.quantile(side, [0.05, 0.95]) for side in (x, y)]
        low, high = ([_written(end) for end in span] for span in spans)
        return f"nine in ten {low[0]} to {low[1]} -> {high[0]} to {high[1]}"
    return f"median {texts[0]} -> {texts[1]}"


def _written(value: float) -> str:
    """Write a number without a power of ten; one of four digits may be a year."""
    return number(value, 4) if abs(value) >= _LARGE else f"{value:.4g}"


def _changed(labels: Sequence[str], before: _Side, now: _Side) -> str:
    names = [*labels, "other values"] if labels else ["values"]
    old, new = (side.counts / max(side.counts.sum(), 1) for side in (before, now))
    most = int(np.argmax(np.abs(new - old)))
    return f"{names[most][:40]} {_percent(old[most])} -> {_percent(new[most])}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
