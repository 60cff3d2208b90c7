"""Columns whose cells hold several things: lists of labels, positions on the globe."""

from __future__ import annotations

import re

import polars as pl

from modelwright.core.lists import BRACKETS, split_list
from modelwright.core.places import PLACE_FORMATS, parse_places

__all__ = ["find_list", "find_place"]

# What stands between labels, and the least share of cells that have it.
_BETWEEN = (("|", 0.02), (";", 0.02), (",", 0.1), ("/", 0.1), ("+", 0.1), ("&", 0.1))
_LEAST_CELLS = 10
_LONGEST_PLACE = 100
_FINE = r"\.\d{2,}.*\.\d{2,}"
_QUOTED = r"""^\[\s*(?:(?:"[^"]*"|'[^']*')\s*(?:,\s*|\]$))*\]?$"""  # as ["a", "b"]: a list for sure
_LONGEST = 40.0  # characters of a usual label
_REPEATED = 4.0  # how often a usual label occurs
_BOTH_PLACES = 0.3


def find_place(values: pl.Series) -> tuple[str, str]:
    """Find how positions are written.

    Parameters
    ----------
    values : polars.Series of String
        Distinct and stripped, none missing.

    Returns
    -------
    format : str
        A key of `PLACE_FORMATS`; empty when 1 % or more of the values are no positions.
    evidence : str

    Examples
    --------
    >>> find_place(pl.Series(["1, 2", "2, 3"]))
    ('', '')
    >>> find_place(pl.Series(["40.71, -73.95", "40.80, -120.01"]))
    ('lat, lon', 'pairs of degrees, latitude first')
    """
    some = [value for value in values.head(3).to_list() if len(value) < _LONGEST_PLACE]
    for format, pattern in PLACE_FORMATS.items():
        if not any(re.match(pattern, value) for value in some):
            continue
        if parse_places(values, format)["latitude"].null_count() > len(values) // 100:
            continue
        # Two numbers are a position only where they are as fine as one.
        if "," in format and 2 * values.str.contains(_FINE).sum() < len(values):
            continue
        if format == "lat, lon" and (parse_places(values, format)["longitude"].abs() <= 90).all():
            return format, "pairs of degrees; taken as latitude first, could be longitude first"
        order = ", longitude first" if format == "lon, lat" else ", latitude first"
        return format, "pairs of degrees" + order if "N" not in format else "latitude and longitude"
    return "", ""


def find_list(values: pl.Series) -> tuple[str, str]:
    """Find what stands between the labels, when cells hold several of them.

    Parameters
    ----------
    values : polars.Series of String
        Stripped, none missing, with repetitions.

    Returns
    -------
    format : str
        For `split_list`; empty when the cells are no lists.
    evidence : str

    Examples
    --------
    >>> find_list(pl.Series(["a|b", "b", "a", "c|a", "b|c"] * 4))[0]
    '|'
    >>> find_list(pl.Series(["Bonn, Germany", "Rome, Italy", "Pisa, Italy", "Oslo, Norway"] * 4))
    ('', '')
    """
    if len(values) < _LEAST_CELLS:
        return "", ""
    if not values.str.contains(r"[|;,/+&]").any():
        return "", ""
    bracketed = values.str.contains(r"^[\[{(].*[\])}]$")
    if bracketed.all():
        count = values.str.contains(",", literal=True).sum()
        return _judged(values, BRACKETS) if count else ("", "")
    for between, least in _BETWEEN:
        share = values.str.contains(between, literal=True).sum() / len(values)
        if share >= least and values.n_unique() > 2:
            found = _judged(values, between)
            if found[0]:
                return found
    return "", ""


def _judged(values: pl.Series, format: str) -> tuple[str, str]:
    """Take a list for one when its labels are short, repeat, and have no place of their own."""
    lists = split_list(values, format)
    sizes = lists.list.len()
    labels = lists.explode().drop_nulls()
    if labels.is_empty() or (sizes.n_unique() < 2 and not _are_quoted(values)):
        return "", ""
    distinct = labels.n_unique()
    longest = float(labels.str.len_chars().median() or 0)  # type: ignore[arg-type]
    if distinct < 2 or longest > _LONGEST or labels.str.contains(r"^[\d.\s]*$").mean() > 0.5:  # type: ignore[operator]
        return "", ""
    counts = labels.value_counts(name="n")["n"].to_numpy()
    weighted = float((counts**2.0).sum() / counts.sum())
    if weighted < _REPEATED or distinct > 0.3 * len(labels) or distinct > 2 * values.n_unique():
        return "", ""
    if format != BRACKETS and _in_both_places(values, format) < _BOTH_PLACES:
        return "", ""
    mean = float(sizes.mean() or 0)  # type: ignore[arg-type]
    where = "in brackets" if format == BRACKETS else f"parted by {format!r}"
    evidence = f"{distinct:,} labels, {mean:.1f} in a cell on average, {where}"
    return format, evidence


def _are_quoted(values: pl.Series) -> bool:
    return bool(values.str.contains(_QUOTED).all())


def _in_both_places(values: pl.Series, format: str) -> float:
    """Give the share of labels that come first in some cells and later in others.

    In "Rome, Italy" none does: a town comes first, and a country last.
    """
    parts = values.str.split(format).list.eval(pl.element().str.strip_chars())
    first = parts.list.first()
    later = parts.list.slice(1).explode().drop_nulls()
    if later.is_empty():
        return 0.0
    back = later.is_in(first.unique().implode()).mean()
    both = first.is_in(later.unique().implode()).mean()
    # Where labels keep an order of their own, the first of them never comes later.
    return 0.5 * (float(both or 0) + float(back or 0))  # type: ignore[arg-type]
