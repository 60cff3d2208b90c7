"""How accurate in how many seconds: modelwright beside its peers on folders of real tables.

python benchmarks/tabular.py [--systems a,b] [--sets FOLDER] [--only a,b | --subset] [--time 60]
                             [--seeds 0] [--limit MINUTES] [--again]

One system at a time, in turns set by set, each a process of its own; what was measured stays
measured, so that it may be stopped and called again. Results, and the predictions that paired
comparisons need, are kept in benchmarks/results/tabular/.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from machine import DATA, RESULTS, describe
from peers import PEERS
from scoring import Scored, known_rows
from tabular_report import OURS, write_report
from watched import Watched, modelwright, watch

# Chosen before any result, balanced in size, task, structure and dirt.
SUBSET = (
    "adult", "audiology", "bike_sharing", "flying_recline", "hitters_salary", "ibm_attrition",
    "kershaw_pitch", "lending_club", "loans_homeownership", "movies_imdb", "pd_speech",
    "squirrels_run", "star_math", "trump_tweet_source", "uci_protein",
)  # fmt: skip
# So many times its budget a peer may take before it is killed.
PATIENCE = 3.0
PREDICT_LIMIT = 900.0
# Predictions are kept with so many digits: enough for ranks, small enough to keep.
DIGITS = 5


@dataclass(frozen=True)
class Case:
    """One measurement.

    Parameters
    ----------
    system, name : str
        Who, and on which set.
    seconds : float
        The budget.
    seed : int
        Of the system, where it takes one.
    """

    system: str
    name: str
    seconds: float
    seed: int

    @property
    def key(self) -> str:
        """Name it in files."""
        return f"{self.system}_{self.name}_{self.seconds:g}s_{self.seed}"


class Results:
    """What was measured, a line of JSON each, and predictions beside it.

    Parameters
    ----------
    folder : path
        Where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "predictions").mkdir(parents=True, exist_ok=True)
        self._path = folder / "runs.jsonl"
        lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        self.rows: dict[str, dict[str, Any]] = {row["key"]: row for row in map(json.loads, lines)}

    def keep(self, row: dict[str, Any], scored: Scored | None) -> None:
        """Write one measurement; a newer one of the same case takes its place."""
        self.rows[row["key"]] = row
        text = "".join(json.dumps(row) + "\n" for _, row in sorted(self.rows.items()))
        self._path.write_text(text, "utf-8")
        if scored is not None:
            rounded = np.array([f"{x:.{DIGITS}g}" for x in scored.kept], np.float32)
            np.savez_compressed(self.predictions(row["key"]), p=rounded)

    def predictions(self, key: str) -> Path:
        """Where the predictions of a case are."""
        return self.folder / "predictions" / f"{key}.npz"


def main() -> int:
    """Measure what is not measured yet, and write the report."""
    options = _options()
    results = Results(RESULTS / "tabular")
    ends = time.monotonic() + 60 * options.limit
    for case in _cases(options):
        if case.key in results.rows and not (options.again and case.system == OURS):
            continue
        if time.monotonic() + 1.3 * case.seconds > ends:
            print("the time limit is near: call again to go on", flush=True)
            break
        row, scored = measure(case, options.sets / case.name)
        results.keep(row, scored)
        print(
            f"{case.key:60} {row.get('score', row.get('error'))} in {row['fit_seconds']:.1f} s",
            flush=True,
        )
    write_report(results.rows, results.predictions, options.sets, RESULTS / "tabular.md")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--systems", default=",".join([OURS, *PEERS]))
    parser.add_argument("--sets", type=Path, default=DATA, help="folder of sets")
    parser.add_argument("--only", default="", help="names of sets, comma-separated")
    parser.add_argument("--subset", action="store_true", help="the fixed 15 sets")
    parser.add_argument("--time", type=float, default=60, help="seconds for each fit")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--limit", type=float, default=600, help="minutes in all")
    parser.add_argument("--again", action="store_true", help="measure modelwright anew")
    return parser.parse_args()


