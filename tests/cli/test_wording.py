"""Sixty ways to be wrong: each ends in one line of expected, got and cure, in the user's words."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main

ROWS = 60
# Punctuation that two parts of a message made between them.
DOUBLED = re.compile(r"[?!,;:]\.|[?!;]\s*;|(?<!\.)\.\s*;|(?<!\.)\.\.(?!\.)|  ")
# What must be read nowhere: words of our own, of the parser and of Python.
JARGON = re.compile(
    r"Traceback|parameter|positional|keyword|token|argument|into int|NoneType|\bnull\b|Errno"
    r"|cyclopts|internal|<class|Error:|Unable|Invalid value"
)

WRONG = {
    # the command line itself
    "fitt houses.csv": "did you mean 'fit'?",
    "--bogus": "options come after the command",
    "fit": "DATA after modelwright fit",
    "fit houses.csv": "the option --target",
    "fit houses.csv --target": "a value after --target",
    "fit houses.csv --target price --time": "a value after --time",
    "fit houses.csv --tarket price": "did you mean '--target'?",
    "fit houses.csv --target price --trails 3": "did you mean '--trials'?",
    "fit houses.csv --target price -x": "an option of modelwright fit; got '-x'",
    "fit houses.csv --target price --no-json": "did you mean '--json'?",
    "fit houses.csv --target price --json=abc": "for --json; got 'abc'",
    "fit houses.csv more.csv --target price": "got 'more.csv'; put names with blanks into quotes",
    "fit houses.csv --target price --time 5s --time 6s": "--time once; got --time twice",
    "fit houses.csv --target price --trials abc": "a whole number for --trials; got 'abc'",
    "fit houses.csv --target price --trials 1.5": "a whole number for --trials; got '1.5'",
    "fit houses.csv --target price --seed x": "a whole number for --seed; got 'x'",
    "fit houses.csv --target price --workers 2k": "a whole number for --workers",
    "runs list --limit abc": "a whole number for --limit; got 'abc'",
    "runs list --limit": "a value after --limit",
    "runs shw": "a command of modelwright runs; got 'shw'; did you mean 'show'?",
    "runs show": "RUN after modelwright runs show",
    "runs list more": "nothing more for modelwright runs list; got 'more'",
    "predict": "MODEL after modelwright predict; got none; write: modelwright predict MODEL DATA",
    "predict m.mw": "DATA after modelwright predict",
    "predict m.mw houses.csv": "the option --out",
    "evaluate m.mw": "DATA after modelwright evaluate",
    "demo more": "nothing more for modelwright demo; got 'more'",
    "completion": "SHELL after modelwright completion",
    "completion tcsh": "choose one of: bash, zsh, fish",
    # values of options
    "fit houses.csv --target price --time abc": "a duration above zero for --time; got 'abc'",
    "fit houses.csv --target price --time -5s": "a duration above zero for --time; got '-5s'",
    "fit houses.csv --target price --time 0": "a duration above zero for --time; got '0'",
    "fit houses.csv --target price --trials 0": "--trials to be at least 1; got 0",
    "fit houses.csv --target price --workers -1": "--workers to be at least 0; got -1",
    "fit houses.csv --target price --seed -1": "--seed to be at least 0; got -1",
    "fit houses.csv --target price --metric auc": "rmse, mae, r2, rmsle",
    "fit houses.csv --target zone --metric rmse": "a metric for multiclass",
    "fit houses.csv --target price --task class": "for --task; got 'class'",
    "fit houses.csv --target zone --task regression": "for --task regression",
    "fit houses.csv --target zone --task binary": "use --task multiclass",
    "fit houses.csv --target price --models lightgmb": "for --models; got 'lightgmb'; did you",
    "fit houses.csv --target price --models ,": "names of learners for --models",
    "fit houses.csv --target price --positive 3": "a binary task for --positive",
    "fit houses.csv --target price --replay nope": "the id of a run; got 'nope'",
    "demo --time 0": "a duration above zero for --time",
    "runs list --limit -3": "--limit to be at least 1",
    "runs show nope": "the id of a run; got 'nope'",
    "runs compare nope": "two runs to compare, or none; got only 'nope'",
    "runs compare nope other": "the id of a run; got 'nope'",
    "runs compare": "two recorded runs; got 0",
    "runs clean --older soon": "a duration above zero for --older; got 'soon'",
    # columns
    "fit houses.csv --target prise": "for --target; got 'prise'; did you mean 'price'?",
    "fit houses.csv --target ''": "choose one of: rooms, zone",
    "fit houses.csv --target price --group zonne": "for --group; got 'zonne'; did you mean 'zone'",
    "fit houses.csv --target price --group price": "columns for --target and --group; got 'price'",
    "fit houses.csv --target price --weight zone": "60 rows without a number",
    "fit houses.csv --target price --weight below": "12 rows below zero, such as -1",
    "fit houses.csv --target constant": "at least 2 distinct values in target 'constant'",
    "fit houses.csv --target absent": "a column that is missing everywhere",
    "fit houses.csv --target day": "numbers or classes in target 'day'; got dates",
    "fit few.csv --target price": "at least 3 rows with an answer; got 2",
    "fit thin.csv --target y": "1 row of 'yes'",
    "fit houses.csv --target price --types typos.json": "column 'rooms'; got 'categry'; did you",
    "fit houses.csv --target price --types unknown.json": "did you mean 'rooms'?",
    "fit houses.csv --target price --types broken.json": 'write {"column": "kind"}',
    "fit houses.csv --target price --types none.json": "check the path of --types",
    # files
    "fit house.csv --target price": "did you mean 'houses.csv'?",
    "fit no/houses.csv --target price": "no folder 'no'",
    "fit folder --target price": "the folder 'folder', which is empty; check the path",
    "fit tables --target price": "(a.csv); name that file: 'tables/a.csv'",
    "fit empty.csv --target price": "an empty file",
    "fit header.csv --target price": "only a header",
    "fit junk.csv --target price": "binary",
    "fit m.mw --target price": "a table as DATA; got the model file 'm.mw'",
    "evaluate m.mw m.mw": "a table as DATA; got the model file 'm.mw'",
    "evaluate houses.csv m.mw": "the model comes first: swap the two",
    "evaluate houses.csv houses.csv": "a model file as MODEL; got 'houses.csv', which is none",
    "evaluate folder houses.csv": "a model file as MODEL; got the folder 'folder'",
    "evaluate m.mw other.csv": "rooms",
    "fit houses.csv --target price --out folder": "got a folder; name a file",
    "fit houses.csv --target price --out no/m.mw": "no folder 'no'; create the folder first",
    "fit houses.csv --target price --out houses.csv": "an output file of its own",
    "fit houses.csv --target price --store houses.csv": "a folder for --store; got the file",
    "predict m.mw houses.csv --out p.xlsx": "the name of a table file; got 'p.xlsx'",
    "predict m.mw houses.csv --out folder": "got a folder; name a file",
    "predict m.mw houses.csv --out houses.csv": "an output file of its own",
    "predict m.mw houses.csv --out m.mw": "an output file of its own",
    "demo --folder houses.csv": "choose another --folder",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    table = pl.DataFrame(
        {
            "rooms": [i % 7 for i in range(ROWS)],
            "zone": ["abc"[i % 3] for i in range(ROWS)],
            "below": [i % 5 - 1 for i in range(ROWS)],
            "constant": [4] * ROWS,
            "absent": [""] * ROWS,
            "day": [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(ROWS)],
            "price": [i * 2.5 + i % 5 for i in range(ROWS)],
        }
    )
    table.write_csv(folder / "houses.csv")
    settings = mw.Settings(trials=1, models=("linear",), workers=0, out=folder / "m.mw",
                           store=folder / "kept")  # fmt: skip
    mw.fit(table.select("rooms", "zone", "price"), "price", settings=settings)
    texts = {
        "few.csv": "x,price\n1,2\n2,3\n",
        "thin.csv": "x,y\n" + "".join(f"{i},{'no' if i else 'yes'}\n" for i in range(30)),
        "empty.csv": "",
        "header.csv": "rooms,price\n",
        "other.csv": "floor,price\n1,2\n2,3\n3,4\n",
        "typos.json": json.dumps({"rooms": "categry"}),
        "unknown.json": json.dumps({"romms": "category"}),
        "broken.json": "{",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "junk.csv").write_bytes(bytes(range(256)) * 40)
    (folder / "folder").mkdir()
    (folder / "tables").mkdir()
    (folder / "tables" / "a.csv").write_text("x,price\n1,2\n")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "kept" not in path.parts
    }


@pytest.mark.parametrize("line", WRONG, ids=lambda line: str(line)[:60])
def test_one_line_in_the_users_words(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    before = files(folder)
    assert main(shlex.split(line)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (said,) = captured.err.splitlines()
    assert re.match(r"error: expected \S.*; got \S", said), said
    assert WRONG[line] in said
    assert not JARGON.search(said), said
    assert not DOUBLED.search(said), said
    assert len(said) < 400  # the longest lists all metrics
    assert files(folder) == before


@pytest.mark.parametrize(
    ("line", "expected", "got"),
    [
        ("fit houses.csv --target prise", "a column of the table for --target", "'prise'"),
        ("fit houses.csv --tarket price", "an option of modelwright fit", "'--tarket'"),
        ("evaluate nothing.mw houses.csv", "", ""),
        ("runs show nope", "the id of a run", "'nope'"),
        ("runs clean --older soon", "a duration above zero for --older", "'soon'"),
        ("completion tcsh", "a known word for SHELL", "'tcsh'"),
        ("demo --time 0", "a duration above zero for --time", "'0'"),
        ("predict m.mw houses.csv", "the option --out", "none"),
    ],
)
def test_a_program_finds_the_same_error_as_an_object(
    line: str,
    expected: str,
    got: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    assert main([*shlex.split(line), "--json"]) == 2
    captured = capsys.readouterr()
    error: dict[str, Any] = json.loads(captured.out)["error"]
    assert sorted(error) == ["cure", "exit_code", "expected", "got", "message"]
    assert captured.err == f"error: {error['message']}\n"
    assert error["exit_code"] == 2
    assert error["message"].startswith(f"expected {error['expected']}; got {error['got']}")
    if expected:
        assert (error["expected"], error["got"]) == (expected, got)


def test_what_is_our_fault_is_an_object_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("modelwright.store.data_folder", broken)
    assert main(["runs", "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["exit_code"] == 1
    assert "our fault" in error["message"]


@pytest.mark.parametrize("kept", [True, False])
def test_ctrl_c_says_whether_there_is_a_model(
    kept: bool,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "new.mw"
    out.write_bytes(b"of an earlier fit")

    def stopped(*_: object, **__: object) -> None:
        if kept:
            (tmp_path / "part").write_bytes(b"a model")
            (tmp_path / "part").replace(out)
        raise KeyboardInterrupt

    monkeypatch.setattr("modelwright.flow.run", stopped)
    monkeypatch.chdir(folder)
    assert main(["fit", "houses.csv", "--target", "price", "--out", str(out), "--json"]) == 130
    captured = capsys.readouterr()
    kept_line = f"error: interrupted; the best model so far is kept: {out}\n"
    assert captured.err == (kept_line if kept else "error: interrupted before there was a model\n")
    assert json.loads(captured.out)["error"]["exit_code"] == 130
