"""The chapter on quality: thresholds of a rare class."""

from __future__ import annotations

import re

import numpy as np

from modelwright.evaluate.scores.ordering import operating_points
from modelwright.report.quality import _thresholds


def test_thresholds_of_a_rare_class_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    true = rng.random(5000) < 0.004
    p = (0.0001 * rng.random(5000) * (1 + 3 * true)).astype(np.float32)
    words = str(_thresholds(operating_points(true, p), "yes"))
    cuts = re.findall(r'<th scope="row">([^<]+)', words)
    assert len(cuts) >= 4
    assert len(set(cuts)) == len(cuts)
    assert all(float(cut) > 0 for cut in cuts)
