"""Pitfall: rows that came in an order, split at random.

The handwritten digits lie in the file as they were collected, writer after writer. A random split
knows the hand of each scored digit; a new writer's is not known yet.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import KFold, TimeSeriesSplit, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

import modelwright as mw

X, y = load_digits(return_X_y=True)
X, y = X[:900, 16:40], y[:900]  # the middle of each picture: harder to read
came = np.arange(len(y))

model = KNeighborsClassifier(3)
mixed, later = KFold(4, shuffle=True, random_state=0), TimeSeriesSplit(4)
flattering = cross_val_score(model, X, y, cv=mixed).mean()
honest = cross_val_score(model, X, y, cv=later).mean()

print(f"split at random:        accuracy {flattering:.3f}")
print(f"later than what is known: accuracy {honest:.3f}")
leaky = mw.audit(model, X, y, mixed, order=came)
print(leaky)
assert "later-rows" in [one.code for one in leaky.findings]
assert "later-rows" not in [one.code for one in mw.audit(model, X, y, later, order=came).findings]
assert flattering > honest
