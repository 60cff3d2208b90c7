"""``python -m modelwright`` is the command line, and so is the command ``modelwright``."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

__all__ = ["run"]


def run() -> int:
    """Run the command line of this process; Ctrl-C ends in one line from the first moment on."""
    try:
        from modelwright.cli import main

        code = main()
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted before anything was done\n")
        code = 130
    # What is left is to close down: a second Ctrl-C has nothing to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "torch" in sys.modules:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process at once: to tear PyTorch down takes most of a second, and frees nothing."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # whoever read it has gone
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(run())
