"""``modelwright join``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import check_data
from modelwright.cli.printing import Source, answer, say
from modelwright.core.errors import OptionError
from modelwright.core.progress import progress, reading

if TYPE_CHECKING:
    from modelwright.clean.joins import Joined

__all__ = ["Alike", "Grouped", "join"]

Flag = Annotated[bool, Parameter(negative=())]


@Parameter(name="*")
@dataclass(frozen=True)
class Alike:
    """Keys that are spelled differently.

    Parameters
    ----------
    fuzzy : bool
        Whether keys of text may differ in case, accents, signs, word order, abbreviations, typos.
    threshold : float, optional
        With --fuzzy: pairs of keys less sure than this, from 0 to 1, are only proposed; 0.5 when
        left out.
    decided : pathlib.Path, optional
        With --fuzzy: a file that --matches wrote, whose column applied a person has corrected.
    """

    fuzzy: Flag = False
    threshold: float | None = None
    decided: Path | None = None

    def check(self) -> None:
        """Refuse what belongs to --fuzzy without it."""
        for name, value in (("threshold", self.threshold), ("decided", self.decided)):
            if value is not None and not self.fuzzy:
                raise OptionError(f"--fuzzy beside --{name}", "none", "add --fuzzy")


@Parameter(name="*")
@dataclass(frozen=True)
class Grouped:
    """Many rows of a key.

    Parameters
    ----------
    aggregate : bool
        Whether the rows of a key in the right table become one: their number, means, extremes,
        last values, how many different texts.
    before : str, optional
        With --aggregate: a time, as a column of both tables or left=right; a row sees only
        earlier rows of the right table.
    gap : float, optional
        With --before: how much earlier at least, in days, or in the units of the column.
    """

    aggregate: Flag = False
    before: str | None = None
    gap: float | None = None

    def check(self, *, fuzzy: bool) -> None:
        """Refuse what does not go together."""
        if self.aggregate and fuzzy:
            raise OptionError("--aggregate or --fuzzy", "both",
                              "join fuzzily first, and aggregate the result")  # fmt: skip
        if self.before is not None and not self.aggregate:
            raise OptionError("--aggregate beside --before", "none", "add --aggregate")
        if self.gap is not None and self.before is None:
            raise OptionError("--before beside --gap", "none", "name the times with --before")
        if self.gap is not None and not 0 <= self.gap < math.inf:
            raise OptionError("0 or more for --gap", repr(self.gap), "write it like --gap 30")


def join(
    left: Source,
    right: Source,
    /,
    *,
    on: list[str],
    out: Path,
    alike: Alike | None = None,
    grouped: Grouped | None = None,
    matches: Path | None = None,
    json: Flag = False,
) -> None:
    """Put the columns of a second table beside the rows of a first, by keys.

    Every row of the left table stays, once and in order.

    Parameters
    ----------
    left
        The rows that stay: a file of any format that fit takes, - for standard input, a database.
    right
        The rows that are looked up, likewise.
    on
        The key: a column of both tables, or left=right where the names differ; may be repeated.
    out
        A .csv, .tsv, .parquet, .arrow or .jsonl file.
    alike
        Keys that are spelled differently.
    grouped
        Many rows of a key.
    matches
        Where the log of matched keys goes: how alike, how sure, applied or only proposed.
    json
        Print one JSON object on stdout.
    """
    from modelwright.store import write_frame

    spelled, many = alike or Alike(), grouped or Grouped()
    spelled.check()
    many.check(fuzzy=spelled.fuzzy)
    _check_files(left, right, out, matches, spelled.decided)
    with progress(json) as live:
        live.advance(None, f"{reading(str(left))} and {right}")
        found = _joined(str(left), str(right), on, spelled, many)
        live.advance(None, f"writing {out}")
        write_frame(found.frame, out)
        if matches is not None:
            write_frame(found.matches, matches)
    if json:
        where = None if matches is None else str(matches)
        answer({**found.to_json(), "out": str(out), "matches_file": where})
    else:
        _tell(found, out, matches)


def _check_files(
    left: Source, right: Source, out: Path, matches: Path | None, decided: Path | None
) -> None:
    from modelwright.store import check_writable
    from modelwright.store.files import check_suffix

    if str(left) == str(right) == "-":
        raise OptionError("one table from standard input", "both", "write the other to a file")
    for source in (left, right):
        check_data(source)
    for path in (out, *(() if matches is None else (matches,))):
        check_suffix(path)
        # what a person has decided is not to be lost: a pair that was refused is no match
        check_writable(path, left, right, decided)
    if matches is not None and matches.absolute() == out.absolute():
        raise OptionError("two files", f"{str(out)!r} for the rows and their matches")


def _joined(left: str, right: str, on: list[str], spelled: Alike, many: Grouped) -> Joined:
    from modelwright.plan.tables.joining import aggregate_files, join_files, read_decisions

    if many.aggregate:
        return aggregate_files(left, right, on, before=many.before, gap=many.gap or 0.0)
    decided = None if spelled.decided is None else read_decisions(str(spelled.decided))
    threshold = 0.5 if spelled.threshold is None else spelled.threshold
    return join_files(left, right, on, fuzzy=spelled.fuzzy, threshold=threshold, decided=decided)


def _tell(found: Joined, out: Path, matches: Path | None) -> None:
    for note in found.notes:
        say(f"note: {note}")
    say(str(found))
    if matches is None and found.proposed.height:
        say("see all of them with --matches FILE; edit it and give it back with --decided FILE")
    say(f"{found.frame.height:,} rows of {found.frame.width:,} columns: {out}")
