from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from modelwright.acquire import Reading, read_raw
from modelwright.core.errors import DataError


def book(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)  # type: ignore[arg-type]
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


TABLE: list[list[object]] = [
    ["a", "b", "when", "sure"],
    [1, "007", dt.datetime(2020, 1, 2, 3), True],
    [2.5, None, dt.date(2021, 1, 1), False],
]


def test_cells_are_text_as_they_stand(tmp_path: Path) -> None:
    raw = read_raw(book(tmp_path / "t.xlsx", {"one": TABLE}))
    assert raw.frame.columns == ["a", "b", "when", "sure"]
    assert raw.frame.rows() == [
        ("1", "007", "2020-01-02 03:00:00", "true"),
        ("2.5", None, "2021-01-01 00:00:00", "false"),
    ]
    assert raw.notes == ()


def test_the_first_sheet_with_a_table_is_read_and_told(tmp_path: Path) -> None:
    raw = read_raw(book(tmp_path / "t.xlsx", {"notes": [], "data": TABLE, "more": TABLE}))
    assert raw.frame.height == 2
    note = "The sheet 'data' was read, not 'notes', 'more'; t.xlsx/notes reads another."
    assert raw.notes == (note,)


def test_a_page_of_titles_is_no_table(tmp_path: Path) -> None:
    titles: list[list[object]] = [["Prices of 2024"], ["by sales"]]
    path = book(tmp_path / "t.xlsx", {"cover": titles, "data": TABLE})
    assert read_raw(path).frame.columns == ["a", "b", "when", "sure"]
    alone = book(tmp_path / "one.xlsx", {"list": [["a"], [1], [2]], "none": []})
    assert read_raw(alone).frame.columns == ["a"]


def test_a_sheet_may_be_asked_for(tmp_path: Path) -> None:
    other: list[list[object]] = [["x", "y"], [1, 2]]
    path = book(tmp_path / "t.xlsx", {"data": TABLE, "More of it": other})
    raw = read_raw(f"{path}/more of it")
    assert raw.frame.columns == ["x", "y"]
    assert raw.notes == ()
    with pytest.raises(DataError, match="did you mean 'data'"):
        read_raw(f"{path}/dta")


def test_titles_and_empty_rows_and_columns_are_left_out(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], [None, "Report of 2020"], []]
    rows += [[None, cells[0], None, *cells[1:]] for cells in TABLE[:2]] + [[]]
    rows += [[None, cells[0], None, *cells[1:]] for cells in TABLE[2:]]
    raw = read_raw(book(tmp_path / "t.xlsx", {"one": rows}))
    assert raw.frame.columns == ["a", "b", "when", "sure"]
    assert raw.frame.height == 2
    assert raw.notes == ("The row above the table was taken as a title and left out.",)


def test_names_below_a_row_of_groups_are_the_names(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Sales of 2023 (draft)", None, None, None, None],
        [None, "Customer", None, "Money", None],
        ["Date", "Region", "Age", "Cost", "Revenue"],
    ]
    first = dt.date(2023, 1, 1)
    for i in range(12):
        region, cost = ("North", 5.5) if i % 4 == 0 else (None, None)
        rows.append([first + dt.timedelta(days=i), region, 20 + i, cost, 3 * i])
    made = openpyxl.load_workbook(book(tmp_path / "t.xlsx", {"Sales": rows}))
    for cells in ("A1:E1", "B2:C2", "D2:E2"):
        made["Sales"].merge_cells(cells)
    made.save(tmp_path / "t.xlsx")
    raw = read_raw(tmp_path / "t.xlsx")
    assert raw.frame.columns == ["Date", "Region", "Age", "Cost", "Revenue"]
    assert raw.frame.height == 12
    assert raw.notes == (
        "The row above the table was taken as a title and left out.",
        "The row above the names was taken as names of groups and left out.",
    )
    again = read_raw(tmp_path / "t.xlsx", Reading(known=tuple(raw.frame.columns), in_place=True))
    assert again.frame.equals(raw.frame)


