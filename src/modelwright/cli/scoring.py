"""What ``modelwright evaluate`` says of one model, and of two."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.cli.printing import answer, say
from modelwright.cli.tables import as_table
from modelwright.core.numerals import number, signed

if TYPE_CHECKING:
    from modelwright.evaluate import Answered
    from modelwright.versus import Versus

__all__ = ["class_scores", "say_classes", "say_scores", "tell_versus"]

# Only so many classes are listed; --json gives all.
_CLASSES = 30


def say_scores(
    scores: Mapping[str, float],
    intervals: Mapping[str, tuple[float, float]],
    undefined: Mapping[str, str],
) -> None:
    """Print each score with its interval, or why there is none."""
    width = max(len(name) for name in scores)
    for name, value in scores.items():
        if name in undefined:
            say(f"{name:<{width}}  none: {undefined[name]}")
        else:
            say(f"{name:<{width}}  {number(value):<10}{_between(*intervals[name])}".rstrip())


def _between(low: float, high: float) -> str:
    """Say where a score lies with a confidence of 95 %, where that is known."""
    return (
        f"95 %: {number(low)} to {number(high)}"
        if math.isfinite(low) and math.isfinite(high)
        else ""
    )


def class_scores(rows: Answered) -> list[dict[str, Any]]:
    """Give precision, recall and F1 of each class with their intervals; none for numbers."""
    if not rows.task.is_classification:
        return []
    each, between = rows.classes()
    found = []
    for code, name in enumerate(rows.task.classes):
        line: dict[str, Any] = {
            "class": name,
            "rows": int((rows.y.values == code).sum()),
            "decided": int((rows.answers == code).sum()),
        }
        for what in ("precision", "recall", "f1"):
            line[what] = float(getattr(each, what)[code])
            low, high = getattr(between, what)[code]
            line |= {f"{what}_low": float(low), f"{what}_high": float(high)}
        found.append(line)
    return found


def say_classes(lines: Sequence[Mapping[str, Any]]) -> None:
    """Print how well each class is recognised, the most frequent first."""
    order = sorted(lines, key=lambda line: -line["rows"])
    table = [["class", "rows", "precision (95 %)", "recall (95 %)", "F1 (95 %)"]]
    for line in order[:_CLASSES]:
        cells = [_cell(line, what) for what in ("precision", "recall", "f1")]
        table.append([str(line["class"]), f"{line['rows']:,}", *cells])
    say(f"\n{as_table(table)}")
    if len(order) > _CLASSES:
        say(f"and {len(order) - _CLASSES} rarer classes: --json lists all")


def _cell(line: Mapping[str, Any], what: str) -> str:
    value, low, high = line[what], line[f"{what}_low"], line[f"{what}_high"]
    if not math.isfinite(value):
        return "none decided" if what == "precision" else "none"
    between = f" ({low:.2f} to {high:.2f})" if math.isfinite(low) and math.isfinite(high) else ""
    return f"{value:.3f}{between}"


def tell_versus(found: Versus, names: tuple[Path, Path], *, json: bool) -> None:
    """Print how two models compare."""
    if json:
        answer({"models": [str(name) for name in names], **found.to_json()})
        return
    short = [name.name for name in names]
    told = short if short[0] != short[1] else [str(name) for name in names]
    table = [["", *told, "difference", "95 %", "better"]]
    for pair in found.scores:
        ends = f"{signed(pair.low, 4)} to {signed(pair.high, 4)}" if math.isfinite(pair.low) else ""
        chance = _percent(pair.better) if math.isfinite(pair.better) else ""
        scores = [number(value) for value in (pair.one, pair.other)]
        table.append([pair.metric, *scores, signed(pair.difference, 4), ends, chance])
    say(f"{found.rows:,} rows\n\n{as_table(table)}\n")
    say(f"better: in how many draws of such rows {told[1]} is the better one")
    if found.delong is not None:
        say(f"DeLong's test of the areas under the ROC curves: p = {found.delong.p_value:.3g}")
    if found.mcnemar is not None:
        test = found.mcnemar
        say(
            f"McNemar's test of the answers: only {told[0]} is right in {test.only_one:,} rows, "
            f"only {told[1]} in {test.only_other:,}: p = {test.p_value:.3g}"
        )


def _percent(share: float) -> str:
    """Write a chance that was found by drawing rows: none is certain."""
    if share > 0.995:
        return "over 99 %"
    return "under 1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")
