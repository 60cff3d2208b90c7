"""An encoding that somebody said: obeyed where it can be, refused in one line where not."""

from __future__ import annotations

import codecs
import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.acquire import Raw, Reading, read_raw
from modelwright.acquire.ingest import ingest
from modelwright.acquire.text.told_encoding import codec_named
from modelwright.core.errors import DataError, OptionError

POLISH = "miasto,y\nŁódź,1\nKraków,2\nGdańsk,3\n"
JAPANESE = "都市,価格\n東京,1\n大阪,2\n"
TEXTS = {
    "cp1250": POLISH,
    "iso8859-2": POLISH,
    "cp852": POLISH,
    "utf-8": POLISH,
    "utf-8-sig": POLISH,
    "utf-16": POLISH,
    "utf-16-be": JAPANESE,
    "utf-32-le": POLISH,
    "shift_jis": JAPANESE,
    "iso2022_jp": JAPANESE,
    "gb18030": JAPANESE,
    "cp037": "stad,y\nK\xf6ln,1\nBern,2\n",
}


def read(path: Path, encoding: str | None = None, usual: str = "") -> Raw:
    return read_raw(path, Reading(encoding=encoding, usual=usual))


def cells(raw: Raw) -> list[list[str]]:
    return [raw.frame.columns, *map(list, raw.frame.rows())]


def written(tmp_path: Path, text: str, encoding: str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", TEXTS)
def test_what_is_said_is_obeyed(tmp_path: Path, encoding: str) -> None:
    text = TEXTS[encoding]
    raw = read(written(tmp_path, text, encoding), encoding)
    assert cells(raw) == [line.split(",") for line in text.splitlines()]
    assert raw.notes == ()
    assert raw.encoding == ("" if encoding.startswith("utf-8") else codec_named(encoding))


def test_utf_16_without_a_mark_has_either_order(tmp_path: Path) -> None:
    for order in ("le", "be"):
        path = written(tmp_path, POLISH, f"utf-16-{order}")
        assert cells(read(path, "utf-16"))[1] == ["Łódź", "1"]


def test_compressed_text_json_and_json_lines_have_an_encoding_too(tmp_path: Path) -> None:
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(POLISH.encode("cp1250")))
    assert cells(read(packed, "cp1250"))[1] == ["Łódź", "1"]
    records = [{"miasto": "Łódź", "y": 1}, {"miasto": "Gdańsk", "y": 2}]
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    for name, text in (("t.json", json.dumps(records, ensure_ascii=False)), ("t.jsonl", lines)):
        raw = read(written(tmp_path, text, "cp1250", name), "cp1250")
        assert raw.frame["miasto"].to_list() == ["Łódź", "Gdańsk"]
        assert raw.encoding == "cp1250"


@pytest.mark.parametrize(
    ("encoding", "text", "said", "told"),
    [
        (
            "cp1252",
            "a,b\nx,1\ncafé,2\n",
            "utf8",
            r"in UTF-8; got the byte 0xE9 in line 3 of t\.csv",
        ),
        (
            "utf-8",
            "a,b\nx,1\ncafé,2\n",
            "ascii",
            r"in ASCII; got the byte 0xC3 in line 3 of t\.csv",
        ),
        ("utf-8", POLISH, "shift_jis", r"in Shift JIS \(Japanese\); got the byte"),
        ("utf-8", "a,b\nx,1\n", "utf-16", r"in UTF-16-LE; got t\.csv: no line of it ends so"),
        ("utf-8", "a,b\nx,12\n", "utf-16", r"in UTF-16-LE; got the byte 0x0A in line 1 of t\.csv"),
        ("utf-16", POLISH, "cp1250", r"got t\.csv, which begins with the mark of UTF-16; leave"),
        ("utf-8-sig", POLISH, "cp1250", r"which begins with the mark of UTF-8; leave"),
        ("utf-32", POLISH, "utf-16", r"which begins with the mark of UTF-32; leave"),
    ],
)
def test_a_wrong_one_is_refused_in_one_line(
    tmp_path: Path, encoding: str, text: str, said: str, told: str
) -> None:
    with pytest.raises(DataError, match=told) as caught:
        read(written(tmp_path, text, encoding), said)
    assert "\n" not in str(caught.value)
    assert "leave" in caught.value.cure


