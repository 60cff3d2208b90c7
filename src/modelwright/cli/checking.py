"""``modelwright check``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.completing import columns, tasks
from modelwright.cli.inputs import Encoding, check_data
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.wording import Whole
from modelwright.core.errors import OptionError
from modelwright.core.progress import progress, reading
from modelwright.core.settings import Settings, seeing

if TYPE_CHECKING:
    from modelwright.plan.tables.check import Checked

__all__ = ["Understood", "check"]


@Parameter(name="*")
@dataclass(frozen=True)
class Understood:
    """How the table is to be understood.

    Parameters
    ----------
    types : pathlib.Path, optional
        A JSON file of columns whose type was read wrong: {"zip": "category"}.
    header : bool, optional
        Whether the first row holds names; found out when left out.
    encoding : str, optional
        How a text file is encoded, such as cp1250; found out when left out.
    seed : int
        The root of all randomness.
    images : pathlib.Path, optional
        The folder of the images that a column names; that of the table when left out.
    """

    types: Path | None = None
    header: bool | None = None
    encoding: Encoding = None
    seed: Whole = 0
    images: Path | None = None

    def settings(self) -> Settings:
        """Give the same for a fit."""
        made = Settings(
            types=self.types, header=self.header, encoding=self.encoding, seed=self.seed
        )
        return seeing(made, self.images) if self.images else made


def check(
    data: Source,
    /,
    *,
    target: Annotated[str, Parameter(completer=columns)],
    task: Annotated[str | None, Parameter(completer=tasks)] = None,
    understood: Understood | None = None,
    curve: Annotated[bool, Parameter(negative=())] = False,
    new: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Find out what would make scores untrue, before anything is fitted.

    Parameters
    ----------
    data
        What fit takes: a file, - for standard input, or a database.
    target
        The column to predict.
    task
        binary, multiclass or regression; inferred from the target when left out.
    understood
        How the table is to be understood.
    curve
        Also fit a small and a larger model on more and more rows, and say whether more rows, a
        larger model or better labels would help; it takes seconds to a minute.
    new
        Rows that the model will meet: are they like these?
    json
        Print one JSON object on stdout.
    """
    from modelwright.plan.tables.check import check as checked

    check_data(data)
    settings = (understood or Understood()).settings()
    with progress(json) as live:
        live.advance(None, f"{reading(data)} and checking")
        source = _kept(data) if curve else str(data)
        found = checked(source, target, task=task, new=new, settings=settings)
        curves = None
        if curve:
            from modelwright.diagnosis import diagnose

            live.advance(None, "fitting on more and more rows")
            curves = diagnose(source, target, task=task, settings=settings)
    if curves is not None:
        found = replace(found, findings=(*found.findings, *curves.findings))
    if json:
        answer({**found.to_json(), **({} if curves is None else {"curves": curves.to_json()})})
    else:
        _tell(found)


def _kept(data: Source) -> str:
    """Name what is read twice; standard input can be read once."""
    if str(data) == "-":
        cure = "write the rows to a file first"
        raise OptionError("a file beside --curve: it is read twice", "standard input", cure)
    return str(data)


def _tell(found: Checked) -> None:
    for note in found.notes:
        say(f"note: {note}")
    say(f"{found.rows:,} rows of {found.columns:,} columns")
    if not found.findings:
        say(str(found))
    for one in found.findings:
        where = ", ".join(repr(name) for name in one.columns)
        say(f"\n{one.severity.value}: {one.code}{' in ' + where if where else ''}")
        say(f"  {one.evidence}")
        if one.cure:
            say(f"  cure: {one.cure}")
    if found.drift is not None and not found.drift.drifted:
        say(f"\nnew rows: {found.drift}")
    if found.recommended.option:
        say(f"\nrecommended: modelwright fit ... {found.recommended.option}")
