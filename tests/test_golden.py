"""Model files of every released format load and predict for ever.

A golden file is never made anew: when the format changes, the next number gets a file of its own,
and this one must still load. It holds one member of each kind, on columns of each kind.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import modelwright as mw

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("number", [1])
def test_a_model_of_an_older_format_predicts_as_it_did(number: int) -> None:
    model = mw.load(GOLDEN / f"format-{number}.mw")
    answers = json.loads((GOLDEN / "answers.json").read_text())
    predicted = model.probabilities(GOLDEN / "rows.parquet")
    np.testing.assert_allclose(predicted, answers, atol=1e-5)
    assert {member.name for member in model.members} == {
        "linear",
        "lightgbm",
        "extra-trees",
        "histogram-boosting",
    }
