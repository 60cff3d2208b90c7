"""Every code block of the README, the walk-throughs and the guide runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.pages import Block, blocks, commands, marked, pages, run_page
from modelwright.engine import InlineEngine

PAGE = """
Text.

```python
x = 1
```

- A list:

  ```console
  $ modelwright fit a.csv \\
      --target "b c"
  some output
  $ modelwright fit none.csv --target b   # exit 2
  ```

<!-- not run -->
```python
import nothing
```
"""


@pytest.mark.parametrize("path", marked(pages()))
def test_the_code_of_a_page_runs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"HOME": str(tmp_path / "home"), "MODELWRIGHT_STORE": str(tmp_path / "store")}
    folder = tmp_path / "work"
    for new in (folder, tmp_path / "home"):
        new.mkdir()
    monkeypatch.chdir(folder)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if path.name != "README.md":  # the first page is run with workers, as the reader's machine does
        monkeypatch.setattr("modelwright.flow.start_engine", lambda *_, **__: InlineEngine())
    run_page(path, folder, environment)


def test_blocks_are_found_with_their_language_and_marks() -> None:
    found = list(blocks(PAGE))
    assert [(block.language, block.line, block.run) for block in found] == [
        ("python", 5, True),
        ("console", 11, True),
        ("python", 19, False),
    ]


def test_commands_are_found_with_their_exit_codes() -> None:
    found = list(commands(list(blocks(PAGE))[1]))
    assert [command.words for command in found] == [
        ("modelwright", "fit", "a.csv", "--target", "b c"),
        ("modelwright", "fit", "none.csv", "--target", "b"),
    ]
    assert [command.code for command in found] == [0, 2]


def test_a_line_that_looks_at_the_clock_has_a_process_of_its_own() -> None:
    text = """$ modelwright fit a.csv --target b
$ modelwright fit a.csv --target b --trials 1
$ modelwright demo --time 5s
$ modelwright fit a.csv --target none   # exit 2
$ modelwright predict m.mw a.csv --out p.csv"""
    found = commands(Block("console", text, 1, True))
    assert [command.timed for command in found] == [True, False, True, False, False]


def test_a_page_with_a_wrong_block_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run_page(page, tmp_path, {})


def test_a_page_with_a_wrong_promise_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ modelwright no-such-command\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="expected 0"):
        run_page(page, tmp_path, {})


@pytest.mark.long
def test_a_page_with_a_wrong_suite_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    code = "class TestMine:\n    def test_it(self):\n        assert 1 == 2"
    page.write_text(f"```python\n{code}\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="suites"):
        run_page(page, tmp_path, {})


def test_other_shell_lines_are_left_to_the_reader() -> None:
    assert list(commands(Block("sh", "$ make test\npip install modelwright", 1, True))) == []
