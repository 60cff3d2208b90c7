"""Images changed at random without changing what they show; each way is a function of a batch.

Pixels are numbers from 0 to 255, of shape (n_rows, channels, height, width); every function draws
from PyTorch's generator, one draw for each image, and gives a new tensor.
"""

from modelwright.training.augmentation.colours import colour, exposure, noise
from modelwright.training.augmentation.mixing import cutmix, erasing, mixup
from modelwright.training.augmentation.places import crop, elastic, flip, jitter, rotation, shift
from modelwright.training.augmentation.settings import Augmentation

__all__ = [
    "Augmentation",
    "colour",
    "crop",
    "cutmix",
    "elastic",
    "erasing",
    "exposure",
    "flip",
    "jitter",
    "mixup",
    "noise",
    "rotation",
    "shift",
]
