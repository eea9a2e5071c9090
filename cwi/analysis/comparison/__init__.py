"""One edition beside something else: other methodologies, other years, other regions, other indices, any weights.

``methodologies`` compares sets of rules, ``years`` two years, ``attribution`` explains a gap indicator by indicator;
``same_indicators`` puts regions beside the nation on the same indicators, ``fixed_set_series`` is a trend on one set of
them; ``revision_causes`` divides a change of methodology among its causes, ``strictness`` asks for more figures,
``scenarios`` are other indices of the same data; ``other_indices`` applies the rules of other systems,
``weights_to_lead`` asks what any weights could do.
"""

from cwi.analysis.comparison.attribution import Attribution, attribute
from cwi.analysis.comparison.fixed_set_series import FixedSet, fixed_set
from cwi.analysis.comparison.methodologies import SAME, Comparison, compare, incompatible, weightings
from cwi.analysis.comparison.other_indices import Method, alike, beside, read_methods, standardised_mean
from cwi.analysis.comparison.revision_causes import CAUSES, Revision, revision
from cwi.analysis.comparison.same_indicators import (
    CHILDREN,
    LikeWithLike,
    children_by_region,
    like_with_like,
    mean_by_children,
)
from cwi.analysis.comparison.scenarios import read_scenarios, scenarios
from cwi.analysis.comparison.strictness import stricter_rules
from cwi.analysis.comparison.weights_to_lead import Needed, best_case, nearest_first, needed_weights, sure_leads
from cwi.analysis.comparison.years import Change, change

__all__ = [
    "CAUSES",
    "CHILDREN",
    "SAME",
    "Attribution",
    "Change",
    "Comparison",
    "FixedSet",
    "LikeWithLike",
    "Method",
    "Needed",
    "Revision",
    "alike",
    "attribute",
    "beside",
    "best_case",
    "change",
    "children_by_region",
    "compare",
    "fixed_set",
    "incompatible",
    "like_with_like",
    "mean_by_children",
    "nearest_first",
    "needed_weights",
    "read_methods",
    "read_scenarios",
    "revision",
    "scenarios",
    "standardised_mean",
    "stricter_rules",
    "sure_leads",
    "weightings",
]
