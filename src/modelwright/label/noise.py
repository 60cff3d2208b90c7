"""Labels that are probably wrong, told apart from rows that are merely hard.

Confident learning (Northcutt, Jiang and Chuang 2021) on predictions for rows that the model has not
seen. It counts what a class is confidently taken for; where classes overlap that counts hard rows
as well. So the rate of wrong labels is read off the rows of which the model is surest, where a
hard row is rare (anchor points: Liu and Tao 2016), and each row gets the probability that its
label is wrong by Bayes' rule.

An answer that is left to chance by nature surprises the model as well, there too. But then less
sure rows surprise it much more often, while labels that are wrong at random are as frequent
everywhere. Where surprises are not seen to stop getting rarer, none is held to be a wrong label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.core.errors import DataError
from modelwright.label.numbers import odd_numbers
from modelwright.stats.shares import wilson_ends
from modelwright.stats.tails import above_binomial

__all__ = ["LabelNoise", "confident_joint", "label_noise"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# The rows of which the model is surest: this share of them, and at least so many.
SUREST = 0.1
FEWEST_SURE = 50
# A class of few rows borrows the rate of all: as if so many of its rows had said it.
BORROWED = 20.0
# More than that and the classes could not be told apart.
MOST_WRONG = 0.49
# The surest rows are compared with the next ones, up to this share of all. By nature their log odds
# of a surprise are at most this share of those of the surest: .55 where log odds are normal.
NEXT, FALLS = 0.4, 0.6
BY_NATURE = 0.02
# Where that leaves it open, these shares of the surest are asked too, and more is wanted of them.
WIDER, BY_NATURE_WIDER = (0.2, 0.4), 0.01
# How much calibration by class may move a score; reached by classes of many rows.
CALIBRATED = 0.5
ENOUGH_ROWS = 500
STEPS = 1_000


@dataclass(frozen=True)
class LabelNoise:
    """How far the label of each row is to be doubted.

    Parameters
    ----------
    fits : ndarray of float64, shape (n_rows,)
        How well the label fits what the model says of the row, from 0 to 1; the least are the
        first to look at.
    wrong : ndarray of float64, shape (n_rows,)
        The probability that the label is wrong.
    suggested : ndarray, shape (n_rows,)
        The most probable class (int64), or the predicted number (float64).
    mislabelled : ndarray of bool, shape (n_rows,)
        Whether the label is more likely wrong than right.
    hard : ndarray of bool, shape (n_rows,)
        Whether the model disagrees, but so it does with many right labels.
    rate, low, high : float
        The share of labels that are wrong, and its 95 % interval, which begins at 0 where answers
        left to chance by nature would look the same; of numbers the share of those that are far
        off, without an interval (NaN).
    joint : ndarray of float64, shape (n_classes, n_classes)
        The confident joint: how many rows of a given label (row) are confidently of a class
        (column), scaled to all rows. Empty for numbers.

    Examples
    --------
    >>> labels = np.repeat([0, 1], 100)
    >>> p = np.where(labels[:, None] == [0, 1], 0.9, 0.1)
    >>> labels[3] = 1
    >>> label_noise(p, labels).order[:1]
    array([3])
    """

    fits: Floats
    wrong: Floats
    suggested: NDArray[np.int64] | Floats
    mislabelled: NDArray[np.bool_]
    hard: NDArray[np.bool_]
    rate: float
    low: float
    high: float
    joint: Floats

    @property
    def order(self) -> Codes:
        """The positions of all rows, the least fitting label first."""
        return np.argsort(self.fits, kind="stable")

    @property
    def suspects(self) -> Codes:
        """The positions of rows to look at: the mislabelled, then the hard ones, worst first."""
        order = self.order
        return np.concatenate([order[self.mislabelled[order]], order[self.hard[order]]])


def label_noise(predictions: ArrayLike, labels: ArrayLike, *, ordered: bool = False) -> LabelNoise:
    """Find labels that are probably wrong.

    Parameters
    ----------
    predictions : array_like of float, shape (n_rows, n_classes), or (n_rows,) for numbers
        Probabilities, or predicted numbers, for rows that the model has not seen: out-of-fold
        ones, or those for new rows. A model that has learned a wrong label agrees with it.
    labels : array_like of int, or of float for numbers, shape (n_rows,)
        The given class codes from 0, or the given numbers.
    ordered : bool
        Whether the codes are in an order of the classes, as ratings are. One who takes a class for
        the next one judges otherwise, and is not wrong: such a label is never doubted.

    Returns
    -------
    LabelNoise

    Raises
    ------
    DataError
        When the arrays do not fit together, a prediction is not finite, or a label no class.

    Notes
    -----
    The order is that of the probability of the given label, calibrated within each class: Bayes'
    order where a label is as likely to be taken for each of the others. Of numbers it is the
    error, in units of what is usual for predictions of that size.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> true = rng.integers(0, 2, 1000)
    >>> p = np.where(true == 1, 0.88, 0.12) + rng.normal(0, 0.01, 1000)
    >>> given = true.copy()
    >>> given[:100] = 1 - given[:100]
    >>> found = label_noise(np.column_stack([1 - p, p]), given)
    >>> int(found.mislabelled[:100].sum()), int(found.mislabelled[100:].sum())
    (100, 0)
    >>> found.low < 0.1 < found.high
    True
    """
    p = np.asarray(predictions, np.float64)
    if p.ndim == 2 and p.shape[1] == 1:
        p = p[:, 0]
    if p.ndim == 1:
        return _of_numbers(p, np.asarray(labels, np.float64))
    given = _codes(p, np.asarray(labels))
    own = p[np.arange(len(p)), given]
    right = own / np.maximum(p.sum(axis=1), 1e-12)
    near = _near(p.shape[1], 1 if ordered else 0)
    surest = _surest(p, given, near)
    rate, low, high = surest.rate, surest.low, surest.high
    wrong = _wrong(p, given, _transitions(p, given, surest), near)
    suggested = p.argmax(axis=1).astype(np.int64)
    mislabelled = (wrong > 0.5) & ~near[suggested, given]
    return LabelNoise(
        fits=_calibrated(p, given, right),
        wrong=wrong,
        suggested=suggested,
        mislabelled=mislabelled,
        hard=(suggested != given) & ~mislabelled,
        rate=rate,
        low=low,
        high=high,
        joint=confident_joint(p, given),
    )


def _of_numbers(predicted: Floats, given: Floats) -> LabelNoise:
    _check(predicted, given)
    odd = odd_numbers(predicted, given)
    mislabelled = odd.wrong > 0.5
    return LabelNoise(
        fits=1 / (1 + odd.times),
        wrong=odd.wrong,
        suggested=predicted,
        mislabelled=mislabelled,
        hard=(odd.times > odd.usual_most) & ~mislabelled,
        rate=float(mislabelled.mean()),
        low=float("nan"),
        high=float("nan"),
        joint=np.empty((0, 0)),
    )


def _codes(p: Floats, labels: NDArray[np.generic]) -> Codes:
    _check(p, labels)
    if labels.dtype.kind not in "iub":
        raise DataError(
            "class codes as labels: whole numbers from 0", f"an array of {labels.dtype}",
            "encode them in the order of the columns of probabilities",
        )  # fmt: skip
    codes = labels.astype(np.int64)
    if codes.min() < 0 or codes.max() >= p.shape[1]:
        raise DataError(
            f"class codes from 0 to {p.shape[1] - 1}", f"{codes.min()} to {codes.max()}",
            "give one column of probabilities for each class",
        )  # fmt: skip
    return codes


def _check(p: Floats, labels: NDArray[np.generic]) -> None:
    if p.ndim > 2 or labels.ndim != 1 or len(p) != len(labels) or not len(p):
        raise DataError(
            "as many labels as rows of predictions, and at least one",
            f"arrays of shape {p.shape} and {labels.shape}",
        )
    if not np.isfinite(p).all():
        bad = int((~np.isfinite(p.reshape(len(p), -1)).all(axis=1)).sum())
        raise DataError("finite predictions", f"{bad:,} rows with NaN or infinity",
                        "leave these rows out")  # fmt: skip


def confident_joint(probabilities: ArrayLike, labels: ArrayLike) -> Floats:
    """Count how many rows of each label are confidently of each class.

    A row is confidently of a class whose probability is at least the mean probability of that
    class among the rows that have its label (Northcutt et al. 2021, section 3.1); of several, of
    the most probable one.

    Parameters
    ----------
    probabilities : array_like of float, shape (n_rows, n_classes)
        For rows that the model has not seen.
    labels : array_like of int, shape (n_rows,)
        Class codes from 0.

    Returns
    -------
    ndarray of float64, shape (n_classes, n_classes)
        Given label by class; each row is scaled to how many rows have the label.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])
    >>> confident_joint(p, [0, 0, 1, 1, 0]).round(1).tolist()
    [[2.0, 1.0], [0.0, 2.0]]
    """
    p = np.asarray(probabilities, np.float64)
    given = _codes(p, np.asarray(labels))
    count = np.bincount(given, minlength=p.shape[1])
    own = np.bincount(given, p[np.arange(len(p)), given], p.shape[1])
    bar = np.where(count > 0, own / np.maximum(count, 1), np.inf)
    over = p >= bar - 1e-6  # as good as equal is equal
    sure = over.any(axis=1)
    taken = np.where(over, p, -1.0).argmax(axis=1)
    joint = np.zeros((p.shape[1], p.shape[1]))
    np.add.at(joint, (given[sure], taken[sure]), 1.0)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), count > 0))
    scaled: Floats = joint * (count / np.maximum(joint.sum(axis=1), 1))[:, None]
    return scaled


def _near(classes: int, steps: int) -> NDArray[np.bool_]:
    """Say which classes lie so few steps from each other that either is a right label."""
    codes = np.arange(classes)
    found: NDArray[np.bool_] = np.abs(codes[:, None] - codes) <= steps
    return found


class _Surest(NamedTuple):
    """The share of wrong labels where the model is surest, with its interval.

    `claimed` is the part of the labels that differ there which is held to be wrong, `part` how
    many of the rows they are.
    """

    rate: float
    low: float
    high: float
    claimed: float
    part: float = SUREST


def _surest(p: Floats, given: Codes, near: NDArray[np.bool_]) -> _Surest:
    """Find the share of wrong labels where the model is surest.

    Where the surest tenth holds too few of them to tell, more of the surest rows are asked.
    """
    order = np.argsort(-p.max(axis=1), kind="stable")
    differ = ~near[p[order].argmax(axis=1), given[order]]
    sure = _some(len(p))
    off = float(differ[:sure].mean())
    low, high = wilson_ends(off, sure)
    natural, chance = _by_nature(differ, sure, NEXT)
    if chance <= BY_NATURE:
        return _Surest(off, low, high, 1.0)
    for share in WIDER:
        many = int(share * len(differ))
        if many <= sure:
            continue
        more, unlikely = _by_nature(differ, many, min(share * NEXT / SUREST, 1.0))
        if unlikely <= BY_NATURE_WIDER:
            seen = float(differ[:many].mean())
            low, high = wilson_ends(seen, many)
            return _Surest(seen - more, max(low - more, 0.0), high, 1 - more / seen, share)
    rate = max(off - natural, 0.0)
    return _Surest(rate, 0.0, high, rate / off if off else 1.0)


def _by_nature(differ: NDArray[np.bool_], sure: int, until: float) -> tuple[float, float]:
    """Say how many of the surest rows would differ by nature, and how likely so many then are.

    The rows after them, up to a share of all, say how often others do.
    """
    after = differ[sure : max(int(until * len(differ)), sure)]
    if not len(after):
        return 1.0, 1.0
    share = (after.sum() + 0.5) / (len(after) + 1)
    share = min(float(share + math.sqrt(share * (1 - share) / len(after))), MOST_WRONG)
    natural = 1 / (1 + (1 / share - 1) ** (1 / FALLS))
    seen = int(differ[:sure].sum())
    return natural, above_binomial(seen, sure, natural)


def _some(count: int, part: float = SUREST) -> int:
    return min(max(int(part * count), FEWEST_SURE), count)


def _transitions(p: Floats, given: Codes, surest: _Surest) -> Floats:
    """Estimate how likely each class (row) is given each label (column), off the surest rows."""
    k = p.shape[1]
    answers, chances = p.argmax(axis=1), np.zeros((k, k))
    for code in range(k):
        mine = np.flatnonzero(answers == code)
        sure = mine[np.argsort(-p[mine, code], kind="stable")[: _some(len(mine), surest.part)]]
        counts = np.bincount(given[sure], minlength=k).astype(np.float64)
        off = surest.claimed * (counts.sum() - counts[code])
        share = min((off + BORROWED * surest.rate) / (counts.sum() + BORROWED), MOST_WRONG)
        others = counts + 1.0
        others[code] = 0.0
        chances[code] = share * others / max(others.sum(), 1.0)
        chances[code, code] = 1.0 - share
    return chances


def _wrong(p: Floats, given: Codes, chances: Floats, near: NDArray[np.bool_]) -> Floats:
    """Give the probability that each label is wrong, by Bayes' rule.

    The model has learned from labels as they are: what it says is what it would say of the true
    classes, times the chance of each label.
    """
    true = np.clip(p @ np.linalg.inv(chances), 0.0, None)
    true /= np.maximum(true.sum(axis=1, keepdims=True), 1e-12)
    said = true * chances[:, given].T
    seen, right = said.sum(axis=1), (said * near[given]).sum(axis=1)
    wrong: Floats = np.clip(1.0 - right / np.maximum(seen, 1e-12), 0.0, 1.0)
    return wrong


def _calibrated(p: Floats, given: Codes, own: Floats) -> Floats:
    """Move each probability towards how often a class so probable is the label."""
    fits = own.copy()
    for code, count in enumerate(np.bincount(given, minlength=p.shape[1])):
        if 0 < count < len(given):
            mine = given == code
            share = CALIBRATED * count / (count + ENOUGH_ROWS)
            often = np.interp(own[mine], *_rising(p[:, code], mine))
            fits[mine] = share * often + (1 - share) * own[mine]
    return fits


def _rising(x: Floats, hit: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Give a rising curve of how often there is a hit (pool adjacent violators, in steps)."""
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, min(STEPS, len(order)))
    means: list[tuple[float, float]] = []  # of each pool: hits and rows
    members: list[int] = []
    for part in parts:
        means.append((float(hit[part].sum()), float(len(part))))
        members.append(1)
        while len(means) > 1 and means[-2][0] * means[-1][1] >= means[-1][0] * means[-2][1]:
            hits, rows = means.pop()
            means[-1] = (means[-1][0] + hits, means[-1][1] + rows)
            last = members.pop()
            members[-1] += last
    level = np.repeat([hits / rows for hits, rows in means], members)
    return np.array([x[part].mean() for part in parts]), level
