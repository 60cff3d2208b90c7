"""Look at report pages in headless Chromium: pictures at several sizes, and what axe-core finds.

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
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "tests" / "report" / "browser.mjs"


def main() -> int:
    parser = argparse.ArgumentParser(description="Look at report pages in headless Chromium.")
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--modules", type=Path, default=Path.cwd())
    parser.add_argument("--out", type=Path, default=Path("pictures"))
    given = parser.parse_args()
    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None:
        print("needs node and chromium on the PATH", file=sys.stderr)
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    command = [node, SCRIPT, given.modules.resolve(), chromium, given.out.resolve()]
    pages = [page.resolve() for page in given.pages]
    done = subprocess.run([*command, *pages], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return 2
    bad = False
    for view in json.loads(done.stdout):
        serious = [f for f in view["faults"] if f["impact"] in ("serious", "critical")]
        wrong = bool(view["errors"] or view["overflow"] > 0 or serious)
        bad = bad or wrong
        rules = ", ".join(f"{f['rule']} ({f['impact']})" for f in view["faults"]) or "none"
        where = f"{view['page']:<24}{view['width']:>5} {view['scheme']:<6}"
        print(f"{where} faults: {rules}; errors: {view['errors'] or 'none'}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
