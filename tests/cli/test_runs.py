"""Runs listed, shown, compared and cleaned, as a person and as a program do it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import modelwright as mw
from modelwright.acquire import infer_schema, read_raw, read_types
from modelwright.cli import main
from modelwright.engine import lock_file
from modelwright.store import RunRecord, RunStatus, RunStore, TrialRecord

OLD = 1_700_000_000.0


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a store with two runs on two versions of a table."""
    folder = tmp_path_factory.mktemp("twice")
    rows = [(i % 7, "abc"[i % 3], i * 2.5 + i % 5) for i in range(60)]
    table = pl.DataFrame(rows, schema=["rooms", "zone", "price"], orient="row")
    rooms = pl.lit("r") + pl.col("rooms").cast(str)
    changed = table.head(50).drop("zone").with_columns(rooms=rooms, floor=pl.col("rooms") % 2)
    for number, data in enumerate([table, changed]):
        data.write_csv(folder / f"{number}.csv")
        settings = mw.Settings(
            trials=1, models=("linear",), seed=number, workers=0, store=folder / "store"
        )
        mw.fit(folder / f"{number}.csv", "price", settings=settings)
    return folder / "store"


def said(arguments: list[object], capsys: pytest.CaptureFixture[str]) -> Any:
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_without_ids_runs_of_the_same_data_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunStore(tmp_path) as store:
        for place, data in enumerate("ddx"):
            made = OLD + place
            store.start(RunRecord(f"r{place}", data_hash=data, target="y", created=made,
                                  status=RunStatus.FINISHED))  # fmt: skip
    assert main(["runs", "compare", "--store", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "two runs of the same data and target" in told
    assert "runs compare ONE OTHER" in told
    with RunStore(tmp_path) as store:
        store.start(RunRecord("r3", data_hash="d", target="y", created=OLD + 3,
                              status=RunStatus.FINISHED))  # fmt: skip
    found = said(["runs", "compare", "--store", tmp_path], capsys)
    assert [run["id"] for run in found["runs"]] == ["r1", "r3"]


def test_two_runs_are_compared(twice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = sorted(run["id"] for run in said(["runs", "--store", twice], capsys)["runs"])
    found = said(["runs", "compare", *both, "--store", twice], capsys)
    assert [run["id"] for run in found["runs"]] == sorted(run["id"] for run in found["runs"])
    changed = {(d["about"], d["what"]): (d["one"], d["other"]) for d in found["differences"]}
    assert changed["data", "rows"] == (60, 50)
    assert changed["data", "column zone"] == ("category", None)
    assert changed["data", "column floor"][0] is None
    assert changed["data", "column rooms"] == ("number", "category")
    assert changed["settings", "--seed"] == (0, 1)
    assert set(found["same"]) == {"question", "code", "machine", "trials"}
    assert found["same_data"] is False
    assert [pair["name"] for pair in found["scores"]] == ["ensemble", "linear-0"]


def test_a_comparison_for_people(twice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest, oldest = (run["id"] for run in said(["runs", "--store", twice], capsys)["runs"])
    assert main(["runs", "compare", oldest, newest, "--store", str(twice)]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0].split() == ["run", oldest, newest]
    assert "  column zone" in text
    assert "not quite like for like" in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_same_rows_say_better_or_worse(capsys: pytest.CaptureFixture[str]) -> None:
    def board(low: float, high: float) -> dict[str, Any]:
        line = {"name": "ensemble", "score": low, "weight": 1.0, "seconds": 0.0}
        return {
            "leaderboard": {"metric": "rmse", "standings": [{**line, "low": low, "high": high}]}
        }

    def kept(run: str, score: float, facts: dict[str, Any]) -> RunRecord:
        return RunRecord(run, data_hash="d", metric="rmse", score=score, facts=facts,
                         status=RunStatus.FINISHED)  # fmt: skip

    with RunStore(Path(os.environ["MODELWRIGHT_STORE"])) as store:
        store.start(kept("a", 2.0, board(1.5, 2.5)))
        store.start(kept("b", 1.9, board(1.4, 2.4)))
        store.start(kept("c", 1.0, board(0.9, 1.1)))
        store.start(kept("d", 1.0, {}))
    for pair, verdict in {
        "ab": "better by 0.1, the intervals overlap",
        "bc": "better by 0.9, beyond the intervals",
        "ca": "worse by 1, beyond the intervals",
        "da": "worse by 1\n",
        "cd": "equal",
    }.items():
        assert main(["runs", "compare", *pair]) == 0
        assert verdict in capsys.readouterr().out


def test_show_says_what_it_was_done_with(twice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest = said(["runs", "--store", twice], capsys)["runs"][0]["id"]
    assert main(["runs", "show", newest, "--store", str(twice)]) == 0
    text = capsys.readouterr().out
    for part in ("--target price", "50 rows of 3 columns", "seed 1", "polars", "ensemble", "1.csv"):
        assert part in text
    shown = said(["runs", "show", newest, "--store", twice], capsys)
    assert shown["facts"]["splits"]["folds"] == 10
    assert shown["facts"]["timings"]["total"] > shown["facts"]["timings"]["first_model"]
    types = Path(shown["folder"]) / "types.json"
    assert f"types      {types}" in text
    kinds = {column["name"]: column["kind"] for column in json.loads(types.read_text())}
    assert kinds == {"rooms": "category", "price": "number", "floor": "boolean"}


def test_the_types_of_a_run_can_be_given_to_the_next(twice: Path, tmp_path: Path) -> None:
    with RunStore(twice) as store:
        types = store.folder_of(store.runs(2)[1].id) / "types.json"
    columns = json.loads(types.read_text())
    columns[0]["kind"] = "category"
    mended = tmp_path / "types.json"
    mended.write_text(json.dumps(columns))
    raw = read_raw(twice.parent / "0.csv").frame
    before, after = infer_schema(raw, {}), infer_schema(raw, read_types(mended))
    assert [column.kind for column in before] == ["number", "category", "number"]
    assert [column.kind for column in after] == ["category", "category", "number"]


_ENDLESS = """
import sys, time
from pathlib import Path
from modelwright.engine import lock_file
from modelwright.store import RunRecord, RunStore
with RunStore(Path(sys.argv[1])) as store:
    run = store.start(RunRecord(target="price"))
    with lock_file(store.folder_of(run.id) / "lock"):
        print(run.id, flush=True)
        time.sleep(60)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_whose_process_died_is_interrupted(
    number: signal.Signals, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-c", _ENDLESS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        run = process.stdout.readline().strip()
        given = ["runs", "show", run, "--store", tmp_path]
        assert said(given, capsys)["status"] == "running"
        assert said(["runs", "clean", "--yes", "--store", tmp_path], capsys)["deleted"] == []
        process.send_signal(number)
        process.wait()
    assert said(given, capsys)["status"] == "interrupted"
    assert said(["runs", "--store", tmp_path], capsys)["runs"][0]["status"] == "interrupted"


def test_a_run_on_images_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with RunStore(Path(os.environ["MODELWRIGHT_STORE"])) as store:
        store.start(RunRecord("pictures"))
        store.learn("pictures", {"data": "leaves", "rows": 1200})
    assert main(["runs", "show", "pictures"]) == 0
    assert "leaves, 1,200 images" in capsys.readouterr().out


def test_a_run_that_has_just_begun_is_running(capsys: pytest.CaptureFixture[str]) -> None:
    with RunStore(Path(os.environ["MODELWRIGHT_STORE"])) as store:
        store.start(RunRecord("new"))
        store.start(RunRecord("old", created=OLD))
    runs = said(["runs"], capsys)["runs"]
    assert {run["id"]: run["status"] for run in runs} == {"new": "running", "old": "interrupted"}


def test_a_run_that_did_not_end_shows_the_best_score_so_far(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(RunRecord(target="class", metric="log_loss", created=OLD))
        for number, score in enumerate((0.5, 0.25, None)):
            store.add_trial(TrialRecord(run.id, number, "net", "pictures", score=score))
    assert main(["runs", "--store", str(tmp_path)]) == 0
    line = " ".join(capsys.readouterr().out.split())
    assert line.endswith("interrupted class log_loss 0.25 so far")


def test_a_run_that_was_too_short_is_not_called_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(RunRecord(target="price", created=OLD))
        store.mark(run.id, RunStatus.TOO_SHORT, "first.mw")
    assert main(["runs", "--store", str(tmp_path)]) == 0
    line = " ".join(capsys.readouterr().out.split())
    assert line.endswith("too short price not validated")
    found = said(["runs", "--store", tmp_path], capsys)["runs"][0]
    assert (found["status"], found["model"]) == ("too short", "first.mw")
    assert said(["runs", "clean", "--yes", "--store", tmp_path], capsys)["bytes"] == 0


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """Give a store of runs in every state, each with a file of a kilobyte."""
    with RunStore(tmp_path) as store:
        for run in ("done", "stopped", "failed", "dead", "recent"):
            created = time.time() - 60 if run == "recent" else OLD
            store.start(RunRecord(run, created=created, target="price"))
            (store.folder_of(run) / "matrices").mkdir()
            (store.folder_of(run) / "matrices" / "x").write_bytes(b"x" * 1000)
            (store.folder_of(run) / "lock").touch()
        store.finish("done", 1.0, "")
        store.mark("stopped", RunStatus.INTERRUPTED)
        store.fail("failed", "why")
        store.mark("recent", RunStatus.INTERRUPTED)
    return tmp_path


def folders(store: Path) -> set[str]:
    return {path.name for path in (store / "runs").iterdir()}


def test_clean_deletes_files_of_runs_that_nobody_finishes(
    left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["runs", "clean", "--yes", "--older", "30d", "--store", left]
    found = said(given, capsys)
    assert set(found["deleted"]) == {"stopped", "failed", "dead"}
    assert found["bytes"] == 3000
    assert folders(left) == {"done", "recent"}
    with RunStore(left) as store:
        assert store.run("stopped").status is RunStatus.FAILED  # --resume does not find it
        assert store.run("done").status is RunStatus.FINISHED
    assert said(given, capsys)["deleted"] == []


def test_clean_leaves_a_run_that_somebody_works_on(
    left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with lock_file(left / "runs" / "dead" / "lock"):
        found = said(["runs", "clean", "--yes", "--older", "30d", "--store", left], capsys)
    assert set(found["deleted"]) == {"stopped", "failed"}
    assert "dead" in folders(left)


def test_clean_never_deletes_in_a_pipe_without_a_yes(
    left: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", "clean", "--store", str(left)]) == 2
    said = capsys.readouterr().err
    assert "--yes" in said
    assert "stopped" in said  # what would be deleted
    assert len(folders(left)) == 5


@pytest.mark.parametrize(("typed", "gone"), [("y\n", True), ("\n", False), ("no\n", False)])
def test_clean_asks(
    left: Path,
    typed: str,
    gone: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import io

    class Person(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Person(typed))
    monkeypatch.setattr("sys.stderr", Person())
    assert main(["runs", "clean", "--store", str(left)]) == 0
    assert (folders(left) == {"done"}) is gone
    assert ("of 4 runs" in capsys.readouterr().out) is gone


def test_a_comparison_makes_no_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunStore(tmp_path) as store:
        runs = [store.start(RunRecord(target="y", metric="rmse", data_hash="a")) for _ in range(2)]
    said(["runs", "compare", runs[0].id, runs[1].id, "--store", tmp_path], capsys)
    assert not (tmp_path / "runs").exists()
