"""Missing cells, and values that stand for "missing" without saying so."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.comparable import are_dates
from modelwright.clean.detectors.told import Told
from modelwright.clean.numbers import Numbers, read_numbers

__all__ = ["MARKERS", "SENTINELS", "disguised", "says_nothing", "surely_missing"]

MARKERS = frozenset(
    ["?", "??", "-", "--", "---", ".", "..", "...", "na", "n/a", "n.a.", "n.a", "#n/a", "nan",
     "nat", "null", "none", "nil", "(null)", "<na>", "#div/0!", "#value!", "#ref!", "#name?",
     "#num!", "undefined", "missing", "not available", "not applicable", "unknown", "unk", "tbd",
     "tba", "not known", "not stated", "not specified", "unspecified", "x", "xx", "xxx", "*", "_",
     "__", "0000-00-00", "00/00/0000", "k.a.", "k. a.", "keine angabe", "unbekannt",
     "nicht bekannt", "desconocido", "inconnu", "n/d", "n.d.", "s/o"]
)  # fmt: skip
"""Words that mean "missing" in many files, in small letters."""
SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0)
"""Numbers that mean "missing" in many files, when they lie outside of the others."""
_ANYWHERE = frozenset(
    ["?", "??", "n/a", "#n/a", "nan", "null", "(null)", "<na>", "#div/0!", "#value!", "#ref!",
     "#name?", "#num!", "undefined", "not available"]
)  # fmt: skip
# Words that `fit` reads as missing in any column; the others may be answers among words.
_LABELS = frozenset(["none", "nil"])
# Words that may well be an answer where no numbers or dates are asked for: no schooling at all.
_EDGE_DAY = r"^(?:9999|000[01])[-/.]|\d[-/.](?:9999|000[01])(?:\D|$)"
"""Open ends and empty clocks of databases: `fit` reads them as missing too."""
_USUAL = 0.3
_MOST = 0.9
_FEWEST = 3
_WORD, _CODE = 0.98, 0.95


def disguised(coded: Coded, column: int, numbers: Numbers | None) -> Told:
    """Judge values that may stand for "missing".

    A missing cell is not suspect by itself: that a value ought to be there is seen from other rows.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.
    numbers : Numbers or None
        What `numbers_of` gives.

    Returns
    -------
    Told
    """
    values, counts = coded.values[column], coded.counts[column]
    marked = _marked(values)
    sentinel = _edge_days(values, counts)
    if numbers is not None:
        sentinel |= _sentinels(numbers.amount)
    whole = max(coded.height, 1)
    odd = marked | sentinel
    label = _marked(values, _LABELS)
    if numbers is None and label.any() and not _are_dates(values, counts * ~marked):
        odd &= ~label
    share = float(counts[odd].sum()) / whole
    chance = np.where(odd, 0.7 if share < _USUAL else 0.3, 0.0).astype(np.float32)
    gone = coded.codes[:, column] == MISSING
    measures = np.column_stack(
        [
            gone,
            np.full(coded.height, float(gone.mean()) if whole else 0.0),
            coded.spread(column, marked.astype(np.float32)),
            coded.spread(column, sentinel.astype(np.float32)),
        ]
    ).astype(np.float32)
    reason = f"stands for a missing value in {coded.columns[column]!r}"
    return Told(reason, coded.spread(column, chance), measures)


def says_nothing(text: str) -> bool:
    """Tell whether a text is a word that means missing in many files.

    Examples
    --------
    >>> says_nothing(" Unknown"), says_nothing("no")
    (True, False)
    """
    word = text.strip().lower()
    return not word or word in MARKERS


def _marked(values: pl.Series, words: frozenset[str] = MARKERS) -> NDArray[np.bool_]:
    word = values.str.strip_chars().str.to_lowercase()
    known = word.is_in(pl.Series(sorted(words)).implode()).to_numpy() | (word == "").to_numpy()
    return np.asarray(known, np.bool_)


def _are_dates(values: pl.Series, counts: NDArray[np.int64]) -> bool:
    return bool(counts[are_dates(values)].sum() >= _MOST * max(counts.sum(), 1))


def _edge_days(values: pl.Series, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark days in the years 1 and 9999 among other days."""
    edge = np.asarray(values.str.contains(_EDGE_DAY).to_numpy(), np.bool_)
    others = counts * ~(edge | _marked(values))
    if not edge.any() or (others > 0).sum() < _FEWEST:
        return np.zeros(len(values), np.bool_)
    return edge if _are_dates(values, others) else np.zeros(len(values), np.bool_)


def _sentinels(amount: NDArray[np.float64], reach: float = 0.5) -> NDArray[np.bool_]:
    """Mark codes that lie outside of the other numbers, above by so many of their ranges."""
    inner = amount[np.isfinite(amount) & ~np.isin(amount, SENTINELS)]
    if len(inner) < _FEWEST:
        return np.zeros(len(amount), np.bool_)
    low, high = float(inner.min()), float(inner.max())
    width = max(high - low, 1e-9)
    far = (amount < min(low, 0.0)) | (amount > high + reach * width)
    return np.asarray(np.isin(amount, SENTINELS) & far, np.bool_)


def surely_missing(coded: Coded, column: int) -> NDArray[np.float32]:
    """Say how surely cells hold nothing but a word or a code for "missing".

    That is so of words among numbers or dates, of days in the years 1 and 9999 among others, of a
    few words anywhere (those that `fit` reads as missing in any column), and of codes such as -999
    that come again and lie far outside of all other numbers of their column.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.

    Returns
    -------
    float array of shape (rows,)
        0 where a cell may say something.

    Examples
    --------
    >>> from modelwright.clean.coded import code_table
    >>> coded = code_table(pl.DataFrame({"size": ["12", "14", "none", "9"], "pet": ["none"] * 4}))
    >>> surely_missing(coded, 0).round(2).tolist(), surely_missing(coded, 1).tolist()
    ([0.0, 0.0, 0.9800000190734863, 0.0], [0.0, 0.0, 0.0, 0.0])
    """
    values, counts = coded.values[column], coded.counts[column]
    if not len(values):
        return np.zeros(coded.height, np.float32)
    marked = _marked(values)
    others = counts * ~marked
    found = np.where(_marked(values, _ANYWHERE), _WORD, 0.0)
    if others.sum() < _FEWEST:
        return coded.spread(column, np.zeros(len(values), np.float32))
    amount = read_numbers(values, others).amount
    if others[np.isfinite(amount)].sum() >= _MOST * others.sum():
        found[marked & ~np.isfinite(amount)] = _WORD
        found[_sentinels(amount, 1.0) & (counts >= _FEWEST)] = _CODE
    elif marked.any() and _are_dates(values, others):
        found[marked] = _WORD
    found[_edge_days(values, counts)] = _WORD
    return coded.spread(column, found.astype(np.float32))
