"""Names of rows and of whole tables: equal cells, equal names, whatever the library's version."""

from __future__ import annotations

import hashlib
import io
from collections import Counter

import polars as pl

__all__ = ["row_keys", "table_hash"]

_ROWS = 100_000
_MISSING = "\x00"
_BETWEEN = "\x1f"


def row_keys(cells: pl.DataFrame) -> list[str]:
    """Name each row by what is in it; the second of two equal rows has another name.

    Examples
    --------
    >>> one, two, three = row_keys(pl.DataFrame({"a": ["x", "y", "x"]}))
    >>> len(one), len({one, two, three}), row_keys(pl.DataFrame({"a": ["x"]})) == [one]
    (16, 3, True)
    """
    # by place: a name such as "*" would be a pattern
    numbered = pl.DataFrame([column.alias(str(i)) for i, column in enumerate(cells)])
    filled = numbered.fill_null(_MISSING)
    texts = filled.select(pl.concat_str(filled.columns, separator=_BETWEEN)).to_series()
    seen: Counter[str] = Counter()
    keys = []
    for text in texts.to_list():
        seen[text] += 1
        told = text if seen[text] == 1 else f"{text}{_BETWEEN}{seen[text]}"
        digest = hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8)
        keys.append(digest.hexdigest())
    return keys


def table_hash(table: pl.DataFrame) -> str:
    """Hash the names and all cells of a table, in order.

    Parameters
    ----------
    table : polars.DataFrame
        Text.

    Returns
    -------
    str
        32 hexadecimal digits.

    Examples
    --------
    >>> one = pl.DataFrame({"a": ["x", None]})
    >>> table_hash(one) == table_hash(one.clone()), table_hash(one) == table_hash(one.reverse())
    (True, False)
    """
    digest = hashlib.blake2b(repr(table.columns).encode("utf-8", "surrogatepass"), digest_size=16)
    for start in range(0, table.height, _ROWS):
        text = io.BytesIO()
        # a missing cell is written as nothing, an empty text as two quotes
        table.slice(start, _ROWS).write_csv(text, include_header=False)
        digest.update(text.getvalue())
    return digest.hexdigest()
