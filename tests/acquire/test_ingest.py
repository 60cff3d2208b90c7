"""Sources of any size to one typed file; samples where memory is short."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl
import pytest

from modelwright.acquire import Reading, read_raw
from modelwright.acquire.databases.duck import Duck
from modelwright.acquire.ingest import ingest
from modelwright.cli import main
from modelwright.core.errors import DataError, OptionError


def rows_of(count: int) -> str:
    return "".join(f"{i},{i / 8},{'abc'[i % 3]},0{i % 7}\n" for i in range(count))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_file_becomes_typed_parquet(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", "a,b,c,d\n" + rows_of(20_000))
    done = ingest(str(source), tmp_path / "t.parquet")
    frame = pl.read_parquet(tmp_path / "t.parquet")
    assert (done.rows, done.columns, done.notes) == (20_000, 4, ())
    assert frame.dtypes == [pl.Int64, pl.Float64, pl.String, pl.String]
    assert frame["a"].to_list() == list(range(20_000))
    assert frame.row(9) == (9, 1.125, "a", "02")
    assert {path.name for path in tmp_path.iterdir()} == {"t.csv", "t.parquet"}


def test_the_same_rows_as_a_csv_file(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", 'a,b\n1,"x, ""y""\nz"\n2,\n')
    assert ingest(str(source), tmp_path / "out.csv").rows == 2
    assert read_raw(tmp_path / "out.csv").frame.rows() == read_raw(source).frame.rows()


def test_uneven_rows_are_told(tmp_path: Path) -> None:
    text = "a,b,c,d\n" + rows_of(9_000) + "1,2\n1,2,3,4,5\n\n" + '7,8,5" pipe,x\n'
    done = ingest(str(write(tmp_path / "t.csv", text)), tmp_path / "t.parquet")
    assert done.rows == 9_002
    assert done.set_aside == (9_003,)
    assert len(done.notes) == 3
    frame = pl.read_parquet(done.out)
    assert frame.tail(2).rows() == [(1, 2.0, None, None), (7, 8.0, '5" pipe', "x")]


@pytest.mark.long
def test_a_late_word_makes_its_column_text(tmp_path: Path) -> None:
    text = "a,b,c,d\n" + rows_of(200_000) + "x,1e3,y,z\n"
    done = ingest(str(write(tmp_path / "t.csv", text)), tmp_path / "t.parquet")
    frame = pl.read_parquet(done.out)
    assert frame.dtypes[:2] == [pl.String, pl.Float64]
    assert frame.row(-1) == ("x", 1000.0, "y", "z")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_and_delimiters(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress("né;b\nß;1\nà la;2\n".encode(encoding)))
    done = ingest(str(path), tmp_path / "t.parquet")
    assert pl.read_parquet(done.out).to_dict(as_series=False) == {"né": ["ß", "à la"], "b": [1, 2]}
    assert "was read as" in done.notes[0]


def test_json_parquet_and_databases(tmp_path: Path) -> None:
    records = [{"a": i, "b": f"w{i}"} for i in range(50)]
    frame = pl.DataFrame(records)
    frame.write_parquet(tmp_path / "in.parquet")
    write(tmp_path / "in.jsonl", "\n".join(map(json.dumps, records)))
    write(tmp_path / "in.json", json.dumps(records))
    frame.write_ipc(tmp_path / "in.arrow")
    base = sqlite3.connect(tmp_path / "in.db")
    base.execute("CREATE TABLE t (a INT, b TEXT)")
    base.executemany("INSERT INTO t VALUES (?, ?)", [(r["a"], r["b"]) for r in records])
    base.commit()
    sources = [str(tmp_path / f"in.{ending}") for ending in ("parquet", "jsonl", "json", "arrow")]
    for source in [*sources, f"sqlite:///{tmp_path / 'in.db'}#t"]:
        done = ingest(source, tmp_path / "out.parquet")
        assert pl.read_parquet(done.out).rows() == frame.rows(), source
        assert done.rows == 50


@pytest.mark.parametrize("out", ["out.parquet", "out.csv"])
def test_a_source_is_read_once(tmp_path: Path, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "in.jsonl", '{"a": 1, "b": "x", "c, d": null}\n' * 9)
    asked: list[str] = []
    run = Duck.run
    monkeypatch.setattr(Duck, "run", lambda duck, said: asked.append(said) or run(duck, said))
    done = ingest(str(path), tmp_path / out)
    assert (done.rows, done.columns) == (9, 3)
    assert sum(str(path) in statement for statement in asked) == 1


def test_what_cannot_be_ingested(tmp_path: Path) -> None:
    source = str(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    with pytest.raises(OptionError, match=r"\.parquet or \.csv"):
        ingest(source, tmp_path / "t.xlsx")
    with pytest.raises(OptionError, match="at least 50 MB"):
        ingest(source, tmp_path / "t.parquet", memory=10)
    with pytest.raises(OptionError, match="an output file of its own"):
        ingest(source, source)
    with pytest.raises(DataError):
        ingest(str(write(tmp_path / "u.csv", "a,b\n")), tmp_path / "t.parquet")
    with pytest.raises(DataError):
        ingest(str(write(tmp_path / "u.jsonl", "{bad\n")), tmp_path / "t.parquet")
    assert not (tmp_path / "t.parquet").exists()
    assert len(list(tmp_path.iterdir())) == 3


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "t.csv", "a,b\n1,2\n1,2,3\n4,5\n6,7\n8\n")
    out = tmp_path / "t.parquet"
    assert main(["acquire", str(source), "--out", str(out), "--memory", "200MB"]) == 0
    said = capsys.readouterr().out
    assert "(line 3)" in said
    assert "4 rows of 2 columns" in said
    assert main(["acquire", str(source), "--out", str(out), "--no-header", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 5
    assert main(["acquire", str(source), "--out", str(out), "--memory", "lots"]) == 2


def test_a_sample_where_memory_is_short(tmp_path: Path) -> None:
    source = write(tmp_path / "t.csv", "a,b,c,d\n" + rows_of(20_000))
    room = source.stat().st_size // 4
    raw = read_raw(source, Reading(room=room))
    numbers = raw.frame["a"].cast(pl.Int64)
    assert abs(raw.frame.height - 5_000) < 50
    assert numbers.is_sorted()
    assert numbers.n_unique() == len(numbers)
    assert abs(float(numbers.mean() or 0) - 10_000) < 5 * 5_774 / 70  # type: ignore[arg-type]
    assert f"a uniform sample of {raw.frame.height:,} of its 20,000 rows" in raw.notes[0]
    assert read_raw(source, Reading(room=room)).frame.equals(raw.frame)
    assert not read_raw(source, Reading(room=room, seed=1)).frame.equals(raw.frame)
    assert read_raw(source, Reading(room=2**30)).frame.height == 20_000


def test_a_sample_keeps_quoted_rows_whole(tmp_path: Path) -> None:
    text = "a,b\n" + "".join(f'{i},"one\ntwo, {i}"\n' for i in range(3_000))
    raw = read_raw(write(tmp_path / "t.csv", text), Reading(room=20_000))
    assert 100 < raw.frame.height < 2_000
    assert raw.frame["b"].to_list() == [f"one\ntwo, {i}" for i in raw.frame["a"]]


def test_samples_of_other_formats(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(5_000), "b": [f"w{i}" for i in range(5_000)]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.jsonl")
    frame.write_ipc(tmp_path / "t.arrow")
    for name, swell in (("t.parquet", 4), ("t.jsonl", 1), ("t.arrow", 1)):
        room = swell * (tmp_path / name).stat().st_size // 2
        raw = read_raw(tmp_path / name, Reading(room=room))
        assert 2_000 < raw.frame.height < 3_000
        assert raw.frame["a"].is_sorted()
        assert "uniform sample" in raw.notes[0]


@pytest.mark.slow
def test_a_file_larger_than_the_memory_limit(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    block = rows_of(100_000)
    with source.open("w") as out:
        out.write("a,b,c,d\n")
        for _ in range(80):
            out.write(block)
    assert source.stat().st_size > 100_000_000
    done = ingest(str(source), tmp_path / "t.parquet", memory=50_000_000)
    assert done.rows == 8_000_000
    assert pl.read_parquet(done.out)["a"][100_001] == 1


@pytest.mark.parametrize("name", ["x?.csv", "x[1].csv", "x*.csv", "x?.jsonl", "x[12].parquet"])
def test_marks_of_patterns_in_a_name_are_letters(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in [1]"
    folder.mkdir()
    frame = pl.DataFrame({"a": [1], "b": [2]})
    for each in (name, "x1" + Path(name).suffix):
        write = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson}
        write.get(Path(name).suffix, frame.write_parquet)(folder / each)
    assert ingest(str(folder / name), folder / "out.parquet").rows == 1


@pytest.mark.long
def test_a_database_with_uuids_and_bytes(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "u.duckdb")) as base:
        base.execute("CREATE TABLE t AS SELECT uuid() AS u, i, [i] AS l FROM range(5) r(i)")
    url = f"duckdb:///{tmp_path / 'u.duckdb'}#t"
    assert ingest(url, tmp_path / "out.parquet").rows == 5
    frame = read_raw(url).frame
    assert frame["u"].str.len_chars().to_list() == [36] * 5
    with closing(sqlite3.connect(tmp_path / "t.db")) as base:
        base.execute("CREATE TABLE t (a, b)")
        rows = [(b"\xff\xfe", i) for i in range(20_000)] + [("text", 1)]
        base.executemany("INSERT INTO t VALUES (?, ?)", rows)
        base.commit()
    url = f"sqlite:///{tmp_path / 't.db'}#t"
    assert read_raw(url).frame["a"].to_list()[-2:] == [str(b"\xff\xfe"), "text"]
    assert ingest(url, tmp_path / "out.parquet").rows == 20_001
