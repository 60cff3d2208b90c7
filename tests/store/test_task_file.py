"""Task files: what people write is read, what is wrong is refused in one line."""

from __future__ import annotations

import math
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import UserError
from modelwright.core.settings import Frame, Question
from modelwright.store.task_file import LARGEST, read_task, task_text, write_task
from modelwright.store.toml import toml_key, toml_remark, toml_value

# Every letter but halves of letters, which no file can hold.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAME = TEXT.filter(lambda text: bool(text.strip()))
NUMBER = st.floats(allow_nan=False) | st.integers(-(2**63), 2**63 - 1)
KEYS = ("format", "target", "task", "order", "horizon", "unknown", "baseline", "types", "data")
PLAIN = TEXT | st.booleans() | NUMBER
VALUE = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)


@pytest.mark.long
@given(st.dictionaries(TEXT, VALUE, max_size=5))
def test_what_is_written_is_what_python_reads(content: dict[str, Any]) -> None:
    text = "\n".join(f"{toml_key(key)} = {toml_value(value)}" for key, value in content.items())
    assert tomllib.loads(text) == content


@given(TEXT)
def test_a_remark_is_one_line_and_nothing_else(text: str) -> None:
    assert tomllib.loads(f"{toml_remark(text)}\na = 1") == {"a": 1}


def test_numbers_stay_what_they_are() -> None:
    read = tomllib.loads(f"a = [{toml_value(1e22)}, {toml_value(-0.0)}, {toml_value(math.inf)}]")[
        "a"
    ]
    assert read == [1e22, 0.0, math.inf]
    assert all(isinstance(value, float) for value in read)
    with pytest.raises(TypeError):
        toml_value(None)


@given(
    target=NAME,
    unit=NAME,
    unknown=st.lists(NAME, max_size=4, unique=True),
    baseline=st.none() | NAME | st.floats(allow_nan=False, allow_infinity=False).filter(bool),
    types=st.dictionaries(NAME, st.sampled_from(["number", "category"]), max_size=3),
)
def test_a_question_comes_back_as_it_was(
    target: str,
    unit: str,
    unknown: list[str],
    baseline: str | float | None,
    types: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("task") / "task.toml"
    question = Question(target, unit=unit, unknown=tuple(unknown), baseline=baseline)
    write_task(Frame(question, types or None, {"source": target, "shares": {unit: 0.5}}), path)
    read = read_task(path)
    assert read.question == question
    assert (read.types or {}) == types
    assert read.data == {"source": target, "shares": {unit: 0.5}}


def test_what_is_left_open_stands_there_as_a_remark() -> None:
    text = task_text(Frame(Question("price")))
    assert tomllib.loads(text) == {"format": 1, "target": "price"}
    remarks = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line)
    whole = tomllib.loads(remarks)  # taken out of their remarks, they are good lines
    assert {"order", "horizon", "group", "unknown", "metric", "baseline", "types"} <= set(whole)


def test_a_file_of_types_is_found_from_the_folder_of_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "types.json").write_text('{"zip": "category"}')
    made = write_task(Frame(Question("price"), "types.json"), Path("tasks/task.toml"))
    assert made.file == str(Path("tasks/task.toml"))
    assert 'types = "../types.json"' in (tmp_path / "tasks" / "task.toml").read_text()
    monkeypatch.chdir(tmp_path / "tasks")
    read = read_task("task.toml").types
    assert isinstance(read, Path)
    assert read.resolve() == (tmp_path / "types.json").resolve()


def test_people_may_write_numbers_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "task.toml"
    path.write_text('target = "y"\norder = "year"\nhorizon = 2\nbaseline = 1', "utf-8-sig")
    question = read_task(path).question
    assert (question.horizon, question.baseline) == ("2", 1.0)


WRONG = {
    "": "expected a target in task.toml",
    "target = 3": "target in task.toml to be a text; got 3",
    'target = " "': "target in task.toml to be a text",
    'target = "y"\ntargt = "x"': "a known key in task.toml; got 'targt'; did you mean 'target'?",
    'target = "y"\nunknown = "fee"': "unknown in task.toml to be a list of columns; got 'fee'",
    'target = "y"\nunknown = [1]': "unknown in task.toml to be a list of columns; got [1]",
    'target = "y"\nhorizon = true': "horizon in task.toml to be a text",
    'target = "y"\nhorizon = [7]': "horizon in task.toml to be a text",
    'target = "y"\nbaseline = false': "baseline in task.toml to be a rule or a number",
    'target = "y"\nmetric = ["mae"]': "metric in task.toml to be a text",
    'target = "y"\ntypes = 1': "types in task.toml to be a file or a table",
    'target = "y"\ndata = 1': "data in task.toml to be a table",
    'target = "y"\nformat = 2': "a task file of format 1; got format 2",
    "target = y": "TOML in the task file task.toml",
    'target = "y"\ntarget = "x"': "TOML in the task file task.toml",
    "a = " + "[" * 3000: "TOML in the task file task.toml",
    "#" * (LARGEST + 1): "a task file of at most 1 MiB",
}


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=[text[:25] for text in WRONG])
def test_a_wrong_task_file_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "task.toml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_task(path)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@given(content=st.dictionaries(st.sampled_from([*KEYS, "other"]), VALUE, max_size=6))
def test_whatever_stands_there_is_read_or_refused(
    content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "task.toml"
    lines = [f"{key} = {toml_value(value)}" for key, value in content.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    with suppress(UserError):
        assert read_task(path).question.target == content["target"]


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00\x80")
    for path in (tmp_path, tmp_path / "absent.toml", tmp_path / "binary.toml"):
        with pytest.raises(UserError, match="task file"):
            read_task(path)


@pytest.mark.parametrize(("said", "read"), [("1234567.5", "1234567.5"), ("7.0", "7"), ("3", "3")])
def test_a_horizon_keeps_all_of_its_digits(tmp_path: Path, said: str, read: str) -> None:
    path = tmp_path / "task.toml"
    path.write_text(f'target = "a"\nhorizon = {said}\n')
    assert read_task(path).question.horizon == read
