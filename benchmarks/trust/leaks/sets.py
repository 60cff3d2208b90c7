"""The real tables that the cases are made from: training files only, read where they lie."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

__all__ = ["BINARY", "MANY", "NUMBERS", "NUMBERS_GROUPED", "SMALL", "WIDE", "Real", "draw", "read"]

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "tabular"

# Sets whose honest score leaves room above it: a leak can be worth something.
BINARY = (
    "adult", "bank_marketing", "bfi_gender", "chicago_taxi_tip", "health_insurance",
    "ibm_attrition", "lending_club", "stroke", "squirrels_run", "alzheimer_ad",
)  # fmt: skip
MANY = ("hpc_queue", "loans_homeownership")
NUMBERS = (
    "abalone", "ailerons", "ames", "gss_vocab", "movies_imdb", "uci_protein", "videogame_sales",
    "yrbss_weight", "hitters_salary",
)  # fmt: skip
NUMBERS_GROUPED = ("life_expectancy", "scorecard_earnings", "star_math")
SMALL = ("hepatitis", "toxicity_steroid", "alzheimer_ad", "bfi_gender", "ibm_attrition",
         "health_insurance", "lending_club", "stroke")  # fmt: skip
WIDE = ("pd_speech", "alzheimer_ad", "musk1", "opt_birthweight")

LEAST_OF_A_CLASS = 60
NO_VALUE = ["", "NA", "NaN", "?", " ?"]


@dataclass(frozen=True)
class Real:
    """A real table, or some of its rows and columns.

    Parameters
    ----------
    name : str
        Its folder.
    task : str
        ``"binary"``, ``"multiclass"`` or ``"regression"``.
    target : str
        The column to predict.
    positive : str
        The positive class of a binary target.
    frame : polars.DataFrame
        The rows, without ids and without columns that are suspected to leak.
    group, order : str or None
        The column of entities, or of time.
    """

    name: str
    task: str
    target: str
    positive: str
    frame: pl.DataFrame
    group: str | None
    order: str | None

    @property
    def features(self) -> list[str]:
        """All columns but the target."""
        return [name for name in self.frame.columns if name != self.target]

    @property
    def y(self) -> NDArray[np.float64]:
        """Numbers; 1 for the positive class; or the position of the class in sorted order."""
        answers = self.frame[self.target]
        if self.task == "regression":
            return answers.cast(pl.Float64).to_numpy()
        if self.task == "binary":
            return (answers == self.positive).to_numpy().astype(float)
        words = sorted(answers.unique())
        return answers.replace_strict(words, list(range(len(words)))).to_numpy().astype(float)

    def rows(self, index: NDArray[np.int64]) -> Real:
        """Give some rows, in this order."""
        return self.having(self.frame[index])

    def having(self, frame: pl.DataFrame) -> Real:
        """Give the same set with other rows or columns."""
        return Real(self.name, self.task, self.target, self.positive, frame, self.group, self.order)


@cache
def read(name: str) -> Real:
    """Read the training rows of a set; ids and suspected leaks are left out."""
    folder = DATA / name
    about = json.loads((folder / "meta.json").read_text("utf-8"))
    target, task = about["target"], about["task"]
    words = {target: pl.String} if task != "regression" else {}
    frame = pl.read_csv(
        folder / "train.csv.gz", infer_schema_length=None, null_values=NO_VALUE,
        schema_overrides=words,
    )  # fmt: skip
    group, order = about.get("group_column"), about.get("time_column")
    out = {"rownames", *about["suspected_id_columns"], *about["suspected_leak_columns"]}
    out -= {target, group, order}
    frame = frame.drop([column for column in frame.columns if column in out])
    frame = frame.filter(pl.col(target).is_not_null())
    if words:
        frame = frame.with_columns(pl.col(target).str.strip_chars().str.strip_chars("'"))
    positive = str(about.get("positive_class", "")).strip("'")
    return Real(name, task, target, positive, frame, group, order)


def draw(
    rng: np.random.Generator, name: str, rows: tuple[int, int], columns: tuple[int, int]
) -> Real:
    """Take some rows and columns of a set, at random and in random order.

    A rare class keeps at least 60 rows, where it has as many, so that its score means something.
    """
    real = read(name)
    wanted = int(rng.integers(*rows, endpoint=True))
    index = rng.permutation(real.frame.height)
    if real.task != "regression":
        index = _enough_of_each(index, real.frame[real.target].to_numpy(), wanted)
    index = rng.permutation(index[:wanted])
    names = [name for name in real.features if real.frame[name][index].drop_nulls().n_unique() > 1]
    kept = int(rng.integers(*columns, endpoint=True))
    must = {real.group, real.order}
    chosen = set(rng.permutation(names)[:kept]) | must
    take = [name for name in real.frame.columns if name in chosen or name == real.target]
    return real.having(real.frame.select(take)[index])


def _enough_of_each(
    index: NDArray[np.int64], labels: NDArray[np.object_], wanted: int
) -> NDArray[np.int64]:
    of_each = min(LEAST_OF_A_CLASS, wanted // (2 * len(set(labels))))
    place = pd.Series(labels[index]).groupby(labels[index]).cumcount().to_numpy()
    return np.concatenate([index[place < of_each], index[place >= of_each]])
