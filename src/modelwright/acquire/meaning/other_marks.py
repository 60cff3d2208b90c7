"""Numbers of new rows that are written with other marks than those before them: 3,5 for 3.5."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import polars as pl

from modelwright.acquire.frames import plain
from modelwright.acquire.meaning.quantities import (
    Written,
    currency_of,
    find_written,
    is_currency,
    parse_numbers,
)
from modelwright.acquire.meaning.words import clean, hide
from modelwright.core.errors import ColumnError
from modelwright.core.schema import Column, Kind, Schema

__all__ = ["OtherMarks", "find_other_marks"]

_CALLED = {",": "comma", ".": "point"}
# What the same digits may mean as well: in "1,234" a comma parts thousands, or marks decimals.
_TWINS = {(",", "."): ("", ","), ("", "."): (".", ",")}
_NAMED = 5


@dataclass(frozen=True)
class OtherMarks:
    """How to read columns whose numbers are written otherwise than before.

    Parameters
    ----------
    formats : mapping of str to str
        By column, as in `Column.format`.
    doubts : mapping of str to str
        Of columns that can be read in two ways: what to do about it.
    notes : tuple of str
        What was read how, each a sentence.
    """

    formats: Mapping[str, str]
    doubts: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """How one column is written, how it was before, and what else it could be."""

    own: Written
    new: Written
    twin: Written | None
    example: str

    def decided(self, mark: str) -> _Found:
        """Settle a doubt by the decimal mark of other columns of the same file."""
        if self.twin is None or not mark:
            return self
        new = self.new if self.new.decimal == mark else self.twin
        return replace(self, new=new, twin=None)


def find_other_marks(
    there: Mapping[str, pl.Series],
    schema: Schema,
    lost: Collection[str],
    required: Collection[str],
) -> OtherMarks:
    """Find out how numbers are written that cannot be read as those before them.

    A file is written with one decimal mark: what a column alone leaves open, others settle.

    Parameters
    ----------
    there : mapping of str to polars.Series
        The new rows.
    schema : Schema
        Their columns, and how they were written before.
    lost : collection of str
        Columns with cells that could not be read so.
    required : collection of str
        Columns that have to be read rightly.

    Returns
    -------
    OtherMarks

    Raises
    ------
    ColumnError
        When a required column could be read as before, but means something else if it is written
        as the others are now.

    Examples
    --------
    >>> from modelwright.core.schema import Column
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("rent", Kind.NUMBER)))
    >>> rows = {"area": pl.Series(["30,5", "41"]), "rent": pl.Series(["1.200,5", "990"])}
    >>> found = find_other_marks(rows, schema, ["area", "rent"], ["area", "rent"])
    >>> dict(found.formats)
    {'area': '1,5', 'rent': '1.234,5'}
    >>> print(found.notes[0])
    Read with a decimal comma, which these columns did not have before: 'area', 'rent' (such as \
'30,5', which is 30.5).
    """
    numbers = [schema[name] for name in lost if schema[name].kind is Kind.NUMBER]
    found = {
        column.name: one
        for column in numbers
        if (one := _written(there[column.name], column)) is not None
    }
    marks = {one.new.decimal for one in found.values() if one.twin is None}
    mark = next(iter(marks)) if len(marks) == 1 else ""
    found = {name: one.decided(mark) for name, one in found.items()}
    sure = {name: one for name, one in found.items() if one.twin is None}
    moved = [name for name, one in sure.items() if one.new.decimal != one.own.decimal]
    if mark and moved:
        others = [
            schema[name]
            for name in required
            if name in there and name not in found and schema[name].kind is Kind.NUMBER
        ]
        for column in others:
            _check_other(there[column.name], column, mark, (moved[0], sure[moved[0]].example))
    return OtherMarks(
        {name: one.new.example() for name, one in sure.items()},
        {name: _cure(one) for name, one in found.items() if one.twin is not None},
        _notes(sure),
    )


def _written(values: pl.Series, column: Column) -> _Found | None:
    """Find how a column is written; None when it is as before, or in no way that can be told."""
    own = _own(column)
    known = _texts(values, column)
    if own is None or known is None:
        return None
    written = find_written(known)[0]
    if written is None or (written.scaled and not own.scaled) or not _same_unit(written, own):
        return None
    if written.decimal == own.decimal and written.group in ("", own.group):
        return None
    new = replace(own, group=written.group, decimal=written.decimal)
    twin = None
    pair = _TWINS.get((new.group, new.decimal))
    if pair is not None and not is_currency(own.before or own.after):  # no price has 3 decimals
        other = replace(new, group=pair[0], decimal=pair[1])
        if _unread(known, other) <= _unread(known, new):
            twin = other
    marked = known.filter(known.str.contains(r"\d[.,]\d"))
    return _Found(own, new, twin, marked[0] if len(marked) else known[0])


def _own(column: Column) -> Written | None:
    if column.format.startswith("%"):  # times of day
        return None
    return Written.of(column.format) if column.format else Written()


def _texts(values: pl.Series, column: Column) -> pl.Series | None:
    """List the different cells of a column of text."""
    cells = hide(plain(values), column.missing)
    if cells.dtype != pl.String:
        return None
    return clean(cells, Kind.NUMBER).drop_nulls().unique(maintain_order=True)


def _same_unit(one: Written, own: Written) -> bool:
    """Tell whether what stands around the digits is what stood there before, or nothing."""
    before = {_unit(own.before), _unit(own.after)}
    return all(not unit or _unit(unit) in before for unit in (one.before, one.after))


def _unit(word: str) -> str:
    return currency_of(word) if is_currency(word) else word.casefold().removesuffix("s")


def _unread(known: pl.Series, written: Written) -> int:
    return parse_numbers(known, written.example()).null_count()


def _check_other(values: pl.Series, column: Column, mark: str, moved: tuple[str, str]) -> None:
    """Refuse a column that could be read as before, and otherwise with the mark of the others."""
    own = _own(column)
    if own is None or own.decimal == mark:
        return
    known = _texts(values, column)
    if known is None:
        known = _as_texts(plain(values))
    ours = parse_numbers(known, own.example())
    theirs = parse_numbers(known, replace(own, group=own.decimal, decimal=mark).example())
    if theirs.null_count() > ours.null_count():
        return
    differ = known.filter((ours != theirs).fill_null(value=False))
    if not len(differ):
        return
    raise ColumnError(
        "numbers that can be read in one way",
        f"{differ[0]!r} in {column.name!r} beside {moved[1]!r} in {moved[0]!r}: its "
        f"{_CALLED[own.decimal]} may mark decimals or part thousands",
        f"write decimals with a {_CALLED[own.decimal]}, as when the model was fitted, and "
        "thousands without a mark",
    )


def _as_texts(values: pl.Series) -> pl.Series:
    """Write numbers as they may have stood in a file, which are read as numbers if it is large.

    Only where all fractions have up to three digits, and some of them three, as thousands have.
    """
    none = pl.Series(dtype=pl.String)
    if not values.dtype.is_float():
        return none
    parts = values.drop_nulls().filter(values.drop_nulls() % 1 != 0).unique(maintain_order=True)
    thousandths = (parts * 1000 - (parts * 1000).round()).abs() < 1e-6
    hundredths = (parts * 100 - (parts * 100).round()).abs() < 1e-6
    if not len(parts) or not thousandths.all() or hundredths.all():
        return none
    return pl.Series([f"{part:.3f}" for part in parts.to_list()], dtype=pl.String)


def _cure(found: _Found) -> str:
    mark = next(mark for mark in found.example if mark in _CALLED)
    digits = found.example.replace(mark, "")
    decimals = found.example.replace(mark, found.own.decimal)
    return f"write {decimals} or {digits}: this {_CALLED[mark]} may mark decimals or part thousands"


def _notes(sure: Mapping[str, _Found]) -> tuple[str, ...]:
    """Say what was read with which marks."""
    told: dict[str, list[str]] = {}
    for name, one in sure.items():
        if one.new.decimal != one.own.decimal:
            what = f"a decimal {_CALLED[one.new.decimal]}"
        else:
            mark = {" ": "blank", "'": "apostrophe"}.get(one.new.group, _CALLED.get(one.new.group))
            what = f"thousands parted by a {mark}"
        told.setdefault(what, []).append(name)
    notes = []
    for what, names in told.items():
        one = sure[names[0]]
        value = parse_numbers(pl.Series([one.example]), one.new.example())[0]
        shown = ", ".join(repr(name) for name in names[:_NAMED])
        shown += f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        these = "this column" if len(names) == 1 else "these columns"
        notes.append(
            f"Read with {what}, which {these} did not have before: {shown} (such as "
            f"{one.example!r}, which is {value:.10g})."
        )
    return tuple(notes)
