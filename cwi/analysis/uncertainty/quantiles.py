"""Normal deviates of uniform numbers, and quantiles of other distributions read from a table at normal deviates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["between", "gamma_roots", "normal"]

Array = NDArray[np.float64]
TINY = 2.0**-53
GRID = np.linspace(-8.5, 8.5, 545)  # normal deviates at which quantiles are kept


def normal(u: Array) -> Array:
    """Normal deviates of uniform numbers; the ends of the interval are held at 8 standard deviations."""
    return np.asarray(special.ndtri(np.clip(u, TINY, 1.0 - TINY)))


def gamma_roots(shape: Array) -> Array:
    """(rows, nodes) cube roots of the quantiles of gamma distributions: nearly a straight line of the deviate."""
    return np.asarray(np.cbrt(special.gammaincinv(shape[:, None], special.ndtr(GRID))))


def between(heights: Array, z: Array) -> Array:
    """(rows, draws) values between the nodes of GRID, by the cubic through the four nearest."""
    place = (np.clip(z, GRID[1], GRID[-3]) - GRID[0]) / (GRID[1] - GRID[0])
    node = place.astype(np.intp)
    t = place - node
    result = np.zeros_like(z)
    for step, weight in (
        (-1, t * (t - 1) * (2 - t) / 6),
        (0, (t + 1) * (t - 1) * (t - 2) / 2),
        (1, (t + 1) * t * (2 - t) / 2),
        (2, (t + 1) * t * (t - 1) / 6),
    ):
        result += weight * np.take_along_axis(heights, node + step, axis=1)
    return result
