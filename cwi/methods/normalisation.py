"""How a value in its own unit becomes a score from 0 (worst) to 100 (best).

A normalisation is a function ``(x, worst, best, log, base, **parameters) -> y``:

x : (..., n, k)    values of n units on k indicators, not a number where nothing was measured
worst, best : (k,) the two ends of each indicator, in its own unit; less is better where best < worst
log : (k,)         whether an indicator is read on a logarithmic scale
base : (m, k)      values of the base years, the only ones a normalisation may learn from
y : (..., n, k)    scores, not a number where x is not
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["goalposts"]

Array = NDArray[np.float64]


def goalposts(
    x: Array, worst: Array, best: Array, log: NDArray[np.bool_], base: Array | None = None, *, cap: bool = True
) -> Array:
    """Distance from the worst to the best end, in hundredths: 100 (x - worst) / (best - worst) [1]_.

    Fixed ends keep years comparable. With ``cap`` a value beyond an end gets 0 or 100.
    On a logarithmic scale the value and both ends are replaced by their logarithms.

    Parameters are those of the family; ``base`` is not used.

    Returns
    -------
    (..., n, k) array; from 0 to 100 when capped.

    Raises
    ------
    ValueError
        If a value on a logarithmic scale is not above zero, or two ends are equal.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, "Min-Max".
       With ends that do not come from the data: UNDP, Human Development Report, technical note 1.

    Examples
    --------
    Less is better where the best end lies below the worst:

    >>> goalposts(np.array([[15.0], [40.0]]), np.array([30.0]), np.array([0.0]), np.array([False]))
    array([[50.],
           [ 0.]])
    """
    if np.any(worst == best):
        raise ValueError("the worst and the best end are equal")
    y, low, high = (np.array(values, dtype=float) for values in (x, worst, best))
    if np.any(log):
        if min(np.min(low[log]), np.min(high[log])) <= 0 or np.any(y[..., log] <= 0):
            raise ValueError("a logarithmic scale needs values and ends above zero")
        for values in (y, low, high):
            values[..., log] = np.log(values[..., log])
    y -= low
    y *= 100.0 / (high - low)
    y += 0.0  # no negative zero
    return np.clip(y, 0.0, 100.0, out=y) if cap else y
