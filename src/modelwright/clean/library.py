"""The door to scikit-learn: learners that are fitted, asked once, and forgotten."""

from __future__ import annotations

from modelwright.core.deferred import Deferred

__all__ = ["ensembles", "linear", "nearest"]

ensembles = Deferred("sklearn.ensemble")
linear = Deferred("sklearn.linear_model")
nearest = Deferred("sklearn.neighbors")
