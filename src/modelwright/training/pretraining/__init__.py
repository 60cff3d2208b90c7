"""Learning from images that nobody has labelled: two views alike, or what is behind a mask."""

from modelwright.training.pretraining.contrastive import Contrast, TwoViews, contrastive_loss
from modelwright.training.pretraining.masked import Hidden, MaskedImages, hidden_pixels_loss

__all__ = [
    "Contrast",
    "Hidden",
    "MaskedImages",
    "TwoViews",
    "contrastive_loss",
    "hidden_pixels_loss",
]
