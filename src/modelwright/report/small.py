"""Pictures as small as a word, for the cells of a table."""

from __future__ import annotations

import math

from modelwright.core.evidence import Profile
from modelwright.core.schema import Kind
from modelwright.pages import Markup, element
from modelwright.pages.numerals import date, number, percent, plural

__all__ = ["distribution", "typical"]

_WIDTH, _HEIGHT = 136, 30
_BARS = 20


def distribution(profile: Profile) -> Markup | None:
    """Draw the bars of a column; None when there is nothing to draw.

    Examples
    --------
    >>> distribution(Profile("a", "number", "feature", edges=(0, 1, 2), counts=(1, 2)))[:21]
    '<svg class="figure-sv'
    """
    counts = [max(float(count), 0.0) for count in profile.counts if math.isfinite(count)]
    if not counts or max(counts) <= 0:
        return None
    if len(counts) > 2 * _BARS:
        step = math.ceil(len(counts) / _BARS)
        counts = [sum(counts[i : i + step]) for i in range(0, len(counts), step)]
    wide = min(_WIDTH / len(counts), 22.0)
    most = max(counts)
    path = ""
    for i, count in enumerate(counts):
        high = max(count / most * (_HEIGHT - 2), 0.8 if count else 0)
        path += f"M{i * wide:.1f} {_HEIGHT}v-{high:.1f}h{max(wide - 1, 0.6):.1f}v{high:.1f}z"
    at = {"viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "aria-hidden": "true", "focusable": "false"}
    shade = "a.bar" if profile.edges else "m.bar"
    return element("svg.figure-svg", element(f"path.{shade}", at={"d": path}), at=at)


def typical(profile: Profile, rows: int = 0) -> str:
    """Say in a few words what the values are.

    Parameters
    ----------
    profile : Profile
        The column.
    rows : int
        How many rows were counted; its rarer levels are among them.

    Examples
    --------
    >>> typical(Profile("a", "number", "feature", quantiles=(0.0, 2.5, 9.0)))
    '2.5 (0 to 9)'
    """
    quantiles = [q for q in profile.quantiles if math.isfinite(q)]
    if profile.kind == Kind.BOOLEAN and sum(profile.counts) > 0 and len(profile.counts) > 1:
        return f"true {percent(profile.counts[-1] / sum(profile.counts))}"
    if len(quantiles) >= 3:
        low, middle, high = quantiles[0], quantiles[len(quantiles) // 2], quantiles[-1]
        if profile.kind == Kind.DATETIME:
            return f"{date(low)} to {date(high)}"
        return f"{number(middle, 3)} ({number(low, 3)} to {number(high, 3)})"
    if profile.levels and sum(profile.counts) > 0:
        total = max(sum(profile.counts), rows * (1 - profile.missing))
        pairs = list(zip(profile.levels, profile.counts, strict=False))[:3]
        shown = ", ".join(f"{_cut(level)} {percent(count / total)}" for level, count in pairs)
        rest = profile.distinct - len(pairs)
        return f"{shown}, {rest} more" if rest > 0 else shown
    return plural(profile.distinct, "different value") if profile.distinct else ""


def _cut(level: str) -> str:
    return level if len(level) <= 24 else level[:23] + "…"
