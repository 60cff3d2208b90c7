"""Profile a Parquet file with a peer, in the peer's own environment."""

from __future__ import annotations

import sys
from importlib.metadata import version


def main() -> None:
    """Read the file with pandas, make the page, write it."""
    import pandas as pd

    who, data, out = sys.argv[1:]
    frame = pd.read_parquet(data)
    if who == "skrub":
        from skrub import TableReport

        TableReport(frame, verbose=0).write_html(out)
    else:
        from data_profiling import ProfileReport

        ProfileReport(frame, minimal=True, progress_bar=False).to_file(out)
    print(who, version(who), "pandas", version("pandas"))


if __name__ == "__main__":
    main()
