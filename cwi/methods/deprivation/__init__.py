"""Who lacks several things at once: counting measures of deprivation on arrays.

============ ============================================================================================
``counting`` ``deprived``, ``alkire_foster``: H, A, M0, headcounts and contributions at one cut-off
``bits``     ``pack``, ``CountingPlan``, ``Tally``: deprivations as bits, tallied for millions of persons
``cutoffs``  ``every_cutoff``: the same measures at every cut-off from union to intersection
``rules``    ``whole_weights``, ``weighted_counts``, ``reaches``, ``compound``: who is deprived in all, exactly
``gaps``     ``gap_measures``: M1 and M2, which grow with how far the poor are below each cut-off
``change``   ``measure_change``, ``group_change``: between two years, split into H and A, and into groups
``overlap``  ``overlaps``, ``overlap_pattern``, ``two_by_two``, ``breadth``: which deprivations occur together
============ ============================================================================================
"""

from cwi.methods.deprivation.bits import CountingPlan, Tally, pack
from cwi.methods.deprivation.change import Change, GroupChange, group_change, measure_change
from cwi.methods.deprivation.counting import Deprivation, alkire_foster, deprived
from cwi.methods.deprivation.cutoffs import Cutoffs, every_cutoff, measures_of
from cwi.methods.deprivation.gaps import Gaps, gap_measures
from cwi.methods.deprivation.overlap import breadth, overlap_pattern, overlaps, two_by_two
from cwi.methods.deprivation.rules import Part, compound, reaches, weighted_counts, whole_weights

__all__ = [
    "Change",
    "CountingPlan",
    "Cutoffs",
    "Deprivation",
    "Gaps",
    "GroupChange",
    "Part",
    "Tally",
    "alkire_foster",
    "breadth",
    "compound",
    "deprived",
    "every_cutoff",
    "gap_measures",
    "group_change",
    "measure_change",
    "measures_of",
    "overlap_pattern",
    "overlaps",
    "pack",
    "reaches",
    "two_by_two",
    "weighted_counts",
    "whole_weights",
]
