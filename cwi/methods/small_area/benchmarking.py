"""Estimates of areas brought into agreement with a published figure of the whole, with the shift of each printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import near

__all__ = ["Benchmarked", "benchmark"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Benchmarked:
    """``estimate``: (m,); ``shift``: estimate after less before, (m,); ``total``: the weighted mean before;
    ``factor``: what was multiplied ("ratio") or added ("difference")."""

    estimate: Array
    shift: Array
    total: float
    factor: float


def benchmark(estimate: ArrayLike, shares: ArrayLike, target: float, *, how: str = "ratio") -> Benchmarked:
    """Areas whose weighted mean is the target.

    Parameters
    ----------
    estimate : (m,)
        Of areas, none missing.
    shares : (m,)
        Of the population in each area, none below zero; brought to the sum 1.
    target
        The published figure of the whole.
    how
        "ratio" multiplies all estimates by one number, "difference" adds one number.

    Raises
    ------
    ValueError
        If something is missing or below zero, the weighted mean is zero, or there is no such way.

    References
    ----------
    .. [1] Rao and Molina (2015), Small Area Estimation, 6.4.6.

    Examples
    --------
    >>> moved = benchmark([0.1, 0.2, 0.4], [0.5, 0.3, 0.2], 0.20)
    >>> moved.estimate.round(4).tolist(), round(moved.factor, 4)
    ([0.1053, 0.2105, 0.4211], 1.0526)
    """
    values, parts = np.asarray(estimate, dtype=float), np.asarray(shares, dtype=float)
    if how not in ("ratio", "difference"):
        raise ValueError(f"there is no way '{how}'{near(how, ('ratio', 'difference'))}")
    if values.shape != parts.shape or values.ndim != 1:
        raise ValueError(f"shares of the shape {parts.shape} do not fit estimates of the shape {values.shape}")
    if not np.isfinite(values).all() or not np.isfinite(target):
        raise ValueError("an estimate or the target is missing")
    if not (np.isfinite(parts) & (parts >= 0)).all() or not parts.any():
        raise ValueError("shares are missing, below zero or all zero")
    total = float(values @ parts / parts.sum())
    if how == "ratio" and total == 0:
        raise ValueError("the weighted mean of the areas is zero, so no factor leads to the target")
    factor = target / total if how == "ratio" else target - total
    moved = values * factor if how == "ratio" else values + factor
    return Benchmarked(moved, moved - values, total, factor)
