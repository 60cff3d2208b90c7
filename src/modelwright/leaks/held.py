"""What an estimator holds besides its settings, and the same estimator holding other things.

An evaluation set, a table of means or a fitted step may lie in a parameter, in what a function
closes over, in a global name that a method reads. All of these are looked through; nothing is
changed where it lies: with other values, the parts around them are built anew.
"""

from __future__ import annotations

import copy
import functools
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Held", "held", "with_other"]

_DEEPEST = 10
_MOST = 20_000
_PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic, np.dtype)


@dataclass(frozen=True)
class Held:
    """One thing that an estimator holds.

    Parameters
    ----------
    path : str
        Where it lies.
    owner : str
        The class or function that holds it.
    value : object
        The thing.
    """

    path: str
    owner: str
    value: Any


def held(estimator: Any) -> list[Held]:
    """List the arrays, frames, lists of values and fitted objects that an estimator holds.

    Parameters
    ----------
    estimator : object
        Not changed.

    Returns
    -------
    list of Held
        Each object once.

    Examples
    --------
    >>> class Stops:
    ...     def __init__(self, answers):
    ...         self.answers = answers
    >>> [(one.path, one.owner) for one in held(Stops(np.zeros(30)))]
    [('answers', 'Stops')]
    """
    found: list[Held] = []
    seen: set[int] = set()
    stack: list[tuple[str, str, Any, int]] = [("", type(estimator).__name__, estimator, 0)]
    while stack and len(seen) < _MOST:
        path, owner, value, depth = stack.pop()
        if isinstance(value, _PLAIN) or id(value) in seen or depth > _DEEPEST:
            continue
        seen.add(id(value))
        if path and _is_data(value):
            found.append(Held(path, owner, value))
            continue
        if (path and depth and hasattr(value, "__dict__") and not callable(value)) or (
            path and hasattr(value, "fit")
        ):
            found.append(Held(path, owner, value))
        name = _owner(value) or owner
        for label, part in _parts(value):
            joined = f"{path}.{label}" if path else label
            stack.append((joined, name, part, depth + 1))
    return found


def _is_data(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) >= 20 and all(isinstance(v, _PLAIN) for v in value[:50])
    if isinstance(value, types.ModuleType | type) or callable(value):
        return False
    shape = getattr(value, "shape", None)
    return isinstance(shape, tuple) and len(shape) in (1, 2)


def _owner(value: Any) -> str:
    if isinstance(value, list | tuple | dict | set):
        return ""
    return str(getattr(value, "__qualname__", type(value).__name__)).split(".")[-1]


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """List what a thing is made of."""
    if isinstance(value, Mapping):
        yield from ((repr(key), part) for key, part in list(value.items())[:_MOST])
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((str(i), part) for i, part in enumerate(list(value)[:1_000]))
    elif isinstance(value, functools.partial):
        yield "func", value.func
        yield from ((f"args[{i}]", part) for i, part in enumerate(value.args))
        yield from value.keywords.items()
    elif isinstance(value, types.MethodType):
        yield "__self__", value.__self__
        yield "__func__", value.__func__
    elif isinstance(value, types.FunctionType):
        yield from _of_function(value)
    elif isinstance(value, types.ModuleType | type | types.BuiltinFunctionType):
        return
    else:
        yield from list(getattr(value, "__dict__", {}).items())
        if not _from_library(type(value).__module__):
            for name, part in _of_class(type(value)).items():
                yield f"{type(value).__name__}.{name}", part


