"""The commands and their options; errors become one line and an exit code.

Exit codes: 0 done; 2 the input is wrong (one line: expected, got, cure); 1 our fault; 130 Ctrl-C
before there was a model to keep.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from modelwright.cli.fitting import demo, fit
from modelwright.cli.records import runs
from modelwright.cli.reporting import report
from modelwright.cli.using import evaluate, predict
from modelwright.core.errors import UserError
from modelwright.core.version import __version__

__all__ = ["main"]

WRONG_INPUT = 2
OUR_FAULT = 1
INTERRUPTED = 130


def _build() -> App:
    app = App(
        name="modelwright",
        help="From raw data to a model you can trust, on the machine you have.",
        version=__version__,
        suppress_keyboard_interrupt=False,
    )
    for command in (demo, fit, predict, evaluate, report):
        app.command(command)
    app.command(runs)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; None takes those of the process.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main(["predict", "no-such-model.mw", "rows.csv", "--out", "p.csv"])
    2
    """
    try:
        _build()(
            sys.argv[1:] if arguments is None else list(arguments),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        return _stop(" ".join(str(error).split()) + "; see modelwright --help", WRONG_INPUT)
    except UserError as error:
        return _stop(str(error), WRONG_INPUT)
    except KeyboardInterrupt:
        return _stop(
            "interrupted; files that were written before are whole",
            INTERRUPTED,
        )
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _stop(f"the system refused: {error}", WRONG_INPUT)
    except Exception as error:  # the last line of defence: no traceback for users
        if os.environ.get("MODELWRIGHT_DEBUG"):
            traceback.print_exc()
        return _stop(
            f"internal: {type(error).__name__}: {error}; this is our fault; "
            "set MODELWRIGHT_DEBUG=1 for the traceback and report it",
            OUR_FAULT,
        )
    return 0


def _stop(line: str, code: int) -> int:
    sys.stderr.write(f"error: {' '.join(line.split())}\n")
    return code
