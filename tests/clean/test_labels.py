"""Labels of a few rows: read from a file, and refused where they cannot be meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.clean.cells import Labels
from modelwright.clean.labels import check_labels, read_labels, wrong_cells
from modelwright.core.errors import ColumnError, DataError

CELLS = pl.DataFrame({"zip": ["1", "2", "3"], "town": ["Bonn", None, "Ulm"]})


def written(folder: Path, text: str) -> Path:
    file = folder / "few.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_labels_are_read_in_the_order_of_rows(tmp_path: Path) -> None:
    found = read_labels(written(tmp_path, "town,row\nUlm,2\n,0\n"), CELLS)
    assert found.rows.tolist() == [0, 2]
    assert found.values["town"].to_list() == [None, "Ulm"]
    assert wrong_cells(found, CELLS).ravel().tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("town\nUlm\n", ColumnError, "a column 'row'"),
        ("row,town\nx,Ulm\n", DataError, "row numbers"),
        ("row,town\n,Ulm\n", DataError, "row numbers"),
        ("row,town\n3,Ulm\n", DataError, "rows from 0 to 2"),
        ("row,town\n-1,Ulm\n", DataError, "rows from 0 to 2"),
        ("row,towns\n0,Ulm\n", ColumnError, "did you mean 'town'"),
        ("row,town\n1,Ulm\n1,Bonn\n", DataError, "'Ulm' and 'Bonn' for row 1, column 'town'"),
        ("row,town\n1,Ulm\n1,Ulm\n", DataError, "row 1 twice"),
        ("row,town\n1,Ulm,3,4\n", DataError, "CSV"),
        ("row\n1\n", ColumnError, "columns of the table"),
        ("", DataError, "CSV"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused(
    tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        read_labels(written(tmp_path, text), CELLS)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_labels(tmp_path / "none.csv", CELLS)


def test_labels_in_python_are_checked_as_well() -> None:
    with pytest.raises(DataError, match="as many values as rows"):
        check_labels(Labels(np.array([0, 1]), pl.DataFrame({"zip": ["1"]})), CELLS)
    with pytest.raises(DataError, match="rows from 0 to 2"):
        check_labels(Labels(np.array([7]), pl.DataFrame({"zip": ["1"]})), CELLS)


def test_a_heading_alone_is_no_label(tmp_path: Path) -> None:
    file = tmp_path / "few.csv"
    file.write_text("row,town\n")
    with pytest.raises(DataError, match="a heading alone"):
        read_labels(file, pl.DataFrame({"town": ["Bonn"]}))
