"""Columns that hold the answer: copies, spellings, what came after, and the order of rows.

Each form takes a source of randomness, the answers, the honest table and `push` (0 for the first
draw, up to 1 for a stronger one) and gives the columns that leak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from leaks.sets import Real

__all__ = ["FORMS", "holes", "skewed"]

Answers = NDArray[np.float64]
LETTERS = np.array(list("ABCDEFGHJKLMNPQRSTUVWXYZ"))
TALK = (
    "called on monday", "see the sheet", "as agreed", "no remarks", "checked twice", "sent by post",
    "asked for a copy", "second visit", "moved to the other desk", "form was incomplete",
)  # fmt: skip
OUTCOME = ("closed with note", "passed on", "item returned", "signed off", "under review",
           "forwarded to branch", "went to archive", "reopened in may")  # fmt: skip


@dataclass(frozen=True)
class Draw:
    """What a form draws from.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of randomness.
    real : Real
        The honest table.
    push : float
        0 for the first draw of a case, up to 1 for the strongest.
    """

    rng: np.random.Generator
    real: Real
    push: float

    @property
    def y(self) -> Answers:
        """The answers."""
        return self.real.y

    def wrong(self, most: float) -> Answers:
        """Give the answers with a few of them wrong: another class, or another row's number."""
        share = self.rng.uniform(0, most) * (1 - self.push)
        hit = self.rng.random(len(self.y)) < share
        return np.where(hit, self.rng.permutation(self.y), self.y)

    def size(self, low: float, high: float) -> float:
        """Draw a strength; the harder the draw is pushed, the nearer to `high`."""
        return float(self.rng.uniform(low + (high - low) * self.push, high))


Form = Callable[[Draw], list[pl.Series]]


def holes(rng: np.random.Generator, values: Any, most: float) -> pl.Series:
    """Lose some values, whatever they are."""
    lost = rng.random(len(values)) < rng.uniform(0, most)
    return pl.Series([None if gone else v for v, gone in zip(list(values), lost, strict=True)])


