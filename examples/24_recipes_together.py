"""Two processes learn one net, each from its share of every batch: the steps are those of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import modelwright as mw
from modelwright.core.launch import helps, launched

HERE = Path(__file__).resolve()


def fitted() -> mw.Result:
    """Fit the digits: the same call, however many processes make it."""
    return mw.fit("digits", settings=mw.Settings(trials=1))


def main() -> None:
    """Fit by one process, then by two that torchrun starts."""
    digits = load_digits()
    for i, (pixels, digit) in enumerate(zip(digits.images[:900], digits.target, strict=False)):
        folder = Path("digits", "test" if i % 5 == 0 else "train", str(digit))
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 15).astype(np.uint8)).save(folder / f"{i}.png")

    alone = fitted()
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*command, "--nproc-per-node", "2", str(HERE)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    print(f"one process: accuracy {alone.score:.4f}")
    print(done.stdout.strip())
    assert alone.score is not None
    assert abs(float(done.stdout.split()[-1]) - alone.score) < 0.02


if __name__ == "__main__" and launched() is None:
    main()
elif __name__ == "__main__":
    result = fitted()  # in both of them
    if not helps():
        print(f"two processes: accuracy {result.score:.4f}")
