"""What fresh rows will score: said by fit, by evaluate and by the report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from modelwright.cli import main


@pytest.mark.long
def test_fit_says_what_to_expect_and_evaluate_whether_it_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    table = pl.DataFrame({"x": x, "y": 2 * x + rng.normal(size=400)})
    known, like, unlike = (tmp_path / f"{name}.csv" for name in ("known", "like", "unlike"))
    table.head(200).write_csv(known)
    table.tail(200).write_csv(like)
    table.tail(200).with_columns(pl.col("y") * 3).write_csv(unlike)
    model, page = tmp_path / "model.mw", tmp_path / "page.html"
    words = ["fit", str(known), "--target", "y", "--trials", "2", "--workers", "0", "--json"]
    assert main([*words, "--out", str(model), "--report", str(page)]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = told["expected"]
    assert expected["rows"] is None
    assert expected["low"] < told["score"] == expected["score"] < expected["high"]
    assert "raw" in told["leaderboard"][0]
    # one interval stands first wherever a reader looks, and each says of which rows it is
    assert (expected["level"], expected["of"]) == (0.9, "fresh rows")
    held = told["held_out"]
    assert (held["level"], held["of"], held["score"]) == (0.95, "held-out rows", told["score"])
    assert [held["low"], held["high"]] == [told["leaderboard"][0][end] for end in ("low", "high")]
    text = re.sub(r"(?:<[^>]*>|\s)+", " ", page.read_text("utf-8"))
    fresh = re.search(r"Expected on fresh rows: 90 % interval (\S+) to (\S+)\.", text)
    assert fresh is not None
    assert [float(end) for end in fresh.groups()] == pytest.approx(
        [expected["low"], expected["high"]], rel=0.01
    )
    assert fresh.end() < text.index("On held-out rows themselves, 95 % interval")
    assert "expected on fresh rows; 90 % interval" in text
    assert "whiskers: their 95 % intervals" in text
    assert main([word for word in words if word != "--json"] + ["--out", str(model)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^rmse \S+ expected on fresh rows; 90 % interval", shown, re.MULTILINE)
    assert shown.index("90 % interval") < (shown + "95 %").index("95 %")

    assert main(["evaluate", str(model), str(like), "--json"]) == 0
    fresh = json.loads(capsys.readouterr().out)["expected"]
    assert fresh["rows"] == 200
    assert fresh["high"] - fresh["low"] > expected["high"] - expected["low"]
    assert main(["evaluate", str(model), str(like)]) == 0
    assert "the score lies within" in capsys.readouterr().out
    assert main(["evaluate", str(model), str(unlike)]) == 0
    assert "the score lies above" in capsys.readouterr().out
    assert main(["evaluate", str(model), str(known), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expected"] is None
