"""Fit many configurations on real tables once, and keep what they say: the library.

    python benchmarks/portfolio/library.py [--sets a,b] [--seeds 0] [--seconds 120] [--nets]

Of each training file a part is set aside as the set's own structure asks (test files are not
opened). Every candidate is fitted fold by fold on the plan that `fit` would make of the rest, and
once on all of it; kept are the seconds that the processor took for everything (one core; it may do
other things meanwhile), the out-of-fold predictions, and what the models of the folds and the one
of all rows say of the rows set aside. `learn.py` then asks what
any order of candidates would have come to in any budget, without fitting again. What is there is
not measured twice: it may be stopped at any time, and goes on. Nets are fitted in a process of
their own (`--nets`): PyTorch and LightGBM do not share one.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from candidates import CANDIDATES, Candidate
from machine import DATA, describe

from modelwright.acquire import read_raw
from modelwright.core.schema import Role
from modelwright.core.settings import Question, Settings, Validation
from modelwright.features import default_recipe
from modelwright.models.registry import NETS
from modelwright.plan.board import Board
from modelwright.plan.portfolio import bagging_learners, recipes_for
from modelwright.plan.pose import Posed, pose, reading_for
from modelwright.plan.splitting import plan_splits
from modelwright.plan.trial import (
    ALL,
    KEPT_FOLDS,
    LEAN,
    PartResult,
    Trial,
    TrialSpec,
    fold_part,
)
from modelwright.plan.work import fit_part, prepare_part
from modelwright.plan.workspace import Rows, Workspace

# One fit may take so many seconds of the clock: about as many as a budget of five minutes gives it.
FIT_SECONDS = 60.0
ASIDE = 0.25
# Of very large tables so many rows are looked at.
MOST_ROWS = 60_000


def home() -> Path:
    """Where libraries are kept; they are too large for the repository."""
    given = os.environ.get("MODELWRIGHT_LIBRARY")
    return Path(given) if given else Path.home() / ".cache" / "modelwright-library"


def main() -> int:
    """Fit what is not there yet, until the time is up."""
    options = _options()
    ends = time.monotonic() + options.seconds
    names = options.sets.split(",") if options.sets else _by_size()
    for seed in map(int, options.seeds.split(",")):
        for name in names:
            if not _collect(name, seed, ends, nets=options.nets):
                return 3  # there is more to do
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", default="", help="names; all when left out, the smallest first")
    parser.add_argument("--seeds", default="0", help="one part set aside for each")
    parser.add_argument("--seconds", type=float, default=1e9, help="start nothing new after these")
    parser.add_argument("--nets", action="store_true", help="fit the nets, and only them")
    return parser.parse_args()


def _by_size() -> list[str]:
    folders = [path for path in DATA.iterdir() if path.is_dir()]
    return [p.name for p in sorted(folders, key=lambda p: (p / "train.csv.gz").stat().st_size)]


def _collect(name: str, seed: int, ends: float, *, nets: bool) -> bool:
    """Fit the candidates of one set; False when the time is up before all are done."""
    folder = home() / f"{name}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [
        (number, each)
        for number, each in enumerate(CANDIDATES)
        if (each.learner in NETS) == nets and not (folder / f"{each.name}.npz").exists()
    ]
    if not wanted:
        return True
    if time.monotonic() > ends:
        return False
    posed = _posed(name, seed)
    seen, aside = _sides(posed.rows, seed)
    work = _workspace(folder, posed.rows, seen)
    _describe(folder, posed, work, aside)
    board = Board(work, posed.metric)
    for number, candidate in wanted:
        if time.monotonic() > ends:
            return False
        _fit(folder, work, board, number, candidate, posed.rows.table.rows(aside))
    if all((folder / f"{each.name}.npz").exists() for each in CANDIDATES):
        shutil.rmtree(folder / "work")
    return True


def _posed(name: str, seed: int) -> Posed:
    meta = json.loads((DATA / name / "meta.json").read_text(encoding="utf-8"))
    order, group = meta.get("time_column"), meta.get("group_column")
    kind = meta["structure"]
    question = Question(
        meta["target"],
        meta["task"],
        meta["metric"],
        order=order if kind == "time" else None,
        group=group if kind == "group" else None,
    )
    file = DATA / name / "train.csv.gz"
    settings = Settings(seed=seed)
    raw = read_raw(file, reading_for(question, settings, file))
    return pose(raw, question, settings)


def _sides(rows: Rows, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Set rows aside: later ones, whole groups, or any."""
    count, schema = rows.table.height, rows.table.schema
    rng = np.random.default_rng(7_000 + seed)
    order, group = schema.names(Role.ORDER), schema.names(Role.GROUP)
    if order:
        place = rows.table.frame[order[0]].rank("ordinal").fill_null(count).to_numpy() - 1
        aside = place >= (1 - ASIDE) * count
    elif group:
        codes = rows.table.frame[group[0]].cast(str).rank("dense").to_numpy() - 1
        aside = rng.permutation(codes.max() + 1)[codes] < ASIDE * (codes.max() + 1)
    else:
        aside = rng.permutation(count) < ASIDE * count
    sides = []
    for side in (np.flatnonzero(~aside), np.flatnonzero(aside)):
        most = MOST_ROWS
        sides.append(side if len(side) <= most else np.sort(rng.choice(side, most, replace=False)))
    return sides[0], sides[1]


