"""What a loss says of answers that we know: whether it fits what the net gives, and its theory."""

from __future__ import annotations

import math
from dataclasses import dataclass

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.nets.library import torch
from modelwright.training.batches import Examples
from modelwright.training.diagnostics.case import Answers, Case, asked, noticed, only

__all__ = ["Theory", "check_loss", "searched", "theory"]

_SCALES = (1.0, 2.0, 4.0, 8.0, 16.0)
# How far the first loss is above a constant answer's until it is told, and until it is a warning.
_SAID, _FAR, _FAR_NUMBERS = 1.2, 2.0, 4.0
_CLOSE = 1e-3
# Steps of a search for the least loss, and how far below the others one without an end lies.
_SEARCHED, _ENDLESS = 60, 1e3


@dataclass(frozen=True)
class Theory:
    """What the loss of some rows should be.

    Parameters
    ----------
    undecided : float
        With all answers zero: ``log K`` for cross entropy of K classes.
    constant : float
        With the best answer that is the same for all rows: for cross entropy the entropy of the
        labels, for squared error their variance.
    least : float
        With answers that are right and sure, and of the kind that the net gives.
    right, wrong : float
        With answers that are right, and those that are wrong, by the same margin.
    softmax : bool
        Whether the same number added to all scores of a row changes nothing (of yes and no:
        whether a score of 0 costs log 2): the loss applies softmax, or sigmoid, itself.
    straight : bool
        Whether scores twice as large cost twice as much: nothing of the kind is applied.
    """

    undecided: float
    constant: float
    least: float
    right: float
    wrong: float
    softmax: bool
    straight: bool


def theory(case: Case, rows: Examples, answers: torch.Tensor) -> Theory | None:
    """Ask the loss about answers of the form that the net gives; None where they mean nothing.

    Parameters
    ----------
    case : Case
        Its loss, and what answers mean.
    rows : Examples
        Their targets are asked about.
    answers : Tensor
        Of the net, for the form alone.
    """
    y = rows.targets
    if case.answers in (Answers.CLASSES, Answers.STEPS):
        return _of_classes(case, y, answers)
    if case.answers is Answers.OTHER or answers.numel() != y.numel():
        return None
    if case.answers is Answers.NUMBERS and not _means_targets(case, y, answers):
        return None
    return _of_numbers(case, y, answers)


def _means_targets(case: Case, y: torch.Tensor, like: torch.Tensor) -> bool:
    """Whether the loss turns where answers equal the targets: not where they are logs of rates."""
    numbers = y.float().reshape(like.shape)
    off = 0.1 * (float(numbers.std(correction=0)) or 1.0)
    right = asked(case, numbers, y)
    moved = [asked(case, numbers + by, y) for by in (off, -off)]
    lower = sum(cost < right - 1e-6 * max(abs(right), 1.0) for cost in moved)
    return lower != 1  # on both sides: its sign is wrong, which is told


def searched(case: Case, y: torch.Tensor, like: torch.Tensor) -> tuple[float, float]:
    """Find the least loss of one answer for all rows, and of any answers; NaN without an end.

    Where theory is silent, what answers alone can reach says how far a net could come.

    Parameters
    ----------
    case : Case
        Its loss.
    y, like : Tensor
        Targets, and answers of the net, where the search begins.
    """
    shared = like.detach().float().mean(dim=0, keepdim=True)
    first = asked(case, like, y)
    constant, least = (_lowest(case, y, one, like.shape) for one in (shared, like))
    endless = least < constant - _ENDLESS * max(abs(first - constant), abs(constant), 1.0)
    return (math.nan, math.nan) if endless else (constant, least)


def _lowest(case: Case, y: torch.Tensor, begin: torch.Tensor, shape: torch.Size) -> float:
    free = begin.detach().float().clone().requires_grad_()
    descent = torch.optim.LBFGS([free], max_iter=_SEARCHED, line_search_fn="strong_wolfe")
    seen = [math.nan]

    def cost() -> torch.Tensor:
        descent.zero_grad()
        loss = case.cost(free.expand(shape), y)
        torch.autograd.backward(loss)
        seen.append(float(loss.detach()))
        return loss

    try:
        with torch.enable_grad():
            descent.step(cost)  # type: ignore[no-untyped-call]
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError):
        return math.nan
    return _least(seen)


