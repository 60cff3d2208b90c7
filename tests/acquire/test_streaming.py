"""Rows in batches: every row once, in order, whatever the source."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from modelwright.acquire import streaming
from modelwright.acquire.raw import Reading
from modelwright.acquire.streaming import stream
from modelwright.core.errors import DataError, UserError


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"row": list(range(1000)), "word": [f"w{i % 7}" for i in range(1000)]})


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_large_files_come_in_batches(
    ending: str, frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LARGE", 0)
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    path = tmp_path / f"rows.{ending}"
    write = {"parquet": frame.write_parquet, "csv": frame.write_csv, "arrow": frame.write_ipc}
    write[ending](path)
    with stream(path) as rows:
        assert rows.rows == 1000
        assert rows.whole is False
        for _ in range(2):  # as often as they are asked for
            parts = list(rows.batches(64))
            assert max(part.height for part in parts) <= 64
            assert pl.concat(parts)["row"].cast(pl.Int64).to_list() == list(range(1000))
        some = rows.sample(160)
        assert some.height == 160
        assert some["row"].cast(pl.Int64).max() > 900  # type: ignore[operator]


def test_large_arrow_files_are_never_read_as_a_whole(
    frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    for name in ("read_raw", "ingest"):
        monkeypatch.setattr(streaming, name, None)
    frame.write_ipc(tmp_path / "rows.arrow")
    with stream(tmp_path / "rows.arrow") as rows:
        assert rows.whole is False
        assert sum(part.height for part in rows.batches(100)) == 1000


def test_lazy_frames_are_streamed(frame: pl.DataFrame) -> None:
    with stream(frame.lazy().filter(pl.col("row") >= 10)) as rows:
        assert rows.rows == 990
        assert sum(part.height for part in rows.batches(100)) == 990


def test_records_in_cells_become_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    path = tmp_path / "nested.parquet"
    pl.DataFrame({"a": [{"b": 1}, {"b": 2}]}).write_parquet(path)
    with stream(path) as rows:
        assert [part.columns for part in rows.batches(10)] == [["a.b"]]


def test_no_rows_and_no_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="rows"), stream(pl.LazyFrame({"a": []})):
        pass
    with pytest.raises(DataError), stream(tmp_path / "none.csv"):
        pass


def test_a_damaged_large_file_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"PAR1" + b"\x00" * 100 + b"PAR1")
    with pytest.raises(UserError) as error, stream(path) as rows:
        list(rows.batches(10))
    assert "\n" not in str(error.value)


def test_an_encoding_of_what_is_no_text_is_refused(
    frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LARGE_PARQUET", 0)
    path = tmp_path / "rows.parquet"
    frame.write_parquet(path)
    with pytest.raises(UserError, match="text file"), stream(path, Reading(encoding="cp1250")):
        pass
