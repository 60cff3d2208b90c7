from __future__ import annotations

import polars as pl
import pytest

from modelwright.acquire import Raw
from modelwright.core.errors import ColumnError
from modelwright.core.settings import Question, Settings
from modelwright.plan.pose import pose

FRAME = pl.DataFrame({"a": list(range(9)), "b": list(range(9))})


def test_a_target_that_is_not_there_may_be_in_a_line_that_was_left_out() -> None:
    title = "The line above the table was taken as a title and left out."
    raw = Raw(FRAME, ("1 NUL character was removed from the text.", title))
    with pytest.raises(ColumnError) as raised:
        pose(raw, Question("sold"), Settings())
    assert str(raised.value).endswith(f"choose one of: a, b. {title}")
    with pytest.raises(ColumnError, match=r"choose one of: a, b$"):
        pose(Raw(FRAME, raw.notes[:1]), Question("sold"), Settings())


def test_a_near_name_and_a_line_that_was_left_out_are_said_in_two_sentences() -> None:
    title = "The line above the table was taken as a title and left out."
    with pytest.raises(ColumnError) as raised:
        pose(Raw(FRAME.rename({"b": "sold"}), (title,)), Question("sald"), Settings())
    assert str(raised.value).endswith(f"did you mean 'sold'? {title}")
