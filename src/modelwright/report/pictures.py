"""The pages on images: how a net learned, what it takes for what, where it errs most."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from modelwright.core.pictures import CurvePoint, Pictures, Thumbnail
from modelwright.features.images import as_png
from modelwright.model import Model
from modelwright.pages import Chapter, Figure, Grid, Markup, Plot, element, joined, shorten
from modelwright.pages.names import name
from modelwright.pages.numerals import number, percent, plural

__all__ = ["accuracy_figure", "loss_figure", "pictures"]


def pictures(model: Model) -> list[Chapter]:
    """Write the chapters on images; none for a model of tables."""
    shown = None if model.evidence is None else model.evidence.pictures
    if shown is None:
        return []
    return [_learning(shown), _mistakes(model, shown), *_looked(model, shown)]


def _learning(shown: Pictures) -> Chapter:
    """Show curves, and what entered the net."""
    figures = None
    if len(shown.curve) > 1:
        figures = element(
            "div.figures",
            accuracy_figure(shown.curve).html("accuracy-curve"),
            loss_figure(shown.curve).html("loss-curve"),
        )
    last = shown.curve[-1] if shown.curve else None
    lead = None
    if last is not None:
        seen = plural(round(last.epoch), "epoch") if last.epoch >= 1 else "a part of one epoch"
        lead = element("p.lead", f"The net learned for {seen}, {last.seconds:.0f} seconds.")
    facts = tuple((what, shorten(said, 200)) for what, said in shown.facts.items())
    body = joined(
        lead,
        figures,
        Grid(("what", "how"), facts, "The net", text=2).html() if facts else None,
        element("h3", "What the net was shown"),
        element("p", "Training images as they entered it: changed at random, each time anew."),
        _thumbs(shown, "augmented"),
    )
    return Chapter("learning", "How it learned", body, "Learning")


def _mistakes(model: Model, shown: Pictures) -> Chapter:
    """Show the images that it is surest and wrong about, and the commonest confusions."""
    classes = model.task.classes

    def told(one: Thumbnail) -> Sequence[str | Markup]:
        is_, says = name(classes[one.true], 24), name(classes[one.said], 24)
        where = element("span.soft", shorten(one.name, 60))
        return [joined("is ", is_, ", taken for ", says, f" ({percent(one.p)})"), where]

    # a stranger's file may name classes that there are not
    sound = [one for one in shown.thumbnails if max(one.true, one.said) < len(classes)]
    worst = [one for one in sound if one.kind == "mistake"]
    if not worst:
        words = "No held-out image was taken for another class."
        return Chapter("mistakes", "Where it errs", element("p.lead", words), "Mistakes")
    pairs = Counter((one.true, one.said) for one in sound if one.kind == "confusion")
    parts: list[Markup] = []
    for true, said in pairs:
        heading = element("h4", name(classes[true], 40), " taken for ", name(classes[said], 40))
        some = [one for one in sound if (one.true, one.said) == (true, said)]
        parts += [heading, _thumbs(shown, "confusion", told, only=some)]
    body = joined(
        element("p", "Held-out images whose true class got the least probability come first. Look "
                     "for wrong labels among them: they cost accuracy twice, in learning and in "
                     "scoring."),
        _thumbs(shown, "mistake", told, only=worst),
        element("h3", "What is taken for what"),
        parts,
    )  # fmt: skip
    return Chapter("mistakes", "Where it errs", body, "Mistakes")


def _looked(model: Model, shown: Pictures) -> list[Chapter]:
    """Show what answers rest on; nothing for a file that was written before that was kept."""
    if not any(one.kind == "saliency" for one in shown.thumbnails):
        return []
    classes = model.task.classes

    def told(one: Thumbnail) -> Sequence[str | Markup]:
        if one.kind == "saliency":
            return ["what the answer rests on"]
        said = joined("taken for ", name(classes[one.said], 24), f" ({percent(one.p)})")
        right = one.said == one.true
        return [said, "right" if right else joined("is ", name(classes[one.true], 24))]

    body = joined(
        element("p", "Held-out images, each beside itself: bright where pixels speak for the "
                     "answer, dark elsewhere (the slope of the answer by each pixel, smoothed). "
                     "Where a net looks at the background, a border or a stamp, it has learned "
                     "something that new images need not have."),
        _thumbs(shown, ("example", "saliency"), told),
    )  # fmt: skip
    return [Chapter("looked", "What it looks at", body, "What it looks at")]


def _thumbs(
    shown: Pictures,
    kinds: str | tuple[str, ...],
    words: Callable[[Thumbnail], Sequence[str | Markup]] | None = None,
    only: Sequence[Thumbnail] | None = None,
) -> Markup:
    """List images of some kinds with words below."""
    wanted = (kinds,) if isinstance(kinds, str) else kinds
    items = []
    for one, pixels in zip(shown.thumbnails, shown.pixels, strict=True):
        if one.kind not in wanted or (only is not None and one not in only):
            continue
        data = base64.b64encode(as_png(pixels)).decode()
        at = {"src": f"data:image/png;base64,{data}", "alt": shorten(one.name, 60)}
        lines = () if words is None else words(one)
        told = [element("div", line) for line in lines]
        items.append(element("li", element("img", at=at), told))
    return element("ul.thumbs", items)


def accuracy_figure(curve: Sequence[CurvePoint]) -> Figure:
    """Draw the accuracy on held-out images along the training.

    Parameters
    ----------
    curve : sequence of CurvePoint
        One for each epoch.

    Returns
    -------
    Figure

    Examples
    --------
    >>> points = [CurvePoint(1.0, 2.0, 1.5, 0.4, 3.0), CurvePoint(2.0, 1.5, 1.0, 0.6, 6.0)]
    >>> accuracy_figure(points).title
    'Accuracy on held-out images'
    """
    xs, ys = [p.epoch for p in curve], [p.valid_accuracy for p in curve]
    low = max(min(ys) - 0.05, 0.0)
    plot = Plot((0.0, max(xs)), (low, min(max(ys) + 0.02, 1.0)))
    plot.axes("epochs", "accuracy")
    plot.line(np.asarray(xs), np.asarray(ys), "a")
    rows = tuple((number(p.epoch), percent(p.valid_accuracy, 2)) for p in curve)
    best = max(ys)
    return Figure(
        "Accuracy on held-out images",
        f"It ends at {percent(ys[-1], 2)}; the best epoch had {percent(best, 2)}.",
        plot.drawing(), plot.width, plot.height,
        Grid(("epochs", "accuracy"), rows, "Accuracy on held-out images"),
    )  # fmt: skip


def loss_figure(curve: Sequence[CurvePoint]) -> Figure:
    """Draw the loss of the batches and that of held-out images.

    Parameters and result as for `accuracy_figure`.

    Examples
    --------
    >>> points = [CurvePoint(1.0, 2.0, 1.5, 0.4, 3.0), CurvePoint(2.0, 1.5, 1.0, 0.6, 6.0)]
    >>> loss_figure(points).data.rows[1]
    ('2', '1.5', '1')
    """
    xs = np.asarray([p.epoch for p in curve])
    own, held = np.asarray([p.loss for p in curve]), np.asarray([p.valid_loss for p in curve])
    plot = Plot((0.0, float(xs.max())), (0.0, float(max(own.max(), held.max())) * 1.05))
    plot.axes("epochs", "loss")
    plot.line(xs, own, "b")
    plot.line(xs, held, "a")
    rows = tuple((number(p.epoch), number(p.loss), number(p.valid_loss)) for p in curve)
    return Figure(
        "Loss",
        "Dashed: the batches it learned from, which are augmented and whose labels are smoothed: "
        "it lies higher. Whole: held-out images; where it rises for long, the net learns by heart.",
        plot.drawing(), plot.width, plot.height,
        Grid(("epochs", "batches", "held-out images"), rows, "Loss"),
    )  # fmt: skip
