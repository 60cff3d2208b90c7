"""Structure among rows: found where it is, not found where it is not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from evaluate import worlds
from modelwright.core.findings import Finding, Severity
from modelwright.evaluate.structure import Structure, detect_structure
from modelwright.evaluate.structure.words import hint_of
from modelwright.plan.tables.check import Checked, check

SEEDS = range(2)


def found_in(frame: pl.DataFrame, target: str = "y") -> Checked:
    return check(frame, target)


def codes(found: Checked | Structure) -> set[str]:
    return {finding.code for finding in found.findings}


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "world",
    [worlds.plain, worlds.houses, worlds.survey, worlds.sorts, worlds.visitors, worlds.wave],
)
def test_rows_that_are_unrelated_are_left_alone(world: object, seed: int) -> None:
    found = found_in(world(seed))  # type: ignore[operator]
    assert found.recommended.kind == "random", found
    assert not [one for one in found.findings if one.severity is not Severity.INFO], found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_demand_by_the_hour_is_in_order(shuffled: bool, seed: int) -> None:
    found = found_in(worlds.demand(seed, shuffled=shuffled))
    assert (found.recommended.kind, found.recommended.columns) == ("time", ("datetime",)), found
    assert found.recommended.option == "--order datetime"
    assert found.findings[0].code == "time-order"
    assert found.recommended.certain is not shuffled  # a shuffled file was drawn from all times
    assert ("in no order of it" in found.findings[0].evidence) is shuffled


@pytest.mark.parametrize("seed", SEEDS)
def test_new_values_of_one_column_of_many_values_are_no_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 365, 420)
    new = (days > 270) & (rng.random(420) < 0.2)
    weight = 2 * rng.integers(0, 200, 420) + new
    frame = pl.DataFrame(
        {
            "when": pl.Series(days, dtype=pl.Int32).cast(pl.Date),
            "weight": [f"w{w}" for w in weight],
            "size": rng.normal(size=420),
            "y": rng.normal(size=420),
        }
    )
    assert found_in(frame).recommended.kind == "random"


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_years_in_which_new_machines_come_up_are_an_order(seed: int) -> None:
    found = found_in(worlds.releases(seed))
    assert (found.recommended.kind, found.recommended.columns) == ("time", ("Year",)), found
    assert "machine" in found.findings[0].evidence


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_visits_of_patients_belong_together(shuffled: bool, seed: int) -> None:
    found = found_in(worlds.patients(seed, shuffled=shuffled))
    assert (found.recommended.kind, found.recommended.columns) == ("group", ("subject",)), found
    assert found.recommended.option == "--group subject"
    assert "'height'" in found.findings[0].evidence
    assert found.recommended.certain


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by", ["", "visited", "patient"])
def test_days_that_mean_nothing_are_no_order_beside_patients(by: str, seed: int) -> None:
    frame = worlds.clinic(seed)
    found = found_in(frame.sort(by) if by else frame)
    assert (found.recommended.kind, found.recommended.columns) == ("group", ("patient",)), found
    told = [one.evidence for one in found.findings if one.columns == ("nascita",)]
    assert all("all rows of one 'patient' have the same" in one for one in told)
    if not by:
        assert found_in(worlds.clinic(seed, effect=0.0)).recommended.kind == "random"


def test_an_effect_that_may_be_there_is_not_denied() -> None:
    found = found_in(worlds.clinic(3, effect=0.25))
    assert found.recommended.kind == "random"
    told = next(one for one in found.findings if one.columns == ("patient",))
    assert "may depend" in told.cure


def test_only_a_key_that_is_a_column_can_be_given_as_it_is() -> None:
    found = found_in(worlds.recordings(0), "ill")
    assert (found.recommended.kind, found.recommended.columns) == ("group", ("name",)), found
    assert "phon_S" in found.findings[0].evidence
    assert "same answer" in found.findings[0].evidence
    assert found.recommended.option == ""
    assert not found.recommended.certain


@pytest.mark.parametrize("seed", SEEDS)
def test_nations_outweigh_the_years_of_a_panel(seed: int) -> None:
    found = found_in(worlds.nations(seed))
    assert (found.recommended.kind, found.recommended.columns) == ("group", ("Country",)), found


@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_without_a_name_are_found_by_what_changes_together(seed: int) -> None:
    found = found_in(worlds.unnamed_blocks(seed))
    assert found.recommended.kind == "group", found
    assert {"teachers", "funds", "distance"} >= set(found.recommended.columns)
    assert not found.recommended.direct


def test_users_who_come_again_without_effect_are_told_at_most() -> None:
    found = found_in(worlds.visitors(1))
    assert codes(found) <= {"repeated-entities"}


def test_copies_are_told_with_their_share() -> None:
    frame = worlds.plain(0).drop("id")
    found = found_in(pl.concat([frame, frame.sample(60, seed=1)]))
    (copy,) = [one for one in found.findings if one.code == "exact-duplicates"]
    assert copy.severity is Severity.WARNING
    assert copy.evidence.startswith("9.1% of the rows")
    assert "contradicting-duplicates" not in codes(found)


WORDS = [
    *("the", "invoice", "came", "late", "order", "was", "fine", "please", "call", "again"),
    *("tomorrow", "box", "red", "green", "damaged", "parcel", "shop", "door", "open", "number"),
    *("two", "three", "answer", "nobody", "home", "asked", "twice", "returned", "money", "pay"),
]


def letters(rows: int, words: int, seed: int = 0) -> pl.DataFrame:
    """Texts of so many words; what they say of the answer is weak."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(WORDS), (rows, words))
    angry = (drawn < 4).sum(axis=1) + rng.normal(0, 1, rows) > words * 4 / len(WORDS)
    texts = [" ".join(WORDS[i] for i in one) for one in drawn]
    return pl.DataFrame({"text": texts, "y": np.where(angry, "bad", "good")})


