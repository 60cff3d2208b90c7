"""Tables without a leak that look as if: strong columns, ids, notes, sorted rows, honest pasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from leaks.cases import DataCase, Truth, generator
from leaks.columns import LETTERS, OUTCOME, TALK, holes, skewed
from leaks.future import stamped
from leaks.naming import add, disguise
from leaks.sets import TABLES, Real, draw, read
from leaks.worth import as_numbers, plain, predict

__all__ = ["FORMS", "clean_table"]

SIZES, WIDTHS = (500, 1500), (5, 18)

Made = tuple[Real, list[pl.Series]]


def clean_table(seed: int) -> DataCase:
    """Draw an honest table; the forms take turns."""
    rng = generator("clean table", seed)
    form = list(FORMS)[seed % len(FORMS)]
    real, extra = FORMS[form](rng, seed // len(FORMS))
    table, _ = add(rng, real.frame, extra)
    table, named = disguise(rng, table, real.target)
    return DataCase(Truth("clean", "data", form, real.name, severity=""), table, named[real.target])


def _any(rng: np.random.Generator, seed: int) -> Real:
    if seed % 2:
        return draw(rng, str(rng.choice(TABLES.numbers)), SIZES, WIDTHS)
    return draw(
        rng, str(rng.choice(TABLES.many if seed % 8 == 6 else TABLES.binary)), SIZES, WIDTHS
    )


def _as_found(rng: np.random.Generator, seed: int) -> Made:
    return _any(rng, seed), []


def _strong(rng: np.random.Generator, seed: int) -> Made:
    return draw(rng, TABLES.strong[seed % len(TABLES.strong)], SIZES, (6, 25)), []


def _old_score(rng: np.random.Generator, seed: int) -> Made:
    """Add what an older model says, fitted on rows that are not in the table."""
    real, old = _two_parts(rng, _any(rng, 2 * (seed // 2) + seed % 2))
    X, Z = _same_codes(old, real)
    p = predict(plain(real.task).fit(X, old.y), Z)
    return real, [holes(rng, np.round(p if p.ndim == 1 else p[:, 0], 4), 0.05)]


def _history(rng: np.random.Generator, seed: int) -> Made:
    """Add the mean answer of a category in earlier rows, which are not in the table."""
    real, old = _two_parts(rng, _any(rng, seed))
    name = max(real.features, key=lambda one: real.frame[one].n_unique() < 60)
    means = pd.Series(old.y).groupby(old.frame[name].cast(pl.String).to_numpy()).mean()
    words = pd.Series(real.frame[name].cast(pl.String).to_numpy())
    return real, [pl.Series(words.map(means).fillna(old.y.mean()).round(5).to_numpy())]


def _two_parts(rng: np.random.Generator, real: Real) -> tuple[Real, Real]:
    order = rng.permutation(real.frame.height)
    half = len(order) // 2
    here, old = real.rows(order[:half]), real.rows(order[half:])
    return here, old


def _same_codes(old: Real, new: Real) -> tuple[NDArray[Any], NDArray[Any]]:
    both = as_numbers(pl.concat([old.frame, new.frame]).select(old.features))
    return both[: old.frame.height], both[old.frame.height :]


def _ids(rng: np.random.Generator, seed: int) -> Made:
    """Add ids, numbers and days that mean nothing."""
    real = _any(rng, seed)
    size = real.frame.height
    first = date(int(rng.integers(2009, 2022)), 1, 1)
    codes = ["".join(rng.choice(LETTERS, 3)) + str(n) for n in rng.permutation(9000)[:size] + 1000]
    folders = rng.choice(["ra", "tb", "neu", "old"], size)
    days = [str(first + timedelta(days=int(d))) for d in rng.integers(0, 900, size)]
    made = [
        pl.Series(np.arange(size) + int(rng.integers(1, 9000))),
        pl.Series(codes),
        pl.Series([f"set{p}/{f}/{n}.dat" for p, f, n in
                   zip(rng.integers(1, 5, size), folders, rng.permutation(size), strict=True)]),
        pl.Series(days),
    ]  # fmt: skip
    return real, [made[i] for i in rng.permutation(4)[: int(rng.integers(2, 5))]]


def _notes(rng: np.random.Generator, seed: int) -> Made:
    """Add notes that say much, but not the answer."""
    real = _any(rng, seed)
    said = [*TALK, *OUTCOME]
    texts = ["; ".join(rng.choice(said, int(rng.integers(1, 4)), replace=False))
             for _ in range(real.frame.height)]  # fmt: skip
    return real, [holes(rng, texts, 0.2), holes(rng, skewed(rng, len(texts)), 0.3)]


def _gaps(rng: np.random.Generator, seed: int) -> Made:
    """Add columns that are filled in for some kinds of rows: a matter of another column."""
    real = _any(rng, seed)
    frame = real.frame
    made = []
    for name in rng.permutation(real.features)[:3]:
        rank = frame[str(name)].cast(pl.String).rank("dense").fill_null(0).to_numpy()
        there = (rank % int(rng.integers(2, 4))) == 0
        values = np.where(there, skewed(rng, len(there)), np.nan)
        made.append(pl.Series(values).fill_nan(None))
    return real, made


def _some_twice(rng: np.random.Generator, seed: int) -> Made:
    """Repeat one row in fifty, as files do."""
    real = _any(rng, seed)
    size = real.frame.height
    rows = np.concatenate([np.arange(size), rng.integers(0, size, size // 50)])
    return real.rows(rng.permutation(rows)), []


def _sorted(rng: np.random.Generator, seed: int) -> Made:
    """Sort by a column that says little of the answer, and number the rows."""
    real = _any(rng, seed)
    y = real.y
    tied = {name: abs(_tie(real.frame[name], y)) for name in real.features}
    real = real.having(real.frame.sort(min(tied, key=lambda name: tied[name])))
    return real, [pl.Series(np.arange(real.frame.height) + int(rng.integers(1, 900)))]


def _tie(column: pl.Series, y: NDArray[Any]) -> float:
    codes = np.nan_to_num(as_numbers(column.to_frame())[:, 1], nan=-1.0)
    return float(np.nan_to_num(np.corrcoef(codes, y)[0, 1])) if codes.std() and y.std() else 0.0


def _past(rng: np.random.Generator, seed: int) -> Made:
    """Give rows in the order of time, with means of answers that were known by then."""
    real, when = stamped(rng, seed)
    before = pd.Series(real.y).shift(int(rng.integers(1, 4)))
    mean = before.rolling(int(rng.integers(2, 8)), min_periods=1).mean().round(5).to_numpy()
    return real, [when, pl.Series(mean).fill_nan(None)]


def _whole(rng: np.random.Generator, seed: int) -> Made:
    """Give a small set whole, with all of its columns."""
    real = read(TABLES.whole[seed % len(TABLES.whole)])
    return real.rows(rng.permutation(real.frame.height)[:2000]), []


FORMS: dict[str, Callable[[np.random.Generator, int], Made]] = {
    "as found": _as_found,
    "strong columns": _strong,
    "score of an older model": _old_score,
    "means of earlier rows": _history,
    "ids": _ids,
    "notes": _notes,
    "gaps": _gaps,
    "some rows twice": _some_twice,
    "sorted by another column": _sorted,
    "past answers": _past,
    "whole small set": _whole,
}
