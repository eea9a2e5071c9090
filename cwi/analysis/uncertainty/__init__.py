"""Uncertainty and sensitivity: thousands of alternatives of one index, and which choice moves the ranks most.

``prepare(edition, factors)`` gives a plan; ``simulate(plan)`` draws it, ``sensitivity(plan)`` divides the variance
among the factors, ``robustness(edition)`` does both. The map of this folder is in
docs/explanation/how-a-draw-is-computed.md.
"""

from cwi.analysis.uncertainty.draws_in_parts import LiveDraws, live_draws
from cwi.analysis.uncertainty.factors import Choice, Factor, Factors, factors_of, read_factors
from cwi.analysis.uncertainty.figure_errors import errors_of_carried_figures, errors_of_parent_figures
from cwi.analysis.uncertainty.gaps import gaps_to_nation, gaps_to_top
from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.outliers import far_from_median
from cwi.analysis.uncertainty.plan import Plan
from cwi.analysis.uncertainty.preparation import prepare
from cwi.analysis.uncertainty.rank_confidence import rank_confidence
from cwi.analysis.uncertainty.robustness_analysis import (
    Robustness,
    full_intervals,
    full_simulation,
    interval_table,
    robustness,
)
from cwi.analysis.uncertainty.sensitivity_analysis import SHIFT, Sensitivity, exact, sensitivity, sobol
from cwi.analysis.uncertainty.simulation import APART, Replication, Simulation
from cwi.analysis.uncertainty.single_changes import leave_one_out, one_at_a_time

__all__ = [
    "APART",
    "SHIFT",
    "Choice",
    "Factor",
    "Factors",
    "LiveDraws",
    "Plan",
    "Replication",
    "Robustness",
    "Sensitivity",
    "Simulation",
    "errors_of_carried_figures",
    "errors_of_parent_figures",
    "exact",
    "factors_of",
    "far_from_median",
    "full_intervals",
    "full_simulation",
    "gaps_to_nation",
    "gaps_to_top",
    "interval_table",
    "leave_one_out",
    "live_draws",
    "one_at_a_time",
    "prepare",
    "rank_confidence",
    "read_factors",
    "robustness",
    "sensitivity",
    "simulate",
    "sobol",
]
