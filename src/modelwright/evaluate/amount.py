"""So many rows, or such a share of them."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError

__all__ = ["Amount"]


@dataclass(frozen=True)
class Amount:
    """A number of rows (by weight), or a share of all.

    Parameters
    ----------
    value : float
        Above zero; a share is at most 1.
    share : bool
        Whether it is a share.

    Raises
    ------
    OptionError
        When the value is out of range.

    Examples
    --------
    >>> Amount.read("10%"), Amount.read("10%").of(500), str(Amount.read("500"))
    (Amount(value=0.1, share=True), 50.0, '500')
    """

    value: float
    share: bool = False

    def __post_init__(self) -> None:
        most = 1.0 if self.share else float("inf")
        if not 0 < self.value <= most or self.value == float("inf"):
            expected = "a share of rows above 0% and up to 100%, or a number of rows above 0"
            raise OptionError(expected, str(self), "write 500, or 10%")

    @classmethod
    def read(cls, text: str) -> Amount:
        """Read ``500`` or ``10%``; raises `OptionError` when it is neither."""
        number = text.strip()
        share = number.endswith("%")
        try:
            value = float(number.removesuffix("%"))
        except ValueError:
            cure = "write 500, or 10%"
            raise OptionError("a number of rows, or a share", repr(text), cure) from None
        return cls(value / 100 if share else value, share)

    def of(self, rows: float) -> float:
        """Say how many rows that is of so many."""
        return self.value * rows if self.share else min(self.value, rows)

    def as_share(self, rows: float) -> Amount:
        """Give the same as a share of so many rows."""
        return self if self.share or rows <= 0 else Amount(min(self.value / rows, 1.0), True)

    def __str__(self) -> str:
        return f"{self.value * 100:.12g}%" if self.share else f"{self.value:.12g}"
