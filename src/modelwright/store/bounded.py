"""Files that people bring: read whole, up to a size, or refused in one line."""

from __future__ import annotations

from pathlib import Path

from modelwright.core.errors import DataError

__all__ = ["read_bounded"]


def read_bounded(file: Path, what: str, most: int, cure: str) -> bytes:
    """Read a file of at most so many bytes.

    Parameters
    ----------
    file : pathlib.Path
        It is not read beyond the bound, whatever its size is said to be.
    what : str
        What it should be, for the error, such as ``"a recipe"``.
    most : int
        Bytes; whole mebibytes.
    cure : str
        For the error.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        When it cannot be opened, or is larger.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "rules.toml"
    ...     _ = file.write_bytes(b"[columns]")
    ...     read_bounded(file, "a file of rules", 2**20, "")
    b'[columns]'
    """
    try:
        with file.open("rb") as opened:
            found = opened.read(most + 1)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise DataError(what, f"{str(file)!r}: {why}", cure) from None
    if len(found) > most:
        got = f"{file.name}, which is larger"
        raise DataError(f"{what} of at most {most // 2**20} MiB", got, cure)
    return found
