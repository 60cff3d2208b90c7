"""Column names that are text and unique."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["unique_names"]


def unique_names(names: Iterable[object]) -> list[str]:
    """Make names text, and unique by a number at the end.

    Parameters
    ----------
    names : iterable
        Names as found; numbers, repeats and empty ones are fine.

    Returns
    -------
    list of str
        As many names, in the same order; the first of equal names keeps its own.

    Examples
    --------
    >>> unique_names(["a", "b", "a", 3])
    ['a', 'b', 'a_2', '3']
    """
    # an empty name as pandas would call it, so that its frames and ours agree
    texts = [str(name) or f"Unnamed: {i}" for i, name in enumerate(names)]
    taken = set(texts)
    seen: set[str] = set()
    unique = []
    for text in texts:
        name, number = text, 2
        while name in seen or (name != text and name in taken):
            name, number = f"{text}_{number}", number + 1
        seen.add(name)
        unique.append(name)
    return unique
