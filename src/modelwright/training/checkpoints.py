"""A training kept in a file, so that it goes on to the same bits after whatever befell it.

The file is in the safetensors format (https://huggingface.co/docs/safetensors): a header in JSON,
then plain numbers. Nothing in it can run, and it appears by a rename: whole, or as it was before.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError
from modelwright.nets.library import torch
from modelwright.store.tensors import read_tensors, write_tensors
from modelwright.training.loop import Epoch, Training

__all__ = ["Keeper", "keep", "take_up"]

_FORMAT = 2
_FACTS = "modelwright"  # under which the facts stand in the header
_DIGEST = "sha256"  # and under which the digest of these and of all numbers
_CURE = "name the checkpoint of this net and these rows, or begin anew"
_AFRESH = "begin anew"
# Of the time of a training, so much may go into keeping it.
_SHARE = 0.01
Tensors = Mapping[str, torch.Tensor]


def keep(training: Training, path: Path) -> None:
    """Write everything that the next step depends on.

    Call it between steps: in `each` or `watch` of `Training.run`, or when it has ended.

    Parameters
    ----------
    training : Training
        As it is now.
    path : pathlib.Path
        Usually ends in ``.safetensors``; its folder exists.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.core.budget import Budget
    >>> from modelwright.nets.library import nn
    >>> from modelwright.training.batches import Examples
    >>> from modelwright.training.course import Course
    >>> from modelwright.training.losses import squared_error
    >>> from modelwright.training.pace import Pace
    >>> x = torch.linspace(-1, 1, 64)[:, None]
    >>> def begun():
    ...     net = nn.Linear(1, 1)
    ...     course = Course(epochs=3, batch=16, rate=0.1)
    ...     return Training(net, Examples((x,), x[:, 0]), squared_error, course)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, again = begun(), begun()
    ...     _ = first.run(Pace(1, Budget()))
    ...     keep(first, Path(folder) / "a.safetensors")
    ...     take_up(again, Path(folder) / "a.safetensors")
    >>> again.done, bool(again.net.weight == first.net.weight)
    (1, True)
    """
    tensors = {f"net.{name}": value for name, value in training.net.state_dict().items()}
    tensors |= {f"optimiser.{name}": value for name, value in training.optimiser.tensors().items()}
    if training.averaged is not None:
        tensors |= {f"average.{name}": value for name, value in training.averaged.state.items()}
    if training.best_state is not None:
        tensors |= {f"best.{name}": value for name, value in training.best_state.items()}
    for name, state in (("opened", training.opened), ("drawn", training.drawn)):
        if state is not None:
            tensors[f"generator.{name}"] = state
    facts = {
        "format": _FORMAT,
        "course": asdict(training.course),
        "rows": len(training.rows),
        "seed": training.seed,
        "done": training.done,
        "at": training.at,
        "skipped": training.skipped,
        "pieces": training.pieces,
        "losses": training.losses,
        "curve": [asdict(epoch) for epoch in training.curve],
        "notes": training.notes,
        "best": training.best if math.isfinite(training.best) else None,
        "waited": training.waited,
        "averaged": 0 if training.averaged is None else training.averaged.count,
    }
    arrays = {name: value.detach().contiguous().numpy() for name, value in tensors.items()}
    told = json.dumps(facts)
    write_tensors(path, arrays, {_FACTS: told, _DIGEST: _digest(arrays, told)})


def _digest(arrays: Mapping[str, NDArray[Any]], facts: str) -> str:
    """Give what tells a damaged file: a single bit would change what is learned from there on."""
    found = hashlib.sha256(facts.encode())
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name} {array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def take_up(training: Training, path: Path) -> None:
    """Put a training into the state that `keep` wrote.

    Parameters
    ----------
    training : Training
        With the same kind of net, rows, course and seed.
    path : pathlib.Path
        The file; perhaps from a stranger.

    Raises
    ------
    ModelFileError
        When the file is damaged, or of another net, course, seed or number of rows: the first
        difference is named.
    """
    arrays, metadata = read_tensors(path)
    if _FACTS not in metadata:
        got = f"{path.name}, which holds weights alone"
        raise ModelFileError("a checkpoint of a training", got, _CURE)
    sound = metadata.get(_DIGEST) == _digest(arrays, metadata[_FACTS])
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    try:
        facts = json.loads(metadata[_FACTS])
        _check(training, facts)
        if not sound:
            raise ModelFileError("a whole checkpoint", f"{path.name}, which is damaged", _AFRESH)
        _fill(training, tensors, facts)
    except (LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        got = f"{type(error).__name__}: {error} in {path.name}"
        raise ModelFileError("a checkpoint of a training", got, _CURE) from error


def _check(training: Training, facts: Mapping[str, Any]) -> None:
    wanted = {
        "format": _FORMAT,
        **json.loads(json.dumps(asdict(training.course))),
        "rows": len(training.rows),
        "seed": training.seed,
    }
    found = {**facts["course"], **{name: facts[name] for name in ("format", "rows", "seed")}}
    for name, value in wanted.items():
        if found.get(name) != value:
            raise ModelFileError(
                f"a checkpoint with {name} = {value}", f"{name} = {found.get(name)}", _CURE
            )


def _fill(training: Training, tensors: Tensors, facts: Mapping[str, Any]) -> None:
    own = training.net.state_dict()
    net, average, best = (_below(f"{start}.", tensors) for start in ("net", "average", "best"))
    _check_net(own, net)
    _check_net(own, average if training.averaged is not None else own)
    _check_net(own, best or own)
    training.net.load_state_dict(net)
    training.optimiser.remember(_below("optimiser.", tensors))
    if training.averaged is not None:
        training.averaged.remember(average, int(facts["averaged"]))
    training.best_state = best or None
    training.opened, training.drawn = (_generator(tensors, name) for name in ("opened", "drawn"))
    training.done, training.at = int(facts["done"]), int(facts["at"])
    training.skipped = float(facts.get("skipped", 0.0))
    training.pieces = int(facts["pieces"])
    _check_place(training)
    training.losses = [float(loss) for loss in facts["losses"]]
    training.curve = [
        Epoch(int(e["done"]), int(e["total"]), float(e["loss"])) for e in facts["curve"]
    ]
    training.notes = [str(note) for note in facts["notes"]]
    training.best = math.inf if facts["best"] is None else float(facts["best"])
    training.waited = int(facts["waited"])


def _check_place(training: Training) -> None:
    """Refuse a place that no training was ever at."""
    if training.done < 0 or not 0 <= training.at <= training.steps:
        raise ValueError(f"a place that is none: epoch {training.done}, step {training.at}")
    if not 1 <= training.pieces <= training.course.batch:
        raise ValueError(f"batches in {training.pieces} pieces")
    begun = bool(training.done or training.at)
    if begun and (training.opened is None or training.drawn is None):
        raise ValueError("the state of the generator is absent")


def _generator(tensors: Tensors, name: str) -> torch.Tensor | None:
    state = tensors.get(f"generator.{name}")
    if state is not None:
        torch.Generator().set_state(state)  # raises when it is none
    return state


def _below(start: str, tensors: Tensors) -> dict[str, torch.Tensor]:
    return {name[len(start) :]: t for name, t in tensors.items() if name.startswith(start)}


def _check_net(own: Tensors, given: Tensors) -> None:
    """Name the first weight in which two nets differ."""
    for name, value in own.items():
        shape = tuple(value.shape)
        if name not in given:
            raise ModelFileError(f"the weights {name!r} of shape {shape}", "none", _CURE)
        if given[name].shape != value.shape or given[name].dtype != value.dtype:
            got = f"shape {tuple(given[name].shape)} of {given[name].dtype}"
            raise ModelFileError(f"the weights {name!r} of shape {shape}", got, _CURE)
    more = [name for name in given if name not in own]
    if more:
        raise ModelFileError("a net without further weights", repr(more[0][:60]), _CURE)


class Keeper:
    """Keeps a training every so often: given as `each` to `Training.run`.

    Parameters
    ----------
    path : pathlib.Path
        Where.
    seconds : float
        How long a training may go on unkept, or longer, where writing would take more than a
        hundredth of the time; 0 keeps it after every step.
    """

    def __init__(self, path: Path, seconds: float = 30.0) -> None:
        self._path, self._seconds = path, seconds
        self._last, self._took = time.monotonic(), 0.0

    def __call__(self, training: Training) -> None:
        """Keep it, if it is time."""
        now = time.monotonic()
        if not self._seconds or now - self._last >= max(self._seconds, self._took / _SHARE):
            keep(training, self._path)
            self._last = time.monotonic()
            self._took = self._last - now
