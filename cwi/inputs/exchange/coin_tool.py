"""From the COIN Tool of the Joint Research Centre: the sheets Database and Framework of its workbook.

The layout is that of version 1 as COINr's own importer reads it, the one public description with cell addresses:

Database : from column E an indicator a column, at most to CY: row 7 weight, 8 direction, 9 lower and 10 upper goalpost,
    11 index, 12 sub-index, 13 pillar, 14 sub-pillar (codes), 15 name, 16 code; from row 17 to 315 a unit a row,
    with its name in B and its code in C; "n/a" where there is no value
Framework : below the row 4 (5 in versions before the release) with the heading "Dimension/indicator", at most 48 rows:
    C code, E weight, H name; "--" under the heading marks an empty row

A level at which all indicators have the same code was not used, and is left out. Any other layout is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cwi.errors import DataError, MethodologyError, near
from cwi.inputs.cells import Grid, read_grid
from cwi.inputs.exchange.framework import Imported, imported
from cwi.inputs.exchange.parts import Part, Unit, refuse_code

__all__ = ["read_coin_tool"]

WEIGHT, DIRECTION, LOWER, UPPER, NAME, CODE = 7, 8, 9, 10, 15, 16
GROUPS = {14: "sub-pillar", 13: "pillar", 12: "sub-index", 11: "index"}  # row: level, lowest first
FIRST, LAST = 5, 103  # columns E to CY
UNITS = range(17, 316)
UNIT_NAME, UNIT_CODE = 2, 3
HEADING, HEADING_ROWS, FRAMEWORK_ROWS = "Dimension/indicator", (4, 5), 48
F_CODE, F_WEIGHT, F_NAME = 3, 5, 8
MISSING = ("", "n/a")
EMPTY = ("", "n/a", "--")
LAYOUT = (
    "this is not the layout of the COIN Tool version 1, the only one that can be read; COINr reads other versions, "
    "and its tables can be imported"
)


def read_coin_tool(
    workbook: Path,
    *,
    year: int,
    aggregation: str | Sequence[str] = "arithmetic",
    ends: str = "range",
    version: str = "coin-tool",
) -> Imported:
    """Read a workbook of the COIN Tool, version 1; the module lists the cells.

    Parameters
    ----------
    workbook
        An .xlsx or .xlsm file, last saved by a spreadsheet, so that its formulas have results. Macros are not run.
    year
        The year of the values; the workbook has no place for it.
    aggregation
        "arithmetic" or "geometric", for all levels or one a level that is used, lowest first.
    ends
        "range" or "goalposts", the rows 9 and 10 of Database.

    Raises
    ------
    DataError, MethodologyError
        With the sheet and the cell, what was found and what would do.

    Examples
    --------
    >>> read_coin_tool(Path("index.xls"), year=2020)
    Traceback (most recent call last):
    cwi.errors.DataError: index.xls: the name ends in '.xls'; save the workbook as .xlsx
    """
    path = Path(workbook)
    base = read_grid(path, "Database", DataError)
    frame = read_grid(path, "Framework", MethodologyError)
    columns = _columns(base)
    rows = _unit_rows(base, columns)
    for top, left, bottom, right in (
        (WEIGHT, FIRST, CODE, columns[-1]),
        (UNITS.start, FIRST, rows[-1], columns[-1]),
        (UNITS.start, UNIT_NAME, rows[-1], UNIT_CODE),
    ):
        base.refuse_merged(top, left, bottom, right)
    floors = _floors(base, columns)
    parts = _parts(base, columns, floors, ends)
    entries = _framework(frame)
    for level, row in enumerate(floors, start=2):
        parts += _aggregates(base, frame, columns, level, row, floors, entries)
    units, silent = [], []
    for row in rows:
        values = {base.text(CODE, c): base.number(row, c, "the value", MISSING) for c in columns}
        code = base.text(row, UNIT_CODE)
        if not code:
            raise DataError(f"{base.place(row, UNIT_CODE)}: the unit of this row has no code; give it one")
        refuse_code(code, base.place(row, UNIT_CODE), "uCode", DataError)
        if all(value is None for value in values.values()):
            silent.append(code)
            continue
        title = base.words(row, UNIT_NAME, "the name of the unit")
        units.append(Unit(code, title, year, values, base.place(row, UNIT_CODE)))
    if not units:
        raise DataError(f"{base.where}: no unit has a value in the rows {UNITS.start} to {UNITS[-1]}")
    unused = [name for row, name in GROUPS.items() if row not in floors]
    notes = [f"Levels that the workbook does not use were left out: {', '.join(unused)}."] if unused else []
    notes += [f"Units without any value were left out, as COINr does: {', '.join(silent)}."] if silent else []
    return imported(
        parts,
        units,
        tool="the COIN Tool",
        files=path.name,
        source="coin_tool",
        version=version,
        levels=[GROUPS[row].replace("-", "_") for row in floors[:-1]],
        aggregation=aggregation,
        ends=ends,
        notes=notes,
    )


def _columns(base: Grid) -> list[int]:
    """The columns of the indicators: those that have a value; the workbook keeps empty ones ready."""
    if base.text(CODE, FIRST) in EMPTY or base.number(DIRECTION, FIRST, "the direction", EMPTY) is None:
        raise DataError(f"{base.where}: {LAYOUT} (E16 must hold the code of the first indicator, E8 its direction)")
    held = {column for row, column in base.cells if row in UNITS and base.text(row, column) not in MISSING}
    columns = []
    for column in range(FIRST, LAST + 1):
        code, name = base.text(CODE, column), base.text(NAME, column)
        if column in held:
            if code in EMPTY:
                raise DataError(f"{base.place(CODE, column)}: the column holds values but its code is empty")
            columns.append(column)
        elif name not in (*EMPTY, "0"):
            raise DataError(
                f"{base.place(CODE, column)}: the indicator '{code}' ({name}) has no value in the rows "
                f"{UNITS.start} to {UNITS[-1]}; fill in the column or clear its name"
            )
    if not columns:
        raise DataError(f"{base.where}: no column has a value in the rows {UNITS.start} to {UNITS[-1]}")
    return columns


def _unit_rows(base: Grid, columns: Sequence[int]) -> list[int]:
    wanted = {UNIT_NAME, UNIT_CODE, *columns}
    return sorted({row for row, column in base.cells if row in UNITS and column in wanted})


def _floors(base: Grid, columns: Sequence[int]) -> list[int]:
    """The rows of the levels that are used, lowest first; the index always is."""
    top = 11
    return [row for row in GROUPS if row == top or len({base.text(row, column) for column in columns}) > 1]


def _parts(base: Grid, columns: Sequence[int], floors: Sequence[int], ends: str) -> list[Part]:
    parts = []
    for column in columns:
        code = base.text(CODE, column)
        refuse_code(code, base.place(CODE, column), "the code", DataError)
        direction = base.number(DIRECTION, column, "the direction")
        if direction not in (1, -1):
            entry = base.text(DIRECTION, column)
            raise DataError(f"{base.place(DIRECTION, column)}: the direction is '{entry}'; it must be 1 or -1")
        weight = base.number(WEIGHT, column, "the weight")
        if weight is None:
            raise DataError(f"{base.place(WEIGHT, column)}: the weight is empty; it must be a number not below zero")
        posts = None
        if ends == "goalposts":
            low = base.number(LOWER, column, "the lower goalpost", EMPTY)
            high = base.number(UPPER, column, "the upper goalpost", EMPTY)
            posts = None if low is None or high is None else (low, high)
        parent = base.text(floors[0], column)
        if parent in EMPTY:
            place = base.place(floors[0], column)
            raise DataError(f"{place}: the indicator '{code}' has no {GROUPS[floors[0]]}; give it one")
        parts.append(
            Part(
                code=code,
                level=1,
                parent=parent,
                weight=weight,
                place=base.place(CODE, column),
                title=base.words(NAME, column, "the name"),
                direction=int(direction),
                goalposts=posts,
            )
        )
    return parts


def _framework(frame: Grid) -> dict[str, int]:
    """The row of every code in Framework."""
    heads = {
        row: column
        for row in HEADING_ROWS
        for column in range(F_CODE, F_NAME + 1)
        if frame.text(row, column) == HEADING
    }
    if not heads:
        raise MethodologyError(f"{frame.where}: {LAYOUT} (row 4 or 5 must hold the heading '{HEADING}')")
    top, mark = next(iter(heads.items()))
    rows: dict[str, int] = {}
    for row in range(top + 1, top + 1 + FRAMEWORK_ROWS):
        code = frame.text(row, F_CODE)
        if code in EMPTY or frame.text(row, mark) in EMPTY:
            continue
        if code in rows:
            raise MethodologyError(f"{frame.place(row, F_CODE)}: '{code}' is in row {rows[code]} too; a code is one")
        rows[code] = row
    return rows


def _aggregates(
    base: Grid,
    frame: Grid,
    columns: Sequence[int],
    level: int,
    row: int,
    floors: Sequence[int],
    entries: dict[str, int],
) -> list[Part]:
    """The aggregates of one level, in the order of Database, with weight and name from Framework."""
    above = floors[level - 1] if level <= len(floors) else None
    parts: dict[str, Part] = {}
    for column in columns:
        code = base.text(row, column)
        refuse_code(code, base.place(row, column), f"the {GROUPS[row]}", DataError)
        parent = None if above is None else base.text(above, column)
        if code in parts:
            if parts[code].parent != parent:
                raise DataError(
                    f"{base.place(above or row, column)}: '{code}' belongs to '{parent}' here and to "
                    f"'{parts[code].parent}' before; an aggregate has one parent"
                )
            continue
        if code not in entries:
            raise MethodologyError(
                f"{frame.where}: the {GROUPS[row]} '{code}' of {base.place(row, column)} has no row"
                f"{near(code, entries)}"
            )
        at = entries[code]
        weight = frame.number(at, F_WEIGHT, "the weight", EMPTY)
        if weight is None and parent is not None:
            raise MethodologyError(f"{frame.place(at, F_WEIGHT)}: the weight of '{code}' is empty; give it a number")
        parts[code] = Part(
            code=code,
            level=level,
            parent=parent,
            weight=1.0 if weight is None else weight,
            place=frame.place(at, F_CODE),
            title=frame.words(at, F_NAME, "the name"),
        )
    return list(parts.values())
