"""The pictures of a report in the guide, of a real fit of the demo's table.

    npm install playwright-core axe-core      (anywhere; say where with --modules)
    python benchmarks/pictures.py --modules FOLDER [--out docs/images]

Needs node and chromium on the PATH, and Pillow.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from machine import ROOT
from PIL import Image

import modelwright as mw
from modelwright.cli.example import write_example
from modelwright.report import write_report

SCRIPT = ROOT / "tests" / "report" / "browser.mjs"
WIDE = (1260, 1520)  # of a page of 1440 pixels, without its margins
STRIPS, GAP, TALL = 3, 20, 1180  # a page of a phone, cut into strips
COLOURS = 256
BETWEEN = (200, 205, 214)


def main() -> int:
    """Fit, take pictures, cut them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--modules", type=Path, default=Path.cwd())
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    given = parser.parse_args()
    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None:
        raise SystemExit("needs node and chromium on the PATH")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, _ = write_example(folder)
        settings = mw.Settings(trials=4, store=folder, workers=0)
        result = mw.fit(train, "progression", settings=settings)
        page = write_report(result, folder / "report.html")
        command = [node, SCRIPT, given.modules.resolve(), chromium, folder, page]
        subprocess.run(command, check=True, capture_output=True)
        for scheme in ("light", "dark"):
            wide = Image.open(folder / f"report-1440-{scheme}.png").convert("RGB")
            left = (wide.width - WIDE[0]) // 2
            keep(wide.crop((left, 0, left + WIDE[0], WIDE[1])), given.out / f"report-{scheme}.png")
        phone = Image.open(folder / "report-360-light.png").convert("RGB")
        keep(strips(phone), given.out / "report-phone.png")
    return 0


def strips(page: Image.Image) -> Image.Image:
    """Put the first screens of a long page beside each other."""
    width = page.width
    sheet = Image.new("RGB", (STRIPS * width + (STRIPS - 1) * GAP, TALL), BETWEEN)
    for i in range(STRIPS):
        part = page.crop((0, i * TALL, width, (i + 1) * TALL))
        sheet.paste(part, (i * (width + GAP), 0))
    return sheet


def keep(picture: Image.Image, path: Path) -> None:
    """Write a picture with as few colours as it needs."""
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(path)


if __name__ == "__main__":
    raise SystemExit(main())
