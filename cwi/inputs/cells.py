"""Tables that other programs wrote, CSV or XLSX: every cell is text that knows its place."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import column_index_from_string, get_column_letter

from cwi.errors import CwiError, near
from cwi.folders import relative
from cwi.textfiles import number, read_text

__all__ = ["Grid", "Table", "open_workbook", "read_grid", "read_table", "refuse_formula", "refuse_huge"]

WORKBOOKS = (".xlsx", ".xlsm")
BREAKS = re.compile(r"[\x00-\x1f\x7f]")
FORMULA = re.compile(r"\s*[=@]|\s*[+-].*[(|!]")  # what a spreadsheet would run rather than show
CELL_AT = re.compile(rb'<(?:\w+:)?(?:c|row)\b[^>]*?\sr="([A-Z]{0,3})(\d{1,7})"')
SPAN = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\sref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
MOST, LARGEST = 2_000_000, 200_000_000  # cells of a sheet, bytes
NEVER_SAVED = object()  # the result of a formula that no spreadsheet has computed


@dataclass(frozen=True, eq=False)
class Grid:
    """A sheet: the cells that hold something by row and column, counted from 1."""

    where: str
    error: type[CwiError]
    cells: Mapping[tuple[int, int], Any]
    rows: int
    columns: int
    merged: tuple[tuple[str, int, int, int, int], ...] = ()
    lines: Mapping[int, int] = field(default_factory=dict)  # of a text file, the line at which a row begins

    def place(self, row: int, column: int | None = None, name: str = "") -> str:
        """The place of a cell or a row, as its owner sees it."""
        if self.lines:
            return f"{self.where} line {self.lines[row]}" + (f", column '{name}'" if name else "")
        return f"{self.where}, " + (f"row {row}" if column is None else f"cell {get_column_letter(column)}{row}")

    def text(self, row: int, column: int, name: str = "") -> str:
        """What a cell holds, "" for an empty one."""
        value = self.cells.get((row, column))
        if value is None:
            return ""
        if value is NEVER_SAVED:
            raise self.error(
                f"{self.place(row, column, name)} holds a formula whose result was never saved; open the workbook in "
                "a spreadsheet, let it compute, and save it"
            )
        if isinstance(value, float):
            return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        text = value.isoformat() if isinstance(value, date) else str(value).strip()
        if text.startswith("#") and text in ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"):
            raise self.error(
                f"{self.place(row, column, name)} holds the error {text}; mend the formula, or empty the cell where "
                "there is no value"
            )
        return text

    def number(self, row: int, column: int, name: str, empty: Collection[str] = ("",)) -> float | None:
        """The number in a cell; None where the cell is one of ``empty``."""
        text = self.text(row, column, name)
        if text in empty:
            return None
        value = number(text)
        if value is None:
            hint = "; decimals take a point" if "," in text else ""
            shown = f"'{text}'" if text else "empty"
            raise self.error(f"{self.place(row, column, name)}: {name} is {shown}, which is not a number{hint}")
        return value

    def words(self, row: int, column: int, name: str) -> str:
        """A title or a unit: one line, and nothing that a spreadsheet would run."""
        text = " ".join(self.text(row, column, name).split())
        if BREAKS.search(text):
            raise self.error(f"{self.place(row, column, name)}: {name} holds a control character; type it again")
        refuse_formula(text, f"{self.place(row, column, name)}: {name}", self.error)
        return text

    def refuse_merged(self, top: int, left: int, bottom: int, right: int) -> None:
        """Refuse cells that were made one: only the first of them holds what all of them show."""
        for span, first, low, last, high in self.merged:
            if first <= bottom and last >= top and low <= right and high >= left:
                raise self.error(f"{self.where}: the cells {span} are merged; part them and fill in each of them")


@dataclass(frozen=True, eq=False)
class Table:
    """A grid with the names of its columns in the first row."""

    grid: Grid
    columns: Mapping[str, int]

    @property
    def rows(self) -> Iterator[int]:
        """The rows that hold something."""
        filled = {row for (row, column) in self.grid.cells if column in set(self.columns.values())}
        return iter(sorted(filled - {1}))

    def text(self, row: int, name: str) -> str:
        return self.grid.text(row, self.columns[name], name) if name in self.columns else ""

    def words(self, row: int, name: str) -> str:
        return self.grid.words(row, self.columns[name], name) if name in self.columns else ""

    def number(self, row: int, name: str, empty: Collection[str] = ("",)) -> float | None:
        return self.grid.number(row, self.columns[name], name, empty) if name in self.columns else None

    def place(self, row: int, name: str = "") -> str:
        return self.grid.place(row, self.columns.get(name), name if name in self.columns else "")


def refuse_formula(text: str, what: str, error: type[CwiError]) -> None:
    """Refuse text that a spreadsheet would take for a formula.

    >>> from cwi.errors import DataError
    >>> refuse_formula("- or +", "unit", DataError)
    >>> refuse_formula("=1+1", "unit", DataError)
    Traceback (most recent call last):
    cwi.errors.DataError: unit begins like a formula, '=1+1'; write it as words
    """
    if FORMULA.match(text):
        raise error(f"{what} begins like a formula, '{text[:40]}'; write it as words")


def read_table(path: Path, name: str, error: type[CwiError], required: Collection[str]) -> Table:
    """The table of a CSV file, or of a workbook's sheet ``name`` (or of its only sheet)."""
    path = Path(path)
    if path.suffix.lower() == ".csv":
        grid = _text_grid(path, error)
    elif path.suffix.lower() in WORKBOOKS:
        grid = read_grid(path, name, error, only=True)
    else:
        raise error(f"{relative(path)}: the name ends in '{path.suffix}'; the table must be a .csv or .xlsx file")
    if not grid.rows:
        raise error(f"{grid.where}: there is nothing in it; the first row must name the columns {', '.join(required)}")
    grid.refuse_merged(1, 1, grid.rows, grid.columns)
    columns: dict[str, int] = {}
    for column in range(1, grid.columns + 1):
        head = grid.text(1, column)
        filled = [row for row in range(2, grid.rows + 1) if (row, column) in grid.cells]
        if not head and column == 1 and [grid.text(row, 1) for row in filled] == [str(row - 1) for row in filled]:
            continue  # the row numbers that R writes
        if not head and filled:
            raise error(f"{grid.place(1, column)}: column {column} has no name but holds values; name it or clear it")
        if head in columns:
            raise error(f"{grid.place(1, column)}: the column '{head}' is listed twice")
        if head:
            columns[head] = column
    for head in required:
        if head not in columns:
            raise error(f"{grid.place(1)}: the column '{head}' is missing{near(head, columns)}")
    table = Table(grid, columns)
    if not any(True for _ in table.rows):
        raise error(f"{grid.where}: there is no row below the names of the columns")
    return table


