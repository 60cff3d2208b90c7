"""Checks of hyper-parameters, shared by the learners."""

from __future__ import annotations

import math

from modelwright.core.errors import OptionError

__all__ = ["at_least", "between", "share"]


def at_least(name: str, value: float, least: float) -> None:
    """Refuse a hyper-parameter below its least value.

    Parameters
    ----------
    name : str
        The field.
    value, least : float
        What it is, and the least it may be.

    Raises
    ------
    OptionError
        When it is below, or no number.

    Examples
    --------
    >>> at_least("trees", 200, 1)
    """
    if not (math.isfinite(value) and value >= least):
        raise OptionError(f"{name} to be at least {least:g}", f"{value!r}")


def between(name: str, value: float, least: float, most: float) -> None:
    """Refuse a hyper-parameter outside ``(least, most]``.

    Raises
    ------
    OptionError
        When it is outside, or no number.

    Examples
    --------
    >>> between("row_share", 0.8, 0, 1)
    """
    if not least < value <= most:
        raise OptionError(f"{name} to be above {least:g} and at most {most:g}", f"{value!r}")


def share(name: str, value: float) -> None:
    """Refuse a hyper-parameter that is no share of a whole: from 0, below 1.

    Raises
    ------
    OptionError
        When it is another, or no number.

    Examples
    --------
    >>> share("dropout", 0.1)
    """
    if not 0 <= value < 1:
        raise OptionError(f"{name} to be at least 0 and below 1", f"{value!r}")
