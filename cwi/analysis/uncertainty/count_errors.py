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
    exposure = np.array([_exposure(row, of[str(row.indicator)]["exposure"], observations) for row in own.itertuples()])
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


def _exposure(row: Any, series: str, observations: pd.DataFrame) -> float:
    """Those at risk behind an observation: of its regions together, in its year or the nearest that is known."""
    rows = observations[(observations["indicator"] == series) & observations["value"].notna()]
    for column in ("sex", "area"):
        if column in rows:
            rows = rows[rows[column].fillna("") == ""]
    total = 0.0
    for region in row.regions:
        own = rows[rows["region"] == region]
        if own.empty:
            raise DataError(f"{cell(row)} is a rate of events, but the series '{series}' has no value for {region}")
        nearest = (own["year"] - int(row.observed)).abs().idxmin()
        total += float(own.at[nearest, "value"])
    if total <= 0:
        raise DataError(f"{cell(row)}: its exposure '{series}' is {total:g}; it must be above zero")
    return total
