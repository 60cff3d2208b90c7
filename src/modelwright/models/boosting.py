"""Gradient-boosted trees by LightGBM (Ke et al. 2017); the one door to its Python package."""

from __future__ import annotations

import sys
import tempfile
import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from modelwright.core.budget import Budget
from modelwright.core.deferred import Deferred
from modelwright.core.errors import FitError, MissingExtraError, ModelwrightWarning, OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import Stages, State
from modelwright.core.table import FEW
from modelwright.core.task import Target
from modelwright.models.columns import Ranks
from modelwright.models.growth import Growth
from modelwright.models.histogram import FittedHistogram, HistogramBoosting
from modelwright.models.lightgbm_library import Booster, is_loaded
from modelwright.models.lightgbm_text import ModelText
from modelwright.models.options import at_least, between
from modelwright.models.pieces import Pieces, is_large
from modelwright.models.sample import Classes, Sample
from modelwright.models.unpack import array, integer, unsound

__all__ = ["FittedLightGBM", "LightGBMLearner", "predict_file"]

lightgbm = Deferred("lightgbm")

_CATEGORICAL = 1_000
"""Levels up to which a category is split as a set of levels; above, as an ordered number."""


@dataclass(frozen=True)
class FittedLightGBM:
    """Boosted trees as LightGBM's own text; predicts from that text.

    Parameters
    ----------
    text : str
        The model, empty when there was nothing to learn from.
    ranks : Ranks
        How a matrix becomes a table.
    classes : Classes
        The classes of the task, or none.
    base : ndarray of float64, shape (k,)
        Added to what the trees say: the mean of a regression; the log prior without trees.
    scale : float
        What one unit of a tree's output is worth in the units of the target.
    units : int
        Rounds.
    """

    text: str
    ranks: Ranks
    classes: Classes
    base: NDArray[np.float64]
    scale: float
    units: int
    stages: Stages | None = field(default=None, compare=False)

    @property
    def out_of_bag(self) -> None:
        """None: it does not bag."""
        return None

    @cached_property
    def _booster(self) -> Booster:
        return Booster(self.text)

    def predict(self, X: Matrix) -> NDArray[np.float32]:
        """Predict: shape (n_rows, n_outputs)."""
        table = self.ranks.table(X)
        if not self.text:
            raw = np.zeros((len(table), len(self.base)))
        elif not len(table):
            raw = np.zeros((0, len(self.base)))
        elif "torch" in sys.modules and not is_loaded():
            raw = _predict_elsewhere(self.text, table)
        else:
            raw = self._booster.raw(table, threads=1 if len(table) <= FEW else 0)
        return self.classes.answers(raw * self.scale + self.base)

    def at(self, units: int) -> FittedLightGBM:
        """Give the model of the first so many rounds."""
        if units < 1:
            raise OptionError("at least 1 unit", str(units))
        units = min(units, self.units)
        text = self.text
        if text:
            text = str(ModelText.parse(text).first(units * len(self.base)))
        return replace(self, text=text, units=units, stages=None)

    def export(self) -> State:
        """Give the whole state."""
        config = {**self.classes.to_config(), "units": self.units}
        moments = np.array([self.scale, *self.base])
        arrays = {"moments": moments, **self.ranks.to_arrays(), **self.classes.to_arrays()}
        return State(config, arrays, {"model": self.text.encode()} if self.text else {})

    @classmethod
    def restore(cls, state: State) -> FittedLightGBM:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        classes, ranks = Classes.of_state(state), Ranks.of_state(state)
        moments = array(state, "moments", np.float64, 1)
        learned = classes.scored
        if len(moments) != 1 + learned:
            raise unsound(f"{1 + learned} moments", str(len(moments)))
        text = ""
        if "model" in state.blobs:
            try:
                parsed = ModelText.parse(state.blobs["model"].decode("ascii"))
            except UnicodeDecodeError:
                raise unsound("a LightGBM model text", "other bytes") from None
            parsed.check(ranks.width, learned)
            text = str(parsed)
        units = integer(state, "units", 1)
        return cls(text, ranks, classes, moments[1:], float(moments[0]), units)


