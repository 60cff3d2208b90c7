"""The bytes of image files, and of entries of zips, by their place."""

from __future__ import annotations

import errno
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from modelwright.store.zip_names import open_zip

__all__ = ["IN_DAMAGED_ZIP", "NO_MEMORY", "OVER_BYTES", "ImageFiles", "UnfitError"]

_MOST_BYTES = 256 * 2**20
OVER_BYTES = f"a file of over {_MOST_BYTES // 2**20} MiB"
IN_DAMAGED_ZIP = "in a damaged zip"
NO_MEMORY = "too little memory"
_IN_ZIP = re.compile(r"\.zip/", re.IGNORECASE)


class UnfitError(Exception):
    """An image that is not opened, and why."""


@dataclass
class ImageFiles:
    """Opens files and entries of zips by their place; a zip once, however many threads ask.

    Examples
    --------
    >>> with ImageFiles() as files:
    ...     files.bytes_of("nowhere.png")
    Traceback (most recent call last):
    modelwright.features.image_files.UnfitError: no such file
    """

    _zips: dict[str, zipfile.ZipFile] = field(default_factory=dict)
    _opening: Lock = field(default_factory=Lock)

    def bytes_of(self, place: str) -> bytes:
        """Read one image file, bounded.

        Parameters
        ----------
        place : str
            A file, or an entry of a zip as ``archive.zip/cat/1.png``.

        Raises
        ------
        UnfitError
            When it cannot be read, or is too large.
        """
        try:
            for inside in _IN_ZIP.finditer(place):
                archive = self._zip(place[: inside.end() - 1])
                if archive is not None:
                    return self._entry(archive, place[inside.end() :])
            path = Path(place)
            if not path.is_file():
                raise UnfitError("no such file")
            if path.stat().st_size > _MOST_BYTES:
                raise UnfitError(OVER_BYTES)
            return path.read_bytes()
        except MemoryError as error:
            raise UnfitError(NO_MEMORY) from error
        except OSError as error:
            raise UnfitError((error.strerror or "cannot be read").lower()) from error

    def _zip(self, name: str) -> zipfile.ZipFile | None:
        with self._opening:  # threads share one handle of each
            if name not in self._zips:
                if not Path(name).is_file():
                    return None
                try:
                    self._zips[name] = open_zip(name)
                except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                    if _is_of_system(error):
                        raise
                    raise UnfitError(IN_DAMAGED_ZIP) from error
            return self._zips[name]

    def _entry(self, archive: zipfile.ZipFile, name: str) -> bytes:
        try:
            info = archive.getinfo(name)
        except KeyError:
            raise UnfitError("no such file") from None
        if info.file_size > _MOST_BYTES:
            raise UnfitError(OVER_BYTES)
        try:
            with archive.open(info) as file:
                return file.read(_MOST_BYTES)
        except Exception as error:  # each way of packing fails on damage in its own way
            if _is_of_system(error):
                raise
            raise UnfitError(IN_DAMAGED_ZIP) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for archive in self._zips.values():
            archive.close()


def _is_of_system(error: Exception) -> bool:
    """Whether the machine is at fault; damage sends readers to places that no file has."""
    told = isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)
    return told or isinstance(error, MemoryError)
