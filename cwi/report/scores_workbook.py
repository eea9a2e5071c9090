"""Scores as a workbook for people who go on in a spreadsheet: a cover, then one plain table a sheet.

The names of the columns stand in the first row and nothing is merged, so that any program can read it back.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from cwi.errors import DataError, near
from cwi.folders import relative
from cwi.index import Scores
from cwi.methodology import Methodology
from cwi.writing import RISKY

__all__ = ["write_scores"]

CREATED = datetime(2000, 1, 1)  # no time of its own, so that equal scores give equal bytes
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
LONGEST = 32_767  # letters that a cell can hold
WIDEST = 48


def write_scores(path: Path, scores: Scores, year: int) -> None:
    """Write the scores of one year as a workbook.

    Sheets: cover; scores and ranks of each level, a row a region and a column a node; weights: stated, used (what the
    rule made of them) and implied (what a part counts in the index), all when everything is measured; cells: what each
    indicator score was made of; flags; treated: the outliers that were changed, if any were.

    Raises
    ------
    DataError
        If the year was not scored, the name does not end in .xlsx, or there is such a file already.

    Examples
    --------
    >>> from cwi import read_edition
    >>> target = Path(tempfile.mkdtemp()) / "scores.xlsx"
    >>> write_scores(target, read_edition(2023).scores, 2023)
    >>> target.stat().st_size > 10_000
    True
    """
    path = Path(path)
    where = relative(path)
    years = sorted(map(int, scores.nodes["year"].unique()))
    if year not in years:
        raise DataError(f"these scores have no year {year}{near(year, map(str, years))}")
    if path.suffix != ".xlsx":
        raise DataError(f"{where}: the name ends in '{path.suffix}'; a workbook ends in .xlsx")
    if path.exists():
        raise DataError(f"{where}: there is such a file already; name a new one, nothing is overwritten")
    if not path.absolute().parent.is_dir():
        raise DataError(f"{where}: the folder in which it should lie, {relative(path.parent)}, is not there; make it")
    tables = _tables(scores, year)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.absolute().parent) as aside:
            workbook = Path(aside) / path.name
            with xlsxwriter.Workbook(str(workbook), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
                book.set_properties({"title": _title(scores.methodology), "created": CREATED})
                _write(book, [("cover", _cover(scores, year, tables)), *tables])
            os.replace(workbook, path)
    except (OSError, FileCreateError) as problem:  # the second: as xlsxwriter wraps the first
        reason = problem if isinstance(problem, OSError) else problem.args[0]
        raise DataError(f"{where}: cannot be written ({reason.strerror})") from None


def _title(methodology: Methodology) -> str:
    return methodology.titles["en"]


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in sorted(settings.items()))


def _cover(scores: Scores, year: int, tables: Sequence[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    methodology = scores.methodology
    regions = scores.nodes.loc[scores.nodes["year"] == year, "region"].nunique()
    cover = [
        ("title", _title(methodology)),
        ("year", year),
        ("methodology", methodology.version),
        ("fingerprint", methodology.fingerprint),
        ("status", methodology.status),
        *([] if methodology.treatment is None else [("treatment", _settings(methodology.treatment))]),
        *(("imputation", str(rule)) for rule in methodology.imputation),
        ("normalisation", str(methodology.normalisation)),
        *((f"aggregation to {level.name}", str(level.aggregation)) for level in methodology.levels),
        *((f"coverage for {level.name}", level.coverage) for level in methodology.levels),
        ("regions", regions),
        ("indicators", len(methodology.indicators)),
        ("an empty cell", "nothing was measured, or too little for a score"),
        *((f"sheet {name}", f"{len(table)} rows") for name, table in tables),
    ]
    return pd.DataFrame(cover, columns=["what", "value"])


def _tables(scores: Scores, year: int) -> list[tuple[str, pd.DataFrame]]:
    methodology = scores.methodology
    nodes = scores.nodes[scores.nodes["year"] == year]
    levels = methodology.tree.levels[::-1]
    tables = []
    for value, title in (("score", "scores"), ("rank", "ranks")):
        tables += [(f"{title} {level}", scores.wide(year, level, value).reset_index()) for level in levels]
    cells = scores.cells[scores.cells["year"] == year].drop(columns="year")
    flags = nodes.loc[nodes["flag"] != "", ["region", "node", "level", "flag", "coverage", "measured"]]
    tables += [("weights", _weights(scores)), ("cells", cells), ("flags", flags)]
    treated = scores.treated[scores.treated["year"] == year].drop(columns="year")
    return tables if treated.empty else [*tables, ("treated", treated)]


def _weights(scores: Scores) -> pd.DataFrame:
    """What each part counts in its parent, as written and as used, and in the index."""
    methodology = scores.methodology
    tree = methodology.tree
    parts = [code for codes in tree.codes[:-1] for code in codes]
    stated = pd.Series(np.concatenate(methodology.stated_weights), index=parts)
    implied = pd.Series(np.concatenate(tree.implied(scores.weights)[:-1]), index=parts)
    table = scores.edges.rename(columns={"weight": "used"})
    table.insert(2, "stated", table["node"].map(stated))
    return table.assign(implied=table["node"].map(implied))


def _write(book: Any, tables: Sequence[tuple[str, pd.DataFrame]]) -> None:
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    quoted = book.add_format({"quote_prefix": True})
    taken: set[str] = set()
    for name, table in tables:
        sheet = book.add_worksheet(_sheet_name(name, taken))
        for column, title in enumerate(table.columns):
            width = len(_text(sheet, 0, column, str(title), head))
            for row, value in enumerate(table.iloc[:, column], start=1):
                width = max(width, len(_value(sheet, row, column, value, quoted)))
            sheet.set_column(column, column, min(width, WIDEST) + 2)
        sheet.freeze_panes(1, 1)


def _value(sheet: Any, row: int, column: int, value: Any, quoted: Any) -> str:
    """Write a cell, and return what it shows at most."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return _text(sheet, row, column, value, quoted if value.startswith(RISKY) else None)
    number = value.item() if hasattr(value, "item") else value
    sheet.write_number(row, column, number)
    return f"{number:.8g}"


def _text(sheet: Any, row: int, column: int, text: str, look: Any) -> str:
    """Write text as text, never as a formula."""
    if len(text) > LONGEST:
        raise DataError(f"a cell of a spreadsheet holds {LONGEST} letters, not {len(text)}: {text[:60]}…")
    sheet.write_string(row, column, text, look)
    return text


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that spreadsheets take and no other sheet has."""
    name = stem = FORBIDDEN.sub(" ", wanted).strip(" '")[:31].rstrip(" '") or "sheet"
    number = 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem[: 30 - len(str(number))]} {number}"
    taken.add(name.casefold())
    return name
