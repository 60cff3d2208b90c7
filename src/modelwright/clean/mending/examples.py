"""Rules of rewriting, found by example: what was written, and what it should have said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from modelwright.clean.mending.rewriting import (
    DIGITS,
    LETTERS,
    Keep,
    Part,
    Reend,
    Retoken,
    Rewrite,
    shape,
    tokens,
)

__all__ = ["Example", "Learned", "learn", "usual_shapes"]

_PROGRAMS = 8
_EXAMPLES = 4_000
_JUDGED = 80
_LONGEST_NEW = 16
# A rule is for what is odd: where it would change this share of the good values, it is wrong.
_TOUCHED = 0.02
_FEWEST = 3
_RIGHT = 0.6
# Shapes that so large a share of the good values has, and all of them together.
_SHAPE, _SHAPES = 0.03, 0.6


@dataclass(frozen=True)
class Example:
    """A value, and what it should have said.

    Parameters
    ----------
    old, new : str
        Equal where the value was right.
    weight : float
        1 when somebody said so; less when it is what similar rows say.
    """

    old: str
    new: str
    weight: float = 1.0


@dataclass(frozen=True)
class Learned:
    """A rule of rewriting, and how far to trust it.

    Parameters
    ----------
    rewrite : Rewrite
        The rule.
    right : float
        The share of the examples that it gets right, drawn towards a half where there are few.
    support : int
        Different values on which it was right.
    """

    rewrite: Rewrite
    right: float
    support: int


def learn(examples: Iterable[Example], good: Mapping[str, int]) -> list[Learned]:
    """Find the rules that explain some examples and leave good values alone.

    Parameters
    ----------
    examples : iterable of Example
        Values of one column.
    good : mapping of str to int
        Values that are believed right, and how many rows have them.

    Returns
    -------
    list of Learned
        The most trusted first.

    Examples
    --------
    >>> examples = [Example(f"{n} oz", str(n)) for n in (8, 12, 16)]
    >>> [str(one.rewrite) for one in learn(examples, {"10": 4, "14": 2})][0]
    "' oz' at the end is left out"
    """
    merged: dict[tuple[str, str], float] = defaultdict(float)
    for one in examples:
        merged[one.old, one.new] = max(merged[one.old, one.new], one.weight)
    pairs = [Example(*pair, weight) for pair, weight in islice(merged.items(), _EXAMPLES)]
    by: dict[Rewrite, float] = defaultdict(float)
    for one in pairs:
        if one.old != one.new:
            for rule in _proposed(one.old, one.new):
                by[rule] += one.weight
    keep = Keep(usual_shapes(good))
    likely = sorted(by, key=lambda rule: (-by[rule], repr(rule)))[:_JUDGED]
    found = [_judged(rule, pairs) for rule in ([keep] if keep.shapes else []) + likely]
    wanted = [one for one in found if one is not None and _touched(one.rewrite, good) <= _TOUCHED]
    # of rules that are right equally often the plainer one, and the more general one
    return sorted(wanted, key=lambda one: (-one.right, -one.support, _special(one.rewrite)))


def _special(rule: Rewrite) -> tuple[int, int, str]:
    numbers = sum(part.isdigit() for part in rule.like) if isinstance(rule, Retoken) else 0
    return (Reend, Retoken, Keep).index(type(rule)), numbers, repr(rule)


def _judged(rule: Rewrite, pairs: Sequence[Example]) -> Learned | None:
    right = wrong = 0.0
    said, old = False, set()
    for one in pairs:
        new = rule.apply(one.old)
        if new is None or new == one.old:
            continue
        if new == one.new:
            right += one.weight
            said = said or one.weight >= 1
            old.add(one.old)
        else:
            wrong += one.weight
    share = (right + 0.5) / (right + wrong + 1.0)
    # one letter in place of another may be a slip; what is left out, or put in order, is a habit
    slip = isinstance(rule, Reend) and bool(rule.find and rule.put)
    enough = len(old) >= (_FEWEST if not said else 2 if slip else 1)
    return Learned(rule, share, len(old)) if enough and share >= _RIGHT else None


def _touched(rule: Rewrite, good: Mapping[str, int]) -> float:
    looked = list(islice(good.items(), _EXAMPLES))
    changed = sum(count for value, count in looked if rule.apply(value) not in (None, value))
    return changed / max(sum(count for _, count in looked), 1)


def usual_shapes(good: Mapping[str, int]) -> tuple[str, ...]:
    """List the few ways in which most values of a column are written; none where there are many.

    Examples
    --------
    >>> usual_shapes({"7:10 a.m.": 5, "9:05 p.m.": 4, "noon": 1}), usual_shapes({"a b": 9})
    (('9:9 a.m.', '9:9 p.m.'), ())
    """
    counts: Counter[str] = Counter()
    for value, count in good.items():
        counts[shape(value)] += count
    whole = sum(counts.values())
    often = sorted(one for one, count in counts.items() if count >= _SHAPE * whole)
    telling = [one for one in often if "9" in one and len(tokens(one)) > 1]
    covered = sum(counts[one] for one in telling)
    return tuple(telling) if whole and covered >= _SHAPES * whole else ()


def _proposed(old: str, new: str) -> Iterator[Rewrite]:
    yield from _pieces(old, new)
    yield from _programs(old, new)


def _pieces(old: str, new: str) -> Iterator[Reend]:
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    find, put = old[start : len(old) - end], new[start : len(new) - end]
    if start and not end:
        yield Reend(find, put, "end")
    elif end and not start:
        yield Reend(find, put, "start")
    elif find and start and end:
        yield Reend(find, put, "within")


def _shared(one: str, other: str) -> int:
    """Count the letters that two texts begin with."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _programs(old: str, new: str) -> Iterator[Retoken]:
    before, after = tokens(old), tokens(new)
    if not before or not 0 < len(after) <= _LONGEST_NEW:
        return
    choices = [_sources(token, before) for token in after]
    if not all(choices):
        return
    for chosen in islice(product(*choices), _PROGRAMS):
        used = {part if isinstance(part, int) else part[0]
                for part in chosen if not isinstance(part, str)}  # fmt: skip
        if used:
            becomes = _merged(chosen)
            yield from {Retoken(_pattern(before, used, exact), becomes) for exact in (False, True)}


def _sources(token: str, before: Sequence[str]) -> list[Part]:
    """List where a new part may come from: a part of the old value, or from nowhere."""
    if not token.isalnum():
        return [token]
    found: list[Part] = [place for place, part in enumerate(before) if part == token]
    if found:
        return found[:3]
    for place, part in enumerate(before):
        if token.isdigit() and part.isdigit():
            if part.lstrip("0") == token:
                found.append((place, "unpadded"))
            elif part.zfill(2) == token:
                found.append((place, "padded"))
        elif part.lower() == token.lower():
            cases = (("lower", token.lower()), ("upper", token.upper()), ("title", token.title()))
            found += [(place, name) for name, cased in cases if cased == token][:1]
    # a number out of nowhere is no rule
    return found[:3] or ([] if token.isdigit() else [token])


def _pattern(before: Sequence[str], used: set[int], exact: bool) -> tuple[str, ...]:
    """Say what the old parts have to be: those that are left out, `exact`, just what they were."""
    return tuple(
        part
        if place not in used and (exact or not part.isdigit())
        else DIGITS
        if part.isdigit()
        else LETTERS
        if part.isalpha()
        else part
        for place, part in enumerate(before)
    )


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Join neighbouring texts."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
