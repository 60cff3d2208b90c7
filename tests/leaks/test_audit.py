"""Leaks planted by hand into pipelines, and the same pipelines without them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, TargetEncoder

import modelwright as mw
from modelwright.core.codes import CODES
from modelwright.core.errors import DataError, UserError
from modelwright.ensemble import StackingClassifier as GroupSafe
from modelwright.leaks.case import make_case

rng = np.random.default_rng(0)
ROWS = 160
X = rng.normal(size=(ROWS, 4))
Y = (X[:, 0] + rng.normal(0, 1.5, ROWS) > 0).astype(int)
FOLDS = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, Y))
TOWN = rng.integers(0, 50, ROWS)


def errors(estimator: Any, X: Any, y: Any, splits: Any, **more: Any) -> list[str]:
    return [one.code for one in mw.audit(estimator, X, y, splits, **more).errors]


class Stops(ClassifierMixin, BaseEstimator):
    """Keeps the better of two models by the rows that it holds."""

    def __init__(self, X_stop: Any = None, y_stop: Any = None, uses: bool = True) -> None:
        self.X_stop = X_stop
        self.y_stop = y_stop
        self.uses = uses

    def fit(self, X: Any, y: Any) -> Stops:
        """Fit both, and choose."""
        both = [LogisticRegression(C=c).fit(X, y) for c in (1e-3, 10.0)]
        self.model_ = both[1]
        if self.uses and self.y_stop is not None:
            held = np.asarray(self.y_stop)
            # no call that is watched sees a row: only the answers have a say
            self.model_ = both[int(held @ np.arange(len(held)) % 2)]
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Any) -> Any:
        """Predict."""
        return self.model_.predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Predict shares."""
        return self.model_.predict_proba(X)


def test_an_honest_pipeline_is_clean() -> None:
    found = mw.audit(make_pipeline(StandardScaler(), LogisticRegression()), X, Y, FOLDS)
    assert found.clean
    assert {"Pipeline", "StandardScaler", "LogisticRegression"} <= set(found.watched)
    assert found.to_dict()["clean"] is True
    assert "no leak was found" in found._repr_html_()


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_frames_of_any_library_are_taken(kind: str) -> None:
    frame: Any = pd.DataFrame(X, columns=list("abcd"))
    if kind == "polars":
        frame = pl.DataFrame(X, schema=list("abcd"))
    if kind == "arrow":
        frame = pl.DataFrame(X, schema=list("abcd")).to_arrow()
        assert errors(None, frame, Y, FOLDS) == []
        return
    assert errors(LogisticRegression(), frame, Y, FOLDS) == []


def test_what_is_given_is_not_changed() -> None:
    frame, answers = pd.DataFrame(X.copy()), Y.copy()
    model = LogisticRegression()
    mw.audit(Stops(X[:40], Y[:40]), frame, answers, FOLDS)
    mw.audit(model, frame, answers, FOLDS)
    assert (frame.to_numpy() == X).all()
    assert (answers == Y).all()
    assert not hasattr(model, "coef_")


def test_rows_on_both_sides() -> None:
    assert "overlapping-splits" in errors(
        GaussianNB(), X, Y, [(np.arange(150), np.arange(120, 160))]
    )


def test_the_answers_that_an_estimator_holds_have_a_say() -> None:
    train, test = np.arange(100), np.arange(100, 160)
    assert errors(Stops(X[test], Y[test]), X, Y, [(train, test)]) == ["scored-rows"]
    unused = mw.audit(Stops(X[test], Y[test], uses=False), X, Y, [(train, test)])
    assert [one.code for one in unused.findings] == ["scored-rows"]
    assert unused.clean
    assert errors(Stops(X[:50], Y[:50]), X, Y, [(train, test)]) == []


def test_a_fit_that_is_seen_with_scored_rows() -> None:
    train, test = np.arange(100), np.arange(100, 160)

    class Looks(Stops):
        def fit(self, X: Any, y: Any) -> Looks:
            super().fit(X, y)
            self.model_.predict(self.X_stop)
            return self

    found = mw.audit(Looks(X[test], None), X, Y, [(train, test)])
    assert found.findings[0].code == "scored-rows"
    assert "60 of the 60 rows" in found.findings[0].evidence


