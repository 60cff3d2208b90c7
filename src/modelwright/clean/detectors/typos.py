"""Rare values and rare words that are nearly frequent ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.clean.coded import Coded
from modelwright.clean.detectors.grams import gram_support
from modelwright.clean.detectors.told import Told, silent
from modelwright.clean.distances import edit_distances
from modelwright.clean.quantities import Quantities

__all__ = ["Near", "misspelled", "near_frequent"]

Floats = NDArray[np.float64]

MEASURES = 6
_RARE = 4_000
_FREQUENT = 1_000
_SIZE = 256
_ODD = np.uint32(0x9E3779B1)
_TIMES = 3
_ASKED = 3
_LEAST = 0.3
_MOST = 0.1
_BORNE_OUT = 0.6
_LONGEST = 96
_LONGEST_TEXT = 1_000
_WORD = r"[\p{L}\p{N}][\p{L}\p{N}'-]{2,40}"
_WORDS = 200_000


@dataclass(frozen=True)
class Near:
    """The frequent text that each text is nearest to.

    Parameters
    ----------
    place : int array of shape (texts,)
        Its place; -1 where there is none.
    alike : float array of shape (texts,)
        From 0 to 1: the share of the longer text's letters that need not change.
    times : float array of shape (texts,)
        How many times as often it stands there.
    """

    place: NDArray[np.int64]
    alike: Floats
    times: Floats


def near_frequent(texts: Sequence[str], counts: NDArray[np.int64]) -> Near:
    """Find for each rare text the frequent one that is nearest to it.

    Candidates share most letters and pairs of letters; the best three are compared by edit
    distance. Texts that differ in digits only are different numbers, not typing errors; so are
    amounts, dates and codes that are built as is usual here, of other digits (`Quantities`).

    Parameters
    ----------
    texts : sequence of str
        Different ones, the most frequent first; at most 1,000 frequent and 4,000 rare ones are
        compared.
    counts : int array of shape (texts,)
        How often each stands there.

    Returns
    -------
    Near
        A frequent text stands there three times as often or more.

    Examples
    --------
    >>> found = near_frequent(["birmingham", "boaz", "birminghxm"], np.array([90, 20, 1]))
    >>> found.place.tolist(), found.alike.round(1).tolist()
    ([-1, -1, 0], [0.0, 0.0, 0.9])
    """
    place = np.full(len(texts), -1, np.int64)
    alike, times = np.zeros(len(texts)), np.ones(len(texts))
    frequent = np.flatnonzero(counts >= _TIMES)[:_FREQUENT]
    if not len(frequent) or len(texts) < 2:
        return Near(place, alike, times)
    rare = np.flatnonzero(counts * _TIMES <= counts[0])[-_RARE:]
    if not len(rare):
        return Near(place, alike, times)
    made = Quantities.of(dict(zip(texts, counts.tolist(), strict=True)))
    known = _letters([texts[i] for i in frequent.tolist()])
    for some in np.array_split(rare, -(-len(rare) // 1000)):
        close = _letters([texts[i] for i in some.tolist()]) @ known.T
        # only what stands there much more often counts
        close[counts[some][:, None] * _TIMES > counts[frequent]] = -1.0
        asked = min(_ASKED, len(frequent))
        best = np.argpartition(-close, asked - 1, axis=1)[:, :asked]
        left = np.repeat(some, asked)
        right = frequent[best.ravel()]
        usable = np.take_along_axis(close, best, axis=1).ravel() > 0.2
        left, right = left[usable], right[usable]
        share = _alike(texts, left, right, made)
        order = np.lexsort((-counts[right], -share, left))
        first = order[np.append(True, np.diff(left[order]) != 0)] if len(order) else order
        place[left[first]] = right[first]
        alike[left[first]] = share[first]
        times[left[first]] = counts[right[first]] / counts[left[first]]
    return Near(np.where(alike > 0, place, -1), alike, times)


def _alike(
    texts: Sequence[str], left: NDArray[np.int64], right: NDArray[np.int64], made: Quantities
) -> Floats:
    a = [texts[i][:_LONGEST] for i in left.tolist()]
    b = [texts[i][:_LONGEST] for i in right.tolist()]
    plain = [_without_digits(x) == _without_digits(y) for x, y in zip(a, b, strict=True)]
    near = np.flatnonzero(~(np.array(plain, np.bool_) | np.array(made.differ(a, b), np.bool_)))
    a, b = ([side[i] for i in near.tolist()] for side in (a, b))
    longest = np.array([max(len(x), len(y), 1) for x, y in zip(a, b, strict=True)])
    alike = 1 - edit_distances(a, b) / longest
    share = np.zeros(len(left))
    share[near] = np.where(alike < _LEAST, 0.0, alike)
    return share


_DIGITS = str.maketrans("", "", "0123456789")


def _without_digits(text: str) -> str:
    return text.translate(_DIGITS)


def _letters(texts: list[str]) -> NDArray[np.float32]:
    """Count letters and pairs of letters, hashed into 256 places; rows have length 1."""
    marked = [f"\x02{text[:_LONGEST].lower()}\x03" for text in texts]
    flat = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), np.uint32)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in marked])
    single = (flat * _ODD) >> np.uint32(24)
    double = ((flat[:-1] * np.uint32(31) + flat[1:]) * _ODD) >> np.uint32(24)
    inside = owner[:-1] == owner[1:]
    places = np.concatenate([owner * _SIZE + single, (owner[:-1] * _SIZE + double)[inside]])
    found = np.bincount(places, minlength=len(texts) * _SIZE).reshape(len(texts), _SIZE)
    vectors = np.sqrt(found).astype(np.float32)
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.asarray(vectors / norms, np.float32)


def misspelled(coded: Coded, column: int) -> Told:
    """Judge the values of a column by frequent values, and their words by frequent words.

    Parameters
    ----------
    coded : Coded
        The table.
    column : int
        Its place.

    Returns
    -------
    Told
    """
    values, counts = coded.values[column], coded.counts[column]
    if len(values) < 2:
        return silent(coded.height, MEASURES)
    whole = near_frequent(values.to_list(), counts)
    words = _worst_words(values, counts)
    by_value, by_word = _chance(whole.alike, whole.times), _chance(words.alike, words.times)
    by_value *= 1 - _BORNE_OUT * _written_elsewhere(values, counts)
    by_word *= _plausible(by_word, counts)
    chance = np.maximum(by_value * _plausible(by_value, counts), 0.9 * by_word)
    found = [
        whole.alike, np.log2(whole.times), by_value,
        words.alike, np.log2(words.times), by_word,
    ]  # fmt: skip
    measures = [coded.spread(column, np.asarray(one, np.float32)) for one in found]
    reason = f"nearly a value or word that is frequent in {coded.columns[column]!r}"
    told = coded.spread(column, chance.astype(np.float32))
    return Told(reason, told, np.column_stack(measures))


def _chance(alike: Floats, times: Floats) -> Floats:
    """Weigh how alike a rare text and a frequent one are, and how much more often that stands."""
    return 0.9 * np.clip((alike - 0.5) / 0.3, 0, 1) * np.clip(np.log2(times) / 4, 0, 1)


def _written_elsewhere(values: pl.Series, counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which values hold no letters in a row that no other value holds: codes, not typos."""
    taken = min(len(values), _RARE * 5)
    least, _ = gram_support(values[:taken], counts[:taken])
    others = np.exp(least) * (counts[:taken].sum() + 1.0) + 0.5 - counts[:taken]
    found = np.zeros(len(values), np.bool_)
    found[:taken] = others >= _TIMES
    return found


