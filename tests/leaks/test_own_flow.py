"""Our own flow under the same watch: no fitted step of a fold sees a row that it is scored on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.acquire import cast, infer_schema
from modelwright.core.budget import Budget
from modelwright.core.splits import Fold
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features import rich_recipe
from modelwright.leaks.marks import Known, marks
from modelwright.leaks.watch import Watch
from modelwright.models import make_learner

rng = np.random.default_rng(0)
ROWS = 200
TOWN = rng.integers(0, 20, ROWS)
FRAME = pl.DataFrame(
    {
        "x": rng.normal(size=ROWS),
        "town": [f"town {i}" for i in TOWN],
        "y": rng.normal(size=20)[TOWN] + 1.5 * rng.normal(size=ROWS),
    }
)


def test_a_fold_of_ours_sees_its_own_rows_alone() -> None:
    table = cast(FRAME.drop("y"), infer_schema(FRAME.drop("y")))
    y = Target(FRAME["y"].to_numpy())
    fold = Fold(np.arange(0, 150), np.arange(150, ROWS))
    known = Known()
    found = marks(table)
    assert found is not None
    known.add(found, np.arange(ROWS))
    with Watch(known) as watch:
        train: Table = table.rows(fold.train)
        recipe, matrix = rich_recipe().fit_transform(train, y.rows(fold.train), seed=0)
        fitted = make_learner("lightgbm", {}).fit(
            matrix, y.rows(fold.train), budget=Budget(units=5), seed=0
        )
    learned = [call for call in watch.calls if call.learns and (call.main >= 0).any()]
    assert {"Numbers", "Categories", "Means"} <= {call.step for call in learned}
    for call in watch.calls:
        for rows in call.rows.values():
            assert not np.isin(rows, fold.valid).any(), call.step
    with Watch(known) as asking:
        fitted.predict(recipe.transform(table.rows(fold.valid)))
    assert any(np.isin(call.main, fold.valid).any() for call in asking.calls)


@pytest.mark.long
def test_our_estimator_passes_the_audit(tmp_path: Path) -> None:
    model = mw.AutoRegressor(trials=1, models=("linear",), workers=0, store=tmp_path)
    found = mw.audit(model, FRAME.drop("y"), FRAME["y"].to_numpy(), 2)
    assert [one.code for one in found.errors] == []
    assert "AutoRegressor" in found.watched
