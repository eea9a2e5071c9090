"""A table of the monthly statistical bulletin, with the slips that it is known for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cwi.errors import DataError

__all__ = ["check_bulletin"]

YEAR = re.compile(r"(?<!\d)(\d(?:\s*\d){3,})(?!\s*\d)")
SHEET = re.compile(r"(?:Таблица|Кесте|Table)\s*№?\s*(\d+(?:\.\d+)*)", re.IGNORECASE)
UNITS = {"тыс": "thousand tenge", "млн": "million tenge", "мың": "thousand tenge"}


def check_bulletin(
    *, heading: str, sheet: str, year: int, regions: Mapping[str, float], total: float, units: Sequence[str] = ()
) -> list[str]:
    """What is wrong with a table of the bulletin, a sentence each; nothing if all is well.

    Parameters
    ----------
    heading
        The text above the table, with the number of the table and the year.
    sheet
        The name of the workbook's sheet.
    year
        The year that is meant.
    regions, total
        Amounts by region and the printed total, in the unit of the table.
    units
        What the columns say about their units.

    Raises
    ------
    DataError
        If there is no region.

    Examples
    --------
    >>> check_bulletin(heading="Таблица 12.1, 2023", sheet="12.1", year=2023, regions={"a": 1.0}, total=1.0)
    []
    >>> check_bulletin(heading="Таблица 12.1, 2 0023", sheet="12.1", year=2023, regions={"a": 1.0}, total=1.0)
    ["the heading has the year '2 0023', which is no year; 2023 is expected"]
    """
    if not regions:
        raise DataError("the table of the bulletin has no region")
    wrong = []
    printed = SHEET.search(heading)
    if printed and printed[1] != sheet.strip():
        wrong.append(f"the sheet is called '{sheet}' and the heading prints table {printed[1]}; one of them is wrong")
    for text in YEAR.findall(SHEET.sub(" ", heading)):
        if re.fullmatch(r"(19|20)\d\d", text) is None:
            wrong.append(f"the heading has the year '{text}', which is no year; {year} is expected")
        elif int(text) != year:
            wrong.append(f"the heading has the year {text} and {year} is expected")
    used = sorted({name for unit in units for word, name in UNITS.items() if word in unit.casefold()})
    if len(used) > 1:
        wrong.append(f"the columns are in {' and '.join(used)}; a table has one unit")
    gap = total - sum(regions.values())
    if abs(gap) > 0.5e-3 * max(1.0, len(regions)):
        wrong.append(
            f"the regions add up to {total - gap:,.3f} and the printed total is {total:,.3f}: {gap:,.3f} apart"
        )
    return wrong
