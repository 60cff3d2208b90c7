"""Stacking: a model learns from out-of-fold predictions how members are best combined.

Layer 1 predicts every training row by members that were fitted without it (Wolpert 1992). The next
layer sees these predictions beside the columns, predicts out of fold on the same folds, and so on;
the last model sees the predictions of the last layer alone. Then the members of each layer are
fitted on all rows, those of a further one again beside what was said out of fold.

The folds follow groups and order by themselves: with folds drawn at random, rows of one group stand
on both sides, members look better than they are, the more so the better they remember, and the last
model trusts the wrong ones.

A member has to earn its place: with it, the stack's loss (its last model fitted and asked on
different folds) has to fall by a share, the larger the dearer the member is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from modelwright.core.splits import Splits
from modelwright.core.task import Target
from modelwright.ensemble.inner import (
    Rows,
    answers,
    checked,
    entered,
    fit_member,
    out_of_fold,
    plan,
)
from modelwright.ensemble.labels import Labelled
from modelwright.ensemble.library import members_of
from modelwright.ensemble.weights import stacked_weights

__all__ = ["Admission", "Layer", "StackingClassifier", "StackingRegressor"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Admission:
    """When a member may join a stack.

    The best one alone is there first; the others are asked in the order of their losses. With the
    loss L before and L' with it a member joins when (L - L') / L >= gain; ten times the gain is
    asked of one whose fits take ten times as long as those of all that are there, a hundred times
    of one that takes a hundred times as long. Between powers of ten the clock has no say.

    Parameters
    ----------
    gain : float
        The least share by which the loss has to fall.

    Examples
    --------
    >>> Admission().admits(before=1.0, after=0.99, seconds=1.0, others=2.0)
    True
    >>> Admission().admits(before=1.0, after=0.995, seconds=100.0, others=2.0)
    False
    """

    gain: float = 0.001

    def admits(self, before: float, after: float, seconds: float, others: float) -> bool:
        """Say whether a member joins."""
        dear = 10.0 ** np.floor(np.log10(max(seconds / max(others, 1e-9), 1.0)))
        return bool(before > 0 and (before - after) / before >= self.gain * dear)


@dataclass
class Layer:
    """The members of a layer.

    Parameters
    ----------
    names : list of str
        Theirs.
    said : list of ndarray of float64, each of shape (n_scored, n_outputs)
        Their out-of-fold predictions.
    losses : dict of str to float
        The loss of each candidate alone, also of those left out.
    loss : float
        The nested loss of the stack on this layer.
    fitted : list of estimator
        The members, fitted on all rows.
    """

    names: list[str]
    said: list[Floats]
    losses: dict[str, float]
    loss: float
    fitted: list[Any] = field(default_factory=list)


class _Blend:
    """The last model when none is named: the mean with the shares that `stacked_weights` finds."""

    def fit(self, said: Sequence[Floats], y: Target, weight: Floats | None) -> _Blend:
        """Find the shares."""
        self.shares = stacked_weights(said, y, weight)
        return self

    def __call__(self, said: Sequence[Floats]) -> Floats:
        """Give the mean."""
        mean: Floats = sum((s * p for s, p in zip(self.shares, said, strict=True)), np.zeros(1))
        return mean


class _Final:
    """A last model of the user's, on predictions side by side."""

    def __init__(self, model: Any, classes: int) -> None:
        self._model, self._classes = model, classes

    def fit(self, said: Sequence[Floats], y: Target, weight: Floats | None) -> _Final:
        """Fit a copy."""
        rows = Rows(_columns(said), y, weight)
        self.fitted = fit_member(self._model, rows)
        return self

    def __call__(self, said: Sequence[Floats]) -> Floats:
        """Predict."""
        return answers(self.fitted, _columns(said), self._classes)


def _columns(said: Sequence[Floats]) -> Floats:
    """Put predictions side by side; of two classes the second tells all."""
    return np.hstack([part[:, 1:] if part.shape[1] == 2 else part for part in said])


