"""Sampling errors: standard errors and covariances of a survey, and what is known where no error could be estimated.

A value is drawn by the normal distribution, a share on the logit scale. Where the standard error is more than half of
the distance to a bound, these would move the mean; there a beta (of shares) or a gamma distribution (of rates and of
what is on a logarithmic scale) keeps mean and standard deviation. A share of nobody or of all has no standard error,
but the answers behind it say how large it may be: it is drawn from Jeffreys' posterior Beta(x + 1/2, n - x + 1/2).
Of the usual intervals of a share (Wilson, Clopper and Pearson, Jeffreys) this is the one that is a distribution to
draw from; its coverage is near the nominal one, and counts of events have the same prior [1]_.

.. [1] Brown, Cai and DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16, 101-133.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cwi.analysis.uncertainty.distinct_values import Perturbation, cell, shares
from cwi.analysis.uncertainty.quantiles import between, gamma_roots, normal
from cwi.errors import DataError
from cwi.methodology import Methodology

__all__ = ["sampling", "with_assumed_errors"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
COLUMNS = ("region", "year", "indicator", "other", "covariance")
NEAR = 0.5  # of the distance to the bound: a larger standard error needs a distribution that ends there
PER = "per "  # how the unit of a rate begins


def sampling(
    table: pd.DataFrame,
    methodology: Methodology,
    observations: pd.DataFrame | None = None,
    covariance: pd.DataFrame | None = None,
    overlap: float = 0.0,
) -> Perturbation:
    """The errors of values with a standard error, and of shares of nobody or of all with a number of answers.

    Parameters
    ----------
    table
        Of :class:`DistinctValues`.
    observations, covariance
        All observations, and the covariances of estimates of one survey, where there are any.
    overlap
        Correlation of the errors of one region and indicator in two rounds that follow each other.

    Raises
    ------
    DataError
        If a standard error or a covariance cannot be used, with the cell.
    """
    for row in table[(table["se"] < 0) | np.isinf(table["se"])].itertuples():
        raise DataError(f"{cell(row)} has a standard error of {row.se:g}; it must be a number not below zero")
    share, value = shares(table, methodology), table["value"].to_numpy(float)
    has = (table["se"] > 0).to_numpy()
    for row in table[share & has & ((value <= 0) | (value >= 100))].itertuples():
        raise DataError(
            f"{cell(row)} is {row.value:g}% with a standard error of {row.se:g}; a share at its bound has no standard "
            "error: leave it empty and give n, the number of answers, or give a share between 0 and 100"
        )
    extreme = share & ~has & np.isin(value, (0.0, 100.0)) & (table["n"] >= 1).to_numpy()
    own = table[has | extreme]
    share, value, extreme = share[has | extreme], value[has | extreme], extreme[has | extreme]
    se = np.where(extreme, 1.0, own["se"].to_numpy(float))  # in units of which the deviate of a posterior is
    inside = share & ~extreme
    slope = np.where(inside, 100.0 / np.where(inside, value * (100.0 - value), 1.0), 1.0)  # of the scale at the value
    mixing = _mixing(own, se, slope, covariance, observations)
    earlier = _earlier(own) if overlap > 0 else None
    (beta, logits), (gamma, roots, scale) = _beta(own, share, extreme), _gamma(own, share, methodology)
    if len(beta):
        from cwi.analysis.uncertainty.beta_quantiles import logits_at  # heavy: imported where it is used
    plain = inside.copy()
    plain[beta] = False

    def draw(values: Array, u: Array) -> Array:
        z = normal(u)
        for row, before in earlier or ():
            z[row] = overlap * z[before] + np.sqrt(1 - overlap**2) * z[row]
        step = mixing(z)
        result = values + step
        if plain.any():
            p, odds = values[plain], -step[plain]
            with np.errstate(over="ignore"):
                np.exp(odds, out=odds)
                odds *= 100.0 - p
                odds += p
                result[plain] = np.divide(100.0 * p, odds, out=odds)  # the logit of p moved by a step
        alone = step / (se * slope)[:, None] if len(beta) + len(gamma) else step
        if len(beta):
            result[beta] = 100.0 * special.expit(logits_at(logits, alone[beta]))
        if len(gamma):
            result[gamma] = scale[:, None] * between(roots, alone[gamma]) ** 3
        return np.asarray(result)

    return Perturbation(own.index.to_numpy(np.intp), draw, _unknown(table, own))


def _beta(own: pd.DataFrame, share: Flags, extreme: Flags) -> tuple[NDArray[np.intp], Array]:
    """The shares that are drawn by a beta distribution, and its quantiles as logits."""
    p, se = own["value"].to_numpy(float) / 100.0, own["se"].to_numpy(float) / 100.0
    wide = share & ~extreme & (se > NEAR * np.minimum(p, 1.0 - p))
    for row in own[wide & (se**2 >= p * (1.0 - p))].itertuples():
        most = (float(str(row.value)) * (100.0 - float(str(row.value)))) ** 0.5
        raise DataError(
            f"{cell(row)} is {row.value:g}% with a standard error of {row.se:g}; no share has that mean and so large "
            f"an error: it must be below {most:.3g}"
        )
    rows = np.flatnonzero(wide | extreme)
    if not len(rows):
        return rows, np.empty((0, 0))
    from cwi.analysis.uncertainty.beta_quantiles import beta_logits  # heavy: imported where it is used

    p, se, n = p[rows], np.where(extreme, 1.0, se)[rows], own["n"].to_numpy(float)[rows]
    size = p * (1.0 - p) / se**2 - 1.0
    a = np.where(extreme[rows], n * p + 0.5, p * size)
    b = np.where(extreme[rows], n * (1.0 - p) + 0.5, (1.0 - p) * size)
    return rows, beta_logits(a, b)


def _gamma(own: pd.DataFrame, share: Flags, methodology: Methodology) -> tuple[NDArray[np.intp], Array, Array]:
    """The rates and values on a logarithmic scale that are drawn by a gamma distribution, its quantiles and scale."""
    indicators = methodology.indicators.set_index("code")
    above_zero = indicators["unit"].astype(str).str.startswith(PER) | (indicators["scale"] == "log")
    value, se = own["value"].to_numpy(float), own["se"].to_numpy(float)
    bounded = own["indicator"].map(above_zero).to_numpy(bool) & ~share
    rows = np.flatnonzero(bounded & (value >= 0) & (se > NEAR * value))
    shape = np.where(value[rows] > 0, (value[rows] / se[rows]) ** 2, 0.5)  # of no event: Jeffreys' posterior
    return rows, gamma_roots(shape), se[rows] / np.sqrt(shape)


def _unknown(table: pd.DataFrame, own: pd.DataFrame) -> dict[int, str]:
    """The values of a survey without an error: of indicators that have one elsewhere."""
    rest = table[table["indicator"].isin(own["indicator"]) & ~table.index.isin(own.index)]
    return {int(row): "no standard error" if np.isnan(se) else "a standard error of 0"
            for row, se in zip(rest.index, rest["se"], strict=True)}  # fmt: skip


def with_assumed_errors(table: pd.DataFrame, of: Mapping[str, Any], methodology: Methodology) -> pd.DataFrame:
    """The values of some surveys with the standard error that a sample of the stated size would give.

    A share: sqrt(deff p (100 - p) / n), n of a region; the nation's sample is that of all regions together. Otherwise
    the coefficient of variation times the value. Values that have a standard error are left alone; a share of nobody
    or of all has the sample size over its design effect as the number of its answers.
    """
    own = table[table["indicator"].isin(list(of)) & ~(table["se"] > 0)]
    value = own["value"].to_numpy(float)
    regions = max(table.loc[table["region"] != methodology.nation, "region"].nunique(), 1)
    n = own["indicator"].map({code: float(row.get("n", np.nan)) for code, row in of.items()}).to_numpy(float)
    n = n * np.where(own["region"] == methodology.nation, regions, 1)
    deff = own["indicator"].map({code: float(row.get("deff", 1.0)) for code, row in of.items()}).to_numpy(float)
    cv = own["indicator"].map({code: float(row.get("cv", np.nan)) for code, row in of.items()}).to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        se = np.where(np.isnan(cv), np.sqrt(deff * value * (100.0 - value) / n), cv * np.abs(value))
        return own.assign(se=np.nan_to_num(se), n=n / deff)


def _earlier(own: pd.DataFrame) -> list[tuple[int, int]]:
    """For each observation that has one, the same of the region a survey round before."""
    place = {key: i for i, key in enumerate(zip(own["region"], own["indicator"], own["observed"], strict=True))}
    pairs = []
    for key, years in own.groupby(["region", "indicator"], sort=False)["observed"]:
        region, indicator = tuple(key)
        ordered = sorted(years)
        pairs += [(place[region, indicator, b], place[region, indicator, a]) for a, b in pairwise(ordered)]
    return sorted(pairs, key=lambda pair: own["observed"].iloc[pair[0]])


def _checked_covariances(covariance: pd.DataFrame, observations: pd.DataFrame) -> pd.DataFrame:
    """The covariances, each of two cells that are observed, and each once."""
    for name in COLUMNS:
        if name not in covariance:
            raise DataError(f"the covariances have no column '{name}'; they need {', '.join(COLUMNS)}")

    def of(row: Any) -> str:
        return f"the covariance of {row.indicator} and {row.other} in {row.region}, {row.year}"

    rows = covariance[list(COLUMNS)]
    for row in rows[rows["year"].map(lambda year: isinstance(year, str) or year != year or year % 1 != 0)].itertuples():
        raise DataError(f"{of(row)} has the year {row.year!r}; it must be a whole number")
    for row in rows[~np.isfinite(rows["covariance"].astype(float))].itertuples():
        raise DataError(f"{of(row)} is {row.covariance}; it must be a number")
    first, second = rows[["indicator", "other"]].min(axis=1), rows[["indicator", "other"]].max(axis=1)
    for row in rows[
        rows.assign(first=first, second=second).duplicated(["region", "year", "first", "second"])
    ].itertuples():
        raise DataError(f"{of(row)} is given twice; each pair has one row")
    known = pd.MultiIndex.from_frame(observations[["region", "year", "indicator"]])
    for code in ("indicator", "other"):
        cells = pd.MultiIndex.from_frame(rows[["region", "year", code]])
        for row in rows[~cells.isin(known)].itertuples():
            raise DataError(f"{of(row)} fits no cell: there is no {getattr(row, code)} in {row.region}, {row.year}")
    return rows


def _mixing(
    own: pd.DataFrame, se: Array, slope: Array, covariance: pd.DataFrame | None, observations: pd.DataFrame | None
) -> Callable[[Array], Array]:
    """Of independent normal deviates the errors on the scale of each value: (rows, draws) to (rows, draws)."""
    alone = (se * slope)[:, None]
    if covariance is None or covariance.empty or observations is None:
        return lambda z: z * alone
    lines = _checked_covariances(covariance, observations)
    keys = zip(own["region"], own["observed"], own["indicator"], strict=True)
    place: dict[tuple[Any, ...], int] = {key: i for i, key in enumerate(keys)}
    blocks = own.groupby(["region", "observed"], sort=False).indices
    size = max((len(rows) for rows in blocks.values()), default=0)
    order = np.full((len(blocks), size), -1, dtype=np.intp)
    at: dict[int, tuple[int, int]] = {}
    for block, rows in enumerate(blocks.values()):
        order[block, : len(rows)] = rows
        at |= {int(row): (block, i) for i, row in enumerate(rows)}
    sigma = np.zeros((len(blocks), size, size))
    for row, (block, i) in at.items():
        sigma[block, i, i] = (se[row] * slope[row]) ** 2
    for region, year, code, other, value in lines.itertuples(index=False, name=None):
        pair = [place.get((region, year, indicator), -1) for indicator in (code, other)]
        if min(pair) >= 0 and pair[0] != pair[1]:
            (block, i), (_, j) = at[pair[0]], at[pair[1]]
            sigma[block, i, j] = sigma[block, j, i] = float(value) * slope[pair[0]] * slope[pair[1]]
    factor = np.empty_like(sigma)
    for block, owner in enumerate(blocks):
        values, vectors = np.linalg.eigh(sigma[block])
        if values.min() < -1e-8 * max(values.max(), 1e-300):
            where = ", ".join(map(str, np.atleast_1d(np.asarray(owner, dtype=object))))
            raise DataError(
                f"the covariances of {where} contradict its standard errors: as a matrix they are not "
                "positive semidefinite; a correlation above 1 hides in them"
            )
        # the symmetric root: what is correlated with nothing keeps its own deviate
        factor[block] = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    filled = order >= 0

    def mix(z: Array) -> Array:
        padded = np.zeros((*order.shape, z.shape[-1]))
        padded[filled] = z[order[filled]]
        mixed = factor[:, :, 0, None] * padded[:, None, 0]
        for j in range(1, size):
            mixed += factor[:, :, j, None] * padded[:, None, j]
        result = np.empty_like(z)
        result[order[filled]] = mixed[filled]
        return result

    return mix
