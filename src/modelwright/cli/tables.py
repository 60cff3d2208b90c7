"""Plain tables for the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

__all__ = ["as_table"]

GAP = 2
# A table in a pipe or a very wide window is not spread further than this.
WIDEST = 120


def as_table(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Lay out rows of cells; cells that do not fit lose their middle.

    Parameters
    ----------
    rows : sequence of sequence of str
        As many cells in each row; the first cell of a row is its name.
    width : int, optional
        Columns of the terminal; None asks it.

    Returns
    -------
    str
        Lines without blanks at their ends.

    Examples
    --------
    >>> print(as_table([("seed", "0", "1"), ("rows", "100", "20000")], 40))
    seed  0    1
    rows  100  20000
    """
    whole = min(width or shutil.get_terminal_size((100, 24)).columns, WIDEST)
    cells = [[" ".join(cell.split()) if i else cell.rstrip() for i, cell in enumerate(row)]
             for row in rows]  # fmt: skip
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    while sum(widths) + GAP * (len(widths) - 1) > whole and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    lines = (
        (" " * GAP).join(_cut(c, w).ljust(w) for c, w in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def _cut(text: str, width: int) -> str:
    """Keep both ends: the beginning of a path says little, its end much."""
    if len(text) <= width:
        return text
    head = (width - 1) // 3
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"
