"""The children's budget: what of public spending is for children, by programme and by function.

``lines`` takes budget lines to spending that is counted once and classified; ``functions`` does the same for executed
totals by function, all regions and years; ``decomposition`` splits what changed; ``accounts`` puts together what the
published forms print of one region and year. The two depths are never added or compared.
"""

from cwi.analysis.budget.accounts import Account, Figures, account, places, read_figures
from cwi.analysis.budget.decomposition import PARTS, change
from cwi.analysis.budget.functions import FUNCTIONS, ByFunction, by_function, compare_with_age, gaps, per_child
from cwi.analysis.budget.lines import BY, TRANSFER, UNCLASSIFIED, classify, share, summary, totals, unclassified

__all__ = [
    "BY",
    "FUNCTIONS",
    "PARTS",
    "TRANSFER",
    "UNCLASSIFIED",
    "Account",
    "ByFunction",
    "Figures",
    "account",
    "by_function",
    "change",
    "classify",
    "compare_with_age",
    "gaps",
    "per_child",
    "places",
    "read_figures",
    "share",
    "summary",
    "totals",
    "unclassified",
]
