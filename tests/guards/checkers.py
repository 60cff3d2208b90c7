"""The rules of the house as functions: each takes a package folder and lists what breaks a rule.

They read the source with `ast` and import nothing, so that a test can show them a bad package in a
temporary folder. A finding is one line: ``path:line: what is wrong``.
"""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PACKAGE = "modelwright"
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Lower lines first. A room imports lower lines and itself; rooms on one line never meet.
LINES: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("store", "engine", "stats", "pages"),
    ("acquire", "explore", "clean", "label", "features", "nets", "evaluate", "explain"),
    ("training",),
    ("models", "agents"),
    ("ensemble", "leaks", "tune", "unsupervised"),
    ("model",),
    ("plan", "readable", "versus", "doubts", "dependence"),
    ("flow",),
    ("report", "serve", "estimators", "framing", "diagnosis"),
    ("cli",),
)
LEVEL = {room: level for level, line in enumerate(LINES) for room in line}
# The public face: it may name everything (lazily: see test_public.py), and nobody imports it.
FACE = ("__init__", "__main__")


@dataclass(frozen=True)
class Import:
    """One imported module, and where."""

    module: str
    line: int


@dataclass(frozen=True)
class Source:
    """One parsed module of a package."""

    path: Path
    parts: tuple[str, ...]
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, as `ast.walk` gives them, in half its time."""
        found: list[ast.AST] = [self.tree]
        for node in found:
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    found += [one for one in value if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST):
                    found.append(value)
        return tuple(found)

    @property
    def name(self) -> str:
        """The dotted name, such as ``modelwright.core.seed``."""
        parts = self.parts[:-1] if self.parts[-1] == "__init__" else self.parts
        return ".".join((PACKAGE, *parts))

    @property
    def room(self) -> str:
        """The first folder, or the module itself when it lies at the top."""
        return self.parts[0]

    def at(self, line: int, text: str) -> str:
        """Write a finding."""
        return f"{'/'.join(self.parts)}.py:{line}: {text}"


def sources(package: Path) -> list[Source]:
    """Parse every module of a package folder."""
    return [
        _source(path, path.relative_to(package).with_suffix("").parts, path.read_text("utf-8"))
        for path in sorted(package.rglob("*.py"))
    ]


@cache
def _source(path: Path, parts: tuple[str, ...], text: str) -> Source:
    """Parse a module once for all the guards."""
    return Source(path, parts, ast.parse(text, str(path)))


@cache
def imports(source: Source, known: frozenset[str]) -> tuple[Import, ...]:
    """List what a module imports, wherever the import stands and however it is written.

    Imports in functions and under TYPE_CHECKING count, as do ``Deferred("x")`` and
    ``import_module("x")`` with a literal. ``from package import name`` is an import of
    ``package.name`` when that is one of the `known` modules.
    """
    return tuple(_imports(source, known))


def _imports(source: Source, known: frozenset[str]) -> Iterator[Import]:
    here = source.name.split(".")
    if source.parts[-1] != "__init__":
        here = here[:-1]
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{module}.{alias.name}"
                yield Import(full if full in known else module, node.lineno)
        elif isinstance(node, ast.Call) and _called(node) in ("Deferred", "import_module"):
            literals = [given for given in node.args[:1] if isinstance(given, ast.Constant)]
            yield from (Import(str(given.value), node.lineno) for given in literals)


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# --- layers -------------------------------------------------------------------------------------


def check_layers(package: Path) -> list[str]:
    """Find imports that go up or sideways, rooms that are not in the plan, and cycles."""
    modules = sources(package)
    known = frozenset(module.name for module in modules)
    found = []
    for source in modules:
        if source.room in FACE:
            continue
        if source.room != "testing" and source.room not in LEVEL:
            found.append(source.at(1, f"room {source.room!r} is not in the plan"))
            continue
        for item in imports(source, known):
            problem = _wrong_direction(source.room, item.module)
            if problem:
                found.append(source.at(item.line, problem))
    return found + _cycles(modules, known)


def _wrong_direction(room: str, module: str) -> str:
    first, *rest = module.split(".")
    if first != PACKAGE:
        return ""
    if not rest:
        return "imports the public face"
    other = rest[0]
    if other == room:
        return ""
    if other not in LEVEL:
        return f"{room} imports {other}"
    if room == "testing":
        return "" if other == "core" else f"testing imports {other}, and may import core only"
    if LEVEL[other] > LEVEL[room]:
        return f"{room} imports {other}, which lies above it"
    if LEVEL[other] == LEVEL[room]:
        return f"{room} imports {other}, which lies beside it"
    return ""


def _cycles(modules: list[Source], known: frozenset[str]) -> list[str]:
    graph = {
        source.name: sorted({item.module for item in imports(source, known)} & known)
        for source in modules
        if source.room not in FACE
    }
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append("cycle: " + " -> ".join([*trail[trail.index(name) :], name]))
            return
        if name in done or name not in graph:
            return
        for other in graph[name]:
            visit(other, [*trail, name])
        done.add(name)

    for name in graph:
        visit(name, [])
    return found


# --- doors --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    """Which files may import a foreign library.

    Parameters
    ----------
    library : str
        The module; its submodules are meant too.
    files : tuple of str
        Patterns of paths inside the package; empty: no file may.
    at_most : int
        How many files may at the same time.
    """

    library: str
    files: tuple[str, ...]
    at_most: int = 99


def check_doors(package: Path, doors: tuple[Door, ...]) -> list[str]:
    """Find foreign libraries that come in by another way than their door."""
    modules = sources(package)
    known = frozenset(module.name for module in modules)
    used: dict[str, dict[str, str]] = {}
    found = []
    for source in modules:
        path = "/".join(source.parts) + ".py"
        for item in imports(source, known):
            door = _door_of(item.module, doors)
            if door is None:
                continue
            where = source.at(item.line, f"imports {item.module}")
            if not any(fnmatch.fnmatch(path, pattern) for pattern in door.files):
                found.append(f"{where}; its door is {' or '.join(door.files) or 'shut'}")
            used.setdefault(door.library, {})[path] = where
    for door in doors:
        places = used.get(door.library, {})
        if len(places) > door.at_most:
            found += [
                f"{where}; {door.library} has {door.at_most} door" for where in places.values()
            ]
    return found


def _door_of(module: str, doors: tuple[Door, ...]) -> Door | None:
    fits = [d for d in doors if module == d.library or module.startswith(d.library + ".")]
    return max(fits, key=lambda door: len(door.library), default=None)


SHUT = (
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "joblib",
    "marshal",
    "shelve",
    "multiprocessing",
)
FORBIDDEN_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "compile": "runs text as code",
    "__import__": "imports by a name that no reader sees",
    "torch.load": "unpickles",
    "joblib.load": "unpickles",
    "os.system": "hands text to a shell",
    "os.popen": "hands text to a shell",
    "os.fork": "forks a process that has threads",
}


def check_safety(package: Path) -> list[str]:
    """Find what could run a stranger's code: pickles, eval, shells."""
    modules = sources(package)
    known = frozenset(module.name for module in modules)
    found = []
    for source in modules:
        found += [
            source.at(item.line, f"imports {item.module}")
            for item in imports(source, known)
            if item.module.split(".")[0] in SHUT
        ]
        for node in source.nodes:
            if isinstance(node, ast.Call):
                found += [source.at(node.lineno, text) for text in _unsafe(node)]
    return found


def _unsafe(node: ast.Call) -> Iterator[str]:
    name = _dotted(node.func)
    if name in FORBIDDEN_CALLS:
        yield f"{name}() {FORBIDDEN_CALLS[name]}"
    for keyword in node.keywords:
        true = isinstance(keyword.value, ast.Constant) and bool(keyword.value.value)
        if keyword.arg == "shell" and true:
            yield f"{name}(shell=True) hands text to a shell"
        if keyword.arg == "allow_pickle" and true:
            yield f"{name}(allow_pickle=True) unpickles"
