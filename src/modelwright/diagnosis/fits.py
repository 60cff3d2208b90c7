"""Many fits of estimators side by side, without pickling any of them.

An estimator that can be described as plain JSON (its class and its parameters; see `described`) is
built anew in worker processes, which hold the rows as files; this process fits too, from the first
moment on, so that nobody waits while workers start. Any other one, such as a class of a notebook, a
frame of pandas or a function without a name, is fitted in threads of this process: compiled code
that lets go of Python's lock (NumPy, scikit-learn's trees, boosters) runs side by side there too,
plain Python does not. What comes out is the same either way.
"""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from modelwright.core.errors import DataError
from modelwright.diagnosis.described import described, search_path
from modelwright.diagnosis.work import Said, fit_and_predict, fit_described, write_rows
from modelwright.engine import Engine, Job, Outcome, Status, start_engine, worker_count

__all__ = ["Done", "Fit", "Sources", "run_fits"]

# Starting a worker takes about a second: work that is sooner done stays here.
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
    # the largest first, so that all cores end together
    order = sorted(range(len(fits)), key=lambda number: -len(fits[number].train))
    many = 1 if workers == 0 else min(worker_count(workers), len(fits))
    found: dict[int, Said] = {}
    where = HERE
    with threadpool_limits(1):
        if workers is None and many > 1:
            found[order[0]] = _here(fits[order[0]], sources)
            rows = sum(len(fit.train) for fit in fits) / max(len(fits[order[0]].train), 1)
            if (time.monotonic() - began) * (rows - 1) < WORTH_SECONDS:
                many = 1
        rest = [number for number in order if number not in found]
        if many > 1:
            more, where = _side_by_side(fits, rest, sources, many)
            found |= more
        else:
            found |= {number: _here(fits[number], sources) for number in rest}
    said = tuple(found[number] for number in range(len(fits)))
    return Done(said, time.monotonic() - began, where)


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


def _side_by_side(
    fits: Sequence[Fit], numbers: Sequence[int], sources: Sources, many: int
) -> tuple[dict[int, Said], str]:
    descriptions = _described(fits)
    if None not in descriptions:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            if _written(Path(folder), sources):
                away = _Away(Path(folder), fits, descriptions, sources, deque(numbers))
                found = away.run(many)
                if found is not None:
                    return found, PROCESSES
    # what a thread may use is not what its process may: OpenMP counts by threads
    with ThreadPoolExecutor(many, initializer=threadpool_limits, initargs=(1,)) as pool:
        said = pool.map(lambda number: _here(fits[number], sources), numbers)
        return dict(zip(numbers, said, strict=True)), THREADS


def _described(fits: Sequence[Fit]) -> list[dict[str, Any] | None]:
    """Describe the estimator of each fit; one that comes again, once."""
    known = {id(fit.estimator): fit.estimator for fit in fits}
    told = {key: described(estimator) for key, estimator in known.items()}
    return [told[id(fit.estimator)] for fit in fits]


def _written(folder: Path, sources: Sources) -> bool:
    """Write the rows that workers need; False when they have no safe form on disk."""
    if not write_rows(folder / "rows", sources.X):
        return False
    if sources.new is not sources.X and not write_rows(folder / "new", sources.new):
        return False
    np.save(folder / "y.npy", sources.y, allow_pickle=False)
    return True


@dataclass
class _Away:
    """Fits that this process and workers share: whoever is free takes the next one.

    Parameters
    ----------
    folder : Path
        Where the rows are.
    fits : sequence of Fit
        All fits.
    descriptions : sequence
        What workers build their estimators of.
    sources : Sources
        The rows.
    waiting : deque of int
        The fits that nobody has taken, in order.
    done : set of int
        Those that workers have done.
    failed : Outcome, optional
        Of a fit that did not end well.
    """

    folder: Path
    fits: Sequence[Fit]
    descriptions: Sequence[Mapping[str, Any] | None]
    sources: Sources
    waiting: deque[int]
    done: set[int] = field(default_factory=set)
    failed: Outcome | None = None

    def run(self, many: int) -> dict[int, Said] | None:
        """Do all fits; None when one fails in a worker that does not fail here."""
        began, numbers, helpers = time.monotonic(), [*self.waiting], many - 1
        found: dict[int, Said] = {}
        with (
            start_engine(helpers, preload=(fit_described.__module__,)) as engine,
            self._served(engine, helpers) as served,
        ):
            for number in self._taken():
                found[number] = _here(self.fits[number], self.sources)
            if not self.done and time.monotonic() - began < WORTH_SECONDS:
                engine.cancel_all()  # workers are hardly up: what they took is done here sooner
            while not served.done():  # in slices, as Windows lets no Ctrl-C through a long wait
                wait([served], timeout=1.0)
            served.result()
        if self.failed is not None:
            self._explain(self.failed)
            return None
        for number in numbers:
            if number in self.done:
                found[number] = _read(self._place("said", number))
            elif number not in found:
                found[number] = _here(self.fits[number], self.sources)
        return found

    @contextmanager
    def _served(self, engine: Engine, helpers: int) -> Iterator[Future[None]]:
        """Keep workers busy from another thread, to the end or until this one gives up."""
        with ThreadPoolExecutor(1) as pool:
            served = pool.submit(self._serve, engine, helpers)
            try:
                yield served
            finally:
                while not served.done():
                    self.waiting.clear()
                    engine.cancel_all()
                    wait([served], timeout=0.1)

    def _serve(self, engine: Engine, helpers: int) -> None:
        free = self._taken()
        while True:
            while len(engine.pending) < helpers and (number := next(free, None)) is not None:
                engine.submit(self._job(number))
            if not engine.pending:
                return
            for outcome in engine.wait():
                if outcome.status is Status.DONE:
                    self.done.add(int(outcome.job.key))
                elif outcome.status is not Status.CANCELLED:
                    self.failed = self.failed or outcome
                    self.waiting.clear()
                    engine.cancel_all()

    def _taken(self) -> Iterator[int]:
        """Take one fit after the other, until none waits."""
        while True:
            try:
                number = self.waiting.popleft()
            except IndexError:
                return
            yield number

    def _job(self, number: int) -> Job:
        fit, sources = self.fits[number], self.sources
        np.savez(self._place("rows", number), train=fit.train, test=fit.test)
        options = {
            "probabilities": sources.probabilities,
            "own": sources.own,
            "path": search_path(),
            "seed": fit.seed,
        }
        arguments = {
            "folder": str(self.folder),
            "number": number,
            "description": self.descriptions[number],
            "options": options,
        }
        call = f"{fit_described.__module__}:{fit_described.__name__}"
        return Job(str(number), call, arguments)

    def _place(self, what: str, number: int) -> Path:
        return self.folder / f"{what}-{number}.npz"

    def _explain(self, outcome: Outcome) -> None:
        """Raise what the estimator raises, if it raises anything here."""
        if outcome.status is Status.FAILED:
            _here(self.fits[int(outcome.job.key)], self.sources)
            return
        raise DataError(
            "every fit to end",
            f"one that did not: {outcome.status.value} {outcome.error}".strip(),
            "take fewer rows or a smaller model, or workers=0 to see it fail here",
        )


def _read(path: Path) -> Said:
    with np.load(path, allow_pickle=False) as said:
        return said["found"], said["seen"]
