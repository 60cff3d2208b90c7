"""What `check` recommends for the training rows of every public table, against expectations.

    python benchmarks/structure.py                    all tables, findings into results/
    python benchmarks/structure.py ames bike_sharing  some

The expectations were written from the raw tables by somebody else, before any detector was run:
`tests/evaluate/expected/structure.json`. Of the facts about a table only its target and its task
are read.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from machine import DATA, RESULTS, ROOT, describe

from modelwright.plan.tables.check import check

EXPECTED = ROOT / "tests" / "evaluate" / "expected" / "structure.json"


def main(names: list[str]) -> None:
    folders = [DATA / name for name in names] if names else sorted(DATA.iterdir())
    found = [_row(folder) for folder in folders if (folder / "train.csv.gz").is_file()]
    known = json.loads(EXPECTED.read_text("utf-8"))["sets"] if EXPECTED.is_file() else {}
    for row in found:
        judged = _judged(row, known[row["name"]]) if row["name"] in known else ""
        print(f"{row['name']:20} {row['kind']:7} {','.join(row['columns']):24.24} "
              f"{'certain' if row['certain'] else '':8} {row['seconds']:5.1f} s  {judged:9} "
              f"{' '.join(row['codes'])}")  # fmt: skip
    if names:
        return
    summary = _summary(found, known) if known else {}
    print(json.dumps(summary))
    text = json.dumps({"machine": describe(), **summary, "tables": found}, indent=1)
    (RESULTS / "structure.json").write_text(text + "\n", encoding="utf-8")


def _row(folder: Path) -> dict[str, Any]:
    about = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    began = time.monotonic()
    found = check(folder / "train.csv.gz", about["target"], task=about["task"])
    return {
        "name": folder.name,
        "kind": found.recommended.kind,
        "columns": list(found.recommended.columns),
        "certain": found.recommended.certain,
        "rows": found.rows,
        "codes": [one.code for one in found.findings],
        "findings": [one.to_json() for one in found.findings],
        "seconds": round(time.monotonic() - began, 2),
    }


def _judged(row: dict[str, Any], expected: dict[str, Any]) -> str:
    if _fits(row, expected):
        return "right"
    return "accepted" if any(_fits(row, other) for other in expected["accepted"]) else "wrong"


def _fits(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    if row["kind"] == "random":
        return bool(wanted["structure"] == "iid")
    columns = wanted["order" if row["kind"] == "time" else "group"]
    return bool(wanted["structure"] == row["kind"] and set(row["columns"]) & set(columns))


def _summary(found: list[dict[str, Any]], known: dict[str, Any]) -> dict[str, int]:
    plain = [row for row in found if known[row["name"]]["structure"] == "iid"]
    others = [row for row in found if known[row["name"]]["structure"] != "iid"]

    def count(rows: list[dict[str, Any]], *words: str) -> int:
        return sum(_judged(row, known[row["name"]]) in words for row in rows)

    return {
        "structured": len(others),
        "right": count(others, "right"),
        "right_or_accepted": count(others, "right", "accepted"),
        "iid": len(plain),
        "false": count(plain, "accepted", "wrong"),
        "false_and_not_accepted": count(plain, "wrong"),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
