from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.joins import match_names
from modelwright.clean.joins.candidates import candidates
from modelwright.clean.joins.likeness import Weights, jaro_winkler, word_likeness
from modelwright.clean.joins.pairing import best_pairs, stable_pairs, sure
from modelwright.clean.joins.spelling import initials, same_words, tidy
from modelwright.core.errors import OptionError

WORDS = ["north", "river", "lake", "mount", "green", "stone", "harbour", "castle", "field", "wood"]
NAMES = [f"{a} {b}" for a in WORDS for b in WORDS if a != b]


@pytest.mark.parametrize(
    ("one", "other", "value"),
    # the table of Winkler (1990), as it is reprinted everywhere
    [("dwayne", "duane", 0.840), ("martha", "marhta", 0.961), ("dixon", "dicksonx", 0.813)],
)
def test_jaro_winkler_gives_the_numbers_of_the_paper(one: str, other: str, value: float) -> None:
    assert jaro_winkler(one, other) == pytest.approx(value, abs=5e-4)
    assert jaro_winkler(other, one) == pytest.approx(value, abs=5e-4)


@given(st.text("abcdefgh", min_size=1, max_size=9), st.text("abcdefgh", min_size=1, max_size=9))
def test_words_are_alike_both_ways_round_and_most_themselves(a: str, b: str) -> None:
    assert 0 <= word_likeness(a, b) <= 1
    assert word_likeness(a, b) == pytest.approx(word_likeness(b, a))
    assert word_likeness(a, a) == 1
    assert a == b or word_likeness(a, b) < 1


def test_codes_equal_only_themselves() -> None:
    found = match_names(["A-1001", "A-1003"], ["A-1002", "a 1003"])
    assert [(a, b) for a, b in zip(found.left, found.right, strict=True)] == [(1, 1)]


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("São Tomé & Príncipe", "sao tome and principe"),
        ("U.S.A.", "usa"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("O'Brien's", "o briens"),
        ("北京  大学", "北京 大学"),
        ("***", ""),
    ],
)
def test_tidy_names(name: str, plain: str) -> None:
    assert tidy(name) == plain


def test_forms_of_a_name() -> None:
    assert same_words("The Bank of England") == same_words("England, Bank of the")
    assert same_words("the") == "the"
    assert initials("Federal Bureau of Investigation") == "fbi"


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique=True), st.randoms())
def test_names_that_differ_in_case_order_and_signs_find_each_other(names, random) -> None:  # type: ignore[no-untyped-def]
    # of two names with the same words in another order nothing can be said
    names = [name for name in names if " ".join(reversed(name.split())) not in names]
    spelled = []
    for name in names:
        words = name.split()
        if random.random() < 0.5:
            words.reverse()
        spelled.append(random.choice([", ", " - ", " "]).join(words).upper())
    order = random.sample(range(len(names)), len(names))
    found = match_names([spelled[i] for i in order], names)
    assert [int(b) for b in found.right] == order
    assert found.applied.all()


def test_a_typo_is_found_and_a_stranger_is_not() -> None:
    names = [*NAMES[:40], "Luxembourg", "Switzerland"]
    found = match_names(["Luxemburg", "Swizterland", "Xanadu"], names)
    assert [names[i] for i in found.right] == ["Luxembourg", "Switzerland"]
    assert found.applied.all()


def test_a_name_that_two_could_be_is_proposed_only() -> None:
    found = match_names(["Korea"], ["North Korea", "South Korea"])
    assert len(found) == 1
    assert not found.applied[0]
    assert found.rival[0] == pytest.approx(found.likeness[0])


def test_equal_forms_that_two_names_have_decide_nothing() -> None:
    found = match_names(["acme"], ["ACME", "Acme"])
    assert not found.applied.any()


def test_one_name_may_serve_several_where_keys_repeat() -> None:
    left, right = ["Acme Inc", "ACME, Incorporated", "acme inc."], ["Acme Inc.", "Apex Ltd"]
    assert match_names(left, right, one_to_one=False).right.tolist() == [0, 0, 0]
    assert not match_names(left, right).applied.any()  # which of the three it is, nobody knows


def test_blocks_keep_names_apart() -> None:
    blocks = np.array([2020, 2021]), np.array([2021, 2020])
    found = match_names(["Peru", "Peru"], ["PERU", "PERU"], blocks=blocks)
    assert found.right.tolist() == [1, 0]


def test_a_decision_of_a_person_comes_first() -> None:
    decided = {("Peru", "Perú"): False, ("Chad", "Tschad"): True}
    found = match_names(["Peru", "Chad"], ["Perú", "Tschad", "Chad"], decided=decided)
    pairs = dict(zip(found.left.tolist(), found.right.tolist(), strict=True))
    assert pairs == {1: 1}


def test_a_threshold_that_is_none() -> None:
    with pytest.raises(OptionError, match="threshold"):
        match_names(["a"], ["b"], threshold=1.5)


def test_nothing_finds_nothing() -> None:
    assert len(match_names([], ["a"])) == len(match_names(["a"], [])) == 0


scores = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.floats(0, 1)), max_size=25,
    unique_by=lambda pair: pair[:2],
)  # fmt: skip


@given(scores)
def test_the_assignment_is_stable(pairs: list[tuple[int, int, float]]) -> None:
    left = np.array([a for a, _, _ in pairs], np.int64)
    right = np.array([b for _, b, _ in pairs], np.int64)
    score = np.array([s for _, _, s in pairs])
    kept = stable_pairs(left, right, score)
    mine = {int(left[i]): score[i] for i in kept}
    theirs = {int(right[i]): score[i] for i in kept}
    assert len(mine) == len(theirs) == len(kept)
    for a, b, s in pairs:
        assert mine.get(a, -1) >= s or theirs.get(b, -1) >= s
    best = best_pairs(left, right, score)
    assert sorted(left[best].tolist()) == sorted(set(left.tolist()))


def test_a_rival_as_good_takes_half() -> None:
    assert sure(np.array([0.9]), np.array([0.9]))[0] == pytest.approx(0.45)
    assert sure(np.array([0.0]), np.array([0.0]))[0] == 0


def test_rare_words_count_more() -> None:
    weights = Weights.of([("bank", w) for w in WORDS])
    assert weights.likeness(("bank", "river"), ("bank", "stone")) < 0.3
    assert weights.likeness(("river",), ("bank", "river")) > 0.8


@pytest.mark.long
def test_candidates_hold_the_best_of_many_names() -> None:
    names = [(f"name{i}", "company") for i in range(2_000)]
    none = np.zeros(2_000, np.int64)
    left, right = candidates(names, names, none, none)
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    assert all((i, i) in pairs for i in range(2_000))
    assert len(pairs) < 40_000
