"""Labels to doubt: of the rows that a model was fitted on, or of new ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from modelwright.core.errors import DataError, ModelwrightWarning
from modelwright.core.schema import Kind
from modelwright.core.weaknesses import LabelDoubts, Suspect
from modelwright.label import describe_doubts, label_noise
from modelwright.model import SEEN, Model

__all__ = ["doubtful_labels", "first_line", "review_table"]

_SHOWN_COLUMNS = 5


def doubtful_labels(model: Model, data: object | None = None) -> LabelDoubts:
    """Say which labels are probably wrong.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.
    data : path or frame, optional
        New rows with their labels, as `Model.evaluate` takes them; those that the model learned
        from are left out. None, or the rows of the fit: what was found at the fit, by predictions
        for rows that the models had not seen, which of images are those held out.

    Returns
    -------
    LabelDoubts

    Raises
    ------
    DataError
        When the model was not validated, so that nothing is known of its own rows.
    ColumnError or DataError
        When the rows cannot be used.

    Examples
    --------
    >>> import numpy as np, modelwright as mw
    >>> x = np.linspace(-3, 3, 200)
    >>> spam = np.where(x > 0, "yes", "no")
    >>> spam[190] = "no"
    >>> quick = mw.Settings(trials=1, workers=0, models=("linear",))
    >>> model = mw.fit({"x": x, "spam": spam}, "spam", settings=quick).model
    >>> found = doubtful_labels(model)
    >>> one = found.suspects[0]
    >>> one.row, one.given, one.suggested
    (190, 'no', 'yes')
    """
    own = None if model.evidence is None else model.evidence.weak.labels
    pictured = all(model.schema[name].kind is Kind.IMAGE for name in model.columns)
    if data is None:
        if own is None:
            things = "images" if pictured else "rows"
            raise DataError(
                f"a model that was validated on 50 {things} or more",
                "one that knows nothing of its labels",
                f"fit again with more time or {things}, or give new {things} with labels as DATA",
            )
        return own
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ModelwrightWarning)
        rows = model.answered(data)
    if own is not None and (rows.seen or (pictured and rows.all_seen)):
        return own
    for note in told:
        if str(note.message) != SEEN:
            warnings.warn(note.message, stacklevel=2)
    if rows.all_seen:
        raise DataError("new rows, or all rows of a validated fit", "rows of the fit",
                        "a model agrees with labels that it has learned")  # fmt: skip
    rows = rows.fresh or rows
    assert rows.position is not None  # a model always says where its rows were
    leading = () if model.evidence is None else model.evidence.leading
    columns = [*leading, *(c for c in model.columns if c not in leading)][:_SHOWN_COLUMNS]
    noise = label_noise(rows.p, rows.y.values, ordered=model.task.ordered)
    found = describe_doubts(noise, rows.y, model.task, rows.position, rows.table, columns)
    return found if own is None or own.judged else found.withdrawn()


def review_table(
    suspects: Sequence[Suspect],
    raw: pl.DataFrame | None = None,
    line: int | None = None,
    columns: Sequence[str] = (),
) -> pl.DataFrame:
    """Make a table of rows for a person to look at.

    Parameters
    ----------
    suspects : sequence of Suspect
        The rows.
    raw : polars.DataFrame, optional
        The data as it was read: its columns follow.
    line : int, optional
        The line of the first row in its file, when each row is one line.
    columns : sequence of str
        Those that the values of the suspects are of, where each has them, as images have places.

    Returns
    -------
    polars.DataFrame
        `row` (from 0), `line`, `given`, `suggested`, `wrong` (the probability that the label is),
        `kind`, an empty `label` to be filled in, and the columns of the data.

    Examples
    --------
    >>> review_table([Suspect(4, "no", "yes", 0.97, hard=False)], line=2).row(0)
    (4, 6, 'no', 'yes', 0.97, 'mislabelled', '')
    """
    rows = [one.row for one in suspects]
    known = {
        "row": pl.Series(rows, dtype=pl.Int64),
        "line": pl.Series([None if line is None else r + line for r in rows], dtype=pl.Int64),
        "given": pl.Series([one.given for one in suspects], dtype=pl.String),
        "suggested": pl.Series([one.suggested for one in suspects], dtype=pl.String),
        "wrong": pl.Series([round(one.wrong, 4) for one in suspects], dtype=pl.Float64),
        "kind": pl.Series([one.kind for one in suspects], dtype=pl.String),
        "label": pl.Series(["" for _ in suspects], dtype=pl.String),
    }
    table = pl.DataFrame(known)
    if line is None:
        table = table.drop("line")
    if columns:
        values = zip(*(one.values for one in suspects), strict=True)
        shown = dict(zip(columns, values, strict=False))
        return table.with_columns(
            pl.Series(name, shown.get(name, ()), pl.String) for name in columns
        )
    if raw is None:
        return table
    own = [name for name in raw.columns if name not in table.columns]
    return table.hstack(raw.select(own)[rows])


def first_line(path: Path, rows: int) -> int | None:
    """Find the line of the first row in a plain text file; None when rows are not lines.

    Parameters
    ----------
    path : Path
        Any file.
    rows : int
        How many rows were read from it.

    Returns
    -------
    int or None
        1 or 2: with a line of names above.

    Examples
    --------
    >>> first_line(Path(__file__), 3) is None
    True
    """
    if not {".csv", ".tsv", ".txt"}.intersection(path.suffixes) or not path.is_file():
        return None
    with path.open("rb") as file:
        if file.read(4)[:2] in (b"\x1f\x8b", b"PK", b"\x28\xb5"):
            return None
        file.seek(0)
        lines, last = 0, b"\n"
        while block := file.read(2**22):
            lines += block.count(b"\n")
            last = block[-1:]
    above = lines + (last != b"\n") - rows
    return above + 1 if above in (0, 1) else None
