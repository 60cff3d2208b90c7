"""A fit on images: rows, a quick net that is on disk soon, the best net for the time, the file.

It goes the way of `plan.session`, but every net is trained in this process: PyTorch uses all
cores by itself, and no booster takes part.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.evidence import Evidence
from modelwright.core.launch import launched
from modelwright.core.progress import Progress
from modelwright.core.result import Card
from modelwright.core.seed import Seed
from modelwright.core.settings import Question, Settings
from modelwright.core.version import __version__
from modelwright.engine import core_count
from modelwright.engine.platform import Neighbours
from modelwright.evaluate import Metric, find_metric, fit_temperature
from modelwright.features import FittedRecipe
from modelwright.features.images import FittedImages
from modelwright.model import Member, Model, Part
from modelwright.plan.findings.evidence import drawn_rows
from modelwright.plan.images.checks import doubt_labels, look_at_pictures
from modelwright.plan.images.choice import UNTUNED, best_of, level_told, tuning_told
from modelwright.plan.images.fresh import score_fresh
from modelwright.plan.images.kept import again, kept_net
from modelwright.plan.images.mirror import compare, decide
from modelwright.plan.images.net import (
    LONG,
    SPARE,
    NetSpec,
    Trained,
    answers_of,
    form_of,
    growing_of,
    quick_spec,
    source_of,
    train_net,
)
from modelwright.plan.images.rows import SCHEMA, PictureRows, read_pictures
from modelwright.plan.images.run import (
    CHECKPOINT,
    MODEL,
    PictureSession,
    Spending,
    Spent,
    backbones_of,
    board_of,
    check_asked,
    opened_run,
    record_broken,
    scoring_seconds,
    sleep_beside,
)
from modelwright.plan.images.shown import shown_in
from modelwright.plan.images.speed import fastest_setting, hopeless
from modelwright.plan.images.transfer import Start, Transfer, Tuning, find_start, kept_start
from modelwright.store import (
    RunRecord,
    RunStatus,
    RunStore,
    TrialRecord,
    data_folder,
    read_json,
    write_json,
)
from modelwright.store.files import atomic_write
from modelwright.store.looks import earlier_looks

if TYPE_CHECKING:
    from modelwright.nets.library import nn
    from modelwright.training.batches import Source
    from modelwright.training.machine import Machine

__all__ = ["fit_pictures"]

# Nets from quick to good: the largest one is taken that sees enough images in the time.
LADDER = (
    (16, 48, 64),
    (24, 96, 96),
    (32, 128, 128),
    (48, 160, 160),
    (64, 192, 192),
    (64, 256, 256),
)
# Images that a net has to see to be worth its size.
WANTED = 300_000
# Photographs of at least so many pixels a side are small at first, where the time is short.
GROWN = 24
# Epochs at most, however few images there are, and without a clock.
MOST, USUAL = 120, 10
BATCH = 512
# The share of the time that the quick net may take, and seconds at most.
QUICK_SHARE, QUICK_SECONDS = 0.12, 6.0
# Seconds of finding out what the machine does best, for a quick net.
CALIBRATING = 0.4
# The share of the time that scoring may take, where images are looked at moved by a pixel too.
VIEWS = 0.1


def fit_pictures(
    data: str | Path,
    question: Question,
    settings: Settings,
    *,
    budget: float,
    began: float,
    live: Progress,
    metric: Metric | None = None,
) -> PictureSession:
    """Fit class folders of images.

    Parameters
    ----------
    data : path
        A folder or zip.
    question, settings : Question and Settings
        What belongs to tables is refused.
    budget : float
        Seconds in all; infinite for none.
    began : float
        The moment of `time.monotonic` from which time counts.
    live : Progress
        Is told how far it is.
    metric : Metric, optional
        What decides, where its name is not enough.

    Returns
    -------
    PictureSession

    Raises
    ------
    DataError
        When the images cannot be used.
    OptionError
        When an option makes no sense for images.
    """
    check_asked(question, settings, metric)
    neighbours = Neighbours()  # watched while images are opened
    store = data_folder(settings.store)
    rows = read_pictures(data, question.metric, store, settings.seed, live)
    kind, classes = rows.task.kind, rows.task.classes
    known = metric or find_metric(rows.task.metric, kind, classes)
    rows = replace(rows, task=replace(rows.task, metric=known.name))
    read, spent = time.monotonic() - began, Spent(began, "opening images")
    with opened_run(rows, data, question, settings, budget) as (runs, record):
        spending = Spending(live, runs, record.id, began)
        work = _Work(rows, known, settings, runs, record, data, spending)
        work.neighbours = neighbours
        work.spent = spent
        work.deadline = None if math.isinf(budget) else began + budget - record.spent
        if record.status is RunStatus.FINISHED:
            model = again(work.folder / MODEL, settings.out)
            return PictureSession(model, record.id, work.folder, read, read)
        try:
            first = work.search(began)
        except KeyboardInterrupt as error:
            if work.model is None:
                raise
            record_broken(runs, record.id, error)
            return PictureSession(work.model, record.id, work.folder, read, read, True)
        assert work.model is not None  # `search` has written one
        return PictureSession(work.model, record.id, work.folder, read, first)


class _Work:
    """A fit on images that is under way."""

    def __init__(
        self,
        rows: PictureRows,
        metric: Metric,
        settings: Settings,
        store: RunStore,
        record: RunRecord,
        data: str | Path,
        live: Spending,
    ) -> None:
        self.rows, self.metric, self.settings = rows, metric, settings
        self.store, self.record = store, record
        self.live = live
        self.source_name = Path(data).name
        self.folder = store.folder_of(record.id)
        self.deadline: float | None = None
        self.trials: list[Trained] = []
        self.kept: list[Trained] = []
        self.notes: list[str] = []
        self.model: Model | None = None
        self.seed = Seed(settings.seed)
        self.threads = 1
        self.neighbours, self.busy = Neighbours(), 0.0
        self.spent = Spent(time.monotonic(), "opening images")
        place = launched()
        self.count = 1 if place is None else place.size  # processes that learn together

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return math.inf if self.deadline is None else self.deadline - time.monotonic()

    def search(self, began: float) -> float:
        """Fit nets, the quick one first; gives the seconds until a model was on disk."""
        self.live.advance(None, "finding out what this machine does best")
        self.busy = self.neighbours.busy()
        self.notes += sleep_beside(self.busy)
        self.kept = kept_net(self.folder / MODEL, self.rows, self.store.trials(self.record.id))
        source = source_of(self.rows)
        if backbones_of(self.settings):
            return self._transfer(source, began)
        machine = self._machine(source)
        self.spent.did("loading PyTorch and measuring the machine")
        quick = quick_spec(LADDER[0], len(self.rows.train), self.left, machine.rows_a_second)
        until = min(QUICK_SECONDS, QUICK_SHARE * max(self.left, 0.0))
        budget = Budget.seconds(until) if math.isfinite(until) and self.deadline else Budget()
        # in 32 bits: in its few steps at a high rate images of one background fell apart in 16
        plain = replace(machine, bfloat16=False)
        self._train(source, quick, plain, budget)
        self._publish(plain)
        self.spent.did("the quick net")
        first = time.monotonic() - began
        findings = self._look()
        checkpoint = self.folder / CHECKPOINT
        # without time left nothing is begun; what an earlier run learned is taken up and scored
        if self.settings.trials != 1 and (self.left > 0 or checkpoint.is_file()):
            spec, machine = self._planned(source, machine)
            end = self._end(machine, mirrored=spec.mirrored, moved=spec.moved)
            try:
                self._train(source, spec, machine, Budget(end), checkpoint)
            except FitError as error:  # the quick net is there
                self.notes.append(f"{spec.name} was given up: {error}.")
            self.spent.did("the best net")
        trials = [*self.kept, *self.trials]
        self.notes += level_told(trials, self._best(), self.metric, self.rows.held)
        self._conclude(machine, findings)
        return first

    def _look(self) -> list[dict[str, Any]]:
        """Look for what would spoil a training."""
        notes, facts = look_at_pictures(self.rows, self.left)
        self.notes += notes
        found: list[dict[str, Any]] = facts["findings"]
        return found

    def _conclude(self, machine: Machine, findings: list[dict[str, Any]]) -> None:
        """Ask whether labels mean anything, and write the model with all that was found."""
        from modelwright.nets.library import reproducible

        notes, more = doubt_labels(self.rows, self._best().valid)
        self.notes += notes
        self.store.learn(self.record.id, {"findings": [*findings, *more]})
        with reproducible(0, machine.threads):  # by as many as were measured
            self._publish(machine, last=True)

    def _transfer(self, source: Source, began: float) -> float:
        """Fit from a backbone on: its features, then all of it tuned."""
        start, machine = self._started(source)
        self.spent.did("loading PyTorch and trying backbones")
        self.notes += start.notes
        seed = self.seed.derive("transfer")
        way = Transfer(self.rows, start, machine, seed=seed, live=self.live)
        self._add(way.features(self.left))
        self.store.learn(self.record.id, {"mirrored": way.mirror.to_json()})
        self._publish(machine)
        self.spent.did("features")
        first = time.monotonic() - began
        findings = self._look()
        path = self.folder / CHECKPOINT
        if self.left <= 0 and not path.is_file():
            self.notes.append(UNTUNED)
        elif self.settings.trials != 1:
            end = self._end(machine, mirrored=way.mirror.same, moved=False)
            tuning = Tuning() if end is not None else Tuning(epochs=float(USUAL))
            try:
                self._add(way.tuned(source, tuning, Budget(end), path))
                best = self._best()
                self.notes.append(tuning_told(self.trials, best, self.metric, self.rows.held))
            except FitError as error:  # the features are there
                self.notes.append(f"fine-tuned was given up: {error}.")
            self.spent.did("tuning")
        self._conclude(machine, findings)
        return first

    def _end(self, machine: Machine, *, mirrored: bool, moved: bool) -> float | None:
        """Say when a training ends, so that there is time to score; None without a clock."""
        rate = machine.rows_a_second
        scoring = scoring_seconds(self.rows, rate, mirrored=mirrored, moved=moved)
        return None if self.deadline is None else self.deadline - scoring

    def _started(self, source: Source) -> tuple[Start, Machine]:
        """Choose the backbone; a run that goes on keeps its own."""
        from modelwright.nets.backbone import Headed
        from modelwright.training.machine import Machine

        path, files = self.folder / "net.json", backbones_of(self.settings)
        if path.is_file():
            known = read_json(path)
            return kept_start(files, known["start"]), Machine(**known["machine"])
        machine = self._machine(source)
        start = find_start(self.rows, files, machine, left=self.left, live=self.live)
        machine = self._machine(source, Headed(start.backbone, self.rows.y.classes))
        write_json(path, {"start": start.to_json(), "machine": asdict(machine)})
        return start, machine

    def _planned(self, source: Source, machine: Machine) -> tuple[NetSpec, Machine]:
        """Choose the net; a run that goes on keeps its own, which its checkpoint is of."""
        from modelwright.training.machine import Machine

        path = self.folder / "net.json"
        if path.is_file():
            known = read_json(path)
            spec = NetSpec(**{**known["spec"], "widths": tuple(known["spec"]["widths"])})
            return spec, Machine(**known["machine"])
        spec, machine = self._choose(source, machine)
        write_json(path, {"spec": asdict(spec), "machine": asdict(machine)})
        return spec, machine

    def _machine(self, source: Source, net: nn.Module | None = None) -> Machine:
        from modelwright.nets.library import torch
        from modelwright.nets.quick import QuickNet
        from modelwright.training.losses import cross_entropy
        from modelwright.training.machine import Machine, calibrate

        # as many as the user lets PyTorch have (OMP_NUM_THREADS), and as neighbours leave: of two
        # threads on two cores one waits for its turn, and the other for it
        threads = min(core_count(), torch.get_num_threads())
        if not self.settings.trials:
            threads = min(threads, max(core_count() - round(self.busy), 1))
        self.threads = threads
        if self.settings.trials:  # no clock has a say, and so none chooses how numbers are rounded
            return Machine(threads, channels_last=True)
        if net is not None:
            return calibrate(net, source, cross_entropy, threads=threads)
        quick = QuickNet(form_of(self.rows, LADDER[0]))  # what follows it is measured again
        return calibrate(quick, source, cross_entropy, threads=threads, seconds=CALIBRATING)

    def _choose(self, source: Source, machine: Machine) -> tuple[NetSpec, Machine]:
        """Choose the net that the time is enough for, and measure it."""
        mirrored = self._is_mirrored()
        count = len(self.rows.train)
        batch = min(BATCH, max(count // 16, 16))
        if self.deadline is None:
            return NetSpec("net", LADDER[2], float(USUAL), batch, mirrored), machine
        large = min(self.rows.form.height, self.rows.form.width) >= GROWN
        growing = growing_of(grown=mirrored and large)
        # of the work with whole images; wanted are so many images, however small
        cost = 1.0 if growing is None else growing.work(1.0)
        wanted = max(WANTED, 2 * count)
        for widths in reversed(LADDER):
            smallest = self.count * machine.rows_a_second * self.left
            if hopeless(self.rows, widths, LADDER[0], smallest, wanted * cost):
                continue
            threads = min(core_count(), self.threads)
            chosen = fastest_setting(self.rows, source, widths, machine, threads)
            rate = chosen.rows_a_second
            moved = (
                scoring_seconds(self.rows, rate, mirrored=mirrored, moved=True) < VIEWS * self.left
            )
            left = self.left - scoring_seconds(self.rows, rate, mirrored=mirrored, moved=moved)
            seen = self.count * rate * max(left, 0.0) / cost
            if seen >= wanted:
                break
        epochs = float(round(min(SPARE * max(seen / count, 0.1), MOST), 2))
        long = epochs >= SPARE * LONG
        grown = growing is not None and not long
        spec = NetSpec(
            "net", widths, epochs, batch, mirrored, moved=moved, erased=long, grown=grown
        )
        return spec, chosen

    def _is_mirrored(self) -> bool:
        """Ask the quick net, which saw no mirror image, whether it knows them."""
        fitted, rows = self.trials[0].fitted, self.rows
        y = rows.y.values[rows.valid]
        plain, turned = self.trials[0].valid, answers_of(rows, fitted, rows.valid, turned=True)
        net = compare(plain.argmax(axis=1) == y, turned.argmax(axis=1) == y, y)
        found = decide(rows, net, self.seed.derive("mirror"))
        self.store.learn(self.record.id, {"mirrored": found.to_json()})
        self.notes += found.notes
        return found.same

    def _train(
        self,
        source: Source,
        spec: NetSpec,
        machine: Machine,
        budget: Budget,
        checkpoint: Path | None = None,
    ) -> None:
        seed = self.seed.derive("pictures", len(self.trials))
        done = train_net(
            self.rows, source, spec, machine,
            budget=budget, seed=seed, live=self.live, checkpoint=checkpoint,
        )  # fmt: skip
        self._add(done)

    def _add(self, done: Trained) -> None:
        """Record a net that is done."""
        if not np.isfinite(done.valid).all():
            raise FitError("the answers of a net were no numbers")
        number, spec = len(self.trials), done.spec
        self.trials.append(done)
        score = self.metric.score(self.rows.held, done.valid)
        config = {**asdict(spec), "widths": list(spec.widths)}
        trial = TrialRecord(
            run=self.record.id, number=number, name=spec.name, learner="pictures", config=config,
            score=score, seconds=done.seconds,
        )  # fmt: skip
        self.store.add_trial(trial)
        self.live.standings(board_of(self.trials, self._best(), self.metric, self.rows.held))

    def _best(self) -> Trained:
        return best_of([*self.kept, *self.trials], self.metric, self.rows.held)

    def _publish(self, machine: Machine, *, last: bool = False) -> None:
        """Write the best net; at the end with everything that is known of it."""
        if last:
            self.notes += filter(None, [self.spent.late_note(self.left)])
        rows, best = self.rows, self._best()
        ranked = [*(one for one in self.kept if one is best), *self.trials]
        y = rows.held
        calibration = fit_temperature(best.valid, y)
        p = calibration.apply(best.valid)
        score = self.metric.score(y, p)
        some = drawn_rows(len(p), self.settings.seed)
        evidence = Evidence(
            y.values[some],
            p[some],
            np.zeros(len(some), np.int16),
            asked=self.record.request,
            splits=((len(rows.train), len(rows.valid)),),
        )
        computed = f"computed with {machine}."
        told = [note for trial in self.trials for note in trial.notes]
        notes = tuple(dict.fromkeys((*rows.notes, *self.notes, *told, computed)))
        card = Card(
            version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            run=self.record.id,
            rows=len(rows.train),
            data=rows.digest,
            plan=rows.plan,
            score=score,
            leaderboard=board_of(ranked, best, self.metric, y, whole=last),
            notes=notes,
        )
        part = Part(FittedRecipe((FittedImages("image", rows.form),)), best.fitted)
        member = Member(best.spec.name, 1.0, (part,))
        model = Model(rows.task, SCHEMA, (member,), calibration, card, evidence)
        if last:
            self.live.advance(None, "scoring and writing")
            model = shown_in(model, rows, best, p)
            name = f"{self.source_name}/test"
            model = score_fresh(model, best, rows, self.metric, name, self._looks)
        self._write(model)
        if last:
            self._finish(model)

    def _looks(self, digest: str) -> int:
        """Count the earlier runs that scored the same test images."""
        folder, target = data_folder(self.settings.store), self.rows.task.target
        return earlier_looks(folder, target, digest, self.record.id)

    def _finish(self, model: Model) -> None:
        card = model.card
        facts: dict[str, Any] = {"leaderboard": card.leaderboard.to_json()}
        if card.test is not None:
            facts["test"] = card.test.to_json()
        self.store.learn(self.record.id, facts)
        path = Path(self.settings.out or self.folder / MODEL).resolve()
        self.live.record()
        self.store.finish(self.record.id, card.score, str(path), card.notes)
        with suppress(OSError):  # nothing goes on from it any more
            (self.folder / CHECKPOINT).unlink(missing_ok=True)

    def _write(self, model: Model) -> None:
        path = model.save(self.folder / MODEL)
        if self.settings.out is not None:
            atomic_write(Path(self.settings.out), path.read_bytes())
        self.model = model
