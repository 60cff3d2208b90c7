"""Group-safe stacking: what the best inner split by hand reaches, on tables whose rows are grouped.

    python benchmarks/trust/stacking.py           reference numbers into results/trust/stacking.json
    python benchmarks/trust/stacking.py stroke    one set or some; what is there is kept
    python benchmarks/trust/stacking.py --ours    our own stacking, into stacking_ours.json; goes on

Members are the same everywhere: one that remembers rows, one linear. The outer folds keep entities
together. By hand, scikit-learn's stacking gets each of the inner splits below; the one with the
best mean AUC on the outer folds of all tables is the reference (the best of each table apart would
be the best by chance). Our own stacking is told the groups and no inner split; on the same members
and folds its mean should be within .005. It is measured as it comes, with the last model that it
chooses itself, and with the last model of the reference.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from leaks.cases import Split, generator
from leaks.fitted import stack
from leaks.repeats import features_of, visits
from leaks.sets import draw, read

WITHIN = 0.005
SEEDS = 3
OUTER = 4
SETS = ("adult", "alzheimer_ad", "bank_marketing", "ibm_attrition", "stroke",
        "health_insurance", "resume_callback")  # fmt: skip
Stack = Callable[[Any, pd.DataFrame, NDArray[np.int64], NDArray[np.int64]], Any]


@dataclass(frozen=True)
class Grouped:
    """A grouped table, its outer folds, and the members to stack.

    Parameters
    ----------
    name : str
        The real set, and which draw of it.
    X, y, groups : DataFrame and arrays
        Rows, classes 0 and 1, entities; the entity is a column of X as well, that no member sees.
    splits : list of (train, test)
        Outer folds, entities kept together.
    members : list of (str, estimator)
        What is stacked; the last estimator is `LogisticRegression(C=10)`.
    """

    name: str
    X: pd.DataFrame
    y: NDArray[np.int64]
    groups: NDArray[np.int64]
    splits: list[Split]
    members: list[tuple[str, Any]]


def problems(names: Sequence[str] = SETS) -> Iterator[Grouped]:
    """Give the tables, three draws of each set."""
    for name in names:
        for seed in range(SEEDS):
            yield _problem(name, seed)


def _problem(name: str, seed: int) -> Grouped:
    rng = generator(f"stacking {name}", seed)
    if read(name).group:
        real = read(name)
        who = real.frame[str(real.group)].rank("dense").to_numpy().astype(np.int64)
        rows = np.flatnonzero(np.isin(who, rng.permutation(np.unique(who))[:250]))
        names = [str(n) for n in rng.permutation(real.features)[:15] if n != real.group]
        real, who = (
            real.having(real.frame[rows].select([*names, str(real.group), real.target])),
            who[rows],
        )
        y, column = real.y, str(real.group)
    else:
        drawn = draw(rng, name, (180, 240), (8, 20))
        real, y, who, column = visits(rng, drawn, float(rng.uniform(0.02, 0.15)))
    X = features_of(rng, real, words=False)
    splits = list(GroupKFold(OUTER, shuffle=True, random_state=seed).split(X, y, who))
    names = [n for n in X if n != column]
    members = stack("binary", column, names, None, trees=seed % 2 == 1).estimators
    return Grouped(f"{name} {seed}", X, y.astype(int), who, splits, members)


def inner_splits(seed: int = 0) -> dict[str, Any]:
    """Name the inner splits that are tried by hand."""
    return {
        "rows 5": KFold(5, shuffle=True, random_state=seed),
        "groups 3": GroupKFold(3, shuffle=True, random_state=seed),
        "groups 5": GroupKFold(5, shuffle=True, random_state=seed),
        "groups by class 5": StratifiedGroupKFold(5, shuffle=True, random_state=seed),
    }


def by_hand(inner: Any) -> Stack:
    """Stack as a careful user does: inner folds made beforehand, from the groups."""
    from sklearn.ensemble import StackingClassifier

    def fitted(members: Any, X: Any, y: Any, groups: Any) -> Any:
        told = None if isinstance(inner, KFold) else groups
        folds = list(inner.split(X, y, told))
        return StackingClassifier(members, LogisticRegression(C=10.0), cv=folds).fit(X, y)

    return fitted


def outer_score(problem: Grouped, stacked: Stack) -> float:
    """Average the AUC over the outer folds.

    `stacked` gets the members, rows, answers and groups to fit on, and gives something with
    `predict_proba`.
    """
    scores = []
    for train, test in problem.splits:
        fitted = stacked(
            problem.members, problem.X.iloc[train], problem.y[train], problem.groups[train]
        )
        p = np.asarray(fitted.predict_proba(problem.X.iloc[test]))[:, 1]
        scores.append(roc_auc_score(problem.y[test], p))
    return float(np.mean(scores))


def ours(last: Any = None) -> Stack:
    """Stack as our own does: told the groups, and nothing of inner folds."""
    from modelwright.ensemble import StackingClassifier

    def fitted(members: Any, X: Any, y: Any, groups: Any) -> Any:
        return StackingClassifier(members, last).fit(X, y, groups=groups)

    return fitted


def against_reference(names: Sequence[str], seconds: float) -> None:
    """Score our own stacking on each table, beside the best inner split by hand; go on later."""
    from machine import describe

    kept = json.loads(RECORD.read_text("utf-8"))
    by_table = {one["table"]: one["auc"][kept["best"]] for one in kept["tables"]}
    rows = json.loads(OURS.read_text("utf-8"))["tables"] if OURS.is_file() else []
    ends = time.monotonic() + seconds
    for problem in problems(names):
        if any(row["table"] == problem.name for row in rows):
            continue
        if time.monotonic() > ends:
            print(f"stopped before {problem.name}")
            break
        scores = {"by hand": by_table[problem.name],
                  "ours": round(outer_score(problem, ours()), 5),
                  "ours, last model by hand": round(
                      outer_score(problem, ours(LogisticRegression(C=10.0))), 5)}  # fmt: skip
        rows.append({"table": problem.name, "auc": scores})
        print(problem.name, scores, flush=True)
        means = {how: round(float(np.mean([row["auc"][how] for row in rows])), 4)
                 for how in scores}  # fmt: skip
        head = {"machine": describe(), "reference": kept["best"], "within": WITHIN, "mean": means}
        text = ",\n".join("  " + json.dumps(row) for row in rows)
        OURS.write_text(f'{{{json.dumps(head)[1:-1]},\n "tables": [\n{text}\n ]}}\n', "utf-8")
    print({how: round(float(np.mean([row["auc"][how] for row in rows])), 4)
           for how in rows[0]["auc"]})  # fmt: skip


RECORD = Path(__file__).resolve().parents[1] / "results" / "trust" / "stacking.json"
OURS = RECORD.with_name("stacking_ours.json")


def main(names: list[str]) -> None:
    from machine import describe

    rows = json.loads(RECORD.read_text("utf-8"))["tables"] if RECORD.is_file() else []
    for problem in problems(names or SETS):
        if any(row["table"] == problem.name for row in rows):
            continue
        scores = {how: round(outer_score(problem, by_hand(inner)), 5)
                  for how, inner in inner_splits().items()}  # fmt: skip
        rows.append({"table": problem.name, "rows": len(problem.y), "auc": scores})
        print(problem.name, len(problem.y), scores, flush=True)
        _write(rows, describe())


def _write(rows: list[dict[str, Any]], machine: dict[str, Any]) -> None:
    means = {
        how: round(float(np.mean([row["auc"][how] for row in rows])), 4) for how in inner_splits()
    }
    best = max(means, key=lambda how: means[how])
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    head = json.dumps({"machine": machine, "mean": means, "best": best})[1:-1]
    RECORD.write_text(f'{{{head},\n "tables": [\n{text}\n ]}}\n', encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sets", nargs="*", default=list(SETS))
    parser.add_argument("--ours", action="store_true", help="our own stacking")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    asked = parser.parse_args()
    if asked.ours:
        against_reference(asked.sets, asked.seconds)
    else:
        main(asked.sets)
