"""Tables that questions are put to."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl


def kiosks(days: int = 120, seed: int = 0) -> pl.DataFrame:
    """Make the days of three kiosks, in the order of time; `till` is the answer in money."""
    rng = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        when = date(2025, 1, 1) + timedelta(days=day)
        for kiosk, usual in zip(("market", "school", "station"), (90, 40, 140), strict=True):
            warm = round(float(15 + rng.normal(0, 5)), 1)
            sold = round(usual + 3 * warm - 25 * (when.weekday() > 4) + rng.normal(0, 6))
            rows.append((when, kiosk, when.strftime("%a"), warm, 2.5 * sold, sold))
    names = ["day", "kiosk", "weekday", "forecast", "till", "sold"]
    return pl.DataFrame(rows, schema=names, orient="row")


def patients(rows: int = 240, seed: int = 0) -> pl.DataFrame:
    """Make visits of eighty patients; `today` is right in about four of five."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, 80, rows)
    age = rng.integers(20, 90, rows).astype(float)
    ill = rng.random(rows) < 1 / (1 + np.exp(-(age - 65) / 6))
    today = np.where(rng.random(rows) < 0.8, ill, ~ill)
    return pl.DataFrame(
        {
            "patient_id": [f"p{i:03}" for i in who],
            "age": age,
            "ward": rng.choice(["east", "west"], rows),
            "risk": np.clip(today * 0.6 + rng.uniform(0, 0.4, rows), 0, 1),
            "today": np.where(today, "ill", "well"),
            "letter": np.where(ill, "sent", "none"),
            "state": np.where(ill, "ill", "well"),
        }
    )
