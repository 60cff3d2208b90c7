from __future__ import annotations

from pathlib import Path

import pytest

from modelwright.acquire import Reading, read_raw
from modelwright.acquire.text import quotes
from modelwright.acquire.text.quotes import quotes_are_sound
from modelwright.core.errors import DataError

ROWS = 4_000
ROOM = 8_000


def sample(path: Path, text: str) -> tuple[int, list[str | None], tuple[str, ...]]:
    path.write_text(text)
    raw = read_raw(path, Reading(room=ROOM))
    return raw.frame.height, raw.frame["a"].to_list(), raw.notes


@pytest.mark.parametrize("line", [0, 1, 100, ROWS - 1])
@pytest.mark.parametrize("cell", ["plain", '"quoted, cell"', '"two\nlines"'])
def test_a_stray_quote_hides_no_rows(tmp_path: Path, line: int, cell: str) -> None:
    rows = [f"{i},{cell}" for i in range(ROWS)]
    rows[line] = '5" pipe,x'
    text = "a,b\n" + "".join(f"{row}\n" for row in rows)
    height, numbers, notes = sample(tmp_path / "q.csv", text)
    assert f"of its {ROWS:,} rows" in " ".join(notes)
    assert 0.5 * ROWS * ROOM / len(text) < height < 2 * ROWS * ROOM / len(text)
    assert len(set(numbers)) == height  # each a row of its own, from all over the file
    assert sum(int(n or 0) > ROWS // 2 for n in numbers if n != '5" pipe') > height // 4


def test_blank_lines_above_the_header(tmp_path: Path) -> None:
    rows = "".join(f"{i},2\n" for i in range(ROWS))
    height, numbers, notes = sample(tmp_path / "h.csv", f"\n\na,b\n{rows}")
    assert f"of its {ROWS:,} rows" in " ".join(notes)
    assert height > 100
    assert "a" not in numbers


def test_a_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text(",".join(f"name{i}" for i in range(2_000)))
    with pytest.raises(DataError, match="only a header"):
        read_raw(path, Reading(room=ROOM))


@pytest.mark.parametrize("block", [16, 64, 2**22])
def test_quotes_that_can_be_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(quotes, "_BLOCK", block)
    path = tmp_path / "q.csv"
    for text, sound in [
        ("a,b\n1,2\n" * 9, True),
        ('a,b\n"x ""y""",2\n' * 5, True),
        ('\ufeff"a\n",b\n"",""\n"","c"' * 1, True),
        ('a,b\n"x\ny",2\n' * 9, True),
        ('a,b\n1,"open\n' + "1,2\n" * 30, False),
        ('a,b\n5" x,1\n' + '"p","q"\n' * 9, False),
    ]:
        path.write_text(text)
        assert quotes_are_sound(path, ",") is sound, text
