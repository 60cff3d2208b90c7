"""One hyperplane, several, and a unit that learns from its mistakes as rows arrive."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris

from modelwright.core.budget import Budget
from modelwright.core.matrix import Matrix
from modelwright.core.task import Target
from modelwright.models.perceptron import PerceptronLearner
from modelwright.nets.classic import (
    MultiPerceptron,
    fisher_discriminant,
    fit_softmax,
    mistake_bound,
    perceptron_criterion,
    train_perceptron,
)

# A linear discriminant is a hyperplane: f(x) = w' x + b says the side, r = f(x) / ||w|| how far.
cancer = load_breast_cancer()
X = (cancer.data - cancer.data.mean(axis=0)) / cancer.data.std(axis=0)
plane = fisher_discriminant(X, cancer.target)
r = plane.distance(X)
away = np.linalg.norm(X - plane.foot(X), axis=1)
print(f"{np.mean(plane.side(X) == cancer.target):.1%} of the tumours lie on their side")
print(
    f"the nearest lies {away.min():.4f} from the plane, r = f(x)/||w|| says {np.abs(r).min():.4f}"
)
assert np.allclose(away, np.abs(r))

# Several classes: one linear score each; between two of them lies a plane again.
iris = load_iris()
net = fit_softmax(iris.data, iris.target, 3, l2=0.01)
between = net.boundary(1, 2)
print(f"softmax: {np.mean(net.predict(iris.data).argmax(axis=1) == iris.target):.1%} of the irises")
assert np.allclose(np.ptp(net.predict(between.foot(iris.data))[:, 1:], axis=1), 0)

# The perceptron stops making mistakes on rows that a plane separates, and not after more than
# (R / margin)^2 of them: with one row a step, with twenty, with all.
two = iris.target < 2
X, y = iris.data[two], iris.target[two]
widest = fisher_discriminant(X, y)
bound = mistake_bound(X, y, widest)
for batch in (1, 20, None):
    lesson = train_perceptron(X, y, batch=batch)
    name = {1: "online", None: "batch"}.get(batch, "mini-batch")
    print(f"{name}: {lesson.updates} updates, {sum(lesson.mistakes)} mistakes, bound {bound:.0f}")
    assert lesson.converged
    assert lesson.updates <= bound
    assert perceptron_criterion(lesson.plane, X, y) == 0

# Rows that arrive: nothing is fitted again. At row 900 the meaning of the digits changes.
digits = load_digits()
X, y = digits.data / 16, digits.target.copy()
y[900:] = (y[900:] + 1) % 10
for fading in (1.0, 0.995):
    stream, hits = MultiPerceptron(10, 64, fading), []
    for start in range(0, len(X), 20):
        rows = slice(start, start + 20)
        hits += [*(stream.scores(X[rows]).argmax(axis=1) == y[rows])]  # asked first, then taught
        stream.learn(X[rows], y[rows])
    before, after = np.mean(hits[600:900]), np.mean(hits[-300:])
    print(f"fading {fading}: {before:.0%} before the change, {after:.0%} long after it")
    if fading < 1:
        assert after > 0.75

# The same as a learner: fitted on some rows, it goes on with those that arrive.
names = [f"pixel {i}" for i in range(64)]
pixels, answers = Matrix.of_numbers(X.astype(np.float32), names), Target(digits.target, 10)
fitted = PerceptronLearner(passes=2).fit(
    pixels.rows(slice(0, 300)), answers.rows(np.arange(300)), budget=Budget(), seed=0
)
more = fitted.partial_fit(pixels.rows(slice(300, 1300)), answers.rows(np.arange(300, 1300)))
fresh, right = pixels.rows(slice(1300, None)), digits.target[1300:]
for name, model in (("300 rows", fitted), ("and 1000 more", more)):
    print(f"{name}: {np.mean(model.predict(fresh).argmax(axis=1) == right):.1%} right")
