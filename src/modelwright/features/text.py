"""Free text: what its surface looks like, and which common words it has."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import OptionError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import State
from modelwright.core.schema import Kind
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.features.lookup import Cells, Lookup
from modelwright.features.numbers import varies
from modelwright.features.reading import columns_of, read, sound_state, texts

__all__ = ["FittedText", "Text", "Vocabulary"]

_FIT_ROWS = 20_000  # rows that choose the words
_CHUNK = 50_000  # rows whose words are in memory at a time
_CHARACTERS = 5_000  # how much of a text is searched for words
_LEAST, _MOST = 0.02, 0.8  # document frequency of an informative word
_LEAST_ROWS = 3


def _share(pattern: str) -> pl.Expr:
    return _TEXT.str.count_matches(pattern) / _CHARS.clip(lower_bound=1)


_TEXT = pl.nth(0)  # by its place: a name such as "*" would be a pattern
_CHARS = _TEXT.str.len_chars()
_WORDS = _TEXT.str.count_matches(r"\w+")
_SURFACE: Mapping[str, pl.Expr] = MappingProxyType(
    {
        "characters": _CHARS,
        "words": _WORDS,
        "digits": _share(r"\d"),
        "capitals": _share(r"\p{Lu}"),
        "punctuation": _share(r"[^\w\s]"),
        "urls": _TEXT.str.count_matches(r"https?://|www\.") / _WORDS.clip(lower_bound=1),
    }
)
_START = _TEXT.str.slice(0, _CHARACTERS).str.to_lowercase()
_TOKENS = _START.str.extract_all(r"\w+(?:'\w+)?").list.unique()


def _surface(series: pl.Series, parts: Iterable[str]) -> pl.DataFrame:
    """Measure each text: one column of float32 a part."""
    return series.to_frame().select(_SURFACE[part].cast(pl.Float32).alias(part) for part in parts)


def _tokens(series: pl.Series) -> pl.Series:
    """Give the distinct words of each text, as lists."""
    return series.to_frame().select(_TOKENS).to_series()


def _words(series: pl.Series) -> Cells:
    return Cells.of(_tokens(series))


def _common_words(series: pl.Series, most: int, seed: int) -> tuple[str, ...]:
    """Give the words of the highest document frequency within the bounds, ties by text."""
    known = series.drop_nulls()
    if len(known) > _FIT_ROWS:
        rows = np.random.default_rng(seed).choice(len(known), _FIT_ROWS, replace=False)
        known = known.gather(np.sort(rows))
    least = max(_LEAST_ROWS, _LEAST * len(known))
    frequency = pl.DataFrame({"word": _tokens(known).explode()})["word"].value_counts()
    chosen = frequency.filter(
        pl.col("count").is_between(least, _MOST * len(known)) & (pl.col("word").str.len_chars() > 1)
    ).sort(["count", "word"], descending=[True, False])
    return tuple(chosen["word"].head(most))


@dataclass(frozen=True)
class Vocabulary:
    """What is measured of one text column.

    Parameters
    ----------
    column : str
        The input column.
    surface : tuple of str
        Which of characters, words, digits, capitals, punctuation and urls.
    words : tuple of str
        Words whose presence is a feature.

    Examples
    --------
    >>> Vocabulary("title", ("characters",), ("war",)).names
    ('title: characters', "title: has 'war'")
    """

    column: str
    surface: tuple[str, ...]
    words: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features it makes."""
        shape = tuple(f"{self.column}: {part}" for part in self.surface)
        return shape + tuple(f"{self.column}: has {word!r}" for word in self.words)

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.words)

    def fill(self, table: Table, series: pl.Series, out: NDArray[np.float32]) -> None:
        """Write the features of a column of the table into `out`, of shape (n_rows, n_names)."""
        asked: Hashable = (_surface, self.column, self.surface)
        shape = table.once(asked, partial(_surface, series, self.surface))
        for j, feature in enumerate(shape):
            out[:, j] = feature.to_numpy()
        for start in range(0, len(series) if self.words else 0, _CHUNK):
            rows = slice(start, start + _CHUNK)
            asked = (_words, self.column, start, _CHUNK)
            cells = table.once(asked, partial(_words, series[rows]))
            present = out[rows, len(self.surface) :]
            cells.mark(self._lookup, present)
            present[cells.missing] = np.nan


