"""What goes to stdout and what to stderr."""

from __future__ import annotations

import json
import math
import sys
from typing import Any

__all__ = ["answer", "say"]


def say(line: str) -> None:
    """Print a line for a person."""
    sys.stdout.write(line + "\n")


def answer(value: dict[str, Any]) -> None:
    """Print one JSON object on stdout; what is not a finite number becomes null."""
    sys.stdout.write(json.dumps(_plain(value)) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
