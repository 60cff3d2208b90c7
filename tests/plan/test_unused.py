"""Columns that a model does without are named, and counted alike everywhere."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

import modelwright as mw
from modelwright.plan.verdict import unused
from modelwright.report import render


def test_a_column_whose_values_hardly_repeat_is_said_to_be_left_out() -> None:
    rng = np.random.default_rng(5)
    size = rng.normal(size=240)
    codes = rng.permutation(np.arange(10_000, 99_999))[:240]
    frame = pl.DataFrame(
        {"size": size, "zip": [f"{code:05d}" for code in codes], "price": 3 * size + 1}
    )
    settings = mw.Settings(trials=1, workers=0, types={"zip": "category"})
    model = mw.fit(frame, "price", settings=settings).model
    assert model.columns == ("size",)
    assert list(unused(model)) == ["zip"]
    (note,) = [note for note in model.card.notes if "not used" in note]
    assert note.startswith("1 column is not used by the model: 'zip' (240 different values in 240")
    page = re.sub(r"<[^>]+>", " ", render(model))
    assert re.search(r"columns to learn from\s+1\s", page)
    assert "Left out: 1 column" in page
