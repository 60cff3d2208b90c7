"""Rows in whatever form users have them, brought into batches: arrays, loaders, sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from modelwright.core.errors import DataError
from modelwright.nets.library import torch
from modelwright.training.batches import Examples, Source

__all__ = ["Rows", "read_rows"]

_BATCH, _BATCHES = 64, 16
# Of a loader so many batches and rows are looked at.
_MOST_BATCHES, _MOST_ROWS = 400, 8_192
_WANTED = "inputs and targets as a pair of arrays, or batches of both"


@dataclass(frozen=True)
class Rows:
    """What a net is trained on, as far as it is looked at.

    Parameters
    ----------
    batches : tuple of Examples
        The first ones, as they come.
    all : Examples
        All rows that were looked at.
    total : int
        How many there are; at least those.
    ordered : bool
        Whether the order of the batches is the user's.
    """

    batches: tuple[Examples, ...]
    all: Examples
    total: int
    ordered: bool


def read_rows(data: Any) -> Rows:
    """Take rows from a pair of arrays, from `Source`, or from an iterable of batches.

    Parameters
    ----------
    data : pair, Source or iterable
        ``(inputs, targets)`` as tensors or arrays, where the inputs may be a tuple of them; or
        what gives such pairs, such as a loader. It has to be iterable again: it is left as it is,
        unless it can be used once only.

    Raises
    ------
    DataError
        When there are no rows, or inputs and targets do not go together.

    Examples
    --------
    >>> rows = read_rows((np.zeros((100, 3)), np.arange(100)))
    >>> len(rows.batches), rows.batches[0].inputs[0].dtype, rows.ordered
    (1, torch.float32, False)
    """
    if isinstance(data, Examples):
        return _of_source(data, data)
    if hasattr(data, "order") and hasattr(data, "at"):
        source: Source = data
        return _of_source(source, source.at(source.order()[:_MOST_ROWS].sort().values))
    if isinstance(data, tuple) and len(data) == 2:
        every = _pair(data)
        return _of_source(every, every)
    if not isinstance(data, Iterable):
        raise DataError(_WANTED, f"a {type(data).__name__}")
    batches: list[Examples] = []
    for item in islice(data, _MOST_BATCHES):
        batches.append(_batch(item))
        if sum(map(len, batches)) >= _MOST_ROWS:
            break
    if not batches:
        raise DataError(_WANTED, "none", "an iterator that was used up gives nothing")
    every = _joined(batches)
    known = _length(getattr(data, "dataset", None))
    return Rows(tuple(batches[:_BATCHES]), every, max(known, len(every)), ordered=True)


def _length(thing: Any) -> int:
    try:
        return len(thing)
    except TypeError:
        return 0


def _of_source(source: Source, every: Examples) -> Rows:
    """Draw batches at random."""
    if not len(source):
        raise DataError("rows to learn from", "none")
    order = torch.randperm(len(source))[: _BATCH * _BATCHES]
    count = max(1, len(order) // _BATCH)
    batches = tuple(source.at(index) for index in order.tensor_split(count))
    return Rows(batches, every, len(source), ordered=False)


def _batch(item: Any) -> Examples:
    if isinstance(item, Examples):
        return item
    if not isinstance(item, Sequence) or len(item) < 2:
        raise DataError(_WANTED, f"a batch that is a {type(item).__name__}")
    return _pair((item[0] if len(item) == 2 else tuple(item[:-1]), item[-1]))


def _pair(pair: tuple[Any, Any]) -> Examples:
    inputs, targets = pair
    several = inputs if isinstance(inputs, tuple | list) and _are_arrays(inputs) else (inputs,)
    parts = tuple(_tensor(part) for part in several)
    answers = _tensor(targets)
    counts = {len(part) if part.ndim else 0 for part in (*parts, answers)}
    if len(counts) > 1 or not counts - {0}:
        shapes = ", ".join(str(tuple(part.shape)) for part in (*parts, answers))
        raise DataError("as many targets as inputs, and at least one", f"shapes {shapes}")
    return Examples(parts, answers)


def _are_arrays(parts: Sequence[Any]) -> bool:
    return bool(parts) and all(hasattr(part, "shape") for part in parts)


def _tensor(value: Any) -> torch.Tensor:
    if isinstance(value, torch.Tensor):
        return value.detach()
    array = np.asarray(value)
    if array.dtype.kind == "f":
        return torch.from_numpy(np.ascontiguousarray(array, np.float32))
    if array.dtype.kind in "iu" and array.dtype != np.uint8:
        return torch.from_numpy(np.ascontiguousarray(array, np.int64))
    if array.dtype.kind not in "biu":
        raise DataError("numbers", f"an array of {array.dtype}")
    return torch.from_numpy(np.ascontiguousarray(array))


def _joined(batches: Sequence[Examples]) -> Examples:
    """Put batches of one shape below each other."""
    first = batches[0]
    shapes = [part.shape[1:] for part in (*first.inputs, first.targets)]
    alike = [
        batch for batch in batches
        if [part.shape[1:] for part in (*batch.inputs, batch.targets)] == shapes
    ]  # fmt: skip
    inputs = zip(*(batch.inputs for batch in alike), strict=True)
    return Examples(
        tuple(torch.cat(parts) for parts in inputs), torch.cat([batch.targets for batch in alike])
    )
