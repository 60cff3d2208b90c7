"""``modelwright clean``, as a person and as a program use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from modelwright.clean import Repair, Repairs
from modelwright.cli import main
from modelwright.cli.reviewing import reviewed


@pytest.fixture
def dirty(tmp_path: Path) -> Path:
    """Write a table with three slips."""
    towns = ["Bonn", "Ulm", "Mainz", "Trier"]
    rows = [(f"ST-{i * 7 % 4}", towns[i * 7 % 4]) for i in range(160)]
    for row, town in ((10, "Maxnz"), (33, "Trxer"), (60, "Boxn")):
        rows[row] = (rows[row][0], town)
    path = tmp_path / "dirty.csv"
    pl.DataFrame(rows, schema=["station", "town"], orient="row").write_csv(path)
    return path


def test_a_person_gets_a_table_a_log_and_a_recipe(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, recipe, log = (tmp_path / name for name in ("out.csv", "recipe.json", "log.parquet"))
    words = ["--out", str(out), "--recipe", str(recipe), "--log", str(log)]
    assert main(["clean", str(dirty), *words]) == 0
    told = capsys.readouterr().out
    assert "160 rows of 2 columns: 3 cells look wrong, 3 mended, 0 proposed" in told
    assert "Maxnz -> Mainz" in told
    assert f"--replay {recipe}" in told
    cleaned = pl.read_csv(out)
    assert set(cleaned["town"]) == {"Bonn", "Ulm", "Mainz", "Trier"}
    changes = pl.read_parquet(log)
    assert changes["row"].to_list() == [10, 33, 60]
    assert changes["applied"].all()

    again = tmp_path / "again.csv"
    assert main(["clean", str(dirty), "--replay", str(recipe), "--out", str(again)]) == 0
    assert "the same result again" in capsys.readouterr().out
    assert again.read_bytes() == out.read_bytes()


def test_a_program_reads_one_object(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, recipe = tmp_path / "out.csv", tmp_path / "recipe.json"
    words = ["clean", str(dirty), "--out", str(out), "--recipe", str(recipe), "--json"]
    assert main(words) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found = json.loads(captured.out)
    assert (found["rows"], found["suspicious"], found["applied"]) == (160, 3, 3)
    assert found["recipe"] == str(recipe)
    next_month = tmp_path / "next.csv"
    next_month.write_text("station,town\nST-0,Boxn\nST-9,Köln\n", encoding="utf-8")
    words = ["clean", str(next_month), "--replay", str(recipe), "--out", str(out), "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert not found["same_input"]
    assert pl.read_csv(out)["town"].to_list() == ["Bonn", "Köln"]
    assert {one["column"] for one in found["surprises"]} == {"station", "town"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--out", "x.xyz"], "table file"),
        (["--out", "no/such/folder/x.csv"], "no folder"),
        (["--out", "o.csv", "--log", "no/such/folder/log.parquet"], "no folder"),
        (["--out", "o.csv", "--log", "log.txt"], "table file"),
        (["--out", "o.csv", "--recipe", "r.txt"], "ends in .json"),
        (["--out", "o.csv", "--recipe", "r.json", "--replay", "q.json"], "both"),
        (["--out", "o.csv", "--replay", "none.json"], "no such file"),
        (["--out", "o.csv", "--replay", "none.json", "--mask"], "nothing else to do"),
        (["--out", "o.csv", "--drop", "rows"], "leave out"),
        (["--out", "o.csv", "--threshold", "2"], "between 0 and 1"),
        (["--out", "o.csv", "--labels", "none.csv"], "labels"),
        (["--out", "o.csv", "--history", "none.json"], "OpenRefine"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    dirty: Path,
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(dirty.parent)
    assert main(["clean", str(dirty), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in dirty.parent.iterdir()) == ["dirty.csv"]


def test_a_table_does_not_take_the_place_of_its_input(
    dirty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dirty.read_bytes()
    assert main(["clean", str(dirty), "--out", str(dirty)]) == 2
    assert "file of its own" in capsys.readouterr().err
    assert dirty.read_bytes() == before


def test_a_full_disk_is_one_line_and_no_table(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no device that is always full")
    log = tmp_path / "log.parquet"
    log.symlink_to(full)
    out = tmp_path / "out.csv"
    assert main(["clean", str(dirty), "--out", str(out), "--log", str(log)]) == 2
    error = capsys.readouterr().err
    assert "no space left" in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_review_without_a_terminal_asks_nothing(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    assert main(["clean", str(dirty), "--out", str(out), "--review"]) == 0
    assert "needs a terminal" in capsys.readouterr().err


def test_rows_come_through_a_pipe(
    piped: Callable[[bytes], None], dirty: Path, tmp_path: Path
) -> None:
    piped(dirty.read_bytes())
    out = tmp_path / "out.csv"
    assert main(["clean", "-", "--out", str(out)]) == 0
    assert pl.read_csv(out).height == 160


class Answers:
    """A person who has made up their mind."""

    def __init__(self, *replies: str) -> None:
        self._replies: Iterator[str] = iter(replies)
        self.asked: list[str] = []

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return next(self._replies, "")


def proposals() -> Repairs:
    slip, unit = "written nearly so", "unit left out"
    made = [(0, "Rxme", "Rome", slip), (1, "Rxme", "Rome", slip), (2, "Oslx", "Oslo", slip),
            (3, "8 oz", "8", unit), (4, "9 oz", "9", unit)]  # fmt: skip
    return Repairs.of(Repair(row, "a", old, new, rule, 0.5, False) for row, old, new, rule in made)


@pytest.mark.parametrize(
    ("replies", "applied", "asked"),
    [
        (["y\n", "n\n", "n\n", "n\n"], [0, 1], 4),
        (["a\n", "x\n"], [0, 1, 2], 2),
        (["x\n", "y\n", "n\n"], [3], 3),
        (["n\n", "a\n", "y\n"], [2, 3, 4], 3),
        (["what?\n", "y\n", "q\n"], [0, 1], 3),
        ([], [], 1),
    ],
)
def test_review_asks_once_for_each_pattern(
    replies: list[str], applied: list[int], asked: int
) -> None:
    person = Answers(*replies)
    done = reviewed(person)(proposals())
    # after the slip of Rome, which is most frequent, come the units and then the slip of Oslo
    assert [one.row for one in done.applied] == applied
    assert len(person.asked) == asked
    assert "Rxme" in person.asked[0]
    assert "row 0, 1" in person.asked[0]


@pytest.mark.long
def test_what_is_left_is_told_and_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "sizes.csv"
    rows = [(f"S{i % 5}", str(10 + i % 7)) for i in range(200)]
    rows[40] = ("S0", "99999")
    pl.DataFrame(rows, schema=["shop", "size"], orient="row").write_csv(table)
    out, log = tmp_path / "out.csv", tmp_path / "log.csv"
    words = ["clean", str(table), "--out", str(out), "--log", str(log)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "1 left as they are" in told
    assert "1 cell looks wrong" in told
    assert "looks wrong: a number far" in told
    listed = pl.read_csv(log, infer_schema=False)
    assert listed.select("row", "old", "new", "applied").rows() == [
        ("40", "99999", "99999", "false")
    ]

    assert main([*words, "--mask", "--impute"]) == 0
    told = capsys.readouterr().out
    assert "1 emptied" in told
    assert "1 gap filled" in told
    assert "gaps of 'size'" in told
    changed = pl.read_csv(log, infer_schema=False)
    assert changed["row"].to_list() == ["40", "40"]
    assert pl.read_csv(out)["size"].null_count() == 0


@pytest.mark.long
def test_totals_are_told_and_left_out_when_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "sums.csv", tmp_path / "out.csv"
    rows = "".join(f"S{i % 5},{10 + i % 7},x\n" for i in range(60))
    table.write_text(f"shop,size,kind,more\n{rows.replace('x', 'x,y')}Total,744,,\n")
    assert main(["clean", str(table), "--out", str(out)]) == 0
    assert "Totals at the end were kept as they are: 1 row." in capsys.readouterr().out
    assert pl.read_csv(out).height == 61
    words = ["clean", str(table), "--out", str(out), "--drop", "stray-rows", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 60
    assert found["stray_rows"] == []


@pytest.mark.parametrize("into", ["--log", "--out"])
def test_labels_are_not_written_over(
    dirty: Path, tmp_path: Path, into: str, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "few.csv"
    labels.write_text("row,town\n10,Mainz\n", encoding="utf-8")
    others = [] if into == "--out" else ["--out", str(tmp_path / "o.csv")]
    assert main(["clean", str(dirty), "--labels", str(labels), into, str(labels), *others]) == 2
    assert "file of its own" in capsys.readouterr().err
    assert labels.read_text(encoding="utf-8").startswith("row,town")


def test_a_history_is_not_written_over(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history.json"
    history.write_text("[]", encoding="utf-8")
    words = ["--history", str(history), "--recipe", str(history), "--out", str(tmp_path / "o.csv")]
    assert main(["clean", str(dirty), *words]) == 2
    assert "file of its own" in capsys.readouterr().err
    assert history.read_text(encoding="utf-8") == "[]"


def test_large_text_from_a_pipe_stays_as_it_stands(
    piped: Callable[[bytes], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwright.acquire.text.delimited.TYPED_FROM", 0)
    rows = "".join(f"S{i % 5},{i % 7}.50\n" for i in range(60))
    piped(f"shop,price\n{rows}".encode())
    out = tmp_path / "out.csv"
    assert main(["clean", "-", "--out", str(out)]) == 0
    assert out.read_text(encoding="utf-8") == f"shop,price\n{rows}"


def test_each_file_is_one_of_its_own(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out.csv")
    assert main(["clean", str(dirty), "--out", out, "--log", out]) != 0
    told = capsys.readouterr().err
    assert "a file of its own for --log" in told
    assert "that of --out" in told


def test_a_way_to_fill_gaps_that_nobody_knows_is_met_by_all_of_them(
    dirty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["clean", str(dirty), "--out", str(tmp_path / "out.csv"), "--impute", "foo"]
    assert main(words) != 0
    assert "auto" in capsys.readouterr().err
