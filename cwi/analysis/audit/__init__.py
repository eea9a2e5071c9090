"""The statistical audit of an index: what the scores of a year show about the methodology.

``statistical_audit`` runs all checks: ``values`` of indicators, ``structure`` of components, ``influence`` of parts;
``sheet`` holds the scores they read, ``limits`` the thresholds and where each comes from. ``measurement`` shows
what an index rests on, year by year; ``weights_sought`` seeks weights of a level against the index.
"""

from cwi.analysis.audit.index_basis import LARGEST_SHARE, measurement, shares_of_variance
from cwi.analysis.audit.limits import LEVEL
from cwi.analysis.audit.statistical_audit import VERDICTS, Audit, audit, few
from cwi.analysis.audit.weights_sought import level_weights

__all__ = [
    "LARGEST_SHARE",
    "LEVEL",
    "VERDICTS",
    "Audit",
    "audit",
    "few",
    "level_weights",
    "measurement",
    "shares_of_variance",
]
