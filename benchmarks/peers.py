"""The systems we measure ourselves against, each in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import venv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PEERS", "Peer"]

# torch first and by its version: its file is the one for machines without a graphics card.
_AUTOGLUON = (
    "torch==2.13.0",
    "autogluon.tabular[lightgbm,xgboost,catboost,fastai,ray]==1.6.3",
    "psutil",
)
_FLAML = ("flaml[automl]==2.7.0", "psutil")
_MLJAR = ("mljar-supervised==1.3.2", "psutil")


@dataclass(frozen=True)
class Peer:
    """A system, and where it runs.

    Parameters
    ----------
    name : str
        What it is called in results.
    home : str
        The environment; peers may share one.
    requirements : tuple of str
        What is installed, one call of pip each, in this order.
    """

    name: str
    home: str
    requirements: tuple[str, ...]

    @property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return _homes() / self.home / "bin" / "python"

    def install(self) -> None:
        """Make the environment, unless it is there and complete."""
        ready = _homes() / self.home / "ready.txt"
        wanted = "\n".join(self.requirements)
        if ready.exists() and ready.read_text("utf-8") == wanted:
            return
        venv.create(_homes() / self.home, with_pip=True, clear=True)
        for requirement in self.requirements:
            subprocess.run(
                [str(self.python), "-m", "pip", "install", "--quiet", requirement], check=True
            )
        ready.write_text(wanted, "utf-8")


def _homes() -> Path:
    given = os.environ.get("MODELWRIGHT_PEERS")
    return Path(given) if given else Path.home() / ".cache" / "modelwright-peers"


PEERS = {
    peer.name: peer
    for peer in (
        Peer("autogluon-medium", "autogluon", _AUTOGLUON),
        Peer("autogluon-best", "autogluon", _AUTOGLUON),
        Peer("autogluon-best-v150", "autogluon", _AUTOGLUON),
        Peer("flaml", "flaml", _FLAML),
        Peer("mljar", "mljar", _MLJAR),
    )
}
