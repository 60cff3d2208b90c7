"""Long columns are judged by each value once: the judgement is that of all their rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from modelwright.acquire import read_raw
from modelwright.acquire.meaning import inference, textual
from modelwright.acquire.meaning.words import condense
from modelwright.core.schema import Column, Kind, Role

SAMPLE = 200  # in place of 10,000, so that a column is long sooner
ROWS = 1_400  # enough for a typing error to be forgiven


def cells(kind: str, count: int) -> list[str]:
    """Give up to so many distinct cells of a kind."""
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    roads = ["High Street", "Mill Lane", "Station Road", "the old harbour", "Park"]
    patterns = {
        "whole numbers": lambda i: str(i),
        "numbers": lambda i: f"{i / 8}",
        "far numbers": lambda i: "999" if i % 9 == 8 else str(i % 7),
        "decimal commas": lambda i: f"{i},{i % 10}",
        "thousands": lambda i: f"{i + 1},{i % 10}00.5",
        "money": lambda i: f"${i},{i % 10}00",
        "percent": lambda i: f"{i / 4} %",
        "units": lambda i: f"{i} {'kg' if i % 2 else 'kgs'}",
        "several units": lambda i: f"{i} {['kg', 'lb'][i % 2]}",
        "clock": lambda i: f"{i % 24:02}:{i % 60:02}",
        "days": lambda i: f"{2000 + i // 300}-{i % 12 + 1:02}-{i % 28 + 1:02}",
        "swappable days": lambda i: f"{i % 12 + 1}/{i // 12 % 12 + 1}/{2000 + i // 144}",
        "months": lambda i: f"{month[i % 12]} {i % 28 + 1} {1990 + i // 30}",
        "mixed days": lambda i: f"2020-05-{i % 28 + 1:02}" if i % 2 else f"{i % 28 + 1}.06.2021",
        "days at the edge": lambda i: "9999-12-31" if i % 5 == 0 else f"2020-01-{i % 31 + 1:02}",
        "times": lambda i: f"2020-05-{i % 28 + 1:02} {i % 24:02}:{i % 60:02}:00",
        "yes and no": lambda i: ["yes", "no", "Y", "n"][i % 4],
        "true and false": lambda i: ["True", "False"][i % 2],
        "with and without": lambda i: ["smoker", "non-smoker"][i % 2],
        "signs": lambda i: "+-"[i % 2],
        "one word": lambda i: "same",
        "labels": lambda i: f"{['red', 'green', 'blue'][i % 3]}{'' if i < 3 else i}",
        "ordered labels": lambda i: ["low", "medium", "high", "Unknown"][i % 4],
        "ranges": lambda i: f"{10 * i}-{10 * i + 9}",
        "padded digits": lambda i: f"{i:05}",
        "codes": lambda i: f"AB-{7 * i:04}",
        "mail": lambda i: f"person{i}@example.org",
        "web": lambda i: f"https://example.org/{i}",
        "hashes": lambda i: f"{i * 7919:032x}",
        "telephone": lambda i: f"555-{i % 1000:03}-{i:04}",
        "lists": lambda i: "|".join(["war", "love", f"x{i % 40}"][: i % 3 + 1]),
        "bracketed lists": lambda i: str([f"a{i % 9}", f"b{i % 7}"]),
        "places": lambda i: f"POINT (-73.{i:04} 40.{i:04})",
        "names": lambda i: (
            f"{['Ann', 'Bob', 'Cem'][i % 3]} {['Li', 'Maier'][i % 2]}{'x' * (i // 6)}"
        ),
        "texts": lambda i: f"we met at number {i} in {roads[i % 5]} and it was very good",
    }
    return list(dict.fromkeys(patterns[kind](i) for i in range(count)))


KINDS = (
    "whole numbers", "numbers", "far numbers", "decimal commas", "thousands", "money", "percent",
    "units", "several units", "clock", "days", "swappable days", "months", "mixed days",
    "days at the edge", "times", "yes and no", "true and false", "with and without", "signs",
    "one word", "labels", "ordered labels", "ranges", "padded digits", "codes", "mail", "web",
    "hashes", "telephone", "lists", "bracketed lists", "places", "names", "texts",
)  # fmt: skip
NAMES = ("x", "date", "customer_id", "patient", "zip", "grade", "phone", "order no")
MISSING = (None, "", "NA", "?", "-", "unknown", " n/a ")
ODD = ("varies", "?", "1o", "12/31/2020", "x y", "-", "0", "Varies with size", "7 ", "99.5", "é")


@dataclass(frozen=True)
class Recipe:
    """How a column is made: drawn from the cells of a kind, with gaps and odd cells."""

    kind: str
    name: str
    distinct: int
    gap: str | None
    gaps: float
    odd: tuple[tuple[str, int], ...]
    blank: bool
    seed: int

    def column(self) -> pl.Series:
        """Make the column."""
        random = np.random.default_rng(self.seed)
        known = cells(self.kind, self.distinct)
        if self.blank:
            known = [f" {cell}" if i % 3 else f"{cell}  " for i, cell in enumerate(known)]
        filled = np.flatnonzero(random.random(ROWS) >= self.gaps)
        # each cell at least once as long as there are rows, then more at random
        order = random.permutation(len(known))
        more = random.integers(0, len(known), max(len(filled) - len(known), 0))
        chosen = np.concatenate([order, more])[: len(filled)]
        values: list[str | None] = [self.gap] * ROWS
        for place, which in zip(filled, random.permutation(chosen), strict=True):
            values[place] = known[which]
        for word, count in self.odd:
            for place in random.choice(ROWS, count, replace=False):
                values[place] = word
        return pl.Series(self.name, values, dtype=pl.String)


recipes = st.builds(
    Recipe,
    kind=st.sampled_from(KINDS),
    name=st.sampled_from(NAMES),
    distinct=st.sampled_from([1, 2, 3, 5, 12, 40, 90, 300, 600, ROWS]),
    gap=st.sampled_from(MISSING),
    gaps=st.sampled_from([0.0, 0.01, 0.3, 0.6, 0.95]),
    odd=st.lists(st.tuples(st.sampled_from(ODD), st.sampled_from([1, 2, 6, 80])), max_size=2).map(
        tuple
    ),
    blank=st.booleans(),
    seed=st.integers(0, 2**16),
)


def judged(values: pl.Series) -> tuple[Column, tuple[str, ...]]:
    schema, notes = inference.infer(values.to_frame())
    return schema[values.name], notes


def judged_whole(values: pl.Series) -> tuple[Column, tuple[str, ...]]:
    with mock.patch.object(textual, "condense", lambda values, sample: values):
        return judged(values)


def is_condensed(values: pl.Series, sample: int) -> bool:
    index = np.linspace(0, len(values) - 1, min(len(values), sample)).astype(np.int64)
    return condense(values, values.gather(index)) is not values


@given(recipes)
@pytest.mark.long
def test_a_condensed_column_means_what_all_its_rows_mean(recipe: Recipe) -> None:
    values = recipe.column()
    with mock.patch.object(inference, "_SAMPLE", SAMPLE):
        assume(is_condensed(values, SAMPLE))
        assert judged(values) == judged_whole(values)


@pytest.mark.parametrize("gap", [None, "NA"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_judged_the_same_where_values_come_again(kind: str, gap: str | None) -> None:
    values = Recipe(kind, "x", 60, gap, 0.1, (), False, 0).column()
    with mock.patch.object(inference, "_SAMPLE", SAMPLE):
        assert is_condensed(values, SAMPLE)
        assert judged(values) == judged_whole(values)


@pytest.mark.parametrize("gap", [None, "", "NA", "-"])
@pytest.mark.parametrize("kind", ["codes", "hashes", "names", "texts", "days", "places"])
def test_gaps_do_not_come_again(kind: str, gap: str | None) -> None:
    """Codes that fill a few rows are distinct codes, however often nothing stands there."""
    values = Recipe(kind, "x", ROWS, gap, 0.7, (), False, 0).column()
    with mock.patch.object(inference, "_SAMPLE", SAMPLE):
        assert judged(values) == judged_whole(values)
    assert not is_condensed(values, SAMPLE)


def test_codes_of_a_few_rows_are_no_labels() -> None:
    random = np.random.default_rng(0)
    codes = [f"AB-{i:05}" if random.random() < 0.3 else None for i in range(12_000)]
    column, _ = judged(pl.Series("coupon", codes))
    assert (column.kind, column.role) == (Kind.ID, Role.IGNORED)


@pytest.mark.long
@pytest.mark.parametrize("name", ["adult", "birds_struck", "loans_homeownership"])
def test_columns_of_real_tables_mean_the_same(shared_data: Path, name: str) -> None:
    frame = read_raw(shared_data / "tabular" / name / "train.csv.gz").frame
    columns = [column.cast(pl.String) for column in frame]
    with mock.patch.object(inference, "_SAMPLE", frame.height // 4):
        condensed = [column for column in columns if is_condensed(column, frame.height // 4)]
        assert len(condensed) >= 5
        for column in condensed:
            assert judged(column) == judged_whole(column), column.name
