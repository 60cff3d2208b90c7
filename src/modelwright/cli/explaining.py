"""``modelwright explain``: what a model leans on, and why it says what it says of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import Encoding, check_data, check_model
from modelwright.cli.printing import Source, answer, say
from modelwright.core.errors import DataError, OptionError
from modelwright.core.numerals import aligned, number

if TYPE_CHECKING:
    from modelwright.core.evidence import Attribution, Importance
    from modelwright.model import Model

__all__ = ["explain"]

_BAR = 24
_ON_DATA = "modelwright explain MODEL DATA --columns"


def explain(
    model: Path,
    data: Source | None = None,
    /,
    *,
    rows: str | None = None,
    columns: Annotated[bool, Parameter(negative=())] = False,
    rules: Annotated[bool, Parameter(negative=())] = False,
    encoding: Encoding = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Show which columns a model leans on, or take predictions of single rows apart.

    Parameters
    ----------
    model
        A file that fit wrote.
    data
        Rows to explain; without it, the columns that matter are listed.
    rows
        Which rows of the data, counted from 0, such as 0,5,9; the first one when left out.
    columns
        Measure on the data, which holds the answers, how much each column matters.
    rules
        Print the decision tree of the model as rules; fit it with --models tree.
    encoding
        How a text file is encoded, such as cp1250; found out when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.model import load

    check_model(model, data or "")
    if data is not None:
        check_data(data)
    opened = load(model, encoding=encoding)
    if rules:
        _tell_rules(opened, json)
        return
    if rows is not None and data is None:
        raise OptionError(
            "DATA beside --rows", "none", "write: modelwright explain MODEL DATA --rows 0"
        )
    if columns and data is None:
        raise OptionError("DATA with answers beside --columns", "none", _ON_DATA)
    if data is not None and not columns:
        explained = opened.explain(data, _positions("0" if rows is None else rows))
        if json:
            answer({"explanations": [asdict(one) for one in explained]})
            return
        for one in explained:
            _tell_row(one)
        if opened.card.decision:
            say(opened.card.decision)
        return
    found = _importances(opened) if data is None else opened.importances(data)
    if json:
        answer({"importances": [asdict(one) for one in found]})
    else:
        _tell_columns(opened, found)


def _tell_rules(model: Model, json: bool) -> None:
    from modelwright.readable import tree_rules

    written = tree_rules(model)
    if json:
        answer({"rules": written.splitlines()})
    else:
        say(written)


def _positions(text: str) -> list[int]:
    """Read whole numbers with commas between them."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 12 for word in words):
        raise OptionError("whole numbers for --rows", repr(text), "write them like --rows 0,5,9")
    return [int(word) for word in words]


def _importances(model: Model) -> Sequence[Importance]:
    if model.evidence is None or not model.evidence.importances:
        raise DataError(
            "a model whose columns were examined",
            "one that had no time for it",
            f"fit again with more --time, or measure it now: {_ON_DATA}",
        )
    return model.evidence.importances


def _tell_columns(model: Model, found: Sequence[Importance]) -> None:
    from modelwright.core.result import brief
    from modelwright.evaluate.catalogue import metric_or_usual

    told = f"{model}\n{model.card.decision}".rstrip()
    judge = brief(metric_or_usual(model.task).name)
    say(f"{told}\n\nhow much worse {judge} gets when a column is shuffled:\n")
    width = max(len(one.column) for one in found[:20])
    losses = aligned([one.loss for one in found[:20]])
    room = max(map(len, losses))
    for one, loss in zip(found, losses, strict=False):
        bar = _bar(one.loss, found[0].loss)
        say(f"{one.column:<{width}}  {loss:>{room}}  {bar}".rstrip())
    if len(found) > 20:
        say(f"and {len(found) - 20} more that matter less")


def _tell_row(one: Attribution) -> None:
    what = f"the probability of {one.output!r}" if one.output else "the prediction"
    typical = f"typical rows of the table get {number(one.base)}"
    say(f"{one.row}: {what} is {number(one.prediction)}; {typical}\n")
    names = [
        f"{column} = {value}" if value else column
        for column, value in zip(one.columns, one.values, strict=True)
    ]
    width = max(len(name) for name in names)
    largest = max(abs(share) for share in one.shares)
    told = aligned(one.shares, sign=True)
    room = max(map(len, told))
    for name, share, text in zip(names, one.shares, told, strict=True):
        say(f"{name:<{width}}  {text:>{room}}  {_bar(abs(share), largest)}".rstrip())
    say("")


def _bar(size: float, largest: float) -> str:
    return "█" * round(_BAR * max(size, 0.0) / largest) if largest > 0 else ""
