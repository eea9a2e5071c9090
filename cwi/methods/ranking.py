"""Who comes first: ranks that agree with what is printed.

Two units whose scores are the same at the printed precision share a rank, and the order of the rows
does not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["rank"]

Array = NDArray[np.float64]


def rank(y: Array, *, decimals: int) -> Array:
    """Rank 1 for the highest score; ties at ``decimals`` digits share the better rank ("1224").

    Parameters
    ----------
    y : (..., n)
        Scores, not a number where there is none.
    decimals
        Digits at which two scores count as equal.

    Returns
    -------
    (..., n) array of ranks from 1 to n, not a number where y is not.

    Examples
    --------
    >>> rank(np.array([61.24, 61.21, 70.0, np.nan]), decimals=1)
    array([ 2.,  2.,  1., nan])
    """
    rounded = half_away(y, decimals)
    above = rounded[..., None, :] > rounded[..., :, None]
    return np.where(np.isnan(y), np.nan, 1.0 + above.sum(axis=-1))


def half_away(y: ArrayLike, decimals: int) -> Array:
    """Round half away from zero, as the country's statistics do, on the number as it would be written out.

    Examples
    --------
    >>> half_away(np.array([0.25, -0.25, 2.675]), 1)
    array([ 0.3, -0.3,  2.7])
    """
    scaled = np.abs(y) * 10.0**decimals
    noise = np.clip(
        4 * np.spacing(scaled), 1e-9, 0.25
    )  # 2.675 is held as 2.67499..., 61.25 may be summed as 61.2499...
    return np.asarray(np.copysign(np.floor(scaled + 0.5 + noise) / 10.0**decimals, y))
