"""Is the first row names? A wrong call is worse than none, and the user has the last word."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest

from modelwright.acquire import Reading, read_raw
from modelwright.acquire.text.dialect import find_dialect
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


@pytest.mark.long
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


CODED = (
    "0,NYC,£135.14,05/25/2022,33.5\n1,NYC,£109.73,2020-07-24,54.7\n"
    "2,Rome,USD 1.50,5 May 2021,1\n3,Rome,£7.00,05/26/2022,3\n"
    "4,NYC,USD 1.50,05/27/2022,12\n"
)


@pytest.mark.parametrize(
    "text",
    [
        CODED,
        "A-00416;Köln;2.192,53 €;nein\nC-00417;Köln;12,53 €;ja\nA-00418;Bonn;1,50 €;nein\n"
        "A-00419;Bonn;1,50 €;ja\n",
        "KX-0001\nKX-0002\nKX-0017\nKX-0300\n",
    ],
)
def test_amounts_and_codes_are_values(text: str) -> None:
    assert absent(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann,1.5\nBob,2.5\nCid,0.5\nDan,3.5\nEve,1\n", "'1.5' looks like a value"),
        ("1.5,2.5\n3.5,4.5\n", "'1.5', '2.5' look like values"),
        (
            "Ann,2020-01-02,7,x\nBob,2020-01-03,5,y\nCid,2020-02-02,7,x\n",
            "'2020-01-02', '7' look like values",
        ),
    ],
)
def test_a_row_that_may_be_data_is_told(text: str, shown: str) -> None:
    found = find_dialect(text, Reading())
    assert found is not None
    assert found.header
    note = found.notes[0]
    assert note.startswith("The first row was taken for names, though ")
    assert "--no-header (header=False)" in note
    assert shown in note
    assert find_dialect(text, Reading(header=True)).notes == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "country,1990,1991\nFrance,1,2\nSpain,3,4\nItaly,5,6\nMalta,7,8\n",
        "0,1,2,3\n9,8,7,1\n2,3,4,5\n6,7,8,9\n3,4,4,3\n",
        "city,price\n" + "Oslo,1\nRome,2\ncity,price\n" * 5,
        "name,text\nann,one thing\nbob,another\ncid,a third\ndan,more\n",
        "a,b\n",
    ],
)
def test_no_doubt_is_told_of_names(text: str) -> None:
    found = find_dialect(text, Reading())
    assert found is not None
    assert found.notes == ()


@pytest.mark.long
def test_no_real_table_raises_a_doubt(shared_data: Path) -> None:
    for path in sorted((shared_data / "tabular").glob("*/train.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found = find_dialect("".join(islice(lines, 500)), Reading())
        assert found is not None
        assert not any("taken for names" in note for note in found.notes), path.parent.name
