"""What is wrong with a command line, said as other errors are: expected, got, cure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from cyclopts import App, Parameter, Token
from cyclopts.exceptions import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from modelwright.core.errors import OptionError, did_you_mean

__all__ = ["WHOLE_COMMANDS", "Whole", "reword"]

# What a whole command looks like, for those who left out a part of it.
WHOLE_COMMANDS = {
    "check": "modelwright check DATA --target COLUMN",
    "clean": "modelwright clean DATA --out FILE",
    "fit": "modelwright fit DATA --target COLUMN",
    "predict": "modelwright predict MODEL DATA --out FILE",
    "evaluate": "modelwright evaluate MODEL DATA",
    "explain": "modelwright explain MODEL",
    "runs show": "modelwright runs show RUN, with an id of modelwright runs list",
    "completion": "modelwright completion bash, zsh or fish",
    "frame": "modelwright frame DATA --target COLUMN",
}

_KINDS = {int: "a whole number", float: "a number", bool: "no value, or true or false"}


def _whole(kind: Any, tokens: Sequence[Token]) -> int:
    token = tokens[0]
    try:
        return int(token.value)
    except ValueError:
        raise OptionError(
            f"a whole number for {token.keyword}",
            repr(token.value),
            f"write it like {token.keyword} 3",
        ) from None


Whole = Annotated[int, Parameter(converter=_whole)]
"""A whole number of the command line; 1.5 is none."""


def reword(error: CycloptsError) -> OptionError:
    """Say what was expected, what came instead, and what to do.

    Parameters
    ----------
    error : CycloptsError
        What the parser says; every kind of it has an answer.

    Returns
    -------
    OptionError
    """
    chain = " ".join(error.command_chain or ())
    if isinstance(error, UnknownCommandError):
        return _unknown_command(error)
    if isinstance(error, UnknownOptionError):
        return _unknown_option(error, error.token.keyword or error.token.value, chain)
    if isinstance(error, MissingArgumentError):
        return _missing(error, chain)
    if isinstance(error, CoercionError) and error.token is not None:
        return _wrong_value(error)
    if isinstance(error, RepeatArgumentError):
        name = str(error.token.keyword)
        return OptionError(f"{name} once", f"{name} twice", "leave one of them out")
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return _left_over(error, error.unused_tokens[0], chain)
    text = " ".join(str(error).split()).rstrip(".")
    return OptionError(f"a command line of modelwright {chain}".strip(), text, _help(chain))


def _help(chain: str) -> str:
    return f"see modelwright {chain} --help" if chain else "see modelwright --help"


def _unknown_command(error: UnknownCommandError) -> OptionError:
    word = (error.unused_tokens or [""])[0]
    if word.startswith("-"):
        cure = "options come after the command: see modelwright --help"
        return OptionError("a command of modelwright", f"the option {word!r}", cure)
    cure = did_you_mean(word, _commands(error.app))
    return OptionError("a command of modelwright", repr(word), cure)


def _left_over(error: CycloptsError, word: str, chain: str) -> OptionError:
    commands = _commands(error.app)
    if commands:
        return OptionError(f"a command of modelwright {chain}", repr(word),
                           did_you_mean(word, commands))  # fmt: skip
    cure = f"put names with blanks into quotes; {_usage(chain)}"
    return OptionError(f"nothing more for modelwright {chain}", repr(word), cure)


def _unknown_option(error: CycloptsError, name: str, chain: str) -> OptionError:
    near = did_you_mean(name.split("=")[0], _options(error.app))
    cure = near if near.startswith("did") else _help(chain)
    return OptionError(f"an option of modelwright {chain}", repr(name), cure)


def _missing(error: MissingArgumentError, chain: str) -> OptionError:
    assert error.argument is not None  # the parser says which
    name = error.argument.name
    known = {*_options(error.app), "--"}
    strange = [w for w in error.unused_tokens or () if w.startswith("-") and w not in known]
    if strange and error.keyword is None:
        return _unknown_option(error, strange[0], chain)
    if error.keyword is not None:
        return OptionError(f"a value after {error.keyword}", "none",
                           f"write it like {error.keyword} VALUE")  # fmt: skip
    if name.startswith("-"):
        return OptionError(f"the option {name}", "none", _usage(chain))
    return OptionError(f"{name} after modelwright {chain}", "none", _usage(chain))


def _wrong_value(error: CoercionError) -> OptionError:
    assert error.token is not None  # the caller has looked
    name = error.token.keyword or (error.argument.name if error.argument else "it")
    kind = error.target_type
    if get_origin(kind) is Literal:
        words = [str(word) for word in get_args(kind)]
        near = did_you_mean(error.token.value, words)
        return OptionError(f"a known word for {name}", repr(error.token.value), near)
    expected = _KINDS.get(kind, "a file" if kind is Path else "a value") if kind else "a value"
    return OptionError(f"{expected} for {name}", repr(error.token.value))


def _usage(chain: str) -> str:
    return f"write: {WHOLE_COMMANDS[chain]}" if chain in WHOLE_COMMANDS else _help(chain)


def _commands(app: App | None) -> list[str]:
    return [] if app is None else [name for name in app if not name.startswith("-")]


def _options(app: App | None) -> list[str]:
    if app is None or app.default_command is None:
        return ["--help"]
    arguments = app.assemble_argument_collection()
    return [name for argument in arguments for name in argument.names if name.startswith("-")]