def _text_grid(path: Path, error: type[CwiError]) -> Grid:
    where = relative(path)
    reader = csv.reader(io.StringIO(read_text(path, error), newline=""), strict=True)
    cells: dict[tuple[int, int], Any] = {}
    lines: dict[int, int] = {}
    width, line = 0, 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines[len(lines) + 1] = line
                if len(lines) == 1:
                    width = len(row)
                    if width == 1 and (";" in row[0] or "\t" in row[0]):
                        raise error(f"{where} line 1: the cells must be divided by commas; the line reads {row[0]}")
                if len(row) != width:
                    raise error(
                        f"{where} line {line}: {len(row)} cells where the first line names {width} columns"
                        + ("; a text or number with a comma must be in quotes" if len(row) > width else "")
                    )
                cells |= {(len(lines), i): cell.strip() for i, cell in enumerate(row, start=1) if cell.strip()}
            line = reader.line_num + 1
    except csv.Error as problem:
        raise error(f"{where} line {line}: this is not CSV: {problem}") from None
    return Grid(where, error, cells, len(lines), width, lines=lines)


def read_grid(path: Path, name: str, error: type[CwiError], *, only: bool = False) -> Grid:
    """A sheet of a workbook by its name; with ``only`` the one sheet there is will do under any name."""
    where = relative(path)
    if path.suffix.lower() not in WORKBOOKS:
        raise error(f"{where}: the name ends in '{path.suffix}'; save the workbook as .xlsx")
    book = open_workbook(path, error)
    names = list(book.sheetnames)
    shown = [sheet for sheet in names if book[sheet].sheet_state == "visible"]
    named = [sheet for sheet in names if sheet.casefold() == name.casefold()]
    if not named and only and len(shown) == 1:
        named = shown
    if not named:
        raise error(f"{where}: no sheet is called '{name}'{near(name, names)}")
    if named[0] not in shown:
        raise error(f"{where}: the sheet '{named[0]}' is hidden; show it if it is meant, and save the workbook")
    sheet: Any = book[named[0]]
    if not hasattr(sheet, "iter_rows"):
        raise error(f"{where}: the sheet '{named[0]}' is a chart; the table must be in cells")
    cells: dict[tuple[int, int], Any] = {}
    formulas = []
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None and str(cell.value).strip():
                cells[cell.row, cell.column] = cell.value
                if cell.data_type == "f":
                    formulas.append((cell.row, cell.column))
    if formulas:
        computed: Any = open_workbook(path, error, values=True)[named[0]]
        for at in formulas:
            value = computed.cell(*at).value
            cells[at] = NEVER_SAVED if value is None else value
    return Grid(
        f"{where}, sheet '{named[0]}'",
        error,
        cells,
        max((row for row, _ in cells), default=0),
        max((column for _, column in cells), default=0),
        tuple((str(m.coord), m.min_row, m.min_col, m.max_row, m.max_col) for m in sheet.merged_cells.ranges),
    )


