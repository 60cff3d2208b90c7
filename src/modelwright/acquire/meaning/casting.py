"""From raw values to typed ones: what cannot be read becomes missing, and is told."""

from __future__ import annotations

import difflib
import math
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace

import polars as pl

from modelwright.acquire.frames import plain
from modelwright.acquire.meaning.dates import parse_dates, without_edges
from modelwright.acquire.meaning.other_marks import find_other_marks
from modelwright.acquire.meaning.quantities import parse_numbers
from modelwright.acquire.meaning.spellings import ANY_CASE, AS_WRITTEN, folded
from modelwright.acquire.meaning.words import FALSE_WORDS, PARTS, TRUE_WORDS, clean, hide
from modelwright.core.errors import ColumnError
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import FEW, PHYSICAL, Table

__all__ = ["cast", "cast_column", "check_parsed", "conform", "finite"]

# A new name that is less like the old one than this is another column.
_CLOSE = 0.8
# Stored as these, whatever stands in other rows of a column.
_PLAIN = frozenset([pl.String(), pl.Boolean(), pl.Int64(), pl.Float64()])
_AS_BEFORE = "give the column as it was when the model was fitted"
_EXPECTED = {
    Kind.NUMBER: "numbers",
    Kind.DATETIME: "dates",
    Kind.BOOLEAN: "words for true and false",
}


def cast(raw: pl.DataFrame, schema: Schema) -> Table:
    """Give each column the one dtype of its kind.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        From `read_raw`.
    schema : Schema
        What the columns mean; each is in `raw`.

    Returns
    -------
    Table
        Stored as `PHYSICAL` says. Markers such as "?" and infinities are null. Its notes tell
        of values that became missing though they are no markers.

    Raises
    ------
    ColumnError
        When a column of the schema is absent.

    Examples
    --------
    >>> import polars as pl
    >>> raw = pl.DataFrame({"a": [" 1", "?"]})
    >>> cast(raw, Schema((Column("a", Kind.NUMBER),))).frame["a"].to_list()
    [1.0, None]
    """
    _check_columns(raw.columns, schema, schema.names())
    return _typed(raw, schema)


def conform(
    raw: pl.DataFrame, schema: Schema, required: Collection[str], *, others: bool = True
) -> Table:
    """Type new rows as those before them were.

    Parameters
    ----------
    raw : polars.DataFrame, shape (n_rows, n_columns)
        New rows from `read_raw`; columns that the schema lacks are left out.
    schema : Schema
        Of the table that a model was fitted on.
    required : collection of str
        The columns without which there is no prediction.
    others : bool
        Whether the other columns of the schema are typed as well.

    Returns
    -------
    Table
        The columns of the schema that are there, in its order. Numbers may be written with other
        marks than before, such as 3,5 for 3.5: its notes say so.

    Raises
    ------
    ColumnError
        When a required column is missing, or holds mostly no numbers, dates or booleans where it
        should, or numbers that can be read in two ways.

    Examples
    --------
    >>> import polars as pl
    >>> schema = Schema((Column("area", Kind.NUMBER), Column("price", Kind.NUMBER)))
    >>> conform(pl.DataFrame({"Area": [1]}), schema, ["area"])
    Traceback (most recent call last):
    modelwright.core.errors.ColumnError: expected the columns that were there before; \
got missing: 'area'; unexpected: 'Area'; rename 'Area' to 'area'
    """
    _check_columns(raw.columns, schema, required)
    present = set(raw.columns if others else required)
    here = schema.select(name for name in schema.names() if name in present)
    return _typed(raw, here, required)


