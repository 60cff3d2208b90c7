"""What a user asks for, and how it is to be found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modelwright.core.errors import OptionError
from modelwright.core.version import __version__

__all__ = ["Question", "Settings"]


@dataclass(frozen=True)
class Question:
    """What is asked of a table.

    Parameters
    ----------
    target : str
        The column to predict.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None infers it from the target.
    metric : str, optional
        What decides; None takes the usual one of the task.
    positive : str, optional
        The positive class of a binary task; None takes the last label in sorted order.
    group : str, optional
        A column whose equal values must not be on both sides of a split; ``"none"`` turns off
        what is found without being asked.
    order : str, optional
        A column of time: validation rows come later than training rows; ``"none"`` as for group.
    weight : str, optional
        A column that says how much each row counts.
    """

    target: str
    task: str | None = None
    metric: str | None = None
    positive: str | None = None
    group: str | None = None
    order: str | None = None
    weight: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the question as plain JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Settings:
    """How an answer is to be found; the defaults suit nearly everybody.

    Parameters
    ----------
    positive : str, optional
        The positive class of a binary task.
    weight : str, optional
        A column that says how much each row counts.
    types : mapping, or path, optional
        Columns whose type was read wrong: ``{"zip": "category"}``, or a JSON file of the same. An
        object may stand in place of the word: ``{"days": {"kind": "number", "missing": ["999"]}}``.
    header : bool, optional
        Whether the first row of a text file or sheet holds names; None finds out.
    trials : int, optional
        Fit exactly so many trials and look at no clock: the same result on every machine. Of a
        table larger than memory rows are sampled: how many depends on the machine's memory.
    models : tuple of str
        Learners to use; empty means all.
    seed : int
        The root of all randomness.
    workers : int, optional
        How many worker processes; None: one a core; 0: fit in this process, which on small
        tables is quicker, and where no fit can be stopped from outside.
    out : path, optional
        Where the model file goes; None keeps it in the run's folder only.
    store : path, optional
        Where runs are kept; None: the user's data folder.
    resume : bool
        Go on with the newest run of the same data and question.
    replay : str, optional
        Repeat the plan that this run executed, without a clock.

    Examples
    --------
    >>> Settings(seed=7).seed
    7
    """

    positive: str | None = None
    weight: str | None = None
    types: Mapping[str, str | Mapping[str, Any]] | str | Path | None = None
    header: bool | None = None
    trials: int | None = None
    models: tuple[str, ...] = ()
    seed: int = 0
    workers: int | None = None
    out: str | Path | None = None
    store: str | Path | None = None
    resume: bool = False
    replay: str | None = None

    def __post_init__(self) -> None:
        for name, value, least in (
            ("trials", self.trials, 1),
            ("workers", self.workers, 0),
            ("seed", self.seed, 0),
        ):
            if value is not None and value < least:
                raise OptionError(f"--{name} to be at least {least}", repr(value))

    def fingerprint(self, question: Question) -> str:
        """Hash the question and whatever changes which models are fitted, the version included.

        Time, workers and folders are left out: a run may be resumed with more time, other
        hardware, or from another folder.

        Returns
        -------
        str
            16 hexadecimal digits.
        """
        types = self.types
        if isinstance(types, str | Path):
            types = {"": Path(types).read_text(encoding="utf-8")}
        asked = [question.to_json(), dict(types or {}), self.trials, self.models, self.seed]
        text = json.dumps([__version__, self.replay, *asked], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
