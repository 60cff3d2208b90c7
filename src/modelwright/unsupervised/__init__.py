"""What rows look like where nothing is predicted: groups, and how densely they lie."""

from modelwright.unsupervised.clustering import cluster
from modelwright.unsupervised.densities import density
from modelwright.unsupervised.find import find_shape
from modelwright.unsupervised.findings import Candidate, Curve, Findings, Group, Trait, Unusual
from modelwright.unsupervised.fitting import METHODS, Asked, fit_groups
from modelwright.unsupervised.number import Effort, Number, Trial, choose_number
from modelwright.unsupervised.shape import Shape, load
from modelwright.unsupervised.space import Rows, Space

__all__ = [
    "METHODS",
    "Asked",
    "Candidate",
    "Curve",
    "Effort",
    "Findings",
    "Group",
    "Number",
    "Rows",
    "Shape",
    "Space",
    "Trait",
    "Trial",
    "Unusual",
    "choose_number",
    "cluster",
    "density",
    "find_shape",
    "fit_groups",
    "load",
]
