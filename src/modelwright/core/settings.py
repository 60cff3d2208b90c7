"""What a user asks for, and how it is to be found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.core.addresses import masked
from modelwright.core.budget import parse_duration
from modelwright.core.errors import OptionError
from modelwright.core.sizes import parse_size, written_size
from modelwright.core.version import __version__

if TYPE_CHECKING:
    from modelwright.core.protocols import Splitter

__all__ = [
    "Bounds",
    "Frame",
    "ImageSettings",
    "Question",
    "Settings",
    "TableSettings",
    "Validation",
    "cleaned_by",
    "cleaning_asked",
    "images_of",
    "names_of",
    "seeing",
    "starting_from",
]

# What a task file may add to a question; where it adds nothing, records stay as they were.
_FRAMED = ("unit", "horizon", "unknown", "baseline")


def _said(value: object) -> bool:
    """Whether it says something; a baseline of 0 does."""
    return value not in (None, "", ())


@dataclass(frozen=True)
class Question:
    """What is asked of a table.

    Parameters
    ----------
    target : str
        The column to predict.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None infers it from the target. Without
        a target ``"clustering"`` or ``"density"``, with a number ``"clustering(4)"``.
    metric : str, optional
        What decides; None takes the usual one of the task.
    positive : str, optional
        The positive class of a binary task; None takes the last label in sorted order.
    group : str, optional
        A column whose equal values must not be on both sides of a split; ``"none"`` turns off
        what is found without being asked.
    order : str, optional
        A column of time: validation rows come later than training rows; ``"none"`` as for group.
    weight : str, optional
        A column that says how much each row counts.
    unit : str, optional
        What one row is, such as "ride" or "customer and month".
    horizon : str, optional
        How far ahead the answer lies, such as "7 days": answers of rows of the last 7 days are not
        known yet. It needs `order`; a bare number counts in units of a column of numbers.
    unknown : tuple of str
        Columns that are not known when a prediction is made; no model sees them.
    baseline : str or float, optional
        What has to be beaten: a rule such as "mean by shop", or a score.
    """

    target: str
    task: str | None = None
    metric: str | None = None
    positive: str | None = None
    group: str | None = None
    order: str | None = None
    weight: str | None = None
    unit: str | None = None
    horizon: str | None = None
    unknown: tuple[str, ...] = ()
    baseline: str | float | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the question as plain JSON."""
        said = asdict(self)
        return {key: value for key, value in said.items() if key not in _FRAMED or _said(value)}

    def completed_by(self, other: Question) -> Question:
        """Take from another question what this one leaves open.

        Examples
        --------
        >>> Question("", metric="mae").completed_by(Question("price", metric="rmse")).target
        'price'
        """
        names = [one.name for one in fields(self)]
        kept = {name: getattr(self, name) for name in names}
        return replace(other, **{name: value for name, value in kept.items() if _said(value)})


@dataclass(frozen=True)
class Frame:
    """A question with what the data said of it: the content of a task file.

    Parameters
    ----------
    question : Question
        What is asked.
    types : mapping, or path, optional
        Columns whose type was read wrong, as in `Settings`.
    data : mapping
        What the data said when the question was put, as plain JSON; for people.
    file : str
        Where it was read from or written to; empty when it is in no file.

    Examples
    --------
    >>> Frame(Question("price", unit="house")).question.unit
    'house'
    """

    question: Question
    types: Mapping[str, str | Mapping[str, Any]] | str | Path | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True)
