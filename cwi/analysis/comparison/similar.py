"""Regions that are most like one: near it in age structure, income and product per head."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.edition import Edition, checked_edition
from cwi.errors import DataError, ParameterError, near

__all__ = ["CHARACTERISTICS", "similar_regions"]

CHARACTERISTICS = {  # series, and whether it is compared in logarithms
    "children_0_15_share": False,
    "household_income": True,
    "grp_per_head": True,
}
KNOWN = 0.9  # share of the regions that must have a figure of the year that is used


def similar_regions(edition: Edition, region: str, *, n: int = 5) -> pd.DataFrame:
    """The regions nearest to one by what policy for children cannot choose.

    The distance is the root of the mean square of differences of standard scores: the share of people aged 0-15, money
    income of households per head and gross regional product per head (the last two in logarithms). Each is of the
    newest year, to the edition's, that nine in ten regions have. The share of the urban population belongs here too; no
    open figure of it by region is at hand.

    Parameters
    ----------
    region
        Its code.
    n
        How many regions, at least 1.

    Returns
    -------
    DataFrame
        index region, the nearest first; distance (standard deviations), and each characteristic in its unit.

    Raises
    ------
    DataError
        If there is no such region, or fewer than two of the characteristics are known.
    ParameterError
        If n is below 1.

    References
    ----------
    Eurostat and OECD group regions for comparison in this way: OECD/JRC (2008), Handbook on Constructing Composite
    Indicators, section 1.3 (cluster analysis by standardised distances).

    Examples
    --------
    >>> from cwi import read_edition
    >>> [str(code) for code in similar_regions(read_edition(2023), "KZ-75", n=2).index]
    ['KZ-62', 'KZ-35']
    """
    checked_edition(edition)
    if region not in edition.regions:
        raise DataError(f"no region has the code '{region}'{near(region, edition.regions)}")
    if n < 1:
        raise ParameterError(f"n is {n}; it must be at least 1")
    table = characteristics(edition)
    if table.shape[1] < 2:
        known = ", ".join(table.columns) or "none"
        raise DataError(f"regions cannot be compared in {edition.year}: of their characteristics {known} is known")
    read = table.assign(**{name: np.log(table[name]) for name, log in CHARACTERISTICS.items() if log and name in table})
    scores = (read - read.mean()) / read.std()
    distance = np.sqrt(((scores - scores.loc[region]) ** 2).mean(axis=1, skipna=False))
    nearest = distance.drop(index=region).dropna().sort_values(kind="stable").head(n)
    result = table.reindex(nearest.index).rename_axis("region")
    result.insert(0, "distance", nearest)
    return result


def characteristics(edition: Edition) -> pd.DataFrame:
    """What regions are compared by: a row a region, a column a series, of the newest year that is nearly whole."""
    rows = edition.observations
    whole = (rows["sex"] == "") & (rows["area"] == "") & rows["region"].isin(edition.regions) & rows["scored"]
    columns = {}
    for series in CHARACTERISTICS:
        wide = rows[whole & (rows["indicator"] == series)].pivot(index="region", columns="year", values="value")
        wide = wide.reindex(edition.regions)
        years = [int(str(year)) for year in wide if wide[year].notna().mean() >= KNOWN]
        if years:
            columns[series] = wide[max(years)]
    return pd.DataFrame(columns, index=list(edition.regions))
