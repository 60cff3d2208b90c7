"""Simple rules that a model has to beat, asked about the very rows that it is scored on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.core.errors import ColumnError, OptionError, did_you_mean
from modelwright.core.splits import Splits
from modelwright.core.table import Table
from modelwright.core.task import Target, Task, TaskKind
from modelwright.evaluate.horizon import Horizon, known_until

__all__ = ["Ground", "Rule", "check_rule", "default_rule", "parse_rule", "rule_predictions"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_OF_NUMBERS = ("mean", "median")
_OF_CLASSES = ("frequencies", "most-frequent")
_WORDS = (*_OF_NUMBERS, *_OF_CLASSES, "last", "column")
_ALIASES = {
    "average": "mean",
    "prior": "frequencies",
    "class frequencies": "frequencies",
    "majority": "most-frequent",
    "most frequent": "most-frequent",
    "last value": "last",
    "previous": "last",
}
_CURE = "write a score, mean, median, frequencies, most-frequent or last (each also by COLUMN), or \
column COLUMN"
# Groups times classes that are counted at once.
_MOST_CELLS = 2**24
# Metrics that ask for probabilities: a rule that names one class is no probability.
_OF_PROBABILITIES = ("log_loss", "brier")


@dataclass(frozen=True)
class Rule:
    """A way to answer without a model.

    Parameters
    ----------
    word : str
        ``"mean"``, ``"median"``, ``"frequencies"``, ``"most-frequent"``: of the answers that are
        known, or of those of the row's group; ``"last"``: the latest known answer; ``"column"``:
        what a column says.
    columns : tuple of str
        Those that make the groups, or the one that holds the answer.

    Examples
    --------
    >>> str(Rule("mean", ("shop",))), str(Rule("column", ("today",)))
    ('mean by shop', 'column today')
    """

    word: str
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        between = "" if self.word == "column" else "by "
        return f"{self.word} {between}{', '.join(self.columns)}" if self.columns else self.word


@dataclass(frozen=True)
class Ground:
    """What a rule goes by.

    Parameters
    ----------
    table : Table
        The rows, with every column. A column that stands for what is done today holds labels (as
        text), probabilities of the positive class, or numbers.
    task : Task
        The question.
    y : Target
        The answers of n_rows rows.
    weight : ndarray of float64, shape (n_rows,), optional
        How much each row counts.
    order : str, optional
        The column of time.
    horizon : Horizon, optional
        How far ahead answers lie.
    """

    table: Table
    task: Task
    y: Target
    weight: Array | None = None
    order: str | None = None
    horizon: Horizon | None = None


def default_rule(kind: TaskKind) -> Rule:
    """Give the rule that knows nothing but the answers: their mean, or the class frequencies."""
    return Rule("mean") if kind is TaskKind.REGRESSION else Rule("frequencies")


def parse_rule(text: str | float, columns: Sequence[str]) -> Rule | float:
    """Read what a model has to beat.

    Parameters
    ----------
    text : str or float
        A score; ``"mean"``, ``"median"``, ``"frequencies"``, ``"most-frequent"`` or ``"last"``,
        each also ``"by COLUMN"`` or ``"by COLUMN, COLUMN"``; or ``"column COLUMN"``.
    columns : sequence of str
        Those of the table.

    Returns
    -------
    Rule or float

    Raises
    ------
    OptionError
        When it is none of these.
    ColumnError
        When it names a column that is not there.

    Examples
    --------
    >>> parse_rule("mean by shop", ["shop"]), parse_rule("0.75", [])
    (Rule(word='mean', columns=('shop',)), 0.75)
    """
    if isinstance(text, str):
        text = text.strip()
    try:
        score = float(text)
    except ValueError:
        pass
    else:
        if not np.isfinite(score):
            raise OptionError("a baseline", repr(text), _CURE)
        return score
    head, between, tail = str(text).partition(" by ")
    word = " ".join(head.lower().split())
    if word.startswith("column ") and str(text).lower().startswith("column "):
        return Rule("column", (_found(str(text)[len("column ") :], columns),))
    word = _ALIASES.get(word, word)
    if word not in _WORDS or word == "column":
        near = did_you_mean(word, _WORDS)
        raise OptionError("a baseline", repr(text), near if near.startswith("did") else _CURE)
    if not between:
        return Rule(word)
    if _is_column(tail, columns):
        return Rule(word, (_found(tail, columns),))
    names = tuple(_found(name, columns) for name in tail.split(","))
    return Rule(word, tuple(dict.fromkeys(names)))


def _is_column(name: str, columns: Sequence[str]) -> bool:
    return name in columns or name.strip() in [column.strip() for column in columns]


def _found(name: str, columns: Sequence[str]) -> str:
    near = [name] if name in columns else [c for c in columns if c.strip() == name.strip()]
    if len(near) != 1:
        cure = did_you_mean(name.strip(), columns)
        raise ColumnError("a column of the table for the baseline", repr(name.strip()), cure)
    return near[0]


def check_rule(rule: Rule, kind: TaskKind, order: str | None, target: str) -> None:
    """Refuse a rule that has no answer to the question.

    Raises
    ------
    OptionError
        When it is a rule for other kinds of answers, needs an order column, or reads the target.

    Examples
    --------
    >>> check_rule(Rule("median"), TaskKind.REGRESSION, None, "price")
    """
    if target in rule.columns:
        raise OptionError(
            "a baseline that does not know the answer", repr(str(rule)), "name another column"
        )
    wrong = _OF_CLASSES if kind is TaskKind.REGRESSION else _OF_NUMBERS
    if rule.word in wrong:
        cure = f"write {default_rule(kind)}"
        raise OptionError(f"a baseline for {kind.value}", repr(str(rule)), cure)
    if rule.word == "last" and order is None:
        raise OptionError(
            "an order column for the baseline 'last'", "none", "name the column that says when"
        )


def rule_predictions(rule: Rule, ground: Ground, splits: Splits) -> NDArray[np.float32]:
    """Ask a rule about the rows that a plan scores.

    What it goes by is learned in each fold's training rows. The rule "last" takes the mean answer
    of the latest moment whose answers are known by then, as it would when it runs: of earlier rows,
    wherever they are in the plan. Frequencies in groups are those of one row more, spread as in all
    training rows, so that nothing is impossible.

    Parameters
    ----------
    rule : Rule
        Checked by `check_rule`.
    ground : Ground
        What it goes by.
    splits : Splits
        The plan.

    Returns
    -------
    ndarray of float32, shape (n_scored, n_outputs)
        In the order of `splits.scored`.

    Raises
    ------
    OptionError
        When there are too many groups for the number of classes.

    Examples
    --------
    >>> from modelwright.core.schema import Schema
    >>> from modelwright.core.splits import Fold
    >>> table = Table(pl.DataFrame({"shop": ["a", "a", "b", "a", "b"]}), Schema(()))
    >>> task = Task(TaskKind.REGRESSION, "sales", "rmse")
    >>> ground = Ground(table, task, Target(np.array([1.0, 3.0, 8.0, 0.0, 0.0])))
    >>> splits = Splits((Fold(np.arange(3), np.array([3, 4])),), 5, "hold-out", "")
    >>> rule_predictions(Rule("mean", ("shop",)), ground, splits)[:, 0].tolist()
    [2.0, 8.0]
    """
    rule = _in_probabilities(rule, ground)
    scored = splits.scored
    out = np.empty((len(scored), ground.y.outputs), np.float32)
    last = _Last.of(rule, ground) if rule.word == "last" else None
    group = None if last is not None or rule.word == "column" else _group(ground, rule.columns)
    for fold in splits.folds:
        overall = _of_all(rule.word, ground, fold.train)
        if last is not None:
            answer = last.known(fold.valid)
        elif group is None:
            answer = _column_says(rule.columns[0], ground, fold.valid)
        else:
            answer = _of_groups(rule.word, ground, fold.train, group, overall)[group[fold.valid]]
        absent = np.isnan(answer[:, 0])
        answer[absent] = overall
        if rule.word == "most-frequent":
            answer = np.eye(ground.y.outputs)[answer.argmax(axis=1)]
        out[np.searchsorted(scored, fold.valid)] = answer
    return out


def _in_probabilities(rule: Rule, ground: Ground) -> Rule:
    """Where probabilities are asked for and a column names classes: how often each then comes."""
    if rule.word != "column" or ground.task.metric not in _OF_PROBABILITIES:
        return rule
    named = ground.table.frame[rule.columns[0]].dtype == pl.String
    return Rule("frequencies", rule.columns) if named else rule


def _column_says(name: str, ground: Ground, rows: Index) -> Array:
    said = ground.table.frame[name].gather(rows)
    if said.dtype == pl.String:
        codes = {label: code for code, label in enumerate(ground.task.classes)}
        code = said.replace_strict(codes, default=None, return_dtype=pl.Int64)
        eye = np.vstack([np.eye(ground.y.outputs), np.full(ground.y.outputs, np.nan)])
        return np.asarray(eye[code.fill_null(ground.y.outputs).to_numpy()])
    number = said.cast(pl.Float64).fill_null(np.nan).to_numpy()
    if ground.y.classes:
        return np.column_stack([1 - number, number])
    return np.array(number, np.float64)[:, None]


def _group(ground: Ground, columns: Sequence[str]) -> Index:
    """Give each row the number of its group, from 0; a missing value is a value like others."""
    code = np.zeros(len(ground.y), np.int64)
    for name in columns:
        rank = ground.table.frame[name].rank("dense").cast(pl.Int64).fill_null(0).to_numpy()
        both = code * (int(rank.max(initial=0)) + 1) + rank
        code = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return code


def _averages(ground: Ground, rows: Index, group: Index, groups: int) -> Array:
    """Average the answers of some rows in each group; NaN where there are none."""
    width = ground.y.outputs
    if groups * width > _MOST_CELLS:
        got = f"{groups:,} groups of {width:,} classes"
        raise OptionError("fewer groups for a baseline", got, "name another column")
    weight = np.ones(len(rows)) if ground.weight is None else ground.weight[rows]
    code, values = group[rows], ground.y.values[rows]
    total = np.bincount(code, weight, groups)
    if ground.y.classes:
        cell = np.bincount(code * width + values, weight, groups * width).reshape(groups, width)
    else:
        cell = np.bincount(code, weight * values, groups)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(cell / total[:, None])


def _of_all(word: str, ground: Ground, rows: Index) -> Array:
    """Give the one answer for all, which also stands for groups that do not occur."""
    if word == "median":
        return np.array([np.median(ground.y.values[rows])])
    return np.asarray(_averages(ground, rows, np.zeros(len(ground.y), np.int64), 1)[0])


def _of_groups(word: str, ground: Ground, rows: Index, group: Index, overall: Array) -> Array:
    """Give the answer for each group, as far as it occurs in some rows."""
    groups = int(group.max(initial=-1)) + 1
    if word == "median":
        frame = pl.DataFrame({"group": group[rows], "answer": ground.y.values[rows]})
        middle = frame.group_by("group").agg(pl.col("answer").median())
        out = np.full((groups, 1), np.nan)
        out[middle["group"].to_numpy(), 0] = middle["answer"].to_numpy()
        return out
    answer = _averages(ground, rows, group, groups)
    if word != "frequencies":
        return answer
    weight = None if ground.weight is None else ground.weight[rows]
    total = np.bincount(group[rows], weight, groups)[:, None]
    return np.asarray((answer * total + overall) / (total + 1))


@dataclass(frozen=True)
class _Last:
    """The mean answers at each moment of each group, in the order of group and time."""

    pair: Index  # group and rank of the moment in one number, ascending
    means: Array  # shape (n_pairs, n_outputs)
    group: Index  # of each row
    reach: Index  # of each row: how many moments are known by then
    moments: int

    @classmethod
    def of(cls, rule: Rule, ground: Ground) -> _Last:
        """Sort out when each answer is known."""
        assert ground.order is not None  # check_rule has seen to it
        times = ground.table.frame[ground.order]
        until = known_until(times, ground.horizon)
        each = times.drop_nulls().unique().sort()
        reach = each.search_sorted(
            until.fill_null(each[0]), side="left" if ground.horizon is None else "right"
        )
        rank = each.search_sorted(times.fill_null(each[0]), side="left")
        moments = len(each) + 1
        group = _group(ground, rule.columns)
        code = group * moments + np.asarray(rank.to_numpy(), np.int64) + 1
        rows = np.flatnonzero(times.is_not_null().to_numpy())
        pair, inverse = np.unique(code[rows], return_inverse=True)
        place = np.zeros(len(ground.y), np.int64)
        place[rows] = inverse
        means = _averages(ground, rows, place, len(pair))
        return cls(pair, means, group, np.asarray(reach.to_numpy(), np.int64), moments)

    def known(self, rows: Index) -> Array:
        """Give the latest answers that are known for some rows; NaN where there are none."""
        asked = self.group[rows] * self.moments + self.reach[rows]
        found = np.searchsorted(self.pair, asked, side="right") - 1
        same = (found >= 0) & (self.pair[found] // self.moments == self.group[rows])
        answer = self.means[np.maximum(found, 0)].copy()
        answer[~same] = np.nan
        return np.asarray(answer)
