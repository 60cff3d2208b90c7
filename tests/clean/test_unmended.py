"""Wrong cells that nobody could mend: which are emptied, which are told, which are left alone."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from modelwright.clean import Errors, Labels, Repair, Repairs, detect
from modelwright.clean.cleaning import Wishes, clean_cells
from modelwright.clean.coded import code_table
from modelwright.clean.detectors.disguised import surely_missing
from modelwright.clean.duplicates import find_duplicates
from modelwright.clean.recipes import replay
from modelwright.clean.unmended import EMPTY, MASKED, abnormal_rows, doubts, emptied

DAYS = ("%d.%m.%Y", "%Y-%m-%d", "%d %b %Y")


def sales(rows: int = 400) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make a table whose towns are mistyped and whose days are written in three ways."""
    draw = np.random.default_rng(7)
    towns = ["Hamburg", "München", "Köln", "Berlin", "Leipzig", "Bremen"]
    who = draw.integers(0, 60, rows)
    right = pl.DataFrame(
        {
            "client": [f"K{i:04}" for i in who],
            "town": [towns[i % 6] for i in who],
            "day": [
                (date(2023, 1, 1) + timedelta(int(n))).strftime(str(draw.choice(DAYS)))
                for n in draw.integers(0, 700, rows)
            ],
            "income": [f"{v:,.2f} €".translate(str.maketrans(",.", ".,"))
                       for v in draw.lognormal(8, 0.6, rows)],
            "count": [str(n) for n in draw.integers(1, 30, rows)],
        }
    )  # fmt: skip
    town, count = right["town"].to_list(), right["count"].to_list()
    for row in draw.choice(rows, 40, replace=False).tolist():
        place = int(draw.integers(1, len(town[row]) - 1))
        town[row] = town[row][:place] + town[row][place + 1 :]
    for row, word in zip(draw.choice(rows, 12, replace=False).tolist(), ["k.A.", "n/a", "-"] * 4,
                         strict=True):  # fmt: skip
        count[row] = word
    return right.with_columns(town=pl.Series(town), count=pl.Series(count)), right


def labelled(right: pl.DataFrame, *columns: str) -> Labels:
    rows = np.arange(0, 400, 20)
    return Labels(rows, right[rows].select(columns))


@pytest.mark.long
def test_columns_that_no_label_names_are_judged_as_without_labels() -> None:
    dirty, right = sales()
    taught = detect(dirty, labels=labelled(right, "town", "count"))
    alone = detect(dirty)
    for name in ("client", "day", "income"):
        place = dirty.columns.index(name)
        assert np.allclose(taught.chance[:, place], alone.chance[:, place], atol=0.05)
    assert not taught.wrong()[:, 2].any()


@pytest.mark.long
def test_masking_leaves_good_cells_alone() -> None:
    dirty, right = sales()
    done = clean_cells(dirty, Wishes(labels=labelled(right, "town", "count"), mask=True))
    gone = [one for one in done.changes if one.new is None]
    assert {one.column for one in gone} == {"count"}
    assert {one.old for one in gone} == {"k.A.", "n/a", "-"}
    assert len(gone) == 12
    for name in ("client", "day", "income"):
        assert done.table[name].equals(dirty[name])
    again = replay(dirty, done.recipe)
    assert again.same
    assert again.table.equals(done.table, null_equal=True)


def faulty() -> tuple[pl.DataFrame, Errors]:
    table = pl.DataFrame({"a": ["x", "y", "z", "w", "v"], "b": ["1", "2", "3", "4", None]})
    chance = np.zeros((5, 2), np.float32)
    chance[:, 0] = [0.99, 0.95, 0.6, 0.9, 0.2]
    chance[4, 1] = 0.97
    return table, Errors(("a", "b"), chance, np.full((5, 2), -1, np.int16), ())


