from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.addresses import masked, passwords_of, split_address
from modelwright.core.progress import reading
from modelwright.flow import _source


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("ann:pa/ss@host/db#t", "ann:***@host/db#t"),
        ("ann:p@ss@host/db#t", "ann:***@host/db#t"),
        ("ann:pa#ss@host/db#t", "ann:***@host/db#t"),
        ("ann:pa?ss@host/db#t", "ann:***@host/db#t"),
        ("ann:x@host/db?sslpassword=zzz&a=b@c#t", "ann:***@host/db?sslpassword=***&a=b@c#t"),
        ("host/db?user=ann&PASSWORD=z@z#t", "host/db?user=ann&PASSWORD=***#***"),
        ("host/db?password=a#b", "host/db?password=***#***"),
        ("host/db?password=a#b#t", "host/db?password=***#***"),
        ("host/db?password=a#b&user=ann#t", "host/db?password=***&user=ann#t"),
        ("host/db?password=a#b#select 1 as x", "host/db?password=***#select 1 as x"),
        ("ann@host:5432/db", "ann@host:5432/db"),
        ("host/db#select * from t where m = 'a:b@c'", "host/db#select * from t where m = 'a:b@c'"),
    ],
)
def test_a_password_is_never_told(written: str, shown: str) -> None:
    url = f"postgresql://{written}"
    assert masked(url) == f"postgresql://{shown}"
    assert _source(url) == f"postgresql://{shown}"
    assert reading(url) == f"reading postgresql://{shown.split('#')[0]}"


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("host/db?password=a#b", "b"),
        ("host/db?password=a#b#t", "t"),
        ("host/db?password=a#b&user=ann#t", "t"),
        ("host/db?password=a#b#select '#1'", "select '#1'"),
        ("ann:x@host/db?sslmode=require#a#b", "a#b"),
        ("host/db#t?x=1", "t?x=1"),
    ],
)
def test_what_is_asked_after_options(written: str, asked: str) -> None:
    place, found = split_address(f"postgresql://{written}")
    assert found == asked
    assert place == f"postgresql://{written}".removesuffix(f"#{asked}")


@given(st.text("ab1@/#?&=:%", min_size=1).map(lambda text: f"QQ{text}QQ"))
def test_whatever_stands_in_a_password(password: str) -> None:
    url = f"postgres://ann:{password}@host:5432/db#orders"
    if "?" not in password:  # as in an option of the connection
        assert passwords_of(split_address(url)[0]) == [password]
        assert split_address(url)[1] == "orders"
    if "=" not in password:
        assert "QQ" not in masked(url)


def test_files_keep_their_names() -> None:
    for name in ("ann:x@y.csv", "sqlite:///a@b:c@d.db#t", "duckdb:///x?password=1.duckdb"):
        assert masked(name) == name
    assert split_address("sqlite:///a@b.db#t") == ("sqlite:///a@b.db", "t")
    assert reading("~nobody-of-that-name/x.csv") == "reading x.csv"
