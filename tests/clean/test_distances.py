"""Edit distances of many pairs are those of the textbook."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.distances import edit_distances

TEXTS = st.text(alphabet="abcd\u00e9\U0001f600", max_size=12)


def textbook(a: str, b: str) -> int:
    """Wagner and Fischer (1974), letter by letter."""
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        here = [i]
        for j, y in enumerate(b, start=1):
            here.append(min(above[j] + 1, here[-1] + 1, above[j - 1] + (x != y)))
        above = here
    return above[-1]


@given(pairs=st.lists(st.tuples(TEXTS, TEXTS), max_size=12))
def test_distances_are_those_of_the_textbook(pairs: list[tuple[str, str]]) -> None:
    found = edit_distances([a for a, _ in pairs], [b for _, b in pairs])
    assert found.tolist() == [textbook(a, b) for a, b in pairs]


def test_what_texts_share_at_their_ends_does_not_count_as_length() -> None:
    long = "x" * 500
    assert edit_distances([long + "a" + long], [long + "bc" + long]).tolist() == [2]


def test_no_pairs_have_no_distances() -> None:
    assert edit_distances([], []).tolist() == []
