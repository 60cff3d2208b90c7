"""Files in the wrong place of a command line: a model for data, data for a model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.completing import encodings
from modelwright.core.errors import DataError, ModelFileError

__all__ = ["Encoding", "HowRead", "check_data", "check_model", "is_model", "is_shape"]

Encoding = Annotated[str | None, Parameter(completer=encodings)]
"""How a text file is encoded; None finds out."""


@Parameter(name="*")
@dataclass(frozen=True)
class HowRead:
    """How new rows are read.

    Parameters
    ----------
    encoding : str, optional
        How a text file is encoded, such as cp1250; found out when left out.
    images : pathlib.Path, optional
        The folder of the images that a column names; that of the table when left out.
    """

    encoding: Encoding = None
    images: Path | None = None


def is_model(path: Path) -> bool:
    """Whether a file is a model, by its list of contents.

    Examples
    --------
    >>> is_model(Path(__file__))
    False
    """
    return _holds(path, "model.json") or is_shape(path)


def is_shape(path: Path) -> bool:
    """Whether a file is a clustering or a density, by its list of contents.

    Examples
    --------
    >>> is_shape(Path(__file__))
    False
    """
    return _holds(path, "shape.json")


def _holds(path: Path, entry: str) -> bool:
    import zipfile  # not above: --help has to be quick

    try:
        with zipfile.ZipFile(path) as archive:
            return entry in archive.NameToInfo
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def check_data(data: str | Path) -> None:
    """Refuse a model file where a table belongs.

    Raises
    ------
    DataError
        When `data` is a model.
    """
    if is_model(Path(data)):
        raise DataError(
            "a table as DATA", f"the model file {str(data)!r}", "name the file with the rows"
        )


def check_model(model: Path, data: str | Path) -> None:
    """Refuse a file that was never a model, and say so when the two files are swapped.

    Raises
    ------
    ModelFileError
        When `model` is a folder, or is no zip file at all; a damaged one is left to `load`.
    """
    if model.is_dir():
        raise ModelFileError("a model file as MODEL", f"the folder {str(model)!r}",
                             "name a .mw file in it")  # fmt: skip
    if is_shape(model):
        raise ModelFileError(
            "a model that predicts a column",
            f"a clustering or a density in {str(model)!r}",
            "it has: modelwright predict, modelwright report",
        )
    if not model.is_file():
        return
    with model.open("rb") as file:
        start = file.read(4)
    if not start or start.startswith(b"PK"):
        return
    swapped = is_model(Path(data))
    raise ModelFileError(
        "a model file as MODEL",
        f"{str(model)!r}, which is none",
        "the model comes first: swap the two" if swapped else "name a file that fit wrote (.mw)",
    )
