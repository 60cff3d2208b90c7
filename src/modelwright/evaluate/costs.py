"""A matrix of costs: true classes down, decided ones across."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from modelwright.core.errors import DataError, OptionError, did_you_mean

__all__ = ["read_costs", "write_costs"]

Costs = tuple[tuple[float, ...], ...]

_LARGEST = 20_000_000  # bytes of a file: a thousand classes take less
_EXAMPLE = 'write matrix="0 1; 20 0", or name a CSV file with the classes above and before it'


def write_costs(costs: Costs) -> str:
    """Write a matrix in one line.

    Examples
    --------
    >>> write_costs(((0.0, 1.0), (20.0, 0.0)))
    '0 1; 20 0'
    """
    return "; ".join(" ".join(f"{value:.12g}" for value in row) for row in costs)


def read_costs(text: str, classes: Sequence[str]) -> Costs:
    """Read a matrix of costs from one line, or from a CSV file.

    Parameters
    ----------
    text : str
        Rows with ``;`` between them and blanks inside; or the path of a CSV file: numbers alone,
        in the order of the classes, or with the names of the decided classes in its first row and
        of the true ones in its first column, in any order.
    classes : sequence of str
        The classes in code order; empty when they are not known: names are refused then.

    Returns
    -------
    tuple of tuple of float
        True classes down, decided ones across, in code order.

    Raises
    ------
    DataError or OptionError
        When there is no such file, or it holds something else.

    Examples
    --------
    >>> read_costs("0 1; 20 0", ["no", "yes"])
    ((0.0, 1.0), (20.0, 0.0))
    """
    rows = _in_line(text)
    if rows is None:
        rows = _of_file(Path(text).expanduser(), classes)
    size = len(classes) or len(rows)
    if len(rows) != size or any(len(row) != size for row in rows):
        got = f"{len(rows)} rows of {', '.join(map(str, sorted({len(row) for row in rows})))}"
        raise OptionError(f"a matrix of {size} times {size} costs", got, _EXAMPLE)
    if not all(math.isfinite(value) for row in rows for value in row):
        raise OptionError("finite costs", "one that is not", _EXAMPLE)
    return tuple(tuple(row) for row in rows)


def _in_line(text: str) -> list[list[float]] | None:
    """Read numbers in one line; None when it is something else, such as a path."""
    try:
        return [[float(word) for word in row.split()] for row in text.split(";")]
    except ValueError:
        return None


def _of_file(path: Path, classes: Sequence[str]) -> list[list[float]]:
    if not path.is_file():
        raise OptionError("a matrix of costs, or a CSV file of them", repr(str(path)), _EXAMPLE)
    if path.stat().st_size > _LARGEST:
        raise DataError(f"a matrix of costs of at most {_LARGEST:,} bytes", f"{path.name}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [[cell.strip() for cell in row] for row in csv.reader(file)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError("a CSV file of costs", f"{path.name}: {error}", _EXAMPLE) from error
    cells = [row for row in cells if any(row)]
    try:
        return [[float(cell) for cell in row] for row in cells]
    except ValueError:
        return _named(cells, path.name, classes)


def _named(cells: list[list[str]], file: str, classes: Sequence[str]) -> list[list[float]]:
    """Read a matrix with names above and before it, and put it into the order of the classes."""
    columns, names = cells[0][1:], [row[0] for row in cells[1:]]
    if not classes:
        raise OptionError("numbers alone", f"names in {file}", _EXAMPLE)
    for found, where in ((columns, "first row"), (names, "first column")):
        strange = [name for name in found if name not in classes]
        if strange:
            cure = did_you_mean(strange[0], classes)
            raise DataError(f"classes in the {where} of {file}", repr(strange[0]), cure)
        absent = [name for name in classes if found.count(name) != 1]
        if absent:
            got = "twice" if absent[0] in found else "it is absent"
            raise DataError(f"each class once in the {where} of {file}", f"{absent[0]!r}: {got}")
    try:
        values = {row[0]: dict(zip(columns, map(float, row[1:]), strict=True)) for row in cells[1:]}
    except ValueError as error:
        raise DataError(f"a number in each cell of {file}", str(error), _EXAMPLE) from error
    return [[values[true][decided] for decided in classes] for true in classes]
