"""How a note tells what to write where a type was read wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["say_so"]


def say_so(types: Mapping[str, object]) -> str:
    """Give the words for the command line and for Python, each to be followed to the letter.

    Examples
    --------
    >>> print(say_so({"days": {"missing": ["999"]}}))
    say so: --types types.json, a file that holds {"days": {"missing": ["999"]}}, or \
Settings(types={"days": {"missing": ["999"]}})
    """
    said = json.dumps(types, ensure_ascii=False)
    return f"say so: --types types.json, a file that holds {said}, or Settings(types={said})"
