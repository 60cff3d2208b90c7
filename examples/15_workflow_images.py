"""A folder of images through the same fit: no target, a model file, a report, honest scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import modelwright as mw

# 1,797 little scans of digits, put into class folders as anybody would have them.
digits = load_digits()
for i, (pixels, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
    part = "test" if i % 5 == 0 else "train"
    folder = Path("digits", part, str(digit))
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray((pixels * 15).astype(np.uint8)).save(folder / f"{i}.png")

# What lies under test/ is never learned from: it is scored once, at the end.
result = mw.fit("digits", time="6s", settings=mw.Settings(out="digits.mw"))
print(result)
assert result.test is not None
assert result.test.score > 0.9

# Images are opened, brought to the form that the net learned, and named in the answers.
model = mw.load("digits.mw")
answers = model.predict("digits/test")
print(answers.select("image", "prediction").head(3))
assert model.evaluate("digits/test")["accuracy"] == result.test.score
