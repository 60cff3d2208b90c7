"""Features: columns of every kind become the matrix that learners see."""

from modelwright.features.categories import Categories, FittedCategories
from modelwright.features.dates import Dates, FittedDates
from modelwright.features.lists import FittedLists, Lists
from modelwright.features.numbers import FittedNumbers, Numbers
from modelwright.features.places import FittedPlaces, Places
from modelwright.features.recipe import FittedRecipe, Recipe, default_recipe
from modelwright.features.text import FittedText, Text

__all__ = [
    "Categories",
    "Dates",
    "FittedCategories",
    "FittedDates",
    "FittedLists",
    "FittedNumbers",
    "FittedPlaces",
    "FittedRecipe",
    "FittedText",
    "Lists",
    "Numbers",
    "Places",
    "Recipe",
    "Text",
    "default_recipe",
]