@pytest.mark.long
def test_a_frozen_encoder_has_seen_the_scored_rows() -> None:
    frame = pd.DataFrame({"town": [f"t{i}" for i in TOWN], "x": X[:, 0]})
    encoder = TargetEncoder(cv=3)
    frozen = FrozenEstimator(TargetEncoder().fit(frame[["town"]], Y))
    town = FunctionTransformer(lambda frame: frame[["town"]])
    assert "fitted-before" in errors(make_pipeline(town, frozen, GaussianNB()), frame, Y, FOLDS)
    assert errors(make_pipeline(town, encoder, GaussianNB()), frame, Y, FOLDS) == []


def test_means_in_a_closure_have_seen_the_scored_rows() -> None:
    frame = pd.DataFrame({"town": [f"t{i}" for i in TOWN], "x": X[:, 0]})
    means = pd.Series(Y).groupby(frame["town"]).mean()

    def encode(frame: pd.DataFrame, means: pd.Series) -> pd.DataFrame:
        return frame.assign(town=frame["town"].map(means))

    step = FunctionTransformer(functools.partial(encode, means=means))
    assert "fitted-before" in errors(make_pipeline(step, GaussianNB()), frame, Y, FOLDS)


def test_a_scaler_that_was_fitted_before_is_a_warning() -> None:
    frozen = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), LogisticRegression())
    found = mw.audit(frozen, X, Y, FOLDS)
    assert found.clean
    assert [(one.code, one.severity.value) for one in found.findings] == [
        ("fitted-before", "warning")
    ]


@pytest.mark.long
def test_columns_chosen_by_all_answers() -> None:
    many, y = rng.normal(size=(120, 300)), rng.integers(0, 2, 120)
    folds = list(KFold(3, shuffle=True, random_state=0).split(many))
    chosen = np.flatnonzero(SelectKBest(k=10).fit(many, y).get_support())
    before = make_pipeline(FunctionTransformer(lambda X: X[:, chosen]), LogisticRegression())
    inside = make_pipeline(SelectKBest(k=10), LogisticRegression())
    meant = make_pipeline(FunctionTransformer(lambda X: X[:, :10]), LogisticRegression())
    found = mw.audit(before, many, y, folds)
    assert [one.code for one in found.errors] == ["selected-before"]
    assert set(found.errors[0].columns) == {str(i) for i in chosen}
    assert errors(inside, many, y, folds) == []
    assert errors(meant, many, y, folds) == []


def grouped() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    who = np.repeat(np.arange(50), 4)
    frame = pd.DataFrame(rng.normal(size=(50, 3))[who] + rng.normal(0, 0.05, (200, 3)))
    frame.columns = list("abc")
    return frame, rng.integers(0, 2, 50)[who], who


@pytest.mark.long
def test_an_inner_split_that_mixes_what_the_outer_one_keeps_apart() -> None:
    frame, y, who = grouped()
    folds = list(GroupKFold(3).split(frame, y, who))
    rows = StratifiedKFold(3, shuffle=True, random_state=0)
    members = [("near", KNeighborsClassifier(3)), ("bayes", GaussianNB())]
    stack = StackingClassifier(members, LogisticRegression(), cv=rows)
    assert "inner-split" in errors(stack, frame, y, folds, groups=who)
    calibrated = CalibratedClassifierCV(GaussianNB(), cv=rows)
    found = mw.audit(calibrated, frame, y, folds, groups=who)
    assert "inner-split" in [one.code for one in found.findings]


def test_an_inner_split_is_seen_though_a_few_rows_are_equal() -> None:
    frame, y, who = grouped()
    frame.iloc[[11, 50, 90]] = frame.iloc[[10, 51, 93]].to_numpy()
    folds = list(GroupKFold(3).split(frame, y, who))
    rows = StratifiedKFold(3, shuffle=True, random_state=0)
    stack = StackingClassifier([("bayes", GaussianNB())], LogisticRegression(), cv=rows)
    assert "inner-split" in errors(stack, frame, y, folds, groups=who)


@pytest.mark.long
def test_our_stacking_is_safe() -> None:
    frame, y, who = grouped()
    folds = list(GroupKFold(3).split(frame, y, who))
    members = [("near", KNeighborsClassifier(3)), ("bayes", GaussianNB())]
    safe = GroupSafe(members, LogisticRegression(), folds=3, admission=None)
    found = mw.audit(safe, frame, y, folds, groups=who)
    assert [one.code for one in found.findings if one.code == "inner-split"] == []


