"""Why a model errs, and what would help: more rows, a larger model, or better labels.

442 diabetes patients (scikit-learn ships them). A deep tree changes with the rows that it happens
to see, a stump errs the same way on all of them, and a forest is a cure for the first.
"""

from __future__ import annotations

from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor

import modelwright as mw
from modelwright.diagnosis import (
    bias_variance_figure,
    complexity_curve_figure,
    learning_curve_figure,
)

X, y = load_diabetes(return_X_y=True)

# What is the error made of?
tree = mw.bias_variance(DecisionTreeRegressor(), X, y, rounds=25, workers=0)
stump = mw.bias_variance(DecisionTreeRegressor(max_depth=1), X, y, rounds=25, workers=0)
forest = mw.bias_variance(RandomForestRegressor(30, min_samples_leaf=3), X, y, rounds=25, workers=0)
for name, found in (("tree", tree), ("stump", stump), ("forest", forest)):
    print(f"{name:<7} bias {found.bias:6.0f}  variance {found.variance:6.0f}  {found.verdict.code}")
print(f"\nthe tree: {tree}\n")
bias_variance_figure(tree).save("tree.svg")

# Would more patients help, and from how many on is a forest better than a straight line?
named = {"ridge": Ridge(alpha=0.1), "tree": DecisionTreeRegressor(min_samples_leaf=5)}
curve = mw.learning_curve(named, X, y, metric="rmse", workers=0)
print(curve, "\n")
learning_curve_figure(curve).save("learning.svg")

# How deep should a tree be?
depths = {"max_depth": [1, 2, 3, 4, 6, 8, 12]}
depth = mw.complexity_curve(DecisionTreeRegressor(), X, y, depths, metric="rmse", workers=0)
print(depth)
complexity_curve_figure(depth).save("depth.svg")

assert tree.variance > 2 * forest.variance
assert stump.shares["variance"] < tree.shares["variance"]
