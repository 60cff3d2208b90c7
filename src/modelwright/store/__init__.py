"""Bytes, JSON, arrays and records on disk: whole or absent, and safe to read."""

from modelwright.store.archive import read_archive, write_archive
from modelwright.store.files import (
    check_writable,
    read_json,
    write_frame,
    write_json,
)
from modelwright.store.folders import data_folder
from modelwright.store.records import RunRecord, RunStatus, TrialRecord
from modelwright.store.runs import RunStore
from modelwright.store.states import load_state, pack_state, save_state, unpack_state

__all__ = [
    "RunRecord",
    "RunStatus",
    "RunStore",
    "TrialRecord",
    "check_writable",
    "data_folder",
    "load_state",
    "pack_state",
    "read_archive",
    "read_json",
    "save_state",
    "unpack_state",
    "write_archive",
    "write_frame",
    "write_json",
]