def refuse_huge(path: Path, error: type[CwiError]) -> None:
    """Refuse a sheet that reaches so far that reading it would exhaust the machine, before it is read."""
    try:
        with zipfile.ZipFile(path) as book:
            for part in book.infolist():
                if part.file_size > LARGEST:
                    raise error(f"{relative(path)}: a sheet is larger than {LARGEST // 10**6} MB; divide the table")
                if not part.filename.startswith("xl/worksheets/") or not part.filename.endswith(".xml"):
                    continue
                _refuse_far(book.read(part), path, error)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return  # what is no workbook is refused when it is read


def _refuse_far(sheet: bytes, path: Path, error: type[CwiError]) -> None:
    rows, columns, merged = 1, 1, 0
    for letters, row in CELL_AT.findall(sheet):
        rows, columns = max(rows, int(row)), max(columns, column_index_from_string(letters.decode()) if letters else 1)
    for left, top, right, bottom in SPAN.findall(sheet):
        wide = column_index_from_string(right.decode()) - column_index_from_string(left.decode()) + 1
        merged += wide * (int(bottom) - int(top) + 1)
    for count, what in ((rows * columns, f"reaches to row {rows:,} and column {columns:,}"),
                        (merged, f"has merged ranges of {merged:,} cells")):  # fmt: skip
        if count > MOST:
            raise error(
                f"{relative(path)}: a sheet {what}, more than {MOST:,} cells; delete the empty rows and columns beside "
                "the table, and save the workbook"
            )


def open_workbook(path: Path, error: type[CwiError], *, values: bool = False) -> Any:
    """A workbook of openpyxl, refused before it is read where it would exhaust the machine; ``values``: of formulas."""
    refuse_huge(path, error)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of looks that openpyxl does not know; they are not read
            return openpyxl.load_workbook(path, data_only=values)
    except FileNotFoundError:
        raise error(f"{relative(path)}: there is no such file") from None
    except Exception:  # of many kinds: what is damaged may be the archive, its parts or what they say
        raise error(
            f"{relative(path)}: this is not a workbook that can be read (empty, damaged, or locked by a password); "
            "save it again as .xlsx"
        ) from None
