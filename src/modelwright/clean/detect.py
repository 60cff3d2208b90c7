"""Which cells of a table are wrong."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.combined import MOST_REASONS, Combined, combine
from modelwright.clean.evidence import gather
from modelwright.clean.labels import check_labels, wrong_cells
from modelwright.clean.learned import learn
from modelwright.clean.rules.broken import Broken
from modelwright.clean.rules.rules import Rules
from modelwright.clean.rules.violations import broken_rules
from modelwright.core.seed import Seed

__all__ = ["ALIKE", "detect"]

ALIKE = "like cells that labels call wrong"
"""The reason of cells that no detector but the learned one finds wrong."""
_SPOKEN = 0.3


def detect(
    cells: pl.DataFrame,
    *,
    labels: Labels | None = None,
    rules: Rules | None = None,
    seed: int = 0,
) -> Errors:
    """Find the cells of a table that are wrong.

    Parameters
    ----------
    cells : polars.DataFrame
        Columns of text, as they stand in the file; null or an empty text for a missing cell.
    labels : Labels, optional
        The right values of a few whole rows: twenty help much.
    rules : Rules, optional
        What has to hold.
    seed : int
        The only source of randomness.

    Returns
    -------
    Errors
        A chance for each cell and the strongest reason in plain words.

    Raises
    ------
    DataError
        When a column is not of text, or labels or rules do not fit the table.

    Examples
    --------
    >>> rows = [("53111", "Bonn")] * 9 + [("89073", "Ulm")] * 9 + [("89073", "Ulmm")]
    >>> found = detect(pl.DataFrame(rows, schema=["zip", "town"], orient="row"))
    >>> np.argwhere(found.wrong()).tolist()
    [[18, 1]]
    >>> found.reasons[found.reason[18, 1]]
    "nearly a value or word that is frequent in 'town'"
    """
    if not cells.height or not cells.width:
        empty = (cells.height, cells.width)
        none = np.full(empty, -1, np.int16)
        return Errors(tuple(cells.columns), np.zeros(empty, np.float32), none, ())
    if rules is not None:
        rules.check(cells.columns)
    if labels is not None:
        labels = check_labels(labels, cells) if len(labels.rows) else None
    evidence = gather(cells, Seed(seed).derive("evidence"), keep=labels is not None)
    found = combine(evidence)
    if labels is not None:
        chance = learn(evidence, cells, labels, found, seed)
        found = _explained(Combined(chance, found.reason, found.reasons))
    if rules is not None and len(rules):
        found = _with_rules(found, broken_rules(cells, evidence.coded, rules))
        if labels is not None:
            found = _as_labelled(found, labels, cells)
    return Errors(tuple(cells.columns), found.chance, found.reason, found.reasons)


def _explained(found: Combined) -> Combined:
    """Give a reason to cells that no detector but the learned one finds wrong."""
    silent = (found.chance > _SPOKEN) & (found.reason < 0)
    reason = np.where(silent, len(found.reasons), found.reason).astype(np.int16)
    return Combined(found.chance, reason, (*found.reasons, ALIKE))


def _with_rules(found: Combined, broken: list[Broken]) -> Combined:
    """Let broken rules speak beside detectors, and louder where they are surer."""
    chance, reason, reasons = found.chance.copy(), found.reason.copy(), list(found.reasons)
    said = np.zeros(chance.shape, np.float32)
    for one in broken:
        before = chance[:, one.column]
        louder = one.chance > np.maximum(said[:, one.column], _SPOKEN)
        if len(reasons) < MOST_REASONS:
            reason[louder, one.column] = len(reasons)
            reasons.append(one.reason)
        said[:, one.column] = np.maximum(said[:, one.column], one.chance)
        chance[:, one.column] = 1 - (1 - before) * (1 - one.chance)
    return Combined(chance, reason, tuple(reasons))


def _as_labelled(found: Combined, labels: Labels, cells: pl.DataFrame) -> Combined:
    """Let what somebody said of a cell outweigh a rule that he said of all."""
    chance = found.chance.copy()
    columns = [cells.columns.index(name) for name in labels.values.columns]
    chance[labels.rows[:, None], columns] = wrong_cells(labels, cells)
    return Combined(chance, found.reason, found.reasons)
