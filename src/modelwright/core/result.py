"""The evidence of a fit: who took part, how well, and what was noticed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from math import isfinite
from typing import Any

from modelwright.core.numerals import number
from modelwright.core.text_tables import lay_out

__all__ = ["Baseline", "Card", "Contrast", "FreshScore", "Leaderboard", "Standing", "brief"]

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
    raw : float, optional
        The score on rows that had a say in choosing, where `score` is without that luck: of the
        ensemble, whose members and weights were chosen by out-of-fold scores. None: there is one
        score only.
    """

    name: str
    score: float
    weight: float
    seconds: float
    low: float | None = None
    high: float | None = None
    raw: float | None = None

    @property
    def as_it_came(self) -> float:
        """The score on all rows, whether they had a say in choosing or not."""
        return self.score if self.raw is None else self.raw


@dataclass(frozen=True)
class Baseline:
    """What a model has to beat, and by how much it does.

    Parameters
    ----------
    name : str
        The rule, such as ``"mean by shop"``, or ``"the given score"``.
    score : float
        Its score on the rows that the model is scored on.
    gain : float
        By how much the model scores better; below zero: worse. NaN when either has no score.
    low, high : float, optional
        Between them lies the gain with a confidence of 95 %; None when that is not known.

    Examples
    --------
    >>> Baseline("mean", 2.0, 0.5, 0.3, 0.7).beaten, Baseline("mean", 2.0, 0.1, -0.1, 0.3).beaten
    (True, None)
    >>> Baseline("mean", 2.0, -0.5).beaten
    False
    """

    name: str
    score: float
    gain: float
    low: float | None = None
    high: float | None = None

    @property
    def beaten(self) -> bool | None:
        """Whether the model beats it; None when it is ahead, but that may be chance."""
        if self.gain <= 0:
            return False
        return True if self.low is not None and self.low > 0 else None


@dataclass(frozen=True)
class Leaderboard:
    """Trials from best to worst, by out-of-fold score.

    Parameters
    ----------
    metric : str
        The metric that decides.
    standings : tuple of Standing
        Best first; the ensemble by its raw score, which the others have too.
    baseline : Baseline, optional
        What has to be beaten; None when nothing was named.

    Examples
    --------
    >>> print(Leaderboard("rmse", (Standing("linear", 2.5, 1.0, 0.1),)))
    name    rmse  weight  seconds
    linear   2.5    1.00      0.1
    """

    metric: str
    standings: tuple[Standing, ...]
    baseline: Baseline | None = None

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
        body = [(s.name, number(s.score), f"{s.weight:.2f}", f"{s.seconds:.1f}") for s in self]
        if self.baseline is not None:
            body.append((f"to beat: {self.baseline.name}", number(self.baseline.score), "", ""))
        return [head, *body]

    @property
    def verdict(self) -> str:
        """Say whether the model beats what it has to beat; empty when nothing was named."""
        if self.baseline is None or not self.standings:
            return ""
        return _verdict(self.metric, self._model.score, self.baseline)

    @property
    def nesting(self) -> str:
        """Say what choosing on the scored rows made the ensemble look like; empty: unknown."""
        if not self.standings or self._model.raw is None:
            return ""
        line = self._model
        score, raw = f"{line.score + 0.0:.5g}", f"{line.as_it_came + 0.0:.5g}"
        if score == raw:
            return f"Choosing among the trials cost nothing: nested {self.head} {score} too."
        return (
            f"{line.name}: {self.head} {score}, each row predicted by members, weights and "
            f"calibration chosen on other rows; {raw} on the rows that chose them."
        )

    @property
    def _model(self) -> Standing:
        return next((line for line in self if line.name == "ensemble"), self.standings[0])

    def __str__(self) -> str:
        return lay_out(self._cells())

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        rows = ["".join(f"<th>{escape(text)}</th>" for text in head)]
        rows += ["".join(f"<td>{escape(text)}</td>" for text in row) for row in body]
        return "<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>"

    def to_json(self) -> dict[str, Any]:
        """Give the leaderboard as plain JSON."""
        named = {} if self.baseline is None else {"baseline": asdict(self.baseline)}
        return {"metric": self.metric, "standings": [asdict(s) for s in self.standings], **named}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Leaderboard:
        """Read a leaderboard from what `to_json` gave."""
        lines = tuple(_standing(item) for item in data["standings"])
        return cls(str(data["metric"]), lines, _baseline(data.get("baseline")))


def _verdict(metric: str, score: float, baseline: Baseline) -> str:
    scores = f"{number(score)} against {number(baseline.score)}"
    against = f"{metric} {scores} of the baseline, {baseline.name}"
    if not isfinite(baseline.gain):
        return f"Whether the model beats the baseline cannot be said: {against}."
    if baseline.beaten is False:
        return (
            f"The model does NOT beat the baseline: {against}. Use the baseline, or look for "
            "columns that say more."
        )
    ahead = f"better by {number(baseline.gain, 3)}"
    if baseline.low is not None and baseline.high is not None:
        ends = f"{number(baseline.low, 3)} to {number(baseline.high, 3)}"
        ahead += f" on held-out rows, 95 % interval {ends}"
    if baseline.beaten:
        return f"The model beats the baseline: {against} ({ahead})."
    sure = "how sure that is was not measured" if baseline.low is None else "it may be chance"
    return f"The model is not shown to beat the baseline: {against} ({ahead}); {sure}."


