"""Scores and values as other systems read them, with words in three languages.

``opensdg`` is the data folder of an Open SDG site, ``sdmx`` a file of SDMX-CSV 2.0 with its code lists; ``codes`` are
the codes of units, statuses and areas that both use.
"""

from cwi.report.exchange.codes import area_codes, plain, sdmx_statuses, unit_code
from cwi.report.exchange.opensdg import opensdg_numbers, write_opensdg
from cwi.report.exchange.sdmx import sdmx_table, write_sdmx

__all__ = [
    "area_codes",
    "opensdg_numbers",
    "plain",
    "sdmx_statuses",
    "sdmx_table",
    "unit_code",
    "write_opensdg",
    "write_sdmx",
]
