"""Rules are offered where a dirty table keeps them nearly everywhere, and nowhere else."""

from __future__ import annotations

import numpy as np
import polars as pl

from modelwright.clean.coded import code_table
from modelwright.clean.rules.discover import accepted, discover
from modelwright.clean.rules.file import parse_rules, rules_text
from modelwright.clean.rules.rules import ColumnRule, Comparison, Determines
from modelwright.clean.rules.violations import broken_rules


def table(rows: int = 600) -> pl.DataFrame:
    draw = np.random.default_rng(0)
    zips = draw.integers(10_000, 10_040, rows)
    low = draw.integers(0, 60, rows)
    words = ["a", "bb", "ccc", "dd-d"]
    cells = {
        "key": [f"K-{i:05d}" for i in range(rows)],
        "zip": [str(z) for z in zips],
        "town": [f"town {z}" if draw.random() > 0.02 else "nowhere" for z in zips],
        "colour": draw.choice(["red", "green", "blue"], rows).tolist(),
        "low": [str(x) for x in low],
        "high": [str(x + draw.integers(0, 9)) for x in low],
        "amount": [f"{x:.2f}" for x in draw.normal(50, 5, rows)],
        "day": [
            f"2026-{1 + x // 28 % 12:02d}-{1 + x % 28:02d}" for x in draw.integers(0, 336, rows)
        ],
        "remark": [" ".join(draw.choice(words, draw.integers(1, 9))) for _ in range(rows)],
    }
    cells["colour"][5] = "rde"
    cells["amount"][7] = "99999.0"
    return pl.DataFrame(cells)


def test_rules_are_offered_with_support_and_confidence() -> None:
    found = {one.words: one for one in discover(table())}
    assert "no two rows have the same 'key'" in found
    assert "'key' looks like 'K-00000'" in found
    assert "'amount' is a number" in found
    assert "'day' is a date" in found
    assert "'low' is never above 'high'" in found
    assert "'zip' settles 'town'" in found
    zips = found["'zip' settles 'town'"]
    assert zips.rule == Determines(("zip",), "town")
    assert 0.95 < zips.confidence < 1
    assert zips.support == 600
    assert found["'colour' is one of 3 values"].confidence == 599 / 600
    assert not any("'remark' looks like" in words for words in found)
    assert not any(one.rule == Comparison("high", "<=", "low") for one in found.values())


def test_a_range_leaves_out_what_lies_far_outside() -> None:
    ranges = [one.rule for one in discover(table()) if "'amount' lies" in one.words]
    (rule,) = ranges
    assert isinstance(rule, ColumnRule)
    assert rule.most is not None
    assert rule.most < 100


def test_what_is_offered_can_be_accepted_written_and_checked() -> None:
    cells = table()
    offered = discover(cells)
    rules = accepted(offered)
    assert parse_rules(rules_text(rules)) == rules
    found = broken_rules(cells, code_table(cells), rules)
    marked = {
        (cells.columns[one.column], row)
        for one in found
        for row in np.flatnonzero(one.chance > 0.5).tolist()
    }
    assert {("colour", 5), ("amount", 7)} <= marked
    assert len(marked) < 0.01 * cells.height * cells.width


def test_all_that_is_offered_can_hold_together() -> None:
    draw = np.random.default_rng(0)
    rows = 1000
    stars = draw.integers(1, 6, rows).astype(str)
    stars[:15] = "N/A"
    sizes = draw.integers(100, 130, rows).astype(str)
    sizes[:12], sizes[12:14] = "99999", "131"
    made = [f"{x:,}" for x in draw.integers(800, 5000, rows)]
    dates = draw.choice(["2001-02-03", "2001-02-04"], rows)
    dates[:20] = "soon"
    cells = pl.DataFrame({"stars": stars, "size": sizes, "made": made, "on": dates})
    offered = discover(cells)
    rules = {one.column: one for one in accepted(offered).columns}
    assert rules["stars"].values == ("1", "2", "3", "4", "5") or "N/A" not in rules["stars"].values
    assert "99999" not in rules["size"].values
    assert rules["made"].kind == "integer"
    assert parse_rules(rules_text(accepted(offered))) == accepted(offered)


def test_patterns_that_would_be_too_long_are_not_offered() -> None:
    draw = np.random.default_rng(0)

    def key(parts: int) -> str:
        pieces = [f"{draw.choice(['ab', 'abc'])}{draw.integers(10, 999)}" for _ in range(parts)]
        return "-".join(pieces)[: 3 * parts + 40]

    texts = [key(8) for _ in range(400)] + ["ab" * 100 + "-" + "ba" * 100] * 300
    for cells in (texts, ["acgt" * 60 + "-" + "tgca" * 60 + str(i) for i in range(400)]):
        accepted(discover(pl.DataFrame({"key": cells})))


def test_nothing_is_offered_of_few_rows() -> None:
    assert discover(table().head(5)) == ()
