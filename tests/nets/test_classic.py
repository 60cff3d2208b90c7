"""NumPy nets: the hyperplane, softmax against scikit-learn, Novikoff's bound, back-propagation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_digits, load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Perceptron as TheirPerceptron

from modelwright.core.errors import DataError, OptionError
from modelwright.nets.classic import (
    AdaptiveLine,
    Hyperplane,
    MultiPerceptron,
    PlainMLP,
    backpropagate,
    descend,
    fisher_discriminant,
    fit_softmax,
    mistake_bound,
    perceptron_criterion,
    softmax,
    train_perceptron,
)
from modelwright.nets.classic.backpropagation import BENDS, squared_error
from modelwright.nets.classic.softmax import cross_entropy

Floats = NDArray[np.float64]

IRIS = load_iris()


def separable(
    seed: int, rows: int = 60, columns: int = 3
) -> tuple[Floats, NDArray[np.int64], Hyperplane]:
    """Draw rows that a known plane separates, with a margin of a tenth at least."""
    rng = np.random.default_rng(seed)
    plane = Hyperplane(rng.normal(size=columns), float(rng.normal()))
    X = rng.normal(size=(rows * 3, columns)) * 2
    X = X[np.abs(plane.distance(X)) > 0.1][:rows]
    return X, plane.side(X), plane


# --- the hyperplane -----------------------------------------------------------------------------


@given(st.integers(0, 10_000))
def test_distance_is_that_to_the_nearest_point_of_the_plane(seed: int) -> None:
    rng = np.random.default_rng(seed)
    plane, X = Hyperplane(rng.normal(size=4), float(rng.normal())), rng.normal(size=(5, 4))
    foot, r = plane.foot(X), plane.distance(X)
    np.testing.assert_allclose(plane.score(foot), 0.0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(X - foot, axis=1), np.abs(r))
    np.testing.assert_allclose(plane.score(X), r * np.linalg.norm(plane.weight))
    other = foot + rng.normal(size=(5, 4))
    other = plane.foot(other)  # any other point of the plane is farther
    assert (np.linalg.norm(X - other, axis=1) >= np.abs(r) - 1e-9).all()
    np.testing.assert_array_equal(plane.side(X), (r > 0).astype(int))


def test_fisher_finds_what_scikit_learn_finds() -> None:
    rows = IRIS.target > 0
    X, y = IRIS.data[rows], IRIS.target[rows] - 1
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y)
    # they divide the common covariance by n, we by n - 2
    ours = fisher_discriminant(X, y)
    np.testing.assert_allclose(ours.weight, theirs.coef_[0] * (len(X) - 2) / len(X), rtol=1e-6)
    np.testing.assert_array_equal(ours.side(X), theirs.predict(X))
    tilted = fisher_discriminant(X, y, prior=(0.1, 0.9))
    assert tilted.bias == pytest.approx(ours.bias + np.log(9))


def test_planes_that_cannot_be_are_refused() -> None:
    with pytest.raises(OptionError, match="not zero"):
        Hyperplane(np.zeros(2), 1.0)
    with pytest.raises(DataError, match="classes 0 and 1"):
        fisher_discriminant(np.ones((3, 2)), np.ones(3, np.int64))
    with pytest.raises(DataError, match="determine each other"):
        fisher_discriminant(np.arange(8.0).reshape(4, 2), np.array([0, 1, 0, 1]))


# --- softmax ------------------------------------------------------------------------------------


@pytest.mark.parametrize("l2", [0.1, 0.003])
def test_softmax_regression_is_that_of_scikit_learn(l2: float) -> None:
    X = (IRIS.data - IRIS.data.mean(axis=0)) / IRIS.data.std(axis=0)
    ours = fit_softmax(X, IRIS.target, 3, l2=l2)
    theirs = LogisticRegression(C=1 / (l2 * len(X)), tol=1e-10, max_iter=10_000).fit(X, IRIS.target)
    np.testing.assert_allclose(ours.predict(X), theirs.predict_proba(X), atol=1e-5)
    np.testing.assert_allclose(ours.weight, theirs.coef_, atol=1e-4)
    _, slope, lift = ours.loss(X, IRIS.target, l2)
    assert np.abs(slope).max() < 1e-6
    assert np.abs(lift).max() < 1e-6


@pytest.mark.long
def test_the_boundary_of_two_classes_is_where_they_are_equal() -> None:
    net = fit_softmax(IRIS.data, IRIS.target, 3, l2=0.01)
    plane = net.boundary(1, 2)
    foot = net.predict(plane.foot(IRIS.data))
    np.testing.assert_allclose(foot[:, 1], foot[:, 2], rtol=1e-9)
    above = plane.side(IRIS.data) == 1
    said = net.predict(IRIS.data)
    np.testing.assert_array_equal(above, said[:, 1] > said[:, 2])


@given(st.integers(0, 1000), st.sampled_from([1.0, 500.0]))
def test_the_gradient_of_cross_entropy_is_that_of_its_formula(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    scores, y = rng.normal(size=(4, 3)) * size, rng.integers(0, 3, 4)
    loss, gradient = cross_entropy(scores, y)
    assert np.isfinite(loss)
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(softmax(scores).sum(axis=1), 1.0)
    nudge = rng.normal(size=scores.shape) * 1e-6
    change = cross_entropy(scores + nudge, y)[0] - cross_entropy(scores - nudge, y)[0]
    assert change / 2 == pytest.approx((gradient * nudge).sum(), abs=1e-9)


def test_codes_that_are_no_class_are_refused() -> None:
    with pytest.raises(DataError, match="from 0 to 1"):
        fit_softmax(np.ones((3, 1)), np.array([0, 1, 2]), 2)


# --- the perceptron -----------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.sampled_from([1, 2, 7, None]), st.booleans())
@settings(max_examples=60)
def test_it_never_moves_more_often_than_the_bound(
    seed: int, batch: int | None, drawn: bool
) -> None:
    X, y, plane = separable(seed)
    lesson = train_perceptron(X, y, batch=batch, epochs=1_000_000, seed=seed if drawn else None)
    assert lesson.converged
    assert lesson.updates <= mistake_bound(X, y, plane)
    assert lesson.mistakes[-1] == 0
    assert lesson.plane.margin(X, y) > 0
    assert perceptron_criterion(lesson.plane, X, y) == 0.0
    if batch == 1:
        assert sum(lesson.mistakes) == lesson.updates
    assert lesson.updates <= mistake_bound(X, y, lesson.plane)  # its own plane gives a bound too


def test_the_bound_is_a_formula_of_radius_and_margin() -> None:
    X, y = np.array([[-3.0], [1.0]]), np.array([0, 1])
    plane = Hyperplane(np.array([2.0]), 0.0)
    assert mistake_bound(X, y, plane) == pytest.approx(10.0 / 1.0)
    assert mistake_bound(X, 1 - y, plane) == np.inf


def test_a_pass_is_that_of_scikit_learn() -> None:
    X, y, _ = separable(5, rows=80)
    theirs = TheirPerceptron(max_iter=1, tol=None, shuffle=False, eta0=1.0)
    theirs.fit(X, y)
    ours = train_perceptron(X, y, epochs=1)
    np.testing.assert_allclose(ours.weight[:-1], theirs.coef_[0])
    assert ours.weight[-1] == pytest.approx(theirs.intercept_[0])


def test_what_no_plane_separates_is_never_learned() -> None:
    X = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    lesson = train_perceptron(X, np.array([0, 0, 1, 1]), epochs=100)
    assert not lesson.converged
    assert len(lesson.mistakes) == 100
    assert min(lesson.mistakes) > 0
    with pytest.raises(DataError, match="0 and 1"):
        train_perceptron(X, np.array([1, 2, 1, 2]))
    with pytest.raises(OptionError, match="1 row"):
        train_perceptron(X, np.array([0, 0, 1, 1]), batch=0)


def test_the_criterion_falls_along_its_gradient() -> None:
    X, y, _ = separable(7)
    plane = Hyperplane(np.array([1.0, -1.0, 0.5]), 0.1)
    signed = np.where(y > 0, 1.0, -1.0)[:, None] * np.column_stack([X, np.ones(len(X))])
    wrong = signed[signed @ np.append(plane.weight, plane.bias) <= 0].sum(axis=0)
    moved = Hyperplane(plane.weight + 1e-4 * wrong[:-1], plane.bias + 1e-4 * wrong[-1])
    fall = perceptron_criterion(plane, X, y) - perceptron_criterion(moved, X, y)
    assert fall == pytest.approx(1e-4 * (wrong**2).sum(), rel=1e-3)


def test_several_classes_are_learned_from_rows_as_they_arrive() -> None:
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    whole, parts = MultiPerceptron(10, 64), MultiPerceptron(10, 64)
    whole.learn(X[:1200], y[:1200])
    for start in range(0, 1200, 100):
        parts.learn(X[start : start + 100], y[start : start + 100])
    np.testing.assert_allclose(parts.mean, whole.mean)
    theirs = TheirPerceptron(shuffle=False).partial_fit(X[:1200], y[:1200], np.arange(10))
    right = (whole.scores(X[1200:]).argmax(axis=1) == y[1200:]).mean()
    assert right > 0.8
    assert right > theirs.score(X[1200:], y[1200:])  # the mean of the weights is steadier


def test_two_classes_are_the_perceptron_with_one_plane() -> None:
    X, y, _ = separable(3)
    net = MultiPerceptron(2, 3)
    net.learn(X, y)
    lesson = train_perceptron(X, y, epochs=1)
    np.testing.assert_allclose(net.weight[1] - net.weight[0], 2 * lesson.weight)
    assert net.mistakes == lesson.updates


def test_a_row_of_weight_two_and_none() -> None:
    X, y, _ = separable(3)
    left = MultiPerceptron(2, 3)
    left.learn(X, y, np.repeat([1.0, 0.0], [20, len(X) - 20]))
    right = MultiPerceptron(2, 3)
    right.learn(X[:20], y[:20])
    np.testing.assert_array_equal(left.mean, right.mean)


def test_a_fading_mean_follows_a_change() -> None:
    X, y, _ = separable(11, rows=400)
    correct = {}
    for fading in (1.0, 0.97):
        net = MultiPerceptron(2, 3, fading)
        net.learn(X[:200], y[:200])
        net.learn(X[200:300], 1 - y[200:300])  # from now on all is the other way round
        said = net.scores(X[300:]).argmax(axis=1)
        correct[fading] = (said == 1 - y[300:]).mean()
    assert correct[0.97] > 0.85
    assert correct[1.0] < 0.5
    with pytest.raises(OptionError, match="fading"):
        MultiPerceptron(2, 3, 0.0)
    with pytest.raises(OptionError, match="1 class"):
        MultiPerceptron(0, 3)


def test_an_adaptive_line_finds_the_least_squares_and_follows_a_change() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    y = X @ np.array([1.0, -2.0, 0.5]) + 3 + 0.1 * rng.normal(size=3000)
    line = AdaptiveLine(3, rate=0.05)
    line.learn(X, y)
    wide = np.column_stack([X, np.ones(3000)])
    best = np.linalg.lstsq(wide, y, rcond=None)[0]
    np.testing.assert_allclose(line.weight[0], best, atol=0.05)
    quick = AdaptiveLine(3, rate=0.05, fading=0.99)
    quick.learn(X, y)
    quick.learn(X[:1000], -y[:1000])
    np.testing.assert_allclose(quick.mean[0], -best, atol=0.05)
    with pytest.raises(OptionError, match="rate"):
        AdaptiveLine(3, rate=0.0)


# --- back-propagation ---------------------------------------------------------------------------


@pytest.mark.parametrize("activation", BENDS)
@pytest.mark.parametrize("kind", ["cross-entropy", "squared error"])
def test_back_propagation_is_what_autograd_does(activation: str, kind: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
    rng = np.random.default_rng(0)
    net = PlainMLP.drawn([4, 6, 5, 3], activation, seed=1)
    X, y = rng.normal(size=(7, 4)), rng.integers(0, 3, 7)
    answers = y if kind == "cross-entropy" else rng.normal(size=(7, 3))
    loss = cross_entropy if kind == "cross-entropy" else squared_error
    value, by_weights, by_biases = backpropagate(net, X, answers, loss)

    weights = [torch.tensor(part, requires_grad=True) for part in net.weights]
    biases = [torch.tensor(part, requires_grad=True) for part in net.biases]
    h = torch.tensor(X)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        h = h @ weight + bias
        if layer < len(weights) - 1:
            h = getattr(torch, activation)(h)
    if kind == "cross-entropy":
        total = torch.nn.functional.cross_entropy(h, torch.tensor(y))
    else:
        total = torch.nn.functional.mse_loss(h, torch.tensor(answers))
    total.backward()
    assert value == pytest.approx(total.item())
    for ours, theirs in zip([*by_weights, *by_biases], [*weights, *biases], strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-9, atol=1e-12)


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_back_propagation_is_what_differences_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    net = PlainMLP.drawn([3, 5, 2], "tanh", seed=seed)
    X, y = rng.normal(size=(6, 3)), rng.integers(0, 2, 6)
    _, by_weights, by_biases = backpropagate(net, X, y)
    changes = [rng.normal(size=part.shape) for part in (*net.weights, *net.biases)]
    wanted = sum(
        (slope * change).sum()
        for slope, change in zip([*by_weights, *by_biases], changes, strict=True)
    )

    def at(step: float) -> float:
        parts = [
            part + step * change
            for part, change in zip([*net.weights, *net.biases], changes, strict=True)
        ]
        moved = PlainMLP(parts[:2], parts[2:], "tanh")
        return cross_entropy(moved.scores(X), y)[0]

    assert (at(1e-5) - at(-1e-5)) / 2e-5 == pytest.approx(wanted, rel=1e-5, abs=1e-8)


def test_descent_learns_digits() -> None:
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    net = PlainMLP.drawn([64, 32, 10], "relu", seed=0)
    losses = descend(net, X[:1200], y[:1200], rate=0.3, epochs=25)
    assert losses[-1] < 0.1 < losses[0]
    assert (net.scores(X[1200:]).argmax(axis=1) == y[1200:]).mean() > 0.9


@pytest.mark.long
def test_a_wide_hidden_layer_comes_near_to_any_function() -> None:
    """Universal approximation: the wider, the nearer; without a bend never."""
    x = np.linspace(-1, 1, 200)[:, None]
    wanted = np.sin(5 * x[:, 0]) + (x[:, 0] > 0.3)
    errors = {}
    for width in (2, 8, 64):
        net = PlainMLP.drawn([1, width, 1], "tanh", seed=0)
        net.weights[0] *= 8  # bends all along the interval
        net.biases[0] += np.linspace(-6, 6, width)
        losses = descend(net, x, wanted, loss=squared_error, rate=0.3 / width, epochs=600, batch=20)
        errors[width] = losses[-1]
    assert errors[64] < errors[8] < 0.5 * errors[2]
    line = np.polyfit(x[:, 0], wanted, 1)
    assert errors[64] < 0.2 * np.mean((np.polyval(line, x[:, 0]) - wanted) ** 2)


def test_an_unknown_bend_is_refused() -> None:
    with pytest.raises(OptionError, match="did you mean 'relu'"):
        PlainMLP.drawn([1, 2], "rlu", seed=0)
