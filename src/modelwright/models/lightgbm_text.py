"""LightGBM's model text: cut to so many rounds, and checked before LightGBM reads it.

LightGBM trusts the text of a model: a child index out of range makes it read foreign memory. So a
text from a file is parsed here first, and refused unless every walk down its trees stays inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelwright.models.unpack import unsound

__all__ = ["ModelText"]

_HEADER = (
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx",
    "objective", "feature_names", "feature_infos", "tree_sizes",
)  # fmt: skip
_INNER = (
    "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child",
    "internal_value", "internal_weight", "internal_count",
)  # fmt: skip
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
_SCALARS = ("num_leaves", "num_cat", "is_linear", "shrinkage")
_CATEGORIES = ("cat_boundaries", "cat_threshold")
_OBJECTIVE = re.compile(r"regression|binary sigmoid:1|multiclass num_class:\d{1,6}")
_SIZE = re.compile(r"\d{1,9}")
_NAME = re.compile(r"f\d{1,9}")
_INTEGERS = re.compile(r"-?\d{1,18}(?: -?\d{1,18})*")
_FLOAT = r"-?(?:inf|\d{1,25}(?:\.\d{1,25})?(?:e[+-]\d{1,4})?)"
_FLOATS = re.compile(rf"{_FLOAT}(?: {_FLOAT})*")
_INFO = re.compile(rf"none|\[{_FLOAT}:{_FLOAT}\]|-?\d{{1,9}}(?::-?\d{{1,9}})*")


@dataclass(frozen=True)
class ModelText:
    """The parts of a model text that predictions need.

    Parameters
    ----------
    header : tuple of (str, str)
        Keys and values before the trees, without the sizes of the trees.
    trees : tuple of str
        The block of each tree, from its ``Tree=`` line to before the next.
    """

    header: tuple[tuple[str, str], ...]
    trees: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> ModelText:
        """Take a model text apart.

        Raises
        ------
        ModelFileError
            When it is not laid out like one.
        """
        head, found, rest = text.partition("\n\n")
        lines = head.split("\n")
        if not found or lines[0] != "tree":
            raise unsound("a LightGBM model text", repr(text[:20]))
        pairs = _pairs(lines[1:], _HEADER)
        if set(pairs) != set(_HEADER):
            raise unsound("the header of a LightGBM model", f"{sorted(pairs)[:12]}")
        body, found, _ = rest.partition("end of trees")
        if not found:
            raise unsound("a whole LightGBM model text", "a truncated one")
        blocks = tuple("Tree=" + part for part in body.split("Tree=")[1:])
        sizes = pairs.pop("tree_sizes").split()
        if sizes != [str(len(block)) for block in blocks]:
            raise unsound("trees of the sizes that the header says", "others")
        return cls(tuple(pairs.items()), blocks)

    def first(self, trees: int) -> ModelText:
        """Give the model of the first so many trees."""
        return replace(self, trees=self.trees[:trees])

    def __str__(self) -> str:
        lines = ["tree", *(f"{key}={value}" for key, value in self.header)]
        sizes = " ".join(str(len(block)) for block in self.trees)
        head = "\n".join([*lines, f"tree_sizes={sizes}"])
        return f"{head}\n\n{''.join(self.trees)}end of trees\n\npandas_categorical:null\n"

    def check(self, features: int, outputs: int) -> None:
        """Make sure that LightGBM can read and walk the trees.

        Parameters
        ----------
        features : int
            How many columns a row has.
        outputs : int
            How many trees a round has.

        Raises
        ------
        ModelFileError
            When it could not.
        """
        header = dict(self.header)
        expected = {
            "version": "v4",
            "num_class": str(outputs),
            "num_tree_per_iteration": str(outputs),
            "label_index": "0",
            "max_feature_idx": str(features - 1),
        }
        wrong = [key for key, value in expected.items() if header[key] != value]
        if wrong or not _OBJECTIVE.fullmatch(header["objective"]):
            raise unsound("the header that fits this model", f"another {wrong or 'objective'}")
        for key, form in (("feature_names", _NAME), ("feature_infos", _INFO)):
            words = header[key].split(" ")
            if len(words) != features or not all(form.fullmatch(word) for word in words):
                raise unsound(f"{features} {key}", "others")
        if not self.trees or len(self.trees) % outputs:
            raise unsound("whole rounds of trees", f"{len(self.trees)} trees")
        for index, block in enumerate(self.trees):
            _check_tree(block, index, features)


def _pairs(lines: list[str], known: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in lines:
        key, equal, value = line.partition("=")
        if not equal or key not in known or key in pairs:
            raise unsound("known keys, each once", repr(line[:30]))
        pairs[key] = value
    return pairs


def _check_tree(block: str, index: int, features: int) -> None:
    lines = block.split("\n")
    if lines[0] != f"Tree={index}":
        raise unsound(f"tree {index}", repr(lines[0][:20]))
    known = (*_SCALARS, *_INNER, *_LEAVES, *_CATEGORIES)
    pairs = _pairs([line for line in lines[1:] if line], known)
    if not {"num_leaves", "num_cat", "leaf_value", "shrinkage"} <= set(pairs):
        raise unsound("a whole tree", f"tree {index} without {sorted(pairs)[:9]}")
    leaves, categories = _size(pairs["num_leaves"]), _size(pairs["num_cat"])
    if leaves < 1 or pairs.get("is_linear", "0") != "0":
        raise unsound("a tree of constant leaves", f"tree {index}")
    _numbers(pairs["shrinkage"], 1)
    if not np.isfinite(_numbers(pairs["leaf_value"], leaves)).all():
        raise unsound("finite leaves", "others")
    for keys, count in ((_LEAVES, leaves), (_INNER, leaves - 1)):
        for key in keys:
            # a tree that is a single leaf has no, or empty, arrays of inner nodes
            if key in pairs and (pairs[key] or count):
                _numbers(pairs[key], count)
    if leaves > 1:
        if not set(_INNER) <= set(pairs):
            raise unsound("the nodes of a tree", f"tree {index}")
        _check_nodes(pairs, leaves, features)
        _check_categories(pairs, leaves, categories)


def _check_nodes(pairs: dict[str, str], leaves: int, features: int) -> None:
    inner = leaves - 1
    asked = _integers(pairs["split_feature"], inner)
    if ((asked < 0) | (asked >= features)).any():
        raise unsound(f"features below {features}", "others")
    if ((_integers(pairs["decision_type"], inner) & ~15) != 0).any():
        raise unsound("known kinds of decisions", "others")
    own = np.arange(inner)
    children = [_integers(pairs[side], inner) for side in ("left_child", "right_child")]
    for child in children:
        later = (child > own) & (child < inner)
        leaf = (child < 0) & (child >= -leaves)
        if not (later | leaf).all():
            raise unsound("children after their parent", "others")
    every = np.sort(np.concatenate(children))
    # each leaf and each node but the root has exactly one parent
    if not np.array_equal(every, np.concatenate([np.arange(-leaves, 0), np.arange(1, inner)])):
        raise unsound("one parent for each node", "others")


def _check_categories(pairs: dict[str, str], leaves: int, categories: int) -> None:
    kind = _integers(pairs["decision_type"], leaves - 1) & 1
    if not categories:
        if kind.any():
            raise unsound("no categorical decision", "one")
        return
    if not set(_CATEGORIES) <= set(pairs):
        raise unsound("the sets of a categorical tree", "none")
    bounds = _integers(pairs["cat_boundaries"], categories + 1)
    words = _integers(pairs["cat_threshold"], None)
    rising = bounds[0] == 0 and bool((np.diff(bounds) > 0).all()) and bounds[-1] == len(words)
    if not rising or ((words < 0) | (words >= 2**32)).any():
        raise unsound("sets of categories, one after another", "others")
    which = _numbers(pairs["threshold"], leaves - 1)[kind == 1]
    if ((which != np.floor(which)) | (which < 0) | (which >= categories)).any():
        raise unsound("a known set for each categorical decision", "others")


def _size(text: str) -> int:
    if not _SIZE.fullmatch(text):
        raise unsound("a size", repr(text[:20]))
    return int(text)


def _numbers(text: str, count: int) -> NDArray[np.float64]:
    # by a pattern, as Python would read more (1_0) than LightGBM does, and other than it
    if not _FLOATS.fullmatch(text):
        raise unsound("numbers", repr(text[:30]))
    values = np.array(text.split(" "), np.float64)
    if len(values) != count:
        raise unsound(f"{count} numbers", f"{len(values)}")
    return values


def _integers(text: str, count: int | None) -> NDArray[np.int64]:
    if not _INTEGERS.fullmatch(text):
        raise unsound("whole numbers", repr(text[:30]))
    values = np.array(text.split(" "), np.int64)
    if count is not None and len(values) != count:
        raise unsound(f"{count} whole numbers", f"{len(values)}")
    return values
