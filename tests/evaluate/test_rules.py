"""Simple rules, against what polars and a loop in plain Python say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import ColumnError, OptionError
from modelwright.core.schema import Schema
from modelwright.core.splits import Fold, Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate.horizon import Horizon
from modelwright.evaluate.rules import Ground, Rule, check_rule, parse_rule, rule_predictions

NUMBERS = Task(TaskKind.REGRESSION, "y", "rmse")
TWO = Task(TaskKind.BINARY, "y", "accuracy", ("no", "yes"))


def ground(frame: pl.DataFrame, y: list[float], task: Task = NUMBERS, **more: object) -> Ground:
    values = np.array(y, np.int64 if task.classes else np.float64)
    target = Target(values, len(task.classes))
    return Ground(Table(frame, Schema(())), task, target, **more)  # type: ignore[arg-type]


def halves(rows: int) -> Splits:
    """Fit on one half and score the other, both ways."""
    first, second = np.arange(rows // 2), np.arange(rows // 2, rows)
    return Splits((Fold(second, first), Fold(first, second)), rows, "k-fold", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mean", Rule("mean")),
        ("Mean by shop", Rule("mean", ("shop",))),
        ("average by  shop ", Rule("mean", ("shop",))),
        ("frequencies by shop, by the sea", Rule("frequencies", ("shop, by the sea",))),
        ("median by shop, day", Rule("median", ("shop", "day"))),
        ("last value by shop", Rule("last", ("shop",))),
        ("column shop", Rule("column", ("shop",))),
        ("Column by", Rule("column", ("by",))),
        ("majority", Rule("most-frequent")),
        ("0.75", 0.75),
        (12, 12.0),
    ],
)
def test_a_baseline_is_read_as_people_write_it(text: str | float, expected: Rule | float) -> None:
    assert parse_rule(text, ["shop", "day", "shop, by the sea", "by"]) == expected


@pytest.mark.parametrize("text", ["", "mena", "shop", "nan", "inf", "column", "mean of shop"])
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_rule(text, ["shop"])


def test_a_baseline_names_columns_that_are_there() -> None:
    with pytest.raises(ColumnError, match="did you mean 'shop'"):
        parse_rule("mean by shp", ["shop"])
    with pytest.raises(ColumnError):
        parse_rule("column today", ["shop"])


@pytest.mark.parametrize(
    ("rule", "kind", "order", "said"),
    [
        (Rule("mean"), TaskKind.BINARY, None, "write frequencies"),
        (Rule("most-frequent"), TaskKind.REGRESSION, None, "write mean"),
        (Rule("last"), TaskKind.REGRESSION, None, "an order column"),
        (Rule("mean", ("y",)), TaskKind.REGRESSION, None, "does not know the answer"),
        (Rule("column", ("y",)), TaskKind.BINARY, None, "does not know the answer"),
    ],
)
def test_a_rule_has_to_answer_the_question(
    rule: Rule, kind: TaskKind, order: str | None, said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        check_rule(rule, kind, order, "y")


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.floats(-10, 10)),
        min_size=4,
        max_size=40,
    ),
    st.sampled_from(["mean", "median"]),
)
def test_groups_learn_from_training_rows_only(
    rows: list[tuple[str | None, float]], word: str
) -> None:
    shops, y = [shop for shop, _ in rows], [value for _, value in rows]
    frame = pl.DataFrame({"shop": shops}, schema={"shop": pl.String})
    splits = halves(len(y))
    p = rule_predictions(Rule(word, ("shop",)), ground(frame, y), splits)[:, 0]
    middle = {"mean": np.mean, "median": np.median}[word]
    for fold in splits.folds:
        known = [(shops[i], y[i]) for i in fold.train]
        for i in fold.valid:
            same = [value for shop, value in known if shop == shops[i]]
            # A new group gets what all together get.
            expected = middle(same or [value for _, value in known])
            assert p[i] == pytest.approx(expected, abs=1e-5)


def test_weights_count() -> None:
    frame = pl.DataFrame({"shop": ["a"] * 4})
    weight = np.array([3.0, 1.0, 1.0, 1.0])
    fold = Splits((Fold(np.array([0, 1]), np.array([2, 3])),), 4, "hold-out", "")
    p = rule_predictions(Rule("mean"), ground(frame, [0.0, 8.0, 0.0, 0.0], weight=weight), fold)
    assert p[:, 0].tolist() == [2.0, 2.0]


def test_frequencies_leave_nothing_impossible() -> None:
    frame = pl.DataFrame({"shop": ["a", "a", "b", "b", "a", "c"], "even": [True, False] * 3})
    fold = Splits((Fold(np.arange(4), np.array([4, 5])),), 6, "hold-out", "")
    made = ground(frame, [1, 1, 1, 0, 0, 0], TWO)
    by_shop = rule_predictions(Rule("frequencies", ("shop",)), made, fold)
    # Two of two in shop a, and one row more with the share of all: (2 + 0.75) / 3.
    assert by_shop[:, 1].tolist() == pytest.approx([2.75 / 3, 0.75])
    assert by_shop.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert rule_predictions(Rule("most-frequent"), made, fold).tolist() == [[0, 1], [0, 1]]
    both = rule_predictions(Rule("frequencies", ("shop", "even")), made, fold)
    assert both[:, 1].tolist() == pytest.approx([1.75 / 2, 0.75])


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from("ab"), st.integers(-5, 5)),
        min_size=6,
        max_size=40,
    ),
    st.integers(0, 4),
)
def test_the_last_answer_is_the_latest_that_is_known(
    rows: list[tuple[int, str, int]], ahead: int
) -> None:
    when, shops, y = ([row[i] for row in rows] for i in range(3))
    frame = pl.DataFrame({"t": [float(t) for t in when], "shop": shops})
    horizon = Horizon(ahead, "") if ahead else None
    made = ground(frame, [float(v) for v in y], order="t", horizon=horizon)
    splits = halves(len(rows))
    p = rule_predictions(Rule("last", ("shop",)), made, splits)[:, 0]
    for fold in splits.folds:
        overall = np.mean([y[i] for i in fold.train])
        for i in fold.valid:
            known = [
                (when[j], y[j])
                for j in range(len(rows))
                if shops[j] == shops[i]
                and (when[j] <= when[i] - ahead if ahead else when[j] < when[i])
            ]
            latest = max((t for t, _ in known), default=None)
            same = [value for t, value in known if t == latest]
            expected = np.mean(same) if same else overall
            assert p[i] == pytest.approx(expected, abs=1e-5)


def test_the_last_class_is_told_as_frequencies() -> None:
    frame = pl.DataFrame({"t": [1.0, 2.0, 2.0, 3.0]})
    fold = Splits((Fold(np.arange(3), np.array([3])),), 4, "time-ordered", "")
    made = ground(frame, [1, 0, 1, 0], TWO, order="t")
    assert rule_predictions(Rule("last"), made, fold).tolist() == [[0.5, 0.5]]


def test_a_column_says_numbers_classes_or_probabilities() -> None:
    fold = Splits((Fold(np.arange(2), np.array([2, 3])),), 4, "hold-out", "")
    rule = Rule("column", ("today",))

    def asked(said: pl.Series, y: list[float], task: Task) -> list[list[float]]:
        made = ground(pl.DataFrame({"today": said}), y, task)
        return rule_predictions(rule, made, fold).tolist()

    numbers = asked(pl.Series([0.0, 0.0, 7.5, None]), [1.0, 3.0, 0.0, 0.0], NUMBERS)
    assert numbers == [[7.5], [2.0]]  # where it says nothing, the mean
    shares = asked(pl.Series([0.0, 0.0, 0.25, None]), [1, 0, 0, 0], TWO)
    assert shares == [[0.75, 0.25], [0.5, 0.5]]
    words = asked(pl.Series(["yes", "no", "yes", None]), [1, 0, 0, 0], TWO)
    assert words == [[0, 1], [0.5, 0.5]]


def test_a_rule_that_names_a_class_gives_frequencies_where_probabilities_are_asked() -> None:
    frame = pl.DataFrame({"today": ["yes", "no", "yes", "yes"]})
    fold = Splits((Fold(np.arange(3), np.array([3])),), 4, "hold-out", "")
    task = Task(TaskKind.BINARY, "y", "log_loss", ("no", "yes"))
    made = ground(frame, [1, 0, 0, 1], task)
    p = rule_predictions(Rule("column", ("today",)), made, fold)
    # One of two where it said yes, and one row more with the share of all.
    assert p[0, 1] == pytest.approx((1 + 1 / 3) / 3)


def test_too_many_groups_for_the_classes_are_refused() -> None:
    rows = 9_000
    classes = tuple(f"{i:04}" for i in range(2_000))
    task = Task(TaskKind.MULTICLASS, "y", "log_loss", classes)
    frame = pl.DataFrame({"who": [str(i) for i in range(rows)]})
    made = Ground(
        Table(frame, Schema(())), task, Target(np.arange(rows, dtype=np.int64) % 2_000, 2_000)
    )
    with pytest.raises(OptionError, match="fewer groups"):
        rule_predictions(Rule("frequencies", ("who",)), made, halves(rows))
