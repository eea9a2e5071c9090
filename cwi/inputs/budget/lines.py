"""Budget lines by the unified budget classification: of the project, or of a user's own export through a column map.

Field names follow the Fiscal Data Package where it has them (level, region, year, phase, functional group,
administrator, programme, amount). Amounts are whole tenge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.inputs.cells import Table, read_table
from cwi.territory import Territory
from cwi.textfiles import read_csv, read_toml

__all__ = ["COLUMNS", "LEVELS", "PHASES", "UNITS", "check_lines", "read_decisions", "read_export", "read_lines"]

CODES = ("functional_group", "functional_subgroup", "administrator", "programme")
COLUMNS = ("region", "level", "year", "phase", "as_of", *CODES, "name", "amount")
LEVELS = ("region", "district")
PHASES = ("plan", "amended", "executed")
UNITS = {"tenge": 1, "thousand tenge": 1_000, "million tenge": 1_000_000}
OPTIONAL = ("functional_subgroup", "name", "as_of")
DECISIONS = ("region", "year", "level", "phase", "as_of", "decision", "repository", "path")
SHAPES = {"functional_group": r"\d{2}", "administrator": r"\d{3}", "programme": r"\d{3}"}
SHARE_OF_TYPICAL = 2_000  # an amount so many times larger or smaller than all others of its budget is in another unit


def read_decisions(folder: Path | None = None) -> pd.DataFrame:
    """The decisions that the lines of 2025 come from; index region; level, phase, as_of, decision, repository, path."""
    path = (folder or folders.data() / "budget") / "decisions_2025.csv"
    table, where = read_csv(path, DataError, required=DECISIONS, filled=True), folders.relative(path)
    _years(table["year"], where)
    for line in table.index[table["region"].duplicated()]:
        raise DataError(f"{where} line {line}: the decision of {table.at[line, 'region']} is listed twice")
    return table.set_index("region")


def _years(cells: pd.Series, where: str) -> None:
    for line, text in cells.items():
        if not re.fullmatch(r"(19|20)\d\d", text, re.ASCII):
            raise DataError(f"{where} line {line}: year is '{text}'; it must be like 2025")


def read_lines(folder: Path | None = None) -> pd.DataFrame:
    """Every printed row of the budgets of 2025, totals too.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`, amount in whole tenge (int); rows that are not expenditure have a functional_group such as EXP
        (the decision's own total), REV or TXT.

    Examples
    --------
    >>> lines = read_lines()
    >>> int(lines.query("region == 'KZ-23' and functional_group == 'EXP'")["amount"].iloc[0])
    722167940000
    """
    folder = folder or folders.data() / "budget"
    path = folder / "lines_2025.csv"
    table = read_csv(path, DataError, required=("region", "year", *CODES, "name", "amount_thousand_kzt"), filled=True)
    where = folders.relative(path)
    _years(table["year"], where)
    for name, shape in (
        ("administrator", r"(\d{3})?"),
        ("programme", r"(\d{3})?"),
        ("functional_subgroup", r"(b?\d{1,2})?"),
        ("functional_group", r"[A-Z0-9][A-Z0-9.-]{0,19}"),
    ):
        for line, text in table[name].items():
            if not re.fullmatch(shape, text, re.ASCII):
                raise DataError(f"{where} line {line}: {name} is '{text}', which is no code of the classification")
    amounts = [
        _tenge(text, UNITS["thousand tenge"], f"{where} line {line}")
        for line, text in table.amount_thousand_kzt.items()
    ]
    decisions = read_decisions(folder)
    table = table.assign(amount=amounts, year=table["year"].astype(int))
    for column in ("level", "phase", "as_of"):
        table[column] = table["region"].map(decisions[column])
    return table[list(COLUMNS)].reset_index(drop=True)


def read_export(path: Path, columns: Path, territory: Territory) -> pd.DataFrame:
    """A user's own export, CSV or XLSX, through a column map.

    Parameters
    ----------
    path
        The export: a row a programme, no totals.
    columns
        A TOML file: ``unit`` (tenge, thousand tenge, million tenge), ``[columns]`` with the heading of each of
        :data:`COLUMNS` and, for what the export does not repeat in every row, ``[same]`` with its value.

    Returns
    -------
    DataFrame
        As :func:`read_lines`.

    Raises
    ------
    DataError
        If the map or a row cannot be used; the message names file, row and column.
    """
    given = read_toml(columns, DataError)
    where = folders.relative(columns)
    heads, same, unit = given.get("columns", {}), given.get("same", {}), given.get("unit", "")
    for name, value, kind in (("columns", heads, dict), ("same", same, dict), ("unit", unit, str)):
        if not isinstance(value, kind):
            what = "a text in quotes" if kind is str else f"a table, written [{name}]"
            raise DataError(f"{where}: {name} is {value!r}; it must be {what}")
    if unit not in UNITS:
        raise DataError(f"{where}: unit is '{unit}'{near(unit, UNITS)}")
    for name in (*heads, *same):
        if name not in COLUMNS:
            raise DataError(f"{where}: budget lines have no column '{name}'{near(name, COLUMNS)}")
    for name in COLUMNS:
        if name not in heads and name not in same and name not in OPTIONAL:
            raise DataError(f"{where}: '{name}' is missing; name its heading under [columns] or its value under [same]")
    table = read_table(path, "budget", DataError, list(heads.values()))
    rows = [_row(table, row, heads, same, UNITS[unit]) for row in table.rows]
    lines = pd.DataFrame(rows, columns=[*COLUMNS, "place"])
    check_lines(lines, territory)
    return lines[list(COLUMNS)].astype({"year": int, "amount": "int64"})


def check_lines(lines: pd.DataFrame, territory: Territory) -> None:
    """Refuse lines of which a cell cannot be right.

    Parameters
    ----------
    lines
        :data:`COLUMNS` and ``place``, where each row is from.

    Raises
    ------
    DataError
        For the first cell that is empty, unknown or in another unit, and for a line that is there twice.
    """
    known = [str(code) for code in territory.regions.index]
    for row in lines.to_dict("records"):
        place = row["place"]
        if row["region"] not in known:
            raise DataError(f"{place}: no region has the code '{row['region']}'{near(row['region'], known)}")
        if not re.fullmatch(r"(19|20)\d\d", str(row["year"])):
            raise DataError(f"{place}: year is '{row['year']}'; each line needs a year of four digits, such as 2025")
        for name, words in (("level", LEVELS), ("phase", PHASES)):
            if row[name] not in words:
                raise DataError(f"{place}: {name} is '{row[name]}'{near(row[name], words)}")
        for name, shape in SHAPES.items():
            if not re.fullmatch(shape, row[name]):
                raise DataError(
                    f"{place}: {name} is '{row[name]}'; it must have {shape[3]} digits, zeros in front among them; "
                    "a spreadsheet drops them unless the column is text"
                )
    key = ["region", "level", "year", "phase", "as_of", *CODES]
    for row in lines[lines.duplicated(key)].to_dict("records"):
        codes = "/".join(row[name] for name in CODES if row[name])
        raise DataError(
            f"{row['place']}: {codes} of {row['region']}, {row['year']} is there twice; a programme has one line"
        )
    _same_unit(lines)


def _same_unit(lines: pd.DataFrame) -> None:
    """Refuse a budget whose lines of one function are in two units: each part's middle 1,000 times the other's."""
    for (region, group), part in lines.groupby(["region", "functional_group"]):
        amounts = part["amount"].abs().astype(float)
        if len(part) < 3 or not amounts.gt(0).all():
            continue
        for position, amount in amounts.items():
            others = amounts.drop(position)
            if amount > SHARE_OF_TYPICAL * others.max():
                raise DataError(
                    f"{part.at[position, 'place']}: {amount:,.0f} tenge is {amount / others.max():,.0f} times the next "
                    f"largest line of {region}, group {group}; thousands and millions seem to be mixed"
                )


def _row(table: Table, row: int, heads: Mapping[str, str], same: Mapping[str, Any], unit: int) -> dict[str, Any]:
    cells = {name: str(same.get(name, "")) for name in COLUMNS} | {name: table.text(row, heads[name]) for name in heads}
    place = table.place(row)
    return cells | {"amount": _tenge(cells["amount"], unit, place), "place": place}


def _tenge(text: str, unit: int, place: str) -> int:
    """An amount as whole tenge."""
    hint = "; decimals take a point and thousands no separator" if re.search(r"[\s,]", text) else ""
    try:
        amount = Decimal(text) * unit
    except InvalidOperation:
        raise DataError(f"{place}: amount is '{text}', which is not a number{hint}") from None
    if not amount.is_finite():
        raise DataError(f"{place}: amount is '{text}', which is not a number{hint}")
    if amount != amount.to_integral_value():
        raise DataError(f"{place}: amount is {amount} tenge; there is no smaller unit than a tenge")
    return int(amount)
