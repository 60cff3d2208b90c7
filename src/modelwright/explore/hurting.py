"""What would hurt a model here: findings of a profile, each with its cure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number, plain
from modelwright.core.schema import Kind, Role
from modelwright.core.table import Table
from modelwright.explore.answers import TargetProfile
from modelwright.explore.columns import ColumnProfile, Numbers
from modelwright.explore.measured import Comparison
from modelwright.explore.one_pass import Scan
from modelwright.explore.relations import Relations
from modelwright.explore.suspects import Suspect, suspects
from modelwright.stats.drift import FEWEST

__all__ = [
    "SPARSE",
    "in_order",
    "leave_out",
    "of_columns",
    "of_drift",
    "of_rows",
    "of_target",
    "said_once",
    "word",
]

SPARSE = 0.3
"""The 30 % rule: a column of which more is missing is worth a second look."""
_COPY = 0.98
_RARE, _FEW = 0.05, 20
_TAIL = 3.0
_READ = 0.05
_MANY = 1_000
_WILD, _BEYOND = 30.0, 4.0
_NAMED = 6
# What `check` calls a column that says nearly all of the answer: it is not said twice.
_TELLING = ("target-copy", "strong-column")
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Put the most important first."""
    return tuple(sorted(findings, key=lambda one: _RANK[one.severity]))


def of_columns(scan: Scan, relations: Relations, target: str | None) -> list[Finding]:
    """Say what is wrong with single columns and pairs of them."""
    columns = [column for column in scan.columns if column.name != target]
    found = [
        *_suspects(scan.columns, scan.sample),
        *_unread(columns),
        *_sparse(columns),
        *_wild(columns),
        *_many_levels(columns),
        *_silent(columns),
        *_copies(relations, target),
    ]
    return found


def of_rows(scan: Scan) -> list[Finding]:
    """Say what is wrong with rows."""
    found = []
    if scan.repeated:
        share = scan.repeated / scan.rows
        about = "" if scan.repeated_exact else "about "
        found.append(
            Finding(
                "exact-duplicates",
                Severity.INFO if _few_kinds(scan) else Severity.WARNING,
                (),
                f"{about}{scan.repeated:,} of {scan.rows:,} rows ({_percent(share)}) equal an "
                "earlier one in every column",
                "a copy on both sides of a split makes scores too good: keep one of each, or name "
                "what they have in common with --group",
            )
        )
    features = [c for c in scan.columns if c.role == Role.FEATURE]
    if len(features) > scan.rows:
        found.append(
            Finding(
                "more-columns-than-rows",
                Severity.WARNING,
                (),
                f"{len(features):,} columns to learn from and {scan.rows:,} rows",
                "many columns fit by chance: trust scores of held-out rows only, and give "
                "--models linear a try",
            )
        )
    return found


def _few_kinds(scan: Scan) -> bool:
    """Tell whether there are so few different rows possible that equal ones come by chance."""
    kinds = sum(math.log(max(column.distinct, 1)) for column in scan.columns)
    return kinds < math.log(scan.rows) + math.log(10)


def of_target(target: TargetProfile, column: ColumnProfile) -> list[Finding]:
    """Say what is wrong with the column to predict, and with what knows it too well."""
    found = []
    name = target.name
    if column.missing:
        found.append(
            Finding(
                "missing-target",
                Severity.WARNING if column.missing_share > _READ else Severity.INFO,
                (name,),
                f"{column.missing:,} rows ({_percent(column.missing_share)}) have no answer",
                "nothing to do: fit leaves them out",
            )
        )
    if target.classes:
        found += _balance(target, column)
    elif column.is_number and column.numbers is not None and column.numbers.skew > _TAIL:
        numbers = column.numbers
        cure = "--metric rmsle" if numbers.quantiles[0] > -1 else "--metric mae"
        found.append(
            Finding(
                "long-tail",
                Severity.INFO,
                (name,),
                f"half of the answers are below {plain(numbers.median)}, the largest is "
                f"{plain(numbers.quantiles[-1])}: a few rows decide the squared error",
                f"if relative errors matter more: {cure}",
            )
        )
    known = [one for one in target.associations if one.strength >= _COPY]
    for one in known[:_NAMED]:
        other = one.left if one.right == name else one.right
        found.append(
            Finding(
                "leak",
                Severity.WARNING,
                (other,),
                f"{other!r} says nearly all of {name!r} by itself ({one.measure} "
                f"{one.strength:.3f} in {one.rows:,} rows)",
                "if it is known only afterwards, leave it out: " + _types(other, "role", "ignored"),
            )
        )
    gaps = target.telling_gaps
    if gaps:
        shown = ", ".join(f"{gap!r} ({strength:.2f})" for gap, strength in gaps[:_NAMED])
        more = f" and {len(gaps) - _NAMED} more" if len(gaps) > _NAMED else ""
        found.append(
            Finding(
                "telling-gaps",
                Severity.INFO,
                tuple(gap for gap, _ in gaps),
                f"whether a value is missing goes with the answer (Cramér's V): {shown}{more}",
                "if one is filled in only afterwards, leave it out: "
                + _types(gaps[0][0], "role", "ignored"),
            )
        )
    return found


