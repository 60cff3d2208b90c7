"""What a model is made of, and how it lies in one file.

A model file is a zip of JSON, npz and booster formats under a manifest (`store.archive`). What is
in it is rebuilt through closed registries: no name in a file imports anything.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from modelwright.acquire import is_encoding
from modelwright.core.errors import MissingExtraError, ModelFileError, UserError
from modelwright.core.evidence import Evidence
from modelwright.core.protocols import Fitted
from modelwright.core.result import Card
from modelwright.core.schema import Schema
from modelwright.core.task import Task
from modelwright.evaluate import Temperature
from modelwright.evaluate.calibration import Calibration, restore_calibration
from modelwright.evaluate.conformal import LabelSets, NumberIntervals
from modelwright.evaluate.decisions import Decision, restore_decision
from modelwright.features import FittedRecipe
from modelwright.models import fitted_name, restore_fitted
from modelwright.stats.learned_rows import LearnedRows
from modelwright.store import pack_state, read_archive, unpack_state

if TYPE_CHECKING:
    from modelwright.clean.recipes.rowwise import Cleaning

__all__ = ["Contents", "Member", "Part", "pack", "read_contents", "unpack"]

# What unpacking a hostile file may raise.
_UNSOUND = (LookupError, ValueError, TypeError, AttributeError, RecursionError, ArithmeticError)


@dataclass(frozen=True)
class Part:
    """A fitted model together with the recipe that makes its features."""

    recipe: FittedRecipe
    fitted: Fitted


@dataclass(frozen=True)
class Member:
    """One voice of the ensemble: the mean of its parts (one, or one a fold).

    Parameters
    ----------
    name : str
        The trial that it comes from.
    weight : float
        Its share; the shares of all members sum to one.
    parts : tuple of Part
        At least one.
    """

    name: str
    weight: float
    parts: tuple[Part, ...]


class Contents(NamedTuple):
    """All that a model file holds; what each is, `Model` says."""

    task: Task
    schema: Schema
    members: tuple[Member, ...]
    calibration: Calibration
    card: Card
    evidence: Evidence | None
    decision: Decision
    intervals: NumberIntervals | LabelSets | None
    difficulty: Part | None
    cleaning: Cleaning | None = None
    learned: LearnedRows | None = None


def read_contents(path: Path, key: bytes | None, allow: Sequence[type[Fitted]]) -> Contents:
    """Read a model file, trusting none of it; see `load`.

    Raises
    ------
    ModelFileError
        When the file is truncated, altered, oversized, unsigned, or of a newer format.
    """
    entries = read_archive(path, key=key)
    if "backbone.json" in entries:
        cure = "fit from it: modelwright fit DATA --from FILE"
        raise ModelFileError("a model that predicts", "a backbone", cure)
    if "shape.json" in entries:
        cure = "use unsupervised.load"
        raise ModelFileError("a model of a column", "groups or a density", cure)
    try:
        return unpack(entries, allow)
    except (ModelFileError, MissingExtraError):
        raise
    except (*_UNSOUND, UserError) as error:  # of a temperature below zero, say
        raise ModelFileError(
            "the parts of a modelwright model",
            f"{type(error).__name__}: {error} in {path.name}",
            "the file was not written by modelwright, or was altered; fit again",
        ) from error


def pack(contents: Contents) -> dict[str, bytes]:
    """Turn a model into the entries of its file; equal models give equal bytes.

    Parameters
    ----------
    contents : Contents
        What the model is.

    Returns
    -------
    dict of str to bytes
        For `store.write_archive`.
    """
    hard = contents.difficulty
    voices = [part for member in contents.members for part in member.parts]
    parts_of_all = [*voices, *([] if hard is None else [hard])]
    recipes = list({id(part.recipe): part.recipe for part in parts_of_all}.values())
    position = {id(recipe): i for i, recipe in enumerate(recipes)}
    entries: dict[str, bytes] = {}
    described: list[dict[str, Any]] = []
    steps: list[list[str]] = []
    for r, recipe in enumerate(recipes):
        exported = recipe.export()
        steps.append([name for name, _ in exported])
        for s, (_, state) in enumerate(exported):
            entries.update(_under(f"recipes/{r}/{s}", pack_state(state)))
    for member in contents.members:
        parts: list[dict[str, Any]] = []
        for part in member.parts:
            number = sum(len(m["parts"]) for m in described) + len(parts)
            entries.update(_under(f"parts/{number}", pack_state(part.fitted.export())))
            parts.append({"recipe": position[id(part.recipe)], "kind": fitted_name(part.fitted)})
        described.append({"name": member.name, "weight": member.weight, "parts": parts})
    head = {
        "task": contents.task.to_json(),
        "schema": contents.schema.to_json(),
        "calibration": contents.calibration.to_json(),
        "decision": contents.decision.to_json(),
        "recipes": steps,
        "members": described,
        "card": contents.card.to_json(),
    }
    if hard is not None:
        head["difficulty"] = {"recipe": position[id(hard.recipe)], "kind": fitted_name(hard.fitted)}
        entries.update(_under("difficulty", pack_state(hard.fitted.export())))
    if contents.evidence is not None:
        entries.update(_under("evidence", pack_state(contents.evidence.export())))
    if contents.intervals is not None:
        entries.update(_under("intervals", pack_state(contents.intervals.export())))
    if contents.cleaning is not None:
        entries["cleaning.json"] = json.dumps(contents.cleaning.to_json(), indent=1).encode()
    if contents.learned is not None:
        entries.update(_under("learned", pack_state(contents.learned.export())))
    return {"model.json": json.dumps(head, indent=1).encode(), **entries}


def unpack(entries: Mapping[str, bytes], allow: Sequence[type[Fitted]]) -> Contents:
    """Rebuild a model from the entries of its file.

    Parameters
    ----------
    entries : mapping of str to bytes
        Perhaps from a stranger: `read_contents` turns what this raises into one error.
    allow : sequence of type
        Classes of the user's that may be restored beside the registered ones.
    """
    head, below = json.loads(entries["model.json"]), _by_folder(entries)
    recipes = []
    for r, names in enumerate(head["recipes"]):
        states = [unpack_state(below[f"recipes/{r}/{s}"]) for s in range(len(names))]
        recipes.append(FittedRecipe.restore(list(zip(names, states, strict=True))))
    number = 0
    members: list[Member] = []
    for described in head["members"]:
        parts: list[Part] = []
        for part in described["parts"]:
            state = unpack_state(below[f"parts/{number}"])
            fitted = restore_fitted(part["kind"], state, allow)
            parts.append(Part(recipes[part["recipe"]], fitted))
            number += 1
        members.append(Member(str(described["name"]), float(described["weight"]), tuple(parts)))
    if not all(member.parts for member in members) or not members:
        raise ValueError("a model without parts")
    weights = [member.weight for member in members]
    if not all(weight >= 0 for weight in weights) or abs(sum(weights) - 1) > 1e-6:
        raise ValueError("shares of members that do not sum to one")
    task = Task.from_json(head["task"])
    intervals = _intervals(below["intervals"], task)
    difficulty = None
    if isinstance(intervals, NumberIntervals) and intervals.scaled:
        told, state = head["difficulty"], unpack_state(below["difficulty"])
        fitted = restore_fitted(told["kind"], state, allow)
        difficulty = Part(recipes[told["recipe"]], fitted)
    evidence = _evidence(below["evidence"], task)
    card = Card.from_json(head["card"])
    if card.encoding and not is_encoding(card.encoding):
        raise ValueError(f"no encoding: {card.encoding[:40]!r}")
    schema = Schema.from_json(head["schema"])
    return Contents(
        task,
        schema,
        tuple(members),
        _calibration(head, task),
        card,
        evidence,
        _decision(head.get("decision"), task),
        intervals,
        difficulty,
        _cleaning(entries.get("cleaning.json")),
        _learned(below["learned"], schema),
    )


def _cleaning(data: bytes | None) -> Cleaning | None:
    if data is None:
        return None
    from modelwright.clean.recipes.rowwise import Cleaning  # few models mend

    try:
        return Cleaning.from_json(json.loads(data))
    except UserError as error:
        raise ValueError(str(error)) from error


def _calibration(head: Mapping[str, Any], task: Task) -> Calibration:
    if "calibration" not in head:  # written before there was a choice
        return Temperature(float(head["temperature"]))
    return restore_calibration(head["calibration"], len(task.classes))


def _intervals(entries: Mapping[str, bytes], task: Task) -> NumberIntervals | LabelSets | None:
    if not entries:
        return None
    state = unpack_state(entries)
    if task.is_classification != (state.config["kind"] == "sets"):
        raise ValueError("intervals of another task")
    return (LabelSets if task.is_classification else NumberIntervals).restore(state)


def _decision(data: Any, task: Task) -> Decision:
    try:
        return restore_decision(data, len(task.classes))
    except UserError as error:
        raise ValueError(str(error)) from error


def _evidence(entries: Mapping[str, bytes], task: Task) -> Evidence | None:
    if not entries:
        return None
    evidence = Evidence.restore(unpack_state(entries))
    if not evidence.suits(task):
        raise ValueError("evidence of another task")
    return evidence


def _learned(entries: Mapping[str, bytes], schema: Schema) -> LearnedRows | None:
    if not entries:  # of an earlier version, or nobody asked
        return None
    learned = LearnedRows.restore(unpack_state(entries))
    if not all(name in schema for name in learned.columns):
        raise ValueError("hashes of rows of another table")
    return learned


def _under(folder: str, entries: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in entries.items()}


def _by_folder(entries: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Give the entries below each folder of a file, named as from there."""
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    for path, data in entries.items():
        for cut in (at for at, character in enumerate(path) if character == "/"):
            folders[path[:cut]][path[cut + 1 :]] = data
    return folders
