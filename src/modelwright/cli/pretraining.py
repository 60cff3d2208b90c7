"""``modelwright pretrain``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from modelwright.cli.inputs import check_data
from modelwright.cli.printing import Source, answer, say
from modelwright.cli.wording import Whole
from modelwright.core.progress import progress

__all__ = ["pretrain"]


def pretrain(
    data: Source,
    /,
    *,
    out: Path = Path("backbone.mw"),
    time: Annotated[str, Parameter(allow_leading_hyphen=True)] = "5m",
    method: Literal["contrastive", "masked", "supervised"] | None = None,
    epochs: float | None = None,
    seed: Whole = 0,
    store: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Learn a backbone from a folder of images, for fit --from; no labels are needed.

    Parameters
    ----------
    data
        A folder or zip of images; what is under val/ and test/ is never learned from.
    out
        Where the backbone goes.
    time
        How long it may take in all, such as 5m.
    method
        supervised learns from class folders; contrastive from two views of each image; masked from
        hidden parts. Left out: supervised where there are classes, else contrastive.
    epochs
        See every image exactly so often and look at no clock; when it was interrupted it goes on.
    seed
        The root of all randomness.
    store
        Where opened images are kept; the user's data folder when left out.
    json
        Print one JSON object on stdout, and everything else on stderr.
    """
    from modelwright.plan.images.pretraining import Pretraining
    from modelwright.plan.images.pretraining import pretrain as learn

    check_data(data)
    settings = Pretraining(method, epochs, seed=seed, store=store)
    with progress(json) as live:
        card = learn(str(data), out, time=time, settings=settings, live=live)
    if json:
        answer({"backbone": str(out), "card": card.to_json()})
        return
    for note in card.notes:
        say(f"note: {note}")
    say(f"learned: {card}")
    say(f"backbone: {out} ({out.stat().st_size / 1e6:.1f} MB)")
    say(f"next: modelwright fit DATA --from {shlex.quote(str(out))}")
