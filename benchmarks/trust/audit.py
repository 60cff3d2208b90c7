"""How many of the planted leaks `check` and `audit` find, and how often they shout at honest cases.

    python benchmarks/trust/audit.py                        the numbers that are recorded
    python benchmarks/trust/audit.py --kinds encoder clean  score some kinds again
    python benchmarks/trust/audit.py --half seen            those seeds alone
    LEAKS_POOL=fresh python benchmarks/trust/audit.py       the second corpus, for no rule's sake

The corpus is `benchmarks/trust/leaks`. While detectors were improved, only one half of the cases
was looked at: leaks of even seeds, and honest cases 0, 1, 4, 5, 8... (tables, pipelines in turn).
Both halves are reported. Each case is kept as soon as it is judged, so that a run goes on where it
stopped; `--fresh` forgets them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from leaks.catalogue import CLEAN, KINDS, SEEDS
from leaks.judge import Answer, Scores, all_cases, score_detector
from leaks.sets import CHOSEN

NAME = {"first": "audit.json", "fresh": "audit-fresh.json"}[CHOSEN]
RECORD = Path(__file__).resolve().parents[1] / "results" / "trust" / NAME
HALVES = {"seen": 0, "unseen": 1}


def for_data(path: Path, target: str) -> list[dict[str, Any]]:
    """Ask `check` about a file."""
    from modelwright.plan.tables.check import check

    return [one.to_json() for one in check(path, target).findings]


def for_pipelines(estimator: Any, X: Any, y: Any, splits: Any) -> list[dict[str, Any]]:
    """Ask `audit` about a pipeline."""
    import modelwright as mw

    return [one.to_json() for one in mw.audit(estimator, X, y, splits).findings]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kinds", nargs="*", default=[*KINDS, "clean"])
    parser.add_argument("--half", choices=list(HALVES), default=None)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--fresh", action="store_true", help="forget what is known of these")
    parser.add_argument("--out", type=Path, default=RECORD)
    parser.add_argument("--show", action="store_true", help="say what was wrong")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    kept = _read(asked.out)
    wanted = [name for name in _names() if name.split()[0] in asked.kinds and _in(name, asked.half)]
    if asked.fresh:
        kept = [one for one in kept if one["case"] not in wanted]
    known = {one["case"] for one in kept}
    ends = time.monotonic() + asked.seconds
    for name in wanted:
        if name in known:
            continue
        if time.monotonic() > ends:
            print(f"stopped before {name}")
            break
        kept.append(_judged(name))
        _write(asked.out, kept)
    some = [one for one in kept if one["case"] in wanted]
    print(Scores(tuple(_answer(one) for one in some)))
    print(f"{sum(one['seconds'] for one in some):.0f} s for {len(some)} cases")
    if asked.show:
        for one in some:
            if not one["right"]:
                print(one["case"], one["form"], one["said"])


def _names() -> list[str]:
    leaks = [f"{kind} {seed}" for kind in KINDS for seed in SEEDS]
    return [*leaks, *(f"clean {seed}" for seed in CLEAN)]


def _in(name: str, half: str | None) -> bool:
    kind, seed = name.split()
    side = int(seed) // 2 if kind == "clean" else int(seed)
    return half is None or side % 2 == HALVES[half]


def _judged(name: str) -> dict[str, Any]:
    kind, seed = name.split()
    kinds, seeds, cleans = ([], [], [int(seed)]) if kind == "clean" else ([kind], [int(seed)], [])
    began = time.monotonic()
    scores = score_detector(for_data, for_pipelines, cases=all_cases(kinds, seeds, cleans))
    one = scores.answers[0]
    return {"case": name, "form": one.form, "right": one.right, "said": list(one.said),
            "seconds": round(time.monotonic() - began, 2)}  # fmt: skip


def _answer(one: dict[str, Any]) -> Answer:
    return Answer(one["case"], one["form"], one["right"], tuple(one["said"]))


def _read(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text("utf-8"))["cases"]) if path.is_file() else []


def _write(path: Path, kept: list[dict[str, Any]]) -> None:
    from machine import describe

    order = {name: i for i, name in enumerate(_names())}
    kept = sorted(kept, key=lambda one: order[one["case"]])
    halves = {
        half: Scores(tuple(_answer(one) for one in kept if _in(one["case"], half))).to_json()
        for half in HALVES
    }
    for one in halves.values():
        del one["wrong"]
    whole = Scores(tuple(_answer(one) for one in kept)).to_json()
    del whole["wrong"]
    head = {"machine": describe(), "all": whole, **halves}
    lines = ",\n".join("  " + json.dumps(one) for one in kept)
    text = json.dumps(head, indent=1)[:-2]
    path.write_text(f'{text},\n "cases": [\n{lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
