"""Structure that is near certain is followed and said; what the user says has the last word."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from evaluate import worlds
from modelwright.acquire import read_raw
from modelwright.core.budget import parse_duration
from modelwright.core.schema import Role
from modelwright.core.settings import Question, Settings
from modelwright.plan import Posed, pose, reading_for
from modelwright.plan.folders import load_arrays
from modelwright.plan.structure import NOTHING, heed
from modelwright.plan.tables.check import check


def posed(frame: pl.DataFrame, question: Question) -> Posed:
    settings = Settings()
    return pose(read_raw(frame, reading_for(question, settings)), question, settings)


def heeded(frame: pl.DataFrame, question: Question, seconds: float = 60.0) -> Posed:
    return heed(posed(frame, question), question, seconds).posed


def because(frame: pl.DataFrame, question: Question, seconds: float = 60.0) -> str:
    return heed(posed(frame, question), question, seconds).because


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
    seconds = 60.0 if question.group or question.order else 0.5
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


@pytest.mark.long
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


def test_a_short_fit_looks_at_a_small_table_as_a_long_one_does() -> None:
    frame, question = worlds.patients(0, shuffled=True), Question("y")
    short, long = (heed(posed(frame, question), question, seconds) for seconds in (4.0, 600.0))
    assert roles(short.posed) == {"subject": Role.GROUP}
    assert (short.posed.notes, short.facts) == (long.posed.notes, long.facts)


def test_what_was_not_looked_for_is_said_with_the_cure() -> None:
    frame, question = worlds.patients(0, shuffled=True), Question("y")
    found = heed(posed(frame, question), question, 0.5)
    (note,) = [note for note in found.posed.notes if "no time to look" in note]
    assert "order in time, for groups and for copies" in note
    told = re.search(r"--time (\S+) is enough", note)
    assert told is not None
    assert "was not looked for" in found.because
    again = heed(posed(frame, question), question, parse_duration(told[1]))
    assert roles(again.posed) == {"subject": Role.GROUP}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question("y"), "found in the table, not asked for"),
        (Question("y"), "--group none splits at random"),
        (Question("y", group="subject"), "asked for with --group."),
        (Question("y", group="none"), "asked for with --group none."),
        (Question("y", group="subject", order="rate"), "--group and --order."),
    ],
)
def test_why_rows_are_split_so_is_said(question: Question, words: str) -> None:
    assert words in because(worlds.patients(0, shuffled=True), question)


def test_why_rows_are_split_at_random_is_said() -> None:
    assert because(worlds.plain(0), Question("y")).startswith("No order in time and no groups")
    assert because(worlds.plain(0).head(30), Question("y")).startswith("So few rows")
    assert "see the note" in because(worlds.recordings(0), Question("ill"))
    assert "--order none splits" in because(worlds.demand(0, shuffled=False), Question("y"))


@pytest.mark.parametrize(
    ("frame", "question", "untried"),
    [
        (worlds.recordings(0), Question("ill"), "groups"),
        (worlds.demand(0, shuffled=True), Question("y"), "times"),
        (worlds.demand(0, shuffled=True), Question("y", order="none"), ""),
        (worlds.demand(0, shuffled=False), Question("y"), ""),
        (worlds.plain(0), Question("y"), ""),
    ],
)
def test_what_is_likely_and_not_followed_is_untried(
    frame: pl.DataFrame, question: Question, untried: str
) -> None:
    assert heed(posed(frame, question), question, 60.0).untried == untried


@pytest.mark.long
def test_the_card_says_what_was_not_tried_also_from_the_file(tmp_path: Path) -> None:
    settings = mw.Settings(trials=1, models=("linear",), workers=0, store=tmp_path)
    model = mw.fit(worlds.recordings(0), "ill", settings=settings).model
    assert model.card.untried == "groups"
    assert mw.load(model.save(tmp_path / "m.mw")).card.untried == "groups"


def test_check_and_fit_measure_the_same() -> None:
    frame = worlds.patients(0, shuffled=True, people=1_000)
    (told,) = [one for one in check(frame, "y").findings if one.code == "repeated-entities"]
    assert any(note.endswith(told.evidence) for note in heeded(frame, Question("y")).notes)


@pytest.mark.long
def test_the_plan_of_a_fit_says_how_rows_are_split_and_why(tmp_path: Path) -> None:
    settings = mw.Settings(trials=1, models=("linear",), workers=0, store=tmp_path)
    found = mw.fit(worlds.demand(0, shuffled=False), "y", settings=settings).model.card.plan
    assert "in the order of 'datetime'" in found
    assert found.endswith("--order none splits at random.")
