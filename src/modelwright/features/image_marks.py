"""A short mark of each image, by what it shows and not by where it is."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

__all__ = ["marks_of"]

# Of a large image so many bytes count, from all over it.
_BYTES = 4_096


def marks_of(pixels: NDArray[np.uint8]) -> list[str]:
    """Hash images: equal ones have equal marks, in every process and version.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (n, channels, height, width)
        Brought to one form.

    Returns
    -------
    list of str
        Of 16 letters each.

    Examples
    --------
    >>> images = np.arange(32, dtype=np.uint8).reshape(2, 1, 4, 4)
    >>> one, other, again = marks_of(images[[0, 1, 0]])
    >>> one == again, one == other
    (True, False)
    """
    flat = pixels.reshape(len(pixels), -1)
    some = flat[:, :: -(-flat.shape[1] // _BYTES)]
    rows = (np.ascontiguousarray(row).tobytes() for row in some)
    return [blake2b(row, digest_size=8).hexdigest() for row in rows]
