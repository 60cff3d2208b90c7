"""Rows that come again, exactly or nearly, and rows whose neighbours in the file answer alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.findings import Finding, Severity
from modelwright.core.schema import Kind, Role
from modelwright.evaluate.structure.view import View
from modelwright.stats.cells import Cells
from modelwright.stats.orders import autocorrelation
from modelwright.stats.second import measured_twice
from modelwright.stats.twins import Repeats, near_pairs, repeats

__all__ = ["find_copies", "find_file_order"]

# Below such a share of the rows, copies change no score.
_NOTABLE = 0.005
_MANY = 0.01
_ALIKE = 0.1
_SURE = 5.0
_MOST = 200_000
# A column accounts for likeness when it has so many rows to a value, and leaves so little of it.
_FEWEST_EACH, _LEFT = 5, 0.25
# A text of so many characters is not written twice by chance; "no remarks" is.
_LONG = 40
_CURE = (
    "keep one row of each, or name with --group the column that says which rows are about the "
    "same thing: with one copy fitted on and the other scored, scores are too good"
)


def find_copies(view: View) -> tuple[Finding, ...]:
    """Find rows that equal others, exactly or nearly, apart from what names them.

    Parameters
    ----------
    view : View
        The rows.

    Returns
    -------
    tuple of Finding
        ``exact-duplicates``, ``contradicting-duplicates`` and ``near-duplicates``.
    """
    named = tuple(
        column.name
        for column in view.table.schema
        if column.kind is Kind.ID and column.role is Role.IGNORED
    )
    cells = view.cells.without(named)
    if not cells.names or len(cells) < 2:
        return ()
    found = [*_exact(view, cells)]
    near = near_pairs(cells, view.seed.derive("structure", "near"))
    again = measured_twice(cells, _numbers(view, cells), view.seed.derive("structure", "again"))
    near = max(near, again, key=lambda pairs: pairs.share)
    if near.share >= _NOTABLE:
        found.append(
            Finding(
                "near-duplicates",
                Severity.WARNING if near.share >= 0.02 else Severity.INFO,
                (),
                f"{near.share:.1%} of the rows equal another row in nearly all that tells rows "
                f"apart{_example(view, near.left, near.right)}",
                _CURE,
            )
        )
    return tuple(found)


def _numbers(view: View, cells: Cells) -> NDArray[np.float64]:
    """Give ordered columns as they are, and zeros for the others."""
    frame = view.table.frame[view.rows] if not view.whole else view.table.frame
    found = np.zeros((len(cells), len(cells.names)))
    for place, name in enumerate(cells.names):
        if cells.ordered[place]:
            values = frame[name].to_physical().cast(pl.Float64)
            found[:, place] = values.fill_null(0.0).fill_nan(0.0).to_numpy()
    return found


def _exact(view: View, cells: Cells) -> Iterator[Finding]:
    """Tell copies, answer and all, and equal rows that are answered differently."""
    _, place = np.unique(view.y.values[view.rows], return_inverse=True)
    answer = np.asarray(place[:, None] + 1, np.int32)
    codes = np.hstack([cells.codes, answer])
    whole = Cells((*cells.names, ""), codes, np.append(cells.ordered, not view.y.classes))
    copies, equal = repeats(whole), repeats(cells, _by_luck(view, cells))
    share, what = copies.share if view.whole else _share(view, cells.names), ", the answer included"
    long = _long_texts(view.table.frame, _texts(view, cells))
    natural = _natural(repeats(whole.rows(np.flatnonzero(~long[view.rows]))))
    of_long = _share(view, cells.names, long) if long.any() and natural else 0.0
    if of_long >= _NOTABLE:  # short ones that come often must not hide copies of long ones
        natural, share, what = False, of_long, ", a long text and the answer included"
    if share >= _NOTABLE:
        known = ", as often as chance gives in a table of so few values" if natural else ""
        yield Finding(
            "exact-duplicates",
            Severity.INFO if natural or share < _MANY else Severity.WARNING,
            (),
            f"{share:.1%} of the rows equal an earlier row{what}{known}",
            "" if natural else _CURE,
        )
    differ = equal.pairs - copies.pairs
    if not _natural(equal) and equal.share >= _NOTABLE and differ >= 0.05 * equal.pairs:
        yield Finding(
            "contradicting-duplicates",
            Severity.WARNING if differ < 0.5 * equal.pairs else Severity.INFO,
            (),
            f"{equal.share:.1%} of the rows equal an earlier row in all but the answer, and "
            f"{differ / equal.pairs:.0%} of the pairs of equal rows have different answers",
            "no model can tell them apart: look for a column that does, or for wrong answers",
        )


def _natural(found: Repeats) -> bool:
    """Tell whether chance gives as many equal rows, or nearly."""
    return found.by_chance >= 0.5 * found.pairs > 0


def _texts(view: View, cells: Cells) -> list[str]:
    return [name for name in cells.names if view.table.schema[name].kind is Kind.TEXT]


def _long_texts(frame: pl.DataFrame, names: list[str]) -> NDArray[np.bool_]:
    """Say which rows hold a text that nobody writes twice by chance."""
    found = np.zeros(frame.height, np.bool_)
    for name in names:
        found |= (frame[name].str.len_chars() >= _LONG).fill_null(False).to_numpy()
    return found


def _by_luck(view: View, cells: Cells) -> NDArray[np.float64]:
    """Say of each column how likely two rows have the same cell by chance; long texts never do."""
    agree = cells.agree.copy()
    for name in _texts(view, cells):
        place = cells.names.index(name)
        long = _long_texts(view.table.frame, [name])[view.rows]
        counts = np.bincount(cells.codes[~long, place]).astype(np.float64)
        agree[place] = float((counts * (counts - 1)).sum()) / max(len(cells) * (len(cells) - 1), 1)
    return agree


def _share(view: View, names: tuple[str, ...], some: NDArray[np.bool_] | None = None) -> float:
    """Count copies among all rows, or some of them: a sample would part most of them."""
    answers = pl.Series("\0 answer", view.y.values)
    frame = view.table.frame.select(names).with_columns(answers)
    keys = (frame if some is None else frame.filter(pl.Series(some))).hash_rows(seed=0)
    return (len(keys) - keys.n_unique()) / max(frame.height, 1)


def _example(view: View, left: NDArray[np.int64], right: NDArray[np.int64]) -> str:
    if not len(left):
        return ""
    a, b = (int(view.rows[one[0]]) + 1 for one in (left, right))
    return f", such as rows {a:,} and {b:,}"


def find_file_order(view: View, explained: bool) -> tuple[Finding, ...]:
    """Find out whether neighbours in the file have answers alike.

    Parameters
    ----------
    view : View
        The rows.
    explained : bool
        Whether a time or a thing that is sorted by was found already.

    Returns
    -------
    tuple of Finding
        ``row-order``, or nothing.
    """
    values = view.y.values[:_MOST]
    turns = int((values[1:] != values[:-1]).sum())
    if view.y.classes and turns <= 2 * view.y.classes:
        return (_sorted("the rows are sorted by the answer"),)
    steps = np.diff(values.astype(np.float64))
    if not view.y.classes and turns >= 10 and ((steps >= 0).all() or (steps <= 0).all()):
        return (_sorted("the rows are sorted by the answer"),)
    if explained:
        return ()
    answers = _answers(values, view.y.classes)
    beside = autocorrelation(answers, np.arange(len(values)))
    if beside < _ALIKE or beside * np.sqrt(len(values)) < _SURE:
        return ()
    alike = f"rows beside each other in the file have answers alike (correlation {beside:.2f})"
    name = _sorted_by(view, answers, beside)
    if name is not None:
        why = f"{alike}: the file is sorted by {name!r}, and so it is among its values"
        cure = f"if new rows have other values of {name!r}, name it with --group"
        return (Finding("row-order", Severity.INFO, (name,), why, cure),)
    return (
        Finding(
            "row-order",
            Severity.WARNING,
            (),
            f"{alike}, and no column says why",
            "find out what the file is sorted by: if by time or by whom the rows are about, add "
            "that as a column and name it with --order or --group",
        ),
    )


def _sorted_by(view: View, answers: NDArray[np.float64], beside: float) -> str | None:
    """Name the column of few values that the file is sorted by and that accounts for likeness."""
    if not view.whole or len(answers) < len(view.rows):
        return None
    for name, codes in zip(view.cells.names, view.cells.codes.T, strict=True):
        _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
        runs = 1 + int((codes[1:] != codes[:-1]).sum())
        if not 2 <= len(counts) == runs <= len(codes) / _FEWEST_EACH:
            continue
        sums = np.column_stack([np.bincount(place, column) for column in answers.T])
        left = answers - (sums / counts[:, None])[place]
        if autocorrelation(left, np.arange(len(left))) < max(_ALIKE, _LEFT * beside):
            return str(name)
    return None


def _answers(values: NDArray[np.generic], classes: int) -> NDArray[np.float64]:
    if classes:
        return np.asarray(values[:, None] == np.arange(min(classes, 20)), np.float64)
    _, place = np.unique(values, return_inverse=True)
    return np.asarray(place[:, None], np.float64)


def _sorted(evidence: str) -> Finding:
    return Finding(
        "row-order",
        Severity.INFO,
        (),
        evidence,
        "no column may tell the place of a row in the file: it would tell the answer",
    )
