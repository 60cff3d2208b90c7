"""Every code that a finding may have: what it is called, how bad it is, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from modelwright.core.findings import Severity

__all__ = ["CODES", "Code", "page_of"]

_AUDIT = "guide/audit"
_NET = "guide/diagnostics"
_CURVES = "guide/bias-variance.md"


@dataclass(frozen=True)
class Code:
    """A kind of finding.

    Parameters
    ----------
    name : str
        As findings carry it; it never changes between versions.
    title : str
        What it says, in a few words.
    severity : Severity
        The worst that it can be.
    why : str
        Why it matters, in one sentence.
    cure : str
        What usually helps.
    page : str
        Its page below ``docs/``.
    """

    name: str
    title: str
    severity: Severity
    why: str
    cure: str
    page: str


def _leak(name: str, title: str, why: str, cure: str) -> Code:
    return Code(name, title, Severity.ERROR, why, cure, f"{_AUDIT}/{name}.md")


def _doubt(name: str, title: str, why: str, cure: str) -> Code:
    return Code(name, title, Severity.WARNING, why, cure, f"{_AUDIT}/{name}.md")


def _bug(name: str, title: str, why: str, cure: str) -> Code:
    return Code(name, title, Severity.ERROR, why, cure, f"{_NET}/{name}.md")


def _risk(name: str, title: str, why: str, cure: str) -> Code:
    return Code(name, title, Severity.WARNING, why, cure, f"{_NET}/{name}.md")


def _curve(name: str, title: str, why: str, cure: str) -> Code:
    return Code(name, title, Severity.INFO, why, cure, _CURVES)


_KNOWN = (
    # what a table shows
    _leak("target-copy", "A column gives the answer away",
          "It nearly solves the task alone, where all other columns together do not.",
          "Leave it out, unless it is known when a prediction is made."),
    _leak("target-parts", "Columns add up to the answer",
          "Their sum is the answer itself, so that a model only has to add.",
          "Leave out the parts that are not known when a prediction is made."),
    _leak("spelled-answer", "A name or a text spells the answer",
          "A piece of an identifier or a text tells the answer, which new rows do not have.",
          "Leave the column out, or cut that piece away."),
    _leak("after-the-fact", "A column is filled in when the answer is known",
          "Whether it has a value tells the answer: somebody wrote it down afterwards.",
          "Leave it out, or take its value as of the time of the prediction."),
    _leak("row-number", "A running number tells the answer",
          "The file was put together in the order of the answers, and a number remembers it.",
          "Leave the number out."),
    _doubt("strong-column", "One column tells nearly all",
           "It may be a fine feature, or one that is known only afterwards.",
           "Make sure that it is known when a prediction is made."),
    _doubt("late-date", "A date lies after the time of the row",
           "What happens later is not known when a prediction is made.",
           "Leave the column out, or take its value as of the time of the row."),
    _doubt("time-order", "Rows came one after the other",
           "New rows are later ones, and a random split promises what only holds for past ones.",
           "Judge models on later rows: --order."),
    Code("time-column", "A column says when", Severity.INFO,
         "Little speaks for judging by it.", "If new rows come later, name it with --order.",
         f"{_AUDIT}/time-column.md"),
    _doubt("repeated-entities", "Several rows are about the same thing",
           "A model that knows the other rows of a thing looks better than on new things.",
           "Keep the rows of a thing on one side of each split: --group."),
    _doubt("exact-duplicates", "Rows equal others",
           "With one copy fitted on and the other scored, scores are too good.",
           "Keep one of each, or keep copies on one side of each split."),
    _doubt("near-duplicates", "Rows equal others in nearly everything",
           "With one twin fitted on and the other scored, scores are too good.",
           "Keep one of each, or keep twins on one side of each split."),
    _doubt("contradicting-duplicates", "Equal rows have different answers",
           "No model can tell them apart.", "Look for a column that does, or for wrong answers."),
    _doubt("row-order", "Neighbours in the file have answers alike",
           "The file is sorted by something that no column says.",
           "Find out what it is sorted by, and add that as a column."),
    _doubt("drift", "New rows differ from these",
           "A score on rows like these says little about them.",
           "Fit on rows like the new ones, or leave out columns whose meaning changed."),
    _doubt("target-moved", "The answers of new rows are spread otherwise",
           "Chances that a model gives hold for rows whose answers come as often.",
           "Find out why; fit on rows like the new ones."),
    _doubt("test-rows-again", "The same test rows were scored again and again",
           "What was chosen after looking at their score fits them better than it fits new rows.",
           "Take other rows for the last word, or take the score for a lenient one."),
    # what an executed pipeline shows
    _leak("overlapping-splits", "Rows are fitted on and scored in the same fold",
          "A model knows the answers that it is asked for.",
          "Take the scored rows out of the rows that are fitted on."),
    _leak("copies-across", "Copies of scored rows are fitted on",
          "A model only has to remember them, as it cannot with new rows.",
          "Remove copies first, or keep them on one side of each split."),
    _leak("entities-across", "The same thing is fitted on and scored",
          "A model recognises the thing, as it cannot with new ones.",
          "Split by whole groups."),
    _leak("later-rows", "Rows are scored by models of later rows",
          "The future is not known when a prediction is made.",
          "Fit on earlier rows than those that are scored."),
    _leak("oversampled", "Rows were repeated or made up before the split",
          "Scored rows, or rows made of them, are among those that are fitted on.",
          "Split first, and repeat rows of the fitted side only, inside the pipeline."),
    _leak("answers-in-column", "A column holds the answers of scored rows",
          "It was made with the answers of all rows, those that are scored among them.",
          "Encode inside the pipeline, so that each fold learns from its own rows alone."),
    _leak("fitted-before", "A step was fitted before the split",
          "It has seen the rows that are scored.",
          "Put the step into the pipeline, not fitted."),
    _leak("selected-before", "Columns were chosen by the answers of scored rows",
          "Among many columns some go with any answers by chance, and these were kept.",
          "Put the selection into the pipeline, so that each fold chooses for itself."),
    _leak("scored-rows", "A fit looks at the rows that it is scored on",
          "When it stops, or which model it keeps, is what those rows like best.",
          "Stop and choose by a part of the rows that are fitted on."),
    _leak("inner-split", "An inner split ignores what the outer split keeps apart",
          "Inside a fit, models are asked about things that they know, and the wrong ones win.",
          "Give the inner split the same groups."),
    _doubt("too-good", "Predictions are much better than the columns allow",
           "Something else than these columns must have told the answers.",
           "Fit the predictions again, from these columns alone."),
    # what the first steps of a net show: its inputs and labels
    _bug("inputs-not-finite", "Inputs hold what is no number",
         "One of them is enough to make every weight no number.",
         "Find where they come from: a division by zero, a missing value."),
    _bug("inputs-constant", "All inputs are alike",
         "There is nothing to learn from.", "Look at what is read, and at how it is scaled."),
    _risk("inputs-unscaled", "Inputs are far from size 1",
          "First weights and usual rates are made for inputs of about that size.",
          "Subtract the mean of the training rows and divide by their standard deviation."),
    _risk("inputs-scrambled", "Images lie in another order than the net takes them for",
          "Neighbouring numbers are no neighbouring pixels any more.",
          "Use permute(0, 3, 1, 2), which moves axes; reshape and view only cut numbers anew."),
    _bug("labels-out-of-range", "Labels and outputs do not fit together",
         "A label has to be the place of an output, from 0 on.",
         "Count labels from 0, and give the net an output for each."),
    _bug("one-class", "All labels are the same",
         "There is nothing to tell apart.", "Look at how labels are read."),
    _risk("labels-unrelated", "Inputs tell nothing about labels",
          "Rows and labels may have got out of step.",
          "Look at some inputs beside their labels; shuffle both in the same order."),
    _bug("target-in-input", "The target is the input",
         "The net only has to copy.", "Shift targets by a step: y = x[:, 1:], x = x[:, :-1]."),
    _risk("sorted-batches", "Batches hold few classes each",
          "Each batch pulls the weights its own way.", "Shuffle the training rows: shuffle=True."),
    _bug("valid-overlap", "Validation rows are among the training rows",
         "The net has seen their answers.", "Take them out of one of the two."),
    _risk("valid-near-duplicates", "Validation images nearly equal training images",
          "The net knows them, as it will not know new ones.",
          "Keep copies of an image, crops and frames of a film on one side."),
    _risk("valid-differs", "Validation inputs are scaled otherwise than training inputs",
          "The net is asked about inputs that it never saw the like of.",
          "Prepare both in the same way, with numbers of the training rows."),
    _risk("few-rows", "There are many parameters for each row",
          "The net can learn all of them by heart.",
          "Take a smaller net, more rows, a pretrained backbone, or regularise."),
    # the loss
    _bug("softmax-twice", "Probabilities are given where raw scores belong",
         "The loss applies softmax (or sigmoid) itself: gradients of a second one are tiny.",
         "Take softmax or sigmoid off the end of the net."),
    _bug("raw-scores", "Raw scores are given where log-probabilities belong",
         "The loss falls without end and means nothing.",
         "Use cross_entropy in place of nll_loss, or end the net with log_softmax."),
    _bug("loss-upside-down", "Wrong answers cost less than right ones",
         "Each step makes the net worse.", "Turn the sign of the loss."),
    _bug("shapes-broadcast", "Answers and targets are of different shapes",
         "Each answer is compared with the targets of all rows.",
         "Give both one shape: answers.squeeze(1), or targets.unsqueeze(1)."),
    _risk("first-loss", "The first loss is far above that of a constant answer",
          "The first steps only undo what the first weights say.",
          "Make the last layer's weights small (start_at_prior); standardise numbers to predict."),
    _risk("outputs-bounded", "Answers cannot reach the targets",
          "What bounds the answers leaves targets out.", "Take the activation off the last layer."),
    # the net
    _bug("rows-mixed", "An answer depends on other rows of the batch",
         "A prediction then depends on which rows it is made with.",
         "Look for view and reshape across the first dimension, softmax(dim=0), batch_first."),
    _bug("future-seen", "An answer depends on later steps",
         "The net reads what it is asked to foretell.",
         "Attention: a causal mask; recurrent nets: one direction; convolutions: padding left."),
    _bug("inputs-ignored", "The net says the same of all rows",
         "Nothing of an input reaches the answers.",
         "Look for dead units, for a constant in place of the input, for a rate too high."),
    _risk("cannot-overfit", "A few rows cannot be learned by heart",
          "A net that cannot do that will not learn many.",
          "Look at the loss, at what is detached or frozen, and whether labels belong to rows."),
    _risk("gradient-vanishes", "The gradient vanishes on its way back",
          "The first layers hardly learn.",
          "ReLU in place of sigmoid, first weights that suit it, a norm, residual branches."),
    _risk("gradient-explodes", "The gradient explodes on its way back",
          "The first layers jump.", "First weights that suit the activation, a norm, clipping."),
    _risk("dead-units", "Units are dead",
          "A ReLU that is zero for every row has no gradient.",
          "A lower rate, first biases of zero, first weights that suit ReLU, leaky ReLU."),
    _risk("saturated-units", "Units are saturated",
          "Where a sigmoid or tanh is flat there is no gradient.",
          "Smaller first weights, inputs of size 1, a norm, ReLU."),
    _bug("same-weights", "All units of a layer are alike",
         "They get the same gradient and stay alike: the layer is one unit.",
         "Draw first weights at random; only biases may begin alike."),
    _bug("never-updated", "Weights are never updated",
         "They stay as they were drawn.",
         "Make the optimiser of net.parameters() last; look for detach, .data and no_grad."),
    # the steps
    _bug("gradients-pile-up", "Gradients of earlier steps are still there",
         "Each step goes by the sum of all gradients so far.",
         "Call optimiser.zero_grad() before backward()."),
    _bug("training-mode", "The net is scored in training mode",
         "Dropout and batch norm make scores random, and dependent on the batch.",
         "Call net.eval() before scoring and net.train() after it."),
    _risk("evaluation-mode", "The net is trained in evaluation mode",
          "Dropout does nothing and batch norm keeps old statistics.",
          "Call net.train() before each epoch."),
    _risk("rate-too-high", "Steps are too large",
          "The net jumps over what it looks for.", "Divide the rate by 10; find_rate measures it."),
    _risk("rate-too-low", "Steps are too small",
          "The net will take for ever.", "Multiply the rate by 10; find_rate measures it."),
    _risk("decay-too-strong", "Weight decay is too strong",
          "Weights shrink faster than they learn.", "Values from 0.0001 to 0.1 are usual."),
    _risk("dropout-too-strong", "Dropout leaves hardly anything",
          "p is the share that is dropped, not the share that is kept.",
          "Values from 0.1 to 0.5 are usual."),
    # what would help
    _curve("more-rows", "More rows would help", "The error still falls with their number.",
           "Find more rows."),
    _curve("enough-rows", "More rows would hardly help", "The error has stopped falling.",
           "Look for better columns or labels."),
    _curve("smaller-model", "A small model wins", "On so few rows a large one learns noise.",
           "Let small models take part."),
    _curve("larger-model", "A larger model wins", "There are rows enough for it.",
           "Let larger models take part."),
    _curve("too-simple", "The model is too simple", "Most of its error is bias.",
           "Take a larger model, or better columns."),
    _curve("too-complex", "The model is too complex", "Most of its error is variance.",
           "Take more rows, bagging, or a smaller model."),
    _curve("bias", "Most of the error is bias", "The model is too simple for what it should learn.",
           "Take a larger model, or better columns."),
    _curve("variance", "Most of the error is variance", "Other rows would give another model.",
           "Take more rows, bagging, or a smaller model."),
    _curve("noise", "Answers are noisy", "No model explains the rest.", "Look for better labels."),
    _curve("little-error", "There is little error left", "Hardly anything is to be gained.", ""),
    _curve("best-inside", "The best complexity lies inside what was tried",
           "Smaller and larger models are worse.", ""),
)  # fmt: skip

CODES: Mapping[str, Code] = MappingProxyType({code.name: code for code in _KNOWN})
"""Every code, by its name."""


def page_of(name: str) -> str:
    """Give the page of a code below ``docs/``; empty for one that is not known.

    Examples
    --------
    >>> page_of("target-copy")
    'guide/audit/target-copy.md'
    """
    return CODES[name].page if name in CODES else ""
