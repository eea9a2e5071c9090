"""Codes that other systems know our units, statuses and areas by."""

from __future__ import annotations

import re
from pathlib import Path

from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.textfiles import CONTROL, read_csv
from cwi.writing import neutral

__all__ = ["area_codes", "plain", "sdmx_statuses", "unit_code"]

# The codes of the SDMX structure for SDG indicators and of the Bureau of National Statistics (UNIT_MEASURE).
UNITS = {
    "%": "PT",
    "per 10 000": "PER_10000_POP",
    "per 100 000": "PER_100000_POP",
    "per 1000 live births": "PER_1000_LIVE_BIRTHS",
    "per 100 000 live births": "PER_100000_LIVE_BIRTHS",
    "years": "YR",
}
STATUSES = {"normal": "A", "missing": "O", "suspect": "U", "suppressed": "Q", "imputed": "I", "provisional": "P"}
ESTIMATED = "E"
AREAS = Path("data") / "exchange" / "opensdg_areas.csv"


def unit_code(unit: str) -> str:
    """The code of a unit: of the SDMX code list where it has one, otherwise made of its words.

    Examples
    --------
    >>> unit_code("%"), unit_code("per 100 000 children"), unit_code("")
    ('PT', 'PER_100000_CHILDREN', '_Z')
    """
    if unit in UNITS:
        return UNITS[unit]
    words = re.sub(r"(?<=\d) (?=\d)", "", unit).replace("%", "PT")
    return re.sub(r"[^A-Z0-9]+", "_", words.upper()).strip("_") or "_Z"


def sdmx_statuses(edition: Edition) -> dict[str, str]:
    """The letter of the SDMX code list CL_OBS_STATUS for each status of an edition's observations.

    Of statuses.csv where the project has it; what neither it nor the standard names is an estimate (E).

    Examples
    --------
    >>> from cwi import read_edition
    >>> letters = sdmx_statuses(read_edition(2023))
    >>> letters["normal"], letters["derived"], letters["suspect"]
    ('A', 'E', 'U')
    """
    path = (edition.project.root if edition.project else folders.root()) / "data" / "statuses.csv"
    known = dict(STATUSES)
    if path.is_file():
        columns = ("status", "sdmx", "scored", "title_en", "title_ru", "title_kk", "definition")
        table = read_csv(path, DataError, required=columns)
        known |= dict(zip(table["status"], table["sdmx"], strict=True))
    return {str(status): known.get(str(status), ESTIMATED) for status in {*edition.base["status"], *known}}


def area_codes(edition: Edition) -> dict[str, str]:
    """The code of each region on another site: data/exchange/opensdg_areas.csv; a region without a row keeps its own.

    Raises
    ------
    DataError
        If a row names a region that the register does not have, or a region twice.

    Examples
    --------
    >>> from cwi import read_edition
    >>> area_codes(read_edition(2023))["KZ-71"]
    'KZNS'
    """
    path = (edition.project.root if edition.project else folders.root()) / AREAS
    codes = {str(code): str(code) for code in edition.territory.regions.index}
    if not path.is_file():
        return codes
    table = read_csv(path, DataError, required=("region", "code"), filled=True)
    where = folders.relative(path)
    for line, region in table["region"].items():
        if region not in codes:
            raise DataError(f"{where} line {line}: no region has the code '{region}'; data/regions.csv lists them")
    for line, code in table["code"].items():
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,29}", code):
            raise DataError(f"{where} line {line}: code is '{code[:60]}'; it must be a letter and letters or digits")
    for line in table.index[table["region"].duplicated()]:
        raise DataError(f"{where} line {line}: the region '{table.at[line, 'region']}' is listed twice")
    return codes | dict(zip(table["region"], table["code"], strict=True))


def plain(text: object) -> str:
    """A text for a cell of CSV: no characters that hide or turn text, and no beginning of a formula.

    >>> plain("=1+1"), plain("a\\u202eb")
    ("'=1+1", 'ab')
    """
    return neutral(CONTROL.sub("", str(text)))
