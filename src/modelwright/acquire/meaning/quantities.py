"""Numbers as people write them: with currency, unit, percent sign, separators, brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from modelwright.acquire.meaning.clocks import parse_clock

__all__ = [
    "BOUND",
    "Written",
    "bounded",
    "currency_of",
    "find_written",
    "is_currency",
    "parse_numbers",
    "parts_of",
]

BOUND = "<"
"""What stands before numbers of which some are bounds of what could not be measured: <0.3, >90."""
_BOUNDS = r"[<>\u2264\u2265~\u2248]=?"
# A bound lies this share of itself beyond it: apart from the number, and near to nothing else.
_BEYOND = 1e-6

_CODES = (
    "USD|EUR|GBP|JPY|CNY|RMB|INR|CHF|CAD|AUD|NZD|HKD|SGD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|BRL|MXN|ZAR"
    "|KRW|TRY|THB|IDR|ILS|NGN|KES|US\\$|C\\$|A\\$|R\\$|Rs\\.?|Fr\\.?|kr\\.?|zł|Kč"
)
_CURRENCY = re.compile(rf"(?i:{_CODES})|[$€£¥₹₽₩₺₴₦฿₫₪₱¢]")
# Signs and names of one currency; a sign that several share is the one it mostly is.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "RMB": "CNY", "₹": "INR",
        "RS": "INR", "RS.": "INR", "C$": "CAD", "A$": "AUD", "R$": "BRL", "₽": "RUB", "₩": "KRW",
        "₺": "TRY", "₪": "ILS", "฿": "THB", "₦": "NGN", "ZŁ": "PLN", "KČ": "CZK", "FR": "CHF",
        "FR.": "CHF", "KR.": "KR",
    }
)  # fmt: skip
_SCALES: Mapping[str, float] = MappingProxyType(
    {
        "k": 1e3, "tsd": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "mm": 1e6,
        "million": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9, "t": 1e12, "tn": 1e12,
        "trillion": 1e12, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "cr": 1e7,
        "crore": 1e7, "crores": 1e7,
    }
)  # fmt: skip
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
# Alone, these are a scale; "m" and "t" alone are likelier metres and tonnes.
_SURE_SCALES = frozenset(_SCALES) - {"m", "t", "b", "mm", "tn"} | {"M", "B"}
_SHORT_UNITS = frozenset(["%", "‰", "°", "g", "m", "s", "h", "d", "l", "L", "W", "V", '"', "'"])
_NO_UNITS = frozenset(["st", "nd", "rd", "th", "am", "pm", "e", "x"])
_SPACES = r"[\u00a0\u2007\u2009\u202f]"
_CORES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("", "."): r"\d+(?:\.\d*)?|\.\d+",
        (",", "."): r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+",
        ("", ","): r"\d+(?:,\d*)?|,\d+",
        (".", ","): r"\d{1,3}(?:\.\d{3})+(?:,\d*)?|\d+(?:,\d*)?|,\d+",
        (" ", "."): r"\d{1,3}(?: \d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+",
        (" ", ","): r"\d{1,3}(?: \d{3})+(?:,\d*)?|\d+(?:,\d*)?|,\d+",
        ("'", "."): r"\d{1,3}(?:['\u2019]\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+",
        ("'", ","): r"\d{1,3}(?:['\u2019]\d{3})+(?:,\d*)?|\d+(?:,\d*)?|,\d+",
    }
)
_ANY = (
    r"^(?P<open>\()?\s*(?P<sign>[-+]?)\s*(?P<before>[^\d\s.,'\u2019()+-][^\d\s,()+-]{0,3})?\s*"
    r"(?P<inner>[-+]?)\s*(?P<core>[.,]?\d[\d.,'\u2019 ]*?)(?P<gap>\s*)"
    r"(?P<after>/\s?\d{1,3}|[^\d\s.,'\u2019()+-][^\d(),;:|+]{0,23})?(?P<last>-)?\s*\)?$"
)


@dataclass(frozen=True)
class Written:
    """How the numbers of a column are written.

    Parameters
    ----------
    before, after : str
        A currency before the digits, or `BOUND`; a unit, percent sign or currency behind them. A
        cell without them is read the same, and so is one with another name of the same currency,
        before the digits or behind them: $5, USD 5, 5 USD.
    group, decimal : str
        What parts thousands (empty: nothing) and what marks decimals.
    scaled : bool
        Whether K, M, B and their like stand behind the digits, and multiply.

    Examples
    --------
    >>> Written("$", "", ",", ".", scaled=True).example()
    '$1,234.5K'
    >>> Written.of("12 kg")
    Written(before='', after='kg', group='', decimal='.', scaled=False)
    """

    before: str = ""
    after: str = ""
    group: str = ""
    decimal: str = "."
    scaled: bool = False

    def example(self) -> str:
        """Give a number written so, from which `of` reads it back."""
        if self.group:
            digits = f"1{self.group}234{self.decimal}5"
        else:
            digits = "12" if self.decimal == "." else "1,5"
        gap = " " if self.after and (self.after[0].isalpha() or self.group == " ") else ""
        front = self.before + " " * bool(re.search(r"\w\.?$", self.before))
        return f"{front}{digits}{'K' * self.scaled}{gap}{self.after}"

    @classmethod
    def of(cls, example: str) -> Written | None:
        """Read how numbers are written from an example of one; None when it is none."""
        text = re.sub(_SPACES, " ", example).strip()
        found = re.fullmatch(
            r"(?P<before>\D*?)(?P<digits>\d[\d.,' ]*\d|\d)(?P<after>/\s?\d{1,3}|\D*)", text
        )
        if found is None:
            return None
        digits = found["digits"]
        group = re.match(r"\d{1,3}(?:([.,' ])\d{2,3})*([.,' ])\d{3}(?!\d)", digits)
        thousands = group[2] if group else ""
        rest = digits[group.end() :] if group else digits
        mark = re.search(r"[.,]", rest)
        decimal = mark[0] if mark else "," if thousands == "." else "."
        if thousands == decimal:
            return None
        after = found["after"].strip()
        scaled = re.match(r"K(?![A-Za-z])", after) is not None
        after = after[1:].strip() if scaled else after
        before = found["before"].strip().lstrip("(").removesuffix("-").strip()
        return cls(before, after.rstrip(")"), thousands, decimal, scaled)

    def pattern(self) -> str:
        """Give the regular expression of a cell, with the groups that `parse_numbers` reads."""
        core = _CORES[self.group, self.decimal]
        exponent = r"(?:[eE][-+]?\d{1,3})?" if self.decimal == "." and not self.scaled else ""
        scale = rf"(?:\s*(?P<scale>(?i:{_SCALE}))\b\.?)?" if self.scaled else ""
        money = next((word for word in (self.before, self.after) if is_currency(word)), "")
        front, back = (_ways_of(word or money) for word in (self.before, self.after))
        before = rf"(?:(?i:{front})\s*)?" if front else ""
        after = rf"(?:\s*(?i:{back}))?" if back else ""
        return (
            rf"^(?P<open>\()?\s*(?P<sign>[-+]?)\s*{before}(?P<inner>[-+]?)\s*"
            rf"(?P<core>(?:{core}){exponent}){scale}{after}\s*(?P<last>-?)\s*(?P<close>\))?{after}$"
        )


def _ways_of(unit: str) -> str:
    """Give the pattern of a unit, singular or plural, or of all names of one currency."""
    if unit == BOUND:
        return _BOUNDS
    if is_currency(unit):
        own = currency_of(unit)
        names = {unit, own, *(sign for sign, name in _NAMES.items() if name == own)}
        return "|".join(re.escape(name) for name in sorted(names, key=lambda n: (-len(n), n)))
    escaped = re.escape(unit)
    plural = len(unit) > 2 and unit[-1].isalpha()
    return f"{escaped.removesuffix('s').removesuffix('S')}s?" if plural else escaped


def parse_numbers(values: pl.Series, format: str) -> pl.Series:
    """Read numbers that are written in one way; what is not is null.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        Null stays null.
    format : str
        An example of how they are written, such as ``"$1,234.5"``, ``"1.234,5 %"`` or ``"12 kg"``;
        ``"%H:%M"`` for times of day and ``"%Hh %Mm"`` for durations, which become seconds.

    Returns
    -------
    polars.Series of Float64

    Examples
    --------
    >>> parse_numbers(pl.Series(["$1,200", "(3.5)", "-$7", "1.2.3"]), "$1,234.5").to_list()
    [1200.0, -3.5, -7.0, None]
    >>> parse_numbers(pl.Series(["1.5K", "2M", "12"]), "12K").to_list()
    [1500.0, 2000000.0, 12.0]
    """
    if format.startswith("%"):
        return parse_clock(values, format)
    written = Written.of(format) or Written()
    found = _tidy(values).str.extract_groups(written.pattern()).struct.unnest()
    core = found["core"]
    if written.group:
        core = core.str.replace_all(f"[{written.group}\u2019]" if written.group == "'" else
                                    written.group, "", literal=written.group != "'")  # fmt: skip
    if written.decimal == ",":
        core = core.str.replace(",", ".", literal=True)
    numbers = core.cast(pl.Float64, strict=False)
    if written.scaled:
        factors = found["scale"].str.to_lowercase().replace_strict(
            dict(_SCALES), default=None, return_dtype=pl.Float64
        )  # fmt: skip
        numbers = numbers * factors.fill_null(1.0)
    minus = (found["sign"] == "-") | (found["inner"] == "-") | (found["last"] == "-")
    minus |= (found["open"] == "(").fill_null(value=False)
    result = found.select(pl.when(minus).then(-numbers).otherwise(numbers)).to_series()
    if written.before == BOUND:
        result += _side(values) * _BEYOND * result.abs()
    return result.alias(values.name)


def _side(values: pl.Series) -> pl.Series:
    """Say on which side of its number each bound lies: -1 below, 1 above, 0 where it is none."""
    sides = {"<": -1.0, "\u2264": -1.0, ">": 1.0, "\u2265": 1.0}
    signs = values.str.extract(r"^\s*([<>\u2264\u2265])")
    return signs.replace_strict(sides, default=0.0, return_dtype=pl.Float64).fill_null(0.0)


def bounded(values: pl.Series) -> pl.Series:
    """Tell which texts are bounds of numbers, such as <0.3, >= 90 and ~5.

    Examples
    --------
    >>> bounded(pl.Series(["<0.3", "0.3", ">= 90", "<b>"])).to_list()
    [True, False, True, False]
    """
    return values.str.contains(rf"^\s*{_BOUNDS}\s*[-+]?[.,]?\d[\d.,]*\s*$")


def _tidy(values: pl.Series) -> pl.Series:
    """Strip text, and write every blank and every minus in one way."""
    if values.str.contains(r"[^\x00-\x7f]").any():
        values = values.str.replace_all(_SPACES, " ").str.replace_all("[\u2212\u2013]", "-")
    return values.str.strip_chars()


def is_currency(word: str) -> bool:
    """Tell whether a word or a sign is one of money.

    Examples
    --------
    >>> is_currency("€"), is_currency("eur"), is_currency("kg")
    (True, True, False)
    """
    return _CURRENCY.fullmatch(word) is not None


def currency_of(word: str) -> str:
    """Name a currency in one way, whatever sign or name it is written with.

    Examples
    --------
    >>> currency_of("€"), currency_of("eur"), currency_of("US$")
    ('EUR', 'EUR', 'USD')
    """
    upper = word.upper()
    return _NAMES.get(upper, upper)


def parts_of(values: pl.Series, *, scales: bool = True) -> pl.DataFrame:
    """Take amounts apart: what stands before the digits and behind them, without a scale.

    Parameters
    ----------
    values : polars.Series of String, shape (n_rows,)
        As found.
    scales : bool
        Whether "m" behind the digits may stand for millions, and not for metres.

    Returns
    -------
    polars.DataFrame, shape (n_rows, 2)
        Columns ``before`` and ``after``; empty where nothing stands there, or no number.

    Examples
    --------
    >>> parts_of(pl.Series(["$5", "7K EUR", "none"])).rows()
    [('$', ''), ('', 'EUR'), ('', '')]
    """
    found = _tidy(values).str.extract_groups(_ANY).struct.unnest()
    after = pl.col("after").fill_null("").str.strip_chars()
    if scales:
        after = after.str.replace(rf"(?i)^(?:{_SCALE})\b\.?\s*", "")
    return found.select(pl.col("before").fill_null(""), after)


def find_written(values: pl.Series) -> tuple[Written | None, str]:
    """Find how the numbers among some texts are written.

    Parameters
    ----------
    values : polars.Series of String
        Distinct and stripped, none missing; some may be no numbers.

    Returns
    -------
    written : Written or None
        None when fewer than half of the values are numbers written in one way.
    evidence : str
        What is unsure, or why there is no one way; else empty.

    Examples
    --------
    >>> find_written(pl.Series(["1.234,5 €", "7 €"]))
    (Written(before='', after='€', group='.', decimal=',', scaled=False), '')
    >>> find_written(pl.Series(["12 kg", "30 lb"]))
    (None, 'numbers of different units, such as kg and lb')
    """
    found = _tidy(values).str.extract_groups(_ANY).struct.unnest()
    found = found.filter(pl.col("core").is_not_null())
    if 2 * found.height < len(values):
        return None, ""
    before, mixed = _before(found["before"].fill_null(""))
    if before is None:
        return None, mixed
    after, scaled, mixed = _after(found, before)
    if after is None:
        return None, mixed
    cores = found["core"].str.strip_chars()
    separators, unsure = _separators(cores)
    if separators is None:
        return None, ""
    group, decimal = separators
    money = any(_CURRENCY.fullmatch(word) for word in (before, after))
    return Written(before, after, group, decimal, scaled), "" if money else unsure


def _before(before: pl.Series) -> tuple[str | None, str]:
    words = before.filter(before != "").unique(maintain_order=True).to_list()
    if not words:
        return "", ""
    if all(re.fullmatch(_BOUNDS, word) for word in words):
        return BOUND, ""
    if len({currency_of(word) for word in words}) > 1:
        sure = all(_CURRENCY.fullmatch(word) for word in words)
        return None, f"amounts in different currencies, {_some(words)}" if sure else ""
    return (words[0], "") if _CURRENCY.fullmatch(words[0]) else (None, "")


def _after(found: pl.DataFrame, before: str) -> tuple[str | None, bool, str]:
    """Give the unit behind the digits, whether there is a scale, and what is mixed."""
    texts = found["after"].fill_null("").str.strip_chars()
    words = texts.filter(texts != "").unique(maintain_order=True).to_list()
    if not words:
        return "", False, ""
    heads = [re.match(rf"(?i)({_SCALE})\b\.?\s*(.*)$", word) for word in words]
    scales = {head[1] for head in heads if head}
    scaled = any(head for head in heads) and (
        bool(scales & _SURE_SCALES) or len({s.lower() for s in scales}) > 1
        or bool(before) or any(head and head[2] for head in heads)
    )  # fmt: skip
    if scaled:
        words = [head[2] if head else word for word, head in zip(words, heads, strict=True)]
    units: dict[str, str] = {}
    for word in filter(None, words):
        units.setdefault(currency_of(word) if is_currency(word) else _singular(word), word)
    if not units:
        return "", scaled, ""
    apart = (found["gap"] != "").any()
    if len(units) > 1:
        sure = len(units) <= 4 and all(_is_unit(word, apart) for word in units.values())
        return None, False, f"numbers of different units, {_some(list(units))}" if sure else ""
    unit = next(iter(units.values()))
    return (unit, scaled, "") if _is_unit(unit, apart) else (None, False, "")


def _singular(unit: str) -> str:
    folded = unit.casefold()
    return folded.removesuffix("s") if len(folded) > 2 else folded


def _is_unit(unit: str, apart: object) -> bool:
    if unit.lower() in _NO_UNITS or len(unit) > 16 or len(unit.split()) > 3:
        return False
    known = unit in _SHORT_UNITS or _CURRENCY.fullmatch(unit) is not None
    known = known or re.fullmatch(r"/\s?\d+", unit) is not None
    return known or len(unit) > 1 or (bool(apart) and unit.isalpha())


def _separators(cores: pl.Series) -> tuple[tuple[str, str] | None, str]:
    """Choose what parts thousands and marks decimals; all numbers but one in 1,000 fit it."""
    fits = [
        pair
        for pair, core in _CORES.items()
        if (~cores.str.contains(rf"^(?:{core})$")).sum() <= len(cores) // 1000
    ]
    if not fits:
        return None, ""
    # A zero before the only comma starts a fraction: "0,123" is no group of thousands.
    if (",", ".") in fits and ("", ",") in fits and cores.str.contains(r"^0,\d*[1-9]").any():
        fits.remove((",", "."))
    if (",", ".") in fits and ("", ",") in fits and ("", ".") not in fits:
        return (",", "."), "a comma could also mark decimals"
    if ("", ".") in fits and (".", ",") in fits and cores.str.contains(".", literal=True).any():
        return ("", "."), "a dot could also part thousands"
    return fits[0], ""


def _some(words: list[str]) -> str:
    return f"such as {words[0]} and {words[1]}"
