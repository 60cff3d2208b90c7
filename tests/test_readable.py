"""A tree out of a model, with the names and levels of its table."""

from __future__ import annotations

import numpy as np
import pytest

import modelwright as mw


def fitted(models: tuple[str, ...]) -> mw.Result:
    random = np.random.default_rng(0)
    town = random.choice(["Rome", "Oslo", "Bonn", "<b>"], 300)
    age = random.integers(20, 80, 300) + random.random(300).round(3)
    sick = np.where((town == "Oslo") & (age > 50), "yes", "no")
    table = {"town": town.tolist(), "age": age.tolist(), "sick": sick.tolist()}
    return mw.fit(table, "sick", settings=mw.Settings(trials=1, models=models, workers=0))


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


def test_a_model_without_a_tree_says_so() -> None:
    with pytest.raises(mw.OptionError, match="--models tree"):
        mw.tree_rules(fitted(("linear",)).model)
