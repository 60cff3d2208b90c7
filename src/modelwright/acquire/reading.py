"""One door for data of any origin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from modelwright.acquire.databases.sql import read_database
from modelwright.acquire.files import NO_TEXT, read_file
from modelwright.acquire.frames import read_frame
from modelwright.acquire.homes import expanded
from modelwright.acquire.images.listing import IMAGE, holds_images, holds_nothing, read_images
from modelwright.acquire.raw import Drawn, Raw, Reading
from modelwright.acquire.standard_input import is_pipe
from modelwright.core.addresses import is_database
from modelwright.core.errors import OptionError

__all__ = ["read_raw"]


def read_raw(data: object, reading: Reading | None = None) -> Raw:
    """Read a file, a query or a table in memory, values untouched.

    Parameters
    ----------
    data : str, Path, frame, ndarray of shape (n_rows, n_columns) or mapping of columns
        A path to delimited text, JSON, JSON lines, Parquet, Arrow or Excel, each also compressed;
        ``-`` for standard input; a folder or zip of images in class folders; a database as
        ``sqlite:///file.db#query``; or a pandas, Polars, Arrow or NumPy table. It is never changed.
    reading : Reading, optional
        What is known of it; None: nothing.

    Returns
    -------
    Raw
        Cells of delimited text are strings as they stand, null where empty; in a large file,
        columns that are plainly numbers are numbers. Typed sources keep their dtypes. Names are
        unique. Rows of the source = rows of the frame + rows set aside.

    Raises
    ------
    DataError
        When there is no such file, or it is no table with rows (see `Reading.may_be_empty`).
    OptionError
        When an encoding is given for what is no text file.

    Examples
    --------
    >>> read_raw({"a": [1, 2]}).frame.columns
    ['a']
    >>> read_raw("no such folder/a.csv")
    Traceback (most recent call last):
    modelwright.core.errors.DataError: expected a file 'a.csv'; got no folder 'no such folder'
    """
    chosen = reading or Reading()
    in_base = isinstance(data, str) and is_database(data)
    if isinstance(data, str | Path) and not in_base:
        if holds_images(data) or (_is_of_images(chosen) and holds_nothing(data)):
            return read_images(data, may_be_empty=chosen.may_be_empty)
        raw = read_file(str(data), chosen)
        return replace(raw, folder=_folder(str(data)), drawn=_drawn(raw, str(data)))
    if chosen.encoding is not None:
        got = "a database" if in_base else f"a {type(data).__name__} in memory"
        raise OptionError("a text file beside --encoding", got, NO_TEXT)
    if isinstance(data, str) and in_base:
        return read_database(data, chosen)
    return Raw(read_frame(data, may_be_empty=chosen.may_be_empty))


def _is_of_images(reading: Reading) -> bool:
    """Tell whether a source may have no row, where a row is an image."""
    return reading.may_be_empty and IMAGE in reading.known


def _drawn(raw: Raw, path: str) -> Drawn | None:
    """Say how the rest of the file can be read as the sample was."""
    if raw.drawn is None or is_pipe(path):
        return raw.drawn
    texts = frozenset(name for name, kind in raw.frame.schema.items() if kind == pl.String)
    return Drawn(raw.drawn.rows, str(expanded(path).absolute()), texts)


def _folder(path: str) -> Path | None:
    """Say where a file is, or the zip or the book that it is in."""
    if is_pipe(path):
        return None
    return next((place for place in expanded(path).parents if place.is_dir()), None)
