"""What counts as a deprivation: specifications as data, and the deprivations of children that follow from them.

``specification`` (data/deprivation/<name>/) and a table of children (:mod:`cwi.inputs.households`) -> ``coding``.
"""

from cwi.inputs.deprivation.coding import Deprivations, code_deprivations
from cwi.inputs.deprivation.specification import Band, Item, Specification, read_specification, specifications

__all__ = [
    "Band",
    "Deprivations",
    "Item",
    "Specification",
    "code_deprivations",
    "read_specification",
    "specifications",
]
