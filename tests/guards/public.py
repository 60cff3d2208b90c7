"""The rules on public names, as functions over a package folder."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from guards.checkers import PACKAGE, Function, Source, sources

TOP_NAMES = 40
ROOM_NAMES = 15


def check_public(package: Path) -> list[str]:
    """Find packages and modules whose `__all__` is absent, unsorted, too long or untrue."""
    found = []
    for source in sources(package):
        found += [source.at(1, text) for text in _names(source)]
        found += _undocumented(source)
    return found


def exported(source: Source) -> list[str] | None:
    """Read `__all__`; None when there is none."""
    for node in source.tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id == "__all__" and value is not None:
            return [str(name) for name in ast.literal_eval(value)]
    return None


def in_order(names: list[str]) -> list[str]:
    """Sort as ruff does: CONSTANTS, Classes, functions."""
    return sorted(names, key=lambda name: (_rank(name), _natural(name)))


def _rank(name: str) -> int:
    if name.isupper() and len(name) > 1:
        return 0
    return 1 if name[0].isupper() else 2


def _natural(name: str) -> list[tuple[int, str | int]]:
    return [(0, int(bit)) if bit.isdigit() else (1, bit) for bit in re.split(r"(\d+)", name) if bit]


def _names(source: Source) -> list[str]:
    package = source.parts[-1] == "__init__"
    names = exported(source)
    visible = _bound(source, package)
    if names is None:
        return [f"no __all__, but it shows {', '.join(sorted(visible))}"] if visible else []
    found = []
    if names != in_order(names):
        found.append(f"__all__ is not sorted: {', '.join(in_order(names))}")
    cap = TOP_NAMES if source.parts == ("__init__",) else ROOM_NAMES
    if package and len(names) > cap:
        found.append(f"__all__ has {len(names)} names, cap {cap}")
    hidden = visible - set(names) - {"__version__"}
    if hidden:
        found.append(f"visible but not in __all__: {', '.join(sorted(hidden))}")
    lazy = any(
        isinstance(node, Function) and node.name == "__getattr__" for node in source.tree.body
    )
    absent = set(names) - visible - {"__version__"}
    if absent and not lazy:
        found.append(f"in __all__ but not there: {', '.join(sorted(absent))}")
    return found


def _bound(source: Source, package: bool) -> set[str]:
    """Public names that the module makes; in a package also what it imports from ours."""
    names: set[str] = set()
    for node in _statements(source.tree.body):
        if isinstance(node, Function | ast.ClassDef):
            names.add(node.name)
        elif package and isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] == PACKAGE:
                names.update(alias.asname or alias.name for alias in node.names)
        elif package and isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    if not package:  # constants of a module are public when it says so
        names.update(set(exported(source) or []) & _assigned(source))
    return {name for name in names if not name.startswith("_")}


def _assigned(source: Source) -> set[str]:
    names: set[str] = set()
    for node in _statements(source.tree.body):
        if isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    """Look into ``if TYPE_CHECKING:`` as well: a lazy face shows its names there."""
    flat = []
    for node in body:
        flat += _statements(node.body) if isinstance(node, ast.If) else [node]
    return flat


def _undocumented(source: Source) -> list[str]:
    return [
        source.at(node.lineno, f"{node.name} has no docstring")
        for node in source.tree.body
        if isinstance(node, Function | ast.ClassDef)
        if not (node.name.startswith("_") or ast.get_docstring(node) or _is_form(node))
    ]


def _is_form(node: Function | ast.ClassDef) -> bool:
    """Whether it is one form of an overloaded function, which is documented once, at its end."""
    return any(ast.unparse(mark).split(".")[-1] == "overload" for mark in node.decorator_list)
