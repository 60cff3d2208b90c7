"""What a model file says of its own worth, and of the columns that it leaves out."""

from __future__ import annotations

from modelwright.core.result import Standing
from modelwright.core.schema import Role
from modelwright.evaluate.held_out import HeldOut
from modelwright.evaluate.verdict import Verdict, shown_better, verdict_on
from modelwright.features.images import FittedImages
from modelwright.model import Model
from modelwright.pages.numerals import plural

__all__ = ["left_out", "left_out_note", "line_of", "of_images", "shown_to_help", "verdict_of"]

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
    found = _measured(model)
    if found is None:
        return None
    card, pictured = model.card, of_images(model)
    return verdict_on(*found, card.leaderboard, untried=card.untried, pictured=pictured)


def of_images(model: Model) -> bool:
    """Whether a model sees the pixels of images, and no table."""
    parts = (part for member in model.members for part in member.parts)
    return any(isinstance(step, FittedImages) for part in parts for step in part.recipe.steps)


def shown_to_help(model: Model) -> bool:
    """Whether a model is better than a plain guess by its own interval; True where nobody knows."""
    found = _measured(model)
    if found is None:
        return True
    held, line = found
    metric = held.metrics[0]
    return shown_better(metric, line, held.guess(metric), held.perfect(metric))


def _measured(model: Model) -> tuple[HeldOut, Standing] | None:
    line = line_of(model)
    if line is None or model.evidence is None:
        return None
    held = HeldOut.of(model.task, model.evidence, model.decision)
    return None if held is None or held.deciding is None else (held, line)


def left_out(model: Model) -> dict[str, str]:
    """Give the columns that are not learned from, each with the reason.

    Parameters
    ----------
    model : Model
        With its members.

    Returns
    -------
    dict of str to str
        Those that were ignored when the table was read, and those that could be learned from and
        that no member uses; in the order of the table.
    """
    used = set(model.columns)
    profiles = () if model.evidence is None else model.evidence.profiles
    distinct = {profile.name: profile.distinct for profile in profiles}
    found = {}
    for column in model.schema:
        if column.role is Role.IGNORED:
            found[column.name] = column.evidence or "ignored"
        elif column.role is Role.FEATURE and used and column.name not in used:
            found[column.name] = _why(distinct.get(column.name, 0), model.card.rows)
    return found


def _why(distinct: int, rows: int) -> str:
    if distinct > _UNIQUE * rows:
        return f"{distinct:,} different values in {rows:,} rows: too few come again to learn from"
    return "nothing in it that the chosen models can learn from"


def left_out_note(model: Model) -> tuple[str, ...]:
    """Say in one note which columns are left out; nothing when there are none."""
    found = left_out(model)
    if not found:
        return ()
    shown = [f"{name!r} ({why})" for name, why in list(found.items())[:_NAMED]]
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return (f"Left out: {plural(len(found), 'column')}: {'; '.join(shown)}{more}.",)
