"""The real tables that the cases are made from: training files only, read where they lie.

There are two pools. The first corpus was looked at while detectors were improved; the fresh one
asks other questions of the rows (another column is the target), and takes sets left out before.
The variable LEAKS_POOL says which, as draws depend on it: ``first`` or ``fresh``.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

__all__ = ["CHOSEN", "TABLES", "Real", "draw", "read"]

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "tabular"


@dataclass(frozen=True)
class Pool:
    """Names of tables by what they are good for; the honest score leaves room above it.

    Parameters
    ----------
    binary, many, numbers, grouped : tuple of str
        Two classes, more classes, numbers, numbers of entities that come again.
    small, small_numbers, wide, rare : tuple of str
        Few rows of two classes or of numbers, many columns, a class that is rare.
    strong, whole : tuple of str
        An honest column, or a few, say nearly everything; small enough to be taken whole.
    """

    binary: tuple[str, ...]
    many: tuple[str, ...]
    numbers: tuple[str, ...]
    grouped: tuple[str, ...]
    small: tuple[str, ...]
    small_numbers: tuple[str, ...]
    wide: tuple[str, ...]
    rare: tuple[str, ...]
    strong: tuple[str, ...]
    whole: tuple[str, ...]


POOLS = {
    "first": Pool(
        binary=("adult", "bank_marketing", "bfi_gender", "chicago_taxi_tip", "health_insurance",
                "ibm_attrition", "lending_club", "stroke", "squirrels_run", "alzheimer_ad"),
        many=("hpc_queue", "loans_homeownership"),
        numbers=("abalone", "ailerons", "ames", "gss_vocab", "movies_imdb", "uci_protein",
                 "videogame_sales", "yrbss_weight", "hitters_salary"),
        grouped=("life_expectancy", "scorecard_earnings", "star_math", "resume_callback"),
        small=("hepatitis", "toxicity_steroid", "alzheimer_ad", "bfi_gender", "ibm_attrition",
               "health_insurance", "lending_club", "stroke"),
        small_numbers=("ailerons", "yrbss_weight", "gss_vocab", "abalone"),
        wide=("pd_speech", "alzheimer_ad", "musk1", "opt_birthweight"),
        rare=("stroke", "ibm_attrition", "lending_club", "bank_marketing", "squirrels_run",
              "chicago_taxi_tip", "adult"),
        strong=("sick", "phoneme", "mammography", "musk1", "segment", "ailerons", "ames",
                "abalone"),
        whole=("hitters_salary", "hepatitis", "toxicity_steroid", "triazines", "pd_speech",
               "alzheimer_ad", "audiology", "movies_imdb", "ames", "bank_marketing"),
    ),
    "fresh": Pool(
        binary=("overtime", "housing_loan", "self_employed", "health_limit", "loan_term",
                "hypertension", "foraging", "infant_abalone", "one_bird", "better_off"),
        many=("flying_recline", "reddit_finance"),
        numbers=("age_of_adults", "age_of_insured", "age_of_staff", "loan_amount", "bmi",
                 "height", "age_of_customers", "running_time", "house_quality"),
        grouped=("schooling", "star_reading"),
        small=("overtime", "self_employed", "health_limit", "hypertension", "foraging",
               "infant_abalone", "one_bird", "better_off"),
        small_numbers=("age_of_staff", "height", "house_quality", "age_of_insured"),
        wide=("no_injury", "triazines", "car_five"),
        rare=("hypertension", "health_limit", "loan_term", "one_bird", "overtime",
              "self_employed", "infant_abalone"),
        strong=("income_of_staff", "abalone_length", "sex_by_height", "foraging",
                "nsl_kdd_shift", "house_quality", "star_reading", "schooling"),
        whole=("flying_recline", "reddit_finance", "hepatic_injury", "car_choice",
               "birds_struck"),
    ),
}  # fmt: skip
CHOSEN = os.environ.get("LEAKS_POOL", "first")
TABLES = POOLS[CHOSEN]


@dataclass(frozen=True)
class Question:
    """Another question that is asked of a table.

    Parameters
    ----------
    table : str
        Its folder.
    target : str
        The column to predict.
    positive : str
        This value against all others; empty: the numbers themselves.
    """

    table: str
    target: str
    positive: str = ""


QUESTIONS = {
    "overtime": Question("ibm_attrition", "OverTime", "Yes"),
    "housing_loan": Question("bank_marketing", "housing", "yes"),
    "self_employed": Question("health_insurance", "selfemp", "yes"),
    "health_limit": Question("health_insurance", "limit", "yes"),
    "loan_term": Question("lending_club", "term", "term_60"),
    "hypertension": Question("stroke", "hypertension", "1"),
    "foraging": Question("squirrels_run", "Foraging", "true"),
    "infant_abalone": Question("abalone", "col_0", "I"),
    "one_bird": Question("birds_struck", "birds_struck", "1"),
    "better_off": Question("reddit_finance", "pan_financial_impact", "Positive"),
    "sex_by_height": Question("yrbss_weight", "gender", "male"),
    "no_injury": Question("hepatic_injury", "class", "none"),
    "car_five": Question("car_choice", "choice", "choice5"),
    "age_of_adults": Question("adult", "col_0"),
    "age_of_insured": Question("health_insurance", "age"),
    "age_of_staff": Question("ibm_attrition", "Age"),
    "income_of_staff": Question("ibm_attrition", "MonthlyIncome"),
    "age_of_customers": Question("bank_marketing", "age"),
    "loan_amount": Question("lending_club", "funded_amnt"),
    "bmi": Question("stroke", "bmi"),
    "height": Question("yrbss_weight", "height"),
    "running_time": Question("movies_imdb", "Running Time min"),
    "house_quality": Question("ames", "Overall.Qual"),
    "abalone_length": Question("abalone", "col_1"),
    "schooling": Question("life_expectancy", "Schooling"),
    "star_reading": Question("star_math", "read"),
}

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
    asked = QUESTIONS.get(name)
    folder = DATA / (name if asked is None else asked.table)
    about = json.loads((folder / "meta.json").read_text("utf-8"))
    target, task = about["target"], about["task"]
    positive = str(about.get("positive_class", "")).strip("'")
    if asked is not None:
        target, task = asked.target, "binary" if asked.positive else "regression"
        positive = asked.positive
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
    if asked is not None and positive:
        is_it = pl.col(target) == positive
        other = pl.when(is_it).then(pl.lit(positive)).otherwise(pl.lit("other"))
        frame = frame.with_columns(other.alias(target))
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