@dataclass(frozen=True)
class LightGBMLearner:
    """Gradient boosting of leaf-wise trees by LightGBM.

    Unit: a boosting round. With validation rows it records `Stages`, and stops when their loss no
    longer falls; without, it fits ``6 / learning_rate`` rounds. The fitted model holds every
    round; cut it back with `at`.

    Parameters
    ----------
    learning_rate : float
        How much each tree counts.
    leaves : int
        Leaves of a tree at most.
    min_rows_leaf : int
        Rows in a leaf at least (at most a twentieth of all).
    column_share : float
        Share of the columns that each tree sees.
    row_share : float
        Share of the rows that each tree sees.
    l2 : float
        Ridge penalty on leaf values.
    extra_trees : bool
        Whether thresholds are drawn at random.
    max_rounds : int
        Rounds after which to stop in any case.
    threads : int
        Threads, for fitting and predicting; never taken from the machine.
    max_bin : int
        Bins of a number.

    Examples
    --------
    >>> X = Matrix.of_numbers(np.arange(200, dtype=np.float32)[:, None], ["x"])
    >>> y = Target((np.arange(200) >= 100).astype(np.int64), classes=2)
    >>> fitted = LightGBMLearner().fit(X, y, budget=Budget(units=50), seed=0)
    >>> fitted.predict(X).argmax(axis=1)[[0, 199]]
    array([0, 1])
    """

    name: ClassVar[str] = "lightgbm"
    bags: ClassVar[bool] = False

    learning_rate: float = 0.05
    leaves: int = 31
    min_rows_leaf: int = 10
    column_share: float = 0.8
    row_share: float = 0.8
    l2: float = 1.0
    extra_trees: bool = False
    max_rounds: int = 3_000
    threads: int = 1
    max_bin: int = 255

    def __post_init__(self) -> None:
        between("learning_rate", self.learning_rate, 0, 1)
        at_least("leaves", self.leaves, 2)
        at_least("min_rows_leaf", self.min_rows_leaf, 1)
        between("column_share", self.column_share, 0, 1)
        between("row_share", self.row_share, 0, 1)
        at_least("l2", self.l2, 0)
        at_least("max_rounds", self.max_rounds, 1)
        at_least("threads", self.threads, 1)
        between("max_bin", self.max_bin, 1, 65_535)

    def fit(
        self,
        X: Matrix,
        y: Target,
        *,
        weight: NDArray[np.float64] | None = None,
        valid: Matrix | None = None,
        valid_y: Target | None = None,
        budget: Budget,
        seed: int,
    ) -> FittedLightGBM | FittedHistogram:
        """Fit rounds until the budget, the patience or `max_rounds` ends."""
        try:
            lightgbm.load()
        except (MissingExtraError, ImportError, OSError) as error:
            # on Linux the library needs libgomp, on macOS libomp; a bare machine has neither
            warnings.warn(
                f"LightGBM cannot be loaded ({error}); scikit-learn's boosting steps in",
                ModelwrightWarning,
                stacklevel=2,
            )
            return self.without_lightgbm().fit(
                X, y, weight=weight, valid=valid, valid_y=valid_y, budget=budget, seed=seed
            )
        fit = _Fit(self, Sample.of(X, y, weight, budget), valid, valid_y, budget)
        return fit.constant() if fit.hopeless else fit.run(seed)

    def without_lightgbm(self) -> HistogramBoosting:
        """Give the same settings for scikit-learn's histogram boosting."""
        return HistogramBoosting(
            learning_rate=self.learning_rate,
            leaves=self.leaves,
            min_rows_leaf=self.min_rows_leaf,
            column_share=self.column_share,
            l2=self.l2,
            max_rounds=self.max_rounds,
            threads=self.threads,
            max_bin=min(self.max_bin, 255),
        )

    def parameters(self, rows: int, outputs: int, seed: int) -> dict[str, Any]:
        """Give LightGBM's own names for these settings.

        Parameters
        ----------
        rows : int
            Training rows: a leaf may not ask for more than a twentieth of them.
        outputs : int
            Classes that are learned; 1 for regression.
        seed : int
            From which LightGBM derives all of its seeds.

        Returns
        -------
        dict
        """
        least = min(self.min_rows_leaf, max(1, rows // 20))
        objective = {1: "regression", 2: "binary"}.get(outputs, "multiclass")
        return {
            "objective": objective,
            "num_class": outputs if outputs > 2 else 1,
            "metric": {"regression": "rmse", "binary": "binary_logloss"}.get(
                objective, "multi_logloss"
            ),
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": least,
            "feature_fraction": self.column_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1 if self.row_share < 1 else 0,
            "lambda_l2": self.l2,
            "extra_trees": self.extra_trees,
            "max_bin": self.max_bin,
            "min_data_in_bin": min(3, least),
            "cat_smooth": 10.0,
            "cat_l2": 10.0,
            "max_cat_threshold": 32,
            "min_data_per_group": min(50, max(2, rows // 50)),
            "num_threads": self.threads,
            "seed": seed,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }


@dataclass
class _Fit:
    """One fit: the data set, the loop over rounds, and what was seen on the way."""

    learner: LightGBMLearner
    sample: Sample
    valid: Matrix | None
    valid_y: Target | None
    budget: Budget

    def __post_init__(self) -> None:
        self.ranks = Ranks.fit(self.sample.X)
        self.base, self.scale, self.labels = _scaled(self.sample)

    @property
    def hopeless(self) -> bool:
        """Whether there is nothing to learn: no column, or one answer."""
        return not self.ranks.width or self.sample.settled

    def constant(self) -> FittedLightGBM:
        """Give the model that predicts the prior."""
        base, _ = self.sample.start()
        units = self.budget.units or 1
        fitted = FittedLightGBM("", self.ranks, self.sample.classes, base, 1.0, units)
        if self.valid is None:
            return fitted
        stages = Stages(np.array([units], np.int64), fitted.predict(self.valid)[None])
        return replace(fitted, stages=stages)

    def run(self, seed: int) -> FittedLightGBM:
        """Fit round by round."""
        learned = self.sample.classes.learned
        parameters = self.learner.parameters(self.sample.rows, learned, seed)
        most = self.learner.max_rounds
        if self.valid is None:
            most = min(most, max(1, round(6 / self.learner.learning_rate)))
        growth = Growth(most, self.budget)
        try:
            booster, watched = self._booster(parameters)
            done = self._grow(booster, watched, growth)
        except lightgbm.basic.LightGBMError as error:
            raise FitError(f"LightGBM: {error}") from error
        return self._fitted(booster, done, growth.stages())

    def _booster(self, parameters: dict[str, Any]) -> tuple[Any, bool]:
        numbers = self.ranks.numbers
        sizes = np.diff(self.ranks.starts)
        categorical = [numbers + j for j in np.flatnonzero(sizes <= _CATEGORICAL).tolist()]
        train = lightgbm.Dataset(
            self._table(),
            label=self.labels,
            weight=self.sample.weight,
            categorical_feature=categorical,
            feature_name=[f"f{j}" for j in range(self.ranks.width)],
            params=parameters,
        )
        booster = lightgbm.Booster(parameters, train)
        judged = self._judged()
        if judged is None:
            return booster, False
        assert self.valid is not None
        rows, labels = judged
        held = lightgbm.Dataset(
            self.ranks.table(self.valid.rows(rows)),
            label=labels,
            reference=train,
            params=parameters,
        )
        booster.add_valid(held, "valid")
        return booster, True

    def _table(self) -> NDArray[np.float32] | Pieces:
        """Give the training table, of many rows in pieces."""
        if not is_large(self.sample.X):
            return self.ranks.table(self.sample.X)
        lightgbm.Sequence.register(Pieces)  # what the library asks of a table in pieces
        return Pieces(self.ranks, self.sample.X)

    def _judged(self) -> tuple[NDArray[np.int64], NDArray[Any]] | None:
        """Give the validation rows with known answers, on the scale of training."""
        if self.valid is None or self.valid_y is None or self.budget.units is not None:
            return None
        rows, labels = self.sample.scaled(self.valid_y)
        return (rows, labels) if len(rows) else None

    def _grow(self, booster: Any, watched: bool, growth: Growth) -> int:
        table = None if self.valid is None else self.ranks.table(self.valid)
        raw, seen, done = np.zeros((0 if table is None else len(table), len(self.base))), 0, 0
        going = True
        while going:
            booster.update()
            done += 1
            loss = float(booster.eval_valid()[0][2]) if watched else None
            going = growth.goes_on(done, loss)
            if table is not None and len(table) and (growth.due(done) or not going):
                raw += _raw(booster, table, seen, done - seen, self.learner.threads)
                seen = done
                growth.record(done, self.sample.classes.answers(raw * self.scale + self.base))
        return done

    def _fitted(self, booster: Any, done: int, stages: Stages | None) -> FittedLightGBM:
        text = str(ModelText.parse(booster.model_to_string(num_iteration=done)))
        return FittedLightGBM(
            text, self.ranks, self.sample.classes, self.base, self.scale, done, stages
        )  # fmt: skip


def _scaled(sample: Sample) -> tuple[NDArray[np.float64], float, NDArray[Any]]:
    """Standardise a regression target, so that penalties mean the same for any unit."""
    if sample.classes.count:
        outputs = sample.classes.scored
        return np.zeros(outputs), 1.0, sample.values
    mean = float(sample.prior()[0])
    centred = sample.values - mean
    scale = float(np.sqrt(np.average(centred**2, weights=sample.weight))) or 1.0
    return np.array([mean]), scale, centred / scale


def _raw(
    booster: Any, table: NDArray[np.float32], start: int, count: int, threads: int
) -> NDArray[np.float64]:
    """Sum some rounds of trees that are still growing: shape (n_rows, n_outputs)."""
    scores = booster.predict(
        table, raw_score=True, start_iteration=start, num_iteration=count, num_threads=threads
    )
    raw: NDArray[np.float64] = np.asarray(scores, np.float64).reshape(len(table), -1)
    return raw


def predict_file(model: str, table: str, out: str) -> str:
    """Predict raw scores from files; what a worker process is asked to do.

    Parameters
    ----------
    model : str
        Path of a model text.
    table : str
        Path of a float32 table, as npy.
    out : str
        Where to write the float64 scores, as npy.

    Returns
    -------
    str
        `out`.
    """
    booster = Booster(Path(model).read_text("ascii"))
    np.save(out, booster.raw(np.load(table, allow_pickle=False)))
    return out


def _predict_elsewhere(text: str, table: NDArray[np.float32]) -> NDArray[np.float64]:
    """Predict in a worker process: this one holds torch, whose OpenMP fights LightGBM's."""
    from modelwright.engine import Job, LocalEngine, core_count

    with tempfile.TemporaryDirectory() as folder:
        places = {name: str(Path(folder) / name) for name in ("model", "table.npy", "out.npy")}
        Path(places["model"]).write_text(text, "ascii")
        np.save(places["table.npy"], table)
        arguments = {
            "model": places["model"],
            "table": places["table.npy"],
            "out": places["out.npy"],
        }
        call = "modelwright.models.boosting:predict_file"
        with LocalEngine(workers=1, cores=core_count()) as engine:
            engine.submit(Job("predict", call=call, arguments=arguments))
            (outcome,) = engine.wait(None)
        if outcome.error:
            raise FitError(f"a worker could not predict: {outcome.error}")
        scores: NDArray[np.float64] = np.load(places["out.npy"], allow_pickle=False)
        return scores
