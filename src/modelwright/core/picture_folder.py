"""The folder that the images of a table are in: a cell names one of its files, and no other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath

from modelwright.core.errors import OptionError

__all__ = ["PictureFolder"]


@dataclass(frozen=True)
class PictureFolder:
    """Where images are looked for.

    Parameters
    ----------
    path : pathlib.Path
        The folder of the table's file, or another one.
    named : bool
        Whether the user named it: then a cell may hold the full place of a file in it.

    Examples
    --------
    >>> folder = PictureFolder(Path("photos"))
    >>> folder.place_of("../secret.png") is None, folder.place_of("/etc/logo.png") is None
    (True, True)
    >>> folder.place_of("cats/1.png").name
    '1.png'
    """

    path: Path
    named: bool = False

    @classmethod
    def found(cls, named: str | Path | None, beside: Path | None) -> PictureFolder | None:
        """Take the folder that the user named, or the one of the table; None where there is none.

        Raises
        ------
        OptionError
            When what the user named is no folder.
        """
        if named is None:
            return None if beside is None else cls(beside)
        path = Path(named).expanduser()
        if not path.is_dir():
            got = f"{'a file' if path.exists() else 'no such folder'} {str(named)!r}"
            raise OptionError("a folder of images for --images", got, "check the path")
        return cls(path, named=True)

    @cached_property
    def root(self) -> Path:
        """The folder with its links followed."""
        return self.path.resolve()

    def place_of(self, cell: str) -> Path | None:
        r"""Say where the file is that a cell names; None for what is not in the folder.

        Nothing leads out of it: no ``..``, no link, and no full place in a folder that the user
        did not name.

        Parameters
        ----------
        cell : str
            Such as ``cats/1.png``; written on Windows maybe ``cats\1.png``.

        Returns
        -------
        pathlib.Path, optional
            A place in the folder, whether there is a file or not.
        """
        name = cell.strip()
        if not name or "\0" in name:
            return None
        parts = PurePosixPath(name)
        if "\\" in name and not _is_file(self.root / name):
            parts = PurePosixPath(PureWindowsPath(name).as_posix())
        full = parts.is_absolute() or PureWindowsPath(name).is_absolute()
        if ".." in parts.parts or (full and not self.named):
            return None
        try:
            place = (self.root / parts).resolve()
        except (OSError, RuntimeError, ValueError):  # links in a circle, too long a name
            return None
        return place if place.is_relative_to(self.root) else None

    def holds(self, cell: str) -> bool:
        """Whether there is a file of the folder that a cell names.

        Parameters
        ----------
        cell : str
            As of `place_of`.
        """
        place = self.place_of(cell)
        return place is not None and _is_file(place)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long a name
        return False
