"""The deployable model: recipes, an ensemble of fitted parts, calibration, and a card."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

from modelwright.acquire import Reading, conform, find_strays, like, read_raw, without_strays
from modelwright.acquire.images.listing import fresh_rows
from modelwright.core.errors import (
    DataError,
    ModelwrightWarning,
    OptionError,
)
from modelwright.core.evidence import Attribution, Evidence, Importance
from modelwright.core.framing import decode_labels, encode_target
from modelwright.core.numerals import number
from modelwright.core.picture_folder import PictureFolder
from modelwright.core.protocols import Fitted
from modelwright.core.result import Card, Leaderboard, brief
from modelwright.core.schema import Role, Schema
from modelwright.core.table import Table
from modelwright.core.task import Task
from modelwright.core.unopened import warn_of_unopened
from modelwright.core.version import __version__
from modelwright.evaluate import Answered, Metric, find_metric
from modelwright.evaluate.calibration import Calibration
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.evaluate.conformal import LabelSets, NumberIntervals
from modelwright.evaluate.conformal.difficulty import difficulty_of, with_prediction
from modelwright.evaluate.conformal.rows import labels_of
from modelwright.evaluate.conformal.scores import check_level
from modelwright.evaluate.decisions import USUAL, Decision, Threshold
from modelwright.evaluate.intervals import group_codes
from modelwright.evaluate.weights import read_weights
from modelwright.explain import Asked, Explainer, permutation_importance, with_close
from modelwright.features.pictures import FittedPictureColumns, described_and_unopened
from modelwright.model.answers import answers_of, emptied
from modelwright.model.file import Contents, Member, Part, pack, read_contents
from modelwright.model.known import background_of, drift_of
from modelwright.model.reading import as_mended, mended_rows, reading_of
from modelwright.model.shares import EnsembleShares
from modelwright.model.voices import CHUNK, Voices
from modelwright.stats.learned_rows import LearnedRows
from modelwright.store import write_archive

if TYPE_CHECKING:
    from modelwright.clean.recipes.rowwise import Cleaning, Mended

__all__ = ["SEEN", "Model", "load", "read_rows", "refuse_pictured"]

# Columns that get a share of their own in an explanation.
EXPLAINED = 20
# Rows whose columns are shuffled, one after the other.
PROBED = 2_000
SEEN = (
    "These are the very rows that the model was fitted on: scores on them are too good to be true. "
    "Score rows that it has not seen; its leaderboard holds honest scores."
)


@dataclass(frozen=True)
class Model:
    """A model that predicts new rows of the table it was fitted on.

    Parameters
    ----------
    task : Task
        What is predicted.
    schema : Schema
        The columns it was fitted on.
    members : tuple of Member
        The ensemble.
    calibration : Calibration
        What makes class probabilities mean what they say.
    card : Card
        Where it comes from and how far to trust it.
    evidence : Evidence, optional
        What held-out rows said of it; None until it has been validated.
    decision : Decision
        How class probabilities become the answer.
    intervals : NumberIntervals or LabelSets, optional
        How far off its predictions may be; None until it has been calibrated.
    difficulty : Part, optional
        What says how hard a row is, where intervals are scaled by it.
    cleaning : Cleaning, optional
        What is done to rows before anything else: the same as at the fit.
    learned : LearnedRows, optional
        Hashes of the rows that it learned from; None when an earlier version wrote the file.
    encoding : str, optional
        How the text files are encoded that it reads; None: what is no UTF-8 is taken for that
        which it was fitted on.
    images : path, optional
        The folder of the images that a table names; None: that of the table's file.
    """

    task: Task
    schema: Schema
    members: tuple[Member, ...]
    calibration: Calibration
    card: Card
    evidence: Evidence | None = None
    decision: Decision = USUAL
    intervals: NumberIntervals | LabelSets | None = None
    difficulty: Part | None = None
    cleaning: Cleaning | None = None
    learned: LearnedRows | None = None
    encoding: str | None = None
    images: str | Path | None = None

    @property
    def leaderboard(self) -> Leaderboard:
        """Every trial of the run that made the model, best first."""
        return self.card.leaderboard

    @cached_property
    def _voices(self) -> Voices:
        calibrated = self.calibration if self.task.is_classification else None
        return Voices(self.members, self.task.outputs, calibrated)

    @cached_property
    def _reading(self) -> Reading:
        return reading_of(self.schema, self.cleaning, self.card.encoding, self.encoding)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that new rows must have, in the order of the original table."""
        needed = self._voices.columns
        return tuple(name for name in self.schema.names() if name in needed)

    @overload
    def predict(
        self, data: str | Path | pl.DataFrame, *, interval: float | None = None
    ) -> pl.DataFrame: ...

    @overload
    def predict(self, data: object, *, interval: float | None = None) -> Any: ...

    def predict(self, data: object, *, interval: float | None = None) -> Any:
        """Predict new rows.

        Parameters
        ----------
        data : path or frame
            A file, or a pandas, Polars or Arrow frame, a NumPy array, a dict of columns. The
            target may be there or not. A row of a file that cannot be aligned with the columns
            is predicted as a row of missing values, with a `ModelwrightWarning`. No rows at all,
            such as a header alone, get no predictions.
            Totals at the end, and names of columns among the rows, keep their rows and get no
            prediction, which is told. So do images that cannot be opened, by an `UnopenedWarning`
            that names them.
        interval : float, optional
            The share of answers that are to lie in their interval or set, such as 0.9.

        Returns
        -------
        frame
            One row for each row of `data`, in order: `prediction`, and for classes `p_<class>`
            for each class. For images their places come first. `prediction` is the most probable
            class, unless a threshold, a capacity or costs belong to the model. With `interval`
            also `lower` and `upper` of a number, or
            `set`: the labels that are possible, the most probable first. A pandas frame for a
            pandas frame, with its index; an Arrow table for an Arrow table; else a Polars frame.

        Raises
        ------
        ColumnError
            When a column is missing, renamed or retyped.
        DataError
            When `data` cannot be read, or the model has too few rows, or none, to calibrate on.
        OptionError
            When the interval's level is not between 0 and 1.
        """
        by = "" if interval is None else self._calibrated(interval).by
        table, strays = self._asked(data, (*self.columns, *([by] if by else [])))
        p, unopened = self._look(table, "were given no prediction")
        none = [*strays, *unopened]
        answers = answers_of(self.task, self.decision, p, none)
        if interval is not None:
            answers = answers.with_columns(self._reach(table, p, interval))
        answers = emptied(answers, none)
        if self._voices.images:
            answers = table.select(self._voices.images).frame.hstack(answers)
        return like(answers, data)

    def probabilities(self, data: object) -> NDArray[np.float32]:
        """Predict as an array: (n_rows, n_classes) of probabilities, or (n_rows, 1) of numbers."""
        table, strays = self._asked(data, self.columns)
        p, unopened = self._look(table, "were given no prediction")
        p[[*strays, *unopened]] = np.nan
        return p

    def _asked(self, data: object, required: tuple[str, ...]) -> tuple[Table, list[int]]:
        """Read rows to predict, and say where those are that are none, such as totals."""
        raw = self._raw(data, may_be_empty=True)
        if self._voices.images:
            return self._typed(raw.frame, required, raw.folder, others=False), []
        strays = find_strays(raw.frame)
        for note in strays.notes("were given no prediction"):
            warnings.warn(note, ModelwrightWarning, stacklevel=4)
        frame = emptied(raw.frame, strays.rows)  # nobody asks what could not be read of these
        table = self._typed(frame, required, raw.folder, others=False)
        self._warn_of_drift(table)
        return table, strays.rows

    def explain(self, data: object, rows: Sequence[int] = (0,)) -> tuple[Attribution, ...]:
        """Say how much each column moved single predictions away from the average.

        Parameters
        ----------
        data : path or frame
            As for `predict`.
        rows : sequence of int
            The positions of the rows to explain, counted from 0.

        Returns
        -------
        tuple of Attribution
            One for each of these rows: Shapley values, compared with rows whose columns are drawn
            independently from what the model file knows of each (never from stored rows). A model
            that had no time to describe its columns is compared with rows of `data`.

        Raises
        ------
        DataError
            When there is no such row, or only one and the fit had no time to describe the columns.
        """
        refuse_pictured(self)
        table = self._read(data, self.columns).select(self.columns)
        found = () if self.evidence is None else self.evidence.leading
        leading = [column for column in found if column in self.columns]
        behind = background_of(self.evidence, table)
        explainer = Explainer(
            self.predict_table,
            self.task,
            behind,
            tuple(dict.fromkeys((*leading, *self.columns)))[:EXPLAINED],
            within=EnsembleShares.of(self.members, self.task, self.calibration, behind),
        )
        for row in rows:
            if not 0 <= row < table.height:
                raise DataError(f"rows 0 to {table.height - 1}", f"row {row}")
        return explainer.explain(table, [Asked(row, f"row {row}") for row in rows])

    def evaluate(self, data: object, metrics: Sequence[str | Metric] = ()) -> dict[str, float]:
        """Score the model on rows whose answers are known.

        Parameters
        ----------
        data : path or frame
            As for `predict`, with the target; rows without an answer are left out, and the
            column of weights counts if it is there.
        metrics : sequence of str or Metric
            What to score beside the usual ones, such as ``"profit(tp=100, fp=-5)"``.

        Returns
        -------
        dict of str to float
            The metric that decided comes first, then the usual ones of the task, then `metrics`.
            Metrics of decisions judge what the model answers, at its threshold. NaN where a
            metric has no value, with a `ModelwrightWarning` that says why.

        Raises
        ------
        ColumnError
            When the target or another column is absent.
        DataError
            When no row has an answer, or a label is unknown to the model.
        """
        more = self.metrics(metrics)  # before anything is read
        rows = self.answered(data)
        scores = rows.scores(more)
        absent = [f"{name} ({why})" for name, why in rows.undefined(more).items()]
        if absent:
            told = f"without a value on these rows: {', '.join(absent)}"
            warnings.warn(told, ModelwrightWarning, stacklevel=2)
        return scores

    def metrics(self, names: Sequence[str | Metric]) -> tuple[Metric, ...]:
        """Find metrics for the model's task.

        Parameters
        ----------
        names : sequence of str or Metric
            As they are written, such as ``"fbeta(beta=2)"``, or ready.

        Raises
        ------
        OptionError
            When there is no such metric for the task.
        """
        kind, classes = self.task.kind, self.task.classes
        return tuple(find_metric(m, kind, classes) if isinstance(m, str) else m for m in names)

    def with_threshold(self, value: float) -> Model:
        """Give the same model, answering with the positive class from this probability on.

        Raises
        ------
        OptionError
            When the task has not two classes, or the value is not between 0 and 1.
        """
        if len(self.task.classes) != 2:
            got = f"a {self.task.kind.value} task"
            raise OptionError("a model of two classes for --threshold", got, "leave it out")
        told = f"the answer is {self.task.positive} from a probability of {value:.4g} on, as asked"
        return replace(self, decision=Threshold(value), card=replace(self.card, decision=told))

    def answered(self, data: object) -> Answered:
        """Predict rows whose answers are known; warn when it learned from some of them.

        Parameters
        ----------
        data : path or frame
            As for `evaluate`, which raises the same errors.

        Returns
        -------
        Answered
        """
        table, raw, position = self._with_answers(data)
        opened, p = self._opened(table, "were not scored")
        if len(opened) < table.height:
            table, raw, position = table.rows(opened), raw[opened], position[opened]
        y = encode_target(self.task, table.frame[self.task.target])
        seen = table.fingerprint() == self.card.data
        overlap = None if self.learned is None else self._voices.overlap(table, self.learned, y)
        weight, groups = self._weight(table), self._groups(table)
        decided = self.task, y, p, weight, groups, seen, self.decision
        rows = Answered(*decided, table=table, raw=raw, position=position, overlap=overlap)
        if rows.some_seen:
            told = SEEN if seen or overlap is None else overlap.words
            warnings.warn(told, ModelwrightWarning, stacklevel=3)
        if not rows.all_seen:
            self._warn_of_drift(table)
        return rows

    def _look(self, table: Table, what: str) -> tuple[NDArray[np.float32], list[int]]:
        """Predict rows; say which have an image that could not be opened, and warn of these."""
        p, unopened = self._voices.look(table)
        if unopened:
            warn_of_unopened(table.frame[self._voices.images[0]].to_list(), unopened, what)
        return p, list(unopened)

    def _opened(self, table: Table, what: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give the rows whose images, if they have some, could be opened; and their predictions."""
        p, unopened = self._look(table, what)
        if unopened and len(unopened) == table.height:
            raise DataError("images that can be opened", f"none of {table.height:,}")
        opened = np.delete(np.arange(table.height), unopened)
        return opened, p[opened]

    def _warn_of_drift(self, table: Table) -> None:
        """Say when new rows are not like those of the fit, in the columns that count."""
        told = drift_of(self.evidence, self.card.rows, self.columns, table)
        if told:
            told += ": scores of the fit may not hold"
            warnings.warn(told, ModelwrightWarning, stacklevel=4)

    def importances(self, data: object) -> tuple[Importance, ...]:
        """Measure on given rows how much each column matters.

        Parameters
        ----------
        data : path or frame
            As for `evaluate`, which raises the same errors; at most 2,000 rows are drawn.

        Returns
        -------
        tuple of Importance
            How much worse the metric gets when a column is shuffled, the greatest first, with 95 %
            intervals that keep groups of rows together. Columns that go together strongly stand
            once more as a group, shuffled together.
        """
        refuse_pictured(self)
        table = self._with_answers(data)[0]
        metric = (
            metric_or_usual(self.task).decided_by(self.decision).for_part_of(float(table.height))
        )
        drawn = np.random.default_rng(0).permutation(table.height)[:PROBED]
        table = table.rows(np.sort(drawn))
        y, weight = encode_target(self.task, table.frame[self.task.target]), self._weight(table)
        loss, groups = metric.on(y, weight), self._groups(table)
        asked = with_close(table, self.columns)
        return permutation_importance(self.predict_table, table, loss, asked, groups=groups)

    def _with_answers(self, data: object) -> tuple[Table, pl.DataFrame, NDArray[np.int64]]:
        """Give the rows with an answer, typed and as they came, and where they were."""
        source = self._raw(data)
        raw = fresh_rows(source.frame) if self._voices.images else source.frame
        rows, strays = without_strays(raw)  # sums would weigh more than the rows
        for note in strays.notes():
            warnings.warn(note, ModelwrightWarning, stacklevel=4)
        table = self._typed(rows, (*self.columns, self.task.target), source.folder)
        known = table.frame[self.task.target].is_not_null().arg_true().to_numpy().astype(np.int64)
        if not len(known):
            raise DataError(f"answers in column {self.task.target!r}", "none in any row")
        return table.rows(known), rows[known], np.delete(np.arange(raw.height), strays.rows)[known]

    def _read(self, data: object, required: tuple[str, ...]) -> Table:
        """Read rows as those before them were, and warn of what was noticed."""
        raw = self._raw(data)
        return self._typed(raw.frame, required, raw.folder, others=False)

    def _typed(
        self,
        frame: pl.DataFrame,
        required: tuple[str, ...],
        folder: Path | None,
        *,
        others: bool = True,
    ) -> Table:
        """Type rows, and open the images that they name."""
        table = conform(frame, self.schema, required, others=others)
        where = PictureFolder.found(self.images, folder)
        pictured = self._voices.through(FittedPictureColumns)
        made, unopened = described_and_unopened(table, pictured, where)
        for note in (*map(ModelwrightWarning, made.notes), *unopened):
            warnings.warn(note, stacklevel=5)
        return made

    def _raw(self, data: object, *, may_be_empty: bool = False) -> Mended:
        known = as_mended(data)
        if known is not None:
            return known
        mended = self._mended(data, 6, may_be_empty=may_be_empty)
        if mended.changes:
            warnings.warn(f"{mended}.", ModelwrightWarning, stacklevel=5)
        return mended

    def _mended(self, data: object, level: int, *, may_be_empty: bool = False) -> Mended:
        raw = read_raw(data, replace(self._reading, may_be_empty=may_be_empty))
        for note in raw.notes:
            warnings.warn(note, ModelwrightWarning, stacklevel=level)
        return mended_rows(raw, self.cleaning, self.columns)

    def _weight(self, table: Table) -> NDArray[np.float64] | None:
        """Give the weights of rows, when the column of weights is there."""
        names = [name for name in self.schema.names(Role.WEIGHT) if name in table.schema]
        return read_weights(table, names[0], "the rows to score") if names else None

    def _groups(self, table: Table) -> NDArray[np.int64] | None:
        """Give the group of each row; one for all where the column of groups is absent."""
        if self.schema.names(Role.GROUP) and not table.schema.names(Role.GROUP):
            return np.zeros(table.height, np.int64)
        return group_codes(table)

    def save(self, path: str | Path, *, key: bytes | None = None) -> Path:
        """Write the model to one file, whole or not at all.

        Parameters
        ----------
        path : path
            Usually ends in ``.mw``.
        key : bytes, optional
            Sign the file with this secret, so that `load` with the same one proves its origin.

        Returns
        -------
        pathlib.Path
            Where it was written.

        Raises
        ------
        OutputError
            When the disk is full or the folder cannot be written to.
        """
        contents = Contents(
            self.task,
            self.schema,
            self.members,
            self.calibration,
            self.card,
            self.evidence,
            self.decision,
            self.intervals,
            self.difficulty,
            self.cleaning,
            self.learned,
        )
        write_archive(Path(path), pack(contents), writer=self.card.version, key=key)
        return Path(path)

    def predict_table(self, table: Table) -> NDArray[np.float32]:
        """Predict typed rows as an array; see `probabilities`."""
        return self._voices.say(table)

    def _calibrated(self, level: float) -> NumberIntervals | LabelSets:
        """Give what intervals are made of."""
        check_level(level)
        if self.intervals is None:
            raise _uncalibrated(self)
        return self.intervals

    def _reach(self, table: Table, p: NDArray[np.float32], level: float) -> list[pl.Series]:
        """Give the columns that say how far off predictions may be."""
        known = self._calibrated(level)
        labels = labels_of(table, known.by) if known.by else None
        if isinstance(known, NumberIntervals):
            hard = self._difficulty(table, p) if known.scaled else None
            lower, upper = known.between(p, level, hard, labels)
            return [pl.Series("lower", lower), pl.Series("upper", upper)]
        order = np.argsort(-p, axis=1, kind="stable")
        inside = np.take_along_axis(known.within(p, level, labels), order, axis=1)
        codes, ends = order[inside], inside.sum(axis=1)
        named = decode_labels(self.task, codes)
        rows = pl.Series("row", np.repeat(np.arange(len(p)), ends))
        sets = pl.DataFrame([rows, named.alias("set")]).group_by("row", maintain_order=True)
        return [sets.agg("set")["set"]]

    def _difficulty(self, table: Table, p: NDArray[np.float32]) -> NDArray[np.float64]:
        """Say how hard rows are."""
        assert self.difficulty is not None  # scaled intervals come with one
        part, pieces = self.difficulty, [np.empty(0)]
        for start in range(0, table.height, CHUNK):
            rows = table.part(start, start + CHUNK)
            some = with_prediction(part.recipe.transform(rows), p[start : start + CHUNK])
            pieces.append(difficulty_of(part.fitted.predict(some)))
        return np.concatenate(pieces)

    def __str__(self) -> str:
        what = f"{self.task.kind.value} model of {self.task.target!r}"
        if self.card.score is None:
            return f"{what}: not validated"
        score = f"{brief(self.task.metric)} {number(self.card.score)}"
        return f"{what}: {score} ({self._scored_on})"

    @property
    def _scored_on(self) -> str:
        """Say of which rows the score is: not all that were learned from need be among them."""
        if self.evidence is None:
            return "out of fold"
        count, folds = self.evidence.held_out, len(self.evidence.splits)
        what = ("image" if self._voices.images else "row") + "s" * (count != 1)
        return f"{count:,} held-out {what}" if folds == 1 else f"out of fold, {count:,} {what}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(str(self))}</p>{self.leaderboard._repr_html_()}"


def load(
    path: str | Path,
    *,
    key: bytes | None = None,
    allow: Sequence[type[Fitted]] = (),
    encoding: str | None = None,
    images: str | Path | None = None,
) -> Model:
    """Open a model file; safe with a file from a stranger.

    Parameters
    ----------
    path : path
        A file that `Model.save` or ``modelwright fit`` wrote.
    key : bytes, optional
        Demand that the file was signed with this secret.
    allow : sequence of type, optional
        Classes of your own fitted models that the file may hold; nothing else outside the
        registry is ever built.
    encoding : str, optional
        How the text files are encoded that it will read, such as ``"cp1250"``; None: what is no
        UTF-8 is taken for that which it was fitted on.
    images : path, optional
        The folder of the images that a table names; None: that of the table's file.

    Returns
    -------
    Model

    Raises
    ------
    ModelFileError
        When the file is truncated, altered, oversized, unsigned, or of a newer format.
    """
    return Model(*read_contents(Path(path), key, allow), encoding, images)


def refuse_pictured(model: Model) -> None:
    """Refuse to say which columns matter to a model of images, which has none.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.

    Raises
    ------
    DataError
        When it predicts from pixels.
    """
    if model._voices.images:
        cure = "modelwright report MODEL --out report.html shows what its answers rest on"
        raise DataError("a model of columns to explain", "one of images", cure)


def read_rows(model: Model, data: object, *, may_be_empty: bool = False) -> Mended:
    """Read rows as those of the fit were, and mend them as those were mended.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.
    data : path or frame
        As for `Model.predict`.
    may_be_empty : bool
        Whether a table without rows is one.

    Returns
    -------
    Mended
        Its `changes` are the cells that were mended. Give it to `predict`, `evaluate` or `explain`
        in place of the data, so that these are read once.

    Raises
    ------
    ColumnError or DataError
        When the data cannot be read, or lacks a column that settles others.
    """
    return model._mended(data, 4, may_be_empty=may_be_empty)


def _uncalibrated(model: Model) -> DataError:
    """Say what a model lacks for intervals, and what would give it that."""
    if model._voices.images:
        cure = "leave it out: the probability of each class is there"
        return DataError("a model of a table, for intervals", "one of folders of images", cure)
    older = model.card.version != __version__
    got = "that an earlier version wrote" if older else "whose fit had too little time for it"
    return DataError(
        "a model that was calibrated, for intervals",
        f"one {got}",
        f"fit again{'' if older else ' with more time (--time)'}, or calibrate it on rows "
        "with answers that it has not seen: --calibrate FILE, or "
        "modelwright.plan.findings.calibrate.calibrate",
    )
