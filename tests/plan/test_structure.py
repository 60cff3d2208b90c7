"""Structure that is near certain is followed and said; what the user says has the last word."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from evaluate import worlds
from modelwright.acquire import read_raw
from modelwright.core.schema import Role
from modelwright.core.settings import Question, Settings
from modelwright.plan import Posed, pose, reading_for
from modelwright.plan.folders import load_arrays
from modelwright.plan.structure import NOTHING, heed


def posed(frame: pl.DataFrame, question: Question) -> Posed:
    settings = Settings()
    return pose(read_raw(frame, reading_for(question, settings)), question, settings)


def heeded(frame: pl.DataFrame, question: Question, seconds: float = 60.0) -> Posed:
    return heed(posed(frame, question), question, seconds).posed


def roles(found: Posed) -> dict[str, Role]:
    return {c.name: c.role for c in found.schema if c.role in (Role.GROUP, Role.ORDER)}


def test_certain_groups_and_orders_are_followed_and_said() -> None:
    grouped = heeded(worlds.patients(0, shuffled=True), Question("y"))
    assert roles(grouped) == {"subject": Role.GROUP}
    assert any("--group none" in note for note in grouped.notes)
    ordered = heeded(worlds.demand(0, shuffled=False), Question("y"))
    assert roles(ordered) == {"datetime": Role.ORDER}
    assert any("--order none" in note for note in ordered.notes)


@pytest.mark.parametrize(
    "question", [Question("y", group="none"), Question("y", order="datetime"), Question("y")]
)
def test_nothing_is_followed_against_the_user(question: Question) -> None:
    frame = worlds.patients(0, shuffled=True)
    if question.order:
        frame = frame.with_columns(datetime=pl.int_range(0, frame.height))
    seconds = 60.0 if question.group or question.order else 5.0
    assert Role.GROUP not in roles(heeded(frame, question, seconds)).values()


def test_what_is_declined_is_still_said() -> None:
    found = heeded(worlds.patients(0, shuffled=True), Question("y", group="none"))
    assert any("subject" in note for note in found.notes)


def test_a_column_called_none_is_a_column() -> None:
    frame = worlds.patients(0, shuffled=True).rename({"subject": "none"})
    assert roles(posed(frame, Question("y", group="none"))) == {"none": Role.GROUP}


def test_what_is_not_certain_is_said_and_not_followed() -> None:
    found = heeded(worlds.recordings(0), Question("ill"))
    assert roles(found) == {}
    assert any("'name'" in note for note in found.notes)
    shuffled = heeded(worlds.demand(0, shuffled=True), Question("y"))
    assert roles(shuffled) == {}
    assert any(
        "in no order of it" in note and "--order datetime" in note for note in shuffled.notes
    )


def test_an_earlier_run_is_followed_without_looking_again() -> None:
    question = Question("y")
    first = heed(posed(worlds.patients(0, shuffled=True), question), question, 60.0)
    plain = posed(worlds.patients(0, shuffled=True), question)
    again = heed(plain, question, 1.0, first.facts)
    assert (roles(again.posed), again.facts) == (roles(first.posed), first.facts)
    assert roles(heed(plain, question, 60.0, NOTHING).posed) == {}


def test_a_fit_is_split_by_what_was_found_and_its_replay_too(tmp_path: Path) -> None:
    frame = worlds.patients(0, shuffled=True)
    settings = mw.Settings(trials=1, models=("linear",), workers=0, store=tmp_path)
    found = mw.fit(frame, "y", settings=settings)
    assert "70 groups of 'subject'" in found.model.card.plan
    replay = mw.Settings(workers=0, store=tmp_path, replay=found.run)
    assert mw.fit(frame, "y", settings=replay).model.card.plan == found.model.card.plan
    assert found.predict(frame.drop("y", "subject")).height == frame.height
    declined = mw.fit(frame, "y", group="none", settings=settings)
    assert "groups" not in declined.model.card.plan


def test_the_interval_of_fresh_rows_is_that_of_whole_groups(tmp_path: Path) -> None:
    question = Question("y")
    settings = Settings(validation=mw.Validation(test=worlds.patients(1, shuffled=True)))
    frame = worlds.patients(0, shuffled=True)
    asked = pose(read_raw(frame, reading_for(question, settings)), question, settings)
    found = heed(asked, question, 60.0).posed
    assert roles(found) == {"subject": Role.GROUP}
    assert found.fresh is not None
    found.fresh.write(tmp_path)
    groups = load_arrays(tmp_path / "test.npz")["groups"]
    assert len(np.unique(groups)) == found.fresh.table.frame["subject"].n_unique()
