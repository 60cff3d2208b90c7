"""``modelwright clean``: errors of a table found and mended, or a recipe done again."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import Encoding, check_data
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.tables import as_table
from modelwright.cli.wording import Whole
from modelwright.core.errors import OptionError
from modelwright.core.progress import progress, reading
from modelwright.core.settings import Settings

if TYPE_CHECKING:
    from modelwright.clean.cleaning import Cleaned
    from modelwright.clean.recipes.replay import Replayed
    from modelwright.clean.repairs import Repair
    from modelwright.plan.tables.clean import Asked

__all__ = ["Read", "Wanted", "clean"]

_SHOWN = 20
_GAP = "gap filled"


@Parameter(name="*")
@dataclass(frozen=True)
class Wanted:
    """What is to be done.

    Parameters
    ----------
    labels : pathlib.Path, optional
        A CSV file of a few rows as they ought to be: a column row (from 0) and columns of the
        table; twenty rows help much.
    rules : pathlib.Path, optional
        A TOML file of what has to hold.
    history : pathlib.Path, optional
        A JSON file of operations that OpenRefine exported: done first.
    threshold : float
        Repairs that are likelier right than so are applied; others are proposed in the log.
    review : bool
        Ask on the terminal which proposals to apply.
    drop : str, optional
        What to leave out, with commas: sparse-columns, sparse-rows, duplicates, abnormal-rows,
        stray-rows (totals at the end, names of columns among the rows).
    mask : bool
        Empty the cells that are wrong for certain (see --threshold) and that nobody can mend, and
        those that only say "missing", such as n/a or -999 among other numbers.
    impute : str, optional
        Fill gaps: auto compares ways on hidden cells and takes the best for each column; or one of
        median, mean, most-frequent, constant, neighbours, ridge, trees for all.
    schema : pathlib.Path, optional
        A .py file for the rules, or for those that the cleaned table keeps, as a schema of pandera.
    """

    labels: Path | None = None
    rules: Path | None = None
    history: Path | None = None
    threshold: float = 0.9
    review: Annotated[bool, Parameter(negative=())] = False
    drop: str | None = None
    mask: Annotated[bool, Parameter(negative=())] = False
    impute: str | None = None
    schema: Path | None = None

    def asked(self) -> Asked:
        """Give the same to the chain."""
        from modelwright.plan.tables.clean import Asked

        drop = tuple(word.strip() for word in (self.drop or "").split(",") if word.strip())
        given = self.labels, self.rules, self.history, self.threshold, drop, self.mask, self.impute
        return Asked(*given)


@Parameter(name="*")
@dataclass(frozen=True)
class Read:
    """How the table is to be read.

    Parameters
    ----------
    header : bool, optional
        Whether the first row holds names; found out when left out.
    encoding : str, optional
        How a text file is encoded, such as cp1250; found out when left out.
    seed : int
        The root of all randomness.
    """

    header: bool | None = None
    encoding: Encoding = None
    seed: Whole = 0

    def settings(self) -> Settings:
        """Give the same to the chain."""
        return Settings(header=self.header, encoding=self.encoding, seed=self.seed)


def clean(
    data: Source,
    /,
    *,
    out: Path,
    recipe: Path | None = None,
    replay: Path | None = None,
    log: Path | None = None,
    wanted: Wanted | None = None,
    read: Read | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Find the errors of a table and mend them, or do again what a recipe says.

    Every row and column stays, in its order, unless --drop says otherwise.

    Parameters
    ----------
    data
        What fit takes: a file, - for standard input, or a database.
    out
        A .csv, .tsv, .parquet, .arrow or .jsonl file for the cleaned table.
    recipe
        A JSON file for everything that was done, to be done again to another file.
    replay
        A recipe that was written before: nothing is looked for, what it says is done.
    log
        A .parquet or .csv file for every change: row, column, old, new, rule, confidence, applied.
    wanted
        What is to be done.
    read
        How the table is to be read.
    json
        Print one JSON object on stdout.
    """
    check_data(data)
    asked = wanted or Wanted()
    given: list[object] = [data, replay, asked.labels, asked.rules, asked.history]
    _check_files(given, out, recipe, replay, log)
    if asked.schema is not None:
        _check_schema(asked.schema, *given, out, recipe, log)
    settings = (read or Read()).settings()
    if replay is not None:
        if asked != Wanted():
            cure = "leave them out, or clean anew with --recipe in place of --replay"
            raise OptionError("nothing else to do beside --replay", "options of cleaning", cure)
        _again(str(data), out, replay, log, settings, json=json)
        return
    _anew(str(data), out, recipe, log, asked, settings, json=json)


def _check_files(
    given: list[object], out: Path, recipe: Path | None, replay: Path | None, log: Path | None
) -> None:
    """Make sure before the work that its results can be written after it."""
    from modelwright.store import check_writable
    from modelwright.store.files import check_suffix

    if recipe is not None and replay is not None:
        cure = "--replay does what a recipe says, --recipe writes a new one"
        raise OptionError("--recipe or --replay", "both", cure)
    _check_apart({"--out": out, "--recipe": recipe, "--log": log})
    check_suffix(out)
    check_writable(out, *given)
    if recipe is not None:
        if recipe.suffix.lower() != ".json":
            raise OptionError("a recipe whose name ends in .json", repr(recipe.name))
        check_writable(recipe, *given, out)
    if log is not None:
        check_suffix(log)
        check_writable(log, *given, out, recipe)


def _check_apart(files: Mapping[str, Path | None]) -> None:
    """Refuse to write two things into one file."""
    taken: dict[Path, str] = {}
    for option, file in files.items():
        if file is None:
            continue
        place = file.resolve()
        if place in taken:
            got = f"that of {taken[place]}, {str(file)!r}"
            raise OptionError(f"a file of its own for {option}", got, f"choose another {option}")
        taken[place] = option


