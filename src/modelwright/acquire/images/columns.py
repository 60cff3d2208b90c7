"""Columns of a table that name images: told by endings, and by files that are there."""

from __future__ import annotations

import polars as pl

from modelwright.acquire.images.listing import ENDINGS
from modelwright.acquire.meaning.guess import Guess
from modelwright.acquire.meaning.words import clean
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.schema import Kind

__all__ = ["judge_pictures", "tell_absent"]

# Values whose endings are looked at, and files that are looked for.
_GLANCED, _LOOKED = 1_000, 50
# The share that has such an ending, and the share of those that are there.
_NAMED, _THERE = 0.9, 0.5
_ENDING = "(?i)(?:" + "|".join(ending.replace(".", r"\.") for ending in sorted(ENDINGS)) + ")$"


def judge_pictures(values: pl.Series, folder: PictureFolder | None) -> Guess | None:
    """Say whether a column names images of a folder.

    Parameters
    ----------
    values : polars.Series of String
        The column, or a sample of it.
    folder : PictureFolder, optional
        Where they should be; None: nowhere.

    Returns
    -------
    Guess, optional
        None when most of the files that are looked for are not there.

    Examples
    --------
    >>> judge_pictures(pl.Series("photo", ["a.png", "b.png"]), None) is None
    True
    """
    names = [] if folder is None else _names(values)
    if folder is None or not names:
        return None
    count = _there(names, folder)
    if count < _THERE * len(names):
        return None
    return Guess(
        Kind.IMAGE,
        f"names of images: {count} of the {len(names)} looked for are in {folder.path.name!r}",
    )


def tell_absent(values: pl.Series, folder: PictureFolder | None) -> str:
    """Say that a column looks like names of images that nobody finds; empty when it does not.

    Parameters
    ----------
    values : polars.Series
        A column that was taken for something else.
    folder : PictureFolder, optional
        Where images were looked for.

    Examples
    --------
    >>> tell_absent(pl.Series("photo", ["a.png", "b.png"]), None)
    "'photo' looks like names of images: name their folder with --images to learn from them."
    >>> tell_absent(pl.Series("town", ["Rome"]), None)
    ''
    """
    names = _names(values) if values.dtype == pl.String else []
    if not names:
        return ""
    told = f"{values.name!r} looks like names of images"
    if folder is None:
        return f"{told}: name their folder with --images to learn from them."
    count = _there(names, folder)
    where = repr(str(folder.path))
    return (
        f"{told}, but {count or 'none'} of the {len(names)} looked for "
        f"{'is' if count < 2 else 'are'} in {where}: name their folder with --images."
    )


def _names(values: pl.Series) -> list[str]:
    """Give a few of the values, evenly over all, when nearly all end as images do."""
    few = values.gather_every(max(len(values) // _GLANCED, 1))
    some = clean(few, Kind.IMAGE).drop_nulls().unique(maintain_order=True)
    if some.is_empty() or float(some.str.contains(_ENDING).mean() or 0) < _NAMED:  # type: ignore[arg-type]
        return []
    found = some.filter(some.str.contains(_ENDING))
    return found.gather_every(-(-len(found) // _LOOKED)).to_list()


def _there(names: list[str], folder: PictureFolder) -> int:
    return sum(map(folder.holds, names))
