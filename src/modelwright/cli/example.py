"""The table of the demonstration."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from modelwright.core.deferred import Deferred
from modelwright.core.errors import OutputError
from modelwright.store import write_frame

__all__ = ["write_example"]

_datasets = Deferred("sklearn.datasets")


def write_example(folder: Path) -> tuple[Path, Path]:
    """Write the diabetes data of Efron et al. (2004) as two CSV files.

    Parameters
    ----------
    folder : pathlib.Path
        Created when it is not there.

    Returns
    -------
    train, test : pathlib.Path
        Three quarters of the patients, and every fourth one.
    """
    bunch = _datasets.load_diabetes(scaled=False)
    frame = pl.DataFrame(bunch.data, schema=list(bunch.feature_names))
    frame = frame.with_columns(
        pl.when(pl.col("sex") == 1).then(pl.lit("A")).otherwise(pl.lit("B")).alias("sex"),
        pl.Series("progression", bunch.target),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"to be able to create the folder {str(folder)!r}",
            (error.strerror or str(error)).lower(),
            "choose another --folder",
        ) from error
    held_out = pl.int_range(pl.len()) % 4 == 3
    train, test = folder / "train.csv", folder / "test.csv"
    write_frame(frame.filter(~held_out), train)
    write_frame(frame.filter(held_out), test)
    return train, test
