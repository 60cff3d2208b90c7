"""HTML and SVG from small functions, safe by default: text is escaped unless it is `Markup`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

__all__ = ["Attributes", "Child", "Markup", "element", "escape", "joined", "shorten", "unbroken"]

Attributes: TypeAlias = Mapping[str, str | int | float | None]
Child: TypeAlias = "str | int | Markup | Iterable[Child] | None"

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})
# What pages must not hold: control characters, halves of surrogate pairs, non-characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# An option of the command line, such as --types; a line must not end after its hyphens.
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]{0,30})")
# A number and its per cent sign; a line must not end between them.
_PER_CENT = re.compile(r"(?<=\d) (?=%)")


class Markup(str):
    """Text that is HTML already.

    Joining it with plain text by ``+`` gives plain text, which is escaped again: what was not made
    by `element` or `joined` is never trusted by mistake.
    """

    __slots__ = ()


def escape(text: str) -> Markup:
    """Make any text safe to stand in an element or in a quoted attribute.

    Parameters
    ----------
    text : str
        From anywhere; what is `Markup` stays as it is.

    Returns
    -------
    Markup
        Characters that pages must not hold are replaced by U+FFFD; the blank between a number and
        its per cent sign becomes one at which no line ends.

    Examples
    --------
    >>> escape("<b> & 'c'"), escape("95 % of rows").replace(chr(160), "_")
    ('&lt;b&gt; &amp; &#x27;c&#x27;', '95_% of rows')
    """
    if isinstance(text, Markup):
        return text
    return Markup(_PER_CENT.sub("\N{NO-BREAK SPACE}", html.escape(_UNFIT.sub("\ufffd", text))))


def joined(*children: Child) -> Markup:
    """Put children one after the other.

    Parameters
    ----------
    *children : str, int, Markup, None or iterable of these
        Text is escaped, None is nothing.

    Examples
    --------
    >>> joined("1 < 2", None, [element("b", "yes")])
    '1 &lt; 2<b>yes</b>'
    """
    pieces: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            pieces.append(escape(child))
        elif isinstance(child, Iterable):
            pieces.append(joined(*child))
        else:
            pieces.append(escape(str(child)))
    return Markup("".join(pieces))


def element(name: str, *children: Child, at: Attributes | None = None) -> Markup:
    """Build one element.

    Parameters
    ----------
    name : str
        The tag and its classes, such as ``"td"`` or ``"td.number.strong"``.
    *children : str, int, Markup, None or iterable of these
        Text is escaped.
    at : mapping, optional
        Attributes; their values are escaped, None and False leave one out, and floats are written
        with two digits, which is plenty for pixels.

    Returns
    -------
    Markup

    Examples
    --------
    >>> element("a.more", "R&D", at={"href": "#data", "title": 'a "b"'})
    '<a class="more" href="#data" title="a &quot;b&quot;">R&amp;D</a>'
    """
    tag, *classes = name.split(".")
    parts = [tag]
    if classes:
        parts.append(f'class="{" ".join(classes)}"')
    for key, value in (at or {}).items():
        if value is not None and value is not False:
            parts.append(f'{key}="{_value(value)}"')
    opening = f"<{' '.join(parts)}>"
    return Markup(opening if tag in _VOID else f"{opening}{joined(*children)}</{tag}>")


def _value(value: str | int | float) -> str:
    if value is True:
        return ""
    if isinstance(value, float):
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return escape(str(value))


def shorten(text: str, most: int) -> str:
    """Cut a long text in its middle, because names often differ at their ends.

    Examples
    --------
    >>> shorten("a_very_long_name_of_a_column", 12)
    'a_very…olumn'
    """
    if len(text) > 8 * most:  # only the ends of a very long one are looked at
        text = f"{text[: 4 * most]}…{text[-4 * most :]}"
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def unbroken(text: str) -> Markup:
    """Keep each option of the command line in a text on one line.

    Examples
    --------
    >>> unbroken("give <it> with --types")
    'give &lt;it&gt; with <span class="whole">--types</span>'
    """
    parts = _OPTION.split(text)
    return joined(
        element("span.whole", part) if place % 2 else part for place, part in enumerate(parts)
    )
