"""How much each part counts.

A weighting scheme is a function ``(z, stated, **parameters) -> w``:

z : (n, k)      scores of the k parts in the base years, not a number where nothing was measured
stated : (k,)   the weights written in the methodology, summing to one
w : (k,)        the weights to use: none below zero, summing to one

A scheme that learns from the scores (``learns``) uses the units that have all parts, and refuses where
there are too few.
A part with no siblings gets weight 1.
"""

from cwi.methods.weighting.components import first_component, pca
from cwi.methods.weighting.dispersion import critic, entropy, gini
from cwi.methods.weighting.importance import correlation_balanced, max_correlation
from cwi.methods.weighting.judgement import ahp, budget_allocation, equal, stated

__all__ = [
    "ahp",
    "budget_allocation",
    "correlation_balanced",
    "critic",
    "entropy",
    "equal",
    "first_component",
    "gini",
    "max_correlation",
    "pca",
    "stated",
]
