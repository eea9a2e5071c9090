"""Values perturbed within their errors: sampling error of a survey, rounding, and counts of rare events.

Every perturbation is a function of uniform numbers from 0 to 1, one for each value, so that a draw is a point of the
unit cube and can be recomputed alone. At 1/2 nothing is changed, except that counts go to their median.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from cwi.errors import DataError
from cwi.methodology import Methodology
from cwi.panel import IMPUTED, Panel
from cwi.territory import PARENT_REGION

__all__ = ["DistinctValues", "Perturbation", "distinct_values", "perturbation"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
SHARE = "%"
TINY = 2.0**-53
GRID = np.linspace(-8.5, 8.5, 545)  # normal deviates at which quantiles of a gamma distribution are kept


@dataclass(frozen=True, eq=False)
class DistinctValues:
    """The values behind the cells of some panels, each once however often it is carried or taken from a parent region.

    ``table``: region, indicator, observed (year), value, se, status; of regions that share the figure of their parent
    region only the first, ``regions`` holding them all.
    ``places``: for each panel (n, k), the row of ``table`` behind a cell, -1 where there is none.
    """

    table: pd.DataFrame
    places: tuple[Places, ...]


@dataclass(frozen=True, eq=False)
class Perturbation:
    """What one factor does: the values at ``rows`` become ``draw(values, u)``, both arguments (rows, draws)."""

    rows: Places
    draw: Callable[[Array, Array], Array]


def distinct_values(panels: Sequence[Panel]) -> DistinctValues:
    """The values that the cells of the panels are made of."""
    parts = []
    for number, panel in enumerate(panels):
        cells = panel.cells.reset_index(names="cell").assign(panel=number)
        parts.append(cells[cells["value"].notna() & (cells["status"] != IMPUTED)])
    rows = pd.concat(parts, ignore_index=True)
    shared = rows["status"] == PARENT_REGION
    figures = rows.loc[shared, ["value", "se", "n", "source"]]  # by which a parent region is known
    rows["owner"] = rows["region"]
    rows.loc[shared, "owner"] = [f"the parent region of {figure}" for figure in figures.itertuples(index=False)]
    row = rows.groupby(["owner", "indicator", "observed"], sort=True).ngroup()
    table = rows.assign(row=row).drop_duplicates("row").sort_values("row").reset_index(drop=True)
    regions = rows.groupby(row)["region"].unique().map(tuple)
    places = []
    for number, panel in enumerate(panels):
        place = np.full(len(panel.cells), -1, dtype=np.intp)
        own = rows["panel"] == number
        place[rows.loc[own, "cell"].to_numpy()] = row[own].to_numpy()
        places.append(place.reshape(panel.x.shape))
    columns = ["region", "indicator", "observed", "value", "se", "status"]
    return DistinctValues(table[columns].assign(regions=regions.to_numpy()), tuple(places))


def perturbation(
    settings: Mapping[str, Any],
    values: DistinctValues,
    methodology: Methodology,
    observations: pd.DataFrame,
    covariance: pd.DataFrame | None,
) -> Perturbation:
    """The perturbation that a factor of values asks for.

    Raises
    ------
    DataError
        If a standard error, a covariance or a count cannot be used, with the cell.
    """
    if settings["error"] == "sampling":
        return _sampling(values.table, methodology, covariance, settings["overlap"])
    if settings["error"] == "assumed":
        return _sampling(_with_assumed_errors(values.table, settings["of"], methodology), methodology, None, 0.0)
    if settings["error"] == "rounding":
        return _rounding(values.table, methodology, observations)
    return _counts(values.table, observations, settings["of"], settings["distribution"])


def _cell(row: Any) -> str:
    return f"{row.indicator} in {row.region}, {row.observed}"


def _sampling(
    table: pd.DataFrame, methodology: Methodology, covariance: pd.DataFrame | None, overlap: float
) -> Perturbation:
    """Normal errors, those of shares on the logit scale, with the covariances of one survey."""
    for row in table[(table["se"] < 0) | np.isinf(table["se"])].itertuples():
        raise DataError(f"{_cell(row)} has a standard error of {row.se:g}; it must be a number not below zero")
    own = table[table["se"] > 0]
    share = _shares(own, methodology)
    value, se = own["value"].to_numpy(float), own["se"].to_numpy(float)
    for row in own[share & ((value <= 0) | (value >= 100))].itertuples():
        raise DataError(
            f"{_cell(row)} is {row.value:g}% with a standard error of {row.se:g}; a share at its bound has no error "
            "on the logit scale: give 0, or a share between 0 and 100"
        )
    slope = np.where(share, 100.0 / np.where(share, value * (100.0 - value), 1.0), 1.0)  # of the scale at the value
    mixing = _mixing(own, se, slope, covariance)
    earlier = _earlier(own) if overlap > 0 else None

    def draw(values: Array, u: Array) -> Array:
        z = _normal(u)
        if earlier is not None:
            for row, before in earlier:
                z[row] = overlap * z[before] + np.sqrt(1 - overlap**2) * z[row]
        step = mixing(z)
        result = values + step
        if share.any():
            p = values[share]
            with np.errstate(over="ignore"):
                result[share] = 100.0 * p / (p + (100.0 - p) * np.exp(-step[share]))  # the logit of p moved by a step
        return np.asarray(result)

    return Perturbation(own.index.to_numpy(np.intp), draw)


def _with_assumed_errors(table: pd.DataFrame, of: Mapping[str, Any], methodology: Methodology) -> pd.DataFrame:
    """The values of some surveys with the standard error that a sample of the stated size would give.

    A share: sqrt(deff p (100 - p) / n), n of a region; the nation's sample is that of all regions together. Otherwise
    the coefficient of variation times the value. Values that have a standard error, and shares at their bound, are
    left alone.
    """
    own = table[table["indicator"].isin(list(of)) & ~(table["se"] > 0)]
    value = own["value"].to_numpy(float)
    regions = max(table.loc[table["region"] != methodology.nation, "region"].nunique(), 1)
    n = own["indicator"].map({code: float(row.get("n", np.nan)) for code, row in of.items()}).to_numpy(float)
    n = n * np.where(own["region"] == methodology.nation, regions, 1)
    deff = own["indicator"].map({code: float(row.get("deff", 1.0)) for code, row in of.items()}).to_numpy(float)
    cv = own["indicator"].map({code: float(row.get("cv", np.nan)) for code, row in of.items()}).to_numpy(float)
    with np.errstate(invalid="ignore"):
        se = np.where(np.isnan(cv), np.sqrt(deff * value * (100.0 - value) / n), cv * np.abs(value))
    return own.assign(se=np.nan_to_num(se))


def _shares(rows: pd.DataFrame, methodology: Methodology) -> NDArray[np.bool_]:
    """Which observations are shares of a hundred."""
    unit = methodology.indicators.set_index("code")["unit"]
    return np.asarray(rows["indicator"].map(unit) == SHARE)


def _normal(u: Array) -> Array:
    """Normal deviates of uniform numbers; the ends of the interval are held at 8 standard deviations."""
    return np.asarray(special.ndtri(np.clip(u, TINY, 1.0 - TINY)))


def _earlier(own: pd.DataFrame) -> list[tuple[int, int]]:
    """For each observation that has one, the same of the region a survey round before."""
    place = {key: i for i, key in enumerate(zip(own["region"], own["indicator"], own["observed"], strict=True))}
    pairs = []
    for key, years in own.groupby(["region", "indicator"], sort=False)["observed"]:
        region, indicator = tuple(key)
        ordered = sorted(years)
        pairs += [(place[region, indicator, b], place[region, indicator, a]) for a, b in pairwise(ordered)]
    return sorted(pairs, key=lambda pair: own["observed"].iloc[pair[0]])


def _mixing(own: pd.DataFrame, se: Array, slope: Array, covariance: pd.DataFrame | None) -> Callable[[Array], Array]:
    """Of independent normal deviates the errors on the scale of each value: (rows, draws) to (rows, draws)."""
    alone = (se * slope)[:, None]
    if covariance is None or covariance.empty:
        return lambda z: z * alone
    columns = ("region", "year", "indicator", "other", "covariance")
    for name in columns:
        if name not in covariance:
            raise DataError(f"the covariances have no column '{name}'; they need {', '.join(columns)}")
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
    lines = covariance[list(columns)].itertuples(index=False, name=None)
    for region, year, code, other, value in lines:
        pair = [place.get((region, year, indicator), -1) for indicator in (code, other)]
        if not np.isfinite(float(value)):
            raise DataError(f"the covariance of {code} and {other} in {region}, {year} is {value}; it must be a number")
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


def _rounding(table: pd.DataFrame, methodology: Methodology, observations: pd.DataFrame) -> Perturbation:
    """Uniform within half a unit of the last digit that a series is published with; derived figures are not rounded.

    A share stays a share: it is held at 0 and at 100.
    """
    published = observations[observations["indicator"].isin(table["indicator"]) & observations["value"].notna()]
    if "status" in published:
        published = published[published["status"] != "derived"]
    digits = published.groupby("indicator")["value"].agg(lambda values: max(map(_decimals, values)))
    own = table[table["indicator"].isin(digits.index) & (table["status"] != "derived")]
    half = 0.5 * 10.0 ** -own["indicator"].map(digits).to_numpy(float)[:, None]
    share = _shares(own, methodology)

    def draw(values: Array, u: Array) -> Array:
        result = values + half * (2.0 * u - 1.0)
        result[share] = np.clip(result[share], 0.0, 100.0)
        return result

    return Perturbation(own.index.to_numpy(np.intp), draw)


def _decimals(value: float) -> int:
    """Digits after the point.

    >>> [_decimals(value) for value in (12.0, 0.25, 1e-07, 3e20)]
    [0, 2, 7, 0]
    """
    text = np.format_float_positional(value, trim="-")
    return len(text.partition(".")[2])


def _counts(table: pd.DataFrame, observations: pd.DataFrame, of: Mapping[str, Any], distribution: str) -> Perturbation:
    """Rates of rare events: the count behind a rate is Poisson, or its mean has the posterior Gamma(events + 1/2) [1]_.

    .. [1] With Jeffreys' prior for a Poisson mean; Brown, Cai and DasGupta (2003), Statistica Sinica 13, 19-49.
    """
    own = table[table["indicator"].isin(list(of))]
    per = own["indicator"].map({code: table_["per"] for code, table_ in of.items()}).to_numpy(float)
    exposure = np.array([_exposure(row, of[str(row.indicator)]["exposure"], observations) for row in own.itertuples()])
    events = (own["value"].to_numpy(float) * exposure / per)[:, None]
    for row in own[own["value"] < 0].itertuples():
        raise DataError(f"{_cell(row)} is {row.value:g}; a rate of events cannot be below zero")
    scale = (per / exposure)[:, None]
    if distribution == "poisson":
        return Perturbation(
            own.index.to_numpy(np.intp),
            lambda _, u: np.asarray(stats.poisson.ppf(np.clip(u, TINY, 1.0 - TINY), events) * scale),
        )
    roots = np.cbrt(special.gammaincinv(events + 0.5, special.ndtr(GRID)))  # nearly a straight line of the deviate

    def draw(_: Array, u: Array) -> Array:
        return np.asarray(_between(roots, _normal(u)) ** 3 * scale)

    return Perturbation(own.index.to_numpy(np.intp), draw)


def _between(heights: Array, z: Array) -> Array:
    """(rows, draws) values between the nodes of GRID, by the cubic through the four nearest."""
    place = (z - GRID[0]) / (GRID[1] - GRID[0])
    node = place.astype(np.intp)
    t = place - node
    result = np.zeros_like(z)
    for step, weight in (
        (-1, t * (t - 1) * (2 - t) / 6),
        (0, (t + 1) * (t - 1) * (t - 2) / 2),
        (1, (t + 1) * t * (2 - t) / 2),
        (2, (t + 1) * t * (t - 1) / 6),
    ):
        result += weight * np.take_along_axis(heights, node + step, axis=1)
    return result


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
            raise DataError(f"{_cell(row)} is a rate of events, but the series '{series}' has no value for {region}")
        nearest = (own["year"] - int(row.observed)).abs().idxmin()
        total += float(own.at[nearest, "value"])
    if total <= 0:
        raise DataError(f"{_cell(row)}: its exposure '{series}' is {total:g}; it must be above zero")
    return total
