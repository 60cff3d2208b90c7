"""What rows look like where nothing is predicted: groups, and how densely they lie."""

from modelwright.unsupervised.clustering import cluster
from modelwright.unsupervised.densities import density
from modelwright.unsupervised.find import find_shape
from modelwright.unsupervised.findings import Candidate, Curve, Findings, Group, Unusual
from modelwright.unsupervised.fitting import METHODS, fit_groups
from modelwright.unsupervised.number import Effort, choose_number
from modelwright.unsupervised.shape import Shape, load
from modelwright.unsupervised.space import Space

__all__ = [
    "METHODS",
    "Candidate",
    "Curve",
    "Effort",
    "Findings",
    "Group",
    "Shape",
    "Space",
    "Unusual",
    "choose_number",
    "cluster",
    "density",
    "find_shape",
    "fit_groups",
    "load",
]
