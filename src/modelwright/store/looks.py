"""How often the same test rows were scored."""

from __future__ import annotations

from pathlib import Path

from modelwright.store.database import Database

__all__ = ["earlier_looks"]


def earlier_looks(folder: Path, target: str, digest: str, run: str) -> int:
    """Count the other runs of a target that scored the same test rows.

    Parameters
    ----------
    folder : pathlib.Path
        That of the records; see `data_folder`.
    target : str
        The column that is predicted.
    digest : str
        The hash of the test rows, as `FreshScore.digest` has it.
    run : str
        The id of the run that asks; it does not count.

    Returns
    -------
    int

    Raises
    ------
    UserError
        When the records cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from modelwright.store import RunRecord, RunStore
    >>> with tempfile.TemporaryDirectory() as name, RunStore(Path(name)) as store:
    ...     run = store.start(RunRecord(target="price", facts={"test": {"digest": "ab12"}}))
    ...     earlier_looks(Path(name), "price", "ab12", "another")
    1
    """
    base = Database(folder / "runs.sqlite")
    try:
        rows = base.select(
            "SELECT count(*) FROM runs WHERE target = ? AND id != ? AND instr(facts, ?)",
            (target, run, f'"digest": "{digest}"'),
        )
    finally:
        base.close()
    return int(rows[0][0])
