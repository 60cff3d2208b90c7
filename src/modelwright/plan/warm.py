"""Imported by each worker when it starts: brings in at once what the first fit would wait for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from modelwright.models import warm_up


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Have a library not found by what is imported meanwhile, unless it is there already."""
    hidden = sys.modules.setdefault(name, None) is None  # type: ignore[arg-type]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[name]


# scikit-learn and LightGBM import pandas where they find it, which takes as long as all else; rows
# never come as its tables. CatBoost, which cannot do without it, is not imported here.
with _without("pandas"):
    warm_up()
