"""Read the code blocks of a Markdown page, and run them as a reader would."""

from __future__ import annotations
import __future__

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from _pytest.mark import ParameterSet

from modelwright.cli import main

ROOT = Path(__file__).parents[2]
NOT_RUN = "<!-- not run -->"
TIMEOUT = 150


def marked(paths: Iterable[Path]) -> list[ParameterSet]:
    """Give pages or examples as parameters of a test, each of which takes seconds."""
    return [
        pytest.param(path, id=str(path.relative_to(ROOT)), marks=[pytest.mark.long])
        for path in paths
    ]


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Parameters
    ----------
    language : str
        The word after the fence.
    text : str
        What stands between the fences, without the fence's indentation.
    line : int
        The line of its first line, counted from 1.
    run : bool
        False when the page marks it as not run.
    """

    language: str
    text: str
    line: int
    run: bool


@dataclass(frozen=True)
class Command:
    """A line that a reader types, and the exit code that the page promises."""

    words: tuple[str, ...]
    code: int
    line: int

    @property
    def timed(self) -> bool:
        """Whether it is a fit by the clock, which counts from the start of its process."""
        fits = self.words[1:2] in (("fit",), ("demo",))
        return fits and self.code == 0 and "--trials" not in self.words


def pages() -> list[Path]:
    """List every page whose code is tested."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(text: str) -> Iterator[Block]:
    """List the fenced blocks of a page, in order."""
    lines = text.splitlines()
    before = ""
    i = 0
    while i < len(lines):
        opened = re.match(r"( *)(```+) *(\w*)", lines[i])
        if not opened:
            before = lines[i].strip() or before
            i += 1
            continue
        indent, fence, language = opened.groups()
        end = next(j for j in range(i + 1, len(lines)) if lines[j].strip() == fence)
        body = "\n".join(line.removeprefix(indent) for line in lines[i + 1 : end])
        yield Block(language, body, i + 2, before != NOT_RUN)
        before = ""
        i = end + 1


def commands(block: Block) -> Iterator[Command]:
    r"""List the lines that begin with ``$ modelwright``; a trailing backslash goes on.

    A comment ``# exit 2`` at the end of a line promises another exit code than 0.
    """
    joined = block.text.replace("\\\n", " ")
    for offset, line in enumerate(joined.splitlines()):
        if not line.startswith("$ modelwright"):
            continue
        promised = re.search(r"# exit (\d+)\s*$", line)
        words = shlex.split(line.removeprefix("$ "), comments=True)
        yield Command(tuple(words), int(promised[1]) if promised else 0, block.line + offset)


def run_page(path: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Run the blocks of a page in order, in a folder of their own.

    The Python blocks share one namespace. When they define contract suites (classes named
    ``Test...``), these are run by pytest at the end.

    Raises
    ------
    AssertionError
        When a command ends with another exit code than promised, or a suite fails.
    """
    page = types.ModuleType(f"page_{path.stem}")
    sys.modules[page.__name__] = page  # where dataclasses look up their annotations
    seen: list[str] = []
    flags = 0
    for block in blocks(path.read_text(encoding="utf-8")):
        if not block.run:
            continue
        if block.language == "python":
            # Blank lines above, so that a traceback points into the page.
            text = "\n" * (block.line - 1) + block.text
            code = compile(text, str(path), "exec", flags=flags, dont_inherit=True)
            # A page asks once for late annotations, and has them in all its blocks.
            flags |= code.co_flags & __future__.annotations.compiler_flag
            exec(code, vars(page))
            seen.append(block.text)
        elif block.language in ("console", "sh"):
            for command in commands(block):
                _run_command(command, path, folder, environment)
    if any(name.startswith("Test") for name in vars(page)):
        _run_suites("\n\n".join(seen), path, folder, environment)


def _run_command(
    command: Command, path: Path, folder: Path, environment: Mapping[str, str]
) -> None:
    """Run a line in this process; in one of its own when it looks at the clock."""
    run = _run_apart if command.timed else _run_here
    code, out, errors = run(command, folder, environment)
    assert code == command.code, (
        f"{path.name}:{command.line}: {shlex.join(command.words)} ended with {code}, "
        f"expected {command.code}\n{out}\n{errors}"
    )
    assert "Traceback" not in errors


def _run_here(
    command: Command, folder: Path, environment: Mapping[str, str]
) -> tuple[int, str, str]:
    out, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
    ):
        code = main(command.words[1:])
    return code, out.getvalue(), errors.getvalue()


def _run_apart(
    command: Command, folder: Path, environment: Mapping[str, str]
) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", *command.words],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _run_suites(code: str, path: Path, folder: Path, environment: Mapping[str, str]) -> None:
    (folder / "test_page.py").write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, f"the suites of {path.name} fail:\n{done.stdout}\n{done.stderr}"
