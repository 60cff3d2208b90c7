"""A tree out of a model, with the names and levels of its table."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import modelwright as mw


@cache
def fitted(models: tuple[str, ...]) -> mw.Result:
    random = np.random.default_rng(0)
    town = random.choice(["Rome", "Oslo", "Bonn", "<b>"], 300)
    age = random.integers(20, 80, 300) + random.random(300).round(3)
    sick = np.where((town == "Oslo") & (age > 50), "yes", "no")
    table = {"town": town.tolist(), "age": age.tolist(), "sick": sick.tolist()}
    return mw.fit(table, "sick", settings=mw.Settings(trials=1, models=models, workers=0))


@pytest.mark.long
def test_rules_speak_of_the_table() -> None:
    model = fitted(("tree",)).model
    rules = mw.tree_rules(model)
    assert any(
        "town in {Oslo}" in line and "age > 5" in line and "p(yes) = 0.9" in line
        for line in rules.splitlines()
    )
    drawing = mw.tree_drawing(model)
    assert drawing.startswith("<svg")
    assert "<b>" not in drawing


@pytest.mark.long
def test_the_trees_of_several_folds_are_all_told_and_none_is_drawn_for_all() -> None:
    model = fitted(("tree",)).model
    (member,) = model.members
    several = replace(model, members=(replace(member, parts=member.parts * 3),))
    rules = mw.tree_rules(several)
    assert rules.count(mw.tree_rules(model)) == 3
    assert f"# {member.name}, tree 2 of 3, share 0.33 of the model\nif " in rules
    with pytest.raises(mw.OptionError, match="the mean of 3 trees"):
        mw.tree_drawing(several)


@pytest.mark.long
def test_a_date_is_asked_as_a_date() -> None:
    days = np.datetime64("2021-03-05") + np.arange(900)
    dear = ["no"] * 437 + ["yes"] * 463
    table = {"sold": [str(day) for day in days], "dear": dear}
    settings = mw.Settings(trials=1, models=("tree",), workers=0)
    rules = mw.tree_rules(mw.fit(table, "dear", settings=settings).model)
    assert "if sold <= 2022-05-15 12:00: p(yes)" in rules


@pytest.mark.long
def test_a_model_without_a_tree_says_so() -> None:
    with pytest.raises(mw.OptionError, match="--models tree"):
        mw.tree_rules(fitted(("linear",)).model)
