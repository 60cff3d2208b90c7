from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from modelwright.core.errors import OptionError
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate import METRICS, default_metric, find_metric
from modelwright.evaluate.catalogue import greater_is_better, metric_or_usual, metrics_of
from modelwright.evaluate.decisions import Threshold
from modelwright.evaluate.forms import FORMS
from modelwright.evaluate.metrics import metric

Array = np.ndarray


def _hard(metric: Callable[..., float], **options: object) -> Callable[..., float]:
    return lambda y, p, w: metric(y, p.argmax(axis=1), sample_weight=w, **options)


def _positive(metric: Callable[..., float]) -> Callable[..., float]:
    return lambda y, p, w: metric(y, p[:, 1], sample_weight=w)


def _number(metric: Callable[..., float]) -> Callable[..., float]:
    return lambda y, p, w: metric(y, p[:, 0], sample_weight=w)


def _specificity(y: Array, p: Array, w: Array | None) -> float:
    """Average over classes how many rows of other classes are not taken for this one."""
    said = p.argmax(axis=1)
    if p.shape[1] == 2:
        return float(sk.recall_score(y == 0, said == 0, sample_weight=w))
    each = [sk.recall_score(y != k, said != k, sample_weight=w) for k in np.union1d(y, said)]
    return float(np.mean(each))


def _calibration(y: Array, p: Array, w: Array | None) -> float:
    """Go through the bins one by one."""
    weight = np.ones(len(y)) if w is None else w
    two = p.shape[1] == 2
    said = (p[:, 1] if two else p.max(axis=1)).astype(float)
    came = y == 1 if two else p.argmax(axis=1) == y
    gap = 0.0
    for i in range(15):
        low = -1.0 if i == 0 else i / 15
        inside = (said > low) & (said <= (i + 1) / 15)
        gap += abs(float((weight * (came - said))[inside].sum()))
    return gap / weight.sum()


def _ranks(values: Array, w: Array) -> Array:
    return np.array([w[values < v].sum() + w[values == v].sum() / 2 for v in values])


def _spearman(y: Array, p: Array, w: Array | None) -> float:
    if w is None:
        return float(stats.spearmanr(y, p[:, 0]).statistic)
    kept = w > 0
    one, other = _ranks(y[kept], w[kept]), _ranks(p[kept, 0], w[kept])
    return float(np.cov(one, other, aweights=w[kept])[0, 1]) / float(
        np.sqrt(np.cov(one, aweights=w[kept]) * np.cov(other, aweights=w[kept]))
    )


def _pairs(y: Array, p: Array, w: Array | None) -> tuple[Array, Array, Array]:
    weight = np.ones(len(y)) if w is None else w
    i, j = np.triu_indices(len(y), 1)
    return np.sign(y[i] - y[j]), np.sign(p[i, 0] - p[j, 0]), weight[i] * weight[j]


def _kendall(y: Array, p: Array, w: Array | None) -> float:
    if w is None:
        return float(stats.kendalltau(y, p[:, 0]).statistic)
    one, other, mass = _pairs(y, p, w)
    return float(mass @ (one * other) / np.sqrt((mass @ one**2) * (mass @ other**2)))


def _concordance(y: Array, p: Array, w: Array | None) -> float:
    one, other, mass = _pairs(y, p, w)
    unlike = one != 0
    return float((mass * ((one == other) + (other == 0) / 2))[unlike].sum() / mass[unlike].sum())


def _average(of: Callable[[Array, Array], Array]) -> Callable[..., float]:
    return lambda y, p, w: float(np.average(of(y, p[:, 0].astype(float)), weights=w))


def _wape(y: Array, p: Array, w: Array | None) -> float:
    weight = np.ones(len(y)) if w is None else w
    return float((weight * abs(y - p[:, 0].astype(float))).sum() / (weight * abs(y)).sum())


def _largest(y: Array, p: Array, w: Array | None) -> float:
    counted = np.ones(len(y), bool) if w is None else w > 0
    return float(sk.max_error(y[counted], p[counted, 0]))


