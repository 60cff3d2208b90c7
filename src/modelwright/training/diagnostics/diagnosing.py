"""One call: a net, its loss and its rows; what is wrong with them, in seconds."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from typing import Any

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.nets.library import nn, reproducible, torch
from modelwright.training.diagnostics.apart import check_apart
from modelwright.training.diagnostics.case import Case, Loss, Score, Step, make_case, noticed, only
from modelwright.training.diagnostics.gradients import bends, check_gradients
from modelwright.training.diagnostics.inputs import check_inputs, describe
from modelwright.training.diagnostics.labels import check_labels, check_order_of_rows, related
from modelwright.training.diagnostics.learning import by_heart, check_by_heart, without_inputs
from modelwright.training.diagnostics.loss import Theory, check_loss
from modelwright.training.diagnostics.overlap import find_copies, find_differing
from modelwright.training.diagnostics.passing import ending, passing
from modelwright.training.diagnostics.short_run import ShortRun, short_run
from modelwright.training.diagnostics.steps import (
    check_rate,
    check_registered,
    check_scoring,
    check_settings,
    check_still,
)
from modelwright.training.diagnostics.units import (
    check_alike,
    check_answers,
    check_ending,
    check_units,
)
from modelwright.training.diagnostics.verdict import Diagnosis, worst_first

__all__ = ["diagnose"]

# No check begins later; each is bounded by itself.
_SECONDS = 7.0
_ROWS = 256
# The look that gives a figure and finds nothing.
_TELLING = "smoothness"
# Parameters for each number that is to be answered.
_MANY, _TOO_MANY = 20.0, 1_000.0
# How much lower the loss is with inputs than without, for inputs to be of use.
_OF_USE = 0.01


def diagnose(
    net: nn.Module,
    loss: Loss,
    data: Any,
    *,
    valid: Any = None,
    optimiser: torch.optim.Optimizer | None = None,
    step: Step | None = None,
    score: Score | None = None,
    seed: int = 0,
) -> Diagnosis:
    """Look for the usual bugs in the training of any PyTorch net, before it is trained.

    Inputs and labels, the loss against theory, rows that mix, a few rows by heart, some steps with
    inputs and without, gradients and units after them. All of it happens on copies: the net, the
    optimiser and the generators of random numbers are left as they are, to the bit. It takes a few
    seconds; what would begin after seven is left out, and said.

    Parameters
    ----------
    net : nn.Module
        As it begins, or after some training. Is called with the inputs of a batch, and gives one
        tensor.
    loss : callable
        Takes answers and targets; gives a number, or one a row.
    data : pair, Source or iterable of pairs
        Training rows: ``(inputs, targets)`` as arrays or tensors, or batches of these, such as a
        loader gives. At most 8,192 rows of a loader are looked at.
    valid : pair, Source or iterable of pairs, optional
        The rows that the net is scored on.
    optimiser : torch.optim.Optimizer, optional
        Of the net; without it nothing is said of rates.
    step : callable, optional
        The user's own step, called as ``step(net, optimiser, inputs, targets)`` with copies.
        Without it the usual one is taken.
    score : callable, optional
        How the user scores, called as ``score(net, inputs, targets)`` after training.
    seed : int
        Of what is drawn.

    Returns
    -------
    Diagnosis

    Raises
    ------
    UserError
        When the arguments do not go together: the net does not take the inputs, say.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(400, 8)
    >>> y = (x[:, 0] > 0).long()
    >>> net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2), nn.Softmax(dim=1))
    >>> diagnose(net, nn.CrossEntropyLoss(), (x, y)).findings[0].code
    'softmax-twice'
    """
    began = time.monotonic()
    with reproducible(seed, torch.get_num_threads()):
        case = make_case(net, loss, data, valid, optimiser, step, score)
        work = _Work(case, began, seed)
        work.run()
    return Diagnosis(
        worst_first(work.findings), work.figures, tuple(work.notes), time.monotonic() - began,
        tuple(work.skipped), work.looks,
    )  # fmt: skip


class _Work:
    """A diagnosis that is under way."""

    def __init__(self, case: Case, began: float, seed: int) -> None:
        self.case, self.began, self.seed = case, began, seed
        self.findings: list[Finding] = []
        self.figures: dict[str, str] = {}
        self.notes: list[str] = []
        self.skipped: list[str] = []
        self.looks = 0
        self.known: Theory | None = None
        self.ran: ShortRun | None = None

    def run(self) -> None:
        """Look at one thing after the other; stop where the rest would mean nothing."""
        for what, look in (
            ("inputs", lambda: check_inputs(self.case)),
            ("labels", lambda: check_labels(self.case)),
            ("layers", lambda: check_registered(self.case.net)),
        ):
            self._look(what, look)
        fatal = {"inputs-not-finite", "labels-out-of-range"}
        wrong = [one for one in self.findings if one.severity is Severity.ERROR]
        if any(one.code in fatal for one in wrong):
            self.notes.append("nothing else was looked at: it would say the same in other words")
            return
        for what, look in self._checks():
            if time.monotonic() - self.began > _SECONDS:
                self.looks += what != _TELLING
                self._leave(what, "not looked at, there was no time left")
                continue
            self._look(what, look)

    def _checks(self) -> tuple[tuple[str, Callable[[], tuple[Finding, ...]]], ...]:
        case = self.case
        return (
            ("the loss", self._loss),
            ("the order of rows", lambda: check_order_of_rows(case)),
            ("settings", lambda: check_settings(case)),
            ("rows for parameters", self._parameters),
            ("validation rows", self._valid),
            ("some steps", self._steps),
            ("scoring", lambda: check_scoring(case)),
            ("rows and steps apart", lambda: check_apart(case)),
            ("gradients", self._gradients),
            ("rows by heart", self._by_heart),
            ("inputs and labels", self._related),
            (_TELLING, self._smooth),
        )

    def _leave(self, what: str, why: str) -> None:
        """Say of a look that it was not made."""
        self.notes.append(f"{what}: {why}")
        if what != _TELLING:
            self.skipped.append(what)

    def _look(self, what: str, look: Callable[[], tuple[Finding, ...]]) -> None:
        self.looks += what != _TELLING
        try:
            self.findings += look()
        except Exception as error:  # a net that does what no other does: the other looks go on
            told = " ".join(str(error).split())[:120]
            self._leave(what, f"not looked at ({type(error).__name__}: {told})")

    def _loss(self) -> tuple[Finding, ...]:
        rows = self.case.some(_ROWS)
        net, _ = self.case.copied()
        net.train()
        with torch.no_grad(), passing(net) as passed:
            answers = net(*rows.inputs)
        ends = ending(passed, answers)
        found, self.known = check_loss(self.case, rows, answers, ends)
        self.figures["inputs"] = str(describe(rows.inputs[0]))
        if self.known is not None:
            self.figures["first loss"] = (
                f"{number(float(self.case.cost(answers, rows.targets)), 4)}; "
                f"{number(self.known.constant, 4)} for a constant answer"
            )
        told = {one.code for one in found}
        if told & {"softmax-twice", "loss-upside-down"}:
            return found
        return (*found, *check_ending(self.case, ends, answers))

    def _steps(self) -> tuple[Finding, ...]:
        case = self.case
        self.ran = run = short_run(case)
        if run.cut:
            self._leave("some steps", f"the clock left {len(run.losses)} of {run.asked}")
        found = [*run.watched.findings()]
        rates = check_rate(case, run, self.known)
        ratio = run.ratio()
        if not math.isnan(ratio):
            told = f"{ratio:.1g} of their size" + ("" if case.optimiser else ", by AdamW at 0.001")
            self.figures["weights move in a step by"] = told
        self.figures[f"after {len(run.losses)} steps the loss is"] = number(run.last, 4)
        if not run.finite:
            return (*found, *check_still(run), *rates)
        found += [*rates, *check_alike(run.net)]
        net = copy.deepcopy(run.net).eval()
        rows = case.some(_ROWS)
        with torch.no_grad(), passing(net) as passed:
            answers = net(*rows.inputs)
        units = check_units(passed, ending(passed, answers))
        dead = any(one.code == "dead-units" for one in units)
        return (*check_still(run, dead=dead), *found, *check_answers(answers), *units)

    def _gradients(self) -> tuple[Finding, ...]:
        # at the first step as well: weights that explode are no numbers afterwards
        nets = [self.case.copied()[0]]
        if self.ran is not None and self.ran.finite:
            nets.append(copy.deepcopy(self.ran.net))
        found = [check_gradients(self.case, net) for net in nets]
        first, last = found[0], found[-1]
        exploding = tuple(one for one in first if one.code == "gradient-explodes")
        return exploding or last

    def _valid(self) -> tuple[Finding, ...]:
        if self.case.valid is None:
            return ()
        train = self.case.rows.all.inputs[0].cpu().numpy()
        valid = self.case.valid.inputs[0].cpu().numpy()
        return (*find_copies(train, valid, self.seed), *only(find_differing(train, valid)))

    def _parameters(self) -> tuple[Finding, ...]:
        count = sum(p.numel() for p in self.case.net.parameters() if p.requires_grad)
        answered = self.case.rows.total * max(self.case.first.targets[0].numel(), 1)
        self.figures["parameters"] = f"{count:,}, {count / answered:.3g} for each answer"
        if count <= _MANY * answered:
            return ()
        told = f"{count:,} parameters learn from {answered:,} answers: {count / answered:,.0f} each"
        loud = count > _TOO_MANY * answered
        return (noticed("few-rows", told, None if loud else Severity.INFO),)

    def _by_heart(self) -> tuple[Finding, ...]:
        found = by_heart(self.case)
        if not math.isnan(found.progress):
            self.figures["by heart"] = str(found)
        if not found.learned and not found.whole:
            self._leave("rows by heart", "the clock left too few steps to judge all rates by")
        return check_by_heart(found)

    def _related(self) -> tuple[Finding, ...]:
        """Labels that inputs tell nothing about: said when the net finds nothing either."""
        run, what = self.ran, "inputs and labels"
        said = related(self.case.rows.all, self.case.answers, self.seed).finding()
        if run is None or run.cut:
            if said is not None:
                self._leave(what, "neither linear nor near; no time to see what the net finds")
            return ()
        blind = without_inputs(self.case, len(run.losses))
        self.figures["without inputs"] = f"loss {number(blind.last, 4)} after as many steps"
        if said is None or run.last < (1 - _OF_USE) * blind.last:
            return ()
        if len(run.losses) < run.asked and run.finite:
            self._leave(what, f"neither linear nor near; the net had {len(run.losses)} steps")
            return ()
        return (said,)

    def _smooth(self) -> tuple[Finding, ...]:
        found = bends(self.case)
        if not math.isnan(found.turn):
            self.figures["smoothness"] = str(found)
        return ()
