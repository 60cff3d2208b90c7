"""All that a table says of its own cells, gathered once and asked cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.cells import Errors, Labels
from modelwright.clean.coded import Coded, code_table
from modelwright.clean.dependencies import Dependency, dependencies
from modelwright.clean.detectors.disguised import says_nothing
from modelwright.clean.entities import entities
from modelwright.clean.mending.examples import Example, Learned, learn
from modelwright.clean.mending.nearby import nearest
from modelwright.clean.mending.rewriting import shape
from modelwright.clean.mending.tallies import Tally, tally
from modelwright.clean.mending.witnesses import Witnesses, hear
from modelwright.clean.quantities import Quantities

__all__ = ["Evidence", "gather", "said_of"]

Floats = NDArray[np.float64]

# Rows that agree so far settle a cell; what they say is an example of how it should be written.
_SETTLED = 0.3
_AGREED = 0.5
_EXAMPLE = 0.3  # how much such an example counts beside what somebody said
_HEARSAY = 0.7  # and one that somebody said of another row of the same thing, at least so sure
_TALLIES = 4
_VALUES = 5_000
_TEXTS = 3_000
_COPIED = 0.03


@dataclass(frozen=True)
class Evidence:
    """What is known of a table.

    Parameters
    ----------
    coded : Coded
        The cells as they stand.
    normal : Coded
        The same, each value written in the usual way of its column.
    trust : float array of shape (rows, columns)
        How far each cell is believed.
    said : mapping of (row, column) to str or None
        What somebody said of some cells.
    rewrites : tuple of tuple of Learned
        For each column the rules that mend how a value is written.
    tallies : tuple of tuple of Tally
        For each column the votes of the groups that settle it, the strongest first.
    witnesses : tuple of Witnesses
        What rows say of the things that they tell about.
    near : tuple of mapping of str to list of str
        For each column and odd value the values that are written nearly so.
    often : tuple of float array
        For each column and value of `normal`, how many believed cells hold it.
    shapes : tuple of mapping of str to float
        For each column the share of believed values that are written so.
    copied : tuple of mapping of int to float
        For each column the others that hold the same value, and how often.
    quantities : tuple of Quantities
        For each column how amounts, dates and codes are built, if it holds such.
    taught : tuple of mapping of str to list of (int, str)
        For each column and old value what somebody said that it is, and in which row.
    """

    coded: Coded
    normal: Coded
    trust: NDArray[np.float32]
    said: Mapping[tuple[int, int], str | None]
    rewrites: tuple[tuple[Learned, ...], ...]
    tallies: tuple[tuple[Tally, ...], ...]
    witnesses: tuple[Witnesses, ...]
    near: tuple[Mapping[str, list[str]], ...]
    often: tuple[Floats, ...]
    shapes: tuple[Mapping[str, float], ...]
    copied: tuple[Mapping[int, float], ...]
    quantities: tuple[Quantities, ...]
    taught: tuple[Mapping[str, list[tuple[int, str]]], ...]

    def hearing(self, column: int) -> Witnesses | None:
        """Give those who tell of the thing that a column is a fact of."""
        return next((one for one in self.witnesses if column in one.entity.columns), None)

    def value(self, column: int, code: int) -> str:
        """Give the text of a code of `normal`."""
        return self._texts[column][code]

    @cached_property
    def believed(self) -> tuple[float, ...]:
        """How many cells of each column are believed, added up."""
        return tuple(float(each.sum()) for each in self.often)

    @cached_property
    def highest(self) -> tuple[float, ...]:
        """How many believed cells hold the most frequent value of each column; at least 1."""
        return tuple(max(float(each.max(initial=0.0)), 1.0) for each in self.often)

    @cached_property
    def _texts(self) -> tuple[list[str], ...]:
        return tuple(values.to_list() for values in self.normal.values)

    def counted(self, column: int) -> Mapping[str, float]:
        """Give how many believed cells of a column hold each value, by the value."""
        return self._counts[column]

    @cached_property
    def _counts(self) -> tuple[dict[str, float], ...]:
        pairs = zip(self.normal.values, self.often, strict=True)
        return tuple(dict(zip(v.to_list(), n.tolist(), strict=True)) for v, n in pairs)

    def text(self, row: int, column: int) -> str | None:
        """Give a cell as it stands."""
        place = int(self.coded.codes[row, column])
        return None if place < 0 else self._old[column][place]

    @cached_property
    def _old(self) -> tuple[list[str], ...]:
        return tuple(values.to_list() for values in self.coded.values)


def said_of(cells: pl.DataFrame, labels: Labels | None) -> dict[tuple[int, int], str | None]:
    """Give what labels say, by row and column.

    Examples
    --------
    >>> labels = Labels(np.array([1]), pl.DataFrame({"b": ["y"]}))
    >>> said_of(pl.DataFrame({"a": ["1", "2"], "b": ["x", "x"]}), labels)
    {(1, 1): 'y'}
    """
    if labels is None:
        return {}
    place = {name: i for i, name in enumerate(cells.columns)}
    said: dict[tuple[int, int], str | None] = {}
    for column in labels.values:
        if column.name in place:
            texts = column.cast(pl.String).to_list()
            for row, text in zip(labels.rows.tolist(), texts, strict=True):
                said[row, place[column.name]] = text or None
    return said


def gather(
    cells: pl.DataFrame, errors: Errors, labels: Labels | None = None, *, seed: int = 0
) -> Evidence:
    """Look at a table from all sides.

    Parameters
    ----------
    cells : polars.DataFrame, shape (rows, columns)
        Text, null where a value is missing.
    errors : Errors
        How likely each cell is wrong.
    labels : Labels, optional
        What somebody said of a few rows.
    seed : int
        Of what is drawn.

    Returns
    -------
    Evidence
    """
    coded = code_table(cells)
    said = said_of(cells, labels)
    trust = np.asarray(1.0 - errors.chance, np.float32)
    settled = dependencies(coded)
    good = [_good(coded, trust, column) for column in range(cells.width)]
    told = {place: text for place, text in said.items() if text is not None}
    first = _heard(coded, settled, trust, told, None)
    rewrites = []
    for column in range(cells.width):
        examples = [*_said_examples(coded, said, first, column)]
        examples += _agreed_examples(coded, settled[column], trust, column)
        rewrites.append(tuple(learn(examples, good[column])))
    normal = code_table(_normal(cells, coded, rewrites))
    again = dependencies(normal)
    return Evidence(
        coded,
        normal,
        trust,
        said,
        tuple(rewrites),
        tuple(
            tuple(tally(normal, one, trust[:, column]) for one in again[column][:_TALLIES])
            for column in range(cells.width)
        ),
        _heard(normal, again, trust, told, seed),
        tuple(_near(coded, trust, column, good[column]) for column in range(cells.width)),
        tuple(_often(normal, trust, column) for column in range(cells.width)),
        tuple(_shapes(each) for each in good),
        _copied(normal, trust, told),
        tuple(Quantities.of(each) for each in good),
        _taught(coded, told),
    )


def _taught(
    coded: Coded, told: Mapping[tuple[int, int], str]
) -> tuple[dict[str, list[tuple[int, str]]], ...]:
    found: list[dict[str, list[tuple[int, str]]]] = [{} for _ in coded.columns]
    for (row, column), new in sorted(told.items()):
        place = int(coded.codes[row, column])
        if place >= 0:
            old = str(coded.values[column][place])
            if _is_of_all(old, new):
                found[column].setdefault(old, []).append((row, new))
    return tuple(found)


def _is_of_all(old: str, new: str) -> bool:
    """Tell whether what somebody said of a value can be so wherever it stands.

    What is known of one row of which nothing was known says nothing of the others.
    """
    return says_nothing(old) == says_nothing(new)


def _heard(
    coded: Coded,
    settled: tuple[tuple[Dependency, ...], ...],
    trust: NDArray[np.float32],
    told: Mapping[tuple[int, int], str],
    seed: int | None,
) -> tuple[Witnesses, ...]:
    heard = (hear(coded, one, trust, told, seed=seed) for one in entities(coded, settled))
    return tuple(one for one in heard if one is not None)


def _good(coded: Coded, trust: NDArray[np.float32], column: int) -> Counter[str]:
    """Count the believed values of a column."""
    codes = coded.codes[:, column]
    believed = codes[(codes >= 0) & (trust[:, column] > 0.5)]
    counts = np.bincount(believed, minlength=len(coded.values[column]))
    values = coded.values[column].to_list()
    return Counter({values[i]: int(counts[i]) for i in np.flatnonzero(counts).tolist()})


def _said_examples(
    coded: Coded,
    said: Mapping[tuple[int, int], str | None],
    witnesses: tuple[Witnesses, ...],
    column: int,
) -> list[Example]:
    """Give what somebody said of the values of a column, and of others of the same things."""
    found = []
    values = coded.values[column].to_list()
    for (row, where), new in said.items():
        place = int(coded.codes[row, column])
        if where == column and new is not None and place >= 0 and _is_of_all(values[place], new):
            found.append(Example(values[place], new))
    hearing = next((one for one in witnesses if column in one.entity.columns), None)
    if hearing is None or not hearing.known:
        return found
    place = hearing.entity.columns.index(column)
    if hearing.sure[place] < _HEARSAY:
        return found
    start = place * hearing.groups
    answers = {asked - start: text for asked, text in hearing.known.items()
               if 0 <= asked - start < hearing.groups}  # fmt: skip
    codes = coded.codes[:, column]
    for row in np.flatnonzero(np.isin(hearing.group, list(answers)) & (codes >= 0)).tolist():
        old, text = values[codes[row]], answers[int(hearing.group[row])]
        if _is_of_all(old, text):
            found.append(Example(old, text, hearing.sure[place] * _HEARSAY))
    return found


def _agreed_examples(
    coded: Coded, settled: tuple[Dependency, ...], trust: NDArray[np.float32], column: int
) -> list[Example]:
    """Give odd values beside what most rows of their group say."""
    if not settled or settled[0].strength < _SETTLED:
        return []
    votes = tally(coded, settled[0], trust[:, column])
    values = coded.values[column].to_list()
    codes = coded.codes[:, column]
    odd = np.flatnonzero((trust[:, column] < 0.5) & (codes >= 0) & (votes.group >= 0))
    found: dict[tuple[int, int], Example] = {}
    for row in odd.tolist():
        start, end = votes.starts[votes.group[row]], votes.starts[votes.group[row] + 1]
        top = int(votes.value[start])
        agreed = votes.trusted[start] / max(float(votes.trusted[start:end].sum()), 1e-9)
        old = int(codes[row])
        sure = agreed >= _AGREED and votes.trusted[start] >= 1
        if top != old and sure and _is_of_all(values[old], values[top]):
            found[old, top] = Example(values[old], values[top], _EXAMPLE)
    return list(found.values())


def _normal(cells: pl.DataFrame, coded: Coded, rewrites: list[tuple[Learned, ...]]) -> pl.DataFrame:
    """Write each value in the usual way of its column."""
    columns = []
    for i, name in enumerate(cells.columns):
        values = coded.values[i].to_list()
        if rewrites[i]:
            values = [_rewritten(value, rewrites[i]) or value for value in values]
        texts = pl.Series(name, [*values, None], pl.String)
        places = np.where(coded.codes[:, i] < 0, len(values), coded.codes[:, i])
        columns.append(texts[places])
    return pl.DataFrame(columns)


def _rewritten(value: str, rules: tuple[Learned, ...]) -> str | None:
    """Give what the most trusted rule that fits makes of a value."""
    for one in rules:
        new = one.rewrite.apply(value)
        if new is not None and new != value:
            return new
    return None


def _near(
    coded: Coded, trust: NDArray[np.float32], column: int, good: Counter[str]
) -> dict[str, list[str]]:
    """Find for the odd values of a column those believed ones that are written nearly so."""
    codes = coded.codes[:, column]
    odd = np.unique(codes[(codes >= 0) & (trust[:, column] < 0.5)])[:_TEXTS]
    values = coded.values[column].to_list()
    texts = [values[place] for place in odd.tolist() if len(values[place]) > 1]
    likely = [value for value, _ in good.most_common(_VALUES) if len(value) > 1]
    return dict(zip(texts, nearest(texts, likely), strict=True))


def _often(normal: Coded, trust: NDArray[np.float32], column: int) -> Floats:
    codes = normal.codes[:, column]
    known = codes >= 0
    size = len(normal.values[column])
    return np.bincount(codes[known], trust[known, column], minlength=size).astype(np.float64)


def _shapes(good: Counter[str]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for value, count in good.items():
        counts[shape(value)] += count
    whole = max(sum(counts.values()), 1)
    return {one: count / whole for one, count in counts.items()}


def _copied(
    normal: Coded, trust: NDArray[np.float32], told: Mapping[tuple[int, int], str]
) -> tuple[dict[int, float], ...]:
    """Find columns that often hold the same value as another one in the same row."""
    width = len(normal.columns)
    sets = [set(values.to_list()) for values in normal.values]
    found: list[dict[int, float]] = [{} for _ in range(width)]
    rows = sorted({row for row, _ in told})
    for one in range(width):
        for other in range(one + 1, width):
            shared = len(sets[one] & sets[other])
            if shared < 2 or 10 * shared < min(len(sets[one]), len(sets[other])):
                continue
            share = _equal_share(normal, trust, one, other)
            pairs = [(told.get((row, one)), told.get((row, other))) for row in rows]
            both = [a == b for a, b in pairs if a is not None and b is not None]
            rate = (sum(both) + 4 * share) / (len(both) + 4)
            if rate >= _COPIED:
                found[one][other] = found[other][one] = rate
    return tuple(found)


def _equal_share(normal: Coded, trust: NDArray[np.float32], one: int, other: int) -> float:
    """Give the share of believed rows in which two columns say the same."""
    values = {text: code for code, text in enumerate(normal.values[other].to_list())}
    same = np.array([values.get(text, -2) for text in normal.values[one].to_list()] + [-3])
    believed = (trust[:, one] > 0.5) & (trust[:, other] > 0.5)
    believed &= (normal.codes[:, one] >= 0) & (normal.codes[:, other] >= 0)
    if not believed.any():
        return 0.0
    return float((same[normal.codes[believed, one]] == normal.codes[believed, other]).mean())
