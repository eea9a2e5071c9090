"""How sure the scores are: thousands of alternatives of one index, and which choice moves the ranks most.

factors.toml -> ``factors`` -> ``preparation`` -> ``plan`` (what varies) -> ``draws`` -> ``simulation`` (results);
``sensitivity`` divides the variance among the choices; ``robustness`` brings all of it together for one edition.
"""

from cwi.analysis.uncertainty.factors import Choice, Factor, Factors, read_factors
from cwi.analysis.uncertainty.monte_carlo import rank_intervals, simulate
from cwi.analysis.uncertainty.plan import Alternatives
from cwi.analysis.uncertainty.preparation import alternatives
from cwi.analysis.uncertainty.robustness import Certainty, certainty, factors_of
from cwi.analysis.uncertainty.sensitivity import SHIFT, exact, leave_one_out, one_at_a_time, sobol
from cwi.analysis.uncertainty.simulation import APART, Replication, Simulation

__all__ = [
    "APART",
    "SHIFT",
    "Alternatives",
    "Certainty",
    "Choice",
    "Factor",
    "Factors",
    "Replication",
    "Simulation",
    "alternatives",
    "certainty",
    "exact",
    "factors_of",
    "leave_one_out",
    "one_at_a_time",
    "rank_intervals",
    "read_factors",
    "simulate",
    "sobol",
]
