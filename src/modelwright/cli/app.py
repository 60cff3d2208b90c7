"""The commands and their options; errors become one line and an exit code.

Exit codes: 0 done; 2 the input is wrong (one line: expected, got, cure); 1 our fault; 130 Ctrl-C
before the end. With ``--json`` an error is also an object on stdout, so that a program finds one
object there however the command ends.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError

from modelwright.cli.acquiring import acquire
from modelwright.cli.checking import check
from modelwright.cli.explaining import explain
from modelwright.cli.exploring import explore
from modelwright.cli.fitting import demo, fit
from modelwright.cli.framing import frame
from modelwright.cli.joining import join
from modelwright.cli.labelling import label
from modelwright.cli.optional_values import with_values
from modelwright.cli.pretraining import pretrain
from modelwright.cli.printing import answer, notes_on_stderr, say
from modelwright.cli.records import runs
from modelwright.cli.repairing import clean
from modelwright.cli.reporting import report
from modelwright.cli.using import evaluate, predict
from modelwright.cli.wording import reword
from modelwright.core.errors import FitError, LostError, UserError
from modelwright.core.launch import helps
from modelwright.core.printable import printable
from modelwright.core.version import __version__

__all__ = ["Stop", "build", "completion", "main"]

WRONG_INPUT = 2
OUR_FAULT = 1
INTERRUPTED = 130


@cache
def build() -> App:
    """Make the program, once: its commands and their options."""
    app = App(
        name="modelwright",
        help="From raw data to a model you can trust, on the machine you have.",
        version=__version__,
        suppress_keyboard_interrupt=False,
    )
    before = (demo, explore, clean, frame, check, pretrain)
    after = (predict, evaluate, explain, report, acquire, join, completion)
    for command in (*before, fit, *after):
        app.command(command)
    app.command(label)
    app.command(runs)
    return app


def completion(
    shell: Literal["bash", "zsh", "fish"],
    /,
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Print a script with which the shell completes commands, options, files and values.

    Parameters
    ----------
    shell
        bash, zsh or fish.
    json
        Print one JSON object on stdout, with the script in it.
    """
    script = build().generate_completion(prog_name="modelwright", shell=shell)
    if json:
        answer({"shell": shell, "script": script})
    else:
        say(script)


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
    words = with_values(sys.argv[1:] if arguments is None else list(arguments))
    stop = Stop("--json" in words, silent=helps())
    try:
        with notes_on_stderr():
            build()(
                words,
                exit_on_error=False,
                print_error=False,
                result_action="return_value",
            )
    except CycloptsError as error:
        return stop.wrong(reword(error))
    except LostError as error:
        return replace(stop, silent=error.told).wrong(error)
    except UserError as error:
        return stop.wrong(error)
    except FitError as error:
        return stop.told(f"nothing could be fitted: {error}", OUR_FAULT)
    except KeyboardInterrupt as error:
        return stop.told(str(error) or "interrupted; what was written before is whole", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return stop.told(f"the system refused: {error}", WRONG_INPUT)
    except Exception as error:  # the last line of defence: no traceback for users
        if os.environ.get("MODELWRIGHT_DEBUG"):
            traceback.print_exc()
        kept = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
        return stop.told(
            f"internal: {type(error).__name__}: {error}{kept}; this is our fault; "
            "set MODELWRIGHT_DEBUG=1 for the traceback and report it",
            OUR_FAULT,
        )
    return 0


@dataclass(frozen=True)
class Stop:
    """How a command ends that cannot go on.

    Parameters
    ----------
    json : bool
        Whether a program reads stdout.
    silent : bool
        Whether another process tells the user.
    """

    json: bool
    silent: bool = False

    def wrong(self, error: UserError) -> int:
        """Say what is wrong with the input."""
        parts = {"expected": error.expected, "got": error.got, "cure": error.cure}
        return self.told(str(error), WRONG_INPUT, parts)

    def told(self, line: str, code: int, parts: Mapping[str, str] | None = None) -> int:
        """Say one line, and give the exit code."""
        if self.silent:
            return code
        line = " ".join(line.split())
        sys.stderr.write(f"error: {printable(line)}\n")
        if self.json:
            empty = {"expected": "", "got": "", "cure": ""}
            answer({"error": {"message": line, **empty, **(parts or {}), "exit_code": code}})
        return code
