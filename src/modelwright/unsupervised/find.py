"""From raw data to the groups or the density of its rows."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from modelwright.acquire import Reading, cast, infer, read_raw, read_types
from modelwright.acquire.images.listing import refuse_images
from modelwright.core.addresses import is_database, masked
from modelwright.core.errors import OptionError
from modelwright.core.launch import refuse_company
from modelwright.core.progress import Progress, reading
from modelwright.core.settings import Question, Settings
from modelwright.core.table import Table
from modelwright.core.task import ShapeKind, shape_asked
from modelwright.store import check_writable
from modelwright.unsupervised.clustering import cluster
from modelwright.unsupervised.densities import density
from modelwright.unsupervised.findings import Findings
from modelwright.unsupervised.number import Effort
from modelwright.unsupervised.shape import Fitted, Shape

__all__ = ["find_shape"]

# What of the time may go into the number of groups.
_LOOKING = 0.5


def find_shape(
    data: object, question: Question, settings: Settings, *, seconds: float, live: Progress
) -> Shape:
    """Find the groups of a table's rows, or their density.

    Parameters
    ----------
    data : path or frame
        As for `fit`.
    question : Question
        Its task is ``"clustering"`` or ``"density"``, in brackets how many there are to be.
    settings : Settings
        Types, header, encoding, seed, `models` (ways of clustering, families of densities), out.
    seconds : float
        How long it may take: with little time fewer numbers of groups are looked at.
    live : Progress
        Told what is done.

    Returns
    -------
    Shape

    Raises
    ------
    UserError
        When the data or an option is wrong, or an option is of another task.
    """
    refuse_company("for a table")
    asked = shape_asked(question.task)
    if asked is None:
        raise OptionError("--task clustering or density", repr(question.task))
    kind, count = asked
    refuse_images(data, f"find a {kind} in")
    _check(question, settings, kind)
    if settings.out is not None:
        check_writable(Path(settings.out), data)
    began = time.monotonic()
    live.advance(None, reading(data))
    given = {} if settings.types is None else read_types(settings.types)
    how = Reading(settings.header, frozenset(given), seed=settings.seed, encoding=settings.encoding)
    raw = read_raw(data, how)
    live.advance(None, "finding what the columns mean")
    schema, noticed = infer(raw.frame, given)
    table = cast(raw.frame, schema)
    notes = (*raw.notes, *noticed, *table.notes)
    fitted: Fitted
    if kind is ShapeKind.CLUSTERING:
        live.advance(None, "looking for groups")
        left = seconds - (time.monotonic() - began)
        effort = Effort(seconds=math.inf if settings.trials else max(_LOOKING * left, 0.0))
        space, fitted, findings = cluster(
            table,
            methods=settings.models,
            count=count,
            effort=effort,
            seed=settings.seed,
        )
    else:
        live.advance(None, "comparing densities")
        space, fitted, findings = density(
            table, methods=settings.models, count=count, seed=settings.seed
        )
    shape = Shape(
        kind,
        schema,
        space,
        fitted,
        _with_notes(findings, notes),
        table.height,
        _source(data, table, raw.encoding),
        settings.seed,
        settings.encoding,
    )
    if settings.out is not None:
        live.advance(None, f"writing {Path(settings.out).name}")
        shape.save(settings.out)
    return shape


def _with_notes(findings: Findings, notes: tuple[str, ...]) -> Findings:
    return replace(findings, notes=(*notes, *findings.notes))


def _check(question: Question, settings: Settings, kind: ShapeKind) -> None:
    """Refuse what belongs to the prediction of a column."""
    given = {
        "target": question.target,
        "metric": question.metric,
        "positive": question.positive,
        "group": question.group,
        "order": question.order,
        "weight": question.weight or settings.weight,
        "frame": settings.frame,
        "resume": settings.resume,
        "replay": settings.replay,
        "latency": settings.bounds.latency,
        "size": settings.bounds.size,
        **settings.validation.to_json(),
    }
    for name, value in given.items():
        if value:
            raise OptionError(
                f"no --{name.replace('_', '-')} beside --task {kind.value}",
                repr(value)[:60],
                "nothing is predicted here: leave it out",
            )


def _source(data: object, table: Table, encoding: str) -> dict[str, str]:
    where = f"a {type(data).__name__} in memory"
    if isinstance(data, str | Path):
        text = str(data)
        where = masked(text) if is_database(text) else str(Path(text).expanduser())
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {
        "data": where,
        "fingerprint": table.fingerprint(),
        "encoding": encoding,
        "created": made,
    }
