"""Columns that know the answer, and columns that are merely good."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import modelwright as mw
from modelwright.core.codes import CODES
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.leaks import windows
from modelwright.leaks.encoded import fingerprint
from modelwright.leaks.moving import reach
from modelwright.leaks.windows import without_itself

ROWS = 400


def world(seed: int = 0) -> tuple[np.random.Generator, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, ROWS))
    y = np.where(a + b + rng.normal(0, 1.2, ROWS) > 0, "yes", "no")
    return rng, pl.DataFrame({"a": a, "b": b, "c": rng.normal(size=ROWS), "y": y})


def loud(frame: pl.DataFrame, target: str = "y") -> list[tuple[str, tuple[str, ...]]]:
    return [(one.code, one.columns) for one in mw.check(frame, target).findings
            if one.severity == "error"]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_table_is_left_in_peace(seed: int) -> None:
    assert loud(world(seed)[1]) == []


def test_a_noisy_copy_is_found() -> None:
    rng, frame = world()
    copy = (frame["y"] == "yes").to_numpy() * 3.0 + rng.normal(0, 0.5, ROWS)
    few = frame.with_columns(z=pl.Series(copy))
    many = few.with_columns(**{f"n{i}": pl.Series(rng.normal(size=ROWS)) for i in range(6)})
    assert loud(many) == [("target-copy", ("z",))]
    assert loud(few) == []  # beside two columns it may be the one that matters


def test_a_strong_column_beside_others_is_no_copy() -> None:
    rng = np.random.default_rng(0)
    size = rng.normal(size=ROWS)
    other = size + rng.normal(0, 0.3, ROWS)
    frame = pl.DataFrame({"size": size, "other": other, "y": size + rng.normal(0, 0.3, ROWS)})
    assert loud(frame) == []


def test_rows_that_all_miss_something_are_judged_without_a_warning() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, ROWS))
    turn = np.arange(ROWS) % 2 == 0
    frame = pl.DataFrame({"a": a, "b": b, "y": a + b + rng.normal(0, 0.5, ROWS)})
    gaps = frame.with_columns(
        pl.when(pl.Series(turn)).then(pl.col("a")), pl.when(pl.Series(~turn)).then(pl.col("b"))
    )
    assert loud(gaps) == []


@pytest.mark.parametrize("where", ["last", "word", "remainder"])
def test_a_spelled_answer_is_found(where: str) -> None:
    rng, frame = world()
    yes = (frame["y"] == "yes").to_numpy()
    number = rng.integers(1000, 9999, ROWS)
    spelled = {
        "last": [f"{n}-{'ab'[int(one)]}" for n, one in zip(number, yes, strict=True)],
        "word": [f"box {n} {'seen' if one else 'sent'} by {n % 7}"
                 for n, one in zip(number, yes, strict=True)],
        "remainder": [f"K{2 * n + int(one)}" for n, one in zip(number, yes, strict=True)],
    }[where]  # fmt: skip
    assert loud(frame.with_columns(z=pl.Series(spelled))) == [("spelled-answer", ("z",))]


def test_a_column_filled_in_afterwards_is_found() -> None:
    rng, frame = world()
    filled = (frame["y"] == "yes").to_numpy() & (rng.random(ROWS) < 0.6)
    reason = [f"r{rng.integers(3)}" if one else None for one in filled]
    codes = [
        code for code, columns in loud(frame.with_columns(z=pl.Series(reason))) if "z" in columns
    ]
    assert codes == ["after-the-fact"]


def test_an_amount_of_one_outcome_only_is_no_order_of_means() -> None:
    rng, frame = world()
    paid = (frame["y"] == "yes").to_numpy() & (rng.random(ROWS) < 0.5)
    amounts = np.where(paid, np.exp(rng.normal(3, 0.5, ROWS)).round(1), 0.0)
    assert loud(frame.with_columns(z=pl.Series(amounts))) == [("after-the-fact", ("z",))]


@pytest.mark.long
def test_two_dates_between_which_the_time_is_the_answer_are_found() -> None:
    rng, frame = world()
    yes = (frame["y"] == "yes").to_numpy()
    start = np.sort(rng.integers(0, 700, ROWS))
    days = rng.integers(1, 20, ROWS)
    first = pl.Series(start, dtype=pl.Int32).cast(pl.Date)
    told = frame.with_columns(
        signed=first, settled=pl.Series(start + days + 25 * yes, dtype=pl.Int32).cast(pl.Date)
    )
    assert loud(told) == [("late-date", ("settled",))]
    honest = told.with_columns(settled=pl.Series(start + days, dtype=pl.Int32).cast(pl.Date))
    assert loud(honest) == []


def test_that_a_column_has_no_value_is_no_sign() -> None:
    rng = np.random.default_rng(0)
    sick = rng.random(ROWS) < 0.15
    measured = sick | (rng.random(ROWS) < 0.6)  # whom nobody suspects, nobody measures
    z = [float(v) if m else None for v, m in zip(rng.normal(size=ROWS), measured, strict=True)]
    columns = {f"x{i}": rng.normal(size=ROWS) for i in range(3)}
    assert loud(pl.DataFrame({**columns, "z": z, "y": sick})) == []


def test_values_that_come_again_where_an_answer_is_rare_are_no_means() -> None:
    rng = np.random.default_rng(0)
    rare = rng.random(600) < 0.05
    floor = np.where(rare, rng.normal(2, 1, 600), rng.choice(np.linspace(-1, -0.5, 40), 600))
    found = fingerprint(floor, rare.astype(float))
    assert found is None or not found.made_of_answers


def test_a_running_number_is_found_only_when_it_tells() -> None:
    _, frame = world()
    shuffled = frame.with_columns(z=pl.Series(np.arange(ROWS)))
    assert loud(shuffled) == []
    told = frame.sort("y").with_columns(z=pl.Series(np.arange(ROWS)))
    told = told.sample(fraction=1, shuffle=True, seed=1)
    assert ("row-number", ("z",)) in loud(told)


@pytest.mark.long
@settings(max_examples=20)
@given(before=st.integers(0, 8), after=st.integers(0, 8), seed=st.integers(0, 99))
def test_a_window_tells_how_far_it_reaches(before: int, after: int, seed: int) -> None:
    if before + after < 2:
        return
    y = np.random.default_rng(seed).normal(size=300)
    width = before + after + 1
    values = np.convolve(y, np.ones(width) / width, "full")
    values = values[after : after + 300]
    assert reach(values, y) == after


@pytest.mark.long
@settings(max_examples=20)
@given(seed=st.integers(0, 999))
def test_honest_columns_are_no_means_of_answers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level, y = rng.integers(0, 40, 400), rng.integers(0, 2, 400).astype(float)
    known = rng.normal(size=40)[level]
    found = fingerprint(known, y)
    assert found is None or not found.made_of_answers
    assert not without_itself(known, y, level)
    assert reach(rng.normal(size=400).cumsum(), y) is None


@pytest.mark.parametrize("where", ["first", "middle", "base 16", "decimal"])
def test_a_number_spelled_in_a_code_is_found(where: str) -> None:
    rng = np.random.default_rng(0)
    a, noise = rng.normal(size=(2, ROWS))
    y = 500 + 60 * (a + 2 * noise)
    known = (y + rng.normal(0, 15, ROWS)).astype(int).clip(100, 999)
    luck = rng.integers(100, 999, ROWS)
    both = list(zip(known, luck, strict=True))
    spelled = {
        "first": [f"{k}/{n}" for k, n in both],
        "middle": [f"Q{n % 10}{k}{n}" for k, n in both],
        "base 16": [f"{k:x}-{n}" for k, n in both],
        "decimal": [f"about {k / 10:.1f} kg, box {n}" for k, n in both],
    }[where]
    frame = pl.DataFrame({"a": a, "b": rng.normal(size=ROWS), "z": spelled, "y": y})
    assert loud(frame) == [("spelled-answer", ("z",))]
    honest = frame.with_columns(z=pl.Series(spelled).shuffle(seed=1))
    assert loud(honest) == []


def measured(how: str, z: np.ndarray, rng: np.random.Generator) -> list[object]:
    grams, first = np.exp(z) * 900, rng.random(len(z)) < 0.6
    both = list(zip(grams, first, strict=True))
    return {
        "two units": [f"{v / 1000:.2f}kg" if a else f"{v / 453.6:.2f}lbs" for v, a in both],
        "grams": [f"{v / 1000:.2f} kg" if a else f"{v:.0f} g" for v, a in both],
        "currencies": [f"€{v / 10:.2f}" if a else f"${v / 9:.2f}" for v, a in both],
        "size": [f"{v / 20:.0f} x {v / 30:.0f} cm" for v in grams],
        "whole": [int(v * 1000) for v in grams],
    }[how]


@pytest.mark.parametrize("how", ["two units", "grams", "currencies", "size", "whole"])
@pytest.mark.parametrize("left", [0.1, 0.4])
def test_a_measurement_that_tells_much_spells_nothing(how: str, left: float) -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=ROWS)
    y = z * np.sqrt(1 - left) + rng.normal(size=ROWS) * np.sqrt(left)
    frame = pl.DataFrame({"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS), "y": y})
    assert loud(frame.with_columns(z=pl.Series(measured(how, z, rng)))) == []


def test_a_unit_that_spells_the_answer_is_found() -> None:
    rng, frame = world()
    yes = (frame["y"] == "yes").to_numpy()
    weights = [f"{rng.gamma(3, 20):.2f} {'kg' if one else 'lb'}" for one in yes]
    assert ("spelled-answer", ("z",)) in loud(frame.with_columns(z=pl.Series(weights)))


def test_a_remark_that_says_it_in_several_ways_is_found() -> None:
    rng, frame = world()
    yes = (frame["y"] == "yes").to_numpy()
    ways = (["call back", "visit soon", "send offer"], ["no need", "left town", "not at home"])
    notes = [f"{rng.choice(ways[0] if one else ways[1])} by {rng.integers(30)}" for one in yes]
    assert loud(frame.with_columns(z=pl.Series(notes))) == [("spelled-answer", ("z",))]


def messages(rows: int = 800) -> pl.DataFrame:
    """Messages, of which the unwanted ones mostly give a number to call."""
    rng = np.random.default_rng(0)
    said = ["see you at the station", "the meeting is moved again", "did you get the letter"]
    texts, answers = [], []
    for one in rng.random(rows) < 0.3:
        words = f"{rng.choice(said)}, {rng.choice(said)} and {rng.choice(said)}"
        called = rng.random() < (0.85 if one else 0.05)
        texts.append(f"{words} {rng.integers(10**6, 10**9)}" if called else words)
        answers.append("unwanted" if one else "fine")
    return pl.DataFrame({"text": texts, "y": answers})


@pytest.mark.long
def test_a_free_text_that_is_all_there_is_to_learn_from_is_no_leak() -> None:
    rng = np.random.default_rng(1)
    frame = messages()
    assert loud(frame) == []
    assert loud(frame.with_columns(x=pl.Series(rng.normal(size=frame.height)))) == []
    spelled = frame.with_columns(text=pl.format("{} [{}]", "text", pl.col("y").str.slice(0, 1)))
    assert loud(spelled) == [("spelled-answer", ("text",))]


def test_numbers_filled_in_for_high_answers_only_are_found() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=ROWS)
    filled = (y > 0) & (rng.random(ROWS) < 0.6)
    z = [round(rng.random(), 3) if one else None for one in filled]
    columns = {f"x{i}": rng.normal(size=ROWS) for i in range(3)}
    assert ("after-the-fact", ("z",)) in loud(pl.DataFrame({**columns, "z": z, "y": y}))
    z = [round(rng.random(), 3) if one else None for one in rng.permutation(filled)]
    assert loud(pl.DataFrame({**columns, "z": z, "y": y})) == []


def test_a_copy_that_speaks_in_some_rows_only_is_found() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=ROWS)
    said = rng.random(ROWS) < 0.4
    z = np.where(said, (2 * y + rng.normal(0, 0.4, ROWS)).round(2), np.nan)
    columns = {f"x{i}": rng.normal(size=ROWS) for i in range(7)}
    frame = pl.DataFrame({**columns, "z": z, "y": y}).with_columns(pl.col("z").fill_nan(None))
    assert loud(frame) == [("target-copy", ("z",))]


def test_every_code_in_the_source_is_in_the_list_and_has_a_page() -> None:
    import re
    from pathlib import Path

    root = Path(__file__).parents[2]
    rooms = [path for path in (root / "src" / "modelwright").iterdir() if path.name != "explore"]
    files = [file for room in rooms for file in room.rglob("*.py")]
    text = "\n".join(file.read_text("utf-8") for file in files)
    named = set(re.findall(r'Finding\(\s*"([a-z][a-z-]*)"', text))
    named |= set(re.findall(r'CODES\["([a-z-]+)"\]', text))
    assert named
    # "wrong-cells" is told by `explore` alone, and has its place on that page
    assert named - {"time-order", "a", "wrong-cells"} <= set(CODES)
    for code in CODES.values():
        page = (root / "docs" / code.page).read_text("utf-8")
        assert code.page.startswith("guide/bias") or page.startswith(f"# {code.name}\n"), code.name
        assert code.page.startswith("guide/bias") or code.title in page, code.name


def test_digits_of_other_scripts_are_names() -> None:
    _, frame = world()
    written = ["".join(chr(0x0660 + int(d)) for d in f"{i:04}") for i in range(ROWS)]
    assert loud(frame.with_columns(z=pl.Series([f"No. {w}" for w in written]))) == []


def test_numbers_near_the_largest_there_are() -> None:
    rng, frame = world()
    huge = rng.choice([-1e300, 1e-300, 3e299, 1e300], ROWS) * rng.random(ROWS)
    assert loud(frame.with_columns(z=pl.Series(huge))) == []


def test_wide_tables_are_looked_at_in_fewer_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    columns = {f"x{i}": rng.normal(size=200) for i in range(40)}
    frame = pl.DataFrame({**columns, **{f"n{i}": rng.permutation(200) for i in range(5)}})
    table = Table(frame.cast(pl.Float64), Schema(tuple(
        Column(name, Kind.NUMBER) for name in frame.columns)))  # fmt: skip
    asked: list[str] = []
    monkeypatch.setattr(windows, "_by_order", lambda left, y, line: asked.append(line.words) or ())
    for tries in (10_000, 100):
        monkeypatch.setattr(windows, "_TRIES", tries)
        windows.find_made_columns(table, Target(rng.normal(size=200)), ())
    assert len(asked) == 5 + 2


def test_every_page_of_a_leak_runs_its_pitfall() -> None:
    import re
    from pathlib import Path

    root = Path(__file__).parents[2]
    pages = sorted((root / "docs" / "guide" / "audit").glob("*.md"))
    assert len(pages) >= 28
    for page in pages:
        text = page.read_text("utf-8")
        named = re.findall(r"examples/\w+\.py", text)
        assert "```python" in text or named, page.name
        assert all((root / name).is_file() for name in named), page.name
