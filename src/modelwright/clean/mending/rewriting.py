r"""How one way of writing becomes another: five kinds of rules, plain enough for a file.

- `Retoken`: the value is cut into digits, letters, blanks and marks; if they are as the rule says,
  its parts are put together anew: ``7:10aDec 1`` becomes ``7:10 a.m.``.
- `Reend`: a piece at the start, at the end or somewhere within is replaced: ``12 oz``, ``12``.
- `Keep`: the one piece that is shaped like the other values of the column stays:
  ``10:30 p.m. (Estimated)`` becomes ``10:30 p.m.``.
- `Convert`: a measurement is written in another unit: ``154 lb`` becomes ``70 kg``.
- `Redate`: a date is written in another form: ``25.12.2023`` becomes ``2023-12-25``.

The first two are found by example (after FlashFill, Gulwani 2011; and the value models of Baran,
Mahdavi and Abedjan 2020), the others by what a column mostly holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelwright.clean.mending.converting import Convert, restore_convert
from modelwright.clean.mending.redating import Redate, restore_redate

__all__ = [
    "CHANGES",
    "DIGITS",
    "LETTERS",
    "Keep",
    "Part",
    "Reend",
    "Retoken",
    "Rewrite",
    "restore_rewrite",
    "shape",
    "tokens",
]

DIGITS = "\\d"
"""Stands for any digits in a rule."""
LETTERS = "\\a"
"""Stands for any letters in a rule."""

_TOKEN = re.compile(r"\d+|[^\W\d_]+|\s+|.", re.DOTALL)
_LONGEST = 200
_MOST = 40
_LONGEST_RULE = 10_000
_SHOWN = {DIGITS: "9", LETTERS: "a"}
CHANGES: Mapping[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "unpadded": lambda digits: digits.lstrip("0") or "0",
    "padded": lambda digits: digits.zfill(2),
}
"""How a part of a value may be changed."""
_TOLD = {
    "lower": "in small letters",
    "upper": "in capitals",
    "title": "with a capital first",
    "unpadded": "without leading zeros",
    "padded": "with two digits",
}

Part = int | str | tuple[int, str]


def tokens(text: str) -> list[str]:
    """Cut a text into digits, letters, blanks and single marks; nothing where it is very long.

    Examples
    --------
    >>> tokens("7:10aDec 1")
    ['7', ':', '10', 'aDec', ' ', '1']
    """
    if len(text) > _LONGEST:
        return []
    found = _TOKEN.findall(text)
    return found if len(found) <= _MOST else []


def shape(text: str) -> str:
    """Say how a text is written: a 9 for digits, the letters and marks as they are, one blank.

    Examples
    --------
    >>> shape("10:30 p.m."), shape("Rome  1")
    ('9:9 p.m.', 'a 9')
    """
    return "".join(_shaped(token) for token in _TOKEN.findall(text[:_LONGEST]))


def _shaped(token: str) -> str:
    if token.isdigit():
        return "9"
    if token.isspace():
        return " "
    # single letters are marks of a format (p.m., kg): longer words are content
    return "a" if token.isalpha() and len(token) > 2 else token


@dataclass(frozen=True)
class Retoken:
    r"""Put the parts of a value together anew.

    Parameters
    ----------
    like : tuple of str
        What the parts have to be: a text, ``\d`` for any digits, ``\a`` for any letters.
    becomes : tuple
        The new parts: a text, the place of a part, or that place and how it is changed: lower,
        upper, title, padded (to two digits), unpadded.

    Examples
    --------
    >>> rule = Retoken((DIGITS, ":", DIGITS, "aDec", " ", DIGITS), (0, 1, 2, " a.m."))
    >>> rule.apply("7:10aDec 1"), rule.apply("7:10 a.m.")
    ('7:10 a.m.', None)
    """

    like: tuple[str, ...]
    becomes: tuple[Part, ...]

    def apply(self, text: str) -> str | None:
        """Give the new text; None where the rule does not fit."""
        parts = tokens(text)
        if len(parts) != len(self.like) or not all(map(_fits, self.like, parts)):
            return None
        return "".join(_put(part, parts) for part in self.becomes)

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        becomes = [list(part) if isinstance(part, tuple) else part for part in self.becomes]
        return {"how": "parts", "like": list(self.like), "becomes": becomes}

    def __str__(self) -> str:
        old = [_SHOWN.get(part, part) for part in self.like]
        new = [part if isinstance(part, str) else old[_place(part)] for part in self.becomes]
        changed = dict.fromkeys(_TOLD[part[1]] for part in self.becomes if isinstance(part, tuple))
        how = f" {', '.join(changed)}" if changed else ""
        return f"{''.join(old)!r} is written {''.join(new)!r}{how}"


def _place(part: int | tuple[int, str]) -> int:
    return part if isinstance(part, int) else part[0]


def _fits(wanted: str, part: str) -> bool:
    if wanted == DIGITS:
        return part.isdigit()
    return part.isalpha() if wanted == LETTERS else part == wanted


def _put(part: Part, parts: Sequence[str]) -> str:
    if isinstance(part, str):
        return part
    return parts[part] if isinstance(part, int) else CHANGES[part[1]](parts[part[0]])


@dataclass(frozen=True)
class Reend:
    """Replace a piece of a value.

    Parameters
    ----------
    find, put : str
        The piece, and what comes in its place.
    where : str
        ``start``, ``end`` or ``within``: where it has to be; within, only once.

    Examples
    --------
    >>> Reend(" oz", "", "end").apply("12.0 oz"), Reend("0", "1", "within").apply("100")
    ('12.0', None)
    """

    find: str
    put: str
    where: str

    def apply(self, text: str) -> str | None:
        """Give the new text; None where the rule does not fit."""
        if self.where == "within":
            return text.replace(self.find, self.put) if text.count(self.find) == 1 else None
        starts = self.where == "start"
        holds = text.startswith if starts else text.endswith
        # what is only put there may be there already
        if not holds(self.find) or (not self.find and holds(self.put)):
            return None
        rest = text.removeprefix(self.find) if starts else text.removesuffix(self.find)
        return self.put + rest if starts else rest + self.put

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"how": "piece", "find": self.find, "put": self.put, "where": self.where}

    def __str__(self) -> str:
        place = {"start": "at the start", "end": "at the end"}.get(self.where, "within")
        done = f"becomes {self.put!r}" if self.put else "is left out"
        return f"{self.find!r} {place} {done}"


@dataclass(frozen=True)
class Keep:
    """Keep the one piece of a value that is shaped like the other values of the column.

    Parameters
    ----------
    shapes : tuple of str
        How they are written, as `shape` says it.

    Examples
    --------
    >>> rule = Keep(("9:9 p.m.", "9:9 a.m."))
    >>> rule.apply("12/02 6:55 a.m."), rule.apply("6:55 a.m."), rule.apply("soon")
    ('6:55 a.m.', None, None)
    """

    shapes: tuple[str, ...]

    def apply(self, text: str) -> str | None:
        """Give the piece; None where there is none, several, or nothing else."""
        parts = tokens(text)
        if len(parts) < 2 or shape(text) in self.shapes:
            return None
        lengths = {len(_TOKEN.findall(wanted)) for wanted in self.shapes}
        for length in sorted(lengths, reverse=True):
            found = []
            for start in range(len(parts) - length + 1):
                piece = parts[start : start + length]
                alone = not (_joined(parts, start) or _joined(parts, start + length))
                if alone and "".join(map(_shaped, piece)) in self.shapes:
                    found.append("".join(piece))
            if len(set(found)) == 1:
                return found[0]
            if found:
                return None
        return None

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        return {"how": "keep", "shapes": list(self.shapes)}

    def __str__(self) -> str:
        shown = ", ".join(repr(one) for one in self.shapes[:2])
        return f"only the part like {shown} stays"


def _joined(parts: Sequence[str], place: int) -> bool:
    """Tell whether a number or a word would be cut at this place: at a sign, say, or a point."""
    if not 0 < place < len(parts):
        return False
    left, right = parts[place - 1], parts[place]
    return (left in "-+.,:/" and right.isdigit()) or (left.isdigit() and right in ".,:/")


Rewrite = Retoken | Reend | Keep | Convert | Redate
"""A rule of any of the five kinds."""


def restore_rewrite(data: Mapping[str, Any]) -> Rewrite:
    """Read a rule from plain JSON.

    Parameters
    ----------
    data : mapping
        What `to_json` gave.

    Raises
    ------
    ValueError
        When it is no such rule.

    Examples
    --------
    >>> str(restore_rewrite({"how": "piece", "find": "%", "put": "", "where": "end"}))
    "'%' at the end is left out"
    """
    how = data.get("how")
    if how == "parts":
        like = _texts(data.get("like"))
        becomes = data.get("becomes")
        if not isinstance(becomes, list) or not like:
            raise ValueError("parts without what they become")
        if max(len(like), len(becomes)) > _MOST:
            raise ValueError(f"more than {_MOST} parts of a value")
        _check_short(*like, *(part for part in becomes if isinstance(part, str)))
        return Retoken(like, tuple(_part(part, len(like)) for part in becomes))
    if how == "piece":
        find, put, where = _texts([data.get(key) for key in ("find", "put", "where")])
        _check_short(find, put)
        if where not in ("start", "end", "within") or (where == "within" and not find):
            raise ValueError(f"a piece {where[:20]!r}")
        return Reend(find, put, where)
    if how == "keep":
        shapes = _texts(data.get("shapes"))
        if len(shapes) > _MOST or any(len(one) > _LONGEST for one in shapes):
            raise ValueError("more ways of writing than a column has")
        return Keep(shapes)
    if how == "unit":
        return restore_convert(data)
    if how == "date":
        return restore_redate(data)
    raise ValueError(f"a rule of the kind {str(how)[:20]!r}")


def _check_short(*texts: str) -> None:
    """Keep what is written anew of bounded length: it is written for every value of a column."""
    if sum(map(len, texts)) > _LONGEST_RULE:
        raise ValueError(f"a rule of more than {_LONGEST_RULE:,} letters")


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError("texts were to stand there")
    return tuple(given)


def _part(given: object, parts: int) -> Part:
    if isinstance(given, str):
        return given
    place, change = given if isinstance(given, list) and len(given) == 2 else (given, None)
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < parts:
        raise ValueError("a part that is not there")
    if change is None:
        return place
    if change not in CHANGES:
        raise ValueError("a change that nobody knows")
    return place, str(change)
