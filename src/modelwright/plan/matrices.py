"""The features of each part of the plan, on disk and memory-mapped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelwright.core.matrix import Matrix
from modelwright.features import FittedRecipe
from modelwright.plan.folders import whole_folder
from modelwright.store import load_state, read_json, save_state, write_json

__all__ = ["Matrices"]


@dataclass(frozen=True)
class Matrices:
    """For each part: the recipe fitted on its training rows, and the features of every row.

    Parameters
    ----------
    folder : pathlib.Path
        Holds one folder a part.
    """

    folder: Path

    def has(self, part: str) -> bool:
        """Whether the features of this part are made."""
        return (self.folder / part).is_dir()

    def write(self, part: str, recipe: FittedRecipe, matrix: Matrix) -> None:
        """Keep a part's recipe and the features that it made of every row."""
        with whole_folder(self.folder / part) as folder:
            np.save(folder / "numbers.npy", matrix.numbers)
            np.save(folder / "codes.npy", matrix.codes)
            steps = recipe.export()
            for i, (_, state) in enumerate(steps):
                save_state(folder / f"step-{i}", state)
            head = {
                "steps": [name for name, _ in steps],
                "number_names": matrix.number_names,
                "code_names": matrix.code_names,
                "levels": matrix.levels,
            }
            write_json(folder / "matrix.json", head)

    def read(self, part: str) -> Matrix:
        """Give the features of every row."""
        folder = self.folder / part
        head = read_json(folder / "matrix.json")
        return Matrix(
            np.load(folder / "numbers.npy", mmap_mode="r"),
            np.load(folder / "codes.npy", mmap_mode="r"),
            tuple(head["number_names"]),
            tuple(head["code_names"]),
            tuple(head["levels"]),
        )

    def recipe(self, part: str) -> FittedRecipe:
        """Give the recipe that was fitted on the training rows of a part."""
        folder = self.folder / part
        names = read_json(folder / "matrix.json")["steps"]
        states = [(name, load_state(folder / f"step-{i}")) for i, name in enumerate(names)]
        return FittedRecipe.restore(states)
