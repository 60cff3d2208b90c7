"""Labels on their way in and out, as all classifiers of this room take and give them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from modelwright.core.task import Target

__all__ = ["Labelled"]


class Labelled(ClassifierMixin):  # type: ignore[misc]
    """A classifier whose answer is the most probable class."""

    def _coded(self, y: NDArray[Any]) -> Target:
        """Code labels from 0, and keep them as `classes_`."""
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        return Target(codes.astype(np.int64), len(self.classes_))

    def predict(self, X: Any) -> NDArray[Any]:
        """Give the most probable class of each row."""
        best = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels
