"""What a user asks for, and how it is to be found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from modelwright.core.errors import OptionError
from modelwright.core.version import __version__

__all__ = ["Frame", "Question", "Settings"]

# What a task file may add to a question; where it adds nothing, records stay as they were.
_FRAMED = ("unit", "horizon", "unknown", "baseline")


def _said(value: object) -> bool:
    """Whether it says something; a baseline of 0 does."""
    return value not in (None, "", ())


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
        A column whose equal values must not be on both sides of a split.
    order : str, optional
        A column of time: validation rows come later than training rows.
    weight : str, optional
        A column that says how much each row counts.
    unit : str, optional
        What one row is, such as "ride" or "customer and month".
    horizon : str, optional
        How far ahead the answer lies, such as "7 days": answers of rows of the last 7 days are not
        known yet. It needs `order`; a bare number counts in units of a column of numbers.
    unknown : tuple of str
        Columns that are not known when a prediction is made; no model sees them.
    baseline : str or float, optional
        What has to be beaten: a rule such as "mean by shop", or a score.
    """

    target: str
    task: str | None = None
    metric: str | None = None
    positive: str | None = None
    group: str | None = None
    order: str | None = None
    weight: str | None = None
    unit: str | None = None
    horizon: str | None = None
    unknown: tuple[str, ...] = ()
    baseline: str | float | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the question as plain JSON."""
        said = asdict(self)
        return {key: value for key, value in said.items() if key not in _FRAMED or _said(value)}

    def completed_by(self, other: Question) -> Question:
        """Take from another question what this one leaves open.

        Examples
        --------
        >>> Question("", metric="mae").completed_by(Question("price", metric="rmse")).target
        'price'
        """
        names = [one.name for one in fields(self)]
        kept = {name: getattr(self, name) for name in names}
        return replace(other, **{name: value for name, value in kept.items() if _said(value)})


@dataclass(frozen=True)
class Frame:
    """A question with what the data said of it: the content of a task file.

    Parameters
    ----------
    question : Question
        What is asked.
    types : mapping, or path, optional
        Columns whose type was read wrong, as in `Settings`.
    data : mapping
        What the data said when the question was put, as plain JSON; for people.
    file : str
        Where it was read from or written to; empty when it is in no file.

    Examples
    --------
    >>> Frame(Question("price", unit="house")).question.unit
    'house'
    """

    question: Question
    types: Mapping[str, str | Mapping[str, Any]] | str | Path | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


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
    frame : Frame, or path, optional
        The question as a task file says it (`modelwright frame` writes one); what is asked beside
        it comes first.

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
    frame: Frame | str | Path | None = None

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
