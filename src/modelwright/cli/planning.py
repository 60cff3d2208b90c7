"""The options that say how models are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.completing import columns
from modelwright.cli.inputs import check_data
from modelwright.cli.wording import Whole
from modelwright.core.addresses import is_database
from modelwright.core.errors import OptionError
from modelwright.core.settings import Validation

__all__ = ["Checked"]

_Span = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
"""Such as 7d; -7d comes through, to be refused in clear words."""


@Parameter(name="*")
@dataclass(frozen=True)
class Checked:
    """How models are checked; see `Validation`.

    Parameters
    ----------
    folds : int, optional
        How many folds; 1: one part is held out; by the number of rows when left out.
    repeats : int
        How many times the folds are drawn.
    gap : str, optional
        What is left out between fitted and scored rows with --order, such as 7d or 12h.
    window : str, optional
        How far back the fitted rows go with --order, such as 90d; to the first when left out.
    splits : str, optional
        A column of fold numbers, or of the words train, valid and test.
    test : pathlib.Path, optional
        A file of rows that are never fitted on, scored once at the end.
    interval_by : str, optional
        A column: the intervals of predict --interval are calibrated for each of its values.
    """

    folds: Whole | None = None
    repeats: Whole = 1
    gap: _Span = None
    window: _Span = None
    splits: Annotated[str | None, Parameter(completer=columns)] = None
    test: Annotated[str | Path | None, Parameter(allow_leading_hyphen=True)] = None
    interval_by: Annotated[str | None, Parameter(completer=columns)] = None

    def validation(self, data: str | Path) -> Validation:
        """Give the same for a fit of some data.

        Raises
        ------
        OptionError
            When an option means nothing.
        DataError
            When the test file is a model.
        """
        if self.test is not None:
            _check_test(str(self.test), str(data))
        return Validation(
            self.folds,
            self.repeats,
            self.gap,
            self.window,
            self.splits,
            None if self.test is None else str(self.test),
            self.interval_by,
        )


def _check_test(test: str, data: str) -> None:
    """Refuse a model, and the rows that are learned from."""
    if is_database(test):
        return
    check_data(test)
    if test != "-" and Path(test).expanduser().resolve() == Path(data).expanduser().resolve():
        cure = "scores of these rows are out of fold anyway: leave --test out"
        raise OptionError("another file than DATA for --test", repr(test), cure)
    if test == "-" and data == "-":
        raise OptionError("one table on standard input", "- for DATA and for --test")
