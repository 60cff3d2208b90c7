"""Reading a `State` that a stranger may have written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError
from modelwright.core.protocols import State

__all__ = ["array", "flag", "integer", "number", "unsound"]

_CURE = "the model file is altered or broken: save the model again"


def unsound(expected: str, got: str) -> ModelFileError:
    """Make the error for a state that cannot be right.

    Examples
    --------
    >>> print(unsound("two classes", "one"))
    expected two classes; got one; the model file is altered or broken: save the model again
    """
    return ModelFileError(expected, got, _CURE)


def array(state: State, name: str, dtype: type[np.generic], ndim: int) -> NDArray[Any]:
    """Take an array of a state, of exactly this type and number of dimensions.

    Parameters
    ----------
    state : State
        What a file held.
    name : str
        The array's name.
    dtype : numpy scalar type
        Such as ``np.float32``.
    ndim : int
        How many dimensions it has.

    Returns
    -------
    ndarray
        Without NaN or infinity when it is of floats.

    Raises
    ------
    ModelFileError
        When it is absent or another.

    Examples
    --------
    >>> array(State(arrays={"a": np.ones(2, np.float32)}), "a", np.float32, 1)
    array([1., 1.], dtype=float32)
    """
    found = state.arrays.get(name)
    wanted = f"an array {name!r} of {np.dtype(dtype).name} with {ndim} dimensions"
    if found is None:
        raise unsound(wanted, "none")
    if found.dtype != np.dtype(dtype) or found.ndim != ndim:
        raise unsound(wanted, f"{found.dtype} with {found.ndim}")
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise unsound(f"finite values in the array {name!r}", "NaN or infinity")
    return found


def integer(state: State, name: str, least: int, most: int = 2**31 - 1) -> int:
    """Take a whole number of a state's config, within bounds.

    Raises
    ------
    ModelFileError
        When it is absent, no whole number, or out of bounds.

    Examples
    --------
    >>> integer(State({"units": 3}), "units", 0)
    3
    """
    value = state.config.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise unsound(f"a whole number {name!r} from {least} to {most}", repr(value)[:40])
    return value


def number(state: State, name: str) -> float:
    """Take a finite number of a state's config.

    Raises
    ------
    ModelFileError
        When it is absent or no finite number.

    Examples
    --------
    >>> number(State({"scale": 2}), "scale")
    2.0
    """
    value = state.config.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise unsound(f"a finite number {name!r}", repr(value)[:40])
    return float(value)


def flag(state: State, name: str) -> bool:
    """Take a truth value of a config.

    Raises
    ------
    ModelFileError
        When it is absent or another thing.

    Examples
    --------
    >>> flag(State({"short": True}), "short")
    True
    """
    value = state.config.get(name)
    if not isinstance(value, bool):
        raise unsound(f"{name!r} to be true or false", repr(value)[:40])
    return value
