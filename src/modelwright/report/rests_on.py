"""What matters to the model, and single predictions explained."""

from __future__ import annotations

from modelwright.core.evidence import Dependence, Evidence
from modelwright.evaluate.catalogue import metric_or_usual
from modelwright.model import Model
from modelwright.pages import Chapter, Markup, element, joined
from modelwright.pages.names import more_names
from modelwright.plan.findings.verdict import of_images
from modelwright.report.influence import (
    attribution_figure,
    dependence_figure,
    importance_figure,
    most_moved,
)
from modelwright.report.words import title

__all__ = ["influence", "singles"]

_DRAWN = 15
_DEPENDENCES = 9
_SINGLES = 6


def influence(model: Model) -> Chapter | None:
    """Write the chapter on importance and dependence; None for images, which have no columns."""
    if of_images(model):
        return None
    evidence = model.evidence
    if evidence is None or not evidence.importances:
        words = "The model file does not say which columns matter."
        return Chapter("columns-that-matter", "What matters", element("p", words), "What matters")
    judge = title(metric_or_usual(model.task).name)
    figure = importance_figure(evidence.importances, judge, _DRAWN)
    rest = [item.column for item in evidence.importances[_DRAWN:] if not item.together]
    body = joined(
        element(
            "div.figures",
            figure.html("importance"),
            element("div", _reading(evidence.heard), more_names(rest)),
        ),
        _dependences(model, evidence),
    )
    return Chapter("columns-that-matter", "What matters", body, "What matters")


def _reading(heard: float) -> Markup:
    rest = (
        f"Members that make up {1 - heard:.0%} of the ensemble were fitted once on all rows, so "
        "they could not be asked about rows they had not seen: this is what the others say."
    )
    return joined(
        element("h3", "How to read this"),
        element(
            "p.soft",
            "These are associations the model uses, not causes: changing a column in the world "
            "need not change the answer.",
        ),
        element(
            "p.soft",
            "A column whose interval holds zero can be left out at little cost, unless another one "
            "stands in for it: two columns that say the same look less important than they are.",
        ),
        element("p.soft", rest) if heard < 0.995 else None,
    )


def _dependences(model: Model, evidence: Evidence) -> Markup | None:
    if not evidence.dependences:
        return None
    profiles = {profile.name: profile for profile in evidence.profiles}
    sound = [
        item
        for item in evidence.dependences[:_DEPENDENCES]
        if item.at and len(item.at) == len(item.means)
    ]
    classes = model.task.classes
    outputs = most_moved(sound, len(classes))
    figures = [
        dependence_figure(item, profiles.get(item.column), classes, outputs) for item in sound
    ]
    return joined(
        element("h3", "How predictions change with one column"),
        element("p.soft", _how(sound)),
        element(
            "div.figures.three",
            [figure.html(f"dependence-{i}", level=4) for i, figure in enumerate(figures)],
        ),
    )


def _how(drawn: list[Dependence]) -> str:
    """Say what the curves are, and which columns have which."""
    told = []
    if any(item.how != "ale" for item in drawn):
        told.append(
            "The mean prediction when one column is set to a value in every row and the others stay"
            " (partial dependence). Where lines of single rows run differently, other columns "
            "decide what this one does."
        )
    if any(item.how == "ale" for item in drawn):
        told.append(
            "A column that goes with another one (association 0.5 or more) is not set in every "
            "row, which would make rows that never occur: what small steps change, each in the "
            "rows that stand there, is added up (accumulated local effects), around the mean "
            "prediction."
        )
    told.append("Grey bars: where the rows are; far from them a curve is a guess.")
    return " ".join(told)


def singles(model: Model) -> Chapter | None:
    """Write the chapter on single predictions; None when none was explained."""
    evidence = model.evidence
    if evidence is None or not evidence.attributions:
        return None
    figures = [
        attribution_figure(item).html(f"single-{i}")
        for i, item in enumerate(evidence.attributions[:_SINGLES])
    ]
    words = (
        "Each bar is what the value of one column adds to the prediction or takes away, beginning "
        "with what typical rows of the table get."
    )
    body = joined(element("p", words), element("div.figures", figures))
    return Chapter("singles", "Single predictions explained", body, "Single rows")