def test_what_is_emptied_is_as_sure_as_what_is_mended() -> None:
    table, errors = faulty()
    made = Repairs.of([Repair(0, "a", "x", "X", "mended", 0.95, True),
                       Repair(1, "a", "y", "Y", "proposed", 0.5, False)])  # fmt: skip
    found = emptied(table, errors, made, None, 0.9)
    # the first is mended, the second has a proposal, the third is not sure, the last was empty
    assert [(one.row, one.column) for one in found if one.rule == MASKED] == [(3, "a")]
    assert [one.new for one in found.proposed] == ["Y"]
    said = Labels(np.array([3]), pl.DataFrame({"a": ["w"]}))
    assert len(emptied(table, errors, made, said, 0.9)) == 2
    assert len(emptied(table, errors, made, None, 1.0)) == 2
    assert abnormal_rows(table, errors, made, 0.9) == [3]


@pytest.mark.parametrize(
    ("cells", "empty"),
    [
        (["12", "14", "n/a", "9", "-"], {2, 4}),
        (["1,5", "14,2", "k.A.", "9,25"], {2}),
        (["03.01.2024", "2024-05-06", "unknown", "7 Jan 2024"], {2}),
        (["10", "12", "-999", "11", "-999", "-999", "14"], {2, 4, 5}),
        (["10", "12", "-999", "11", "13"], set()),
        (["yes", "no", "none", "yes", "unknown"], set()),
        (["yes", "no", "N/A", "yes", "#REF!"], {2, 4}),
        (["-", "+", "-", "+"], set()),
        (["n/a", "n/a"], set()),
    ],
)
def test_words_for_missing_are_sure_where_they_can_mean_nothing_else(
    cells: list[str], empty: set[int]
) -> None:
    sure = surely_missing(code_table(pl.DataFrame({"a": cells})), 0)
    assert set(np.flatnonzero(sure > 0.9).tolist()) == empty


def test_a_word_that_a_label_calls_right_stays() -> None:
    table = pl.DataFrame({"a": ["1", "2", "3", "none", "none", "n/a"]})
    errors = Errors(("a",), np.zeros((6, 1), np.float32), np.full((6, 1), -1, np.int16), ())
    said = Labels(np.array([3]), pl.DataFrame({"a": ["none"]}))
    found = emptied(table, errors, Repairs(()), said, 0.9, wrong=False)
    assert [(one.row, one.rule) for one in found] == [(5, EMPTY)]


@pytest.mark.long
def test_every_suspicious_cell_is_in_the_log() -> None:
    dirty, right = sales()
    odd = dirty.with_columns(count=pl.Series(["99999", *dirty["count"].to_list()[1:]]))
    for wishes in (Wishes(), Wishes(labels=labelled(right, "town", "count"))):
        done = clean_cells(odd, wishes)
        log = set(done.log().select("row", "column").rows())
        places = np.argwhere(done.errors.wrong()).tolist()
        assert {(row, odd.columns[place]) for row, place in places} <= log
        assert done.doubts
        told = done.to_json()
        assert len(told["doubts"]) + told["doubts_left_out"] == told["doubted"]
        assert all(one["why"] and one["chance"] > 0.5 for one in told["doubts"])
        assert all(one.new == one.old and not one.applied for one in done.doubts)


def test_more_doubts_than_are_listed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    import modelwright.clean.unmended as unmended

    table, errors = faulty()
    assert len(doubts(table, errors, Repairs(()))) == 5
    monkeypatch.setattr(unmended, "MOST", 2)
    assert [one.confidence for one in doubts(table, errors, Repairs(()))] == [0.99, 0.97]
    done = clean_cells(sales()[0])
    assert len(done.doubts) == 2
    assert "more cells look wrong and are not listed" in done.notes[-1]


def with_totals() -> pl.DataFrame:
    dirty, _ = sales()
    total = ("Summe", None, None, "123.456,00 €", None)
    return pl.concat([dirty, pl.DataFrame([total], schema=dirty.schema, orient="row")])


