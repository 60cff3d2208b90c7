"""What has to hold of a table: rules of columns, of rows and of pairs of rows."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from modelwright.clean.comparable import as_numbers
from modelwright.core.errors import ColumnError, OptionError, did_you_mean

__all__ = [
    "KINDS",
    "OPERATORS",
    "ColumnRule",
    "Comparison",
    "Condition",
    "Denial",
    "Determines",
    "Rules",
    "Term",
    "Unique",
    "checked_pattern",
]

KINDS = ("number", "integer", "date", "boolean")
"""What a column can be said to hold; a column of text needs no rule."""
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
"""How two things are compared."""
_LONGEST_PATTERN = 1000
_MOST_COMPARISONS = 1000
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def checked_pattern(pattern: str, of: str) -> str:
    r"""Check a regular expression, and make it one that a whole text has to match.

    Patterns are those of Rust's `regex`: matching takes time in proportion to the text, whatever
    the pattern, so that none can hang; there are no look-arounds and no back-references.

    Parameters
    ----------
    pattern : str
        Of at most 1,000 letters.
    of : str
        Whose it is, for an error.

    Raises
    ------
    OptionError
        When it is none.

    Examples
    --------
    >>> checked_pattern(r"\d{5}", "zip")
    '^(?:\\d{5})$'
    """
    if len(pattern) > _LONGEST_PATTERN:
        got = f"{len(pattern)} letters"
        raise OptionError(f"a pattern of at most {_LONGEST_PATTERN} letters for {of}", got)
    whole = f"^(?:{pattern})$"
    try:
        pl.Series([""], dtype=pl.String).str.contains(whole)
    except pl.exceptions.PolarsError as error:
        told = re.findall(r"^error: (.+)$", str(error), re.MULTILINE)
        why = told[0] if told else next((line for line in str(error).splitlines() if line), "")
        cure = "see the syntax of Rust's regex: no look-arounds, no back-references"
        got = f"{pattern!r} ({why.strip()[:80]})"
        raise OptionError(f"a regular expression for {of}", got, cure) from None
    return whole


@dataclass(frozen=True)
class ColumnRule:
    """What has to hold of each cell of a column.

    Parameters
    ----------
    column : str
        The column.
    kind : str
        `number`, `integer`, `date` or `boolean`; empty for anything.
    least, most : float, optional
        The smallest and the largest number that may stand there.
    values : tuple of str
        The only values that may stand there; empty for any.
    pattern : str
        A regular expression that the whole cell has to match; empty for none.
    required : bool
        Whether no cell may be missing. Everything else is asked of cells that are not.
    unique : bool
        Whether no value may stand there twice.

    Raises
    ------
    OptionError
        When it contradicts itself.

    Examples
    --------
    >>> ColumnRule("age", kind="integer", least=120, most=0)
    Traceback (most recent call last):
    modelwright.core.errors.OptionError: expected least <= most for 'age'; got 120 and 0
    """

    column: str
    kind: str = ""
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()
    pattern: str = ""
    required: bool = False
    unique: bool = False

    def __post_init__(self) -> None:
        name = repr(self.column)
        if self.kind and self.kind not in KINDS:
            raise OptionError(f"a type for {name}", repr(self.kind), did_you_mean(self.kind, KINDS))
        ends = [end for end in (self.least, self.most) if end is not None]
        if any(math.isnan(end) for end in ends):
            raise OptionError(f"numbers as least and most of {name}", "nan")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise OptionError(f"least <= most for {name}", f"{self.least:g} and {self.most:g}")
        if ends and self.kind in ("date", "boolean"):
            raise OptionError(f"numbers in {name}, as it has a range", f"type {self.kind!r}")
        if self.pattern:
            self._fits(pl.Series(self.values, dtype=pl.String), checked_pattern(self.pattern, name))
        if self.values and (ends or self.kind in ("number", "integer")):
            self._in_range(pl.Series(self.values, dtype=pl.String))

    def _fits(self, values: pl.Series, pattern: str) -> None:
        odd = values.filter(~values.str.contains(pattern))
        if len(odd):
            got = f"the value {odd[0]!r}, which does not"
            raise OptionError(f"values of {self.column!r} that match its pattern", got)

    def _in_range(self, values: pl.Series) -> None:
        number = as_numbers(values.str.strip_chars())
        low = -math.inf if self.least is None else self.least
        high = math.inf if self.most is None else self.most
        fits = number.is_finite() & number.is_between(low, high)
        if self.kind == "integer":
            fits &= number == number.floor()
        odd = values.filter(~fits.fill_null(value=False))
        if len(odd):
            told = f"values of {self.column!r} that fit its type and range"
            raise OptionError(told, repr(odd[0]))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return (self.column,)


@dataclass(frozen=True)
class Unique:
    """No two rows agree in all of some columns.

    Parameters
    ----------
    columns : tuple of str
        The columns.
    """

    columns: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.columns:
            raise OptionError("columns for a rule of uniqueness", "none")


@dataclass(frozen=True)
class Determines:
    """Rows that agree in some columns agree in another one: a functional dependency.

    Parameters
    ----------
    given : tuple of str
        The columns that determine.
    column : str
        The column that they determine.

    Examples
    --------
    >>> Determines(("zip",), "town").columns
    ('zip', 'town')
    """

    given: tuple[str, ...]
    column: str

    def __post_init__(self) -> None:
        if not self.given:
            raise OptionError(f"columns that determine {self.column!r}", "none")
        if self.column in self.given:
            cure = "every column determines itself: leave it out"
            raise OptionError("a column that the others determine", repr(self.column), cure)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return (*self.given, self.column)


@dataclass(frozen=True)
class Comparison:
    """How two columns of the same row compare, as numbers, dates or texts.

    Parameters
    ----------
    left : str
        A column.
    operator : str
        One of `OPERATORS`.
    right : str
        Another column.
    """

    left: str
    operator: str
    right: str

    def __post_init__(self) -> None:
        _check_operator(self.operator)
        if self.left == self.right:
            raise OptionError("two columns to compare", f"{self.left!r} twice")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        return (self.left, self.right)


def _check_operator(operator: str) -> None:
    if operator not in OPERATORS:
        raise OptionError("an operator", repr(operator), f"choose one of: {', '.join(OPERATORS)}")


@dataclass(frozen=True)
class Term:
    """One side of a condition.

    Parameters
    ----------
    text : str
        A column, or a constant.
    row : int
        1 or 2 for a column of the first or second row of a pair, 0 for a constant.
    """

    text: str
    row: int = 1


@dataclass(frozen=True)
class Condition:
    """A comparison within a denial.

    Parameters
    ----------
    left : Term
        A column.
    operator : str
        One of `OPERATORS`.
    right : Term
        A column or a constant.
    """

    left: Term
    operator: str
    right: Term

    def __post_init__(self) -> None:
        _check_operator(self.operator)
        if not self.left.row:
            raise OptionError("a column on the left of a condition", repr(self.left.text))


@dataclass(frozen=True)
class Denial:
    """What no row, or no pair of rows, may fulfil: a denial constraint.

    Parameters
    ----------
    conditions : tuple of Condition
        All together are forbidden.
    name : str
        What to call it.

    Raises
    ------
    OptionError
        When it compares pairs of rows that need not agree in anything: in a table of a million
        rows these would be a million times a million.

    Examples
    --------
    >>> same = Condition(Term("zip", 1), "=", Term("zip", 2))
    >>> other = Condition(Term("town", 1), "!=", Term("town", 2))
    >>> Denial((same, other)).of_pairs
    True
    """

    conditions: tuple[Condition, ...]
    name: str = ""

    def __post_init__(self) -> None:
        if not self.conditions:
            raise OptionError("conditions of a denial", "none")
        if self.of_pairs and not self.shared:
            cure = "add a condition such as t1.zip = t2.zip"
            raise OptionError("pairs of rows that agree in a column", self.name or "a denial", cure)

    @property
    def of_pairs(self) -> bool:
        """Whether it is about two rows."""
        return any(2 in (one.left.row, one.right.row) for one in self.conditions)

    @property
    def shared(self) -> tuple[str, ...]:
        """The columns in which the two rows agree."""
        return tuple(
            one.left.text
            for one in self.conditions
            if one.operator == "="
            and one.left.text == one.right.text
            and {one.left.row, one.right.row} == {1, 2}
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names."""
        terms = [term for one in self.conditions for term in (one.left, one.right) if term.row]
        return tuple(dict.fromkeys(term.text for term in terms))


