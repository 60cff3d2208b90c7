"""Diagnostics: the usual bugs of a training, found in seconds before it begins.

`diagnose` is the one call for any PyTorch net; `watch` looks at a loop of one's own while it runs;
`picture` draws what enters a net. Each check is a small function of its own in the modules of this
package; each finding has a code, and a page on it in the guide.
"""

from modelwright.training.diagnostics.apart import depends_on_others
from modelwright.training.diagnostics.diagnosing import diagnose
from modelwright.training.diagnostics.inputs import describe, picture
from modelwright.training.diagnostics.overlap import find_differing, find_overlap, find_twins
from modelwright.training.diagnostics.verdict import Diagnosis
from modelwright.training.diagnostics.watching import Watched, watch

__all__ = [
    "Diagnosis",
    "Watched",
    "depends_on_others",
    "describe",
    "diagnose",
    "find_differing",
    "find_overlap",
    "find_twins",
    "picture",
    "watch",
]
