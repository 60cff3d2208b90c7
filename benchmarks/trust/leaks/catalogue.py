"""The kinds of leak, and how the case of a kind and a seed is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from leaks.cases import Case, Drawn, Worth
from leaks.clean_pipelines import clean_pipeline
from leaks.clean_tables import clean_table
from leaks.fitted import encoder, scored_rows, selection, stacking
from leaks.future import time_travel
from leaks.repeats import duplicates, entities, oversampling
from leaks.sets import CHOSEN
from leaks.tables import table_leak

__all__ = ["ATTEMPTS", "CLEAN", "KINDS", "SEEDS", "clean", "drawn", "leak", "proof_file", "settled"]

# The seeds of the fresh corpus were fixed before any of its cases was drawn.
SEEDS, CLEAN = {
    "first": (range(20), range(200)),
    "fresh": (range(1000, 1005), range(1000, 1060)),
}[CHOSEN]
ATTEMPTS = 25
FOLDER = {"first": "corpus", "fresh": "corpus-fresh"}[CHOSEN]
PROOFS = Path(__file__).resolve().parents[2] / "results" / "trust" / FOLDER

KINDS: dict[str, Callable[[str, int, int], Drawn]] = {
    "target_copy": table_leak,
    "spelled_answer": table_leak,
    "after_the_fact": table_leak,
    "row_order": table_leak,
    "time_travel": time_travel,
    "duplicates": duplicates,
    "entities": entities,
    "oversampling": oversampling,
    "encoder": encoder,
    "selection": selection,
    "scored_rows": scored_rows,
    "stacking": stacking,
}


def drawn(kind: str, seed: int, attempt: int) -> Drawn:
    """Draw a case once; the same three give the same bytes."""
    return KINDS[kind](kind, seed, attempt)


def settled(kind: str, seed: int) -> tuple[int, Case, Worth]:
    """Draw until the leak is worth finding; give the attempt, the case and the worth.

    Raises
    ------
    RuntimeError
        When no attempt was.
    """
    for attempt in range(ATTEMPTS):
        one = drawn(kind, seed, attempt)
        worth = one.worth()
        if worth.enough and (kind == "stacking") == _better_without(worth):
            return attempt, one.case, worth
    raise RuntimeError(f"{kind} {seed}: no leak worth finding in {ATTEMPTS} draws")


def leak(kind: str, seed: int) -> Case:
    """Give the case of a kind and a seed: the draw that was proved, when a proof is recorded."""
    known = _proved(kind).get(seed)
    return drawn(kind, seed, known).case if known is not None else settled(kind, seed)[1]


def clean(seed: int) -> Case:
    """Give a case without a leak: tables and pipelines take turns."""
    return clean_pipeline(seed // 2) if seed % 2 else clean_table(seed // 2)


def proof_file(kind: str) -> Path:
    """Say where the proofs of a kind are kept."""
    return PROOFS / f"{kind}.json"


@cache
def _proved(kind: str) -> dict[int, int]:
    path = proof_file(kind)
    if not path.is_file():
        return {}
    records: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cases"]
    return {one["seed"]: one["attempt"] for one in records}


def _better_without(worth: Worth) -> bool:
    """Say whether the honest score is the better one: stacking costs, other leaks flatter."""
    if worth.metric == "auc":
        return worth.honest > worth.leaked
    return worth.honest < worth.leaked
