"""Two tables joined by keys: each row of the left one kept, in order, and no row twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.joins.keys import Distinct, Keys, key_pairs, shown_key
from modelwright.clean.joins.matching import THRESHOLD, Matches, match_names
from modelwright.core.errors import DataError, OptionError

__all__ = ["Joined", "join"]

Places = NDArray[np.int64]

_TOLD = 5


@dataclass(frozen=True)
class Joined:
    """A left table with the columns of a right one, and how it came about.

    Parameters
    ----------
    frame : polars.DataFrame
        The rows of the left table in order, its columns first; null where nothing matched.
    matches : polars.DataFrame
        One row a pair of keys: ``left``, ``right``, ``how``, ``likeness``, ``rival``,
        ``confidence``, ``applied`` and ``rows``, the rows of the left table with this key.
    unmatched_left, unmatched_right : tuple of str
        Keys without a partner, each once, in order.
    unmatched_rows : int
        Rows of the left table that got nothing.
    notes : tuple of str
        What was noticed, each a sentence.
    """

    frame: pl.DataFrame
    matches: pl.DataFrame
    unmatched_left: tuple[str, ...]
    unmatched_right: tuple[str, ...]
    unmatched_rows: int
    notes: tuple[str, ...] = ()

    @property
    def proposed(self) -> pl.DataFrame:
        """The matches that were not sure enough to be applied, the surest first."""
        return self.matches.filter(~pl.col("applied")).sort("confidence", descending=True)

    def __str__(self) -> str:
        rows = self.frame.height
        lines = [f"{rows - self.unmatched_rows:,} of {rows:,} rows found a partner"]
        applied = self.matches.filter("applied")
        for how, count in applied.group_by("how", maintain_order=True).len().iter_rows():
            lines.append(f"  {how}: {count:,}")
        if self.proposed.height:
            lines.append(f"proposed, not applied: {self.proposed.height:,}")
            few = self.proposed.head(_TOLD).select("left", "right", "confidence").iter_rows()
            lines += [f"  {one!r} - {other!r} ({sure:.2f})" for one, other, sure in few]
        for side, keys in (("left", self.unmatched_left), ("right", self.unmatched_right)):
            if keys:
                shown = ", ".join(repr(key) for key in keys[:_TOLD])
                more = f" and {len(keys) - _TOLD:,} more" if len(keys) > _TOLD else ""
                lines.append(f"keys of the {side} table without a partner: {shown}{more}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Give everything but the table as plain JSON."""
        return {
            "rows": self.frame.height,
            "columns": self.frame.width,
            "unmatched_rows": self.unmatched_rows,
            "matches": self.matches.filter(pl.col("how") != "exact").to_dicts(),
            "exact": self.matches.filter(pl.col("how") == "exact").height,
            "unmatched_left": list(self.unmatched_left),
            "unmatched_right": list(self.unmatched_right),
            "notes": list(self.notes),
        }


