"""A backbone with a head as a fitted model: to the bit and back, and refused when altered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import ModelFileError  # noqa: E402
from modelwright.core.matrix import Matrix  # noqa: E402
from modelwright.core.protocols import State  # noqa: E402
from modelwright.models import restore_fitted  # noqa: E402
from modelwright.models.registry import fitted_name  # noqa: E402
from modelwright.models.transferred import FittedTransferred  # noqa: E402
from modelwright.nets.backbone import Architecture, Backbone, Headed, Sight  # noqa: E402
from modelwright.nets.library import reproducible  # noqa: E402

SIZES = {"depth": 8, "width": 4, "stem": "cifar", "channels": 3}


def fitted(*, mirrored: bool = False) -> FittedTransferred:
    with reproducible(0):
        net = Headed(Backbone(Architecture("resnet", SIZES), Sight(8, (120.0,), (60.0,))), 3)
    state = {name: value.numpy() for name, value in net.state_dict().items()}
    told = net.backbone.architecture.to_json(), net.backbone.sight.to_json()
    return FittedTransferred(
        *told, (3, 10, 12), weights=state, prior=np.array([0.5, 0.3, 0.2]), mirrored=mirrored
    )


def pixels(count: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 3, 10, 12)).astype(np.uint8)


def test_it_comes_back_to_the_bit() -> None:
    model = fitted(mirrored=True)
    assert fitted_name(model) == "transferred"
    again = restore_fitted("transferred", model.export())
    assert np.array_equal(again.probabilities(pixels()), model.probabilities(pixels()))
    assert np.allclose(model.probabilities(pixels()).sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(again.at(1).predict(rows()), model.predict(rows()))


def rows() -> Matrix:
    numbers = pixels().reshape(5, -1).astype(np.float32)
    numbers[2] = np.nan
    return Matrix.of_numbers(numbers, tuple(f"p{i}" for i in range(numbers.shape[1])))


def test_what_is_no_image_gets_the_shares_of_the_classes() -> None:
    model = fitted()
    found = model.predict(rows())
    assert found[2].tolist() == pytest.approx([0.5, 0.3, 0.2])
    others = [0, 1, 3, 4]
    assert np.array_equal(found[others], model.probabilities(pixels()[others]))


def test_mirror_images_count_as_much() -> None:
    model = fitted(mirrored=True)
    turned = np.ascontiguousarray(pixels()[..., ::-1])
    assert np.allclose(model.probabilities(pixels()), model.probabilities(turned), atol=1e-6)
    plain = fitted()
    assert not np.allclose(plain.probabilities(pixels()), plain.probabilities(turned), atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [3, 10]},
        {"shape": [2, 10, 12]},
        {"shape": [3, 10, 10**7]},
        {"mirrored": 1},
        {"architecture": {"family": "resnet", "sizes": {**SIZES, "width": 8}}},
        {"architecture": {"family": "resnet", "sizes": {**SIZES, "width": 10**9}}},
        {"architecture": {"family": "alexnet", "sizes": {}}},
        {"architecture": None},
        {"sight": {"side": 0, "mean": [0], "spread": [1]}},
    ],
)
def test_an_altered_state_is_refused(change: dict[str, object]) -> None:
    state = fitted().export()
    with pytest.raises(ModelFileError):
        FittedTransferred.restore(State({**state.config, **change}, state.arrays, state.blobs))


def test_weights_that_are_no_numbers_or_of_other_classes_are_refused() -> None:
    model = fitted()
    spoilt = {**model.weights, "head.bias": np.array([0, np.nan, 0], np.float32)}
    with pytest.raises(ModelFileError, match="no numbers"):
        FittedTransferred.restore(replace(model, weights=spoilt).export())
    with pytest.raises(ModelFileError):
        FittedTransferred.restore(replace(model, prior=np.array([0.5, 0.5])).export())
    state = model.export()
    with pytest.raises(ModelFileError, match="weights"):
        FittedTransferred.restore(State(state.config, state.arrays, {}))


def test_saliency_is_where_the_answer_comes_from() -> None:
    model = fitted()
    heat = model.saliency(pixels(), np.array([0, 1, 2, 0, 1]))
    assert heat.shape == (5, 10, 12)
    assert heat.min() >= 0
    assert heat.max() == 1
    assert not np.allclose(heat[0], heat[0].mean()), "not the same everywhere"
    assert np.array_equal(model.saliency(pixels(), np.array([0, 1, 2, 0, 1])), heat)
