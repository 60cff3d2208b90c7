"""From a file or a table in memory to typed columns with a meaning."""

from modelwright.acquire.casting import cast, conform
from modelwright.acquire.inference import infer, infer_schema
from modelwright.acquire.reading import read_raw
from modelwright.acquire.types_file import Given, read_types

__all__ = ["Given", "cast", "conform", "infer", "infer_schema", "read_raw", "read_types"]
