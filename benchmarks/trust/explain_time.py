"""Seconds to take predictions apart: trees exactly, against asking about drawn coalitions.

    python benchmarks/trust/explain_time.py                 two sets, about a minute

Boosted trees alone, and beside a forest, are fitted without a clock. The same ten rows are
explained with small trees opened, and as before: by 64 orders of the columns. How far the drawn
shares lie from the exact ones is told as a share of the largest one.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import DATA, RESULTS, describe

import modelwright as mw
from modelwright.explain import Explainer

SETS = ("lending_club", "ames")
MODELS = (("lightgbm",), ("lightgbm", "extra-trees"))
ROWS = 10
OUT = RESULTS / "trust" / "explain_time.json"


def main() -> None:
    found = [measured(name, models) for name in SETS for models in MODELS]
    told = {"machine": describe(), "explained_rows": ROWS, "cases": found}
    OUT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


def measured(name: str, models: tuple[str, ...]) -> dict[str, Any]:
    meta = json.loads((DATA / name / "meta.json").read_text("utf-8"))
    frame = pd.read_csv(DATA / name / "train.csv.gz", low_memory=False).head(2000)
    with tempfile.TemporaryDirectory() as store:
        os.environ["MODELWRIGHT_STORE"] = store
        settings = mw.Settings(trials=len(models), models=models, workers=0)
        model = mw.fit(frame, meta["target"], settings=settings).model
        model = mw.load(model.save(Path(store) / "m.mw"))
    rows = frame.drop(columns=meta["target"]).head(200)
    began = time.perf_counter()
    exact = model.explain(rows, range(ROWS))
    within = time.perf_counter() - began
    began = time.perf_counter()
    model.explain(rows, [ROWS])
    one = time.perf_counter() - began
    drawn, sampled = by_drawing(model, rows)
    return {
        "set": name, "models": models, "columns": len(model.columns), "members": len(model.members),
        "parts": sum(len(member.parts) for member in model.members),
        "trees_opened_seconds": round(within, 3), "one_more_row_seconds": round(one, 3),
        "by_drawing_seconds": round(sampled, 3), "times_as_fast": round(sampled / within, 2),
        "drawn_off_by_share_of_largest": round(apart(exact, drawn), 3),
    }  # fmt: skip


def by_drawing(model: mw.Model, rows: pd.DataFrame) -> tuple[Any, float]:
    """Explain as it was done before: coalitions are drawn."""
    explain = Explainer.explain

    def drawing(self: Explainer, *args: Any, **given: Any) -> Any:
        return explain(replace(self, within=None), *args, **given)

    Explainer.explain = drawing  # type: ignore[method-assign]
    try:
        began = time.perf_counter()
        found = model.explain(rows, range(ROWS))
        return found, time.perf_counter() - began
    finally:
        Explainer.explain = explain  # type: ignore[method-assign]


def apart(exact: Any, drawn: Any) -> float:
    """Give the median distance of the drawn shares from the exact ones."""
    far = []
    for one, other in zip(exact, drawn, strict=True):
        shares = dict(zip(other.columns, other.shares, strict=True))
        most = max(abs(share) for share in one.shares)
        pairs = zip(one.columns, one.shares, strict=True)
        far.append(max(abs(share - shares[name]) for name, share in pairs) / most)
    return float(np.median(far))


if __name__ == "__main__":
    main()
