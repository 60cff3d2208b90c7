"""Planted bugs that are caught, alarms in trainings that are sound, and the seconds they take.

    python benchmarks/deep/diagnostics.py            # all, about three minutes
    python benchmarks/deep/diagnostics.py planted --only 3 7
    python benchmarks/deep/diagnostics.py sound more

A bug counts as caught when one of the codes that were written down for it is among the findings. A
sound training with a warning or an error is a false alarm; what is only good to know is none. What
was measured for other parts stays in the results file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path += [str(HERE.parent), str(HERE.parents[1])]
RESULTS = HERE.parents[1] / "results" / "deep-diagnostics.json"


def main() -> None:
    import machine
    import planted
    import sound
    import torch

    asked = _arguments()
    torch.set_num_threads(asked.threads)
    bugs = {"planted": planted.BUGS, "more": planted.MORE}
    for part in asked.parts:
        if part == "sound":
            found = [
                one for i, make in enumerate(sound.SOUND) if _wanted(asked, i)
                for one in [_sound(make)]
            ]  # fmt: skip
        else:
            found = [_bug(bug) for i, bug in enumerate(bugs[part]) if _wanted(asked, i)]
        told = _summed(part, found)
        print(json.dumps(told, indent=1))
        if asked.only:
            continue
        told |= {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": f"python benchmarks/deep/diagnostics.py {part} --threads {asked.threads}",
            "threads": asked.threads,
            "machine": machine.describe(),
            "all": found,
        }
        results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
        results[part] = told
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def _wanted(asked: argparse.Namespace, place: int) -> bool:
    return not asked.only or place in asked.only


def _diagnosed(make: Callable[[], Any]) -> tuple[Any, float]:
    import torch

    from modelwright.training.diagnostics import diagnose

    torch.manual_seed(0)
    work = make()
    began = time.perf_counter()
    found = diagnose(
        work.net, work.loss, work.data, valid=work.valid, optimiser=work.optimiser,
        step=work.step, score=work.score,
    )  # fmt: skip
    return found, round(time.perf_counter() - began, 2)


def _bug(bug: Any) -> dict[str, Any]:
    found, seconds = _diagnosed(bug.make)
    codes = [f"{one.severity.value}: {one.code}" for one in found.findings]
    caught = any(one.code in bug.codes for one in found.alarms)
    print(f"{'caught' if caught else 'MISSED'} {bug.name} ({seconds} s): {', '.join(codes)}")
    told = [f"{one.code}: {one.evidence}" for one in found.findings]
    return {"bug": bug.name, "told_by": bug.told, "caught": caught, "seconds": seconds,
            "findings": told, "notes": list(found.notes)}  # fmt: skip


def _sound(make: Callable[[], Any]) -> dict[str, Any]:
    found, seconds = _diagnosed(make)
    alarms = [f"{one.code}: {one.evidence}" for one in found.alarms]
    told = [f"{one.code}: {one.evidence}" for one in found.findings if one not in found.alarms]
    print(f"{'ALARM' if alarms else 'quiet'} {make.__name__} ({seconds} s): {alarms} {told}")
    return {"training": make.__name__, "quiet": not alarms, "seconds": seconds, "alarms": alarms,
            "told": told, "notes": list(found.notes)}  # fmt: skip


def _summed(part: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    longest = max((one["seconds"] for one in found), default=0.0)
    if part == "sound":
        alarms = sum(not one["quiet"] for one in found)
        return {"trainings": len(found), "false_alarms": alarms, "longest_seconds": longest}
    caught = sum(one["caught"] for one in found)
    return {"bugs": len(found), "caught": caught, "longest_seconds": longest}


def _arguments() -> argparse.Namespace:
    parts = ["planted", "more", "sound"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(parts))
    parser.add_argument("--only", type=int, nargs="*", help="places in the list, from 0")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    if not set(asked.parts) <= set(parts):
        parser.error(f"parts are {', '.join(parts)}")
    asked.parts = asked.parts or parts
    return asked


if __name__ == "__main__":
    main()
