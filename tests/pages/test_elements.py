"""Text from data never becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import OptionError, OutputError
from modelwright.pages import Chapter, Figure, Grid, Markup, element, escape, joined, page, shorten
from modelwright.pages.plot import fitted, text_width


class Reader(HTMLParser):
    """What a browser would see: the tags with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


ANY = st.text(st.characters(), max_size=60) | st.text("<>&\"'/= scriptxonload", max_size=60)


@given(ANY, ANY)
def test_any_text_stays_text(inside: str, value: str) -> None:
    made = element("p", inside, element("b", "!"), at={"title": value})
    seen = read(made)
    assert [tag for tag, _ in seen.tags] == ["p", "b"]
    assert set(seen.tags[0][1]) == {"title"}
    # What was not replaced came through unchanged (a parser makes one line end of two).
    clean = read(element("p", escape(inside).replace("\r\n", "\n").replace("\r", "\n")))
    assert seen.text.endswith("!")
    assert len(clean.tags) == 1
    made.encode("utf-8")


@given(ANY)
def test_text_is_escaped_once_and_can_be_read_back(text: str) -> None:
    kept = all(c in "\t\n\r" or (ord(c) >= 32 and not 127 <= ord(c) <= 159) for c in text)
    once = escape(text)
    assert escape(once) is once
    if kept and not any(0xD800 <= ord(c) <= 0xDFFF or c in "\ufffe\uffff\r" for c in text):
        assert read(element("p", text)).text == text


def test_markup_joined_with_plain_text_is_not_trusted() -> None:
    mixed = Markup("<b>") + "<script>"
    assert type(mixed) is str
    assert element("p", mixed) == "<p>&lt;b&gt;&lt;script&gt;</p>"


def test_attributes_that_are_none_or_false_are_left_out() -> None:
    at = {"a": None, "b": False, "c": True, "d": 1.005, "e": 0, "f": -0.001}
    assert element("i", at=at) == '<i c="" d="1" e="0" f="0"></i>'


def test_empty_elements_have_no_end() -> None:
    assert element("br") == "<br>"
    assert joined(None, ["a", 1, [element("hr")]]) == "a1<hr>"


@given(st.text(max_size=200), st.integers(2, 60))
def test_a_shortened_text_keeps_both_ends(text: str, most: int) -> None:
    cut = shorten(text, most)
    whole = " ".join(text.split())
    assert len(cut) <= max(most, 1)
    assert cut == whole or (cut[0] == whole[0] and "…" in cut)


@given(st.text(max_size=300))
def test_a_fitted_text_fits(text: str) -> None:
    assert text_width(fitted(text, 120), 14) <= 120


def test_a_page_allows_itself_no_network_and_no_foreign_script() -> None:
    text = page("<t>", Markup(), [Chapter("k", "<k>", element("p", "x"))], Markup())
    metas = [at for tag, at in read(text).tags if tag == "meta"]
    policy = next(at["content"] for at in metas if at.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http:" not in text
    assert "https:" not in text
    assert not any(name.startswith("on") for _, at in read(text).tags for name in at)
    assert not any("style" in at for _, at in read(text).tags)


def _figure(title: str) -> Figure:
    dot = element("circle", at={"cx": 1, "cy": 1, "r": 1})
    return Figure(title, "One & only.", dot, 10, 10, Grid(("a",), (("<1>",),), "numbers"))


def test_a_figure_says_in_words_what_it_shows() -> None:
    seen = read(_figure("<b>").html("key"))
    (svg,) = [at for tag, at in seen.tags if tag == "svg"]
    named = str(svg["aria-labelledby"]).split()
    assert [at["id"] for _, at in seen.tags if at.get("id") in named] == named
    assert "<b>" in seen.text
    assert "<1>" in seen.text


def test_a_saved_figure_is_sound_xml(tmp_path) -> None:
    import xml.etree.ElementTree as ET

    path = _figure("<b> & \x00 \ud800").save(tmp_path / "a.svg")
    root = ET.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text == "<b> & \ufffd \ufffd"


def test_a_figure_is_saved_as_svg_only(tmp_path) -> None:
    with pytest.raises(OptionError, match=r"\.svg"):
        _figure("a").save(tmp_path / "a.png")
    with pytest.raises(OutputError):
        _figure("a").save(tmp_path / "none" / "a.svg")


def test_notebooks_show_a_figure() -> None:
    assert _figure("a")._repr_html_().startswith('<div class="modelwright">')
