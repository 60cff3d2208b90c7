"""An executed fit as it is watched: which rows each step gets, and which it is asked about.

Python tells a watcher of every call (`sys.setprofile`). Calls named ``fit``, ``transform``,
``predict`` and the like are kept, with the rows in their arguments recognised by what they hold.
Nothing is wrapped: what runs is the user's own estimator, nested parts and parts of its own making
included. What a transform makes of a known row is known from then on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modelwright.leaks.marks import Known, marks, row_count

__all__ = ["ASKING", "FITTING", "Call", "Watch"]

FITTING = ("fit", "fit_transform", "partial_fit", "fit_predict", "fit_resample")
"""Calls that learn."""
ASKING = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
    "transform",
)
"""Calls that use what was learned."""
_KEPT = frozenset((*FITTING, *ASKING))
_DEEP = 3
_OURS = "modelwright.leaks.case"
_MOST_CALLS = 20_000


@dataclass
class Call:
    """One call of a step.

    Parameters
    ----------
    what : str
        ``"fit"`` and so on.
    owner : object
        The step.
    depth : int
        How many watched calls it stands inside.
    rows : dict of str to ndarray of int64
        For each argument that holds rows, which rows they are; -1 for one that is not known.
    given : object
        The first argument that holds rows.
    made : object
        What the call gave back.
    """

    what: str
    owner: Any
    depth: int
    rows: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    given: Any = None
    made: Any = None

    @property
    def step(self) -> str:
        """The class of the step."""
        return type(self.owner).__name__

    @property
    def learns(self) -> bool:
        """Whether it is a fit."""
        return self.what in FITTING

    @property
    def main(self) -> NDArray[np.int64]:
        """The rows of the first argument that holds rows."""
        return next(iter(self.rows.values()), np.empty(0, np.int64))


class Watch:
    """A context in which calls of this thread are kept.

    Parameters
    ----------
    known : Known
        The rows that can be recognised; what transforms make of them is added.

    Attributes
    ----------
    calls : list of Call
        In the order in which they began.

    Examples
    --------
    >>> class Mean:
    ...     def fit(self, X):
    ...         self.mean = X.mean()
    >>> rows = np.arange(6.0).reshape(3, 2)
    >>> known = Known()
    >>> known.add(marks(rows), np.arange(3))
    >>> with Watch(known) as watch:
    ...     Mean().fit(rows[1:])
    >>> [(call.what, call.step, call.main.tolist()) for call in watch.calls]
    [('fit', 'Mean', [1, 2])]
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._open: list[tuple[FrameType, Call]] = []
        self.calls: list[Call] = []

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        sys.setprofile(self._seen)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.setprofile(self._before)
        self._open.clear()

    def _seen(self, frame: FrameType, event: str, made: Any) -> None:
        if event == "call":
            code = frame.f_code
            if code.co_name in _KEPT and code.co_argcount and len(self.calls) < _MOST_CALLS:
                self._began(frame)
        elif event == "return" and self._open and self._open[-1][0] is frame:
            self._ended(self._open.pop()[1], made)

    def _began(self, frame: FrameType) -> None:
        names = frame.f_code.co_varnames[: _arguments(frame)]
        here = frame.f_locals
        owner = here.get(names[0])
        if names[0] != "self" or owner is None or type(owner).__module__ == _OURS:
            return
        call = Call(frame.f_code.co_name, owner, len(self._open))
        for name in names[1:]:
            for label, value in _with_rows(name, here.get(name), 0):
                self._recognise(call, label, value)
        self.calls.append(call)
        self._open.append((frame, call))

    def _recognise(self, call: Call, label: str, value: Any) -> None:
        found = marks(value)
        if found is None:
            return
        rows = self._known.rows(found)
        if (rows < 0).all() and self._open:
            # An inner step gets some columns of the rows that the outer one was given.
            outer = self._open[-1][1].main
            if len(outer) == len(rows) and (outer >= 0).any():
                rows = outer
                self._known.add(found[rows >= 0], rows[rows >= 0])
        if call.given is None:
            call.given = value
        call.rows[label] = rows

    def _ended(self, call: Call, made: Any) -> None:
        call.made = made
        if call.what not in ("transform", "fit_transform") or row_count(made) != len(call.main):
            return
        found = marks(made)
        if found is not None:
            sure = call.main >= 0
            self._known.add(found[sure], call.main[sure])


def _arguments(frame: FrameType) -> int:
    code = frame.f_code
    more = bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    return code.co_argcount + code.co_kwonlyargcount + more


def _with_rows(name: str, value: Any, depth: int) -> list[tuple[str, Any]]:
    """List what holds rows in an argument: itself, or parts of it such as evaluation sets."""
    if value is None or isinstance(value, str | bytes | int | float):
        return []
    if row_count(value):
        return [(name, value)]
    if depth < _DEEP and isinstance(value, list | tuple) and len(value) <= 20:
        return [pair for i, part in enumerate(value)
                for pair in _with_rows(f"{name}[{i}]", part, depth + 1)]  # fmt: skip
    if depth < _DEEP and isinstance(value, dict) and len(value) <= 20:
        return [pair for key, part in value.items()
                for pair in _with_rows(f"{name}[{key!r}]", part, depth + 1)]  # fmt: skip
    return []
