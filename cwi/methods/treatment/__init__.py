"""Values far from all others: which columns hold them, and what is done about them, decided once and kept.

===========  =======================================================================================
module       its subject
===========  =======================================================================================
outlying     skewness and kurtosis of columns, and the rule that asks for both
treated      caps and transformations learnt from the base years, applied to any years
===========  =======================================================================================
"""

from __future__ import annotations

from cwi.methods.treatment.outlying import beyond, kurtosis, outlying, shape, skewness
from cwi.methods.treatment.treated import (
    SHIFTS,
    THEN,
    Changes,
    Treatment,
    apply,
    changes,
    learn,
    learn_each,
    of_columns,
)

__all__ = [
    "SHIFTS",
    "THEN",
    "Changes",
    "Treatment",
    "apply",
    "beyond",
    "changes",
    "kurtosis",
    "learn",
    "learn_each",
    "of_columns",
    "outlying",
    "shape",
    "skewness",
]