BINARY = {
    "roc_auc": _positive(sk.roc_auc_score),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": _positive(sk.brier_score_loss),
    "accuracy": _hard(sk.accuracy_score),
    "balanced_accuracy": _hard(sk.balanced_accuracy_score),
    "f1": _hard(sk.f1_score),
    "average_precision": _positive(sk.average_precision_score),
    "precision": _hard(sk.precision_score, zero_division=0),
    "recall": _hard(sk.recall_score),
    "specificity": _specificity,
    "mcc": _hard(sk.matthews_corrcoef),
    "kappa": _hard(sk.cohen_kappa_score),
    "jaccard": _hard(sk.jaccard_score),
    "calibration_error": _calibration,
}
MULTICLASS = {
    "roc_auc": lambda y, p, w: sk.roc_auc_score(
        y, p, sample_weight=w, multi_class="ovr", average="macro"
    ),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p, sample_weight=w),
    "accuracy": _hard(sk.accuracy_score),
    "balanced_accuracy": _hard(sk.balanced_accuracy_score),
    "f1": _hard(sk.f1_score, average="macro"),
    "precision": _hard(sk.precision_score, average="macro", zero_division=0),
    "recall": _hard(sk.recall_score, average="macro"),
    "specificity": _specificity,
    "mcc": _hard(sk.matthews_corrcoef),
    "kappa": _hard(sk.cohen_kappa_score),
    "jaccard": _hard(sk.jaccard_score, average="macro"),
    "calibration_error": _calibration,
}
REGRESSION = {
    "rmse": _number(sk.root_mean_squared_error),
    "mae": _number(sk.mean_absolute_error),
    "r2": _number(sk.r2_score),
    "rmsle": _number(sk.root_mean_squared_log_error),
    "median_absolute_error": _number(sk.median_absolute_error),
    "max_error": _largest,
    "mape": _number(sk.mean_absolute_percentage_error),
    "smape": _average(lambda y, p: 2 * abs(y - p) / (abs(y) + abs(p))),
    "wape": _wape,
    "explained_variance": _number(sk.explained_variance_score),
    "poisson_deviance": _number(sk.mean_poisson_deviance),
    "gamma_deviance": _number(sk.mean_gamma_deviance),
    "tweedie_deviance": lambda y, p, w: sk.mean_tweedie_deviance(
        y, p[:, 0], sample_weight=w, power=1.5
    ),
    "d2_tweedie": lambda y, p, w: sk.d2_tweedie_score(y, p[:, 0], sample_weight=w, power=1.5),
    "d2_absolute": _number(sk.d2_absolute_error_score),
    "spearman": _spearman,
    "kendall": _kendall,
    "concordance": _concordance,
}

PARAMETERS = [
    (TaskKind.BINARY, "fbeta(beta=2)", _hard(sk.fbeta_score, beta=2)),
    (TaskKind.MULTICLASS, "fbeta(beta=0.5)", _hard(sk.fbeta_score, beta=0.5, average="macro")),
    (TaskKind.MULTICLASS, "f1(average=micro)", _hard(sk.f1_score, average="micro")),
    (TaskKind.MULTICLASS, "f1(average=weighted)", _hard(sk.f1_score, average="weighted")),
    (TaskKind.BINARY, "f1(average=macro)", _hard(sk.f1_score, average="macro")),
    (
        TaskKind.MULTICLASS,
        "precision(average=weighted)",
        _hard(sk.precision_score, average="weighted", zero_division=0),
    ),
    (TaskKind.MULTICLASS, "recall(average=micro)", _hard(sk.recall_score, average="micro")),
    (TaskKind.MULTICLASS, "jaccard(average=micro)", _hard(sk.jaccard_score, average="micro")),
    (TaskKind.MULTICLASS, "kappa(weights=linear)", _hard(sk.cohen_kappa_score, weights="linear")),
    (
        TaskKind.MULTICLASS,
        "kappa(weights=quadratic)",
        _hard(sk.cohen_kappa_score, weights="quadratic"),
    ),
    (
        TaskKind.MULTICLASS,
        "top_k_accuracy(k=2)",
        lambda y, p, w: sk.top_k_accuracy_score(y, p, k=2, sample_weight=w),
    ),
    (
        TaskKind.REGRESSION,
        "tweedie_deviance(power=1.2)",
        lambda y, p, w: sk.mean_tweedie_deviance(y, p[:, 0], sample_weight=w, power=1.2),
    ),
    (
        TaskKind.REGRESSION,
        "pinball(quantile=0.9)",
        lambda y, p, w: sk.mean_pinball_loss(y, p[:, 0], sample_weight=w, alpha=0.9),
    ),
    (
        TaskKind.REGRESSION,
        "d2_pinball(quantile=0.2)",
        lambda y, p, w: sk.d2_pinball_score(y, p[:, 0], sample_weight=w, alpha=0.2),
    ),
    (
        TaskKind.REGRESSION,
        "cost(under=3, over=1)",
        lambda y, p, w: 4 * sk.mean_pinball_loss(y, p[:, 0], sample_weight=w, alpha=0.75),
    ),
]


