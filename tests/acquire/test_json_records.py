from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from modelwright.acquire import Reading, infer_schema, read_raw
from modelwright.core.errors import DataError
from modelwright.core.schema import Kind


def read(
    tmp_path: Path, content: object, name: str = "t.json"
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    raw = read_raw(path)
    return raw.frame, raw.notes


@pytest.mark.parametrize(
    "content",
    [
        [{"a": 1, "b": "x"}, {"a": 2}],
        {"a": [1, 2], "b": ["x", None]},
        {"meta": 1, "rows": [{"a": 1, "b": "x"}, {"a": 2, "b": None}]},
        {"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": None}},
        [["a", "b"], [1, "x"], [2]],
        '{"a": 1, "b": "x"}\n{"a": 2}\n',
    ],
)
def test_every_shape(tmp_path: Path, content: object) -> None:
    frame, _ = read(tmp_path, content)
    assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": ["x", None]}


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_records_in_records_become_columns(tmp_path: Path, name: str) -> None:
    records = [{"a": 1, "b": {"c": 2, "d": {"e": [1]}}}, {"a": 2, "b": {"c": 3, "d": None}}]
    text = json.dumps(records) if name == "t.json" else "\n".join(map(json.dumps, records))
    frame, notes = read(tmp_path, text, name)
    assert frame.to_dict(as_series=False) == {
        "a": [1, 2], "b.c": [2, 3], "b.d": ['{"e": [1]}', None],
    }  # fmt: skip
    assert notes == (
        "Records in 'b' became columns, such as 'b.c'.",
        "Lists or records in 'b.d' became JSON text.",
    )


def test_parquet_is_flattened_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [{"b": 1}], "c": [[1, 2]]})
    frame.write_parquet(tmp_path / "t.parquet")
    raw = read_raw(tmp_path / "t.parquet")
    assert raw.frame.to_dict(as_series=False) == {"a.b": [1], "c": ["[1, 2]"]}


def test_lines_that_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{bad\n\n{"a": 2}\n[3]\n{"a": 4}\n')
    raw = read_raw(path)
    assert raw.frame["a"].to_list() == [1, 2, 4]
    assert raw.set_aside == (2, 5)
    assert raw.notes == ("Lines that hold no JSON record were left out: 2, 5.",)
    assert read_raw(path, Reading(in_place=True)).frame["a"].to_list() == [1, None, 2, None, 4]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[1, 2]",
        "[]",
        "{}",
        "3",
        "[[]]",
        '{"a": 1e999, "b": ' + "9" * 5000 + "}",
        '{"a": "\\ud800"}x',
    ],
)
@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_other_json_is_told_in_one_line(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, text, name)
    assert "\n" not in str(caught.value)


def test_columns_of_different_lengths(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="columns of one length"):
        read(tmp_path, {"a": [1, 2], "b": [1]})


def test_numbers_beyond_all_bounds_are_text(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, [{"a": 10**60}, {"a": 1}])
    assert frame["a"].to_list() == [str(10**60), "1"]


def test_lists_of_labels_are_lists_even_when_all_are_as_long(tmp_path: Path) -> None:
    tags = [["a", "b"], ["b", "c"], ["c", "a"], ["b", "d"]] * 10
    records = [{"tags": labels, "at": {"x": {"y": labels[0]}}} for labels in tags]
    path = tmp_path / "t.json"
    path.write_text(json.dumps(records))
    frame = read_raw(path).frame
    column = infer_schema(frame)["tags"]
    assert (column.kind, column.format) == (Kind.LIST, "[]")
    assert infer_schema(frame)["at.x"].kind is Kind.CATEGORY
    spaces = frame.select(pl.col("tags").str.replace_all('"', ""))
    assert infer_schema(spaces)["tags"].kind is not Kind.LIST
