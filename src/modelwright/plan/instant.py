"""The first model: linear, fitted in this process before the workers start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.core.budget import Budget
from modelwright.core.errors import FitError
from modelwright.core.result import Card
from modelwright.core.schema import Schema
from modelwright.core.seed import Seed
from modelwright.evaluate import Temperature
from modelwright.features import default_recipe
from modelwright.model import Member, Model, Part
from modelwright.models import make_learner
from modelwright.plan.workspace import Rows

__all__ = ["instant_model"]

# Enough for a linear model that is soon replaced.
INSTANT_ROWS = 4_000
INSTANT_SECONDS = 1.0


def instant_model(rows: Rows, schema: Schema, card: Card) -> Model:
    """Fit a linear model on a sample, so that there is a model whatever happens next.

    Parameters
    ----------
    rows : Rows
        What is learned from.
    schema : Schema
        All columns of the table.
    card : Card
        What is known of the run; the score stays empty, because nothing is validated yet.

    Returns
    -------
    Model
    """
    seed = Seed(rows.seed)
    index = np.arange(len(rows.y)) if rows.weight is None else np.flatnonzero(rows.weight)
    if len(index) > INSTANT_ROWS:
        drawn = np.random.default_rng(seed.derive("instant"))
        index = np.sort(drawn.choice(index, INSTANT_ROWS, replace=False))
    table, y = rows.table.rows(index), rows.y.rows(index)
    recipe = default_recipe().fit(table, y, seed=seed.derive("instant", "recipe"))
    matrix = recipe.transform(table)
    weight = None if rows.weight is None else rows.weight[index]
    try:
        fitted = make_learner("linear", {}).fit(
            matrix, y, weight=weight, budget=Budget.seconds(INSTANT_SECONDS), seed=0
        )
    except FitError:  # a few shallow trees have no equations to solve
        fitted = make_learner("extra-trees", {"trees": 5}).fit(
            matrix, y, weight=weight, budget=Budget(), seed=seed.derive("instant", "fit")
        )
    note = "a first linear model on a sample of the rows, not validated"
    member = Member("instant", 1.0, (Part(recipe, fitted),))
    noted = replace(card, notes=(*card.notes, note))
    return Model(rows.task, schema, (member,), Temperature(1.0), noted)
