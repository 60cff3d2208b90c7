# ruff: noqa: RUF001  (letters of other scripts are what is tested)
from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelwright.acquire import read_raw
from modelwright.acquire.text.code_pages import find_page
from modelwright.acquire.text.encodings import _rewrite

TEXTS = {
    "cp1252": "né,b\nà la carte,1\nß,2\n",
    "cp1251": "город,цена\nМосква,1\nСанкт-Петербург,2\nНовосибирск,3\nЕкатеринбург,4\n",
    "koi8_r": "город,цена\nМосква,1\nСанкт-Петербург,2\nНовосибирск,3\n",
    "cp1253": "πόλη,τιμή\nΑθήνα,1\nΘεσσαλονίκη,2\nΠάτρα,3\n",
    "shift_jis": "都市,価格\n東京,1\n大阪,2\n名古屋,3\n札幌,4\nひらがなカタカナ,5\n",
    "gb18030": "城市,价格\n北京,1\n上海,2\n广州,3\n深圳,4\n成都,5\n",
    "euc_kr": "도시,가격\n서울,1\n부산,2\n대구,3\n인천,4\n",
    "utf-16": "né,b\nß,2\n",
    "utf-16-le": "né,b\nß,2\nplain words,3\n",
    "utf-16-be": "né,b\nß,2\nplain words,3\n",
    "utf-32": "né,b\nß,2\n",
    "utf-32-le": "né,b\nß,2\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_encodings_are_found_and_told(tmp_path: Path, encoding: str) -> None:
    text = TEXTS[encoding] * (1 if encoding.startswith(("utf", "cp1252")) else 3)
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    raw = read_raw(path)
    lines = [line.split(",") for line in text.splitlines()]
    assert [raw.frame.columns, *map(list, raw.frame.rows())] == lines
    assert raw.notes[0].startswith("The text was read as ")


SHORT = [
    ("cp1252", "Fläche;Preis\n20 m²;90 €\nKöln;5 °C\n"),
    ("cp1252", "Preis;n\n10,5 €;1\n"),
    ("cp1252", "prénom;âge\nÉloïse;3\nZoë;4\nFrançois;5\n"),
    ("cp1252", "µg/m³;§\n25 % ± 2;£30\nSão Paulo;España\n"),
    ("cp1252", "TEMP °C;Ø\n5;3\n"),
    ("cp1252", "McDonald’s;l’été\niPhone™;1º\n"),
    ("cp1250", "miasto;y\nKraków;1\nGdańsk;2\n"),
    ("cp1250", "miasto;y\nŁódź;1\nGdańsk;2\n"),
    ("cp1250", "Příbram;1\nÚstí nad Labem;2\nDěčín;3\n"),
    ("cp1250", "Győr;1\nSzőlő;2\nPécs;3\n"),
    ("iso8859_2", "Łódź;1\nKraków;2\nŚwięta;3\n"),
    ("cp1254", "İstanbul;1\nBeşiktaş;2\nKadıköy;3\n"),
    ("cp1251", "город;y\nМосква;1\nКазань;2\n"),
    ("cp1251", "ДА;1\nНЕТ;2\n"),
    ("koi8_r", "да;1\nнет;2\n"),
    ("cp866", "Москва;1\nКазань;2\n"),
    ("cp1255", "תל אביב;1\nירושלים;2\n"),
    ("cp1256", "القاهرة;1\nالرياض;2\n"),
    ("mac_roman", "Größe;1\nMüller;2\nStraße;3\n"),
    ("cp850", "Größe;1\nMüller;2\nStraße;3\n"),
    ("big5", "城市;1\n臺北;2\n高雄;3\n"),
]


@pytest.mark.parametrize(("page", "text"), SHORT)
def test_a_few_words_tell_their_code_page(page: str, text: str) -> None:
    data = text.encode(page)
    assert data.decode(find_page(data)) == text


def test_a_note_says_what_the_page_is_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("miasto;y\nKraków;1\nGdańsk;2\n".encode("cp1250"))
    assert read_raw(path).notes == (
        "The text was read as Windows-1250 (Central European): it is no UTF-8. If letters look "
        "wrong, say --encoding (encoding=).",
    )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_utf_8_needs_no_note(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(mark + "né,b\nß,2\n".encode()))
    raw = read_raw(path)
    assert raw.frame.columns == ["né", "b"]
    assert raw.notes == ()


def test_a_few_bad_bytes_are_replaced_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("a,b\né,1\nè,2\nñ,3\n".encode() + b"x\xff\xfe,4\n")
    raw = read_raw(path)
    assert raw.frame.row(-1) == ("x" + 2 * "\N{REPLACEMENT CHARACTER}", "4")
    assert raw.notes == ("2 bytes that are no UTF-8 were replaced by \N{REPLACEMENT CHARACTER}.",)


@pytest.mark.parametrize("far", [0, 2_000_000])
def test_nuls_are_removed_and_counted(tmp_path: Path, far: int) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"2,words\n" * max(far // 8, 200) + b"1,x\0y\0\n")
    raw = read_raw(path)
    assert raw.frame.row(-1) == ("1", "xy")
    assert raw.notes == ("2 NUL characters were removed from the text.",)


def test_threads_count_their_own_bytes(tmp_path: Path) -> None:
    def lost(number: int) -> int:
        path, folder = tmp_path / f"{number}.txt", tmp_path / f"to-{number}"
        folder.mkdir()
        path.write_bytes(b"a\xff" * number * 1_000)
        return _rewrite(path, folder / "utf-8.txt", "utf-8")[1]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lost, range(1, 20))) == [n * 1_000 for n in range(1, 20)]
