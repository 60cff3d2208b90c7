"""What a table plainly asks for, and what it does not."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.clean.automatic import Offer, offers


def offered(cells: pl.DataFrame, kind: str) -> Offer | None:
    return next((one for one in offers(cells) if one.kind.startswith(kind)), None)


def values(cells: pl.DataFrame, kind: str) -> dict[str, str | None]:
    found = offered(cells, kind)
    return {} if found is None else {
        old: new.value for one in found.mends for old, new in one.values.items()
    }  # fmt: skip


def test_rare_spellings_join_the_frequent_one() -> None:
    towns = ["Frankfurt"] * 40 + ["Kassel"] * 30 + ["frankfurt ", "Frankfurrt", "KASSEL.", "Kessel"]
    found = values(pl.DataFrame({"town": towns}), "spellings")
    assert found == {
        "frankfurt ": "Frankfurt",
        "Frankfurrt": "Frankfurt",
        "KASSEL.": "Kassel",
        "Kessel": "Kassel",
    }


def test_codes_numbers_and_short_words_are_no_slips() -> None:
    codes = ["Boeing 737"] * 40 + ["Boeing 747"] + ["A-12"] * 40 + ["A-13", "B-12"]
    assert values(pl.DataFrame({"code": codes}), "spellings") == {}
    assert values(pl.DataFrame({"sex": ["male"] * 50 + ["female"] * 3}), "spellings") == {}
    numbers = [str(value) for value in range(100, 200)] * 2 + ["1000"]
    assert values(pl.DataFrame({"n": numbers}), "spellings") == {}


def test_a_rule_leads_to_a_value_that_stays() -> None:
    words = ["Frankfurt"] * 200 + ["Frankfort"] * 15 + ["FRANKFORT"] * 2
    found = values(pl.DataFrame({"town": words}), "spellings")
    assert set(found.values()) == {"Frankfurt"}
    assert set(found) == {"Frankfort", "FRANKFORT"}


def test_numbers_far_outside_that_mean_missing() -> None:
    rng = np.random.default_rng(0)
    days = [str(value) for value in rng.integers(1, 30, 200)] + ["999"] * 20
    # rows to come may hold it as 999.0
    assert values(pl.DataFrame({"days": days}), "values") == {"999": None, "999.0": None}
    inside = [str(value) for value in rng.integers(1, 2000, 400)] + ["999"] * 20
    assert values(pl.DataFrame({"days": inside}), "values") == {}


def test_gaps_are_filled_where_another_column_settles_them() -> None:
    rng = np.random.default_rng(0)
    zips = rng.integers(0, 20, 400)
    town = [None if rng.random() < 0.1 else f"town {zip % 7}" for zip in zips]
    frame = pl.DataFrame({"zip": [f"z{one}" for one in zips], "town": town})
    found = offered(frame, "gaps")
    assert found is not None
    (mends,) = found.mends
    (given,) = mends.given
    assert (mends.column, given.columns) == ("town", ("zip",))
    assert all(
        new.value == f"town {int(str(key[0])[1:]) % 7}" for (key, _), new in given.cells.items()
    )
    noise = frame.with_columns(pl.Series("town", rng.permutation(np.array(town, dtype=object))))
    assert offered(noise.cast(pl.String), "gaps") is None


def test_a_word_that_all_other_rows_of_its_group_deny_is_mended() -> None:
    rng = np.random.default_rng(0)
    place = rng.integers(0, 20, 400)
    town = [f"town {'abcdefg'[one % 7] * 3}" for one in place]
    right = town[11]
    town[11] = "Atlantis"
    frame = pl.DataFrame({"zip": [f"z{one}" for one in place], "town": town})
    found = offered(frame, "values mended")
    assert found is not None
    (given,) = found.mends[0].given
    (((key, old), new),) = given.cells.items()
    assert (key, old, new.value) == ((f"z{place[11]}",), "Atlantis", right)
    assert given.near[key].value == right  # and whatever is written nearly so, in new rows


def test_a_clean_table_asks_for_nothing() -> None:
    frame = pl.DataFrame({"a": [str(i % 17) for i in range(200)], "b": ["yes", "no"] * 100})
    assert offers(frame) == ()
