"""The evidence of a fit: who took part, how well, and what was noticed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

__all__ = ["Card", "Leaderboard", "Standing", "brief"]

_LONGEST = 44


def brief(metric: str) -> str:
    """Leave out the parameters of a metric that would fill a line.

    Examples
    --------
    >>> brief("cost(fp=1, fn=20)"), brief("cost(matrix=0 1 1 1 1; 2 0 1 1 1; 2 2 0 1 1)")
    ('cost(fp=1, fn=20)', 'cost(...)')
    """
    return metric if len(metric) <= _LONGEST else f"{metric.partition('(')[0][:_LONGEST]}(...)"


@dataclass(frozen=True)
class Standing:
    """One line of the leaderboard.

    Parameters
    ----------
    name : str
        The trial, such as ``"lightgbm-2"``, or ``"ensemble"``.
    score : float
        The out-of-fold score in the task's metric.
    weight : float
        Its share of the ensemble; 0 when it is not a member.
    seconds : float
        Time spent fitting, summed over folds.
    low, high : float, optional
        Between them lies the score with a confidence of 95 %; None when that is not known.
    """

    name: str
    score: float
    weight: float
    seconds: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Leaderboard:
    """Trials from best to worst, by out-of-fold score.

    Parameters
    ----------
    metric : str
        The metric that decides.
    standings : tuple of Standing
        Best first.

    Examples
    --------
    >>> print(Leaderboard("rmse", (Standing("linear", 2.5, 1.0, 0.1),)))
    name    rmse  weight  seconds
    linear   2.5    1.00      0.1
    """

    metric: str
    standings: tuple[Standing, ...]

    @property
    def head(self) -> str:
        """The metric, without parameters that would fill a line."""
        return brief(self.metric)

    def __iter__(self) -> Iterator[Standing]:
        return iter(self.standings)

    def __len__(self) -> int:
        return len(self.standings)

    def _cells(self) -> list[tuple[str, str, str, str]]:
        head = ("name", self.head, "weight", "seconds")
        body = [
            (s.name, f"{s.score + 0.0:.5g}", f"{s.weight:.2f}", f"{s.seconds:.1f}") for s in self
        ]
        return [head, *body]

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(len(row[i]) for row in cells) for i in range(4)]
        return "\n".join(
            "  ".join(
                text.ljust(width) if i == 0 else text.rjust(width)
                for i, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        )

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        rows = ["".join(f"<th>{escape(text)}</th>" for text in head)]
        rows += ["".join(f"<td>{escape(text)}</td>" for text in row) for row in body]
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"

    def to_json(self) -> dict[str, Any]:
        """Give the leaderboard as plain JSON."""
        return {"metric": self.metric, "standings": [asdict(s) for s in self.standings]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Leaderboard:
        """Read a leaderboard from what `to_json` gave."""
        return cls(str(data["metric"]), tuple(_standing(item) for item in data["standings"]))


def _standing(item: Mapping[str, Any]) -> Standing:
    low, high = item.get("low"), item.get("high")
    return Standing(
        str(item["name"]),
        float(item["score"]),
        float(item["weight"]),
        float(item["seconds"]),
        None if low is None else float(low),
        None if high is None else float(high),
    )


@dataclass(frozen=True)
class Card:
    """What a model says of itself: where it comes from and how far to trust it.

    Parameters
    ----------
    version : str
        The modelwright that made it.
    created : str
        When, in ISO 8601, UTC.
    run : str
        The run that it belongs to.
    rows : int
        How many rows it learned from.
    data : str
        The fingerprint of those rows.
    plan : str
        How it was validated, in one sentence.
    score : float, optional
        The out-of-fold score in the task's metric; None when it has not been validated yet.
    leaderboard : Leaderboard
        Every trial.
    notes : tuple of str
        What the user should know.
    decision : str
        How probabilities become the answer, in words; empty for the most probable class.
    """

    version: str
    created: str
    run: str
    rows: int
    data: str
    plan: str
    score: float | None
    leaderboard: Leaderboard
    notes: tuple[str, ...] = ()
    decision: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give the card as plain JSON."""
        return {**asdict(self), "leaderboard": self.leaderboard.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Card:
        """Read a card from what `to_json` gave."""
        return cls(
            version=str(data["version"]),
            created=str(data["created"]),
            run=str(data["run"]),
            rows=int(data["rows"]),
            data=str(data["data"]),
            plan=str(data["plan"]),
            score=None if data["score"] is None else float(data["score"]),
            leaderboard=Leaderboard.from_json(data["leaderboard"]),
            notes=tuple(str(note) for note in data["notes"]),
            decision=str(data.get("decision", "")),
        )
