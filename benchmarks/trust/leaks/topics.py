"""What a finding has to be about to count, in plain words; codes are named elsewhere.

A finding about a table counts by its columns. One about a pipeline counts when its code belongs
to a topic that is accepted for the kind. Whoever names the codes fills `CODES`, and nothing else.
"""

from __future__ import annotations

__all__ = ["ACCEPTED", "CODES", "TOPICS", "codes_for"]

TOPICS: dict[str, str] = {
    "time ignored": "rows are scored by a model that was fitted on later rows",
    "duplicates": "copies, or near copies, of scored rows are among the rows that are fitted on",
    "entities": "rows of one entity are both fitted on and scored",
    "oversampled": "rows were repeated or invented before the split",
    "answers in a column": "a column of X holds the answers of scored rows",
    "encoder": "a step that turns answers into features was fitted on scored rows",
    "selection": "columns were chosen by the answers of scored rows",
    "fitted before": "a step was fitted before the split, on rows that are scored",
    "scored rows": "a fit stops, or chooses among models, by the rows that it is scored on",
    "inner split": "an inner split of the fit ignores the groups that the outer one keeps together",
}

ACCEPTED: dict[str, tuple[str, ...]] = {
    "time_travel": ("time ignored",),
    "duplicates": ("duplicates",),
    "entities": ("entities", "duplicates"),
    "oversampling": ("oversampled", "duplicates"),
    "encoder": ("encoder", "fitted before", "answers in a column"),
    "selection": ("selection", "fitted before"),
    "scored_rows": ("scored rows",),
    "stacking": ("inner split",),
}

# To be filled by whoever names the codes: the codes of each topic.
CODES: dict[str, tuple[str, ...]] = {
    "time ignored": ("later-rows",),
    "duplicates": ("copies-across",),
    "entities": ("entities-across",),
    "oversampled": ("oversampled",),
    "answers in a column": ("answers-in-column",),
    "encoder": (),
    "selection": ("selected-before",),
    "fitted before": ("fitted-before",),
    "scored rows": ("scored-rows",),
    "inner split": ("inner-split",),
}


def codes_for(kind: str, codes: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """Give the codes that count for a kind."""
    return frozenset(code for topic in ACCEPTED.get(kind, ()) for code in codes.get(topic, ()))
