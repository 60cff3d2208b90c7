"""Rows to compare with, drawn from what is known of each column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.evidence import Profile
from modelwright.core.schema import Kind, Schema
from modelwright.core.table import PHYSICAL, Table

__all__ = ["background_table"]

_MICROSECONDS = 1e6


def background_table(
    profiles: Iterable[Profile], schema: Schema, count: int, *, seed: int = 0
) -> Table:
    """Draw rows whose columns are as in the table that a model was fitted on, each on its own.

    So predictions can be explained without the rows that the model was fitted on.

    Parameters
    ----------
    profiles : iterable of Profile
        Of at least the columns of the schema.
    schema : Schema
        The columns to draw.
    count : int
        How many rows.
    seed : int
        The only source of randomness.

    Returns
    -------
    Table
        Columns are independent of each other; free text is missing.

    Examples
    --------
    >>> from modelwright.core.schema import Column
    >>> profile = Profile("town", "category", "feature", levels=("Rome",), counts=(9,))
    >>> schema = Schema((Column("town", Kind.CATEGORY),))
    >>> background_table([profile], schema, 2).frame["town"].to_list()
    ['Rome', 'Rome']
    """
    by_name = {profile.name: profile for profile in profiles}
    rng = np.random.default_rng(seed)
    columns = []
    for column in schema:
        profile = by_name[column.name]
        drawn = _drawn(profile, count, rng)
        values = pl.Series(column.name, drawn, strict=False).cast(PHYSICAL[column.kind])
        absent = pl.Series(rng.random(count) < profile.missing)
        columns.append(values.set(absent, None))
    return Table(pl.DataFrame(columns), schema)


def _drawn(
    profile: Profile, count: int, rng: np.random.Generator
) -> NDArray[np.generic] | Sequence[object]:
    if profile.kind == Kind.BOOLEAN and profile.counts:
        return np.asarray(rng.random(count) < profile.counts[-1] / sum(profile.counts))
    if profile.quantiles:
        numbers = np.interp(rng.random(count), *_curve(profile))
        if profile.kind == Kind.DATETIME:
            return np.asarray(numbers * _MICROSECONDS).astype(np.int64)
        # Between two quantiles lie no halves of whole numbers.
        whole = all(quantile == round(quantile) for quantile in profile.quantiles)
        return np.round(numbers) if whole else numbers
    if profile.levels:
        shares = np.asarray(profile.counts, dtype=np.float64)
        codes = rng.choice(len(profile.levels), size=count, p=shares / shares.sum())
        return [profile.levels[code] for code in codes]
    return [None] * count


def _curve(profile: Profile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the quantile function; its ends are those of the histogram, which leaves out extremes.

    Else the least and the greatest value would be drawn as often as all between them and the rest.
    """
    values = np.array(profile.quantiles)
    if profile.edges:
        values[0] = min(max(values[0], profile.edges[0]), values[1])
        values[-1] = max(min(values[-1], profile.edges[-1]), values[-2])
    return np.linspace(0, 1, len(values)), values
