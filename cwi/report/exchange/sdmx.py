"""SDMX-CSV 2.0: scores and observations of an edition as one flat file, and the code lists that it uses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cwi.edition import Edition, checked_edition
from cwi.errors import DataError
from cwi.report.exchange.codes import ESTIMATED, plain, sdmx_statuses, unit_code
from cwi.report.languages import LANGUAGES, NONE, Language
from cwi.report.ledger import Ledger
from cwi.report.printer import Printer
from cwi.writing import csv_text, new_folder

__all__ = ["COLUMNS", "DATAFLOW", "sdmx_table", "write_sdmx"]

DATAFLOW = "CWI:DF_CWI(1.0.0)"
DIMENSIONS = ("FREQ", "REF_AREA", "INDICATOR", "SEX", "URBANISATION", "TIME_PERIOD")
COLUMNS = (
    *("STRUCTURE", "STRUCTURE_ID", "ACTION"),
    *DIMENSIONS,
    *("OBS_VALUE", "UNIT_MEASURE", "DECIMALS", "OBS_STATUS", "STANDARD_ERROR", "SOURCE", "COMMENT_OBS"),
)
TOTAL = "_T"  # of CL_SEX and of the list of urban and rural areas
POINTS = "POINTS"


def sdmx_table(edition: Edition) -> pd.DataFrame:
    """Scores of the edition's year and observations of its indicators to that year, a row each.

    A score is an estimate (E) in points, of the edition's year; it carries the mark of a working methodology. An
    observation has the year that it was measured in and the letter of its status.

    Parameters
    ----------
    edition
        The year.

    Returns
    -------
    DataFrame
        The columns of :data:`COLUMNS`; OBS_VALUE is missing where a figure is.

    Raises
    ------
    DataError
        If the edition is a rehearsal: its figures would not be marked.

    References
    ----------
    .. [1] SDMX Technical Working Group: SDMX-CSV 2.0 field guide.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = sdmx_table(read_edition(2023))
    >>> table.iloc[0][["REF_AREA", "INDICATOR", "OBS_STATUS"]].tolist()
    ['KZ', 'index', 'E']
    """
    checked_real(edition)
    rules, scores = edition.methodology, edition.scores
    nodes = scores.nodes[scores.nodes["score"].notna()]
    made = pd.DataFrame(
        {
            "REF_AREA": nodes["region"],
            "INDICATOR": nodes["node"].where(nodes["level"] != "indicator", nodes["node"] + ".score"),
            "SEX": TOTAL,
            "URBANISATION": TOTAL,
            "TIME_PERIOD": nodes["year"],
            "OBS_VALUE": nodes["score"],
            "UNIT_MEASURE": POINTS,
            "DECIMALS": rules.decimals,
            "OBS_STATUS": ESTIMATED,
            "STANDARD_ERROR": np.nan,
            "SOURCE": f"methodology {rules.version} {rules.fingerprint}",
            "COMMENT_OBS": "working methodology; not the Government's index" if rules.status == "working" else "",
        }
    )
    indicators = rules.indicators.set_index("code")
    rows = edition.base[(edition.base["year"] <= edition.year) & edition.base["indicator"].isin(indicators.index)]
    letters = sdmx_statuses(edition)
    observed = pd.DataFrame(
        {
            "REF_AREA": rows["region"],
            "INDICATOR": rows["indicator"],
            "SEX": rows["sex"].replace("", TOTAL),
            "URBANISATION": rows["area"].replace("", TOTAL),
            "TIME_PERIOD": rows["year"],
            "OBS_VALUE": rows["value"],
            "UNIT_MEASURE": rows["indicator"].map(indicators["unit"].map(unit_code)),
            "DECIMALS": rows["indicator"].map(indicators["decimals"]),
            "OBS_STATUS": rows["status"].map(letters),
            "STANDARD_ERROR": rows["se"],
            "SOURCE": rows["source"],
            "COMMENT_OBS": rows["note"],
        }
    )
    table = pd.concat([made, observed], ignore_index=True)
    for column in ("REF_AREA", "INDICATOR", "SOURCE", "COMMENT_OBS"):
        words = {word: plain(word) for word in table[column].unique()}
        table[column] = table[column].map(words)
    fixed = {"STRUCTURE": "dataflow", "STRUCTURE_ID": DATAFLOW, "ACTION": "I", "FREQ": "A"}
    return table.assign(**fixed)[list(COLUMNS)]


def write_sdmx(target: Path, edition: Edition) -> list[str]:
    """Write a folder: data.csv in SDMX-CSV 2.0, and a CSV for each code list with names in three languages.

    Parameters
    ----------
    target
        A folder that is not there yet.

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    DataError
        If there is such a folder already, or the edition is a rehearsal.

    Examples
    --------
    >>> import tempfile
    >>> from cwi import read_edition
    >>> write_sdmx(Path(tempfile.mkdtemp()) / "sdmx", read_edition(2023))
    ['CL_AREA.csv', 'CL_INDICATOR.csv', 'CL_OBS_STATUS.csv', 'CL_UNIT.csv', 'data.csv']
    """
    table = sdmx_table(edition)
    refuse_existing(target)
    lists = code_lists(edition, table)
    with new_folder(Path(target)) as folder:
        table.to_csv(folder / "data.csv", index=False, lineterminator="\n")
        for name, rows in lists.items():
            head = ("code", *(f"name_{code}" for code in sorted(LANGUAGES)))
            (folder / f"{name}.csv").write_text(csv_text([head, *rows]), encoding="utf-8", newline="\n")
    return sorted([*(f"{name}.csv" for name in lists), "data.csv"])


def code_lists(edition: Edition, table: pd.DataFrame) -> dict[str, list[tuple[str, ...]]]:
    """The code lists of a table: for each a row a code, with its names in the order of the languages' codes."""
    printers = [printer_of(edition, code) for code in sorted(LANGUAGES)]
    rules, territory = edition.methodology, edition.territory
    units = dict.fromkeys(rules.indicators["unit"])
    names: dict[str, list[tuple[str, ...]]] = {
        "CL_AREA": [
            (code, *(plain(territory.name(code, printer.language.code)) for printer in printers))
            for code in map(str, territory.regions.index)
            if code in set(table["REF_AREA"])
        ],
        "CL_INDICATOR": [],
        "CL_UNIT": [(POINTS, *(printer.text("exchange.points") for printer in printers))],
        "CL_OBS_STATUS": [
            (letter, *(printer.text(f"exchange.status.{letter.lower()}") for printer in printers))
            for letter in sorted(set(table["OBS_STATUS"]))
        ],
    }
    scored = set(table["INDICATOR"])
    for code in rules.tree.level_of:
        titles = [printer.title(code) for printer in printers]
        if code in scored:
            names["CL_INDICATOR"].append((plain(code), *map(plain, titles)))
        if f"{code}.score" in scored:
            of = [printer.text("exchange.score", title=title) for printer, title in zip(printers, titles, strict=True)]
            names["CL_INDICATOR"].append((plain(f"{code}.score"), *map(plain, of)))
    for unit in units:
        code = next(str(row) for row in rules.indicators.loc[rules.indicators["unit"] == unit, "code"])
        names["CL_UNIT"].append((unit_code(unit), *(plain(printer.unit(code)) or NONE for printer in printers)))
    return names


def refuse_existing(target: Path) -> None:
    """Refuse a folder that is there already."""
    if Path(target).exists():
        raise DataError(f"{Path(target).as_posix()}: there is such a file or folder already; name a new folder")


def checked_real(edition: Edition) -> None:
    """Refuse what is no edition, and a rehearsal."""
    checked_edition(edition)
    if edition.rehearsal:
        raise DataError(f"the edition of {edition.year} is a rehearsal; what 'cwi export' writes would not be marked")


def printer_of(edition: Edition, code: str) -> Printer:
    """A printer of an edition's words in one language."""
    language = Language(code)
    ledger = Ledger(language, edition.label, edition.methodology.fingerprint, edition.checksum[:12], 0)
    return Printer(edition, language, ledger, 0, np.random.default_rng(0))
