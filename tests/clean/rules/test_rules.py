"""Rules: written and read to the same, refused where they contradict each other or mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.clean.rules.file import parse_rules, read_rules, rules_text, write_rules
from modelwright.clean.rules.rules import (
    ColumnRule,
    Comparison,
    Condition,
    Denial,
    Determines,
    Rules,
    Term,
    Unique,
    checked_pattern,
)
from modelwright.core.errors import ColumnError, DataError, OptionError

NAMES = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8
)
PLAIN = st.from_regex(r"[a-z][a-z ]{0,6}[a-z]", fullmatch=True)
COLUMN_RULES = st.builds(
    ColumnRule,
    column=NAMES,
    kind=st.sampled_from(["", "number", "integer"]),
    least=st.one_of(st.none(), st.floats(-1e6, 0)),
    most=st.one_of(st.none(), st.floats(0, 1e6)),
    required=st.booleans(),
    unique=st.booleans(),
    pattern=st.sampled_from(["", r"\d+", "a|b", "'\"\\\\"]),
)
DENIALS = st.builds(
    lambda name, a, b, constant: Denial(
        (
            Condition(Term(a, 1), "=", Term(a, 2)),
            Condition(Term(b, 1), "!=", Term(b, 2)),
            Condition(Term(b, 1), ">=", Term(constant, 0)),
        ),
        name,
    ),
    st.text(max_size=9),
    PLAIN,
    PLAIN,
    st.integers(-9, 99).map(str),
)
RULES = st.builds(
    Rules,
    columns=st.lists(COLUMN_RULES, max_size=4, unique_by=lambda one: one.column).map(tuple),
    unique=st.lists(
        st.builds(Unique, st.lists(NAMES, min_size=1, unique=True).map(tuple)), max_size=2
    ).map(tuple),
    determines=st.lists(
        st.tuples(NAMES, NAMES)
        .filter(lambda two: two[0] != two[1])
        .map(lambda two: Determines((two[0],), two[1])),
        max_size=2,
    ).map(tuple),
    denials=st.lists(DENIALS, max_size=2).map(tuple),
)


@given(rules=RULES)
def test_rules_are_written_and_read_to_the_same(rules: Rules) -> None:
    assert parse_rules(rules_text(rules)) == rules


@given(name=NAMES, other=NAMES, constant=st.text(min_size=1, max_size=5))
def test_a_denial_may_name_any_column(name: str, other: str, constant: str) -> None:
    conditions = (
        Condition(Term(name, 1), "=", Term(name, 2)),
        Condition(Term(other, 1), "<=", Term(constant, 0)),
    )
    rules = Rules(denials=(Denial(conditions),))
    assert parse_rules(rules_text(rules)) == rules


def test_rules_go_through_a_file(tmp_path: Path) -> None:
    rules = Rules((ColumnRule("a", values=("x", "y")),), comparisons=(Comparison("b", "<", "c"),))
    write_rules(rules, tmp_path / "rules.toml")
    assert read_rules(tmp_path / "rules.toml") == rules
    assert len(rules) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[columns.a]\nleast = 3\nmost = 2", "least <= most"),
        ("[columns.a]\nvalues = ['x']\npattern = '[0-9]+'", "match its pattern"),
        ("[columns.a]\nvalues = ['7']\nmost = 2", "fit its type and range"),
        ("[columns.a]\nvalues = ['7.5']\ntype = 'integer'", "fit its type and range"),
        ("[columns.a]\nvalues = []", "one or more values"),
        ("[columns.a]\ntype = 'date'\nleast = 1", "numbers in 'a'"),
        ("[columns.a]\ntype = 'numbr'", "did you mean 'number'"),
        ("[columns.a]\nleast = nan", "numbers as least"),
        (f"[columns.a]\nleast = 1{400 * '0'}", "no larger than"),
        ("[columns.a]\nlest = 1", "did you mean 'least'"),
        ("[columns.a]\nrequired = 'yes'", "true or false"),
        ("[columns.a]\npattern = '('", "regular expression"),
        ("[columns.a]\npattern = '(?=a)'", "regular expression"),
        ("[columns.a]\npattern = '(a)\\1'", "regular expression"),
        ("[column.a]\n", "did you mean 'columns'"),
        ("columns = 3", "tables such as"),
        ("[[determines]]\ngiven = ['a']\ncolumn = 'a'", "others determine"),
        ("[[determines]]\ngiven = []\ncolumn = 'a'", "columns that determine"),
        ("[[unique]]\ncolumns = []", "rule of uniqueness"),
        ("[[compare]]\nleft = 'a'\noperator = '=>'\nright = 'b'", "an operator"),
        ("[[compare]]\nleft = 'a'\noperator = '<'\nright = 'a'", "two columns"),
        ("[[denial]]\nconditions = ['t1.a != t2.a']", "pairs of rows that agree"),
        ("[[denial]]\nconditions = ['nothing']", "a condition"),
        ("[[denial]]\nconditions = []", "conditions of a denial"),
    ],
)
def test_rules_that_mean_nothing_or_contradict_are_refused(text: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        parse_rules(text)


def comparisons(*written: str) -> tuple[Comparison, ...]:
    return tuple(Comparison(*one.split()) for one in written)


@pytest.mark.parametrize(
    "written",
    [
        ("a < b", "b < a"),
        ("a < b", "b <= c", "c <= a"),
        ("a < b", "a > b"),
        ("a = b", "a < b"),
        ("a = b", "a != b"),
        ("a <= b", "b <= a", "a != b"),
    ],
)
def test_comparisons_that_cannot_all_hold_are_refused(written: tuple[str, ...]) -> None:
    with pytest.raises(OptionError, match="can all hold"):
        Rules(comparisons=comparisons(*written))


def test_comparisons_that_can_hold_are_taken() -> None:
    assert len(Rules(comparisons=comparisons("a < b", "b <= c", "a != c", "c = d"))) == 4


def test_so_many_comparisons_take_too_long() -> None:
    chain = tuple(Comparison(f"c{i}", "<", f"c{i + 1}") for i in range(1001))
    assert len(Rules(comparisons=chain[:1000])) == 1000
    with pytest.raises(OptionError, match="at most 1,000 comparisons"):
        Rules(comparisons=chain)


def test_values_are_read_as_cells_are() -> None:
    assert ColumnRule("a", kind="integer", least=0, values=("1,200", "7")).values[0] == "1,200"
    with pytest.raises(OptionError, match="fit its type and range"):
        ColumnRule("a", kind="number", values=("1,5",))


def test_two_rules_for_one_column_are_refused() -> None:
    with pytest.raises(OptionError, match="one rule for each column"):
        Rules((ColumnRule("a"), ColumnRule("a")))


def test_unknown_columns_are_refused() -> None:
    rules = Rules(determines=(Determines(("zip",), "towns"),))
    with pytest.raises(ColumnError, match="did you mean 'town'"):
        rules.check(["zip", "town"])


@pytest.mark.parametrize(
    "content", [b"not toml", b"\xff\xfe", b"a = " + b"[" * 5000, b"a = " + b"9" * 5000]
)
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rules.toml").write_bytes(content)
    with pytest.raises(DataError):
        read_rules(tmp_path / "rules.toml")


def test_a_file_of_rules_has_to_be_there_and_small(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_rules(tmp_path / "none.toml")
    (tmp_path / "large.toml").write_text("#" * (2**20 + 1))
    with pytest.raises(DataError, match="at most 1 MiB"):
        read_rules(tmp_path / "large.toml")


def test_a_look_around_is_refused_in_our_words() -> None:
    with pytest.raises(OptionError, match="look-around") as raised:
        checked_pattern("(?=a)b", "zip")
    assert "str.contains" not in str(raised.value)
