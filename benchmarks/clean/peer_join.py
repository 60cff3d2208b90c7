"""Join two lists of names with skrub's fuzzy_join, in its own environment."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path


def main() -> None:
    """Read tasks of two lists of names each, write the pairs made and their rescaled distances."""
    import pandas as pd
    from skrub import fuzzy_join

    source, target = (Path(word) for word in sys.argv[1:])
    found = []
    for task in json.loads(source.read_text("utf-8")):
        left = pd.DataFrame({"left": task["left"]})
        right = pd.DataFrame({"right": task["right"]})
        began = time.perf_counter()
        both = fuzzy_join(left, right, left_on="left", right_on="right", add_match_info=True)
        seconds = time.perf_counter() - began
        (name,) = (column for column in both.columns if column.endswith("rescaled_distance"))
        pairs = zip(both["left"], both["right"], both[name].astype(float), strict=True)
        found.append({"pairs": [list(pair) for pair in pairs], "seconds": seconds})
    said = {"version": version("skrub"), "tasks": found}
    target.write_text(json.dumps(said), "utf-8")


if __name__ == "__main__":
    main()
