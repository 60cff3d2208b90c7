"""Columns that give the answer away are told by a fit, in the words and numbers of `check`."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Column, Kind, Schema
from modelwright.engine import Job, Outcome, Status
from modelwright.plan.clock import Clock
from modelwright.plan.findings.asides import Asides
from modelwright.plan.findings.giveaways import tell_giveaways

ROWS = 400


def told(seed: int = 0) -> pl.DataFrame:
    """Two honest columns, a number of the case that begins with the answer, a noisy copy."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, ROWS))
    yes = a + b + rng.normal(0, 1.2, ROWS) > 0
    cases = [f"{'C' if one else 'A'}-{i:05d}" for i, one in enumerate(yes)]
    some = {f"n{i}": rng.normal(size=ROWS) for i in range(5)}
    copy = yes * 3.0 + rng.normal(0, 0.5, ROWS)
    answers = np.where(yes, "yes", "no")
    return pl.DataFrame({"case": cases, "a": a, "b": b, **some, "copy": copy, "y": answers})


def fitted(frame: pl.DataFrame, store: Path) -> mw.Result:
    settings = mw.Settings(trials=1, models=("linear",), workers=0, store=store)
    return mw.fit(frame, "y", settings=settings)


@pytest.mark.long
@pytest.mark.parametrize(
    ("column", "title", "cure"),
    [
        ("case", "A name or a text spells the answer", "The model does not use it."),
        ("copy", "A column gives the answer away", "is known when a prediction is made."),
    ],
)
def test_a_fit_tells_what_check_is_sure_of(
    tmp_path: Path, column: str, title: str, cure: str
) -> None:
    frame = told().select(column, "a", "b", *(f"n{i}" for i in range(5)), "y")
    (sure,) = [one for one in mw.check(frame, "y").findings if one.severity is Severity.ERROR]
    assert sure.columns == (column,)
    (note,) = [note for note in fitted(frame, tmp_path).notes if sure.evidence in note]
    assert note.startswith(f"{title} ({column!r}): ")
    assert note.endswith(cure)


@pytest.mark.long
def test_a_fit_of_an_honest_table_tells_nothing(tmp_path: Path) -> None:
    notes = fitted(told().drop("case", "copy"), tmp_path).notes
    assert not any("give the answer away" in note or "spells" in note for note in notes)


@pytest.mark.long
def test_columns_that_no_model_sees_are_not_kept_after_the_run(tmp_path: Path) -> None:
    folder = fitted(told(), tmp_path).folder
    assert (folder / "splits.npz").is_file()
    assert not (folder / "others.arrow").exists()


@pytest.mark.parametrize(("count", "notes"), [(0, 0), (1, 1), (3, 3), (4, 4), (9, 4)])
def test_of_many_the_first_are_told_and_the_others_named(count: int, notes: int) -> None:
    names = [f"x{i}" for i in range(count)]
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in names))
    found = [
        Finding("target-copy", Severity.ERROR, (name,), "seen", "Leave it out.").to_json()
        for name in names
    ]
    said = tell_giveaways(found, schema)
    assert len(said) == notes
    assert ("modelwright check says why" in " ".join(said)) == (count > 3)
    assert ("3 more" in " ".join(said)) == (count == 9)


def test_a_look_that_failed_is_not_blamed_on_the_time() -> None:
    work = SimpleNamespace(rows=SimpleNamespace(table=SimpleNamespace(schema=Schema(()))))
    asides = Asides(cast(Any, work), Clock(math.inf), cast(Any, None))
    assert asides.notes[0].startswith("There was no time to look")
    job = Job("giveaways", "modelwright.plan.findings.giveaways:look_for_giveaways")
    assert asides.takes(Outcome(job, Status.OUT_OF_MEMORY, error="too much"))
    assert "were not looked for (out of memory: too much)" in asides.notes[0]
