"""What scores a detector: how many leaks it finds, and how often it shouts at honest cases."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.stats import norm

from leaks.cases import Case, DataCase, PipelineCase
from leaks.catalogue import CLEAN, KINDS, SEEDS, clean, leak
from leaks.topics import CODES, codes_for

__all__ = ["Answer", "ForData", "ForPipelines", "Scores", "Share", "all_cases", "counts",
           "score_detector"]  # fmt: skip

Findings = Sequence[Mapping[str, Any]]
ForData = Callable[[Path, str], Findings]
ForPipelines = Callable[[Any, Any, Any, list[Any]], Findings]


@dataclass(frozen=True)
class Share:
    """How many of how many, with Wilson's interval (Wilson 1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.hits / self.of if self.of else 0.0

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the bounds of Wilson's interval."""
        if not self.of:
            return 0.0, 1.0
        z = float(norm.ppf(0.5 + level / 2))
        n, p = self.of, self.value
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.hits}/{self.of} = {self.value:.3f} ({low:.3f} to {high:.3f})"


@dataclass(frozen=True)
class Answer:
    """What a detector said of a case.

    Parameters
    ----------
    case : str
        Kind and seed.
    form : str
        The variety.
    right : bool
        A leak was found, or an honest case left in peace.
    said : tuple of str
        The codes at severity error, with their columns; or how the detector failed.
    """

    case: str
    form: str
    right: bool
    said: tuple[str, ...]


@dataclass(frozen=True)
class Scores:
    """Recall by kind, and false alarms.

    Parameters
    ----------
    answers : tuple of Answer
        One for each case.
    """

    answers: tuple[Answer, ...]

    def recall(self, kind: str | None = None) -> Share:
        """Give the share of leaks that were found, of a kind or of all."""
        asked = [
            a for a in self.answers if _kind(a) == kind or (kind is None and _kind(a) != "clean")
        ]
        return Share(sum(a.right for a in asked), len(asked))

    def false_alarms(self) -> Share:
        """Give the share of honest cases that were shouted at."""
        asked = [a for a in self.answers if _kind(a) == "clean"]
        return Share(sum(not a.right for a in asked), len(asked))

    def wrong(self) -> list[Answer]:
        """List what was missed and what was shouted at."""
        return [a for a in self.answers if not a.right]

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and what was wrong as plain JSON."""
        kinds = dict.fromkeys(_kind(a) for a in self.answers if _kind(a) != "clean")
        return {
            "recall": _plain(self.recall()),
            "false_alarms": _plain(self.false_alarms()),
            "kinds": {kind: _plain(self.recall(kind)) for kind in kinds},
            "wrong": [[a.case, a.form, list(a.said)] for a in self.wrong()],
        }

    def __str__(self) -> str:
        kinds = dict.fromkeys(_kind(a) for a in self.answers if _kind(a) != "clean")
        lines = [f"{kind:16} {self.recall(kind)}" for kind in kinds]
        return "\n".join([*lines, f"{'all leaks':16} {self.recall()}",
                          f"{'false alarms':16} {self.false_alarms()}"])  # fmt: skip


def all_cases(
    kinds: Iterable[str] = tuple(KINDS), seeds: Iterable[int] = SEEDS,
    cleans: Iterable[int] = CLEAN,
) -> Iterable[tuple[str, Case]]:  # fmt: skip
    """Give the cases one by one, each under its kind and seed."""
    seeds = list(seeds)
    for kind in kinds:
        for seed in seeds:
            yield f"{kind} {seed}", leak(kind, seed)
    for seed in cleans:
        yield f"clean {seed}", clean(seed)


def score_detector(
    for_data: ForData,
    for_pipelines: ForPipelines,
    *,
    codes: Mapping[str, tuple[str, ...]] = CODES,
    cases: Iterable[tuple[str, Case]] | None = None,
) -> Scores:
    """Ask a detector about every case.

    Parameters
    ----------
    for_data : callable of (path, target)
        Gets a CSV file and the name of its target; gives findings as `check --json` prints them:
        mappings with ``code``, ``severity`` and ``columns``.
    for_pipelines : callable of (estimator, X, y, splits)
        Gets what `audit` gets; gives findings of the same form.
    codes : mapping, default=CODES
        The codes of each topic.
    cases : iterable of (str, Case), optional
        Which cases; all 240 leaks and 200 honest ones when None.

    Returns
    -------
    Scores
        A detector that raises has missed the leak, or shouted at the honest case.
    """
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for name, case in all_cases() if cases is None else cases:
            try:
                findings = _ask(case, for_data, for_pipelines, Path(folder))
            except Exception as error:
                said = (f"{type(error).__name__}: {error}"[:200],)
                answers.append(Answer(name, case.truth.form, False, said))
                continue
            loud = [one for one in findings if str(one["severity"]) == "error"]
            right = counts(case, loud, codes) if case.truth.severity else not loud
            said = tuple(f"{one['code']} {list(one['columns'])[:5]}" for one in loud)
            answers.append(Answer(name, case.truth.form, right, said))
    return Scores(tuple(answers))


def counts(case: Case, loud: Findings, codes: Mapping[str, tuple[str, ...]]) -> bool:
    """Say whether findings name the leak: by its columns in a table, by topic in a pipeline.

    A finding that names more than half of the columns of a table names none.
    """
    if isinstance(case, PipelineCase):
        return any(one["code"] in codes_for(case.truth.kind, dict(codes)) for one in loud)
    most = (case.table.width - 1) / 2
    named = [set(one["columns"]) for one in loud if len(set(one["columns"])) <= most]
    return any(columns & set(case.truth.columns) for columns in named)


def _ask(case: Case, for_data: ForData, for_pipelines: ForPipelines, folder: Path) -> Findings:
    if isinstance(case, DataCase):
        path = folder / "table.csv"
        path.write_bytes(case.csv())
        return for_data(path, case.target)
    splits = [(train.copy(), test.copy()) for train, test in case.splits]
    return for_pipelines(case.estimator, case.X.copy(), case.y.copy(), splits)


def _kind(answer: Answer) -> str:
    return answer.case.split()[0]


def _plain(share: Share) -> dict[str, Any]:
    low, high = share.interval()
    return {"hits": share.hits, "of": share.of, "share": round(share.value, 4),
            "from": round(low, 4), "to": round(high, 4)}  # fmt: skip
