"""Little folders of images that tests make."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw", "save", "write_classes", "zipped"]


def draw(kind: int, seed: int, side: int = 12) -> NDArray[np.uint8]:
    """Draw a bright bar, upright or lying, in noise."""
    rng = np.random.default_rng((kind, seed))
    image = rng.integers(0, 90, (side, side)).astype(np.uint8)
    place = int(rng.integers(2, side - 3))
    if kind:
        image[:, place : place + 2] = 230
    else:
        image[place : place + 2] = 230
    return image


def save(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a PNG file, and the folders above it."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def write_classes(folder: Path, counts: dict[str, int], side: int = 12) -> Path:
    """Write images of the classes lying and upright into the parts of a folder."""
    for part, count in counts.items():
        for kind, name in enumerate(("lying", "upright")):
            for i in range(count):
                save(folder / part / name / f"{i:03}.png", draw(kind, hash_of(part) + i, side))
    return folder


def hash_of(part: str) -> int:
    """Give each part images of its own."""
    return {"train": 0, "val": 10_000, "test": 20_000, "": 30_000}.get(part, 40_000)


def zipped(folder: Path, path: Path) -> Path:
    """Put a folder into a zip."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder.parent))
    return path