class _Stack(BaseEstimator):  # type: ignore[misc]
    """What both are told and do."""

    def __init__(
        self,
        estimators: Any = None,
        final_estimator: Any = None,
        layers: int = 1,
        folds: int | None = None,
        repeats: int = 1,
        admission: float | None = 0.001,
        random_state: int = 0,
    ) -> None:
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.layers = layers
        self.folds = folds
        self.repeats = repeats
        self.admission = admission
        self.random_state = random_state

    def _stack(self, rows: Rows) -> None:
        if self.layers < 1:
            raise ValueError(f"expected 1 layer or more; got {self.layers}")
        members = members_of(self.estimators, rows.y.classes)
        splits = plan(rows, folds=self.folds, repeats=self.repeats, seed=self.random_state)
        self.splits_, self._outputs = splits, rows.y.classes
        self.layers_: list[Layer] = []
        seen = rows
        for depth in range(self.layers):
            layer = self._layer(members, seen, splits)
            # a layer that gains nothing is as good as absent
            if depth and self.admission is not None and layer.loss >= self.layers_[-1].loss:
                break
            # on what was said out of fold: members know answers that they were fitted on by heart
            by_name = dict(members)
            layer.fitted = [fit_member(by_name[name], seen) for name in layer.names]
            self.layers_.append(layer)
            if depth + 1 < self.layers:
                seen, splits = _deeper(rows, splits, layer)
        self.loss_ = self.layers_[-1].loss
        self.names_ = list(self.layers_[-1].names)
        scored, said = self.splits_.scored, self.layers_[-1].said
        weight = None if rows.weight is None else rows.weight[scored]
        self.final_ = self._last().fit(said, rows.y.rows(scored), weight)

    def _last(self) -> _Blend | _Final:
        if self.final_estimator is None:
            return _Blend()
        return _Final(clone(self.final_estimator), self._outputs)

    def _layer(self, members: Sequence[tuple[str, Any]], rows: Rows, splits: Splits) -> Layer:
        """Predict out of fold, and admit who earns it."""
        found = {name: out_of_fold(member, rows, splits) for name, member in members}
        losses = {name: rows.loss(one.said, splits.scored) for name, one in found.items()}
        if self.admission is None:
            said = [found[name].said for name, _ in members]
            return Layer(list(found), said, losses, self._nested(said, rows, splits))
        first, *others = sorted(found, key=lambda name: losses[name])
        rule = Admission(self.admission)
        names, loss = [first], self._nested([found[first].said], rows, splits)
        for name in others:
            after = self._nested([found[n].said for n in (*names, name)], rows, splits)
            spent = sum(found[n].seconds for n in names)
            if rule.admits(loss, after, found[name].seconds, spent):
                names, loss = [*names, name], after
        return Layer(names, [found[n].said for n in names], losses, loss)

    def _nested(self, said: Sequence[Floats], rows: Rows, splits: Splits) -> float:
        """Judge a stack: its last model is fitted on some folds and asked about another."""
        scored, losses, sizes = splits.scored, [], []
        for draw in splits.rounds:
            for fold in (splits.folds[i] for i in draw):
                known = np.intersect1d(fold.train, scored)  # in time: none before the first fold
                if not len(known):
                    continue
                own, asked = (np.searchsorted(scored, part) for part in (known, fold.valid))
                weight = None if rows.weight is None else rows.weight[known]
                last = self._last().fit([part[own] for part in said], rows.y.rows(known), weight)
                losses.append(rows.loss(last([part[asked] for part in said]), fold.valid))
                sizes.append(len(asked) if rows.weight is None else rows.weight[fold.valid].sum())
        return float(np.average(losses, weights=sizes)) if losses else float("inf")

    def _said(self, X: Any) -> list[Floats]:
        """Predict with the members of the last layer that is there."""
        said: list[Floats] = []
        for layer in self.layers_:
            seen = _beside(X, said) if said else X
            said = [answers(fitted, seen, self._outputs) for fitted in layer.fitted]
        return said

    def _answer(self, X: Any) -> Floats:
        check_is_fitted(self)
        return self.final_(self._said(checked(self, X)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.estimators is not None  # these decide
        return tags


def _beside(X: Any, said: Sequence[Floats]) -> Floats:
    """Put predictions beside the columns."""
    numbers = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
    return np.hstack([numbers, _columns(said)])


def _deeper(rows: Rows, splits: Splits, layer: Layer) -> tuple[Rows, Splits]:
    """Give the rows of the next layer: what was said of them out of fold, beside their columns."""
    scored = splits.scored
    if len(scored) < splits.rows:  # in time the first rows are never asked about
        raise ValueError("more than one layer needs every row predicted: not possible with order")
    return rows.among(_beside(rows.X, layer.said)), splits


class StackingClassifier(Labelled, _Stack):
    """Classifiers in layers, combined by what they say of rows that they were not fitted on.

    Parameters
    ----------
    estimators : list of (str, estimator), optional
        Names and members, with `predict_proba`; None: naive Bayes, a random forest, and gradient
        boosting.
    final_estimator : estimator, optional
        Learns from the probabilities of the last layer (of two classes, those of the second). None:
        their mean with the shares of the lowest log loss, which is never surer than its members.
    layers : int
        How many; a further one stays only if it lowers the nested loss.
    folds : int, optional
        Inner folds; None: by the number of rows.
    repeats : int
        How many times the folds are drawn; out-of-fold predictions are means of the draws.
    admission : float, optional
        The share by which a member has to lower the loss to join (`Admission`); None: all do, and
        all layers stay.
    random_state : int
        Of the folds.

    Attributes
    ----------
    layers_ : list of Layer
        The members of each, with the out-of-fold loss of every candidate.
    names_ : list of str
        The members of the last layer.
    loss_ : float
        The nested log loss of the stack.
    splits_ : Splits
        The plan of inner folds, and why it is that one.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> found = StackingClassifier(folds=3).fit(X, y, groups=np.arange(150) // 5)
    >>> found.splits_.kind, found.score(X, y) > 0.9
    ('group k-fold', True)
    """

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, order: Any = None
    ) -> Self:
        """Fit the stack.

        Parameters
        ----------
        X : array or frame of shape (n_rows, n_columns)
            What the members take; numbers where there are several layers.
        y : array of shape (n_rows,)
            Labels.
        sample_weight : array of shape (n_rows,), optional
            How much each row counts; every member has to take it.
        groups : array of shape (n_rows,), optional
            Rows of one group stay on one side of every inner split.
        order : array of numbers or dates of shape (n_rows,), optional
            Members are asked about later rows than they were fitted on.

        Returns
        -------
        self
        """
        X, y = entered(self, X, y)
        self._stack(Rows.of(X, self._coded(y), sample_weight, groups, order))
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Give the probability of each class: shape (n_rows, n_classes)."""
        return self._answer(X)


class StackingRegressor(RegressorMixin, _Stack):  # type: ignore[misc]
    """Regression models in layers, combined by what they say of rows that they were not fitted on.

    The parameters and attributes are those of `StackingClassifier`, with the squared error.

    Examples
    --------
    >>> X = np.arange(60.0)[:, None]
    >>> StackingRegressor(folds=3).fit(X, 3 * X[:, 0]).names_
    ['linear']
    """

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, order: Any = None
    ) -> Self:
        """Fit the stack; see `StackingClassifier.fit`."""
        X, y = entered(self, X, y)
        target = Target(y.astype(np.float64))
        self._stack(Rows.of(X, target, sample_weight, groups, order))
        return self

    def predict(self, X: Any) -> Floats:
        """Give the number of each row."""
        return self._answer(X)[:, 0]
