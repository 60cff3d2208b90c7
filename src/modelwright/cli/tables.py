"""Plain tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.core.text_tables import lay_out

__all__ = ["as_table"]


def as_table(rows: Sequence[Sequence[str]], width: int | None = None, *, names: int = 1) -> str:
    """Lay out rows of cells; see `lay_out`.

    Examples
    --------
    >>> print(as_table([("seed", "zero", "one"), ("rows", "100", "20000")], 40))
    seed  zero    one
    rows   100  20000
    """
    return lay_out(rows, width, names=names)
