"""Real tables whose names of countries do not match: what a fuzzy join finds of what is right."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from clean.joins.countries import OTHERWISE, expected
from modelwright.clean.joins import join

TABLES = ("GDP_per_capita", "life_expectancy", "legal_rights_index")


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "tables" / "country_happiness"


@pytest.mark.parametrize("name", TABLES)
def test_names_of_countries_find_each_other(folder: Path, name: str) -> None:
    report = pl.read_csv(folder / "happiness_report.csv")
    bank = pl.read_csv(folder / f"{name}.csv")
    right = expected(report["Country"].to_list(), bank["Country Name"].to_list())
    assert len(right) > 140 - (name == "legal_rights_index")
    found = join(report, bank, "Country=Country Name", fuzzy=True)
    applied = found.matches.filter("applied")
    pairs = dict(applied.select("left", "right").rows())
    hits = sum(right.get(one) == other for one, other in pairs.items())
    assert hits / len(pairs) >= 0.97
    assert hits / len(right) >= 0.95
    exact = join(report, bank, "Country=Country Name").matches.height
    assert exact <= len(right) - 25
    assert found.frame.height == report.height
    assert found.frame["Country"].equals(report["Country"])


def test_the_expected_pairs_are_of_the_tables(folder: Path) -> None:
    report = set(pl.read_csv(folder / "happiness_report.csv")["Country"])
    bank = set(pl.read_csv(folder / "GDP_per_capita.csv")["Country Name"])
    assert set(OTHERWISE) <= report
    assert {name for name in OTHERWISE.values() if name} <= bank
    assert report - set(OTHERWISE) <= bank


def test_what_is_not_sure_is_proposed_and_can_be_decided(folder: Path) -> None:
    report = pl.read_csv(folder / "happiness_report.csv")
    bank = pl.read_csv(folder / "GDP_per_capita.csv")
    decided = {
        ("Palestinian Territories*", "West Bank and Gaza"): True,
        ("Ivory Coast", "Cote d'Ivoire"): True,
        ("Congo", "Congo, Rep."): False,
    }
    found = join(report, bank, "Country=Country Name", fuzzy=True, decided=decided)
    pairs = dict(found.matches.filter("applied").select("left", "right").rows())
    assert pairs["Palestinian Territories*"] == "West Bank and Gaza"
    assert pairs["Ivory Coast"] == "Cote d'Ivoire"
    assert pairs.get("Congo") != "Congo, Rep."
    assert found.matches.filter(pl.col("how") == "given").height == 2
