"""The kinds of all columns of the public tables, against expectations written before.

    python benchmarks/column_types.py

`tests/acquire/expected/types.json` was written from the raw files before the detector was run on
them; where two kinds may be defended it holds both, the likelier first. All rows are read.
"""

from __future__ import annotations

import json
from typing import Any

from machine import DATA, RESULTS, ROOT, as_text, describe

from modelwright.acquire import infer_schema, read_raw

EXPECTED = ROOT / "tests" / "acquire" / "expected" / "types.json"


def main() -> None:
    """Infer, compare, keep the result."""
    expected = json.loads(EXPECTED.read_text("utf-8"))
    tables = [_judged(name, kinds) for name, kinds in sorted(expected.items())]
    columns = sum(table["columns"] for table in tables)
    narrow = [table for table in tables if table["columns"] <= 100]
    results: dict[str, Any] = {
        "command": "column_types.py",
        "machine": describe(),
        "columns": columns,
        "right": round(sum(table["right"] for table in tables) / columns, 4),
        "likeliest": round(sum(table["likeliest"] for table in tables) / columns, 4),
        "right_in_tables_of_up_to_100_columns": round(
            sum(table["right"] for table in narrow) / sum(table["columns"] for table in narrow), 4
        ),
        "mean_share_of_a_table": round(
            sum(table["right"] / table["columns"] for table in tables) / len(tables), 4
        ),
        "tables": tables,
    }
    text = json.dumps(results, indent=1) + "\n"
    (RESULTS / "column-types.json").write_text(text, encoding="utf-8")
    (RESULTS / "column-types.md").write_text(_page(results), encoding="utf-8")
    print(_page(results))


def _judged(name: str, kinds: dict[str, str | list[str]]) -> dict[str, Any]:
    schema = infer_schema(read_raw(DATA / name / "train.csv.gz").frame)
    right = likeliest = 0
    wrong = {}
    for column, kind in kinds.items():
        allowed = [kind] if isinstance(kind, str) else kind
        found = schema[column].kind.value
        likeliest += found == allowed[0]
        right += found in allowed
        if found not in allowed:
            wrong[column] = {"found": found, "expected": allowed}
    return {
        "name": name,
        "columns": len(kinds),
        "right": right,
        "likeliest": likeliest,
        "wrong": wrong,
    }


def _page(results: dict[str, Any]) -> str:
    narrow = results["right_in_tables_of_up_to_100_columns"]
    return "\n".join(
        [
            "# Kinds of columns",
            "",
            f"`python benchmarks/{results['command']}`; 50 public tables, training files, against "
            "expectations written before the detector was run on them.",
            "",
            as_text(results["machine"]) + ".",
            "",
            "| what | share |",
            "|---|---|",
            f"| right, of {results['columns']:,} columns | {results['right']:.1%} |",
            f"| the likeliest of several defensible kinds | {results['likeliest']:.1%} |",
            f"| right, in tables of up to 100 columns | {narrow:.1%} |",
            f"| mean share right of a table | {results['mean_share_of_a_table']:.1%} |",
            "",
        ]
    )


if __name__ == "__main__":
    main()
