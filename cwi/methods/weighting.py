"""How much each part counts.

A weighting scheme is a function ``(z, stated, **parameters) -> w``:

z : (n, k)      scores of the k parts in the base years, not a number where nothing was measured
stated : (k,)   the weights written in the methodology, summing to one
w : (k,)        the weights to use: none below zero, summing to one
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["equal", "stated"]

Array = NDArray[np.float64]


def equal(z: Array, stated: Array) -> Array:
    """The same weight for every part.

    Equal weights of groups of unequal size are not equal weights of their members:
    look at the implied weights.

    Examples
    --------
    >>> equal(np.empty((0, 4)), np.array([0.7, 0.1, 0.1, 0.1]))
    array([0.25, 0.25, 0.25, 0.25])
    """
    return np.full(len(stated), 1.0 / len(stated))


def stated(z: Array, stated: Array) -> Array:
    """The weights written in the methodology.

    Examples
    --------
    >>> stated(np.empty((0, 2)), np.array([0.75, 0.25]))
    array([0.75, 0.25])
    """
    return stated
