"""A decision tree for people: rules as text, and a drawing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape

import numpy as np

from modelwright.models.tree import FittedTree

__all__ = ["Labels", "draw_tree", "write_rules"]

_WIDTH, _HEIGHT, _ACROSS, _DOWN = 210, 38, 270, 48
_SHOWN = 3
"""Classes named at a leaf of a tree of more than two."""


@dataclass(frozen=True)
class Labels:
    """What the columns of a matrix, their levels and the answers are called.

    Parameters
    ----------
    numbers : tuple of str
        One name a column of numbers.
    codes : tuple of str
        One name a column of codes.
    levels : tuple of tuple of str
        For each column of codes the text of each level.
    answer : str
        The target.
    classes : tuple of str
        The labels of the task in code order; empty for a regression.
    days : mapping of int to str
        The columns of numbers that are days since 1970, each with the name of its date.
    """

    numbers: tuple[str, ...]
    codes: tuple[str, ...] = ()
    levels: tuple[tuple[str, ...], ...] = ()
    answer: str = "answer"
    classes: tuple[str, ...] = ()
    days: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Range:
    """Values of one column that come by: above `low`, up to `high`, or missing."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True


def write_rules(tree: FittedTree, labels: Labels) -> str:
    """Write a tree as rules, one line a leaf, from left to right.

    Each row is met by exactly one rule. A level that no training row has counts as missing; of
    a column that was never missing in training, rules do not say what happens when it is.

    Parameters
    ----------
    tree : FittedTree
        The tree.
    labels : Labels
        What things are called.

    Returns
    -------
    str
        Lines such as ``if age <= 30 and job in {cook, nurse}: p(yes) = 0.80 (n = 120)``: shares
        of classes among the `n` training rows of the leaf, smoothed by one row; or their mean.

    Examples
    --------
    >>> from modelwright.core.budget import Budget
    >>> from modelwright.core.matrix import Matrix
    >>> from modelwright.core.task import Target
    >>> from modelwright.models.tree import TreeLearner
    >>> X = Matrix.of_numbers(np.arange(40, dtype=np.float32)[:, None], ["age"])
    >>> y = Target((np.arange(40) >= 30).astype(np.int64), classes=2)
    >>> tree = TreeLearner().fit(X, y, budget=Budget(units=2), seed=0)
    >>> print(write_rules(tree, Labels(("age",), answer="retired", classes=("no", "yes"))))
    if age <= 29.5: p(yes) = 0.01 (n = 30)
    if age > 29.5: p(yes) = 0.93 (n = 10)
    """
    lines = []
    for node, ranges in _leaves(tree):
        asked = " and ".join(_condition(tree, labels, f, r) for f, r in sorted(ranges.items()))
        said = f"{_answer(tree, labels, node)} (n = {tree.rows[node]:,})"
        lines.append(f"if {asked}: {said}" if asked else f"always: {said}")
    return "\n".join(lines)


def _leaves(tree: FittedTree) -> Iterator[tuple[int, dict[int, _Range]]]:
    """List the leaves from left to right, and what leads to each."""
    waiting: list[tuple[int, dict[int, _Range]]] = [(0, {})]
    while waiting:
        node, ranges = waiting.pop()
        feature = int(tree.feature[node])
        if feature < 0:
            yield node, ranges
            continue
        now, bar = ranges.get(feature, _Range()), float(tree.threshold[node])
        left, goes_left = int(tree.left[node]), bool(tree.missing_left[node])
        below = replace(now, high=min(now.high, bar), missing=now.missing and goes_left)
        above = replace(now, low=max(now.low, bar), missing=now.missing and not goes_left)
        waiting += [(left + 1, {**ranges, feature: above}), (left, {**ranges, feature: below})]


def _condition(tree: FittedTree, labels: Labels, feature: int, asked: _Range) -> str:
    missing = asked.missing and bool(tree.holes[feature])
    if feature >= tree.ranks.numbers:
        return _levels(tree, labels, feature - tree.ranks.numbers, asked, missing)
    name = labels.days.get(feature, labels.numbers[feature])
    tell = _date if feature in labels.days else _shortest
    low, high = asked.low, asked.high
    if high >= np.finfo(np.float32).max and low == -np.inf:
        return f"{name} is known"
    if low >= np.finfo(np.float32).max:
        return f"{name} is missing"
    text = f"{name} <= {tell(high)}" if low == -np.inf else f"{name} > {tell(low)}"
    if low > -np.inf and high < np.inf:
        text = f"{tell(low)} < {name} <= {tell(high)}"
    return f"({text} or missing)" if missing else text


def _shortest(bar: float) -> str:
    """Write a threshold with as few digits as tell it from every other float32."""
    if bar == 0 or 1e-5 <= abs(bar) < 1e15:
        return np.format_float_positional(np.float32(bar), trim="-")
    return np.format_float_scientific(np.float32(bar), trim="-")


