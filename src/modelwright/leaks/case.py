"""What an audit looks at: rows, answers, folds, and how an estimator is fitted on some of them."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import cast, infer_schema, read_raw
from modelwright.core.errors import ColumnError, DataError, OptionError, did_you_mean
from modelwright.core.framing import infer_task_kind
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.seed import Seed
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, TaskKind
from modelwright.evaluate import Metric, choose_splitter, default_metric, find_metric

__all__ = ["Case", "copied", "make_case", "sides", "take"]

Rows = NDArray[np.int64]

_MOST_FOLDS = 50
_WIDE = 200


@dataclass(frozen=True)
class Case:
    """Rows, answers and folds.

    Parameters
    ----------
    X, y : Any
        As they were given.
    table : Table
        The same columns, typed; what is known besides, such as an index, stands at their end.
    target : Target
        The answers as metrics take them.
    classes : ndarray, shape (n_classes,)
        The labels in code order; empty for numbers.
    folds : tuple of Fold
        What is fitted on, and what is scored.
    groups : ndarray of int64, shape (n_rows,), optional
        Which rows belong together, when somebody said so.
    order : ndarray of float64, shape (n_rows,), optional
        When each row was, when somebody said so.
    seed : Seed
        The root of what is random.
    """

    X: Any
    y: Any
    table: Table
    target: Target
    classes: NDArray[Any]
    folds: tuple[Fold, ...]
    groups: NDArray[np.int64] | None
    order: NDArray[np.float64] | None
    seed: Seed
    kind: TaskKind = field(default=TaskKind.REGRESSION)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def metric(self) -> Metric:
        """What people judge such answers by."""
        labels = tuple(str(label) for label in self.classes)
        return find_metric(default_metric(self.kind), self.kind, labels)

    def score(self, rows: Rows, said: NDArray[np.float64]) -> float:
        """Score predictions of some rows; NaN where the metric has no value."""
        y = self.target.rows(rows)
        if y.classes and len(np.unique(y.values)) < 2:
            return float("nan")
        return float(self.metric.score(y, said.astype(np.float32)))

    def losses(self, rows: Rows, said: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the squared error of each prediction, as a share of the answers' variation."""
        y = self.target.values
        if not self.target.classes:
            spread = float(np.std(y.astype(np.float64))) or 1.0
            return np.asarray(np.clip((said[:, 0] - y[rows]) / spread, -10, 10) ** 2, np.float64)
        shares = np.bincount(y, minlength=self.target.classes) / len(y)
        right = np.eye(self.target.classes)[y[rows]]
        loss = ((said - right) ** 2).sum(axis=1)
        return np.asarray(loss / max(1 - float((shares**2).sum()), 1e-9), np.float64)

    def fit(self, estimator: Any, rows: Rows, y: Any = None) -> Any:
        """Fit a copy of an estimator on some rows.

        Parameters
        ----------
        estimator : object
            Not changed.
        rows : ndarray of int64
            Which rows.
        y : array, shape (len(rows),), optional
            Other answers than theirs.

        Returns
        -------
        object
            What is fitted.
        """
        fresh = copied(estimator)
        given = {}
        if self.groups is not None and _takes_groups(fresh):
            given["groups"] = self.groups[rows]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fresh.fit(take(self.X, rows), take(self.y, rows) if y is None else y, **given)
        return fresh

    def ask(self, fitted: Any, X: Any) -> NDArray[np.float64]:
        """Ask what is fitted about rows: probabilities of the classes, or numbers."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not len(self.classes):
                return np.asarray(fitted.predict(X), np.float64).reshape(-1, 1)
            if not hasattr(fitted, "predict_proba"):
                labels = _plain(fitted.predict(X))
                return np.asarray(labels[:, None] == self.classes, np.float64)
            shares = np.asarray(fitted.predict_proba(X), np.float64)
        own = _plain(getattr(fitted, "classes_", self.classes))
        place = np.flatnonzero(np.isin(self.classes, own))
        if len(own) == len(self.classes) != len(place):
            return shares  # other names of the classes, such as codes
        whole = np.zeros((len(shares), len(self.classes)))
        whole[:, place] = shares[:, np.argsort(own, kind="stable")]
        return whole


def take(X: Any, rows: Rows) -> Any:
    """Give some rows of an array or a frame of any kind.

    Examples
    --------
    >>> take(pl.DataFrame({"a": [1, 2, 3]}), np.array([2, 0]))["a"].to_list()
    [3, 1]
    """
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if hasattr(X, "schema") and hasattr(X, "take"):  # Arrow
        return X.take(rows)
    if isinstance(X, list | tuple):
        return [X[i] for i in rows]
    return X[rows]


def copied(estimator: Any) -> Any:
    """Copy an estimator as a cross-validation does: unfitted, unless it is made to stay fitted.

    Everything runs in this thread, so that it can be watched.
    """
    if hasattr(estimator, "__sklearn_clone__"):
        fresh = estimator.__sklearn_clone__()
    else:
        fresh = copy.deepcopy(estimator)
    if hasattr(fresh, "get_params") and hasattr(fresh, "set_params"):
        jobs = [k for k in fresh.get_params(deep=True) if k.rpartition("__")[2] == "n_jobs"]
        if jobs:
            fresh.set_params(**dict.fromkeys(jobs, 1))
    return fresh


def sides(fold: Fold, rows: int) -> NDArray[np.int8]:
    """Say where each row stands in a fold: 1 fitted on, 2 scored, 3 both, 0 neither.

    Examples
    --------
    >>> sides(Fold(np.array([0, 1]), np.array([1, 2])), 4).tolist()
    [1, 3, 2, 0]
    """
    side = np.zeros(rows, np.int8)
    side[fold.train] |= 1
    side[fold.valid] |= 2
    return side


def make_case(
    estimator: Any,
    X: Any,
    y: Any,
    splits: Any = None,
    *,
    groups: Any = None,
    order: Any = None,
    task: str | None = None,
    seed: int = 0,
) -> Case:
    """Check what was given, and bring it into one form.

    Raises
    ------
    DataError
        When rows, answers, groups or folds do not go together.
    OptionError
        When an option means nothing.
    """
    if isinstance(estimator, type):
        raise OptionError("an estimator", f"the class {estimator.__name__}", "call it first")
    given = _plain(y)
    table = _typed(X)
    if len(given) != table.height:
        raise DataError("one answer for each row", f"{len(given):,} for {table.height:,} rows")
    kind = _task(task) if task is not None else _kind(given, estimator)
    classes, target = np.empty(0), Target(np.zeros(0))
    if kind is TaskKind.REGRESSION:
        target = Target(_numbers(given))
    else:
        classes, codes = np.unique(given, return_inverse=True)
        if len(classes) < 2:
            raise DataError("at least 2 classes in y", f"one: {classes[0]!s}")
        target = Target(codes.astype(np.int64), len(classes))
        kind = TaskKind.BINARY if len(classes) == 2 else TaskKind.MULTICLASS
    who = _told(groups, table, "groups")
    when = _told(order, table, "order")
    group = None if who is None else np.unique(who, return_inverse=True)[1].astype(np.int64)
    times = None if when is None else _numbers(when)
    folds = _folds(splits, table, target, group, times, seed)
    rows = X if not isinstance(X, list | dict) else np.asarray(X)
    answers = y if hasattr(y, "iloc") or isinstance(y, np.ndarray) else given
    return Case(rows, answers, table, target, classes, folds, group, times, Seed(seed), kind)


def _plain(y: Any, what: str = "answers") -> NDArray[Any]:
    found = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1 or not len(found):
        raise DataError(f"one column of {what}", f"an array of shape {found.shape}")
    if found.dtype.kind in "OUT":
        items = found.tolist()
        if any(_missing(item) for item in items):
            raise DataError(f"{what} without gaps", "missing values", "leave those rows out")
        if all(isinstance(item, int | float | bool | np.number) for item in items):
            return np.asarray(items)
        return np.asarray([str(item) for item in items])
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise DataError(f"finite {what}", "NaN or infinity", "leave those rows out")
    return found


def _missing(item: object) -> bool:
    try:
        return item is None or bool(item != item)
    except TypeError:  # NA of pandas is neither like nor unlike itself
        return True


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]").astype(np.int64).astype(np.float64)
    try:
        return values.astype(np.float64)
    except ValueError:
        series = pl.Series(values.astype(str)).str.to_datetime(strict=False)
        if series.null_count():
            raise DataError("numbers or dates", f"such as {values[0]!r}") from None
        return np.asarray(series.to_physical().to_numpy(), np.float64)


def _task(word: str) -> TaskKind:
    try:
        return TaskKind(word)
    except ValueError:
        words = [kind.value for kind in TaskKind]
        raise OptionError("a known task", repr(word), did_you_mean(word, words)) from None


def _kind(given: NDArray[Any], estimator: Any) -> TaskKind:
    tags = getattr(estimator, "__sklearn_tags__", None)
    told = getattr(tags(), "estimator_type", None) if callable(tags) else None
    if told == "regressor" and given.dtype.kind in "biuf":
        return TaskKind.REGRESSION
    if told == "classifier" or given.dtype.kind in "Ub" or hasattr(estimator, "predict_proba"):
        return TaskKind.MULTICLASS
    return infer_task_kind(pl.Series(given.astype(np.float64)), Kind.NUMBER)


def _typed(X: Any) -> Table:
    """Type the columns; of wide arrays of numbers nothing has to be found out."""
    if hasattr(X, "toarray"):
        X = X.toarray()
    frame = read_raw(np.asarray(X) if isinstance(X, list) else X).frame
    index = _index(X, frame.columns)
    if index is not None:
        frame = frame.with_columns(index)
    plain = frame.width > _WIDE
    sure = [name for name in frame.columns if plain and frame[name].dtype.is_float()]
    rest = frame.drop(sure)
    schema = infer_schema(rest) if rest.width else Schema(())
    known = {column.name: column for column in schema}
    columns = [known.get(name, Column(name, Kind.NUMBER)) for name in frame.columns]
    table = cast(frame, Schema(tuple(columns)))
    if index is not None and index.name in table.schema:
        table = Table(table.frame, table.schema.with_role(index.name, Role.IGNORED), table.notes)
    return table


def _index(X: Any, names: Sequence[str]) -> pl.Series | None:
    """Take the index of a pandas frame for a column, when it says more than a row's place."""
    index = getattr(X, "index", None)
    if index is None or not hasattr(X, "iloc") or getattr(index, "nlevels", 1) > 1:
        return None
    values = np.asarray(index)
    if values.dtype.kind in "iu" and len(np.unique(values)) == len(values):
        return None
    name = str(index.name) if index.name is not None else "index"
    while name in names:
        name += "_"
    if values.dtype.kind == "M":
        return pl.Series(name, values.astype("datetime64[us]"))
    if values.dtype.kind in "iuf":
        return pl.Series(name, values)
    return pl.Series(name, [str(value) for value in values.tolist()])


