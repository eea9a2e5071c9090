"""Errors of rates of rare events: the count behind a rate is Poisson, or its mean has a gamma distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cwi.analysis.uncertainty.distinct_values import Perturbation, cell
from cwi.analysis.uncertainty.quantiles import TINY, between, gamma_roots, normal
from cwi.errors import DataError

__all__ = ["counts"]

Array = NDArray[np.float64]


def counts(table: pd.DataFrame, observations: pd.DataFrame, of: Mapping[str, Any], distribution: str) -> Perturbation:
    """Rates of rare events: the count behind a rate is Poisson, or its mean has the posterior Gamma(events + 1/2) [1]_.

    .. [1] With Jeffreys' prior for a Poisson mean; Brown, Cai and DasGupta (2003), Statistica Sinica 13, 19-49.
    """
    own = table[table["indicator"].isin(list(of))]
    per = own["indicator"].map({code: table_["per"] for code, table_ in of.items()}).to_numpy(float)
    series = {code: str(table_["exposure"]) for code, table_ in of.items()}
    totals = {name: _totals(name, observations) for name in set(series.values())}
    names = own["indicator"].map(series)
    exposure = np.array(
        [_exposure(row, name, totals[name]) for row, name in zip(own.itertuples(), names, strict=True)], float
    )
    events = own["value"].to_numpy(float) * exposure / per
    for row in own[own["value"] < 0].itertuples():
        raise DataError(f"{cell(row)} is {row.value:g}; a rate of events cannot be below zero")
    scale = (per / exposure)[:, None]
    if distribution == "poisson":
        return Perturbation(
            own.index.to_numpy(np.intp),
            lambda _, u: np.asarray(stats.poisson.ppf(np.clip(u, TINY, 1.0 - TINY), events[:, None]) * scale),
        )
    roots = gamma_roots(events + 0.5)
    return Perturbation(own.index.to_numpy(np.intp), lambda _, u: np.asarray(between(roots, normal(u)) ** 3 * scale))


def _totals(series: str, observations: pd.DataFrame) -> dict[str, tuple[NDArray[np.int_], Array]]:
    """Years and values of a series, of all persons, by region."""
    rows = observations[(observations["indicator"] == series) & observations["value"].notna()]
    for column in ("sex", "area"):
        if column in rows:
            rows = rows[rows[column].fillna("") == ""]
    return {
        str(region): (own["year"].to_numpy(int), own["value"].to_numpy(float))
        for region, own in rows.groupby("region", observed=True)
    }


def _exposure(row: Any, series: str, totals: Mapping[str, tuple[NDArray[np.int_], Array]]) -> float:
    """Those at risk behind an observation: of its regions together, in its year or the nearest that is known."""
    total = 0.0
    for region in row.regions:
        if region not in totals:
            raise DataError(f"{cell(row)} is a rate of events, but the series '{series}' has no value for {region}")
        years, values = totals[region]
        total += float(values[np.abs(years - int(row.observed)).argmin()])
    if total <= 0:
        raise DataError(f"{cell(row)}: its exposure '{series}' is {total:g}; it must be above zero")
    return total
