"""The frame of a fit on images: what may be asked, the run that is recorded, the time it takes."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from modelwright.core.errors import LostError, ModelFileError, OptionError, OutputError
from modelwright.core.progress import Progress, SilentProgress
from modelwright.core.result import Leaderboard, Standing
from modelwright.core.settings import ImageSettings, Question, Settings, Validation, images_of
from modelwright.core.task import Target
from modelwright.core.version import __version__
from modelwright.engine import core_count, lock_file
from modelwright.engine.platform import wait_asleep
from modelwright.evaluate import Metric, bootstrap_interval
from modelwright.model import Model
from modelwright.plan.images.choice import calibrated
from modelwright.plan.images.net import Trained
from modelwright.plan.images.rows import PictureRows
from modelwright.store import RunRecord, RunStatus, RunStore, data_folder

__all__ = [
    "CHECKPOINT",
    "MODEL",
    "PictureSession",
    "Spending",
    "Spent",
    "backbones_of",
    "board_of",
    "check_asked",
    "opened_run",
    "record_broken",
    "refuse_backbones",
    "scoring_seconds",
    "sleep_beside",
]

# What a run keeps in its folder.
MODEL = "model.mw"
CHECKPOINT = "net.safetensors"
# The share of the cores from which neighbours count.
_BUSY = 0.4
# Seconds over the time that are told.
_LATE = 0.5
# What writing the file takes, the share of images that are asked for again, and how many images'
# predictions it takes to find what a few answers rest on: 8 images, 4 times forward and back.
_WRITING, _UNSURE, _RESTING = 0.5, 0.25, 96

# Seconds between two records of the time spent.
SPENT = 5.0


@dataclass
class PictureSession:
    """What a fit on images came to.

    Parameters
    ----------
    model : Model
        The best net.
    run_id : str
        Of the run's record.
    folder : pathlib.Path
        Of the run's files.
    read, first : float
        Seconds from the start until images were read, and a model was on disk.
    interrupted : bool
        Whether Ctrl-C ended it early.
    """

    model: Model
    run_id: str
    folder: Path
    read: float
    first: float
    interrupted: bool = False


def backbones_of(settings: Settings) -> tuple[Path, ...]:
    """List the files of backbones to start from."""
    if not isinstance(settings, ImageSettings):
        return ()
    return tuple(Path(path).expanduser() for path in settings.backbones)


def refuse_backbones(settings: Settings) -> None:
    """Refuse backbones beside a table.

    Raises
    ------
    OptionError
        When there are some.
    """
    files = backbones_of(settings)
    if files:
        cure = "leave it out, or name a folder or zip of images"
        raise OptionError("no --from beside a table", repr(str(files[0])), cure)


def check_asked(question: Question, settings: Settings, metric: Metric | None) -> None:
    """Refuse what only tables have."""
    given = {
        "group": question.group, "order": question.order, "weight": question.weight,
        "positive": question.positive, "types": settings.types, "header": settings.header,
        "encoding": settings.encoding, "replay": settings.replay, "frame": settings.frame,
        "models": settings.models or None, "latency": settings.bounds.latency,
        "size": settings.bounds.size, "images": images_of(settings),
    }  # fmt: skip
    if settings.validation != Validation() or settings.validation.test is not None:
        cure = "put them into folders train/, val/ and test/"
        named = ", ".join(f"--{name.replace('_', '-')}" for name in settings.validation.to_json())
        raise OptionError("images in folders instead of options of validation", named, cure)
    for name, value in given.items():
        if value is not None:
            got = ",".join(value) if isinstance(value, tuple) else str(value)
            raise OptionError(f"no --{name} beside images", repr(got), "leave it out")
    for path in backbones_of(settings):
        if not path.is_file():  # before images are opened
            got = "a folder" if path.is_dir() else "no such file"
            raise ModelFileError(f"a backbone at {path}", got, "check the path")
    if question.target not in ("", "class"):
        got = repr(question.target)
        raise OptionError("no --target beside images: folders are the classes", got, "leave it out")
    if question.task not in (None, "binary", "multiclass"):
        raise OptionError("classes to predict from images", repr(question.task), "leave it out")


def _fingerprint(settings: Settings, asked: Question) -> str:
    """Hash the question with what is in the files of backbones."""
    found = settings.fingerprint(asked)
    for path in backbones_of(settings):
        if path.is_file():  # else reading it will say so
            with path.open("rb") as file:
                found += hashlib.file_digest(file, "sha256").hexdigest()
    return found if len(found) <= 16 else hashlib.sha256(found.encode()).hexdigest()[:16]


@contextmanager
def opened_run(
    rows: PictureRows, data: str | Path, question: Question, settings: Settings, budget: float
) -> Iterator[tuple[RunStore, RunRecord]]:
    """Start a run, or go on with an earlier one, and hold its lock; a finished one stays so."""
    kind = rows.task.kind.value
    if question.task not in (None, kind):
        expected = f"--task {kind} for {len(rows.task.classes)} classes"
        raise OptionError(expected, repr(question.task), "leave it out")
    asked = replace(question, target=rows.task.target, metric=rows.task.metric)
    config = _fingerprint(settings, asked)
    with ExitStack() as stack:
        store = stack.enter_context(RunStore(data_folder(settings.store)))
        record = store.newest(rows.digest, config) if settings.resume else None
        if record is None:
            request = {"question": asked.to_json(), "trials": settings.trials}
            request |= {"seed": settings.seed}
            record = store.start(
                RunRecord(
                    data_hash=rows.digest,
                    config_hash=config,
                    request=json.loads(json.dumps(request)),
                    budget=budget,
                    target=rows.task.target,
                    metric=rows.task.metric,
                    version=__version__,
                )
            )
        stack.enter_context(lock_file(store.folder_of(record.id) / "lock"))
        # another process may have finished it just now
        if store.run(record.id).status is not RunStatus.FINISHED:
            store.mark(record.id, RunStatus.RUNNING)
            facts = {"data": str(Path(data).expanduser().resolve()), "rows": len(rows.names)}
            store.learn(record.id, {**facts, "splits": {"kind": "hold-out", "reason": rows.plan}})
        try:
            yield store, store.run(record.id)
        except BaseException as error:
            record_broken(store, record.id, error)
            raise


def record_broken(store: RunStore, run_id: str, error: BaseException) -> None:
    """Record that an error ended a run: it may be resumed where something of it is kept.

    Parameters
    ----------
    store : RunStore
        The records.
    run_id : str
        Of the run; one that is finished stays so.
    error : BaseException
        What ended it; is told that something is kept. A full disk, another process that is gone,
        and Ctrl-C are no fault of the run.
    """
    if store.run(run_id).status is RunStatus.FINISHED:
        return
    folder = store.folder_of(run_id)
    kept = any((folder / name).is_file() for name in (MODEL, CHECKPOINT))
    if isinstance(error, OutputError | LostError) or not isinstance(error, Exception):
        store.mark(run_id, RunStatus.INTERRUPTED)
    elif kept:
        store.mark(run_id, RunStatus.INTERRUPTED, why=repr(error))
        error.add_note("what was learned is kept: --resume goes on with it")
    else:
        store.fail(run_id, repr(error))


def sleep_beside(busy: float) -> list[str]:
    """Have threads wait asleep beside busy neighbours, where PyTorch is not loaded yet.

    Parameters
    ----------
    busy : float
        Cores that others keep busy.

    Returns
    -------
    list of str
        What the user should know.
    """
    cores = core_count()
    if busy > _BUSY * cores and "torch" not in sys.modules and wait_asleep():
        return [f"other processes keep {busy:.1f} of {cores} cores busy: threads wait asleep."]
    return []


class Spending(SilentProgress):
    """Records the time spent since `began` every few seconds: a resumed run has the rest."""

    def __init__(self, live: Progress, store: RunStore, run_id: str, began: float) -> None:
        self._live, self._store, self._id = live, store, run_id
        self._last = began

    def advance(self, share: float | None, state: str, left: float = math.inf) -> None:
        """Pass it on, and record the time."""
        self._live.advance(share, state, left)
        if time.monotonic() - self._last >= SPENT:
            self.record()

    def record(self) -> None:
        """Record the time until now."""
        now = time.monotonic()
        self._store.spend(self._id, now - self._last)
        self._last = now

    def standings(self, board: Leaderboard) -> None:
        """Pass them on."""
        self._live.standings(board)


def board_of(
    trials: Sequence[Trained], best: Trained, metric: Metric, y: Target, *, whole: bool = False
) -> Leaderboard:
    """Rank nets by what they say of the held-out images.

    Parameters
    ----------
    trials : sequence of Trained
        All of them.
    best : Trained
        The one that is taken.
    metric : Metric
        What decides.
    y : Target
        The true classes.
    whole : bool
        Whether there is time for intervals.
    """
    lines = []
    for trial in trials:
        p = calibrated(trial, y)  # as the model's own score
        score = metric.score(y, p)
        low = high = math.nan
        if whole:
            low, high = bootstrap_interval(metric, y, p, seconds=0.3)
        ends = (low, high) if math.isfinite(low) else (None, None)
        weight = 1.0 if trial is best else 0.0
        lines.append(Standing(trial.spec.name, score, weight, trial.seconds, *ends))
    lines.sort(key=lambda line: -line.score if metric.greater_is_better else line.score)
    return Leaderboard(metric.name, tuple(lines))


class Spent:
    """What the time of a fit goes into, step by step.

    Parameters
    ----------
    began : float
        The moment of `time.monotonic` from which it counts.
    what : str
        What was done since.

    Examples
    --------
    >>> spent = Spent(time.monotonic() - 5.5, "opening images")
    >>> spent.did("the quick net")
    >>> spent.late_note(-2.1)
    'the time was overrun by 2.1 s; it went into opening images 5.5 s, the quick net 0.0 s.'
    """

    def __init__(self, began: float, what: str) -> None:
        self._took, self._since = dict[str, float](), began
        self.did(what)

    def did(self, what: str) -> None:
        """Note what the time since the last note went into."""
        now = time.monotonic()
        self._took[what], self._since = now - self._since, now

    def late_note(self, left: float) -> str:
        """Say by how much a fit is late, where so many seconds are left; empty where it is not."""
        if left > -_LATE:
            return ""
        steps = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in self._took.items())
        return f"the time was overrun by {-left:.1f} s; it went into {steps}."


def scoring_seconds(rows: PictureRows, rate: float, *, mirrored: bool, moved: bool) -> float:
    """Predict the seconds that scoring and writing take at the end of a training.

    Held-out images are looked at twice: by the last epoch for its curve, then with all views.

    Parameters
    ----------
    rows : PictureRows
        All images.
    rate : float
        Images a second in training, which is three times as much work.
    mirrored, moved : bool
        Whether mirror images, and images moved by a pixel, are asked too.
    """
    views = (2 if mirrored else 1) * (1 + 2 * _UNSURE if moved else 1)
    images = views * (len(rows.valid) + len(rows.test)) + len(rows.valid) + _RESTING
    return _WRITING + images / max(3 * rate, 1e-9)
