"""The perceptron: it learns from its mistakes alone, and there is a bound on how many it makes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.nets.classic.discriminant import Hyperplane

__all__ = [
    "Lesson",
    "MultiPerceptron",
    "mistake_bound",
    "perceptron_criterion",
    "train_perceptron",
]

Floats = NDArray[np.float64]


def perceptron_criterion(plane: Hyperplane, X: Floats, y: NDArray[np.integer]) -> float:
    """Give ``- sum over mistakes of t f(x)``, with t = 1 for class 1 and -1 for class 0.

    Zero when every row lies on its side, and nowhere below (Duda, Hart and Stork 2001, 5.5). What a
    perceptron does is gradient descent on it.

    Examples
    --------
    >>> plane = Hyperplane(np.array([1.0]), 0.0)
    >>> perceptron_criterion(plane, np.array([[2.0], [-3.0]]), np.array([1, 1]))
    3.0
    """
    wanted = np.where(y > 0, 1.0, -1.0) * plane.score(X)
    return float(-np.minimum(wanted, 0.0).sum())


@dataclass(frozen=True)
class Lesson:
    """How a perceptron learned.

    Parameters
    ----------
    weight : ndarray of shape (n_columns + 1,)
        The last one is the bias.
    updates : int
        How often it moved: never more than `mistake_bound`, whatever the size of a batch.
    mistakes : tuple of int
        Rows on the wrong side when they were seen, epoch by epoch.
    converged : bool
        Whether an epoch passed without a mistake.
    """

    weight: Floats
    updates: int
    mistakes: tuple[int, ...]
    converged: bool

    @property
    def plane(self) -> Hyperplane:
        """The plane that was found."""
        return Hyperplane(self.weight[:-1], float(self.weight[-1]))


def train_perceptron(
    X: Floats,
    y: NDArray[np.integer],
    *,
    batch: int | None = 1,
    epochs: int = 1_000,
    seed: int | None = None,
) -> Lesson:
    """Learn until no row is on the wrong side (Rosenblatt 1958).

    Begin with ``w = 0``. For each batch take the rows with ``t f(x) <= 0`` and add the mean of
    ``t x`` over them (``x`` has a last column of ones). One row a batch is the online perceptron,
    all rows the batch perceptron; a rate would only scale ``w``.

    Why it ends: let a plane ``u`` of length 1 leave a margin g, and let no row be longer than R. A
    mean of mistakes adds at least g to ``w' u``, and at most R^2 to ``||w||^2``, because
    ``w' t x <= 0`` for each. So after k updates ``k g <= w' u <= ||w|| <= sqrt(k) R``, and
    ``k <= (R / g)^2`` (Novikoff 1962).

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Rows.
    y : ndarray of shape (n_rows,)
        0 or 1.
    batch : int or None
        Rows a step; None: all.
    epochs : int
        At most: rows that no plane separates are never learned.
    seed : int, optional
        Of the order of rows, drawn anew each epoch; by default as they come.

    Returns
    -------
    Lesson

    Raises
    ------
    DataError
        When there are no rows, or other labels than 0 and 1.
    OptionError
        When a batch has no rows.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> either = train_perceptron(X, np.array([0, 1, 1, 1]))
    >>> either.converged, either.plane.side(X).tolist()
    (True, [0, 1, 1, 1])
    >>> train_perceptron(X, np.array([0, 1, 1, 0]), epochs=50).converged  # exclusive or
    False
    """
    if not len(X) or not np.isin(y, (0, 1)).all():
        raise DataError("rows of the classes 0 and 1", f"{len(X)} rows of {np.unique(y).tolist()}")
    size = len(X) if batch is None else batch
    if size < 1:
        raise OptionError("at least 1 row a batch", str(batch))
    signed = np.where(y > 0, 1.0, -1.0)[:, None] * np.column_stack([X, np.ones(len(X))])
    rng = None if seed is None else np.random.default_rng(seed)
    weight, updates, mistakes = np.zeros(signed.shape[1]), 0, list[int]()
    for _ in range(epochs):
        order = np.arange(len(X)) if rng is None else rng.permutation(len(X))
        wrong = 0
        for start in range(0, len(X), size):
            rows = signed[order[start : start + size]]
            missed = rows[rows @ weight <= 0]
            if len(missed):
                weight = weight + missed.mean(axis=0)
                updates, wrong = updates + 1, wrong + len(missed)
        mistakes.append(wrong)
        if not wrong:
            return Lesson(weight, updates, tuple(mistakes), True)
    return Lesson(weight, updates, tuple(mistakes), False)


def mistake_bound(X: Floats, y: NDArray[np.integer], plane: Hyperplane) -> float:
    """Give ``(R / g)^2`` of Novikoff 1962: no perceptron that began at zero moves more often.

    ``R`` is the length of the longest row with its last column of ones, ``g`` the margin that a
    plane leaves among these rows. Any plane that separates them gives a bound; the one with the
    widest margin the smallest.

    Parameters
    ----------
    X, y : ndarray of shape (n_rows, n_columns) and (n_rows,)
        Rows and their classes, 0 or 1.
    plane : Hyperplane
        With every row on its side.

    Returns
    -------
    float
        Infinite when a row lies on the wrong side.

    Examples
    --------
    >>> X, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    >>> round(mistake_bound(X, y, Hyperplane(np.array([1.0]), 0.0)), 6)
    2.0
    """
    wide = np.column_stack([X, np.ones(len(X))])
    along = np.append(plane.weight, plane.bias)
    margin = (np.where(y > 0, 1.0, -1.0) * (wide @ along)).min() / np.linalg.norm(along)
    return float((wide**2).sum(axis=1).max() / margin**2) if margin > 0 else float("inf")


@dataclass
class MultiPerceptron:
    """Perceptrons of several classes that learn as rows arrive, and forget nothing they need.

    The score of class k is ``w_k' x``. At a mistake the right class gains ``x``, the one that was
    said loses it (Duda and Hart 1973, Kesler's construction). What answers is the mean of all
    weights on the way, which hardly depends on the last rows (the averaged perceptron; Freund and
    Schapire 1999); with a `fading` below 1 older ones count less and less: it follows a change.

    Parameters
    ----------
    classes, columns : int
        Shape.
    fading : float
        What a row further back counts for in the mean, against the next one; 1: all alike.

    Examples
    --------
    >>> net = MultiPerceptron(2, 1)
    >>> for x, y in [(-1.0, 0), (2.0, 1), (-3.0, 0), (1.0, 1)]:
    ...     net.learn(np.array([[x]]), np.array([y]))
    >>> net.scores(np.array([[-1.0], [1.0]])).argmax(axis=1).tolist()
    [0, 1]
    """

    classes: int
    columns: int
    fading: float = 1.0
    weight: Floats = field(init=False)
    mean: Floats = field(init=False)
    seen: float = field(init=False, default=0.0)
    mistakes: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.classes < 1 or self.columns < 0:
            raise OptionError("at least 1 class", f"{self.classes}, of {self.columns} columns")
        if not 0.0 < self.fading <= 1.0:
            raise OptionError("a fading above 0 and up to 1", str(self.fading))
        self.weight = np.zeros((self.classes, self.columns + 1))
        self.mean = np.zeros_like(self.weight)

    def learn(self, X: Floats, y: NDArray[np.integer], weight: Floats | None = None) -> None:
        """Learn from rows as they come: (n_rows, n_columns), class codes, what each counts."""
        wide = np.column_stack([X, np.ones(len(X))])
        loud = np.ones(len(X)) if weight is None else weight
        for row, right, share in zip(wide, y, loud, strict=True):
            if share <= 0:
                continue
            scores = self.weight @ row
            others = scores.copy()
            others[right] = -np.inf
            said = int(others.argmax())
            if others[said] >= scores[right]:  # a tie is a mistake
                self.mistakes += 1
                self.weight[right] += share * row
                self.weight[said] -= share * row
            self.seen = self.fading * self.seen + share
            self.mean += (self.weight - self.mean) * (share / self.seen)

    def scores(self, X: Floats) -> Floats:
        """Give the scores of the mean weights: (n_rows, n_classes)."""
        scores: Floats = np.column_stack([X, np.ones(len(X))]) @ self.mean.T
        return scores
