"""What was asked, and the answer in one glance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from modelwright.core.result import Standing
from modelwright.evaluate.expected import Expected
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.verdict import verdict_on
from modelwright.model import Model
from modelwright.pages import Markup, element, joined, shorten, unbroken
from modelwright.pages.names import name
from modelwright.pages.numerals import number, plural
from modelwright.plan.findings.verdict import of_images
from modelwright.report.ranking import way_figure
from modelwright.report.words import in_short, meaning, title

__all__ = ["opening", "warnings"]

_KINDS = {
    "binary": "one of two classes",
    "multiclass": "one of several classes",
    "regression": "a number",
}
# Few rows of a class say little about that class.
_FEW = 20


def opening(
    model: Model,
    held: HeldOut | None,
    line: Standing | None,
    source: str,
    notes: Sequence[str],
    expected: Expected | None = None,
) -> Markup:
    """Write the top of the page.

    Parameters
    ----------
    model : Model
        What is reported.
    held : HeldOut, optional
        Its held-out predictions.
    line : Standing, optional
        Its score with an interval; None when nothing was validated.
    source : str
        Which rows the score is of, such as "held-out rows".
    notes : sequence of str
        What the reader should know.
    expected : Expected, optional
        What fresh rows will score.
    """
    task, card = model.task, model.card
    pictured = of_images(model)
    given = "images" if pictured else plural(len(model.columns), "column")
    what = f"{_KINDS[task.kind.value]}, from {given}"
    rows = plural(card.rows, "image" if pictured else "row")
    over = f"{task.kind.value.capitalize()} · {what} · {rows}"
    return joined(
        element(
            "header",
            element("p.over", over),
            element("h1", "Predicting ", name(task.target)),
        ),
        _answer(model, held, line, source, expected),
        warnings((*notes, *_findings(model, held))),
    )


def _answer(
    model: Model,
    held: HeldOut | None,
    line: Standing | None,
    source: str,
    expected: Expected | None,
) -> Markup:
    if line is None:
        return element(
            "div.answer",
            element(
                "div",
                element("span.badge.bad", "Not validated"),
                element("p.verdict", "Nobody has checked this model on rows it has not seen."),
                element("p", "Fit again with more time or more rows: then scores appear here."),
            ),
        )
    if held is None:
        score = _score(line, title(model.task.metric), source)
        missing = "The file holds no held-out predictions: fit again to see how good they are."
        return element("div.answer", score, element("div", element("p", missing)))
    if held.deciding is None:
        score = _score(line, title(model.task.metric), source)
        words = "The score is that of a Python function, which no file holds: it cannot be "
        words += "compared with a plain guess here. Other scores are below."
        return element(
            "div.answer", score, element("div", element("p", words), element("p", in_short(held)))
        )
    metric = held.metrics[0]
    guess, best = held.guess(metric), held.perfect(metric)
    # What was to be beaten was measured on held-out rows; of new rows it is not known.
    board, unknown = None, ""
    if model.evidence is not None:
        board, unknown = model.leaderboard, model.card.untried
    against = "" if board is None else board.verdict
    judged = verdict_on(held, line, board, untried=unknown, pictured=of_images(model))
    words = held.guess_words(metric)
    way = way_figure(line, guess, best, title(metric.name), words)
    return element(
        "div.answer",
        element(
            "div",
            _score(line, title(metric.name), source, expected),
            way.html("way", details=False, level=0),
        ),
        element(
            "div",
            element(f"span.badge.{judged.tone}", judged.word),
            element("p.verdict", judged.sentence),
            element("p", shorten(against, 500)) if against not in ("", judged.sentence) else None,
            element("p", meaning(held, metric, line.score, guess)),
            element("p", in_short(held)) if metric.name != "accuracy" else None,
            element("p", f"And {model.card.test}.") if model.card.test else None,
            element("p", _upper(model.card.decision), ".") if model.card.decision else None,
        ),
    )


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]


def _score(line: Standing, what: str, source: str, expected: Expected | None = None) -> Markup:
    """Show the score; what fresh rows will score comes before what other held-out rows would."""
    between = ""
    if line.low is not None and line.high is not None:
        between = f", 95 % interval {number(line.low)} to {number(line.high)}"
    if expected is None:
        small = element("small", f"{what}, on {source}{between}")
        return element("p.score", number(line.score), small)
    ends = f"{number(expected.low)} to {number(expected.high)}"
    fresh = f"Expected on {expected.of}: {100 * expected.level:g} % interval {ends}."
    held = f" On {source} themselves{between}." if between else ""
    return joined(
        element("p.score", number(line.score), element("small", f"{what}, on {source}")),
        element("p", f"{fresh}{held}"),
    )


def warnings(notes: Iterable[str]) -> Markup | None:
    """List what the reader should know, each line once."""
    lines = [
        element("li", unbroken(shorten(note, 500))) for note in dict.fromkeys(notes) if note.strip()
    ]
    if not lines:
        return None
    more = len(lines) - 12
    rest = element("li", f"and {more} more notes in the model file") if more > 0 else None
    heading = element("h2.unseen", "What to know")
    return joined(heading, element("ul.warnings", lines[:12], rest))


def _findings(model: Model, held: HeldOut | None) -> list[str]:
    """Say what the held-out rows show, with what to do about it."""
    if held is None:
        return []
    found = []
    if len(held) < 100:
        found.append(
            f"The scores rest on {plural(len(held), 'held-out row')}: expect them to change with "
            "other rows. More rows make them firm."
        )
    if held.task.is_classification:
        counts = held.shares * len(held)
        rare = [(label, c) for label, c in zip(held.task.classes, counts, strict=True) if c < _FEW]
        if rare:
            names = ", ".join(f"{shorten(label, 30)} ({c:.0f})" for label, c in rare[:4])
            more = f" and {len(rare) - 4} more" if len(rare) > 4 else ""
            found.append(
                f"Few rows of {names}{more}: what is said of such a class is uncertain. Collect "
                "more rows of it, or merge it with a similar class."
            )
    evidence = model.evidence
    single = [item for item in evidence.importances if not item.together] if evidence else []
    losses = [max(item.loss, 0.0) for item in single]
    if len(losses) > 2 and losses[0] > 0.9 * sum(losses) > 0:
        column = shorten(single[0].column, 60)
        found.append(
            f"Nearly everything rests on the column {column}. Check that it is known at the "
            "moment of predicting; if not, leave it out and fit again."
        )
    return found
