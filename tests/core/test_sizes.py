"""Sizes as people write them."""

from __future__ import annotations

import pytest

from modelwright.core.errors import OptionError
from modelwright.core.settings import Bounds, Question, Settings
from modelwright.core.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10MB", 10**7),
        ("1 kB", 1000),
        ("2GiB", 2**31),
        ("0.5mb", 500_000),
        (77, 77),
        ("9b", 9),
        ("1.5kb", 1500),
        ("1TB", 10**12),
    ],
)
def test_sizes_are_read(text: str | int, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "MB", "-1MB", "1e9", "10 MBit", "0", "nan", "5 XB", "1.2.3MB"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="a size for --size"):
        parse_size(text, "--size")


def test_bounds_say_what_they_are_and_are_part_of_the_question() -> None:
    assert str(Bounds("1ms", "2.5MB")) == "2.5 MB and 1 ms a row"
    assert not Bounds()
    plain, bound = Settings(), Settings(bounds=Bounds(size="1MB"))
    asked = Question("y")
    assert plain.fingerprint(asked) != bound.fingerprint(asked)
    for wrong in ({"latency": "fast"}, {"latency": "0ms"}, {"size": "small"}):
        with pytest.raises(OptionError, match="for --"):
            Bounds(**wrong)
