"""A critical-difference diagram: mean ranks on a line, and bars over those that may be equal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelwright.pages import Markup, element

__all__ = ["critical_difference", "write_ranks"]

# The studentised range at 5 % over the square root of 2, by the number of systems (Demsar 2006,
# "Statistical comparisons of classifiers over multiple data sets", table 5a).
NEMENYI = {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 7: 2.949, 8: 3.031}
WIDTH, LEFT, AXIS, STEP = 800, 220, 70, 24
# Pixels from the axis to the first bar, and from one bar to the next.
BARS, BETWEEN = 12, 9
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
line { stroke: #1f2328 } line.bar { stroke-width: 4; stroke-linecap: round }
line.ours { stroke: #0969da; stroke-width: 2 } text.ours { fill: #0969da; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } line { stroke: #e6edf3 }
  line.ours { stroke: #4493f8 } text.ours { fill: #4493f8 }
}
"""


def critical_difference(systems: int, sets: int) -> float | None:
    """Give the difference of mean ranks that is not chance, with a confidence of 95 % (Nemenyi).

    Parameters
    ----------
    systems, sets : int
        How many were compared, and on how many sets.

    Returns
    -------
    float or None
        None where the table of critical values has no entry, or there is no set.
    """
    if systems not in NEMENYI or not sets:
        return None
    return float(NEMENYI[systems] * np.sqrt(systems * (systems + 1) / (6 * sets)))


@dataclass(frozen=True)
class _Line:
    """The axis of ranks: from 1, the best, to the number of systems."""

    systems: int

    def place(self, rank: float) -> float:
        """Give the pixel of a rank."""
        return LEFT + (rank - 1) / (self.systems - 1) * (WIDTH - 2 * LEFT)


def write_ranks(ranks: Mapping[str, float], sets: int, ours: str, path: Path) -> bool:
    """Draw mean ranks as an SVG file, for light and dark pages.

    Parameters
    ----------
    ranks : mapping of str to float
        The mean rank of each system.
    sets : int
        Over how many sets.
    ours : str
        The system that is set off.
    path : Path
        Where the picture goes.

    Returns
    -------
    bool
        Whether there is a picture: two systems to eight, and a set at least.
    """
    gap = critical_difference(len(ranks), sets)
    if gap is None:
        return False
    order = sorted(ranks, key=ranks.__getitem__)
    values = [ranks[name] for name in order]
    line = _Line(len(order))
    alike = _alike(values, gap)
    first = AXIS + BARS + BETWEEN * len(alike) + STEP / 2
    height = first + STEP * ((len(order) + 1) // 2)
    told = ", ".join(f"{name} {ranks[name]:.2f}" for name in order)
    picture = element(
        "svg",
        element("title", f"Mean ranks over {sets} sets: {told}; critical difference {gap:.2f}"),
        element("style", Markup(STYLE)),
        _ruler(line, gap),
        [
            _stroke("line.bar", line.place(best) - 4, y, line.place(worst) + 4, y)
            for y, (best, worst) in zip(itertools.count(AXIS + BARS, BETWEEN), alike, strict=False)
        ],
        [_named(line, i, name, ranks[name], first, name == ours) for i, name in enumerate(order)],
        at={
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height:.0f}",
            "width": WIDTH,
            "height": height,
            "role": "img",
        },
    )
    path.write_text(picture + "\n", "utf-8")
    return True


def _alike(values: list[float], gap: float) -> list[tuple[float, float]]:
    """List the longest stretches of sorted ranks that lie within the critical difference."""
    found: list[tuple[float, float]] = []
    for low in values:
        high = max(value for value in values if value - low <= gap)
        if high > low and (not found or high > found[-1][1]):
            found.append((low, high))
    return found


def _ruler(line: _Line, gap: float) -> list[Markup]:
    """Draw the axis, and the critical difference above it."""
    start, end = line.place(1), line.place(line.systems)
    marks = [_stroke("line", start, AXIS, end, AXIS)]
    for rank in range(1, line.systems + 1):
        spot = line.place(rank)
        marks += [_stroke("line", spot, AXIS, spot, AXIS - 6)]
        marks += [_text("text", str(rank), spot, AXIS - 12, "middle")]
    until = line.place(1 + gap)
    marks += [_stroke("line.bar", start, 22, until, 22)]
    return [*marks, _text("text", f"critical difference {gap:.2f}", until + 10, 27, "start")]


def _named(line: _Line, i: int, name: str, rank: float, first: float, ours: bool) -> list[Markup]:
    """Lead from the place of the i-th on the axis to its name: the better half on the left."""
    left = i < (line.systems + 1) // 2
    y = first + STEP * (i if left else line.systems - 1 - i)
    spot, side = line.place(rank), LEFT - 20 if left else WIDTH - LEFT + 20
    stroke, text = ("line.ours", "text.ours") if ours else ("line", "text")
    beside, anchor = (side - 6, "end") if left else (side + 6, "start")
    return [
        _stroke(stroke, spot, AXIS, spot, y),
        _stroke(stroke, spot, y, side, y),
        _text(text, f"{name} {rank:.2f}", beside, y + 5, anchor),
    ]


def _stroke(tag: str, x: float, y: float, to_x: float, to_y: float) -> Markup:
    return element(tag, at={"x1": x, "y1": y, "x2": to_x, "y2": to_y})


def _text(tag: str, words: str, x: float, y: float, anchor: str) -> Markup:
    return element(tag, words, at={"x": x, "y": y, "text-anchor": anchor})
