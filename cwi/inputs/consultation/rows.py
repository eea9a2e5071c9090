"""Rows of a consultation's tables as text, each cell with its place; a table is read whole or refused.

A column that nobody knows is refused: what identifies a person cannot come in by an oversight. The column ``origin``
says 'synthetic' in every row of a synthetic table, and nothing in a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cwi.errors import DataError, near
from cwi.folders import relative
from cwi.inputs.cells import WORKBOOKS, Table, read_table, refuse_formula
from cwi.textfiles import number

__all__ = ["ORIGIN", "SYNTHETIC", "Rows", "made_rows", "numbers", "read_rows"]

ORIGIN, SYNTHETIC = "origin", "synthetic"
SECRET = ("voter", "device", "expert")  # cells that no sentence repeats: they may say who a person is


@dataclass(frozen=True, eq=False, repr=False)
class Rows:
    """The rows of a table: every cell as text, with its place.

    ``place(row, column)`` takes a label of the frame's index.
    """

    where: str
    frame: pd.DataFrame
    place: Callable[[Any, str], str]
    synthetic: bool

    def __repr__(self) -> str:
        return f"Rows({self.where}: {len(self.frame)} rows)"

    def refuse(self, row: Any, column: str, reason: str) -> DataError:
        """The error of one cell."""
        return DataError(f"{self.place(row, column)}: {reason}")

    def check(self, column: str, known: Collection[str], what: str, *, empty: bool = False) -> None:
        """Refuse a cell that holds none of the known words."""
        cells = self.frame[column]
        good = cells.isin(known) | (cells == "") if empty else cells.isin(known)
        for row, text in cells[~good].items():
            shown = f"there is no {what} '{text}'{near(text, known)}" if text else f"the {what} is empty"
            raise self.refuse(row, column, shown)


def read_rows(
    path: Path,
    sheet: str,
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
    ignored: Sequence[str] = (),
    numeric: Collection[str] = (),
) -> Rows:
    """The rows of a CSV file or of a workbook's sheet.

    Parameters
    ----------
    required, optional
        The columns that are read.
    ignored
        Columns that may stand there for people to read.
    numeric
        Columns that must hold numbers; in a workbook a number that is stored as text is refused.

    Raises
    ------
    DataError
        With file and line or cell, if a column is missing or unknown, a text would be run as a formula, or a number is
        stored as text.
    """
    path = Path(path)
    table = read_table(path, sheet, DataError, required)
    known = [*required, *optional, ORIGIN]
    for column in table.columns:
        if column not in (*known, *ignored):
            raise DataError(
                f"{table.grid.place(1)}: the column '{column}' is not asked for{near(column, known)}; take it out, "
                "so that nothing about persons is kept"
            )
    rows = list(table.rows)
    columns = {}
    for column in known:
        if column not in table.columns:
            columns[column] = [""] * len(rows)
            continue
        if column in numeric and path.suffix.lower() in WORKBOOKS:
            _refuse_text(table, rows, column)
        columns[column] = [table.text(row, column) for row in rows]
    return _rows(table.grid.where, pd.DataFrame(columns, index=pd.Index(rows), dtype=str), table.place, set(numeric))


def made_rows(where: str, table: pd.DataFrame) -> Rows:
    """The rows of a table that was made here, with all its columns, numbered as in the file that it would be."""
    frame = table.astype(str).assign(**{ORIGIN: table.get(ORIGIN, "")})
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return _rows(where, frame, lambda row, column: f"{where} line {row}, column '{column}'", set())


def numbers(rows: Rows, column: str, low: float, high: float, *, empty: float | None = None) -> pd.Series:
    """The numbers in a column, from ``low`` to ``high``; an empty cell is ``empty``, or refused where that is None."""
    cells = rows.frame[column]
    values = {text: number(text) for text in cells.unique()}
    if empty is not None:
        values[""] = empty
    for row, text in cells.items():
        value = values[text]
        if value is None:
            hint = "; decimals take a point" if "," in text else ""
            shown = f"'{text}', which is not a number{hint}" if text else "empty"
            raise rows.refuse(row, column, f"{column} is {shown}")
        if not (low <= value <= high or (text == "" and empty is not None)):
            bounds = f"from {low:g} to {high:g}" if high < np.inf else f"a number not below {low:g}"
            raise rows.refuse(row, column, f"{column} is {text}; it must be {bounds}")
    return cells.map(values).astype(float)


def _rows(where: str, frame: pd.DataFrame, place: Callable[[Any, str], str], numeric: Collection[str]) -> Rows:
    for column in frame.columns.difference([*numeric, *SECRET]):
        for text in frame[column].unique():
            if text[:1] in "=+-@" and text:
                row = frame.index[frame[column] == text][0]
                refuse_formula(text, f"{place(row, column)}: {column}", DataError)
    marked = frame[ORIGIN] == SYNTHETIC
    for row, text in frame.loc[~marked & (frame[ORIGIN] != ""), ORIGIN].items():
        raise DataError(f"{place(row, ORIGIN)}: origin is '{text}'; it is 'synthetic' or empty")
    if marked.any() and not marked.all():
        raise DataError(
            f"{place(frame.index[~marked][0], ORIGIN)}: this row is not marked synthetic but others of the table are; "
            "real and synthetic rows are never mixed"
        )
    return Rows(where, frame, place, bool(marked.all()) and len(frame) > 0)


def _refuse_text(table: Table, rows: Sequence[int], column: str) -> None:
    for row in rows:
        value = table.grid.cells.get((row, table.columns[column]))
        if isinstance(value, str) and number(value.strip()) is not None:
            raise DataError(
                f"{table.place(row, column)}: {column} is the number {value.strip()} stored as text; turn the cell "
                "into a number"
            )


def files_of(path: Path) -> list[Path]:
    """The file itself, or the tables of a folder in the order of their names."""
    path = Path(path)
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", *WORKBOOKS) and p.name[0] not in "~.")
    if not files:
        raise DataError(f"{relative(path)}: there is no .csv or .xlsx file in this folder")
    return files
