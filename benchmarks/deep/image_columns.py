"""What images named by a table add to its other columns, and what they say alone.

    python benchmarks/deep/image_columns.py mnist --time 40s
    python benchmarks/deep/image_columns.py ants_bees --time 40s

A table is made of images of `../shared/data/images`: each row names one, and has two columns that
are made up: a number that is the class with much noise, and one that is noise alone. The same rows
are fitted by the command line three times, in the same time: the numbers alone, the images alone,
and both; rows that were set apart are scored once.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1]))

from machine import RESULTS, describe  # noqa: E402

DATA = HERE.parents[3] / "shared" / "data" / "images"
OUT = RESULTS / "deep-image-columns.json"
# How many rows are learned from and scored, and the noise of the number in units of a class.
SIZES = {"mnist": (3_000, 1_000, 2.0), "ants_bees": (244, 153, 1.0)}
LEFT_OUT = {"numbers": {"photo"}, "images": {"hint", "noise"}, "both": set[str]()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=[*SIZES])
    parser.add_argument("--time", default="40s")
    parser.add_argument("--only", choices=[*LEFT_OUT])
    asked = parser.parse_args()
    results: dict[str, Any] = json.loads(OUT.read_text()) if OUT.is_file() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(asked.data, folder)
        for way in LEFT_OUT:
            if asked.only not in (None, way):
                continue
            key = f"{asked.data} {way} {asked.time}"
            results[key] = {**fit(folder, way, asked.time), "machine": describe()}
            OUT.write_text(json.dumps(results, indent=1) + "\n")
            print(key, {k: v for k, v in results[key].items() if k != "machine"})


def write_tables(data: str, folder: Path) -> None:
    """Unpack some images of a zip, and write a table for each way."""
    count, held, noise = SIZES[data]
    draw = random.Random(0)
    with zipfile.ZipFile(DATA / f"{data}.zip") as archive:
        names = sorted(n for n in archive.namelist() if n.endswith((".png", ".jpg")))
        scored = [n for n in names if "/test/" in f"/{n}" or "/val/" in f"/{n}"]
        learned = [n for n in names if "/train/" in f"/{n}"]
        parts = {"train": draw.sample(learned, min(count, len(learned)))}
        parts["test"] = draw.sample(scored, min(held, len(scored)))
        classes = sorted({name.split("/")[-2] for name in learned})
        for part, chosen in parts.items():
            archive.extractall(folder, chosen)
            rows = []
            for name in chosen:
                code = classes.index(name.split("/")[-2])
                rows.append({"hint": f"{code + draw.gauss(0, noise):.3f}",
                             "noise": f"{draw.gauss(0, 1):.3f}", "photo": name,
                             "shows": f"c{classes[code]}"})  # fmt: skip
            for way, left in (
                ("numbers", {"photo"}),
                ("images", {"hint", "noise"}),
                ("both", set()),
            ):
                kept = [column for column in rows[0] if column not in left]
                with (folder / f"{way}-{part}.csv").open("w", newline="") as file:
                    writer = csv.DictWriter(file, kept, extrasaction="ignore")
                    writer.writeheader()
                    writer.writerows(rows)


def fit(folder: Path, way: str, seconds: str) -> dict[str, Any]:
    """Fit one table by the command line."""
    command = [
        *(sys.executable, "-m", "modelwright", "fit", str(folder / f"{way}-train.csv")),
        *("--target", "shows", "--metric", "accuracy", "--time", seconds, "--json"),
        *("--test", str(folder / f"{way}-test.csv"), "--store", str(folder / way)),
        *("--out", str(folder / f"{way}.mw")),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    test = found["test"]
    return {
        "test_accuracy": test["score"],
        "interval": [test["low"], test["high"]],
        "out_of_fold": found["score"],
        "timings": found["timings"],
        "best": found["leaderboard"][0],
    }


if __name__ == "__main__":
    main()
