"""Observations divided by the size of their region: a denominator for each indicator that needs one.

The column ``denominator`` of indicators.csv names the series, ``per`` a factor (1,000 inhabitants …); denominators.csv
beside it lists the series with their units. Their values are rows of the observations like any other.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cwi import folders
from cwi.errors import DataError, MethodologyError, near
from cwi.indicators import DENOMINATOR, PER
from cwi.textfiles import read_csv

__all__ = ["check_denominators", "denominators_of", "divided", "read_denominators"]

COLUMNS = ("code", "unit")
OPTIONAL = ("title_en", "title_ru", "title_kk", "note")


def read_denominators(path: Path) -> pd.DataFrame | None:
    """The register of denominators of a methodology: code, unit and titles; None where there is no such file.

    Raises
    ------
    MethodologyError
        With file and line, if a code or a unit is empty, or a code is listed twice.
    """
    if not path.is_file():
        return None
    table = read_csv(path, MethodologyError, required=COLUMNS, optional=OPTIONAL)
    where = folders.relative(path)
    for column in COLUMNS:
        for line in table.index[table[column] == ""]:
            raise MethodologyError(f"{where} line {line}: '{column}' is empty; a denominator has a code and a unit")
    for line in table.index[table["code"].duplicated()]:
        raise MethodologyError(f"{where} line {line}: the denominator '{table.at[line, 'code']}' is listed twice")
    return table


def denominators_of(indicators: pd.DataFrame) -> pd.Series:
    """The denominator of each indicator that has one, by the indicator's code.

    Examples
    --------
    >>> denominators_of(pd.DataFrame({"code": ["flights", "speed"], "denominator": ["people", ""]})).to_dict()
    {'flights': 'people'}
    """
    if DENOMINATOR not in indicators:
        return pd.Series(dtype=object)
    column = indicators.set_index("code")[DENOMINATOR]
    return column[column != ""]


def check_denominators(indicators: pd.DataFrame, register: pd.DataFrame | None, where: str) -> None:
    """Refuse a denominator that the register does not list.

    Raises
    ------
    MethodologyError
        With the indicator and the denominators there are.
    """
    known = [] if register is None else list(register["code"])
    for code, denominator in denominators_of(indicators).items():
        if denominator not in known:
            there = near(denominator, known) or "; there is no denominators.csv, which lists each with its unit"
            raise MethodologyError(f"{where}: the denominator of '{code}' is '{denominator}'{there}")


def divided(table: pd.DataFrame, indicators: pd.DataFrame, *, max_age: int = 0) -> pd.DataFrame:
    """Rows of indicators, those with a denominator divided by it: value × per / denominator [1]_.

    Parameters
    ----------
    table
        region, year, indicator, value and se, one row a cell; rows of the denominators are among them.
    indicators
        The table of indicators, with ``denominator`` and ``per`` where there are any.
    max_age
        For how many years a denominator may be used after its own. A cell without one has no value, and no row.

    Returns
    -------
    The rows of the indicators, in the order they had; values and standard errors in the unit of the indicator.

    Raises
    ------
    DataError
        If a denominator is zero or below.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 2; Denominate of the R package COINr.

    Examples
    --------
    COINr's example: 29.01725 million seats in flights from Austria, for each thousand of 8,877,067 inhabitants.

    >>> rows = [["AUT", 2019, "flights", 29.01725, 0.0], ["AUT", 2019, "people", 8877067.0, 0.0]]
    >>> table = pd.DataFrame(rows, columns=["region", "year", "indicator", "value", "se"])
    >>> rules = pd.DataFrame({"code": ["flights"], "denominator": ["people"], "per": [1000.0]})
    >>> divided(table, rules)["value"].round(9).tolist()
    [0.003268788]
    """
    wanted = denominators_of(indicators)
    mine = table[table["indicator"].isin(indicators["code"])]
    if wanted.empty:
        return mine
    sizes = table.loc[table["indicator"].isin(wanted), ["region", "year", "indicator", "value"]]
    if (wrong := sizes[sizes["value"] <= 0]).size:
        row = wrong.iloc[0]
        raise DataError(
            f"the denominator {row['indicator']} in {row['region']}, {row['year']} is {row['value']:g}; "
            "nothing can be divided by it, it must be above zero"
        )
    sizes = sizes.rename(columns={"indicator": DENOMINATOR, "value": "size"}).sort_values("year", kind="stable")
    rows = mine[mine["indicator"].isin(wanted.index)]
    asked = rows[["region", "year"]].assign(row=rows.index)
    code = rows["indicator"].astype("str")
    asked[DENOMINATOR] = code.map(wanted).astype("str")
    sizes[DENOMINATOR] = sizes[DENOMINATOR].astype("str")
    matched = pd.merge_asof(
        asked.sort_values("year", kind="stable"),
        sizes,
        on="year",
        by=["region", DENOMINATOR],
        tolerance=max_age,
    ).set_index("row")["size"]
    factor = pd.Series(np.ones(len(indicators)), index=indicators["code"])
    if PER in indicators:
        factor = indicators.set_index("code")[PER].astype(float)
    per, size = code.map(factor), matched.reindex(rows.index)
    result = mine.copy()
    for column in ("value", "se"):
        if column in result:
            result.loc[rows.index, column] = rows[column] * per / size
    return result[result["value"].notna()]
