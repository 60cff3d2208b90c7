"""Damaged tables, labels, rules and recipes: cleaned, or refused in one line."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cli.test_fuzz import TEXT, damaged
from modelwright.cli import main

LABELS = "row,zone,price\n0,a,0.0\n7,b,13.5\n20,c,30.0\n"
RULES = """
[columns.zone]
values = ["a", "b", "c"]
pattern = '[a-c]'

[columns.rooms]
type = "integer"
least = 0

[[determines]]
given = ["rooms"]
column = "zone"

[[denial]]
name = "sold once"
conditions = ["t1.rooms = t2.rooms", "t1.sold = t2.sold", "t1.price != t2.price"]
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Write a recipe with repairs, emptied cells and filled gaps."""
    home = tmp_path_factory.mktemp("recipe")
    table = home / "rows.csv"
    table.write_bytes(TEXT.replace(b"\n3,", b"\n,").replace(b",a,2021-03-05", b",?,2021-03-05"))
    words = ["clean", str(table), "--out", str(home / "out.csv"), "--mask", "--impute"]
    assert main([*words, "--recipe", str(home / "recipe.json")]) == 0
    return (home / "recipe.json").read_bytes()


def one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = main(words)
    error = capsys.readouterr().err
    assert code in (0, 2), (words, error)
    assert "Traceback" not in error
    if code:
        lines = [line for line in error.splitlines() if line.startswith("error:")]
        assert len(lines) == 1, error


def spoil(text: str, draw: random.Random) -> str:
    """Cut, double or exchange some letters of a text file."""
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(text))
        match draw.randrange(4):
            case 0:
                text = text[:at] + text[at + draw.randint(1, 9) :] or text
            case 1:
                text = text[:at] + text[at : at + draw.randint(1, 20)] + text[at:]
            case 2:
                text = (
                    text[:at]
                    + draw.choice(['"', "\n", "-1", "9" * 30, "é", "\x00", "]"])
                    + text[at:]
                )
            case 3:
                text = text[:at] or text
    return text


def check(number: int, tmp_path: Path, recipe: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(number)
    table, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    log = ["--log", str(tmp_path / "log.csv")]
    table.write_bytes(damaged(draw))
    words = ["clean", str(table), "--out", str(out), *log]
    kept = tmp_path / "recipe.json"
    match number % 4:
        case 0:
            one_line([*words, "--mask", "--impute", "--recipe", str(kept)], capsys)
            if kept.exists():
                one_line(["clean", str(table), "--out", str(out), "--replay", str(kept)], capsys)
        case 1:
            labels = tmp_path / "labels.csv"
            table.write_bytes(TEXT)
            labels.write_text(spoil(LABELS, draw), encoding="utf-8")
            one_line([*words, "--labels", str(labels)], capsys)
        case 2:
            rules = tmp_path / "rules.toml"
            table.write_bytes(TEXT)
            rules.write_text(spoil(RULES, draw), encoding="utf-8")
            one_line([*words, "--rules", str(rules), "--drop", "abnormal-rows"], capsys)
        case 3:
            kept.write_bytes(recipe)
            one_line([*words, "--replay", str(kept)], capsys)
            kept.write_text(spoil(recipe.decode(), draw), encoding="utf-8")
            one_line([*words, "--replay", str(kept)], capsys)


@pytest.mark.long
@pytest.mark.parametrize("number", range(6))
def test_damaged_files_end_in_a_table_or_one_line(
    number: int, tmp_path: Path, recipe: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, tmp_path, recipe, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("number", [*range(6, 12), *range(100, 300)])
def test_many_damaged_files_end_in_a_table_or_one_line(
    number: int, tmp_path: Path, recipe: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, tmp_path, recipe, capsys)


def test_a_recipe_for_another_table_names_the_columns(
    tmp_path: Path, recipe: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, table = tmp_path / "recipe.json", tmp_path / "other.csv"
    kept.write_bytes(recipe)
    table.write_bytes(TEXT.replace(b"rooms,zone", b"room,area"))
    words = ["clean", str(table), "--replay", str(kept), "--out", str(tmp_path / "o.csv")]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "'rooms', 'zone', but 'room', 'area'" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("pattern", "code"),
    [("(a+)+$", 0), ("(a|aa)+$", 0), ("((a{1,100}){1,100}){1,100}", 2), ("(?=a)b", 2), ("(", 2)],
)
def test_a_cunning_pattern_costs_no_time(
    pattern: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, rules = tmp_path / "rows.csv", tmp_path / "rules.toml"
    table.write_text("a,b\n" + f"{'a' * 20_000}!,1\n" * 40, encoding="utf-8")
    rules.write_text(f"[columns.a]\npattern = '{pattern}'\n", encoding="utf-8")
    words = ["clean", str(table), "--rules", str(rules), "--out", str(tmp_path / "o.csv"), "--json"]
    assert main(words) == code
    told = json.loads(capsys.readouterr().out)
    if code:
        assert "error" in told
    else:
        assert told["suspicious"] >= 40