def classes_of(kind: TaskKind) -> int:
    return {TaskKind.BINARY: 2, TaskKind.MULTICLASS: 5, TaskKind.REGRESSION: 0}[kind]


def draw(classes: int, *, ties: bool, rows: int = 400) -> tuple[Target, Array, Array]:
    rng = np.random.default_rng(classes + ties)
    weight = rng.exponential(size=rows) * (rng.random(rows) < 0.9)
    if not classes:
        y = rng.exponential(size=rows)
        p = np.abs(y + rng.normal(size=rows))
        if ties:
            y, p = np.ceil(3 * y), np.ceil(3 * p)
        return Target(y), p[:, None], weight
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
    logits = rng.normal(size=(rows, classes)) + np.eye(classes)[y]
    p = np.exp(logits.round(0) if ties else logits)
    return Target(y, classes), p / p.sum(axis=1, keepdims=True), weight


CASES = [
    (kind, name, reference)
    for kind, table in (
        (TaskKind.BINARY, BINARY),
        (TaskKind.MULTICLASS, MULTICLASS),
        (TaskKind.REGRESSION, REGRESSION),
    )
    for name, reference in table.items()
] + PARAMETERS


def test_every_metric_is_compared() -> None:
    compared = {(kind, name) for kind, name, _ in CASES if "(" not in name}
    assert compared == {(kind, m.name) for m in METRICS.values() for kind in m.kinds}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("kind", "name", "reference"), CASES)
