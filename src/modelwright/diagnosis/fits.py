"""Many fits of estimators side by side, without pickling any of them.

An estimator that can be described as plain JSON (its class and its parameters; see `described`) is
built anew in worker processes, which hold the rows as files. Any other one, such as a class of a
notebook, a frame of pandas or a function without a name, is fitted in threads of this process:
compiled code that lets go of Python's lock (NumPy, scikit-learn's trees, boosters) runs side by
side there too, plain Python does not. What comes out is the same either way.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modelwright.core.errors import DataError
from modelwright.diagnosis.described import described, search_path
from modelwright.diagnosis.work import Said, fit_and_predict, fit_described, write_rows
from modelwright.engine import Job, Status, start_engine, worker_count

__all__ = ["Done", "Fit", "Sources", "run_fits"]

# Starting workers takes about a second each: work that is sooner done stays here.
WORTH_SECONDS = 3.0
HERE, PROCESSES, THREADS = "this process", "worker processes", "threads"


@dataclass(frozen=True)
class Fit:
    """One fit that is wanted.

    Parameters
    ----------
    estimator : object
        Copied, never changed.
    train, test : ndarray of int64
        The rows that it learns from, which may come again, and those that it predicts.
    seed : int
        For what it draws.
    """

    estimator: Any
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    seed: int


@dataclass(frozen=True)
class Sources:
    """What all fits share.

    Parameters
    ----------
    X : array or frame
        The rows to learn from.
    y : ndarray, shape (n_rows,)
        Their answers as they came.
    new : array or frame
        The rows to predict; may be `X`.
    probabilities : bool
        Whether probabilities are asked for, not answers.
    own : bool
        Whether each fit is asked about the rows that it learned from, too.
    """

    X: Any
    y: NDArray[Any]
    new: Any
    probabilities: bool = False
    own: bool = False


@dataclass(frozen=True)
class Done:
    """What came of fits.

    Parameters
    ----------
    said : tuple of (ndarray, ndarray)
        For each fit, what it says of the test rows, and of its own rows.
    seconds : float
        How long all of them took.
    where : str
        ``"this process"``, ``"worker processes"`` or ``"threads"``.
    """

    said: tuple[Said, ...]
    seconds: float
    where: str


def run_fits(fits: Sequence[Fit], sources: Sources, workers: int | None = None) -> Done:
    """Fit all, side by side where that is worth it.

    Parameters
    ----------
    fits : sequence of Fit
        At least one.
    sources : Sources
        The rows.
    workers : int, optional
        How many side by side; None: one a core. 0 or 1: one after the other, in this process.

    Returns
    -------
    Done
        In the order of `fits`, and the same for any number of workers.

    Raises
    ------
    Exception
        What an estimator raises, as it raises it.
    DataError
        When a worker dies of a fit, or runs out of memory.
    """
    began = time.monotonic()
    with threadpool_limits(1):
        first = _here(fits[0], sources)
        spent = time.monotonic() - began
        many = 1 if workers == 0 else min(worker_count(workers), len(fits) - 1)
        rest, where = fits[1:], HERE
        if many < 2 or (workers is None and spent * len(rest) < WORTH_SECONDS):
            found = [_here(fit, sources) for fit in rest]
        else:
            found, where = _side_by_side(rest, sources, many)
    return Done((first, *found), time.monotonic() - began, where)


def _here(fit: Fit, sources: Sources) -> Said:
    return fit_and_predict(
        fit.estimator,
        (sources.X, sources.y, sources.new),
        fit.train,
        fit.test,
        seed=fit.seed,
        probabilities=sources.probabilities,
        own=sources.own,
    )


def _side_by_side(fits: Sequence[Fit], sources: Sources, many: int) -> tuple[list[Said], str]:
    descriptions = _described(fits)
    if None not in descriptions:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            if _written(Path(folder), fits, sources):
                found = _in_processes(Path(folder), descriptions, fits, sources, many)
                if found is not None:
                    return found, PROCESSES
    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(lambda fit: _here(fit, sources), fits)), THREADS


def _described(fits: Sequence[Fit]) -> list[dict[str, Any] | None]:
    """Describe the estimator of each fit; one that comes again, once."""
    known = {id(fit.estimator): fit.estimator for fit in fits}
    told = {key: described(estimator) for key, estimator in known.items()}
    return [told[id(fit.estimator)] for fit in fits]


def _written(folder: Path, fits: Sequence[Fit], sources: Sources) -> bool:
    """Write what workers need; False when the rows have no safe form on disk."""
    if not write_rows(folder / "rows", sources.X):
        return False
    if sources.new is not sources.X and not write_rows(folder / "new", sources.new):
        return False
    np.save(folder / "y.npy", sources.y, allow_pickle=False)
    for number, fit in enumerate(fits):
        np.savez(folder / f"rows-{number}.npz", train=fit.train, test=fit.test)
    return True


def _in_processes(
    folder: Path,
    descriptions: Sequence[dict[str, Any] | None],
    fits: Sequence[Fit],
    sources: Sources,
    many: int,
) -> list[Said] | None:
    """Fit in workers; None when a fit fails there that does not fail here."""
    shared = {
        "probabilities": sources.probabilities,
        "own": sources.own,
        "path": search_path(),
    }
    call = f"{fit_described.__module__}:{fit_described.__name__}"
    with start_engine(many) as engine:
        for number, (fit, description) in enumerate(zip(fits, descriptions, strict=True)):
            arguments = {
                "folder": str(folder),
                "number": number,
                "description": description,
                "options": {**shared, "seed": fit.seed},
            }
            engine.submit(Job(str(number), call, arguments))
        while engine.pending:
            for outcome in engine.wait():
                if outcome.status is Status.FAILED:
                    engine.cancel_all()
                    _here(fits[int(outcome.job.key)], sources)  # raises the user's own error
                    return None
                if outcome.status is not Status.DONE:
                    raise DataError(
                        "every fit to end",
                        f"one that did not: {outcome.status.value} {outcome.error}".strip(),
                        "take fewer rows or a smaller model, or workers=0 to see it fail here",
                    )
    return [_read(folder / f"said-{number}.npz") for number in range(len(fits))]


def _read(path: Path) -> Said:
    with np.load(path, allow_pickle=False) as said:
        return said["found"], said["seen"]
