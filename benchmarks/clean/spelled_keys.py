"""Keys that are spelled differently: precision and recall of pairs, beside simple joins and skrub.

    python benchmarks/clean/spelled_keys.py [--peers]

Countries: the tables of `country_happiness`, the right pairs as in tests/clean/joins/countries.py,
written by hand before anything was matched. Names: half of some real names (products, films,
people; training files) with one slip each (a typo, another order, case, an accent, a word left
out), against all of them but a quarter; the right pairs are known because the slips were made.
The peer is also shown at the distance that would have been best, which nobody knows beforehand.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from machine import DATA, RESULTS, as_text, describe
from peers import Peer
from watched import watch

from clean.joins.countries import expected
from modelwright.clean.joins import match_names

HOME = RESULTS / "clean"
SKRUB = Peer("skrub", "skrub", ("skrub==0.11.0", "polars>=1.5", "pyarrow", "plotly"))
COUNTRIES = DATA.parent / "tables" / "country_happiness"
NAMED = (("videogame_sales", "Name"), ("movies_imdb", "Title"), ("kershaw_pitch", "Batter"))
SLIPS = 800
Pairs = list[tuple[str, str]]


def tasks() -> dict[str, dict[str, Any]]:
    """Give the lists of names and the right pairs."""
    found = {}
    report = pl.read_csv(COUNTRIES / "happiness_report.csv")["Country"].to_list()
    for name in ("GDP_per_capita", "life_expectancy", "legal_rights_index"):
        bank = pl.read_csv(COUNTRIES / f"{name}.csv")["Country Name"].to_list()
        found[f"countries, {name}"] = {
            "left": report, "right": bank, "truth": list(expected(report, bank).items())
        }  # fmt: skip
    for name, column in NAMED:
        frame = pl.read_csv(DATA / name / "train.csv.gz", infer_schema=False)
        found[f"slips, {name} {column}"] = _slipped(frame[column])
    return found


def _slipped(column: pl.Series) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    names = sorted({name for name in column.drop_nulls() if 6 <= len(name) <= 60})
    names = [names[i] for i in rng.permutation(len(names))[: 2 * SLIPS]]
    left, truth = [], []
    there = set(names[len(names) // 4 :])  # a quarter of all, half of the slipped, has no partner
    for name in names[: len(names) // 2]:
        wrong = _slip(name, rng)
        if wrong in left or wrong in names:
            continue
        left.append(wrong)
        if name in there:
            truth.append((wrong, name))
    return {"left": left, "right": sorted(there), "truth": truth}


def _slip(name: str, rng: np.random.Generator) -> str:
    words = name.split()
    kind = rng.integers(6)
    place = int(rng.integers(1, len(name) - 1))
    if kind == 0:
        return name[:place] + name[place + 1 :]
    if kind == 1:
        return name[:place] + str(rng.choice(list("aeiourst"))) + name[place:]
    if kind == 2:
        return name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :]
    if kind == 3 and len(words) > 1:
        return " ".join(words[1:] + words[:1])
    if kind == 4 and len(words) > 2:
        gone = int(rng.integers(len(words)))
        return " ".join(words[:gone] + words[gone + 1 :])
    return name.upper().replace("A", "Á") + " *"


def ours(left: list[str], right: list[str]) -> Pairs:
    """Give the pairs that are applied by default."""
    found = match_names(left, right)
    places = zip(found.left[found.applied], found.right[found.applied], strict=True)
    return [(left[a], right[b]) for a, b in places]


def simple(left: list[str], right: list[str], *, lower: bool) -> Pairs:
    """Join equal names, or those that are equal in lower case and without blanks at the ends."""

    def form(name: str) -> str:
        return name.strip().lower() if lower else name

    known = {form(name): name for name in right}
    return [(name, known[form(name)]) for name in left if form(name) in known]


def scored(pairs: Iterable[tuple[str, str]], truth: Pairs) -> dict[str, float]:
    """Give precision, recall and F1."""
    made, right = set(pairs), set(truth)
    hits = len(made & right)
    precision, recall = hits / max(len(made), 1), hits / max(len(right), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def beside(given: dict[str, dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Let skrub make pairs: all of them, and those below the distance that does best."""
    SKRUB.install()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lists = [{"left": t["left"], "right": t["right"]} for t in given.values()]
        (folder / "tasks.json").write_text(json.dumps(lists), "utf-8")
        script = str(Path(__file__).with_name("peer_join.py"))
        run = watch([str(SKRUB.python), script, "tasks.json", "pairs.json"], folder, 600)
        assert run.code == 0, run.stderr[-500:]
        said = json.loads((folder / "pairs.json").read_text("utf-8"))
    rows = []
    for task, found in zip(given.values(), said["tasks"], strict=True):
        pairs = [(a, b, d) for a, b, d in found["pairs"] if isinstance(b, str)]
        cuts = np.unique([d for *_, d in pairs])[::3]
        tried = [scored(((a, b) for a, b, d in pairs if d <= cut), task["truth"]) for cut in cuts]
        rows.append({
            "all": scored(((a, b) for a, b, _ in pairs), task["truth"]),
            "best": max(tried, key=lambda one: one["f1"]),
            "seconds": round(found["seconds"], 2),
        })  # fmt: skip
    return str(said["version"]), rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true")
    given = tasks()
    found: dict[str, Any] = {"machine": describe(), "tasks": {}}
    for name, task in given.items():
        began = time.perf_counter()
        pairs = ours(task["left"], task["right"])
        seconds = round(time.perf_counter() - began, 2)
        found["tasks"][name] = {
            "names": [len(task["left"]), len(task["right"]), len(task["truth"])],
            "exact": scored(simple(task["left"], task["right"], lower=False), task["truth"]),
            "lower case": scored(simple(task["left"], task["right"], lower=True), task["truth"]),
            "modelwright": {**scored(pairs, task["truth"]), "seconds": seconds},
        }
    if parser.parse_args().peers:
        version, rows = beside(given)
        for one, row in zip(found["tasks"].values(), rows, strict=True):
            one[f"skrub {version}"] = {**row["all"], "seconds": row["seconds"]}
            one["skrub at its best distance"] = row["best"]
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "joins.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    (HOME / "joins.md").write_text(report(found), "utf-8")
    print(report(found))
    return 0


def report(found: dict[str, Any]) -> str:
    """Write the table."""
    told = "`python benchmarks/clean/spelled_keys.py --peers`: precision / recall of pairs."
    lines = ["# Keys that are spelled differently", "", as_text(found["machine"]), "", told, ""]
    ways = [name for name in next(iter(found["tasks"].values())) if name != "names"]
    lines += [f"| names | {' | '.join(ways)} |", "|---" * (len(ways) + 1) + "|"]
    for name, one in found["tasks"].items():
        cells = [f"{one[way]['precision']:.3f} / {one[way]['recall']:.3f}" for way in ways]
        few, many, right = one["names"]
        lines.append(f"| {name} ({few:,} x {many:,}, {right:,} right) | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
