"""Errors in a table found and repaired, each change in a log that replays."""

# Not on first use, as in other rooms: two functions are called like the module that they are in.
from modelwright.clean.cells import Errors, Labels
from modelwright.clean.cleaning import Cleaned, Wishes, clean_cells
from modelwright.clean.detect import detect
from modelwright.clean.recipes.openrefine import read_history
from modelwright.clean.recipes.recipe import Recipe, read_recipe
from modelwright.clean.recipes.replay import Replayed, replay
from modelwright.clean.repair import repair
from modelwright.clean.repairs import Repair, Repairs

__all__ = [
    "Cleaned",
    "Errors",
    "Labels",
    "Recipe",
    "Repair",
    "Repairs",
    "Replayed",
    "Wishes",
    "clean_cells",
    "detect",
    "read_history",
    "read_recipe",
    "repair",
    "replay",
]
