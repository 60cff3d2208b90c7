"""Caps on the size of files, functions, signatures and classes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from guards.checkers import sources
from guards.shape import check_shape, code_lines
from guards.trees import SRC, make_package

HEAVY = ("polars", "numpy", "scipy", "sklearn", "lightgbm", "rich", "narwhals", "cyclopts")


def test_the_package_keeps_its_shape() -> None:
    assert check_shape(SRC) == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import sys, modelwright; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_a_fit_on_images_loads_nothing_that_mends_tables() -> None:
    rooms = "modelwright.cli.app, modelwright.flow, modelwright.plan.images.fit"
    code = (
        f"import sys, {rooms}; print(*[m for m in sys.modules if m[:18] == 'modelwright.clean.'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def _statements(count: int) -> str:
    return "\n".join(f"    x{i} = {i}" for i in range(count))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("\n".join(f"x{i} = {i}" for i in range(401)), "401 lines of code"),
        ("def f():\n" + _statements(60), "61 lines, cap 60"),
        ("def f(a, b, c, d, e, *, f, g, h, i): ...", "9 parameters"),
        ("class A:\n    def f(self, **options): ...", "**options"),
        ("class A:\n" + _statements(300), "301 lines, cap 300"),
        (
            "class A:\n" + "\n".join(f"    def f{i}(self): ..." for i in range(13)),
            "13 public methods",
        ),
        ("class A:\n" + "\n".join(f"    f{i}: int = 0" for i in range(17)), "17 fields"),
        ("class A: ...\nclass B(A): ...\nclass C(B): ...", "3 classes of ours deep"),
    ],
)
def test_what_is_too_large_is_found(tmp_path: Path, code: str, said: str) -> None:
    findings = check_shape(make_package(tmp_path, {"core/a.py": code}))
    assert len(findings) == 1
    assert said in findings[0]


def test_docstrings_comments_and_blank_lines_are_no_code(tmp_path: Path) -> None:
    code = '"""Title.\n\nMore.\n"""\n\n# Why.\nx = (\n    1\n)\n\n\n'
    code += 'def f():\n    """Say."""\n    return """a\nb"""'
    (source,) = sources(make_package(tmp_path, {"core/a.py": code}))
    assert code_lines(source) == 6


def test_what_is_just_small_enough_is_left_alone(tmp_path: Path) -> None:
    code = "def f(a, b, c, d, e, f, g, h):\n" + _statements(59) + "\nclass A: ...\nclass B(A): ..."
    assert check_shape(make_package(tmp_path, {"core/a.py": code})) == []
