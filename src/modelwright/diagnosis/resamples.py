"""Why an estimator errs: it is too simple, too restless, or the answers are noisy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import DataError, OptionError
from modelwright.core.findings import Finding, Severity
from modelwright.core.seed import Seed
from modelwright.diagnosis.answers import Answers, take
from modelwright.diagnosis.fits import Done, Fit, Sources, run_fits
from modelwright.diagnosis.learner import estimator_of
from modelwright.evaluate.decomposition import (
    LOSSES,
    Parts,
    decompose_log,
    decompose_squared,
    decompose_zero_one,
)
from modelwright.evaluate.noise import noise_of_classes, noise_of_numbers
from modelwright.pages.numerals import number, percent

__all__ = ["BiasVariance", "bias_variance"]

FEWEST_ROUNDS = 10
# A part that makes up more than this share of the error is where to begin.
_MAIN = 0.5
_CURES = {
    "variance": "more rows, bagging (a forest, or an ensemble of several fits), or a simpler or "
    "more regularised model",
    "bias": "a larger model, less regularisation, or columns that say more; more rows of the same "
    "kind help little",
    "noise": "better labels, or columns that are not there yet; neither more rows nor a larger "
    "model lowers it",
}


@dataclass(frozen=True)
class BiasVariance:
    """The parts of an estimator's expected loss.

    Parameters
    ----------
    name : str
        ``"squared"``, ``"0-1"`` or ``"log_loss"``.
    parts : Parts
        Loss, bias (with noise) and variance.
    noise : float, optional
        What of the bias is noise of the answers, judged by near neighbours: for numbers a rough
        estimate, for classes a lower bound. None when it cannot be told, and for log loss.
    constant : float
        The loss of one who always says the same: what an estimator has to be below.
    rounds : int
        How many fits there were.
    rows, test_rows : int
        How many rows each was fitted on, and how many they predicted.
    seconds : float
        How long it took.
    where : str
        Where fits ran.
    """

    name: str
    parts: Parts
    noise: float | None
    constant: float
    rounds: int
    rows: int
    test_rows: int
    seconds: float
    where: str

    @property
    def loss(self) -> float:
        """The loss of a single fit, on average."""
        return self.parts.loss

    @property
    def bias(self) -> float:
        """The loss of the main prediction, noise included; for squared loss the squared bias."""
        return self.parts.bias

    @property
    def variance(self) -> float:
        """How far single fits are from the main prediction."""
        return self.parts.variance

    @property
    def shares(self) -> dict[str, float]:
        """The shares of bias, variance and, where it is known, noise in the loss."""
        noise = min(self.noise or 0.0, self.bias)
        variance = max(self.parts.unbiased - self.parts.biased, 0.0)
        found = {"bias": self.bias - noise, "variance": variance}
        if self.noise is not None:
            found["noise"] = noise
        total = sum(found.values())
        return {name: value / total if total > 0 else 0.0 for name, value in found.items()}

    @property
    def verdict(self) -> Finding:
        """Say in plain words what the error is made of, and what to do about it."""
        shares = self.shares
        if self.loss <= 0.005 * self.constant:
            evidence = f"Hardly any error is left: {self._words}"
            return Finding("little-error", Severity.INFO, (), evidence, "")
        # noise is named where it rules: about the other parts something can be done
        name = "variance" if shares["variance"] >= shares["bias"] else "bias"
        if shares.get("noise", 0.0) > _MAIN:
            name = "noise"
        said = {
            "variance": "comes of the rows that it happened to be fitted on (variance)",
            "bias": "is the same whatever rows it is fitted on (bias)",
            "noise": "is noise of the answers",
        }[name]
        evidence = f"{percent(shares[name])} of the error {said}: {self._words}"
        cure = _CURES[name]
        if name == "bias" and self.noise is None:
            evidence += " The noise of the answers is in the bias; how much is not known."
            cure += "; where the answers are noisy, better labels"
        if self.loss >= self.constant:
            evidence += " It is no better than always saying the same."
        return Finding(name, Severity.INFO, (), evidence, cure)

    @property
    def _words(self) -> str:
        noise = "" if self.noise is None else f", of which {self._noise_words}"
        return (
            f"{self.name} loss {number(self.loss)} = bias {number(self.bias)}{noise}, and "
            f"variance {number(self.parts.unbiased - self.parts.biased)}."
        )

    @property
    def _noise_words(self) -> str:
        least = "at least " if self.name == "0-1" else "about "
        return f"{least}{number(min(self.noise or 0.0, self.bias))} is noise"

    def __str__(self) -> str:
        found = self.verdict
        return f"{found.evidence} Cure: {found.cure}." if found.cure else found.evidence

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "name": self.name,
            "loss": self.loss,
            "bias": self.bias,
            "variance": self.variance,
            "unbiased": self.parts.unbiased,
            "biased": self.parts.biased,
            "noise": self.noise,
            "constant": self.constant,
            "rounds": self.rounds,
            "rows": self.rows,
            "test_rows": self.test_rows,
            "seconds": self.seconds,
            "verdict": self.verdict.to_json(),
        }


def bias_variance(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    test: float | tuple[Any, Any] = 0.25,
    loss: str | None = None,
    rounds: int = 50,
    seed: int = 0,
    workers: int | None = None,
) -> BiasVariance:
    """Take the expected loss of an estimator apart into bias, variance and noise.

    It is fitted on resamples of the training rows, drawn with replacement, and every fit predicts
    the same test rows.

    Parameters
    ----------
    estimator : object or str
        With ``fit`` and ``predict`` (``predict_proba`` for log loss), as scikit-learn's have; or
        the name of a learner of ours, such as ``"lightgbm"``. It is copied, not changed.
    X : array or frame of shape (n_rows, n_columns)
        The rows.
    y : array of shape (n_rows,)
        Their answers: numbers, or labels.
    test : float or (X, y)
        The share of rows that are drawn to be predicted, or other rows with their answers.
    loss : str, optional
        ``"squared"``, ``"0-1"`` or ``"log_loss"``; None: as the answers are.
    rounds : int
        How many resamples; at least 10.
    seed : int
        The only source of randomness. Resamples are those that mlxtend draws for the same
        ``random_seed``. An estimator whose ``random_state`` is None gets another one each round,
        so that its own luck is part of the variance.
    workers : int, optional
        How many fits run side by side; None: one a core. An estimator that can be described by its
        class and its parameters runs in worker processes, any other one in threads.

    Returns
    -------
    BiasVariance

    Raises
    ------
    OptionError
        When an option means nothing for these answers.
    DataError
        When the answers cannot be used.

    Examples
    --------
    >>> import modelwright as mw
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(size=(300, 2))
    >>> y = np.sin(6 * X[:, 0]) + rng.normal(0, 0.3, 300)
    >>> deep = mw.bias_variance(DecisionTreeRegressor(), X, y, workers=0)
    >>> flat = mw.bias_variance(DecisionTreeRegressor(max_depth=1), X, y, workers=0)
    >>> deep.verdict.code, flat.verdict.code
    ('variance', 'bias')
    """
    if rounds < FEWEST_ROUNDS:
        raise OptionError(f"at least {FEWEST_ROUNDS} rounds", str(rounds))
    X = X if hasattr(X, "shape") else np.asarray(X)
    estimator = estimator_of(estimator, X, y)
    rows = _parted(X, y, test, estimator, seed)
    name = _loss_of(loss, rows.all, estimator)
    train, scored = len(rows.train), len(rows.test)
    drawn = np.random.RandomState(seed)
    fits = [
        Fit(
            estimator,
            rows.train[drawn.choice(np.arange(train), size=train, replace=True)],
            rows.test,
            Seed(seed).derive("round", number),
        )
        for number in range(rounds)
    ]
    sources = Sources(rows.X, rows.all.given, rows.new, probabilities=name == "log_loss")
    done = run_fits(fits, sources, workers)
    noise = _noise(rows, name)
    parts = _parts(name, done, rows)
    return BiasVariance(
        name, parts, noise, _constant(name, rows), rounds, train, scored, done.seconds, done.where
    )


@dataclass(frozen=True)
class _Rows:
    """Rows to fit on (`train`, of `X`) and rows to predict (`test`, of `new`)."""

    X: Any
    all: Answers
    train: NDArray[np.int64]
    new: Any
    test: NDArray[np.int64]
    answers: NDArray[Any]


def _parted(X: Any, y: Any, test: float | tuple[Any, Any], estimator: Any, seed: int) -> _Rows:
    answers = Answers.of(y, estimator)
    if len(answers) != X.shape[0]:
        raise DataError("an answer for each row", f"{X.shape[0]} rows and {len(answers)} answers")
    everyone = np.arange(len(answers))
    if isinstance(test, tuple):
        new, fresh = test[0] if hasattr(test[0], "shape") else np.asarray(test[0]), test[1]
        given = np.asarray(fresh).reshape(-1)
        if answers.is_classification:
            known = answers.codes(given.astype(str) if given.dtype.kind == "O" else given)
        else:
            known = given.astype(np.float64)
        if len(known) != new.shape[0] or not len(known):
            raise DataError("an answer for each test row", f"{new.shape[0]} rows, {len(known)}")
        return _Rows(X, answers, everyone, new, np.arange(len(known)), known)
    if not 0 < test < 1:
        cure = "write 0.25, or give rows and answers"
        raise OptionError("a share of test rows between 0 and 1", f"{test:g}", cure)
    rng = np.random.default_rng(Seed(seed).derive("test"))
    order = rng.permutation(len(answers))
    if answers.is_classification:  # each class in its share
        order = order[np.argsort(answers.values[order], kind="stable")]
    chosen = np.zeros(len(order), bool)
    steps = np.floor(np.arange(len(order) + 1) * test)
    chosen[order[np.diff(steps) > 0]] = True
    train, scored = np.flatnonzero(~chosen), np.flatnonzero(chosen)
    if len(train) < 2 or not len(scored):
        raise DataError("rows to fit on and rows to predict", f"{len(order)} rows in all")
    return _Rows(X, answers, train, X, scored, answers.values[scored])


def _loss_of(loss: str | None, answers: Answers, estimator: Any) -> str:
    if loss is None:
        return "0-1" if answers.is_classification else "squared"
    name = {"mse": "squared", "0-1_loss": "0-1"}.get(loss, loss)
    if name not in LOSSES:
        raise OptionError(f"one of the losses {', '.join(LOSSES)}", repr(loss))
    if (name == "squared") == answers.is_classification:
        words = "labels" if answers.is_classification else "numbers"
        raise OptionError("a loss that suits the answers", f"{loss!r} for {words}")
    if name == "log_loss" and not hasattr(estimator, "predict_proba"):
        got = f"a {type(estimator).__name__} without predict_proba"
        raise OptionError("an estimator that gives probabilities", got, "take the loss '0-1'")
    return name


def _parts(name: str, done: Done, rows: _Rows) -> Parts:
    found = [test for test, _ in done.said]
    if name == "squared":
        return decompose_squared(np.stack(found), rows.answers)
    if name == "log_loss":
        return decompose_log(np.stack(found), rows.answers)
    return decompose_zero_one(np.stack([rows.all.codes(one) for one in found]), rows.answers)


def _constant(name: str, rows: _Rows) -> float:
    """Score one who always says the mean of the training rows, or how frequent classes are."""
    seen = rows.all.values[rows.train]
    if name == "squared":
        return float(np.square(seen.mean() - rows.answers).mean())
    shares = np.bincount(seen, minlength=len(rows.all.classes)) / len(seen)
    if name == "0-1":
        return float((rows.answers != shares.argmax()).mean())
    return float(-np.log(np.clip(shares[rows.answers], 1e-15, None)).mean())


def _noise(rows: _Rows, name: str) -> float | None:
    """Judge the noise by all rows whose answers are known, where they are numbers."""
    if name == "log_loss":
        return None
    table = _numbers(take(rows.X, rows.train))
    if table is None:
        return None
    y = rows.all.values[rows.train]
    found = noise_of_numbers(table, y) if name == "squared" else noise_of_classes(table, y)
    return None if math.isnan(found) else found


def _numbers(X: Any) -> NDArray[np.float64] | None:
    if isinstance(X, pl.DataFrame) and not all(kind.is_numeric() for kind in X.dtypes):
        return None
    try:
        table = np.asarray(X.to_numpy() if hasattr(X, "to_numpy") else X, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return table if table.ndim == 2 else None
