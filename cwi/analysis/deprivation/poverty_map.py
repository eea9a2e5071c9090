"""The poverty map: regions by urban and rural, direct estimates beside those of a model of areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from cwi.edition import Edition
from cwi.errors import DataError, near
from cwi.methods.small_area import (
    AreaShares,
    Diagnostics,
    arcsine_shares,
    benchmark,
    bootstrap_mse,
    diagnose,
    logit_shares,
)
from cwi.rules import check_generator

__all__ = ["AREA_COVARIATES", "PovertyMap", "poverty_map"]

AREA_COVARIATES = ("poverty", "internet_use")
MOST = 3  # covariates of twenty regions
UNRELIABLE, CAUTION = 33.3, 16.6  # coefficient of variation, per cent
SCALES = ("arcsine", "logit")


@dataclass(frozen=True, eq=False)
class PovertyMap:
    """``table``: region, area, n, direct, direct_se, estimate (model, benchmarked), low, high, rmse, rmse_bootstrap (by
    parametric bootstrap, where it was asked for), cv, gamma, shift, flag (empty, "caution", "unreliable", "no sample").
    ``coefficients``: of the regression of areas on the covariates, on the scale of the model: coef, se, low, high
    (95 %), p. ``explained``, ``normality``: of the model; ``factor``: of the
    benchmark; ``covariates``: used."""

    table: pd.DataFrame
    explained: float
    normality: float
    factor: float
    covariates: tuple[str, ...]
    method: str
    coefficients: pd.DataFrame


def poverty_map(
    estimates: pd.DataFrame,
    edition: Edition,
    *,
    measure: str = "H",
    covariates: Sequence[str] = AREA_COVARIATES,
    population: pd.Series | None = None,
    method: str = "reml",
    scale: str = "arcsine",
    nation: str = "KZ",
    rng: np.random.Generator | None = None,
    draws: int = 200,
) -> PovertyMap:
    """Shares of deprived children by region and area, by the model of Fay and Herriot on transformed shares.

    The effective sample size is smoothed: the number of children over the median design effect of areas, since the
    design effect of one small area is itself a guess. Areas without a sample are predicted by covariates. The areas
    are brought by ratio to the direct national share, and the shift of each is printed.

    Parameters
    ----------
    estimates
        Of :func:`cwi.analysis.deprivation.profile`.
    edition
        Whose published series are the covariates, of the area where there is such a figure, else of the region.
    measure
        H or M0.
    covariates
        At most three series of the edition; the area is one more.
    population
        Children by (region, area); by default equal within a region.
    method, scale
        Of :func:`cwi.methods.small_area.fay_herriot`; "arcsine" or "logit". Where the variance of areas is estimated
        as 0, the adjusted method is used, and the result names it.
    rng, draws
        Of :func:`cwi.methods.small_area.bootstrap_mse`; without a generator there is no bootstrap.

    Raises
    ------
    DataError
        If a series is unknown or not known for all regions, there are more than three, no area has a direct estimate,
        or all have the share 0 or 1.
    """
    if scale not in SCALES:
        raise DataError(f"the scale is '{scale}'{near(scale, SCALES)}")
    if len(covariates) > MOST:
        raise DataError(f"there are {len(covariates)} covariates; areas this few bear {MOST} at most")
    rows = estimates[(estimates["measure"] == measure) & (estimates["group"] == "")]
    whole = rows[(rows["region"] == nation) & (rows["area"] == "")]
    direct = rows[(rows["area"] != "") & (rows["region"] != nation)].set_index(["region", "area"])
    areas = _areas(edition, direct)
    table = direct.reindex(areas)
    X, used = _covariates(edition, areas, covariates)
    p = table["estimate"].to_numpy(float)
    if np.isnan(p).all():
        raise DataError("no area has a direct estimate that may be printed; a model of areas has nothing to rest on")
    if not ((p > 0) & (p < 1)).any():
        raise DataError("every area has the share 0 or 1; a model of areas needs shares that differ")
    deff = float(np.nanmedian(table["deff"].clip(lower=1.0)))
    n_effective = np.where(np.isnan(p), np.nan, table["n"].to_numpy(float) / deff)
    model = _model(p, n_effective, X, method, scale)
    if model.model.A == 0:  # covariates alone would make every area, whatever was seen there
        method = "adjusted"
        model = _model(p, n_effective, X, method, scale)
    checks = diagnose(model.z, X, model.D, model.model)
    error = np.full(len(table), np.nan)
    if rng is not None:
        check_generator(rng)
        error = np.sqrt(_redrawn(model, X, method, scale, rng, draws))
    return _result(table, model, checks, whole, population, used, method, error)


def _redrawn(
    model: AreaShares, X: np.ndarray, method: str, scale: str, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """The mean squared errors of the shares of areas by parametric bootstrap."""

    def back(z: np.ndarray) -> np.ndarray:
        return np.asarray(np.sin(np.clip(z, 0, np.pi / 2)) ** 2 if scale == "arcsine" else special.expit(z))

    def estimate(z: np.ndarray) -> np.ndarray:
        p = back(z)
        if scale == "arcsine":
            return arcsine_shares(p, 1 / (4 * model.D), X, method=method).estimate
        return logit_shares(p, model.D * (p * (1 - p)) ** 2, X, method=method).estimate

    return bootstrap_mse(model.model, X, model.D, rng=rng, draws=draws, estimate=estimate, back=back)


def _coefficients(model: AreaShares, used: tuple[str, ...]) -> pd.DataFrame:
    """The regression of areas on covariates."""
    beta, se = model.model.beta, np.sqrt(np.diag(model.model.beta_cov))
    df = int(model.model.sampled.sum()) - len(beta)
    t = stats.t.ppf(0.975, df)
    return pd.DataFrame(
        {
            "coef": beta,
            "se": se,
            "low": beta - t * se,
            "high": beta + t * se,
            "p": 2 * stats.t.sf(np.abs(beta / se), df),
        },
        index=pd.Index(["constant", *used], name="term"),
    )


def _model(p: np.ndarray, n_effective: np.ndarray, X: np.ndarray, method: str, scale: str) -> AreaShares:
    """The fitted model on one of the two scales."""
    if scale == "arcsine":
        return arcsine_shares(p, n_effective, X, method=method)
    return logit_shares(p, np.maximum(p * (1 - p), 0.01) / n_effective, X, method=method)


def _areas(edition: Edition, direct: pd.DataFrame) -> pd.MultiIndex:
    """Every region by urban and rural; a city has no rural part unless children were sampled there."""
    kinds = edition.territory.regions["kind"]
    pairs = [
        (region, area)
        for region in edition.regions
        for area in ("R", "U")
        if not (area == "R" and kinds[region] == "city" and (region, area) not in direct.index)
    ]
    return pd.MultiIndex.from_tuples(pairs, names=["region", "area"])


def _covariates(edition: Edition, areas: pd.MultiIndex, series: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Ones, rural, and the latest published figure of each series, standardised."""
    rural = (areas.get_level_values("area") == "R").astype(float)
    columns = [np.ones(len(areas)), rural]
    table = edition.observations
    known = sorted(table["indicator"].unique())
    for name in series:
        if name not in known:
            raise DataError(f"the edition has no series '{name}'{near(name, known)}")
        rows = table[(table["indicator"] == name) & table["value"].notna() & (table["sex"] == "")].sort_values("year")
        value = rows.groupby(["region", "area"])["value"].last()
        found = [
            next((float(value[key]) for key in ((region, area), (region, "")) if key in value.index), np.nan)
            for region, area in areas
        ]
        figures = np.array(found)
        if np.isnan(figures).any():
            region, area = areas[int(np.argmax(np.isnan(figures)))]
            raise DataError(f"{name} is not known for {region} ({area}); a covariate must be known for every area")
        columns.append((figures - figures.mean()) / figures.std())
    return np.column_stack(columns), ("rural", *series)