def of_drift(other: Comparison) -> list[Finding]:
    """Say whether the rows of a test file are others; of few rows, that it cannot be told."""
    if other.few:
        told = "1 test row is" if other.rows == 1 else f"{other.rows:,} test rows are"
        fewest = f"{FEWEST} rows on either side are needed"
        said = f"{told} too few to tell whether they differ: {fewest}"
        return [Finding("few-test-rows", Severity.INFO, (), said, "compare more rows")]
    found, drifted = [], other.drifted
    if drifted:
        shown = ", ".join(f"{one.column!r} ({one.words})" for one in drifted[:_NAMED])
        more = f" and {len(drifted) - _NAMED} more" if len(drifted) > _NAMED else ""
        found.append(
            Finding(
                "drift",
                Severity.WARNING,
                tuple(one.column for one in drifted),
                f"test rows differ in {len(drifted)} of {len(other.columns)} columns: "
                f"{shown}{more}",
                "find out why; if test rows are later ones, judge models on later rows: --order "
                "with the column of time",
            )
        )
    if other.target is not None and other.target.drifted:
        name, words = other.target.column, other.target.words
        found.append(
            Finding(
                "target-moved",
                Severity.WARNING,
                (name,),
                f"the answers of test rows are spread otherwise: {name!r} {words}",
                "find out why: chances that a model gives are off by as much; fit on rows like "
                "the test rows",
            )
        )
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _types(column: str, key: str, value: object) -> str:
    """Write the flag that mends how a column is taken, with what the file holds."""
    held = json.dumps({column: {key: value}}, ensure_ascii=False)
    return f"--types types.json, a file that holds {held}"


def _listed(columns: Sequence[tuple[ColumnProfile, str]]) -> str:
    shown = ", ".join(f"{column.name!r} {told}".rstrip() for column, told in columns[:_NAMED])
    return shown + (f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else "")


def _named(columns: Sequence[tuple[ColumnProfile, str]]) -> tuple[str, ...]:
    return tuple(column.name for column, _ in columns)


def _suspects(columns: Sequence[ColumnProfile], sample: Table) -> list[Finding]:
    found: list[Suspect] = []
    for column in columns:
        found += suspects(column, sample.frame[column.name])
    rows = {column.name: column.present for column in columns}
    return [
        Finding(
            "disguised-missing",
            Severity.WARNING if one.certain else Severity.INFO,
            (one.column,),
            f"{one.value!r} stands in {one.rows:,} rows of {one.column!r} "
            f"({_percent(one.rows / max(rows[one.column], 1))}) and {one.why}",
            "if it means missing, say so: " + _types(one.column, "missing", [one.value]),
        )
        for one in found
    ]


def _unread(columns: Sequence[ColumnProfile]) -> list[Finding]:
    some = [(c, _percent(c.marked / c.rows)) for c in columns if c.marked > _READ * c.rows]
    if not some:
        return []
    return [
        Finding(
            "read-as-missing",
            Severity.INFO,
            _named(some),
            f"cells that hold something are read as missing (such as ?, NA, or no number): "
            f"{_listed(some)}",
            "if they mean something, say what the column holds: "
            + _types(some[0][0].name, "kind", "category"),
        )
    ]


def _sparse(columns: Sequence[ColumnProfile]) -> list[Finding]:
    some = sorted(
        ((c, _percent(c.missing_share)) for c in columns if SPARSE < c.missing_share < 1),
        key=lambda pair: -pair[0].missing_share,
    )
    if not some:
        return []
    return [
        Finding(
            "sparse-columns",
            Severity.INFO,
            _named(some),
            f"more than 30 % is missing: {_listed(some)}",
            "the models here take gaps as they are; a column that will stay empty is better left "
            "out: " + _types(some[0][0].name, "role", "ignored"),
        )
    ]


def _wild(columns: Sequence[ColumnProfile]) -> list[Finding]:
    """Find values that are far outside by any measure, and few."""
    some: list[tuple[ColumnProfile, str]] = []
    for column in columns:
        numbers = column.numbers
        if numbers is None or column.kind != Kind.NUMBER or column.role == Role.IGNORED:
            continue
        end = _wildest(numbers)
        if end is not None:
            some.append((column, f"{plain(end)} (median {plain(numbers.median)})"))
    if not some:
        return []
    return [
        Finding(
            "wild-values",
            Severity.WARNING,
            _named(some),
            f"a few values lie more than {_WILD:.0f} interquartile ranges outside: {_listed(some)}",
            "look at these rows: typing errors or another unit? If they mean missing: "
            + _types(some[0][0].name, "missing", ["..."]),
        )
    ]


