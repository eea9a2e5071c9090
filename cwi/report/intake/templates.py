"""The workbooks that owners fill in: one an owner, in Kazakh and Russian, with keys that survive what people do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter

from cwi.inputs.intake import ABOUT, MARK, STATUSES, TEMPLATE_COLUMNS, Request, due_day, key_of
from cwi.methodology import Methodology
from cwi.observations import read_statuses
from cwi.report.languages import Language
from cwi.territory import Territory
from cwi.writing import RISKY, writing

__all__ = ["TONGUES", "write_form", "write_templates"]

CREATED = datetime(2000, 1, 1)  # no time of its own, so that equal templates give equal bytes
TONGUES = ("kk", "ru")
DIVIDER = " / "
TOP = 5  # the row of marks, counted from 0; headings are in the next
WIDTHS = {"key": 4, "indicator": 58, "unit": 22, "region": 40, "last": 13, "value": 16, "status": 26, "confirmed": 20,
          "note": 40}  # fmt: skip
Key = tuple[str, str]


def write_templates(
    folder: Path, request: Request, owners: pd.DataFrame, methodology: Methodology, territory: Territory
) -> list[Path]:
    """Write a workbook for each owner that is asked, named after it; those that are there are replaced.

    Parameters
    ----------
    folder
        Where they are written.
    request
        What is asked for.
    owners
        As :func:`cwi.inputs.intake.read_owners` gives them.
    methodology
        Its definitions are printed.
    territory
        The names of regions.

    Raises
    ------
    WritingError
        If a file cannot be written; none is then.
    """
    paths = [Path(folder) / f"{owner}.xlsx" for owner in request.owners]
    with writing(*paths) as places:
        for owner, place in zip(request.owners, places, strict=True):
            write_form(place, request, owner, owners, methodology, territory)
    return paths


def write_form(
    path: Path, request: Request, owner: str, owners: pd.DataFrame, methodology: Methodology, territory: Territory,
    *, questions: Mapping[Key, str] | None = None,
) -> None:  # fmt: skip
    """Write the form of one owner: all its cells, or those that are asked about with the question beside each.

    Parameters
    ----------
    questions
        The question by series and region; all cells without questions by default.
    """
    cells = request.of(owner)
    if questions is not None:
        cells = cells[[key in questions for key in cells.index]]
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        title = _both("intake.template.title", year=request.year)
        book.set_properties({"title": title, "created": CREATED})
        form = _Form(book, request, owner)
        form.head(title, DIVIDER.join(str(owners.at[owner, f"name_{tongue}"]) for tongue in TONGUES), questions)
        form.rows(cells, territory, questions)
        form.definitions(cells, methodology)
        form.about()


def _both(key: str, **values: object) -> str:
    """A message in Kazakh and in Russian."""
    return DIVIDER.join(Language(tongue).text(key, **values) for tongue in TONGUES)


class _Form:
    """A workbook that is being written."""

    def __init__(self, book: Any, request: Request, owner: str) -> None:
        self._book, self._request, self._owner = book, request, owner
        self._bold = book.add_format({"bold": True, "font_size": 14})
        self._head = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#e8eef4"}
        )
        self._wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self._quoted = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
        ask = {"bg_color": "#fff6d6", "border": 1, "border_color": "#bbbbbb", "locked": False, "valign": "top"}
        self._ask = book.add_format(ask)
        self._ask_text = book.add_format({**ask, "text_wrap": True})
        self._sheet = book.add_worksheet(_both("intake.sheet.data").replace("/", "–"))

    def _text(self, sheet: Any, row: int, column: int, text: str, look: Any = None) -> None:
        """A text that no spreadsheet takes for a formula."""
        sheet.write_string(row, column, text, self._quoted if text.startswith(RISKY) else look or self._wrap)

    def head(self, title: str, owner: str, questions: Mapping[Key, str] | None) -> None:
        """Title, owner, how and until when; the hidden marks of the columns; their headings."""
        sheet, day = self._sheet, due_day(self._request.year).strftime("%d.%m.%Y")
        self._text(sheet, 0, 1, title, self._bold)
        self._text(sheet, 1, 1, owner, self._bold)
        for row, tongue in enumerate(TONGUES, start=2):
            language = Language(tongue)
            ask = language.text("intake.template.how" if questions is None else "intake.template.letter")
            sheet.merge_range(row, 1, row, 8, "", self._wrap)
            self._text(sheet, row, 1, f"{ask} {language.text('intake.template.when', day=day)}")
            sheet.set_row(row, 32)
        for column, name in enumerate(TEMPLATE_COLUMNS):
            at = column + (column > TEMPLATE_COLUMNS.index("last"))  # beside the last figure is its year
            sheet.write_string(TOP, at, MARK + name)
            heading = _both(f"intake.column.{name}", year=self._request.year)
            sheet.write_string(TOP + 1, at, heading, self._head)
            sheet.set_column(at, at, WIDTHS[name], None, {"hidden": name == "key"})
        year = TEMPLATE_COLUMNS.index("last") + 1
        sheet.write_string(TOP + 1, year, _both("intake.column.last_year"), self._head)
        if questions is not None:
            sheet.write_string(TOP + 1, len(TEMPLATE_COLUMNS) + 1, _both("intake.column.question"), self._head)
            sheet.set_column(len(TEMPLATE_COLUMNS) + 1, len(TEMPLATE_COLUMNS) + 1, 70)
        sheet.set_row(TOP, None, None, {"hidden": True})
        sheet.set_row(TOP + 1, 48)
        sheet.freeze_panes(TOP + 2, 4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(TOP + 1)
        sheet.protect("", {"format_cells": True, "format_columns": True, "format_rows": True, "autofilter": True})

    def rows(self, cells: pd.DataFrame, territory: Territory, questions: Mapping[Key, str] | None) -> None:
        """A row a figure, with what may be chosen and which numbers are expected."""
        sheet, statuses = self._sheet, read_statuses()
        words = [DIVIDER.join(str(statuses.at[word, f"title_{tongue}"]) for tongue in TONGUES) for word in STATUSES
                 if word in statuses.index]  # fmt: skip
        for row, cell in enumerate(cells.to_dict("records"), start=TOP + 2):
            series, region = str(cell["series"]), str(cell["region"])
            sheet.write_string(row, 0, key_of(self._request.year, self._owner, series, region))
            self._text(sheet, row, 1, _titles(cell))
            self._text(sheet, row, 2, _units(cell))
            self._text(sheet, row, 3, DIVIDER.join(territory.name(region, tongue) for tongue in TONGUES))
            if cell["last"] == cell["last"]:
                sheet.write_number(row, 4, cell["last"], self._wrap)
                sheet.write_number(row, 5, cell["last_year"], self._wrap)
            for column in (6, 7, 8):
                sheet.write_blank(row, column, None, self._ask)
            sheet.write_blank(row, 9, None, self._ask_text)
            limits = {"low": f"{cell['low']:g}", "high": f"{cell['high']:g}"}
            sheet.data_validation(row, 6, row, 6, {
                "validate": "decimal", "criteria": "between", "minimum": cell["low"], "maximum": cell["high"],
                "error_type": "warning", "error_title": series[:32],
                "error_message": Language("ru").text("intake.check.value", **limits)[:255],
            })  # fmt: skip
            if questions is not None:
                self._text(sheet, row, len(TEMPLATE_COLUMNS) + 1, questions[series, region])
        first, last = TOP + 2, TOP + 1 + len(cells)
        if last < first:
            return
        message = {"error_message": _both("intake.check.status")}
        sheet.data_validation(first, 7, last, 7, {"validate": "list", "source": words, **message})
        confirmed = [_both("intake.confirmed")]
        sheet.data_validation(first, 8, last, 8, {"validate": "list", "source": confirmed, **message})

    def definitions(self, cells: pd.DataFrame, methodology: Methodology) -> None:
        """What each indicator is, in both languages."""
        sheet = self._book.add_worksheet(_both("intake.sheet.definitions").replace("/", "–"))
        indicators = methodology.indicators.set_index("code")
        heads = ("indicator", "unit", "limits", "definition")
        for column, (name, width) in enumerate(zip(heads, (58, 24, 22, 110), strict=True)):
            sheet.write_string(0, column, _both(f"intake.column.{name}"), self._head)
            sheet.set_column(column, column, width)
        for row, cell in enumerate(cells.drop_duplicates("series").to_dict("records"), start=1):
            code = cell["series"]
            words = [str(indicators.at[code, f"definition_{tongue}"]) for tongue in TONGUES] if (
                code in indicators.index and f"definition_{TONGUES[0]}" in indicators
            ) else []  # fmt: skip
            texts = (_titles(cell), _units(cell), f"{cell['low']:g} – {cell['high']:g}", "\n".join(words))
            for column, text in enumerate(texts):
                self._text(sheet, row, column, text)
        sheet.protect("")

    def about(self) -> None:
        """The hidden sheet by which the form is known."""
        sheet = self._book.add_worksheet(ABOUT)
        facts: Sequence[tuple[str, str]] = (
            ("form", "cwi intake 1"), ("year", str(self._request.year)), ("owner", self._owner),
            ("version", self._request.version),
        )  # fmt: skip
        for row, (name, value) in enumerate(facts):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, value)
        sheet.very_hidden()


def _titles(cell: Mapping[Any, Any]) -> str:
    return DIVIDER.join(str(cell[f"title_{tongue}"]) for tongue in TONGUES)


def _units(cell: Mapping[Any, Any]) -> str:
    return DIVIDER.join(dict.fromkeys(str(cell[f"unit_{tongue}"]) for tongue in TONGUES))
