"""A file in which the user says what columns mean."""

from __future__ import annotations

import json
from pathlib import Path

from modelwright.core.errors import DataError, OptionError, did_you_mean
from modelwright.core.schema import Kind, Schema

__all__ = ["read_types"]


def read_types(path: str | Path) -> dict[str, Kind]:
    """Read the kinds of columns from a JSON file.

    Parameters
    ----------
    path : str or Path
        Holds ``{"column": "kind"}``, or a schema as `Schema.to_json` gives it.

    Returns
    -------
    dict of str to Kind
        By column.

    Raises
    ------
    DataError
        When there is no such file, or it holds something else.
    OptionError
        When a kind is no known word.

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "types.json")
    ...     _ = path.write_text(json.dumps({"zip": "category"}))
    ...     read_types(path)
    {'zip': <Kind.CATEGORY: 'category'>}
    """
    path = Path(path).expanduser()
    shape = 'write {"column": "kind"}'
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(
            "a readable file of types",
            f"{path}: {(error.strerror or '').lower()}",
            "check the path of --types",
        ) from None
    except ValueError as error:
        raise DataError("a JSON file of types", f"{path.name}: {error}", shape) from None
    if isinstance(content, dict):
        return {name: _kind(name, word) for name, word in content.items()}
    if isinstance(content, list) and all(
        isinstance(item, dict) and {"name", "kind"} <= set(item) for item in content
    ):
        return {column.name: column.kind for column in Schema.from_json(content)}
    raise DataError("a JSON object of column and kind", f"other JSON in {path.name}", shape)


def _kind(name: str, word: object) -> Kind:
    try:
        return Kind(str(word))
    except ValueError:
        kinds = [kind.value for kind in Kind]
        raise OptionError(
            f"a type of column {name!r}",
            repr(word),
            did_you_mean(str(word), kinds),
        ) from None
