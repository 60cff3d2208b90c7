"""Plots of groups of rows: how many, where they lie, how they were merged, how densely rows lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from modelwright.core.schema import Kind
from modelwright.pages import Figure, Grid, Plot, shorten
from modelwright.pages.numerals import DASH, date, number, percent
from modelwright.pages.plot import fitted
from modelwright.pages.scales import LINEAR, TIME
from modelwright.unsupervised import Curve, Findings
from modelwright.unsupervised.groups import NOBODY, Hierarchy
from modelwright.unsupervised.number import STABLE

__all__ = ["criterion_figures", "curve_figure", "finite", "map_figure", "tree_figure"]

_LETTERS = "acdb"
_LEAVES = 24

Trials = Sequence[Mapping[str, float | None]]


def criterion_figures(found: Findings, count: int) -> dict[str, Figure]:
    """Draw what each criterion says of one group, two, three and so on.

    Parameters
    ----------
    found : Findings
        Of a clustering.
    count : int
        How many groups were taken: the dashed line.

    Returns
    -------
    dict of str to Figure
        By the criterion; those without a value are left out.
    """
    made = {
        "strength": _criterion(
            found.trials, "strength", count, "Found again in other rows",
            "Prediction strength: of the worst group, the share of pairs that groups of other rows "
            f"put together as well. From {STABLE} on (grey line) groups count as stable.",
        ),
        "silhouette": _criterion(
            found.trials, "silhouette", count, "Further apart than by chance",
            "Silhouette of the groups (line), and what 19 of 20 clouds without groups stay below "
            "(grey). Above it, they stand further apart than chance explains.",
        ),
        "gap": _criterion(
            found.trials, "gap", count, "Tighter than in a box without groups",
            "The gap statistic: the first number whose gap the next one does not beat by more than "
            "its standard error (whiskers). One group is an answer, too.",
        ),
        "likelihood": _criterion(
            found.trials, "likelihood", count, "Rows not seen",
            "Mean log density of rows by a mixture of so many clouds that has not seen them: more "
            "is better. Clouds may be more than groups where rows are not normal.",
        ),
    }  # fmt: skip
    return {name: figure for name, figure in made.items() if figure is not None}


def _criterion(trials: Trials, name: str, count: int, title: str, words: str) -> Figure | None:
    known = [(int(t["count"] or 0), float(v)) for t in trials if (v := t.get(name)) is not None]
    if name == "strength":
        known = [pair for pair in known if pair[0] > 1]
    if len(known) < 2:
        return None
    at, values = np.array([k for k, _ in known]), np.array([v for _, v in known])
    beside = {
        int(t["count"] or 0): float(v)
        for t in trials
        if (v := t.get({"silhouette": "chance", "gap": "gap_error"}.get(name, ""))) is not None
    }
    ends = [float(values.min()), float(values.max())]
    ends += [STABLE] if name == "strength" else []
    ends += list(beside.values()) if name == "silhouette" else []
    if name == "gap":
        ends += [v + s * beside.get(int(k), 0) for k, v in known for s in (-1, 1)]
    pad = (max(ends) - min(ends)) * 0.12 or 0.1
    top = 1.0 if name == "strength" else max(ends) + pad
    low = min(ends) - pad
    plot = Plot(
        (at.min() - 0.4, at.max() + 0.4), (low, top), size=(330, 220), margins=(48, 26, 14, 42)
    )
    ticks = [(float(k), str(k)) for k in at]
    plot.axes("groups", "", x_ticks=ticks, y_ticks=plot.y.ticks(4))
    if name == "strength":
        plot.segment((at.min() - 0.4, STABLE), (at.max() + 0.4, STABLE), "m.line")
    if name == "silhouette" and beside:
        plot.line(np.array(list(beside)), np.array(list(beside.values())), "m")
    if name == "gap":
        for k, v in known:
            plot.segment((k, v - beside.get(k, 0)), (k, v + beside.get(k, 0)), "a.whisker")
    if at.min() <= count <= at.max():
        plot.segment((count, low), (count, top), "reference")
    plot.line(at, values, "a")
    plot.dots(at, values, "a", np.full(len(at), 3.5))
    rows = tuple((str(k), number(v, 3), *_second(name, beside, k)) for k, v in known)
    head = {"silhouette": ("by chance",), "gap": ("standard error",)}.get(name, ())
    grid = Grid(("groups", name, *head), rows, title)
    return Figure(title, words, plot.drawing(), plot.width, plot.height, grid)


def _second(name: str, beside: Mapping[int, float], count: int) -> tuple[str, ...]:
    if name not in ("silhouette", "gap"):
        return ()
    return (number(beside[count], 3) if count in beside else DASH,)


def map_figure(found: Findings) -> Figure:
    """Draw rows on the two directions of most spread, coloured by their group.

    Parameters
    ----------
    found : Findings
        Of a clustering.
    """
    x, y = (found.map[:, side].astype(np.float64) for side in (0, 1))
    plot = Plot(
        (*_range(x), LINEAR), (*_range(y), LINEAR), size=(560, 420), margins=(48, 26, 14, 42)
    )
    shares = [*found.spread, 0.0, 0.0]
    plot.axes(f"first direction, {percent(shares[0])} of the spread",
              f"second direction, {percent(shares[1])}")  # fmt: skip
    nobody = found.labels == NOBODY
    plot.dots(x[nobody], y[nobody], "m", 1.8)
    names = np.unique(found.labels[~nobody])
    for label in names:
        mine = found.labels == label
        plot.dots(x[mine], y[mine], _LETTERS[int(label) % 4], 2.6)
    for label in names if len(names) > 1 else ():
        mine = found.labels == label
        spot = (float(np.median(x[mine])), float(np.median(y[mine])))
        plot.note(str(label + 1), spot, "strong.middle.big")
    rows = [(str(k + 1), f"{group.rows:,}") for k, group in enumerate(found.groups)]
    told = (
        " Each dot is a row; numbers stand in the middle of their group." if len(names) > 1 else ""
    )
    gray = " Grey: rows of no group." if nobody.any() else ""
    return Figure(
        "A map of the rows",
        f"All columns seen along the two directions in which rows differ most.{told}{gray}",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("group", "rows"), tuple(rows), "Rows of the groups"),
    )


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    pad = (high - low) * 0.05 or 1.0
    return low - pad, high + pad


def tree_figure(tree: Hierarchy) -> Figure:
    """Draw the last merges of a hierarchy (a dendrogram), and where it was cut.

    Parameters
    ----------
    tree : Hierarchy
        The merges of rows.
    """
    leaves = min(_LEAVES, len(tree.points))
    first = len(tree.merges) - (leaves - 1)
    where, height, size = _leaves(tree, first)
    top = float(tree.heights[-1]) * 1.06 if len(tree.heights) else 1.0
    plot = Plot((0, max(leaves, 1)), (0, top), size=(560, 300), margins=(48, 26, 14, 42))
    plot.axes("rows of each branch", "distance of the two that are merged", x_ticks=())
    for node in [node for node in where if node < len(tree.points) + first]:
        half = f"{size[node]:,}"
        if plot.width / leaves > 20:
            plot.write(half, plot.x.place(where[node]), plot.bottom + 15, "tick.middle")
    for step in range(first, len(tree.merges)):
        left, right = (int(node) for node in tree.merges[step])
        high = float(tree.heights[step])
        for node in (left, right):
            plot.segment((where[node], height[node]), (where[node], high), "a.line")
        plot.segment((where[left], high), (where[right], high), "a.line")
    cut = _cut(tree)
    if cut is not None:
        plot.segment((0, cut), (leaves, cut), "reference")
    steps = range(len(tree.merges) - 1, max(first, len(tree.merges) - 12) - 1, -1)
    rows = tuple((str(len(tree.merges) - s), number(float(tree.heights[s]), 3)) for s in steps)
    how = "Ward: what the squares within groups grow by" if tree.ward else "mean distance of rows"
    return Figure(
        "How rows were merged",
        f"The last {leaves - 1} merges ({how}). A long branch is a group that stands apart; the "
        f"dashed line cuts it into {tree.count}.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid(("merge, from the last one", "distance"), rows, "Merges"),
    )


def _leaves(
    tree: Hierarchy, first: int
) -> tuple[dict[int, float], dict[int, float], dict[int, int]]:
    """Lay out branches from left to right: the place, the height and the rows of each node."""
    count = len(tree.points)
    size = dict.fromkeys(range(count), 1)
    for step, (left, right) in enumerate(tree.merges.tolist()):
        size[count + step] = size[left] + size[right]
    where: dict[int, float] = {}
    height: dict[int, float] = {}
    placed, waiting = 0, [count + len(tree.merges) - 1]
    while waiting:
        node = waiting.pop()
        if node < count + first:
            where[node], height[node], placed = placed + 0.5, 0.0, placed + 1
        else:
            waiting += [int(child) for child in tree.merges[node - count][::-1]]
    for step in range(first, len(tree.merges)):
        left, right = (int(node) for node in tree.merges[step])
        where[count + step] = (where[left] + where[right]) / 2
        height[count + step] = float(tree.heights[step])
    return where, height, size


def _cut(tree: Hierarchy) -> float | None:
    if tree.count < 2 or tree.count > len(tree.heights):
        return None
    below, above = tree.heights[-tree.count], tree.heights[-tree.count + 1]
    return float(below + above) / 2


def curve_figure(curve: Curve) -> Figure:
    """Draw the density of one column beside its histogram.

    Parameters
    ----------
    curve : Curve
        Of numbers, dates, or levels.
    """
    if any(isinstance(value, str) for value in curve.at):
        return _level_figure(curve)
    at, density = np.array(curve.at, np.float64), np.array(curve.density)
    edges, counts = np.array(curve.edges), np.array(curve.counts, np.float64)
    widths = np.diff(edges)
    bars = counts / max(float(counts.sum()), 1.0) / np.where(widths > 0, widths, 1.0)
    kind = TIME if curve.kind == Kind.DATETIME else LINEAR
    top = max(float(density.max()), float(bars.max(initial=0.0))) * 1.08 or 1.0
    plot = Plot(
        (float(at[0]), float(at[-1]), kind), (0.0, top), size=(330, 220), margins=(48, 26, 14, 42)
    )
    plot.axes(shorten(curve.column, 30), "", x_ticks=plot.x.ticks(4), y_ticks=())
    plot.bars(edges[:-1], edges[1:], bars, "ground")
    plot.line(at, density, "a")
    peak = float(at[int(density.argmax())])
    told = date(peak, float(at[-1] - at[0])) if kind == TIME else number(peak)
    some = np.linspace(0, len(at) - 1, 11).astype(int)
    span = float(at[-1] - at[0])
    rows = tuple(
        (date(at[i], span) if kind == TIME else number(at[i]), number(density[i], 3)) for i in some
    )
    name = shorten(curve.column, 40)
    return Figure(
        name,
        f"Densest at {told}. Line: the model; grey: the rows.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid((name, "density"), rows, f"Density of {name}"),
    )


def _level_figure(curve: Curve) -> Figure:
    shown = min(len(curve.at), 10)
    order = np.argsort(-np.array(curve.density), kind="stable")[:shown]
    total = max(sum(curve.counts), 1)
    seen = np.array([curve.counts[i] / total for i in order])
    shares = np.array([curve.density[i] for i in order])
    most = max(float(max(seen.max(), shares.max())), 1e-9) * 1.1
    plot = Plot(
        (0.0, most), (shown, 0), size=(330, 26 + 22 * shown + 42), margins=(124, 26, 16, 42)
    )
    ticks = [(value, percent(value)) for value, _ in plot.x.ticks(3)]
    plot.axes("probability", "", y_ticks=(), x_ticks=ticks)
    for i, (share, count, place) in enumerate(zip(shares, seen, order, strict=True)):
        plot.write(fitted(str(curve.at[place]), 114), 116, plot.y.place(i + 0.5) + 4, "end")
        plot.bars([0.0], [count], [i + 0.15], "ground", base=i + 0.85)
        plot.dots([share], [i + 0.5], "a", np.array([4.5]))
    name = shorten(curve.column, 40)
    rows = tuple(
        (shorten(str(curve.at[i]), 60), percent(curve.density[i], 1), f"{curve.counts[i]:,}")
        for i in order
    )
    return Figure(
        name,
        "Dots: the model; grey: the rows.",
        plot.drawing(),
        plot.width,
        plot.height,
        Grid((name, "probability", "rows"), rows, f"Levels of {name}"),
    )


def finite(value: float, digits: int = 3) -> str:
    """Write a number, or a dash for none."""
    return DASH if math.isnan(value) else number(value, digits)
