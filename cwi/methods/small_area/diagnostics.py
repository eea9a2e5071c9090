"""Whether the model of areas may be trusted: residuals, each area predicted without itself, what covariates explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cwi.methods.small_area.fay_herriot import FayHerriot, fay_herriot

__all__ = ["Diagnostics", "diagnose"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """``residuals``: (y - x'b) / sqrt(A + D), (m,), not a number without a sample; ``normality``: p-value of Shapiro
    and Wilk; ``left_out``: prediction of each area by a model without it, (m,); ``left_out_z``: its distance from the
    direct estimate over the error of both; ``explained``: share of the variance between areas that covariates explain;
    ``mean_gain``: median of the direct error over the model's."""

    residuals: Array
    normality: float
    left_out: Array
    left_out_z: Array
    explained: float
    mean_gain: float


def diagnose(y: ArrayLike, X: ArrayLike, D: ArrayLike, fit: FayHerriot) -> Diagnostics:
    """Diagnostics of a fitted model; the arguments are those it was fitted with.

    ``explained`` is 1 - A / A0, with A0 the variance of areas of the model without covariates (both by the method of
    the fit), after [1]_; it is cut at 0.

    Raises
    ------
    ValueError
        As in :func:`fay_herriot`, when an area is left out.

    References
    ----------
    .. [1] Lahiri and Suntornchost (2015), doi 10.1007/s13571-015-0103-5.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> X, D = np.column_stack([np.ones(30), rng.normal(size=30)]), np.full(30, 0.04)
    >>> y = X @ [1.0, 0.5] + rng.normal(size=30) * 0.2 + rng.normal(size=30) * 0.2
    >>> found = diagnose(y, X, D, fay_herriot(y, X, D))
    >>> bool(found.normality > 0.05), bool(abs(np.nanmean(found.left_out_z)) < 0.3)
    (True, True)
    """
    direct, table, variance = (np.asarray(one, dtype=float) for one in (y, X, D))
    sampled = fit.sampled
    spread = np.sqrt(fit.A + np.where(sampled, variance, np.nan))
    residuals = (direct - fit.synthetic) / spread
    left_out, left_out_z = np.full(direct.size, np.nan), np.full(direct.size, np.nan)
    if sampled.sum() > table.shape[1] + 1:
        for area in np.flatnonzero(sampled):
            others = direct.copy()
            others[area] = np.nan
            without = fay_herriot(others, table, variance, method=fit.method)
            left_out[area] = without.estimate[area]
            left_out_z[area] = (direct[area] - left_out[area]) / np.sqrt(without.mse[area] + variance[area])
    plain = fay_herriot(direct, np.ones((direct.size, 1)), variance, method=fit.method)
    known = residuals[sampled]
    return Diagnostics(
        residuals=residuals,
        normality=float(stats.shapiro(known).pvalue) if known.size >= 3 else np.nan,
        left_out=left_out,
        left_out_z=left_out_z,
        explained=max(1 - fit.A / plain.A, 0.0) if plain.A > 0 else np.nan,
        mean_gain=float(np.median(np.sqrt(variance[sampled] / fit.mse[sampled]))),
    )
