"""The leak corpus: 12 kinds x 20 seeds from real tables, each leak proved to be worth finding.

    python benchmarks/trust/corpus.py                     list what is proved
    python benchmarks/trust/corpus.py --prove             draw and prove what is not yet proved
    python benchmarks/trust/corpus.py --prove entities    one kind or some

A case is drawn by its kind and seed. The score of a plain model with the leak has to differ from
the honest one by .02 AUC or 5 % RMSE, else it is drawn again, stronger. Which draw was taken, and
what it is worth, is kept in results/trust/corpus/, one file a kind. The tables stay where they
are: nothing of them is copied. With LEAKS_POOL=fresh before it, the second corpus is meant: other
questions, other seeds (`leaks/sets.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # small tables: threads would only wait
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from leaks.catalogue import KINDS, SEEDS, proof_file, settled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), help="all when none is named")
    parser.add_argument("--prove", action="store_true", help="draw and prove; kept case by case")
    asked = parser.parse_args()
    for kind in asked.kinds:
        if asked.prove:
            prove(kind)
        _list(kind)


def prove(kind: str) -> None:
    """Prove the seeds of a kind that have no proof yet, and write each down at once."""
    records = _records(kind)
    for seed in SEEDS:
        if any(one["seed"] == seed for one in records):
            continue
        began = time.monotonic()
        attempt, case, worth = settled(kind, seed)
        records.append({
            "seed": seed, "attempt": attempt, "source": case.truth.source,
            "family": case.truth.family, "form": case.truth.form,
            "columns": list(case.truth.columns)[:5], "severity": case.truth.severity,
            "metric": worth.metric, "leaked": round(worth.leaked, 6),
            "honest": round(worth.honest, 6), "gap": round(worth.gap, 4),
            "digest": case.digest(), "seconds": round(time.monotonic() - began, 1),
        })  # fmt: skip
        _write(kind, records)


def _records(kind: str) -> list[dict[str, Any]]:
    path = proof_file(kind)
    return list(json.loads(path.read_text("utf-8"))["cases"]) if path.is_file() else []


def _write(kind: str, records: list[dict[str, Any]]) -> None:
    from machine import describe

    path = proof_file(kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join("  " + json.dumps(one) for one in records)
    head = json.dumps({"machine": describe(), "kind": kind})[1:-1]
    path.write_text(f'{{{head},\n "cases": [\n{lines}\n ]}}\n', encoding="utf-8")


def _list(kind: str) -> None:
    records = _records(kind)
    for one in records:
        print(f"{kind:15} {one['seed']:2} {one['family']:8} {one['source']:20} {one['form']:26} "
              f"{one['metric']:4} {one['honest']:10.4g} -> {one['leaked']:10.4g} "
              f"gap {one['gap']:.3f}  draw {one['attempt'] + 1}")  # fmt: skip
    if records:
        gaps = [one["gap"] for one in records]
        seconds = sum(one["seconds"] for one in records)
        print(f"{kind}: {len(records)} cases, gap {min(gaps):.3f} to {max(gaps):.3f}, "
              f"median {median(gaps):.3f}, {seconds:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
