"""Models that can be read: the rules of one tree, its drawing, the curves of an additive model.

The table holds ten measurements of 569 breast tumours (Street, Wolberg and Mangasarian 1993).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer

import modelwright as mw
from modelwright.models.additive import FittedAdditive


def main() -> None:
    """Compare a tree with a random forest, read the tree, and read an additive model."""
    cancer = load_breast_cancer()
    names = [
        name.replace(" ", "_") for name in cancer.feature_names[:10]
    ]  # the rest is of the same
    table = pl.DataFrame(cancer.data[:, :10], schema=names)
    table = table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target]))

    models = ("tree", "random-forest")
    both = mw.fit(table, "tumour", settings=mw.Settings(trials=2, models=models, workers=0))
    print(both.leaderboard)  # the price of reading: a forest of the same trees is better

    tree = mw.fit(table, "tumour", settings=mw.Settings(trials=1, models=("tree",), workers=0))
    print(mw.tree_rules(tree.model))
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "tree.svg"
        drawing.write_text(mw.tree_drawing(tree.model), encoding="utf-8")
        print(f"a drawing of {drawing.stat().st_size:,} bytes")

    settings = mw.Settings(trials=1, models=("additive",), workers=0)
    curves = mw.fit(table, "tumour", settings=settings)
    (part,) = curves.model.members[0].parts
    assert isinstance(part.fitted, FittedAdditive)
    shapes = [shape for shape in part.fitted.shapes() if len(shape.columns) == 1]
    heights = [float(np.ptp(shape.contribution)) for shape in shapes]
    for place in np.argsort(heights)[::-1][:3]:
        print(f"{part.recipe.names[place]}: moves the log odds by up to {heights[place]:.1f}")


if __name__ == "__main__":
    main()
