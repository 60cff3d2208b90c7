"""Predictions by LightGBM's library without its Python package.

The package imports pandas, SciPy and scikit-learn, a second and more before the first prediction.
What predicting needs is a few functions of the library's C interface (LightGBM's documentation,
"C API").
"""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import sys
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import MissingExtraError
from modelwright.models.unpack import unsound

__all__ = ["Booster", "is_loaded"]

_ENDINGS = {"Windows": "dll", "Darwin": "dylib"}
_FOLDERS = ("lib", "bin")
# Constants of the C interface.
_FLOAT32, _BY_ROWS, _RAW_SCORES, _FROM_FIRST, _TO_LAST = 0, 1, 1, 0, -1


class Booster:
    """Trees of a model text, in the library's memory for as long as this lives.

    Parameters
    ----------
    text : str
        LightGBM's own text of a model.

    Raises
    ------
    ModelFileError
        When the library refuses the text.
    MissingExtraError
        When LightGBM is not installed.
    """

    def __init__(self, text: str) -> None:
        library = _library()
        self._text = text
        self._handle = ctypes.c_void_p()
        rounds = ctypes.c_int()
        loaded = library.LGBM_BoosterLoadModelFromString(
            text.encode("ascii"), ctypes.byref(rounds), ctypes.byref(self._handle)
        )
        _check(loaded)
        freeing = weakref.finalize(self, library.LGBM_BoosterFree, self._handle)
        freeing.atexit = False  # the process's memory goes anyway
        outputs = ctypes.c_int()
        _check(library.LGBM_BoosterGetNumClasses(self._handle, ctypes.byref(outputs)))
        self._outputs = outputs.value

    def __reduce__(self) -> tuple[type[Booster], tuple[str]]:
        return Booster, (self._text,)  # a copy has trees of its own

    def raw(self, table: NDArray[np.float32], threads: int = 0) -> NDArray[np.float64]:
        """Sum the trees: shape (n_rows, n_outputs).

        0 threads means all, which changes no bit: each row is summed by one.
        """
        rows = np.ascontiguousarray(table, np.float32)
        raw = np.empty((len(rows), self._outputs))
        length = ctypes.c_int64()
        predicted = _library().LGBM_BoosterPredictForMat(
            self._handle,
            rows.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(_FLOAT32),
            ctypes.c_int32(rows.shape[0]),
            ctypes.c_int32(rows.shape[1]),
            ctypes.c_int(_BY_ROWS),
            ctypes.c_int(_RAW_SCORES),
            ctypes.c_int(_FROM_FIRST),
            ctypes.c_int(_TO_LAST),
            f"num_threads={threads}".encode(),
            ctypes.byref(length),
            raw.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        )
        _check(predicted)
        return raw


def is_loaded() -> bool:
    """Whether the library is in this process, by this module or by LightGBM's own package."""
    return "lightgbm" in sys.modules or _library.cache_info().currsize > 0


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(_place()))
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    if "lightgbm" not in sys.modules:  # whose package has told the library where to speak
        library.LGBM_RegisterLogCallback(_SILENT)
    return library


def _place() -> Path:
    """Find the file of the library where the package lies, which is not imported for that."""
    package = importlib.util.find_spec("lightgbm")
    ending = _ENDINGS.get(platform.system(), "so")
    for home in (package and package.submodule_search_locations) or ():
        for folder in _FOLDERS:
            if (place := Path(home) / folder / f"lib_lightgbm.{ending}").is_file():
                return place
    raise MissingExtraError(
        "the package 'lightgbm' to be installed",
        "no library of its name",
        "run: pip install lightgbm",
    )


def _check(failed: int) -> None:
    if failed:
        said = _library().LGBM_GetLastError().decode(errors="replace")
        raise unsound("a LightGBM model text", said[:60])


def _say_nothing(_message: bytes) -> None:
    """Take what the library would print: what fails is raised."""


_Speaking: Callable[..., Any] = ctypes.CFUNCTYPE(None, ctypes.c_char_p)
_SILENT = _Speaking(_say_nothing)
