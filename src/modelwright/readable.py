"""The decision tree of a model, in words and as a drawing."""

from __future__ import annotations

from modelwright.core.errors import OptionError
from modelwright.features import FittedCategories, FittedRecipe
from modelwright.model import Model
from modelwright.models.tree import FittedTree
from modelwright.models.tree_rules import Labels, draw_tree, write_rules

__all__ = ["tree_drawing", "tree_rules"]


def tree_rules(model: Model) -> str:
    """Write the decision tree of a model as rules, one line a leaf.

    Parameters
    ----------
    model : Model
        One that was fitted with ``--models tree`` (or has a tree among its members). The shares
        are the tree's own, before the ensemble and its calibration.

    Returns
    -------
    str
        Lines such as ``if age <= 30 and job in {cook, nurse}: p(yes) = 0.80 (n = 120)``.

    Raises
    ------
    OptionError
        When no member is a tree.

    Examples
    --------
    >>> import modelwright as mw
    >>> table = {"age": list(range(60)), "retired": ["no"] * 40 + ["yes"] * 20}
    >>> settings = mw.Settings(models=("tree",), trials=1, workers=1)
    >>> print(tree_rules(mw.fit(table, "retired", settings=settings).model))
    if age <= 39.5: p(yes) = 0.01 (n = 40)
    if age > 39.5: p(yes) = 0.97 (n = 20)
    """
    return write_rules(*_tree(model))


def tree_drawing(model: Model) -> str:
    """Draw the decision tree of a model as SVG.

    Parameters
    ----------
    model : Model
        As for `tree_rules`.

    Returns
    -------
    str
        One ``<svg>`` element that needs nothing else.

    Raises
    ------
    OptionError
        When no member is a tree.
    """
    return draw_tree(*_tree(model))


def _tree(model: Model) -> tuple[FittedTree, Labels]:
    for member in model.members:
        for part in member.parts:
            if isinstance(part.fitted, FittedTree):
                return part.fitted, _labels(model, part.recipe)
    raise OptionError(
        "a model with a decision tree", "none among its members", "fit it with --models tree"
    )


def _labels(model: Model, recipe: FittedRecipe) -> Labels:
    codes = tuple(name for step in recipe.steps for name in step.code_names)
    levels = tuple(
        column.known
        for step in recipe.steps
        if isinstance(step, FittedCategories)
        for column in step.levels
        if column.coded
    )
    task = model.task
    return Labels(
        recipe.names[: len(recipe.names) - len(codes)], codes, levels, task.target, task.classes
    )
