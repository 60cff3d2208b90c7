"""What is known of one column."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from modelwright.core.schema import Kind

__all__ = ["SHARES", "ColumnProfile", "Dates", "Numbers", "Outliers", "Texts"]

SHARES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
"""The shares of values below the quantiles that are kept."""


@dataclass(frozen=True)
class Outliers:
    """Values far from the others, by three rules.

    Parameters
    ----------
    low, high : float
        Tukey's fences: 1.5 interquartile ranges beyond the quartiles.
    below, above : int
        How many values lie outside of them.
    far : int
        How many lie more than 3 interquartile ranges beyond the quartiles.
    robust : int
        How many have a robust z-score above 3.5: 0.6745 times the distance from the median over the
        median distance (Iglewicz and Hoaglin 1993). Where more than half of the values are the
        same, 0.
    """

    low: float
    high: float
    below: int
    above: int
    far: int
    robust: int


@dataclass(frozen=True)
class Numbers:
    """The distribution of numbers, or of dates in seconds since 1970 (UTC).

    Parameters
    ----------
    mean, deviation : float
        The arithmetic mean, and the standard deviation with n - 1.
    skew, kurtosis : float
        The third standardised moment, and the fourth less 3; NaN for constants.
    quantiles : tuple of float
        At `SHARES`; the first is the least value, the last the greatest.
    edges, counts : tuple of float
        A histogram of all but the outermost values.
    zeros, negatives : int
        How many values are zero, and below it.
    whole : bool
        Whether all values are whole numbers.
    outliers : Outliers
        What lies far from the others.
    exact : bool
        Whether quantiles and bars are exact; else they come of a sketch.
    """

    mean: float
    deviation: float
    skew: float
    kurtosis: float
    quantiles: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[float, ...]
    zeros: int
    negatives: int
    whole: bool
    outliers: Outliers
    exact: bool

    @property
    def median(self) -> float:
        """The middle value."""
        return self.quantiles[SHARES.index(0.5)]


@dataclass(frozen=True)
class Texts:
    """How texts are written.

    Parameters
    ----------
    shortest, longest : int
        In characters, of all rows.
    mean : float
        Mean number of characters.
    words : float
        Mean number of words, in the sample of rows.
    common : tuple of (str, float)
        The words in most rows of the sample, and in what share of them.
    shapes : tuple of (str, float)
        What values look like in the sample, and the share: "A9-99" stands for letters and digits.
    links, mails, foreign : float
        The shares of the sample with a web address, a mail address, letters beyond ASCII.
    """

    shortest: int
    longest: int
    mean: float
    words: float = 0.0
    common: tuple[tuple[str, float], ...] = ()
    shapes: tuple[tuple[str, float], ...] = ()
    links: float = 0.0
    mails: float = 0.0
    foreign: float = 0.0


@dataclass(frozen=True)
class Dates:
    """When, by the calendar, in the sample of rows.

    Parameters
    ----------
    weekdays : tuple of int
        Counts from Monday to Sunday.
    hours : tuple of int
        Counts of the 24 hours; empty when all are midnight.
    gap : float
        The longest stretch without a row, in seconds; NaN for fewer than two moments.
    gap_from : float
        When it begins, in seconds since 1970.
    """

    weekdays: tuple[int, ...]
    hours: tuple[int, ...]
    gap: float
    gap_from: float


@dataclass(frozen=True)
class ColumnProfile:
    """One column of a table.

    Parameters
    ----------
    name, kind, role, why : str
        As in the schema: what the column means, what it is there for, and why we think so.
    rows : int
        How many rows the table has.
    missing : int
        How many of them have no value.
    marked : int
        How many of those hold something that is read as missing, such as "?".
    distinct : int
        How many different values there are.
    distinct_exact : bool
        Whether that is counted; else it is estimated, within about 1 % (2 % in very wide tables).
    top : tuple of (str, int)
        The most frequent values as they are shown, and their counts.
    top_short : int
        No count of `top` is short by more than this.
    numbers : Numbers, optional
        Of numbers and dates.
    texts : Texts, optional
        Of categories, texts, ids, lists and places.
    dates : Dates, optional
        Of dates.
    """

    name: str
    kind: str
    role: str
    why: str
    rows: int
    missing: int
    marked: int
    distinct: int
    distinct_exact: bool
    top: tuple[tuple[str, int], ...]
    top_short: int
    numbers: Numbers | None = None
    texts: Texts | None = None
    dates: Dates | None = None

    @property
    def present(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing

    @property
    def missing_share(self) -> float:
        """The share of rows without a value."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def constant(self) -> bool:
        """Whether there is one value at most."""
        return self.distinct_exact and self.distinct <= 1

    @property
    def unique(self) -> bool:
        """Whether every value is another one, as far as could be counted."""
        return self.distinct_exact and self.distinct == self.present > 1

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.kind == Kind.NUMBER

    def to_json(self) -> dict[str, Any]:
        """Give the column as plain JSON; quantiles by their shares."""
        found = asdict(self) | {"missing_share": self.missing_share}
        found["top"] = [{"value": value, "rows": count} for value, count in self.top]
        if self.numbers is not None:
            pairs = zip(SHARES, self.numbers.quantiles, strict=False)
            found["numbers"]["quantiles"] = {f"{share:g}": value for share, value in pairs}
        return {key: value for key, value in found.items() if value is not None}
