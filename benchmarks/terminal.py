"""A picture of a fit in the terminal, drawn from a real run.

python benchmarks/terminal.py [--time 15s] [--out docs/images/terminal.svg]
"""

from __future__ import annotations

import argparse
import io
import math
import re
import tempfile
from pathlib import Path

import polars as pl
from machine import ROOT
from rich.console import Console
from sklearn.datasets import load_breast_cancer

from modelwright.core.budget import parse_duration
from modelwright.core.progress import LiveProgress
from modelwright.core.result import Leaderboard
from modelwright.core.settings import Question, Settings
from modelwright.flow import run

WIDTH = 72


class Camera(LiveProgress):
    """The live view, and a picture of how it stood when two thirds of the time were over."""

    def __init__(self, title: str) -> None:
        super().__init__(Console(file=io.StringIO(), width=WIDTH), patience=0.0)
        self._title = title
        self._scored = False
        self.picture = ""

    def standings(self, board: Leaderboard) -> None:
        """Note that there is something to see."""
        super().standings(board)
        self._scored = len(board) > 2

    def advance(self, share: float | None, state: str, left: float = math.inf) -> None:
        """Take the picture until it is time to stop."""
        super().advance(share, state, left)
        if share is not None and share < 0.67 and (self._scored or not self.picture):
            self.picture = self._taken()

    def _taken(self) -> str:
        paper = Console(
            record=True, file=io.StringIO(), width=WIDTH, height=24, force_terminal=True,
            color_system="truecolor",
        )  # fmt: skip
        paper.print(f"[bold]$[/] {self._title}\n", highlight=False)
        paper.print(self)
        return _offline(paper.export_svg(title="modelwright", unique_id="terminal"))


def _offline(svg: str) -> str:
    """Use a font of the reader's machine: the picture fetches nothing."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "ui-monospace, Menlo, Consolas")


def main() -> int:
    """Fit, and keep the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--time", default="15s")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "terminal.svg")
    options = parser.parse_args()
    cancer = load_breast_cancer()
    names = [name.replace(" ", "_") for name in cancer.feature_names]
    table = pl.DataFrame(cancer.data, schema=names)
    table = table.with_columns(tumour=pl.Series(cancer.target_names[cancer.target]))
    title = f"modelwright fit tumours.csv --target tumour --time {options.time}"
    with tempfile.TemporaryDirectory() as folder, Camera(title) as camera:
        data = Path(folder) / "tumours.csv"
        table.write_csv(data)
        settings = Settings(store=folder)
        seconds = parse_duration(options.time)
        run(data, Question("tumour"), settings, seconds=seconds, live=camera)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(camera.picture, encoding="utf-8")
    print(options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
