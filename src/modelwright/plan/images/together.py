"""A fit on images by several processes: the first one plans, all of them learn.

``torchrun --nproc-per-node 2 -m modelwright fit ...`` makes the same call in each process. The
first one does what it does alone; whenever it trains a net, it asks the others to learn it too,
from their share of every batch. In the end each has the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from modelwright.core.budget import Budget
from modelwright.core.errors import DataError, FitError
from modelwright.core.launch import launched
from modelwright.core.progress import Progress, SilentProgress
from modelwright.core.settings import Question, Settings
from modelwright.evaluate import Metric
from modelwright.model import load
from modelwright.plan.images.fit import fit_pictures
from modelwright.plan.images.mirror import Mirror
from modelwright.plan.images.net import NetSpec, learn, source_of
from modelwright.plan.images.rows import PictureRows, mark_of, read_pictures
from modelwright.plan.images.run import PictureSession
from modelwright.plan.images.transfer import Start, Transfer, Tuning
from modelwright.store import data_folder

if TYPE_CHECKING:
    from modelwright.training.batches import Source
    from modelwright.training.machine import Machine
    from modelwright.training.together import Together

__all__ = ["fit_images", "help_fit"]


def fit_images(
    data: str | Path,
    question: Question,
    settings: Settings,
    *,
    budget: float,
    began: float,
    live: Progress,
    metric: Metric | None = None,
) -> PictureSession:
    """Fit class folders of images, together with the processes that torchrun started.

    Parameters
    ----------
    data, question, settings, budget, began, live, metric
        As of `fit_pictures`, whose errors it raises.

    Raises
    ------
    LostError
        When one of the processes ends before the others.
    """
    if launched() is None:
        return fit_pictures(
            data, question, settings, budget=budget, began=began, live=live, metric=metric
        )
    from modelwright.training.together import joined

    with joined() as together:
        assert together is not None  # it was launched with others
        found = fit_pictures(
            data, question, settings, budget=budget, began=began, live=live, metric=metric
        )
        if found.interrupted:  # the others may be anywhere
            together.leave("interrupted")
            return found
        together.read(
            {"ask": "nothing", "run": found.run_id, "folder": str(found.folder),
             "read": found.read, "first": found.first}
        )  # fmt: skip
        together.data((found.folder / "model.mw").read_bytes())
        together.summed([0.0])  # wait until all are here
        return found


def help_fit(data: object, settings: Settings) -> PictureSession:
    """Learn what the first process asks for, until it has a model; gives that.

    Parameters
    ----------
    data : path
        The same folder or zip; of another machine maybe a copy.
    settings : Settings
        Where opened images are kept, and the seed; the first process obeys the others.

    Raises
    ------
    LostError
        When one of the processes ends before the others, or the images are others here.
    """
    from modelwright.training.together import joined

    with joined() as together:
        assert together is not None  # it was launched with others
        helper = _Helper(str(data), settings)
        while (told := together.read())["ask"] != "nothing":
            helper.do(told)
        return _session(together, told)


def _session(together: Together, told: Mapping[str, Any]) -> PictureSession:
    """Take the model that the first process has found."""
    found = together.data()
    together.summed([0.0])  # wait until all are here
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.mw"
        path.write_bytes(found)
        model = load(path)
    return PictureSession(model, told["run"], Path(told["folder"]), told["read"], told["first"])


class _Helper:
    """Trains what it is told."""

    def __init__(self, data: str, settings: Settings) -> None:
        self._data, self._settings = data, settings
        self._rows: PictureRows | None = None
        self._source: Source | None = None

    def do(self, told: Mapping[str, Any]) -> None:
        """Learn one net; what came of it is in the first process."""
        from modelwright.training.machine import Machine

        machine, seed = Machine(**told["machine"]), int(told["seed"])
        rows, source = self._opened(str(told["rows"]))
        try:
            if told["ask"] == "learn":
                spec = NetSpec(**{**told["spec"], "widths": tuple(told["spec"]["widths"])})
                learn(
                    rows, source, spec, machine, budget=Budget(), seed=seed, live=SilentProgress()
                )
            else:
                self._tune(rows, source, machine, told)
        except FitError:  # all of them have it: the first one decides what follows
            return

    def _tune(
        self, rows: PictureRows, source: Source, machine: Machine, told: Mapping[str, Any]
    ) -> None:
        from modelwright.nets.backbone import Architecture, Backbone, Sight
        from modelwright.nets.backbone_file import BackboneCard

        architecture = Architecture.from_json(told["architecture"])
        backbone = Backbone(architecture, Sight.from_json(told["sight"]))
        # its weights come from the first process
        start = Start(backbone, BackboneCard("unknown", ""), 0, ())
        way = Transfer(rows, start, machine, seed=int(told["seed"]), live=SilentProgress())
        way.mirror = Mirror(bool(told["mirrored"]), ())
        way.learn(source, Tuning(**told["tuning"]), Budget())

    def _opened(self, mark: str) -> tuple[PictureRows, Source]:
        """Open the images when they are first needed: the first process has opened them then."""
        if self._rows is None or self._source is None:
            store = data_folder(self._settings.store)
            rows = read_pictures(self._data, None, store, self._settings.seed, SilentProgress())
            if mark_of(rows) != mark:
                cure = "give each process the same files"
                raise DataError(f"the images of the first process in {self._data}", "others", cure)
            self._rows, self._source = rows, source_of(rows)
        return self._rows, self._source
