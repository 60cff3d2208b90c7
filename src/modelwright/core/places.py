"""Positions on the globe, as people write them in one cell."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

__all__ = ["PLACE_FORMATS", "parse_places"]

_NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
_FINE = r"[-+]?\d{1,3}\.\d+"
_PART = (
    r"(\d{1,3}(?:\.\d+)?)\s*°?\s*(?:(\d{1,2}(?:\.\d+)?)\s*['\u2032\u2019]\s*)?"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*[\"\u2033\u201d]\s*)?"
)
PLACE_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "POINT (lon lat)": rf"^(?i:(?:SRID=\d+;)?POINT)\s*\(\s*({_NUMBER})[\s,]+({_NUMBER})\s*\)$",
        "lat, lon": rf"^[\[(]?\s*({_FINE})\s*[,; ]\s*({_FINE})\s*[\])]?$",
        "lon, lat": rf"^[\[(]?\s*({_FINE})\s*[,; ]\s*({_FINE})\s*[\])]?$",
        "lat N lon E": rf"^{_PART}\s*([NSns])[\s,;]*{_PART}\s*([EWOewo])$",
    }
)


def parse_places(values: pl.Series, format: str) -> pl.DataFrame:
    """Read latitude and longitude in degrees; what is no position is null.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        Stripped.
    format : str
        A key of `PLACE_FORMATS`.

    Returns
    -------
    polars.DataFrame, shape (n_rows, 2)
        ``latitude`` within -90 and 90, ``longitude`` within -180 and 360, both Float64.

    Examples
    --------
    >>> parse_places(pl.Series(["POINT (-73.5 40.25)", "POINT (0 95)"]), "POINT (lon lat)").rows()
    [(40.25, -73.5), (None, None)]
    >>> parse_places(pl.Series(["40.5 N 74° 30' W"]), "lat N lon E").rows()
    [(40.5, -74.5)]
    """
    found = values.str.extract_groups(PLACE_FORMATS[format])
    fields = [found.struct.field(name) for name in found.struct.fields]
    if format == "lat N lon E":
        latitude, longitude = _degrees(fields[:4], "s"), _degrees(fields[4:], "w")
    else:
        first, second = (field.cast(pl.Float64) for field in fields)
        latitude, longitude = (first, second) if format == "lat, lon" else (second, first)
    inside = latitude.is_between(-90, 90) & longitude.is_between(-180, 360)
    both = pl.DataFrame([latitude.alias("latitude"), longitude.alias("longitude")])
    return both.select(pl.when(inside).then(pl.all()))


def _degrees(parts: list[pl.Series], negative: str) -> pl.Series:
    whole, minutes, seconds = (part.cast(pl.Float64) for part in parts[:3])
    size = whole + minutes.fill_null(0) / 60 + seconds.fill_null(0) / 3600
    sign = (parts[3].str.to_lowercase() == negative).cast(pl.Float64) * -2 + 1
    return size * sign
