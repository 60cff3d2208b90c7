"""Where an image is, said without saying where somebody's files are."""

from __future__ import annotations

import re

__all__ = ["short_place"]


def short_place(place: str) -> str:
    r"""Keep the last folders of a place: the others say where somebody's files are.

    Examples
    --------
    >>> short_place("/home/ada/photos/train/cat/1.png")
    'train/cat/1.png'
    >>> short_place(r"C:\Users\ada\photos.zip/train/cat/1.png")
    'train/cat/1.png'
    >>> short_place(r"C:\photos\train\cat\1.png")
    'train/cat/1.png'
    """
    return "/".join(re.split(r"[/\\]", place)[-3:])
