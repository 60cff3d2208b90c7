"""Text that a terminal shows as it is, whatever the data holds."""

from __future__ import annotations

import re

__all__ = ["printable"]

# What would move the cursor, change colours or the direction of writing.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Replace what would move the cursor, change colours or the direction of writing by U+FFFD.

    Examples
    --------
    >>> printable("a\x1b[31mb") == "a\ufffd[31mb"
    True
    """
    return _UNFIT.sub("\ufffd", text)
