"""The caps on size, as a function over a package folder."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from guards.checkers import Function, Source, sources

FILE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 8
FIELDS = 16
CLASS_LINES = 300
PUBLIC_METHODS = 12
# abstract -> final; a tree of errors may have one more step.
DEPTH = 2
ERROR_DEPTH = 3

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_NO_CODE = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
)


def check_shape(package: Path) -> list[str]:
    """Find files, functions, signatures, classes and trees of classes that are too large."""
    modules = sources(package)
    bases = _own_bases(modules)
    found = []
    for source in modules:
        told = _docstring_lines(source)
        # to find comments takes long: only where there are enough lines to be too many
        if _last_line(source) - len(told) > FILE_LINES:
            lines = code_lines(source)
            if lines > FILE_LINES:
                found.append(source.at(1, f"{lines} lines of code in a file, cap {FILE_LINES}"))
        for node in source.nodes:
            if isinstance(node, Function):
                found += [source.at(node.lineno, text) for text in _function(node, told)]
            elif isinstance(node, ast.ClassDef):
                found += [source.at(node.lineno, text) for text in _class(node, told)]
                found += [source.at(node.lineno, text) for text in _tree(node.name, bases)]
    return found


def code_lines(source: Source) -> int:
    """Count the lines that hold code: no docstrings, comments or blank lines."""
    reader = io.StringIO(source.path.read_text(encoding="utf-8")).readline
    filled: set[int] = set()
    for token in tokenize.generate_tokens(reader):
        if token.type not in _NO_CODE:
            filled.update(range(token.start[0], token.end[0] + 1))
    return len(filled - _docstring_lines(source))


def _last_line(source: Source) -> int:
    return max((node.end_lineno or node.lineno for node in source.tree.body), default=0)


def _docstring_lines(source: Source) -> set[int]:
    lines: set[int] = set()
    for node in source.nodes:
        if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            lines.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


def _length(node: Function | ast.ClassDef, told: set[int]) -> int:
    whole = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return sum(line not in told for line in whole)


def _function(node: Function, told: set[int]) -> Iterator[str]:
    if _length(node, told) > FUNCTION_LINES:
        yield f"{node.name}() has {_length(node, told)} lines, cap {FUNCTION_LINES}"
    given = node.args
    count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs)
    count += given.vararg is not None
    if count > PARAMETERS:
        yield f"{node.name}() has {count} parameters, cap {PARAMETERS}"
    if given.kwarg is not None:
        yield f"{node.name}() takes **{given.kwarg.arg}: name what it takes"


def _class(node: ast.ClassDef, told: set[int]) -> Iterator[str]:
    if _length(node, told) > CLASS_LINES:
        yield f"class {node.name} has {_length(node, told)} lines, cap {CLASS_LINES}"
    methods = [item.name for item in node.body if isinstance(item, Function) and _is_method(item)]
    if len(methods) > PUBLIC_METHODS:
        yield f"class {node.name} has {len(methods)} public methods, cap {PUBLIC_METHODS}"
    fields = [
        item
        for item in node.body
        if isinstance(item, ast.AnnAssign) and "ClassVar" not in ast.unparse(item.annotation)
    ]
    if len(fields) > FIELDS:
        yield f"class {node.name} has {len(fields)} fields, cap {FIELDS}"


def _is_method(node: Function) -> bool:
    """Properties are data; the tests of a contract suite are cases: neither is to be learnt."""
    marks = {ast.unparse(mark).split(".")[-1] for mark in node.decorator_list}
    return not (marks & {"property", "cached_property"}) and not node.name.startswith(
        ("_", "test_")
    )


def _own_bases(modules: list[Source]) -> dict[str, list[str]]:
    return {
        node.name: [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]
        for source in modules
        for node in source.nodes
        if isinstance(node, ast.ClassDef)
    }


def _tree(name: str, bases: dict[str, list[str]]) -> Iterator[str]:
    depth = _depth(name, bases)
    cap = ERROR_DEPTH if name.endswith(("Error", "Warning")) else DEPTH
    if depth > cap:
        yield f"class {name} is {depth} classes of ours deep, cap {cap}"


def _depth(name: str, bases: dict[str, list[str]]) -> int:
    own = [base for base in bases.get(name, []) if base in bases and base != name]
    return 1 + max((_depth(base, bases) for base in own), default=0)
