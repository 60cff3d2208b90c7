"""Missing values filled: by one value, by neighbours, by models of the other columns."""

from modelwright.clean.impute.chained import Chained
from modelwright.clean.impute.evidence import ColumnChoice, ImputationChoice, choose_imputation
from modelwright.clean.impute.imputer import METHODS, FittedImputer, Imputer, Method, find_method
from modelwright.clean.impute.nearest import Neighbours
from modelwright.clean.impute.plain import Plain

__all__ = [
    "METHODS",
    "Chained",
    "ColumnChoice",
    "FittedImputer",
    "ImputationChoice",
    "Imputer",
    "Method",
    "Neighbours",
    "Plain",
    "choose_imputation",
    "find_method",
]