def _baseline(item: Mapping[str, Any] | None) -> Baseline | None:
    if item is None:
        return None
    low, high = item.get("low"), item.get("high")
    return Baseline(
        str(item["name"]),
        float(item["score"]),
        float(item["gain"]),
        None if low is None else float(low),
        None if high is None else float(high),
    )


def _standing(item: Mapping[str, Any]) -> Standing:
    return Standing(
        str(item["name"]),
        float(item["score"]),
        float(item["weight"]),
        float(item["seconds"]),
        _known(item.get("low")),
        _known(item.get("high")),
        _known(item.get("raw")),
    )


def _known(value: Any) -> float | None:
    return None if value is None else float(value)


@dataclass(frozen=True)
class FreshScore:
    """The score on rows that had no part in fitting or choosing: those of a test file.

    Parameters
    ----------
    metric : str
        The task's metric; the usual one where that is a Python function.
    score : float
        The score of the final model.
    low, high : float, optional
        Between them lies the score with a confidence of 95 %; None when that is not known.
    rows : int
        How many rows were scored.
    of : int
        How many there were; more than `rows` when time was short.
    looks : int
        In how many earlier runs of the same target the same rows had been scored.
    digest : str
        The hash of the file, or of the rows.
    source : str
        Where they come from.

    Examples
    --------
    >>> print(FreshScore("rmse", 2.5, 2.25, 2.75, 400, 400, 0, "", "test.csv"))
    on 400 fresh rows of test.csv: rmse 2.5 (95 % interval 2.25 to 2.75)
    """

    metric: str
    score: float
    low: float | None
    high: float | None
    rows: int
    of: int
    looks: int
    digest: str
    source: str

    def __str__(self) -> str:
        between = ""
        if self.low is not None and self.high is not None:
            between = f" (95 % interval {number(self.low)} to {number(self.high)})"
        some = "" if self.rows == self.of else f", drawn from {self.of:,},"
        rows = f"{self.rows:,} fresh row{'' if self.rows == 1 else 's'}{some}"
        return f"on {rows} of {self.source}: {self.metric} {number(self.score)}{between}"

    def to_json(self) -> dict[str, Any]:
        """Give the score as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FreshScore:
        """Read a score from what `to_json` gave."""
        low, high = _known(data["low"]), _known(data["high"])
        return cls(
            str(data["metric"]),
            float(data["score"]),
            low,
            high,
            int(data["rows"]),
            int(data["of"]),
            int(data["looks"]),
            str(data["digest"]),
            str(data["source"]),
        )


@dataclass(frozen=True)
class Contrast:
    """What a random split would have promised, beside what the plan says, by one quick model.

    Parameters
    ----------
    metric : str
        The task's metric.
    random : float
        The score when the same rows are split at random, in the same sizes.
    structured : float
        The score when they are split by groups or in time, as the plan does.
    rows : int
        How many rows took part.
    error : float, optional
        The standard error of the difference; None when an earlier version wrote it.

    Examples
    --------
    >>> print(Contrast("roc_auc", 0.99, 0.58, 4000))
    a random split would have promised roc_auc 0.99; this plan says 0.58
    (one quick model, 4,000 rows)
    >>> Contrast("roc_auc", 0.71, 0.7, 400, 0.02).matters
    False
    """

    metric: str
    random: float
    structured: float
    rows: int
    error: float | None = None

    @property
    def matters(self) -> bool:
        """Whether the two differ by more than chance gives."""
        return self.error is None or abs(self.random - self.structured) > 2 * self.error

    def __str__(self) -> str:
        return (
            f"a random split would have promised {self.metric} {number(self.random, 4)}; this plan "
            f"says {number(self.structured, 4)} (one quick model, {self.rows:,} rows)"
        )

    def to_json(self) -> dict[str, Any]:
        """Give the contrast as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Contrast:
        """Read a contrast from what `to_json` gave."""
        random, structured = float(data["random"]), float(data["structured"])
        error = data.get("error")
        known = None if error is None else float(error)
        return cls(str(data["metric"]), random, structured, int(data["rows"]), known)


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
    test : FreshScore, optional
        The score on the rows of a test file; None when there was none.
    contrast : Contrast, optional
        What a random split would have promised; None when the plan is one, or was short of time.
    decision : str
        How probabilities become the answer, in words; empty for the most probable class.
    encoding : str
        How the text of the file was encoded; empty for UTF-8.
    untried : str
        What new rows may be of that no row was held out for, though rows are likely to differ by
        it: ``"groups"``, ``"times"``, or nothing.
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
    test: FreshScore | None = None
    contrast: Contrast | None = None
    decision: str = ""
    encoding: str = ""
    untried: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give the card as plain JSON."""
        return {**asdict(self), "leaderboard": self.leaderboard.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Card:
        """Read a card from what `to_json` gave."""
        test, contrast = data.get("test"), data.get("contrast")
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
            test=None if test is None else FreshScore.from_json(test),
            contrast=None if contrast is None else Contrast.from_json(contrast),
            decision=str(data.get("decision", "")),
            encoding=str(data.get("encoding", "")),
            untried=str(data.get("untried", "")),
        )
