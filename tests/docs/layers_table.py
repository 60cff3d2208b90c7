"""The table of the page on layers, made of their docstrings: what names a source.

``python tests/docs/layers_table.py`` prints it, to be put into ``docs/guide/layers.md``.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

PACKAGES = ("modelwright.nets.layers", "modelwright.nets.classic")
ROOT = "modelwright.nets."
# "Wu and He 2018", "Ba, Kiros and Hinton 2016", "Cho et al. 2014"
_NAME = r"[A-ZÀ-Þ][\w'-]+"
SOURCE = re.compile(rf"{_NAME}(?:(?:, | and |,? & ){_NAME})*(?: et al\.)?,? (?:18|19|20)\d\d")


def layers() -> Iterator[tuple[str, str, Any]]:
    """List module, name and object of every public class and function."""
    for package in PACKAGES:
        parent = importlib.import_module(package)
        for found in pkgutil.walk_packages(parent.__path__, f"{package}."):
            module = importlib.import_module(found.name)
            if hasattr(module, "__path__"):
                continue
            for name in module.__all__:
                value = getattr(module, name)
                if inspect.isclass(value) or inspect.isfunction(value):
                    yield found.name, name, value


def sources(value: Any, module: ModuleType) -> list[str]:
    """Find who is named with a year: in the docstring, else in that of the module."""
    for text in (value.__doc__, module.__doc__):
        found = SOURCE.findall(" ".join((text or "").split()))
        if found:
            return list(dict.fromkeys(found))
    return []


def table() -> str:
    """Write the table."""
    lines = ["| layer | what it is | source | file |", "|---|---|---|---|"]
    for module, name, value in layers():
        if not sources(value, importlib.import_module(module)):
            continue  # a helper
        first = (value.__doc__ or "").strip().splitlines()[0].replace("``", "`")
        told = "; ".join(sources(value, importlib.import_module(module)))
        path = module.removeprefix(ROOT).replace(".", "/")
        lines.append(f"| `{name}` | {first} | {told} | `{path}.py` |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
