"""Steps on whole columns and rows, done only when somebody asks; every change goes to the log."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.recipes.keys import row_keys
from modelwright.clean.repairs import Repair, changed
from modelwright.clean.stray_rows import kept_rows
from modelwright.core.errors import DataError

__all__ = [
    "HOWS",
    "DropRows",
    "FillDown",
    "MassEdit",
    "Remove",
    "Rename",
    "Reorder",
    "Replace",
    "Step",
    "Text",
    "Working",
    "former_names",
    "restore_step",
    "step_json",
]

HOWS: Mapping[str, Callable[[pl.Series], pl.Series]] = {
    "trim": lambda texts: texts.str.strip_chars(),
    "collapse": lambda texts: texts.str.replace_all(r"\s+", " "),
    "lower": lambda texts: texts.str.to_lowercase(),
    "upper": lambda texts: texts.str.to_uppercase(),
    "title": lambda texts: _each(texts, _capitalised),
    "unescape": lambda texts: _each(texts, html.unescape),
}
"""What may be done to the texts of a column."""
_WORDS = {
    "trim": "blanks around the text left out",
    "collapse": "blanks in a row made one",
    "lower": "small letters",
    "upper": "capital letters",
    "title": "each word with a capital",
    "unescape": "signs of HTML written as letters",
}
# Words begin as they do in OpenRefine: not within "don't".
_INITIAL = re.compile(r"(^|[ \t\r\n.])([^ \t\r\n.])")
# A recipe may come from a stranger: cells must not grow beyond all bounds.
_SWELL = 16
_ROOM = 2**26


def _filled(texts: pl.Series) -> pl.Series:
    """Take an empty text for a missing value."""
    if not (texts == "").any():
        return texts
    return pl.select(pl.when(texts != "").then(texts).alias(texts.name)).to_series()


def _capitalised(text: str) -> str:
    def large(found: re.Match[str]) -> str:
        letter = found[2].title()
        return found[1] + (letter if len(letter) == 1 else found[2])

    return _INITIAL.sub(large, text.lower())


def _each(texts: pl.Series, change: Callable[[str], str]) -> pl.Series:
    new = [None if text is None else change(text) for text in texts.to_list()]
    return pl.Series(texts.name, new, pl.String)


@dataclass(frozen=True)
class Working:
    """A table on its way.

    Parameters
    ----------
    frame : polars.DataFrame
        Its cells.
    rows : int array of shape (rows,)
        The row of the first table that each row was.
    log : tuple of Repair
        What was done so far. Changes of whole rows name no column, those of whole columns the row
        -1.
    most : int, optional
        How many bytes its cells may grow to; None: any.
    """

    frame: pl.DataFrame
    rows: NDArray[np.int64]
    log: tuple[Repair, ...] = ()
    most: int | None = None

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Working:
        """Begin with a table; an empty text is a missing value.

        Raises
        ------
        DataError
            When a column is not of text.
        """
        columns = []
        for column in frame:
            if column.dtype != pl.String():
                cure = (
                    "read it as text, as it stands in the file; modelwright.plan.tables.clean does"
                )
                raise DataError(f"text in column {column.name!r}", str(column.dtype), cure)
            columns.append(_filled(column))
        most = _SWELL * int(frame.estimated_size()) + _ROOM
        return cls(pl.DataFrame(columns), np.arange(frame.height), most=most)

    def check_room(self, more: int) -> None:
        """Refuse to let the cells grow beyond all bounds.

        Raises
        ------
        ValueError
            When they would.
        """
        if self.most is not None and self.frame.estimated_size() + more > self.most:
            raise ValueError(f"cells would grow beyond {self.most:,} bytes")

    def with_repairs(self, repairs: Sequence[Repair]) -> Working:
        """Change single cells; their rows are counted in the table as it is now.

        Raises
        ------
        ValueError
            When cells would grow beyond all bounds.
        """
        self.check_room(sum(len(one.new or "") for one in repairs))
        rows = self.rows.tolist()
        told = tuple(one._replace(row=rows[one.row]) for one in repairs)
        return replace(self, frame=changed(self.frame, repairs), log=self.log + told)

    def with_column(self, name: str, new: pl.Series, rule: str, confidence: float = 1.0) -> Working:
        """Change cells of a column; an empty text is a missing value."""
        new = _filled(new.alias(name))
        old = self.frame[name]
        places = old.ne_missing(new).arg_true().to_numpy()
        triples = zip(
            self.rows[places].tolist(), old[places].to_list(), new[places].to_list(), strict=True
        )
        log = tuple(Repair(row, name, a, b, rule, confidence, True) for row, a, b in triples)
        return replace(self, frame=self.frame.with_columns(new), log=self.log + log)

    def without_rows(self, dropped: NDArray[np.bool_], rule: str) -> Working:
        """Leave rows out."""
        log = [Repair(row, "", None, None, rule, 1.0, True) for row in self.rows[dropped].tolist()]
        frame = self.frame.filter(pl.Series(~dropped))
        return replace(self, frame=frame, rows=self.rows[~dropped], log=(*self.log, *log))

    def noted(self, frame: pl.DataFrame, column: str, rule: str, new: str | None = None) -> Working:
        """Change the columns as such."""
        done = Repair(-1, column, column, new, rule, 1.0, True)
        return replace(self, frame=frame, log=(*self.log, done))


@dataclass(frozen=True)
class Text:
    """Do the same to every text of a column: `how` is a word of `HOWS`."""

    column: str
    how: str
    name: ClassVar[str] = "text"

    def run(self, working: Working) -> Working:
        """Do it."""
        if self.how not in HOWS:
            raise ValueError(f"a step {self.how[:20]!r}")
        new = HOWS[self.how](working.frame[self.column])
        return working.with_column(self.column, new, _WORDS[self.how])


@dataclass(frozen=True)
class Replace:
    """Replace one text by another wherever it stands in the cells of a column."""

    column: str
    find: str
    put: str
    name: ClassVar[str] = "replace"

    def run(self, working: Working) -> Working:
        """Do it."""
        old = working.frame[self.column]
        longer = len(self.put.encode()) - len(self.find.encode())
        working.check_room(longer * int(old.str.count_matches(self.find, literal=True).sum()))
        new = old.str.replace_all(self.find, self.put, literal=True)
        return working.with_column(self.column, new, f"{self.find!r} replaced by {self.put!r}")


@dataclass(frozen=True)
class MassEdit:
    """Replace whole values of a column: pairs of old and new; `blank` for missing cells."""

    column: str
    edits: tuple[tuple[str, str], ...]
    blank: str = ""
    name: ClassVar[str] = "edit"

    def run(self, working: Working) -> Working:
        """Do it."""
        edits = dict(self.edits)
        texts = working.frame[self.column].to_list()
        new = [self.blank if text is None else edits.get(text, text) for text in texts]
        working.check_room(sum(map(len, new)))
        return working.with_column(self.column, pl.Series(new, dtype=pl.String), "edited by value")


@dataclass(frozen=True)
class FillDown:
    """Give missing cells the value above them; or, `blank`, empty those that repeat it."""

    column: str
    blank: bool = False
    name: ClassVar[str] = "fill-down"

    def run(self, working: Working) -> Working:
        """Do it."""
        old = working.frame[self.column]
        if self.blank:
            new = pl.select(pl.when(old.eq_missing(old.shift(1))).then(None).otherwise(old))
            return working.with_column(self.column, new.to_series(), "emptied: as the cell above")
        return working.with_column(self.column, old.forward_fill(), "filled from the cell above")


@dataclass(frozen=True)
class Rename:
    """Give a column another name."""

    column: str
    to: str
    name: ClassVar[str] = "rename"

    def run(self, working: Working) -> Working:
        """Do it."""
        if self.to in working.frame.columns:
            raise ValueError(f"a second column {self.to[:40]!r}")
        frame = working.frame.rename({self.column: self.to})
        return working.noted(frame, self.column, "column renamed", self.to)


@dataclass(frozen=True)
class Remove:
    """Leave a column out, and say why."""

    column: str
    why: str = "asked for"
    name: ClassVar[str] = "remove"

    def run(self, working: Working) -> Working:
        """Do it."""
        _ = working.frame[self.column]  # which raises when it is not there
        # not frame.drop, to which a column called "*" is all of them
        frame = pl.DataFrame([one for one in working.frame if one.name != self.column])
        return working.noted(frame, self.column, f"column left out: {self.why}")


@dataclass(frozen=True)
class Reorder:
    """Put columns into another order; those that are not named are left out."""

    columns: tuple[str, ...]
    name: ClassVar[str] = "reorder"

    def run(self, working: Working) -> Working:
        """Do it."""
        for column in working.frame.columns:
            if column not in self.columns:
                working = Remove(column, "not in the new order").run(working)
        return replace(working, frame=working.frame[list(self.columns)])


@dataclass(frozen=True)
class DropRows:
    """Leave rows out.

    Parameters
    ----------
    which : str
        ``duplicates``: rows that equal an earlier one; ``stray``: totals below the table, and names
        of its columns among its rows; ``sparse``: those of which more than `share`
        is missing; ``named``: those whose keys are told.
    share : float
        Of the cells of a row.
    keys : tuple of str
        See `row_keys`.
    """

    which: str
    share: float = 0.3
    keys: tuple[str, ...] = ()
    name: ClassVar[str] = "drop-rows"

    def run(self, working: Working) -> Working:
        """Do it."""
        frame = working.frame
        if not frame.width:
            raise ValueError("no column is left")
        if self.which == "duplicates":
            return working.without_rows(~_first(frame), "row left out: equal to an earlier one")
        if self.which == "stray":
            dropped = np.ones(frame.height, np.bool_)
            dropped[kept_rows(frame)] = False
            return working.without_rows(dropped, "row left out: totals, or names of columns")
        if self.which == "sparse":
            missing = np.zeros(frame.height)
            for column in frame:
                missing += column.is_null().to_numpy()
            dropped = missing > self.share * frame.width
            return working.without_rows(
                dropped, f"row left out: more than {self.share:.0%} missing"
            )
        if self.which != "named":
            raise ValueError(f"rows {self.which[:20]!r}")
        dropped = np.isin(np.array(row_keys(frame)), np.array(self.keys))
        return working.without_rows(dropped, "row left out: abnormal, and nobody knows better")


def _first(frame: pl.DataFrame) -> NDArray[np.bool_]:
    """Mark the first of equal rows."""
    numbered = pl.DataFrame([column.alias(str(i)) for i, column in enumerate(frame)])
    places = numbered.with_row_index("row").unique(numbered.columns, keep="first")["row"]
    first = np.zeros(frame.height, np.bool_)
    first[places.to_numpy()] = True
    return first


def former_names(columns: Iterable[str], steps: Iterable[Step]) -> dict[str, str]:
    """Say what columns were called before some steps, by the names that they have after them.

    Examples
    --------
    >>> former_names(["a", "b"], [Rename("a", "z")])
    {'b': 'b', 'z': 'a'}
    """
    names = {name: name for name in columns}
    for step in steps:
        if isinstance(step, Rename) and step.column in names:
            names[step.to] = names.pop(step.column)
    return names


Step = Text | Replace | MassEdit | FillDown | Rename | Remove | Reorder | DropRows
"""A step of any kind."""
_LIKE: tuple[Step, ...] = (
    Text("", "trim"),
    Replace("", "", ""),
    MassEdit("", ()),
    FillDown(""),
    Rename("", ""),
    Remove(""),
    Reorder(()),
    DropRows("sparse"),
)
_KINDS = {one.name: one for one in _LIKE}


def step_json(step: Step) -> dict[str, Any]:
    """Give a step as plain JSON."""
    return {"step": step.name, **asdict(step)}


def restore_step(data: Mapping[str, Any]) -> Step:
    """Read a step from plain JSON.

    Raises
    ------
    ValueError
        When it is none.

    Examples
    --------
    >>> restore_step({"step": "text", "column": "town", "how": "trim"})
    Text(column='town', how='trim')
    """
    like = _KINDS.get(str(data.get("step")))
    if like is None:
        raise ValueError(f"a step {str(data.get('step'))[:20]!r}")
    given = {key: _frozen(value) for key, value in data.items() if key != "step"}
    try:
        step = replace(like, **given)
    except TypeError:
        raise ValueError(f"a step {like.name!r} with {sorted(given)}") from None
    for field in fields(like):
        kind = type(getattr(like, field.name))
        if not isinstance(getattr(step, field.name), kind):
            raise ValueError(f"{field.name} of a step {like.name!r}")
    if isinstance(step, Text) and step.how not in HOWS:
        raise ValueError(f"a step {step.how[:20]!r}")
    if isinstance(step, MassEdit) and not all(_is_pair(edit) for edit in step.edits):
        raise ValueError("edits that are no pairs")
    if isinstance(step, Reorder | DropRows):
        several = step.columns if isinstance(step, Reorder) else step.keys
        if not all(isinstance(one, str) for one in several):
            raise ValueError(f"a step {like.name!r} of other things than texts")
    if isinstance(step, Replace) and not step.find:
        raise ValueError("a step that replaces nothing")
    return step


def _is_pair(edit: object) -> bool:
    return isinstance(edit, tuple) and len(edit) == 2 and all(isinstance(x, str) for x in edit)


def _frozen(value: object) -> Any:
    """Make tuples of lists; only texts, numbers and truth values stand in a step."""
    if isinstance(value, list | tuple):
        return tuple(_frozen(one) for one in value)
    if not isinstance(value, str | bool | int | float):
        raise ValueError(f"{type(value).__name__} in a step")
    return value