def skewed(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw amounts as they come: many small ones, some large."""
    return np.round(np.exp(rng.normal(rng.uniform(2, 6), 0.8, size)), 2)


# --- copies of the answer


def _other_words(it: Draw) -> list[pl.Series]:
    y = it.wrong(0.05).astype(int)
    words = it.rng.permutation(["open", "shut", "north", "south", "p1", "p2", "low", "std"])
    return [holes(it.rng, words[y], 0.15)]


def _many_codes(it: Draw) -> list[pl.Series]:
    y = it.wrong(0.05).astype(int)
    each = int(it.rng.integers(3, 9))
    codes = it.rng.permutation(np.arange(100, 100 + each * (y.max() + 1)))
    return [holes(it.rng, codes[y * each + it.rng.integers(0, each, len(y))], 0.1)]


def _noisy_class(it: Draw) -> list[pl.Series]:
    step = it.size(3.2, 6.0) * it.rng.choice([-1, 1])
    values = it.rng.permutation(int(it.y.max()) + 1)[it.y.astype(int)] * step
    scale, shift = np.exp(it.rng.normal(0, 2)), it.rng.normal(0, 20)
    return [
        holes(it.rng, np.round(scale * (values + it.rng.normal(size=len(values))) + shift, 4), 0.15)
    ]


def _rescaled(it: Draw) -> list[pl.Series]:
    scale = np.exp(it.rng.normal(0, 2)) * it.rng.choice([-1, 1])
    return [holes(it.rng, scale * it.y + it.rng.normal(0, 5), 0.2)]


def _noisy_number(it: Draw) -> list[pl.Series]:
    noise = it.rng.normal(size=len(it.y)) * it.y.std() * (1 - it.size(0.75, 0.97))
    return [holes(it.rng, np.exp(it.rng.normal(0, 2)) * (it.y + noise), 0.1)]


def _bent(it: Draw) -> list[pl.Series]:
    low = it.y - it.y.min()
    bent = [np.log1p(low / (low.std() or 1)), np.sqrt(low), low.argsort().argsort() + 1.0]
    return [holes(it.rng, np.round(bent[it.rng.integers(3)], 5), 0.1)]


def _binned(it: Draw) -> list[pl.Series]:
    count = int(it.rng.integers(8, 25))
    edges = np.unique(np.quantile(it.y, np.linspace(0, 1, count + 1)[1:-1]))
    names = it.rng.permutation([f"{a}{b}" for a in LETTERS for b in range(1, 4)])
    return [holes(it.rng, names[np.digitize(it.wrong(0.03), edges)], 0.1)]


def _for_some(it: Draw) -> list[pl.Series]:
    """Copy the answers of some rows; the column is empty in the others."""
    known = it.rng.random(len(it.y)) < it.size(0.35, 0.7)
    if it.real.task == "regression":
        values: Any = np.round(it.y * np.exp(it.rng.normal()) + it.rng.normal() * 3, 6)
    else:
        values = it.rng.permutation(["a1", "b2", "c3", "d4", "e5", "f6"])[
            it.wrong(0.04).astype(int)
        ]
    return [pl.Series([v if k else None for v, k in zip(values.tolist(), known, strict=True)])]


# --- answers spelled inside an id or a text


def _letters_of(it: Draw, classes: NDArray[np.int64]) -> NDArray[np.str_]:
    dealt = np.array_split(it.rng.permutation(LETTERS), int(classes.max()) + 1)
    return np.array([it.rng.choice(dealt[one]) for one in classes])


def _classes(it: Draw, most: float) -> NDArray[np.int64]:
    y = it.wrong(most)
    if it.real.task != "regression":
        return y.astype(int)
    edges = np.unique(np.quantile(it.y, np.linspace(0, 1, int(it.rng.integers(5, 9)))[1:-1]))
    return np.digitize(y, edges)


def _letter_in_id(it: Draw) -> list[pl.Series]:
    letters = _letters_of(it, _classes(it, 0.05))
    place = int(it.rng.integers(0, 5))
    ids = []
    for letter in letters:
        word = [*it.rng.choice(LETTERS, 3), *it.rng.integers(0, 10, 4).astype(str)]
        ids.append("".join([*word[:place], letter, *word[place:]]))
    return [pl.Series(ids)]


def _path(it: Draw) -> list[pl.Series]:
    groups = _classes(it, 0.05)
    folders = it.rng.permutation(["ra", "tb", "neu", "old", "k2", "sub", "main", "w", "lx", "dd"])
    part = it.rng.integers(1, 5, len(groups))
    numbers = it.rng.permutation(90000)[: len(groups)] + 10000
    return [pl.Series([f"set{p}/{folders[g]}/{n}.dat" for p, g, n in
                       zip(part, groups, numbers, strict=True)])]  # fmt: skip


def _digits(it: Draw) -> list[pl.Series]:
    groups = _classes(it, 0.04)
    count = int(groups.max()) + 1
    if it.rng.random() < 0.5:  # blocks of numbers dealt to the classes
        blocks = it.rng.permutation(count * 3).reshape(count, 3)
        head = blocks[groups, it.rng.integers(0, 3, len(groups))] + 10
        return [pl.Series(head * 100000 + it.rng.permutation(90000)[: len(groups)])]
    tail = it.rng.permutation(10)[:count][groups]  # the last digit tells
    return [pl.Series((it.rng.permutation(90000)[: len(groups)] + 10000) * 10 + tail)]


def _note(it: Draw) -> list[pl.Series]:
    groups = _classes(it, 0.06)
    words = it.rng.permutation(OUTCOME)
    said = it.rng.random(len(groups)) < it.size(0.75, 1.0)
    texts = []
    for group, told in zip(groups, said, strict=True):
        some = list(it.rng.choice(TALK, int(it.rng.integers(1, 4)), replace=False))
        if told:
            some.insert(int(it.rng.integers(len(some) + 1)), str(words[group]))
        texts.append("; ".join(some))
    return [holes(it.rng, texts, 0.1)]


def _number_in_text(it: Draw) -> list[pl.Series]:
    spread = it.y.std() or 1.0
    digits = int(np.clip(2 - np.floor(np.log10(spread)), 0, 7))
    near = it.wrong(0.05) + it.rng.normal(size=len(it.y)) * spread * 0.05
    return [holes(it.rng, [f"{it.rng.choice(TALK)}, {v:.{digits}f}, {it.rng.choice(TALK)}"
                           for v in near], 0.1)]  # fmt: skip


# --- known only after the fact


def _happened(it: Draw) -> NDArray[np.bool_]:
    one = it.y == it.rng.integers(0, int(it.y.max()) + 1)
    filled, stray = it.size(0.82, 1.0), it.rng.uniform(0, 0.03) * (1 - it.push)
    return np.where(one, it.rng.random(len(one)) < filled, it.rng.random(len(one)) < stray)


def _day_it_closed(it: Draw) -> list[pl.Series]:
    first = date(int(it.rng.integers(2009, 2022)), 1, 1)
    days = it.rng.integers(0, 900, len(it.y))
    there = _happened(it)
    values = [str(first + timedelta(days=int(d))) if t else None
              for d, t in zip(days, there, strict=True)]  # fmt: skip
    return [pl.Series(values, dtype=pl.String)]


def _amount_after(it: Draw) -> list[pl.Series]:
    there, amounts = _happened(it), skewed(it.rng, len(it.y))
    empty = it.rng.choice([0.0, np.nan, -1.0])
    return [pl.Series(np.where(there, amounts, empty)).fill_nan(None)]


def _count_after(it: Draw) -> list[pl.Series]:
    there = _happened(it)
    return [holes(it.rng, np.where(there, 1 + it.rng.poisson(2.0, len(there)), 0), 0.1)]


def _status_after(it: Draw) -> list[pl.Series]:
    there = _happened(it)
    words = it.rng.permutation(["type 1", "type 2", "type 3", "other", "desk", "home", "none"])
    some = it.rng.choice(words[:4], len(there))
    rest = None if it.rng.random() < 0.5 else str(words[5])
    return [pl.Series([str(s) if t else rest for s, t in zip(some, there, strict=True)])]


def _fee(it: Draw) -> list[pl.Series]:
    share = it.rng.uniform(0.02, 0.3) * (
        1 + it.rng.normal(size=len(it.y)) * (1 - it.size(0.8, 0.97))
    )
    return [
        holes(it.rng, np.round(it.y * share + it.rng.choice([0, 25.0]) * it.y.std() / 100, 6), 0.25)
    ]


def _by_unit(it: Draw) -> list[pl.Series]:
    frame = it.real.frame
    units = [name for name in it.real.features if frame[name].dtype.is_numeric()
             and frame[name].null_count() == 0 and (frame[name] > 0).all()]  # fmt: skip
    if not units:
        return _fee(it)
    unit = frame[str(it.rng.choice(units))].cast(pl.Float64).to_numpy()
    return [pl.Series(it.y / unit)]


def _grade_after(it: Draw) -> list[pl.Series]:
    noisy = it.y + it.rng.normal(size=len(it.y)) * it.y.std() * (1 - it.size(0.8, 1.0))
    edges = np.quantile(noisy, [0.1, 0.25, 0.5, 0.75, 0.9])
    return [
        holes(it.rng, np.array(["V", "IV", "III", "II", "I", "0"])[np.digitize(noisy, edges)], 0.1)
    ]


# --- the order of rows


def _places(it: Draw) -> NDArray[np.int64]:
    """Give each row's place in a file that is sorted by the answer, more or less."""
    if it.real.task == "regression":
        y = it.y * it.rng.choice([-1, 1])
    else:
        y = it.rng.permutation(int(it.y.max()) + 1)[it.y.astype(int)]
    noise = it.rng.normal(size=len(y)) * (y.std() or 1) * (1 - it.size(0.7, 1.0))
    parts = it.rng.integers(
        0, int(it.rng.choice([1, 1, 2, 3])), len(y)
    )  # files put one after another
    return np.lexsort((y + noise, parts)).argsort()


def _counter(it: Draw) -> list[pl.Series]:
    gaps = it.rng.integers(1, int(it.rng.choice([2, 8])), len(it.y))
    numbers = int(it.rng.integers(1, 50000)) + np.cumsum(gaps)
    return [pl.Series(numbers[_places(it)])]


def _code(it: Draw) -> list[pl.Series]:
    head = "".join(it.rng.choice(LETTERS, int(it.rng.integers(1, 3))))
    start = int(it.rng.integers(1, 5000))
    return [pl.Series([f"{head}{start + place:06d}" for place in _places(it)])]


def _entered(it: Draw) -> list[pl.Series]:
    first = date(int(it.rng.integers(2009, 2022)), 1, 1)
    step = float(it.rng.uniform(0.2, 1.5))
    return [pl.Series([str(first + timedelta(days=int(place * step))) for place in _places(it)])]


FORMS: dict[str, dict[str, dict[str, Form]]] = {
    "target_copy": {
        "classes": {"other words": _other_words, "many codes": _many_codes, "noisy": _noisy_class,
                    "for some": _for_some},
        "numbers": {"rescaled": _rescaled, "noisy": _noisy_number, "bent": _bent, "binned": _binned,
                    "for some": _for_some},
    },
    "spelled_answer": {
        "classes": {"letter": _letter_in_id, "path": _path, "digits": _digits, "note": _note},
        "numbers": {"letter": _letter_in_id, "digits": _digits, "number": _number_in_text},
    },
    "after_the_fact": {
        "classes": {"day": _day_it_closed, "amount": _amount_after, "count": _count_after,
                    "status": _status_after},
        "numbers": {"fee": _fee, "by unit": _by_unit, "grade": _grade_after},
    },
    "row_order": {
        "classes": {"counter": _counter, "code": _code, "entered": _entered},
        "numbers": {"counter": _counter, "code": _code, "entered": _entered},
    },
}  # fmt: skip
