"""Where a fitted ensemble is weak, by what it says of rows that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.task import Target
from modelwright.core.weaknesses import TOO_WEAK, LabelDoubts, Weaknesses
from modelwright.evaluate.intervals import group_codes
from modelwright.evaluate.slices import find_slices, row_losses
from modelwright.label import describe_doubts, label_noise
from modelwright.plan.workspace import Workspace

__all__ = ["FEWEST", "WEAKNESSES", "find_weaknesses", "labels_note"]

# Seconds that are kept back for it where there is a clock.
WEAKNESSES = 0.4
# With fewer rows nothing can be said.
FEWEST = 50
# Labels of so many rows are looked at; where there is a clock, of fewer.
MOST, MOST_TIMED = 2_000_000, 200_000
SHOWN_COLUMNS = 5


def find_weaknesses(
    work: Workspace,
    oof: NDArray[np.float32],
    columns: Sequence[str],
    *,
    seconds: float = math.inf,
) -> Weaknesses:
    """Find labels to doubt, and kinds of rows that the ensemble does badly on.

    Parameters
    ----------
    work : Workspace
        The run's folder, which holds the whole table in this process.
    oof : ndarray of float32, shape (n_scored, n_outputs)
        Out-of-fold predictions of the rows that are scored.
    columns : sequence of str
        Those that matter, the most important first.
    seconds : float
        About what it may take.

    Returns
    -------
    Weaknesses
        Empty when there are fewer than 50 rows, or predictions that are not finite.
    """
    rows, scored = work.rows, work.splits.scored
    if len(scored) < FEWEST or not np.isfinite(oof).all():
        return Weaknesses()
    y = rows.y.rows(scored)
    table, weight = rows.table, rows.weight
    labels = _labels(work, oof, y, columns, MOST if seconds == math.inf else MOST_TIMED)
    features = table.features()
    leading = list(dict.fromkeys([*(c for c in columns if c in features), *features]))
    groups = group_codes(table)
    slices = find_slices(
        table if len(scored) == table.height else table.rows(scored),
        row_losses(y, oof),
        columns=leading,
        weight=None if weight is None else weight[scored],
        groups=None if groups is None else groups[scored],
        seconds=seconds,
        seed=rows.seed,
    )
    return Weaknesses(labels, slices, len(scored))


def _labels(
    work: Workspace, oof: NDArray[np.float32], y: Target, columns: Sequence[str], most: int
) -> LabelDoubts:
    rows, scored = work.rows, work.splits.scored
    kept = np.arange(len(scored))
    if len(kept) > most:
        kept = np.sort(np.random.default_rng(rows.seed).choice(kept, most, replace=False))
    noise = label_noise(oof[kept], y.values[kept], ordered=rows.task.ordered)
    shown = [name for name in columns if name in rows.table.schema][:SHOWN_COLUMNS]
    origin = np.arange(rows.table.height) if rows.origin is None else rows.origin
    return describe_doubts(
        noise,
        y.rows(kept),
        rows.task,
        origin[scored[kept]],
        rows.table.select(shown).rows(scored[kept]) if shown else None,
        shown,
    )


def labels_note(doubts: LabelDoubts | None) -> tuple[str, ...]:
    """Say in one note that labels are wrong, or cannot be judged; nothing where neither is sure.

    Examples
    --------
    >>> labels_note(LabelDoubts(900, 0.1, 0.06, 0.18, 80, 40))
    ('About 10 % of the labels look wrong (95 % interval 6 to 18 %); the 80 rows to doubt first: \
modelwright label noise MODEL lists them.',)
    """
    if doubts is not None and not doubts.judged:
        return (TOO_WEAK,)
    if doubts is None or not doubts.plain:
        return ()
    rate, low, high = (f"{100 * share:.0f}" for share in (doubts.rate, doubts.low, doubts.high))
    count = f"{doubts.mislabelled:,} rows" if doubts.mislabelled != 1 else "row"
    return (
        f"About {rate} % of the labels look wrong (95 % interval {low} to {high} %); the {count} "
        "to doubt first: modelwright label noise MODEL lists them.",
    )
