"""Names that give nothing away: the same pool for columns that leak and for those that do not."""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["POOL", "add", "disguise"]

POOL = (
    "aux", "part", "unit_b", "field_7", "val_3", "item2", "k_index", "mark", "slot", "series",
    "ext", "dim_4", "mode_b", "param", "lot", "section", "entry", "attr_c", "seq", "base_2", "opt",
    "stage", "level_x", "sheet", "source_b", "batch", "ref", "misc", "info", "extra_1",
)  # fmt: skip


def add(
    rng: np.random.Generator, frame: pl.DataFrame, values: list[pl.Series]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Put columns at random places, under names of the pool."""
    free = [name for name in POOL if name not in frame.columns]
    names = tuple(str(name) for name in rng.choice(free, len(values), replace=False))
    for name, series in zip(names, values, strict=True):
        frame = frame.insert_column(int(rng.integers(frame.width + 1)), series.alias(name))
    return frame, names


def disguise(
    rng: np.random.Generator, frame: pl.DataFrame, target: str
) -> tuple[pl.DataFrame, dict[str, str]]:
    """Rename all columns, in a third of the tables; give the new name of each."""
    if rng.random() > 1 / 3:
        return frame, {name: name for name in frame.columns}
    letter = str(rng.choice(["x", "v", "col_", "f", "c"]))
    names = {name: f"{letter}{place}" for place, name in enumerate(frame.columns)}
    names[target] = str(rng.choice(["y", "outcome", "class", "result", names[target]]))
    return frame.rename(names), names
