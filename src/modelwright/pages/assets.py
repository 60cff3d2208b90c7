"""Style sheets and scripts, read from the package."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["asset"]


@cache
def asset(name: str) -> str:
    """Read a file that lies beside this module.

    Examples
    --------
    >>> ".modelwright" in asset("colours.css")
    True
    """
    return files("modelwright.pages").joinpath(name).read_text(encoding="utf-8")
