"""One door for data of any origin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from modelwright.acquire.files import NO_TEXT, read_file
from modelwright.acquire.frames import read_frame
from modelwright.acquire.homes import expanded
from modelwright.acquire.images import holds_images, read_images
from modelwright.acquire.raw import Raw, Reading
from modelwright.acquire.sql import read_database
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
        When there is no such file, or it is no table with rows.
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
        if holds_images(data):
            return read_images(data)
        return replace(read_file(str(data), chosen), folder=_folder(str(data)))
    if chosen.encoding is not None:
        got = "a database" if in_base else f"a {type(data).__name__} in memory"
        raise OptionError("a text file beside --encoding", got, NO_TEXT)
    if isinstance(data, str) and in_base:
        return read_database(data, chosen)
    return Raw(read_frame(data))


def _folder(path: str) -> Path | None:
    """Say where a file is, or the zip or the book that it is in."""
    if is_pipe(path):
        return None
    return next((place for place in expanded(path).parents if place.is_dir()), None)
