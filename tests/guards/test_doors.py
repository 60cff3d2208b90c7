"""Each heavy foreign library comes in by one door, and nothing runs a stranger's code."""

from __future__ import annotations

from pathlib import Path

import pytest

from guards.checkers import Door, check_doors, check_safety
from guards.trees import SRC, make_package

DOORS = (
    Door("lightgbm", ("models/*.py",), at_most=1),
    Door("xgboost", ("models/*.py",), at_most=1),
    Door("catboost", ("models/*.py",), at_most=1),
    Door(
        "sklearn",
        ("models/*.py", "ensemble/*.py", "unsupervised/*.py", "estimators.py", "clean/library.py"),
    ),
    Door("sklearn.datasets", ("cli/example.py",)),
    Door("scipy", ("features/sparse.py", "stats/tails.py")),
    Door("psutil", ("engine/platform.py",)),
    Door("narwhals", ("acquire/*.py",), at_most=1),
    # the run records are one file of ours; a user's database is another matter
    Door("sqlite3", ("store/*.py", "acquire/databases/sqlite.py"), at_most=2),
    Door("duckdb", ("acquire/databases/duck.py",)),
    Door("psycopg", ("acquire/databases/postgres.py",)),
    Door("fastexcel", ("acquire/spreadsheets/excel.py",)),
    Door("charset_normalizer", ("acquire/text/code_pages.py",)),
    Door("backports.zstd", ("acquire/unpacking.py",)),
    Door("rich", ("core/progress.py", "cli/*.py")),
    Door("cyclopts", ("cli/*.py",)),
    Door("torch", ("nets/library.py",), at_most=1),
    Door("PIL", ("features/images.py",)),
    # store/tensors.py reads and writes the format by itself; tests compare it with the library
    Door("safetensors", ()),
    # Tables are Polars inside; a user's pandas frame comes in through narwhals.
    Door("pandas", ()),
    Door("pyarrow", ()),
)


def test_the_package_keeps_its_doors() -> None:
    assert check_doors(SRC, DOORS) == []


def test_the_package_runs_no_code_from_data() -> None:
    assert check_safety(SRC) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("flow.py", "import lightgbm"),
        ("flow.py", "def late():\n    from sklearn.linear_model import Ridge"),
        ("plan/a.py", "from modelwright.core.deferred import Deferred\nx = Deferred('lightgbm')"),
        ("engine/pool.py", "import psutil"),
        ("core/table.py", "import narwhals.stable.v2 as nw"),
        ("models/a.py", "from sklearn.datasets import load_iris"),
        ("acquire/files.py", "import pandas as pd"),
    ],
)
def test_a_library_beside_its_door_is_found(tmp_path: Path, path: str, code: str) -> None:
    findings = check_doors(make_package(tmp_path, {path: code}), DOORS)
    assert len(findings) == 1
    assert findings[0].startswith(path)


def test_two_doors_where_one_is_allowed_are_found(tmp_path: Path) -> None:
    files = {"models/a.py": "import lightgbm", "models/b.py": "import lightgbm"}
    assert len(check_doors(make_package(tmp_path, files), DOORS)) == 2


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "import multiprocessing.pool",
        "value = eval(text)",
        "exec(text)",
        "code = compile(text, 'x', 'exec')",
        "net = torch.load(path)",
        "subprocess.run(command, shell=True)",
        "array = np.load(path, allow_pickle=True)",
        "os.system(command)",
    ],
)
def test_code_from_data_is_found(tmp_path: Path, code: str) -> None:
    assert len(check_safety(make_package(tmp_path, {"core/a.py": code}))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "pattern = re.compile(text)",
        "subprocess.run([command], shell=False)",
        "array = np.load(path, allow_pickle=False)",
        "value = ast.literal_eval(text)",
    ],
)
def test_safe_code_is_left_alone(tmp_path: Path, code: str) -> None:
    assert check_safety(make_package(tmp_path, {"core/a.py": code})) == []