def test_long_texts_that_are_equal_are_copies_and_no_chance() -> None:
    frame = letters(600, 14)
    found = found_in(pl.concat([frame, frame.sample(60, seed=1)]))
    (copy,) = [one for one in found.findings if one.code == "exact-duplicates"]
    assert copy.severity is Severity.WARNING
    assert copy.evidence.startswith("9.1% of the rows")
    assert "chance" not in copy.evidence


def test_a_short_text_that_comes_often_does_not_hide_them() -> None:
    short = pl.DataFrame({"text": ["call me later"] * 60, "y": ["good"] * 60})
    frame = letters(600, 14)
    found = found_in(pl.concat([frame, short]))
    (copy,) = [one for one in found.findings if one.code == "exact-duplicates"]
    assert copy.severity is Severity.INFO
    found = found_in(pl.concat([frame, short, frame.sample(20, seed=1)]))
    (copy,) = [one for one in found.findings if one.code == "exact-duplicates"]
    assert copy.severity is Severity.WARNING
    assert copy.evidence.startswith("2.9% of the rows equal an earlier row, a long text")


@pytest.mark.parametrize("how", ["price", "money", "count"])
def test_amounts_are_no_groups(how: str) -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 60, 700)
    prices = {
        "price": (level * 2.5 + 9.99).round(2),
        "money": [f"{'€' if i % 2 else '$'}{2 * x + 9}.50" for i, x in enumerate(level)],
        "count": level,
    }[how]
    y = np.sin(level / 9) * 5 + rng.normal(0, 0.3, 700)
    noise = rng.normal(size=700)
    frame = pl.DataFrame({"worth": prices, "noise": noise, "y": y})
    frame = frame.with_columns(fixed=pl.Series(level % 7), kind=pl.Series(level % 5))
    found = found_in(frame)
    assert found.recommended.kind == "random", found
    assert "repeated-entities" not in codes(found), found


