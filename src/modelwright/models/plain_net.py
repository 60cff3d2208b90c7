"""The arrays of a net, and what they say: the forward pass in NumPy.

A net may have members: perceptrons that share most weights, with factors of their own (TabM). One
member without factors is a plain perceptron (RealMLP).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.protocols import State
from modelwright.models.unpack import array, integer, unsound

__all__ = ["PlainNet"]

Floats = NDArray[np.float32]

_EMBEDDINGS: Mapping[str, Mapping[str, int]] = {
    "none": {},
    "periodic": {"frequency": 2, "phase": 2, "mix": 3, "offset": 2},
    "piecewise": {"left": 2, "width": 2, "mix": 3, "offset": 2, "slope": 2},
}
"""The arrays of each kind of embedding of numbers, with their dimensions."""

_CELLS = 1 << 20
"""Numbers that one step of the forward pass may hold for each column: rows come in chunks."""

_MOST_LAYERS = 64


@dataclass(frozen=True)
class PlainNet:
    """A net as arrays.

    Parameters
    ----------
    activation : str
        ``"relu"``, ``"selu"`` or ``"mish"``.
    embedding : str
        Of numbers: ``"none"``, ``"periodic"`` or ``"piecewise"``.
    numbers : int
        How many of the dense columns are numbers.
    layers : int
        Hidden layers.
    arrays : mapping of str to ndarray of float32
        ``weight_i`` (1, inputs, outputs), ``bias_i`` (1 or members, outputs), of the last layer
        ``weight_last`` and ``bias_last`` with a first dimension of members; of learned activations
        ``strength_i`` (outputs,); of members ``members`` (members, inputs), ``into_i`` and
        ``out_of_i``; of category vectors ``table`` (rows, width); and those of the embedding.

    Examples
    --------
    >>> one = np.ones((1, 1, 1), np.float32)
    >>> arrays = {"weight_last": 3 * one, "bias_last": one[0]}
    >>> net = PlainNet("relu", "none", numbers=1, layers=0, arrays=arrays)
    >>> net(np.array([[2.0]], np.float32), np.empty((1, 0), np.int64)).tolist()
    [[[7.0]]]
    """

    activation: str
    embedding: str
    numbers: int
    layers: int
    arrays: Mapping[str, Floats]

    @property
    def outputs(self) -> int:
        """Raw scores a member."""
        return int(self.arrays["bias_last"].shape[1])

    @property
    def members(self) -> int:
        """How many perceptrons it holds."""
        return len(self.arrays["weight_last"])

    def __call__(self, dense: Floats, codes: NDArray[np.int64]) -> Floats:
        """Give raw scores of shape (n_rows, members, outputs), in float32."""
        out = np.empty((len(dense), self.members, self.outputs), np.float32)
        widest = max(array.shape[-1] for array in self.arrays.values())
        step = max(_CELLS // max(widest, dense.shape[1] * self._each(), 1), 16)
        for start in range(0, len(out), step):
            rows = slice(start, start + step)
            self._fill(self._front(dense[rows], codes[rows]), out[rows])
        return out

    def _each(self) -> int:
        """How many numbers the embedding makes of one on the way."""
        return int(self.arrays["mix"].shape[1]) if self.embedding != "none" else 1

    def _front(self, dense: Floats, codes: NDArray[np.int64]) -> Floats:
        parts = [dense]
        if self.embedding != "none":
            numbers = np.ascontiguousarray(dense[:, : self.numbers].T)
            parts = [self._embedded(numbers), dense[:, self.numbers :]]
        if "table" in self.arrays:
            parts.append(self.arrays["table"][codes].reshape(len(codes), -1))
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def _embedded(self, x: Floats) -> Floats:
        """Embed numbers given as (numbers, n_rows): (n_rows, numbers * width)."""
        a = self.arrays
        if self.embedding == "periodic":
            angle = x[:, :, None] * (np.float32(2 * np.pi) * a["frequency"])[:, None, :]
            angle += a["phase"][:, None, :]
            mixed = np.matmul(np.cos(angle, out=angle), a["mix"]) + a["offset"][:, None, :]
            both = np.concatenate([x[:, :, None], mixed], axis=2)
        else:
            through = (x[:, :, None] - a["left"][:, None, :]) / a["width"][:, None, :]
            both = np.matmul(np.clip(through, 0.0, 1.0, out=through), a["mix"])
            both += x[:, :, None] * a["slope"][:, None, :] + a["offset"][:, None, :]
        wide: Floats = both.transpose(1, 0, 2).reshape(x.shape[1], -1)
        return wide

    def _fill(self, front: Floats, out: Floats) -> None:
        a = self.arrays
        for k in range(self.members):
            x = front * a["members"][k] if "members" in a else front
            for i in range(self.layers):
                if f"into_{i}" in a:
                    x = x * a[f"into_{i}"][k]
                x = x @ a[f"weight_{i}"][0]
                if f"out_of_{i}" in a:
                    x *= a[f"out_of_{i}"][k]
                bias = a[f"bias_{i}"]
                x += bias[k if len(bias) > 1 else 0]
                x = _bent(x, self.activation, a.get(f"strength_{i}"))
            np.matmul(x, a["weight_last"][k], out=out[:, k])
            out[:, k] += a["bias_last"][k]

    def export(self) -> State:
        """Give the part of a state that `of_state` reads."""
        config = {
            "activation": self.activation,
            "embedding": self.embedding,
            "numbers": self.numbers,
            "layers": self.layers,
        }
        return State(config, dict(self.arrays))

    @classmethod
    def of_state(cls, state: State, dense: int, columns: int, rows: int) -> PlainNet:
        """Read what `export` gave.

        Parameters
        ----------
        state : State
            Perhaps from a stranger.
        dense, columns, rows : int
            Dense columns, columns of codes and rows of vectors that it will be given.

        Raises
        ------
        ModelFileError
            When an array is absent or does not fit its neighbours.
        """
        activation, embedding = (str(state.config.get(n)) for n in ("activation", "embedding"))
        if activation not in ("relu", "selu", "mish") or embedding not in _EMBEDDINGS:
            raise unsound("a known activation and embedding", f"{activation!r} {embedding!r}"[:60])
        numbers = integer(state, "numbers", 0, dense)
        layers = integer(state, "layers", 0, _MOST_LAYERS)
        arrays = _read(state, embedding, layers)
        net = cls(activation, embedding, numbers, layers, arrays)
        width = dense - numbers + numbers * _embedding_width(arrays, embedding, numbers)
        if columns:
            table = array(state, "table", np.float32, 2)
            if len(table) != rows:
                raise unsound(f"{rows} vectors", f"{len(table)}")
            arrays["table"], width = table, width + columns * table.shape[1]
        _check_layers(net, width)
        return net


def _bent(x: Floats, activation: str, strength: Floats | None) -> Floats:
    """Apply an activation; may write into `x`."""
    if activation == "relu":
        bent = np.maximum(x, 0.0)
    elif activation == "selu":
        below = np.exp(np.minimum(x, 0.0))
        below -= 1.0
        below *= np.float32(1.0507009873554805 * 1.6732632423543772)
        bent = np.maximum(x, 0.0)
        bent *= np.float32(1.0507009873554805)
        bent += below
    else:  # x tanh(log(1 + e)) with e = exp x, as one fraction
        e = np.exp(np.minimum(x, 20.0))
        e *= e + 2.0
        bent = x * (e / (e + 2.0))
    if strength is None:
        return bent
    bent -= x
    bent *= strength
    bent += x
    return bent


def _read(state: State, embedding: str, layers: int) -> dict[str, Floats]:
    """Take the arrays that a net of this form may have."""
    wanted: dict[str, int] = dict(_EMBEDDINGS[embedding])
    for i in [*map(str, range(layers)), "last"]:
        wanted |= {f"weight_{i}": 3, f"bias_{i}": 2}
    for layer in range(layers):
        optional = {f"strength_{layer}": 1, f"into_{layer}": 2, f"out_of_{layer}": 2}
        wanted |= {name: ndim for name, ndim in optional.items() if name in state.arrays}
    if "members" in state.arrays:
        wanted["members"] = 2
    return {name: array(state, name, np.float32, ndim) for name, ndim in wanted.items()}


def _embedding_width(arrays: Mapping[str, Floats], embedding: str, numbers: int) -> int:
    """Check the arrays of an embedding; gives its outputs a number."""
    if embedding == "none":
        return 1
    inner, width = arrays["mix"].shape[1:]
    shapes: dict[str, tuple[int, ...]] = {"mix": (numbers, inner, width)}
    shapes["offset"] = (numbers, width)
    if embedding == "periodic":
        shapes |= {"frequency": (numbers, inner), "phase": (numbers, inner)}
        width += 1
    else:
        shapes |= {"left": (numbers, inner), "width": (numbers, inner), "slope": (numbers, width)}
        if (arrays["width"] <= 0).any():
            raise unsound("bins of some width", "others")
    _expect(arrays, shapes)
    return int(width)


def _check_layers(net: PlainNet, width: int) -> None:
    """Check that every layer takes what the one before it gives."""
    arrays, members = net.arrays, net.members
    if "members" in arrays:
        _expect(arrays, {"members": (members, width)})
    elif members != 1:
        raise unsound("factors of each member", "none")
    for i in range(net.layers):
        outputs = arrays[f"weight_{i}"].shape[2]
        shapes: dict[str, tuple[int, ...]] = {
            f"weight_{i}": (1, width, outputs),
            f"bias_{i}": (members if len(arrays[f"bias_{i}"]) > 1 else 1, outputs),
            f"strength_{i}": (outputs,),
            f"into_{i}": (members, width),
            f"out_of_{i}": (members, outputs),
        }
        _expect(arrays, shapes)
        width = outputs
    outputs = arrays["weight_last"].shape[2]
    _expect(arrays, {"weight_last": (members, width, outputs), "bias_last": (members, outputs)})


def _expect(arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in shapes.items():
        if name in arrays and arrays[name].shape != shape:
            raise unsound(f"an array {name!r} of shape {shape}", f"{arrays[name].shape}")