def join(
    left: pl.DataFrame,
    right: pl.DataFrame,
    on: str | Sequence[str],
    *,
    fuzzy: bool = False,
    threshold: float = THRESHOLD,
    decided: Mapping[tuple[str, str], bool] | None = None,
    suffix: str = "_right",
) -> Joined:
    """Put the columns of a right table beside the rows of a left one, by keys.

    Every row of the left table stays, once and in order; the right keys are not repeated. A missing
    key matches nothing. With `fuzzy`, keys of text may be spelled differently (see `match_names`),
    while numbers, dates and truth values have to be equal; where the keys of the left table are
    all different, a key of the right one serves one of them only.

    Parameters
    ----------
    left, right : polars.DataFrame
        The tables. The keys of the right one are different in all of its rows.
    on : str or sequence of str
        The keys: a column of both tables, or ``left=right``; several of them.
    fuzzy : bool
        Whether text keys may differ in spelling.
    threshold : float
        Matches less sure than this, from 0 to 1, are proposed, not applied.
    decided : mapping of (str, str) to bool, optional
        pairs of keys, as `Joined.matches` writes them, that a person has said yes or no to; on keys
        that are not there they are passed over.
    suffix : str
        Added to the name of a column of the right table that the left one has as well.

    Returns
    -------
    Joined

    Raises
    ------
    ColumnError
        When a table lacks a key.
    DataError
        When a key comes in several rows of the right table, which would multiply rows, or when
        `fuzzy` finds no key of text.
    OptionError
        When an option means nothing.

    Examples
    --------
    >>> people = pl.DataFrame({"town": ["Sao Paulo", "Rome", "Rome", "Atlantis"]})
    >>> towns = pl.DataFrame({"name": ["Rome", "São Paulo"], "people": [2.8, 11.5]})
    >>> found = join(people, towns, "town=name", fuzzy=True)
    >>> found.frame["people"].to_list(), found.unmatched_left
    ([11.5, 2.8, 2.8, None], ('Atlantis',))
    """
    pairs = key_pairs(on, left.columns, right.columns)
    notes = []
    right, again = _without_copies(right)
    if again:
        notes.append(f"rows of the right table that equal an earlier one, taken once: {again:,}")
    keys = Keys.of(left, right, pairs)
    ours, theirs = Distinct.of(keys.left), Distinct.of(keys.right)
    _check_unique(theirs, [other for _, other in pairs])
    for side, one in (("left", ours), ("right", theirs)):
        without = int((one.of_row < 0).sum())
        if without:
            notes.append(f"rows of the {side} table without a key: {without:,}")
    if fuzzy:
        if not keys.texts:
            raise DataError("a key of text for a fuzzy join", "keys of numbers or dates",
                            "leave out fuzzy")  # fmt: skip
        said, absent = _of_texts(decided or {}, ours.keys, theirs.keys, keys.texts)
        if absent:
            notes.append(f"decisions on keys that are not there, passed over: {absent:,}")
        is_key = ours.keys.height == int((ours.of_row >= 0).sum())
        found = match_names(
            _joined_text(ours.keys, keys.texts),
            _joined_text(theirs.keys, keys.texts),
            one_to_one=is_key,
            threshold=threshold,
            blocks=_blocks(ours.keys, theirs.keys, [k for k in keys.names if k not in keys.texts]),
            decided=said,
        )
    else:
        found = _equal(ours.keys, theirs.keys)
    return _put_together(left, right, pairs, (ours, theirs), found, suffix, notes)


