"""The decision tree of a model, in words and as a drawing."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError
from modelwright.features import FittedCategories, FittedDates, FittedRecipe
from modelwright.model import Member, Model
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
        Lines such as ``if age <= 30 and job in {cook, nurse}: p(yes) = 0.80 (n = 120)``. Where
        there are several trees (one a fold, whose mean predicts, or several members), each has
        its rules under a line such as ``# tree-0, tree 1 of 5, share 0.2 of the model``.

    Raises
    ------
    OptionError
        When no member is a tree.

    Examples
    --------
    >>> import modelwright as mw
    >>> table = {"age": list(range(60)), "retired": ["no"] * 40 + ["yes"] * 20}
    >>> settings = mw.Settings(models=("tree",), trials=1, workers=0)
    >>> print(tree_rules(mw.fit(table, "retired", settings=settings).model))
    if age <= 39.5: p(yes) = 0.01 (n = 40)
    if age > 39.5: p(yes) = 0.97 (n = 20)
    """
    trees = _trees(model)
    if len(trees) == 1:
        return write_rules(trees[0].tree, trees[0].labels)
    return "\n\n".join(f"# {one.heading}\n{write_rules(one.tree, one.labels)}" for one in trees)


def tree_drawing(model: Model) -> str:
    """Draw the decision tree of a model as SVG.

    Parameters
    ----------
    model : Model
        As for `tree_rules`; of several members with a tree the one with the largest share is
        drawn.

    Returns
    -------
    str
        One ``<svg>`` element that needs nothing else.

    Raises
    ------
    OptionError
        When no member is a tree, or the tree is the mean of several.
    """
    largest = max(_trees(model), key=lambda one: one.share)
    if largest.of > 1:
        raise OptionError(
            "a model with one tree to draw",
            f"the mean of {largest.of} trees, one a fold",
            "give --time enough to fit it on all rows, or read them all with tree_rules",
        )
    return draw_tree(largest.tree, largest.labels)


@dataclass(frozen=True)
class _Tree:
    """One tree of a model, and how much it says: the `number`-th of so many of a member."""

    tree: FittedTree
    labels: Labels
    member: Member
    number: int

    @property
    def of(self) -> int:
        """How many parts the member is the mean of."""
        return len(self.member.parts)

    @property
    def share(self) -> float:
        """Its share of the model."""
        return self.member.weight / self.of

    @property
    def heading(self) -> str:
        """What is written above its rules."""
        which = f", tree {self.number} of {self.of}" if self.of > 1 else ""
        return f"{self.member.name}{which}, share {self.share:.2g} of the model"


def _trees(model: Model) -> tuple[_Tree, ...]:
    trees = tuple(
        _Tree(part.fitted, _labels(model, part.recipe), member, number)
        for member in model.members
        for number, part in enumerate(member.parts, 1)
        if isinstance(part.fitted, FittedTree)
    )
    if not trees:
        raise OptionError(
            "a model with a decision tree", "none among its members", "fit it with --models tree"
        )
    return trees


def _labels(model: Model, recipe: FittedRecipe) -> Labels:
    codes = tuple(name for step in recipe.steps for name in step.code_names)
    levels = tuple(
        column.known
        for step in recipe.steps
        if isinstance(step, FittedCategories)
        for column in step.levels
        if column.coded
    )
    days: dict[int, str] = {}
    place = 0
    for step in recipe.steps:
        if isinstance(step, FittedDates):
            days |= {place + i: date for i, (date, part) in enumerate(step.parts) if part == "days"}
        place += len(step.number_names)
    task = model.task
    return Labels(recipe.names[:place], codes, levels, task.target, task.classes, days)
