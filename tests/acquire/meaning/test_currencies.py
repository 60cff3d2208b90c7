"""Amounts in several currencies: told, counted, and what is advised works."""

from __future__ import annotations

import ast
import re

import polars as pl
import pytest

from modelwright.acquire import cast, infer, read_types
from modelwright.acquire.meaning.currencies import count_currencies
from modelwright.core.schema import Kind


def noted(values: list[str], target: str = "") -> tuple[Kind, str]:
    schema, notes = infer(pl.DataFrame({"price": values}), target=target)
    return schema["price"].kind, " ".join(notes)


@pytest.mark.parametrize(
    ("values", "kind", "found"),
    [
        (["$5", "6 EUR", "$7"], Kind.NUMBER, "$ in 2 rows, EUR in 1"),
        (["€ 5", "€ 7", "6 USD"], Kind.NUMBER, "€ in 2 rows, USD in 1"),
        (["$5", "€6", "$7"], Kind.CATEGORY, "$ in 2 rows, € in 1"),
        (["5 USD", "6 EUR", "7 USD"], Kind.CATEGORY, "USD in 2 rows, EUR in 1"),
        (["5€", "6€", "7$"], Kind.CATEGORY, "€ in 2 rows, $ in 1"),
        (["EUR 5", "USD 6", "EUR 7.5", "1"], Kind.CATEGORY, "EUR in 2 rows, USD in 1"),
        (["R$5", "US$6", "R$7"], Kind.CATEGORY, "R$ in 2 rows, US$ in 1"),
        (["$1,200.50", "6.5 CHF", "$7"], Kind.NUMBER, "$ in 2 rows, CHF in 1"),
    ],
)
def test_several_currencies_are_told(values: list[str], kind: Kind, found: str) -> None:
    assert noted(values)[0] is kind
    told = noted(values)[1]
    assert told.startswith(f"'price' holds amounts in 2 currencies ({found}), read as ")
    assert ("as if they were one" in told) == (kind is Kind.NUMBER)
    advised = re.search(r"Settings\(types=(.*)\)$", told)
    assert advised is not None
    frame = pl.DataFrame({"price": values})
    schema, again = infer(frame, read_types(ast.literal_eval(advised[1])))
    assert again == ()
    typed = cast(frame, schema).frame["price"]
    assert typed.dtype == pl.Float64
    assert typed.null_count() == 1


@pytest.mark.parametrize(
    "values",
    [
        ["$5", "6 USD", "US$7"],
        ["€5", "6 EUR", "7 eur"],
        ["$5 CAD", "$6", "$7.5"],
        ["Rs. 5", "₹6", "7 INR"],
        ["$5", "6", "$7"],
        ["5 kg", "6 kg", "7 kg"],
        ["$5K", "$6M", "$7"],
    ],
)
def test_one_currency_under_several_names_is_none_of_it(values: list[str]) -> None:
    assert noted(values)[1] == ""


def test_many_currencies_are_counted_and_only_some_named() -> None:
    codes = ["EUR", "USD", "GBP", "CHF", "JPY"]
    told = noted([f"{code} {n}" for code in codes for n in range(3)])[1]
    assert told == (
        "'price' holds amounts in 5 currencies (EUR in 3 rows, USD in 3, GBP in 3, CHF in 3, and "
        "others), read as words, not as numbers: convert them in the file."
    )


def test_it_is_told_of_answers_too() -> None:
    assert "2 currencies" in noted(["5 USD", "6 EUR", "7 USD"], target="price")[1]
    assert "2 currencies" in noted(["$5", "€6", "$7"], target="price")[1]


def test_words_around_digits_that_are_no_money_do_not_count() -> None:
    assert count_currencies(pl.Series([f"{n} w{n}" for n in range(300)])) == {}
    assert count_currencies(pl.Series(["5 kg", "7 EUR", "x EUR", None])) == {"EUR": 1}


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["5 €", "1.234,50 EUR", "€ 7", "8,5 eur", "9 $"], [5.0, 1234.5, 7.0, 8.5, None]),
        (["$5", "USD 1,200.5", "7 usd", "US$8", "9 EUR"], [5.0, 1200.5, 7.0, 8.0, None]),
        (["£5", "GBP 6", "7 £", "$8 CAD"], [5.0, 6.0, 7.0, None]),
    ],
)
def test_the_cure_keeps_every_name_of_the_currency(
    values: list[str], read: list[float | None]
) -> None:
    frame = pl.DataFrame({"price": values})
    advised = re.search(r"Settings\(types=(.*)\)$", " ".join(infer(frame)[1]))
    assert advised is not None
    schema, _ = infer(frame, read_types(ast.literal_eval(advised[1])))
    assert cast(frame, schema).frame["price"].to_list() == read


def test_one_currency_in_several_ways_is_read_as_numbers() -> None:
    frame = pl.DataFrame({"price": ["5 €", "6 EUR", "7 €", "€ 8"]})
    schema, notes = infer(frame)
    assert notes == ()
    assert cast(frame, schema).frame["price"].to_list() == [5.0, 6.0, 7.0, 8.0]
