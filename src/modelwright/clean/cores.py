"""What a text says beside its usual form: "10:30 p.m. (Estimated)" says 10:30 p.m."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import MISSING, Coded
from modelwright.clean.shapes import LONGEST, shapes

__all__ = ["Cores", "cores"]

_MOST = 0.5
_CLASSES = {"9": r"\p{Nd}+", "a": r"[\p{Ll}\p{Lo}]+", "A": r"\p{Lu}+"}


@dataclass(frozen=True)
class Cores:
    """What the values of a column say.

    Parameters
    ----------
    pattern : str
        The usual form, with one group; empty when there is none.
    number : int array of shape (different values,)
        Two values have the same one when they say the same. A number below the count of values is
        the place of the value that says it and nothing else.
    only_inside : dict of str to int
        Numbers of what no value says alone.
    """

    pattern: str
    number: NDArray[np.int64]
    only_inside: dict[str, int]

    def of(self, texts: pl.Series, values: pl.Series) -> list[int | None]:
        """Give the number of each text; None for a missing one, and where no value says so.

        Parameters
        ----------
        texts : polars.Series of String
            What somebody says of cells of the column.
        values : polars.Series of String
            The different values of the column.
        """
        inner = _inner(texts, self.pattern)
        asked = values.is_in(inner.implode())
        number = self.number[asked.to_numpy()].tolist()
        known = self.only_inside | dict(zip(values.filter(asked).to_list(), number, strict=True))
        return [None if text is None else known.get(text) for text in inner.to_list()]


def cores(coded: Coded, column: int) -> Cores:
    """Find within the values of a column what has the usual shape of the column.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.

    Returns
    -------
    Cores

    Examples
    --------
    >>> from modelwright.clean.coded import code_table
    >>> times = ["9:40", "9:40", "9:50", "9:40 (late)", "9:45 (late)", "soon"]
    >>> coded = code_table(pl.DataFrame({"time": times}))
    >>> coded.values[0].to_list()
    ['9:40', '9:40 (late)', '9:45 (late)', '9:50', 'soon']
    >>> found = cores(coded, 0)
    >>> found.number.tolist(), found.of(pl.Series(["9:45", "10:10"]), coded.values[0])
    ([0, 0, 6, 3, 4], [6, None])
    """
    values, counts = coded.values[column], coded.counts[column]
    own = np.arange(len(values), dtype=np.int64)
    pattern = _usual(values, counts)
    if not pattern:
        return Cores("", own, {})
    texts = pl.DataFrame({"value": _inner(values, pattern)})
    known = pl.DataFrame({"value": values, "code": own})
    joined = texts.join(known, on="value", how="left", maintain_order="left")
    code = joined["code"].fill_null(MISSING).to_numpy()
    # what only stands inside of other texts gets numbers of its own
    absent = np.flatnonzero(code == MISSING)
    different = texts["value"][absent].unique(maintain_order=True).to_list()
    only_inside = {text: len(values) + 1 + i for i, text in enumerate(different)}
    number = np.array(code, np.int64)
    number[absent] = [only_inside[text] for text in texts["value"][absent].to_list()]
    return Cores(pattern, number, only_inside)


def _inner(texts: pl.Series, pattern: str) -> pl.Series:
    """Take what has the usual form out of texts; all of a text where nothing has."""
    if not pattern:
        return texts
    return texts.str.slice(0, LONGEST).str.extract(pattern).fill_null(texts)


def _usual(values: pl.Series, counts: NDArray[np.int64]) -> str:
    """Write the usual shape of values as a pattern; nothing when there is none, or no digit."""
    if not len(values):
        return ""
    found = (
        pl.DataFrame({"shape": shapes(values), "count": counts})
        .group_by("shape")
        .agg(pl.col("count").sum())
        .sort(["count", "shape"], descending=[True, False])
    )
    shape, count = found.row(0)
    if count < _MOST * counts.sum() or count == counts.sum() or "9" not in shape:
        return ""
    if len(shape) < 2 or len(shape) > LONGEST // 4:
        return ""
    inner = "".join(_CLASSES.get(letter, re.escape(letter)) for letter in shape)
    return rf"(?:^|\s)({inner})(?:$|[\s(\[*&,;])"
