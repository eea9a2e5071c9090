"""Columns with values far from all others: skewness and kurtosis, and the rule that asks for both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["beyond", "kurtosis", "outlying", "shape", "skewness"]

Array = NDArray[np.float64]

NOISE = 1e-9  # relative rounding of skewness and kurtosis


def skewness(x: Array) -> Array:
    """Bias-corrected skewness of each column, as SKEW of a spreadsheet: n/((n-1)(n-2)) sum ((x - mean)/s)^3 [1]_.

    Parameters
    ----------
    x : (m, k)
        Values, not a number where there is none; those are left out.

    Returns
    -------
    (k,) array without unit; not a number for fewer than three values and for a column that is constant.

    References
    ----------
    .. [1] Joanes and Gill (1998), The Statistician 47, 183-189, G1.

    Examples
    --------
    >>> skewness(np.array([[1.0], [2.0], [6.0]])).round(4)
    array([1.4579])
    """
    return shape(x)[0]


def kurtosis(x: Array) -> Array:
    """Bias-corrected excess kurtosis of each column, as KURT of a spreadsheet; 0 for a bell curve [1]_.

    (n - 1)/((n - 2)(n - 3)) ((n + 1)(m4/m2² - 3) + 6), with the central moments m2 and m4 divided by n.

    Parameters
    ----------
    x : (m, k)
        Values, not a number where there is none; those are left out.

    Returns
    -------
    (k,) array without unit; not a number for fewer than four values and for a column that is constant.

    References
    ----------
    .. [1] Joanes and Gill (1998), The Statistician 47, 183-189, G2.

    Examples
    --------
    >>> kurtosis(np.array([[1.0], [2.0], [3.0], [10.0]])).round(4)
    array([3.228])
    """
    return shape(x)[1]


def outlying(x: Array, *, skew: float = 2.0, kurt: float = 3.5) -> NDArray[np.bool_]:
    """Whether a column's skewness is beyond ``skew`` on either side and its excess kurtosis above ``kurt``.

    Both, not either. A column too short or too even for these numbers is not outlying.

    Parameters
    ----------
    x : (m, k)

    Returns
    -------
    (k,) array.

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 2; the two limits are those of the R package
    COINr and of the audits of the Joint Research Centre.

    Examples
    --------
    >>> outlying(np.array([[1.0, 1], [2, 2], [3, 3], [2, 2], [1, 1], [3, 4], [2, 5], [99, 6]])).tolist()
    [True, False]
    """
    return beyond(*shape(x), skew=skew, kurt=kurt)


def beyond(skewness: Array, kurtosis: Array, *, skew: float, kurt: float) -> NDArray[np.bool_]:
    """Whether both numbers of each column are beyond their limits; one exactly at a limit is not, in any unit.

    >>> beyond(np.array([2.5, 2.5]), np.array([4.0, 3.0]), skew=2.0, kurt=3.5).tolist()
    [True, False]
    """
    noise = 1 + NOISE
    return np.asarray((np.abs(skewness) > skew * noise) & (kurtosis > kurt * noise))


def shape(x: Array) -> tuple[Array, Array]:
    """:func:`skewness` and :func:`kurtosis` of each column, from the same moments.

    >>> [part.round(4).tolist() for part in shape(np.array([[1.0], [2.0], [3.0], [10.0]]))]
    [[1.7636], [3.228]]
    """
    n, second, third, fourth = _moments(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        skewed = np.where(n > 2, np.sqrt(n * (n - 1)) / (n - 2) * third / second**1.5, np.nan)
        excess = (n + 1) * (fourth / second**2 - 3) + 6
        return skewed, np.where(n > 3, (n - 1) / ((n - 2) * (n - 3)) * excess, np.nan)


def _moments(x: Array) -> tuple[Array, Array, Array, Array]:
    """Number of values and central moments two to four of each column, on a scale that cannot overflow."""
    x = np.asarray(x, dtype=float)
    has = ~np.isnan(x)
    n = has.sum(axis=0).astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(has, x - np.where(has, x, 0.0).sum(axis=0) / n, 0.0)
        largest = np.abs(away).max(axis=0, initial=0.0)
        noise = 4 * np.spacing(np.abs(np.where(has, x, 0.0)).max(axis=0, initial=0.0))
        away = away / np.where(largest > noise, largest, np.nan)
        square = np.where(has, away * away, 0.0)
        second, third, fourth = (power.sum(axis=0) / n for power in (square, square * away, square * square))
    return n, second, third, fourth
