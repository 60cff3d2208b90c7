"""How often a value stands in its column."""

from __future__ import annotations

import numpy as np

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.told import Told

__all__ = ["rare_values"]

_FEW = 20
_LEAST = 50


def rare_values(coded: Coded, column: int) -> Told:
    """Judge values by how often they stand in a column of few different values.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.

    Returns
    -------
    Told
    """
    counts = coded.counts[column]
    whole = max(int(counts.sum()), 1)
    share = counts / whole
    different = len(counts) / whole
    mode = np.arange(len(counts)) == 0
    # where a handful of values make up nearly all, one that stands alone is doubtful
    usual = float(share[:_FEW].sum()) if whole >= _LEAST else 0.0
    rare = np.clip(1 - counts / max(0.002 * whole, 2.0), 0, 1)
    chance = 0.45 * np.clip((usual - 0.95) / 0.05, 0, 1) * rare * ~mode
    found = [np.log(share), np.log(counts), np.full(len(counts), different), mode, chance]
    measures = [coded.spread(column, np.asarray(one, np.float32)) for one in found]
    reason = f"a value that is rare in {coded.columns[column]!r}"
    told = coded.spread(column, chance.astype(np.float32))
    return Told(reason, told, np.column_stack(measures))
