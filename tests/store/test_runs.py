from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright.core.errors import DataError, OptionError, OutputError, UserError
from modelwright.store import RunRecord, RunStore, TrialRecord, database
from modelwright.store.records import RunStatus
from modelwright.store.runs import run_folder

ASKED = RunRecord(
    data_hash="d", config_hash="c", request={"target": "é"}, budget=60.0, target="é", metric="rmse",
    version="0.1.0", notes=("first",),
)  # fmt: skip


def test_life_of_a_run(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
        assert abs(run.created - time.time()) < 5
        assert store.run(run.id) == run
        store.spend(run.id, 1.5)
        store.spend(run.id, 2.0)
        store.mark(run.id, RunStatus.INTERRUPTED)
        assert store.run(run.id).status is RunStatus.INTERRUPTED
        store.mark(run.id, RunStatus.RUNNING)
        assert store.run(run.id).status is RunStatus.RUNNING
        store.finish(run.id, 2.5, "model.mw", ("second",))
    with RunStore(tmp_path) as store:
        done = store.run(run.id)
    assert (done.status, done.spent, done.score, done.model) == ("finished", 3.5, 2.5, "model.mw")
    assert done.notes == ("first", "second")


def test_failure_is_noted(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
        store.fail(run.id, "the disk is full")
        assert store.run(run.id).notes == ("first", "the disk is full")
        assert store.run(run.id).status is RunStatus.FAILED


def test_no_budget_and_no_score_come_back(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(RunRecord())
        store.finish(run.id, float("nan"), "")
        assert store.run(run.id).budget == float("inf")
        assert store.run(run.id).score is None


def test_trials_are_replaced(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
        trial = TrialRecord(run.id, 1, "lightgbm-1", "lightgbm", {"depth": 3}, "done", 0.5, 2.0)
        store.add_trial(TrialRecord(run.id, 1, "lightgbm-1", "lightgbm", status="crashed"))
        store.add_trial(trial)
        store.add_trial(TrialRecord(run.id, 0, "linear", "linear", error="ValueError: x"))
        assert [each.number for each in store.trials(run.id)] == [0, 1]
        assert store.trials(run.id)[1] == trial
        assert store.trials("other") == []


def test_ids_sort_by_time_and_never_collide(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        ids = []
        for _ in range(20):
            ids.append(store.start(ASKED).id)
            time.sleep(0.002)
        assert ids == sorted(ids)
        assert all(len(each) == 18 for each in ids)
        assert [run.id for run in store.runs(3)] == ids[:-4:-1]
        with pytest.raises(OptionError, match="a new id"):
            store.start(store.run(ids[0]))


def test_find_by_prefix(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        with pytest.raises(OptionError, match="no run is recorded"):
            store.run("x")
        for name in ("abc", "abe", "ab"):
            store.start(RunRecord(id=name))
        assert store.run("abc").id == "abc"
        assert store.run("ab").id == "ab"
        with pytest.raises(OptionError, match="3 ids begin"):
            store.run("a")
        with pytest.raises(OptionError, match="did you mean 'abe'"):
            store.run("abex")
        with pytest.raises(OptionError, match="choose one of"):
            store.run("%")
        with pytest.raises(OptionError):
            store.run("")


def test_newest_of_the_same_question(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        assert store.newest("d", "c") is None
        old, new = store.start(ASKED), store.start(ASKED)
        found = store.newest("d", "c")
        assert found is not None
        assert found.id == new.id
        assert store.newest("d", "other") is None
        store.mark(old.id, RunStatus.INTERRUPTED)
        store.fail(new.id, "x")
        found = store.newest("d", "c")
        assert found is not None
        assert found.id == old.id
        store.fail(old.id, "x")
        assert store.newest("d", "c") is None


def test_folder(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
        assert store.folder_of(run.id) == tmp_path / "runs" / run.id
        assert store.folder_of(run.id).is_dir()
        with pytest.raises(OptionError):
            store.folder_of("../..")


_WRITER = """
import sys
from pathlib import Path
from modelwright.store import RunRecord, RunStore, TrialRecord
for _ in range(4):
    with RunStore(Path(sys.argv[1])) as store:
        run = store.start(RunRecord())
        for number in range(10):
            store.add_trial(TrialRecord(run.id, number, "n", "l"))
            store.spend(sys.argv[2], 1.0)
        store.finish(run.id, 1.0, "")
"""


@pytest.mark.long
def test_several_processes_at_once(tmp_path: Path) -> None:
    first = "shared"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), first], stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    with RunStore(tmp_path) as store:
        store.start(RunRecord(id=first))
        errors = [writer.communicate(timeout=30)[1] for writer in writers]
        assert errors == [""] * 4
        runs = store.runs(100)
        assert len(runs) == 17
        assert all(len(store.trials(run.id)) == 10 for run in runs if run.id != first)
        assert store.run(first).spent >= 1  # some are spent before the run is recorded


def test_corrupt(tmp_path: Path) -> None:
    (tmp_path / "runs.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DataError, match="move the file away"):
        RunStore(tmp_path)


def test_every_torn_page_is_a_user_error(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
    data = (tmp_path / "runs.sqlite").read_bytes()
    said: list[str] = []
    for place in range(0, len(data), 512):
        folder = tmp_path / str(place)
        folder.mkdir()
        torn = data[:place] + b"\xa5" * 512 + data[place + 512 :]
        (folder / "runs.sqlite").write_bytes(torn)
        try:
            with RunStore(folder) as store:
                store.runs()
                store.add_trial(TrialRecord(run.id, 0, "n", "l"))
                store.newest("d", "c")
        except UserError as error:
            said.append(str(error))
    assert any("move the file away" in text for text in said)
    assert not any("\n" in text for text in said)


def test_foreign_row(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        store.start(ASKED)
        with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as base, base:
            base.execute("UPDATE runs SET request = '{', status = 'odd'")
        with pytest.raises(DataError):
            store.runs()


def test_newer(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(DataError, match="--upgrade"):
        RunStore(tmp_path)


_FIRST_TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, created REAL, data_hash TEXT, config_hash TEXT, status TEXT,
    request TEXT, spent REAL, budget REAL, target TEXT, metric TEXT, score REAL, model TEXT,
    version TEXT, notes TEXT
);
CREATE INDEX runs_by_question ON runs (data_hash, config_hash, created);
CREATE TABLE trials (
    run TEXT REFERENCES runs (id), number INTEGER, name TEXT, learner TEXT, config TEXT,
    status TEXT, score REAL, seconds REAL, error TEXT, PRIMARY KEY (run, number)
);
INSERT INTO runs VALUES ('old', 1.0, 'd', 'c', 'finished', '{}', 2.0, NULL, 'price', 'rmse', 0.5,
    'model.mw', '0.1.0', '["a note"]');
INSERT INTO trials VALUES ('old', 0, 'linear-0', 'linear', '{}', 'done', 0.5, 1.0, '');
PRAGMA user_version = 1;
"""


def test_a_store_of_the_first_version_keeps_its_records(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as base:
        base.executescript(_FIRST_TABLES)
    for _ in range(2):  # brought up to date once, then opened as it is
        with RunStore(tmp_path) as store:
            old = store.run("old")
            assert (old.notes, old.score, old.facts) == (("a note",), 0.5, {})
            assert [trial.name for trial in store.trials("old")] == ["linear-0"]
            store.start(replace(ASKED, facts={"rows": 3}))
            assert store.runs(1)[0].facts == {"rows": 3}


def test_facts_are_learned_one_after_the_other(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
        store.learn(run.id, {"rows": 3, "machine": {"cores": 2}})
        store.learn(run.id, {"rows": 4, "data": "é.csv"})
        facts = {"rows": 4, "machine": {"cores": 2}, "data": "é.csv"}
        assert store.run(run.id).facts == facts


def test_the_place_of_a_run_is_not_created_by_asking(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        run = store.start(ASKED)
        assert not run_folder(tmp_path, run).exists()
        assert store.folder_of(run.id) == run_folder(tmp_path, run)


def test_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.1)
    with RunStore(tmp_path) as store, closing(sqlite3.connect(tmp_path / "runs.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="wait for the other process"):
            store.start(ASKED)
        assert store.runs() == []
        other.rollback()
        store.start(ASKED)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="unable to open"):
        RunStore(tmp_path / "no")
