"""Damaged files end in a model or in one line, never in a traceback."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from modelwright.cli import main

ROWS = "\n".join(
    f"{i % 9},{'abc'[i % 3]},2021-03-{i % 28 + 1:02},{i * 1.5 + i % 4}" for i in range(80)
)
TEXT = f"rooms,zone,sold,price\n{ROWS}\n".encode()


def damaged(draw: random.Random) -> bytes:
    """Cut, repeat, overwrite or insert bytes; or drop and double whole cells."""
    data = bytearray(TEXT)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(data))
        match draw.randrange(6):
            case 0:
                del data[at : at + draw.randint(1, 400)]
            case 1:
                data[at:at] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 9)))
            case 2:
                data[at:at] = draw.choice(
                    [b"\0", b'"', b"\n", b",,,", b"\r", b"\xff", b";", b"inf"]
                )
            case 3:
                data[at:at] = data[at : at + draw.randint(1, 300)]
            case 4:
                data = data[:at] or data
            case 5:
                data[at : at + 3] = draw.choice([b"1e999", b"-1", b"NaN", b"  ", b"=1+1"])
    return bytes(data)


def outcome(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(
        [
            *("fit", str(path), "--target", "price", "--models", "linear", "--trials", "1"),
            *("--workers", "0", "--out", str(path.with_name("m.mw"))),
        ]
    )
    return code, capsys.readouterr().err


def check(number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(number)
    data = damaged(draw)
    path = tmp_path / "rows.csv"
    if draw.random() < 0.2:
        path = tmp_path / "rows.csv.gz"
        packed = gzip.compress(data)
        data = packed[: draw.randint(1, len(packed))]
    path.write_bytes(data)
    code, said = outcome(path, capsys)
    assert code in (0, 2), said
    assert "Traceback" not in said
    assert code == 0 or len(said.strip().splitlines()) == 1


@pytest.mark.long
@pytest.mark.parametrize("number", range(4))
def test_a_few_damaged_files(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, tmp_path, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4, 104))
def test_many_damaged_files(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(number, tmp_path, capsys)
