"""Units of measurement: what each measures, and how one becomes another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

__all__ = ["Unit", "unit_of", "unit_word"]


@dataclass(frozen=True)
class Unit:
    """What a unit measures, and what it is worth.

    Parameters
    ----------
    kind : str
        Such as mass or length.
    factor, offset : decimal.Decimal
        A measurement times `factor` plus `offset` is one in the usual unit of its kind. A factor of
        0 stands for a unit of which the worth is not certain: a gallon, a month, a megabyte.

    Examples
    --------
    >>> str(unit_of("lbs").to(unit_of("kg"))[0])
    '0.45359237'
    """

    kind: str
    factor: Decimal
    offset: Decimal = Decimal(0)

    def to(self, other: Unit) -> tuple[Decimal, Decimal] | None:
        """Give what to multiply by, and what to add then; None where nobody can say."""
        if self.kind != other.kind or not (self.factor and other.factor):
            return None
        return self.factor / other.factor, (self.offset - other.offset) / other.factor


# The worth of each unit, and its names in small letters; a plural s is left out.
_WORTH: Mapping[str, Mapping[str, str]] = {
    "mass": {
        "0.000001": "mg milligram", "0.001": "g gram gr gramme",
        "1": "kg kilo kilogram kilogramme", "1000": "t tonne", "0.45359237": "lb pound",
        "0.028349523125": "oz ounce", "6.35029318": "st stone", "0": "ton",
    },
    "length": {
        "0.001": "mm millimetre millimeter", "0.01": "cm centimetre centimeter",
        "1": "m metre meter", "1000": "km kilometre kilometer", "0.0254": "in inch inches",
        "0.3048": "ft foot feet", "0.9144": "yd yard", "1609.344": "mi mile", "0": "nm",
    },
    "volume": {
        "0.001": "ml millilitre milliliter cc", "0.01": "cl", "0.1": "dl", "1": "l litre liter",
        "1000": "m3 m³", "0": "gal gallon qt quart pt pint cup",
    },
    "area": {
        "1": "sqm m2 m²", "0.09290304": "sqft ft2 ft²", "10000": "ha hectare",
        "4046.8564224": "acre", "1000000": "km2 km²",
    },
    "time": {
        "0.001": "ms", "1": "s sec second", "60": "min minute", "3600": "h hr hour",
        "86400": "d day", "604800": "wk week", "0": "month mo year yr",
    },
    "speed": {
        "0.2777777777777777777777777778": "km/h kph kmh", "0.44704": "mph", "1": "m/s",
        "0.5144444444444444444444444444": "knot kt kn",
    },
    "power": {"1": "w watt", "1000": "kw kilowatt", "735.49875": "ps", "0": "mw hp bhp"},
    "energy": {"1": "j", "1000": "kj", "3600": "wh", "3600000": "kwh", "0": "cal kcal mwh"},
    "pressure": {
        "1": "pa", "100": "hpa mbar", "1000": "kpa", "100000": "bar",
        "6894.757293168": "psi", "101325": "atm", "133.322387415": "mmhg",
    },
    "data": {"0": "b byte kb mb gb tb kib mib gib"},
}  # fmt: skip
_DEGREES = {
    "°c c celsius": Unit("temperature", Decimal(1)),
    "°f f fahrenheit": Unit("temperature", Decimal(5) / 9, Decimal(-160) / 9),
    "k kelvin": Unit("temperature", Decimal(1), Decimal("-273.15")),
}
_UNITS: Mapping[str, Unit] = MappingProxyType(
    {
        word: Unit(kind, Decimal(factor))
        for kind, worth in _WORTH.items()
        for factor, words in worth.items()
        for word in words.split()
    }
    | {word: unit for words, unit in _DEGREES.items() for word in words.split()}
)


def unit_word(text: str) -> str:
    """Write a unit in one way, singular and in small letters; empty for a word that is none.

    Examples
    --------
    >>> unit_word("Lbs."), unit_word("°C"), unit_word("EUR")
    ('lb', '°c', '')
    """
    folded = text.casefold().rstrip(".")
    if folded in _UNITS:
        return folded
    single = folded.removesuffix("s")
    return single if single in _UNITS else ""


def unit_of(text: str) -> Unit | None:
    """Give what is known of a unit, by any of its names.

    Examples
    --------
    >>> unit_of("Stunden"), unit_of("hours").kind
    (None, 'time')
    """
    return _UNITS.get(unit_word(text))