class Validation:
    """How models are checked; the defaults follow the rows (see `choose_splitter`).

    Parameters
    ----------
    folds : int, optional
        How many folds; 1: one part is held out. None: by the number of rows.
    repeats : int
        How many times the folds are drawn; each row's out-of-fold prediction is the mean.
    gap : str or float, optional
        What is left out between the rows fitted on and those scored, in the order of ``order``:
        ``"7d"`` or ``"12h"`` for dates, a number in the column's unit for numbers.
    window : str or float, optional
        How far back the fitted rows go, likewise; None: to the first one.
    splits : str or Splitter, optional
        A column of the table that gives the folds: their numbers, or the words train, valid and
        test (test rows are what `test` is). In Python also a splitter.
    test : path or frame, optional
        Rows with answers that are never fitted on and choose nothing; they are scored once, at
        the end.
    interval_by : str, optional
        A column: intervals of the rows of each of its values are calibrated on their own.

    Raises
    ------
    OptionError
        When a number means nothing, or the folds are given and asked for.

    Examples
    --------
    >>> Validation(folds=5, repeats=2).to_json()
    {'folds': 5, 'repeats': 2}
    """

    folds: int | None = None
    repeats: int = 1
    gap: str | float | None = None
    window: str | float | None = None
    splits: str | Splitter | None = None
    test: object = field(default=None, compare=False)
    interval_by: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("folds", self.folds), ("repeats", self.repeats)):
            object.__setattr__(self, name, _whole(name, value, 1))
        others = [name for name in self.plan() if name != "splits"]
        if self.splits is not None and others:
            cure = f"the given folds are the whole plan: leave --{others[0]} out"
            raise OptionError(f"--splits or --{others[0]}", "both", cure)

    def to_json(self) -> dict[str, Any]:
        """Give what differs from the defaults, as plain JSON."""
        found = self.plan()
        if self.test is not None:
            known = isinstance(self.test, str | Path)
            name = masked(str(self.test)) if known else f"a {type(self.test).__name__} in memory"
            found["test"] = name
        if self.interval_by is not None:
            found["interval_by"] = self.interval_by
        return found

    def plan(self) -> dict[str, Any]:
        """Give what changes the folds, as plain JSON."""
        splits = self.splits
        found = {
            "folds": self.folds,
            "repeats": None if self.repeats == 1 else self.repeats,
            "gap": self.gap,
            "window": self.window,
            "splits": splits if splits is None or isinstance(splits, str) else repr(splits),
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Bounds:
    """What the deployed model may cost; the best ensemble that costs no more is taken.

    Parameters
    ----------
    latency : str or float, optional
        How long the prediction of one row on its own may take, in a process that has opened the
        model: ``"5ms"``, or seconds. It is measured where the fit runs.
    size : str or float, optional
        How large the model file may be: ``"10MB"``, or bytes.

    Raises
    ------
    OptionError
        When one is no duration or no size.

    Examples
    --------
    >>> print(Bounds("5ms", "10MB"))
    10.0 MB and 5 ms a row
    >>> bool(Bounds())
    False
    """

    latency: str | float | None = None
    size: str | float | None = None

    def __post_init__(self) -> None:
        _ = self.seconds, self.bytes

    @property
    def seconds(self) -> float:
        """The longest latency; infinite when there is no bound."""
        told = self.latency
        return float("inf") if told is None else parse_duration(told, "--latency")

    @property
    def bytes(self) -> float:
        """The largest size; infinite when there is no bound."""
        return float("inf") if self.size is None else parse_size(self.size, "--size")

    def __bool__(self) -> bool:
        return self.latency is not None or self.size is not None

    def __str__(self) -> str:
        size = [] if self.size is None else [written_size(self.bytes)]
        latency = [] if self.latency is None else [f"{1e3 * self.seconds:.3g} ms a row"]
        return " and ".join(size + latency)


def names_of(models: Iterable[str]) -> tuple[str, ...]:
    """Give names as a tuple; a single word would be taken for a sequence of letters.

    Raises
    ------
    OptionError
        When `models` is a word.

    Examples
    --------
    >>> names_of(["linear", "tree"])
    ('linear', 'tree')
    """
    if isinstance(models, str):
        raise OptionError("a tuple of names as models", repr(models), f"write ({models!r},)")
    return tuple(models)


def _whole(name: str, value: object, least: int) -> int | None:
    """Give a number as Python's own: one of NumPy is no JSON, and another seed than its equal."""
    if value is None:
        return None
    if not isinstance(value, Integral):
        raise OptionError(f"a whole number for --{name}", repr(value))
    if value < least:
        raise OptionError(f"--{name} to be at least {least}", str(value))
    return int(value)


@dataclass(frozen=True)
class Settings:
    """How an answer is to be found; the defaults suit nearly everybody.

    Parameters
    ----------
    positive : str, optional
        The positive class of a binary task.
    weight : str, optional
        A column that says how much each row counts.
    types : mapping, or path, optional
        Columns whose type was read wrong: ``{"zip": "category"}``, or a JSON file of the same. An
        object may stand in place of the word: ``{"days": {"kind": "number", "missing": ["999"]}}``.
    header : bool, optional
        Whether the first row of a text file or sheet holds names; None finds out.
    encoding : str, optional
        How a text file is encoded, such as ``"cp1250"``; None finds out.
    trials : int, optional
        Fit exactly so many trials and look at no clock: the same result again, however fast the
        machine is and however many its workers, as long as the same libraries are installed:
        CatBoost and PyTorch, where they are, take part unless `models` names others. Of a table
        larger than memory rows are sampled, and a booster sees more of them in the end: how many
        depends on the machine's memory.
    models : tuple of str
        Learners to use; empty means all.
    seed : int
        The root of all randomness.
    workers : int, optional
        How many worker processes; None: one a core; 0: fit in this process, which on small
        tables is quicker, and where no fit can be stopped from outside.
    out : path, optional
        Where the model file goes; None keeps it in the run's folder only.
    store : path, optional
        Where runs are kept; None: the user's data folder.
    resume : bool
        Go on with the newest run of the same data and question.
    replay : str, optional
        Repeat the plan that this run executed, without a clock.
    frame : Frame, or path, optional
        The question as a task file says it (`modelwright frame` writes one); what is asked beside
        it comes first.
    validation : Validation
        How models are checked.
    bounds : Bounds
        What the deployed model may cost.

    Examples
    --------
    >>> Settings(seed=7).seed
    7
    """

    positive: str | None = None
    weight: str | None = None
    types: Mapping[str, str | Mapping[str, Any]] | str | Path | None = None
    header: bool | None = None
    encoding: str | None = None
    trials: int | None = None
    models: tuple[str, ...] = ()
    seed: int = 0
    workers: int | None = None
    out: str | Path | None = None
    store: str | Path | None = None
    resume: bool = False
    replay: str | None = None
    frame: Frame | str | Path | None = None
    validation: Validation = Validation()
    bounds: Bounds = Bounds()

    def __post_init__(self) -> None:
        names_of(self.models)
        for name, value, least in (
            ("trials", self.trials, 1),
            ("workers", self.workers, 0),
            ("seed", self.seed, 0),
        ):
            object.__setattr__(self, name, _whole(name, value, least))

    def fingerprint(self, question: Question, test: str = "") -> str:
        """Hash the question and whatever changes which models are fitted, the version included.

        Time, workers and folders are left out: a run may be resumed with more time, other
        hardware, or from another folder.

        Parameters
        ----------
        question : Question
            What is asked.
        test : str
            The hash of the rows that are scored at the end; empty when there are none.

        Returns
        -------
        str
            16 hexadecimal digits.
        """
        types = self.types
        if isinstance(types, str | Path):
            types = {"": Path(types).read_text(encoding="utf-8")}
        asked = [question.to_json(), dict(types or {}), self.trials, self.models, self.seed]
        checked: list[Any] = [self.validation.plan(), test]
        if self.validation.interval_by is not None:
            checked.append({"interval_by": self.validation.interval_by})
        if self.bounds:
            checked.append(str(self.bounds))
        text = json.dumps([__version__, self.replay, *asked, *checked], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class ImageSettings(Settings):
    """Settings of a fit on images.

    Parameters
    ----------
    backbones : tuple of path
        Files to start from: what `modelwright pretrain` wrote, a model of images, or published
        weights with the names of timm (safetensors). Of several the one that suits best is taken.

    Raises
    ------
    OptionError
        When a single path stands where a tuple of them belongs.

    Examples
    --------
    >>> ImageSettings(seed=7, backbones=("photos.mw",)).backbones
    ('photos.mw',)
    """

    backbones: tuple[str | Path, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        given: object = self.backbones
        if isinstance(given, str | Path):
            got = repr(str(given))
            raise OptionError("a tuple of files as backbones", got, f"write ({got},)")


def starting_from(settings: Settings, backbones: Iterable[str | Path]) -> ImageSettings:
    """Give the same settings, with backbones to start from.

    Examples
    --------
    >>> starting_from(Settings(seed=7), ["photos.mw"]).seed
    7
    """
    given: dict[str, Any] = {one.name: getattr(settings, one.name) for one in fields(Settings)}
    return ImageSettings(**given, backbones=tuple(backbones))


@dataclass(frozen=True)
class TableSettings(Settings):
    """Settings of a fit on a table whose errors are mended first, or that names images.

    Parameters
    ----------
    clean : bool or path
        Errors are mended, and those of new rows likewise. A path: what this recipe says is done
        (`modelwright clean` writes one). True: repairs are looked for, and those are done that
        help on held-out rows.
    images : path, optional
        The folder of the images that a column names; None: that of the table's file.

    Raises
    ------
    OptionError
        When it is something else.

    Examples
    --------
    >>> TableSettings(seed=7, clean=True).clean
    True
    """

    clean: bool | str | Path = False
    images: str | Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        given: object = self.clean
        if not isinstance(given, bool | str | Path):
            expected = "True, or the path of a recipe, as clean"
            raise OptionError(expected, f"a {type(given).__name__}", "recipe.write(path) makes one")
        if not isinstance(given, bool) and Path(given).suffix.lower() != ".json":
            expected = "a recipe whose name ends in .json, or no name, for --clean"
            cure = "modelwright clean DATA --out FILE --recipe recipe.json writes one"
            raise OptionError(expected, repr(str(given)), cure)

    def fingerprint(self, question: Question, test: str = "") -> str:
        """Hash the same as of other settings, and what cleans the table."""
        found = super().fingerprint(question, test)
        if self.clean is False:
            return found
        told = b"" if self.clean is True else Path(self.clean).expanduser().read_bytes()
        return hashlib.blake2b(found.encode() + told, digest_size=8).hexdigest()


def cleaning_asked(settings: Settings) -> bool | str | Path:
    """Say what cleans the table: False for nothing.

    Examples
    --------
    >>> cleaning_asked(Settings()), cleaning_asked(TableSettings(clean="recipe.json"))
    (False, 'recipe.json')
    """
    return settings.clean if isinstance(settings, TableSettings) else False


def images_of(settings: Settings) -> str | Path | None:
    """Give the folder of the images that a table names, where the user said so."""
    return settings.images if isinstance(settings, TableSettings) else None


def cleaned_by(settings: Settings, clean: bool | str | Path) -> TableSettings:
    """Give the same settings, with something that cleans the table.

    Examples
    --------
    >>> cleaned_by(Settings(seed=7), True).seed
    7
    """
    return replace(_of_tables(settings), clean=clean)


def seeing(settings: Settings, images: str | Path) -> TableSettings:
    """Give the same settings, with the folder of the images that a table names.

    Examples
    --------
    >>> images_of(seeing(cleaned_by(Settings(), True), "photos"))
    'photos'
    """
    return replace(_of_tables(settings), images=images)


def _of_tables(settings: Settings) -> TableSettings:
    if isinstance(settings, TableSettings):
        return settings
    given: dict[str, Any] = {one.name: getattr(settings, one.name) for one in fields(Settings)}
    return TableSettings(**given)
