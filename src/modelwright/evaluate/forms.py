"""How each metric is written: its name, its parameters, and what becomes of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.task import TaskKind
from modelwright.evaluate.amount import Amount
from modelwright.evaluate.costs import Costs, read_costs, write_costs
from modelwright.evaluate.decisions import Best, Decision, LeastCost, MostProbable, Threshold
from modelwright.evaluate.metrics import Decided, Metric, MetricFunction, Needs, TopRows
from modelwright.evaluate.scores import (
    business,
    classes,
    numbers,
    ordering,
    probabilities,
    quantiles,
    ranking,
)
from modelwright.evaluate.written import Call

__all__ = ["FORMS", "Form", "Parameter", "Reader", "Value"]

Value = float | str | Amount | Costs | None
"""What a parameter may be; None where it was left out."""


class Reader(Protocol):
    """Reads the text of a parameter; the classes of the task are given beside."""

    def __call__(self, text: str, labels: Sequence[str], /) -> Value:
        """Read it; raises `UserError` when it means nothing."""
        ...


@dataclass(frozen=True)
class Parameter:
    """One parameter of a metric.

    Parameters
    ----------
    name : str
        The word before the equals sign.
    read : callable
        Reads its text.
    usual : value
        What it is when it is left out.
    required : bool
        Whether it has to be given.
    """

    name: str
    read: Reader
    usual: Value = None
    required: bool = False


@dataclass(frozen=True)
class Form:
    """A metric with its parameters still open.

    Parameters
    ----------
    name : str
        The word for it.
    kinds : frozenset of TaskKind
        The tasks that it can judge.
    make : callable
        Makes the metric from the values of the parameters, in their order.
    parameters : tuple of Parameter
        What may stand in the brackets.
    sample : str
        How it is written where it needs parameters; empty where the name is enough.
    """

    name: str
    kinds: frozenset[TaskKind]
    make: Callable[..., Metric]
    parameters: tuple[Parameter, ...] = ()
    sample: str = ""

    @property
    def example(self) -> str:
        """How it is written at its shortest."""
        return self.sample or self.name

    def filled(self, call: Call, labels: Sequence[str]) -> Metric:
        """Give the metric with its parameters; raises `UserError` for a wrong one."""
        given = dict(call.parameters)
        words = [one.name for one in self.parameters]
        strange = next((key for key in given if key not in words), None)
        if strange is not None:
            expected = f"parameters of {self.name}: {', '.join(words)}"
            expected = expected if words else f"{self.name} without parameters"
            raise OptionError(
                expected, repr(strange), did_you_mean(strange, words) if words else ""
            )
        absent = [one.name for one in self.parameters if one.required and one.name not in given]
        if absent:
            expected = f"{absent[0]} for the metric {self.name}"
            raise OptionError(expected, "none", f'write "{self.example}"')
        values = [
            one.read(given[one.name], labels) if one.name in given else one.usual
            for one in self.parameters
        ]
        told = [
            (one.name, _written(value))
            for one, value in zip(self.parameters, values, strict=True)
            if value != one.usual and value is not None
        ]
        name = str(Call(self.name, tuple(told)))
        return replace(self.make(*values), name=name, kinds=self.kinds)


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return write_costs(value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)


CLASSES = frozenset({TaskKind.BINARY, TaskKind.MULTICLASS})
BINARY = frozenset({TaskKind.BINARY})
MULTICLASS = frozenset({TaskKind.MULTICLASS})
NUMBERS = frozenset({TaskKind.REGRESSION})
_ANY = -math.inf, math.inf
_PROFIT, _COST = "profit(tp=100, fp=-5)", "cost(fp=1, fn=20)"
_PRECISION_AT, _RECALL_AT = "precision_at(k=100)", "recall_at(precision=0.9)"


def _number(
    name: str,
    usual: float | None = None,
    *,
    words: str = "a number",
    low: float = -math.inf,
    high: float = math.inf,
    open_ends: bool = False,
    whole: bool = False,
) -> Parameter:
    """Make a parameter that is a number."""

    def read(text: str, labels: Sequence[str], /) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        inside = low < value < high if open_ends else low <= value <= high
        if not (math.isfinite(value) and inside) or (whole and value != int(value)):
            raise OptionError(f"{words} for {name}", repr(text), f"write {name}={_like(words)}")
        return value

    return Parameter(name, read, usual)


def _like(words: str) -> str:
    return {"a share between 0 and 1": "0.9", "a whole number from 1 on": "10"}.get(words, "2")


def _share(name: str, usual: float | None = None) -> Parameter:
    words = "a share between 0 and 1"
    return _number(name, usual, words=words, low=0.0, high=1.0, open_ends=True)


def _word(name: str, words: Sequence[str], usual: str | None = None) -> Parameter:
    """Make a parameter that is one of some words."""

    def read(text: str, labels: Sequence[str], /) -> str:
        if text.lower() not in words:
            expected = f"{' or '.join(words)} for {name}"
            raise OptionError(expected, repr(text), did_you_mean(text, words))
        return text.lower()

    return Parameter(name, read, usual)


def _rows(name: str) -> Parameter:
    return Parameter(name, lambda text, labels: Amount.read(text))


_MATRIX = Parameter("matrix", lambda text, labels: read_costs(text, labels))
_AVERAGE = _word("average", classes.AVERAGES)


def _required(parameter: Parameter) -> Parameter:
    return replace(parameter, required=True)


def _plain(
    function: MetricFunction, greater: bool, least: float = 0.0, most: float = 1.0
) -> Callable[[], Metric]:
    return lambda: Metric("", frozenset(), greater, function, least, most)


def _error(
    function: MetricFunction, needs: Needs | None = None, *, smooth: bool = True
) -> Callable[[], Metric]:
    """Make a distance of numbers: 0 is perfect, and there is no worst one."""
    return lambda: Metric("", NUMBERS, False, function, 0.0, math.inf, needs, smooth)


def _explained(
    function: MetricFunction,
    needs: Needs | None = None,
    *,
    least: float = -math.inf,
    smooth: bool = True,
) -> Callable[[], Metric]:
    """Make a score of numbers whose best is 1."""
    return lambda: Metric("", NUMBERS, True, function, least, 1.0, needs, smooth)


def _decided(
    formula: Callable[[NDArray[Any]], NDArray[Any]], least: float = 0.0
) -> Callable[[], Metric]:
    function = Decided(formula, MostProbable())
    return lambda: Metric("", CLASSES, True, function, least, 1.0)


def _averaged(formula: Callable[..., NDArray[Any]]) -> Callable[..., Metric]:
    def make(average: str | None) -> Metric:
        return _decided(partial(formula, average=average))()

    return make


def _fbeta(beta: float, average: str | None) -> Metric:
    return _decided(partial(classes.fbeta, beta=beta, average=average))()


def _kappa(weights: str | None) -> Metric:
    return _decided(partial(classes.kappa, weights=weights), -1.0)()


def _top_k(k: float) -> Metric:
    return Metric("", MULTICLASS, True, partial(classes.top_k_accuracy, k=int(k)))


def _calibration(bins: float, equal: str) -> Metric:
    function = partial(probabilities.calibration_error, bins=int(bins), mass=equal == "mass")
    return Metric("", CLASSES, False, function)


def _one_of(example: str, values: Sequence[tuple[str, Value]]) -> tuple[str, Value]:
    """Take the one parameter that was given of several that exclude each other."""
    given = [(name, value) for name, value in values if value is not None]
    if len(given) != 1:
        words = " or ".join(name for name, _ in values)
        got = " and ".join(name for name, _ in given) or "none of them"
        raise OptionError(f"one of {words}", got, f'write "{example}"')
    return given[0]


def _float(value: Value) -> float:
    assert isinstance(value, float)  # as its reader gave it
    return value


def _precision_at(k: Amount | None, recall: float | None) -> Metric:
    _, value = _one_of(_PRECISION_AT, [("k", k), ("recall", recall)])
    function: MetricFunction = (
        TopRows(ordering.precision_at, value)
        if isinstance(value, Amount)
        else partial(ordering.precision_at_recall, recall=_float(value))
    )
    return Metric("", BINARY, True, function)


def _recall_at(k: Amount | None, precision: float | None, false_alarms: float | None) -> Metric:
    name, value = _one_of(
        _RECALL_AT,
        [("k", k), ("precision", precision), ("false_alarms", false_alarms)],
    )
    function: MetricFunction
    if isinstance(value, Amount):
        function = TopRows(ordering.recall_at, value)
    elif name == "precision":
        function = partial(ordering.recall_at_precision, precision=_float(value))
    else:
        function = partial(ordering.recall_at_false_alarms, false_alarms=_float(value))
    return Metric("", BINARY, True, function)


def _lift_at(k: Amount) -> Metric:
    return Metric("", BINARY, True, TopRows(ordering.lift_at, k), 0.0, math.inf)


def _profit(
    tp: float | None,
    fp: float | None,
    tn: float,
    fn: float,
    capacity: Amount | None,
    matrix: Costs | None,
) -> Metric:
    values = _values(_PROFIT, ("tp", "fp"), (tn, fp, fn, tp), (tn, fn), matrix)
    decision = _rule(values, capacity, matrix)
    formula = partial(business.worth, values=values)
    return Metric("", CLASSES, True, Decided(formula, decision), *_ANY)


def _cost(
    fp: float | None,
    fn: float | None,
    tp: float,
    tn: float,
    capacity: Amount | None,
    matrix: Costs | None,
) -> Metric:
    values = _values(_COST, ("fp", "fn"), (tn, fp, fn, tp), (tn, tp), matrix)
    decision = _rule(-values, capacity, matrix)
    formula = partial(business.worth, values=values)
    least = 0.0 if (values >= 0).all() and not np.diag(values).any() else -math.inf
    return Metric("", CLASSES, False, Decided(formula, decision), least, math.inf)


def _values(
    example: str,
    needed: tuple[str, str],
    cells: tuple[float | None, float | None, float | None, float | None],
    others: tuple[float, float],
    matrix: Costs | None,
) -> NDArray[np.float64]:
    """Give what each cell of the table of decisions is worth."""
    named = [cell for cell in cells if cell is not None]
    if matrix is not None:
        if len(named) > 2 or any(others):
            raise OptionError(
                "a matrix, or values of single cells", "both", "leave one of them out"
            )
        return np.array(matrix)
    if len(named) < 4:
        got = "one of them" if len(named) == 3 else "none of them"
        raise OptionError(f"{needed[0]} and {needed[1]}, or a matrix", got, f'write "{example}"')
    return np.array(named).reshape(2, 2)


def _rule(worth: NDArray[np.float64], capacity: Amount | None, matrix: Costs | None) -> Decision:
    """Say how decisions are made where nothing was tuned yet."""
    if capacity is not None:
        return Best(capacity)
    if matrix is not None:
        return LeastCost(tuple(tuple(row) for row in (-worth).tolist()))
    return Threshold(business.break_even(worth))


def _costs_of_classes(matrix: Costs) -> Metric:
    return _cost(None, None, 0.0, 0.0, None, matrix)


def _profit_of_classes(matrix: Costs) -> Metric:
    return _profit(None, None, 0.0, 0.0, None, matrix)


def _uneven(under: float, over: float) -> Metric:
    return _error(partial(business.uneven_cost, under=under, over=over))()


def _tweedie(power: float) -> Metric:
    return _error(partial(numbers.tweedie_deviance, power=power), _needs_of(power))()


def _d2_tweedie(power: float) -> Metric:
    return _explained(partial(numbers.d2_tweedie, power=power), _needs_of(power))()


def _needs_of(power: float) -> Needs | None:
    if power == 0:
        return None
    if power < 1:
        raise OptionError("a power of 0, or at least 1", f"{power:g}", "write power=1.5")
    return _POSITIVE if power >= 2 else _NOT_BELOW_ZERO


def _pinball(quantile: float) -> Metric:
    return _error(partial(quantiles.pinball, quantile=quantile))()


def _d2_pinball(quantile: float) -> Metric:
    return _explained(partial(numbers.d2_pinball, quantile=quantile))()


_NOT_BELOW_ZERO = Needs("at or above zero", lambda y: y >= 0, "choose rmse")
_POSITIVE = Needs("above zero", lambda y: y > 0, "choose rmse")
_NOT_ZERO = Needs("other than zero", lambda y: y != 0, "choose wape or smape")
_POWER = _number("power", 1.5, words="0, or a number from 1 on", low=0.0)
_MONEY = tuple(_number(name, 0.0) for name in ("tn", "fn", "tp"))
_TN, _FN, _TP = _MONEY
_poisson, _gamma = (partial(numbers.tweedie_deviance, power=power) for power in (1, 2))

FORMS: tuple[Form, ...] = (
    Form("roc_auc", CLASSES, _plain(ordering.roc_auc, True)),
    Form("log_loss", CLASSES, _plain(probabilities.log_loss, False, most=math.inf)),
    Form("brier", CLASSES, _plain(probabilities.brier, False, most=2.0)),
    Form("accuracy", CLASSES, _decided(classes.accuracy)),
    Form("balanced_accuracy", CLASSES, _decided(classes.balanced_accuracy)),
    Form("f1", CLASSES, _averaged(classes.f1), (_AVERAGE,)),
    Form("average_precision", BINARY, _plain(ordering.average_precision, True)),
    Form("precision", CLASSES, _averaged(classes.precision), (_AVERAGE,)),
    Form("recall", CLASSES, _averaged(classes.recall), (_AVERAGE,)),
    Form("specificity", CLASSES, _averaged(classes.specificity), (_AVERAGE,)),
    Form("mcc", CLASSES, _decided(classes.mcc, -1.0)),
    Form("kappa", CLASSES, _kappa, (_word("weights", ("linear", "quadratic")),)),
    Form("jaccard", CLASSES, _averaged(classes.jaccard), (_AVERAGE,)),
    Form(
        "fbeta",
        CLASSES,
        _fbeta,
        (_required(_number("beta", words="a number above 0", low=0.0, open_ends=True)), _AVERAGE),
        "fbeta(beta=2)",
    ),
    Form(
        "calibration_error",
        CLASSES,
        _calibration,
        (
            _number("bins", 15.0, words="a whole number from 1 on", low=1.0, high=1e6, whole=True),
            _word("equal", ("width", "mass"), "width"),
        ),
    ),
    Form(
        "top_k_accuracy",
        MULTICLASS,
        _top_k,
        (_required(_number("k", words="a whole number from 1 on", low=1.0, whole=True)),),
        "top_k_accuracy(k=5)",
    ),
    Form("precision_at", BINARY, _precision_at, (_rows("k"), _share("recall")), _PRECISION_AT),
    Form(
        "recall_at",
        BINARY,
        _recall_at,
        (_rows("k"), _share("precision"), _share("false_alarms")),
        _RECALL_AT,
    ),
    Form("lift_at", BINARY, _lift_at, (_required(_rows("k")),), "lift_at(k=10%)"),
    Form(
        "profit",
        BINARY,
        _profit,
        (_number("tp"), _number("fp"), _TN, _FN, _rows("capacity"), _MATRIX),
        _PROFIT,
    ),
    Form(
        "profit", MULTICLASS, _profit_of_classes, (_required(_MATRIX),), "profit(matrix=gains.csv)"
    ),
    Form(
        "cost",
        BINARY,
        _cost,
        (_number("fp"), _number("fn"), _TP, _TN, _rows("capacity"), _MATRIX),
        _COST,
    ),
    Form("cost", MULTICLASS, _costs_of_classes, (_required(_MATRIX),), "cost(matrix=costs.csv)"),
    Form("rmse", NUMBERS, _error(numbers.rmse)),
    Form("mae", NUMBERS, _error(numbers.mae)),
    Form("r2", NUMBERS, _explained(numbers.r2)),
    Form("rmsle", NUMBERS, _error(numbers.rmsle, _NOT_BELOW_ZERO)),
    Form("median_absolute_error", NUMBERS, _error(numbers.median_absolute_error, smooth=False)),
    Form("max_error", NUMBERS, _error(numbers.max_error, smooth=False)),
    Form("mape", NUMBERS, _error(numbers.mape, _NOT_ZERO)),
    Form("smape", NUMBERS, _error(numbers.smape)),
    Form("wape", NUMBERS, _error(numbers.wape)),
    Form("explained_variance", NUMBERS, _explained(numbers.explained_variance)),
    Form("poisson_deviance", NUMBERS, _error(_poisson, _NOT_BELOW_ZERO)),
    Form("gamma_deviance", NUMBERS, _error(_gamma, _POSITIVE)),
    Form("tweedie_deviance", NUMBERS, _tweedie, (_POWER,)),
    Form("d2_tweedie", NUMBERS, _d2_tweedie, (_POWER,)),
    Form("d2_absolute", NUMBERS, _explained(numbers.d2_absolute)),
    Form(
        "d2_pinball",
        NUMBERS,
        _d2_pinball,
        (_required(_share("quantile")),),
        "d2_pinball(quantile=0.9)",
    ),
    Form("pinball", NUMBERS, _pinball, (_required(_share("quantile")),), "pinball(quantile=0.9)"),
    Form(
        "cost",
        NUMBERS,
        _uneven,
        tuple(
            _required(_number(name, words="a number above 0", low=0.0, open_ends=True))
            for name in ("under", "over")
        ),
        "cost(under=3, over=1)",
    ),
    Form("spearman", NUMBERS, _explained(ranking.spearman, least=-1.0, smooth=False)),
    Form("kendall", NUMBERS, _explained(ranking.kendall, least=-1.0, smooth=False)),
    Form("concordance", NUMBERS, _explained(ranking.concordance, least=0.0, smooth=False)),
)
