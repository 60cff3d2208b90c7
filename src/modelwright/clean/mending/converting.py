"""A measurement written in another unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from modelwright.core.units import unit_of

__all__ = ["MARKS", "Convert", "measured", "restore_convert"]

_AMOUNT = r"\s*([-+\u2212]?(?:\d{{1,3}}(?:\{0}\d{{3}})+|\d{{1,12}})(?:\{1}\d{{1,9}})?)"
_UNIT = r"\s*(\D\S{0,15})\s*"
MARKS = {
    ".": re.compile(_AMOUNT.format(",", ".") + _UNIT),
    ",": re.compile(_AMOUNT.format(".", ",") + _UNIT),
}
"""How measurements are written, by the mark of their decimals."""
_NEAR = Decimal("0.01")  # what rounding may change of a measurement
_DIGITS = 9
_LONGEST = 40


def measured(text: str, mark: str) -> tuple[Decimal, str] | None:
    """Read a number and the word behind it; None where a text is no such thing.

    Examples
    --------
    >>> measured("1,250.5 kg", "."), measured("7 of 9", ".")
    ((Decimal('1250.5'), 'kg'), None)
    """
    found = MARKS[mark].fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    digits = found[1].replace("\u2212", "-").replace("." if mark == "," else ",", "")
    return Decimal(digits.replace(",", ".")), found[2]


@dataclass(frozen=True)
class Convert:
    """Write measurements in one unit in another one.

    Parameters
    ----------
    find : str
        The unit that they are in; other names of it count too.
    put : str
        What comes behind the digits, with the blank before it.
    factor, shift : decimal.Decimal
        What to multiply by, and what to add then.
    digits : int
        Decimals that are written at least: more where rounding would change a hundredth, or
        where a power of ten only moves the point.
    mark : str
        What marks decimals.

    Examples
    --------
    >>> rule = Convert("lb", " kg", Decimal("0.45359237"), Decimal(0), 0)
    >>> rule.apply("154 lbs"), rule.apply("3 pounds"), rule.apply("70 kg"), rule.apply("lb")
    ('70 kg', '1.36 kg', None, None)
    """

    find: str
    put: str
    factor: Decimal
    shift: Decimal
    digits: int
    mark: str = "."

    def apply(self, text: str) -> str | None:
        """Give the new text; None where the rule does not fit."""
        read = measured(text, self.mark)
        if read is None or unit_of(read[1]) != unit_of(self.find):
            return None
        exact = read[0] * self.factor + self.shift
        rounded = self._rounded(exact)
        return f"{rounded:f}".replace(".", self.mark) + self.put

    def _rounded(self, exact: Decimal) -> Decimal:
        moved = self.factor.normalize().as_tuple().digits == (1,)
        allowed = Decimal(0) if moved else abs(exact) * _NEAR
        digits = self.digits
        while True:
            near = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
            if self.shift or abs(near - exact) <= allowed or digits >= _DIGITS:
                return near
            digits += 1

    def to_json(self) -> dict[str, Any]:
        """Give the rule as plain JSON."""
        numbers = {"factor": str(self.factor), "shift": str(self.shift)}
        return {"how": "unit", **vars(self), **numbers}

    def __str__(self) -> str:
        decimals = f" ({self.digits} decimals)" if self.digits else ""
        return f"{self.find!r} is converted to {self.put.strip()!r}{decimals}"


def restore_convert(data: Mapping[str, Any]) -> Convert:
    """Read such a rule from plain JSON.

    Raises
    ------
    ValueError
        When it is none.

    Examples
    --------
    >>> rule = Convert("cm", " m", Decimal("0.01"), Decimal(0), 2)
    >>> restore_convert(rule.to_json()) == rule
    True
    """
    find, put, factor, shift = (data.get(key) for key in ("find", "put", "factor", "shift"))
    digits, mark = data.get("digits"), data.get("mark")
    texts = [one for one in (find, put, factor, shift) if isinstance(one, str)]
    if len(texts) < 4 or max(map(len, texts)) > _LONGEST or unit_of(texts[0]) is None:
        raise ValueError("a unit that nobody knows")
    if type(digits) is not int or not 0 <= digits <= _DIGITS or mark not in MARKS:
        raise ValueError("measurements that nobody writes so")
    try:
        numbers = [Decimal(text) for text in texts[2:]]
    except InvalidOperation:
        raise ValueError("a conversion that is no number") from None
    if not all(one.is_finite() and abs(one.adjusted()) <= _DIGITS for one in numbers):
        raise ValueError("a conversion that is no number")
    return Convert(texts[0], texts[1], numbers[0], numbers[1], digits, mark)
