"""Fewer features, chosen inside the fold: by a filter, by a model, by a wrapper.

The table is thirty measurements of breast tumours (Street, Wolberg and Mangasarian 1993), many of
which say the same, and thirty columns of noise.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer

import modelwright as mw
from modelwright.models.selected import FittedSelected


def tumours() -> pl.DataFrame:
    """Read the measurements, and put columns of noise beside them."""
    cancer = load_breast_cancer()
    names = [name.replace(" ", "_") for name in cancer.feature_names]
    noise = np.random.default_rng(0).normal(size=(len(cancer.data), 30))
    table = pl.DataFrame(
        np.column_stack([cancer.data, noise]), schema=names + [f"noise_{j}" for j in range(30)]
    )
    return table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target])).head(200)


def main() -> None:
    """Let three ways choose, and look at what each keeps."""
    settings = mw.Settings(trials=3, models=("selected",), workers=0)
    result = mw.fit(tumours(), "tumour", settings=settings)
    print(result.leaderboard)
    for member in result.model.members:
        part = member.parts[0]
        assert isinstance(part.fitted, FittedSelected)
        kept = [part.recipe.names[j] for j in part.fitted.kept]
        print(f"{member.name} looks at {len(kept)} of {part.fitted.width}: {', '.join(kept[:6])}")


if __name__ == "__main__":
    main()