def test_the_line_of_a_bad_byte_is_right_far_into_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = b"a,b\n" + "Łódź,1\n".encode("cp1250") * 700_000
    path.write_bytes(rows + b"\x81,2\n" + rows)
    with pytest.raises(DataError, match="the byte 0x81 in line 700,002 of"):
        read(path, "cp1250")


@pytest.mark.parametrize(
    "name", ["utf-9", "hex", "rot13", "base64", "idna", "undefined", "", "a/b", "x" * 99, "a\0b"]
)
def test_an_unknown_one_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="expected a known encoding for --encoding"):
        read(written(tmp_path, POLISH, "utf-8"), name)


@pytest.mark.long
@given(st.text(max_size=50))
def test_every_name_is_an_encoding_or_refused(name: str) -> None:
    try:
        found = codec_named(name)
    except OptionError as error:
        found = ""
        told = str(error)
    assert codecs.lookup(found).name if found else "\n" not in told


def test_what_is_no_text_has_no_encoding(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, 2]})
    frame.write_parquet(tmp_path / "t.parquet")
    for source in (tmp_path / "t.parquet", frame, "sqlite:///x.db#t"):
        with pytest.raises(OptionError, match="expected a text file beside --encoding"):
            read_raw(source, Reading(encoding="utf-8"))


def test_doubt_is_told_where_the_text_is_sound_utf_8(tmp_path: Path) -> None:
    raw = read(written(tmp_path, "a,b\ncafé,2\n", "utf-8"), "cp1252")
    assert raw.frame["a"].to_list() == ["cafÃ©"]
    assert raw.notes == (
        "Read as Windows-1252 (Western European), as was said; but it would be sound UTF-8 as "
        "well: if letters look wrong, leave --encoding out.",
    )


def test_nuls_and_returns_of_old_macs_are_mended_in_what_was_said(tmp_path: Path) -> None:
    raw = read(written(tmp_path, "a,b\rŁódź,1\rx\0,2\r", "utf-8"), "utf-8")
    assert cells(raw) == [["a", "b"], ["Łódź", "1"], ["x", "2"]]
    assert raw.notes == ("1 NUL character was removed from the text.",)


def test_binary_data_is_refused_whatever_was_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DataError, match="which holds binary data"):
        read(path, "cp1252")


# Two words are read as Windows-1252 when nothing is known of them.
FEW = "miasto,y\nsiê,1\n"


def test_the_usual_one_is_taken_where_text_is_no_utf_8(tmp_path: Path) -> None:
    path = written(tmp_path, FEW, "cp1252")
    assert cells(read(path))[1] == ["siê", "1"]
    raw = read(path, usual="cp1250")
    assert cells(raw)[1] == ["się", "1"]
    assert (raw.encoding, raw.notes) == ("cp1250", ())
    assert (
        cells(read(written(tmp_path, "miasto,y\nsię,1\n", "utf-8"), usual="cp1250"))[1][0] == "się"
    )
    assert (
        cells(read(written(tmp_path, "miasto,y\nsię,1\n", "utf-16"), usual="cp1250"))[1][0] == "się"
    )


def test_the_usual_one_counts_far_into_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"miasto,y\n" + b"plain,1\n" * 200_000 + "się,2\n".encode("cp1250"))
    assert read(path, usual="cp1250").frame["miasto"][-1] == "się"


def test_the_usual_one_may_look_like_ascii(tmp_path: Path) -> None:
    path = written(tmp_path, JAPANESE, "iso2022_jp")
    assert cells(read(path, usual="iso2022_jp"))[1] == ["東京", "1"]


def test_ingest_reads_what_was_said(tmp_path: Path) -> None:
    path, out = written(tmp_path, FEW, "cp1252"), tmp_path / "t.parquet"
    ingest(str(path), out, encoding="cp1250")
    assert pl.read_parquet(out)["miasto"].to_list() == ["się"]
    lines = written(tmp_path, '{"miasto": "się"}\n{"miasto": "x"}\n', "cp1250", "t.jsonl")
    ingest(str(lines), out, encoding="cp1250")
    assert pl.read_parquet(out)["miasto"].to_list() == ["się", "x"]
    with pytest.raises(OptionError, match="a text file beside --encoding"):
        ingest(str(out), tmp_path / "u.csv", encoding="cp1250")
    with pytest.raises(OptionError, match="got a database"):
        ingest("sqlite:///x.db#t", tmp_path / "u.csv", encoding="cp1250")
