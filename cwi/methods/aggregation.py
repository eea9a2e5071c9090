"""How parts become a whole.

An aggregation is a function ``(y, w, **parameters) -> s``:

y : (..., k)   scores of the k parts; a part that counts nothing (weight 0) may hold any number above zero
w : (..., k)   weights, none below zero, summing to one over the last axis
s : (...)      the score of the whole, between the smallest and the largest part
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["arithmetic", "geometric", "harmonic", "power"]

Array = NDArray[np.float64]


def arithmetic(y: Array, w: Array) -> Array:
    """The weighted arithmetic mean: a lack in one part is made up by plenty in another.

    Examples
    --------
    >>> float(arithmetic(np.array([90.0, 60.0, 30.0]), np.full(3, 1 / 3)))
    60.0
    """
    return np.asarray((w * y).sum(axis=-1))


def geometric(y: Array, w: Array) -> Array:
    """The weighted geometric mean, exp(sum w ln y): a lack in one part costs more than plenty elsewhere returns.

    Raises
    ------
    ValueError
        If a score is zero or below.

    References
    ----------
    UNDP, Human Development Report, technical note 1 (the HDI since 2010).

    Examples
    --------
    >>> round(float(geometric(np.array([80.0, 20.0]), np.array([0.5, 0.5]))), 9)
    40.0
    """
    _above_zero(y, "geometric")
    return np.asarray(np.exp((w * np.log(y)).sum(axis=-1)))


def harmonic(y: Array, w: Array) -> Array:
    """The weighted harmonic mean, 1 / sum (w / y): below the geometric, unless all parts are equal.

    Raises
    ------
    ValueError
        If a score is zero or below.

    Examples
    --------
    >>> round(float(harmonic(np.array([60.0, 30.0]), np.array([0.5, 0.5]))), 9)
    40.0
    """
    _above_zero(y, "harmonic")
    return np.asarray(1.0 / (w / y).sum(axis=-1))


def power(y: Array, w: Array, *, p: float) -> Array:
    """The weighted power mean (sum w y^p)^(1/p); p = 1 arithmetic, p → 0 geometric, p = -1 harmonic [1]_.

    Raises
    ------
    ValueError
        If a score is below zero, or is zero while p is zero or below.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6, "generalised mean".

    Examples
    --------
    >>> round(float(power(np.array([90.0, 10.0]), np.array([0.5, 0.5]), p=0.5)), 9)
    40.0
    """
    if p == 0:
        return geometric(y, w)
    if p < 0:
        _above_zero(y, f"power (p = {p:g})")
    elif np.any(y < 0):
        raise ValueError("power needs scores that are not below zero")
    return np.asarray((w * y**p).sum(axis=-1) ** (1.0 / p))


def _above_zero(y: Array, name: str) -> None:
    if np.any(y <= 0):
        raise ValueError(f"{name} needs scores above zero; the lowest is {float(np.min(y)):g}")
