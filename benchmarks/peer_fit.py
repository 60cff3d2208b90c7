"""Fit one peer on one set and predict its test rows; runs in the peer's own environment.

PYTHON peer_fit.py PEER SET_FOLDER SECONDS SEED OUT_FOLDER

What is left of SECONDS after imports and reading is the peer's budget: the clock is the whole
process's, as it is for us. Writes answers.csv (`prediction`, or `p_<class>`) and times.json.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import psutil

BEGAN = psutil.Process().create_time()

import pandas as pd  # noqa: E402

METRICS = {
    "autogluon": {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "root_mean_squared_error"},
    "flaml": {"roc_auc": "roc_auc", "log_loss": "log_loss", "rmse": "rmse"},
    "mljar": {"roc_auc": "auc", "log_loss": "logloss", "rmse": "rmse"},
}
PRESETS = {
    "autogluon-medium": "medium_quality",
    "autogluon-best": "best_quality",
    "autogluon-best-v150": "best_quality_v150",
}


class Question:
    """One set: what is to be learned from which rows, and until when.

    Parameters
    ----------
    folder : path
        Of train.csv.gz, test.csv.gz and meta.json.
    seconds : float
        The budget of the whole process.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self.meta: dict[str, Any] = json.loads((folder / "meta.json").read_text("utf-8"))
        self.target: str = self.meta["target"]
        train, test = (
            pd.read_csv(folder / f"{part}.csv.gz", low_memory=False) for part in ("train", "test")
        )
        self.train = train[train[self.target].notna()]
        self.test = test.drop(columns=self.target, errors="ignore")
        self._ends = BEGAN + seconds

    @property
    def left(self) -> float:
        """Seconds until the budget ends."""
        return self._ends - time.time()

    @property
    def features(self) -> pd.DataFrame:
        """Training rows without their answers."""
        return self.train.drop(columns=self.target)

    @property
    def answers(self) -> pd.Series:
        """Of the training rows."""
        return self.train[self.target]

    @property
    def is_regression(self) -> bool:
        """Whether a number is asked for."""
        return bool(self.meta["task"] == "regression")

    def metric(self, family: str) -> str:
        """Give the metric under the peer's own name."""
        return METRICS[family][self.meta["metric"]]


def autogluon(name: str, asked: Question, seed: int, out: Path) -> Any:
    """Fit AutoGluon, told of groups and time where the set has them."""
    from autogluon.tabular import TabularPredictor

    predictor = TabularPredictor(
        label=asked.target,
        eval_metric=asked.metric("autogluon"),
        problem_type=asked.meta["task"],
        path=str(out / "model"),
        verbosity=0,
    )
    structure = _structure(asked)
    predictor.fit(
        asked.train,
        presets=PRESETS[name],
        time_limit=asked.left,
        num_cpus=2,
        ag_args_ensemble={"model_random_seed": seed, "vary_seed_across_folds": True},
        **structure,
    )

    def predict(rows: pd.DataFrame) -> pd.DataFrame:
        if asked.is_regression:
            return predictor.predict(rows).to_frame("prediction")
        return predictor.predict_proba(rows).add_prefix("p_")

    return predict


def _structure(asked: Question) -> dict[str, Any]:
    kind = asked.meta["structure"]
    column = asked.meta.get(f"{kind}_column")
    if column not in asked.train:
        return {}
    if kind == "group":
        return {"validation_structure": {"group_on": column}}
    if kind != "time":
        return {}
    if not pd.api.types.is_numeric_dtype(asked.train[column]):
        for frame in (asked.train, asked.test):
            frame[column] = pd.to_datetime(frame[column], errors="coerce", format="mixed")
    known = asked.train[column].notna().mean() > 0.9
    return {"validation_structure": {"time_on": column}} if known else {}


def flaml(_: str, asked: Question, seed: int, out: Path) -> Any:
    """Fit FLAML."""
    from flaml import AutoML

    model = AutoML()
    model.fit(
        X_train=asked.features,
        y_train=asked.answers,
        task="regression" if asked.is_regression else "classification",
        metric=asked.metric("flaml"),
        time_budget=asked.left,
        n_jobs=2,
        seed=seed + 1,
        verbose=0,
        log_file_name=str(out / "flaml.log"),
    )

    def predict(rows: pd.DataFrame) -> pd.DataFrame:
        if asked.is_regression:
            return pd.DataFrame({"prediction": model.predict(rows)})
        names = [f"p_{label}" for label in model.classes_]
        return pd.DataFrame(model.predict_proba(rows), columns=names)

    return predict


def mljar(_: str, asked: Question, seed: int, out: Path) -> Any:
    """Fit MLJAR in the mode that its authors compete in."""
    from supervised import AutoML

    tasks = {"binary": "binary_classification", "multiclass": "multiclass_classification"}
    model = AutoML(
        mode="Compete",
        total_time_limit=int(asked.left),
        eval_metric=asked.metric("mljar"),
        ml_task=tasks.get(asked.meta["task"], "regression"),
        results_path=str(out / "model"),
        n_jobs=2,
        random_state=seed,
        verbose=0,
    )
    model.fit(asked.features, asked.answers)

    def predict(rows: pd.DataFrame) -> pd.DataFrame:
        if asked.is_regression:
            return pd.DataFrame({"prediction": model.predict(rows)})
        told = model.predict_all(rows).filter(regex="^prediction_")
        return told.rename(columns=lambda name: "p_" + name.removeprefix("prediction_"))

    return predict


def main(name: str, folder: Path, seconds: float, seed: int, out: Path) -> None:
    """Fit, predict, and write what was asked for."""
    warnings.filterwarnings("ignore")
    asked = Question(folder, seconds)
    learners = {"autogluon": autogluon, "flaml": flaml, "mljar": mljar}
    predict = learners[name.split("-")[0]](name, asked, seed, out)
    fitted = time.time() - BEGAN
    began = time.time()
    answers = predict(asked.test)
    predicted = time.time() - began
    answers.to_csv(out / "answers.csv", index=False)
    times = {
        "fit_seconds": fitted,
        "predict_seconds": predicted,
        "one_row_seconds": _one(predict, asked),
    }
    times["model_mib"] = _size(out / "model") / 2**20
    (out / "times.json").write_text(json.dumps(times), "utf-8")


def _one(predict: Any, asked: Question) -> float:
    """Time a single row in this process, which has predicted before."""
    began = time.time()
    for i in range(5):
        predict(asked.test.iloc[[i % len(asked.test)]])
    return (time.time() - began) / 5


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
