"""Test rows that were scored before: how often, by the records of the runs."""

from __future__ import annotations

from pathlib import Path

from modelwright.acquire import read_raw
from modelwright.core.codes import CODES
from modelwright.core.findings import Finding, Severity
from modelwright.core.settings import Settings
from modelwright.plan.fresh import digest_of
from modelwright.store.folders import data_folder
from modelwright.store.looks import earlier_looks

__all__ = ["looked_again"]

# Two looks choose between few things; whoever comes back often chooses by luck.
_OFTEN = 3


def looked_again(data: object, target: str, settings: Settings) -> tuple[Finding, ...]:
    """Say how many runs have scored these rows already.

    Parameters
    ----------
    data : path or frame
        Test rows, as ``--test`` takes them.
    target : str
        The column that is predicted.
    settings : Settings
        Where the records of the runs are.

    Returns
    -------
    tuple of Finding
        ``test-rows-again``: a warning from the third look on, an info before; nothing when no run
        has scored them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name:
    ...     looked_again({"a": [1]}, "price", Settings(store=name))
    ()
    """
    folder = data_folder(settings.store)
    if str(data) == "-" or not (folder / "runs.sqlite").is_file():  # input is read once
        return ()
    raw = None if isinstance(data, str | Path) and Path(data).is_file() else read_raw(data).frame
    count = earlier_looks(folder, target, digest_of(data, raw), "")
    if not count:
        return ()
    code = CODES["test-rows-again"]
    runs = "1 run" if count == 1 else f"{count} runs"
    severity = Severity.WARNING if count >= _OFTEN else Severity.INFO
    evidence = f"these very rows were scored by {runs} of {target!r} already"
    return (Finding(code.name, severity, (), evidence, code.cure),)
