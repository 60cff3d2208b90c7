"""The door to PyTorch: what is said where it is not installed, and that nothing opens it early."""

from __future__ import annotations

import subprocess
import sys

import pytest

MISSING = """
import sys
sys.modules["torch"] = None  # as if it were not installed
from modelwright.core.budget import Budget
from modelwright.core.errors import MissingExtraError
from modelwright.models import make_learner
from modelwright.testing import made_up
puzzle = made_up(2, rows=40)
try:
    make_learner(sys.argv[1], {}).fit(puzzle.X, puzzle.y, budget=Budget(units=1), seed=0)
except MissingExtraError as error:
    print(error)
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.long
@pytest.mark.parametrize("name", ["realmlp", "tabm"])
def test_without_pytorch_the_error_names_the_extra(name: str) -> None:
    said = run(MISSING, name)
    assert "the package 'torch' to be installed" in said
    assert said.endswith("run: pip install 'modelwright[deep]'")


@pytest.mark.long
def test_the_registry_and_the_plan_load_no_pytorch() -> None:
    code = "import sys, modelwright.plan.work, modelwright.plan; print('torch' in sys.modules)"
    assert run(code) == "False"


@pytest.mark.long
def test_workers_for_nets_load_no_booster() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
    code = (
        "import sys, modelwright.plan.warm_nets\n"
        "print([m for m in ('torch', 'lightgbm', 'xgboost', 'catboost') if m in sys.modules])"
    )
    assert run(code) == "['torch']"
