from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.stats.histories import Summaries, Timeline, texts_of

moments = st.integers(0, 6)
rows = st.lists(st.tuples(st.integers(-1, 3), moments), max_size=25)
asked = st.lists(st.tuples(st.integers(-1, 3), moments), max_size=10)


@given(rows, asked, st.sampled_from([0.0, 1.0, 3.0]))
def test_the_last_earlier_row_is_found(
    rows: list[tuple[int, int]], asked: list[tuple[int, int]], gap: float
) -> None:
    key = np.array([k for k, _ in rows], np.int64)
    times = np.array([t for _, t in rows], np.float64)
    line, order = Timeline.of(key, times, keys=4)
    found = line.before(
        np.array([k for k, _ in asked], np.int64), np.array([t for _, t in asked], np.float64), gap
    )
    for (k, t), place in zip(asked, found.tolist(), strict=True):
        earlier = [i for i, (kk, tt) in enumerate(rows)
                   if kk == k >= 0 and (tt <= t - gap if gap else tt < t)]  # fmt: skip
        if not earlier:
            assert place == -1
        else:
            latest = max(earlier, key=lambda i: (rows[i][1], i))
            assert order[place] == latest


@pytest.mark.long
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.one_of(st.none(), st.integers(-5, 5)),
                  st.one_of(st.none(), st.sampled_from("xyz"))),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_summaries_after_each_row_are_those_of_the_rows_up_to_it(
    rows: list[tuple[int, int | None, str | None]],
) -> None:
    frame = pl.DataFrame(
        rows, schema={"k": pl.Int64, "v": pl.Float64, "s": pl.String}, orient="row"
    )
    times = np.arange(frame.height, dtype=np.float64)
    found = Summaries.of(frame.select("v", "s"), texts_of(frame["k"]), times)
    said = found.before(texts_of(frame["k"]), times + 0.5)
    for i, (key, _, _) in enumerate(rows):
        mine = [row for row in rows[: i + 1] if row[0] == key]
        got = dict(zip(found.names, said[i], strict=True))
        v = np.array([row[1] for row in mine if row[1] is not None], np.float64)
        s = [row[2] for row in mine if row[2] is not None]
        assert got["rows"] == len(mine)
        if len(v):
            expected = [v.mean(), v.min(), v.max(), v[-1]]
            assert [got[f"v: {m}"] for m in ("mean", "min", "max", "last")] == pytest.approx(
                expected
            )
            assert got["v: std"] == pytest.approx(
                v.std(ddof=1) if len(v) > 1 else np.nan, nan_ok=True
            )
        assert got["s: distinct"] == len(set(s))
        if s:
            assert got["s: most frequent"] == pytest.approx(max(map(s.count, s)) / len(s))


def test_large_values_keep_their_digits() -> None:
    base = 1e12
    frame = pl.DataFrame({"v": [base + 1, base + 2, base + 3]})
    found = Summaries.of(frame, pl.Series(["a"] * 3))
    got = dict(zip(found.names, found.before(pl.Series(["a"]), None)[0], strict=True))
    assert got["v: std"] == pytest.approx(1.0)
    assert got["v: mean"] == base + 2


def test_later_rows_change_nothing_to_the_bit() -> None:
    rng = np.random.default_rng(0)
    values, times = rng.normal(1e6, 1, 200), rng.permutation(200).astype(float)
    key = pl.Series(["a", "b"] * 100)
    late = times >= 120
    changed = np.where(late, values * 1e9, values)
    asked = times[~late]
    both = [
        Summaries.of(pl.DataFrame({"v": v}), key, times).before(key.filter(~late), asked)
        for v in (values, changed)
    ]
    np.testing.assert_array_equal(both[0], both[1])