def test_numbers_that_name_things_are_groups_whatever_they_are_called() -> None:
    rng = np.random.default_rng(0)
    who = np.repeat(rng.permutation(9_000)[:70] + 100, 6)
    place = np.repeat(np.arange(70), 6)
    frame = pl.DataFrame(
        {
            "chip": who,
            "height": rng.normal(170, 9, 70).round(1)[place],
            "born": rng.integers(1940, 1999, 70)[place],
            "dose": rng.uniform(5, 50, 420).round(1),
            "y": rng.normal(120, 12, 70)[place] + rng.normal(0, 5, 420),
        }
    )
    found = found_in(frame)
    assert found.recommended.kind == "group", found
    assert "chip" in found.recommended.columns


def test_copies_with_other_answers_are_told() -> None:
    frame = worlds.plain(0).drop("id")
    other = frame.sample(60, seed=1).with_columns(y=pl.col("y") + 20)
    assert "contradicting-duplicates" in codes(found_in(pl.concat([frame, other])))


def test_copies_under_another_number_are_copies() -> None:
    frame = worlds.plain(0)
    again = pl.concat([frame, frame.sample(60, seed=1)]).with_columns(id=pl.int_range(1, 661))
    assert "exact-duplicates" in codes(found_in(again))


@pytest.mark.parametrize("seed", SEEDS)
def test_copies_with_a_little_noise_are_nearly_copies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(500, 9))
    again = points[:50] + 0.001 * rng.normal(size=(50, 9))
    whole = np.vstack([points, again])
    frame = pl.DataFrame(whole, schema=[f"x{i}" for i in range(9)])
    y = whole[:, 0] + rng.normal(size=550)
    found = found_in(frame.with_columns(y=pl.Series(y)))
    assert "near-duplicates" in codes(found)
    assert "near-duplicates" not in codes(
        found_in(frame.head(500).with_columns(y=pl.Series(y[:500])))
    )


def test_rows_that_were_measured_twice_are_nearly_copies_and_smooth_tables_have_none() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(10, 1, (600, 14))
    again = points[:120] * (1 + rng.normal(0, 0.002, (120, 14)))

    def told(table: NDArray[np.float64]) -> bool:
        frame = pl.DataFrame(table.round(3), schema=[f"x{i}" for i in range(table.shape[1])])
        answers = pl.Series(table[:, 0] + rng.normal(size=len(table)))
        return "near-duplicates" in codes(found_in(frame.with_columns(y=answers)))

    assert told(np.vstack([points, again]))
    assert not told(points)
    at = rng.uniform(0, 20, 600)
    curve = np.column_stack([np.sin(at * (1 + i / 7) + i) for i in range(8)])
    assert not told(curve + rng.normal(0, 0.003, curve.shape))
    visits = np.repeat(rng.normal(size=(300, 8)), 2, axis=0)
    assert not told(visits + rng.normal(0, 0.3, visits.shape))


def schools(effect: float) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(12), rng.integers(12, 40, 12))
    size, hours = rng.integers(150, 900, 12)[who], rng.gamma(2, 3, len(who)).round(1)
    points = 50 + effect * rng.normal(size=12)[who] + 0.8 * hours + rng.normal(0, 7, len(who))
    names = [f"School {one:03}" for one in who]
    return pl.DataFrame({"school": names, "size": size, "hours": hours, "y": points.round()})


def test_a_dozen_schools_are_groups() -> None:
    found = found_in(schools(9.0))
    assert (found.recommended.kind, found.recommended.columns) == ("group", ("school",))


def test_the_column_that_the_file_is_sorted_by_says_why_neighbours_answer_alike() -> None:
    frame = schools(9.0).with_columns(pl.col("school").str.slice(-1).alias("sort"))
    frame = frame.drop("school", "size").sort("sort")
    (told,) = [one for one in found_in(frame).findings if one.code == "row-order"]
    assert told.columns == ("sort",)
    assert "sorted by 'sort'" in told.evidence


def test_neighbours_in_the_file_that_answer_alike_are_told() -> None:
    frame = worlds.demand(0, shuffled=False).drop("datetime", "price")
    assert "row-order" in codes(found_in(frame))
    assert "row-order" not in codes(found_in(frame.sample(fraction=1.0, shuffle=True, seed=0)))


