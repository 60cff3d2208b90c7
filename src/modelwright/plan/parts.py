"""Trials and their fitted parts, on disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import Fitted, Stages
from modelwright.models import fitted_name, restore_fitted
from modelwright.plan.folders import load_arrays, save_arrays, whole_folder
from modelwright.plan.trial import PartResult, TrialSpec
from modelwright.store import load_state, read_json, save_state, write_json

__all__ = ["Evidence", "Parts"]


@dataclass(frozen=True)
class Evidence:
    """The predictions that a fitted part made while it was fitted.

    Parameters
    ----------
    predictions : ndarray of float32, shape (n_rows, n_outputs)
        For a fold: of its validation rows. For a bagged fit on all rows: out of bag.
    stages : Stages, optional
        Predictions along the way of a growing model.
    """

    predictions: NDArray[np.float32]
    stages: Stages | None


@dataclass(frozen=True)
class Parts:
    """What was fitted, by trial and part.

    Parameters
    ----------
    folder : pathlib.Path
        Holds one folder a trial, and in it one folder a part.
    """

    folder: Path

    def _of(self, number: int) -> Path:
        return self.folder / f"{number:03d}"

    def write_spec(self, spec: TrialSpec) -> None:
        """Keep what a trial is."""
        folder = self._of(spec.number)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "trial.json", spec.to_json())

    def specs(self) -> list[TrialSpec]:
        """Give what the trials are that were started, by number."""
        found = [TrialSpec.from_json(read_json(path)) for path in self.folder.glob("*/trial.json")]
        return sorted(found, key=lambda spec: spec.number)

    def spec(self, number: int) -> TrialSpec:
        """Give what a trial is."""
        return TrialSpec.from_json(read_json(self._of(number) / "trial.json"))

    def write(
        self, number: int, part: str, fitted: Fitted, evidence: Evidence, result: PartResult
    ) -> None:
        """Keep a fitted part, whole or not at all."""
        with whole_folder(self._of(number) / part) as folder:
            save_state(folder / "fitted", fitted.export())
            arrays: dict[str, NDArray[Any]] = {"predictions": evidence.predictions}
            if evidence.stages is not None:
                arrays["stage_predictions"] = evidence.stages.predictions
                arrays["stage_units"] = evidence.stages.units
            save_arrays(folder / "evidence.npz", arrays)
            head = {
                "kind": fitted_name(fitted),
                "units": result.units,
                "seconds": result.seconds,
            }
            write_json(folder / "part.json", head)

    def result(self, number: int, part: str) -> PartResult | None:
        """Give what is known of a part; None when it is not finished."""
        path = self._of(number) / part / "part.json"
        if not path.is_file():
            return None
        head = read_json(path)
        return PartResult(int(head["units"]), float(head["seconds"]))

    def evidence(self, number: int, part: str) -> Evidence:
        """Give the predictions of a finished part."""
        path = self._of(number) / part / "evidence.npz"
        arrays = load_arrays(path)
        stages = None
        if "stage_units" in arrays:
            stages = Stages(arrays["stage_units"], arrays["stage_predictions"])
        return Evidence(arrays["predictions"], stages)

    def fitted(self, number: int, part: str) -> Fitted:
        """Give a finished part's model."""
        folder = self._of(number) / part
        kind = read_json(folder / "part.json")["kind"]
        return restore_fitted(kind, load_state(folder / "fitted"))

    def size(self, number: int, part: str) -> int:
        """Give the bytes of a finished part's model."""
        folder = self._of(number) / part / "fitted"
        return sum(path.stat().st_size for path in folder.iterdir())

    def forget_models(self) -> None:
        """Delete the fitted models of every part; their predictions stay."""
        for fitted in self.folder.glob("*/*/fitted"):
            shutil.rmtree(fitted, ignore_errors=True)
