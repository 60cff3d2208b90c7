"""Rules of rewriting: what they do, how they are learned, and that files of them are safe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.mending.examples import Example, learn, usual_shapes
from modelwright.clean.mending.nearby import alike, nearest
from modelwright.clean.mending.rewriting import (
    CHANGES,
    DIGITS,
    LETTERS,
    Keep,
    Part,
    Reend,
    Retoken,
    restore_rewrite,
    shape,
    tokens,
)


@given(st.text(max_size=60))
def test_the_parts_of_a_text_make_the_text(text: str) -> None:
    parts = tokens(text)
    assert not parts or "".join(parts) == text


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (Retoken((LETTERS, ",", " ", LETTERS), (3, " ", 0)), "Smith, John", "John Smith"),
        (Retoken((DIGITS, "/", DIGITS), ((0, "padded"), ".", (2, "padded"))), "1/12", "01.12"),
        (Retoken((DIGITS,), ((0, "unpadded"),)), "000", "0"),
        (Retoken((LETTERS,), ((0, "upper"),)), "al", "AL"),
        (Retoken((DIGITS, "a"), (0,)), "7p", None),
        (Reend("%", "", "end"), "0.05%", "0.05"),
        (Reend("", " oz", "end"), "12", "12 oz"),
        (Reend("", " oz", "end"), "12 oz", None),
        (Reend("Dr ", "", "start"), "Dr Who", "Who"),
        (Reend(",", ".", "within"), "1,5", "1.5"),
        (Reend(",", ".", "within"), "1,500,000", None),
        (Keep(("9:9",)), "9:16   Delayed", "9:16"),
        (Keep(("9:9",)), "9:16 or 9:20", None),
        (Keep(("9",)), "1.5", None),  # no part of a number is a number
        (Keep(("9:9",)), "-9:16", None),
    ],
)
def test_a_rule_does_what_it_says(rule: Retoken | Reend | Keep, old: str, new: str | None) -> None:
    assert rule.apply(old) == new
    assert restore_rewrite(rule.to_json()) == rule


@pytest.mark.parametrize(
    ("becomes", "told"),
    [
        ((0,), "'a' is written 'a'"),
        (((0, "title"),), "'a' is written 'a' with a capital first"),
        (
            ((0, "lower"), " ", (0, "lower"), (0, "upper")),
            "'a' is written 'a aa' in small letters, in capitals",
        ),
    ],
)
def test_a_rule_tells_how_letters_change(becomes: tuple[Part, ...], told: str) -> None:
    assert str(Retoken((LETTERS,), becomes)) == told


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_every_change_has_its_words(change: str) -> None:
    assert str(Retoken((LETTERS,), ((0, change),))) != str(Retoken((LETTERS,), (0,)))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"how": "code", "text": "import os"},
        {"how": "parts", "like": ["\\d"], "becomes": [1]},
        {"how": "parts", "like": ["\\d"], "becomes": [-1]},
        {"how": "parts", "like": ["\\d"], "becomes": [True]},
        {"how": "parts", "like": ["\\d"], "becomes": [[0, "eval"]]},
        {"how": "piece", "find": "", "put": "x", "where": "within"},
        {"how": "piece", "find": 1, "put": "x", "where": "end"},
        {"how": "keep", "shapes": "9"},
    ],
)
def test_what_is_no_rule_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        restore_rewrite(data)


def test_rules_are_learned_from_a_few_examples() -> None:
    examples = [
        Example("7:10aDec 1", "7:10 a.m."),
        Example("9:05aDec 2", "9:05 a.m."),
        Example("7:10pDec 1", "7:10 p.m."),
    ]
    good = {"6:40 a.m.": 20, "6:54 p.m.": 20}
    rules = [one.rewrite for one in learn(examples, good)]
    made = {rule.apply("11:59aDec 24") for rule in rules} - {None}
    assert made == {"11:59 a.m."}
    assert {rule.apply("6:40 a.m.") for rule in rules} <= {None}


def test_a_rule_that_would_spoil_good_values_is_not_learned() -> None:
    examples = [Example(f"{n}x", str(n)) for n in range(5)]
    assert learn(examples, {f"{n}": 1 for n in range(9)})
    assert not learn(examples, {f"{n}x": 1 for n in range(10, 30)})


def test_examples_that_contradict_each_other_teach_nothing() -> None:
    pairs = [Example(f"{n} kg", new) for n in range(4) for new in (str(n), f"{n} lb", f"{n} oz")]
    assert not learn(pairs, {"1": 5})


def test_a_number_out_of_nowhere_is_no_rule() -> None:
    assert not learn([Example("soon", "12"), Example("late", "12")], {"9": 3})


def test_usual_shapes_need_most_of_a_column() -> None:
    assert usual_shapes({"7:10": 60, "soon": 40}) == ("9:9",)
    assert usual_shapes({"7:10": 40, "soon": 60}) == ()
    assert shape("AA-3859-IAH") == "AA-9-a"


def test_near_values_share_most_letters() -> None:
    [found] = nearest(["heart attaxk"], ["heart failure", "heart attack", "pneumonia"])
    assert found == ["heart attack", "heart failure"]
    assert alike(["abc", "", None], ["abc", "", "abc"]).tolist() == [1.0, 1.0, 0.0]
