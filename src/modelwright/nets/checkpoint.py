"""Weights of a net in a file: ours, or published ones that timm has written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import ModelFileError, OptionError
from modelwright.nets.library import nn, torch
from modelwright.nets.vit import VisionTransformer, resize_positions
from modelwright.store.tensors import BFLOAT16, read_header, read_tensors, write_tensors

__all__ = [
    "Loaded",
    "check_weights",
    "load_weights",
    "read_weights",
    "recognise",
    "save_weights",
    "take_weights",
    "write_weights",
]

_COUNTER = "num_batches_tracked"
"""Batches that batch norm has seen: older files lack it, and nothing depends on it."""

_Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Loaded:
    """What came out of a file.

    Parameters
    ----------
    names : tuple of str
        Weights that were taken from it.
    fresh : tuple of str
        Weights that stayed as they were: those of the head, if it was to be learned anew.
    resized : tuple of str
        Learned positions that were interpolated for images of another size.
    metadata : mapping of str to str
        Whatever the writer added.
    """

    names: tuple[str, ...]
    fresh: tuple[str, ...]
    resized: tuple[str, ...]
    metadata: Mapping[str, str]


def save_weights(net: nn.Module, path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write the weights and statistics of a net.

    Parameters
    ----------
    net : nn.Module
        Any.
    path : pathlib.Path
        Usually ends in ``.safetensors``.
    metadata : mapping of str to str, optional
        Goes into the header.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.
    """
    write_weights(path, net.state_dict(), metadata)


