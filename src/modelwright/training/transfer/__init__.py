"""What a net learned on other data, put to use: judged, frozen, thawed, tuned."""

from modelwright.training.transfer.evidence import log_evidence
from modelwright.training.transfer.freezing import freeze, frozen, hold_statistics, thaw
from modelwright.training.transfer.probe import Probe, choose_probe, features_of, fit_probe
from modelwright.training.transfer.rates import layerwise_rates, parameter_groups
from modelwright.training.transfer.suiting import Suiting, rank_backbones, suiting
from modelwright.training.transfer.unfreezing import GradualUnfreezing

__all__ = [
    "GradualUnfreezing",
    "Probe",
    "Suiting",
    "choose_probe",
    "features_of",
    "fit_probe",
    "freeze",
    "frozen",
    "hold_statistics",
    "layerwise_rates",
    "log_evidence",
    "parameter_groups",
    "rank_backbones",
    "suiting",
    "thaw",
]