def _plausible(chance: Floats, counts: NDArray[np.int64]) -> float:
    """Doubt what would find very many cells of a column misspelled: words have forms."""
    share = float(counts[chance > 0.5].sum()) / max(float(counts.sum()), 1.0)
    return min(1.0, _MOST / share) if share else 1.0


def _worst_words(values: pl.Series, counts: NDArray[np.int64]) -> Near:
    """Give for each value the word of it that is most likely a frequent word misspelled."""
    none = Near(np.full(len(values), -1), np.zeros(len(values)), np.ones(len(values)))
    taken = min(len(values), _RARE * 5)
    texts = values[:taken].str.slice(0, _LONGEST_TEXT)
    held = (
        pl.DataFrame({"value": np.arange(taken), "count": counts[:taken]})
        .with_columns(word=texts.str.to_lowercase().str.extract_all(_WORD))
        .explode("word")
        .drop_nulls()
        .unique(["value", "word"])
    )
    if not held.height or held.height > _WORDS:
        return none
    words = (
        held.group_by("word")
        .agg(pl.col("count").sum())
        .sort(["count", "word"], descending=[True, False])
    )
    if words.height < 2:
        return none
    near = near_frequent(words["word"].to_list(), words["count"].to_numpy())
    judged = words.with_columns(
        alike=near.alike, times=near.times, chance=_chance(near.alike, near.times), place=near.place
    )
    worst = (
        held.join(judged.drop("count"), on="word")
        .sort(["value", "chance", "word"], descending=[False, True, False])
        .unique("value", keep="first", maintain_order=True)
    )
    at = worst["value"].to_numpy()
    none.place[at] = worst["place"].to_numpy()
    none.alike[at] = worst["alike"].to_numpy()
    none.times[at] = worst["times"].to_numpy()
    return none
