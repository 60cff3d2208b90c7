"""LightGBM's model text: cut to so many rounds, and checked before LightGBM reads it.

LightGBM trusts the text of a model: a child index out of range makes it read foreign memory. So a
text from a file is parsed here first, and refused unless every walk down its trees stays inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelwright.models.grown import Grown
from modelwright.models.unpack import unsound

__all__ = ["ModelText"]

_HEADER = (
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx",
    "objective", "feature_names", "feature_infos", "tree_sizes",
)  # fmt: skip
_INNER = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_CATEGORIES = ("cat_boundaries", "cat_threshold")
_TREE = ("num_leaves", "num_cat", "is_linear", "shrinkage", "leaf_value", *_INNER, *_CATEGORIES)
# What LightGBM writes and no prediction reads: more than half of a text.
_UNREAD = re.compile(
    r"^(?:split_gain|leaf_weight|leaf_count|internal_value|internal_weight|internal_count)=.*\n",
    re.MULTILINE,
)
_OBJECTIVE = re.compile(r"regression|binary sigmoid:1|multiclass num_class:\d{1,6}")
_SIZE = re.compile(r"\d{1,9}")
_NAME = re.compile(r"f\d{1,9}")
_INTEGERS = re.compile(r"-?\d{1,18}(?: -?\d{1,18})*")
_FLOAT = r"-?(?:inf|\d{1,25}(?:\.\d{1,25})?(?:e[+-]\d{1,4})?)"
_FLOATS = re.compile(rf"{_FLOAT}(?: {_FLOAT})*")
Fields = dict[str, str]
"""The keys and values of one tree."""

_INFO = re.compile(rf"none|\[{_FLOAT}:{_FLOAT}\]|-?\d{{1,9}}(?::-?\d{{1,9}})*")

_MOST_LEVELS = 100_000_000
"""Sets times levels that `ModelText.grown` lays out: bounds memory."""


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
        """Take a model text apart, and leave out what predictions do not need.

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
        lean = tuple(_UNREAD.sub("", block) for block in blocks)
        return cls(tuple(pairs.items()), lean)

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
        trees = [_fields(block, index) for index, block in enumerate(self.trees)]
        leaves = [_size(fields["num_leaves"]) for fields in trees]
        if min(leaves) < 1:
            raise unsound("at least one leaf in each tree", "none")
        _numbers([fields["shrinkage"] for fields in trees], [1] * len(trees))
        if not np.isfinite(_numbers([fields["leaf_value"] for fields in trees], leaves)).all():
            raise unsound("finite leaves", "others")
        grown = [fields for fields in trees if fields["num_leaves"] != "1"]
        if grown:
            nodes = _Nodes.of(grown)
            nodes.check(features)
            _check_categories(grown, nodes)

    def grown(self) -> Grown | None:
        """Give the trees as plain arrays.

        None where a zero counts as missing, or where sets of levels are far larger than any fit
        makes them.
        """
        trees = [_fields(block, index) for index, block in enumerate(self.trees)]
        leaves = np.array([_size(fields["num_leaves"]) for fields in trees], np.int64)
        said = _numbers([fields["leaf_value"] for fields in trees], leaves.tolist())
        sizes = 2 * leaves - 1  # questions first, then leaves
        first = np.cumsum(sizes) - sizes
        count = int(sizes.sum())
        ends = np.repeat(first + leaves - 1, leaves) + _counted(leaves)
        made = _Arrays.empty(count)
        made.values[ends, 0] = said
        split = np.flatnonzero(leaves > 1)
        if len(split):
            asking = [trees[i] for i in split]
            nodes = _Nodes.of(asking)
            start = first[split][nodes.tree]
            at = start + _counted(leaves[split] - 1)
            for child, place in ((nodes.left, made.left), (nodes.right, made.right)):
                last = start + nodes.leaves[nodes.tree] - 1
                place[at] = np.where(child >= 0, start + child, last + ~child)
            if ((nodes.kind >> 2 & 3) == 1).any():
                return None
            made.ask(
                at,
                nodes,
                _numbers([one["threshold"] for one in asking], (leaves[split] - 1).tolist()),
            )
            found = _sets(asking)
            if found is None:
                return None
            sets, begin = found
            picked = (nodes.kind & 1) == 1
            own = made.threshold[at[picked]].astype(np.int64)
            made.chosen[at[picked]] = begin[nodes.tree[picked]] + own
        else:
            sets = np.zeros((0, 1), np.bool_)
        tree = np.repeat(np.arange(len(trees)), sizes)
        return Grown(made.feature, made.threshold, made.missing_left, made.left, made.right, tree,
                     made.values, made.chosen, sets)  # fmt: skip


