"""A folder where a file was asked for: what is in it, and which file to name."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.acquire import read_raw
from modelwright.acquire.folders import inside
from modelwright.core.errors import DataError


def filled(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a,b\n1,2\n")
    return folder


@pytest.mark.parametrize(
    ("names", "got", "cure"),
    [
        ((), "which is empty", "check the path"),
        (("notes.pdf", "b.PDF", ".hidden.csv"), ": .pdf (2)", "name a file that holds a table"),
        (("labels.csv", "x.pdf"), "1 file is a table (labels.csv)", "name that file: "),
        (("b.csv.gz", "deep/a.csv"), "2 files are tables (b.csv.gz, deep/a.csv)", "b.csv.gz'"),
        (tuple(f"{i}.tsv" for i in range(5)), "(0.tsv, 1.tsv, 2.tsv and 2 more)", "0.tsv'"),
    ],
)
def test_what_is_in_a_folder_is_said(
    tmp_path: Path, names: tuple[str, ...], got: str, cure: str
) -> None:
    found = inside(filled(tmp_path, *names))
    assert got in found[0]
    assert cure in found[1]
    with pytest.raises(DataError) as caught:
        read_raw(tmp_path)
    assert (caught.value.got, caught.value.cure) == found
