"""Labels: which of them are probably wrong."""

from modelwright.label.doubts import describe_doubts
from modelwright.label.noise import LabelNoise, confident_joint, label_noise

__all__ = ["LabelNoise", "confident_joint", "describe_doubts", "label_noise"]
