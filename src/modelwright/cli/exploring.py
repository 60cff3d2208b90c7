"""``modelwright explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.checking import Understood
from modelwright.cli.completing import columns
from modelwright.cli.inputs import check_data
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.reporting import check_page
from modelwright.core.progress import progress, reading

__all__ = ["explore"]


def explore(
    data: Source,
    /,
    *,
    out: Path | None = None,
    target: Annotated[str | None, Parameter(completer=columns)] = None,
    test: Path | None = None,
    understood: Understood | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Look at a table of any size, and say what would hurt a model in it.

    Parameters
    ----------
    data
        What fit takes: a file, - for standard input, or a database. It may be larger than memory.
    out
        Where the page goes, such as profile.html; without it a summary is printed only.
    target
        The column to predict: its balance, what goes with it, and what check finds.
    test
        Other rows of the same columns: how do they differ?
    understood
        How the table is to be understood.
    json
        Print one JSON object on stdout.
    """
    from modelwright.plan.tables.explore import explore as explored

    check_data(data)
    check_page(out, data)
    settings = (understood or Understood()).settings()
    with progress(json) as live:
        live.advance(None, reading(str(data)))
        found = explored(str(data), target, test=test, settings=settings, live=live)
        if out is not None:
            live.advance(None, f"writing {out}")
            found.write(out)
    if json:
        answer({**found.to_json(), "page": None if out is None else str(out)})
        return
    for note in found.notes:
        say(f"note: {note}")
    say(str(found))
    if out is not None:
        say(f"\npage: {out} ({out.stat().st_size / 1e3:,.0f} kB)")
