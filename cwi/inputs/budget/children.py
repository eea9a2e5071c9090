"""How many children a region has, and what a tenge is worth: working inputs of per-child and real figures."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError
from cwi.territory import Territory
from cwi.textfiles import number, read_csv

__all__ = ["children", "read_deflator"]

YEAR = re.compile(r"(19|20)\d\d", re.ASCII)


def children(observations: pd.DataFrame, territory: Territory, folder: Path | None = None) -> pd.Series:
    """Children aged 0-17 by region and year: an estimate, because only the country's number is published.

    The share of people aged 0-15 in 2020 (of the former region where the region is younger), times the average
    population of the year, times one factor for the whole country that gives its published number of children.

    Returns
    -------
    Series
        Persons; index region and year (int).

    Raises
    ------
    DataError
        If the table of children holds anything but one number of the nation.

    Examples
    --------
    >>> from cwi.observations import read_observations
    >>> from cwi.territory import read_territory
    >>> found = children(read_observations(), read_territory())
    >>> round(found["KZ", 2024])
    6800000
    """
    path = (folder or folders.data() / "budget") / "children.csv"
    table = read_csv(path, DataError, required=("region", "year", "children", "status", "source"))
    good = len(table) == 1 and table["region"].iloc[0] == territory.nation
    good = good and (number(table["children"].iloc[0]) or 0) > 0 and bool(YEAR.fullmatch(table["year"].iloc[0]))
    if not good:
        raise DataError(
            f"{folders.relative(path)}: there must be one row, the children of {territory.nation} in a year"
        )
    total = observations[(observations["sex"] == "") & (observations["area"] == "") & observations["scored"]]
    population = total[total["indicator"] == "population"].set_index(["region", "year"])["value"]
    share = total[total["indicator"] == "children_0_15_share"].set_index("region")["value"]
    after = territory.changes.groupby("old")["new"].agg(list).to_dict()
    codes = population.index.get_level_values("region")
    known = {
        code: next(
            (share[each] for each in (code, *territory.ancestors(code), *after.get(code, ())) if each in share), None
        )
        for code in codes.unique()
    }
    shares = pd.Series(codes.map(known).astype(float), index=population.index)
    estimate = (shares / 100 * population).dropna()
    nation = (territory.nation, int(table["year"].iloc[0]))
    factor = float(table["children"].iloc[0]) / float(estimate.loc[[nation]].iloc[0])
    return pd.Series(estimate * factor).sort_index()


def read_deflator(path: Path | None = None) -> pd.Series:
    """The deflator by year, 2018 = 1: the implicit one of gross product; its source is in the table.

    Examples
    --------
    >>> float(read_deflator()[2018])
    1.0
    """
    path = path or folders.data() / "budget" / "deflator.csv"
    table = read_csv(path, DataError, required=("year", "deflator", "status", "source"), filled=True)
    for line, row in table.iterrows():
        value = number(row["deflator"])
        if value is None or value <= 0 or number(row["year"]) is None:
            raise DataError(f"{folders.relative(path)} line {line}: year or deflator is no positive number")
    return pd.Series(table["deflator"].astype(float).to_numpy(), index=table["year"].astype(int), name="deflator")