def _told(given: Any, table: Table, what: str) -> NDArray[Any] | None:
    """Take groups or an order as the name of a column, or as one value for each row."""
    if given is None:
        return None
    if isinstance(given, str):
        if given not in table.schema:
            cure = did_you_mean(given, table.schema.names())
            raise ColumnError(f"a column of X for {what}", repr(given), cure)
        series = table.frame[given]
        if series.dtype == pl.String() and series.null_count():
            got = f"{series.null_count():,} missing values in {given!r}"
            raise DataError(f"{what} without gaps", got, "leave those rows out")
        if series.dtype.is_temporal():
            series = series.to_physical()
        return np.asarray(series.to_numpy())
    found = _plain(given, what)
    if len(found) != table.height:
        got = f"{len(found):,} for {table.height:,} rows"
        raise DataError(f"one value of {what} for each row", got)
    return found


def _folds(
    splits: Any,
    table: Table,
    y: Target,
    groups: NDArray[np.int64] | None,
    order: NDArray[np.float64] | None,
    seed: int,
) -> tuple[Fold, ...]:
    if isinstance(splits, Splits):
        found = list(splits.folds)
    elif splits is None or isinstance(splits, int):
        found = list(_planned(splits, table.height, y, groups, order, seed))
    elif hasattr(splits, "split") and not isinstance(splits, str):
        with warnings.catch_warnings():  # of groups that a splitter passes over
            warnings.simplefilter("ignore")
            drawn = list(splits.split(np.zeros((table.height, 1)), y.values, groups))
        found = _pairs(drawn, table.height)
    else:
        found = _pairs(splits, table.height)
    if not found or any(not len(f.train) or not len(f.valid) for f in found):
        raise DataError("folds with rows to fit on and rows to score", "none, or an empty one")
    return tuple(found[:_MOST_FOLDS])


