"""Tables of true and decided classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.evaluate.scores import classes

RNG = np.random.default_rng(7)


def test_each_class_agrees_with_scikit_learn() -> None:
    y, said = RNG.integers(0, 4, 300), RNG.integers(0, 4, 300)
    weight = RNG.exponential(size=300)
    table = classes.confusion(y, said, 4, weight)
    np.testing.assert_allclose(table, sk.confusion_matrix(y, said, sample_weight=weight))
    expected = sk.precision_recall_fscore_support(y, said, sample_weight=weight)
    found = classes.per_class(table)
    for mine, wanted in zip(
        (found.precision, found.recall, found.f1, found.support), expected, strict=True
    ):
        np.testing.assert_allclose(mine, wanted)


def test_what_has_no_value_is_nan_for_one_class_and_no_warning() -> None:
    found = classes.per_class(np.array([[3.0, 0.0], [0.0, 0.0]]))
    assert np.isnan([found.precision[1], found.recall[1], found.f1[1]]).all()
    empty = np.zeros((2, 2))
    assert np.isnan(classes.accuracy(empty))
    assert classes.mcc(empty) == 0


TABLES = st.lists(st.lists(st.integers(0, 30), min_size=9, max_size=9), min_size=1, max_size=4).map(
    lambda cells: np.array(cells, float).reshape(-1, 3, 3)
)
FORMULAS = [
    classes.accuracy,
    classes.balanced_accuracy,
    classes.f1,
    classes.precision,
    classes.recall,
    classes.specificity,
    classes.jaccard,
    classes.mcc,
    classes.kappa,
]


@given(TABLES)
def test_many_tables_at_once_are_each_table_alone(tables: np.ndarray) -> None:
    for formula in FORMULAS:
        whole = formula(tables)
        alone = [float(formula(table)) for table in tables]
        np.testing.assert_allclose(whole, alone, rtol=1e-12)


@given(TABLES, st.sampled_from([0.5, 3.0, 1000.0]))
def test_only_shares_count_and_scores_stay_in_their_range(
    tables: np.ndarray, factor: float
) -> None:
    for formula in FORMULAS:
        one = formula(tables)
        np.testing.assert_allclose(one, formula(tables * factor), rtol=1e-9)
        known = one[np.isfinite(one)]
        assert (known <= 1 + 1e-12).all()
        least = {classes.mcc: -1.0, classes.kappa: -2.0}.get(formula, 0.0)
        assert (known >= least - 1e-12).all()


def test_mcc_and_kappa_agree_with_scikit_learn_where_classes_are_rare() -> None:
    y, said = np.zeros(50, int), np.zeros(50, int)
    y[:2], said[1:3] = 1, 1
    table = classes.confusion(y, said, 2)
    assert float(classes.mcc(table)) == pytest.approx(sk.matthews_corrcoef(y, said))
    assert float(classes.kappa(table)) == pytest.approx(sk.cohen_kappa_score(y, said))


def test_top_k_counts_ties_as_scikit_learn() -> None:
    y = RNG.integers(0, 5, 400)
    p = RNG.integers(0, 3, (400, 5)) / 2
    for k in (1, 2, 4):
        wanted = sk.top_k_accuracy_score(y, p, k=k, labels=np.arange(5))
        assert classes.top_k_accuracy(y, p, k=k) == pytest.approx(wanted)
    assert classes.top_k_accuracy(y, p, k=5) == 1


def test_an_unknown_average() -> None:
    with pytest.raises(OptionError, match="macro, micro, weighted; got 'marco'; did you mean"):
        classes.f1(np.eye(2), "marco")
    with pytest.raises(OptionError, match="linear or quadratic"):
        classes.kappa(np.eye(2), "cubic")
