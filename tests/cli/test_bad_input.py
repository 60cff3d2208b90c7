"""Bad input ends with exit code 2 and one line, and leaves nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modelwright.cli import main

Stop = Callable[..., str]


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    rows = [f"{i % 7},{'abc'[i % 3]},{i * 2.5 + i % 5}" for i in range(60)]
    path = tmp_path / "houses.csv"
    path.write_text("rooms,zone,price\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stop:
    """Run a command that must stop with exit code 2, and give its one line."""

    def run(*arguments: object) -> str:
        before = {path for path in tmp_path.rglob("*") if "store" not in path.parts}
        given = [str(argument) for argument in arguments]
        if given[0] == "fit":
            given += ["--store", str(tmp_path / "store"), "--workers", "0"]
            given += [] if "--out" in given else ["--out", str(tmp_path / "model.mw")]
        assert main(given) == 2
        captured = capsys.readouterr()
        lines = captured.err.strip().splitlines()
        assert len(lines) == 1, captured.err
        assert "Traceback" not in captured.err
        after = {path for path in tmp_path.rglob("*") if "store" not in path.parts}
        assert after - before == set(), "something was left behind"
        return lines[0]

    return run


def test_missing_file_suggests_the_nearest(stops: Stop, houses: Path) -> None:
    line = stops("fit", houses.with_name("house.csv"), "--target", "price")
    assert "houses.csv" in line


def test_empty_file(stops: Stop, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    assert "empty" in stops("fit", path, "--target", "price")


def test_unknown_target_suggests_the_nearest(stops: Stop, houses: Path) -> None:
    assert "did you mean 'price'?" in stops("fit", houses, "--target", "prise")


@pytest.mark.parametrize("option", ["group", "order", "weight"])
def test_unknown_column_of_a_role(stops: Stop, houses: Path, option: str) -> None:
    assert f"--{option}" in stops("fit", houses, "--target", "price", f"--{option}", "zonne")


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        (["", "?", "NA"] * 10, "missing everywhere"),
        (["4"] * 30, "got one value only: '4'; there is nothing to learn from a constant target"),
        (["no"] * 30, "got one value only: 'no';"),
        (["yes"] * 29 + ["no"], "1 row of 'no'"),
    ],
)
def test_targets_that_teach_nothing(
    stops: Stop, tmp_path: Path, cells: list[str], word: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "\n".join(f"{i},{cell}" for i, cell in enumerate(cells)))
    assert word in stops("fit", path, "--target", "y")


def test_only_the_target(stops: Stop, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("y\n" + "\n".join(str(i % 5 + 0.5) for i in range(30)))
    assert "column to learn from" in stops("fit", path, "--target", "y")


def test_binary_junk(stops: Stop, tmp_path: Path) -> None:
    path = tmp_path / "junk.csv"
    path.write_bytes(bytes(range(256)) * 40)
    stops("fit", path, "--target", "y")


@pytest.mark.parametrize("time", ["0", "-3s", "soon", ""])
def test_times_that_mean_nothing(stops: Stop, houses: Path, time: str) -> None:
    assert "duration above zero" in stops("fit", houses, "--target", "price", f"--time={time}")


def test_unknown_metric_lists_the_valid_ones(stops: Stop, houses: Path) -> None:
    line = stops("fit", houses, "--target", "price", "--metric", "zzz")
    assert "rmse" in line
    assert "mae" in line


def test_unknown_task_learner_and_positive(stops: Stop, houses: Path) -> None:
    assert "regression" in stops("fit", houses, "--target", "price", "--task", "zzz")
    assert "lightgbm" in stops("fit", houses, "--target", "price", "--models", "lightgmb")
    assert "binary" in stops("fit", houses, "--target", "price", "--positive", "3")


def test_trials_below_one(stops: Stop, houses: Path) -> None:
    assert "at least 1" in stops("fit", houses, "--target", "price", "--trials", "0")


def test_unknown_option(stops: Stop, houses: Path) -> None:
    assert "--tarket" in stops("fit", houses, "--tarket", "price")


def test_unknown_run_to_replay(stops: Stop, houses: Path) -> None:
    assert "run" in stops("fit", houses, "--target", "price", "--replay", "nope")


def test_output_folder_that_is_not_there(stops: Stop, houses: Path, tmp_path: Path) -> None:
    out = tmp_path / "no" / "such" / "model.mw"
    assert "no" in stops("fit", houses, "--target", "price", "--out", out)


def test_output_folder_that_cannot_be_written(stops: Stop, houses: Path) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("needs a file system that refuses writes")
    stops("fit", houses, "--target", "price", "--out", "/proc/model.mw")


def test_model_file_that_is_none(stops: Stop, houses: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake.mw"
    fake.write_text("not a model")
    assert "model" in stops("predict", fake, houses, "--out", tmp_path / "p.csv")
    assert "model" in stops("predict", tmp_path / "none.mw", houses, "--out", tmp_path / "p.csv")


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="limits on file sizes are set by the shell")
def test_full_disk_leaves_nothing_half_written(houses: Path, tmp_path: Path) -> None:
    """A limit on the size of any file stands for a disk that fills up while writing."""
    out = tmp_path / "out"
    out.mkdir()
    command = (
        f"ulimit -f 1; exec {sys.executable} -m modelwright fit {houses} --target price "
        f"--trials 1 --workers 0 --out {out / 'model.mw'} --store {tmp_path / 'store'}"
    )
    # Python would cut the bytecode that it caches as well, and read it again later.
    own = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, env=own
    )
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(out.iterdir()) == []


def test_an_output_never_takes_the_place_of_its_input(stops: Stop, houses: Path) -> None:
    before = houses.read_bytes()
    assert "--out" in stops("fit", houses, "--target", "price", "--out", houses)
    assert houses.read_bytes() == before


def test_odd_cells_do_not_make_numbers_classes(stops: Stop, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    odd = "\n".join(f"3,{word}" for word in ("lots", "few", "some", "most"))
    path.write_text("x,y\n" + "\n".join(f"{i % 7},{i * 1.5}" for i in range(60)) + f"\n{odd}\n")
    line = stops("fit", path, "--target", "y")
    assert "some of them no numbers, such as '" in line


def test_a_target_beyond_what_predictions_can_hold(stops: Stop, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "\n".join(f"{i % 7},{i}e300" for i in range(60)))
    assert "take its logarithm" in stops("fit", path, "--target", "y")


def test_a_limit_of_no_runs(stops: Stop) -> None:
    assert "--limit" in stops("runs", "list", "--limit", "0")


def test_a_folder_without_images(stops: Stop, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("no image")
    line = stops("fit", folder)
    assert "none in 'letters'" in line
    assert ".png" in line
