"""Who and where the vulnerable children are: every number with the error of the design and the rules of disclosure.

``domains`` which children are compared; ``estimates`` the measures at the cut-off and at every cut-off, overlaps,
breadth; ``disclosure`` what may not be printed; ``reliability`` whether items belong together; ``robustness`` whether
regions keep their order; ``changes`` between two years; ``census`` millions of rows; ``poverty_map`` small areas;
``shared_levels`` how much children of one region or place share; ``two_groups`` how alike two groups are and their gap;
``determinants`` what goes together with deprivation, both on the columns of ``covariates``; ``benefits`` what benefits
contribute.
"""

from cwi.analysis.deprivation.benefits import (
    BenefitResult,
    scorecard,
    simulate_benefits,
)
from cwi.analysis.deprivation.census import CensusResult, count_census
from cwi.analysis.deprivation.changes import changes_between
from cwi.analysis.deprivation.determinants import (
    Associations,
    associations,
    wild_bootstrap_p,
)
from cwi.analysis.deprivation.disclosure import hidden_domains
from cwi.analysis.deprivation.domains import Domains, sample_design
from cwi.analysis.deprivation.estimates import (
    dimension_flags,
    every_cutoff_estimates,
    income_by_deprivation,
    overlap_estimates,
    profile,
)
from cwi.analysis.deprivation.poverty_map import AREA_COVARIATES, PovertyMap, poverty_map
from cwi.analysis.deprivation.reliability import ReliabilityBlock, reliability_block
from cwi.analysis.deprivation.robustness import OrderRobustness, order_robustness
from cwi.analysis.deprivation.shared_levels import shared_levels
from cwi.analysis.deprivation.two_groups import balance_table, decompose_gap

__all__ = [
    "AREA_COVARIATES",
    "Associations",
    "BenefitResult",
    "CensusResult",
    "Domains",
    "OrderRobustness",
    "PovertyMap",
    "ReliabilityBlock",
    "associations",
    "balance_table",
    "changes_between",
    "count_census",
    "decompose_gap",
    "dimension_flags",
    "every_cutoff_estimates",
    "hidden_domains",
    "income_by_deprivation",
    "order_robustness",
    "overlap_estimates",
    "poverty_map",
    "profile",
    "reliability_block",
    "sample_design",
    "scorecard",
    "shared_levels",
    "simulate_benefits",
    "wild_bootstrap_p",
]
