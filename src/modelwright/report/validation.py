"""How the model was validated, and the leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from modelwright.core.result import Contrast, FreshScore
from modelwright.evaluate.expected import Expected
from modelwright.evaluate.held_out import HeldOut
from modelwright.model import Model
from modelwright.pages import Chapter, Figure, Grid, element, joined
from modelwright.pages.elements import Attributes
from modelwright.pages.numerals import plural
from modelwright.pages.plot import Plot
from modelwright.report.ranking import leaderboard_figure

__all__ = ["folds_figure", "leaderboard", "validation"]

_MOST = 12  # folds drawn


def validation(model: Model, expected: Expected | None) -> Chapter:
    """Write the chapter on the plan of splits, and what it makes one expect of fresh rows."""
    plan = model.card.plan or "No plan of splits is recorded in the model file."
    splits = model.evidence.splits if model.evidence is not None else ()
    figure = folds_figure(splits) if splits else None
    promise = (
        "Each row was predicted by models that had not seen it. The same splits served for "
        "choosing, combining and calibrating models."
    )
    card = model.card
    body = joined(
        element("p.lead", plan),
        element("p", promise) if card.score is not None else None,
        element("p", _contrasted(card.contrast)) if card.contrast is not None else None,
        element("p", _tested(card.test)) if card.test is not None else None,
        element("p", _expected(expected)),
        element("div.figures", figure.html("folds")) if figure else None,
    )
    return Chapter("validation", "How it was validated", body, "Validation")


def _contrasted(contrast: Contrast) -> str:
    said = str(contrast)
    start = f"{said[:1].upper()}{said[1:]}."
    if not contrast.matters:
        return f"{start} They differ by no more than chance gives."
    return (
        f"{start} What lies between the two is what rows that belong together, or the future, "
        "would have given away."
    )


def _expected(found: Expected | None) -> str | None:
    """Say what fresh rows will score."""
    if found is None:
        return None
    return (
        f"{str(found)[:1].upper()}{str(found)[1:]}, when rows come as they came here; from the "
        "held-out rows alone."
    )


def _tested(test: FreshScore) -> str:
    said = str(test)
    return (
        f"{said[:1].upper()}{said[1:]}. These rows had no part in fitting, choosing, combining or "
        "calibrating; they were scored once, at the end."
    )


def folds_figure(splits: Sequence[tuple[int, int]]) -> Figure:
    """Draw which part of the rows each fold is fitted on, and which part it is judged on.

    Parameters
    ----------
    splits : sequence of (int, int)
        Rows fitted on and rows held out, fold by fold.

    Returns
    -------
    Figure

    Examples
    --------
    >>> folds_figure([(80, 20)]).description
    'One fold: 80 rows to fit on, 20 rows held out.'
    """
    drawn = list(splits)[:_MOST]
    total = max([train + valid for train, valid in drawn] or [1]) or 1
    # In time every fold reaches further; otherwise each row is held out once, in turn.
    growing = len({train + valid for train, valid in drawn}) > 1 and all(
        one[0] < two[0] for one, two in pairwise(drawn)
    )
    plot = Plot(
        (0, total), (len(drawn), 0), size=(460, 38 + 24 * len(drawn)), margins=(62, 32, 12, 6)
    )
    for words, shade, x in (("fitted on", "ground", plot.left), ("held out", "a", plot.left + 100)):
        at: Attributes = {"x": x, "y": 8.0, "width": 13.0, "height": 13.0}
        plot.add(element(f"rect.bar.{shade}", at=at))
        plot.write(words, x + 19, 19, "note")
    before = 0
    for i, (train, valid) in enumerate(drawn):
        start = train if growing or len(drawn) == 1 else min(before % total, total - valid)
        end = train + valid if growing or len(drawn) == 1 else total
        plot.write(f"fold {i + 1}", plot.left - 8, plot.y.place(i + 0.5) + 4, "end")
        plot.bars([0], [end], [i + 0.14], "ground", base=i + 0.86)
        plot.bars([start], [start + valid], [i + 0.14], "a", base=i + 0.86)
        before += valid
    rows = tuple((f"fold {i + 1}", f"{t:,}", f"{v:,}") for i, (t, v) in enumerate(splits[:60]))
    return Figure(
        "Splits",
        _sentence(splits, growing),
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("fold", "rows fitted on", "rows held out"), rows, "Splits"),
    )


def _sentence(splits: Sequence[tuple[int, int]], growing: bool) -> str:
    train, valid = splits[0]
    if len(splits) == 1:
        return f"One fold: {plural(train, 'row')} to fit on, {plural(valid, 'row')} held out."
    if growing:
        return f"{len(splits)} folds; each is judged on rows that come after those it is fitted on."
    held, total = sum(valid for _, valid in splits), train + valid
    whole = len({sum(pair) for pair in splits}) == 1 and held % total == 0
    if not whole:
        return f"{len(splits)} folds of rows fitted on and rows held out."
    times = held // total
    return (
        f"{len(splits)} folds; every row is held out {'once' if times == 1 else f'{times} times'}."
    )


def leaderboard(model: Model, held: HeldOut | None) -> Chapter:
    """Write the chapter on all trials."""
    board = model.leaderboard
    if not len(board):
        body = element("p", "No trial was scored.")
        return Chapter("leaderboard", "Leaderboard", body)
    known = held is not None and held.deciding is not None
    guess = held.guess(held.metrics[0]) if held is not None and known else None
    figure = leaderboard_figure(board, guess)
    members = sum(line.weight > 0 and line.name != "ensemble" for line in board)
    blend = "" if members < 2 else f"The ensemble blends {members} trials by their weights. "
    words = (
        f"{plural(len(board), 'line')}, best first. {blend}Intervals that overlap widely leave "
        "open which is better."
    )
    named = "p.lead" if board.baseline is not None and not board.baseline.beaten else "p"
    body = joined(
        element("p", words),
        element("p", board.nesting) if board.nesting else None,
        element(named, board.verdict) if board.verdict else None,
        element(
            "div.figures",
            figure.html("board", details=False),
            element("div", element("h3", "The same in numbers"), figure.data.html()),
        ),
    )
    return Chapter("leaderboard", "Leaderboard", body)
