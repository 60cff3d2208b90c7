"""``modelwright report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import check_model, is_shape
from modelwright.cli.printing import answer, say
from modelwright.core.errors import OptionError

__all__ = ["check_page", "report"]


def report(
    model: Path,
    /,
    *,
    out: Path = Path("report.html"),
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write what is known of a model to one HTML page that needs no network.

    Parameters
    ----------
    model
        A file that fit wrote.
    out
        Where the page goes.
    json
        Print one JSON object on stdout.
    """
    from modelwright.model import load
    from modelwright.report import write_report

    check_page(out, model)
    if is_shape(model):
        from modelwright.cli.shaping import report_shape

        report_shape(model, out, json=json)
        return
    check_model(model, "")
    opened = load(model)
    write_report(opened, out)
    size = out.stat().st_size
    if json:
        answer({"report": str(out), "bytes": size, "evidence": opened.evidence is not None})
        return
    if opened.evidence is None:
        say("note: the model file holds no held-out predictions; fit again for a whole report")
    say(f"report: {out} ({size / 1e3:.0f} kB)")


def check_page(page: Path | None, *inputs: object) -> None:
    """Refuse a page that cannot be written, or that would overwrite what it is made of."""
    from modelwright.store import check_writable

    if page is None:
        return
    if page.suffix.lower() not in (".html", ".htm"):
        raise OptionError("a page whose name ends in .html", repr(page.name))
    check_writable(page, *inputs)
