"""What a model file says of its own worth, and of columns that it does without."""

from __future__ import annotations

from modelwright.core.result import Standing
from modelwright.core.schema import Role
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.verdict import Verdict, verdict_on
from modelwright.model import Model

__all__ = ["line_of", "unused", "unused_note", "verdict_of"]

# A column with more values than this share of the rows hardly repeats one.
_UNIQUE = 0.5
_NAMED = 6


def line_of(model: Model) -> Standing | None:
    """Find the score of the model itself; None when it was not validated."""
    score = model.card.score
    if score is None:
        return None
    for line in model.leaderboard:
        if line.name == "ensemble" or line.score == score:
            return Standing(line.name, score, line.weight, line.seconds, line.low, line.high)
    return Standing("model", score, 1.0, 0.0)


def verdict_of(model: Model) -> Verdict | None:
    """Judge a model by its held-out rows.

    Parameters
    ----------
    model : Model
        What `fit` gave, or `load`.

    Returns
    -------
    Verdict or None
        None when it was not validated, holds no held-out predictions, or was chosen by a Python
        function, which no file holds.
    """
    line = line_of(model)
    if line is None or model.evidence is None:
        return None
    held = HeldOut.of(model.task, model.evidence, model.decision)
    if held is None or held.deciding is None:
        return None
    return verdict_on(held, line, model.leaderboard)


def unused(model: Model) -> dict[str, str]:
    """Give the columns that could be learned from and that no member uses, each with the reason.

    Parameters
    ----------
    model : Model
        With its members.

    Returns
    -------
    dict of str to str
        Empty when the members use every feature.
    """
    used = set(model.columns)
    names = [name for name in model.schema.names(Role.FEATURE) if name not in used]
    if not used or not names:
        return {}
    profiles = () if model.evidence is None else model.evidence.profiles
    distinct = {profile.name: profile.distinct for profile in profiles}
    return {name: _why(distinct.get(name, 0), model.card.rows) for name in names}


def _why(distinct: int, rows: int) -> str:
    if distinct > _UNIQUE * rows:
        return f"{distinct:,} different values in {rows:,} rows: too few come again to learn from"
    return "nothing in it that the chosen models can learn from"


def unused_note(model: Model) -> tuple[str, ...]:
    """Say in one note which columns no member uses; nothing when there are none."""
    found = unused(model)
    if not found:
        return ()
    shown = [f"{name!r} ({why})" for name, why in list(found.items())[:_NAMED]]
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    count = "1 column is" if len(found) == 1 else f"{len(found)} columns are"
    return (f"{count} not used by the model: {'; '.join(shown)}{more}.",)
