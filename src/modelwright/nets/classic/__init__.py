"""Nets before there were layers, in NumPy: one hyperplane, several, and back-propagation by hand.

Nothing here imports PyTorch.
"""

from __future__ import annotations

from modelwright.nets.classic.adaline import AdaptiveLine
from modelwright.nets.classic.backpropagation import PlainMLP, backpropagate, descend
from modelwright.nets.classic.discriminant import Hyperplane, fisher_discriminant
from modelwright.nets.classic.perceptron import (
    Lesson,
    MultiPerceptron,
    mistake_bound,
    perceptron_criterion,
    train_perceptron,
)
from modelwright.nets.classic.softmax import SoftmaxClassifier, fit_softmax, softmax

__all__ = [
    "AdaptiveLine",
    "Hyperplane",
    "Lesson",
    "MultiPerceptron",
    "PlainMLP",
    "SoftmaxClassifier",
    "backpropagate",
    "descend",
    "fisher_discriminant",
    "fit_softmax",
    "mistake_bound",
    "perceptron_criterion",
    "softmax",
    "train_perceptron",
]
