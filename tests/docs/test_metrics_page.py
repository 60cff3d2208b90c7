"""The page on metrics lists every one that there is."""

from __future__ import annotations

import re

import pytest

from docs.pages import ROOT
from modelwright.evaluate.forms import FORMS, Form

PAGE = (ROOT / "docs" / "guide" / "metrics.md").read_text(encoding="utf-8")
LISTED = re.findall(r"`([a-z0-9_]+)[`(]", "".join(re.findall(r"^\| `.*$", PAGE, re.MULTILINE)))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
def test_a_metric_is_on_the_page(form: Form) -> None:
    assert form.name in LISTED
    if form.sample:
        assert form.sample.split("(")[0] + "(" in PAGE


def test_the_page_lists_nothing_else() -> None:
    assert set(LISTED) == {form.name for form in FORMS}
