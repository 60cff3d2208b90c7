"""A recipe: everything that was done to a table, in one readable file that does it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelwright.clean.recipes.expected import Expected, restore_expected
from modelwright.clean.recipes.filling import Fill, restore_fill
from modelwright.clean.recipes.mends import MOST_RULES, Mends, restore_mends
from modelwright.clean.recipes.steps import Step, restore_step, step_json
from modelwright.core.errors import DataError
from modelwright.core.version import __version__
from modelwright.store import write_json
from modelwright.store.bounded import read_bounded

__all__ = ["Origin", "Recipe", "read_recipe"]

FORMAT = 1
LARGEST = 256 * 2**20
"""Bytes of a recipe that is read; a rule takes about 150."""
MOST_STEPS = 10_000
_CURE = "modelwright clean DATA --out FILE --recipe RECIPE writes one"
_UNSOUND = (LookupError, ValueError, TypeError, AttributeError, RecursionError, ArithmeticError)


@dataclass(frozen=True)
class Origin:
    """The table that a recipe was made of, how it was read, and what became of it.

    Parameters
    ----------
    name : str
        The file, without its folder.
    rows : int
        How many it has.
    hash : str
        See `table_hash`; of its cells as they were read.
    cleaned : str
        The hash of the cleaned table.
    header : bool, optional
        Whether the first row was taken for names; None: found out.
    encoding : str
        How its text was encoded; empty for UTF-8.
    """

    name: str
    rows: int
    hash: str
    cleaned: str
    header: bool | None = None
    encoding: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "name": self.name,
            "rows": self.rows,
            "hash": self.hash,
            "cleaned": self.cleaned,
            "import": {"header": self.header, "encoding": self.encoding},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Origin:
        """Read it from plain JSON."""
        reading = data["import"]
        header = reading["header"]
        if header is not None and not isinstance(header, bool):
            raise ValueError("a header that is neither there nor not")
        texts = [str(data[key]) for key in ("name", "hash", "cleaned")]
        rows = int(data["rows"])
        return cls(texts[0], rows, texts[1], texts[2], header, str(reading["encoding"]))


@dataclass(frozen=True)
class Recipe:
    """What was done to a table.

    Parameters
    ----------
    columns : tuple of str
        Of the table, in order.
    origin : Origin
        Where it came from.
    threshold : float
        Repairs that were likelier right than so were applied.
    before : tuple of Step
        What somebody asked for, done first.
    mends : tuple of Mends
        Repairs of cells.
    after : tuple of Step
        What somebody asked for, done last.
    rules : str
        The rules that cells were held against, as TOML.
    expected : tuple of Expected
        What the columns looked like.
    fill : Fill, optional
        How gaps are filled, last of all.
    version : str
        Of modelwright, when it was made.

    Examples
    --------
    >>> recipe = Recipe(("a",), Origin("a.csv", 1, "", ""), 0.9)
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True
    """

    columns: tuple[str, ...]
    origin: Origin
    threshold: float
    before: tuple[Step, ...] = ()
    mends: tuple[Mends, ...] = ()
    after: tuple[Step, ...] = ()
    rules: str = ""
    expected: tuple[Expected, ...] = ()
    fill: Fill | None = None
    version: str = __version__

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        return {
            "kind": "modelwright recipe for cleaning",
            "format": FORMAT,
            "version": self.version,
            "origin": self.origin.to_json(),
            "columns": list(self.columns),
            "threshold": self.threshold,
            "rules": self.rules,
            "before": [step_json(step) for step in self.before],
            "repairs": [mends.to_json() for mends in self.mends],
            "after": [step_json(step) for step in self.after],
            **({} if self.fill is None else {"fill": self.fill.to_json()}),
            "expected": [one.to_json() for one in self.expected],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Recipe:
        """Read it from what `to_json` gave.

        Raises
        ------
        ValueError, TypeError, KeyError
            When it is none.
        """
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r}")
        columns = data["columns"]
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            raise ValueError("columns without names")
        if len(set(columns)) < len(columns):
            raise ValueError("a column twice")
        found = cls(
            tuple(columns),
            Origin.from_json(data["origin"]),
            float(data["threshold"]),
            tuple(restore_step(step) for step in data["before"]),
            tuple(restore_mends(mends) for mends in data["repairs"]),
            tuple(restore_step(step) for step in data["after"]),
            str(data["rules"]),
            tuple(restore_expected(one) for one in data["expected"]),
            None if data.get("fill") is None else restore_fill(data["fill"]),
            str(data["version"]),
        )
        found._check()
        return found

    def _check(self) -> None:
        """Refuse what no cleaning writes, and what would take for ever."""
        if len(self.before) + len(self.after) > MOST_STEPS:
            raise ValueError(f"more than {MOST_STEPS:,} steps")
        if len({one.column for one in self.mends}) < len(self.mends):
            raise ValueError("two sets of repairs for one column")
        if sum(one.size for one in self.mends) > MOST_RULES:
            raise ValueError(f"more than {MOST_RULES:,} rules")

    def write(self, path: str | Path) -> None:
        """Write it to a file.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        write_json(Path(path), self.to_json())


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe, trusting none of it.

    Parameters
    ----------
    path : str or Path
        What `Recipe.write` wrote.

    Returns
    -------
    Recipe

    Raises
    ------
    DataError
        When there is no such file, it is larger than 256 MiB, or holds no recipe.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "recipe.json"
    ...     Recipe(("a",), Origin("a.csv", 1, "", ""), 0.9).write(file)
    ...     read_recipe(file).columns
    ('a',)
    """
    file = Path(path)
    found = read_bounded(file, "a recipe", LARGEST, _CURE)
    try:
        data = json.loads(found)
    except (ValueError, RecursionError) as error:
        raise DataError(f"JSON in the recipe {file.name}", str(error)[:100], _CURE) from None
    if not isinstance(data, dict) or "format" not in data:
        raise DataError("a recipe for cleaning", f"something else in {file.name}", _CURE)
    if data["format"] != FORMAT:
        got = f"format {str(data['format'])[:20]}"
        cure = "use the modelwright that wrote it"
        raise DataError(f"a recipe of format {FORMAT}", f"{got} in {file.name}", cure)
    try:
        return Recipe.from_json(data)
    except _UNSOUND as error:
        got = f"{type(error).__name__}: {str(error)[:100]} in {file.name}"
        raise DataError("a recipe for cleaning", got, _CURE) from None
