"""Rules: written, offered by the data, and broken; then a few labelled rows beside them.

The table holds 1,797 digits of the census forms of NIST (Alpaydin and Kaynak 1998), told by several
offices that read the same form and do not always agree.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.datasets import load_digits

from modelwright.clean import Labels, accepted, parse_rules, rules_text
from modelwright.clean.detect import detect
from modelwright.clean.rules.discover import discover

digits = load_digits()
draw = np.random.default_rng(0)
forms = 150
ink = digits.data[:forms].sum(axis=1)
offices = {"north": 0.98, "south": 0.97, "east": 0.7, "west": 0.6, "harbour": 0.65}
rows, right = [], []
for form in range(forms):
    for office, care in offices.items():
        truth = (f"form {form}", office, str(digits.target[form]), f"{ink[form]:.0f}")
        read, amount = truth[2], truth[3]
        if draw.random() > care:
            read = str(draw.integers(10))
        if draw.random() > care:
            amount = f"{ink[int(draw.integers(forms))]:.0f}"
        if draw.random() < 0.02:
            amount = f"{amount} px"
        rows.append((truth[0], office, read, amount))
        right.append(truth)
names = ["form", "office", "digit", "ink"]
dirty = pl.DataFrame(rows, schema=names, orient="row")
clean = pl.DataFrame(right, schema=names, orient="row")
wrong = np.column_stack([(dirty[name] != clean[name]).to_numpy() for name in names])


def f1(marked: np.ndarray) -> float:
    """Give the F1 of marked cells."""
    return float(2 * (marked & wrong).sum() / (marked.sum() + wrong.sum()))


# Rules that somebody writes.
rules = parse_rules("""
[columns.digit]
values = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]

[columns.ink]
type = "number"
least = 1
most = 1024

[[determines]]
given = ["form"]
column = "digit"
""")
by_rules = detect(dirty, rules=rules)
units = dirty["ink"].str.ends_with("px").to_numpy()
assert by_rules.wrong()[units, 3].all()
print(
    f"{int(units.sum())} amounts are no numbers; F1 of everything found {f1(by_rules.wrong()):.2f}"
)

# Rules that the data offers, each with its support and its confidence; a person agrees, or not.
offered = discover(dirty)
for one in offered:
    print(f"{one.confidence:.3f} of {one.support}: {one.words}")
agreed = accepted(tuple(one for one in offered if one.confidence < 1))
print(rules_text(agreed))

# Without labels the offices' reliability is found from how often they agree.
alone = detect(dirty)
print(f"F1 without labels {f1(alone.wrong()):.2f}")
assert f1(alone.wrong()) > 0.8

# Twenty labelled rows say what is true of some forms, and so whom to believe of the others.
known = np.sort(draw.choice(dirty.height, 20, replace=False))
taught = detect(dirty, labels=Labels(known, clean[known]))
print(f"F1 with twenty labelled rows {f1(taught.wrong()):.2f}")
assert f1(taught.wrong()) > 0.85
