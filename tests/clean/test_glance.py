"""What is plainly wrong is found at a glance, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.acquire import read_raw
from modelwright.clean.glance import Glimpse, Wrong, glance, looked_at

RNG = np.random.default_rng


def found(rows: dict[str, list[str]], words: list[str] | None = None) -> list[Glimpse]:
    cells = pl.DataFrame(rows)
    return list(glance(cells, cells.columns if words is None else words))


def towns(count: int = 400) -> list[str]:
    return RNG(0).choice(["Frankfurt", "Kassel", "Wiesbaden", "Marburg"], count).tolist()


def test_slips_are_found_where_there_are_several() -> None:
    dirty = towns()
    dirty[3], dirty[90], dirty[200] = "Frankfxrt", "Wiesbdaen", "Marbrg"
    (one,) = found({"town": dirty})
    assert (one.kind, one.cells) == (Wrong.SLIPS, 3)
    assert dict(one.examples).items() <= {
        "Frankfxrt": "Frankfurt", "Wiesbdaen": "Wiesbaden", "Marbrg": "Marburg"
    }.items()  # fmt: skip
    dirty[3] = dirty[90] = "Kassel"
    assert found({"town": dirty}) == []


@pytest.mark.parametrize(
    "rare",
    [
        ["SNOW GOOSE", "SNOW GEESE", "SNOW GROUSE"],
        ["Frankfurts", "Wiesbadens", "Marburgs"],  # endings
        ["Frankfurt 1", "Frankfurt 2", "Frankfurt 3"],
        ["Kassal", "Kassil", "Kassol"] * 30,  # too often to be a slip
    ],
)
def test_rare_words_are_no_slips(rare: list[str]) -> None:
    assert found({"town": [*towns(), *["SNOW GULL"] * 50, *rare]}) == []


def test_words_that_differ_in_signs_are_one_word() -> None:
    rows = ["Post-Graduate"] * 40 + ["Post Graduate"] * 9 + ["School"] * 60
    (one,) = found({"degree": rows})
    assert (one.kind, one.cells) == (Wrong.SPELLINGS, 9)
    assert one.examples == (("Post Graduate", "Post-Graduate"),)
    # grades, languages; and what a fit reads as one
    assert found({"grade": ["A+", "A-", "A"] * 40, "in": ["C", "C++", "C#"] * 40}) == []
    assert found({"sex": ["Male", "male", "MALE "] * 40}) == []


def test_codes_of_another_form() -> None:
    codes = [f"{n:03}-{7 * n % 10_000:04}" for n in range(300)]
    codes[5], codes[77] = "00x-0035", "0770539"
    (one,) = found({"code": codes})
    assert (one.kind, one.cells) == (Wrong.FORMS, 2)
    digits = [f"{35_000 + 7 * n}" for n in range(300)]
    digits[9] = "35x63"
    (one,) = found({"zip": digits})
    assert [pair[0] for pair in one.examples] == ["35x63"]


@pytest.mark.parametrize(
    "cells",
    [
        [f"{n % 9 + 20}-{n % 9 + 29}" for n in range(300)] + ["<20"],  # levels of a survey
        [f"{n}.5" for n in range(300)] + ["7"],
        [f"A-{n}" for n in range(150)] + [f"{n}B" for n in range(150)],
        [f"{10_000 + n}" for n in range(300)] + ["999"],
        [f"{n:03}-{n:04}" for n in range(300)] + ["unknown"],
    ],
)
def test_forms_that_are_no_mistake(cells: list[str]) -> None:
    assert found({"code": cells}) == []


def test_rows_that_other_rows_contradict() -> None:
    zips = [f"Z{n % 30}" for n in range(300)]
    named = [f"town {chr(65 + n % 30)}{chr(66 + n % 7)}" for n in range(30)]
    places = [named[n % 30] for n in range(300)]
    places[40], places[99] = "nowhere", "elsewhere"
    (one,) = found({"zip": zips, "place": places}, [])
    assert (one.kind, one.column, one.cells) == (Wrong.CONTRADICTED, "place", 2)
    assert one.by == ("zip",)
    assert one.examples[0] == ("nowhere", named[10])
    # a place that is right elsewhere may have moved
    places[40], places[99] = named[11], named[12]
    assert found({"zip": zips, "place": places}, []) == []


def test_what_another_column_explains_is_no_contradiction() -> None:
    measure = [f"m{n % 10}" for n in range(400)]
    state = ["al" if n % 40 else "ak" for n in range(400)]
    average = [f"{one}-{other}" for one, other in zip(state, measure, strict=True)]
    assert found({"measure": measure, "state": state, "average": average}, []) == []


def test_no_cell_counts_twice() -> None:
    zips = [f"Z{n % 4}" for n in range(400)]
    place = [["Frankfurt", "Kassel", "Wiesbaden", "Marburg"][n % 4] for n in range(400)]
    place[0], place[4], place[3] = "Frankfxrt", "Franxfurt", "Marxurg"
    glimpses = [one for one in found({"zip": zips, "place": place}) if one.column == "place"]
    assert sum(one.cells for one in glimpses) == 3


def test_what_sources_cannot_all_be_right_about() -> None:
    draw = RNG(1)
    rows = [
        (f"F{flight}", site, f"{flight % 5 + 1}:{(flight * 7) % 3}0")
        for flight in range(60)
        for site in ("alpha", "beta", "gamma", "delta", "omega")
    ]
    flight, site, time = (list(column) for column in zip(*rows, strict=True))
    wrong = [n for n in range(300) if site[n] == "omega" and draw.random() < 0.5]
    for n in wrong:
        time[n] = f"{n % 5 + 7}:{n % 3}5"
    (one,) = found({"flight": flight, "site": site, "time": time}, [])
    assert (one.kind, one.column, one.by) == (Wrong.DISPUTED, "time", ("flight",))
    assert 0.8 * len(wrong) <= one.cells <= len(wrong)


def test_nothing_is_said_of_small_and_empty_tables() -> None:
    assert glance(pl.DataFrame(schema={"a": pl.String}), ["a"]) == ()
    assert found({"a": ["x"], "b": ["y"]}) == []
    assert glance(pl.DataFrame({"a": [None, None]}, schema={"a": pl.String}), ["a"]) == ()
    assert looked_at(0, 3).tolist() == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "least", "most"), [("hospital", 300, 509), ("flights", 1500, 4920)]
)
def test_dirty_tables_and_clean_ones(shared_data: Path, name: str, least: int, most: int) -> None:
    folder = shared_data / "errors" / name
    dirty, right = (read_raw(folder / f"{which}.csv").frame for which in ("dirty", "clean"))
    assert least <= sum(one.cells for one in glance(dirty, dirty.columns)) <= most
    assert sum(one.cells for one in glance(right, right.columns)) <= 2
