"""Where the algorithm is that of scikit-learn, so are the numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.linear_model import Ridge

from clean.impute.tables import numbers_with_gaps, table_of
from modelwright.clean.impute import Chained, Imputer, Neighbours, Plain
from modelwright.clean.impute.imputer import Method

TRAIN = numbers_with_gaps()
SCALE = np.nanstd(TRAIN, axis=0)


def ours(method: Method, new: NDArray[np.float64]) -> NDArray[np.float64]:
    fitted = Imputer(method).fit(table_of(TRAIN))
    return fitted.transform(table_of(new)).frame.to_numpy()


NEW = numbers_with_gaps(40, seed=3)
BOTH = pytest.mark.parametrize("new", [TRAIN, NEW], ids=["training rows", "new rows"])


@BOTH
@pytest.mark.parametrize("how", ["mean", "median", "most-frequent"])
def test_one_value_a_column(how: str, new: NDArray[np.float64]) -> None:
    theirs = SimpleImputer(strategy=how.replace("-", "_")).fit(TRAIN).transform(new)
    np.testing.assert_allclose(ours(Plain(how), new), theirs, atol=1e-12)  # type: ignore[arg-type]


@BOTH
@pytest.mark.parametrize("k", [1, 5, 200])
def test_nearest_neighbours(k: int, new: NDArray[np.float64]) -> None:
    theirs = KNNImputer(n_neighbors=k).fit(TRAIN).transform(new)
    np.testing.assert_allclose(ours(Neighbours(k=k, gaps="scaled"), new), theirs, atol=1e-9)


@pytest.mark.long
@BOTH
@pytest.mark.parametrize("rounds", [1, 3, 300])
def test_chained_equations(rounds: int, new: NDArray[np.float64]) -> None:
    reference = IterativeImputer(
        estimator=Ridge(alpha=1.0),
        max_iter=rounds,
        tol=1e-3,
        imputation_order="ascending",
        min_value=np.nanmin(TRAIN, axis=0),
        max_value=np.nanmax(TRAIN, axis=0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged in so few rounds
        reference.fit(TRAIN)
    settings = Chained(rounds=rounds)
    fitted = settings.fit(table_of(TRAIN), [f"x{j}" for j in range(5)], seed=0)
    assert fitted.rounds == reference.n_iter_
    assert fitted.settled is (rounds == 300)
    np.testing.assert_allclose(ours(settings, new), reference.transform(new), atol=1e-8)
