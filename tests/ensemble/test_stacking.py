"""Stacks that are honest by themselves: groups, order, members that earn their place."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier as TheirForest
from sklearn.ensemble import StackingClassifier as TheirStack
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from modelwright.core.task import Target
from modelwright.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    GreedySelectionClassifier,
    GreedySelectionRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingRegressor,
)
from modelwright.ensemble.inner import Rows, fit_member, out_of_fold, plan
from modelwright.ensemble.stacking import Admission

MEMBERS = [
    ("logistic", LogisticRegression(max_iter=500)),
    ("near", KNeighborsClassifier(1)),
    ("tree", DecisionTreeClassifier(random_state=0)),
]


def grouped(
    groups: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Ten rows a group that lie close together and share an answer: easy to remember."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), 10)
    home = random.normal(size=(groups, 6))
    X = home[group] + 0.05 * random.normal(size=(len(group), 6))
    y = (home[:, 0] + 0.7 * home[:, 1] + random.normal(size=groups) > 0).astype(int)[group]
    flipped = random.random(len(y)) < 0.05
    return X, np.where(flipped, 1 - y, y), group


@pytest.mark.long
def test_groups_are_obeyed_without_being_asked_twice() -> None:
    gaps, gains = [], []
    last = LogisticRegression()
    for seed in range(4):
        X, y, group = grouped(150, seed)
        fresh, fresh_y, _ = grouped(300, seed + 100)  # other groups, the same relation

        def score(model: Any, X: Any = fresh, y: Any = fresh_y) -> float:
            return float(roc_auc_score(y, model.predict_proba(X)[:, 1]))

        own = StackingClassifier(MEMBERS, last, folds=5, admission=None)
        automatic = score(own.fit(X, y, groups=group))
        by_hand = TheirStack(MEMBERS, last, cv=list(GroupKFold(5).split(X, y, group)))
        gaps.append(score(by_hand.fit(X, y)) - automatic)
        blind = StratifiedKFold(5, shuffle=True, random_state=0)
        gains.append(automatic - score(TheirStack(MEMBERS, last, cv=blind).fit(X, y)))
    assert np.mean(gaps) < 0.005
    assert np.mean(gains) > 0.02


def test_no_group_and_no_later_row_teaches() -> None:
    X, y, group = grouped(30, 0)
    found = StackingClassifier(MEMBERS[:2], folds=4).fit(X, y, groups=group)
    for fold in found.splits_.folds:
        assert not set(group[fold.train]) & set(group[fold.valid])
    when = np.arange(len(y)).astype("datetime64[D]")
    timed = StackingClassifier(MEMBERS[:2], folds=4).fit(X, y, order=when)
    assert timed.splits_.kind == "time-ordered"
    for fold in timed.splits_.folds:
        assert fold.train.max() < fold.valid.min()
    with pytest.raises(ValueError, match="not possible with order"):
        StackingClassifier(MEMBERS[:2], layers=2, folds=4, admission=None).fit(X, y, order=when)


@pytest.mark.long
def test_a_member_that_gains_nothing_or_is_too_dear_stays_out() -> None:
    X, y, group = grouped(60, 1)
    found = StackingClassifier(MEMBERS, folds=5).fit(X, y, groups=group)
    assert found.names_[0] == "logistic"
    assert "near" not in found.names_
    strict = StackingClassifier(MEMBERS, folds=5, admission=0.2)
    assert strict.fit(X, y, groups=group).names_ == ["logistic"]
    assert set(found.layers_[0].losses) == {"logistic", "near", "tree"}
    everybody = StackingClassifier(MEMBERS, folds=5, admission=None).fit(X, y, groups=group)
    assert everybody.names_ == ["logistic", "near", "tree"]
    rule = Admission(0.01)
    assert rule.admits(1.0, 0.98, 1.0, 1.0)
    assert rule.admits(1.0, 0.98, 3.0, 1.0)
    assert not rule.admits(1.0, 0.98, 30.0, 1.0)
    assert not rule.admits(1.0, 0.995, 0.1, 1.0)


def test_a_second_layer_stays_only_if_it_gains() -> None:
    X, y = load_diabetes(return_X_y=True)
    members = [("ridge", Ridge(0.1)), ("tree", DecisionTreeRegressor(max_depth=3, random_state=0))]
    found = StackingRegressor(members, layers=3, folds=5).fit(X, y)
    losses = [layer.loss for layer in found.layers_]
    assert losses == sorted(losses, reverse=True)
    forced = StackingRegressor(members, layers=2, folds=5, admission=None).fit(X, y)
    assert len(forced.layers_) == 2
    assert forced.layers_[1].fitted[0].n_features_in_ == X.shape[1] + len(members)
    assert np.corrcoef(forced.predict(X), y)[0, 1] > 0.6


def test_a_further_layer_is_fitted_on_what_was_said_out_of_fold() -> None:
    X, y = load_diabetes(return_X_y=True)
    members = [("near", _Nearest()), ("ridge", Ridge(0.1))]
    found = StackingRegressor(members, layers=2, folds=5, admission=None).fit(X[:300], y[:300])
    first, second = found.layers_
    np.testing.assert_array_equal(second.fitted[0].seen_, np.hstack([X[:300], *first.said]))
    # who learns from what neighbours say of themselves takes them for infallible
    single = StackingRegressor(members, folds=5, admission=None).fit(X[:300], y[:300])
    one, two = (np.std(model.predict(X[300:]) - y[300:]) for model in (single, found))
    assert two < 1.03 * one


class _Nearest(KNeighborsRegressor):  # type: ignore[misc]
    """One neighbour, which keeps the columns that it was fitted on."""

    def __init__(self) -> None:
        super().__init__(1)

    def fit(self, X: Any, y: Any) -> _Nearest:
        self.seen_ = X
        super().fit(X, y)
        return self


def test_repeats_average_the_draws() -> None:
    X, y, _ = grouped(20, 3)
    rows = Rows(X, Target(y, 2))
    member = DecisionTreeClassifier(random_state=0)
    drawn = plan(rows, folds=3, repeats=4)
    said = out_of_fold(member, rows, drawn).said
    by_hand = np.zeros((len(y), 2))
    for fold in drawn.folds:
        fitted = fit_member(member, rows.at(fold.train))
        by_hand[fold.valid] += fitted.predict_proba(X[fold.valid]) / 4
    np.testing.assert_allclose(said, by_hand)
    found = GreedySelectionClassifier(MEMBERS, folds=3, repeats=4).fit(X, y)
    assert found.splits_.times == 4


def test_a_fold_without_a_class_is_no_trouble() -> None:
    random = np.random.default_rng(0)
    X, y = random.normal(size=(60, 3)), np.repeat([0, 1, 2], [29, 29, 2])
    group = np.where(y == 2, 99, np.arange(60) % 7)
    found = StackingClassifier([("bayes", GaussianNB())], folds=4).fit(X, y, groups=group)
    assert found.predict_proba(X).shape == (60, 3)
    np.testing.assert_allclose(found.predict_proba(X).sum(axis=1), 1.0)


def test_greedy_selection_is_no_worse_than_its_best_member() -> None:
    X, y = load_diabetes(return_X_y=True)
    members = [(f"tree{d}", DecisionTreeRegressor(max_depth=d, random_state=0)) for d in (1, 3, 9)]
    members.append(("ridge", Ridge(0.1)))
    found = GreedySelectionRegressor(members, folds=5, most=2).fit(X, y)
    assert found.loss_ <= found.losses_.min()
    assert 1 <= len(found.names_) <= 2
    assert found.names_[0] == "ridge"


def test_whole_groups_are_bagged() -> None:
    X, y, group = grouped(40, 5)
    blind = BaggingClassifier(n_estimators=30, oob_score=True, random_state=0).fit(X, y)
    told = BaggingClassifier(n_estimators=30, oob_score=True, random_state=0)
    told.fit(X, y, groups=group)
    fresh, fresh_y, _ = grouped(200, 50)
    assert blind.oob_score_ > 0.9
    assert told.oob_score_ < 0.8
    assert abs(told.oob_score_ - told.score(fresh, fresh_y)) < 0.2


def test_a_member_that_takes_no_weights_is_named() -> None:
    X, y, _ = grouped(10, 0)
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample_weight"):
        StackingClassifier(MEMBERS[1:2]).fit(X, y, sample_weight=np.ones(len(y)))
    with pytest.raises(ValueError, match="names of their own"):
        StackingClassifier([MEMBERS[0], MEMBERS[0]]).fit(X, y)
    with pytest.raises(ValueError, match="predict_proba"):
        StackingClassifier([("svm", LinearSVC())], folds=2).fit(X, y)


def test_a_fold_has_as_much_say_in_the_loss_as_its_rows_weigh() -> None:
    X, y = (part[:200] for part in load_diabetes(return_X_y=True))
    weight = np.where(np.arange(200) < 20, 50.0, 1.0)
    group = np.arange(200) // 20
    found = StackingRegressor([("ridge", Ridge())], folds=5, admission=None)
    found.fit(X, y, sample_weight=weight, groups=group)
    off = (found.layers_[0].said[0][:, 0] - y) ** 2
    folds = [fold.valid for fold in found.splits_.folds]
    losses = [np.sqrt(np.average(off[rows], weights=weight[rows])) for rows in folds]
    sizes = [weight[rows].sum() for rows in folds]
    assert found.loss_ == pytest.approx(np.average(losses, weights=sizes))
    assert max(sizes) > 10 * min(sizes)


def test_nobody_of_a_drawn_group_is_out_of_the_bag() -> None:
    group = np.repeat(np.arange(5), [60, 30, 15, 10, 5])  # of sizes that no share of rows meets
    X, y = np.arange(120.0)[:, None], np.arange(120.0)
    judged = 0
    for seed in range(12):
        found = BaggingRegressor(
            _Remembering(), n_estimators=1, max_samples=0.6, oob_score=True, random_state=seed
        )
        found.fit(X, y, groups=group)
        drawn = set(group[found.estimators_[0].seen_.astype(int)])
        out = np.isfinite(found.oob_prediction_[:, 0])
        assert len(drawn) <= 3
        assert out.tolist() == [g not in drawn for g in group]
        judged += int(out.sum())
    assert judged > 0


class _Remembering(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Answers with the first answer that it was given."""

    def fit(self, X: Any, y: Any) -> _Remembering:
        self.seen_ = np.asarray(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        return np.full(len(X), self.seen_[0])


def test_weights_count_where_whole_groups_are_bagged() -> None:
    X, y, group = grouped(40, 2)
    weight = np.where(y == 1, 50.0, 1.0)
    told = {"n_estimators": 20, "random_state": 0}
    plain = BaggingClassifier(**told).fit(X, y, groups=group)
    loud = BaggingClassifier(DecisionTreeClassifier(min_samples_leaf=40), **told)
    even = clone(loud).fit(X, y, groups=group)
    loud.fit(X, y, sample_weight=weight, groups=group)
    assert loud.predict_proba(X)[:, 1].mean() > even.predict_proba(X)[:, 1].mean() + 0.1
    silent = np.where(group < 20, 0.0, 1.0)
    half = BaggingClassifier(**told).fit(X, y, sample_weight=silent, groups=group)
    only = BaggingClassifier(**told).fit(X[group >= 20], y[group >= 20], groups=group[group >= 20])
    assert (half.predict(X) == only.predict(X)).mean() > 0.9
    assert plain.score(X, y) > 0.9
    with pytest.raises(ValueError, match="KNeighborsClassifier takes no sample_weight"):
        BaggingClassifier(KNeighborsClassifier(1)).fit(X, y, sample_weight=weight, groups=group)


def test_bags_that_leave_nobody_out_cannot_be_judged() -> None:
    X, y, _ = grouped(4, 0)
    with pytest.raises(ValueError, match="rows out of the bag for oob_score"):
        BaggingClassifier(bootstrap=False, n_estimators=3, oob_score=True).fit(X, y)


def test_bags_of_some_columns_take_frames() -> None:
    X, y, _ = grouped(12, 0)
    frame = pd.DataFrame(X, columns=list("abcdef"))
    told = {"n_estimators": 5, "max_features": 0.5, "random_state": 0, "oob_score": True}
    with warnings.catch_warnings(action="ignore"):  # trees are asked about arrays beside frames
        own = BaggingClassifier(**told).fit(frame, y)
        same = BaggingClassifier(**told).fit(X, y)
        np.testing.assert_allclose(own.predict_proba(frame), same.predict_proba(X))
    np.testing.assert_allclose(own.oob_score_, same.oob_score_)


def test_answers_beside_a_frame_are_checked() -> None:
    frame = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) % 3})
    y = np.arange(20.0)
    y[3] = np.nan
    for model in (StackingRegressor(folds=2), BaggingRegressor(), VotingRegressor()):
        with pytest.raises(ValueError, match="NaN"):
            model.fit(frame, y)


@pytest.mark.long
def test_what_is_combined_may_be_an_ensemble_and_must_not_be_empty() -> None:
    X, y, _ = grouped(12, 0)
    forest = TheirForest(n_estimators=3, max_depth=2, random_state=0)
    for model in (BaggingClassifier(forest, n_estimators=2), AdaBoostClassifier(forest)):
        assert model.fit(X, y).score(X, y) > 0.6
    with pytest.raises(ValueError, match="names of their own"):
        StackingClassifier([]).fit(X, y)
    with pytest.raises(ValueError, match="1 layer or more"):
        StackingClassifier(MEMBERS, layers=0).fit(X, y)
