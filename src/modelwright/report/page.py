"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from modelwright.core.result import Standing
from modelwright.flow import Result
from modelwright.model import Model
from modelwright.pages import Chapter, element, joined, page, shorten
from modelwright.report.data import data
from modelwright.report.held_out import HeldOut
from modelwright.report.opening import opening
from modelwright.report.quality import quality
from modelwright.report.rests_on import influence, singles
from modelwright.report.usage import reproduce, usage
from modelwright.report.validation import leaderboard, validation
from modelwright.store.files import atomic_write

__all__ = ["render", "write_report"]

_HELD_OUT = "held-out rows"


def write_report(model: Model | Result, path: str | Path) -> Path:
    """Write what is known of a model to one HTML file that needs no network.

    Parameters
    ----------
    model : Model or Result
        What `fit` gave, or `load`.
    path : path
        Usually ends in ``.html``.

    Returns
    -------
    pathlib.Path
        Where it was written.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.
    """
    text = render(model.model if isinstance(model, Result) else model)
    atomic_write(Path(path), text.encode())
    return Path(path)


def render(model: Model) -> str:
    """Give the report of a model as HTML.

    Parameters
    ----------
    model : Model
        With its evidence; without it the page says what is missing.

    Returns
    -------
    str
        A whole document of at most 3 MB.
    """
    held = HeldOut.of(model.task, model.evidence) if model.evidence is not None else None
    chapters: list[Chapter | None] = [
        quality(held, _HELD_OUT),
        influence(model),
        singles(model),
        data(model),
        validation(model),
        leaderboard(model, held),
        usage(model),
        reproduce(model),
    ]
    foot = element(
        "p",
        joined(
            f"Made by modelwright {model.card.version} {model.card.created}. This page is one "
            "file: it asks no server for anything.",
        ),
    )
    return page(
        f"{shorten(model.task.target, 60)}: report of a model",
        opening(model, held, _line(model), _HELD_OUT),
        [chapter for chapter in chapters if chapter is not None],
        foot,
    )


def _line(model: Model) -> Standing | None:
    """Find the score of the model itself; None when it was not validated."""
    score = model.card.score
    if score is None:
        return None
    for line in model.leaderboard:
        if line.name == "ensemble" or line.score == score:
            return Standing(line.name, score, line.weight, line.seconds, line.low, line.high)
    return Standing("model", score, 1.0, 0.0)