def _typed(raw: pl.DataFrame, schema: Schema, required: Collection[str] | None = None) -> Table:
    """Type rows; `required` None: of a table that nobody has seen before."""
    if not raw.height:
        return Table(pl.DataFrame(schema={c.name: PHYSICAL[c.kind] for c in schema}), schema)
    there = raw.to_dict(as_series=True)  # names are listed once: in a frame that is slow
    typed = _cast_alike(there, schema) if raw.height <= FEW else {}
    lost: dict[str, pl.Series] = {}
    for column in schema:
        if column.name not in typed:
            typed[column.name], gone = cast_column(there[column.name], column)
            if len(gone):
                lost[column.name] = gone
    notes, cures = [], dict[str, str]()
    if lost and required is not None:
        found = find_other_marks(there, schema, lost, required)
        for name, format in found.formats.items():
            way = replace(schema[name], format=format)
            typed[name], lost[name] = cast_column(there[name], way)
        notes, cures = [*found.notes], {**found.doubts}
    for name, gone in lost.items():
        if name in (required or ()):
            check_parsed(typed[name], gone, schema[name], cures.get(name, _AS_BEFORE))
        if len(gone):
            notes.append(_note(gone, schema[name]))
    return Table(pl.DataFrame([typed[name] for name in schema.names()]), schema, tuple(notes))


def _cast_alike(there: Mapping[str, pl.Series], schema: Schema) -> dict[str, pl.Series]:
    """Type columns that are read alike below each other: each way of reading takes its time once.

    Where a value is lost somebody has to be told, and which column it was in.
    """
    alike: dict[Hashable, list[Column]] = defaultdict(list)
    for column in schema:
        dtype = there[column.name].dtype
        if dtype in _PLAIN and column.kind is not Kind.DATETIME:  # dates are found out by column
            alike[column.kind, column.format, column.missing, dtype].append(column)
    found: dict[str, pl.Series] = {}
    for columns in alike.values():
        cells = [there[column.name] for column in columns]
        typed, lost = cast_column(pl.concat(cells), columns[0])
        if not len(lost):
            height = len(cells[0])
            for place, column in enumerate(columns):
                found[column.name] = typed.slice(place * height, height).alias(column.name)
    return found


def cast_column(raw: pl.Series, column: Column) -> tuple[pl.Series, pl.Series]:
    """Type one column.

    Returns
    -------
    typed : polars.Series, shape (n_rows,)
        Of the dtype of the kind.
    lost : polars.Series of String
        The values that became missing though they are no missing-value markers.
    """
    values = hide(plain(raw), column.missing)
    typed = _CASTS[column.kind](values, column.format).cast(PHYSICAL[column.kind])
    if column.missing and column.kind is Kind.NUMBER:
        typed = hide(typed, column.missing)  # "$999" is the 999 that means missing
    return typed.alias(column.name), _lost(values, typed, column)


def check_parsed(typed: pl.Series, lost: pl.Series, column: Column, cure: str = _AS_BEFORE) -> None:
    """Refuse a column of numbers, dates or booleans of which most values are none.

    Raises
    ------
    ColumnError
        When more values are lost than kept.
    """
    if column.kind in _EXPECTED and len(lost) > len(typed) - typed.null_count():
        given = cure != _AS_BEFORE and column.format
        written = f" written as {column.format!r}" if given else ""
        what = f"{_EXPECTED[column.kind]}{written} in {column.name!r}"
        raise ColumnError(what, f"for example {lost[0]!r}", cure)


def _check_columns(present: list[str], schema: Schema, required: Collection[str]) -> None:
    here = set(present)
    missing = [name for name in required if name not in here]
    if not missing:
        return
    unexpected = [name for name in present if name not in schema]
    got = f"missing: {_listed(missing)}"
    got += f"; unexpected: {_listed(unexpected)}" if unexpected else ""
    lower = {name.strip().lower(): name for name in unexpected}
    for name in missing:
        near = difflib.get_close_matches(name.strip().lower(), lower, n=1, cutoff=_CLOSE)
        if near:
            cure = f"rename {lower[near[0]]!r} to {name!r}"
            break
    else:
        cure = "add the missing columns"
    raise ColumnError("the columns that were there before", got, cure)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(repr(name) for name in names[:8]) + more


def _note(lost: pl.Series, column: Column) -> str:
    count = "1 value" if len(lost) == 1 else f"{len(lost):,} values"
    what = {Kind.NUMBER: "finite number", Kind.DATETIME: "date"}.get(column.kind, column.kind.value)
    return f"{count} of {column.name!r} became missing: no {what}, such as {lost[0]!r}."


