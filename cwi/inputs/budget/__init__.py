"""Budgets: lines, decisions, executed totals and the coefficients of what is for children.

``lines`` reads budget lines by programme and a user's own export; ``executed`` the totals by function; ``coefficients``
which share of a programme is for children; ``children`` how many children there are; ``bulletin`` checks a table of
the monthly statistical bulletin; ``template`` writes an empty table to fill in.
"""

from cwi.inputs.budget.bulletin import check_bulletin
from cwi.inputs.budget.children import children, read_deflator
from cwi.inputs.budget.coefficients import CLASSES, read_coefficients, read_functions
from cwi.inputs.budget.executed import ITEMS, read_executed
from cwi.inputs.budget.lines import COLUMNS, check_lines, read_decisions, read_export, read_lines
from cwi.inputs.budget.template import write_template

__all__ = [
    "CLASSES",
    "COLUMNS",
    "ITEMS",
    "check_bulletin",
    "check_lines",
    "children",
    "read_coefficients",
    "read_decisions",
    "read_deflator",
    "read_executed",
    "read_export",
    "read_functions",
    "read_lines",
    "write_template",
]