@dataclass(frozen=True)
class FittedText:
    """Surface numbers and word presence of text columns.

    Parameters
    ----------
    texts : tuple of Vocabulary
        One a column.

    Examples
    --------
    >>> FittedText((Vocabulary("title", ("characters",), ()),)).columns
    ('title',)
    """

    name: ClassVar[str] = "text"

    texts: tuple[Vocabulary, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns."""
        return tuple(text.column for text in self.texts)

    @cached_property
    def number_names(self) -> tuple[str, ...]:
        """The features it makes."""
        return tuple(name for text in self.texts for name in text.names)

    @property
    def code_names(self) -> tuple[str, ...]:
        """None: all of its features are numbers."""
        return ()

    def transform(self, table: Table) -> Matrix:
        """Make float32 features, NaN for a missing text; raises `ColumnError` when absent."""
        columns = read(table, self.columns, [Kind.TEXT] * len(self.texts))
        numbers = np.empty((table.height, len(self.number_names)), np.float32)
        start = 0
        for text, series in zip(self.texts, columns, strict=True):
            stop = start + len(text.names)
            text.fill(table, series, numbers[:, start:stop])
            start = stop
        return Matrix.of_numbers(numbers, self.number_names)

    def export(self) -> State:
        """Give the whole state."""
        columns = [
            {"column": text.column, "surface": list(text.surface), "words": list(text.words)}
            for text in self.texts
        ]
        return State(config={"columns": columns})

    @classmethod
    def restore(cls, state: State) -> FittedText:
        """Rebuild from an exported state; raises `ModelFileError` when it is unsound."""
        with sound_state(cls.name):
            found = tuple(
                Vocabulary(str(item["column"]), texts(item, "surface"), texts(item, "words"))
                for item in state.config["columns"]
            )
            for text in found:
                if len(set(text.words)) != len(text.words):
                    raise ValueError(f"a word of {text.column!r} comes twice")
                if not set(text.surface) <= set(_SURFACE):
                    raise ValueError(f"a surface number of {text.column!r} is unknown")
            return cls(found)


@dataclass(frozen=True)
class Text:
    """Measure free text cheaply, without a language model.

    The surface numbers are the characters, the words, the shares of digits, capitals and
    punctuation among the characters, and the links a word. Then come 0/1 features for the
    words that occur in 2 % to 80 % of the training texts, the most frequent ones first: a bag of
    words (Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008,
    chapter 6) of few dimensions. At most 20,000 texts choose the words, and the first 5,000
    characters of a text are searched for them.

    Parameters
    ----------
    words : int
        How many words at most; 0 for the surface numbers only.

    Raises
    ------
    OptionError
        When `words` is negative.

    Examples
    --------
    >>> import polars as pl
    >>> from modelwright.core.schema import Column, Schema
    >>> frame = pl.DataFrame({"note": ["A red car", "a blue car!", "red, so red", "red"]})
    >>> table = Table(frame, Schema((Column("note", Kind.TEXT),)))
    >>> fitted = Text(words=1).fit(table, Target(np.zeros(4)), seed=0)
    >>> fitted.number_names[-1]
    "note: has 'red'"
    >>> fitted.transform(table).numbers[:, -1].tolist()
    [1.0, 0.0, 1.0, 1.0]
    """

    uses_target: ClassVar[bool] = False

    words: int = 64

    def __post_init__(self) -> None:
        if self.words < 0:
            raise OptionError("words to be 0 or more", str(self.words))

    def fit(self, table: Table, y: Target, *, seed: int) -> FittedText | None:
        """Choose the words and the surface numbers that vary; None when there are none."""
        names = columns_of(table, Kind.TEXT)
        columns = read(table, names, [Kind.TEXT] * len(names))
        found = tuple(self._vocabulary(series, seed) for series in columns)
        useful = tuple(text for text in found if text.names)
        return FittedText(useful) if useful else None

    def _vocabulary(self, series: pl.Series, seed: int) -> Vocabulary:
        shape = _surface(series, _SURFACE)
        # That a text is missing is said once, by its characters.
        surface = tuple(
            s.name
            for s in shape
            if varies((s if s.name == "characters" else s.drop_nulls()).to_numpy())
        )
        return Vocabulary(series.name, surface, _common_words(series, self.words, seed))