def write_weights(
    path: Path, weights: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors to a safetensors file, whole or not at all; equal ones give equal bytes.

    Parameters
    ----------
    path : pathlib.Path
        Usually ends in ``.safetensors``.
    weights : mapping of str to Tensor
        On any device.
    metadata : mapping of str to str, optional
        Goes into the header.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.safetensors"
    ...     write_weights(path, {"a": torch.ones(2)}, {"made by": "hand"})
    ...     read_weights(path)["a"].tolist(), dict(read_header(path).metadata)
    ([1.0, 1.0], {'made by': 'hand'})
    """
    short = [name for name, tensor in weights.items() if tensor.dtype == torch.bfloat16]
    write_tensors(path, {name: _bits(weights[name]) for name in weights}, metadata, short)


def read_weights(path: Path, names: Iterable[str] | None = None) -> dict[str, torch.Tensor]:
    """Read tensors of a safetensors file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    names : iterable of str, optional
        Which; by default all.

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    ModelFileError
        When the file is unsound, or a name is not in it.
    """
    entries = read_header(path).entries
    arrays, _ = read_tensors(path, names)
    return {
        name: _tensor(array, short=entries[name].kind == BFLOAT16) for name, array in arrays.items()
    }


def _bits(tensor: torch.Tensor) -> NDArray[Any]:
    """Give a tensor as an array; NumPy has no bfloat16, only its bits."""
    plain = tensor.detach().cpu().contiguous()
    if plain.dtype != torch.bfloat16:
        array: NDArray[Any] = plain.numpy()
        return array
    return plain.view(torch.int16).numpy().view(np.uint16)


def _tensor(array: NDArray[Any], *, short: bool) -> torch.Tensor:
    return (
        torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
        if short
        else torch.from_numpy(array)
    )


def load_weights(net: nn.Module, path: Path, *, head: str = "keep") -> Loaded:
    """Take the weights of a file into a net of the same architecture.

    All names and shapes are compared before anything is read; when they differ, the net stays as it
    was and the error names the first difference, in the order of the net. Learned positions of a
    Vision Transformer for images of another size are interpolated.

    Parameters
    ----------
    net : nn.Module
        Changed in place.
    path : pathlib.Path
        A safetensors file; perhaps from a stranger. Files of pickles (.pth, .bin) are refused.
    head : str
        ``"keep"``: the last layer comes from the file too. ``"fresh"``: it stays as it is, for
        other classes; the net's class says by `head_name` which layer that is.

    Returns
    -------
    Loaded

    Raises
    ------
    ModelFileError
        When the file is unsound, of another architecture, or holds what is no number.
    OptionError
        When `head` is neither, or the net does not say which layer its head is.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.nets.cnn import cnn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "digits.safetensors"
    ...     save_weights(cnn(classes=10), path)
    ...     load_weights(cnn(classes=3), path, head="fresh").fresh
    ('head.weight', 'head.bias')
    """
    header = read_header(path)
    shapes = {name: entry.shape for name, entry in header.entries.items()}
    names, left, resized = _fill(
        net, shapes, lambda wanted: read_weights(path, wanted), path.name, head
    )
    return Loaded(names, left, resized, header.metadata)


def take_weights(
    net: nn.Module, weights: Mapping[str, torch.Tensor], where: str, *, head: str = "keep"
) -> Loaded:
    """Take weights that are in memory into a net of the same architecture; see `load_weights`.

    Parameters
    ----------
    net : nn.Module
        Changed in place.
    weights : mapping of str to Tensor
        By the names of the net.
    where : str
        What the error calls them.
    head : str
        As in `load_weights`, whose errors it raises.
    """
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    found = _fill(net, shapes, lambda names: {n: weights[n] for n in names}, where, head)
    return Loaded(*found, {})


def check_weights(net: nn.Module, shapes: _Shapes, where: str, *, head: str = "fresh") -> None:
    """Compare names and shapes with those of a net, which may be on the device meta.

    Parameters
    ----------
    net : nn.Module
        Left as it is.
    shapes : mapping of str to tuple of int
        Of each tensor of a file.
    where, head : str
        As in `take_weights`.

    Raises
    ------
    ModelFileError
        At the first name or shape that differs.
    """
    wanted = net.state_dict()
    left = _head_names(net, wanted) if head == "fresh" else ()
    _compare(where, shapes, wanted, {*left, *_resizable(net, wanted, shapes)})


def _fill(
    net: nn.Module,
    shapes: _Shapes,
    read: Callable[[list[str]], dict[str, torch.Tensor]],
    where: str,
    head: str,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Compare, read, check and copy; gives what was taken, left, and resized."""
    wanted = net.state_dict()
    left = _head_names(net, wanted) if head == "fresh" else ()
    if head not in ("keep", "fresh"):
        raise OptionError("the head 'keep' or 'fresh'", repr(head))
    resized = _resizable(net, wanted, shapes)
    _compare(where, shapes, wanted, {*left, *resized})
    names = [name for name in wanted if name in shapes and name not in left]
    taken = read(names)
    for name in resized:
        assert isinstance(net, VisionTransformer)  # _resizable gives names of these alone
        taken[name] = resize_positions(taken[name].float(), wanted[name].shape[1], net.tokens)
    for name, value in taken.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise ModelFileError("finite weights", f"others in {name!r} of {where}")
    with torch.no_grad():
        for name, value in taken.items():
            wanted[name].copy_(value)
    return tuple(names), tuple(left), tuple(resized)


def _head_names(net: nn.Module, wanted: Mapping[str, torch.Tensor]) -> tuple[str, ...]:
    head = getattr(net, "head_name", None)
    if not isinstance(head, str):
        raise OptionError("a net that says by head_name which layer is its head", repr(type(net)))
    return tuple(name for name in wanted if name.startswith(f"{head}."))


def _resizable(
    net: nn.Module, wanted: Mapping[str, torch.Tensor], shapes: _Shapes
) -> tuple[str, ...]:
    name = "pos_embed"
    if not isinstance(net, VisionTransformer) or name not in shapes:
        return ()
    told, own = shapes[name], tuple(wanted[name].shape)
    fits = len(told) == 3 and told[0] == 1 and told[2] == own[2]
    if not fits or told == own:
        return ()
    square = round(max(told[1] - net.tokens, 0) ** 0.5) ** 2 == told[1] - net.tokens
    return (name,) if square else ()


def _compare(
    where: str, shapes: _Shapes, wanted: Mapping[str, torch.Tensor], free: set[str]
) -> None:
    """Raise at the first name or shape that differs."""
    for name, value in wanted.items():
        if name in free or (name.endswith(_COUNTER) and name not in shapes):
            continue
        shape = tuple(value.shape)
        if name not in shapes:
            raise _other(where, shapes, f"a tensor {name!r} of shape {shape}", "none")
        if shapes[name] != shape:
            told = str(shapes[name])
            raise _other(where, shapes, f"the tensor {name!r} to be of shape {shape}", told)
    for name in shapes:
        if name not in wanted and not name.endswith(_COUNTER):
            raise _other(where, shapes, "no further tensor", repr(name))


def _other(where: str, shapes: _Shapes, expected: str, got: str) -> ModelFileError:
    looks = recognise(shapes)
    cure = f"the file looks like {looks}" if looks else "build the net that the file is of"
    if "head" in expected or "fc." in expected or "classifier" in expected:
        cure += "; for other classes load it with head='fresh'"
    return ModelFileError(expected, f"{got} in {where}", cure)


def recognise(shapes: _Shapes) -> str:
    """Say which architecture weights of these names and shapes belong to; empty when unknown.

    Examples
    --------
    >>> recognise({"conv1.weight": (64, 3, 7, 7), "layer1.0.conv1.weight": (64, 64, 3, 3),
    ...            "layer1.0.conv2.weight": (64, 64, 3, 3)})
    'a ResNet of 4 layers of weights, 64 channels wide'
    """
    shapes = {name: shape for name, shape in shapes.items() if shape}
    if "layer1.0.conv1.weight" in shapes and "conv1.weight" in shapes:
        inside = [name for name in shapes if re.fullmatch(r"layer\d+\.\d+\.conv\d\.weight", name)]
        wide = shapes["conv1.weight"][0]
        return f"a ResNet of {len(inside) + 2} layers of weights, {wide} channels wide"
    if "blocks.0.attn.qkv.weight" in shapes and "patch_embed.proj.weight" in shapes:
        deep = len([name for name in shapes if re.fullmatch(r"blocks\.\d+\.norm1\.weight", name)])
        wide, patch = (shapes["patch_embed.proj.weight"][i] for i in (0, -1))
        return f"a Vision Transformer of {deep} blocks, width {wide}, patches of {patch} pixels"
    if "conv_stem.weight" in shapes and "conv_head.weight" in shapes:
        deep = len({m[0] for name in shapes if (m := re.match(r"blocks\.\d+\.\d+\.", name))})
        return f"an EfficientNet of {deep} blocks, stem {shapes['conv_stem.weight'][0]} wide"
    return ""
