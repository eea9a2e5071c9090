"""Executed local budgets by function: children's share for all regions and years, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

__all__ = ["COMPARABLE", "FUNCTIONS", "ByFunction", "by_function", "compare_with_age", "gaps", "per_child"]

FUNCTIONS = ("04", "05", "06", "08")
COMPARABLE = (2018, 2019, 2020, 2021, 2023, 2024)  # health changed its payer before 2018; regions changed in 2022
PARTIAL = {("KZ-79", 2018): "about four months", ("KZ-YUZ", 2018): "holds Shymkent to August"}
MILLION = 1_000_000


@dataclass(frozen=True, eq=False)
class ByFunction:
    """Children's spending by function.

    ``spending``: index region, year; own, children, children_low, children_high (million KZT), share, low, high (0 to
    1), partial (why a year is not whole). ``parts``: index region, year, function; amount and children (million KZT).
    """

    spending: pd.DataFrame
    parts: pd.DataFrame


def by_function(executed: pd.DataFrame, functions: pd.DataFrame, years: tuple[int, ...] = COMPARABLE) -> ByFunction:
    """Children's share of own spending: total outlays without transfers paid to other budgets.

    Parameters
    ----------
    executed
        As ``inputs.budget.read_executed`` gives it, million KZT.
    functions
        Coefficients of functions.
    years
        The years that compare; 2022 does not, three regions are mixed.

    Examples
    --------
    >>> from cwi.inputs.budget import read_executed, read_functions
    >>> found = by_function(read_executed(), read_functions()).spending
    >>> round(float(found.at[("KZ", 2024), "share"]), 3)
    0.441
    """
    chosen = executed[executed.index.get_level_values("year").isin(years)]
    own = chosen["EXP"] - chosen["EXP.15"].fillna(0)
    amounts = pd.DataFrame({name: chosen[f"EXP.{name}"] for name in FUNCTIONS})
    table = pd.DataFrame({"own": own})
    weights = functions.loc[list(FUNCTIONS)]
    for name, column in (("children", "coefficient"), ("children_low", "low"), ("children_high", "high")):
        table[name] = (amounts * weights[column]).sum(axis=1, skipna=False)
    for name, column in (("share", "children"), ("low", "children_low"), ("high", "children_high")):
        table[name] = table[column] / table["own"]
    table["partial"] = [PARTIAL.get(key, "") for key in table.index]
    parts = pd.DataFrame({"amount": amounts.stack()}).rename_axis(["region", "year", "function"])
    names = parts.index.get_level_values("function")
    parts["children"] = parts["amount"] * weights["coefficient"].reindex(names).to_numpy()
    return ByFunction(table, parts)


def gaps(executed: pd.DataFrame, nation: str) -> pd.DataFrame:
    """The published total less the sum of the regions, by year and item, million KZT: 0 where they add up."""
    total = executed.xs(nation, level="region")
    regions = executed.drop(nation, level="region").groupby(level="year").sum()
    return (total - regions).round(3)


def per_child(spending: pd.DataFrame, children: pd.Series, deflator: pd.Series, grp: pd.Series) -> pd.DataFrame:
    """Per child aged 0-17, in prices of the year and of 2018, and as a share of gross regional product.

    Parameters
    ----------
    spending
        Of :class:`ByFunction`.
    children, grp
        Persons; million KZT; index region and year.
    deflator
        By year, 2018 = 1.

    Returns
    -------
    DataFrame
        children_number, per_child, real_per_child (KZT), low and high of per_child, of_grp (0 to 1).
    """
    number = children.reindex(spending.index)
    table = pd.DataFrame({"children_number": number})
    for name, column in (("per_child", "children"), ("low", "children_low"), ("high", "children_high")):
        table[name] = spending[column] * MILLION / number
    years = pd.Series(table.index.get_level_values("year"), index=table.index)
    table["real_per_child"] = table["per_child"] / years.map(deflator)
    table["of_grp"] = spending["children"] / grp.reindex(spending.index)
    return table


def compare_with_age(spending: pd.DataFrame, children: pd.Series, population: pd.Series, year: int) -> pd.DataFrame:
    """The share of spending beside what the share of children in the population would predict: a straight line.

    Returns
    -------
    DataFrame
        Index region: share, age (children of population, 0 to 1), predicted, difference; least squares over regions.
    """
    share = spending.xs(year, level="year")["share"]
    age = (children / population).xs(year, level="year").reindex(share.index)
    table = pd.DataFrame({"share": share, "age": age}).dropna()
    x, y = table["age"] - table["age"].mean(), table["share"]
    slope = float((x * y).sum() / (x * x).sum()) if len(table) > 1 and float((x * x).sum()) > 0 else 0.0
    table["predicted"] = y.mean() + slope * x
    return table.assign(difference=table["share"] - table["predicted"])