@pytest.mark.long
def test_totals_stay_are_told_and_teach_nothing() -> None:
    plain, _ = sales()
    table = with_totals()
    done = clean_cells(table, Wishes(mask=True))
    assert done.table.height == table.height
    assert done.table.row(-1) == table.row(-1)
    [mark] = done.strays
    assert (mark.row, mark.column, mark.applied) == (400, "", False)
    assert done.log().row(-1)[0] == 400
    assert "Totals at the end were kept as they are: 1 row." in done.notes[0]
    assert "--drop stray-rows" in done.notes[0]
    alone = clean_cells(plain, Wishes(mask=True))
    assert np.array_equal(done.errors.chance[:400], alone.errors.chance)
    assert done.changes == alone.changes
    again = replay(table, done.recipe)
    assert again.hash == done.recipe.origin.cleaned
    assert "kept as they are" in again.notes[0]


@pytest.mark.long
def test_totals_and_names_are_left_out_when_asked() -> None:
    table = with_totals()
    names = pl.DataFrame([tuple(table.columns)], schema=table.schema, orient="row")
    pasted = pl.concat([table[:100], names, table[100:]])
    labels = Labels(np.array([150]), pasted[[150]])
    done = clean_cells(pasted, Wishes(drop=("stray-rows",), labels=labels))
    assert done.table.height == 400
    assert {one.row for one in done.changes if not one.column} == {100, 401}
    assert done.strays == ()
    again = replay(pasted, done.recipe)
    assert again.table.equals(done.table, null_equal=True)
    # a row that somebody labelled is a row
    said = Labels(np.array([401]), pasted[[401]])
    assert clean_cells(pasted, Wishes(labels=said)).strays[0].row == 100


@pytest.mark.parametrize(
    ("day", "count"), [("9999-01-01", 20), ("9999-12-31", 1), ("0001-01-01", 3)]
)
def test_days_that_nobody_meant_are_told_and_emptied(day: str, count: int) -> None:
    days = [str(date(2021, 1, 1) + timedelta(i % 90)) for i in range(200)]
    table = pl.DataFrame({"day": [day if i < count else one for i, one in enumerate(days)]})
    told = clean_cells(table).doubts
    assert [one.row for one in told] == [*range(count)]
    done = clean_cells(table, Wishes(mask=True))
    assert done.table["day"].null_count() == done.emptied == count


def test_years_among_no_dates_say_something() -> None:
    table = pl.DataFrame({"part": ["9999-1", "0001-2", "17-3", "18-4"] * 30})
    assert not detect(table).wrong().any()


def test_none_is_a_label_among_labels_and_missing_among_numbers() -> None:
    school = ["none"] * 9 + ["primary"] * 60 + ["master"] * 40
    income = [str(100 + i) for i in range(100)] + ["none"] * 9
    wrong = detect(pl.DataFrame({"school": school, "income": income})).wrong()
    assert not wrong[:, 0].any()
    assert wrong[:, 1].sum() == 9


def test_rows_that_come_again_are_counted_with_the_cure() -> None:
    rng = np.random.default_rng(0)
    rows = [[f"{name}{n}" for name, n in zip("abcdefghijkl", line, strict=True)]
            for line in rng.integers(1, 300, (300, 12)).tolist()]  # fmt: skip
    near = [*rows[10][:3], "other", *rows[10][4:]]
    table = pl.DataFrame([*rows, near, rows[5], rows[6]], orient="row", schema=list("abcdefghijkl"))
    found = find_duplicates(table)
    assert (found.exact, found.near) == (2, 2)
    assert found.notes()[1].startswith("2 rows nearly equal another one")
    again = pl.DataFrame({"a": ["1", "2", "1"], "b": ["x", "y", "x"]})
    done = clean_cells(again)
    assert "1 row equals an earlier one: --drop duplicates leaves it out." in done.notes
    assert done.to_json()["duplicate_rows"] == 1
    assert not clean_cells(again, Wishes(drop=("duplicates",))).duplicates.exact
