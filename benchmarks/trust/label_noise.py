"""Wrong labels found: ours against cleanlab, 10 % of the labels of public tables flipped.

    python benchmarks/trust/label_noise.py              goes on where it stopped
    python benchmarks/trust/label_noise.py --limit 150  stops after about so many seconds
    python benchmarks/trust/label_noise.py --tell       says what is known

Of each table the training rows are taken (at most 4,000, drawn; classes of fewer than 10 rows left
out), and one label in ten is given to another class, drawn evenly. The score is the area under the
precision-recall curve of finding the flipped rows, in which the labels as they came count as right.

- same: both get the same out-of-fold probabilities (scikit-learn's histogram boosting and extra
  trees, 5 folds), cleanlab ranks by its default, self-confidence.
- own: each by its own default. Ours is a fit of three trials. cleanlab's is `CleanLearning()`,
  which is logistic regression, on scaled and one-hot columns; beside it `CleanLearning` with
  histogram boosting.

The first ten tables are those on which the way was chosen (with other flips); the others were
looked at only here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cleanlab.classification import CleanLearning
from cleanlab.rank import get_label_quality_scores
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import modelwright as mw

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import DATA, RESULTS, describe

CHOSEN_ON = [
    "adult",
    "bank_marketing",
    "birds_struck",
    "hpc_queue",
    "ibm_attrition",
    "mammography",
    "phoneme",
    "segment",
    "sick",
    "squirrels_run",
]
OTHERS = [
    "bfi_gender",
    "car_choice",
    "health_insurance",
    "lending_club",
    "loans_homeownership",
    "musk1",
    "nsl_kdd_shift",
    "pd_speech",
    "stroke",
    "trump_tweet_source",
]
SEEDS = {"same": (0, 1, 2), "own": (0, 1)}
ROWS, SHARE, FEWEST = 4_000, 10, 10
OUT = RESULTS / "trust" / "label-noise.json"


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--limit", type=float, default=float("inf"))
    given.add_argument("--tell", action="store_true")
    asked = given.parse_args()
    known: dict[str, Any] = json.loads(OUT.read_text("utf-8"))["parts"] if OUT.is_file() else {}
    began, longest = time.monotonic(), 0.0
    for key, part, name, seed in _plan():
        if asked.tell or key in known:
            continue
        if time.monotonic() - began + longest > asked.limit:
            break
        start = time.monotonic()
        with threadpool_limits(1):
            known[key] = (_same if part == "same" else _own)(name, seed)
        longest = max(longest, time.monotonic() - start)
        print(key, known[key], f"{time.monotonic() - start:.1f} s", flush=True)
        _write(known)
    _tell(known)


def _plan() -> list[tuple[str, str, str, int]]:
    return [
        (f"{part}/{name}/{seed}", part, name, seed)
        for seed in range(3)
        for part in ("same", "own")
        if seed in SEEDS[part]
        for name in (*CHOSEN_ON, *OTHERS)
    ]


def _flipped(name: str, seed: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Give the columns, the labels with some of them flipped, and which ones were."""
    folder = DATA / name
    target = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["target"]
    table = pd.read_csv(folder / "train.csv.gz", low_memory=False)
    table = table[table[target].notna()]
    if len(table) > ROWS:
        table = table.sample(ROWS, random_state=0)
    labels = table.pop(target).astype(str).to_numpy()
    kinds, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    kept = counts[codes] >= FEWEST
    table, codes = (
        table[kept].reset_index(drop=True),
        np.unique(codes[kept], return_inverse=True)[1],
    )
    rng = np.random.default_rng([seed, len(kinds)])
    flipped = np.zeros(len(codes), bool)
    flipped[rng.choice(len(codes), len(codes) // SHARE, replace=False)] = True
    shift = rng.integers(1, codes.max() + 1, len(codes))
    return table, np.where(flipped, (codes + shift) % (codes.max() + 1), codes), flipped


def _columns(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    numbers = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    words = [name for name in table if name not in numbers and table[name].nunique() > 0]
    return [name for name in numbers if table[name].notna().any()], words


def _coded(table: pd.DataFrame) -> np.ndarray:
    numbers, words = _columns(table)
    code = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    done = make_column_transformer((SimpleImputer(), numbers), (code, words))
    return done.fit_transform(table.astype(dict.fromkeys(words, object))).astype(float)


def _one_hot(table: pd.DataFrame) -> np.ndarray:
    numbers, words = _columns(table)
    few = [name for name in words if table[name].nunique() < 60]
    code = OneHotEncoder(
        min_frequency=10, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    done = make_column_transformer((scaled, numbers), (code, few))
    return done.fit_transform(table.astype(dict.fromkeys(few, object))).astype(float)


def _same(name: str, seed: int) -> dict[str, float]:
    table, labels, flipped = _flipped(name, seed)
    columns, found = _coded(table), {}
    for called, model in (
        ("boosting", HistGradientBoostingClassifier(random_state=0)),
        ("trees", ExtraTreesClassifier(200, min_samples_leaf=3, random_state=0)),
    ):
        p = np.zeros((len(labels), labels.max() + 1))
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        for train, valid in folds.split(columns, labels):
            p[valid] = model.fit(columns[train], labels[train]).predict_proba(columns[valid])
        ours = mw.label_noise(p, labels)
        theirs = get_label_quality_scores(labels, p)
        found[f"ours_{called}"] = average_precision_score(flipped, -ours.fits)
        found[f"cleanlab_{called}"] = average_precision_score(flipped, -theirs)
    return {**_rounded(found), "rows": len(labels), "classes": int(labels.max()) + 1}


def _own(name: str, seed: int) -> dict[str, float]:
    table, labels, flipped = _flipped(name, seed)
    given = table.assign(**{"the label": [f"class {code}" for code in labels]})
    began = time.monotonic()
    settings = mw.Settings(trials=3, seed=seed, workers=0)
    result = mw.fit(
        given, "the label", group="none", order="none", task=_task(labels), settings=settings
    )
    evidence = result.model.evidence
    assert evidence is not None
    assert len(evidence.y) == len(labels)
    assert result.model.task.classes == tuple(sorted(set(given["the label"])))
    noise = mw.label_noise(evidence.p, evidence.y)
    seconds = time.monotonic() - began
    found = {"ours": average_precision_score(flipped, -noise.fits)}
    doubts = mw.doubtful_labels(result.model)
    found |= {"rate": doubts.rate, "low": doubts.low, "high": doubts.high}
    called = noise.mislabelled
    found |= {"precision": float(flipped[called].mean()) if called.any() else float("nan"),
              "recall": float(called[flipped].mean())}  # fmt: skip
    for key, model, columns in (
        ("cleanlab", LogisticRegression(), _one_hot(table)),  # its default
        ("cleanlab_boosting", HistGradientBoostingClassifier(random_state=0), _coded(table)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its default may not converge
            issues = CleanLearning(model, seed=seed).find_label_issues(columns, labels)
        found[key] = average_precision_score(flipped, -issues["label_quality"].to_numpy())
    return {**_rounded(found), "seconds": round(seconds, 1)}


def _task(labels: np.ndarray) -> str:
    return "binary" if labels.max() == 1 else "multiclass"


def _rounded(found: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in found.items()}


def _write(known: dict[str, Any]) -> None:
    machine = {**describe(), "cleanlab": version("cleanlab")}
    text = json.dumps({"machine": machine, "summary": _summary(known), "parts": known}, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")


def _mean(known: dict[str, Any], part: str, name: str, key: str) -> float:
    rows = [v[key] for k, v in known.items() if k.startswith(f"{part}/{name}/") and key in v]
    return float(np.mean(rows)) if rows else float("nan")


def _summary(known: dict[str, Any]) -> dict[str, Any]:
    pairs = (
        ("same", "ours_boosting", "cleanlab_boosting"),
        ("same", "ours_trees", "cleanlab_trees"),
        ("own", "ours", "cleanlab"),
        ("own", "ours", "cleanlab_boosting"),
    )
    told = {}
    for group, names in (("chosen on", CHOSEN_ON), ("others", OTHERS)):
        for part, one, other in pairs:
            both = [(_mean(known, part, n, one), _mean(known, part, n, other)) for n in names]
            both = [pair for pair in both if np.isfinite(pair).all()]
            if both:
                told[f"{group}: {part}, {one} against {other}"] = {
                    "at least as good": sum(a >= b for a, b in both),
                    "of": len(both),
                    "mean": [round(float(v), 4) for v in np.mean(both, axis=0)],
                }
    return told


def _tell(known: dict[str, Any]) -> None:
    for name in (*CHOSEN_ON, *OTHERS):
        same = ("ours_boosting", "cleanlab_boosting", "ours_trees", "cleanlab_trees")
        own = ("ours", "cleanlab", "cleanlab_boosting", "rate", "precision", "recall")
        cells = [_mean(known, "same", name, key) for key in same]
        cells += [_mean(known, "own", name, key) for key in own]
        print(f"{name:20}", *[f"{value:6.3f}" for value in cells])
    for key, value in _summary(known).items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