def _date(days: float) -> str:
    """Write days since 1970 as a date, with the time of day unless it is midnight."""
    try:
        when = datetime(1970, 1, 1) + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return f"day {_shortest(days)}"
    return when.isoformat(" ").removesuffix(":00").removesuffix(" 00:00")


def _levels(tree: FittedTree, labels: Labels, code: int, asked: _Range, missing: bool) -> str:
    ranks = tree.ranks.ranks[tree.ranks.starts[code] : tree.ranks.starts[code + 1]]
    name, words = labels.codes[code], labels.levels[code]
    inside = (ranks > asked.low) & (ranks <= asked.high) & (ranks >= 0)
    outside = ~inside & (ranks >= 0)
    if not inside.any():
        return f"{name} is missing"
    if not outside.any():
        return f"{name} is known"
    text = f"{name} in {_set(words, inside)}"
    if outside.sum() < inside.sum():
        text = f"{name} not in {_set(words, outside)}"
    return f"({text} or missing)" if missing else text


def _set(words: Sequence[str], chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    return "{" + ", ".join(words[i] for i in np.flatnonzero(chosen).tolist()) + "}"


def _answer(tree: FittedTree, labels: Labels, node: int) -> str:
    if not labels.classes:
        return f"{labels.answer} = {tree.value[node, 0]:.6g}"
    shares = tree.classes.spread(tree.value[node : node + 1] / tree.value[node].sum())[0]
    if len(shares) == 2:
        return f"p({labels.classes[1]}) = {shares[1]:.2f}"
    best = np.argsort(-shares, kind="stable")[:_SHOWN]
    return ", ".join(f"p({labels.classes[i]}) = {shares[i]:.2f}" for i in best)


def draw_tree(tree: FittedTree, labels: Labels) -> str:
    """Draw a tree as SVG, the root at the left; rows that meet a question go up.

    Parameters
    ----------
    tree : FittedTree
        The tree.
    labels : Labels
        What things are called; texts are escaped.

    Returns
    -------
    str
        One ``<svg>`` element that needs nothing else.
    """
    place = _places(tree)
    wide = int(max(x for x, _ in place)) + _WIDTH + 20
    high = int(max(y for _, y in place)) + _HEIGHT + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}"'
        f' height="{high}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>Decision tree for {escape(labels.answer)}</title>",
    ]
    for node, (x, y) in enumerate(place):
        if tree.feature[node] >= 0:
            left = int(tree.left[node])
            parts += [_edge(x, y, *place[left], "yes"), _edge(x, y, *place[left + 1], "no")]
    parts += [_box(tree, labels, node, x, y) for node, (x, y) in enumerate(place)]
    return "\n".join([*parts, "</svg>"])


def _places(tree: FittedTree) -> list[tuple[float, float]]:
    """Put leaves one below the other, and each inner node between its children."""
    nodes = len(tree.feature)
    depth, row = [0.0] * nodes, [0.0] * nodes
    for node in range(nodes):
        if tree.feature[node] >= 0:
            depth[tree.left[node]] = depth[tree.left[node] + 1] = depth[node] + 1
    for place, (node, _) in enumerate(_leaves(tree)):
        row[node] = place
    for node in reversed(range(nodes)):
        if tree.feature[node] >= 0:
            row[node] = (row[tree.left[node]] + row[tree.left[node] + 1]) / 2
    return [(10 + d * _ACROSS, 10 + r * _DOWN) for d, r in zip(depth, row, strict=True)]


def _edge(x: float, y: float, to_x: float, to_y: float, word: str) -> str:
    x, y, to_y = x + _WIDTH, y + _HEIGHT / 2, to_y + _HEIGHT / 2
    middle = (x + to_x) / 2
    path = f"M{x:g} {y:g} C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
    return (
        f'<path d="{path}" fill="none" stroke="#888"/>'
        f'<text x="{to_x - 6:g}" y="{to_y - 4:g}" text-anchor="end" fill="#555">{word}</text>'
    )


def _box(tree: FittedTree, labels: Labels, node: int, x: float, y: float) -> str:
    feature = int(tree.feature[node])
    said, colour = _answer(tree, labels, node), "#e8f1e4"
    if feature >= 0:
        goes_left = bool(tree.missing_left[node])
        asked = _Range(high=float(tree.threshold[node]), missing=goes_left)
        said, colour = _condition(tree, labels, feature, asked), "#eef1f6"
    short = said if len(said) <= 32 else said[:31] + "…"
    return (
        f'<g><title>{escape(said)}</title><rect x="{x:g}" y="{y:g}" width="{_WIDTH}"'
        f' height="{_HEIGHT}" rx="4" fill="{colour}" stroke="#888"/>'
        f'<text x="{x + 8:g}" y="{y + 16:g}" fill="#111">{escape(short)}</text>'
        f'<text x="{x + 8:g}" y="{y + 31:g}" fill="#555">n = {tree.rows[node]:,}</text></g>'
    )
