"""The children's budget in print: an annex to the budget, a section of the civil budget, and the two side by side.

``printer`` says an account in one language; ``annex``, ``civil`` and ``options`` make the sections of the three forms
from the same account; ``files`` writes them.
"""

from cwi.report.budget.annex import annex
from cwi.report.budget.civil import civil, hundred
from cwi.report.budget.files import FORMS, publish, sections_of
from cwi.report.budget.options import options
from cwi.report.budget.printer import BudgetPrinter

__all__ = ["FORMS", "BudgetPrinter", "annex", "civil", "hundred", "options", "publish", "sections_of"]
