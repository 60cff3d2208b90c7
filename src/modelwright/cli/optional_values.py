"""Options that may stand without their value."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["with_values"]

_USUAL = {("clean", "--impute"): "auto"}


def with_values(words: Sequence[str]) -> list[str]:
    """Give options that stand alone the value that they then mean.

    Parameters
    ----------
    words : sequence of str
        A command line without the program's name.

    Examples
    --------
    >>> with_values(["clean", "a.csv", "--impute", "--out", "b.csv"])
    ['clean', 'a.csv', '--impute', 'auto', '--out', 'b.csv']
    >>> with_values(["clean", "a.csv", "--impute", "median"])
    ['clean', 'a.csv', '--impute', 'median']
    """
    found: list[str] = []
    for place, word in enumerate(words):
        found.append(word)
        usual = _USUAL.get((words[0], word))
        alone = place + 1 == len(words) or words[place + 1].startswith("-")
        if usual is not None and alone:
            found.append(usual)
    return found