def _result(
    table: pd.DataFrame,
    model: AreaShares,
    checks: Diagnostics,
    whole: pd.DataFrame,
    population: pd.Series | None,
    used: tuple[str, ...],
    method: str,
    error: np.ndarray,
) -> PovertyMap:
    shares = pd.Series(1.0, table.index) if population is None else population.reindex(table.index).fillna(0.0)
    moved = benchmark(model.estimate, shares, float(whole["estimate"].iloc[0]))
    rmse = np.sqrt(model.mse) * moved.factor
    with np.errstate(divide="ignore", invalid="ignore"):
        cv = 100 * rmse / moved.estimate
    sampled = model.model.sampled
    flag = np.select([~sampled, cv > UNRELIABLE, cv > CAUTION], ["no sample", "unreliable", "caution"], "")
    result = pd.DataFrame(
        {
            "n": table["n"].to_numpy(float),
            "direct": table["estimate"].to_numpy(float),
            "direct_se": table["se"].to_numpy(float),
            "estimate": moved.estimate,
            "low": np.clip(model.low * moved.factor, 0, 1),
            "high": np.clip(model.high * moved.factor, 0, 1),
            "rmse": rmse,
            "rmse_bootstrap": error * moved.factor,
            "cv": cv,
            "gamma": model.model.gamma,
            "shift": moved.shift,
            "left_out_z": checks.left_out_z,
            "flag": flag,
        },
        index=table.index,
    ).reset_index()
    return PovertyMap(
        result, checks.explained, checks.normality, moved.factor, used, method, _coefficients(model, used)
    )
