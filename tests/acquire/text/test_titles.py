"""Lines above a table are found, told and left out; a table that begins at once is left alone."""

from __future__ import annotations

import gzip
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import Reading, read_raw
from modelwright.acquire.ingest import ingest
from modelwright.acquire.text.titles import find_titles

TABLE = "shop,month,sold\n" + "a,May,4\nb,June,5\nc,May,7\n" * 3


def above(text: str) -> int:
    return find_titles(text, Reading()).lines


@pytest.mark.parametrize(
    ("titles", "count"),
    [
        ("Sales of the year\n", 1),
        ("Sales of the year\n\n", 2),
        ("Sales of the year\nMade by finance\n\n", 3),
        ("Sales,,\nMade by finance,,\n", 2),
        ("# from the till\n# in crowns\n", 2),
        ("sep=,\nSales\n", 2),
    ],
)
def test_titles_are_found(titles: str, count: int) -> None:
    assert above(titles + TABLE) == count


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        "\n" + TABLE,
        "tags\n" + "red,blue,green\nblue,red,old\n" * 3 + "red,blue,green\n",
        "text\nhello, world\nyes, no\nwhy, so\n",
        "a,b\n1,2,3,4\n5,6,7,8\n9,10,11,12\n",
        "a,b,c\n1\n2\n3\n",
        "a\n1\n2\n3\n",
        "name,,,\nx,1,2,3\ny,1,2,3\nz,1,2,3\n",
        "",
        "\n\n\n",
        '"open\n' + TABLE,
    ],
)
def test_tables_that_begin_at_once_are_left_alone(text: str) -> None:
    assert above(text) == 0


@pytest.mark.long
def test_no_real_table_loses_a_line(shared_data: Path) -> None:
    for path in sorted((shared_data / "tabular").glob("*/train.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            text = "".join(islice(lines, 500))
        assert above(text) == 0, path.parent.name
        assert above("Title\n\n" + text) == 2, path.parent.name


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Sales\nof the year\n\n" + TABLE + "d,May,1,2\n")
    raw = read_raw(path)
    assert raw.frame.columns == ["shop", "month", "sold"]
    assert raw.frame.height == 9
    assert raw.set_aside == (14,)
    assert "3 lines above the table" in raw.notes[0]
    assert read_raw(path, Reading(header=True)).frame.columns == ["Sales"]
    known = Reading(known=("shop", "month", "sold"), target="sold", in_place=True)
    assert read_raw(path, known).frame.height == 10


def test_what_excel_writes_for_a_german_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = "sep=;\r\nUmsätze;;\r\nOrt;Fläche;Preis\r\n" + "Köln;3,5;1.200,50\r\n" * 4
    path.write_bytes(text.encode("cp1252"))
    raw = read_raw(path)
    assert raw.frame.columns == ["Ort", "Fläche", "Preis"]
    assert raw.frame.row(3) == ("Köln", "3,5", "1.200,50")


def test_an_unusual_delimiter_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=!\na!b\nx!1\ny!2\n")
    assert read_raw(path).frame.to_dict(as_series=False) == {"a": ["x", "y"], "b": ["1", "2"]}


def test_acquire_leaves_titles_out_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Sales of the year\n\n" + TABLE)
    done = ingest(str(path), tmp_path / "t.parquet", memory=2**28)
    assert (done.rows, done.columns) == (9, 3)
    assert "2 lines" in done.notes[0]


@given(st.text(alphabet='ab1,;\n\r" =sep', max_size=200))
def test_any_text_is_answered(text: str) -> None:
    found = find_titles(text, Reading())
    assert 0 <= found.lines <= text.count("\n") + 1