def test_a_file_sorted_by_the_answer_is_told_and_is_no_order() -> None:
    found = found_in(worlds.plain(0).drop("id").sort("y"))
    (told,) = [one for one in found.findings if one.code == "row-order"]
    assert told.severity is Severity.INFO
    assert found.recommended.kind == "random"


def test_the_same_seed_finds_the_same_and_a_few_rows_tell_nothing() -> None:
    frame = worlds.patients(0, shuffled=True)
    assert found_in(frame) == found_in(frame)
    few = found_in(frame.head(30))
    assert (few.recommended.kind, few.findings) == ("random", ())


def test_a_sample_of_the_rows_is_enough() -> None:
    from modelwright.acquire import read_raw
    from modelwright.core.settings import Question, Settings
    from modelwright.plan import pose, reading_for

    question, settings = Question("y"), Settings()
    for frame, kind in (
        (worlds.patients(0, shuffled=True, people=900), "group"),
        (worlds.demand(0, shuffled=True, rows=5_000), "time"),
        (worlds.plain(0, rows=5_000), "random"),
    ):
        rows = pose(read_raw(frame, reading_for(question, settings)), question, settings).rows
        found = detect_structure(rows.table, rows.y, most=2_000)
        assert found.recommended.kind == kind, found


def test_a_finding_comes_back_from_json() -> None:
    finding = Finding("time-order", Severity.WARNING, ("a",), "seen", "do")
    assert Finding.from_json(finding.to_json()) == finding


def test_names_with_blanks_are_quoted_in_options() -> None:
    frame = worlds.patients(0, shuffled=True).rename({"subject": "the subject"})
    assert found_in(frame).recommended.option == '--group "the subject"'


@pytest.mark.long
def test_a_measurement_called_time_is_no_order_unless_the_file_follows_it() -> None:
    frame = worlds.plain(0).drop("id").with_columns(set_time=pl.col("y") * 2 + 1)
    found = [one for one in found_in(frame).findings if "set_time" in one.columns]
    assert {one.code for one in found} <= {"target-copy", "answers-in-column"}
    counted = worlds.demand(0, shuffled=False).drop("datetime")
    found = found_in(counted.with_columns(time=pl.int_range(0, counted.height) * 0.5))
    assert (found.recommended.kind, found.recommended.columns) == ("time", ("time",)), found


def test_seasons_written_as_words_are_an_order() -> None:
    year = pl.col("Year").cast(pl.Int64)
    frame = worlds.releases(0).with_columns(season=pl.format("{}/{}", year, year + 1)).drop("Year")
    found = found_in(frame)
    assert (found.recommended.kind, found.recommended.columns) == ("time", ("season",)), found


def test_beginnings_of_ids_that_other_columns_spell_out_are_nothing_new() -> None:
    rng = np.random.default_rng(0)
    plot, day = rng.integers(0, 20, 600), rng.integers(1, 9, 600)
    frame = pl.DataFrame(
        {
            "id": [f"{p}-{d}-{i}" for i, (p, d) in enumerate(zip(plot, day, strict=True))],
            "plot": [f"plot {p}" for p in plot],
            "day": day,
            "y": rng.normal(size=(20, 9))[plot, day] + 0.3 * rng.normal(size=600),
        }
    )
    assert found_in(frame).recommended.kind == "random"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Sale Date", "WHEN"),
        ("createdAt", "WHEN"),
        ("saledate", "WHEN"),
        ("yearBuilt", "BEFORE"),
        ("model_year", "BEFORE"),
        ("DateOfBirth", "BEFORE"),
        ("days_since_visit", "LENGTH"),
        ("driver_age", "LENGTH"),
        ("ProviderNumber", "WHO"),
        ("userid", "WHO"),
        ("product_category", "SORT"),
        ("ZipCode", "WHERE"),
        ("x1", "NONE"),
    ],
)
def test_names_give_hints(name: str, hint: str) -> None:
    assert hint_of(name).name == hint