def _of_classes(case: Case, y: torch.Tensor, like: torch.Tensor) -> Theory:
    codes = y.clamp(min=0).long()
    zeros = torch.zeros_like(like, dtype=torch.float32)
    right = zeros.scatter(case.dim, codes.unsqueeze(case.dim), 1.0)
    other = (codes + 1) % case.outputs
    wrong = zeros.scatter(case.dim, other.unsqueeze(case.dim), 1.0)
    counts = torch.bincount(y[y >= 0].flatten().long(), minlength=case.outputs).float() + 1e-6
    shape = [1] * like.ndim
    shape[case.dim] = case.outputs
    prior = (counts / counts.sum()).log().reshape(shape).expand_as(zeros).contiguous()
    plain = asked(case, right, y)
    moved, double = asked(case, right + 3, y), asked(case, 2 * right, y)
    undecided = asked(case, zeros, y)
    softmax = _near(moved, plain) and _near(undecided, math.log(case.outputs))
    best = [right] if _are_shares(case, like) and not softmax else _sure(case, right, like)
    least = _least([asked(case, one, y) for one in best])
    return Theory(
        undecided, asked(case, prior, y), least, plain, asked(case, wrong, y),
        softmax=softmax,
        straight=_near(undecided, 0) and _near(double, 2 * plain),
    )  # fmt: skip


def _sure(case: Case, right: torch.Tensor, like: torch.Tensor) -> list[torch.Tensor]:
    """Make answers that are right and ever surer, as log-probabilities where the net gives such.

    A loss that takes those has no bound for larger and larger scores, which no such net gives.
    """
    scores = [scale * right for scale in _SCALES]
    if _are_log_shares(case, like):
        return [one.log_softmax(dim=case.dim) for one in scores]
    return scores


