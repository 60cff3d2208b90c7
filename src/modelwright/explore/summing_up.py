"""From what was added up of a column, and its part of the sample, to its profile."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.numerals import plain
from modelwright.core.schema import Kind
from modelwright.explore.columns import SHARES, ColumnProfile, Dates, Numbers, Outliers, Texts
from modelwright.explore.gathering import Gatherer
from modelwright.stats.quantile_sketch import QuantileSketch

__all__ = ["bar_edges", "column_profile", "fences", "outliers_of", "shape_of"]

Floats = NDArray[np.float64]

TOP = 20
BARS = 30
_FAR = 4e307  # beyond it the difference of two numbers may overflow
_LOOKED = 2_000
_LETTERS = 2_000  # so many characters of a text are looked at
_WORDS = 12
_SHAPES = 6
_ROBUST = 3.5
_NORMAL = 0.6745
_RUN = 12
_WORD = re.compile(r"[^\W\d_]{3,30}")
_SECONDS = 86_400


def column_profile(one: Gatherer, sample: pl.Series) -> ColumnProfile:
    """Sum up a column.

    Parameters
    ----------
    one : Gatherer
        What was added up of all rows.
    sample : polars.Series, shape (n_sample,)
        The column in the sample of rows, typed.
    """
    column, kind = one.column, one.column.kind
    present = sample.drop_nulls()
    ordered = kind in (Kind.NUMBER, Kind.DATETIME)
    worded = not ordered and kind is not Kind.BOOLEAN and one.frequent.kept
    return ColumnProfile(
        name=column.name,
        kind=kind.value,
        role=column.role.value,
        why=column.evidence,
        rows=one.rows,
        missing=one.missing,
        marked=one.marked,
        distinct=min(one.distinct.count, one.rows - one.missing),
        distinct_exact=one.distinct.exact,
        top=_top(one),
        top_short=one.frequent.short,
        numbers=_numbers(one) if ordered and one.quantiles.count else None,
        texts=_texts(one, present) if worded else None,
        dates=_dates(present) if kind is Kind.DATETIME and len(present) else None,
    )


def _top(one: Gatherer) -> tuple[tuple[str, int], ...]:
    found = one.frequent.top(TOP)
    if one.column.kind is Kind.DATETIME:
        return tuple((_moment(value), count) for value, count in found)
    if one.column.kind is Kind.NUMBER:
        return tuple((_written(value), count) for value, count in found)
    return tuple((str(value), count) for value, count in found)


def _written(value: float) -> str:
    """Write a number so that it can be found in the file."""
    if value == math.floor(value) and abs(value) < 1e15:
        return f"{value:.0f}"
    return plain(value) if abs(value) >= 1e15 else f"{value:.12g}"


def _moment(seconds: float) -> str:
    text = str(np.datetime64(round(seconds), "s")).replace("T", " ")
    return text.removesuffix(" 00:00:00")


def _numbers(one: Gatherer) -> Numbers:
    sketch = one.quantiles
    edges = bar_edges(sketch, whole=one.whole)
    return Numbers(
        mean=one.moments.mean,
        deviation=one.moments.deviation,
        skew=one.moments.skew,
        kurtosis=one.moments.kurtosis,
        quantiles=tuple(sketch.quantiles(SHARES).tolist()),
        edges=tuple(edges.tolist()),
        counts=tuple(sketch.histogram(edges).tolist()),
        zeros=one.zeros,
        negatives=one.negatives,
        whole=one.whole,
        outliers=outliers_of(sketch),
        exact=sketch.exact,
    )


def bar_edges(sketch: QuantileSketch, *, whole: bool, bars: int = BARS) -> Floats:
    """Choose edges of bars: the outermost values are left out, where they would squeeze all others.

    Examples
    --------
    >>> sketch = QuantileSketch()
    >>> sketch.add([1.0, 2.0, 2.0, 3.0])
    >>> bar_edges(sketch, whole=True).tolist()
    [0.5, 1.5, 2.5, 3.5]
    """
    low, high = (float(end) for end in np.clip(sketch.quantiles([0.005, 0.995]), -_FAR, _FAR))
    least, most = (min(max(end, -_FAR), _FAR) for end in (sketch.least, sketch.most))
    if most / 2 - least / 2 <= 1.5 * (high / 2 - low / 2) or not high > low:
        low, high = least, most
    if whole and high - low < bars and abs(high) < 2**52:
        # each whole number has a bar of its own
        return np.arange(math.floor(low) - 0.5, math.ceil(high) + 1.0)
    if not high > low:
        pad = max(0.5, abs(low) / 1_000)
        low, high = low - pad, high + pad
    # values may lie so close that there are fewer numbers between them than bars
    return np.unique(np.linspace(low, high, bars + 1))


def fences(lower: float, upper: float, reach: float = 1.5) -> tuple[float, float]:
    """Give the values so many interquartile ranges beyond the quartiles (Tukey 1977).

    Examples
    --------
    >>> fences(10.0, 20.0)
    (-5.0, 35.0)
    """
    with np.errstate(over="ignore"):
        wide = reach * (np.float64(upper) - np.float64(lower))
        return float(lower - wide), float(upper + wide)


def outliers_of(sketch: QuantileSketch) -> Outliers:
    """Count what lies far from the rest.

    Examples
    --------
    >>> sketch = QuantileSketch()
    >>> sketch.add([*range(20), 500])
    >>> found = outliers_of(sketch)
    >>> found.above, found.far, found.robust
    (1, 1, 1)
    """
    lower, upper = sketch.quantiles([0.25, 0.75])
    low, high = fences(lower, upper)
    wide = fences(lower, upper, 3.0)
    spread, middle = sketch.spread(), sketch.quantile(0.5)
    robust = 0.0
    if spread > 0 and math.isfinite(spread):
        reach = _ROBUST * spread / _NORMAL
        robust = sketch.below(middle - reach) + sketch.above(middle + reach)
    far = sketch.below(wide[0]) + sketch.above(wide[1])
    counts = (sketch.below(low), sketch.above(high), far, robust)
    return Outliers(low, high, *(round(count) for count in counts))


def _texts(one: Gatherer, present: pl.Series) -> Texts:
    count = one.rows - one.missing
    some = present.head(_LOOKED).str.slice(0, _LETTERS)
    whole = Texts(one.shortest, one.longest, one.characters / max(count, 1))
    if some.is_empty():
        return whole
    texts = some.to_list()
    share = 1 / len(texts)
    words = Counter(word for text in texts for word in set(_WORD.findall(text.lower())))
    shapes = Counter(shape_of(text) for text in texts)
    long = one.column.kind in (Kind.TEXT, Kind.LIST)
    return Texts(
        whole.shortest,
        whole.longest,
        whole.mean,
        words=float(some.str.count_matches(r"\S+").mean() or 0.0),  # type: ignore[arg-type]
        common=_shares(words, share, _WORDS) if long else (),
        shapes=() if long else _shares(shapes, share, _SHAPES),
        links=share * int(some.str.contains(r"https?://|www\.").sum()),
        mails=share * int(some.str.contains(r"[\w.+-]+@[\w-]+\.\w").sum()),
        foreign=share * int(some.str.contains(r"[^\x00-\x7f]").sum()),
    )


def _shares(counted: Counter[str], share: float, most: int) -> tuple[tuple[str, float], ...]:
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return tuple((word, count * share) for word, count in ordered)


def shape_of(text: str) -> str:
    """Write what a value looks like: A for letters, 9 for digits, runs made short.

    Examples
    --------
    >>> shape_of("AB-1234"), shape_of("Anna Lee"), shape_of("x" * 40)
    ('A{2}-9{4}', 'Aa+ Aa+', 'a+')
    """
    marks: list[str] = []
    runs: list[int] = []
    for letter in text[: 4 * _RUN]:
        mark = "A" if letter.isupper() else "a" if letter.isalpha() else letter
        mark = "9" if letter.isdigit() else mark
        if marks and marks[-1] == mark:
            runs[-1] += 1
        else:
            marks.append(mark)
            runs.append(1)
    parts = [
        mark if run == 1 else f"{mark}+" if mark == "a" else f"{mark}{{{run}}}"
        for mark, run in zip(marks[:_RUN], runs, strict=False)
    ]
    more = "…" if len(marks) > _RUN else ""
    return "".join(parts) + more


def _dates(present: pl.Series) -> Dates:
    moments = np.sort(present.to_physical().to_numpy()) / 1e6
    days = present.dt.weekday().to_numpy()
    hours = present.dt.hour().to_numpy()
    timed = bool((moments % _SECONDS != 0).any())
    gaps = np.diff(moments)
    widest = int(np.argmax(gaps)) if len(gaps) else -1
    return Dates(
        weekdays=tuple(np.bincount(days, minlength=8)[1:8].tolist()),
        hours=tuple(np.bincount(hours, minlength=24).tolist()) if timed else (),
        gap=float(gaps[widest]) if widest >= 0 else math.nan,
        gap_from=float(moments[widest]) if widest >= 0 else math.nan,
    )
