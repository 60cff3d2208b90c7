"""The page as a whole: what it says, what it never does, how large it gets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

import modelwright as mw
from explore.tables import HOSTILE, orders, profiled, wide
from modelwright.core.codes import CODES
from modelwright.core.errors import OutputError
from modelwright.explore import page as page_module
from modelwright.explore.page import LIMIT
from modelwright.explore.terminal import summary
from report.test_page import check


@pytest.mark.long
def test_a_page_tells_what_would_hurt_first() -> None:
    page = check(mw.explore(orders(), "paid").page())
    text = page.text
    assert text.index("What would hurt a model here") < text.index("A name with a link leads")
    assert "999" in text
    assert "--types types.json" in text
    for title in ("To predict", "Missing", "Together", "By group", "Column by column"):
        assert title in text


def test_a_page_without_target_or_gaps_or_pairs() -> None:
    page = check(mw.explore({"only": [1.0, 2.0, 5.0]}).page())
    assert "Every figure is counted on all rows." in page.text
    assert "What is missing" not in page.text


@pytest.mark.long
def test_a_page_of_2_000_columns_is_small() -> None:
    text = profiled(wide(2000, rows=60)).page()
    page = check(text)
    assert len(text.encode()) <= LIMIT
    assert page.text.count("a column with a name ") >= 2000


@pytest.mark.long
def test_a_page_shows_less_where_more_would_be_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "LIMIT", 220_000)
    frame = wide(300, rows=30)
    frame = frame.rename({name: f"{name} {'ü<&' * 60}" for name in frame.columns})
    text = profiled(frame).page()
    assert len(text.encode()) <= 220_000
    assert "more columns" in check(text).text


@pytest.mark.long
def test_nothing_of_the_data_becomes_markup() -> None:
    names = [*HOSTILE, "target"]
    rows = 60
    frame = pl.DataFrame(
        {
            name: [HOSTILE[(i + j) % len(HOSTILE)] for i in range(rows)]
            for j, name in enumerate(names)
        }
    )
    frame = frame.with_columns(pl.Series("number", [float(i) for i in range(rows)]))
    text = mw.explore(frame, "target", test=frame.head(50)).page()
    page = check(text)
    assert "<img src=x" not in text
    assert "alert(1)</script>" not in text
    assert "<script>alert(1)</script>" in page.text  # as words


def test_a_notebook_shows_a_smaller_page_in_a_frame() -> None:
    text = mw.explore(orders(200), "paid")._repr_html_()
    assert text.startswith("<iframe ")
    assert 'sandbox="allow-scripts"' in text
    assert "<script>" not in text


def test_a_page_is_written_or_refused(tmp_path: Path) -> None:
    found = mw.explore({"a": [1.0, 2.0]})
    assert found.write(tmp_path / "a.html").read_text(encoding="utf-8") == found.page()
    with pytest.raises(OutputError):
        found.write(tmp_path / "no such folder" / "a.html")


@pytest.mark.long
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_summary_fits_into_the_terminal(width: int) -> None:
    text = summary(mw.explore(orders(), "paid"), width)
    lines = [line for line in text.splitlines() if not re.search(r"\S{50}", line)]
    assert max(map(len, lines)) <= max(width, 78)
    assert "what would hurt a model here" in text
    assert "amount" in text


def test_a_summary_shows_no_control_characters() -> None:
    bad = {"a\x1b[31mb\n": ["\x1b]0;x\x07", "\x00", "c"] * 5}
    text = str(mw.explore(bad))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


@pytest.mark.long
def test_json_is_plain() -> None:
    found = mw.explore(orders(), "paid", test=orders(300, seed=1)).to_json()
    assert json.loads(json.dumps(found)) is not None
    assert {
        "source",
        "rows",
        "columns",
        "findings",
        "missing",
        "associations",
        "target",
        "test",
    } <= set(found)
    amount = next(c for c in found["columns"] if c["name"] == "amount")
    assert set(amount["numbers"]["quantiles"]) >= {"0", "0.25", "0.5", "0.75", "1"}


@pytest.mark.long
def test_what_check_finds_has_its_title() -> None:
    sales = orders()
    found = mw.explore(pl.concat([sales, sales.head(60)]), "paid")
    text = check(found.page()).text
    for finding in found.findings:
        if finding.code in CODES and finding.code not in page_module._TITLES:
            assert CODES[finding.code].title in text
    assert "exact-duplicates" in {finding.code for finding in found.findings}
