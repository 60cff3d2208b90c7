"""A module imports only lower lines and its own room."""

from __future__ import annotations

from pathlib import Path

import pytest

from guards.checkers import check_layers
from guards.trees import SRC, make_package


def test_the_package_keeps_its_layers() -> None:
    assert check_layers(SRC) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("store/a.py", "from modelwright.core import seed"),
        ("cli/a.py", "from modelwright.flow import fit"),
        ("models/a.py", "import modelwright.nets.mlp"),
        ("models/a.py", "from modelwright.models.b import thing"),
        ("testing/a.py", "from modelwright.core.matrix import Matrix"),
        ("__init__.py", "from modelwright.cli import main"),
    ],
)
def test_an_import_that_goes_down_is_fine(tmp_path: Path, path: str, code: str) -> None:
    assert check_layers(make_package(tmp_path, {path: code})) == []


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("core/a.py", "from modelwright.store import files", "above"),
        ("core/a.py", "def late():\n    import modelwright.flow", "above"),
        (
            "core/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from modelwright import plan",
            "above",
        ),
        ("core/a.py", "late = Deferred('modelwright.models.linear')", "above"),
        ("core/a.py", "from ..engine import worker", "above"),
        ("store/a.py", "from modelwright.engine.pool import Pool", "beside"),
        ("features/a.py", "import modelwright.evaluate", "beside"),
        ("testing/a.py", "from modelwright.models.linear import Linear", "core only"),
        ("flow.py", "from modelwright.testing import LearnerContract", "imports testing"),
        ("models/a.py", "import modelwright", "public face"),
        ("magic/a.py", "", "not in the plan"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_found(
    tmp_path: Path, path: str, code: str, said: str
) -> None:
    package = make_package(tmp_path, {path: code, "plan/__init__.py": "", "engine/worker.py": ""})
    findings = check_layers(package)
    assert len(findings) == 1
    assert said in findings[0]


def test_a_cycle_inside_a_room_is_found(tmp_path: Path) -> None:
    files = {
        "core/a.py": "from modelwright.core.b import x",
        "core/b.py": "from modelwright.core import c",
        "core/c.py": "def late():\n    from modelwright.core.a import y",
    }
    (finding,) = check_layers(make_package(tmp_path, files))
    names = [word.removeprefix("modelwright.core.") for word in finding.split(" -> ")]
    assert names == ["cycle: modelwright.core.a", "b", "c", "a"]
