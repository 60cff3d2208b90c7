"""Values that may stand for "missing" without saying so."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from modelwright.core.schema import Kind
from modelwright.explore.columns import ColumnProfile

__all__ = ["Suspect", "suspects"]

_CODES = frozenset(
    [-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0]
)
_DAYS = frozenset(
    ["1900-01-01", "1970-01-01", "1899-12-30", "1899-12-31", "1753-01-01", "1800-01-01",
     "2099-12-31", "2999-12-31", "9999-12-31"]
)  # fmt: skip
_WORDS = re.compile(
    r"(?i)^(unknown|unk\.?|don'?t know|not known|not stated|not specified|unspecified|"
    r"undetermined|not available|no data|none given|tbd|to be determined|xxx+|test|dummy|"
    r"nicht bekannt|unbekannt|desconocido|inconnu)$"
)
_LEAST, _SHARE = 3, 0.002
_FEWEST = 3


@dataclass(frozen=True)
class Suspect:
    """A value that may mean that nothing is known.

    Parameters
    ----------
    column, value : str
        Where, and what stands there.
    rows : int
        How often.
    why : str
        What speaks for it.
    certain : bool
        Whether it lies far outside of all other values.
    """

    column: str
    value: str
    rows: int
    why: str
    certain: bool


def suspects(profile: ColumnProfile, sample: pl.Series) -> tuple[Suspect, ...]:
    """Find values of a column that may stand for "missing".

    Parameters
    ----------
    profile : ColumnProfile
        The column.
    sample : polars.Series
        Its part of the sample, typed.

    Returns
    -------
    tuple of Suspect
    """
    least = max(_LEAST, _SHARE * profile.present)
    often = [(value, count) for value, count in profile.top if count >= least]
    if profile.kind == Kind.NUMBER:
        return tuple(_codes(profile, often, sample))
    if profile.kind == Kind.DATETIME:
        return tuple(_days(profile, often, sample))
    if profile.kind == Kind.CATEGORY and profile.distinct > 2:
        return tuple(
            Suspect(profile.name, value, count, "says that nothing is known", certain=False)
            for value, count in often
            if _WORDS.match(value)
        )
    return ()


def _codes(
    profile: ColumnProfile, often: list[tuple[str, int]], sample: pl.Series
) -> list[Suspect]:
    numbers = profile.numbers
    if numbers is None:
        return []
    ends = {numbers.quantiles[0], numbers.quantiles[-1]}
    found = []
    for text, count in often:
        value = float(text)
        if value not in _CODES or value not in ends:
            continue
        others = sample.filter((sample != value) & sample.is_not_null())
        why, certain = _apart(value, others)
        if why:
            found.append(Suspect(profile.name, text, count, why, certain))
    return found


def _apart(value: float, others: pl.Series) -> tuple[str, bool]:
    """Say how a number lies apart from the others, and whether far; empty when it does not."""
    values = others.to_numpy()
    if len(np.unique(values[:1000])) < _FEWEST:
        return "", False
    least, most = float(values.min()), float(values.max())
    wide, below = most - least, value < 0 <= least
    if value - most > max(wide, 0.5 * abs(most)) or (below and least - value > wide / 4):
        return f"lies far outside of the other values ({least:g} to {most:g})", True
    if below and value == -1:
        return f"lies below zero, as no other value does ({least:g} to {most:g})", False
    return "", False


def _days(profile: ColumnProfile, often: list[tuple[str, int]], sample: pl.Series) -> list[Suspect]:
    """Find days that programs write for none, where the others lie years away."""
    moments = sample.drop_nulls().to_physical().to_numpy() / 1e6
    found = []
    for text, count in often:
        if text[:10] not in _DAYS:
            continue
        value = float(np.datetime64(text.replace(" ", "T")).astype("datetime64[s]").astype(int))
        others = moments[np.abs(moments - value) > 86_400]
        if len(others) < _FEWEST:
            continue
        gap = float(np.abs(others - value).min())
        wide = float(others.max() - others.min())
        if math.isfinite(gap) and gap > max(0.25 * wide, 86_400 * 365):
            why = "is a day that programs write for none, years from all others"
            found.append(Suspect(profile.name, text, count, why, certain=True))
    return found