def test_agrees_with_scikit_learn(
    kind: TaskKind, name: str, reference: Callable[..., float], ties: bool, weighted: bool
) -> None:
    y, p, weight = draw(classes_of(kind), ties=ties)
    used = weight if weighted else None
    metric = find_metric(name, kind)
    expected = reference(y.values, p, used)
    assert metric.score(y, p, used) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    narrow = p.astype(np.float32)  # which makes ties of its own
    expected = reference(y.values, narrow, used)
    assert metric.score(y, narrow, used) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_perfect_predictions_lose_nothing(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        y, _, _ = draw(classes_of(kind), ties=False)
        p = np.eye(y.classes)[y.values] if y.classes else y.values[:, None]
        assert metric.loss(y, p) == pytest.approx(0, abs=1e-12)
        worse, _, _ = draw(classes_of(kind), ties=False)
        wrong = 1 - p if y.classes else -p
        assert metric.loss(worse, wrong) > 0.05


@pytest.mark.parametrize("name", sorted(METRICS))
def test_weight_counts_rows(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        y, p, _ = draw(classes_of(kind), ties=True)
        times = np.random.default_rng(0).integers(0, 4, len(y))
        repeated = np.repeat(np.arange(len(y)), times)
        expected = metric.score(y.rows(repeated), p[repeated])
        assert metric.score(y, p, times.astype(float)) == pytest.approx(expected, rel=1e-12)


def test_log_loss_clips_and_scales() -> None:
    metric = METRICS["log_loss"]
    y = Target(np.array([0, 1]), 2)
    assert metric.score(y, np.array([[0.0, 1.0], [0.0, 1.0]])) == pytest.approx(-np.log(1e-15) / 2)
    assert metric.score(y, np.array([[2.0, 2.0], [0.3, 0.3]])) == pytest.approx(np.log(2))


@pytest.mark.parametrize("name", sorted(METRICS))
def test_no_value_is_nan_and_no_warning(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        y, p, _ = draw(classes_of(kind), ties=False)
        assert np.isnan(metric.score(y.rows(np.array([], int)), p[:0]))
        assert np.isnan(metric.score(y, np.full_like(p, np.nan)))
        assert np.isnan(metric.score(y, p, np.zeros(len(y))))


@pytest.mark.parametrize("code", [0, 1])
def test_one_class_only(code: int) -> None:
    y, p = Target(np.full(4, code), 2), np.tile([0.4, 0.6], (4, 1))
    assert np.isnan(METRICS["roc_auc"].score(y, p))
    assert METRICS["balanced_accuracy"].score(y, p) == code
    assert METRICS["f1"].score(y, p) == code
    precision = METRICS["average_precision"].score(y, p)
    assert precision == 1 if code else np.isnan(precision)
    never = np.tile([0.6, 0.4], (4, 1))
    assert METRICS["f1"].score(y, never) == 0
    assert np.isnan(METRICS["r2"].score(Target(np.ones(4)), np.ones((4, 1))))


def test_multiclass_auc_skips_classes_without_rows() -> None:
    y, p, _ = draw(5, ties=False)
    kept = np.flatnonzero(y.values < 3)
    y, p = y.rows(kept), p[kept]
    each = [sk.roc_auc_score(y.values == k, p[:, k]) for k in range(3)]
    assert METRICS["roc_auc"].score(y, p) == pytest.approx(np.mean(each), rel=1e-12)


def test_rmsle_of_negatives() -> None:
    assert np.isnan(METRICS["rmsle"].score(Target(np.array([-0.5])), np.array([[1.0]])))
    assert METRICS["rmsle"].score(Target(np.array([0.0])), np.array([[-3.0]])) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=30
    )
)
def test_roc_auc_is_the_share_of_ordered_pairs(rows: list[tuple[int, int, int]]) -> None:
    y, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    p = np.stack([4 - score, score], axis=1) / 4
    pairs = [
        (weight[i] * weight[j], float(score[i] > score[j]) + (score[i] == score[j]) / 2)
        for i in np.flatnonzero(y == 1)
        for j in np.flatnonzero(y == 0)
    ]
    total = sum(size for size, _ in pairs)
    found = METRICS["roc_auc"].score(Target(y, 2), p, weight.astype(float))
    if total:
        assert found == pytest.approx(sum(size * won for size, won in pairs) / total)
    else:
        assert np.isnan(found)


def test_find_metric() -> None:
    assert find_metric(" AUC ", TaskKind.BINARY).name == "roc_auc"
    assert find_metric("neg-log-loss", TaskKind.MULTICLASS).name == "log_loss"
    assert find_metric("acc", TaskKind.BINARY).name == "accuracy"
    with pytest.raises(OptionError, match=r"regression \(rmse, mae, r2, rmsle, .*cost\(under=3"):
        find_metric("accuracy", TaskKind.REGRESSION)
    with pytest.raises(OptionError, match="did you mean 'log_loss'"):
        find_metric("log_lss", TaskKind.BINARY)
    for kind in TaskKind:
        assert kind in find_metric(default_metric(kind), kind).kinds


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        ("profit", TaskKind.BINARY, "expected tp and fp, or a matrix; got none of them"),
        ("profit(tp=1)", TaskKind.BINARY, "got one of them"),
        ("profit(capacity_=1)", TaskKind.BINARY, "got 'capacity_'; did you mean 'capacity'"),
        ("profit(tp=much, fp=1)", TaskKind.BINARY, "a number for tp; got 'much'"),
        ("profit(tp=inf, fp=1)", TaskKind.BINARY, "a number for tp; got 'inf'"),
        ("profit(tp=1, fp=1, capacity=0)", TaskKind.BINARY, "a share of rows above 0%"),
        ("profit(tp=1, fp=1, capacity=120%)", TaskKind.BINARY, "got 120%"),
        ("profit(tp=1, fp=-1, matrix=0 1; 1 0)", TaskKind.BINARY, "got both"),
        ("cost(matrix=0 1; 1)", TaskKind.BINARY, "2 times 2 costs; got 2 rows of 1, 2"),
        ("cost(matrix=nowhere.csv)", TaskKind.MULTICLASS, "or a CSV file of them"),
        ("cost(fp=1, fn=2)", TaskKind.MULTICLASS, "got 'fp'"),
        ("cost(under=1)", TaskKind.REGRESSION, "over for the metric cost"),
        ("cost(under=1, over=0)", TaskKind.REGRESSION, "a number above 0 for over; got '0'"),
        ("fbeta", TaskKind.BINARY, 'beta for the metric fbeta; got none; write "fbeta(beta=2)"'),
        ("f1(average=samples)", TaskKind.BINARY, "macro or micro or weighted for average"),
        ("roc_auc(k=1)", TaskKind.BINARY, "expected roc_auc without parameters; got 'k'"),
        ("precision_at", TaskKind.BINARY, "one of k or recall; got none of them"),
        ("recall_at(k=5, precision=0.5)", TaskKind.BINARY, "got k and precision"),
        ("recall_at(precision=90%)", TaskKind.BINARY, "a share between 0 and 1"),
        ("top_k_accuracy(k=1.5)", TaskKind.MULTICLASS, "a whole number from 1 on for k"),
        ("pinball(quantile=1)", TaskKind.REGRESSION, "a share between 0 and 1 for quantile"),
        ("tweedie_deviance(power=0.5)", TaskKind.REGRESSION, "a power of 0, or at least 1"),
        ("python:mine", TaskKind.BINARY, "the Python function 'python:mine'"),
    ],
)
def test_a_wrong_parameter_is_told_with_its_cure(text: str, kind: TaskKind, parts: str) -> None:
    with pytest.raises(OptionError) as caught:
        find_metric(text, kind).score(Target(np.arange(1.0, 4.0)), np.ones((3, 1)))
    assert parts in str(caught.value)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Profit( fp = -5 , tp=1e2 )", "profit(tp=100, fp=-5)"),
        ("profit(tp=100, fp=-5, capacity=10.0%)", "profit(tp=100, fp=-5, capacity=10%)"),
        ("cost(matrix='0 1; 20 0')", "cost(matrix=0 1; 20 0)"),
        ("ece(bins=15, equal=mass)", "calibration_error(equal=mass)"),
        ("F1(average=Macro)", "f1(average=macro)"),
        ("cohen-kappa(weights=quadratic)", "kappa(weights=quadratic)"),
    ],
)
def test_a_metric_is_found_again_by_its_name(text: str, plain: str) -> None:
    found = find_metric(text, TaskKind.BINARY)
    assert found.name == plain
    again = find_metric(plain, TaskKind.BINARY)
    assert again.name == plain
    y, p, weight = draw(2, ties=True)
    assert again.score(y, p, weight) == found.score(y, p, weight)


