"""Kill a fit at random moments and resume it: a valid model, and nothing fitted twice.

    python benchmarks/kill.py [--times 20] [--set ames] [--trials 6] [--seed 0]

A first run without a kill says how long the fit takes. Then each round starts the same fit in a
store of its own, kills it (SIGKILL, the parent process only) at a random moment of that time,
checks that its workers are gone within two seconds, and gives the same command with ``--resume``.
Under ``--trials`` no clock has a say, so that the resumed fit must come to the same test score.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from machine import DATA, RESULTS, as_text, describe
from scoring import score
from watched import modelwright, tree, watch

LIMIT = 900.0
WORKERS_GONE_WITHIN = 2.0


def main() -> int:
    """Run the rounds, and keep the result; exit 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--set", default="ames")
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        whole = watch(_fit(options, Path(folder)), Path(folder), LIMIT)
        if whole.code:
            print(whole.stderr, file=sys.stderr)
            return 1
        expected = _score(options.set, Path(folder))
    rounds = []
    for number in range(options.times):
        rounds.append(_round(options, draw.uniform(0.05, 0.85) * whole.seconds, expected))
        print(number + 1, json.dumps(rounds[-1]), flush=True)
    results = {
        "command": f"kill.py --times {options.times} --set {options.set} --trials {options.trials}"
        f" --seed {options.seed}",
        "machine": describe(),
        "seconds_without_a_kill": round(whole.seconds, 1),
        "score_without_a_kill": expected,
        "rounds": rounds,
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "kill.json").write_text(text, encoding="utf-8")
    (RESULTS / "kill.md").write_text(_report(results), encoding="utf-8")
    return 0 if all(_good(item) for item in rounds) else 1


def _fit(options: argparse.Namespace, work: Path, *more: str) -> list[str]:
    meta = json.loads((DATA / options.set / "meta.json").read_text(encoding="utf-8"))
    return modelwright(
        *("fit", str(DATA / options.set / "train.csv.gz")),
        *("--target", meta["target"], "--metric", meta["metric"]),
        *("--trials", str(options.trials), "--out", str(work / "m.mw")),
        *("--store", str(work / "store"), "--json", *more),
    )


def _round(options: argparse.Namespace, moment: float, expected: float | None) -> dict[str, Any]:
    work = Path(tempfile.mkdtemp(prefix="kill-"))
    try:
        process = subprocess.Popen(
            _fit(options, work),
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moment)
        below = tree(process.pid)[1:]
        ended_before = process.poll() is not None
        process.kill()
        process.wait()
        gone_after = _gone_after(below)
        done_before = _finished(work)
        valid_before = _valid(work) if (work / "m.mw").exists() else None
        resumed = watch(_fit(options, work, "--resume"), work, LIMIT)
        score = _score(options.set, work)
        return {
            "killed_at": round(moment, 2),
            "had_ended": ended_before,
            "workers": len(below),
            "workers_gone_after": gone_after,
            "fits_done_before": len(done_before),
            "model_before_valid": valid_before,
            "resume_exit": resumed.code,
            "resume_seconds": round(resumed.seconds, 2),
            "model_valid": _valid(work),
            "score": score,
            "same_score": score == expected,
            "fitted_twice": _fitted_twice(work),
        }
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _gone_after(workers: list[Any]) -> float | None:
    """Seconds until no worker is left; None when one is still there after a while."""
    began = time.monotonic()
    while time.monotonic() - began < 5 * WORKERS_GONE_WITHIN:
        if not any(worker.is_running() and worker.status() != "zombie" for worker in workers):
            return round(time.monotonic() - began, 2)
        time.sleep(0.02)
    return None


def _events(work: Path) -> list[dict[str, str]]:
    """Read the journals of every run in the store; a last line may be cut short by the kill."""
    events = []
    for path in sorted((work / "store").rglob("journal.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                events.append({**json.loads(line), "run": str(path.parent)})
            except ValueError:
                continue
    return events


def _finished(work: Path) -> set[str]:
    return {event["key"] for event in _events(work) if event["event"] == "done"}


def _fitted_twice(work: Path) -> list[str]:
    """List what was started again after it was done, in whichever run."""
    done: set[str] = set()
    twice = []
    for event in _events(work):
        if event["event"] == "done":
            done.add(event["key"])
        elif event["event"] == "start" and event["key"] in done:
            twice.append(event["key"])
    return twice


def _valid(work: Path) -> bool:
    """Whether the model file predicts: judged by a process of its own."""
    code = "import sys, modelwright; modelwright.load(sys.argv[1])"
    command = [sys.executable, "-c", code, str(work / "m.mw")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _score(name: str, work: Path) -> float | None:
    test, answers = DATA / name / "test.csv.gz", work / "answers.csv"
    command = modelwright("predict", str(work / "m.mw"), str(test), "--out", str(answers))
    if watch(command, work, LIMIT).code:
        return None
    meta = json.loads((DATA / name / "meta.json").read_text(encoding="utf-8"))
    if len(pd.read_csv(answers)) != len(pd.read_csv(test, low_memory=False)):
        return None
    return round(score(answers, test, meta), 6)


def _good(item: dict[str, Any]) -> bool:
    return (
        item["resume_exit"] == 0
        and item["model_valid"]
        and item["same_score"]
        and item["model_before_valid"] is not False
        and not item["fitted_twice"]
        and item["workers_gone_after"] is not None
        and item["workers_gone_after"] <= WORKERS_GONE_WITHIN
    )


def _report(results: dict[str, Any]) -> str:
    rounds = results["rounds"]
    good = sum(_good(item) for item in rounds)
    lines = [
        "# Killed and resumed",
        "",
        f"`python benchmarks/{results['command']}`: SIGKILL at a random moment",
        f"of a fit that takes {results['seconds_without_a_kill']} s, then the same command with",
        "`--resume`.",
        "",
        as_text(results["machine"]) + ".",
        "",
        f"{good} of {len(rounds)} rounds ended with a valid model of the same score, nothing"
        f" finished fitted twice, and no worker alive {WORKERS_GONE_WITHIN:.0f} s after its"
        f" parent. Without a kill the score is {results['score_without_a_kill']}.",
        "",
        "| killed at s | fits done before | resume s | score | fitted twice | workers gone s |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {item['killed_at']} | {item['fits_done_before']} | {item['resume_seconds']} "
        f"| {item['score']} | {len(item['fitted_twice'])} | {item['workers_gone_after']} |"
        for item in rounds
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
