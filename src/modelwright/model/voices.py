"""What the members of a model say together: features are made once, however many ask for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix
from modelwright.core.protocols import FittedStep
from modelwright.core.table import Table
from modelwright.core.task import Target
from modelwright.evaluate.calibration import Calibration
from modelwright.features import FittedRecipe
from modelwright.features.images import FittedImages
from modelwright.model.file import Member, Part
from modelwright.stats.learned_rows import LearnedRows, Overlap

__all__ = ["CHUNK", "Voices"]

# Rows predicted at a time: bounds memory, whatever the length of the table.
CHUNK = 100_000
# A row of images holds all of their pixels.
CHUNK_OF_IMAGES = CHUNK // 50


@dataclass(frozen=True)
class Voices:
    """The members of a model, and what becomes of what they say.

    Parameters
    ----------
    members : tuple of Member
        The ensemble.
    outputs : int
        How many numbers an answer has.
    calibration : Calibration, optional
        What makes class probabilities mean what they say; None for numbers.
    """

    members: tuple[Member, ...]
    outputs: int
    calibration: Calibration | None

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts of all members."""
        return tuple(part for member in self.members for part in member.parts)

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns that any of them looks at."""
        return frozenset(name for recipe in self._recipes.values() for name in recipe.columns)

    def through(self, step: type[FittedStep]) -> tuple[str, ...]:
        """List the columns that go through a step."""
        steps = (one for recipe in self._recipes.values() for one in recipe.steps)
        found = (name for one in steps if isinstance(one, step) for name in one.columns)
        return tuple(dict.fromkeys(found))

    @cached_property
    def images(self) -> tuple[str, ...]:
        """The columns of images all pixels of which are looked at."""
        return self.through(FittedImages)

    def say(self, table: Table) -> NDArray[np.float32]:
        """Predict typed rows: shape (n_rows, n_outputs); raises as `look` does."""
        return self.look(table)[0]

    def look(self, table: Table) -> tuple[NDArray[np.float32], dict[int, str]]:
        """Predict typed rows, and say of which rows the image could not be opened, and why.

        What is predicted of these knows nothing of them.

        Raises
        ------
        ColumnError
            When a column is absent, or stored as something else than at fit.
        ModelFileError
            When a member has other outputs than the task.
        """
        if not table.height:
            return np.zeros((0, self.outputs), np.float32), {}
        size = CHUNK_OF_IMAGES if self.images else CHUNK
        starts = range(0, table.height, size)
        said, unopened = list[NDArray[np.float32]](), dict[int, str]()
        for start in starts:
            p, faults = self._say(table.part(start, start + size))
            said.append(p)
            unopened |= {start + row: why for row, why in faults.items()}
        return np.concatenate(said), unopened

    def overlap(self, table: Table, learned: LearnedRows, y: Target) -> Overlap:
        """Say which rows were learned from; images are known by what they show."""
        if not self.images:
            return learned.compare(table, y.values)
        steps = (one for recipe in self._recipes.values() for one in recipe.steps)
        step = next(one for one in steps if isinstance(one, FittedImages))
        starts = range(0, table.height, CHUNK_OF_IMAGES)
        frames = [step.marked(table.part(at, at + CHUNK_OF_IMAGES)).frame for at in starts]
        return learned.compare(Table(pl.concat(frames), table.schema), y.values, "images")

    def _say(self, table: Table) -> tuple[NDArray[np.float32], dict[int, str]]:
        matrices, faults = self._matrices(table)
        total = np.zeros((table.height, self.outputs), np.float32)
        for member in self.members:
            share = np.float32(member.weight / len(member.parts))
            for part in member.parts:
                answers = part.fitted.predict(matrices[id(part.recipe)])
                if answers.shape != total.shape:
                    raise ModelFileError(
                        f"{total.shape[1]} outputs of every member",
                        f"{answers.shape[1]} of {member.name!r}",
                        "the file was altered; fit again",
                    )
                total += share * answers
        return total if self.calibration is None else self.calibration.apply(total), faults

    def _matrices(self, table: Table) -> tuple[dict[int, Matrix], dict[int, str]]:
        """Make what the members see, by the identity of their recipes."""
        made: dict[bytes, Matrix] = {}
        found, faults = {}, dict[int, str]()
        for key, recipe in self._recipes.items():
            for mark, step in zip(self._marks[key], recipe.steps, strict=True):
                if mark in made:
                    continue
                if isinstance(step, FittedImages):
                    made[mark], why = step.opened(table)
                    faults |= why
                else:
                    made[mark] = step.transform(table)
            found[key] = Matrix.beside([made[mark] for mark in self._marks[key]], table.height)
        return found, faults

    @cached_property
    def _recipes(self) -> dict[int, FittedRecipe]:
        return {id(part.recipe): part.recipe for part in self.parts}

    @cached_property
    def _marks(self) -> dict[int, list[bytes]]:
        """The hash of each step: steps of several recipes, and of several folds, may be equal."""
        return {key: [_mark(step) for step in one.steps] for key, one in self._recipes.items()}


def _mark(step: FittedStep) -> bytes:
    """Hash a fitted step: equal ones make equal features."""
    state = step.export()
    digest = blake2b(json.dumps([step.name, state.config], sort_keys=True).encode())
    for name, values in sorted(state.arrays.items()):
        digest.update(f"{name} {values.dtype.str} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    for name, data in sorted(state.blobs.items()):
        digest.update(name.encode() + data)
    return digest.digest()
