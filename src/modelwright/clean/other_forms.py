"""Cells that are built as the others of their column are, but for a sign or two.

Where nearly all cells are e-mail addresses, or codes of one form, or codes of currencies, a cell
that means the same thing and is written otherwise is wrong, whether there are one or fifty of them.
A cell that is another thing (a telephone number, a code of another family) is left alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from modelwright.clean.cells import Labels
from modelwright.clean.date_forms import other_dates
from modelwright.clean.mending.rewriting import Reend
from modelwright.clean.repairs import Means, Repair, Repairs
from modelwright.clean.shapes import shapes

__all__ = ["OtherForms", "other_forms", "reformed"]

_USUAL = 0.85  # of the cells are of the usual form
_FEWEST, _DIFFERENT = 50, 20
_VALUES = 20_000
_SHOWN, _SURE, _MAYBE = 0.99, 0.95, 0.8
_EMAIL = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_DOMAIN = re.compile(r"[\w-]+\.[A-Za-z]{2,}\Z")
_AT = re.compile(r"\s+at\s+|\s*[(\[{]at[)\]}]\s*|\s+@\s*|\s*@\s+", re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Z]{3}")
_SIGNS = {"\u20ac": ("EUR", _SURE), "\u00a3": ("GBP", _MAYBE), "$": ("USD", _MAYBE)}
_WORD = re.compile(r"[^\W\d_]+")
_MARK = re.compile(r"[\W_]")
_POINT = re.compile(r"(?<=9)([.,])(?=9)")
_LONGEST = 64


@dataclass(frozen=True)
class OtherForms:
    """Values of a column that are written otherwise than the others.

    Parameters
    ----------
    values : frozenset of str
        Which.
    new : mapping of str to (str, str, float)
        What they are in the usual form, by which rule, and how sure that is.
    means : mapping of str to Means
        What stands behind the words of the rules.
    """

    values: frozenset[str]
    new: Mapping[str, tuple[str, str, float]] = field(default_factory=dict)
    means: Mapping[str, Means] = field(default_factory=dict)


def other_forms(cells: Mapping[str, int]) -> OtherForms | None:
    """Find the values of a column that are written in another form than the others.

    Parameters
    ----------
    cells : mapping of str to int
        Its different values, the most frequent first, and how many cells hold each.

    Returns
    -------
    OtherForms or None
        None where there are none.

    Examples
    --------
    >>> cells = {f"AB-{i:05}": 1 for i in range(98)} | {"AB/00099": 1, "XY/7": 1}
    >>> sorted(other_forms(cells).values)
    ['AB/00099']
    """
    whole = sum(cells.values())
    if whole < _FEWEST or len(cells) > _VALUES:
        return None
    for look in (_dates, _emails, _currencies, _codes):
        found = look(cells)
        if found is not None:
            odd = sum(cells[text] for text in found.values)
            return found if odd <= (1 - _USUAL) * whole else None
    return None


def _dates(cells: Mapping[str, int]) -> OtherForms | None:
    found = other_dates(cells)
    if found is None:
        return None
    new = {
        text: (made, str(rule), sure)
        for text, (rule, sure) in found.rules.items()
        if (made := rule.apply(text)) is not None
    }
    return OtherForms(
        frozenset(found.values), new, {str(rule): rule for rule, _ in found.rules.values()}
    )


def _emails(cells: Mapping[str, int]) -> OtherForms | None:
    if not _mostly(cells, [text for text in cells if "@" in text]):
        return None
    good = [text for text in cells if _EMAIL.fullmatch(text)]
    if not _mostly(cells, good):
        return None
    homes = {one[0].lower() for text in good if (one := _DOMAIN.search(text))}
    odd = {text for text in cells.keys() - set(good) if _is_address(text, homes)}
    new: dict[str, tuple[str, str, float]] = {}
    means: dict[str, Means] = {}
    for text in odd:
        found = _AT.findall(text)
        rule = Reend(found[0], "@", "within") if len(found) == 1 else None
        made = None if rule is None else rule.apply(text)
        if made and _EMAIL.fullmatch(made):
            new[text] = made, str(rule), _MAYBE
            means |= {str(rule): rule} if rule is not None else {}
    return OtherForms(frozenset(odd), new, means) if odd else None


def _is_address(text: str, homes: set[str]) -> bool:
    """Tell whether something was meant to be one address: it names a home, or has the sign."""
    if text.count("@") > 1:
        return "@@" in text
    home = _DOMAIN.search(text.strip())
    return "@" in text or (home is not None and home[0].lower() in homes)


def _currencies(cells: Mapping[str, int]) -> OtherForms | None:
    odd = {text for text in cells if text in _SIGNS and _SIGNS[text][0] in cells}
    if not odd or not _mostly(cells, [text for text in cells if _CURRENCY.fullmatch(text)]):
        return None
    new = {}
    for text in odd:
        name, sure = _SIGNS[text]
        new[text] = name, f"{text!r} is the sign of {name!r}", sure
    return OtherForms(frozenset(odd), new)


def _mostly(cells: Mapping[str, int], some: Iterable[str]) -> bool:
    return sum(cells[text] for text in some) >= _USUAL * sum(cells.values())


def _codes(cells: Mapping[str, int]) -> OtherForms | None:
    """Compare codes of letters and digits that differ in nothing but their marks."""
    if len(cells) < _DIFFERENT:
        return None
    texts = list(cells)
    forms = dict(zip(texts, shapes(pl.Series(texts)).to_list(), strict=True))
    held: Counter[str] = Counter()
    for text, form in forms.items():
        held[form] += cells[text]
    usual, count = held.most_common(1)[0]
    built = _built(usual)
    plain = "9" in usual and "a" in built and len(usual) <= _LONGEST
    if not plain or count < _USUAL * sum(cells.values()):
        return None
    own = [text for text, form in forms.items() if form == usual]
    words = {word for text in own for word in _words(text)}
    odd = {
        text
        for text, form in forms.items()
        if form != usual and _built(form) == built and words.issuperset(_words(text))
    }
    if len(own) < _DIFFERENT or not odd:
        return None
    new: dict[str, tuple[str, str, float]] = {}
    means: dict[str, Means] = {}
    for text in odd:
        rule = _rule(forms[text], usual, text)
        made = None if rule is None else rule.apply(text)
        if made:
            new[text] = made, str(rule), _MAYBE
            means |= {str(rule): rule} if rule is not None else {}
    return OtherForms(frozenset(odd), new, means)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def _built(form: str) -> str:
    """Leave the marks out of a shape, but for those between digits: `1.5` is not `15` nor `1,5`."""
    kept = _POINT.sub(lambda found: "p" if found[1] == "." else "k", form)
    return re.sub("a+", "a", _MARK.sub("", kept).replace("A", "a"))


def _rule(form: str, usual: str, text: str) -> Reend | None:
    """Find the one mark that differs."""
    if len(form) != len(usual):
        return None
    pairs = [(one, other) for one, other in zip(form, usual, strict=True) if one != other]
    if len(pairs) != 1 or not all(_MARK.fullmatch(mark) for mark in pairs[0]):
        return None
    return Reend(*pairs[0], "within") if text.count(pairs[0][0]) == 1 else None


def reformed(cells: pl.DataFrame, labels: Labels | None = None, threshold: float = 0.9) -> Repairs:
    """Write cells in the form of the others of their column, where that says the same.

    Parameters
    ----------
    cells : polars.DataFrame
        Columns of text.
    labels : Labels, optional
        The right values of a few rows: they decide.
    threshold : float
        Repairs that are likelier right than so are applied.

    Returns
    -------
    Repairs

    Examples
    --------
    >>> days = [f"2024-01-{day:02}" for day in range(1, 31)] * 2 + ["25.12.2023"]
    >>> [(one.old, one.new, one.applied) for one in reformed(pl.DataFrame({"day": days}))]
    [('25.12.2023', '2023-12-25', True)]
    """
    found: list[Repair] = []
    means: dict[str, Means] = {}
    for column in cells:
        odd = other_forms(_counted(column))
        if odd is None or not odd.new:
            continue
        means |= odd.means
        judged = _judged(odd, column, labels)
        for row, text in enumerate(column.to_list()):
            if text in odd.new and odd.new[text][1] in judged:
                new, rule, sure = odd.new[text]
                sure = judged[rule] or sure
                found.append(Repair(row, column.name, text, new, rule, sure, sure >= threshold))
    return Repairs.of(found, means)


def _counted(column: pl.Series) -> dict[str, int]:
    counts = column.alias("value").drop_nulls().value_counts(name="cells")
    counts = counts.filter(pl.col("value") != "")
    return dict(counts.sort(["cells", "value"], descending=[True, False]).rows())


def _judged(odd: OtherForms, column: pl.Series, labels: Labels | None) -> dict[str, float]:
    """Say how sure labels make each rule, 0 for as sure as it was; leave out what they deny."""
    rules = {rule for _, rule, _ in odd.new.values()}
    shown: Counter[str] = Counter()
    against: Counter[str] = Counter()
    if labels is not None and column.name in labels.values.columns:
        said = zip(labels.rows.tolist(), labels.values[column.name].to_list(), strict=True)
        for row, text in said:
            if column[row] in odd.new and text:
                new, rule, _ = odd.new[column[row]]
                (shown if new == text else against)[rule] += 1
    kept = [rule for rule in rules if shown[rule] >= max(against[rule], 1) or not against[rule]]
    return {rule: _SHOWN if shown[rule] else 0.0 for rule in kept}