def test_every_example_is_a_metric() -> None:
    for form in FORMS:
        for kind in form.kinds:
            if "csv" not in form.example:
                metric = find_metric(form.example, kind)
                assert metric.kinds == form.kinds
                y, p, weight = draw(classes_of(kind), ties=False)
                score = metric.score(y, p, weight)
                assert metric.least <= score <= metric.most
                loss = metric.loss(y, p, weight)
                assert loss == ((metric.best or 0) - score if metric.greater_is_better else score)
                if metric.best is not None:
                    assert loss >= 0


def test_profit_and_cost_of_decisions() -> None:
    y, p = Target(np.array([0, 0, 1, 1]), 2), np.array([[0.9, 0.1], [0.4, 0.6]] * 2)[[0, 1, 1, 0]]
    profit = find_metric("profit(tp=10, fp=-2)", TaskKind.BINARY)
    assert profit.decision == Threshold(2 / 12)
    assert profit.score(y, p) == (10 - 2) / 4
    assert profit.loss(y, p) == -2.0
    assert profit.best is None
    cost = find_metric("cost(fp=1, fn=9, tp=0.5)", TaskKind.BINARY)
    assert cost.score(y, p) == (1 + 9 + 0.5) / 4
    everyone = cost.decided_by(Threshold(0.0))
    assert everyone.score(y, p) == (2 * 1 + 2 * 0.5) / 4
    weight = np.array([0.0, 0.0, 1.0, 3.0])
    assert profit.score(y, p, weight) == 2.5


def test_a_capacity_takes_the_best_and_shares_ties() -> None:
    y = Target(np.array([0, 1, 1, 0]), 2)
    p = np.array([[0.5, 0.5], [0.5, 0.5], [0.1, 0.9], [0.8, 0.2]])
    two = find_metric("profit(tp=10, fp=-2, capacity=2)", TaskKind.BINARY)
    half = find_metric("profit(tp=10, fp=-2, capacity=50%)", TaskKind.BINARY)
    assert two.score(y, p) == half.score(y, p) == (10 + 10 / 2 - 2 / 2) / 4
    # a capacity is part of the metric: another rule does not replace it
    assert two.decided_by(Threshold(0.0)).score(y, p) == two.score(y, p)
    # of a part of the rows, the number is the same share
    assert two.for_part_of(8).score(y, p) == pytest.approx(10 / 4)


