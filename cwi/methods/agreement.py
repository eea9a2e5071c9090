"""How far experts agree about weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = ["kendall_w", "mean_distance"]

Array = NDArray[np.float64]
DIGITS = 9  # points that differ by less are a tie


def kendall_w(points: Array) -> float:
    """Kendall's coefficient of concordance of the orders that the points imply, ties taken into account [1]_.

    Parameters
    ----------
    points : (m, k)
        What m experts gave to k parts.

    Returns
    -------
    float
        0 where the orders have nothing in common, 1 where they are the same; not a number with fewer than two experts
        or two parts, or where nobody told any parts apart.

    References
    ----------
    .. [1] Kendall and Babington Smith (1939), doi 10.1214/aoms/1177732186; with ties: Siegel and Castellan (1988),
       Nonparametric Statistics for the Behavioral Sciences, chapter 9.

    Examples
    --------
    >>> kendall_w(np.array([[50.0, 30, 20], [60, 30, 10], [40, 35, 25]]))
    1.0
    """
    m, k = points.shape
    if m < 2 or k < 2:
        return float("nan")
    rounded = np.round(points, DIGITS)
    ranks = rankdata(rounded, axis=1)
    equal = (rounded[:, :, None] == rounded[:, None, :]).sum(axis=2)
    ties = (equal**2 - 1).sum()  # t parts that are tied give t (t² - 1)
    most = m**2 * (k**3 - k) - m * ties
    return float(12 * np.square(ranks.sum(axis=0) - m * (k + 1) / 2).sum() / most) if most > 0 else float("nan")


def mean_distance(weights: Array) -> float:
    """The mean over pairs of experts of the share of the weight that would have to be moved to make the two agree.

    Half the sum of absolute differences, the total variation distance.

    Parameters
    ----------
    weights : (m, k)
        Weights of m experts, each summing to one.

    Returns
    -------
    float
        0 where all agree, 1 where no two give any weight to the same part; not a number with fewer than two experts.

    Examples
    --------
    >>> round(mean_distance(np.array([[0.5, 0.3, 0.2], [0.4, 0.4, 0.2]])), 9)
    0.1
    """
    m = len(weights)
    if m < 2:
        return float("nan")
    # Sorted, the i-th number, counted from 0, is the larger of i pairs and the smaller of m - 1 - i.
    factors = 2 * np.arange(m) - m + 1
    sums = factors @ np.sort(weights, axis=0)
    return float(sums.sum() / 2 / (m * (m - 1) / 2))
