"""Files that are whole or absent: every write goes to a sibling, is flushed, and is renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from modelwright.core.errors import DataError, OptionError, OutputError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "atomic_write",
    "check_suffix",
    "check_writable",
    "digest",
    "output_error",
    "read_json",
    "replacing",
    "write_frame",
    "write_json",
]

_FRAME_SUFFIXES = (".csv", ".tsv", ".parquet", ".arrow", ".jsonl")

_CURES = {
    errno.ENOSPC: "free some space, or choose another disk",
    errno.EDQUOT: "free some space, or choose another disk",
    errno.EFBIG: "choose a disk that takes files of this size, or raise the limit (ulimit -f)",
    errno.EROFS: "choose a folder that can be written to",
    errno.EACCES: "choose a folder that can be written to",
    errno.EPERM: "choose a folder that can be written to",
    errno.ENOENT: "create the folder first",
    errno.ENOTDIR: "create the folder first",
    errno.EISDIR: "name a file, not a folder",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def output_error(path: Path, error: OSError) -> OutputError:
    """Say in one line why `path` cannot be written, and what to do."""
    why = (error.strerror or str(error) or type(error).__name__).lower()
    if error.errno == errno.ENOENT:
        why = f"no folder {str(path.parent)!r}"
    cure = _CURES.get(error.errno or 0, "choose another place")
    return OutputError(f"to be able to write {path}", why, cure)


def digest(data: bytes) -> str:
    """Give the SHA-256 of some bytes, as 64 hexadecimal digits.

    Examples
    --------
    >>> digest(b"")[:12]
    'e3b0c44298fc'
    """
    return hashlib.sha256(data).hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` when the block ends well.

    When the block fails, or the disk does, `path` is as it was before and nothing else is left.

    Parameters
    ----------
    path : Path
        A file, new or old. A symbolic link is followed; a device or a pipe is written straight.

    Yields
    ------
    BinaryIO
        Open for writing.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    try:
        if _is_special(path):
            with path.open("wb") as file:
                yield file
            return
        final = Path(os.path.realpath(path))
        if final.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        with _sibling(final) as (part, file):
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            part.replace(final)
        _sync_folder(final.parent)
    except OSError as error:
        raise output_error(path, error) from error


@contextmanager
def _sibling(final: Path) -> Iterator[tuple[Path, BinaryIO]]:
    part = final.with_name(f".{final.name[:100]}.{secrets.token_hex(6)}.part")
    # Not tempfile.mkstemp: its files are private, while a result obeys the user's umask.
    file = part.open("xb")
    try:
        if final.exists():
            with suppress(OSError):
                part.chmod(stat.S_IMODE(final.stat().st_mode))
        yield part, file
    finally:
        with suppress(OSError):
            file.close()
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _sync_folder(folder: Path) -> None:
    # A rename survives a power cut only when the folder is flushed too; not every system can.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def atomic_write(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there.

    Parameters
    ----------
    path : Path
        Where; its folder exists.
    data : bytes
        What.

    Raises
    ------
    OutputError
        When the disk is full, the folder is missing or read-only, and the like. The file is then
        as it was before.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     atomic_write(Path(folder) / "a.txt", b"hello")
    ...     [file.name for file in Path(folder).iterdir()]
    ['a.txt']
    """
    with replacing(path) as file:
        file.write(data)