def test_a_matrix_of_costs_decides_for_the_least_expected_one() -> None:
    y = Target(np.array([0, 1, 2]), 3)
    p = np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.5, 0.2, 0.3]])
    cost = find_metric("cost(matrix=0 1 1; 1 0 1; 9 9 0)", TaskKind.MULTICLASS)
    assert cost.decision is not None
    expected = p @ np.array([[0, 1, 1], [1, 0, 1], [9, 9, 0]])
    decided = expected.argmin(axis=1)
    assert cost.decision.answers(p).tolist() == decided.tolist()
    matrix = np.array([[0, 1, 1], [1, 0, 1], [9, 9, 0]])
    assert cost.score(y, p) == pytest.approx(matrix[y.values, decided].mean())
    gain = find_metric("profit(matrix=0 -1 -1; -1 0 -1; -9 -9 0)", TaskKind.MULTICLASS)
    assert gain.score(y, p) == pytest.approx(-cost.score(y, p))


def test_a_function_of_the_user() -> None:
    seen = []

    def within(y: Array, p: Array, weight: Array | None) -> float:
        seen.append((y.shape, p.shape))
        return float(np.average(np.abs(y - p) < 0.5, weights=weight))

    mine = metric("within", within)
    assert mine.name == "python:within"
    assert not mine.recomputable
    assert mine.score(Target(np.array([1.0, 2.0])), np.array([[1.2], [9.0]])) == 0.5
    assert mine.score(Target(np.array([1, 0]), 2), np.array([[0.2, 0.8], [0.7, 0.3]])) == 1.0
    assert mine.loss(Target(np.array([1.0])), np.array([[1.0]])) == -1.0
    three = metric("shape", lambda y, p, weight: p.shape[1], greater_is_better=False)
    assert three.score(Target(np.array([0]), 3), np.ones((1, 3))) == 3.0
    assert seen == [((2,), (2,)), ((2,), (2,)), ((1,), (1,))]
    broken = metric("broken", lambda y, p, weight: 1 / 0)
    with pytest.raises(OptionError, match=r"ZeroDivisionError.*called with"):
        broken.score(Target(np.array([1.0])), np.array([[1.0]]))
    with pytest.raises(OptionError, match="a name for the metric"):
        metric(" ", within)


def test_why_a_score_has_no_value() -> None:
    auc = METRICS["roc_auc"]
    y, p, _ = draw(2, ties=False)
    none = np.array([], int)
    assert auc.why_none(y.rows(none), p[none]) == "there are no rows"
    strange = p.copy()
    strange[3] = np.nan
    assert auc.why_none(y, strange) == "rows with a prediction that is no finite number: 1"
    assert auc.why_none(y, p, np.zeros(len(y))) == "all weights are zero"
    one = np.flatnonzero(y.values == 1)
    assert auc.why_none(y.rows(one), p[one]) == "all answers are of one class"
    same = Target(np.zeros(3))
    assert METRICS["r2"].why_none(same, np.ones((3, 1))) == "all answers are equal"
    assert "other than zero; choose wape" in METRICS["mape"].why_none(same, np.ones((3, 1)))


def test_what_is_shown_of_a_model() -> None:
    task = Task(TaskKind.REGRESSION, "price", "cost(under=3, over=1)")
    names = [m.name for m in metrics_of(task, y=Target(np.array([-1.0, 1.0])))]
    assert names == ["cost(under=3, over=1)", "rmse", "mae", "r2", "median_absolute_error"]
    own = metric("mine", lambda y, p, weight: 0.0)
    unknown = Task(TaskKind.BINARY, "y", "python:mine", ("a", "b"))
    assert metrics_of(unknown)[0].name == "roc_auc"
    assert metrics_of(unknown, [own])[0] is own
    assert metric_or_usual(unknown).name == "roc_auc"


def test_the_direction_of_a_name() -> None:
    assert greater_is_better("cost(matrix=0 1 1; 1 0 1; 1 1 0)") is False
    assert greater_is_better("kappa(weights=linear)") is True
    assert greater_is_better("python:mine") is None


@pytest.mark.parametrize("name", ["roc_auc", "log_loss"])
def test_fast_enough_for_an_ensemble(name: str) -> None:
    rng = np.random.default_rng(0)
    y = Target(rng.integers(0, 2, 500_000), 2)
    positive = rng.random(500_000, dtype=np.float32)
    p = np.stack([1 - positive, positive], axis=1)
    start = time.perf_counter()
    METRICS[name].score(y, p)
    assert time.perf_counter() - start < 1  # about 0.05 s on an idle machine
