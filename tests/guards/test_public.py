"""What is visible is what is promised, and all of it is documented."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from guards.public import check_public, in_order
from guards.trees import SRC, make_package

PACKAGES = sorted(
    ".".join(("modelwright", *path.parent.relative_to(SRC).parts))
    for path in SRC.rglob("__init__.py")
)


def test_the_source_keeps_its_promises() -> None:
    assert check_public(SRC) == []


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_of_a_package_is_there_and_documented(name: str) -> None:
    package = importlib.import_module(name)
    promised = getattr(package, "__all__", [])
    absent = [item for item in promised if not hasattr(package, item)]
    assert absent == []
    made = [getattr(package, item) for item in promised]
    silent = [
        item
        for item, value in zip(promised, made, strict=True)
        if (isinstance(value, type) or callable(value)) and not value.__doc__
    ]
    assert silent == []


def test_the_top_lists_its_names_for_completion() -> None:
    top = importlib.import_module("modelwright")
    assert set(top.__all__) <= set(dir(top))


def test_a_name_that_is_not_there_raises_attribute_error() -> None:
    top = importlib.import_module("modelwright")
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = top.no_such_name


DOCUMENTED = 'def f():\n    """Do."""'


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("core/a.py", DOCUMENTED, "no __all__"),
        ("core/a.py", "__all__ = []\n" + DOCUMENTED, "visible but not in __all__: f"),
        ("core/a.py", "__all__ = ['f', 'g']\n" + DOCUMENTED, "not there: g"),
        ("core/a.py", "__all__ = ['f']\ndef f(): ...", "f has no docstring"),
        ("core/__init__.py", "from modelwright.core.a import f", "no __all__"),
        (
            "core/__init__.py",
            "from modelwright.core.a import f, B\n__all__ = ['f', 'B']",
            "not sorted: B, f",
        ),
        (
            "core/__init__.py",
            "__all__ = " + repr([f"f{i}" for i in range(16)]) + "\n"
            "from modelwright.core.a import " + ", ".join(f"f{i}" for i in range(16)),
            "16 names, cap 15",
        ),
    ],
)
def test_a_broken_promise_is_found(tmp_path: Path, path: str, code: str, said: str) -> None:
    findings = check_public(make_package(tmp_path, {path: code}))
    assert len(findings) == 1
    assert said in findings[0]


def test_a_lazy_face_is_understood(tmp_path: Path) -> None:
    code = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from modelwright.flow import fit\n"
        "__all__ = ['fit']\n"
        "def __getattr__(name): ..."
    )
    assert check_public(make_package(tmp_path, {"__init__.py": code})) == []


def test_names_are_sorted_as_the_linter_sorts_them() -> None:
    assert in_order(["b", "f10", "f2", "A", "MISSING", "Z"]) == [
        "MISSING",
        "A",
        "Z",
        "b",
        "f2",
        "f10",
    ]
