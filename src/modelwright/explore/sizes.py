"""How much is kept of a table while it passes by: bounds that do not grow with its rows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Sizes"]

_ROWS = 20_000
_CELLS = 2_000_000
_FEWEST = 1_000
_BATCH_CELLS = 6_000_000


@dataclass(frozen=True)
class Sizes:
    """What is kept.

    Parameters
    ----------
    sample : int
        Rows of the uniform sample.
    quantiles : int
        Values of a level of each quantile sketch.
    distinct : int
        Hashes of each column.
    frequent : int
        Values of each column that are counted.
    batch : int
        Rows that are looked at at once.
    """

    sample: int
    quantiles: int
    distinct: int
    frequent: int
    batch: int

    @classmethod
    def of_width(cls, columns: int) -> Sizes:
        """Choose for a table of so many columns.

        Examples
        --------
        >>> Sizes.of_width(20).sample, Sizes.of_width(2000).sample
        (20000, 1000)
        """
        wide = columns > 200
        return cls(
            sample=min(max(_CELLS // max(columns, 1), _FEWEST), _ROWS),
            quantiles=2_048 if wide else 16_384,
            distinct=4_096 if wide else 16_384,
            frequent=300 if wide else 1_000,
            batch=min(max(_BATCH_CELLS // max(columns, 1), 1_000), 262_144),
        )
