"""Metrics as they are written: whatever is written, it is read again or refused in clear words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import OptionError, UserError
from modelwright.core.task import TaskKind
from modelwright.evaluate import find_metric
from modelwright.evaluate.written import Call, read_call

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="'\"[]", exclude_categories=["Cs"]), max_size=20)


@given(NAMES, st.dictionaries(NAMES, VALUES.map(str.strip), max_size=5))
def test_what_is_written_is_read_again(name: str, parameters: dict[str, str]) -> None:
    call = Call(name, tuple(parameters.items()))
    assert read_call(str(call)) == call


@given(st.text(max_size=60))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        call = read_call(text)
    except OptionError:
        return  # in clear words, as the examples below
    assert read_call(str(call)) == call


@given(
    st.sampled_from(["profit", "cost", "f1", "fbeta", "recall_at"]), st.text("tpfn(=,)10.5%-[]' ")
)
def test_no_text_breaks_the_search_for_a_metric(name: str, rest: str) -> None:
    for kind in TaskKind:
        try:
            found = find_metric(name + rest, kind)
        except UserError:
            continue
        assert find_metric(found.name, kind).name == found.name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the name of a metric; got nothing"),
        ("(tp=1)", "the name of a metric"),
        ("profit(tp=1", "a comma or a closing bracket after tp"),
        ("profit(tp=1,)", "key=value in the brackets"),
        ("profit(100, -5)", "key=value in the brackets"),
        ("profit(tp=1, TP=2)", "expected TP once"),
        ("profit(tp=1) or so", "nothing behind the closing bracket"),
        ("profit(tp=f(1))", "a comma or a closing bracket after tp"),
        ("profit(tp=1; fp=2", "a comma or a closing bracket after tp"),
        ("a" * 70, "the name of a metric"),
        ("x" + " " * 11_000_000, "11,000,001 characters"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_call(text)
    assert message in str(caught.value)
    assert 'write it like "profit(tp=100, fp=-5)"' in str(caught.value) or "leave one" in str(
        caught.value
    )


def test_long_texts_are_read_quickly() -> None:
    assert read_call("a" + " " * 9_000_000) == Call("a")
    for text in ("a(" + " " * 9_000_000, "a(b=" + "c " * 4_000_000 + ",", "a b " * 2_000_000):
        with pytest.raises(OptionError):
            read_call(text)
