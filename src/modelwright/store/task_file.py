"""Task files: a question put to a table, as TOML that people write and change."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelwright.core.errors import DataError, OptionError, did_you_mean
from modelwright.core.settings import Frame, Question
from modelwright.store.bounded import read_bounded
from modelwright.store.files import atomic_write
from modelwright.store.toml import toml_key, toml_remark, toml_value

__all__ = ["read_task", "task_text", "write_task"]

FORMAT = 1
# A question fits into far less; more is no question.
LARGEST = 2**20
_TEXTS = ("target", "task", "positive", "unit", "order", "group", "weight", "metric")
_KEYS = ("format", *_TEXTS, "horizon", "unknown", "baseline", "types", "data")
_CURE = "modelwright frame DATA writes one"

# Each key, what it means, and what could stand there.
_PARTS: tuple[tuple[str, str, str], ...] = (
    ("target", "What do you want to know? The column to predict.", ""),
    ("task", "The kind of answer: binary, multiclass or regression.", "binary"),
    ("positive", "The class that counts as found, of two.", "yes"),
    ("unit", "One row is one what?", "customer"),
    (
        "order",
        "When is the prediction made? A column of time: models are judged on rows that come later.",
        "date",
    ),
    (
        "horizon",
        "How far ahead does the answer lie? What happened less than that before is not known yet.",
        "7 days",
    ),
    (
        "group",
        "What will be new? A column whose equal values never stand on both sides of a split.",
        "customer",
    ),
    ("weight", "How much does each row count? A column of numbers.", "weight"),
    ("unknown", "Columns that are not known at that moment: no model sees them.", "closed_at"),
    ("metric", "What does a wrong answer cost? What decides between models.", "mae"),
    (
        "baseline",
        "What has to be beaten: mean, median, frequencies, most-frequent or last (each also by\n"
        "COLUMN), column COLUMN (what is done today), or a score.",
        "mean by shop",
    ),
    (
        "types",
        "Columns whose type was read wrong: a file of types, or a table of column and type.",
        "types.json",
    ),
)


def read_task(path: str | Path) -> Frame:
    r"""Read a question from a task file.

    Parameters
    ----------
    path : str or Path
        TOML of at most 1 MB.

    Returns
    -------
    Frame
        A file of types that it names is found from the folder of the task file.

    Raises
    ------
    DataError
        When there is no such file, or it is no TOML.
    OptionError
        When it lacks the target, has a key that means nothing, or a value of a wrong type.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "task.toml"
    ...     _ = file.write_text('target = "price"\nunknown = ["fee"]')
    ...     read_task(file).question.unknown
    ('fee',)
    """
    file = Path(os.path.expanduser(path))
    content = _content(file)
    for key in content:
        if key not in _KEYS:
            raise OptionError(f"a known key in {file.name}", repr(key), did_you_mean(key, _KEYS))
    if content.get("format", FORMAT) != FORMAT:
        got = f"format {content['format']!r}"
        raise OptionError(
            f"a task file of format {FORMAT}", got, "use the modelwright that wrote it"
        )
    texts = {key: _text(file, key, content[key]) for key in _TEXTS if key in content}
    if "target" not in texts:
        raise OptionError(f"a target in {file.name}", "none", 'write target = "COLUMN"')
    question = Question(
        **texts,
        horizon=_amount(file, "horizon", content.get("horizon")),
        unknown=_names(file, content.get("unknown", [])),
        baseline=_score(file, content.get("baseline")),
    )
    data = content.get("data", {})
    if not isinstance(data, dict):
        raise _wrong(file, "data", "a table", data)
    return Frame(question, _types(file, content.get("types")), data, str(file))


def _content(file: Path) -> dict[str, Any]:
    found = read_bounded(file, "a task file", LARGEST, _CURE)
    try:
        return tomllib.loads(found.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "no text of that kind"
        raise DataError(f"TOML in the task file {file.name}", why, _CURE) from None


def _wrong(file: Path, key: str, expected: str, got: object) -> OptionError:
    return OptionError(f"{key} in {file.name} to be {expected}", repr(got)[:80])


def _text(file: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(file, key, "a text", value)
    return value


def _amount(file: Path, key: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(file, key, 'a text such as "7 days", or a number', value)
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _names(file: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _wrong(file, "unknown", "a list of columns", value)
    return tuple(dict.fromkeys(value))


def _score(file: Path, value: object) -> str | float | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(file, "baseline", "a rule or a number", value)
    return float(value)


def _types(file: Path, value: object) -> Mapping[str, Any] | Path | None:
    if value is None or isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise _wrong(file, "types", "a file or a table", value)
    return file.parent / os.path.expanduser(value)


def write_task(frame: Frame, path: Path) -> Frame:
    """Write a question to a task file, with a remark to each line.

    Parameters
    ----------
    frame : Frame
        What is asked.
    path : Path
        Where; its folder exists.

    Returns
    -------
    Frame
        The same, knowing its file.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    types = frame.types
    if isinstance(types, str | Path):
        types = _from(path.parent, Path(types))
    text = task_text(replace(frame, types=types, file=str(path)))
    atomic_write(path, text.encode("utf-8", "replace"))
    return replace(frame, file=str(path))


def _from(folder: Path, file: Path) -> str:
    try:
        return Path(os.path.relpath(os.path.expanduser(file), folder)).as_posix()
    except ValueError:  # on another drive
        return str(Path(file).absolute())


def task_text(frame: Frame) -> str:
    """Write a question as TOML.

    Parameters
    ----------
    frame : Frame
        What is asked.

    Returns
    -------
    str
        What is left open stands there as a remark.

    Examples
    --------
    >>> import tomllib
    >>> tomllib.loads(task_text(Frame(Question("price", unit="house"))))
    {'format': 1, 'target': 'price', 'unit': 'house'}
    """
    source = str(frame.data.get("source", "DATA"))
    file = Path(frame.file).name or "task.toml"
    lines = [
        toml_remark(f"A question put to {source}. To answer it:"),
        toml_remark(f"modelwright fit {source} --frame {file}"),
        toml_remark("Lines that begin with # are remarks; change what is wrong."),
        f"format = {FORMAT}",
    ]
    said = {**frame.question.to_json(), "types": frame.types}
    for key, meaning, example in _PARTS:
        lines += ["", *(toml_remark(line) for line in meaning.splitlines())]
        value = said.get(key)
        if value is None or value == () or value == "" or value == {}:
            shown = [example] if key == "unknown" else example
            lines.append(f"# {key} = {toml_value(shown)}")
        elif isinstance(value, Mapping):
            # Dotted, so that what follows does not belong to a table.
            lines += [f"types.{toml_key(k)} = {toml_value(v)}" for k, v in value.items()]
        else:
            lines.append(f"{key} = {toml_value(list(value) if key == 'unknown' else value)}")
    if frame.data:
        lines += [
            "",
            toml_remark("What the data said when this was written; `fit` does not read it."),
        ]
        lines += _tables("data", frame.data)
    return "\n".join(lines) + "\n"


def _tables(name: str, content: Mapping[str, Any]) -> list[str]:
    plain = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    lines = [f"[{name}]", *(f"{toml_key(k)} = {toml_value(v)}" for k, v in plain.items())]
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines += ["", *_tables(f"{name}.{toml_key(key)}", value)]
    return lines
