"""An estimator that is not fitted yet, as plain JSON: its class by name, and its parameters.

That is all that another process needs to fit it anew. Nothing is pickled: a class is found again
by the module that it comes from, and its parameters are numbers, words, lists of them, arrays, and
further estimators. What cannot be said so, such as a class of a notebook or a function without a
name, stays in this process.
"""

from __future__ import annotations

import copy
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.core.errors import OptionError
from modelwright.core.seed import Seed

__all__ = ["anew", "build", "described", "reach", "search_path", "with_parameters"]

# Larger arrays among the parameters, such as a kernel matrix, are not written out as text.
_LARGEST = 10_000
_DEEPEST = 20


def described(value: object, depth: int = 0) -> dict[str, Any] | None:
    """Describe an estimator, or one of its parameters.

    Parameters
    ----------
    value : object
        An estimator with ``get_params``, as scikit-learn's have, or a plain value.
    depth : int
        How deep it lies inside another one.

    Returns
    -------
    dict or None
        Plain JSON; None when it cannot be described.

    Examples
    --------
    >>> described((1, "a"))
    {'tuple': [{'value': 1}, {'value': 'a'}]}
    >>> described(lambda x: x) is None
    True
    """
    if depth > _DEEPEST:
        return None
    if value is None or type(value) in (bool, int, float, str):
        return {"value": value}
    if isinstance(value, np.ndarray | np.generic):
        return _array(value)
    if type(value) in (list, tuple):
        return _sequence(value, depth)  # type: ignore[arg-type]
    if type(value) is dict:
        return _mapping(value, depth)
    if isinstance(value, type) or (callable(value) and not hasattr(value, "get_params")):
        name = _name(value)
        return None if name is None else {"name": name}
    return _estimator(value, depth)


def _array(value: np.ndarray[Any, Any] | np.generic) -> dict[str, Any] | None:
    if value.dtype.kind not in "biufU" or value.size > _LARGEST:
        return None
    key = "array" if isinstance(value, np.ndarray) else "scalar"
    return {key: value.tolist(), "type": value.dtype.str}


def _sequence(value: Sequence[object], depth: int) -> dict[str, Any] | None:
    parts = [described(part, depth + 1) for part in value]
    return None if None in parts else {type(value).__name__: parts}


def _mapping(value: Mapping[Any, object], depth: int) -> dict[str, Any] | None:
    pairs = [(described(k, depth + 1), described(v, depth + 1)) for k, v in value.items()]
    if any(None in pair for pair in pairs):
        return None
    return {"dict": [list(pair) for pair in pairs]}


def _estimator(value: object, depth: int) -> dict[str, Any] | None:
    name = _name(type(value))
    if name is None or not hasattr(value, "get_params"):
        return None
    parameters = {k: described(v, depth + 1) for k, v in value.get_params(deep=False).items()}
    return None if None in parameters.values() else {"class": name, "parameters": parameters}


def _name(thing: object) -> str | None:
    """Give ``module:name`` where the very thing is found again by it, in another process too."""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    found: object = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is thing else None


def build(description: Mapping[str, Any]) -> Any:
    """Make what was described.

    It imports modules by name: only for descriptions that `described` made on this machine, which
    come through a worker's own pipe, never for what stands in a file.

    Parameters
    ----------
    description : mapping
        What `described` gave.

    Returns
    -------
    object
        An estimator that is not fitted, or a plain value.
    """
    if "value" in description:
        return description["value"]
    if "array" in description:
        return np.array(description["array"], dtype=description["type"])
    if "scalar" in description:
        return np.array(description["scalar"], dtype=description["type"])[()]
    if "list" in description:
        return [build(part) for part in description["list"]]
    if "tuple" in description:
        return tuple(build(part) for part in description["tuple"])
    if "dict" in description:
        return {build(key): build(value) for key, value in description["dict"]}
    if "name" in description:
        return _found(description["name"])
    parameters = {key: build(value) for key, value in description["parameters"].items()}
    return _found(description["class"])(**parameters)


def _found(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def search_path() -> list[str]:
    """Give the folders in which this process looks for modules."""
    return [os.path.abspath(folder) for folder in sys.path]


def reach(folders: Sequence[str]) -> None:
    """Look for modules in these folders too, after all others."""
    sys.path.extend(folder for folder in folders if folder not in sys.path)


def anew(estimator: Any, seed: int | None = None) -> Any:
    """Give a copy of an estimator that is not fitted.

    Parameters
    ----------
    estimator : object
        With ``get_params``; any other one is copied as it is.
    seed : int, optional
        Where a ``random_state`` is None, at any depth, the copy gets one that comes of this.

    Returns
    -------
    object

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> anew(DecisionTreeRegressor(max_depth=3), seed=1).random_state is None
    False
    """
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        return copy.deepcopy(estimator)
    parameters = {k: _inside(v) for k, v in estimator.get_params(deep=False).items()}
    fresh = type(estimator)(**parameters)
    if seed is None:
        return fresh
    open_ = [k for k, v in sorted(fresh.get_params(deep=True).items()) if v is None]
    names = [k for k in open_ if k.rpartition("__")[2] == "random_state"]
    if names:
        fresh.set_params(**{k: Seed(seed).derive(k) for k in names})
    return fresh


def _inside(value: object) -> Any:
    if type(value) in (list, tuple):
        parts: Any = [_inside(part) for part in value]  # type: ignore[attr-defined]
        return parts if isinstance(value, list) else tuple(parts)
    if hasattr(value, "get_params") and not isinstance(value, type):
        return anew(value)
    return copy.deepcopy(value)  # a generator of random numbers, say, is nobody else's


def with_parameters(estimator: Any, parameters: Mapping[str, object]) -> Any:
    """Give a copy that is not fitted and has other parameters.

    Raises
    ------
    OptionError
        When there is no such parameter.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> with_parameters(DecisionTreeRegressor(), {"max_depth": 3}).max_depth
    3
    """
    fresh = anew(estimator)
    if hasattr(fresh, "with_config"):
        return fresh.with_config(parameters)
    known = fresh.get_params(deep=True) if hasattr(fresh, "get_params") else {}
    for name in parameters:
        if name not in known:
            listed = ", ".join(sorted(known)[:30]) or "none: it has no get_params"
            raise OptionError(
                f"a parameter of {type(fresh).__name__}", repr(name), f"choose one of: {listed}"
            )
    return fresh.set_params(**parameters)
