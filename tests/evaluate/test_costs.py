"""Matrices of costs, in one line and in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import UserError
from modelwright.core.task import TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.costs import read_costs, write_costs

CLASSES = ("bad, really", "good", "so so")
WANTED = ((0.0, 1.0, 2.0), (3.0, 0.0, 4.0), (5.0, 6.0, 0.0))


@given(
    st.integers(1, 5).flatmap(
        lambda k: st.lists(
            st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 3)), min_size=k, max_size=k),
            min_size=k,
            max_size=k,
        )
    )
)
def test_a_matrix_in_a_line_is_read_again(rows: list[list[float]]) -> None:
    costs = tuple(tuple(row) for row in rows)
    assert read_costs(write_costs(costs), ()) == costs


def test_a_file_of_numbers_and_one_of_names(tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text("0,1,2\n3,0,4\n5,6,0\n")
    assert read_costs(str(plain), CLASSES) == WANTED
    named = tmp_path / "named.csv"
    named.write_text(
        '\ufefftrue,so so,good,"bad, really"\ngood,4,0,3\n\n"bad, really",2,1,0\nso so,0,6,5\n',
        encoding="utf-8",
    )
    assert read_costs(str(named), CLASSES) == WANTED
    found = find_metric(f"cost(matrix='{named}')", TaskKind.MULTICLASS, CLASSES)
    assert found.name == "cost(matrix=0 1 2; 3 0 4; 5 6 0)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,1\n1,0\n", "a matrix of 3 times 3 costs; got 2 rows of 2"),
        (",good,so so\ngood,0,1\nso so,1,0\n", "first row.*'bad, really': it is absent"),
        (",a,b,c\na,0,1,1\n", "classes in the first row.*got 'a'"),
        (
            ',good,so so,"bad, really"\ngood,0,x,1\nso so,1,0,1\n"bad, really",1,1,0\n',
            "a number in each cell.*'x'",
        ),
        (
            ',good,so so,"bad, really"\ngood,0,1,1\ngood,1,0,1\n"bad, really",1,1,0\n',
            "first column.*'good': twice|first column.*'so so': it is absent",
        ),
        ("0,1,2\n3,nan,4\n5,6,0\n", "finite costs"),
    ],
)
def test_files_that_are_no_matrix(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "costs.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_costs(str(path), CLASSES)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(UserError, match=r"a CSV file of costs"):
        read_costs(str(path), CLASSES)
    (tmp_path / "names.csv").write_text(",a\na,1\n")
    with pytest.raises(UserError, match="numbers alone"):
        read_costs(str(tmp_path / "names.csv"), ())
