"""Profiles: time, peak memory and size of the page, beside skrub and fg-data-profiling.

    python benchmarks/explore/profiles.py million [--peers] [--limit 900]    1M x 50 Parquet
    python benchmarks/explore/profiles.py large [--folder DIR]               20M x 20 Parquet, 4 GB
    python benchmarks/explore/profiles.py wide                               2,000 columns: the page

Each part keeps its result; `million` and `large` write a file of rows into a temporary folder and
delete it. The peers have environments of their own (below ~/.cache/modelwright-peers); what does
not install is said.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import RESULTS, as_text, describe
from peers import Peer
from rows import write_rows
from watched import Watched, modelwright, watch

HOME = RESULTS / "explore"
PEER = Path(__file__).with_name("peer_profile.py")
PEERS = (
    Peer("skrub", "skrub", ("skrub==0.11.0", "polars>=1.5", "pyarrow", "plotly")),
    Peer("fg-data-profiling", "fg-data-profiling", ("fg-data-profiling", "pyarrow")),
)
BOUNDS = {
    "million": "8 s, 2 GB",
    "large": "4 GB",
    "wide": "a page of 3 MB",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("million", "large", "wide"))
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--limit", type=float, default=900, help="seconds until a peer is stopped")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    rows, columns = {
        "million": (1_000_000, 50),
        "large": (20_000_000, 20),
        "wide": (2_000, 2_000),
    }[given.part]
    found: dict[str, Any] = {"machine": describe(), "rows": rows, "columns": columns}
    found["load"] = round(os.getloadavg()[0], 1)  # of other work, when it begins
    with tempfile.TemporaryDirectory(prefix="profile-", dir=given.folder) as name:
        folder = Path(name)
        write_rows(folder / "rows.parquet", rows, columns)
        found["file_mb"] = round((folder / "rows.parquet").stat().st_size / 1e6)
        words = ["explore", "rows.parquet", "--out", "page.html"]
        run = watch(modelwright(*words), folder, 3600)
        found["modelwright"] = told(run, folder / "page.html")
        if given.peers:
            found["peers"] = {peer.name: beside(peer, folder, given.limit) for peer in PEERS}
    keep(given.part, found)
    print(json.dumps(found, indent=1))
    return 0 if found["modelwright"]["code"] == 0 else 1


def told(run: Watched, page: Path) -> dict[str, Any]:
    """Give the figures of a run."""
    return {
        "code": run.code,
        "seconds": round(run.seconds, 2),
        "peak_mib": round(run.peak_mib),
        "page_mb": round(page.stat().st_size / 1e6, 2) if page.exists() else None,
        **({} if run.code == 0 else {"error": (run.stderr.strip().splitlines() or [""])[-1][:300]}),
    }


def beside(peer: Peer, folder: Path, limit: float) -> dict[str, Any]:
    """Let a peer profile the same file."""
    try:
        peer.install()
    except subprocess.CalledProcessError as error:
        return {"error": f"did not install: {error}"}
    page = folder / f"{peer.name}.html"
    command = [str(peer.python), str(PEER), peer.name, "rows.parquet", page.name]
    run = watch(command, folder, limit)
    return {**told(run, page), "versions": run.stdout.strip()[-200:], "limit_s": limit}


def keep(part: str, found: dict[str, Any]) -> None:
    """Write the result of a part, and the table of all parts."""
    HOME.mkdir(parents=True, exist_ok=True)
    path = HOME / "profile.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known[part] = found
    path.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    lines = [
        "# Profiles",
        "",
        "`python benchmarks/explore/profiles.py million --peers`, `... large`, `... wide`: time "
        "and memory (PSS) of the whole process, its start included.",
        "",
        "| table | bound | who | seconds | peak memory | page |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in known.items():
        table = f"{one['rows']:,} x {one['columns']:,}, {one['file_mb']:,} MB of Parquet"
        lines.append(_line(table, BOUNDS[name], "modelwright", one["modelwright"]))
        lines += [_line("", "", who, run) for who, run in one.get("peers", {}).items()]
    lines.append("")
    for name, one in known.items():
        began = f"load average at the start {one['load']}"
        lines.append(f"{name}: {as_text(one['machine'])}; {began}.\n")
    (HOME / "profile.md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")


def _line(table: str, bound: str, who: str, run: dict[str, Any]) -> str:
    if "seconds" not in run:
        return f"| {table} | {bound} | {who} | {run['error']} | | |"
    failed = (
        ""
        if run["code"] == 0
        else (f" (stopped at {run['limit_s']:.0f} s)" if run["code"] == -1 else " (failed)")
    )
    size = f"{run['page_mb']} MB" if run["page_mb"] is not None else ""
    memory = f"{run['peak_mib']:,} MiB"
    return f"| {table} | {bound} | {who} | {run['seconds']}{failed} | {memory} | {size} |"


if __name__ == "__main__":
    sys.exit(main())