@dataclass(frozen=True)
class Rules:
    """All that has to hold of a table.

    Parameters
    ----------
    columns : tuple of ColumnRule
        One for each column that has rules.
    unique : tuple of Unique
        Columns in which no two rows agree.
    determines : tuple of Determines
        Functional dependencies.
    comparisons : tuple of Comparison
        How columns of a row compare.
    denials : tuple of Denial
        What is forbidden.

    Raises
    ------
    OptionError
        When rules contradict each other.

    Examples
    --------
    >>> Rules(comparisons=(Comparison("start", "<", "end"), Comparison("end", "<=", "start")))
    Traceback (most recent call last):
    modelwright.core.errors.OptionError: expected comparisons that can all hold; got 'start' < 'end'
    and, by the others, 'end' <= 'start'
    """

    columns: tuple[ColumnRule, ...] = field(default=())
    unique: tuple[Unique, ...] = field(default=())
    determines: tuple[Determines, ...] = field(default=())
    comparisons: tuple[Comparison, ...] = field(default=())
    denials: tuple[Denial, ...] = field(default=())

    def __post_init__(self) -> None:
        names = Counter(one.column for one in self.columns)
        twice = next((name for name, count in names.items() if count > 1), None)
        if twice is not None:
            raise OptionError("one rule for each column", f"two for {twice!r}", "join them")
        if len(self.comparisons) > _MOST_COMPARISONS:
            got = f"{len(self.comparisons):,}"
            raise OptionError(f"at most {_MOST_COMPARISONS:,} comparisons of columns", got)
        _check_order(self.comparisons)

    def __len__(self) -> int:
        parts = (self.columns, self.unique, self.determines, self.comparisons, self.denials)
        return sum(len(part) for part in parts)

    def check(self, columns: Iterable[str]) -> None:
        """Make sure that a table has all columns that are named.

        Parameters
        ----------
        columns : iterable of str
            The columns of the table.

        Raises
        ------
        ColumnError
            When one is not there.

        Examples
        --------
        >>> Rules((ColumnRule("zipp", required=True),)).check(["zip", "town"])
        Traceback (most recent call last):
        modelwright.core.errors.ColumnError: expected rules about columns of the table; got 'zipp';
        did you mean 'zip'?
        """
        known = dict.fromkeys(columns)
        parts = (self.columns, self.unique, self.determines, self.comparisons, self.denials)
        for part in parts:
            for rule in part:
                for name in rule.columns:
                    if name not in known:
                        cure = did_you_mean(name, known)
                        raise ColumnError("rules about columns of the table", repr(name), cure)


def _check_order(comparisons: tuple[Comparison, ...]) -> None:
    """Find a circle of comparisons that cannot all hold."""
    edges: dict[str, set[str]] = {}
    strict = []
    for one in comparisons:
        left, operator, right = one.left, one.operator, one.right
        if operator in (">", ">="):
            left, operator, right = right, _FLIPPED[operator], left
        if operator == "!=":
            strict.append((one, left, right))
            strict.append((one, right, left))
            continue
        edges.setdefault(left, set()).add(right)
        if operator == "=":
            edges.setdefault(right, set()).add(left)
        if operator == "<":
            strict.append((one, left, right))
    for one, left, right in strict:
        back = _reached(edges, right)
        both = one.operator != "!=" or right in _reached(edges, left)
        if left in back and both:
            said = f"{one.left!r} {one.operator} {one.right!r}"
            got = f"{said} and, by the others, {right!r} <= {left!r}"
            raise OptionError("comparisons that can all hold", got)


def _reached(edges: dict[str, set[str]], start: str) -> set[str]:
    seen, left = set(), [start]
    while left:
        for name in edges.get(left.pop(), ()):
            if name not in seen:
                seen.add(name)
                left.append(name)
    return seen
