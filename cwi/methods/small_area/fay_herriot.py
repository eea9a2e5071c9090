"""The model of Fay and Herriot: a direct estimate of each area, shrunk towards what covariates predict.

y_i = x_i'b + u_i + e_i; e_i has the known variance D_i of the direct estimate, u_i the unknown variance A of areas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

from cwi.errors import near

__all__ = ["METHODS", "FayHerriot", "fay_herriot"]

Array = NDArray[np.float64]

METHODS = ("reml", "ml", "adjusted")
GRID = 160  # values of A among which the highest likelihood is looked for


@dataclass(frozen=True, eq=False)
class FayHerriot:
    """The fitted model of m areas with p covariates.

    ``estimate``: EBLUP, or x'b where an area has no direct estimate, (m,); ``mse``: its mean squared error, of which
    ``g1``, ``g2``, ``g3`` are the parts (not a number where there is no direct estimate). ``gamma``: the weight of the
    direct estimate, 0 where there is none. ``synthetic``: x'b, (m,). ``sampled``: areas with a direct estimate.
    ``A``: variance of areas. ``beta``, ``beta_cov``: (p,), (p, p). ``loglik``: at the estimates; ``aic``, ``bic`` from
    the maximum likelihood of the same A.
    """

    estimate: Array
    mse: Array
    gamma: Array
    synthetic: Array
    sampled: NDArray[np.bool_]
    A: float
    beta: Array
    beta_cov: Array
    g1: Array
    g2: Array
    g3: Array
    loglik: float
    aic: float
    bic: float
    method: str


def fay_herriot(y: ArrayLike, X: ArrayLike, D: ArrayLike, *, method: str = "reml") -> FayHerriot:
    """Empirical best linear unbiased predictors of areas, and their mean squared errors [1]_.

    Parameters
    ----------
    y : (m,)
        Direct estimates, not a number where an area has none.
    X : (m, p)
        Covariates of all areas, with a column of ones for the intercept.
    D : (m,)
        Variances of the direct estimates, above zero.
    method
        How the variance of areas is estimated: "reml", "ml", or "adjusted", the adjusted residual likelihood of [2]_,
        which is above zero always. Where A is 0 the others predict every area by its covariates alone.

    Raises
    ------
    ValueError
        If shapes do not fit, a covariate is missing, a variance is not above zero, there are no more areas with a
        direct estimate than covariates, or the covariates are linearly dependent.

    References
    ----------
    .. [1] Fay and Herriot (1979), doi 10.1080/01621459.1979.10482505; MSE: Prasad and Rao (1990), doi
       10.1080/01621459.1990.10475320; for ML: Datta and Lahiri (2000), Statistica Sinica 10, 613-627.
    .. [2] Li and Lahiri (2010), doi 10.1016/j.jmva.2009.10.009.

    Examples
    --------
    >>> y, D = [0.10, 0.20, 0.40, np.nan], [0.001, 0.002, 0.004, np.nan]
    >>> X = np.column_stack([np.ones(4), [1.0, 2.0, 4.0, 3.0]])
    >>> fitted = fay_herriot(y, X, D)
    >>> fitted.estimate.round(3).tolist(), fitted.sampled.tolist()
    ([0.1, 0.2, 0.4, 0.3], [True, True, True, False])
    """
    if method not in METHODS:
        raise ValueError(f"there is no method '{method}'{near(method, METHODS)}")
    direct, table, variance = _read(y, X, D)
    sampled = ~np.isnan(direct)
    ys, xs, ds = direct[sampled], table[sampled], variance[sampled]
    A = _variance(ys, xs, ds, method)
    V = A + ds
    Q = np.linalg.inv(xs.T @ (xs / V[:, None]))
    beta = Q @ (xs.T @ (ys / V))
    synthetic = table @ beta
    gamma = np.where(sampled, A / (A + np.where(sampled, variance, 1.0)), 0.0)
    spread = np.einsum("ij,jk,ik->i", table, Q, table)
    information = 0.5 * float((V**-2).sum())
    full = np.full(direct.size, np.nan)
    g1, g2, g3 = full.copy(), full.copy(), full.copy()
    g1[sampled] = gamma[sampled] * ds
    g2[sampled] = (1 - gamma[sampled]) ** 2 * spread[sampled]
    g3[sampled] = ds**2 / V**3 / information
    mse = np.where(sampled, g1 + g2 + 2 * g3, A + spread)
    if method == "ml":
        bias = -float(np.trace(Q @ (xs.T @ (xs / (V**2)[:, None])))) / (2 * information)
        mse = np.where(sampled, mse - bias * (1 - gamma) ** 2, mse)
    likelihood = _loglik(A, ys, xs, ds, "ml")
    p, m = table.shape[1] + 1, ys.size
    return FayHerriot(
        estimate=np.where(sampled, gamma * np.nan_to_num(direct) + (1 - gamma) * synthetic, synthetic),
        mse=mse,
        gamma=gamma,
        synthetic=synthetic,
        sampled=sampled,
        A=A,
        beta=beta,
        beta_cov=np.asarray(Q, dtype=float),
        g1=g1,
        g2=g2,
        g3=g3,
        loglik=_loglik(A, ys, xs, ds, "ml" if method == "ml" else "reml"),
        aic=-2 * likelihood + 2 * p,
        bic=-2 * likelihood + p * float(np.log(m)),
        method=method,
    )


def _read(y: ArrayLike, X: ArrayLike, D: ArrayLike) -> tuple[Array, Array, Array]:
    direct, table, variance = (np.asarray(one, dtype=float) for one in (y, X, D))
    if table.ndim != 2 or direct.shape != table.shape[:1] or variance.shape != direct.shape:
        raise ValueError(
            f"estimates, covariates and variances of the shapes {direct.shape}, {table.shape}, {variance.shape} do "
            "not fit"
        )
    if not np.isfinite(table).all():
        area = int(np.argmax(~np.isfinite(table).all(axis=1)))
        raise ValueError(f"a covariate of area {area} is missing; every area needs all of them")
    sampled = ~np.isnan(direct)
    wrong = sampled & ~(np.isfinite(variance) & (variance > 0))
    if wrong.any():
        raise ValueError(
            f"the variance of area {int(np.argmax(wrong))} is {variance[wrong][0]:g}; a direct estimate needs one "
            "above zero, or leave it out and let the model predict the area"
        )
    m, p = int(sampled.sum()), table.shape[1]
    if m <= p:
        raise ValueError(f"{m} areas have a direct estimate; with {p} covariates there must be more than {p}")
    if np.linalg.matrix_rank(table[sampled]) < p:
        raise ValueError("the covariates are linearly dependent")
    return direct, table, variance


def _loglik(A: float, y: Array, X: Array, D: Array, method: str) -> float:
    """The log-likelihood, full ("ml") or restricted, profiled over the coefficients."""
    V = A + D
    weighted = X / V[:, None]
    M = X.T @ weighted
    beta = np.linalg.solve(M, weighted.T @ y)
    residual = y - X @ beta
    value: float = -0.5 * (float(np.log(V).sum()) + float(residual @ (residual / V)))
    if method == "ml":
        return value - 0.5 * y.size * float(np.log(2 * np.pi))
    value -= 0.5 * float(np.linalg.slogdet(M)[1]) + 0.5 * (y.size - X.shape[1]) * float(np.log(2 * np.pi))
    return value + float(np.log(A)) if method == "adjusted" else value


def _score(A: float, y: Array, X: Array, D: Array, method: str) -> float:
    """The derivative of the log-likelihood by A."""
    V = A + D
    weighted = X / V[:, None]
    Q = np.linalg.inv(X.T @ weighted)
    residual = y - X @ (Q @ (weighted.T @ y))
    trace = float((1 / V).sum())
    if method != "ml":
        trace -= float(np.trace(Q @ (X.T @ (X / (V**2)[:, None]))))
    value = -0.5 * trace + 0.5 * float((residual**2 / V**2).sum())
    return value + 1 / A if method == "adjusted" else value


def _variance(y: Array, X: Array, D: Array, method: str) -> float:
    """A with the highest likelihood: the best of a grid, then the root of the derivative beside it."""
    rough = float(np.var(y - X @ np.linalg.lstsq(X, y, rcond=None)[0])) + float(D.max())
    grid = rough * np.concatenate([np.logspace(-9, 2, GRID)])
    values = np.array([_loglik(A, y, X, D, method) for A in grid])
    best = int(np.argmax(values))
    if method != "adjusted" and best == 0 and _score(0.0, y, X, D, method) <= 0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]
    if best == 0 and method != "adjusted":
        low = 0.0
    if _score(low, y, X, D, method) > 0 > _score(high, y, X, D, method):
        return float(brentq(_score, low, high, args=(y, X, D, method), xtol=1e-15 * rough, rtol=1e-13))
    found = minimize_scalar(lambda A: -_loglik(A, y, X, D, method), bounds=(low, high), method="bounded")
    return float(found.x)
