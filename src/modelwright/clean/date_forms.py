"""Days that are written in another form than most of their column, and the same days in that one.

A day has one value in any form, so there is nothing to guess but the order of day and month: a
number above 12 tells, in the cell or in the others of its form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from modelwright.clean.mending.redating import FORMS, Redate, day_of

__all__ = ["OtherDates", "other_dates"]

_LOOKED = 50
_VALUES = 20_000  # different values of a column that are read, at most
_USUAL = 0.85  # of the cells are in the usual form
_FEWEST = 20
_TELLS = 2  # cells, before they settle the order of the others
_CERTAIN, _SETTLED, _CUSTOM = 0.98, 0.95, 0.85
# Forms in which day and month can be taken for each other, by what stands between them.
_DAY_FIRST = {
    "/": ("dd/mm/yyyy", "d/m/yyyy"),
    "-": ("dd-mm-yyyy",),
    ".": ("dd.mm.yyyy", "d.m.yyyy"),
}
_MONTH_FIRST = {"/": ("mm/dd/yyyy", "m/d/yyyy"), "-": ("mm-dd-yyyy",), ".": ()}
_ORDER = {
    form: mark for forms in (_DAY_FIRST, _MONTH_FIRST) for mark, each in forms.items()
    for form in each
}  # fmt: skip


@dataclass(frozen=True)
class OtherDates:
    """The values of a column that are days in another form than the usual one.

    Parameters
    ----------
    usual : str
        The form of most cells, of `FORMS`.
    values : tuple of str
        The others.
    rules : mapping of str to (Redate, float)
        How a value becomes a usual one, and how sure that is; not of those that may be two days.
    """

    usual: str
    values: tuple[str, ...]
    rules: Mapping[str, tuple[Redate, float]]


def other_dates(cells: Mapping[str, int]) -> OtherDates | None:
    """Find the days of a column that are written in another form than most.

    Parameters
    ----------
    cells : mapping of str to int
        Its different values, the most frequent first, and how many cells hold each.

    Returns
    -------
    OtherDates or None
        None where most cells are no days in one form, or all are in the same.

    Examples
    --------
    >>> cells = {f"2024-01-{day:02}": 1 for day in range(1, 31)} | {"25.12.2023": 1}
    >>> {old: rule.apply(old) for old, (rule, _) in other_dates(cells).rules.items()}
    {'25.12.2023': '2023-12-25'}
    """
    first = list(cells)[:_LOOKED]
    if len(cells) > _VALUES or 2 * sum(map(_may_be, first)) < len(first):
        return None
    read = {text: _forms(text) for text in cells if _may_be(text)}
    fits: Counter[str] = Counter()
    for text, forms in read.items():
        fits.update(dict.fromkeys(forms, cells[text]))
    if not fits:
        return None
    most = max(fits.values())
    usual = [form for form in FORMS if fits[form] == most]
    settled = len({form in _all(_DAY_FIRST) for form in usual}) == 1
    if most < max(_FEWEST, _USUAL * sum(cells.values())) or not settled:
        return None
    others = {text: forms for text, forms in read.items() if forms and usual[0] not in forms}
    if not others:
        return None
    return OtherDates(usual[0], tuple(others), _rules(others, usual[0], cells))


def _may_be(text: str) -> bool:
    return 8 <= len(text) <= 20 and sum(map(str.isdigit, text)) >= 5


def _forms(text: str) -> tuple[str, ...]:
    return tuple(form for form in FORMS if day_of(text, form) is not None)


def _all(forms: Mapping[str, tuple[str, ...]]) -> set[str]:
    return {form for each in forms.values() for form in each}


def _rules(
    others: Mapping[str, tuple[str, ...]], usual: str, cells: Mapping[str, int]
) -> dict[str, tuple[Redate, float]]:
    """Say how the others become usual ones; nothing where it may be one of two days."""
    day_first, month_first = _all(_DAY_FIRST), _all(_MONTH_FIRST)
    told: Counter[tuple[str, bool]] = Counter()
    for text, forms in others.items():
        order = _order(text, forms)
        if order is not None:
            told[_ORDER[forms[0]], order] += cells[text]
    found = {}
    for text, forms in others.items():
        mark = _ORDER.get(forms[0])
        if mark is None:
            found[text] = Redate(forms[0], usual), _CERTAIN
            continue
        # where the usual form has the same marks, another order in a few cells is a guess
        alike = mark == _ORDER.get(usual)
        order, sure = _order(text, forms), _CUSTOM if alike else _CERTAIN
        if order is None:
            days, months = told[mark, True], told[mark, False]
            if (days and months) or not (days or months or mark == "."):
                continue
            order = months == 0
            sure = _SETTLED if max(days, months) >= _TELLS and not alike else _CUSTOM
        fitting = [form for form in forms if form in (day_first if order else month_first)]
        found[text] = Redate(fitting[0], usual), sure
    return found


def _order(text: str, forms: tuple[str, ...]) -> bool | None:
    """Tell whether the day comes first, as a number above 12 shows; None where none does."""
    if forms[0] not in _ORDER:
        return None
    mark = _ORDER[forms[0]]
    one, other = (int(part) for part in text.split(mark)[:2])
    if one > 12:
        return True
    return False if other > 12 else None
