"""Looks at the same test rows are counted by target and content."""

from __future__ import annotations

from pathlib import Path

from modelwright.store import RunRecord, RunStore
from modelwright.store.looks import earlier_looks


def test_only_the_same_rows_of_the_same_target_count(tmp_path: Path) -> None:
    with RunStore(tmp_path) as store:
        for run, target, digest in (
            ("a", "price", "11"),
            ("b", "price", "11"),
            ("c", "price", "22"),
            ("d", "rent", "11"),
        ):
            store.start(RunRecord(run, target=target))
            store.learn(run, {"test": {"digest": digest, "rows": 5}})
        store.start(RunRecord("e", target="price"))
    assert earlier_looks(tmp_path, "price", "11", "e") == 2
    assert earlier_looks(tmp_path, "price", "11", "b") == 1
    assert earlier_looks(tmp_path, "price", "33", "e") == 0
    assert earlier_looks(tmp_path, "rent", "11", "e") == 1