def _check_schema(schema: Path, *inputs: object) -> None:
    from modelwright.store import check_writable

    if schema.suffix.lower() != ".py":
        raise OptionError("a schema whose name ends in .py", repr(schema.name))
    check_writable(schema, *inputs)


def _anew(
    data: str,
    out: Path,
    recipe: Path | None,
    log: Path | None,
    wanted: Wanted,
    settings: Settings,
    *,
    json: bool,
) -> None:
    from modelwright.cli.reviewing import Terminal, reviewed
    from modelwright.plan.tables.clean import clean as cleaned
    from modelwright.plan.tables.clean import write_schema

    review = None
    if wanted.review:
        if sys.stdin.isatty() and sys.stderr.isatty() and not json:
            review = reviewed(Terminal())
        else:
            sys.stderr.write("note: nobody to ask: --review needs a terminal\n")
    with progress(json or review is not None) as live:
        live.advance(None, f"{reading(data)} and looking for errors")
        done = cleaned(data, wanted.asked(), settings=settings, review=review)
    _write(done, out, log)
    if recipe is not None:
        done.recipe.write(recipe)
    if wanted.schema is not None:
        write_schema(done, wanted.schema)
    files = {"out": out, "recipe": recipe, "log": log, "schema": wanted.schema}
    if json:
        answer({**done.to_json(), **{k: None if v is None else str(v) for k, v in files.items()}})
        return
    _tell(done)
    for what, file in files.items():
        if file is not None:
            say(f"{'cleaned' if what == 'out' else what}: {file}")
    if recipe is not None:
        say(f"next file: modelwright clean FILE --replay {shlex.quote(str(recipe))} --out OUT")


def _write(done: Cleaned | Replayed, out: Path, log: Path | None) -> None:
    """Write the log first: no table is changed without one."""
    from modelwright.store import write_frame

    if log is not None:
        write_frame(done.log(), log)
    write_frame(done.table, out)


def _tell(done: Cleaned) -> None:
    for note in done.notes:
        say(f"note: {note}")
    say(_counted(done))
    lines = _reasons(done)
    if lines:
        head = ["column", "done", "proposed", "left", "why", "such as"]
        say(f"\n{as_table([head, *lines[:_SHOWN]])}")
        if len(lines) > _SHOWN:
            say(f"and {len(lines) - _SHOWN} more reasons (see --log)")
        say("")
    filled = sum(one.rule.startswith(_GAP) for one in done.changes)
    steps = len(done.changes) - len(done.repairs.applied) - filled
    if filled:
        noun = "gap" if filled == 1 else "gaps"
        say(f"{filled:,} {noun} filled: --log says how far each guess can be trusted")
    if steps:
        say(f"{steps:,} more changes by steps that were asked for")
    if done.repairs.proposed:
        say("proposals are not done: --review asks about them, --log lists them")
    if done.doubts:
        say("nobody knows better for what is left: --log lists these cells, --labels helps")


def _counted(done: Cleaned) -> str:
    rows, columns = done.errors.chance.shape
    mended = len(done.repairs.applied) - done.emptied
    told = [f"{mended:,} mended", f"{len(done.repairs.proposed):,} proposed"]
    if done.emptied:
        told.append(f"{done.emptied:,} emptied")
    if done.doubts:
        told.append(f"{len(done.doubts):,} left as they are")
    wrong = (
        "1 cell looks wrong" if done.suspicious == 1 else f"{done.suspicious:,} cells look wrong"
    )
    head = f"{rows:,} rows of {columns:,} columns: {wrong}"
    return ", ".join([head, *told])


def _reasons(done: Cleaned) -> list[list[str]]:
    """Give a line for each reason of each column, those of the most cells first."""
    several = [*done.repairs.all, *done.doubts]
    examples = {(one.column, one.rule): one for one in reversed(several)}
    told = [
        (column, rule, mended, proposed, 0)
        for column, rule, mended, proposed in done.repairs.by_rule()
    ]
    left = Counter((one.column, one.rule) for one in done.doubts)
    told += [(*key, 0, 0, count) for key, count in left.items()]
    told.sort(key=lambda line: (-sum(line[2:]), line[0], line[1]))
    return [
        [column, *(f"{n:,}" if n else "-" for n in counts), rule, _example(examples[column, rule])]
        for column, rule, *counts in told
    ]


def _example(one: Repair) -> str:
    old, new = ("(missing)" if text is None else text for text in (one.old, one.new))
    return old if old == new else f"{old} -> {new}"


def _again(
    data: str, out: Path, replay: Path, log: Path | None, settings: Settings, *, json: bool
) -> None:
    from modelwright.plan.tables.clean import replayed

    with progress(json) as live:
        live.advance(None, f"{reading(data)} and doing what {replay.name} says")
        done = replayed(data, replay, settings=settings)
    _write(done, out, log)
    if json:
        files = {"out": str(out), "log": None if log is None else str(log)}
        answer({**done.to_json(), **files})
        return
    for note in done.notes:
        say(f"note: {note}")
    say(f"{done.table.height:,} rows of {done.table.width:,} columns: "
        f"{len(done.changes):,} changes")  # fmt: skip
    if done.same:
        say(f"the very table of the recipe: the same result again ({done.hash[:12]})")
    elif not done.surprises:
        say("another table than that of the recipe, and nothing new in its columns")
    else:
        say("another table than that of the recipe; new in it:")
        for one in done.surprises:
            say(f"  {one.what}: {one}")
    say(f"cleaned: {out}")
    if log is not None:
        say(f"log: {log}")