def write_json(path: Path, value: Any) -> None:
    """Write plain JSON, readable by people too.

    Parameters
    ----------
    path : Path
        Where; its folder exists.
    value : Any
        Plain JSON; a NaN is written as ``NaN``.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
    # A lone surrogate has no UTF-8; as a backslash escape it is JSON again.
    atomic_write(path, text.encode("utf-8", "backslashreplace"))


def read_json(path: Path) -> Any:
    """Read plain JSON.

    Parameters
    ----------
    path : Path
        A file of JSON.

    Returns
    -------
    Any

    Raises
    ------
    DataError
        When there is no such file, or it holds no JSON.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(Path(folder) / "a.json", {"price": [1, 2]})
    ...     read_json(Path(folder) / "a.json")
    {'price': [1, 2]}
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DataError(f"to read {path}", why.lower(), "check the path") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"JSON in {path}", str(error), "write the file anew") from error


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame in the format that the suffix of `path` names.

    Parameters
    ----------
    frame : polars.DataFrame
        Any columns that the format can hold.
    path : Path
        Ends in ``.csv``, ``.tsv``, ``.parquet``, ``.arrow`` or ``.jsonl``.

    Raises
    ------
    OptionError
        When the suffix is another.
    OutputError
        When the file cannot be written.
    """
    suffix = check_suffix(path)
    with replacing(path) as file:
        try:
            _write_frame(frame, file, suffix)
        except Exception as error:
            # Polars wraps what the system says; only the number in the text survives.
            match = re.search(r"\(os error (\d+)\)", str(error))
            if match is None:
                raise
            raise OSError(int(match[1]), os.strerror(int(match[1]))) from error


def check_suffix(path: Path) -> str:
    """Give the suffix of a table file.

    Raises
    ------
    OptionError
        When it names no format that `write_frame` writes.
    """
    suffix = path.suffix.lower()
    if suffix not in _FRAME_SUFFIXES:
        raise OptionError(
            "the name of a table file",
            repr(path.name),
            did_you_mean(suffix or path.name, _FRAME_SUFFIXES),
        )
    return suffix


def _write_frame(frame: pl.DataFrame, file: BinaryIO, suffix: str) -> None:
    if suffix not in (".parquet", ".arrow"):
        frame = frame.with_columns(_short(column) for column in frame)
    if suffix in (".csv", ".tsv"):
        frame = frame.with_columns(_flat(column) for column in frame)
    if suffix == ".csv":
        frame.write_csv(file)
    elif suffix == ".tsv":
        frame.write_csv(file, separator="\t")
    elif suffix == ".parquet":
        frame.write_parquet(file)
    elif suffix == ".arrow":
        frame.write_ipc(file)
    else:
        frame.write_ndjson(file)


def _flat(column: pl.Series) -> pl.Series:
    """Write a list as JSON, where a cell holds nothing but text."""
    import polars as pl

    if not isinstance(column.dtype, pl.List):
        return column
    lists = [
        None if one is None else json.dumps(one, ensure_ascii=False) for one in column.to_list()
    ]
    return pl.Series(column.name, lists, pl.String)


def _short(column: pl.Series) -> pl.Series:
    """Write 0.1, not 0.10000000149011612, where single precision says the same number."""
    import polars as pl

    if column.dtype != pl.Float64:
        return column
    single = column.cast(pl.Float32)
    return single if single.cast(pl.Float64).equals(column, null_equal=True) else column


def check_writable(path: Path, *inputs: object) -> None:
    """Make sure, before long work, that its result can be written at the end.

    Parameters
    ----------
    path : Path
        The file to be written later.
    *inputs : object
        What it is made from; anything but a path is passed over.

    Raises
    ------
    OptionError
        When `path` is one of the inputs, which it would take the place of.
    OutputError
        When the folder of `path` does not exist or cannot be written to, or `path` is a folder.
    """
    if _is_special(path):
        return
    for source in inputs:
        if isinstance(source, str | Path) and _same_file(path, Path(source)):
            raise OptionError(
                "an output file of its own", f"the input {str(source)!r}", "choose another --out"
            )
    try:
        final = Path(os.path.realpath(path))
        if final.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder")
        # Asking os.access is not enough: it knows no full disk, and says yes to root.
        with _sibling(final) as (_, file):
            file.write(b"?")
    except OSError as error:
        raise output_error(path, error) from error


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there, or neither yet
        return os.path.realpath(one) == os.path.realpath(other)
