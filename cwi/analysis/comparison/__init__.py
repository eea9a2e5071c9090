"""One edition beside something else: other methodologies, other years, other regions, other indices, any weights.

``methodologies`` compares sets of rules; ``years`` compares two years, ``year_causes`` divides their difference among
causes, ``attribution`` explains a gap indicator by indicator; ``same_indicators`` puts regions beside the nation on the
same indicators, ``fixed_set_series`` is a trend on one set of them; ``revision_causes`` divides a change of methodology
among its causes, ``revisions_by_year`` does so for years, ``strictness`` asks for more figures, ``scenarios`` are other
indices of the same data; ``other_indices`` applies the rules of other systems, ``weights_to_lead`` asks what any
weights could do; ``unit_tables`` are groups of units, their strengths and trends.
"""

from cwi.analysis.comparison.attribution import Attribution, attribute
from cwi.analysis.comparison.fixed_set_series import FixedSet, fixed_set
from cwi.analysis.comparison.methodologies import SAME, Comparison, compare, incompatible, weightings
from cwi.analysis.comparison.other_indices import (
    Method,
    equally_weighted,
    read_methods,
    standardised_mean,
    with_reference,
)
from cwi.analysis.comparison.revision_causes import CAUSES, Revision, revision
from cwi.analysis.comparison.revisions_by_year import Revisions, revisions
from cwi.analysis.comparison.same_indicators import (
    CHILDREN,
    LikeWithLike,
    children_by_region,
    like_with_like,
    mean_by_children,
)
from cwi.analysis.comparison.scenarios import read_scenarios, scenario_summary, scenarios
from cwi.analysis.comparison.similar import similar_regions
from cwi.analysis.comparison.strictness import stricter_rules
from cwi.analysis.comparison.unit_tables import group_summary, ranks_within_groups, strengths, trends
from cwi.analysis.comparison.weights_to_lead import (
    WeightsToLead,
    best_case,
    nearest_weights,
    robust_leads,
    weights_to_lead,
)
from cwi.analysis.comparison.year_causes import YEAR_CAUSES, YearsApart, years_apart
from cwi.analysis.comparison.years import Change, change

__all__ = [
    "CAUSES",
    "CHILDREN",
    "SAME",
    "YEAR_CAUSES",
    "Attribution",
    "Change",
    "Comparison",
    "FixedSet",
    "LikeWithLike",
    "Method",
    "Revision",
    "Revisions",
    "WeightsToLead",
    "YearsApart",
    "attribute",
    "best_case",
    "change",
    "children_by_region",
    "compare",
    "equally_weighted",
    "fixed_set",
    "group_summary",
    "incompatible",
    "like_with_like",
    "mean_by_children",
    "nearest_weights",
    "ranks_within_groups",
    "read_methods",
    "read_scenarios",
    "revision",
    "revisions",
    "robust_leads",
    "scenario_summary",
    "scenarios",
    "similar_regions",
    "standardised_mean",
    "strengths",
    "stricter_rules",
    "trends",
    "weightings",
    "weights_to_lead",
    "with_reference",
    "years_apart",
]
