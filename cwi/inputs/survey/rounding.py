"""Estimates rounded for publication, so that whole numbers of people give back nothing that was hidden.

Exact shares and whole numbers of answers are together one equation in whole numbers, which often has one solution
only. A share is therefore rounded to at least the weight of one respondent, its error to half of that, and the number
of answers to a base. Everything else that is printed is computed from the rounded figures alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from cwi.inputs.survey.records import Limits
from cwi.methods.survey import proportion_interval

__all__ = [
    "least_counts",
    "represented",
    "rounded",
    "rounded_counts",
    "rounded_covariance",
    "rounded_df",
    "rounded_response",
    "steps",
]

Array = NDArray[np.float64]
FINEST = 0.1  # points
KEY = ["region", "indicator"]


def steps(heaviest: ArrayLike, weight: ArrayLike) -> Array:
    """The points to which a share is rounded: 1, 2 or 5 times a power of ten, at least what one respondent makes.

    Examples
    --------
    >>> steps([1.0, 1.0, 2.0], [30.0, 800.0, 30_000.0]).tolist()
    [5.0, 0.2, 0.1]
    """
    least = np.maximum(100 * np.asarray(heaviest, float) / np.asarray(weight, float), FINEST)
    power = 10.0 ** np.floor(np.log10(least) + 1e-9)
    lead = least / power
    return np.asarray(np.round(np.select([lead <= 1 + 1e-9, lead <= 2, lead <= 5], [1.0, 2.0, 5.0], 10.0) * power, 6))


def rounded_counts(n: ArrayLike, limits: Limits) -> Array:
    """Numbers of answers to the base of the limits, halves upwards.

    Examples
    --------
    >>> rounded_counts([25, 34, 812], Limits(25, 50, 5, 10.0)).tolist()
    [30.0, 30.0, 810.0]
    """
    return np.asarray(np.floor(np.asarray(n, float) / limits.base + 0.5) * limits.base)


def least_counts(n: ArrayLike, limits: Limits) -> Array:
    """The smallest number that is rounded as each of these is.

    What is decided by it, and not by the exact number, tells no more than the printed number.

    Examples
    --------
    >>> least_counts([25, 34, 45, 54], Limits(25, 50, 5, 10.0)).tolist()
    [25.0, 25.0, 45.0, 45.0]
    """
    return np.maximum(rounded_counts(n, limits) - limits.base // 2, 0)


def represented(answers: pd.DataFrame, limits: Limits) -> pd.Series:
    """How many persons the answers of each region represent: their mean weight times the rounded number of answers.

    The plain sum of the weights gives the number of answers back where the weights within a region are equal and known.

    Parameters
    ----------
    answers
        A row a respondent: region, weight.

    Returns
    -------
    Series
        Persons to three digits; index region.

    Examples
    --------
    >>> answers = pd.DataFrame({"region": "KZ-19", "weight": [150.7] * 38})
    >>> represented(answers, Limits(25, 50, 5, 10.0)).tolist()
    [6030.0]
    """
    groups = answers.groupby("region")["weight"]
    persons = groups.mean() * rounded_counts(groups.size(), limits)
    return persons.map(lambda value: float(f"{value:.3g}")).rename("children")


def rounded_df(df: ArrayLike, psus: ArrayLike, limits: Limits) -> Array:
    """Degrees of freedom with the fewest clusters that are rounded as these are; intervals become a little wider.

    There are at least as many answers as clusters, so that an exact number of many clusters would narrow a number of
    answers. Fewer clusters than the fewest answers that are published tell nothing of it, and are left exact.

    Examples
    --------
    >>> rounded_df([22.0, 38.0], [24, 40], Limits(25, 50, 5, 10.0)).tolist()
    [22.0, 33.0]
    """
    clusters = np.asarray(psus, float)
    fewest = np.where(clusters < limits.suppress_below, clusters, least_counts(clusters, limits))
    exact = np.asarray(df, float)
    return np.where(exact > 0, np.maximum(exact - (clusters - fewest), 1), exact)


def rounded(table: pd.DataFrame, counts: pd.DataFrame, *, nation: str, limits: Limits, level: float) -> pd.DataFrame:
    """The published rows rounded.

    Parameters
    ----------
    table
        region, area, sex, indicator, value and se (per cent), df, kish, psus, weight, heaviest (the largest weight
        of one respondent).
    counts
        region, indicator, n of all regions, hidden ones too: the nation has the sum of their rounded numbers, so
        that it tells nothing more of them. Parts of regions have no number; the nation has no number of clusters.
    nation
        The code of the whole country.
    limits
        With a base of 1 nothing is rounded.
    level
        Of the intervals, between 0 and 1.

    Returns
    -------
    DataFrame
        With ``step``, the points to which value is rounded. An error above 0 is rounded to half steps, at least one,
        and its share is at least half a step and at most 100 less half a step, so that it can have an error.
    """
    step = steps(table["heaviest"], table["weight"])
    if limits.base == 1:
        return table.assign(step=0.0)
    value = np.clip(np.round(np.round(table["value"].to_numpy(float) / step) * step, 6), 0, 100)
    se = table["se"].to_numpy(float)
    se = np.where(se > 0, np.round(np.maximum(np.round(se / step * 2), 1) * step / 2, 6), se)
    value = np.where(se > 0, np.clip(value, step / 2, 100 - step / 2), value)
    summed = counts[counts["region"] != nation].groupby("indicator")["n"].agg(lambda n: rounded_counts(n, limits).sum())
    of_nation = (table["region"] == nation).to_numpy()
    n = np.where(of_nation, table["indicator"].map(summed), rounded_counts(table["n"], limits))
    psus = rounded_counts(table["psus"], limits)
    columns = {
        "value": value,
        "se": se,
        "kish": np.maximum(np.round(table["kish"].to_numpy(float), 1), 1.0),
        "n": n,
        "psus": np.where(of_nation | (psus == 0), np.nan, psus),
    }
    columns["df"] = rounded_df(table["df"], table["psus"], limits)
    columns |= _quality(columns, columns["df"], level)
    hidden = table["value"].isna()
    totals = (table["area"] == "") & (table["sex"] == "")
    kept = {name: pd.Series(column, table.index, dtype=float).mask(hidden) for name, column in columns.items()}
    kept |= {name: kept[name].where(totals) for name in ("n", "psus", "deff", "kish")}
    return table.assign(**kept, step=pd.Series(step, table.index).mask(hidden))


def _quality(columns: dict[str, Array], df: Array, level: float) -> dict[str, Array]:
    """Interval, coefficient of variation and design effect of rounded figures."""
    value, se, n = columns["value"], columns["se"], columns["n"]
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_interval(value / 100, se / 100, n, columns["kish"], df, level)
        deff = np.where(se > 0, n * se**2 / (value * (100 - value)), np.nan)
        cv = 100 * se / value
    return {"low": 100 * low, "high": 100 * high, "cv": cv, "deff": deff}


def rounded_covariance(covariance: pd.DataFrame, exact: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Covariances of rounded errors: correlations to two digits, drawn together where they are no longer possible.

    Parameters
    ----------
    covariance
        region, indicator, other, covariance: a row a pair of totals.
    exact, table
        region, indicator, se of the totals, before and after they were rounded.
    """
    before, after = (rows.set_index(KEY)["se"] for rows in (exact, table))
    parts = []
    for region, rows in covariance.groupby("region", sort=False):
        codes = list(dict.fromkeys([*rows["indicator"], *rows["other"]]))
        i, j = (pd.Index(codes).get_indexer(rows[name]) for name in ("indicator", "other"))
        errors, printed = (
            se.reindex(pd.MultiIndex.from_product([[region], codes])).to_numpy(float) for se in (before, after)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            r = rows["covariance"].to_numpy(float) / (errors[i] * errors[j])
        r = np.clip(np.round(np.nan_to_num(r, posinf=0.0, neginf=0.0), 2), -1, 1)
        matrix = np.eye(len(codes))
        matrix[i, j] = matrix[j, i] = r
        lowest = float(np.linalg.eigvalsh(matrix)[0])
        r = r / (1 - min(lowest - 1e-9, 0.0))
        parts.append(rows.assign(covariance=r * printed[i] * printed[j]))
    return pd.concat(parts, ignore_index=True) if parts else covariance


def rounded_response(table: pd.DataFrame, nation: str, limits: Limits) -> pd.DataFrame:
    """Who was asked and who answered in whole regions, to the base; the nation is their sum, areas are left out."""
    if limits.base == 1:
        return table
    totals = table[table["area"] == ""].copy()
    for name in ("invited", "answered"):
        totals[name] = rounded_counts(totals[name], limits)
        sums = totals[totals["region"] != nation].groupby("respondent")[name].sum(min_count=1)
        totals[name] = totals[name].mask(totals["region"] == nation, totals["respondent"].map(sums))
    rate = (100 * totals["answered"] / totals["invited"]).clip(upper=100)
    return totals.assign(rate=rate).reset_index(drop=True)
