"""``modelwright label``: what labels are worth, and which to look at again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from modelwright.cli.inputs import HowRead, check_data, check_model
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.tables import as_table
from modelwright.cli.wording import Whole
from modelwright.core.errors import OptionError
from modelwright.core.weaknesses import SURELY, TOO_WEAK

if TYPE_CHECKING:
    import polars as pl

    from modelwright.core.weaknesses import LabelDoubts, Suspect
    from modelwright.model import Model

__all__ = ["label", "noise"]

label = App(name="label", help="Find labels that are probably wrong.")

_SHOWN = 12
# Letters that are shown of a cell, and of the end of the place of an image.
_CELL, _PLACE = 16, 60


@label.command
def noise(
    model: Path,
    data: Source | None = None,
    /,
    *,
    out: Path | None = None,
    most: Whole = 200,
    how: HowRead | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """List the rows whose label is probably wrong, for a person to review.

    Parameters
    ----------
    model
        A file that fit wrote.
    data
        The rows of the fit, so that their values are shown, or new rows with labels.
    out
        A .csv, .tsv, .parquet, .arrow or .jsonl file for the rows to review.
    most
        How many rows are written at most.
    how
        How the rows are read.
    json
        Print one JSON object on stdout.
    """
    from modelwright.doubts import doubtful_labels, first_line, review_table
    from modelwright.model import load
    from modelwright.plan.findings.verdict import of_images
    from modelwright.store import check_writable, write_frame
    from modelwright.store.files import check_suffix

    check_model(model, data or "")
    if out is not None:
        check_writable(out, model, data or "")
        check_suffix(out)
    if most < 1:
        raise OptionError("--most to be at least 1", str(most))
    if data is not None:
        check_data(data)
        if str(data) == "-":
            raise OptionError("a file: it is read twice", "standard input", "write it to a file")
    read = how or HowRead()
    opened = load(model, encoding=read.encoding, images=read.images)
    found = doubtful_labels(opened, data)
    chosen = found.suspects[:most]
    pictured = of_images(opened)
    raw = None if data is None or pictured else _rows_of(data, chosen, opened)
    line = None if raw is None else first_line(Path(data or ""), raw.height)
    if out is not None:
        write_frame(review_table(chosen, raw, line, found.columns if pictured else ()), out)
    if json:
        told = {**found.to_json(), "suspects": [_plain(one, line) for one in chosen]}
        answer({**told, **({} if out is None else {"out": str(out)})})
        return
    held = pictured and opened.evidence is not None and found is opened.evidence.weak.labels
    _tell(found, line, pictured=pictured, held=held)
    if out is not None:
        say(f"{len(chosen):,} rows to review: {out}")


def _rows_of(data: str | Path, chosen: tuple[Suspect, ...], model: Model) -> pl.DataFrame:
    """Read the rows as they stand in the file."""
    from modelwright.acquire import Reading, read_raw

    # the model knows how the table of the fit was encoded
    reading = Reading(encoding=model.encoding, usual=model.card.encoding)
    raw = read_raw(data, reading).frame
    if any(one.row >= raw.height for one in chosen):
        raise OptionError(
            f"the rows of the fit, or new ones, in {str(data)!r}",
            f"{raw.height:,} rows, fewer than were read before", "name the same file again",
        )  # fmt: skip
    return raw


def _plain(one: Suspect, line: int | None) -> dict[str, object]:
    place = {"row": one.row} if line is None else {"row": one.row, "line": one.row + line}
    named = {"given": one.given, "suggested": one.suggested, "wrong": one.wrong}
    return {**place, **named, "kind": one.kind}


def _tell(found: LabelDoubts, line: int | None, *, pictured: bool, held: bool) -> None:
    say(_summary(found, "labels of held-out images" if held else "labels"))
    shown = [one for one in found.suspects if not one.hard][:_SHOWN]
    if not shown:
        return
    where = "row" if line is None else "line"
    table = [[where, "given", "suggested", "wrong", *found.columns]]
    for one in shown:
        place = one.row + (line or 0)
        cells = [str(place), one.given[:24], one.suggested[:24], f"{one.wrong:.2f}"]
        table.append([*cells, *(_cut(value, pictured=pictured) for value in one.values)])
    width = max(len(row) for row in table)
    say("\n" + as_table([row + [""] * (width - len(row)) for row in table]))
    rest = found.mislabelled - len(shown)
    if rest > 0:
        say(f"and {rest:,} more: --out FILE writes them")


def _cut(value: str, *, pictured: bool) -> str:
    """Keep the beginning of a cell, and the end of the place of an image."""
    return value[-_PLACE:] if pictured else value[:_CELL]


def _none_told(found: LabelDoubts) -> str:
    """Say that no label is called wrong, and not that all are right where that is not known."""
    if not found.hard:
        return "none is more likely wrong than right"
    look = f"look at the {found.hard:,} that the model disagrees with: --out FILE writes them"
    if math.isfinite(found.high) and found.high >= SURELY:
        return f"none can be told to be wrong, up to {100 * found.high:.1f} % may be; {look}"
    return f"none is more likely wrong than right; {look}"


def _summary(found: LabelDoubts, labels: str = "labels") -> str:
    if not found.judged:
        return f"{found.rows:,} {labels}: {TOO_WEAK[0].lower()}{TOO_WEAK[1:]}"
    if found.mislabelled == 0:
        return f"{found.rows:,} {labels}: {_none_told(found)}"
    known = math.isfinite(found.low)
    between = f" (95 %: {100 * found.low:.1f} to {100 * found.high:.1f} %)" if known else ""
    rate = f"about {100 * found.rate:.1f} %{between} look wrong" if known else "some are far off"
    if known and not found.plain:
        rate = f"whether any are wrong cannot be told from chance in the answers{between}"
    return (
        f"{found.rows:,} {labels}: {rate}; {found.mislabelled:,} to doubt first, "
        f"{found.hard:,} row{'s' * (found.hard != 1)} merely hard"
    )