def _cases(options: argparse.Namespace) -> Iterator[Case]:
    names = (
        options.only.split(",") if options.only else sorted(p.name for p in options.sets.iterdir())
    )
    if options.subset:
        names = list(SUBSET)
    systems = options.systems.split(",")
    for system in systems:
        if system != OURS:
            PEERS[system].install()
    for seed in map(int, options.seeds.split(",")):
        for i, name in enumerate(names):
            # Nobody is always the first: what warms up the machine warms it up for all.
            turn = i % len(systems)
            for system in systems[turn:] + systems[:turn]:
                yield Case(system, name, options.time, seed)


def measure(case: Case, folder: Path) -> tuple[dict[str, Any], Scored | None]:
    """Fit and predict one set in a folder of its own, and score the predictions."""
    meta = json.loads((folder / "meta.json").read_text("utf-8"))
    work = Path(tempfile.mkdtemp(prefix="tabular-"))
    try:
        runner = _ours if case.system == OURS else _peer
        row = {"key": case.key, **asdict(case), "metric": meta["metric"], "machine": describe()}
        row |= runner(case, folder, meta, work)
        answers = work / "answers.csv"
        if not answers.exists():
            return {"error": "no predictions", **row}, None
        try:
            rows = known_rows(folder / "test.csv.gz", meta)
            scored = Scored.of(pd.read_csv(answers, low_memory=False), rows, meta)
            return {**row, "score": round(scored.score(), 6)}, scored
        except (KeyError, ValueError) as error:
            return {**row, "error": f"{type(error).__name__}: {error}"}, None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _ours(case: Case, folder: Path, meta: Mapping[str, Any], work: Path) -> dict[str, Any]:
    model, answers = work / "m.mw", work / "answers.csv"
    words = ["fit", str(folder / "train.csv.gz"), "--target", meta["target"]]
    words += ["--metric", meta["metric"], *structure(meta), "--time", f"{case.seconds:g}s"]
    words += ["--seed", str(case.seed), "--out", str(model), "--store", str(work / "store")]
    fit = watch(modelwright(*words), work, PATIENCE * case.seconds)
    row = _outcome(fit)
    if not model.exists():
        return row
    test = str(folder / "test.csv.gz")
    done = watch(
        modelwright("predict", str(model), test, "--out", str(answers)), work, PREDICT_LIMIT
    )
    return row | {
        "predict_seconds": round(done.seconds, 2),
        "model_mib": round(model.stat().st_size / 2**20, 2),
    }


def structure(meta: Mapping[str, Any]) -> list[str]:
    """Say what the peers are told as well: the column of groups or of time."""
    flags = {"group": "--group", "time": "--order"}
    kind = meta["structure"]
    return [flags[kind], meta[f"{kind}_column"]] if kind in flags else []


def _peer(case: Case, folder: Path, meta: Mapping[str, Any], work: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("peer_fit.py")
    words = [case.system, str(folder), f"{case.seconds:g}", str(case.seed), str(work)]
    python = str(PEERS[case.system].python)
    fit = watch([python, str(script), *words], work, PATIENCE * case.seconds + PREDICT_LIMIT)
    row = _outcome(fit)
    times = work / "times.json"
    if times.exists():
        row |= {name: round(value, 3) for name, value in json.loads(times.read_text()).items()}
    return row


def _outcome(fit: Watched) -> dict[str, Any]:
    row: dict[str, Any] = {
        "exit": fit.code,
        "fit_seconds": round(fit.seconds, 2),
        "peak_mib": round(fit.peak_mib),
    }
    if fit.code:
        lines = fit.stderr.strip().splitlines()
        row["error"] = lines[-1][:300] if lines else "no word"
    return row


if __name__ == "__main__":
    raise SystemExit(main())
