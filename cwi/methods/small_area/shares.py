"""Shares of small areas: modelled where their error does not depend on the share, and brought back without bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cwi.methods.small_area.fay_herriot import FayHerriot, fay_herriot

__all__ = ["AreaShares", "arcsine_shares", "logit_shares"]

Array = NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


@dataclass(frozen=True, eq=False)
class AreaShares:
    """Shares of m areas, from 0 to 1.

    ``estimate``: back on the scale of shares, the mean of what is transformed and not the transform of the mean;
    ``mse``: its mean squared error; ``low``, ``high``: the interval of ``level``, transformed. ``naive``: the transform
    of the mean, for comparison. ``model``: the fit on the transformed scale, to the direct values ``z`` with the
    variances ``D``, both (m,).
    """

    estimate: Array
    mse: Array
    low: Array
    high: Array
    naive: Array
    level: float
    model: FayHerriot
    z: Array
    D: Array


def arcsine_shares(
    p: ArrayLike, effective_n: ArrayLike, X: ArrayLike, *, method: str = "reml", level: float = 0.95
) -> AreaShares:
    """Shares modelled as z = arcsin(sqrt(p)), whose variance is 1 / (4 n*) whatever the share is.

    The back-transform is the mean of sin²(z) under the model, (1 - exp(-2v) cos 2z) / 2 with v the part g1 of the MSE
    (A + x'Qx where an area has no sample), which removes the bias of sin²(ẑ) [1]_; the mean squared error is the
    variance of sin²(z) with the whole MSE of z. An area with p = 0 or 1 stays in the model.

    Parameters
    ----------
    p : (m,)
        Direct shares, not a number where an area has none.
    effective_n : (m,)
        Size of the simple random sample as exact: respondents over the design effect, above zero.
    X : (m, p)
        Covariates with a column of ones.

    Raises
    ------
    ValueError
        If a share is not from 0 to 1, or as in :func:`fay_herriot`.

    References
    ----------
    .. [1] Sugasawa and Kubokawa (2017), doi 10.1016/j.csda.2017.04.006; Schmid et al. (2017), doi 10.1111/rssa.12305.

    Examples
    --------
    >>> X = np.column_stack([np.ones(5), [1.0, 2.0, 3.0, 4.0, 5.0]])
    >>> shares = arcsine_shares([0.05, 0.11, 0.14, 0.22, np.nan], [80, 60, 90, 40, np.nan], X)
    >>> shares.estimate.round(3).tolist()
    [0.053, 0.096, 0.15, 0.213, 0.287]
    """
    share, size = _shares(p), np.asarray(effective_n, dtype=float)
    if size.shape != share.shape or not (size[~np.isnan(share)] > 0).all():
        raise ValueError("an effective sample size is missing or not above zero")
    direct, D = np.arcsin(np.sqrt(share)), 1 / (4 * size)
    fit = fay_herriot(direct, X, D, method=method)
    z, v = np.clip(fit.estimate, 0, np.pi / 2), np.where(fit.sampled, fit.g1, fit.mse)

    def moments(variance: Array) -> tuple[Array, Array]:
        first = 0.5 * (1 - np.exp(-2 * variance) * np.cos(2 * z))
        second = 3 / 8 - 0.5 * np.exp(-2 * variance) * np.cos(2 * z) + np.exp(-8 * variance) * np.cos(4 * z) / 8
        return first, second - first**2

    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(fit.mse)
    ends = (np.sin(np.clip(z + sign * half, 0, np.pi / 2)) ** 2 for sign in (-1, 1))
    low, high = ends
    return AreaShares(moments(v)[0], moments(fit.mse)[1], low, high, np.sin(z) ** 2, level, fit, direct, D)


def logit_shares(
    p: ArrayLike, variance: ArrayLike, X: ArrayLike, *, method: str = "reml", level: float = 0.95
) -> AreaShares:
    """Shares modelled as log(p / (1 - p)) with the variance D / (p (1 - p))².

    An area with p = 0 or 1 has no logit and is predicted by its covariates. The back-transform is the mean of the
    inverse logit under the model, by Gauss-Hermite quadrature.

    Parameters
    ----------
    variance : (m,)
        Of the direct shares, above zero. The others are those of :func:`arcsine_shares`.

    Raises
    ------
    ValueError
        As in :func:`arcsine_shares`.

    Examples
    --------
    >>> X = np.column_stack([np.ones(5), [1.0, 2.0, 3.0, 4.0, 5.0]])
    >>> p = np.array([0.05, 0.11, 0.14, 0.22, np.nan])
    >>> logit_shares(p, p * (1 - p) / 70, X).estimate.round(3).tolist()
    [0.06, 0.095, 0.147, 0.221, 0.325]
    """
    share, spread = _shares(p), np.asarray(variance, dtype=float)
    inside = (share > 0) & (share < 1)
    kept = np.where(inside, share, 0.5)
    z = np.where(inside, np.log(kept / (1 - kept)), np.nan)
    D = spread / (kept * (1 - kept)) ** 2
    fit = fay_herriot(z, X, D, method=method)

    def moments(variance_of: Array) -> tuple[Array, Array]:
        at = 1 / (1 + np.exp(-(fit.estimate[:, None] + np.sqrt(variance_of)[:, None] * NODES)))
        w = WEIGHTS / WEIGHTS.sum()
        return at @ w, (at**2) @ w - (at @ w) ** 2

    half = stats.norm.ppf((1 + level) / 2) * np.sqrt(fit.mse)
    low, high = (1 / (1 + np.exp(-(fit.estimate + sign * half))) for sign in (-1, 1))
    v = np.where(fit.sampled, fit.g1, fit.mse)
    naive = 1 / (1 + np.exp(-fit.estimate))
    return AreaShares(moments(v)[0], moments(fit.mse)[1], low, high, naive, level, fit, z, D)


def _shares(p: ArrayLike) -> Array:
    share = np.asarray(p, dtype=float)
    wrong = ~np.isnan(share) & ~((share >= 0) & (share <= 1))
    if wrong.any():
        raise ValueError(f"the share of area {int(np.argmax(wrong))} is {share[wrong][0]:g}; it must be from 0 to 1")
    return share
