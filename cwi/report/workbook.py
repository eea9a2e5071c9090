"""The tables of a report as a spreadsheet: a cover, then one table a sheet, numbers as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from cwi.report.blocks import Table
from cwi.report.languages import Language
from cwi.textfiles import CONTROL
from cwi.writing import RISKY

__all__ = ["write_workbook"]

CREATED = datetime(2000, 1, 1)  # no time of its own, so that equal tables give equal bytes
HEAD = 3  # the row of a sheet with the headings of its table, counted from 0
WIDEST = 48
FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
LONGEST = 32_767  # letters that a cell can hold


def write_workbook(
    path: Path, tables: Sequence[Table], *, language: Language, title: str, about: Sequence[tuple[str, str]]
) -> None:
    """Write tables as a workbook.

    Parameters
    ----------
    path
        The file, which is replaced.
    tables
        Their ``data`` is written, a sheet each: caption in A1, note in A2, the way back in A3, the table from A4.
    about
        What the cover says about the tables: names and values.
    """
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": title, "created": CREATED})
        _Workbook(book, language).write(tables, title, about)


class _Workbook:
    """A workbook that is being written."""

    def __init__(self, book: Any, language: Language) -> None:
        self._book = book
        self._language = language
        self._formats: dict[str, Any] = {}
        self._sheets: set[str] = set()
        self._cover = self._sheet_name(language.text("workbook.cover"))

    def write(self, tables: Sequence[Table], title: str, about: Sequence[tuple[str, str]]) -> None:
        cover = self._book.add_worksheet(self._cover)
        names = [self._sheet_name(table.name) for table in tables]
        cover.set_column(0, 0, max([20, *(_letters(name) for name, _ in about), *map(_letters, names)]) + 2)
        cover.set_column(1, 1, 100)
        self._text(cover, 0, 0, title, bold=True, font_size=16)
        row = 1
        for row, (name, value) in enumerate(about, start=1):
            self._text(cover, row, 0, name, bold=True, valign="top")
            self._text(cover, row, 1, value, text_wrap=True, valign="top")
        row += 2
        cover.write_string(row, 0, self._language.text("workbook.sheet"), self._format(bold=True, bottom=1))
        cover.write_string(row, 1, self._language.text("workbook.content"), self._format(bold=True, bottom=1))
        link = self._format(font_color="#0563C1", underline=1, valign="top")
        for below, (name, table) in enumerate(zip(names, tables, strict=True), start=row + 1):
            cover.write_url(below, 0, _place(name), link, string=name)
            self._text(cover, below, 1, table.caption, text_wrap=True, valign="top")
        _printed(cover)
        for number, (name, table) in enumerate(zip(names, tables, strict=True), start=1):
            self._table(self._book.add_worksheet(name), number, table)

    def _table(self, sheet: Any, number: int, table: Table) -> None:
        data = table.data
        empty = bool(data.isna().to_numpy().any())
        notes = [table.note] if table.note else []
        notes += [self._language.text("workbook.empty")] if empty else []
        self._text(sheet, 0, 0, table.caption, bold=True, font_size=12)
        if notes:
            self._text(sheet, 1, 0, " ".join(notes))
        link = self._format(font_color="#0563C1", underline=1)
        sheet.write_url(2, 0, _place(self._cover), link, string=self._language.text("workbook.cover"))
        heads = _unique([str(column) for column in data.columns])
        if len(data) and heads:
            look = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 1}
            options = {
                "name": f"table_{number}",
                "style": "Table Style Light 1",
                "autofilter": False,
                "banded_rows": False,
                "columns": [{"header": name, "header_format": self._format(**_quoted(name, look))} for name in heads],
            }
            sheet.add_table(HEAD, 0, HEAD + len(data), len(heads) - 1, options)
        else:
            for i, name in enumerate(heads):
                self._text(sheet, HEAD, i, name, bold=True, bottom=1)
        for i, name in enumerate(heads):
            self._column(sheet, i, name, list(data.iloc[:, i]))
        sheet.freeze_panes(HEAD + 1, 1)
        sheet.repeat_rows(HEAD)
        _printed(sheet)

    def _column(self, sheet: Any, i: int, name: str, values: list[Any]) -> None:
        """Write the values of one column, and make it as wide as they are."""
        pattern = _pattern([float(v) for v in values if _is_number(v)])
        width = min(_letters(name), 16)
        for row, value in enumerate(values, start=HEAD + 1):
            if isinstance(value, str):
                self._text(sheet, row, i, value)
                width = max(width, _letters(value))
            elif value is None or value is pd.NA or value is pd.NaT or value != value:
                continue
            elif isinstance(value, bool) or type(value).__name__ == "bool":
                sheet.write_boolean(row, i, bool(value))
            elif _is_number(value):
                sheet.write_number(row, i, _exact(value), self._format(num_format=pattern))
                width = max(width, len(f"{float(value):,.{_decimals(pattern)}f}"))
            elif isinstance(value, date):
                time = isinstance(value, datetime) and value != value.replace(hour=0, minute=0, second=0, microsecond=0)
                look = "yyyy-mm-dd hh:mm:ss" if time else "yyyy-mm-dd"
                sheet.write_datetime(row, i, value, self._format(num_format=look))
                width = max(width, len(look))
            else:
                self._text(sheet, row, i, str(value))
                width = max(width, _letters(str(value)))
        sheet.set_column(i, i, min(width, WIDEST) + 2)

    def _text(self, sheet: Any, row: int, column: int, text: str, **look: Any) -> None:
        """Write text, marked as text where a spreadsheet might take it for a formula; nothing in it is hidden."""
        text = CONTROL.sub("", text)
        if len(text) > LONGEST:
            raise ValueError(f"a cell of a spreadsheet holds {LONGEST} letters, not {len(text)}: {text[:60]}…")
        look = _quoted(text, look)
        sheet.write_string(row, column, text, self._format(**look) if look else None)

    def _format(self, **look: Any) -> Any:
        key = repr(sorted(look.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(look)
        return self._formats[key]

    def _sheet_name(self, wanted: str) -> str:
        """A name that spreadsheets take and no other sheet has."""
        name = FORBIDDEN.sub(" ", wanted).strip(" '")[:31].rstrip(" '") or "sheet"
        number = 1
        while name.casefold() in self._sheets or name.casefold() == "history":
            number += 1
            ending = f" {number}"
            name = FORBIDDEN.sub(" ", wanted).strip(" '")[: 31 - len(ending)] + ending
        self._sheets.add(name.casefold())
        return name


def _quoted(text: str, look: dict[str, Any]) -> dict[str, Any]:
    return look | {"quote_prefix": True} if text.startswith(RISKY) else look


def _place(sheet: str) -> str:
    quoted = sheet.replace("'", "''")
    return f"internal:'{quoted}'!A1"


def _printed(sheet: Any) -> None:
    """On paper: A4 across, as many pages long as it needs and one wide."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _unique(names: Sequence[str]) -> list[str]:
    """Headings of which none is empty and no two are equal."""
    seen: set[str] = set()
    for i, name in enumerate(names):
        name = CONTROL.sub("", name)
        unique, number = name or f"column {i + 1}", 1
        while unique.casefold() in seen:
            number += 1
            unique = f"{name} {number}"
        seen.add(unique.casefold())
        names = [*names[:i], unique, *names[i + 1 :]]
    return list(names)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real | Decimal) and math.isfinite(value)


def _exact(value: Any) -> float | int:
    return int(value) if isinstance(value, Integral) else float(value)


def _pattern(values: Sequence[float]) -> str:
    """How numbers of that size are read best: what is in the cell stays exact."""
    most = max(map(abs, values), default=0.0)
    if all(value == round(value) for value in values):
        return "0" if most < 10_000 else "#,##0"  # years and codes have no separator
    tenths = all(abs(10 * value - round(10 * value)) < 1e-6 for value in values)
    if most >= 1_000 and not tenths and all(abs(100 * value - round(100 * value)) < 1e-4 for value in values):
        return "#,##0.00"  # money: nothing of it is hidden
    return "#,##0.0" if most >= 1_000 else "0.00" if most >= 1 else "0.0000" if most >= 0.001 else "0.00E+00"


def _decimals(pattern: str) -> int:
    return len(pattern.partition(".")[2])


def _letters(text: str) -> int:
    return max(map(len, text.split("\n")), default=0)
