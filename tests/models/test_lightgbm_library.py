"""Predictions by the library without its package: the same bits, and nothing heavy imported."""

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from modelwright.core.errors import MissingExtraError, ModelFileError
from modelwright.models import lightgbm_library
from modelwright.models.lightgbm_library import Booster, is_loaded

ROWS = np.random.default_rng(0).normal(size=(500, 6)).astype(np.float32)


def grown(outputs: int) -> lightgbm.Booster:
    """Grow a few trees with missing values and a category."""
    table = ROWS.copy()
    table[::7, 0] = np.nan
    table[:, 5] = np.arange(500) % 40
    answers = np.argsort(np.argsort(table[:, 1] + (table[:, 5] % 3))) * max(outputs, 1) // 500
    asked = {"num_class": outputs, "objective": "multiclass"} if outputs > 1 else {}
    data = lightgbm.Dataset(table, answers, categorical_feature=[5])
    return lightgbm.train({**asked, "verbosity": -1, "num_threads": 1}, data, 15)


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_same_bits_as_the_package(outputs: int) -> None:
    text = grown(outputs).model_to_string()
    rows = ROWS.copy()
    rows[::5, 0] = np.nan
    rows[:, 5] = np.arange(500) % 50  # levels that no tree has seen among them
    package = lightgbm.Booster(model_str=text)
    wanted = np.asarray(package.predict(rows, raw_score=True)).reshape(500, -1)
    booster = Booster(text)
    np.testing.assert_array_equal(booster.raw(rows), wanted)
    np.testing.assert_array_equal(booster.raw(np.asfortranarray(rows)), wanted)
    np.testing.assert_array_equal(booster.raw(rows[3:4]), wanted[3:4])


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_outlives_its_original(twin) -> None:  # type: ignore[no-untyped-def]
    booster = Booster(grown(1).model_to_string())
    wanted, other = booster.raw(ROWS), twin(booster)
    del booster
    np.testing.assert_array_equal(other.raw(ROWS), wanted)


def test_no_text_of_a_model_is_one_line() -> None:
    with pytest.raises(ModelFileError, match="expected a LightGBM model text"):
        Booster("tree\nnothing=here\n")


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(ModelFileError, match="number of features"):
        Booster(grown(1).model_to_string()).raw(ROWS[:, :3])


def test_without_the_library_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lightgbm_library, "_FOLDERS", ("nowhere",))
    with pytest.raises(MissingExtraError, match="run: pip install lightgbm"):
        lightgbm_library._place()


@pytest.mark.long
def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    """Predicting from a text takes NumPy and the library, not a second of imports."""
    (tmp_path / "model.txt").write_text(grown(1).model_to_string())
    code = """
import sys
import numpy as np
from modelwright.models.lightgbm_library import Booster, is_loaded
assert not is_loaded()
raw = Booster(open(sys.argv[1]).read()).raw(np.zeros((2, 6), np.float32))
assert raw.shape == (2, 1) and is_loaded()
print(*[m for m in ("lightgbm", "pandas", "scipy", "sklearn") if m in sys.modules])
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model.txt")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (told.stdout.strip(), told.stderr) == ("", "")


def test_the_package_is_known_to_hold_the_library() -> None:
    assert is_loaded()
