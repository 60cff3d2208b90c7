"""Images that could not be opened: which, why, and how that is told in one line."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence

from modelwright.core.errors import ModelwrightWarning

__all__ = ["UnopenedWarning", "name_unopened", "warn_of_unopened"]

_NAMED = 2  # of each reason


class UnopenedWarning(ModelwrightWarning):
    """Some images could not be opened.

    Parameters
    ----------
    told : str
        One line for a person.
    images : iterable of (str, str)
        The place of each of them, and why.

    Examples
    --------
    >>> UnopenedWarning("1 image could not be opened", [("a.png", "an empty file")]).images
    (('a.png', 'an empty file'),)
    """

    def __init__(self, told: str, images: Iterable[tuple[str, str]]) -> None:
        super().__init__(told)
        self.images = tuple(images)


def name_unopened(images: Iterable[tuple[str, str]]) -> str:
    """Say why images could not be opened, how many for each reason, and the first few of these.

    Parameters
    ----------
    images : iterable of (str, str)
        As of `UnopenedWarning`.

    Examples
    --------
    >>> empty = [(f"{i}.png", "an empty file") for i in range(2, 9)]
    >>> name_unopened([("1.png", "cut short"), *empty])
    'an empty file (7): 2.png, 3.png and 5 more; cut short (1): 1.png'
    """
    reasons: dict[str, list[str]] = {}
    for place, why in images:
        reasons.setdefault(why, []).append(place)
    most_first = sorted(reasons.items(), key=lambda one: -len(one[1]))
    return "; ".join(f"{why} ({len(places):,}): {_few(places)}" for why, places in most_first)


def _few(places: list[str]) -> str:
    more = len(places) - _NAMED
    named = ", ".join(places[:_NAMED])
    return f"{named} and {more:,} more" if more > 0 else named


def warn_of_unopened(places: Sequence[str | None], unopened: Mapping[int, str], what: str) -> None:
    """Warn of rows whose images could not be opened.

    Parameters
    ----------
    places : sequence of str
        The image of each row; None where the cell is empty.
    unopened : mapping of int to str
        The rows, and why.
    what : str
        What became of them.
    """
    images = [(places[row] or "an empty cell", why) for row, why in unopened.items()]
    count = f"{len(images):,} of {len(places):,} images"
    told = f"{count} could not be opened and {what}: {name_unopened(images)}"
    warnings.warn(UnopenedWarning(told, images), stacklevel=5)
