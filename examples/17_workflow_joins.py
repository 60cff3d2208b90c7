"""Bring tables together: keys that are spelled differently, and many rows of a key."""

from __future__ import annotations

from datetime import date

import polars as pl

from modelwright.clean.joins import aggregate, join, join_aggregates

# A report and a bank that write the names of countries in their own ways.
report = pl.DataFrame(
    {
        "Country": ["Finland", "Luxembourg*", "Hong Kong S.A.R. of China", "Slovakia", "Egypt",
                    "Ivory Coast", "UK"],
        "score": [7.8, 7.4, 5.4, 6.4, 4.3, 5.2, 6.9],
    }
)  # fmt: skip
bank = pl.DataFrame(
    {
        "Country Name": ["Cote d'Ivoire", "Egypt, Arab Rep.", "Finland", "Hong Kong SAR, China",
                         "Luxembourg", "Slovak Republic", "Slovenia", "United Kingdom"],
        "gdp": [2.5, 3.7, 53.6, 49.8, 133.6, 21.4, 29.3, 46.5],
    }
)  # fmt: skip
exact = join(report, bank, "Country=Country Name")
print("exact:", report.height - exact.unmatched_rows, "of", report.height)

found = join(report, bank, "Country=Country Name", fuzzy=True)
print(found)
with pl.Config(tbl_rows=-1, tbl_width_chars=120):
    print(found.matches.select("left", "right", "how", "confidence", "applied"))
assert found.unmatched_left == ("Ivory Coast",)  # its names share no letters: a person knows

decided = {("Ivory Coast", "Cote d'Ivoire"): True}
whole = join(report, bank, "Country=Country Name", fuzzy=True, decided=decided)
assert whole.unmatched_rows == 0

# Many orders of a customer: what was known of each before the day of the question.
orders = pl.DataFrame(
    {
        "customer": ["ann", "bob", "ann", "ann"],
        "day": [date(2024, 1, 5), date(2024, 2, 1), date(2024, 2, 9), date(2024, 5, 1)],
        "paid": [20.0, 5.0, 40.0, 900.0],
        "channel": ["shop", "web", "web", "web"],
    }
)
customers = pl.DataFrame(
    {"customer": ["ann", "bob", "cy"], "asked": [date(2024, 3, 1)] * 3, "stays": [1, 0, 1]}
)
print(aggregate(orders, "customer", order="day").select("customer", "rows", "paid: mean"))
before = join_aggregates(customers, orders, "customer", before="asked=day")
assert before.frame["paid: max"].to_list() == [40.0, 5.0, None]  # not the 900 of May
print(before.frame.select("customer", "rows", "paid: mean", "channel: distinct"))
