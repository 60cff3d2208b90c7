"""Gaps of a table filled as a step of a recipe: the fitted ways, and how values are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.impute.imputer import FittedImputer
from modelwright.clean.impute.writing import Writing, restore_writing
from modelwright.clean.recipes.steps import Working
from modelwright.clean.stray_rows import kept_rows
from modelwright.core.protocols import State
from modelwright.core.schema import Schema
from modelwright.core.table import Table

__all__ = ["Fill", "Read", "restore_fill"]

Read = Callable[[pl.DataFrame, Schema], Table]
"""Reads columns of text as what a schema says that they are."""

_TYPES = ("float64", "float32", "int64", "int32", "int8", "uint8", "bool")
_MOST = 20_000_000


@dataclass(frozen=True)
class Fill:
    """How the gaps of a table are filled.

    Parameters
    ----------
    schema : Schema
        What its columns mean.
    imputer : FittedImputer
        What fills them.
    writings : mapping of str to Writing
        The columns that are filled, and how their values are written.
    sure : mapping of str to float
        How far a filled cell of each can be trusted, from 0 to 1; 0 where that was not measured.
    evidence : tuple of str
        Why each column is filled so, each a sentence.
    """

    schema: Schema
    imputer: FittedImputer
    writings: Mapping[str, Writing]
    sure: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()

    def needs(self) -> set[str]:
        """Name the columns without which it cannot be done."""
        return {*self.writings, *self.imputer.columns}

    def run(self, working: Working, read: Read) -> Working:
        """Fill the missing cells of a table; those of totals, and what stands there, stay.

        Parameters
        ----------
        working : Working
            The table, with the columns of the schema.
        read : callable
            What gives the columns their types.
        """
        if not self.writings:
            return working
        frame = working.frame
        kept = kept_rows(frame)
        names = [name for name in self.schema.names() if name in frame.columns]
        rows = frame[kept]
        table = read(rows[names], self.schema.select(names))
        after = self.imputer.transform(table).frame
        rule = {
            name: f"gap filled by {word}"
            for filler, word in zip(self.imputer.fillers, self.imputer.words, strict=True)
            for name in filler.columns
        }
        for name, writing in self.writings.items():
            texts = frame[name].to_list()
            gap = (rows[name].is_null() & after[name].is_not_null()).arg_true().to_list()
            values = after[name].to_list()
            for place in gap:
                texts[int(kept[place])] = writing.write(values[place])
            new = pl.Series(name, texts, pl.String)
            sure = self.sure.get(name, 0.0)
            working = working.with_column(name, new, rule.get(name, "gap filled"), sure)
        return working

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON."""
        state = self.imputer.export()
        arrays = {name: _written(array) for name, array in state.arrays.items()}
        return {
            "schema": self.schema.to_json(),
            "writings": {name: one.to_json() for name, one in self.writings.items()},
            "sure": dict(self.sure),
            "evidence": list(self.evidence),
            "imputer": {"config": dict(state.config), "arrays": arrays},
        }


def _written(array: NDArray[Any]) -> dict[str, Any]:
    """Write an array in one line; every number comes back to the last bit."""
    values = " ".join(map(repr, array.ravel().tolist()))
    return {"type": array.dtype.name, "shape": list(array.shape), "values": values}


def _read(data: Mapping[str, Any]) -> NDArray[Any]:
    if data["type"] not in _TYPES:
        raise ValueError("an array of an unknown type")
    words = data["values"].split(maxsplit=_MOST)
    if len(words) > _MOST:
        raise ValueError("an array too large for a recipe")
    if data["type"] == "bool":
        found = np.array([word == "True" for word in words], np.bool_)
    else:
        found = np.array(words, np.float64 if "float" in data["type"] else np.int64)
    return found.astype(data["type"]).reshape([int(size) for size in data["shape"]])


def restore_fill(data: Mapping[str, Any]) -> Fill:
    """Read it from plain JSON.

    Raises
    ------
    UserError, ValueError, TypeError, KeyError
        When it is none.
    """
    told = data["imputer"]
    arrays = {str(name): _read(each) for name, each in told["arrays"].items()}
    imputer = FittedImputer.restore(State(told["config"], arrays))
    writings = {str(name): restore_writing(each) for name, each in data["writings"].items()}
    schema = Schema.from_json(data["schema"])
    sure = {str(name): float(share) for name, share in data["sure"].items()}
    fill = Fill(schema, imputer, writings, sure, tuple(map(str, data["evidence"])))
    if not fill.needs() <= set(schema.names()):
        raise ValueError("columns that the schema does not know")
    if any(one.kind is not schema[name].kind for name, one in writings.items()):
        raise ValueError("values written as what they are not")
    return fill
