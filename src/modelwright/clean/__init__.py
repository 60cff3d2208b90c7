"""Errors in a table found and repaired, each change in a log that replays."""

# Not on first use, as in other rooms: two functions are called like the module that they are in.
from modelwright.clean.cells import Errors, Labels
from modelwright.clean.detect import detect
from modelwright.clean.labels import read_labels
from modelwright.clean.repair import repair
from modelwright.clean.repairs import Repair, Repairs
from modelwright.clean.rules.discover import Offered, accepted, discover
from modelwright.clean.rules.file import parse_rules, read_rules, rules_text, write_rules
from modelwright.clean.rules.rules import Rules

__all__ = [
    "Errors",
    "Labels",
    "Offered",
    "Repair",
    "Repairs",
    "Rules",
    "accepted",
    "detect",
    "discover",
    "parse_rules",
    "read_labels",
    "read_rules",
    "repair",
    "rules_text",
    "write_rules",
]