def _workspace(folder: Path, rows: Rows, seen: NDArray[np.int64]) -> Workspace:
    work = Workspace(folder / "work")
    weight = None if rows.weight is None else rows.weight[seen]
    mine = replace(rows, table=rows.table.rows(seen), y=rows.y.rows(seen), weight=weight)
    if not work.ready:
        work.folder.mkdir(parents=True, exist_ok=True)
        mine.write(work.folder)
        work.write_splits(plan_splits(mine, Validation()))
    work.hold(mine)
    return work


def _describe(folder: Path, posed: Posed, work: Workspace, aside: NDArray[np.int64]) -> None:
    if (folder / "set.json").exists():
        return
    rows, scored = posed.rows, work.splits.scored
    known = {
        "metric": posed.metric.name,
        "kind": rows.task.kind.value,
        "classes": len(rows.task.classes),
        "rows": len(work.rows.y),
        "columns": len(rows.table.features()),
        "aside": len(aside),
        "folds": len(work.splits),
        "plan": work.splits.kind,
        "recipes": dict(recipes_for(work.rows)),
        "machine": describe(),
    }
    np.savez_compressed(
        folder / "answers.npz",
        scored=work.rows.y.rows(scored).values,
        aside=rows.y.rows(aside).values,
    )
    (folder / "set.json").write_text(json.dumps(known, indent=1) + "\n", "utf-8")


def _fit(
    folder: Path, work: Workspace, board: Board, number: int, candidate: Candidate, aside: Any
) -> None:
    """Fit one candidate everywhere, and keep what it says."""
    recipe = recipes_for(work.rows).get(candidate.recipe, candidate.recipe)
    spec = TrialSpec(number, candidate.learner, dict(candidate.config), recipe=recipe)
    work.parts.write_spec(spec)
    bags = recipe == LEAN and spec.learner in bagging_learners(work.splits, default_recipe())
    folds = [fold_part(i) for i in range(len(work.splits))]
    trial = Trial(spec, (ALL,) if bags else tuple(folds))
    seconds: dict[str, float] = {}
    try:
        for part in trial.wanted:
            trial.parts[part] = _part(work, spec, part, None, seconds)
        board.score(trial)
        if spec.refits and ALL not in trial.parts:
            trial.parts[ALL] = _part(work, spec, ALL, trial.units, seconds)
    except Exception as error:  # a candidate that fails on a set is a result too
        np.savez_compressed(folder / f"{candidate.name}.npz", error=np.array(repr(error)))
        print(f"{folder.name:28} {candidate.name:24} {error!r}", flush=True)
        return
    said: dict[str, Any] = {"oof": trial.oof, "units": trial.units, "score": trial.score}
    if ALL in trial.parts:
        said["aside_all"] = _answers(work, trial, [ALL], aside)
    if not bags:
        some = folds if spec.refits else folds[:KEPT_FOLDS]
        said["aside_folds"] = _answers(work, trial, some, aside)
    features = {part: seconds[f"features/{part}"] for part in trial.parts}
    fits = {part: result.seconds for part, result in trial.parts.items()}
    said["times"] = np.array(json.dumps({"features": features, "fits": fits}))
    np.savez_compressed(folder / f"{candidate.name}.npz", **said)
    for part in trial.parts:
        shutil.rmtree(work.parts.folder / f"{number:03d}" / part, ignore_errors=True)
    print(
        f"{folder.name:28} {candidate.name:24} {trial.score:10.5g} {sum(fits.values()):6.1f} s",
        flush=True,
    )


def _part(
    work: Workspace, spec: TrialSpec, part: str, units: int | None, seconds: dict[str, float]
) -> PartResult:
    """Make the features of a part, unless they are there, and fit on it."""
    note = work.folder / f"features-{spec.matrix(part)}.json"
    began = time.process_time()
    prepare_part(str(work.folder), part, spec.recipe)
    if not note.exists():
        note.write_text(json.dumps(time.process_time() - began), "utf-8")
    seconds[f"features/{part}"] = json.loads(note.read_text("utf-8"))
    began = time.process_time()
    done = fit_part(str(work.folder), spec.number, part, units, FIT_SECONDS)
    return PartResult(done["units"], time.process_time() - began)


def _answers(
    work: Workspace, trial: Trial, parts: Sequence[str], aside: Any
) -> NDArray[np.float32]:
    """Give the mean of what models of some parts say of the rows set aside."""
    return np.mean(list(_each(work, trial, parts, aside)), axis=0, dtype=np.float32)


def _each(
    work: Workspace, trial: Trial, parts: Sequence[str], aside: Any
) -> Iterator[NDArray[np.float32]]:
    for part in parts:
        fitted = work.parts.fitted(trial.spec.number, part)
        recipe = work.matrices.recipe(trial.spec.matrix(part))
        model = fitted.at(min(trial.units, fitted.units))
        yield model.predict(recipe.transform(aside.select(aside.features())))


if __name__ == "__main__":
    raise SystemExit(main())
