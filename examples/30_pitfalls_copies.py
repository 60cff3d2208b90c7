"""Pitfall: pictures augmented before the split.

Each handwritten digit gets a second, slightly noisy copy; then the rows are split at random. The
nearest neighbour of a scored digit is mostly its own copy.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

import modelwright as mw

rng = np.random.default_rng(0)
pictures, labels = load_digits(return_X_y=True)
pictures = pictures[:, 16:40]  # the middle of each: harder to read
some = rng.permutation(len(labels))[:300]
noisy = pictures[some] + (rng.random((300, 24)) < 0.01)
X, y = np.vstack([pictures[some], noisy]), np.tile(labels[some], 2)
picture = np.tile(np.arange(300), 2)  # which picture a row shows

mixed, apart = KFold(5, shuffle=True, random_state=0), GroupKFold(5)
model = KNeighborsClassifier(1)
flattering = cross_val_score(model, X, y, cv=mixed).mean()
honest = cross_val_score(model, X, y, cv=apart, groups=picture).mean()

print(f"augmented, then split: accuracy {flattering:.3f}")
print(f"copies kept together:  accuracy {honest:.3f}")
leaky = mw.audit(model, X, y, mixed)
print(leaky)
assert "copies-across" in [one.code for one in leaky.errors]
assert mw.audit(model, X, y, apart, groups=picture).clean
assert flattering > honest + 0.02
