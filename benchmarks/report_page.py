"""Look at pages in headless Chromium: pictures at several sizes, and what axe-core finds.

    npm install playwright-core axe-core      (anywhere; say where with --modules)
    python benchmarks/report_page.py report.html --modules FOLDER --out pictures

Writes pictures at 1440, 768 and 360 pixels, light and dark, and a PDF as it would be printed; ends
with 1 when axe-core finds a serious fault, the console shows an error, the page asks for the
network, or it scrolls sideways.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[1] / "tests" / "report" / "browser.mjs"


def main() -> int:
    """Look at the pages that were given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--modules", type=Path, default=Path.cwd())
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    views = look(given.pages, given.modules, given.out)
    for view in views:
        rules = ", ".join(f"{f['rule']} ({f['impact']})" for f in view["faults"]) or "none"
        where = f"{view['page']:<24}{view['width']:>5} {view['scheme']:<6}"
        print(f"{where} faults: {rules}; errors: {view['errors'] or 'none'}")
    return int(any(is_bad(view) for view in views))


def look(
    pages: Sequence[Path], modules: Path, pictures: Path | None = None
) -> list[dict[str, Any]]:
    """Open each page at five sizes and schemes, and say what is wrong with it."""
    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None:
        raise SystemExit("needs node and chromium on the PATH")
    out = "-" if pictures is None else str(pictures.resolve())
    command = [node, str(SCRIPT), str(modules.resolve()), chromium, out]
    command += [str(page.resolve()) for page in pages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(2)
    views: list[dict[str, Any]] = json.loads(done.stdout)
    return views


def is_bad(view: Mapping[str, Any]) -> bool:
    """Tell whether a page has a fault that counts, at one size and scheme."""
    serious = [f for f in view["faults"] if f["impact"] in ("serious", "critical")]
    return bool(view["errors"] or view["overflow"] > 0 or serious)


if __name__ == "__main__":
    sys.exit(main())
