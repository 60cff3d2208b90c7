"""The model that a run has already: of one that was interrupted, or of one that is finished."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from modelwright.core.errors import ModelFileError, UserError
from modelwright.model import Model, load
from modelwright.models.pictures import FittedPictures
from modelwright.models.transferred import FittedTransferred
from modelwright.plan.images.net import NetSpec, Trained, answers_of
from modelwright.plan.images.rows import PictureRows
from modelwright.store import TrialRecord
from modelwright.store.files import atomic_write

__all__ = ["again", "kept_net"]

_EARLIER = " (earlier)"


def again(path: Path, out: str | Path | None) -> Model:
    """Give the model of a finished run once more, where it was asked for too.

    Parameters
    ----------
    path : pathlib.Path
        The model of the run.
    out : path, optional
        Where it was asked for.

    Raises
    ------
    ModelFileError
        When the run has lost it.
    """
    if not path.is_file():
        cure = "leave --resume out: a new run is started"
        raise ModelFileError(f"the model of a finished run at {path}", "no such file", cure)
    if out is not None:
        atomic_write(Path(out), path.read_bytes())
    return load(path)


def kept_net(path: Path, rows: PictureRows, trials: Sequence[TrialRecord]) -> list[Trained]:
    """Take the net of a model file, where there is one, as a trial: no worse one takes its place.

    Parameters
    ----------
    path : pathlib.Path
        The model of this run.
    rows : PictureRows
        The images of this run.
    trials : sequence of TrialRecord
        What the run has tried so far; one of them has the name of the net.
    """
    if not path.is_file():
        return []
    # damaged, or of an earlier version
    with suppress(UserError, LookupError, StopIteration, TypeError):
        model = load(path)
        (member,) = model.members
        name = member.name.removesuffix(_EARLIER)
        record = next(trial for trial in trials if trial.name == name)
        config = {**record.config, "widths": tuple(record.config["widths"])}
        spec = replace(NetSpec(**config), name=name + _EARLIER)
        fitted = member.parts[0].fitted
        if model.task != rows.task or not isinstance(fitted, FittedPictures | FittedTransferred):
            return []
        facts = {"how it learned": "before the run was interrupted"}
        if not spec.widths:
            facts["net"] = "as of the backbone"
        valid = answers_of(rows, fitted, rows.valid)
        return [Trained(spec, fitted, valid, record.seconds, facts=facts)]
    return []