def _wildest(numbers: Numbers) -> float | None:
    """Give the end of a column that lies outside even of its own long tail.

    Distances from the median are put on a scale that is linear within the quartiles and logarithmic
    beyond: there the greatest of a million numbers lies at most 3.6 times as far as the 99 %
    quantile, were they drawn from a normal, a lognormal or even a Cauchy distribution.
    """
    q = numbers.quantiles
    wide, middle = q[6] - q[4], numbers.median
    if not 0 < wide < math.inf:
        return None
    for end, usual in ((q[-1], q[-2]), (q[0], q[1])):
        reach = abs(end / wide - middle / wide)
        tail = math.asinh(abs(usual / wide - middle / wide))
        if reach > _WILD and math.asinh(reach) > _BEYOND * max(tail, 1.0):
            return end
    return None


def _many_levels(columns: Sequence[ColumnProfile]) -> list[Finding]:
    some = [
        (c, f"{number(c.distinct)} in {c.present:,} rows")
        for c in columns
        if c.kind == Kind.CATEGORY
        and c.role == Role.FEATURE
        and (c.distinct > _MANY or (c.distinct > 50 and c.distinct > c.present / 2))
    ]
    if not some:
        return []
    again = [column for column, _ in some if column.distinct < column.present]
    cure = "nothing to do: of what never comes again nothing is learned"
    if again:
        cure = (
            "if they name things of which there are several rows, keep these together: "
            f"--group {word(again[0].name)}"
        )
    said = f"many different words: {_listed(some)}"
    return [Finding("many-levels", Severity.INFO, _named(some), said, cure)]


def said_once(known: Sequence[Finding], findings: Sequence[Finding]) -> list[Finding]:
    """Put together what `check` and a profile found; of a telling column with our cure.

    Parameters
    ----------
    known, findings : sequence of Finding
        What `check` found, and what the profile found.

    Returns
    -------
    list of Finding
        With nothing said twice.
    """
    cures = {one.columns: one.cure for one in findings if one.code == "leak"}
    told = {one.columns for one in known if one.code in _TELLING}
    ours = [one for one in findings if not (one.code == "leak" and one.columns in told)]
    theirs = [
        replace(one, cure=cures.get(one.columns, one.cure)) if one.code in _TELLING else one
        for one in known
    ]
    return [*theirs, *leave_out(ours, known)]


def word(name: str) -> str:
    """Write the name of a column as one word of a command line.

    Examples
    --------
    >>> word("age"), word("sold on")
    ('age', '"sold on"')
    """
    if re.fullmatch(r"[\w.:/+-]+", name):
        return name
    escaped = re.sub(r'(["\\$`])', r"\\\1", name)
    return f'"{escaped}"'


def _silent(columns: Sequence[ColumnProfile]) -> list[Finding]:
    found = []
    constant = [(c, "") for c in columns if c.constant]
    ids = [(c, c.why) for c in columns if c.kind == Kind.ID and c.role == Role.IGNORED]
    if constant:
        found.append(
            Finding(
                "constant-columns",
                Severity.INFO,
                _named(constant),
                f"one value at most: {_listed(constant)}",
                "nothing to do: fit leaves them out",
            )
        )
    if ids:
        found.append(
            Finding(
                "identifiers",
                Severity.INFO,
                _named(ids),
                f"they only name rows: {_listed(ids)}",
                "nothing to do: fit leaves them out; if one says which rows belong together: "
                f"--group {word(ids[0][0].name)}",
            )
        )
    return found


def _copies(relations: Relations, target: str | None) -> list[Finding]:
    pairs = [pair for pair in relations.copies if target not in pair]
    if not pairs:
        return []
    shown = ", ".join(f"{a!r} and {b!r}" for a, b in pairs[:_NAMED])
    more = f" and {len(pairs) - _NAMED} pairs more" if len(pairs) > _NAMED else ""
    return [
        Finding(
            "copied-columns",
            Severity.INFO,
            tuple(dict.fromkeys(name for pair in pairs for name in pair)),
            f"the same but for unit and sign: {shown}{more}",
            "importances are shared between them; one is enough: "
            + _types(pairs[0][1], "role", "ignored"),
        )
    ]


def _balance(target: TargetProfile, column: ColumnProfile) -> list[Finding]:
    if len(target.balance) < 2 or column.distinct > len(target.balance):
        return []
    label, count = target.rarest
    share = count / max(column.present, 1)
    if share >= _RARE and count >= _FEW:
        return []
    largest = target.balance[0]
    metric = "average_precision" if len(target.balance) == 2 else "balanced_accuracy"
    return [
        Finding(
            "rare-class",
            Severity.WARNING if count < _FEW else Severity.INFO,
            (target.name,),
            f"the class {label!r} has {count:,} rows ({_percent(share)}): always saying "
            f"{largest[0]!r} is right in {_percent(largest[1] / column.present)}",
            f"judge by what is found of it, not by accuracy: --metric {metric}",
        )
    ]


def leave_out(findings: Sequence[Finding], known: Sequence[Finding]) -> list[Finding]:
    """Leave out what another check has said of the same columns."""
    said: Mapping[tuple[str, Any], bool] = {(one.code, one.columns): True for one in known}
    codes = {one.code for one in known}
    whole = {"exact-duplicates", "drift", "target-moved"}
    return [
        one
        for one in findings
        if (one.code, one.columns) not in said and not (one.code in whole and one.code in codes)
    ]
