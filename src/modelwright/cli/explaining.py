"""``modelwright explain``: what a model leans on, and why it says what it says of a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import HowRead, check_data, check_model
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.tables import as_table
from modelwright.core.errors import DataError, OptionError
from modelwright.core.numerals import aligned, beside, number
from modelwright.core.text_tables import terminal_width

if TYPE_CHECKING:
    from modelwright.core.evidence import Attribution, Dependence, Importance
    from modelwright.model import Model

__all__ = ["Drawn", "explain"]

_BAR = 24
_DRAWN = 76  # so many letters a line must have to leave room for bars
_ON_DATA = "modelwright explain MODEL DATA --columns"


@Parameter(name="*")
@dataclass(frozen=True)
class Drawn:
    """Curves of columns.

    Parameters
    ----------
    curves : str, optional
        What the model answers at several values of these columns, such as age,town; all: of the
        columns that matter most.
    how : str, optional
        partial: set in every row; ale: in small steps, each where rows stand; what fits each
        column when left out.
    """

    curves: str | None = None
    how: str | None = None


def explain(
    model: Path,
    data: Source | None = None,
    /,
    *,
    rows: str | None = None,
    columns: Annotated[bool, Parameter(negative=())] = False,
    drawn: Drawn | None = None,
    rules: Annotated[bool, Parameter(negative=())] = False,
    how: HowRead | None = None,
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
    drawn
        Curves of columns.
    rules
        Print the decision tree of the model as rules; fit it with --models tree.
    how
        How the rows are read.
    json
        Print one JSON object on stdout.
    """
    from modelwright.model import load
    from modelwright.model.model import refuse_pictured

    check_model(model, data or "")
    if data is not None:
        check_data(data)
    read = how or HowRead()
    opened = load(model, encoding=read.encoding, images=read.images)
    refuse_pictured(opened)
    curves = drawn or Drawn()
    if rules:
        _tell_rules(opened, json)
    elif curves.curves is not None or curves.how is not None:
        _tell_curves(opened, data, curves, json)
    elif rows is not None and data is None:
        raise OptionError(
            "DATA beside --rows", "none", "write: modelwright explain MODEL DATA --rows 0"
        )
    elif columns and data is None:
        raise OptionError("DATA with answers beside --columns", "none", _ON_DATA)
    elif data is not None and not columns:
        _tell_rows(opened, data, rows, json)
    else:
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


def _tell_rows(model: Model, data: str | Path, rows: str | None, json: bool) -> None:
    explained = model.explain(data, _positions("0" if rows is None else rows))
    if json:
        answer({"explanations": [asdict(one) for one in explained]})
        return
    for one in explained:
        _tell_row(one)
    if model.card.decision:
        say(model.card.decision)


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
    shown = found[:20]
    between = "95 % intervals" if all(one.level for one in shown) else "ranges over repeats"
    both = "; a + b: columns that go together, shuffled together"
    told += f"\n\nhow much worse {judge} gets when a column is shuffled, with {between}"
    say(f"{told}{both if any(one.together for one in shown) else ''}:\n")
    most = max((abs(one.loss) for one in shown), default=0.0)
    losses = aligned([beside(one.loss, most) for one in shown])
    table = [
        [
            one.label,
            loss,
            f"{number(beside(one.low, most), 2)} to {number(beside(one.high, most), 2)}",
            _bar(one.loss, found[0].loss),
        ]
        for one, loss in zip(shown, losses, strict=True)
    ]
    say(as_table(_with_bars(table)))
    if len(found) > 20:
        say(f"and {len(found) - 20} more that matter less")
    for one in shown:
        if one.label != one.column:
            say(f"{one.label}: {', '.join(one.together)}")


def _tell_row(one: Attribution) -> None:
    what = f"the probability of {one.output!r}" if one.output else "the prediction"
    typical = f"typical rows of the table get {number(one.base)}"
    say(f"{one.row}: {what} is {number(one.prediction)}; {typical}\n")
    names = [
        f"{column} = {value}" if value else column
        for column, value in zip(one.columns, one.values, strict=True)
    ]
    largest = max(abs(share) for share in one.shares)
    told = aligned(one.shares, sign=True)
    bars = [_bar(abs(share), largest) for share in one.shares]
    say(as_table(_with_bars(list(zip(names, told, bars, strict=True)))) + "\n")


def _tell_curves(model: Model, data: str | Path | None, drawn: Drawn, json: bool) -> None:
    from modelwright.dependence import effects

    if data is None:
        write = "write: modelwright explain MODEL DATA --curves all"
        raise OptionError("DATA beside --curves", "none", write)
    named = [name.strip() for name in (drawn.curves or "all").split(",") if name.strip()]
    if not named:
        raise OptionError("columns for --curves", repr(drawn.curves), "write --curves age,town")
    columns = [] if named == ["all"] else named
    found = effects(model, data, columns, how=drawn.how or "fitting")
    if json:
        answer({"curves": [asdict(one) for one in found]})
        return
    for one in found:
        _tell_curve(model, one)
    if not found:
        say("no curves: these columns have no usual values")


def _tell_curve(model: Model, one: Dependence) -> None:
    beside = f"{one.beside!r} ({one.strength:.2f})"
    if one.how == "ale":
        beside = f"; it goes with {beside}" if one.beside else ""
        say(f"{one.column}: in small steps, each where rows stand (ALE){beside}\n")
    else:
        say(f"{one.column}: set in every row (partial dependence)\n")
    classes = model.task.classes
    outputs = [1] if len(classes) == 2 else list(range(min(max(len(classes), 1), 6)))
    names = [f"p of {classes[o][:20]}" if classes else "prediction" for o in outputs]
    head = [one.column[:30], *names, *(["80 % of rows"] if one.lines else [])]
    table = [head]
    for place, (at, means) in enumerate(zip(one.at, one.means, strict=True)):
        cells = [_value(model, one.column, at), *(number(means[o]) for o in outputs)]
        if one.lines:
            ranked = sorted(line[place] for line in one.lines)
            tenth = (len(ranked) - 1) // 10
            cells.append(f"{number(ranked[tenth])} to {number(ranked[-1 - tenth])}")
        table.append(cells)
    say(as_table(table) + "\n")


def _value(model: Model, column: str, at: float | str) -> str:
    from datetime import UTC, datetime

    from modelwright.core.schema import Kind

    kind = model.schema[column].kind
    if isinstance(at, str):
        return at[:30]
    if kind is Kind.BOOLEAN:
        return "true" if at else "false"
    if kind is Kind.DATETIME:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    return number(at)


def _with_bars(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[str]]:
    """Leave the bars out where a terminal is too narrow: a part of one would mislead."""
    return rows if terminal_width() >= _DRAWN else [row[:-1] for row in rows]


def _bar(size: float, largest: float) -> str:
    return "█" * round(_BAR * max(size, 0.0) / largest) if largest > 0 else ""
