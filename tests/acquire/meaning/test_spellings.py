from __future__ import annotations

import json
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modelwright as mw
from modelwright.acquire import cast, conform, infer, read_types
from modelwright.acquire.meaning.spellings import ANY_CASE, find_spellings, folded
from modelwright.core.schema import Kind

SEX = pl.DataFrame({"sex": ["Male", "male", "Female", "MALE ", " female", "FE MALE", "FE  male"]})


def advised(note: str) -> dict[str, object]:
    found = re.search(r"Settings\(types=(.*)\)$", note)
    assert found is not None
    return json.loads(found[1])


def test_words_that_differ_by_case_or_blanks_are_one_label() -> None:
    schema, notes = infer(SEX)
    assert (schema["sex"].kind, schema["sex"].format) == (Kind.CATEGORY, ANY_CASE)
    assert schema["sex"].evidence == "words, 3 distinct in any case"
    assert cast(SEX, schema).frame["sex"].unique().sort().to_list() == ["fe male", "female", "male"]
    assert len(notes) == 1
    assert "'FE␣␣male' and 'FE MALE', are read as one" in notes[0]
    new = pl.DataFrame({"sex": ["mALE", "Female"]})
    assert conform(new, schema, ["sex"]).frame["sex"].to_list() == ["male", "female"]


def test_the_note_tells_how_to_keep_them_apart() -> None:
    types = read_types(advised(infer(SEX)[1][0]))
    schema, notes = infer(SEX, types)
    assert notes == ()
    assert cast(SEX, schema).frame["sex"].n_unique() == 7


def test_the_note_shows_blanks_that_a_page_would_swallow() -> None:
    _, note = find_spellings("town", pl.Series(["New York", "New  York", "New\tYork"]))
    assert "'New␣York' and 'New␣␣York'" in note


def test_short_labels_stay_apart_unless_told() -> None:
    raw = pl.DataFrame({"unit": ["mW", "MW", "mW", "kW"]})
    schema, notes = infer(raw)
    assert schema["unit"].format == ""
    assert "'MW' and 'mW', are kept apart" in notes[0]
    types = read_types(advised(notes[0]))
    schema, notes = infer(raw, types)
    assert notes == ()
    assert cast(raw, schema).frame["unit"].to_list() == ["mw", "mw", "mw", "kw"]


@pytest.mark.parametrize("labels", [["low", "high", "mid"], ["A", "b", "C"], ["New York", "Bonn"]])
def test_one_spelling_each_needs_no_word(labels: list[str]) -> None:
    schema, notes = infer(pl.DataFrame({"x": labels * 5}))
    assert (schema["x"].format, notes) == ("", ())


def test_the_order_of_labels_is_that_of_the_joined_ones() -> None:
    raw = pl.DataFrame({"risk": ["Low", "HIGH", "medium", "low", "High"]})
    schema, _ = infer(raw)
    assert schema["risk"].levels == ("low", "medium", "high")
    assert set(cast(raw, schema).frame["risk"]) == {"low", "medium", "high"}
    apart, _ = infer(raw, read_types({"risk": "category"}))
    assert not set(apart["risk"].levels) - set(raw["risk"])


def test_stored_categories_are_as_somebody_made_them() -> None:
    raw = pl.DataFrame({"x": pl.Series(["Male", "male"] * 3, dtype=pl.Categorical)})
    assert infer(raw)[0]["x"].format == ""


@given(st.lists(st.text("aAbB \u00a0\t", max_size=6), min_size=1, max_size=20))
def test_folding_is_what_python_does(labels: list[str]) -> None:
    stripped = [label.strip() for label in labels]
    expected = [" ".join(label.lower().split()) for label in stripped]
    assert folded(pl.Series(stripped, dtype=pl.String)).to_list() == expected


@pytest.mark.long
def test_answers_are_never_joined() -> None:
    rows = 40
    frame = pl.DataFrame(
        {
            "size": [float(i % 9) for i in range(rows)],
            "shop": [["Rome", "rome", "Bonn"][i % 3] for i in range(rows)],
            "sold": [["Much", "much", "little"][i % 3] for i in range(rows)],
        }
    )
    model = mw.fit(frame, "sold", settings=mw.Settings(trials=1, workers=0)).model
    assert model.task.classes == ("Much", "little", "much")
    about = [note for note in model.card.notes if "case or blanks" in note]
    assert len(about) == 1
    assert "'shop'" in about[0]
