"""Is the first row names? A wrong call is worse than none, and the user has the last word."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest

from modelwright.acquire import Reading, read_raw
from modelwright.acquire.dialect import find_dialect
from modelwright.core.errors import ColumnError
from modelwright.core.schema import Column, Kind, Role, Schema

SEXES = "M,0.455,15\nF,0.35,7\nM,0.5,9\nI,0.3,8\nM,0.2,4\n"


def absent(text: str) -> bool:
    found = find_dialect(text, Reading())
    assert found is not None
    return not found.header


@pytest.mark.parametrize(
    "text",
    [
        SEXES,
        "2020-01-02,3.5\n2020-01-03,4.5\n2020-01-04,1\n2020-01-05,2\n",
        "0,1,0,0\n1,1,0,1\n0,0,0,1\n1,0,1,0\n",
        "5,?,-1.5\n6,2,0.5\n7,?,1\n8,4,2\n",
    ],
)
def test_rows_that_are_like_the_others(text: str) -> None:
    assert absent(text)


@pytest.mark.parametrize(
    "text",
    [
        "sex,length,rings\n" + SEXES,
        "country,1990,1991\nFrance,1,2\nSpain,3,4\nItaly,5,6\nMalta,7,8\n",
        "1990,1991,1992\n1,2,3\n4,5,6\n7,8,9\n1,2,3\n",
        "0,1,2,3\n9,8,7,1\n2,3,4,5\n6,7,8,9\n3,4,4,3\n",
        "id\n3\n4\n5\n6\n",
        "name,text\nann,one thing\nbob,another\ncid,a third\ndan,more\n",
        ",a,b\n0,1,2\n1,3,4\n2,5,6\n3,7,8\n",
        "1.5,2.5\n3.5,4.5\n",
        "a,b\n1,2\n",
        "M,0.455\n",
        "city,price\n" + "Oslo,1\nRome,2\ncity,price\n" * 5,
    ],
)
def test_names_stay_names(text: str) -> None:
    assert not absent(text)


def test_no_real_table_with_names_loses_them(shared_data: Path) -> None:
    for path in sorted((shared_data / "tabular").glob("*/train.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            lost = absent("".join(islice(lines, 500)))
        assert not lost, path.parent.name


@pytest.mark.parametrize("name", ["abalone", "adult", "mammography", "phoneme"])
def test_real_tables_without_their_names(shared_data: Path, name: str) -> None:
    with gzip.open(shared_data / "tabular" / name / "train.csv.gz", "rt") as lines:
        assert absent("".join(islice(lines, 1, 2_000)))


def test_the_first_row_is_kept_and_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(SEXES)
    raw = read_raw(path)
    assert raw.frame.columns == ["column_1", "column_2", "column_3"]
    assert raw.frame.row(0) == ("M", "0.455", "15")
    assert "--header" in raw.notes[0]
    named = read_raw(path, Reading(header=True))
    assert named.frame.columns == ["M", "0.455", "15"]
    assert named.notes == ()


def test_names_can_be_taken_as_a_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    raw = read_raw(path, Reading(header=False))
    assert raw.frame.rows() == [("a", "b"), ("1", "2")]
    assert raw.notes == ()


NAMELESS = Schema(
    (
        Column("column_1", Kind.CATEGORY, Role.TARGET),
        Column("column_2", Kind.NUMBER),
        Column("column_3", Kind.NUMBER),
    )
)


def test_new_rows_without_names_take_the_names_before(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    like = Reading.like(NAMELESS)
    path.write_text("M,0.4,1\n")
    assert read_raw(path, like).frame.columns == ["column_1", "column_2", "column_3"]
    path.write_text("0.4,1\n")
    assert read_raw(path, like).frame.columns == ["column_2", "column_3"]
    path.write_text("column_3,column_2\n0.4,1\n")
    assert read_raw(path, like).frame.columns == ["column_3", "column_2"]
    path.write_text("0.4\n")
    with pytest.raises(ColumnError, match="3 columns as before"):
        read_raw(path, like)


def test_new_rows_of_a_named_table_that_lack_the_names(tmp_path: Path) -> None:
    schema = Schema((Column("sex", Kind.CATEGORY), Column("size", Kind.NUMBER),
                     Column("rings", Kind.NUMBER, Role.TARGET)))  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_text(SEXES)
    raw = read_raw(path, Reading.like(schema))
    assert raw.frame.columns == ["sex", "size", "rings"]
    assert "in the order that they had before" in raw.notes[0]


def test_equal_names_are_numbered_and_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,a, b \n1,2,3\n")
    raw = read_raw(path)
    assert raw.frame.columns == ["a", "a_2", " b "]
    assert raw.notes == ("Columns of the same name ('a') were numbered: 'a_2'.",)


def test_a_cell_beyond_what_the_csv_module_takes_does_not_repeat_the_names(tmp_path: Path) -> None:
    rows = [f"{'ab'[i % 2]},words {i}" for i in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["label,text", *rows, "a," + "x" * 140_000, *rows, ""]))
    raw = read_raw(path)
    assert raw.frame.columns == ["label", "text"]
    assert raw.frame.height == 81
