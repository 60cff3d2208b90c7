"""How many groups there are, "none" among the answers; and the whole from a file to a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn.datasets import make_circles
from sklearn.metrics import adjusted_rand_score

import modelwright as mw
from modelwright.acquire import cast, infer, read_raw
from modelwright.core.schema import Column, Kind, Schema
from modelwright.core.table import Table
from modelwright.unsupervised import Effort, Shape, cluster, load
from modelwright.unsupervised.clustering import _why
from modelwright.unsupervised.measured import measured
from modelwright.unsupervised.number import Number

QUICK = Effort(most=5, references=6, splits=3, draws=4, rows=400)


def numbers(points: NDArray[np.float64]) -> Table:
    """Make a table of numbers."""
    names = [f"n{i}" for i in range(points.shape[1])]
    schema = Schema(tuple(Column(name, Kind.NUMBER) for name in names))
    return Table(pl.DataFrame(points, schema=names), schema)


def blobs(count: int, size: int = 70) -> NDArray[np.float64]:
    """Make groups that lie far apart."""
    rng = np.random.default_rng(count)
    centres = rng.normal(size=(count, 3)) * 8
    return np.repeat(centres, size, axis=0) + rng.normal(size=(count * size, 3))


@pytest.mark.long
@pytest.mark.parametrize("count", [2, 3, 4])
def test_clear_groups_are_counted(count: int) -> None:
    _, groups, found = cluster(numbers(blobs(count)), effort=QUICK)
    assert groups.count == count
    assert len(found.groups) == count
    assert all(one.stability > 0.9 for one in found.groups)
    assert found.trials[count - 1]["count"] == count


@pytest.mark.long
@pytest.mark.parametrize("shape", ["cloud", "box", "skewed", "levels"])
def test_no_groups_is_an_answer(shape: str) -> None:
    rng = np.random.default_rng(4)
    if shape == "levels":
        frame = pl.DataFrame({name: rng.choice(list("abcd"), 300) for name in ("u", "v", "w")})
        schema = Schema(tuple(Column(name, Kind.CATEGORY) for name in frame.columns))
        table = Table(frame, schema)
    else:
        drawn = {
            "cloud": rng.normal(size=(300, 4)) @ rng.normal(size=(4, 4)),
            "box": rng.uniform(size=(300, 3)),
            "skewed": rng.lognormal(0, 1, (300, 3)),
        }
        table = numbers(drawn[shape])
    _, groups, found = cluster(table, effort=QUICK)
    assert groups.count == 1
    assert found.why.startswith("no groups hold")
    assert len(found.groups) == 1


@pytest.mark.long
def test_groups_of_a_form_that_k_means_does_not_find() -> None:
    points = make_circles(500, noise=0.04, factor=0.4, random_state=0)[0]
    _, groups, found = cluster(numbers(points), effort=QUICK)
    assert (groups.name, groups.count) == ("hdbscan", 2)
    assert "form that k-means does not find" in found.why
    assert [one.rows for one in found.groups] == [250, 250]


@pytest.mark.long
def test_what_is_typical_of_a_group_is_told() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, 400)
    frame = pl.DataFrame(
        {
            "income": np.exp(rng.normal(np.where(kind, 11.5, 10.0), 0.2)),
            "age": rng.normal(np.where(kind, 60, 30), 3),
            "town": np.where(kind == 1, "Rome", rng.choice(["Bonn", "Oslo"], 400)),
            "noise": rng.normal(size=400),
        }
    )
    kinds = (Kind.NUMBER, Kind.NUMBER, Kind.CATEGORY, Kind.NUMBER)
    schema = Schema(tuple(Column(n, k) for n, k in zip(frame.columns, kinds, strict=True)))
    _, groups, found = cluster(Table(frame, schema), effort=QUICK)
    assert groups.count == 2
    old = next(one for one in found.groups if any(t.here == "Rome: 100 %" for t in one.traits))
    traits = {trait.column: trait for trait in old.traits}
    assert set(traits) == {"income", "age", "town"}
    assert traits["town"].lift == pytest.approx(400 / kind.sum(), rel=0.05)
    assert traits["age"].lift > 0.8
    assert float(traits["age"].here) == pytest.approx(60, abs=1)


@pytest.mark.long
def test_asked_for_a_number_it_says_whether_they_hold() -> None:
    cloud = np.random.default_rng(0).normal(size=(200, 3))
    _, groups, found = cluster(numbers(cloud), count=3, effort=QUICK)
    assert groups.count == 3
    assert found.why.startswith("3 clusters, as asked; by k-means they do not hold")
    one = cluster(numbers(cloud), methods=["ward"], count=2, effort=QUICK)[1]
    assert (one.name, one.count) == ("ward", 2)


@pytest.mark.long
@pytest.mark.parametrize(("name", "there"), [("musk1", True), ("hepatitis", False)])
def test_halves_of_real_rows_say_the_same(shared_data: Path, name: str, there: bool) -> None:
    (file,) = sorted((shared_data / "tabular" / name).glob("train*"))
    raw = read_raw(file).frame
    table = cast(raw, infer(raw)[0])
    halves = [table.rows(np.arange(start, table.height, 2)) for start in (0, 1)]
    fits = [cluster(half, effort=QUICK) for half in halves]
    assert [groups.count > 1 for _, groups, _ in fits] == [there, there]
    labels = [groups.labels(space.rows(table)) for space, groups, _ in fits]
    assert adjusted_rand_score(*labels) > 0.9


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shape, pl.DataFrame, Path]:
    """Fit groups of a frame with every kind of column, and write the file."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, 200)
    frame = pl.DataFrame(
        {
            "size": rng.normal(np.where(kind, 9.0, 1.0), 1.0),
            "town": np.where(kind == 1, "Rome", "Oslo"),
            "key": [f"k{i:04d}" for i in range(200)],
        }
    )
    out = tmp_path_factory.mktemp("made") / "groups.mw"
    shape = mw.fit(frame, task="clustering", time=0.01, settings=mw.Settings(out=out))
    return shape, frame, out


