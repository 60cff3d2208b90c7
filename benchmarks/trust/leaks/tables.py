"""Leaks inside a table: one honest real table, a column or two that leak, neutral names."""

from __future__ import annotations

import numpy as np
import polars as pl

from leaks.cases import DataCase, Drawn, Truth, generator
from leaks.columns import FORMS, Draw, holes, skewed
from leaks.naming import add, disguise
from leaks.sets import TABLES, Real, draw
from leaks.worth import of_columns

__all__ = ["planted", "table_leak"]

PUSH = 0.2  # of one more attempt


def table_leak(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case of a leak inside a table."""
    rng = generator(kind, seed, attempt)
    real = draw(rng, _source(rng, seed), (500, 1500), (5, 18))
    family = "numbers" if real.task == "regression" else "classes"
    forms = FORMS[kind][family]
    form = list(forms)[(seed // 2) % len(forms)] if attempt < 3 else str(rng.choice(list(forms)))
    leak = forms[form](Draw(rng, real, min(1.0, PUSH * attempt)))
    table, names = planted(rng, real, leak)
    if kind == "row_order" and rng.random() < 0.5:
        table = table.sort(names[0])
    table, named = disguise(rng, table, real.target)
    columns = tuple(named[name] for name in names)
    target = named[real.target]
    truth = Truth(kind, "data", form, real.name, columns)
    answers = real.having(table.rename({target: real.target})).y
    return Drawn(
        DataCase(truth, table, target),
        lambda: of_columns(table, target, columns, answers, real.task),
    )


def planted(
    rng: np.random.Generator, real: Real, leak: list[pl.Series]
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Put the columns into the table, among up to three others that mean nothing."""
    size = real.frame.height
    idle = [
        pl.Series(rng.permutation(90000)[:size] + 10000),
        pl.Series([f"{a}{b}" for a, b in zip(rng.choice(list("KLMN"), size),
                                             rng.permutation(90000)[:size], strict=True)]),
        holes(rng, np.round(rng.normal(size=size) * 10, 3), 0.2),
        holes(rng, skewed(rng, size), 0.4),
    ]  # fmt: skip
    chosen = [idle[i] for i in rng.permutation(len(idle))[: int(rng.integers(0, 4))]]
    frame, names = add(rng, real.frame, [*leak, *chosen])
    return frame, names[: len(leak)]


def _source(rng: np.random.Generator, seed: int) -> str:
    if seed % 2:
        return str(rng.choice(TABLES.numbers))
    return str(rng.choice(TABLES.many if seed % 10 == 8 else TABLES.binary))
