from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from modelwright.core.task import Target, Task, TaskKind
from modelwright.features.images import ImageForm
from modelwright.plan.images.mirror import (
    Knowledge,
    ask_gradients,
    compare,
    decide,
    shows_the_same,
)
from modelwright.plan.images.rows import PictureRows


def striped(count: int, angles: list[float], seed: int, side: int = 24) -> PictureRows:
    """Draw coloured stripes in noise, a direction for each class."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:side, :side]
    codes = rng.integers(0, len(angles), count)
    turn = rng.normal(np.array(angles)[codes], 0.1)[:, None, None]
    wave = rng.uniform(0.5, 1.3, (count, 1, 1)) * (across * np.cos(turn) + down * np.sin(turn))
    grey = 40 * np.sin(wave + rng.uniform(0, 6, (count, 1, 1)))[:, None]
    pixels = 120 + grey * rng.uniform(0.5, 1, (count, 3, 1, 1))
    pixels = pixels + rng.normal(0, 40, pixels.shape)
    return rows_of(np.clip(pixels, 0, 255).astype(np.uint8), codes)


def rows_of(pixels: NDArray[np.uint8], codes: NDArray[np.int64]) -> PictureRows:
    count, channels, height, width = pixels.shape
    classes = tuple(f"c{i}" for i in range(codes.max() + 1))
    held = count // 5
    return PictureRows(
        task=Task(TaskKind.MULTICLASS, "class", "accuracy", classes),
        form=ImageForm(channels, height, width),
        names=tuple(f"{i}.png" for i in range(count)),
        pixels=pixels,
        y=Target(codes, len(classes)),
        train=np.arange(held, count),
        valid=np.arange(held),
        test=np.arange(0),
        plan="",
        digest="",
    )


@pytest.mark.parametrize("seed", range(3))
def test_diagonals_are_not_their_mirror_images(seed: int) -> None:
    found = ask_gradients(striped(240, [np.pi / 4, 3 * np.pi / 4], seed), seed)
    assert found.plain > 0.9
    assert found.turned < 0.2
    assert shows_the_same([found]) is False


@pytest.mark.parametrize("seed", range(3))
def test_some_classes_that_are_not_are_enough(seed: int) -> None:
    found = ask_gradients(striped(300, [0, np.pi / 4, np.pi / 2, 3 * np.pi / 4], seed), seed)
    assert shows_the_same([found]) is False


@pytest.mark.parametrize("seed", range(3))
def test_upright_and_lying_stripes_are(seed: int) -> None:
    found = ask_gradients(striped(240, [0, np.pi / 2], seed), seed)
    assert found.plain > 0.9
    assert shows_the_same([found]) is True


@pytest.mark.parametrize("seed", range(3))
def test_copies_do_not_speak_against_mirror_images(seed: int) -> None:
    rows = striped(120, [0, np.pi / 2], seed)
    twice = np.arange(240) % 120
    doubled = rows_of(rows.pixels[twice], rows.y.values[twice])
    assert ask_gradients(doubled, seed) == ask_gradients(rows, seed)


def test_nobody_knows_anything_of_noise() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (200, 1, 12, 12)).astype(np.uint8)
    found = ask_gradients(rows_of(pixels, rng.integers(0, 2, 200)), 0)
    assert shows_the_same([found]) is None


@pytest.mark.filterwarnings("error")
def test_nobody_knows_anything_of_images_that_are_all_the_same() -> None:
    pixels = np.full((40, 3, 12, 12), 90, np.uint8)
    found = ask_gradients(rows_of(pixels, np.arange(40) % 2), 0)
    assert shows_the_same([found]) is None


def test_what_is_said_of_a_row_was_not_learned_from_it() -> None:
    from sklearn.linear_model import Ridge

    from modelwright.plan.images import mirror as picture_mirror

    rng = np.random.default_rng(0)
    x, other, codes = rng.normal(size=(30, 5)), rng.normal(size=(30, 5)), rng.integers(0, 3, 30)
    wanted = np.eye(3)[codes]
    said = picture_mirror._left_out(x, other, wanted)
    mean, values = wanted.mean(axis=0), np.linalg.eigvalsh(x.T @ x)
    best = None
    for penalty in picture_mirror._PENALTIES:
        plain, turned = np.empty((30, 3)), np.empty((30, 3))
        for row in range(30):
            kept = np.arange(30) != row
            model = Ridge(penalty * values.mean(), fit_intercept=False)
            model.fit(x[kept], (wanted - mean)[kept])
            plain[row], turned[row] = model.predict(np.stack([x[row], other[row]])) + mean
        loss = ((plain - wanted) ** 2).mean()
        if best is None or loss < best[0]:
            best = loss, plain, turned
    assert best is not None
    np.testing.assert_allclose(said[0], best[1], atol=1e-10)
    np.testing.assert_allclose(said[1], best[2], atol=1e-10)


def test_one_who_knows_better_is_enough() -> None:
    codes = np.arange(300) % 3
    right = codes == codes
    yes, no = compare(right, right, codes), compare(right, codes == 0, codes)
    guess = Knowledge(0.35, 0.2, 0.34, 0.02, 300)
    assert shows_the_same([yes, guess]) is True
    assert shows_the_same([yes, no]) is False
    assert shows_the_same([guess]) is None


YES, NO = Knowledge(0.9, 0.9, 0.5, 0.02, 300), Knowledge(0.9, 0.2, 0.5, 0.02, 300)
GUESS = Knowledge(0.5, 0.5, 0.5, 0.02, 300)


def test_a_net_that_knows_they_differ_is_believed() -> None:
    found = decide(striped(240, [0, np.pi / 2], 0), NO, 0)
    assert (found.same, found.asked, found.notes) == (False, (NO,), ())


@pytest.mark.parametrize("net", [YES, GUESS])
def test_a_net_that_does_not_is_not_alone(net: Knowledge) -> None:
    found = decide(striped(240, [np.pi / 4, 3 * np.pi / 4], 0), net, 0)
    assert (found.same, len(found.asked), found.notes) == (False, 2, ())
    assert found.to_json()[0]["plain"] == net.plain


@pytest.mark.parametrize("channels", [1, 3])
def test_where_nobody_knows_anything_colour_decides_and_the_user_is_told(channels: int) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (200, channels, 12, 12)).astype(np.uint8)
    found = decide(rows_of(pixels, rng.integers(0, 2, 200)), GUESS, 0)
    assert found.same == (channels == 3)
    assert [note.startswith("nothing is known yet of mirror images") for note in found.notes] == (
        [True] * (channels == 3)
    )
