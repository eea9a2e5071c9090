"""Executed local budgets by function, whole years: totals of region and districts together, million tenge."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import number, read_csv

__all__ = ["ITEMS", "read_executed"]

ITEMS = ("EXP", "EXP.04", "EXP.05", "EXP.06", "EXP.08", "EXP.15", "REV", "REV.TRANSFERS")


def read_executed(path: Path | None = None) -> pd.DataFrame:
    """Executed totals by region, year and item; the region KZ holds all local budgets as the source prints them.

    Returns
    -------
    DataFrame
        Index region and year (int), a column for each of :data:`ITEMS`, million KZT; missing where not printed.

    Raises
    ------
    DataError
        If an item or a year is unknown, a cell has two amounts, or an amount is no number.

    Examples
    --------
    >>> round(float(read_executed().at[("KZ", 2024), "EXP"]))
    15049842
    """
    path = path or folders.data() / "budget" / "executed_by_function.csv"
    where = folders.relative(path)
    table = read_csv(path, DataError, required=("region", "year", "item", "amount_million_kzt"), filled=True)
    for line, row in table.iterrows():
        if row["item"] not in ITEMS:
            raise DataError(f"{where} line {line}: no item is called '{row['item']}'{near(row['item'], ITEMS)}")
        if not (row["year"].isascii() and row["year"].isdecimal() and len(row["year"]) == 4):
            raise DataError(f"{where} line {line}: year is '{row['year']}'; it must have four digits")
        if number(row["amount_million_kzt"]) is None:
            raise DataError(f"{where} line {line}: amount_million_kzt is '{row['amount_million_kzt']}', not a number")
    for line, row in table[table.duplicated(["region", "year", "item"])].iterrows():
        raise DataError(f"{where} line {line}: {row['item']} of {row['region']}, {row['year']} has two amounts")
    table = table.astype({"year": int, "amount_million_kzt": float})
    wide = table.pivot(index=["region", "year"], columns="item", values="amount_million_kzt")
    return wide.reindex(columns=list(ITEMS)).rename_axis(columns=None)
