"""From a file or a table in memory to typed columns with a meaning."""

from modelwright.acquire.frames import like
from modelwright.acquire.meaning.casting import cast, conform
from modelwright.acquire.meaning.inference import infer, infer_schema
from modelwright.acquire.meaning.types_file import Given, read_types
from modelwright.acquire.raw import Drawn, Raw, Reading
from modelwright.acquire.reading import read_raw
from modelwright.acquire.text.told_encoding import is_encoding
from modelwright.stats.strays import find_strays, without_strays

__all__ = [
    "Drawn",
    "Given",
    "Raw",
    "Reading",
    "cast",
    "conform",
    "find_strays",
    "infer",
    "infer_schema",
    "is_encoding",
    "like",
    "read_raw",
    "read_types",
    "without_strays",
]
