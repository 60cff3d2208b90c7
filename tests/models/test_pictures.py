"""A net for images as a file holds it: the same answers, and nothing larger than the file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import ModelFileError
from modelwright.core.matrix import Matrix

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.models import pictures
from modelwright.models.pictures import FittedPictures
from modelwright.nets.quick import QuickForm, QuickNet


def fitted(widths: tuple[int, ...] = (8, 8, 8)) -> FittedPictures:
    form = QuickForm(1, 12, 12, 3, widths)
    weights = {name: value.numpy() for name, value in QuickNet(form).state_dict().items()}
    return FittedPictures(form.to_json(), weights=weights, prior=np.full(3, 1 / 3))


def test_what_is_restored_answers_the_same() -> None:
    net = fitted()
    pixels = np.random.default_rng(0).integers(0, 256, (5, 1, 12, 12), np.uint8)
    again = FittedPictures.restore(net.export())
    assert np.array_equal(again.probabilities(pixels), net.probabilities(pixels))


def test_only_images_whose_answer_is_not_settled_are_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = replace(fitted(), moved=True, mirrored=True)
    pixels = np.random.default_rng(1).integers(0, 256, (40, 1, 12, 12), np.uint8)
    still, every = (replace(net, moved=m).probabilities(pixels) for m in (False, True))
    odds = np.log(still) - np.log(still).max(axis=1, keepdims=True)
    gaps = -np.sort(odds, axis=1)[:, 1]
    sure = float(np.median(gaps))
    shown, usual = [], pictures._moved

    def watched(x: Any, by: int) -> Any:
        shown.append(len(x))
        return usual(x, by)

    monkeypatch.setattr(pictures, "_moved", watched)
    some = replace(net, sure=sure).probabilities(pixels)
    unsure = gaps < sure
    assert shown == [int(unsure.sum())] * 2
    assert 15 < unsure.sum() < 25
    np.testing.assert_allclose(some[unsure], every[unsure], atol=1e-6)
    np.testing.assert_allclose(some[~unsure], still[~unsure], atol=1e-6)
    assert np.abs(every - still).max() > 1e-4
    none = replace(net, sure=0.0).probabilities(pixels)
    np.testing.assert_allclose(none, still, atol=1e-6)


def test_files_of_before_ask_every_image_again() -> None:
    net = replace(fitted(), moved=True, sure=0.5)
    state = net.export()
    assert FittedPictures.restore(state).sure == 0.5
    old = {name: value for name, value in state.config.items() if name != "sure"}
    assert FittedPictures.restore(replace(state, config=old)).sure is None
    for strange in ("high", float("nan"), True):
        with pytest.raises(ModelFileError):
            FittedPictures.restore(replace(state, config={**old, "sure": strange}))


def test_a_form_larger_than_its_file_is_refused_before_memory_is_taken() -> None:
    state = fitted().export()
    huge = {**state.config["form"], "widths": [8_192] * 4}
    with pytest.raises(ModelFileError):
        FittedPictures.restore(replace(state, config={**state.config, "form": huge}))


def test_weights_of_other_numbers_are_refused() -> None:
    net = fitted()
    for kind in (np.float64, np.int32):
        weights = {**net.weights, "head.weight": net.weights["head.weight"].astype(kind)}
        with pytest.raises(ModelFileError):
            FittedPictures.restore(replace(net, weights=weights).export())


def test_weights_that_are_no_numbers_are_refused() -> None:
    net = fitted()
    spoilt = {**net.weights, "head.weight": np.full_like(net.weights["head.weight"], np.nan)}
    with pytest.raises(ModelFileError, match="no numbers"):
        FittedPictures.restore(replace(net, weights=spoilt).export())


def test_an_infinite_size_is_refused() -> None:
    state = fitted().export()
    form = {**state.config["form"], "height": float("inf")}
    with pytest.raises(ModelFileError):
        FittedPictures.restore(replace(state, config={**state.config, "form": form}))


def test_pixels_of_other_images_are_refused() -> None:
    X = Matrix.of_numbers(np.zeros((1, 10), np.float32), [f"image: {i}" for i in range(10)])
    with pytest.raises(ModelFileError, match="12 x 12"):
        fitted().predict(X)
