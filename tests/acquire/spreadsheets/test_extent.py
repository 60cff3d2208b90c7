"""Books whose cells reach too far, however they are written."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from modelwright.acquire.spreadsheets import excel
from modelwright.acquire.spreadsheets.excel import _check_bounds
from modelwright.acquire.spreadsheets.extent import OpenSheets, Sheet, Strings, parse_part
from modelwright.acquire.unpacking import Plain
from modelwright.core.errors import DataError

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FAR = "at most 50,000,000 cells"


def check(path: Path, **parts: str | bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("_", "."), data)
    _check_bounds(Plain(path, path.name, path.name))


def sheet(cells: str) -> str:
    return f'<worksheet xmlns="{SPACE}"><sheetData>{cells}</sheetData></worksheet>'


@pytest.mark.parametrize(
    "content",
    [
        sheet("<row r='9'><c r='A1'><v>1</v></c><c r = 'XFD1048576' ><v>1</v></c></row>"),
        f'<x:worksheet xmlns:x="{SPACE}"><x:sheetData><x:row><x:c r="XFD1048576"><x:v>1</x:v></x:c>'
        "</x:row></x:sheetData></x:worksheet>",
        sheet('<row r="1048576">' + "<c/>" * 100 + "<c><is><t>x</t></is></c></row>"),
        sheet('<row><c t="n" r="XFD1&#48;48576"><f>1</f></c></row>'),
        sheet('<row><c r="XFD1048576"><v>1</v></c></row>').encode("utf-16"),
    ],
)
def test_far_cells(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(DataError, match=FAR):
        check(tmp_path / "t.xlsx", sheet1_xml=content)


def test_what_is_near_or_empty_is_fine(tmp_path: Path) -> None:
    near = sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>'
    )
    check(tmp_path / "t.xlsx", sheet1_xml=near, drawing_vml="<xml><br></xml>", a_png=b"\x89PNG")


@pytest.mark.parametrize(
    "parts",
    [
        {"sheet1_xml": "<a><b>"},
        {"drawing_vml": "<xml><br></xml><sheetData>"},
        {"sheet1_xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'},
    ],
)
def test_what_is_no_plain_xml(tmp_path: Path, parts: dict[str, str]) -> None:
    with pytest.raises(DataError, match="a readable spreadsheet"):
        check(tmp_path / "t.xlsx", **parts)


def test_one_long_string_in_many_cells(tmp_path: Path) -> None:
    long = f'<sst xmlns="{SPACE}"><si><t>{"a" * 100_000}</t></si><si><t>b</t></si></sst>'
    cells = [sheet(f'<row><c t="s"><v>{i}</v></c></row>' * 1_000) for i in (0, 1)]
    check(tmp_path / "t.xlsx", sheet1_xml=cells[1], sst_xml=long)
    with pytest.raises(DataError, match="repeated to 100,000,000"):
        check(tmp_path / "t.xlsx", sheet1_xml=cells[0], sst_xml=long)


def test_open_documents(tmp_path: Path) -> None:
    def book(attributes: str, rows: int, text: str) -> str:
        cell = f'<t:table-cell o:value-type="string" {attributes}><p>{text}</p></t:table-cell>'
        row = f'<t:table-row t:number-rows-repeated="{rows}">{"<t:table-cell/>" * 500}{cell}'
        return f'<d xmlns:t="t" xmlns:o="o"><t:table>{row}</t:table-row></t:table></d>'

    check(tmp_path / "t.ods", content_xml=book("", 10, "x"))
    with pytest.raises(DataError, match=FAR):
        check(tmp_path / "t.ods", content_xml=book("", 1_000_000, "x"))
    with pytest.raises(DataError, match="letters in all"):
        check(tmp_path / "t.ods", content_xml=book("", 10_000, "x" * 10_000))


def record(kind: int, data: bytes) -> bytes:
    name = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return name + bytes([len(data)]) + data


def test_binary_books(tmp_path: Path) -> None:
    def rows(last: int) -> bytes:
        header = record(0, struct.pack("<I", last) + bytes(13))
        return record(129, b"") + record(145, b"") + header + record(2, struct.pack("<II", 99, 0))

    check(tmp_path / "t.xlsb", workbook_bin=b"\0", sheet1_bin=rows(100))
    with pytest.raises(DataError, match=FAR):
        check(tmp_path / "t.xlsb", workbook_bin=b"\0", sheet1_bin=rows(1_000_000))


def test_many_parts_of_strings_and_many_sheets_are_not_all_paired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def counted(blocks: Iterable[bytes], content: Strings | Sheet | OpenSheets) -> None:
        read.append(content)
        parse_part(blocks, content)

    monkeypatch.setattr(excel, "parse_part", counted)
    strings = "<sst>" + "<si><t>" + "x" * 30_000 + "</t></si></sst>"
    cells = sheet("<row>" + '<c t="s"><v>1</v></c>' * 3_000 + "</row>")
    parts = {f"strings{i}_xml": strings for i in range(8)} | {
        f"sheet{i}_xml": cells for i in range(8)
    }
    check(tmp_path / "t.xlsx", **parts)
    assert len(read) <= 3 * len(parts)
