"""A picture with the words and the numbers that say the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from modelwright.core.errors import OptionError, OutputError
from modelwright.pages.assets import asset
from modelwright.pages.elements import Attributes, Child, Markup, element, joined

__all__ = ["TALL", "Figure", "Grid"]


# A table of more rows than this scrolls in a window of its own.
TALL = 16


@dataclass(frozen=True)
class Grid:
    """A table of a page: the first columns hold text, the others numbers.

    Parameters
    ----------
    head : tuple of str
        The titles of the columns.
    rows : tuple of tuple
        The cells; text is escaped.
    label : str
        What the table shows, for those who hear it.
    text : int
        How many columns from the left hold text; the others are set to the right.
    classes : tuple of str
        For the style sheet.

    Examples
    --------
    >>> grid = Grid(("class", "rows"), (("a<b", "12"),), "Classes")
    >>> "a&lt;b" in grid.html()
    True
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Child, ...], ...]
    label: str
    text: int = 1
    classes: tuple[str, ...] = ()

    def html(self) -> Markup:
        """Give the table inside a box that scrolls sideways when it is narrow."""
        head = element("tr", *(self._cell("th", i, name) for i, name in enumerate(self.head)))
        rows = [
            element("tr", *(self._cell("td", i, cell) for i, cell in enumerate(row)))
            for row in self.rows
        ]
        table = element(
            ".".join(("table", *self.classes)), element("thead", head), element("tbody", *rows)
        )
        box = {"role": "region", "aria-label": self.label, "tabindex": "0"}
        return element("div.scroll.tall" if len(rows) > TALL else "div.scroll", table, at=box)

    def _cell(self, tag: str, column: int, content: Child) -> Markup:
        name = tag if column < self.text else f"{tag}.n"
        if tag == "th":
            return element(name, content, at={"scope": "col"})
        if column == 0:
            return element("th", content, at={"scope": "row"})
        return element(name, content)


@dataclass(frozen=True)
class Figure:
    """A picture, what it shows in a sentence, and its numbers as a table.

    Notebooks show it by themselves.

    Parameters
    ----------
    title : str
        What is drawn.
    description : str
        What is to be seen, in one or two sentences; screen readers say it.
    drawing : Markup
        The content of the SVG.
    width, height : int
        Its size in units that are pixels on a usual screen.
    data : Grid
        The numbers behind it.

    Examples
    --------
    >>> data = Grid(("x", "y"), (("1", "2"),), "Points")
    >>> dot = element("circle.a", at={"cx": 5, "cy": 5, "r": 2})
    >>> Figure("A point", "It lies in the middle.", dot, 10, 10, data).svg()[:4]
    '<svg'
    """

    title: str
    description: str
    drawing: Markup
    width: int
    height: int
    data: Grid

    def svg(self) -> Markup:
        """Give a picture that stands alone, with its colours for light and dark screens."""
        box: Attributes = {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {self.width} {self.height}",
            "width": self.width,
            "height": self.height,
            "role": "img",
        }
        style = Markup(asset("colours.css") + asset("figure.css"))
        return element(
            "svg.modelwright.figure-svg",
            element("title", self.title),
            element("desc", self.description),
            element("style", style),
            self.drawing,
            at=box,
        )

    def save(self, path: str | Path) -> Path:
        """Write the picture to an SVG file.

        Parameters
        ----------
        path : path
            Ends in ``.svg``.

        Returns
        -------
        pathlib.Path
            Where it was written.

        Raises
        ------
        OptionError
            When the name ends otherwise.
        OutputError
            When the file cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise OptionError("a file name that ends in .svg", repr(path.name))
        try:
            path.write_text(self.svg(), encoding="utf-8")
        except OSError as error:
            why = error.strerror or str(error)
            raise OutputError(f"to be able to write {path}", why, "choose another place") from error
        return path

    def html(self, key: str, *, details: bool = True, level: int = 3) -> Markup:
        """Give the figure as a part of a page.

        Parameters
        ----------
        key : str
            An identifier that no other figure of the page has.
        details : bool
            Whether its numbers follow as a table; False where the page shows them anyway.
        level : int
            Of its heading; 0 leaves title and description to screen readers.
        """
        told = f"{key}-title {key}-text"
        title, text = (f"h{level}", "p") if level else ("span.unseen", "span.unseen")
        box: Attributes = {
            "viewBox": f"0 0 {self.width} {self.height}",
            "role": "img",
            "aria-labelledby": told,
        }
        return element(
            "figure",
            element(title, self.title, at={"id": f"{key}-title"}),
            element(text, self.description, at={"id": f"{key}-text"}),
            element("svg.figure-svg", self.drawing, at=box),
            self._numbers() if details else None,
            at={"id": key},
        )

    def _numbers(self) -> Markup:
        hidden = element("span.unseen", f" of: {self.title}")
        return element("details", element("summary", "Numbers", hidden), self.data.html())

    def _repr_html_(self) -> str:
        key = "figure-" + hashlib.blake2b(self.drawing.encode(), digest_size=6).hexdigest()
        style = element("style", Markup(asset("colours.css") + asset("figure.css")))
        return element("div.modelwright", joined(style, self.html(key)))
