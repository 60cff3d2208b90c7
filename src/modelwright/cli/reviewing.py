"""Proposals, shown one pattern after the other on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from modelwright.clean.repairs import Repair, Repairs
from modelwright.core.printable import printable

__all__ = ["Console", "Terminal", "reviewed"]

_SHOWN = 3
_HELP = "y yes, n no, a all of this rule, x none of this rule, q stop asking"

Pattern = tuple[str, str, str | None, str | None]


class Console(Protocol):
    """Who is asked."""

    def ask(self, question: str) -> str:
        """Show a question, and give the answer; empty at the end of the input."""
        ...


class Terminal:
    """A person at a terminal."""

    def ask(self, question: str) -> str:
        """Show a question on stderr, and read a line."""
        sys.stderr.write(printable(question))
        sys.stderr.flush()
        return sys.stdin.readline()


def reviewed(console: Console) -> Callable[[Repairs], Repairs]:
    """Make a review of proposals.

    Parameters
    ----------
    console : Console
        Who is asked.

    Returns
    -------
    callable
        Takes repairs, asks about each pattern that is proposed (what a column's value becomes, and
        why), the most frequent first, and gives the repairs with the accepted ones applied.
    """

    def review(repairs: Repairs) -> Repairs:
        accepted = _asked(repairs.proposed, console)
        done = (
            one._replace(applied=True) if not one.applied and _pattern(one) in accepted else one
            for one in repairs
        )
        return Repairs(tuple(done), repairs.means)

    return review


def _pattern(one: Repair) -> Pattern:
    return one.column, one.rule, one.old, one.new


def _asked(proposed: tuple[Repair, ...], console: Console) -> set[Pattern]:
    """Ask about each pattern; every answer but a clear yes leaves the cells alone."""
    patterns: dict[Pattern, list[Repair]] = {}
    for one in proposed:
        patterns.setdefault(_pattern(one), []).append(one)
    order = sorted(patterns, key=lambda pattern: (-len(patterns[pattern]), str(pattern)))
    accepted: set[Pattern] = set()
    settled: dict[tuple[str, str], bool] = {}
    for number, pattern in enumerate(order, 1):
        rule = pattern[:2]
        if rule not in settled:
            question = _question(patterns[pattern], f"{number} of {len(order)}")
            reply = _reply(console, question)
            if reply == "q":
                break
            if reply in ("a", "x"):
                settled[rule] = reply == "a"
            elif reply == "y":
                accepted.add(pattern)
        if settled.get(rule):
            accepted.add(pattern)
    return accepted


def _reply(console: Console, question: str) -> str:
    while True:
        told = console.ask(question)
        reply = told.strip().lower()[:1]
        if not told:  # the input is at its end
            return "q"
        if reply in ("y", "n", "a", "x", "q"):
            return reply
        question = f"{_HELP}: "


def _question(several: list[Repair], place: str) -> str:
    one = several[0]
    old, new = ("(missing)" if text is None else repr(text) for text in (one.old, one.new))
    rows = ", ".join(str(each.row) for each in several[:_SHOWN])
    more = f" and {len(several) - _SHOWN:,} more" if len(several) > _SHOWN else ""
    sure = sum(each.confidence for each in several) / len(several)
    return (
        f"\n{place}: column {one.column!r}, row {rows}{more}\n"
        f"  {old} -> {new}   ({one.rule}; {100 * sure:.0f} % sure)\n  [y/n/a/x/q] "
    )
