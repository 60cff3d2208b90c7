"""Backbones in files: ours with a card, a model of images that was fitted, or weights of timm.

A backbone of ours is a model file (`modelwright.store.archive`): JSON and a safetensors file under
a manifest with a SHA-256 of each. Nothing in it can run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError, UserError
from modelwright.core.version import __version__
from modelwright.nets.backbone import Architecture, Backbone, Sight, architecture_of
from modelwright.nets.checkpoint import read_weights
from modelwright.nets.library import torch
from modelwright.store import read_archive, unpack_state, write_archive
from modelwright.store.files import digest
from modelwright.store.tensors import pack_tensors, read_header, unpack_tensors

__all__ = ["BackboneCard", "read_backbone", "write_backbone"]

_ABOUT, _WEIGHTS = "backbone.json", "weights.safetensors"
_CURE = "name a file that modelwright pretrain wrote, a model of images, or a .safetensors of timm"
_UNSOUND = (LookupError, ValueError, TypeError, AttributeError, RecursionError, ArithmeticError)
# Pixels of the images that published weights saw (timm: IMAGENET_DEFAULT_MEAN and _STD; ViT: one
# half), of 0 to 255.
_IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
_HALF = ((127.5,), (127.5,))
_USUAL_SIDE = 224
_GLANCED = 4_096


@dataclass(frozen=True)
class BackboneCard:
    """What a backbone says of itself.

    Parameters
    ----------
    method : str
        How it learned: ``"supervised"``, ``"contrastive"``, ``"masked"``, ``"fit"`` or
        ``"unknown"``.
    source : str
        The name of what it learned from.
    data : str
        The hash of which images these were; empty when that is not known.
    images : int
        How many.
    classes : int
        How many it was told; 0: none.
    epochs, seconds : float
        How often it saw them, and what that took.
    score : float, optional
        Its accuracy on held-out images of its own data; None where nobody knows.
    loss : float, optional
        Its last mean loss.
    weights : str
        The SHA-256 of its weights.
    created : str
        When, in ISO 8601, UTC.
    version : str
        The modelwright that made it.
    notes : tuple of str
        What the user should know.
    seed : int, optional
        By which images were held out; None where they were given, or nobody knows.
    """

    method: str
    source: str
    data: str = ""
    images: int = 0
    classes: int = 0
    epochs: float = 0.0
    seconds: float = 0.0
    score: float | None = None
    loss: float | None = None
    weights: str = ""
    created: str = ""
    version: str = __version__
    notes: tuple[str, ...] = ()
    seed: int | None = None

    def __str__(self) -> str:
        if self.method == "unknown":
            return f"weights in {self.source}, of unknown origin"
        told = f"{self.method} on {self.images:,} images of {self.source}"
        classes = f" in {self.classes} classes" if self.classes else ""
        score = "" if self.score is None else f", accuracy {self.score:.4f} on held-out ones"
        return f"{told}{classes}, {self.epochs:.1f} epochs in {self.seconds:.0f} s{score}"

    def to_json(self) -> dict[str, Any]:
        """Give the card as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> BackboneCard:
        """Read what `to_json` gave; raises `LookupError`, `TypeError` or `ValueError`."""
        data = {"seed": None, **data}  # earlier versions did not keep it
        words = {name: str(data[name]) for name in ("method", "source", "data", "weights")}
        numbers = {name: float(data[name]) for name in ("epochs", "seconds")}
        known = {name: data[name] for name in ("score", "loss")}
        if {field.name for field in fields(cls)} != set(data):
            raise ValueError("a card with other entries")
        return cls(
            words["method"],
            words["source"],
            words["data"],
            int(data["images"]),
            int(data["classes"]),
            numbers["epochs"],
            numbers["seconds"],
            None if known["score"] is None else float(known["score"]),
            None if known["loss"] is None else float(known["loss"]),
            words["weights"],
            str(data["created"]),
            str(data["version"]),
            tuple(str(note) for note in data["notes"]),
            None if data["seed"] is None else int(data["seed"]),
        )


def write_backbone(path: Path, backbone: Backbone, card: BackboneCard) -> BackboneCard:
    """Write a backbone and its card to one file, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
        Usually ends in ``.mw``.
    backbone : Backbone
        The net.
    card : BackboneCard
        Where it comes from; the hash of its weights is filled in.

    Returns
    -------
    BackboneCard
        With that hash.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> sizes = {"channels": 3, "height": 16, "width": 16, "widths": [8, 8]}
    >>> net = Backbone(Architecture("quick", sizes), Sight(16))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "photos.mw"
    ...     _ = write_backbone(path, net, BackboneCard("supervised", "photos", images=100))
    ...     again, card = read_backbone(path)
    >>> print(card, again.features)
    supervised on 100 images of photos, 0.0 epochs in 0 s 8
    """
    state = backbone.body.state_dict()
    arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in state.items()}
    weights = pack_tensors(arrays)
    told = replace(card, weights=digest(weights))
    about = {
        "architecture": backbone.architecture.to_json(),
        "sight": backbone.sight.to_json(),
        "card": told.to_json(),
    }
    entries = {_ABOUT: json.dumps(about, indent=1).encode(), _WEIGHTS: weights}
    write_archive(path, entries, writer=__version__)
    return told


