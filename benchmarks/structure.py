"""What `check` recommends for the training rows of every public table.

    python benchmarks/structure.py                    all tables, findings into results/
    python benchmarks/structure.py ames bike_sharing  some

Of the facts about a table only its target and its task are read.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from machine import DATA, RESULTS, describe

from modelwright.plan.check import check


def main(names: list[str]) -> None:
    folders = [DATA / name for name in names] if names else sorted(DATA.iterdir())
    found = [_row(folder) for folder in folders if (folder / "train.csv.gz").is_file()]
    for row in found:
        print(f"{row['name']:22} {row['kind']:8} {','.join(row['columns']):30.30} "
              f"{'certain' if row['certain'] else '':8} {row['seconds']:5.1f} s  "
              f"{' '.join(row['codes'])}")  # fmt: skip
    if not names:
        text = json.dumps({"machine": describe(), "tables": found}, indent=1)
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


if __name__ == "__main__":
    main(sys.argv[1:])
