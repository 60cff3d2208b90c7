"""Tables with planted errors of several kinds, and what they were before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

TOWNS = ("Ardmore", "Bellfield", "Corinth", "Dunmore", "Eastham", "Fairview", "Glenwood", "Hartley")
STATES = ("NY", "CA", "TX", "WA")
STYLES = ("Pale Ale", "Stout", "Porter", "Amber Ale", "Lager", "Saison", "Bitter", "Wheat Beer")
TOPICS = "study effect chronic patients randomised trial treatment outcome adults children review"
MORE = "care health primary clinical analysis risk factors disease blood pressure therapy infection"
WORDS = (*TOPICS.split(), *MORE.split())
Draw = np.random.Generator


def drinks(rows: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Products of makers: units beside numbers, a town that also holds its state, gone cells."""
    draw = np.random.default_rng(seed)
    makers = draw.integers(0, max(rows // 8, 2), rows)
    town = np.array([TOWNS[m % len(TOWNS)] for m in makers])
    state = np.array([STATES[m % len(STATES)] for m in makers])
    ounces = draw.choice(["12.0", "16.0", "24.0", "8.4"], rows, p=[0.6, 0.3, 0.05, 0.05])
    strength = [f"{value:.3f}".rstrip("0") for value in draw.normal(0.055, 0.012, rows).clip(0.03)]
    clean = pl.DataFrame(
        {
            "number": [str(i + 1) for i in range(rows)],
            "name": [f"{draw.choice(TOWNS)} {draw.choice(STYLES)} {i}" for i in range(rows)],
            "style": draw.choice(STYLES, rows),
            "ounces": ounces,
            "strength": strength,
            "maker": [f"maker {m}" for m in makers],
            "town": town,
            "state": state,
        }
    )
    dirty = changed(
        clean,
        "ounces",
        draw,
        0.6,
        lambda text: text + str(draw.choice([" oz", " oz.", " ounce", " OZ."])),
    )
    dirty = changed(dirty, "strength", draw, 0.3, lambda text: text + "%")
    where = draw.random(rows) < 0.08
    both = [f"{a}, {b}" if at else a for a, b, at in zip(town, state, where, strict=True)]
    gone = [None if at else b for b, at in zip(state, where, strict=True)]
    return dirty.with_columns(town=pl.Series(both), state=pl.Series(gone)), clean


def articles(rows: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Articles of journals: dates in two forms, pages that became dates, typing errors, gaps."""
    draw = np.random.default_rng(seed)
    journals = draw.integers(0, max(rows // 10, 2), rows)
    codes = {j: f"{draw.integers(1000, 9999)}-{draw.integers(1000, 9999)}" for j in set(journals)}
    names = {j: f"journal of {' '.join(draw.choice(WORDS, 2))} {j}" for j in set(journals)}
    day, month, year = (
        draw.integers(1, 29, rows),
        draw.integers(1, 13, rows),
        draw.integers(1, 15, rows),
    )
    clean = pl.DataFrame(
        {
            "title": [" ".join(draw.choice(WORDS, 9)) for _ in range(rows)],
            "journal": [names[j] for j in journals],
            "issn": [codes[j] for j in journals],
            "volume": [str(draw.integers(1, 90)) for _ in range(rows)],
            "pages": [f"{a}-{a % 10 + 3}" for a in draw.integers(100, 999, rows)],
            "created": [f"{m}/{d}/{y:02d}" for m, d, y in zip(month, day, year, strict=True)],
        }
    )
    dirty = changed(clean, "title", draw, 0.08, lambda text: typo(text, draw))
    dirty = changed(dirty, "journal", draw, 0.06, lambda text: typo(text, draw))
    dirty = changed(dirty, "issn", draw, 0.10, lambda text: None)
    dirty = changed(dirty, "pages", draw, 0.12, lambda text: f"{text.split('-')[1]}-Jun")
    other = [f"20{y:02d}-{m:02d}-{d:02d}" for m, d, y in zip(month, day, year, strict=True)]
    where = draw.random(rows) < 0.15
    mixed = [b if at else a for a, b, at in zip(dirty["created"], other, where, strict=True)]
    return dirty.with_columns(created=pl.Series(mixed)), clean


def reports(rows: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Facts of things that several sources report, some of which are often wrong."""
    draw = np.random.default_rng(seed)
    things = max(rows // 10, 2)
    times = [f"{draw.integers(1, 12)}:{draw.integers(10, 60)} p.m." for _ in range(things)]
    gates = [f"{draw.choice(list('ABCD'))}{draw.integers(1, 60)}" for _ in range(things)]
    reliable = dict(zip(range(10), [0.97] * 4 + [0.6] * 6, strict=True))
    clean, dirty = [], []
    for thing in range(things):
        for source in range(10):
            right = (f"XY-{thing}", f"site {source}", times[thing], gates[thing])
            told = list(right)
            for fact, all_values in ((2, times), (3, gates)):
                if draw.random() > reliable[source]:
                    told[fact] = all_values[int(draw.integers(things))]
                if draw.random() < 0.05:
                    told[fact] = None
            clean.append(right)
            dirty.append(tuple(told))
    names = ["thing", "site", "time", "gate"]
    return (
        pl.DataFrame(dirty, schema=dict.fromkeys(names, pl.String), orient="row"),
        pl.DataFrame(clean, schema=dict.fromkeys(names, pl.String), orient="row"),
    )


def typo(text: str, draw: Draw) -> str:
    """Change a letter."""
    at = int(draw.integers(len(text)))
    return text[:at] + str(draw.choice(list("qxzjkv"))) + text[at + 1 :]


def changed(
    table: pl.DataFrame, column: str, draw: Draw, share: float, how: Callable[[str], str | None]
) -> pl.DataFrame:
    """Change a share of the cells of a column."""
    where = draw.random(table.height) < share
    cells = [how(text) if at else text for text, at in zip(table[column], where, strict=True)]
    return table.with_columns(pl.Series(column, cells, dtype=pl.String))


def wrong(dirty: pl.DataFrame, clean: pl.DataFrame) -> NDArray[np.bool_]:
    """Mark the cells that differ; a missing cell equals an empty text."""
    columns = [
        (dirty[name].fill_null("") != clean[name].fill_null("")).to_numpy()
        for name in dirty.columns
    ]
    return np.column_stack(columns)


def f1(marked: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Give the F1 of marked cells."""
    right = float((marked & truth).sum())
    return 2 * right / max(float(marked.sum() + truth.sum()), 1.0)
