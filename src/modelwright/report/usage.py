"""How to use the model, and how to make it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from modelwright.core.evidence import Profile
from modelwright.core.schema import Kind
from modelwright.model import Model
from modelwright.pages import Chapter, Grid, Markup, element, joined, shorten
from modelwright.pages.names import more_names, name
from modelwright.pages.numerals import date, plural
from modelwright.plan.findings.verdict import of_images

__all__ = ["reproduce", "usage"]

_SPELLED = 12  # columns of an example row
_NAMED = 40
_AGAIN = "the second line repeats the recorded plan."
_OPTIONS = (
    *("task", "metric", "positive", "group", "order", "weight", "trials", "seed"),
    *("folds", "repeats", "gap", "window", "splits", "test"),
)


def usage(model: Model) -> Chapter:
    """Write the chapter on predicting new rows."""
    if of_images(model):
        return _of_images()
    columns = model.columns
    gives = "prediction"
    if model.task.is_classification:
        gives += " and the probability of each class"
    sure = " --interval 0.9" if model.intervals is not None else ""
    one, new, known = ("row", "new_rows.csv", "labelled_rows.csv")
    if of_images(model):
        one, new, known = ("image", "new_images", "labelled_images")
    needed: Markup | None = None
    if len(columns) > _NAMED:
        needed = more_names(columns)
    elif not of_images(model):
        listed = [joined(", " if i else "", name(c)) for i, c in enumerate(columns)]
        needed = element("p.soft", "Columns that new rows must have: ", listed, ".")
    body = joined(
        element("p", f"One {one} in gives one row out, in order: {gives}."),
        element("h3", "On the command line"),
        _code(
            f"modelwright predict model.mw {new} --out predictions.csv{sure}",
            f"modelwright evaluate model.mw {known}",
        ),
        element("h3", "In Python"),
        _code(*_python(model)),
        needed,
    )
    return Chapter("use", "How to use it", body, "Use it")


def _of_images() -> Chapter:
    python = "import modelwright as mw", "", 'model = mw.load("model.mw")'
    body = joined(
        element("p", "One image in, one row out: prediction and the probability of each class."),
        element("h3", "On the command line"),
        _code(
            "modelwright predict model.mw new_images --out predictions.csv",
            "modelwright evaluate model.mw labelled_images",
        ),
        element("h3", "In Python"),
        _code(*python, 'answers = model.predict("new_images")'),
        element("p.soft", "A folder or zip of images, or a table whose column image names files."),
    )
    return Chapter("use", "How to use it", body, "Use it")


def _code(*lines: str) -> Markup:
    pre = element("pre", element("code", "\n".join(lines)), at={"tabindex": "0"})
    return element("div.code", pre)


def _python(model: Model) -> list[str]:
    lines = ["import modelwright as mw", "", 'model = mw.load("model.mw")']
    if of_images(model):
        return [*lines, 'answers = model.predict("new_images")  # a folder or a zip']
    lines.append('answers = model.predict("new_rows.csv")  # or a frame of pandas, Polars, Arrow')
    if 0 < len(model.columns) <= _SPELLED:
        profiles = {p.name: p for p in model.evidence.profiles} if model.evidence else {}
        lines += ["", "one = model.predict({"]
        for column in model.columns:
            lines.append(f"    {column!r}: [{_example(model, column, profiles.get(column))}],")
        lines.append("})")
    return lines


def _example(model: Model, column: str, profile: Profile | None) -> str:
    """Give a usual value of a column as Python writes it."""
    kind = model.schema[column].kind
    if profile is not None and profile.levels:
        return repr(shorten(profile.levels[0], 60))
    if profile is None or not profile.quantiles:
        return _seen(model, column) or ("'some words'" if kind is Kind.TEXT else "None")
    middle = float(profile.quantiles[len(profile.quantiles) // 2])
    if kind is Kind.DATETIME:
        return repr(date(middle))
    return repr(middle >= 0.5) if kind is Kind.BOOLEAN else f"{middle:.6g}"


def _seen(model: Model, column: str) -> str:
    """Find the column's value in the rows that were taken apart; nothing when it is not there."""
    for row in model.evidence.attributions if model.evidence else ():
        value = dict(zip(row.columns, row.values, strict=True)).get(column)
        if value:
            return repr(shorten(value, 60))
    return ""


def reproduce(model: Model) -> Chapter:
    """Write the chapter on where the model comes from."""
    card = model.card
    asked = model.evidence.asked if model.evidence is not None else {}
    rows: list[tuple[str, str]] = [
        ("run", card.run),
        ("made", card.created),
        ("modelwright", card.version),
        ("rows", f"{card.rows:,}"),
        ("fingerprint of the data", card.data),
        ("parts", plural(sum(len(m.parts) for m in model.members), "fitted model")),
    ]
    rows += [(key, value) for key, value in _flat(asked) if value]
    pictured = of_images(model)
    target = "" if pictured else f" --target {shlex.quote(model.task.target)}"
    lines = [f"modelwright fit DATA{target}{_options(asked)}"]
    if card.run and not pictured:
        lines.append(f"modelwright fit DATA{target} --replay ")
        lines[-1] += shlex.quote(card.run) + _clean(asked.get("clean"))
    body = joined(
        element("p", "The same data and question", "." if pictured else f"; {_AGAIN}"),
        _code(*lines),
        Grid(
            ("what", "value"),
            tuple((key, element("bdi", shorten(value, 200))) for key, value in rows if value),
            "Where the model comes from",
            text=2,
        ).html(),
    )
    return Chapter("reproduce", "How to make it again", body, "Make it again")


def _flat(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List what was asked, one level of nesting deep."""
    found: list[tuple[str, str]] = []
    for key, value in asked.items():
        inner = value.items() if isinstance(value, Mapping) else [(key, value)]
        found += [(str(k).replace("_", " "), _text(v)) for k, v in inner]
    return found[:40]


def _text(value: Any) -> str:
    if value is None or value == "" or value is False:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value[:20])
    return str(value)


def _options(asked: Mapping[str, Any]) -> str:
    """Write the options of the command line that say the same as what was asked."""
    known = {key.replace(" ", "_"): value for key, value in _flat(asked)}
    options = ""
    for key in _OPTIONS:
        if known.get(key):
            options += f" --{key} {shlex.quote(known[key])}"
    if known.get("models"):
        options += f" --models {shlex.quote(known['models'].replace(', ', ','))}"
    options += _clean(asked.get("clean"))
    if known.get("frame"):
        options += f" --frame {shlex.quote(known['frame'])}"
    return options


def _clean(asked: object) -> str:
    """Write the option that cleans the table likewise."""
    if asked is None or asked is False:
        return ""
    return " --clean" if asked is True else f" --clean {shlex.quote(str(asked))}"
