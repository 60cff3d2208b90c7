"""What was mended before the fit, and is mended in new rows."""

from __future__ import annotations

from modelwright.clean.recipes.rowwise import Cleaning, Done
from modelwright.model import Model
from modelwright.pages import Chapter, Grid, Markup, element, joined, shorten
from modelwright.pages.names import name
from modelwright.pages.numerals import DASH, plural

__all__ = ["cleaned"]

_SHOWN = 60


def cleaned(model: Model) -> Chapter | None:
    """Write the chapter on what was cleaned; None when nobody asked for it."""
    cleaning = model.cleaning
    if cleaning is None:
        return None
    body = joined(
        element("p", _summary(cleaning)),
        _done(cleaning.done),
        _tried(cleaning),
        _log(model, cleaning),
    )
    return Chapter("cleaned", "What was cleaned", body, "Cleaned")


def _summary(cleaning: Cleaning) -> str:
    columns = len({one.column for one in cleaning.done if one.cells})
    rows = f" {plural(cleaning.rows, 'row')} of the fit left out." if cleaning.rows else ""
    if not cleaning.done:
        told = "Nothing was mended"
        told += ": what was tried did not help on held-out rows." if cleaning.tried else "."
        return told + rows
    if not cleaning.cells:
        return f"Columns were left out or renamed; new rows are treated alike.{rows}"
    return (
        f"{plural(cleaning.cells, 'cell')} in {plural(columns, 'column')} mended before anything "
        "else looked at the rows; new rows are mended by the same rules, each row by itself and "
        f"without its answer.{rows}"
    )


def _done(done: tuple[Done, ...]) -> Markup | None:
    if not done:
        return None
    rows = tuple(
        (
            name(one.column, 60),
            f"{one.cells:,}" if one.cells else DASH,
            shorten(one.rule, 160),
            _change(one),
        )
        for one in done[:_SHOWN]
    )
    head = ("column", "cells", "why", "such as")
    more = len(done) - _SHOWN
    rest = element("p.soft", f"And {plural(more, 'more reason')}.") if more > 0 else None
    return joined(Grid(head, rows, "What was mended", text=4).html(), rest)


def _change(one: Done) -> Markup | str:
    if not one.cells:
        return DASH
    old, new = ("(missing)" if text is None else shorten(text, 60) for text in (one.old, one.new))
    return joined(element("bdi", old), " → ", element("bdi", new))


def _tried(cleaning: Cleaning) -> Markup | None:
    if not cleaning.tried:
        return None
    rows = tuple(
        (
            one.kind,
            f"{one.cells:,}",
            f"{-100 * one.gain:+.2f} %",
            f"{100 * one.error:.2f}",
            "done" if one.kept else "left as it was",
        )
        for one in cleaning.tried
    )
    head = ("repair", "cells looked at", "change of the loss", "standard error", "verdict")
    words = (
        "Each kind was learned on the training rows of folds and done to both sides; a quick model "
        "was then scored on the held-out rows, with and without it. What does not lower the loss "
        "by three standard errors is left as it was."
    )
    return joined(
        element("h3", "What held-out rows said"),
        element("p", words),
        Grid(head, rows, "Kinds of repair on held-out rows", text=1).html(),
    )


def _log(model: Model, cleaning: Cleaning) -> Markup | None:
    if not (cleaning.cells and model.card.run):
        return None
    told = f"Every changed cell is in the file cleaned.parquet of run {model.card.run}."
    return element("p.soft", told)
