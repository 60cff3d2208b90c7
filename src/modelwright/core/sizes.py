"""Sizes of files as people write them."""

from __future__ import annotations

import re

from modelwright.core.errors import OptionError

__all__ = ["parse_size", "written_size"]

_UNITS = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip


def parse_size(text: str | float, name: str = "size") -> int:
    """Read a size such as ``"10MB"``, ``"500 kB"``, ``"1.5MiB"``, or bytes.

    Parameters
    ----------
    text : str or float
        The size; a bare number means bytes.
    name : str
        What the user calls it, for the error.

    Returns
    -------
    int
        Bytes, at least 1.

    Raises
    ------
    OptionError
        When the text is no size, or the size is below one byte.

    Examples
    --------
    >>> parse_size("10MB"), parse_size("1.5 KiB")
    (10000000, 1536)
    """
    found = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)\s*([a-z]{0,3})", str(text).strip().lower())
    size = 0.0 if found is None else float(found[1]) * _UNITS.get(found[2], 0)
    if size < 1:
        raise OptionError(f"a size for {name}", repr(str(text)), "write it like 500kB or 10MB")
    return int(size)


def written_size(size: float) -> str:
    """Write a number of bytes for people.

    Examples
    --------
    >>> written_size(123), written_size(45_600), written_size(12_345_678)
    ('123 B', '46 kB', '12.3 MB')
    """
    if size < 1_000:
        return f"{size:.0f} B"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"
