"""What every page needs: escaping, layout, charts."""

from modelwright.pages.elements import Markup, element, escape, joined, shorten, unbroken
from modelwright.pages.figure import Figure, Grid
from modelwright.pages.layout import Chapter, page
from modelwright.pages.plot import Plot

__all__ = [
    "Chapter",
    "Figure",
    "Grid",
    "Markup",
    "Plot",
    "element",
    "escape",
    "joined",
    "page",
    "shorten",
    "unbroken",
]
