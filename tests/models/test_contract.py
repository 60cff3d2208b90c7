"""Every learner keeps the contract."""

from __future__ import annotations

import importlib.util

import pytest

from modelwright.models import (
    AdditiveLearner,
    CatBoostLearner,
    ExtraTreesLearner,
    HistogramBoosting,
    LightGBMLearner,
    LinearLearner,
    NeighboursLearner,
    RandomForestLearner,
    TreeLearner,
    XGBoostLearner,
)
from modelwright.models.adaboost import AdaBoostLearner
from modelwright.models.forest import BaggedTreesLearner
from modelwright.models.gaussian_process import GaussianProcessLearner
from modelwright.models.gradient_boosting import GradientBoostingLearner
from modelwright.models.selected import SelectedLearner
from modelwright.testing import LearnerContract


class TestLinear(LearnerContract):
    exact_weights = True

    def learner(self) -> LinearLearner:
        return LinearLearner()


class TestLinearWithKnots(LearnerContract):
    def learner(self) -> LinearLearner:
        return LinearLearner(knots=3)


class TestLightGBM(LearnerContract):
    def learner(self) -> LightGBMLearner:
        return LightGBMLearner(learning_rate=0.1, leaves=7, max_rounds=80)


@pytest.mark.long  # likewise `test_histogram.py`
class TestHistogramBoosting(LearnerContract):
    def learner(self) -> HistogramBoosting:
        return HistogramBoosting(learning_rate=0.2, leaves=7, max_rounds=50)


@pytest.mark.long  # of forests the default suite has `test_forest.py`
class TestExtraTrees(LearnerContract):
    def learner(self) -> ExtraTreesLearner:
        return ExtraTreesLearner(trees=40)


@pytest.mark.long
class TestRandomForest(LearnerContract):
    def learner(self) -> RandomForestLearner:
        # smaller leaves learn noise by heart, whatever its weight
        return RandomForestLearner(trees=40, min_rows_leaf=5)


@pytest.mark.long
class TestBaggedTrees(LearnerContract):
    def learner(self) -> BaggedTreesLearner:
        # with smaller leaves, codes whose order means nothing cost more than the contract allows
        return BaggedTreesLearner(trees=30, min_rows_leaf=8)


@pytest.mark.long
class TestGradientBoosting(LearnerContract):
    def learner(self) -> GradientBoostingLearner:
        return GradientBoostingLearner(learning_rate=0.2, max_rounds=40)


@pytest.mark.long
class TestAdaBoost(LearnerContract):
    def learner(self) -> AdaBoostLearner:
        return AdaBoostLearner(rounds=25, depth=2)


class TestTree(LearnerContract):
    def learner(self) -> TreeLearner:
        return TreeLearner()


class TestXGBoost(LearnerContract):
    def learner(self) -> XGBoostLearner:
        return XGBoostLearner(learning_rate=0.15, depth=4, max_rounds=80)


class TestNeighbours(LearnerContract):
    def learner(self) -> NeighboursLearner:
        return NeighboursLearner()


@pytest.mark.long
class TestGaussianProcess(LearnerContract):
    def learner(self) -> GaussianProcessLearner:
        return GaussianProcessLearner()


@pytest.mark.long  # likewise `test_additive.py`
class TestAdditive(LearnerContract):
    def learner(self) -> AdditiveLearner:
        return AdditiveLearner(learning_rate=0.3, max_rounds=50)


@pytest.mark.long
class TestSelectedByFilter(LearnerContract):
    def learner(self) -> SelectedLearner:
        return SelectedLearner()


@pytest.mark.long  # dozens of fits in each: the default suite has the filter
class TestSelectedByModel(LearnerContract):
    def learner(self) -> SelectedLearner:
        return SelectedLearner(by="model", inner="lightgbm")


@pytest.mark.long
class TestSelectedByWrapper(LearnerContract):
    def learner(self) -> SelectedLearner:
        return SelectedLearner(by="wrapper", most=4)


@pytest.mark.skipif(
    importlib.util.find_spec("catboost") is None, reason="CatBoost is not installed (extra boost)"
)
class TestCatBoost(LearnerContract):
    def learner(self) -> CatBoostLearner:
        return CatBoostLearner(learning_rate=0.15, depth=4, max_rounds=80)