def read_backbone(path: str | Path) -> tuple[Backbone, BackboneCard]:
    """Read a backbone, trusting nothing of its file.

    Parameters
    ----------
    path : path
        A file of `write_backbone`; a model of images that `fit` made, whose net is taken; or a
        safetensors file of a ResNet, EfficientNet or Vision Transformer with the names of timm.

    Returns
    -------
    tuple of Backbone and BackboneCard
        In evaluation mode.

    Raises
    ------
    ModelFileError
        When the file is none of these, is damaged, or holds weights of another architecture than
        it says: the first mismatch is named.
    """
    path = Path(path)
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise ModelFileError(f"a backbone at {path}", got, _CURE)
    with path.open("rb") as file:
        first = file.read(_GLANCED)
    if not first.startswith(b"PK"):
        return _published(path)
    if b"/data.pkl" in first:  # a zip of torch.save
        raise ModelFileError(
            "a backbone without pickles",
            f"{path.name}, which holds them: opening it would run whatever is in it",
            "take the .safetensors file beside it, or convert it where you trust it",
        )
    entries = read_archive(path)
    try:
        if _ABOUT in entries:
            return _own(entries, path.name)
        if "model.json" in entries:
            return _fitted(entries, path.name)
    except ModelFileError:
        raise
    except (*_UNSOUND, UserError) as error:
        got = f"{type(error).__name__}: {error} in {path.name}"[:160]
        raise ModelFileError("the parts of a backbone", got, _CURE) from error
    raise ModelFileError(f"a backbone at {path}", "a model file of another kind", _CURE)


def _own(entries: Mapping[str, bytes], name: str) -> tuple[Backbone, BackboneCard]:
    about = json.loads(entries[_ABOUT])
    card = BackboneCard.from_json(about["card"])
    if card.weights != digest(entries[_WEIGHTS]):
        raise ModelFileError("the weights that the card names", f"others in {name}", _CURE)
    arrays, _ = unpack_tensors(entries[_WEIGHTS])
    architecture = Architecture.from_json(about["architecture"])
    sight = Sight.from_json(about["sight"])
    return Backbone.restored(architecture, sight, _tensors(arrays), name), card


def _fitted(entries: Mapping[str, bytes], name: str) -> tuple[Backbone, BackboneCard]:
    """Take the net of a model of images."""
    head = json.loads(entries["model.json"])
    parts = [part for member in head["members"] for part in member["parts"]]
    part = parts[0]
    if len(parts) > 1 or part["kind"] not in ("pictures", "transferred"):
        raise ModelFileError("a model of images", f"a model of another kind in {name}", _CURE)
    below = {n.removeprefix("parts/0/"): d for n, d in entries.items() if n.startswith("parts/0/")}
    state = unpack_state(below)
    arrays, _ = unpack_tensors(state.blobs["weights"])
    if part["kind"] == "pictures":
        form = dict(state.config["form"])
        form.pop("classes")
        architecture = Architecture("quick", form)
        sight = Sight(max(int(form["height"]), int(form["width"])))
    else:
        architecture = Architecture.from_json(state.config["architecture"])
        sight = Sight.from_json(state.config["sight"])
        start = "backbone.body."
        arrays = {n.removeprefix(start): a for n, a in arrays.items() if n.startswith(start)}
    card, classes = head["card"], len(head["task"]["classes"])
    score = None if card["score"] is None else float(card["score"])
    told = BackboneCard(
        "fit", name, str(card["data"]), int(card["rows"]), classes, score=score,
        weights=digest(state.blobs["weights"]), created=str(card["created"]),
        version=str(card["version"]), seed=_seed(entries),
    )  # fmt: skip
    return Backbone.restored(architecture, sight, _tensors(arrays), name), told


def _seed(entries: Mapping[str, bytes]) -> int | None:
    """Give the seed of a fit, as its evidence has it."""
    known = json.loads(entries.get("evidence/config.json", b"{}"))
    seed = known.get("asked", {}).get("seed")
    return seed if isinstance(seed, int) else None


def _published(path: Path) -> tuple[Backbone, BackboneCard]:
    """Read weights that timm, or anybody by its names, has written."""
    header = read_header(path)
    shapes = {name: entry.shape for name, entry in header.entries.items()}
    architecture = architecture_of(shapes, path.name)
    mean, spread = _HALF if architecture.family == "vit" else _IMAGENET
    if architecture.channels != 3:
        mean, spread = _HALF
    side = int(architecture.sizes.get("size", _USUAL_SIDE))
    if architecture.sizes.get("stem") == "cifar":
        side = 32
    note = (
        "pixels are brought to the mean and spread that timm uses for this family: "
        "the file does not say its own"
    )
    weights = {name: value.float() for name, value in read_weights(path).items()}
    backbone = Backbone.restored(architecture, Sight(side, mean, spread), weights, path.name)
    with path.open("rb") as file:
        told = hashlib.file_digest(file, "sha256").hexdigest()
    return backbone, BackboneCard("unknown", path.name, weights=told, notes=(note,))


def _tensors(arrays: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
