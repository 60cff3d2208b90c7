"""Where runs are kept when the user names no place."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from modelwright.core.errors import OutputError
from modelwright.store.files import output_error

__all__ = ["data_folder"]


def data_folder(store: str | Path | None = None) -> Path:
    """Find the folder of the run records, and create it.

    Parameters
    ----------
    store : str or Path, optional
        The folder. When None, the environment variable ``MODELWRIGHT_STORE`` names it, or it is
        the place where this system keeps the data of programs.

    Returns
    -------
    Path
        An existing folder.

    Raises
    ------
    OutputError
        When it cannot be created.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     data_folder(Path(folder) / "store").name
    'store'
    """
    named = store or os.environ.get("MODELWRIGHT_STORE")
    folder = Path(os.path.expanduser(named)) if named else _platform_folder()
    try:
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(
            "a folder for --store", f"the file {str(folder)!r}", "name a folder"
        ) from error
    except OSError as error:
        raise output_error(folder, error) from error
    return folder


def _platform_folder() -> Path:
    home = Path(os.path.expanduser("~"))
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "modelwright"
