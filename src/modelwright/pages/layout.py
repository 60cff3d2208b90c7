"""The frame of a page: one file that needs nothing else, and that nothing in it can break."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from modelwright.pages.assets import asset
from modelwright.pages.elements import Markup, element, joined

__all__ = ["Chapter", "page"]


@dataclass(frozen=True)
class Chapter:
    """A part of a page that can be jumped to.

    Parameters
    ----------
    key : str
        Its identifier.
    title : str
        Its heading.
    body : Markup
        What follows the heading.
    short : str
        The title in the list of contents; empty takes the whole one.
    """

    key: str
    title: str
    body: Markup
    short: str = ""


def page(title: str, opening: Markup, chapters: Sequence[Chapter], foot: Markup) -> str:
    """Put a page together.

    The page allows itself no network, and no style or script but its own: text that would slip
    through the escaping could still not run.

    Parameters
    ----------
    title : str
        The title of the window.
    opening : Markup
        What stands above the chapters, with the heading of the page.
    chapters : sequence of Chapter
        In order.
    foot : Markup
        The last lines.

    Returns
    -------
    str
        A whole HTML document.

    Examples
    --------
    >>> text = page("T", Markup(), [Chapter("a", "A", Markup("<p>b</p>"))], Markup())
    >>> text.startswith("<!doctype html>"), "https:" in text
    (True, False)
    """
    style = asset("colours.css") + asset("figure.css") + asset("page.css")
    script = asset("page.js")
    links = [
        element("li", element("a", chapter.short or chapter.title, at={"href": f"#{chapter.key}"}))
        for chapter in chapters
    ]
    body = element(
        "body",
        element("a.skip", "Skip to the content", at={"href": "#content"}),
        element("nav", element("ul", links), at={"aria-label": "Contents"}),
        element("main", opening, map(_section, chapters), at={"id": "content", "tabindex": "-1"}),
        element("footer", foot),
        element("script", Markup(script)),
    )
    head = element("head", _metas(style, script), element("title", title), _style(style))
    document = element("html.modelwright", head, body, at={"lang": "en"})
    return f"<!doctype html>\n{document}\n"


def _style(text: str) -> Markup:
    return element("style", Markup(text))


def _metas(style: str, script: str) -> Markup:
    allowed = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return joined(
        element("meta", at={"charset": "utf-8"}),
        element("meta", at={"http-equiv": "Content-Security-Policy", "content": allowed}),
        element("meta", at={"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", at={"name": "color-scheme", "content": "light dark"}),
        element("meta", at={"name": "referrer", "content": "no-referrer"}),
        element("link", at={"rel": "icon", "href": "data:,"}),
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _section(chapter: Chapter) -> Markup:
    heading = element("h2", chapter.title, at={"id": f"{chapter.key}-heading"})
    at = {"id": chapter.key, "aria-labelledby": f"{chapter.key}-heading"}
    return element("section", heading, chapter.body, at=at)
