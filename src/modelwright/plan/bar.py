"""The plan of splits, and what a model has to beat under it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelwright.core.settings import Validation
from modelwright.core.splits import Splits
from modelwright.evaluate.horizon import keep_horizon, parse_horizon
from modelwright.evaluate.rules import Ground, Rule, rule_predictions
from modelwright.plan.asked import asked_rule
from modelwright.plan.pose import Posed
from modelwright.plan.splitting import plan_splits

__all__ = ["Bar", "bar_of", "score_rule", "splits_of"]

# A column may be called by a whole question; a name of a rule stays readable.
_LONGEST = 200


@dataclass(frozen=True)
class Bar:
    """What has to be beaten.

    Parameters
    ----------
    name : str
        The rule in words.
    score : float
        Its score on the rows that the plan scores.
    predictions : ndarray of float32, shape (n_scored, n_outputs), optional
        What it says of them; None when only a score is known.
    """

    name: str
    score: float
    predictions: NDArray[np.float32] | None = None


def splits_of(posed: Posed, asked: Validation | None = None) -> Splits:
    """Plan which rows are fitted on and which are scored.

    Parameters
    ----------
    posed : Posed
        The question put to the table.
    asked : Validation, optional
        What the user wants of the plan.

    Returns
    -------
    Splits
        No row is fitted on whose answer was not known when the fold is scored.
    """
    rows, question = posed.rows, posed.question
    splits = plan_splits(rows, asked or Validation())
    return keep_horizon(splits, rows.table, question.order, parse_horizon(question.horizon or ""))


def score_rule(rule: Rule, posed: Posed, splits: Splits) -> Bar:
    """Ask a rule about the rows that a plan scores, and score it like a model."""
    rows, question = posed.rows, posed.question
    horizon = parse_horizon(question.horizon or "")
    ground = Ground(rows.table, rows.task, rows.y, rows.weight, question.order, horizon)
    p = rule_predictions(rule, ground, splits)
    scored = splits.scored
    weight = None if rows.weight is None else rows.weight[scored]
    metric = posed.metric
    return Bar(str(rule)[:_LONGEST], metric.score(rows.y.rows(scored), p, weight), p)


def bar_of(posed: Posed, splits: Splits) -> Bar | None:
    """Find what a model has to beat; None when nothing was named."""
    columns = posed.rows.table.schema.names()
    rule = asked_rule(posed.question, columns, posed.rows.task.kind)
    if rule is None:
        return None
    if isinstance(rule, Rule):
        return score_rule(rule, posed, splits)
    return Bar("the given score", rule)
