"""Marks on a plane: the few that statistical plots are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.pages.elements import Attributes, Markup, element, joined, shorten
from modelwright.pages.scales import LINEAR, Scale

__all__ = ["Margins", "Plot", "fitted", "text_mark", "text_width"]

# Left, top, right, bottom, in pixels.
Margins = tuple[float, float, float, float]
_USUAL: Margins = (48, 26, 14, 42)
# Letters on narrow screens, what lies between a label and its axis, and the share of a plot's width
# that labels may take.
_LARGE, _BESIDE, _MOST = 14.0, 7.0, 0.4
_NARROW = frozenset("iIljtfr.,:;|!'()[]{} -")
_WIDE = frozenset("mwMW@%—…")


def text_width(text: str, size: float = 12.0) -> float:
    """Estimate how many pixels a text takes in a usual sans-serif font.

    Examples
    --------
    >>> text_width("ill") < text_width("abc") < text_width("MWM")
    True
    """
    ems = 0.0
    for character in text:
        if ord(character) > 0x2E80:
            ems += 1.0
        elif character in _NARROW:
            ems += 0.33
        elif character in _WIDE:
            ems += 0.9
        else:
            ems += 0.68 if character.isupper() else 0.57
    return ems * size


def fitted(text: str, room: float, size: float = 14.0) -> str:
    """Cut a text in its middle until it takes at most so many pixels.

    The usual size is that of narrow screens, where letters are larger than elsewhere.

    Examples
    --------
    >>> fitted("a name", 100), fitted("a very long name of a column", 100)
    ('a name', 'a very…olumn')
    """
    most = min(len(text), int(room))
    while most > 2 and text_width(shorten(text, most), size) > room:
        most = min(most, int(room / size * 3.1)) - 1
    return shorten(text, max(most, 2))


def text_mark(text: str, x: float, y: float, classes: str) -> Markup:
    """Write at a pixel of a drawing.

    Examples
    --------
    >>> text_mark("a < b", 1.0, 2.5, "end")
    '<text class="end" x="1" y="2.5">a &lt; b</text>'
    """
    return element(f"text.{classes}", text, at={"x": float(x), "y": float(y)})


class Plot:
    """A drawing with two scales.

    Parameters
    ----------
    x, y : tuple of (float, float) or (float, float, str)
        The least and the greatest value, and the kind of the scale.
    size : tuple of int
        Width and height in pixels.
    margins : tuple of float
        Left, top, right and bottom: the room for ticks and titles.

    Examples
    --------
    >>> plot = Plot((0, 1), (0, 1), size=(100, 100), margins=(0, 0, 0, 0))
    >>> plot.line([0, 1], [0, 1], "a")
    >>> plot.drawing()
    '<path class="line a" d="M0 100L100 0"></path>'
    """

    def __init__(
        self,
        x: Sequence[Any],
        y: Sequence[Any],
        *,
        size: tuple[int, int] = (460, 300),
        margins: Margins = _USUAL,
    ) -> None:
        self.width, self.height = size
        left, top, right, bottom = margins
        self.left, self.right = left, self.width - right
        self.top, self.bottom = top, self.height - bottom
        kinds = [scale[2] if len(scale) > 2 else LINEAR for scale in (x, y)]
        self._across = (x[0], x[1], kinds[0])
        self.x = self._scale_of_x()
        self.y = Scale.over(y[0], y[1], self.bottom, self.top, kinds[1])
        self._marks: list[Markup] = []

    def _scale_of_x(self) -> Scale:
        low, high, kind = self._across
        return Scale.over(low, high, self.left, self.right, kind)

    def add(self, *marks: Markup) -> None:
        """Draw ready-made marks."""
        self._marks += marks

    def axes(
        self,
        x_title: str,
        y_title: str,
        *,
        x_ticks: Sequence[tuple[float, str]] | None = None,
        y_ticks: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        """Draw grid lines, ticks and titles; the title of y stands above its axis, unturned.

        Where nothing is drawn yet, the left margin grows until the labels of y fit into it.
        """
        upright = self.y.ticks(5) if y_ticks is None else y_ticks
        if not self._marks:
            self._make_room([label for _, label in upright])
        for value, label in upright:
            spot = self.y.place(value)
            self._segment(self.left, spot, self.right, spot, "grid")
            self.write(label, self.left - _BESIDE, spot + 4, "tick.end")
        for value, label in self.x.ticks(5) if x_ticks is None else x_ticks:
            spot = self.x.place(value)
            self._segment(spot, self.bottom, spot, self.bottom + 4, "axis")
            half = text_width(label, _LARGE) / 2
            centre = min(max(spot, half), self.width - half)
            self.write(label, centre, self.bottom + 17, "tick.middle")
        self._segment(self.left, self.bottom, self.right, self.bottom, "axis")
        self.write(y_title, 2, self.top - 12, "title")
        self.write(x_title, self.right, self.height - 5, "title.end")

    def _make_room(self, labels: Iterable[str]) -> None:
        widest = max((text_width(label, _LARGE) for label in labels), default=0.0)
        room = min(widest + _BESIDE + 2, _MOST * self.width)
        if room > self.left:
            self.left = room
            self.x = self._scale_of_x()

    def line(self, xs: ArrayLike, ys: ArrayLike, classes: str) -> None:
        """Draw a line through points."""
        path = _path(self.x.places(np.asarray(xs)), self.y.places(np.asarray(ys)))
        self.add(element(f"path.line.{classes}", at={"d": path}))

    def area(self, xs: ArrayLike, lows: ArrayLike, highs: ArrayLike, classes: str) -> None:
        """Fill what lies between two lines."""
        across = self.x.places(np.asarray(xs))
        above, below = self.y.places(np.asarray(highs)), self.y.places(np.asarray(lows))
        path = _path(np.append(across, across[::-1]), np.append(above, below[::-1])) + "Z"
        self.add(element(f"path.area.{classes}", at={"d": path}))

    def dots(
        self, xs: ArrayLike, ys: ArrayLike, classes: str, radius: float | ArrayLike = 2.2
    ) -> None:
        """Draw points; equal radii are one path, which is small."""
        across, down = self.x.places(np.asarray(xs)), self.y.places(np.asarray(ys))
        if np.ndim(radius) == 0:
            # A stroke of no length with a round end is a dot.
            path = "".join(f"M{_px(a)} {_px(d)}h0" for a, d in zip(across, down, strict=True))
            at: Attributes = {"d": path, "stroke-width": 2.0 * float(np.asarray(radius))}
            self.add(element(f"path.dots.{classes}", at=at))
            return
        for a, d, r in zip(across, down, np.asarray(radius), strict=True):
            at = {"cx": float(a), "cy": float(d), "r": float(r)}
            self.add(element(f"circle.dot.{classes}", at=at))

    def bars(
        self,
        lefts: ArrayLike,
        rights: ArrayLike,
        values: ArrayLike,
        classes: str,
        *,
        base: float = 0.0,
        tips: Iterable[str] = (),
    ) -> None:
        """Draw upright bars from `base` to their values, with words that a pointer brings up."""
        lefts, rights = self.x.places(np.asarray(lefts)), self.x.places(np.asarray(rights))
        ends, foot = self.y.places(np.asarray(values)), self.y.place(base)
        told = list(tips) or [""] * len(ends)
        for left, right, end, tip in zip(lefts, rights, ends, told, strict=True):
            gap = 0.5 if right - left > 3 else 0.0
            at = {
                "x": float(left + gap),
                "y": float(min(end, foot)),
                "width": float(max(right - left - 2 * gap, 0.3)),
                "height": float(abs(foot - end)),
            }
            self.add(element(f"rect.bar.{classes}", element("title", tip) if tip else None, at=at))

    def segment(self, start: tuple[float, float], end: tuple[float, float], classes: str) -> None:
        """Draw a straight line between two points given as values."""
        ends = [(self.x.place(x), self.y.place(y)) for x, y in (start, end)]
        self._segment(*ends[0], *ends[1], classes)

    def note(self, text: str, at: tuple[float, float], classes: str = "note") -> None:
        """Write beside a point given as values."""
        self.write(text, self.x.place(at[0]), self.y.place(at[1]), classes)

    def write(self, text: str, x: float, y: float, classes: str) -> None:
        """Write at a pixel."""
        self.add(text_mark(text, x, y, classes))

    def drawing(self) -> Markup:
        """Give all marks, in the order in which they were drawn."""
        return joined(self._marks)

    def _segment(self, x1: float, y1: float, x2: float, y2: float, classes: str) -> None:
        at = {"x1": float(x1), "y1": float(y1), "x2": float(x2), "y2": float(y2)}
        self.add(element(f"line.{classes}", at=at))


def _path(xs: NDArray[Any], ys: NDArray[Any]) -> str:
    points = [f"{_px(x)} {_px(y)}" for x, y in zip(xs, ys, strict=True)]
    return "M" + "L".join(points) if points else ""


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