def _of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    if _from_library(function.__module__):
        return
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not filled yet
            continue
    for i, part in enumerate(function.__defaults__ or ()):
        yield f"default {i}", part
    yield from (function.__kwdefaults__ or {}).items()
    for name in _names(function.__code__):
        if name in function.__globals__:
            part = function.__globals__[name]
            if not isinstance(part, types.ModuleType | type):
                yield name, part


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _of_class(kind: type) -> dict[str, Any]:
    """List functions and data of a class of the user's, those of its bases too."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if not _from_library(base.__module__):
            for name, part in vars(base).items():
                part = part.__func__ if isinstance(part, classmethod | staticmethod) else part
                part = part.fget if isinstance(part, property) else part
                if isinstance(part, types.FunctionType) or _is_data(part):
                    found[name] = part
    return found


@functools.cache
def _from_library(module: str | None) -> bool:
    """Tell installed code, which holds no data of the user's, from the user's own."""
    if not module or module in ("__main__", "builtins"):
        return module == "builtins"
    top = module.split(".")[0]
    if top in sys.stdlib_module_names or top == "modelwright":
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return False
    places = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")]
    return any(place in Path(file).resolve().parents for place in places)


def with_other(estimator: Any, others: Mapping[int, Any]) -> Any:
    """Build an estimator that holds other things in the places of some.

    Parameters
    ----------
    estimator : object
        Not changed, nor anything that it holds.
    others : mapping of int to object
        By the `id` of what is replaced.

    Returns
    -------
    object
        The same object where nothing in it is replaced.

    Examples
    --------
    >>> kept = np.zeros(2)
    >>> def tell():
    ...     return kept
    >>> with_other(tell, {id(kept): np.ones(2)})()
    array([1., 1.])
    """
    return _Rebuilt(others).of(estimator, 0)


class _Rebuilt:
    """Builds things anew where something inside them is replaced."""

    def __init__(self, others: Mapping[int, Any]) -> None:
        self._others = others
        self._done: dict[int, Any] = {}

    def of(self, value: Any, depth: int) -> Any:
        """Give the thing, or one like it."""
        if id(value) in self._others:
            return self._others[id(value)]
        if isinstance(value, _PLAIN) or depth > _DEEPEST or _is_data(value):
            return value
        if id(value) not in self._done:
            self._done[id(value)] = value  # what holds itself stays
            self._done[id(value)] = self._anew(value, depth + 1)
        return self._done[id(value)]

    def _anew(self, value: Any, depth: int) -> Any:
        if isinstance(value, list | tuple):
            parts = [self.of(part, depth) for part in value]
            if all(a is b for a, b in zip(parts, value, strict=True)):
                return value
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        if type(value) is dict:
            found = {key: self.of(part, depth) for key, part in value.items()}
            return value if all(found[k] is value[k] for k in value) else found
        if isinstance(value, functools.partial):
            func, args = self.of(value.func, depth), self.of(value.args, depth)
            words = self.of(dict(value.keywords), depth)
            return functools.partial(func, *args, **words)
        if isinstance(value, types.MethodType):
            own, func = self.of(value.__self__, depth), self.of(value.__func__, depth)
            if own is value.__self__ and func is value.__func__:
                return value
            return types.MethodType(func, own)
        if isinstance(value, types.FunctionType):
            return self._function(value, depth)
        if isinstance(value, types.ModuleType | type | types.BuiltinFunctionType):
            return value
        return self._object(value, depth)

    def _function(self, value: types.FunctionType, depth: int) -> Any:
        if _from_library(value.__module__):
            return value
        cells, changed = [], False
        for cell in value.__closure__ or ():
            try:
                inside = cell.cell_contents
            except ValueError:
                cells.append(cell)
                continue
            new = self.of(inside, depth)
            changed |= new is not inside
            cells.append(cell if new is inside else types.CellType(new))
        scope = value.__globals__
        for name in _names(value.__code__):
            if name in scope and not isinstance(scope[name], types.ModuleType | type):
                new = self.of(scope[name], depth)
                if new is not scope[name]:
                    scope, changed = {**scope, name: new}, True
        defaults = self.of(value.__defaults__, depth) if value.__defaults__ else None
        words = self.of(value.__kwdefaults__, depth) if value.__kwdefaults__ else None
        changed |= defaults is not value.__defaults__ or words is not value.__kwdefaults__
        if not changed:
            return value
        made = types.FunctionType(value.__code__, scope, value.__name__, defaults, tuple(cells))
        made.__kwdefaults__ = words
        made.__dict__.update(value.__dict__)
        return made

    def _object(self, value: Any, depth: int) -> Any:
        inside = dict(getattr(value, "__dict__", {}))
        changed = {k: new for k, v in inside.items() if (new := self.of(v, depth)) is not v}
        methods = {}
        if not _from_library(type(value).__module__):
            for name, part in _of_class(type(value)).items():
                new = self.of(part, depth)
                if new is not part:
                    methods[name] = new
        if not changed and not methods:
            return value
        made = copy.copy(value)
        if methods:
            made.__class__ = type(type(value).__name__, (type(value),), methods)
        for name, part in changed.items():
            object.__setattr__(made, name, part)
        return made
