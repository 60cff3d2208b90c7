"""What the measurements of systems on many tables come to: ranks, wins, decisive wins."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from machine import as_text
from numpy.typing import NDArray
from scipy.stats import rankdata
from scoring import Known, known_rows, positive_class
from tabular_ranks import critical_difference, write_ranks

OURS = "modelwright"
ROUNDS = 500
DECISIVE = 0.9

Array = NDArray[np.float64]
Rows = Mapping[str, dict[str, Any]]
Places = Callable[[str], Path]


@dataclass(frozen=True)
class Duel:
    """Two systems on the sets that both were run on.

    Parameters
    ----------
    wins, losses, decisive_wins, decisive_losses : float
        Of the first; a tie is half a win and half a loss. Decisive: better in at least 90 % of
        paired bootstrap draws of the test rows.
    low, high : float
        The 95 % interval of its share of wins, from a bootstrap over sets.
    """

    wins: float
    losses: float
    decisive_wins: int
    decisive_losses: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The share of wins."""
        return self.wins / max(self.wins + self.losses, 1)


def write_report(rows: Rows, places: Places, sets: Path, path: Path) -> None:
    """Write a page of all that was measured, a section for each budget."""
    frame = pd.DataFrame(list(rows.values()))
    if frame.empty:
        return
    metas = {name: _meta(sets, name) for name in frame["name"].unique() if _has(sets, name)}
    frame = frame[frame["name"].isin(metas)]
    machine = frame.iloc[-1]["machine"]
    parts = [
        "# modelwright beside its peers",
        "",
        "`python benchmarks/tabular.py`",
        "",
        as_text(machine),
    ]
    for seconds, some in frame.groupby("seconds"):
        picture = path.with_name(f"{path.stem}-{seconds:g}s.svg")
        section = _section(some, places, sets, metas, picture)
        parts += ["", f"## {seconds:g} seconds", "", *section]
    for fewer, more in combinations(sorted(frame["seconds"].unique()), 2):
        ours = (frame["system"] == OURS) & (frame["seconds"] == fewer)
        mixed = frame[ours | (frame["system"] != OURS) & (frame["seconds"] == more)]
        if mixed["system"].nunique() > 1 and ours.any():
            title = f"## {OURS} in {fewer:g} seconds, others in {more:g}"
            parts += ["", title, "", *_duels(mixed, places, sets, metas, ours=True)]
    path.write_text("\n".join(parts) + "\n", "utf-8")


def _has(sets: Path, name: str) -> bool:
    return (sets / name / "meta.json").exists()


def _meta(sets: Path, name: str) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads((sets / name / "meta.json").read_text("utf-8"))
    return meta


