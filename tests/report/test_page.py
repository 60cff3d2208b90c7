"""The report as a whole: what it says, what it never does, how large it gets."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import modelwright as mw
from modelwright.core.errors import ModelwrightWarning, OutputError
from modelwright.core.evidence import Evidence
from modelwright.core.result import Leaderboard
from modelwright.core.task import TaskKind
from modelwright.model import Model
from modelwright.report import render, write_evaluation, write_report
from report.builders import HOSTILE, build, without

VOID = {"meta", "link", "br", "input", "hr", "img", "wbr"}
LIMIT = 3_000_000


class Page(HTMLParser):
    """What a browser would see, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def check(text: str) -> Page:
    """Hold a page to what every page promises."""
    assert len(text.encode()) <= LIMIT
    page = Page(text)
    assert page.open == []
    ids = [at["id"] for _, at in page.tags if "id" in at]
    assert len(ids) == len(set(ids))
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert not any(name.startswith("on") or name == "style" for _, at in page.tags for name in at)
    assert [tag for tag, _ in page.tags].count("script") == 1
    links = [at[k] or "" for _, at in page.tags for k in ("href", "src") if k in at]
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    for tag, at in page.tags:
        if tag == "svg":
            told = str(at.get("aria-labelledby", "")).split()
            assert at.get("aria-hidden") == "true" or (at["role"] == "img" and told)
            assert set(told) <= set(ids)
    return page


KINDS = {
    "binary": build(TaskKind.BINARY),
    "rare": build(TaskKind.BINARY, rare=0.05),
    "multiclass": build(TaskKind.MULTICLASS, classes=("a", "b", "c", "d"), rare=0.5),
    "regression": build(TaskKind.REGRESSION),
}


@pytest.mark.long
@pytest.mark.parametrize("model", KINDS.values(), ids=KINDS)
def test_a_page_says_everything_in_order(model: Model) -> None:
    page = check(render(model))
    words = page.text
    parts = ["Predicting outcome", "95 % interval", "How good it is", "What matters"]
    parts += ["Single predictions explained", "The data at a glance", "Left out: 1 column"]
    parts += ["How it was validated", "Leaderboard", "How to use it", "How to make it again"]
    places = [words.replace("\xa0", " ").find(part, words.find("Predicting")) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert "3 rows without a value of 'outcome' were left out" in words
    assert "modelwright predict model.mw" in words
    assert model.card.run in words


PLOTS = {
    "binary": ["ROC curve", "Precision and recall", "Calibration", "Choose a threshold"],
    "multiclass": ["Class by class", "Confusion matrix", "Calibration", "Most frequent mistakes"],
    "regression": ["Predicted against true", "Errors against predictions", "How large errors are"],
}


@pytest.mark.parametrize("kind", PLOTS)
def test_each_task_gets_its_plots(kind: str) -> None:
    words = check(render(KINDS[kind])).text
    assert all(title in words for title in PLOTS[kind])
    others = {t for k, titles in PLOTS.items() if k != kind for t in titles} - set(PLOTS[kind])
    assert not any(f"{title} Numbers" in words for title in others if kind == "regression")


@pytest.mark.long
def test_the_table_of_classes_leads_when_they_are_unbalanced() -> None:
    balanced, rare = (check(render(KINDS[name])).text for name in ("binary", "rare"))
    assert balanced.index("Area under the curve") < balanced.index("Class by class")
    assert rare.index("Class by class") < rare.index("Area under the curve")


def test_scores_on_the_page_are_those_of_the_evidence() -> None:
    model = KINDS["regression"]
    assert model.evidence is not None
    y, p = model.evidence.y, model.evidence.p[:, 0]
    words = check(render(model)).text
    rmse = np.sqrt(np.mean((y - p) ** 2))
    assert f"miss by {rmse:.4g} typically" in words
    assert f"predicting the mean misses by {y.std():.4g}" in words


def test_a_page_without_evidence_says_what_is_missing() -> None:
    model = replace(KINDS["binary"], evidence=None)
    words = check(render(model)).text
    assert "holds no held-out predictions" in words
    assert "does not say which columns matter" in words
    assert "number 0" in words


def test_a_model_that_nobody_validated_says_so() -> None:
    card = replace(KINDS["binary"].card, score=None, leaderboard=Leaderboard("roc_auc", ()))
    words = check(render(replace(KINDS["binary"], card=card, evidence=None))).text
    assert "Not validated" in words
    assert "No trial was scored" in words


@pytest.mark.long
def test_a_model_no_better_than_guessing_is_called_that() -> None:
    model = KINDS["binary"]
    assert model.evidence is not None
    flat = np.full_like(model.evidence.p, 0.5)
    standing = replace(model.leaderboard.standings[0], score=0.5, low=0.46, high=0.54)
    board = replace(model.leaderboard, standings=(standing,))
    poor = replace(without(model, p=flat), card=replace(model.card, score=0.5, leaderboard=board))
    assert "Not shown to help" in check(render(poor)).text


@pytest.mark.long
@pytest.mark.parametrize("kind", list(TaskKind))
def test_hostile_names_stay_text(kind: TaskKind) -> None:
    classes = HOSTILE[:2] if kind is TaskKind.BINARY else HOSTILE
    model = build(kind, rows=200, names=HOSTILE, classes=classes, target=HOSTILE[1])
    notes = tuple(f"note: {text}" for text in HOSTILE)
    model = replace(model, card=replace(model.card, notes=notes, plan=HOSTILE[0], run=HOSTILE[1]))
    page = check(render(model))
    assert HOSTILE[0] in page.text
    assert not {tag for tag, _ in page.tags} & {"img", "b", "iframe", "object"}


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(min_size=1, max_size=40), min_size=6, max_size=6, unique=True))
def test_any_names_stay_text(names: list[str]) -> None:
    shown = without(KINDS["regression"])
    assert shown.evidence is not None
    e = shown.evidence
    profiles = [replace(p, name=n) for p, n in zip(e.profiles, names, strict=False)]
    importances = [replace(i, column=n) for i, n in zip(e.importances, names, strict=False)]
    curves = [replace(d, column=n) for d, n in zip(e.dependences, names, strict=False)]
    single = replace(e.attributions[0], columns=tuple(names), values=tuple(names), row=names[0])
    check(
        render(
            without(
                shown,
                profiles=tuple(profiles),
                importances=tuple(importances),
                dependences=tuple(curves),
                attributions=(single,),
            )
        )
    )