def _without_copies(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    try:
        once = frame.unique(keep="first", maintain_order=True)
    except pl.exceptions.PolarsError:  # a column of lists or of objects, which cannot be compared
        return frame, 0
    return once, frame.height - once.height


def _check_unique(keys: Distinct, names: Sequence[str]) -> None:
    rows = np.bincount(keys.of_row[keys.of_row >= 0], minlength=keys.keys.height)
    often = np.flatnonzero(rows > 1)
    if not len(often):
        return
    worst = often[np.argsort(-rows[often], kind="stable")][:3]
    told, counts = shown_key(keys.keys[worst]).to_list(), rows[worst].tolist()
    listed = ", ".join(f"{key!r} in {n:,} rows" for key, n in zip(told, counts, strict=True))
    columns = ", ".join(repr(name) for name in names)
    raise DataError(
        f"each key of {columns} in one row of the right table, so that no row is multiplied",
        f"{len(often):,} keys that come again ({listed})",
        "swap the tables, name a further key, or make one row of each key first (aggregate)",
    )


def _joined_text(keys: pl.DataFrame, names: Sequence[str]) -> list[str]:
    return shown_key(keys.select(names)).to_list()


def _blocks(
    left: pl.DataFrame, right: pl.DataFrame, names: Sequence[str]
) -> tuple[Places, Places] | None:
    """Give numbers to what has to be equal, alike on both sides."""
    if not names:
        return None
    both = pl.concat([left.select(names), right.select(names)])
    number = Distinct.of(both).of_row
    return number[: left.height], number[left.height :]


def _of_texts(
    decided: Mapping[tuple[str, str], bool],
    left: pl.DataFrame,
    right: pl.DataFrame,
    texts: Sequence[str],
) -> tuple[dict[tuple[str, str], bool], int]:
    """Say of the text keys alone what was decided of whole keys; count decisions on others."""
    ours, theirs = (
        dict(zip(shown_key(keys).to_list(), _joined_text(keys, texts), strict=True))
        for keys in (left, right)
    )
    there = {pair: yes for pair, yes in decided.items() if pair[0] in ours and pair[1] in theirs}
    found = {(ours[one], theirs[other]): yes for (one, other), yes in there.items()}
    return found, len(decided) - len(there)


def _equal(left: pl.DataFrame, right: pl.DataFrame) -> Matches:
    theirs = right.with_row_index("place")
    place = left.join(theirs, on=left.columns, how="left", maintain_order="left")["place"]
    ours = np.flatnonzero(place.is_not_null().to_numpy())
    one = np.ones(len(ours))
    return Matches(
        ours.astype(np.int64),
        place.drop_nulls().cast(pl.Int64).to_numpy(),
        ("exact",) * len(ours),
        one,
        np.zeros(len(ours)),
        one,
        one.astype(np.bool_),
    )


def _put_together(
    left: pl.DataFrame,
    right: pl.DataFrame,
    pairs: Sequence[tuple[str, str]],
    sides: tuple[Distinct, Distinct],
    found: Matches,
    suffix: str,
    notes: Sequence[str],
) -> Joined:
    ours, theirs = sides
    row_of_key = np.full(theirs.keys.height, -1, np.int64)
    there = theirs.of_row >= 0
    row_of_key[theirs.of_row[there]] = np.flatnonzero(there)
    partner = np.full(ours.keys.height, -1, np.int64)
    partner[found.left[found.applied]] = row_of_key[found.right[found.applied]]
    with_key = ours.of_row >= 0
    row = np.full(left.height, -1, np.int64)
    row[with_key] = partner[ours.of_row[with_key]]
    used = np.zeros(theirs.keys.height, np.bool_)
    used[found.right[found.applied]] = True
    left_keys, right_keys = ours.shown, theirs.shown
    return Joined(
        left.hstack(_beside(left, right, pairs, row, suffix)),
        _log(ours, theirs, found),
        tuple(left_keys[i] for i in np.flatnonzero(partner < 0)),
        tuple(right_keys[i] for i in np.flatnonzero(~used)),
        int((row < 0).sum()),
        tuple(notes),
    )


def _beside(
    left: pl.DataFrame,
    right: pl.DataFrame,
    pairs: Sequence[tuple[str, str]],
    row: Places,
    suffix: str,
) -> list[pl.Series]:
    """Give the columns of the right table for each row of the left one."""
    keys = {other for _, other in pairs}
    taken = set(left.columns)
    place = pl.Series(row, dtype=pl.Int64)
    place = pl.select(pl.when(place >= 0).then(place)).to_series()
    columns = []
    for series in right:
        if series.name in keys:
            continue
        name = series.name if series.name not in taken else f"{series.name}{suffix}"
        if name in taken:
            raise OptionError("a suffix that makes new names", repr(suffix),
                              f"both tables have columns {series.name!r} and {name!r}")  # fmt: skip
        taken.add(name)
        columns.append(series.gather(place).alias(name))
    return columns


def _log(ours: Distinct, theirs: Distinct, found: Matches) -> pl.DataFrame:
    rows = np.bincount(ours.of_row[ours.of_row >= 0], minlength=ours.keys.height)
    left, right = ours.shown, theirs.shown
    return pl.DataFrame(
        {
            "left": [left[i] for i in found.left],
            "right": [right[i] for i in found.right],
            "how": list(found.how),
            "likeness": found.likeness,
            "rival": found.rival,
            "confidence": found.confidence,
            "applied": found.applied,
            "rows": rows[found.left].astype(np.int64),
        },
        schema_overrides={"left": pl.String, "right": pl.String, "how": pl.String},
    )
