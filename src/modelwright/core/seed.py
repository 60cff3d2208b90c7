"""Randomness as a function of what is done, never of the order in which it is done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

__all__ = ["Seed"]


@dataclass(frozen=True)
class Seed:
    """A root seed from which every other seed is derived by name.

    Two workers that fit the same fold of the same trial draw the same numbers, whichever of
    them comes first.

    Parameters
    ----------
    root : int
        The user's seed.

    Examples
    --------
    >>> Seed(0).derive("trial", 3, "fold", 1) == Seed(0).derive("trial", 3, "fold", 1)
    True
    >>> Seed(0).derive("trial", 3) == Seed(1).derive("trial", 3)
    False
    """

    root: int = 0

    def derive(self, *what: str | int) -> int:
        """Give the seed of one thing that is done.

        Parameters
        ----------
        *what : str or int
            The path of the thing: ``derive("trial", 3, "fold", 1)``.

        Returns
        -------
        int
            A number in ``[0, 2**31)``, which every library here accepts.
        """
        text = repr((self.root, what)).encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") % 2**31
