"""Which names of countries belong together, written by hand from the raw tables.

The names of the happiness report that stand otherwise in the tables of the World Bank; all other
names of the report stand there letter for letter. None: the World Bank has no such table row.
Written before anything of ours had matched them.
"""

from __future__ import annotations

OTHERWISE: dict[str, str | None] = {
    "Azerbaijan*": "Azerbaijan",
    "Belarus*": "Belarus",
    "Botswana*": "Botswana",
    "Chad*": "Chad",
    "Comoros*": "Comoros",
    "Congo": "Congo, Rep.",  # the report of 2022 has Brazzaville under this name
    "Egypt": "Egypt, Arab Rep.",
    "Eswatini, Kingdom of*": "Eswatini",
    "Gambia*": "Gambia, The",
    "Guatemala*": "Guatemala",
    "Hong Kong S.A.R. of China": "Hong Kong SAR, China",
    "Iran": "Iran, Islamic Rep.",
    "Ivory Coast": "Cote d'Ivoire",
    "Kuwait*": "Kuwait",
    "Kyrgyzstan": "Kyrgyz Republic",
    "Laos": "Lao PDR",
    "Lesotho*": "Lesotho",
    "Liberia*": "Liberia",
    "Libya*": "Libya",
    "Luxembourg*": "Luxembourg",
    "Madagascar*": "Madagascar",
    "Mauritania*": "Mauritania",
    "Niger*": "Niger",
    "North Cyprus*": None,
    "Palestinian Territories*": "West Bank and Gaza",
    "Russia": "Russian Federation",
    "Rwanda*": "Rwanda",
    "Slovakia": "Slovak Republic",
    "South Korea": "Korea, Rep.",
    "Taiwan Province of China": None,
    "Turkey": "Turkiye",
    "Turkmenistan*": "Turkmenistan",
    "Venezuela": "Venezuela, RB",
    "Yemen*": "Yemen, Rep.",
}


def expected(report: list[str], bank: list[str]) -> dict[str, str]:
    """Give the right name of the World Bank's table for each name of the report that has one."""
    there = set(bank)
    pairs = {name: OTHERWISE.get(name, name) for name in report}
    return {name: other for name, other in pairs.items() if other in there}
