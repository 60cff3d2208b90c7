"""What wrong cells ought to say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from modelwright.clean import Errors, Labels, repair
from modelwright.clean.repair import SAID
from modelwright.core.errors import OptionError


def known(dirty: pl.DataFrame, clean: pl.DataFrame) -> Errors:
    """Give the errors of a table whose truth is known."""
    pairs = ((dirty[name].fill_null(""), clean[name].fill_null("")) for name in dirty.columns)
    wrong = np.column_stack([(a != b).to_numpy() for a, b in pairs]).astype(np.float32)
    return Errors(tuple(dirty.columns), wrong, np.full(wrong.shape, -1, np.int16), ())


def shops(rows: int = 240, seed: int = 0) -> pl.DataFrame:
    """Make a table in which the shop settles town and street; sizes have a unit."""
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, 12, rows)
    sizes = zip(rng.integers(8, 30, rows), rng.integers(0, 9, rows), strict=True)
    towns = ["birmingham", "gadsden", "montgomery", "dothan", "huntsville", "anniston"]
    return pl.DataFrame(
        {
            "shop": [f"S{i:02}" for i in shop],
            "town": [towns[i % 6] for i in shop],
            "street": [f"{100 + 7 * i} main street" for i in shop],
            "size": [f"{n}.{m}" for n, m in sizes],
        }
    )


def with_cells(table: pl.DataFrame, column: str, cells: dict[int, str | None]) -> pl.DataFrame:
    values = table[column].to_list()
    for row, value in cells.items():
        values[row] = value
    return table.with_columns(pl.Series(column, values, pl.String))


def test_slips_and_gaps_are_mended_from_rows_of_the_same_shop() -> None:
    clean = shops()
    slips = {3: "bxrmingham", 30: None, 77: "montxomery", 120: "dothan "}
    dirty = with_cells(clean, "town", slips)
    found = {(one.row, one.column): one for one in repair(dirty, known(dirty, clean))}
    changed = [row for row in slips if dirty["town"][row] != clean["town"][row]]
    assert sorted(found) == [(row, "town") for row in sorted(changed)]
    for row in changed:
        one = found[row, "town"]
        assert (one.new, one.applied) == (clean["town"][row], True)
        assert one.confidence >= 0.9
        assert "shop" in one.rule or "street" in one.rule


def test_a_way_of_writing_is_learned_from_labels() -> None:
    clean = shops()
    odd = {row: f"{clean['size'][row]} oz" for row in range(0, 240, 4)}
    dirty = with_cells(clean, "size", odd)
    rows = np.arange(0, 40, 2)
    found = repair(dirty, known(dirty, clean), labels=Labels(rows, clean[rows]))
    mended = {one.row: one for one in found if one.rule != SAID}
    assert sorted(mended) == [row for row in odd if row not in rows]
    assert [one for row, one in mended.items() if one.new != clean["size"][row]] == []
    assert [one for one in mended.values() if not one.applied] == []
    assert {one.rule for one in mended.values()} == {"' oz' at the end is left out"}
    said = [one for one in found if one.rule == SAID]
    assert [one.row for one in said] == [row for row in odd if row in rows]


def test_what_nobody_can_know_is_not_applied() -> None:
    clean = shops()
    dirty = with_cells(clean, "size", {5: None, 9: "??"})
    assert not repair(dirty, known(dirty, clean)).applied


def test_a_threshold_parts_what_is_applied_from_what_is_proposed() -> None:
    clean = shops()
    dirty = with_cells(clean, "town", {3: "bxrmingham", 77: None})
    errors = known(dirty, clean)
    assert len(repair(dirty, errors, threshold=0.0).applied) == 2
    none = repair(dirty, errors, threshold=1.0)
    assert len(none.proposed) == 2
    assert none.apply(dirty).equals(dirty, null_equal=True)
    with pytest.raises(OptionError, match="between 0 and 1"):
        repair(dirty, errors, threshold=2.0)


def test_the_same_again_is_the_same() -> None:
    clean = shops()
    dirty = with_cells(clean, "town", {3: "bxrmingham", 77: None, 90: "gadsen"})
    errors = known(dirty, clean)
    assert repair(dirty, errors, seed=3).all == repair(dirty, errors, seed=3).all


def test_labels_say_what_is_missing_and_what_is_right() -> None:
    clean = shops()
    dirty = with_cells(clean, "town", {3: "bxrmingham"})
    right = with_cells(clean, "town", {3: None})[[3]]
    [one] = repair(dirty, known(dirty, clean), labels=Labels(np.array([3]), right))
    assert (one.new, one.rule, one.applied) == (None, SAID, True)


def test_a_table_without_errors_or_rows_is_left_alone() -> None:
    clean = shops(30)
    assert not len(repair(clean, known(clean, clean)))
    empty = clean.clear()
    assert not len(repair(empty, known(empty, empty)))


def test_unreliable_sources_are_outvoted_by_reliable_ones() -> None:
    """Six sources copy one wrong answer; labels teach that three others are right."""
    rng = np.random.default_rng(1)
    good, bad = ["g1", "g2", "g3"], ["b1", "b2", "b3", "b4", "b5", "b6"]
    rows, truth = [], []
    for thing in range(40):
        hours, minutes = rng.integers(1, 12, 2).tolist(), rng.integers(0, 59, 2).tolist()
        right, wrong = (f"{h}:{m:02}" for h, m in zip(hours, minutes, strict=True))
        copied = wrong if thing % 2 else right
        for source in good + bad:
            rows.append((source, f"T{thing:02}", right if source in good else copied))
            truth.append((source, f"T{thing:02}", right))
    names = ["source", "thing", "time"]
    dirty, clean = (pl.DataFrame(each, schema=names, orient="row") for each in (rows, truth))
    labelled = np.sort(rng.choice(len(rows), 20, replace=False))
    errors = known(dirty, clean)
    found = repair(dirty, errors, labels=Labels(labelled, clean[labelled]))
    right = sum(one.new == clean["time"][one.row] for one in found)
    wrong = int(errors.wrong().sum())
    assert right >= 0.9 * wrong
    assert right >= 0.9 * len(found)


def test_what_is_known_of_one_unknown_cell_is_no_rule_for_the_others() -> None:
    clean = pl.DataFrame({"smoker": ["no", "yes", "no", "no", "yes"] * 40})
    gone = range(0, 200, 20)
    dirty = with_cells(clean, "smoker", dict.fromkeys(gone, "unknown"))
    labels = Labels(np.array([0, 20, 40]), clean[[0, 20, 40]])
    done = repair(dirty, known(dirty, clean), labels=labels)
    assert [(one.row, one.new) for one in done.applied] == [(row, "no") for row in (0, 20, 40)]
    assert not [one for one in done if one.rule != SAID]
    # two words for missing may well be one
    words = Labels(np.array([0, 20]), pl.DataFrame({"smoker": ["n/a", "n/a"]}))
    done = repair(dirty, known(dirty, clean), labels=words)
    assert {one.new for one in done if one.row >= 40} == {"n/a"}
