from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from modelwright.acquire import Given, cast, conform, infer, infer_schema, read_types
from modelwright.core.errors import ColumnError, DataError, OptionError
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.settings import Settings

RAW = pl.DataFrame(
    {
        "days": [str(d) for d in [999] * 30 + [d % 7 for d in range(20)]],
        "risk": ["low", "high", "mid", "low", "unknown"] * 10,
        "price": ["$1,200", "$35", "$999", "$40", "$41"] * 10,
        "start": [f"2020-01-{d + 1:02}" for d in range(25)] * 2,
        "flag": [0, 1] * 25,
    }
)


def test_a_number_far_outside_is_proposed_not_applied(tmp_path: Path) -> None:
    schema, notes = infer(RAW)
    assert "999 may mean missing" in schema["days"].evidence
    assert notes[0].startswith("999 stands for 60.0% of 'days', far outside the other values")
    # to the letter, as a person at the terminal and one in Python would take it
    written = re.search(r"--types (\S+), a file that holds (\{.*?\}\}), or (.*)$", notes[0])
    assert written is not None
    (tmp_path / written[1]).write_text(written[2])
    proposal = Settings(types=json.loads(written[3][len("Settings(types=") : -1])).types
    assert read_types(tmp_path / written[1]) == read_types(proposal)
    assert cast(RAW, schema).frame["days"].null_count() == 0
    given = read_types(proposal)
    schema, notes = infer(RAW, given)
    assert schema["days"].missing == ("999",)
    assert notes == ()
    assert cast(RAW, schema).frame["days"].null_count() == 30
    new = pl.DataFrame({"days": [999.0, 3.0]})
    assert conform(new, schema, ["days"]).frame["days"].to_list() == [None, 3]


@pytest.mark.parametrize(
    "values", [[97.0, 98.0, 99.0, 99.0, 99.0], [1.0, 2.0, 3.0, 999.0], [-1.0, -2.0, 3.0] * 9]
)
def test_no_proposal(values: list[float]) -> None:
    assert infer(pl.DataFrame({"x": values}))[1] == ()


def test_objects_say_as_much_as_they_like() -> None:
    types = {
        "risk": {"kind": "category", "levels": ["low", "mid", "high"], "missing": ["unknown"]},
        "price": {"missing": ["999"]},
        "start": {"role": "ignored"},
        "flag": {"kind": "number"},
    }
    schema = infer_schema(RAW, read_types(types))
    assert schema["risk"].levels == ("low", "mid", "high")
    assert schema["price"].format == "$1,234.5"
    assert schema["start"].role is Role.IGNORED
    assert schema["start"].kind is Kind.DATETIME
    assert schema["flag"].kind is Kind.NUMBER
    frame = cast(RAW, schema).frame
    assert frame["risk"].null_count() == frame["price"].null_count() == 10


def test_a_schema_written_is_a_schema_read(tmp_path: Path) -> None:
    schema = infer_schema(RAW, read_types({"risk": {"missing": ["unknown"]}}))
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(schema.to_json()))
    again = infer_schema(RAW, read_types(path))
    for before, after in zip(schema, again, strict=True):
        assert after == Column(
            before.name,
            before.kind,
            before.role,
            before.format,
            "given by the user",
            before.levels,
            before.missing,
        )


def test_an_old_schema_has_no_levels() -> None:
    old = [{"name": "a", "kind": "category", "role": "feature"}]
    assert Schema.from_json(old)["a"] == Column("a", Kind.CATEGORY)
    assert Schema.from_json(old).to_json() == old


def test_a_kind_given_finds_its_own_format() -> None:
    raw = pl.DataFrame(
        {
            "when": [1_500_000_000, 1_600_000_000],
            "spent": ["1.200,5", "3"],
            "sex": [1, 2],
            "tags": ["a b", "b"],
            "size": ["small", "big"],
        }
    )
    kinds = {"when": "datetime", "spent": "number", "sex": "boolean", "tags": "list"}
    schema = infer_schema(raw, read_types({**kinds, "size": "category"}))
    assert schema["when"].format == "seconds since 1970"
    assert schema["spent"].format == "1.234,5"
    assert schema["tags"].format == " "
    assert schema["size"].levels == ("small", "big")
    frame = cast(raw, schema).frame
    assert frame["sex"].to_list() == [False, True]
    assert frame["when"].dt.year().to_list() == [2017, 2020]


@pytest.mark.parametrize(
    ("types", "says"),
    [
        ({"a": "txt"}, "did you mean 'text'"),
        ({"a": {"kind": "txt"}}, "did you mean 'text'"),
        ({"a": {"level": ["x"]}}, "did you mean 'levels'"),
        ({"a": {"levels": ["x", "x"]}}, "list of different values"),
        ({"a": {"missing": "999"}}, "list of different values"),
        ({"a": {"role": "boss"}}, "known word"),
    ],
)
def test_mistakes_are_told(types: dict[str, object], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        read_types(types)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "types.json").write_text("[1]")
    with pytest.raises(DataError, match="column and kind"):
        read_types(tmp_path / "types.json")
    assert read_types({"a": "id"}) == {"a": Given(Kind.ID)}


def test_a_wrong_format_is_named_with_where_to_mend_it() -> None:
    raw = pl.DataFrame({"joined": ["20080415", "20090101"]})
    with pytest.raises(ColumnError) as caught:
        infer(raw, {"joined": Given(Kind.DATETIME, "%d.%m.%Y")})
    said = str(caught.value)
    assert "dates written as '%d.%m.%Y' in 'joined'; got for example '20080415'" in said
    assert "types file (--types)" in said


def test_values_beside_the_given_levels_are_told() -> None:
    raw = pl.DataFrame({"size": ["S", "M", "L", "XL", None] * 4})
    for kind in (None, Kind.CATEGORY):
        schema, (note,) = infer(raw, {"size": Given(kind, levels=("S", "M"))})
        assert schema["size"].levels == ("S", "M")
        assert note.startswith("'size' holds 'L', 'XL' beside its given levels (S, M)")
        assert infer(raw, {"size": Given(kind, levels=("S", "M", "L", "XL"))})[1] == ()
