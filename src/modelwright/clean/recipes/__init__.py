"""What was done to a table, in a file that does it again."""

from modelwright.clean.recipes.openrefine import History, read_history
from modelwright.clean.recipes.recipe import Recipe, read_recipe
from modelwright.clean.recipes.replay import Replayed, replay

__all__ = ["History", "Recipe", "Replayed", "read_history", "read_recipe", "replay"]
