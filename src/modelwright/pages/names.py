"""Names from the data on a page: one, and the long rest of a list."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.pages.elements import Markup, element, shorten

__all__ = ["more_names", "name"]

# So many are named; the rest is counted.
_NAMED = 400


def name(text: str, most: int = 80) -> Markup:
    """Show a name from the data, in its own direction of writing.

    Parameters
    ----------
    text : str
        Any; of nothing a blank is shown.
    most : int
        Characters; longer ones are cut.

    Examples
    --------
    >>> name("a < b")
    '<bdi>a &lt; b</bdi>'
    """
    return element("bdi", shorten(text, most) or "\N{NO-BREAK SPACE}")


def more_names(names: Sequence[str], what: str = "") -> Markup | None:
    """Name what a table does not show, folded up, and up to a point.

    Parameters
    ----------
    names : sequence of str
        None: there is nothing to unfold.
    what : str
        Of what they are the names, after their number.

    Examples
    --------
    >>> print(more_names(["a", "b"], "columns")[:49])
    <details><summary>and 2 more columns</summary><ul
    """
    if not names:
        return None
    listed = [element("li", name(text, 48)) for text in names[:_NAMED]]
    rest = len(names) - _NAMED
    return element(
        "details",
        element("summary", f"and {len(names):,} more {what}".rstrip()),
        element("ul.names", listed, element("li", f"and {rest:,} more") if rest > 0 else None),
    )
