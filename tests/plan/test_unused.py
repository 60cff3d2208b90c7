"""Columns that a model does without are named, and counted alike everywhere."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.plan.findings.verdict import left_out
from modelwright.report import render


@pytest.mark.long
def test_a_column_whose_values_hardly_repeat_is_said_to_be_left_out() -> None:
    rng = np.random.default_rng(5)
    size = rng.normal(size=240)
    codes = rng.permutation(np.arange(10_000, 99_999))[:240]
    frame = pl.DataFrame(
        {
            "id": [f"A-{i}" for i in range(240)],
            "size": size,
            "zip": [f"{code:05d}" for code in codes],
            "price": 3 * size + 1,
        }
    )
    settings = mw.Settings(trials=1, workers=0, types={"zip": "category"})
    model = mw.fit(frame, "price", settings=settings).model
    assert model.columns == ("size",)
    assert list(left_out(model)) == ["id", "zip"]
    (note,) = [note for note in model.card.notes if "Left out" in note]
    assert note.startswith("Left out: 2 columns: 'id' (")
    assert "; 'zip' (240 different values in 240" in note
    page = re.sub(r"<[^>]+>", " ", render(model))
    assert re.search(r"columns to learn from\s+1\s", page)
    assert page.count("Left out: 2 columns") == 2  # the note, and the table of reasons
