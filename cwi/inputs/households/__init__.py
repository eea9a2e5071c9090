"""Children in their households, from a user's own file or made here: one row a child.

``variables`` (data/households/variables.csv) and ``column_map`` (data/households/maps/) -> ``reading`` (checked);
``synthetic`` makes children who do not exist; ``census`` reads millions of rows in batches.
"""

from cwi.inputs.households.census import Batch, census_batches, census_files, census_regions
from cwi.inputs.households.column_map import ColumnMap, column_maps, read_column_map
from cwi.inputs.households.reading import FLAGS as HOUSEHOLD_FLAGS
from cwi.inputs.households.reading import Households, household_problems, read_households
from cwi.inputs.households.synthetic import HouseholdSample, households_of, synthesize_households, write_households
from cwi.inputs.households.variables import Variable, read_variables

__all__ = [
    "HOUSEHOLD_FLAGS",
    "Batch",
    "ColumnMap",
    "HouseholdSample",
    "Households",
    "Variable",
    "census_batches",
    "census_files",
    "census_regions",
    "column_maps",
    "household_problems",
    "households_of",
    "read_column_map",
    "read_households",
    "read_variables",
    "synthesize_households",
    "write_households",
]
