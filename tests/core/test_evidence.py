"""Evidence that a stranger may have written: every field is checked when it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelwright.core.evidence import Attribution, Dependence, Evidence, Importance, Profile
from modelwright.core.pictures import Pictures
from modelwright.core.protocols import State
from modelwright.core.task import Task, TaskKind

TASK = Task(TaskKind.BINARY, "y", "roc_auc", ("no", "yes"))


def whole() -> Evidence:
    """Give evidence of every sort."""
    return Evidence(
        np.array([0, 1]),
        np.full((2, 2), 0.5, np.float32),
        np.zeros(2, np.int16),
        np.ones(2),
        {"question": {"target": "y"}},
        ((1, 1),),
        (
            Profile("n", "number", "feature", "", 0.5, 2, (0.0, 1.0), (0.0, 1.0), (), (2,)),
            Profile("t", "category", "feature", levels=("Rome",), counts=(2,)),
        ),
        (Importance("n", 0.1, 0.0, 0.2, 0.95, ("n", "t")), Importance("t", 0.0, 0.0, 0.1)),
        (Dependence("n", (0.0, 1.0), ((0.5, 0.5), (0.4, 0.6)), "ale", "t", 0.7, ((0.1, 0.2),)),),
        (Attribution("row 0", "yes", 0.5, 0.6, "no", ("n",), ("1",), (0.1,)),),
    )


def test_what_was_exported_is_restored() -> None:
    restored = Evidence.restore(whole().export())
    assert restored.export().config == whole().export().config
    assert restored.suits(TASK)


@pytest.mark.parametrize(
    ("sort", "name", "value"),
    [
        ("profiles", "name", 3),
        ("profiles", "kind", "nonsense"),
        ("profiles", "role", None),
        ("profiles", "missing", "half"),
        ("profiles", "quantiles", ["a"]),
        ("profiles", "edges", [0.0, 1.0, float("nan")]),
        ("profiles", "counts", [1.5]),
        ("profiles", "counts", [1, 2]),
        ("profiles", "levels", 3),
        ("importances", "loss", "big"),
        ("importances", "high", None),
        ("importances", "column", ["n"]),
        ("importances", "level", "sure"),
        ("importances", "together", "n"),
        ("dependences", "at", [0.0, "b"]),
        ("dependences", "at", [0.0]),
        ("dependences", "means", [[0.5], [0.4, 0.6]]),
        ("dependences", "how", "magic"),
        ("dependences", "lines", [[0.5]]),
        ("dependences", "lines", ["ab"]),
        ("dependences", "strength", "much"),
        ("attributions", "shares", ["a"]),
        ("attributions", "shares", []),
        ("attributions", "base", float("inf")),
        ("attributions", "values", [None]),
    ],
)
def test_an_unsound_field_is_refused(sort: str, name: str, value: object) -> None:
    state = whole().export()
    items: list[dict[str, Any]] = [dict(item) for item in state.config[sort]]
    items[0][name] = value
    with pytest.raises((LookupError, TypeError, ValueError)):
        Evidence.restore(State({**state.config, sort: items}, state.arrays))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("y", np.array(["a", "b"])),
        ("y", np.zeros((2, 1))),
        ("p", np.zeros((2, 2), np.int64)),
        ("p", np.full((2, 2), np.nan, np.float32)),
        ("fold", np.zeros(2)),
        ("weight", np.array([1.0, -1.0])),
        ("weight", np.ones(3)),
    ],
)
def test_an_unsound_array_is_refused(name: str, value: np.ndarray) -> None:
    state = whole().export()
    with pytest.raises((TypeError, ValueError)):
        Evidence.restore(State(state.config, {**state.arrays, name: value}))


def test_evidence_of_another_task_is_noticed() -> None:
    evidence = whole()
    assert not replace(evidence, y=np.array([0, 2])).suits(TASK)
    assert not replace(evidence, y=np.array([0.0, 1.0])).suits(TASK)
    assert not replace(evidence, p=evidence.p[:, :1]).suits(TASK)


def test_a_thumbnail_of_no_class_is_refused() -> None:
    one = {"kind": "mistake", "name": "a.png", "true": -1, "said": 0, "p": 0.5}
    with pytest.raises(ValueError, match="no class"):
        Pictures.restore(
            {"curve": [], "thumbnails": [one], "facts": {}}, np.zeros((1, 1, 2, 2), np.uint8)
        )


@pytest.mark.parametrize(
    ("splits", "forward"),
    [
        (((100, 50), (150, 50), (200, 50)), True),
        (((100, 50), (140, 50), (180, 50)), True),  # rows between are left out
        (((160, 40), (160, 40), (160, 40)), False),
        (((160, 40),), False),
        ((), False),
    ],
)
def test_folds_that_follow_each_other_are_known(
    splits: tuple[tuple[int, int], ...], *, forward: bool
) -> None:
    assert replace(whole(), splits=splits).forward is forward
