"""Girls and boys, town and village: how far apart they are, indicator by indicator and region by region.

Nothing here is scored: the index is made of totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from cwi.edition import Edition
from cwi.errors import DataError, ParameterError, near
from cwi.territory import PARENT_REGION

__all__ = ["GROUPS", "gaps", "gaps_by_year", "history", "summary"]

GROUPS = {"sex": ("F", "M"), "area": ("U", "R")}  # the first minus the second is the gap
HALF = 0.5  # share of the regions that a year must have, of those that any year in reach has
COLUMNS = ["indicator", "region", "year", "first", "second", "gap", "se", "low", "high"]


def gaps(
    edition: Edition, by: str, *, indicators: Sequence[str] | None = None, max_age: int | None = None,
    level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """The gap between two groups in every region, each indicator of one year.

    That year is the newest, to the edition's, that at least half of the regions with figures in reach have; of figures
    for the nation alone, the newest. Figures of a former region are left out: they are no gap of the new one. So are
    figures that are never scored, such as suspect ones.

    Parameters
    ----------
    edition
        The year and all that was measured.
    by
        "sex" (girls and women minus boys and men) or "area" (urban minus rural).
    indicators
        Codes of indicators or of other series; the indicators of the methodology by default.
    max_age
        How many years a figure may be older than the edition; the methodology's rule by default.
    level
        Of the interval: the two groups taken as independent samples, estimates as normal.

    Returns
    -------
    DataFrame
        indicator, region (the nation too), year, first, second, gap (first - second, unit of the indicator), se, low,
        high; the last three missing where either group has no standard error. In the order of the indicators and of the
        edition's regions, the nation last.

    Raises
    ------
    ParameterError
        If there is no such grouping, or the level is not between 0 and 1.
    DataError
        If there is no such indicator.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = gaps(read_edition(2023), "area", indicators=["housing_space"])
    >>> nation = table[table["region"] == "KZ"].iloc[0]
    >>> int(nation["year"]), round(float(nation["first"]), 1), round(float(nation["second"]), 1)
    (2023, 26.4, 20.2)
    """
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; it must be between 0 and 1")
    age = edition.methodology.max_age if max_age is None else max_age
    table = history(edition, by, indicators)
    table = table[table["year"] >= edition.year - age]
    years = _newest(table, edition.methodology.nation)
    table = table[table["year"] == table["indicator"].map(years)]
    half = NormalDist().inv_cdf(0.5 + level / 2) * table["se"]
    return table.assign(low=table["gap"] - half, high=table["gap"] + half)[COLUMNS].reset_index(drop=True)


def history(edition: Edition, by: str, indicators: Sequence[str] | None = None) -> pd.DataFrame:
    """Both groups and their gap in every region and year to the edition's, where both have a figure of their own.

    Parameters
    ----------
    edition, by, indicators
        As in :func:`gaps`.

    Returns
    -------
    DataFrame
        indicator, region, year, first, second, gap, se, as in :func:`gaps`, all years.

    Raises
    ------
    ParameterError
        If there is no such grouping.
    DataError
        If there is no such indicator.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = history(read_edition(2023), "sex", indicators=["infant_mortality"])
    >>> int(table["year"].max()), bool((table["gap"] < 0).mean() > 0.8)  # fewer girls die
    (2018, True)
    """
    if by not in GROUPS:
        raise ParameterError(f"by is '{by}'{near(by, GROUPS)}")
    codes = list(edition.methodology.indicators["code"] if indicators is None else indicators)
    known = {*edition.methodology.indicators["code"], *edition.observations["indicator"]}
    for code in codes:
        if code not in known:
            raise DataError(f"no indicator or series has the code '{code}'{near(code, sorted(known))}")
    other = next(name for name in GROUPS if name != by)
    rows = edition.observations
    rows = rows[
        rows["indicator"].isin(codes) & rows[by].isin(GROUPS[by]) & (rows[other] == "") & rows["value"].notna()
        & rows["scored"].astype(bool) & (rows["status"] != PARENT_REGION)
    ]  # fmt: skip
    wide = rows.pivot(index=["indicator", "region", "year"], columns=by, values=["value", "se"]).astype(float)
    first, second = GROUPS[by]
    wide = wide.reindex(columns=[("value", first), ("value", second), ("se", first), ("se", second)])
    value, se = wide.to_numpy(float)[:, :2], wide.to_numpy(float)[:, 2:]
    table = pd.DataFrame(
        {"first": value[:, 0], "second": value[:, 1], "gap": value[:, 0] - value[:, 1], "se": np.hypot(*se.T)},
        index=wide.index,
    )  # fmt: skip
    table = table.dropna(subset=["gap"]).reset_index()
    for column, order in (("indicator", codes), ("region", [*edition.regions, edition.methodology.nation or ""])):
        table[column] = pd.Categorical(table[column], list(dict.fromkeys(order)))
    return table.sort_values(["indicator", "region", "year"], ignore_index=True).astype(
        {"indicator": object, "region": object}
    )


def gaps_by_year(edition: Edition, by: str, *, indicators: Sequence[str] | None = None) -> pd.DataFrame:
    """The gap for the nation in every year of the base and after, a row an indicator and a column a year.

    Examples
    --------
    >>> from cwi import read_edition
    >>> [int(year) for year in gaps_by_year(read_edition(2023), "area").columns]
    [2018, 2019, 2020, 2021, 2022, 2023]
    """
    table = history(edition, by, indicators)
    first = min((edition.year, *edition.methodology.base))
    table = table[(table["region"] == edition.methodology.nation) & (table["year"] >= first)]
    wide = table.pivot(index="indicator", columns="year", values="gap")
    return wide.reindex(index=table["indicator"].unique(), columns=range(first, edition.year + 1))


def summary(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """An indicator a row: the nation's gap, and in how many regions which group fares worse.

    Parameters
    ----------
    table
        As :func:`gaps` gives it, of indicators of the edition's methodology.

    Returns
    -------
    DataFrame
        indicator, year, first, second, gap, low, high (of the nation; missing where it has none), regions (with both
        figures), first_worse, second_worse (number of regions in which that group fares worse, by the direction of the
        indicator), widest (region with the largest gap in size, "" without one), widest_gap.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> table = summary(gaps(edition, "area"), edition).set_index("indicator")
    >>> int(table.at["adolescent_births", "regions"]), int(table.at["adolescent_births", "second_worse"])
    (11, 11)
    """
    rules = edition.methodology.indicators.set_index("code")
    better = {str(code): 1 if row["best"] > row["worst"] else -1 for code, row in rules.iterrows()}
    national = table[table["region"] == edition.methodology.nation].set_index("indicator")
    regional = table[table["region"] != edition.methodology.nation]
    signed = regional["gap"] * regional["indicator"].map(better)
    size = regional["gap"].abs()
    widest = regional.loc[size.groupby(regional["indicator"]).idxmax()].set_index("indicator")
    result = table.groupby("indicator", sort=False)["year"].first().astype(int).to_frame()
    for column in ("first", "second", "gap", "low", "high"):
        result[column] = national[column].reindex(result.index)
    for name, counted in (("regions", signed.notna()), ("first_worse", signed < 0), ("second_worse", signed > 0)):
        result[name] = counted.groupby(regional["indicator"]).sum().reindex(result.index, fill_value=0).astype(int)
    result["widest"] = widest["region"].reindex(result.index).fillna("")
    result["widest_gap"] = widest["gap"].reindex(result.index)
    return result.reset_index()


def _newest(table: pd.DataFrame, nation: str | None) -> dict[str, int]:
    """For each indicator the newest year that at least half of the regions with figures in reach have."""
    regional = table[table["region"] != nation]
    n = regional.groupby(["indicator", "year"]).size().reindex(table.groupby(["indicator", "year"]).size().index)
    n = n.fillna(0)
    enough = n[n >= HALF * n.groupby("indicator").transform("max")].reset_index()
    return {str(code): int(year) for code, year in enough.groupby("indicator")["year"].max().items()}