def _planned(
    folds: int | None,
    rows: int,
    y: Target,
    groups: NDArray[np.int64] | None,
    order: NDArray[np.float64] | None,
    seed: int,
) -> Iterable[Fold]:
    """Plan the folds that rows with such groups, in such an order, ask for."""
    columns, data = [Column("row", Kind.NUMBER)], {"row": pl.Series(np.arange(rows, dtype=float))}
    if groups is not None:
        columns.append(Column("group", Kind.ID, Role.GROUP))
        data["group"] = pl.Series(groups).cast(pl.String)
    if order is not None:
        columns.append(Column("order", Kind.NUMBER, Role.ORDER))
        data["order"] = pl.Series(order)
    table = Table(pl.DataFrame(data), Schema(tuple(columns)))
    return choose_splitter(table, y, folds=folds or 5).split(table, y, seed=seed).folds


def _pairs(splits: Any, rows: int) -> list[Fold]:
    try:
        pairs = [(np.asarray(train), np.asarray(test)) for train, test in splits]
    except (TypeError, ValueError):
        raise OptionError(
            "splits as pairs of row positions, a splitter, or a number of folds",
            f"a {type(splits).__name__}",
            "such as splits=KFold(5) or splits=[(train, test)]",
        ) from None
    found = []
    for train, test in pairs:
        one, other = (np.flatnonzero(s) if s.dtype == bool else s for s in (train, test))
        for side in (one, other):
            if side.dtype.kind not in "iu" or (
                len(side) and not -1 < side.min() <= side.max() < rows
            ):
                raise DataError(f"row positions from 0 to {rows - 1:,} in splits", "others")
        found.append(Fold(one.astype(np.int64), other.astype(np.int64)))
    return found


def _takes_groups(estimator: Any) -> bool:
    try:
        return "groups" in inspect.signature(estimator.fit).parameters
    except (TypeError, ValueError, AttributeError):
        return False