def test_a_loaded_file_answers_the_same(made: tuple[Shape, pl.DataFrame, Path]) -> None:
    shape, frame, out = made
    again = load(out)
    assert again.predict(frame).equals(shape.predict(frame))
    assert again.findings.export().config == shape.findings.export().config
    assert str(again) == str(shape)
    assert any("'key'" in note for note in shape.notes)
    strange = pl.DataFrame({"size": [None, 9.0], "town": ["nowhere", None]})
    assert again.predict(strange).height == 2
    with pytest.raises(mw.ColumnError, match="town"):
        again.predict(frame.drop("town"))


@pytest.mark.long
def test_mixtures_give_probabilities_and_rows_of_none_no_group(tmp_path: Path) -> None:
    table = numbers(blobs(3)).frame
    settings = mw.Settings(models=("mixture",))
    found = mw.fit(table, task="clustering", time=0.01, settings=settings).predict(table)
    assert found.columns == ["cluster", "distance", "probability", "p_1", "p_2", "p_3"]
    total = found["p_1"] + found["p_2"] + found["p_3"]
    assert total.to_numpy() == pytest.approx(1)
    settings = mw.Settings(models=("hdbscan",))
    dense = mw.fit(table, task="clustering", time=0.01, settings=settings)
    far = dense.predict(pl.DataFrame({"n0": [1e6], "n1": [1e6], "n2": [1e6]}))
    assert far["cluster"].to_list() == [None]


@pytest.mark.long
def test_a_density_says_how_usual_a_row_is(tmp_path: Path) -> None:
    table = numbers(np.random.default_rng(0).normal(size=(300, 2))).frame
    out = tmp_path / "density.mw"
    shape = mw.fit(table, task="density", settings=mw.Settings(out=out))
    new = pl.DataFrame({"n0": [0.0, 9.0], "n1": [0.0, 9.0]})
    answers = load(out).predict(new)
    assert answers.equals(shape.predict(new))
    assert answers["log_density"][0] == pytest.approx(-np.log(2 * np.pi), abs=0.25)
    assert answers["percentile"].to_list() == [pytest.approx(1, abs=0.05), 0.0]
    assert shape.predict(table)["percentile"].mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame({"a": [1.0, 2.0, 3.0]}), "expected at least 10 rows; got 3"),
        (pl.DataFrame({"a": [1.5] * 20}), "more than one value; got none"),
        (pl.DataFrame({"a": [f"words {i} and more" for i in range(30)]}), "free text and ids"),
        (pl.DataFrame({"a": [None] * 20}), "more than one value; got none"),
    ],
)
def test_rubbish_is_refused_in_one_line(frame: pl.DataFrame, said: str) -> None:
    for task in ("clustering", "density"):
        with pytest.raises(mw.UserError) as caught:
            mw.fit(frame, task=task)  # type: ignore[call-overload]
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"target": "n0"}, "no --target beside --task clustering"),
        ({"metric": "rmse"}, "no --metric beside --task clustering"),
        ({"group": "n0"}, "no --group beside --task clustering"),
        ({"settings": mw.Settings(models=("lightgbm",))}, "a way of clustering; got 'lightgbm'"),
        ({"settings": mw.Settings(bounds=mw.Bounds(size="1MB"))}, "no --size beside"),
        ({"settings": mw.Settings(validation=mw.Validation(folds=3))}, "no --folds beside"),
    ],
)
def test_options_of_another_task_are_refused(asked: dict[str, object], said: str) -> None:
    table = numbers(blobs(2)).frame
    with pytest.raises(mw.OptionError, match=said):
        mw.fit(table, task="clustering", **asked)  # type: ignore[call-overload]


