"""What a worker does: one fit on some rows, and its predictions for others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modelwright.diagnosis.answers import said, take
from modelwright.diagnosis.described import anew, build, reach

__all__ = ["fit_and_predict", "fit_described", "read_rows", "write_rows"]

Said = tuple[NDArray[Any], NDArray[Any]]


def fit_and_predict(
    estimator: Any,
    sources: tuple[Any, NDArray[Any], Any],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    *,
    seed: int,
    probabilities: bool,
    own: bool,
) -> Said:
    """Fit a copy of an estimator on some rows, and ask it about others.

    Parameters
    ----------
    estimator : object
        Not changed.
    sources : tuple
        The rows to fit on, their answers as they came, and the rows to predict.
    train, test : ndarray of int64
        Which rows of the first and of the third.
    seed : int
        For what the estimator draws.
    probabilities : bool
        Whether it is asked for probabilities.
    own : bool
        Whether it is asked about the rows that it was fitted on, too.

    Returns
    -------
    tuple of ndarray
        What it says of the test rows, and of its own rows (empty when not asked).
    """
    X, y, new = sources
    classes = np.unique(y) if probabilities or y.dtype.kind in "Ub" else np.empty(0)
    fresh = anew(estimator, seed)
    rows = take(X, train)
    fresh.fit(rows, y[train])
    found = said(fresh, take(new, test), classes, probabilities=probabilities)
    seen = said(fresh, rows, classes, probabilities=probabilities) if own else found[:0]
    return found, seen


def fit_described(
    folder: str, number: int, description: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    """Fit what is described, and write what it says beside the rows.

    Parameters
    ----------
    folder : str
        Where the rows lie, and the indices of this fit.
    number : int
        The fit.
    description : mapping
        The estimator; see `modelwright.diagnosis.described`.
    options : mapping
        ``seed``, ``probabilities`` and ``own`` as for `fit_and_predict`, and ``path``: folders in
        which modules are looked for.
    """
    reach(options["path"])
    place = Path(folder)
    with np.load(place / f"rows-{number}.npz", allow_pickle=False) as index:
        train, test = index["train"], index["test"]
    estimator, sources = build(description), _sources(folder)
    with threadpool_limits(1):  # of the libraries that are there by now: no fight for cores
        found, seen = fit_and_predict(
            estimator,
            sources,
            train,
            test,
            seed=options["seed"],
            probabilities=options["probabilities"],
            own=options["own"],
        )
    np.savez(place / f"said-{number}.npz", found=found, seen=seen)


@lru_cache(maxsize=1)
def _sources(folder: str) -> tuple[Any, NDArray[Any], Any]:
    place = Path(folder)
    X = read_rows(place / "rows")
    new = read_rows(place / "new") if _stored(place / "new") else X
    return X, np.load(place / "y.npy", allow_pickle=False), new


def write_rows(path: Path, X: Any) -> bool:
    """Write rows in a form that is read back as it was; False when there is none."""
    if isinstance(X, pl.DataFrame) and not any(_odd(kind) for kind in X.dtypes):
        X.write_ipc(path.with_suffix(".arrow"))
        return True
    if type(X) is np.ndarray and X.dtype.kind in "biufU":
        np.save(path.with_suffix(".npy"), X, allow_pickle=False)
        return True
    return False


def _odd(kind: pl.DataType) -> bool:
    return kind == pl.Object


def _stored(path: Path) -> bool:
    return path.with_suffix(".arrow").is_file() or path.with_suffix(".npy").is_file()


def read_rows(path: Path) -> Any:
    """Read what `write_rows` wrote."""
    arrow = path.with_suffix(".arrow")
    if arrow.is_file():
        return pl.read_ipc(arrow)
    return np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
