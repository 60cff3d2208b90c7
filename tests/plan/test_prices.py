"""Bounds on the deployed model are kept, and impossible ones are refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer

import modelwright as mw
from modelwright.cli import main
from modelwright.ensemble import select_members

CANCER = load_breast_cancer()
TABLE = pl.DataFrame(CANCER.data[:, :8], schema=[f"x{i}" for i in range(8)]).with_columns(
    tumour=pl.Series(CANCER.target_names[CANCER.target])
)
MODELS = ("linear", "random-forest", "lightgbm")


def fitted(bounds: mw.Bounds, out: Path | None = None) -> mw.Result:
    settings = mw.Settings(trials=3, workers=0, models=MODELS, bounds=bounds, out=out)
    return mw.fit(TABLE, "tumour", settings=settings)


@pytest.mark.long
def test_a_small_model_is_found_where_one_is_asked_for(tmp_path: Path) -> None:
    free = fitted(mw.Bounds(), tmp_path / "free.mw")
    size = (tmp_path / "free.mw").stat().st_size
    assert size > 100_000
    bound = fitted(mw.Bounds(size="90kB", latency="10s"), tmp_path / "small.mw")
    assert (tmp_path / "small.mw").stat().st_size <= 90_000
    assert {member.name for member in bound.model.members} <= {"linear-1", "lightgbm-2"}
    (note,) = [line for line in bound.notes if "the bound is" in line]
    assert "90 kB" in note
    assert "one row in" in note
    assert len(free.leaderboard) == len(bound.leaderboard)


@pytest.mark.long
def test_a_bound_that_all_keep_changes_nothing() -> None:
    free, bound = fitted(mw.Bounds()), fitted(mw.Bounds("60s", "100MB"))
    assert [m.weight for m in free.model.members] == [m.weight for m in bound.model.members]
    assert np.array_equal(free.model.probabilities(TABLE), bound.model.probabilities(TABLE))
    assert any("leaves nothing out" in line for line in bound.notes)


@pytest.mark.long
@pytest.mark.parametrize("bounds", [mw.Bounds(size="1kB"), mw.Bounds(latency="0.001ms")])
def test_bounds_that_no_model_keeps_are_refused(bounds: mw.Bounds, tmp_path: Path) -> None:
    out = tmp_path / "model.mw"
    with pytest.raises(mw.OptionError, match=r"a model of at most .*; got .*, with "):
        fitted(bounds, out)
    assert not out.exists()


@pytest.mark.long
def test_the_command_line_says_it_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "rows.csv", tmp_path / "model.mw"
    TABLE.write_csv(data)
    words = ["fit", str(data), "--target", "tumour", "--trials", "1", "--models", "linear"]
    words += ["--workers", "0", "--out", str(out)]
    assert main([*words, "--size", "1kB"]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert len(lines) == 1
    assert "expected a model of at most 1 kB" in lines[0]
    assert main([*words, "--size", "1MB", "--latency", "5s"]) == 0
    assert "the bound is 1.0 MB and 5e+03 ms a row" in "".join(capsys.readouterr())
    assert out.stat().st_size < 1_000_000
    assert main([*words, "--latency", "-5ms"]) == 2


def test_greedy_selection_asks_before_it_adds() -> None:
    random = np.random.default_rng(0)
    y = random.normal(size=(200, 1)).astype(np.float32)
    said = [y + random.normal(size=y.shape).astype(np.float32) for _ in range(5)]

    def loss(p: np.ndarray) -> float:
        return float(np.square(p - y).mean())

    chosen = select_members(said, loss, allowed=lambda group: sum(group) <= 5)
    assert sum(chosen.members) <= 5
    assert len(chosen.members) > 1
    alone = select_members(said, loss, allowed=lambda group: len(group) == 1)
    assert len(alone.members) == 1


@pytest.mark.parametrize("name", ["adaboost", "gradient-boosting", "bagged-trees"])
@pytest.mark.long
def test_the_readable_learners_are_reached_and_deployed(name: str, tmp_path: Path) -> None:
    settings = mw.Settings(trials=1, workers=0, models=(name,))
    result = mw.fit(TABLE, "tumour", settings=settings)
    assert result.score is not None
    assert result.score > 0.96
    again = mw.load(result.model.save(tmp_path / "model.mw"))
    assert np.array_equal(again.probabilities(TABLE), result.model.probabilities(TABLE))
