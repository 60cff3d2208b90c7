"""Imports that wait for their first use, so that ``import modelwright`` stays light."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from modelwright.core.errors import MissingExtraError

__all__ = ["Deferred"]


class Deferred:
    """A module that is imported when an attribute of it is first asked for.

    Parameters
    ----------
    name : str
        The module, such as ``"lightgbm"``.
    extra : str, optional
        The extra of modelwright that brings it, named in the error when it is missing.

    Raises
    ------
    MissingExtraError
        On first use, when the module is not installed.

    Examples
    --------
    >>> json = Deferred("json")
    >>> json.dumps([1])
    '[1]'
    """

    def __init__(self, name: str, extra: str | None = None) -> None:
        self._name = name
        self._extra = extra
        self._module: ModuleType | None = None

    def load(self) -> ModuleType:
        """Import the module now, and return it."""
        if self._module is None:
            try:
                self._module = importlib.import_module(self._name)
            except ModuleNotFoundError as error:
                package = f"modelwright[{self._extra}]" if self._extra else self._name
                raise MissingExtraError(
                    f"the package {self._name!r} to be installed",
                    f"no module named {error.name!r}",
                    f"run: pip install '{package}'",
                ) from error
        return self._module

    def __getattr__(self, attribute: str) -> Any:
        if attribute == "__wrapped__":  # doctest and inspect only look: no import for that
            raise AttributeError(attribute)
        return getattr(self.load(), attribute)
