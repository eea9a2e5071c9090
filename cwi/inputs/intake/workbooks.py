"""Workbooks that come back: every cell of every sheet, whatever was done to them, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from cwi.errors import DataError
from cwi.inputs.cells import open_workbook, refuse_huge

__all__ = ["Found", "Sheet", "Unreadable", "read_sheets"]

OLD_CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
QUOTED = re.compile(r'"[^"]*"|\\.')


class Unreadable(Exception):
    """A file that is no workbook; ``kind`` is the reason: empty file, pdf, password, old format, damaged, too large."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class Found:
    """What a cell holds: its value, whether it is shown in per cent, whether a formula gave it, and its comment."""

    value: Any
    percent: bool = False
    formula: str = ""
    comment: str = ""

    @property
    def text(self) -> str:
        """The value as it is printed in a letter."""
        if self.value is None:
            return self.formula
        if isinstance(self.value, bool):
            return "TRUE" if self.value else "FALSE"
        if isinstance(self.value, float) and self.value.is_integer() and abs(self.value) < 1e15:
            return str(int(self.value))
        if isinstance(self.value, date | time):
            return self.value.isoformat().removesuffix("T00:00:00")
        return " ".join(str(self.value).split())


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet by row and column, from 1; ``merged``: top, left, bottom, right of the range that a cell is part of."""

    name: str
    cells: Mapping[tuple[int, int], Found]
    merged: Mapping[tuple[int, int], tuple[int, int, int, int]]

    @staticmethod
    def place(row: int, column: int) -> str:
        """The name of a cell, such as F8."""
        return f"{get_column_letter(column)}{row}"


def read_sheets(path: Path) -> list[Sheet]:
    """Every sheet of a workbook, hidden ones too.

    Raises
    ------
    Unreadable
        If the file is no workbook that can be read.
    """
    head = path.read_bytes()
    if not head.strip(b"\0 \r\n\t"):
        raise Unreadable("empty file")
    if head.lstrip()[:5] == b"%PDF-":
        raise Unreadable("pdf")
    if head.startswith(OLD_CONTAINER):
        raise Unreadable("password" if ENCRYPTED in head else "old format")
    try:
        refuse_huge(path, DataError)
    except DataError:
        raise Unreadable("too large") from None
    try:
        book = open_workbook(path, DataError)
        sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "iter_rows")]
        formulas = any(cell.data_type == "f" for sheet in sheets for row in sheet.iter_rows() for cell in row)
        computed = open_workbook(path, DataError, values=True) if formulas else None
    except DataError:
        raise Unreadable("damaged") from None
    return [_sheet(sheet, computed[sheet.title] if computed else None) for sheet in sheets]


def _sheet(sheet: Any, computed: Any) -> Sheet:
    cells = {}
    for row in sheet.iter_rows():
        for cell in row:
            comment = " ".join(cell.comment.text.split()) if getattr(cell, "comment", None) else ""
            if cell.value is None and not comment:
                continue
            formula = str(cell.value) if cell.data_type == "f" else ""
            value = computed.cell(cell.row, cell.column).value if formula else cell.value
            percent = "%" in QUOTED.sub("", str(cell.number_format or ""))
            cells[cell.row, cell.column] = Found(value, percent, formula, comment)
    merged: dict[tuple[int, int], tuple[int, int, int, int]] = {}
    for area in sheet.merged_cells.ranges:
        span = (area.min_row, area.min_col, area.max_row, area.max_col)
        places = ((row, column) for row in range(span[0], span[2] + 1) for column in range(span[1], span[3] + 1))
        merged |= dict.fromkeys(places, span)
    return Sheet(str(sheet.title), cells, merged)
