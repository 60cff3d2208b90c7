"""The whole chain, from raw data to a model file. Read this first.

raw data -> mended, if asked -> typed rows and task -> first model -> plan of splits -> features and
learners in workers -> out-of-fold predictions -> ensemble -> calibration -> refit -> model file
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import polars as pl

from modelwright.acquire import read_raw
from modelwright.acquire.images.listing import check_images, holds_images
from modelwright.core.addresses import is_database, masked
from modelwright.core.budget import parse_duration
from modelwright.core.errors import OptionError
from modelwright.core.launch import helps, refuse_company
from modelwright.core.progress import Progress, progress, reading
from modelwright.core.result import FreshScore, Leaderboard
from modelwright.core.settings import Question, Settings
from modelwright.core.task import shape_asked
from modelwright.core.weaknesses import Weaknesses
from modelwright.engine import start_engine
from modelwright.evaluate import Metric
from modelwright.model import Model
from modelwright.plan import take_frame
from modelwright.plan.asked import refuse_cleaning
from modelwright.plan.images.run import PictureSession, refuse_backbones
from modelwright.plan.images.together import fit_images, help_fit
from modelwright.store import check_writable

if TYPE_CHECKING:
    from modelwright.plan import Session
    from modelwright.unsupervised import Shape

__all__ = ["Result", "fit", "run"]


@dataclass(frozen=True)
class Result:
    """What a fit came to: the model, and the evidence for it.

    Parameters
    ----------
    model : Model
        The deployable model.
    run : str
        The id of the recorded run.
    folder : pathlib.Path
        Where the run's files are.
    timings : dict of str to float
        Seconds from the start until the data was `read`, the `first_model` was on disk, and all
        was done (`total`).
    interrupted : bool
        Whether Ctrl-C ended it early.
    """

    model: Model
    run: str
    folder: Path
    timings: dict[str, float]
    interrupted: bool = False

    @property
    def leaderboard(self) -> Leaderboard:
        """Every trial and the ensemble, best first, by out-of-fold score."""
        return self.model.leaderboard

    @property
    def score(self) -> float | None:
        """The out-of-fold score of the ensemble; None when nothing could be validated."""
        return self.model.card.score

    @property
    def test(self) -> FreshScore | None:
        """The score on the rows of ``Validation(test=...)``; None when there were none."""
        return self.model.card.test

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        return self.model.card.notes

    @property
    def weaknesses(self) -> Weaknesses:
        """Labels to doubt, and kinds of rows that the model does badly on."""
        evidence = self.model.evidence
        return Weaknesses() if evidence is None else evidence.weak

    @overload
    def predict(
        self, data: str | Path | pl.DataFrame, *, interval: float | None = None
    ) -> pl.DataFrame: ...

    @overload
    def predict(self, data: object, *, interval: float | None = None) -> Any: ...

    def predict(self, data: object, *, interval: float | None = None) -> Any:
        """Predict new rows, in the kind of frame that `data` is; see `Model.predict`."""
        return self.model.predict(data, interval=interval)

    def __str__(self) -> str:
        test = "" if self.test is None else f"\n{self.test}"
        return f"{self.model}\n{self.leaderboard}{test}"

    def _repr_html_(self) -> str:
        return self.model._repr_html_()


@overload  # a word is a str, but these two are no prediction
def fit(  # type: ignore[overload-overlap]
    data: object,
    *,
    task: Literal["clustering", "density"],
    time: str | float = "60s",
    settings: Settings | None = None,
) -> Shape: ...


@overload
def fit(
    data: object,
    target: str | int | None = None,
    *,
    time: str | float = "60s",
    task: str | None = None,
    metric: str | Metric | None = None,
    group: str | None = None,
    order: str | None = None,
    settings: Settings | None = None,
) -> Result: ...


def fit(
    data: object,
    target: str | int | None = None,
    *,
    time: str | float = "60s",
    task: str | None = None,
    metric: str | Metric | None = None,
    group: str | None = None,
    order: str | None = None,
    settings: Settings | None = None,
) -> Result | Shape:
    """Find a validated model of a column, or of the classes of images; or groups, or a density.

    Of images it may be called in each process that torchrun started: they learn together, and each
    gets the result.

    Parameters
    ----------
    data : path or frame
        A CSV, TSV, Parquet, Arrow, JSON or Excel file, also compressed; ``-`` for standard input;
        a database as ``sqlite:///file.db#query``; or a pandas, Polars or Arrow frame. Or a folder
        or zip of images in class folders, maybe below ``train``, ``val`` and ``test``.
    target : str or int, optional
        The column to predict; a number names a column of a NumPy array. It may be left out where
        ``settings.frame`` names it; images have none, their folders are the classes.
    time : str or float
        How long it may take in all: ``"60s"``, ``"5m"``, or seconds. It ends earlier when there
        is nothing left that is worth fitting.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None infers it. Without a target
        ``"clustering"`` or ``"density"``, with a number of groups ``"clustering(4)"``.
    metric : str or Metric, optional
        What decides, such as ``"f1"`` or ``"profit(tp=100, fp=-5)"``, or what `metric` made of a
        function of yours; None: ``roc_auc``, ``log_loss`` or ``rmse``.
    group : str, optional
        A column whose equal values stay on one side of every split; ``"none"``: follow none that
        is found.
    order : str, optional
        A column of time: models are judged on later rows than they were fitted on; ``"none"`` as
        for group.
    settings : Settings, optional
        Everything that is rarely needed.

    Returns
    -------
    Result or Shape
        A `Shape` for ``task="clustering"`` and ``task="density"``.

    Raises
    ------
    UserError
        When the data or an option is wrong; the message says what was expected and the cure.

    Examples
    --------
    >>> import numpy as np, modelwright as mw
    >>> x = np.linspace(0, 1, 60)
    >>> table = {"x": x, "y": 3 * x + np.sin(40 * x)}
    >>> result = mw.fit(table, "y", settings=mw.Settings(trials=1, workers=0))
    >>> result.predict({"x": [0.5]}).columns
    ['prediction']
    """
    chosen = settings or Settings()
    own = metric if isinstance(metric, Metric) else None
    called = metric.name if isinstance(metric, Metric) else metric
    if shape_asked(task):
        from modelwright.unsupervised import find_shape

        refuse_cleaning(chosen, f"--task {task}")
        asked = Question(str(target or ""), task, called, chosen.positive, group, order)
        with progress() as live:
            return find_shape(data, asked, chosen, seconds=parse_duration(time), live=live)
    pictured = helps() or (target is None and holds_images(data))
    if target is None and chosen.frame is None and not pictured:
        check_images(data)
    name = "" if pictured else _name(target, chosen)
    question = Question(name, task, called, chosen.positive, group, order, chosen.weight)
    with progress() as live:
        return run(data, question, chosen, seconds=parse_duration(time), live=live, metric=own)


def _name(target: object, settings: Settings) -> str:
    if target is None and settings.frame is not None:
        return ""
    if not isinstance(target, str | int):
        raise OptionError(
            "the name of a column as target",
            f"a {type(target).__name__}",
            "put the answers into the table, and name their column",
        )
    return str(target)


def run(
    data: object,
    question: Question,
    settings: Settings,
    *,
    seconds: float,
    live: Progress,
    started: float | None = None,
    metric: Metric | None = None,
) -> Result:
    """Do what `fit` does, counting time from `started` (of `time.monotonic`).

    `metric` stands for the name in the question where that is not enough.
    """
    began = time.monotonic() if started is None else started
    if helps():  # the first process decides
        return _of_images(help_fit(data, settings), began)
    question, settings = take_frame(question, settings)
    if settings.out is not None:
        check_writable(Path(settings.out), data)
    budget = math.inf if settings.trials or settings.replay else seconds
    live.advance(None, reading(data))
    if isinstance(data, str | Path) and holds_images(data):
        refuse_cleaning(settings, "images")
        found = fit_images(
            data, question, settings, budget=budget, began=began, live=live, metric=metric
        )
        return _of_images(found, began)
    refuse_company("to fit a table")
    refuse_backbones(settings)
    # Beside what comes first one worker wakes up; more would take the time of the first model.
    with start_engine(settings.workers, preload=_preload(settings)) as engine:
        # here, not above: images need none of it, and learn their first step the sooner
        from modelwright.plan import open_session
        from modelwright.plan.tables.cleaning import pose_cleaned, reading_cleaned

        raw = read_raw(data, reading_cleaned(question, settings, data))
        read = time.monotonic() - began
        live.advance(None, "finding what the columns mean")
        posed = pose_cleaned(raw, question, settings, metric)
        del raw
        with open_session(posed, question, settings, budget, began) as session:
            session.learn({"data": _source(data)})
            live.advance(None, "fitting the first model")
            session.first_model()
            first = time.monotonic() - began
            session.search(engine, live)
            return _result(session, {"read": read, "first_model": first}, began)


def _of_images(found: PictureSession, began: float) -> Result:
    timings = {"read": found.read, "first_model": found.first, "total": time.monotonic() - began}
    return Result(found.model, found.run_id, found.folder, timings, found.interrupted)


def _preload(settings: Settings) -> tuple[str, ...]:
    """Have workers import the libraries at their start, unless linear models alone will come."""
    first = settings.trials == 1 and not settings.models
    return () if first or settings.models == ("linear",) else ("modelwright.plan.warm",)


def _source(data: object) -> str:
    """Say where the rows come from: an existing file by its full path."""
    if not isinstance(data, str | Path):
        return f"a {type(data).__name__} in memory"
    if is_database(str(data)):
        return masked(str(data))
    path = Path(data).expanduser()
    return str(path.resolve()) if path.exists() else str(data)


def _result(session: Session, timings: dict[str, float], began: float) -> Result:
    timings["total"] = time.monotonic() - began
    session.learn({"timings": timings})
    return Result(session.model, session.run_id, session.work.folder, timings, session.interrupted)