def _section(
    frame: pd.DataFrame, places: Places, sets: Path, metas: Mapping[str, Any], picture: Path
) -> list[str]:
    errors = _errors(frame, metas)
    systems = list(errors.columns)
    whole = errors.dropna()
    ranks = whole.rank(axis=1).mean()
    spread = whole.sub(whole.min(axis=1), axis=0)
    dummy = pd.Series(
        {name: _error(metas[name], metas[name]["hgb_baseline"]["dummy"]) for name in whole.index}
    )
    normal = spread.div((dummy - whole.min(axis=1)).clip(lower=1e-12), axis=0).clip(upper=1)
    lines = [
        f"{len(whole)} sets that all {len(systems)} systems were run on; "
        "a failure counts as the prior."
    ]
    lines.append(_measured(frame))
    gap = critical_difference(len(systems), len(whole))
    if gap is not None:
        lines.append(f"Mean ranks differ with a confidence of 95 % from {gap:.2f} on (Nemenyi).")
    if write_ranks(ranks.to_dict(), len(whole), OURS, picture):
        lines += ["", f"![Mean ranks]({picture.name})"]
    lines += [
        "",
        "| system | mean rank | mean error (0 best, 1 prior) | failures | longest over budget "
        "| peak MiB | model MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for system in sorted(systems, key=ranks.get):
        own = frame[frame["system"] == system]
        over = (own["fit_seconds"] - own["seconds"]).max()
        lines.append(
            f"| {system} | {ranks[system]:.2f} | {normal[system].mean():.3f} | "
            f"{int(own['score'].isna().sum())} | {over:+.1f} s | {own['peak_mib'].median():.0f} | "
            f"{own['model_mib'].median():.1f} |"
        )
    lines += ["", *_duels(frame, places, sets, metas), ""]
    structured = frame[[metas[name]["structure"] != "iid" for name in frame["name"]]]
    if structured["system"].nunique() > 1:
        lines += ["Tables with groups or an order apart:", ""]
        lines += [*_duels(structured, places, sets, metas, ours=True), ""]
    return [*lines, *_table(frame)]


def _measured(frame: pd.DataFrame) -> str:
    """Say when each system was measured, and ours on which commits."""
    told = []
    for system, own in frame.groupby("system"):
        days = sorted({row["date"] for row in own["machine"]})
        when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
        commits = Counter(row["commit"] for row in own["machine"]) if system == OURS else {}
        on = ", ".join(f"{count} on {commit}" for commit, count in commits.items())
        told.append(f"{system} {when}" + (f" ({on})" if on else ""))
    return f"Measured: {'; '.join(told)}."


def _error(meta: Mapping[str, Any], score: float) -> float:
    return 1 - score if meta["metric"] == "roc_auc" else score


def _errors(frame: pd.DataFrame, metas: Mapping[str, Any]) -> pd.DataFrame:
    """Give the error of each system (columns) on each set, the mean over seeds."""
    found = frame.assign(
        error=[
            _error(metas[row["name"]], row["score"])
            if np.isfinite(row["score"])
            else _error(metas[row["name"]], metas[row["name"]]["hgb_baseline"]["dummy"])
            for _, row in frame.iterrows()
        ]
    )
    return found.pivot_table(index="name", columns="system", values="error")


def _duels(
    frame: pd.DataFrame,
    places: Places,
    sets: Path,
    metas: Mapping[str, Any],
    *,
    ours: bool = False,
) -> list[str]:
    """List pairs of systems: all of them, or those with modelwright."""
    errors = _errors(frame, metas)
    lines = [
        "| pair | sets | win rate of the first | decisive wins | decisive losses |",
        "|---|---|---|---|---|",
    ]
    keys = frame.set_index(["system", "name", "seed"])["key"].to_dict()
    known: dict[str, Known] = {}
    for one, other in combinations(sorted(errors.columns, key=lambda s: s != OURS), 2):
        if ours and one != OURS:
            continue
        both = errors[[one, other]].dropna()
        certain = {}
        for name in both.index:
            pair = [keys.get((system, name, 0)) for system in (one, other)]
            if None not in pair and all(places(key).exists() for key in pair):
                known.setdefault(name, known_rows(sets / name / "test.csv.gz", metas[name]))
                certain[name] = _certainty(
                    places(pair[0]), places(pair[1]), known[name], metas[name]
                )
        duel = _duel(both[one].to_numpy(), both[other].to_numpy(), certain)
        lines.append(
            f"| {one} : {other} | {len(both)} "
            f"| {duel.rate:.0%} ({duel.low:.0%} to {duel.high:.0%}) | "
            f"{duel.decisive_wins} | {duel.decisive_losses} |"
        )
    return lines


def _duel(one: Array, other: Array, certain: Mapping[str, float]) -> Duel:
    won = np.where(one < other, 1.0, np.where(one > other, 0.0, 0.5))
    draw = np.random.default_rng(0)
    rates = (
        [won[draw.integers(0, len(won), len(won))].mean() for _ in range(ROUNDS)]
        if len(won)
        else [0]
    )
    low, high = np.quantile(rates, [0.025, 0.975])
    values = np.array(list(certain.values()))
    return Duel(
        float(won.sum()), float(len(won) - won.sum()),
        int((values >= DECISIVE).sum()), int((values <= 1 - DECISIVE).sum()),
        float(low), float(high),
    )  # fmt: skip


def _certainty(one: Path, other: Path, rows: Known, meta: Mapping[str, Any]) -> float:
    """Give the share of draws of test rows in which the first is better; a tie counts half."""
    first, second = (_kept(path) for path in (one, other))
    draw = np.random.default_rng(0)
    count = len(first)
    if meta["metric"] == "roc_auc":
        positive = rows.truth == positive_class(meta)
        indices = (draw.integers(0, count, count) for _ in range(ROUNDS if count < 50_000 else 50))
        gaps = np.array(
            [_area(positive[i], first[i]) - _area(positive[i], second[i]) for i in indices]
        )
        gaps = gaps[np.isfinite(gaps)]
    else:  # the mean of losses row by row
        gap = _losses(second, rows, meta) - _losses(first, rows, meta)
        gaps = np.array([gap[draw.integers(0, count, count)].mean() for _ in range(ROUNDS)])
    return float((gaps > 0).mean() + (gaps == 0).mean() / 2) if len(gaps) else 0.5


def _kept(path: Path) -> Array:
    with np.load(path, allow_pickle=False) as file:
        return np.asarray(file["p"], np.float64)


def _losses(p: Array, rows: Known, meta: Mapping[str, Any]) -> Array:
    if meta["metric"] == "rmse":
        return np.square(rows.truth - p)
    return -np.log(np.clip(p, 1e-15, 1))


def _area(positive: NDArray[np.bool_], p: Array) -> float:
    """Give the area under the ROC curve from ranks."""
    hits = int(positive.sum())
    pairs = hits * (len(p) - hits)
    return (rankdata(p)[positive].sum() - hits * (hits + 1) / 2) / pairs if pairs else np.nan


def _table(frame: pd.DataFrame) -> list[str]:
    """List every score, sets down and systems across."""
    table = frame.pivot_table(index=["name", "metric"], columns="system", values="score")
    systems = list(table.columns)
    lines = ["| set | metric | " + " | ".join(systems) + " |", "|---" * (2 + len(systems)) + "|"]
    for (name, metric), scores in table.iterrows():
        best = scores.max() if metric == "roc_auc" else scores.min()
        cells = [
            "-" if np.isnan(x) else f"**{x:.5g}**" if x == best else f"{x:.5g}" for x in scores
        ]
        lines.append(f"| {name} | {metric} | " + " | ".join(cells) + " |")
    return lines