class Gaps(GaussianNB):  # type: ignore[misc]
    """Knows no answer for some rows."""

    def predict_proba(self, X: Any) -> Any:
        """Give no number for a row."""
        said = super().predict_proba(X)
        said[3] = np.nan
        return said


class Turned(GaussianNB):  # type: ignore[misc]
    """Lists its classes the other way round."""

    def fit(self, X: Any, y: Any) -> Any:
        """Fit."""
        super().fit(X, y)
        self.inner_ = GaussianNB().fit(X, y)
        self.classes_ = self.classes_[::-1]
        return self

    def predict_proba(self, X: Any) -> Any:
        """Give probabilities in its own order."""
        return self.inner_.predict_proba(X)[:, ::-1]


def test_classes_in_another_order_are_put_in_order() -> None:
    case = make_case(GaussianNB(), X, Y, FOLDS)
    train, new = FOLDS[0]
    one, other = (case.ask(case.fit(model, train), X[new]) for model in (GaussianNB(), Turned()))
    np.testing.assert_array_equal(one, other)


def test_a_few_predictions_of_one_fold_are_not_judged() -> None:
    few = np.where(np.isin(np.arange(ROWS), FOLDS[0][1][:10]), 0.5, np.nan)
    assert mw.audit(few, X, Y, FOLDS).findings == ()
    one = np.where(np.isin(np.arange(ROWS), FOLDS[0][1]), 0.05 + 0.9 * Y, np.nan)
    assert mw.audit(one, X, Y, FOLDS).clean


def test_groups_that_the_folds_mix() -> None:
    frame, y, who = grouped()
    mixed = KFold(3, shuffle=True, random_state=0)
    found = mw.audit(KNeighborsClassifier(3), frame, y, mixed, groups=who)
    assert {one.code for one in found.errors} & {"entities-across", "copies-across"}
    assert errors(KNeighborsClassifier(3), frame, y, GroupKFold(3), groups=who) == []


def test_predictions_alone_that_are_too_good() -> None:
    found = mw.audit(0.05 + 0.9 * Y, X, Y, FOLDS)
    assert [one.code for one in found.findings] == ["too-good"]
    assert found.clean


def test_plans_of_ours_and_numbers_of_folds_are_taken() -> None:
    assert mw.audit(GaussianNB(), X, Y, 3).folds == 3
    frame, y, who = grouped()
    assert mw.audit(GaussianNB(), frame, y, groups=who).clean


@pytest.mark.parametrize(
    "given",
    [
        {"y": Y[:-1]},
        {"splits": [(np.arange(10), np.arange(200, 220))]},
        {"splits": "many"},
        {"groups": np.arange(3)},
        {"task": "guessing"},
        {"estimator": object()},
        {"estimator": LogisticRegression},
        {"estimator": np.full(ROWS, np.nan)},
        {"estimator": ["yes"] * ROWS},
        {"estimator": Gaps()},
        {"y": np.zeros(ROWS, int)},
        {"y": pd.array([1, None] * (ROWS // 2), dtype="Int64")},
        {"groups": np.array(["a", None] * (ROWS // 2), dtype=object)},
        {
            "X": pl.DataFrame(X).with_columns(g=pl.Series(["a", None] * (ROWS // 2))),
            "groups": "g",
            "estimator": np.full(ROWS, 0.5),
        },
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, Any]) -> None:
    asked = {"estimator": GaussianNB(), "X": X, "y": Y, "splits": FOLDS, **given}
    estimator, rows, y, splits = (asked.pop(name) for name in ("estimator", "X", "y", "splits"))
    with pytest.raises(UserError):
        mw.audit(estimator, rows, y, splits, **asked)


def test_a_missing_answer_is_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        mw.audit(GaussianNB(), X, np.where(Y == 1, np.nan, 0.0), FOLDS)


def test_every_finding_has_a_code_of_the_list() -> None:
    found = mw.audit(0.05 + 0.9 * Y, X, Y, FOLDS)
    assert all(one.code in CODES for one in found.findings)
    assert found.to_dict()["findings"][0]["page"] == "guide/audit/too-good.md"
