"""Fits side by side: here and in workers, whoever is free."""

from __future__ import annotations

import os

import numpy as np
import pytest

from diagnosis.whereabouts import Broken, Who
from modelwright.core.errors import DataError
from modelwright.diagnosis.fits import Fit, Sources, run_fits

X = np.arange(40.0)[:, None]


def fits_of(estimator: object, count: int = 8) -> list[Fit]:
    some = np.arange(2)
    return [Fit(estimator, np.arange(20 + number), some, number) for number in range(count)]


@pytest.mark.long
def test_this_process_fits_while_workers_do() -> None:
    done = run_fits(fits_of(Who(0.5), 16), Sources(X, X[:, 0], X), workers=2)
    assert done.where == "worker processes"
    said = np.array([found for found, _ in done.said])
    assert said[:, 2].tolist() == [20 + number for number in range(16)]
    assert len(set(said[:, 1])) == 16
    assert set(said[:, 3]) == {1.0}
    assert os.getpid() in said[:, 0]
    assert len(set(said[:, 0])) == 2


def test_short_work_does_not_wait_for_workers() -> None:
    done = run_fits(fits_of(Who()), Sources(X, X[:, 0], X), workers=2)
    assert {found[0] for found, _ in done.said} == {os.getpid()}
    assert run_fits(fits_of(Who()), Sources(X, X[:, 0], X)).where == "this process"


@pytest.mark.long
def test_what_fails_in_workers_only_is_fitted_here() -> None:
    broken = Broken(f"fails {os.getpid()}", 0.3)
    done = run_fits(fits_of(broken, 12), Sources(X, X[:, 0], X), workers=2)
    assert done.where == "threads"
    assert [found[2] for found, _ in done.said] == [20 + number for number in range(12)]


@pytest.mark.long
def test_a_fit_that_kills_its_worker_is_told() -> None:
    broken = Broken(f"dies {os.getpid()}", 0.6)
    with pytest.raises(DataError, match="every fit to end"):
        run_fits(fits_of(broken, 14), Sources(X, X[:, 0], X), workers=2)


def test_threads_of_a_pool_are_limited_too() -> None:
    class Own(Who):
        pass

    done = run_fits(fits_of(Own(), 4), Sources(X, X[:, 0], X), workers=2)
    assert done.where == "threads"
    assert {found[3] for found, _ in done.said} == {1.0}


def test_the_largest_fits_come_first() -> None:
    order: list[int] = []

    class Noted(Who):
        def fit(self, X: np.ndarray, y: np.ndarray) -> Noted:
            order.append(len(X))
            super().fit(X, y)
            return self

    done = run_fits(fits_of(Noted(), 5), Sources(X, X[:, 0], X), workers=0)
    assert order == [24, 23, 22, 21, 20]
    assert [found[2] for found, _ in done.said] == [20, 21, 22, 23, 24]
