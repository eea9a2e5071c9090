"""One edition beside something else: other methodologies, other years, other regions, other indices, any weights.

``methodologies`` compares sets of rules, ``years`` two years, ``attribution`` explains a gap indicator by indicator;
``other_indices`` applies the rules of other systems, ``weights_to_lead`` asks what any weights could do.
"""

from cwi.analysis.comparison.attribution import Attribution, attribute
from cwi.analysis.comparison.methodologies import SAME, Comparison, compare, incompatible, weightings
from cwi.analysis.comparison.other_indices import Method, alike, beside, read_methods, standardised_mean
from cwi.analysis.comparison.weights_to_lead import Needed, best_case, nearest_first, needed_weights, sure_leads
from cwi.analysis.comparison.years import Change, change

__all__ = [
    "SAME",
    "Attribution",
    "Change",
    "Comparison",
    "Method",
    "Needed",
    "alike",
    "attribute",
    "beside",
    "best_case",
    "change",
    "compare",
    "incompatible",
    "nearest_first",
    "needed_weights",
    "read_methods",
    "standardised_mean",
    "sure_leads",
    "weightings",
]
