"""The children's budget: what of public spending is for children, by programme and by function.

``lines`` takes budget lines to spending that is counted once and classified; ``functions`` does the same for executed
totals by function, all regions and years; ``change`` splits what changed. The two depths are never added or compared.
"""

from cwi.analysis.budget.change import change
from cwi.analysis.budget.functions import FUNCTIONS, ByFunction, by_function, compare_with_age, gaps, per_child
from cwi.analysis.budget.lines import BY, TRANSFER, UNCLASSIFIED, classify, share, summary, totals, unclassified

__all__ = [
    "BY",
    "FUNCTIONS",
    "TRANSFER",
    "UNCLASSIFIED",
    "ByFunction",
    "by_function",
    "change",
    "classify",
    "compare_with_age",
    "gaps",
    "per_child",
    "share",
    "summary",
    "totals",
    "unclassified",
]
