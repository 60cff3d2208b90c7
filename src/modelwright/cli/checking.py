"""``modelwright check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.completing import columns, tasks
from modelwright.cli.inputs import Encoding, check_data
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.wording import Whole
from modelwright.core.progress import progress, reading
from modelwright.core.settings import Settings

if TYPE_CHECKING:
    from modelwright.plan.check import Checked

__all__ = ["check"]


def check(
    data: Source,
    /,
    *,
    target: Annotated[str, Parameter(completer=columns)],
    task: Annotated[str | None, Parameter(completer=tasks)] = None,
    types: Path | None = None,
    header: bool | None = None,
    encoding: Encoding = None,
    seed: Whole = 0,
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
    types
        A JSON file of columns whose type was read wrong: {"zip": "category"}.
    header
        Whether the first row holds names; found out when left out.
    encoding
        How a text file is encoded, such as cp1250; found out when left out.
    seed
        The root of all randomness.
    json
        Print one JSON object on stdout.
    """
    from modelwright.plan.check import check as checked

    check_data(data)
    settings = Settings(types=types, header=header, encoding=encoding, seed=seed)
    with progress(json) as live:
        live.advance(None, f"{reading(data)} and checking")
        found = checked(str(data), target, task=task, settings=settings)
    if json:
        answer(found.to_json())
    else:
        _tell(found)


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
    if found.recommended.option:
        say(f"\nrecommended: modelwright fit ... {found.recommended.option}")