def test_a_number_of_clusters_that_cannot_be_is_refused() -> None:
    table = numbers(blobs(2, 10)).frame
    with pytest.raises(mw.OptionError, match="1 to 10 clusters of 20 rows; got 50"):
        mw.fit(table, task="clustering(50)")  # type: ignore[call-overload]


def test_infinite_and_huge_numbers_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 2))
    values[0] = [1e300, -1e300]
    values[1] = [np.nan, 0.0]
    space, rows, _ = measured(numbers(values))
    assert np.isfinite(rows.points).all()
    assert len(space.axes) == 2
    assert np.abs(rows.points).max() <= 6


def test_an_altered_file_is_refused_in_one_line(
    made: tuple[Shape, pl.DataFrame, Path], tmp_path: Path
) -> None:
    shape, frame, out = made
    whole = out.read_bytes()
    broken, told = tmp_path / "broken.mw", []
    for position in range(0, len(whole), len(whole) // 30):
        data = bytearray(whole)
        data[position] ^= 0xFF
        broken.write_bytes(bytes(data))
        try:
            again = load(broken)
        except mw.ModelFileError as error:
            told.append(str(error))
        else:  # a byte that nobody reads
            assert again.predict(frame).equals(shape.predict(frame))
    assert len(told) > 20
    assert not any("\n" in line for line in told)


def test_files_of_the_other_sort_are_told_apart(
    made: tuple[Shape, pl.DataFrame, Path], tmp_path: Path
) -> None:
    _, _, out = made
    with pytest.raises(mw.ModelFileError, match="unsupervised"):
        mw.load(out)
    x = np.linspace(0, 1, 40)
    other = tmp_path / "model.mw"
    quick = mw.Settings(trials=1, workers=0, models=("linear",), out=other)
    mw.fit({"x": x, "y": 2 * x}, "y", settings=quick)
    with pytest.raises(mw.ModelFileError, match=r"modelwright\.load"):
        load(other)


def test_a_way_that_cannot_be_used_is_refused() -> None:
    frame = pl.DataFrame({"town": ["Rome", "Oslo"] * 20})
    with pytest.raises(mw.OptionError, match="a column of numbers for a mixture; got none"):
        mw.fit(frame, task="clustering", settings=mw.Settings(models=("mixture",)))


@pytest.mark.long
def test_a_way_that_finds_the_number_itself_does_not_claim_to_obey() -> None:
    _, groups, found = cluster(numbers(blobs(3)), methods=["hdbscan"], count=2, effort=QUICK)
    assert groups.count == 3
    assert found.why.startswith(
        "hdbscan, which finds the number itself, finds 3 groups, not the 2 asked for"
    )
    cloud = np.random.default_rng(0).uniform(size=(60, 5))
    _, groups, found = cluster(numbers(cloud), methods=["hdbscan"], count=4, effort=QUICK)
    assert groups.count == 1
    assert "finds no groups, not the 4 asked for" in found.why


def test_groups_that_only_k_means_sees_are_not_claimed() -> None:
    number = Number(3, (), {}, "3 groups: found again best")
    assert _why(number, None, None).startswith("no groups hold by the ways that were compared")


def test_a_table_too_wide_to_be_compared_is_refused() -> None:
    wide = np.random.default_rng(0).normal(size=(12, 1_001))
    with pytest.raises(mw.DataError, match="at most 1,000 numbers and levels in all; got 1,001"):
        measured(numbers(wide))
