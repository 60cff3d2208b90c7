"""What a run was done with: enough to say later why two runs differ."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from modelwright.core.settings import Settings
from modelwright.core.splits import Splits
from modelwright.engine import available_memory, core_count, worker_count
from modelwright.plan.pose import Posed

__all__ = ["facts_of"]

LIBRARIES = ("lightgbm", "numpy", "polars", "scikit-learn", "scipy")
# A record is a line in a list, not a copy of the table: beyond so many, columns are counted only.
MOST_COLUMNS = 2_000


def facts_of(posed: Posed, settings: Settings, splits: Splits) -> dict[str, Any]:
    """Collect what is known when the first model is on disk.

    Parameters
    ----------
    posed : Posed
        The question put to the table.
    settings : Settings
        How the answer is to be found.
    splits : Splits
        The plan of row indices.

    Returns
    -------
    dict
        Plain JSON.
    """
    columns = posed.schema.to_json() if len(posed.schema) <= MOST_COLUMNS else None
    return {
        "rows": len(posed.rows.y),
        "width": len(posed.schema),
        "columns": columns,
        "splits": {
            "kind": splits.kind,
            "folds": len(splits),
            **({"times": splits.times} if splits.times > 1 else {}),
            "reason": splits.reason,
        },
        "settings": {
            "trials": settings.trials,
            "models": list(settings.models),
            "seed": settings.seed,
            "workers": worker_count(settings.workers),
            "replay": settings.replay,
            **settings.validation.to_json(),
        },
        "libraries": {"python": platform.python_version(), **_versions()},
        "machine": {
            "cores": core_count(),
            "free_memory_gib": round(available_memory() / 2**30, 1),
            "system": f"{platform.system()} {platform.machine()}",
        },
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