def _are_shares(case: Case, answers: torch.Tensor) -> bool:
    said = answers.float()
    sums = said.sum(dim=case.dim)
    return bool((said >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3)


def _are_log_shares(case: Case, answers: torch.Tensor) -> bool:
    sums = answers.float().exp().sum(dim=case.dim)
    return torch.allclose(sums, torch.ones_like(sums), atol=1e-3)


def _of_numbers(case: Case, y: torch.Tensor, like: torch.Tensor) -> Theory:
    numbers = y.float().reshape(like.shape)
    zeros = torch.zeros_like(numbers)
    mean = numbers.mean(dim=0, keepdim=True)
    spread = float(numbers.std(correction=0)) or 1.0
    constants, best = [mean.expand_as(numbers)], [numbers]
    right, wrong = numbers, numbers + spread
    if case.answers in (Answers.BINARY, Answers.SHARES):
        share = mean.clamp(1e-6, 1 - 1e-6)
        log = share.log() if case.answers is Answers.SHARES else torch.logit(share)
        constants.append(log.expand_as(numbers))
        sure = 2 * numbers - 1
        best += [scale * sure for scale in _SCALES] + [numbers.clamp(1e-6, 1 - 1e-6)]
        right, wrong = sure, -sure
        if not math.isfinite(asked(case, right, y)):  # it takes probabilities alone
            right, wrong = numbers, 1 - numbers
    undecided = asked(case, zeros, y)
    softmax = case.answers is Answers.BINARY and _near(undecided, math.log(2))
    return Theory(
        undecided,
        _least([asked(case, one.contiguous(), y) for one in constants]),
        _least([asked(case, one, y) for one in best]),
        asked(case, right, y),
        asked(case, wrong, y),
        softmax=softmax and math.isfinite(asked(case, -torch.ones_like(zeros), y)),
        straight=False,
    )


def _least(values: list[float]) -> float:
    return min((value for value in values if math.isfinite(value)), default=math.nan)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _CLOSE * max(abs(other), 1.0)


def check_loss(
    case: Case, rows: Examples, answers: torch.Tensor, ends: str
) -> tuple[tuple[Finding, ...], Theory | None]:
    """Find a loss that does not fit the answers, and a first loss far from theory.

    Parameters
    ----------
    case : Case
        A net as it begins.
    rows : Examples
        Some rows.
    answers : Tensor
        What the net says of them.
    ends : str
        The activation that they come out of; empty for none.

    Returns
    -------
    tuple of Finding
    Theory, optional
    """
    uneven = _broadcast(case, rows, answers)
    if uneven is not None:
        return (uneven,), None
    known = theory(case, rows, answers)
    if known is None:
        return (), None
    margin = 1e-6 * max(abs(known.right), 1.0)
    if known.wrong < known.right - margin:
        told = (
            f"answers that are right cost {number(known.right)}, answers that are wrong by the "
            f"same margin {number(known.wrong)}"
        )
        return (noticed("loss-upside-down", told),), None
    misfit = _twice(case, known, answers, ends) or _raw(case, known, answers)
    return only(misfit, None if misfit else _first(case, known, rows, answers)), known


def _broadcast(case: Case, rows: Examples, answers: torch.Tensor) -> Finding | None:
    """Compare the loss with that of answers in the shape of the targets."""
    y = rows.targets
    plain = case.answers in (Answers.NUMBERS, Answers.BINARY)
    if not plain or answers.shape == y.shape or len(rows) < 2:
        return None
    given, meant = asked(case, answers, y), asked(case, answers.reshape(y.shape), y)
    if not (math.isfinite(given) and math.isfinite(meant)) or _near(given, meant):
        return None
    told = (
        f"answers of shape {tuple(answers.shape)} and targets of shape {tuple(y.shape)} give a "
        f"loss of {number(given)}; in one shape they give {number(meant)}"
    )
    return noticed("shapes-broadcast", told)


def _twice(case: Case, known: Theory, answers: torch.Tensor, ends: str) -> Finding | None:
    if not known.softmax:
        return None
    if case.answers is Answers.BINARY:
        if ends != "sigmoid":
            return None
        told = (
            "the answers come out of a sigmoid, and the loss is log 2 for a score "
            "of 0: it applies sigmoid itself"
        )
        return noticed("softmax-twice", told)
    if _are_shares(case, answers):
        told = (
            "the answers of each row are above 0 and add up to 1, and a constant added to all of "
            "them changes nothing in the loss: it applies softmax itself; the least loss that "
            f"such answers can have is {number(known.right)}"
        )
        return noticed("softmax-twice", told)
    return None


def _raw(case: Case, known: Theory, answers: torch.Tensor) -> Finding | None:
    if not known.straight or case.answers not in (Answers.CLASSES, Answers.STEPS):
        return None
    if _are_log_shares(case, answers):
        return None
    told = (
        f"the loss is 0 for scores of 0, where log {case.outputs} = "
        f"{number(math.log(case.outputs))} was to be expected, and twice as large for scores twice "
        "as large: it wants log-probabilities, and exp of the answers does not add up to 1"
    )
    return noticed("raw-scores", told)


def _first(case: Case, known: Theory, rows: Examples, answers: torch.Tensor) -> Finding | None:
    first = asked(case, answers, rows.targets)
    classes = case.answers in (Answers.CLASSES, Answers.STEPS, Answers.BINARY)
    base = known.undecided if classes and known.softmax else known.constant
    if not math.isfinite(base) or base <= 1e-9 or first < _SAID * base:
        return None
    what = "a constant answer"
    if known.softmax and classes:
        what = f"log {max(case.outputs, 2)}, the loss of scores that are all the same,"
    told = f"the first loss is {number(first)}, where {what} comes to {number(base)}"
    loud = not first < (_FAR if classes else _FAR_NUMBERS) * base
    return noticed("first-loss", told, None if loud else Severity.INFO)
