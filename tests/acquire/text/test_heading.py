"""Two rows of headings are put together where it is plain, told, and may be refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from modelwright.acquire import Raw, Reading, read_raw
from modelwright.acquire.ingest import ingest
from modelwright.acquire.text.heading import heading_of

ROWS = ["north,1,2,3,4", "south,5,6,,8", "west,9,10.5,11,12", "east,1,2,3,4"]
NAMES = ["Region", "Sales Q1", "Sales Q2", "Cost Q1", "Cost Q2"]
NOTE = (
    "The first two rows were put together as names, such as 'Sales Q1'; --header (header=True) "
    "takes the first alone."
)


def read(folder: Path, lines: list[str], reading: Reading | None = None) -> Raw:
    path = folder / "t.csv"
    path.write_text("\n".join([*lines, ""]))
    return read_raw(path, reading)


def book(path: Path, lines: list[str], merged: list[str] | None = None) -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for line in lines:
        sheet.append(
            [float(c) if c.replace(".", "").isdigit() else c or None for c in line.split(",")]
        )
    for cells in merged or ():
        sheet.merge_cells(cells)
    made.save(path)
    return path


@pytest.mark.parametrize(
    "heading",
    [
        [",Sales,,Cost,", "Region,Q1,Q2,Q1,Q2"],
        ["Region,Sales,,Cost,", ",Q1,Q2,Q1,Q2"],
        [" ,Sales,, Cost ,", "Region , Q1,Q2,Q1,Q2"],
    ],
)
def test_two_rows_become_names(tmp_path: Path, heading: list[str]) -> None:
    raw = read(tmp_path, [*heading, *ROWS])
    assert raw.frame.columns == NAMES
    assert raw.frame.height == 4
    assert raw.frame.row(0) == ("north", "1", "2", "3", "4")
    assert raw.notes == (NOTE,)
    sheet = read_raw(book(tmp_path / "t.xlsx", [*heading, *ROWS]))
    assert sheet.frame.columns == NAMES
    assert sheet.frame.height == 4
    assert sheet.notes == (NOTE,)


def test_merged_cells_below_a_title(tmp_path: Path) -> None:
    lines = ["Sales of 2024,,,,", "Region,Sales,,Cost,", ",Q1,Q2,Q1,Q2", *ROWS]
    merged = ["A1:E1", "A2:A3", "B2:C2", "D2:E2"]
    raw = read_raw(book(tmp_path / "t.xlsx", lines, merged))
    assert raw.frame.columns == NAMES
    assert raw.notes == ("The row above the table was taken as a title and left out.", NOTE)
    text = read(tmp_path, ["Sales of 2024", "", ",Sales,,Cost,", "Region,Q1,Q2,Q1,Q2", *ROWS])
    assert text.frame.columns == NAMES
    assert text.frame.height == 4
    assert text.notes[-1] == NOTE


def test_names_that_tell_all_columns_apart_stay_as_they_are(tmp_path: Path) -> None:
    lines = ["Date,Customer,,Money,", "Day,Region,Age,Cost,Gain", "1,north,3,4,5"]
    raw = read(tmp_path, [*lines, "2,south,5,6,7", "3,east,5,6,8"])
    assert raw.frame.columns == ["Day", "Region", "Age", "Cost", "Gain"]
    assert raw.notes[0].startswith("The row above the names was taken as names of groups")


def test_it_may_be_refused(tmp_path: Path) -> None:
    lines = [",Sales,,Cost,", "Region,Q1,Q2,Q1,Q2", *ROWS]
    raw = read(tmp_path, lines, Reading(header=True))
    assert raw.frame.columns == ["Unnamed: 0", "Sales", "Unnamed: 2", "Cost", "Unnamed: 4"]
    assert raw.frame.height == 5
    sheet = read_raw(book(tmp_path / "t.xlsx", lines), Reading(header=True))
    assert sheet.frame.columns == raw.frame.columns
    again = Reading(known=tuple(raw.frame.columns), in_place=True)
    assert read_raw(tmp_path / "t.xlsx", again).frame.columns == raw.frame.columns


def test_new_rows_are_read_as_those_before(tmp_path: Path) -> None:
    known = Reading(known=tuple(NAMES), in_place=True, may_be_empty=True)
    heading = ["Region,Sales,,Cost,", ",Q1,Q2,Q1,Q2"]
    for rows in (ROWS, ROWS[:1], []):
        raw = read(tmp_path, [*heading, *rows], known)
        assert raw.frame.columns == NAMES
        assert raw.frame.height == len(rows)
    sheet = read_raw(book(tmp_path / "t.xlsx", [*heading, ROWS[0]]), known)
    assert (sheet.frame.columns, sheet.frame.height) == (NAMES, 1)
    # a file that says the names in one row, and one that was fitted by its first row alone
    assert read(tmp_path, [",".join(NAMES), *ROWS], known).frame.columns == NAMES
    first = ["Region", "Sales", "Unnamed: 2", "Cost", "Unnamed: 4"]
    assert read(tmp_path, [*heading, *ROWS], Reading(known=tuple(first))).frame.columns == first


@pytest.mark.parametrize(
    "lines",
    [
        ["a,,b", "x,y,1", "u,v,2", "w,z,3", "s,t,4"],  # a name that lacks above words
        ["name,,score", "bob,male,", "ann,female,3", "cid,male,4", "eve,male,5"],
        ["id,,value", "A1,n/a,n/a", "A2,2,3", "A3,4,5", "A4,5,6"],
        [",a,b", "0,1,2", "1,3,4", "2,5,6", "3,7,8"],  # names of rows
        ["Sales,,Cost,", "2023,2024,2023,2024", "1,2,3,4", "5,6,7,8", "1,2,3,4"],
        ["Sales,,Cost,", "Q1,Q2,Q1,Q2", "1,2,3,4"],  # too few rows to tell
        ["Sales,,Cost,", "Q1,Q2,Q1,Q2", "a,b,c,d", "e,f,g,h", "a,b,c,e", "i,j,k,l"],
        ["a,b,,", "x,y,z,w", "x,1,2,3", "x,3,4,5", "u,3,4,5", "x,2,1,1"],  # a word comes again
    ],
)
def test_in_doubt_the_first_row_holds_the_names(tmp_path: Path, lines: list[str]) -> None:
    assert heading_of([line.split(",") for line in lines]) is None
    assert "put together" not in " ".join(read(tmp_path, lines).notes)


def test_no_public_table_is_read_otherwise(shared_data: Path) -> None:
    errors = sorted((shared_data / "errors").glob("*/*.csv"))
    for path in [*sorted((shared_data / "tabular").glob("*/train.csv.gz")), *errors]:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", errors="replace") as lines:
            head = [next(lines, "").rstrip("\n").split(",") for _ in range(200)]
        assert heading_of(head) is None, path


def test_large_files_are_read_alike(tmp_path: Path) -> None:
    path, out = tmp_path / "t.csv", tmp_path / "out.parquet"
    path.write_text("\n".join([",Sales,,Cost,", "Region,Q1,Q2,Q1,Q2", *ROWS * 50, ""]))
    done = ingest(str(path), out)
    assert (done.rows, done.notes) == (200, (NOTE,))
    assert pl.read_parquet(out).columns == NAMES
