"""Nets in a whole run: fitted in workers of their own, whatever the number of workers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import modelwright as mw

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")


@pytest.mark.slow
def test_nets_are_fitted_beside_boosters_whatever_the_workers() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 2))
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.sin(2 * x[:, 0]) + x[:, 1]})
    found = []
    for workers in (0, 2):
        settings = mw.Settings(trials=2, models=("realmlp", "lightgbm"), workers=workers)
        result = mw.fit(frame, "y", settings=settings)
        names = {line.name.split("-")[0] for line in result.leaderboard.standings}
        assert names == {"ensemble", "realmlp", "lightgbm"}
        assert result.notes == ()
        found.append(result.predict(frame)["prediction"].to_numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
    assert np.mean((found[0] - frame["y"].to_numpy()) ** 2) < 0.2 * frame["y"].var()
