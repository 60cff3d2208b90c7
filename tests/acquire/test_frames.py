from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

from modelwright.acquire import cast, infer_schema, like, read_raw
from modelwright.core.errors import DataError
from modelwright.core.table import PHYSICAL


def test_polars_arrow_numpy_and_mappings() -> None:
    frame = pl.DataFrame({"0": [1.5, 2.5], "1": [3.0, None]})
    assert read_raw(frame).frame.equals(frame)
    assert read_raw(frame.lazy()).frame.equals(frame)
    assert read_raw(frame.to_arrow()).frame.equals(frame)
    assert read_raw(np.array([[1.5, 3], [2.5, np.nan]])).frame.equals(frame)
    assert read_raw({"0": [1.5, 2.5], "1": np.array([3, np.nan])}).frame.equals(frame)


def pandas_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "int": [1, 2],
            "float": [1.5, np.nan],
            "words": ["a", None],
            "bool": [True, False],
            "object bool": pd.Series([True, None], dtype=object),
            "label": pd.Categorical(["x", None]),
            "Int": pd.array([2**60 + 1, None], dtype="Int64"),
            "Bool": pd.array([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2020-01-01", None]),
            "zone": pd.to_datetime(["2020-01-01", None]).tz_localize("Europe/Paris"),
            "mixed": pd.Series([1, "a"], dtype=object),
            7: [1, 2],
        }
    )


def test_pandas_keeps_its_types_and_its_peace() -> None:
    data = pandas_frame()
    before = data.copy(deep=True)
    raw = read_raw(data).frame
    pd.testing.assert_frame_equal(data, before)
    assert raw.schema["int"] == pl.Int64
    assert raw.schema["words"] == pl.String
    assert raw.schema["label"] == pl.Categorical
    assert raw.row(0) == (
        1, 1.5, "a", True, True, "x", 2**60 + 1, True,
        datetime(2020, 1, 1), datetime(2019, 12, 31, 23), "1", 1,
    )  # fmt: skip
    assert raw.row(1) == (2, None, None, False, None, None, None, None, None, None, "a", 2)
    assert raw.columns[-1] == "7"


def test_pandas_with_repeated_names() -> None:
    data = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert read_raw(data).frame.columns == ["a", "a_2"]
    assert list(data.columns) == ["a", "a"]


@pytest.mark.long
def test_pandas_needs_no_pyarrow_and_nobody_imports_pandas() -> None:
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
from modelwright.acquire import read_raw
read_raw({"a": [1]})
assert "pandas" not in sys.modules
import pandas as pd
frame = pd.DataFrame({"a": ["x", None], "b": pd.array([1, None], dtype="Int64")})
assert read_raw(frame).frame.rows() == [("x", 1), (None, None)]
import polars as pl
from modelwright.acquire import like
again = like(pl.DataFrame({"b": [True, False], "c": ["x", "y"], "d": [1, 2]}), frame)
assert isinstance(again, pd.DataFrame)
assert again.to_dict("list") == {"b": [True, False], "c": ["x", "y"], "d": [1, 2]}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


ANSWERS = pl.DataFrame(
    {
        "prediction": ["a", "b", "a"],
        "yes": [True, False, True],
        "count": [1, 2, 3],
        "p_a": pl.Series([0.5, 0.25, 1.0], dtype=pl.Float32),
    }
)


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([5, 5, 7], name="row"),
        pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["shop", "day"]),
        pd.date_range("2024-01-01", periods=3),
    ],
    ids=["repeated", "of two levels", "dates"],
)
def test_a_pandas_frame_comes_back_with_its_index(index: pd.Index) -> None:
    data = pd.DataFrame({"x": [1, 2, 3]}, index=index)
    answers = like(ANSWERS, data)
    assert isinstance(answers, pd.DataFrame)
    assert answers.index.equals(index)
    assert answers.index.names == index.names
    assert answers.to_dict("list") == ANSWERS.to_dict(as_series=False)
    assert [answers[name].dtype.kind for name in ("yes", "count", "p_a")] == ["b", "i", "f"]


def test_other_tables_come_back_as_they_are_or_as_polars() -> None:
    arrow = like(ANSWERS, ANSWERS.to_arrow())
    assert pl.DataFrame(arrow).equals(ANSWERS)
    assert type(arrow) is type(ANSWERS.to_arrow())
    for data in ("rows.csv", ANSWERS, ANSWERS.lazy(), np.ones((3, 2)), {"x": [1, 2, 3]}):
        assert like(ANSWERS, data) is ANSWERS


@pytest.mark.parametrize("data", [3, [1, 2], np.ones(3), {}, pl.DataFrame(), {"a": []}])
def test_other_things_are_refused(data: object) -> None:
    with pytest.raises(DataError):
        read_raw(data)


@pytest.mark.parametrize("column", [1, "three", np.float64(2.5), np.array(4)])
def test_a_column_that_is_one_value_is_refused(column: object) -> None:
    with pytest.raises(DataError, match="a list of values in column 'a'"):
        read_raw({"a": column})


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(DataError, match="one length"):
        read_raw({"a": [1], "b": [1, 2]})


def test_every_dtype_can_be_cast() -> None:
    raw = pl.DataFrame(
        {
            "decimal": pl.Series([Decimal("1.5"), None]),
            "date": pl.Series([datetime(2020, 1, 1), None]).cast(pl.Date),
            "time": pl.Series(["08:15:00", None]).str.to_time(),
            "duration": pl.Series([1_500_000, None]).cast(pl.Duration("us")),
            "list": [[1, 2], None],
            "struct": [{"a": 1}, None],
            "binary": [b"x", None],
            "nothing": [None, None],
            "enum": pl.Series(["1", "2"], dtype=pl.Enum(["1", "2"])),
            "small": pl.Series([1, 2], dtype=pl.UInt8),
        }
    )
    table = cast(raw, infer_schema(raw))
    assert list(table.frame.dtypes) == [PHYSICAL[c.kind] for c in table.schema]
    assert table.frame["duration"][0] == 1.5
    assert table.frame["list"][0] == "[1, 2]"
    assert table.frame["enum"].to_list() == ["1", "2"]
