"""``modelwright acquire``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from modelwright.cli.inputs import Encoding
from modelwright.cli.printing import Source, answer, say
from modelwright.core.sizes import parse_size

__all__ = ["acquire"]


def acquire(
    source: Source,
    /,
    *,
    out: Path,
    memory: str = "2GB",
    header: bool | None = None,
    encoding: Encoding = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write the rows of a file or a database to one typed file, however many there are.

    Parameters
    ----------
    source
        A file of any format that fit takes, - for standard input, or a database and a query, such
        as sqlite:///file.db#table.
    out
        A .parquet or .csv file.
    memory
        How much memory the work may take, such as 500MB or 4GB.
    header
        Whether the first row holds names; found out when left out.
    encoding
        How a text file is encoded, such as cp1250; found out when left out.
    json
        Print one JSON object on stdout.
    """
    from modelwright.acquire.ingest import ingest

    limit = parse_size(memory, "--memory")
    done = ingest(str(source), out, memory=limit, header=header, encoding=encoding)
    if json:
        answer({
            "out": str(out),
            "rows": done.rows,
            "columns": done.columns,
            "set_aside": list(done.set_aside),
            "notes": list(done.notes),
        })  # fmt: skip
        return
    for note in done.notes:
        say(f"note: {note}")
    say(f"{done.rows:,} rows of {done.columns:,} columns: {out}")