def _lost(values: pl.Series, typed: pl.Series, column: Column) -> pl.Series:
    none = pl.Series(dtype=pl.String)
    if typed.null_count() == values.null_count():
        return none
    gone = values.filter(typed.is_null() & values.is_not_null())
    if gone.dtype != pl.String:
        return gone.cast(pl.String)
    gone = clean(gone, column.kind).drop_nulls()
    if column.missing and column.kind is Kind.NUMBER:
        gone = gone.filter(_number(gone, column.format).is_null())
    return gone


def finite(numbers: pl.Series) -> pl.Series:
    """Give numbers as float64, null where they are infinite.

    Examples
    --------
    >>> finite(pl.Series([1.0, float("inf")])).to_list()
    [1.0, None]
    """
    wide = numbers.cast(pl.Float64)
    # A sum passes on what is not finite, and is several times quicker than to look for it.
    all_finite = math.isfinite(wide.sum())
    return wide if all_finite else wide.set(~wide.is_finite(), None)


def _nothing(values: pl.Series) -> pl.Series:
    """Keep nothing of dates that come in place of numbers, though they are stored as such."""
    return pl.Series(values.name, [None], dtype=pl.Float64).new_from_index(0, len(values))


def _number(values: pl.Series, format: str) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime):
        return _nothing(values)
    if format and values.dtype == pl.String:
        numbers = parse_numbers(clean(values, Kind.NUMBER), format)
        return finite(numbers)
    numbers = values.cast(pl.Float64, strict=False)
    if values.dtype == pl.String and numbers.null_count() > values.null_count():
        numbers = values.str.strip_chars().cast(pl.Float64, strict=False)
    return finite(numbers)


def _datetime(values: pl.Series, format: str) -> pl.Series:
    if isinstance(values.dtype, pl.Datetime):
        return without_edges(values)
    return parse_dates(clean(_text(values), Kind.DATETIME), format)


def _boolean(values: pl.Series, format: str) -> pl.Series:
    if values.dtype == pl.Boolean:
        return values
    if isinstance(values.dtype, pl.Datetime):
        return _nothing(values)
    words = clean(_text(values), Kind.BOOLEAN).str.to_lowercase()
    true, between, false = format.partition(PARTS)
    if between:
        digits = true.isdigit() or false.isdigit()
        yes = words.is_in([true] if digits else [true, "1", "1.0"])
        no = words.is_in([false] if digits else [false, "0", "0.0"])
    else:
        known = format in TRUE_WORDS or not format
        yes = words.is_in([*(TRUE_WORDS if known else ()), format, "1", "1.0"])
        no = words.is_in([*FALSE_WORDS, "0", "0.0"]) if known else ~yes
    return yes.set(~(yes | no), None)


def _text(values: pl.Series) -> pl.Series:
    if values.dtype == pl.Boolean:
        return values.cast(pl.String).str.to_titlecase()
    if not values.dtype.is_float():
        return values.cast(pl.String)
    return finite(values).cast(pl.String).str.strip_suffix(".0")


def _category(values: pl.Series, format: str) -> pl.Series:
    if values.dtype != pl.String:
        return _text(values)
    if format == AS_WRITTEN:
        return _place(values, format)
    text = clean(values, Kind.CATEGORY)
    if format == ANY_CASE:
        text = folded(text)
    # "1.0" in a file is the 1 of a frame that stored it as a float.
    return text.str.replace(r"^([+-]?\d+)\.0$", "${1}") if text.str.ends_with(".0").any() else text


def _place(values: pl.Series, format: str) -> pl.Series:
    text = _text(values)  # as it is: a name may end in a blank
    return text.set(clean(text, Kind.IMAGE).is_null(), None)


def _free_text(values: pl.Series, format: str) -> pl.Series:
    return clean(_text(values), Kind.TEXT)


_CASTS = {
    Kind.NUMBER: _number,
    Kind.CATEGORY: _category,
    Kind.TEXT: _free_text,
    Kind.DATETIME: _datetime,
    Kind.BOOLEAN: _boolean,
    Kind.ID: _category,
    Kind.LIST: _free_text,
    Kind.GEO: _free_text,
    Kind.IMAGE: _place,
}
