"""Rows that are not as they should be: mended, told with their lines, and none lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import Reading, read_raw
from modelwright.core.errors import DataError

IN_PLACE = Reading(in_place=True)


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def test_uneven_rows_are_told_with_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b,c\n1,2\n1,2,3,4\n1,2,3,\n\n7,8,9\n")
    raw = read_raw(path)
    assert raw.frame.rows() == [("1", "2", None), ("1", "2", "3"), ("7", "8", "9")]
    assert raw.set_aside == (3,)
    assert raw.notes == (
        "1 row (line 2) has fewer cells than there are columns: the missing cells are empty.",
        "1 row (line 3) has more cells than there are columns and cannot be aligned: it was left "
        "out.",
    )


def test_in_place_every_row_keeps_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n1,2\n1,2,3\n5,6\n")
    raw = read_raw(path, IN_PLACE)
    assert raw.frame.rows() == [("1", "2"), (None, None), ("5", "6")]
    assert raw.set_aside == ()
    assert "(line 3)" in raw.notes[0]


def test_only_the_first_lines_are_listed(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b\n" + "1,2\n" * 3_000 + "1,2,3\n" * 2_000)
    raw = read_raw(path)
    assert raw.set_aside == tuple(range(3002, 5002))
    assert "2,000 rows (lines 3002, 3003" in raw.notes[0]
    assert "3011 and 1,990 more)" in raw.notes[0]


@pytest.mark.long
def test_uneven_rows_beyond_the_first_block_are_found(tmp_path: Path) -> None:
    lines = ["a,b,c", *("some words,12,34" for _ in range(300_000)), "1,2", "1,2,"]
    raw = read_raw(write(tmp_path / "t.csv", "\n".join(lines)))
    assert raw.frame.height == 300_002
    assert "(line 300002)" in raw.notes[0]
    assert len(raw.notes) == 1


def test_quotes_that_enclose_nothing_are_text(tmp_path: Path) -> None:
    raw = read_raw(write(tmp_path / "t.csv", 'a,b\n1,"open\n2,x\n3,"y"\n4,5" pipe\n'))
    assert raw.frame.rows() == [("1", '"open'), ("2", "x"), ("3", "y"), ("4", '5" pipe')]
    assert raw.notes == (
        "Lines 2, 5: a quote is not closed or stands within a cell, and was read as text.",
    )


def test_a_ragged_row_may_hold_line_breaks(tmp_path: Path) -> None:
    raw = read_raw(write(tmp_path / "t.csv", 'a,b,c\n1,"two\nlines"\n4,5,6\n'))
    assert raw.frame.rows() == [("1", "two\nlines", None), ("4", "5", "6")]


def test_an_unclosed_quote_swallows_no_rows(tmp_path: Path) -> None:
    rows = "".join(f"{i},word\n" for i in range(5_000))
    raw = read_raw(write(tmp_path / "t.csv", f'a,b\n1,"open\n{rows}9,"closed"\n'))
    assert raw.frame.height == 5_002
    assert raw.frame.row(-1) == ("9", "closed")


def test_a_padded_quote_encloses(tmp_path: Path) -> None:
    raw = read_raw(write(tmp_path / "t.csv", 'a, b\n1, "x, y"\n2, "z"\n'))
    assert raw.frame.rows() == [("1", "x, y"), ("2", "z")]


def test_row_names_without_a_name(tmp_path: Path) -> None:
    raw = read_raw(write(tmp_path / "t.tsv", '"x"\t"y"\n"r1"\t1\t2\n"r2"\t3\t4\n'))
    assert raw.frame.columns == ["rownames", "x", "y"]
    assert raw.frame.rows() == [("r1", "1", "2"), ("r2", "3", "4")]


def test_columns_between_blanks(tmp_path: Path) -> None:
    text = "mpg  cylinders   power\n" + "18.0   8   307.0\n 15.5 8  350.0\n" * 3
    raw = read_raw(write(tmp_path / "auto.data", text))
    assert raw.frame.columns == ["mpg", "cylinders", "power"]
    assert raw.frame.row(1) == ("15.5", "8", "350.0")


def test_sentences_are_no_columns(tmp_path: Path) -> None:
    raw = read_raw(
        write(tmp_path / "t.txt", "full name here\nJohn Smith junior\nJane Doe senior\n")
    )
    assert raw.frame.width == 1


def test_nothing_but_rows_that_are_too_long(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="3 rows with more"):
        read_raw(write(tmp_path / "t.csv", "a,b\n1,2,3\n1,2,3,4\n1,2,3,4,5\n"))


CELLS = st.sampled_from(
    ["a", "1", "", "x y", 'he said "hi"', "new\nline", "a,b", "é", " pad ", '"', "007", "c\r\nd"]
)


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width).filter(any), min_size=1, max_size=8
        )
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_back(
    rows: list[list[str]], delimiter: str, end: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow([f"name {i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    with TemporaryDirectory() as folder:
        frame = read_raw(write(Path(folder) / "t.csv", text.getvalue())).frame
    assert [[cell or "" for cell in row] for row in frame.rows()] == rows


@pytest.mark.long
@given(st.lists(st.sampled_from(["1,2", "1", "1,2,3", "1,2,", "x,y,,", ""]), min_size=1))
def test_rows_in_are_rows_used_and_rows_reported(lines: list[str]) -> None:
    rows = sum(line != "" for line in lines) + 1
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "t.csv", "\n".join(["a,b", "8,9", *lines]))
        raw, placed = read_raw(path), read_raw(path, IN_PLACE)
    assert raw.frame.height + len(raw.set_aside) == rows
    assert placed.frame.height == rows


@given(
    st.lists(
        st.sampled_from(["a", ",", "\n", '"', "1", "\r\n", '""', "\0", "é", '","', '"\n"', ";"]),
        max_size=40,
    )
)
def test_any_text_is_a_table_or_one_line(parts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "t.csv", "k,v\n" + "".join(parts))
        rows, said = 0, ""
        try:
            rows = read_raw(path).frame.height
        except DataError as error:
            said = str(error)
    assert (rows > 0) is (said == "")
    assert "\n" not in said
