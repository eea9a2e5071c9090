"""What an index rests on, year by year: how much is measured, of its own year, about children, and what decides it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cwi.edition import Edition
from cwi.errors import DataError
from cwi.index import Scores
from cwi.territory import PARENT_REGION

__all__ = ["LARGEST_SHARE", "measurement", "shares_of_variance"]

LARGEST_SHARE = 0.12  # of the variance of the index, the most that one indicator should have


def measurement(edition: Edition, about_children: Sequence[str], years: Sequence[int] | None = None) -> pd.DataFrame:
    """A row a year: what the index of the regions rests on under one methodology.

    Parameters
    ----------
    edition
        Its methodology and observations, also those after its year.
    about_children
        The indicators that are about children, such as :func:`cwi.inputs.selection.read_selection` names them.
    years
        The years; from the first base year to the last with observations of an indicator by default.

    Returns
    -------
    DataFrame
        index year; indicators and components (measured for more than half of the regions), own_year (share of the
        weight in force on figures of the year itself and of the region itself, mean of the regions), children (the
        same, on figures about children), variance (largest share of the variance of the index that one indicator has)
        and largest (which). The last four are missing where no region has an index.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.inputs.selection import read_selection
    >>> edition = read_edition(2023, "2026.1")
    >>> children = read_selection(edition.methodology).query("about_children").index
    >>> row = measurement(edition, children, [2023]).round(2).loc[2023]
    >>> int(row["indicators"]), float(row["own_year"]), float(row["children"]), row["largest"]
    (20, 0.34, 0.65, 'physicians')
    """
    rules = edition.methodology
    base = edition.base[edition.base["indicator"].isin(rules.indicators["code"])]
    if years is None:
        years = range(min(rules.base, default=int(base["year"].min())), int(base["year"].max()) + 1)
    light = replace(edition, base=base)
    rows = {year: _row(light.earlier(year).scores, year, set(about_children)) for year in years}
    columns = ["indicators", "components", "own_year", "children", "variance", "largest"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("year")


def _row(scores: Scores, year: int, about: set[str]) -> list[object]:
    rules = scores.methodology
    cells = scores.cells[(scores.cells["year"] == year) & (scores.cells["region"] != rules.nation)]
    measured = cells.groupby("indicator")["value"].apply(lambda values: values.notna().mean() > 0.5)
    components = scores.without_nation(scores.wide(year, rules.levels[0].name))
    counts: list[object] = [int(measured.sum()), int((components.notna().mean() > 0.5).sum())]
    weights = scores.without_nation(scores.weights_in_force(year))
    weights = weights[weights.sum(axis=1) > 0]
    if weights.empty:
        return [*counts, np.nan, np.nan, np.nan, ""]
    own = cells.assign(own=(cells["observed"] == cells["year"]).fillna(False) & (cells["status"] != PARENT_REGION))
    own_year = own.pivot(index="region", columns="indicator", values="own").loc[weights.index, weights.columns]
    shares = shares_of_variance(scores, year)
    return [
        *counts,
        float((weights * own_year.astype(float)).sum(axis=1).mean()),
        float(weights[[code for code in weights if code in about]].sum(axis=1).mean()),
        float(shares.max()),
        str(shares.idxmax()),
    ]


def shares_of_variance(scores: Scores, year: int) -> pd.Series:
    """Share of the variance of the index between regions that each indicator has: a covariance decomposition.

    cov(w y, I) / var(I) with the weights in force w in each region and the scores y. The shares sum to one for
    arithmetic means; a share below zero is that of an indicator that moves against the index.

    Raises
    ------
    DataError
        If fewer than two regions have an index, or all have the same.

    Examples
    --------
    >>> from cwi import read_edition
    >>> shares = shares_of_variance(read_edition(2023).scores, 2023)
    >>> shares.idxmax(), round(float(shares.max()), 3), round(float(shares.sum()), 9)
    ('physicians', 0.287, 1.0)
    """
    weights = scores.without_nation(scores.weights_in_force(year))
    weights = weights[weights.sum(axis=1) > 0]
    cells = scores.cells[scores.cells["year"] == year]
    own = cells.pivot(index="region", columns="indicator", values="score").loc[weights.index, weights.columns]
    parts = weights * own.fillna(0.0)
    index = scores.of(scores.methodology.top.code)[year].reindex(weights.index)
    centred = index - index.mean()
    total = float((centred**2).sum())
    if len(index) < 2 or total == 0:
        raise DataError(f"{len(index)} regions have an index of {year} that differs; shares of variance need two")
    return (parts.sub(parts.mean()).mul(centred, axis=0)).sum() / total
