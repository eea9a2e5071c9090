"""The mean squared error of small areas by parametric bootstrap: the fitted model drawn and fitted again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.methods.small_area.fay_herriot import FayHerriot, fay_herriot

__all__ = ["bootstrap_mse"]

Array = NDArray[np.float64]


def bootstrap_mse(
    fit: FayHerriot,
    X: ArrayLike,
    D: ArrayLike,
    *,
    rng: np.random.Generator,
    draws: int = 200,
    estimate: Callable[[Array], Array] | None = None,
    back: Callable[[Array], Array] | None = None,
) -> Array:
    """The mean squared error of each area [1]_: it assumes the model and no expansion, unlike the analytic one.

    In each draw the areas get a truth from the fitted model and direct estimates with their variances, the model is
    fitted again, and its estimates are held against that truth. With 200 draws a root mean squared error is known to
    about 5 %.

    Parameters
    ----------
    fit
        Of :func:`fay_herriot`, to the same covariates and variances.
    X : (m, p), D : (m,)
        Covariates, and variances of the direct estimates; an area without a sample has none.
    draws
        At least 2.
    estimate, back
        On another scale: the estimates (m,) that direct values on the scale of the model give, and the truth brought
        back from that scale.

    Returns
    -------
    (m,) array, in the square of the unit of the estimates.

    Raises
    ------
    ValueError
        If there are fewer than two draws.

    References
    ----------
    .. [1] González-Manteiga, Lombardía, Molina, Morales and Santamaría (2008), doi 10.1080/00949650601141811.

    Examples
    --------
    >>> y, D = np.array([0.1, 0.2, 0.4, 0.3, 0.5]), np.full(5, 0.002)
    >>> X = np.column_stack([np.ones(5), [1.0, 2.0, 4.0, 3.0, 5.0]])
    >>> mse = bootstrap_mse(fay_herriot(y, X, D), X, D, rng=np.random.default_rng(1), draws=50)
    >>> mse.shape, bool((mse > 0).all())
    ((5,), True)
    """
    if draws < 2:
        raise ValueError(f"draws is {draws}; there must be at least 2")
    table, variance = np.asarray(X, dtype=float), np.asarray(D, dtype=float)

    def again(direct: Array) -> Array:
        return fay_herriot(direct, table, variance, method=fit.method).estimate

    squares = np.zeros(len(table))
    for _ in range(draws):
        truth = fit.synthetic + np.sqrt(fit.A) * rng.standard_normal(len(table))
        noise = np.sqrt(np.where(fit.sampled, variance, 0.0)) * rng.standard_normal(len(table))
        direct = np.where(fit.sampled, truth + noise, np.nan)
        error = (estimate or again)(direct) - (truth if back is None else back(truth))
        squares += error**2
    return np.asarray(squares / draws)
