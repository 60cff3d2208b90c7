"""Features: columns of every kind become the matrix that learners see."""

from modelwright.features.categories import Categories, FittedCategories
from modelwright.features.dates import Dates, FittedDates
from modelwright.features.keys import Keys
from modelwright.features.lists import Lists
from modelwright.features.numbers import FittedNumbers, Numbers
from modelwright.features.places import Places
from modelwright.features.recipe import FittedRecipe, Recipe, default_recipe, rich_recipe
from modelwright.features.text import FittedText, Text

__all__ = [
    "Categories",
    "Dates",
    "FittedCategories",
    "FittedDates",
    "FittedNumbers",
    "FittedRecipe",
    "FittedText",
    "Keys",
    "Lists",
    "Numbers",
    "Places",
    "Recipe",
    "Text",
    "default_recipe",
    "rich_recipe",
]