def test_a_row_of_words_below_a_name_that_lacks_is_data(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b", None], ["x", "y", "z"], ["u", "v", "w"]]
    rows += [["red", "x", "z"], ["y", "u", "u"]]
    raw = read_raw(book(tmp_path / "t.xlsx", {"one": rows}))
    assert raw.frame.columns == ["a", "b", "Unnamed: 2"]
    assert raw.frame.height == 4


def test_empty_and_equal_names_get_one(tmp_path: Path) -> None:
    raw = read_raw(book(tmp_path / "t.xlsx", {"one": [["a", None, "a"], [1, 2, 3], [4, 5, 6]]}))
    assert raw.frame.columns == ["a", "Unnamed: 1", "a_2"]


def test_a_formula_gives_its_last_value(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"one": [["a", "b"], [1, "=A2*2"], [2, "=1/0"]]})
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b"<f>A2*2</f><v />", b"<f>A2*2</f><v>2</v>")
            data = data.replace(b"<f>A2*2</f><v></v>", b"<f>A2*2</f><v>2</v>")
            new.writestr(name, data)
    path.write_bytes(made.getvalue())
    assert read_raw(path).frame["b"].to_list() == ["2", None]


def test_a_header_can_be_absent(tmp_path: Path) -> None:
    rows: list[list[object]] = [[0.5, "x"], [1.5, "y"], [2.5, "x"], [3.5, "y"], [4.5, "x"]]
    path = book(tmp_path / "t.xlsx", {"one": rows})
    assert read_raw(path).frame.shape == (5, 2)
    assert read_raw(path, Reading(header=True)).frame.shape == (4, 2)


def test_locked_books(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    # an encrypted book is a compound file with a stream of this name
    stream = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1500 + stream + b"\0" * 500)
    with pytest.raises(DataError, match="without a password"):
        read_raw(path)


def entries(path: Path, **changed: bytes) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            short = name.rsplit("/", 1)[-1].split(".")[0]
            new.writestr(name, changed.get(short, old.read(name)))
    path.write_bytes(made.getvalue())
    return path


def test_a_far_cell_is_no_bomb(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", {"one": TABLE})
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    with pytest.raises(DataError, match="at most 50,000,000 cells"):
        read_raw(entries(path, sheet1=sheet))


def test_a_book_that_swells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.acquire.spreadsheets.excel._MOST_BYTES", 2**22)
    path = book(tmp_path / "t.xlsx", {"one": TABLE})
    with pytest.raises(DataError, match="a smaller spreadsheet"):
        read_raw(entries(path, sheet1=b" " * 2**23))


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04junk",
        b"\xd0\xcf\x11\xe0" + b"\0" * 600,
        b"\xd0\xcf\x11\xe0" + struct.pack("<600i", *range(600)),
    ],
)
def test_damaged_books(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_raw(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["sheet1", "workbook", "sharedStrings", "styles"])
def test_books_with_a_damaged_part(tmp_path: Path, part: str) -> None:
    path = entries(book(tmp_path / "t.xlsx", {"one": TABLE}), **{part: b"<a><b>"})
    said = ""
    try:
        read_raw(path)
    except DataError as error:
        said = str(error)
    assert "\n" not in said


def test_an_empty_book(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a sheet with a table"):
        read_raw(book(tmp_path / "t.xlsx", {"one": [], "two": [["a"]]}))


def test_an_open_document(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="{0}" {1}><text:p>{2}</text:p></table:table-cell>'
    rows = [[cell.format("string", "", "a"), cell.format("string", "", "b")]]
    rows += [
        [cell.format("float", f'office:value="{i}"', i), cell.format("string", "", f"w{i}")]
        for i in (1, 2)
    ]
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
    empty += 'table:number-columns-repeated="16384"/></table:table-row>'
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = f"<office:document-content {spaces}><office:body><office:spreadsheet>"
    content += f'<table:table table:name="one">{body}{empty}</table:table>'
    content += "</office:spreadsheet></office:body></office:document-content>"
    path = tmp_path / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    assert read_raw(path).frame.to_dict(as_series=False) == {"a": ["1", "2"], "b": ["w1", "w2"]}
    bomb = 'table:number-columns-repeated="16000" office:value="1"'
    bomb = f'<table:table-row table:number-rows-repeated="1000000">{cell.format("float", bomb, 1)}'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content.replace(empty, bomb + "</table:table-row>"))
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    with pytest.raises(DataError, match="at most 50,000,000 cells"):
        read_raw(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
    with pytest.raises(DataError, match="without a password"):
        read_raw(path)


def test_predictions_keep_empty_rows_within_a_sheet(tmp_path: Path) -> None:
    rows: list[list[object]] = [[], ["title"], ["a", "b"], [1, 2], [], [3, 4], []]
    path = book(tmp_path / "t.xlsx", {"one": rows})
    assert read_raw(path).frame.rows() == [("1", "2"), ("3", "4")]
    kept = read_raw(path, Reading(in_place=True)).frame.rows()
    assert kept == [("1", "2"), (None, None), ("3", "4")]