@pytest.mark.long
def test_a_page_stays_small_whatever_the_table() -> None:
    names = tuple(f"{i} " + "long name " * 300 for i in range(2000))
    labels = tuple(f"class {i} " + "é" * 2000 for i in range(50))
    wide = build(
        TaskKind.MULTICLASS, rows=20_000, features=2000, classes=labels, names=names, rare=0.95
    )
    page = check(render(wide))
    assert "and 1,851 more" in page.text
    check(render(build(TaskKind.REGRESSION, rows=20_000, features=3)))


@pytest.mark.parametrize(
    "values",
    [
        np.full(40, 3.0),
        np.r_[np.full(39, 0.0), 1e30],
        np.exp(np.linspace(-20, 40, 40)),
        np.linspace(-1e-12, 1e-12, 40),
        np.array([1.0]),
        np.r_[np.nan, np.ones(20)],
    ],
    ids=["constant", "one huge", "60 orders", "tiny", "one row", "a gap"],
)
def test_odd_numbers_make_a_page_too(values: np.ndarray) -> None:
    model = build(TaskKind.REGRESSION, rows=30)
    p = (values * 0.9)[:, None].astype(np.float32)
    check(render(without(model, y=values, p=p, fold=np.zeros(len(values), np.int16))))


@pytest.mark.long
def test_odd_classes_make_a_page_too() -> None:
    model = build(TaskKind.BINARY, rows=30)
    one = without(model, y=np.zeros(30, np.int32))
    assert "the classes cannot be compared" in check(render(one)).text
    beyond = without(model, y=np.full(30, 7, np.int32))
    assert "nothing to draw" in check(render(beyond)).text
    weighted = without(model, weight=np.linspace(0, 2, 30))
    check(render(weighted))


def test_evidence_with_little_in_it_makes_a_page() -> None:
    model = KINDS["regression"]
    assert model.evidence is not None
    e = model.evidence
    check(render(replace(model, evidence=Evidence(e.y, e.p, e.fold))))


@pytest.mark.long
def test_a_report_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = write_report(KINDS["binary"], tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == render(KINDS["binary"])
    with pytest.raises(OutputError):
        write_report(KINDS["binary"], tmp_path / "none" / "report.html")


@pytest.fixture(scope="module")
def fitted() -> tuple[mw.Result, pl.DataFrame]:
    """Fit a real model once."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    table = pl.DataFrame({"x": x, "z": rng.normal(size=200), "y": 2 * x + rng.normal(size=200)})
    result = mw.fit(table, "y", settings=mw.Settings(trials=1, workers=0))
    return result, table


def test_a_result_is_reported_like_its_model(
    fitted: tuple[mw.Result, pl.DataFrame], tmp_path: Path
) -> None:
    result, _ = fitted
    path = mw.write_report(result, tmp_path / "a.html")
    assert path.read_text(encoding="utf-8") == render(result.model)
    assert "Predicting y" in check(path.read_text(encoding="utf-8")).text


def test_an_evaluation_gives_the_scores_and_the_plots(
    fitted: tuple[mw.Result, pl.DataFrame], tmp_path: Path
) -> None:
    result, _ = fitted
    path = tmp_path / "new.html"
    rng = np.random.default_rng(12)
    x = rng.normal(size=200)
    new = pl.DataFrame({"x": x, "z": rng.normal(size=200), "y": 2 * x + rng.normal(size=200)})
    scores = write_evaluation(result.model, new, path)
    assert scores == pytest.approx(result.model.evaluate(new), nan_ok=True)
    assert next(iter(scores)) == "rmse"
    words = check(path.read_text(encoding="utf-8")).text
    assert "200 new rows" in words
    assert "Predicted against true" in words
    assert "When the model was fitted, held-out rows gave rmse" in words
    found = re.search(r"on new rows, 95 % interval ([\d.]+) to ([\d.]+)", words)
    assert found is not None
    assert float(found[1]) < scores["rmse"] < float(found[2])


def test_an_evaluation_on_the_rows_of_the_fit_says_so(
    fitted: tuple[mw.Result, pl.DataFrame], tmp_path: Path
) -> None:
    result, table = fitted
    path = tmp_path / "same.html"
    with pytest.warns(ModelwrightWarning, match="the very rows"):
        write_evaluation(result.model, table, path)
    assert "too good to be true" in check(path.read_text(encoding="utf-8")).text


@pytest.mark.long
@pytest.mark.parametrize("kind", list(TaskKind))
def test_the_example_row_has_a_value_for_every_column(kind: TaskKind) -> None:
    words = check(render(build(kind, rows=200))).text
    assert "one = model.predict({" in words
    assert "[None]" not in words


def test_an_option_is_not_broken_at_its_hyphens() -> None:
    model = KINDS["binary"]
    note = "Mend it with --types, or leave it."
    page = render(replace(model, card=replace(model.card, notes=(note,))))
    assert '<span class="whole">--types</span>' in page
