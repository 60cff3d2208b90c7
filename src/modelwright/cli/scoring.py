"""What ``modelwright evaluate`` says of one model, and of two."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.cli.printing import answer, say
from modelwright.cli.tables import as_table
from modelwright.core.numerals import number, signed

if TYPE_CHECKING:
    from modelwright.evaluate import Answered, Metric
    from modelwright.versus import Versus

__all__ = ["Scores", "class_scores", "say_classes", "say_rows", "say_scores", "tell_versus"]

# Only so many classes are listed; --json gives all.
_CLASSES = 30


@dataclass(frozen=True)
class Scores:
    """What a model scores on some rows.

    Parameters
    ----------
    rows : int
        How many rows.
    values : mapping of str to float
        By metric; the one that decided comes first.
    between : mapping of str to (float, float)
        Where each lies with a confidence of 95 %; NaN: not known.
    undefined : mapping of str to str
        Why a metric has no value.
    """

    rows: int
    values: Mapping[str, float]
    between: Mapping[str, tuple[float, float]]
    undefined: Mapping[str, str]

    @classmethod
    def of(cls, rows: Answered, more: Sequence[Metric]) -> Scores:
        """Score rows by the usual metrics of the task, and by more of them."""
        return cls(len(rows.y), rows.scores(more), rows.intervals(more), rows.undefined(more))

    def to_json(self) -> dict[str, Any]:
        """Give them as plain JSON."""
        ends = {name: {"low": low, "high": high} for name, (low, high) in self.between.items()}
        told = {"scores": dict(self.values), "intervals": ends, "undefined": dict(self.undefined)}
        return {"rows": self.rows, **told}

    def cells(self, name: str) -> tuple[str, str]:
        """Write a score and its interval."""
        if name in self.undefined:
            return "none", ""
        return number(self.values[name]), _between(*self.between[name])

    def together(self, names: Iterable[str]) -> list[str]:
        """Write each score and its interval in one cell, so that scores line up."""
        both = [self.cells(name) for name in names]
        wide = max(len(score) for score, _ in both)
        return [f"{s:<{wide}} ({between})" if between else s for s, between in both]


def say_rows(rows: Answered) -> None:
    """Print how many rows there are, and how many of them the model has not learned from."""
    count, found = len(rows.y), rows.overlap
    told = "1 row" if count == 1 else f"{count:,} rows"
    if rows.all_seen:
        told += ", none of them fresh"
    elif found is None:
        told += "; whether the model was fitted on some of them its file does not say"
    elif found.words:
        some = "" if found.compared.all() else f"the {int(found.compared.sum()):,} compared of "
        told += f", {int(found.fresh.sum()):,} of {some}them fresh" if rows.some_seen else ""
    else:
        some = "" if found.compared.all() else f" of {int(found.compared.sum()):,} compared"
        told += f", none{some} among the {found.of:,} that the model was fitted on"
    if found is not None and found.words and not rows.some_seen:
        say(f"note: {found.words}")  # what was seen is told by a warning
    say(f"{told}\n")


def say_scores(all_rows: Scores, fresh: Scores | None = None) -> None:
    """Print each score with its interval, and beside it that of the fresh rows alone."""
    if fresh is None:
        table = [["", "score", "95 %"]]
        table += [[name, *all_rows.cells(name)] for name in all_rows.values]
    else:
        table = [["", f"all {all_rows.rows:,} rows (95 %)", f"{fresh.rows:,} fresh rows (95 %)"]]
        names = list(all_rows.values)  # fewer rows may suit more metrics, but never fewer
        told = zip(names, all_rows.together(names), fresh.together(names), strict=True)
        table += [list(line) for line in told]
    say(as_table(table))
    shown = [(all_rows, "")] if fresh is None else [(all_rows, ""), (fresh, " of the fresh rows")]
    for scores, of in shown:
        for name, why in scores.undefined.items():
            say(f"no {name}{of}: {why}")


def _between(low: float, high: float) -> str:
    """Say where a score lies with a confidence of 95 %, where that is known."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{number(low)} to {number(high)}"


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


def say_classes(lines: Sequence[Mapping[str, Any]], *, ordered: bool = False) -> None:
    """Print how well each class is recognised, in their order or the most frequent first."""
    order = lines if ordered else sorted(lines, key=lambda line: -line["rows"])
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