@dataclass(frozen=True)
class _Arrays:
    """The nodes of `Grown`, to be filled."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    chosen: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def empty(cls, count: int) -> _Arrays:
        """Make so many leaves that say 0."""
        feature, left, right, chosen = (np.full(count, -1) for _ in range(4))
        bars, missing = np.zeros(count), np.zeros(count, np.bool_)
        return cls(feature, bars, missing, left, right, chosen, np.zeros((count, 1)))

    def ask(self, at: NDArray[np.int64], nodes: _Nodes, bars: NDArray[np.float64]) -> None:
        """Fill in questions; where training saw nothing missing, it counts as 0."""
        self.feature[at], self.threshold[at] = nodes.asked, bars
        told = (nodes.kind >> 2 & 3) == 2
        self.missing_left[at] = np.where(told, (nodes.kind & 2) == 2, bars >= 0)


def _counted(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count from 0 in each part."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _sets(trees: list[Fields]) -> tuple[NDArray[np.bool_], NDArray[np.int64]] | None:
    """Read which levels go left: shape (n_sets, n_levels), and where the sets of a tree begin."""
    counts = np.array([_size(fields["num_cat"]) for fields in trees], np.int64)
    found: list[NDArray[np.uint8]] = []
    for fields in trees:
        if _size(fields["num_cat"]):
            bounds = _integers([fields["cat_boundaries"]], None)
            words = _integers([fields["cat_threshold"]], None).astype("<u4")
            found += [
                np.unpackbits(words[low:high].view(np.uint8), bitorder="little")
                for low, high in pairwise(bounds)
            ]
    most = max([1, *(len(one) for one in found)])
    if len(found) * most > _MOST_LEVELS:
        return None
    sets = np.zeros((len(found), most), np.bool_)
    for row, one in zip(sets, found, strict=True):
        row[: len(one)] = one
    return sets, np.cumsum(counts) - counts


def _pairs(lines: list[str], known: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in lines:
        key, equal, value = line.partition("=")
        if not equal or key not in known or key in pairs:
            raise unsound("known keys, each once", repr(line[:30]))
        pairs[key] = value
    return pairs


def _fields(block: str, index: int) -> Fields:
    """Take the block of a tree apart."""
    lines = block.split("\n")
    if lines[0] != f"Tree={index}":
        raise unsound(f"tree {index}", repr(lines[0][:20]))
    fields = _pairs([line for line in lines[1:] if line], _TREE)
    needed = {"num_leaves", "num_cat", "leaf_value", "shrinkage"}
    if fields.get("num_leaves") != "1":
        needed |= set(_INNER)
    if not needed <= set(fields):
        raise unsound("a whole tree", f"tree {index} without {sorted(needed - set(fields))[:9]}")
    sets = _size(fields["num_cat"])
    if fields.get("is_linear", "0") != "0" or (sets and fields["num_leaves"] == "1"):
        raise unsound("a tree of constant leaves", f"tree {index}")
    return fields


@dataclass(frozen=True)
class _Nodes:
    """The inner nodes of all trees that have some, one tree after another.

    Parameters
    ----------
    leaves : ndarray of int64, shape (n_trees,)
        Leaves of each tree; it has one inner node less.
    tree : ndarray of int64, shape (n_nodes,)
        The tree of each node.
    asked, kind : ndarray of int64, shape (n_nodes,)
        The feature that is asked for, and how.
    left, right : ndarray of int64, shape (n_nodes,)
        Children: an inner node of the same tree from 0, or a leaf as its complement.
    """

    leaves: NDArray[np.int64]
    tree: NDArray[np.int64]
    asked: NDArray[np.int64]
    kind: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, trees: list[Fields]) -> _Nodes:
        """Read the nodes of trees with two leaves or more."""
        leaves = np.array([_size(fields["num_leaves"]) for fields in trees], np.int64)
        counts = (leaves - 1).tolist()
        columns = (
            _integers([fields[key] for fields in trees], counts)
            for key in ("split_feature", "decision_type", "left_child", "right_child")
        )
        return cls(leaves, np.repeat(np.arange(len(trees)), leaves - 1), *columns)

    def check(self, features: int) -> None:
        """Make sure that every walk ends in a leaf of its tree."""
        if ((self.asked < 0) | (self.asked >= features)).any():
            raise unsound(f"features below {features}", "others")
        if ((self.kind & ~15) != 0).any():
            raise unsound("known kinds of decisions", "others")
        inner = self.leaves - 1
        first_node = np.cumsum(inner) - inner
        first_leaf = np.cumsum(self.leaves) - self.leaves
        own = np.arange(len(self.tree)) - first_node[self.tree]
        nodes = np.zeros(len(self.tree), np.int64)
        ends = np.zeros(int(self.leaves.sum()), np.int64)
        for child in (self.left, self.right):
            later = (child > own) & (child < inner[self.tree])
            leaf = (child < 0) & (child >= -self.leaves[self.tree])
            if not (later | leaf).all():
                raise unsound("children after their parent", "others")
            nodes += np.bincount((first_node[self.tree] + child)[later], minlength=len(nodes))
            ends += np.bincount((first_leaf[self.tree] + ~child)[leaf], minlength=len(ends))
        # each leaf and each node but the root has exactly one parent
        if not (np.delete(nodes, first_node) == 1).all() or not (ends == 1).all():
            raise unsound("one parent for each node", "others")


def _check_categories(trees: list[Fields], nodes: _Nodes) -> None:
    sets = np.array([_size(fields["num_cat"]) for fields in trees], np.int64)
    categorical = (nodes.kind & 1) == 1
    if (categorical & (sets[nodes.tree] == 0)).any():
        raise unsound("no categorical decision", "one")
    held = [fields for fields, count in zip(trees, sets, strict=True) if count]
    if not all(set(_CATEGORIES) <= set(fields) for fields in held):
        raise unsound("the sets of a categorical tree", "none")
    if held:
        _check_sets(held, sets[sets > 0])
    which = _numbers([fields["threshold"] for fields in trees], (nodes.leaves - 1).tolist())
    which, most = which[categorical], sets[nodes.tree][categorical]
    if ((which != np.floor(which)) | (which < 0) | (which >= most)).any():
        raise unsound("a known set for each categorical decision", "others")


def _check_sets(trees: list[Fields], sets: NDArray[np.int64]) -> None:
    """Make sure that the sets of each tree lie in its words, one after another."""
    bounds = _integers([fields["cat_boundaries"] for fields in trees], (sets + 1).tolist())
    words = _integers([fields["cat_threshold"] for fields in trees], None)
    held = np.array([fields["cat_threshold"].count(" ") + 1 for fields in trees])
    last = np.cumsum(sets + 1) - 1
    rising = np.diff(bounds) > 0
    rising[last[:-1]] = True  # from a tree to the next
    whole = not bounds[last - sets].any() and bool((bounds[last] == held).all())
    if not (whole and rising.all()) or ((words < 0) | (words >= 2**32)).any():
        raise unsound("sets of categories, one after another", "others")


def _size(text: str) -> int:
    if not _SIZE.fullmatch(text):
        raise unsound("a size", repr(text[:20]))
    return int(text)


def _numbers(texts: list[str], counts: list[int]) -> NDArray[np.float64]:
    """Read as many numbers as there should be from each text, one text after another."""
    # by a pattern, as Python would read more (1_0) than LightGBM does, and other than it
    _check_form(texts, counts, _FLOATS)
    return np.array(" ".join(texts).split(), np.float64)


def _integers(texts: list[str], counts: list[int] | None) -> NDArray[np.int64]:
    """Read whole numbers; None allows any count above zero."""
    _check_form(texts, counts, _INTEGERS)
    return np.array(" ".join(texts).split(), np.int64)


def _check_form(texts: list[str], counts: list[int] | None, form: re.Pattern[str]) -> None:
    if texts and not form.fullmatch(" ".join(texts)):
        raise unsound("numbers between single blanks", repr(" ".join(texts)[:30]))
    found = [text.count(" ") + 1 for text in texts]
    if counts is not None and found != counts:
        raise unsound("as many numbers as there are nodes", "others")
