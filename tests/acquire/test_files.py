from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import Given, read_raw, read_types
from modelwright.core.errors import DataError, OptionError
from modelwright.core.schema import Column, Kind, Role, Schema

FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
TEXT = {"a": ["1", "2"], "b": ["x", None]}


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = [f"a{delimiter}b", f"1{delimiter}x", f"2{delimiter}"]
    path = write(tmp_path / "t.txt", end.join(lines) + end)
    assert read_raw(path).frame.to_dict(as_series=False) == TEXT


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings(tmp_path: Path, encoding: str, packed: bool) -> None:
    data = "né,b\nà la carte,1\nß,2\n".encode(encoding)
    path = write(tmp_path / "t.csv", gzip.compress(data) if packed else data)
    assert read_raw(path).frame.to_dict(as_series=False) == {
        "né": ["à la carte", "ß"],
        "b": ["1", "2"],
    }


def test_latin_1_far_down_the_file(tmp_path: Path) -> None:
    data = b"a,b\n" + b"some words,2\n" * 100_000 + b"\xe9,3\n"
    assert read_raw(write(tmp_path / "t.csv", data)).frame.row(-1) == ("é", "3")


def test_cells_are_untouched(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'a,b\n 007 ,"x, ""y""\nz"\nNA,\n')
    assert read_raw(path).frame.rows() == [(" 007 ", 'x, "y"\nz'), ("NA", None)]


def test_every_format(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "t.parquet")
    FRAME.write_ipc(tmp_path / "t.arrow")
    FRAME.write_ipc_stream(tmp_path / "stream.arrow")
    FRAME.write_ndjson(tmp_path / "t.jsonl")
    FRAME.lazy().sink_ndjson(tmp_path / "t.jsonl.zst", compression="zstd")
    FRAME.write_json(tmp_path / "t.json")
    write(tmp_path / "u.json.gz", gzip.compress((tmp_path / "t.json").read_bytes()))
    write(tmp_path / "columns.json", json.dumps(FRAME.to_dict(as_series=False)))
    FRAME.lazy().sink_csv(tmp_path / "t.csv.zst", compression="zstd")
    FRAME.write_csv(tmp_path / "t.csv")
    write(tmp_path / "u.csv.gz", gzip.compress((tmp_path / "t.csv").read_bytes()))
    for path in tmp_path.iterdir():
        expected = TEXT if ".csv" in path.name else FRAME.to_dict(as_series=False)
        assert read_raw(str(path)).frame.to_dict(as_series=False) == expected, path.name


def test_json_lines_of_mixed_types(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", '{"a": 1, "b": 1}\n{"a": "x"}\n\n')
    assert read_raw(path).frame.to_dict(as_series=False) == {"a": ["1", "x"], "b": [1, None]}


def test_names_become_unique(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,a,,a_2,\n1,2,3,4,5\n")
    assert read_raw(path).frame.columns == ["a", "a_3", "Unnamed: 2", "a_2", "Unnamed: 4"]


def test_one_column_with_commas(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text\nhello, world\nfoo\n\nlast\n\n")
    assert read_raw(path).frame["text"].to_list() == ["hello, world", "foo", None, "last"]


def test_blank_lines_are_left_out_but_empty_rows_stay(tmp_path: Path) -> None:
    assert read_raw(write(tmp_path / "t.csv", "\na,b\n\n1,2\n\n")).frame.rows() == [("1", "2")]
    assert read_raw(write(tmp_path / "u.csv", "a,b\n,\n1,2\n")).frame.height == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (["a,b", '1,"x', "", 'y"', ",", "2,z"], 3),
        (["", "a,b", '1,"x', "", "", 'y"', "", ",", "2,z", ""], 3),
        (['"a', "", 'c",b', ",", "", "1,2"], 2),
        (["a,b", "", ",", "1,2", "", ","], 3),
        (["a,b", "", '1,"x', "", 'y"'], 1),
    ],
)
def test_each_row_of_separators_is_a_row(
    tmp_path: Path, lines: list[str], rows: int, end: str
) -> None:
    frame = read_raw(write(tmp_path / "t.csv", end.join([*lines, ""]))).frame
    assert frame.height == rows
    whole = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().sum()
    assert whole == lines.count(",")


@given(
    st.lists(
        st.sampled_from([",", "", "1,2", '3,"x\n\ny"', '3,"\n,\n"', '"\n\n\n",', '"",']),
        min_size=1,
        max_size=12,
    )
)
def test_every_row_is_kept_whatever_its_cells(rows: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "t.csv", "\n".join(["a,b", *rows, "9,9", ""]))
        assert read_raw(path).frame.height == sum(row != "" for row in rows) + 1


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("t.csv", b"", "empty file"),
        ("t.csv", b"\n\n", "empty file"),
        ("t.csv", b"a,b\n", "only a header"),
        ("t.csv", b"a,b\n1,2,3\n4,5,6\n7,8,9,9", "3 rows with more"),
        ("t.csv", bytes(range(256)) * 9, "binary"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:-9], "readable file"),
        ("t.csv.gz", b"\x1f\x8bjunk", "readable file"),
        ("t.csv.zst", b"\x28\xb5\x2f\xfdjunk", "readable file"),
        ("t.parquet", b"PAR1 and junk", "readable file"),
        ("t.arrow", b"ARROW1 and junk", "readable file"),
        ("t.xlsx", b"PK\x03\x04junk", "readable file"),
        ("t.json", b"[1, 2]", "list of records"),
        ("t.json", b"{", "readable file"),
        ("t.jsonl", b"{", "readable file"),
    ],
)
def test_unusable_files_are_told_in_one_line(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_raw(write(tmp_path / name, data))
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    write(tmp_path / "houses.csv", "a\n1\n")
    with pytest.raises(DataError, match=r"did you mean '.*houses\.csv'"):
        read_raw(tmp_path / "house.csv")
    with pytest.raises(DataError, match="the folder"):
        read_raw(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        read_raw(tmp_path / "nowhere" / "a.csv")


def test_types_file(tmp_path: Path) -> None:
    path = write(tmp_path / "t.json", '{"a": "text", "b": "id"}')
    assert read_types(path) == {"a": Given(Kind.TEXT), "b": Given(Kind.ID)}
    schema = Schema((Column("a", Kind.NUMBER, Role.TARGET, "", "because"),))
    given = read_types(write(path, json.dumps(schema.to_json())))
    assert given == {"a": Given(Kind.NUMBER, "", (), (), Role.TARGET)}
    with pytest.raises(OptionError, match="did you mean 'text'"):
        read_types(write(path, '{"a": "txt"}'))
    for bad in ("[1]", "3", "{", '[{"name": "a"}]'):
        with pytest.raises(DataError):
            read_types(write(path, bad))
    with pytest.raises(DataError, match="readable"):
        read_types(tmp_path / "none.json")


@pytest.mark.parametrize("before", ["", "sqlite:///"])
def test_the_home_of_nobody(before: str) -> None:
    with pytest.raises(DataError, match="a home folder after ~"):
        read_raw(f"{before}~nobody-of-that-name/x.csv")


def test_a_saved_web_page_is_told_apart(tmp_path: Path) -> None:
    page = write(tmp_path / "t.csv", b"<!DOCTYPE html>\n<html><table><tr><td>1</td></tr></table>")
    with pytest.raises(DataError, match="a web page"):
        read_raw(page)


def test_a_table_given_as_text_is_no_path() -> None:
    with pytest.raises(DataError, match="an existing file"):
        read_raw("a,b\n1,2\n" * 1000)
