"""Features: numbers, categories, dates and text become the matrix that learners see."""

from modelwright.features.categories import Categories, FittedCategories
from modelwright.features.dates import Dates, FittedDates
from modelwright.features.numbers import FittedNumbers, Numbers
from modelwright.features.recipe import FittedRecipe, Recipe, default_recipe
from modelwright.features.text import FittedText, Text

__all__ = [
    "Categories",
    "Dates",
    "FittedCategories",
    "FittedDates",
    "FittedNumbers",
    "FittedRecipe",
    "FittedText",
    "Numbers",
    "Recipe",
    "Text",
    "default_recipe",
]
