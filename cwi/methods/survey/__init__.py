"""From answers to estimates with honest errors: what a survey of children and parents needs.

============ =====================================================================================
before       ``sample_size``, ``allocate``, ``design_effect``, ``margin_of_error``, ``optimal_take``
weights      ``adjust_nonresponse``, ``post_stratify``, ``rake``, ``calibrate``, ``trim``
scales       ``scale_score``, ``reliability``, ``alpha_interval``
design       ``Design``: weights, strata, sampling units; ``make_replicates``, ``adjust_replicates``
estimates    ``mean``, ``proportion``, ``total``, ``ratio``, ``quantile``: one contract, said in
             :mod:`cwi.methods.survey.estimates`
============ =====================================================================================
"""

from cwi.methods.survey.adjustment import Adjusted, Trimmed, adjust_nonresponse, trim
from cwi.methods.survey.arrays import design_effect_of_weights
from cwi.methods.survey.calibration import Calibrated, calibrate, post_stratify, rake
from cwi.methods.survey.design import LONELY, Design, Replicates, nested
from cwi.methods.survey.estimates import Estimates, mean, proportion, proportion_interval, quantile, ratio, total
from cwi.methods.survey.planning import allocate, design_effect, margin_of_error, optimal_take, sample_size
from cwi.methods.survey.replication import adjust_replicates, make_replicates
from cwi.methods.survey.scales import Reliability, alpha_interval, reliability, scale_score

__all__ = [
    "LONELY",
    "Adjusted",
    "Calibrated",
    "Design",
    "Estimates",
    "Reliability",
    "Replicates",
    "Trimmed",
    "adjust_nonresponse",
    "adjust_replicates",
    "allocate",
    "alpha_interval",
    "calibrate",
    "design_effect",
    "design_effect_of_weights",
    "make_replicates",
    "margin_of_error",
    "mean",
    "nested",
    "optimal_take",
    "post_stratify",
    "proportion",
    "proportion_interval",
    "quantile",
    "rake",
    "ratio",
    "reliability",
    "sample_size",
    "scale_score",
    "total",
    "trim",
]
