"""Shares of variance: how much of what varies in an output goes with each of the things that were varied.

Arrays only; :mod:`cwi.analysis.uncertainty.sensitivity` applies them to an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Indices", "anova", "sobol_indices"]

Array = NDArray[np.float64]
LEAST = 1e-12  # of the squared size of an output: a variance below it is rounding


@dataclass(frozen=True, eq=False)
class Indices:
    """Shares of variance of m outputs by f factors.

    ``first``, ``total``: (f, m); ``variance``: (m,); ``joint``: for each set of factors (m,), the share that goes with
    just these together; not a number where an output does not vary or is not known everywhere.
    """

    first: Array
    total: Array
    variance: Array
    joint: Mapping[tuple[int, ...], Array]


def anova(y: Array, shares: Sequence[Array], *, order: int = 2) -> Indices:
    """The decomposition of variance over a full grid of independent choices: exact, nothing is sampled [1]_.

    Parameters
    ----------
    y : (c_1, ..., c_f, m)
        m outputs for each combination of the choices of f factors.
    shares : f arrays (c_i,)
        How often each choice is made, summing to one.
    order
        Up to how many factors together are told apart in ``joint``, from 1.

    Returns
    -------
    Indices

    Raises
    ------
    ValueError
        If the shares do not fit the grid, or the order is below one.

    References
    ----------
    .. [1] Sobol' (2001), Mathematics and Computers in Simulation 55, 271-280.

    Examples
    --------
    >>> y = np.array([[0.0, 1.0], [2.0, 5.0]])[..., None]
    >>> indices = anova(y, [np.full(2, 0.5)] * 2)
    >>> indices.first[:, 0].round(3).tolist(), indices.total[:, 0].round(3).tolist()
    ([0.643, 0.286], [0.714, 0.357])
    """
    f = y.ndim - 1
    if order < 1:
        raise ValueError(f"order is {order}; it must be at least 1")
    if [len(share) for share in shares] != list(y.shape[:-1]):
        raise ValueError(f"shares of {[len(share) for share in shares]} choices for a grid of {list(y.shape[:-1])}")
    for share in shares:
        if (share < 0).any() or abs(share.sum() - 1) > 1e-9:
            raise ValueError(f"shares of choices must not be below zero and must sum to one; they are {share.tolist()}")
    y = y - y[(0,) * f]  # only differences matter; what no factor moves is exactly zero from here on
    every = tuple(range(f))
    grand = _mean(y, shares, every)
    variance = _mean((y - grand) ** 2, shares, every)
    scale = _varying(variance, np.abs(y).max(axis=every, initial=0.0))
    effects: dict[tuple[int, ...], Array] = {}
    for members in _sets(every, min(order, f)):
        effect = _mean(y, shares, [axis for axis in every if axis not in members]) - grand
        for part in _sets(members, len(members) - 1):
            effect = effect - effects[part]
        effects[members] = effect
    joint = {members: _mean(effect**2, shares, every) / scale for members, effect in effects.items()}
    within = [_mean((y - _mean(y, shares, [axis])) ** 2, shares, every) / scale for axis in every]
    return Indices(
        first=np.array([joint[axis,].reshape(-1) for axis in every]),
        total=np.array([index.reshape(-1) for index in within]),
        variance=variance.reshape(-1),
        joint={members: index.reshape(-1) for members, index in joint.items()},
    )


def _sets(items: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """All sets of one to ``most`` items, small ones first."""
    return [members for length in range(1, most + 1) for members in combinations(items, length)]


def _mean(y: Array, shares: Sequence[Array], axes: Sequence[int]) -> Array:
    """The mean over some of the grid's axes, which stay with one place, each choice counting its share.

    What does not vary along an axis keeps its last bit.
    """
    for axis in axes:
        first = np.take(y, [0], axis=axis)
        if y.shape[axis] > 1:
            share = shares[axis].reshape([-1 if i == axis else 1 for i in range(y.ndim)])
            first = first + ((y - first) * share).sum(axis=axis, keepdims=True)
        y = first
    return y


def _varying(variance: Array, size: Array) -> Array:
    """The variance of outputs of a size, not a number where it is nothing but rounding, or not known."""
    return np.where(variance > LEAST * size**2, variance, np.nan)


def sobol_indices(
    a: Array, b: Array, ab: Array, *, resamples: int, rng: np.random.Generator, level: float = 0.90
) -> tuple[Indices, Array, Array]:
    """First-order and total indices of a Saltelli design, with bootstrap intervals over its rows [1]_ [2]_.

    Parameters
    ----------
    a, b : (N, m)
        Outputs at the points of the two matrices A and B.
    ab : (f, N, m)
        Outputs at A with the columns of one factor taken from B.
    resamples
        Bootstrap samples of the rows, at least 1.
    rng
        The generator that they are drawn from.
    level
        Share of the samples inside the interval.

    Returns
    -------
    Indices (``joint`` holds the first-order ones only), and the intervals of first and total, (2, f, m) each; an output
    with a row that is not known has no index.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, or a number is out of its range.

    References
    ----------
    .. [1] Saltelli et al. (2010), Computer Physics Communications 181, 259-270, Table 2 (b) for the first order.
    .. [2] Jansen (1999), Computer Physics Communications 117, 35-43, for the total.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> u = rng.random((2, 4096, 2))
    >>> f = lambda x: (3 * x[:, :1] + x[:, 1:])
    >>> ab = np.stack([f(np.where(np.arange(2) == i, u[1], u[0])) for i in range(2)])
    >>> found, low, high = sobol_indices(f(u[0]), f(u[1]), ab, resamples=20, rng=rng)
    >>> bool(abs(found.first[0, 0] - 0.9) < 0.05)
    True
    """
    n, m = a.shape
    f = len(ab)
    if b.shape != (n, m) or ab.shape != (f, n, m):
        raise ValueError(f"outputs of A, B and A with columns of B have the shapes {a.shape}, {b.shape} and {ab.shape}")
    if n < 2 or resamples < 1 or not 0 < level < 1:
        raise ValueError(
            f"rows {n}, resamples {resamples}, level {level:g}; rows must be at least 2, resamples at least 1, "
            "level between 0 and 1"
        )
    centre = np.vstack([a, b]).mean(axis=0)
    a, b, ab = a - centre, b - centre, ab - centre
    terms = (
        b * (ab - a),
        (a - ab) ** 2 / 2,
    )  # whose means are the variances that go with a factor, and stay without it
    variance = np.var(np.vstack([a, b]), axis=0)
    scale = _varying(variance, np.maximum(np.abs(centre), np.abs(a).max(axis=0)))
    first, total = (term.mean(axis=1) / scale for term in terms)
    counts = rng.multinomial(n, np.full(n, 1.0 / n), size=resamples) / n
    sums = counts @ np.hstack([a + b, a**2 + b**2]) / 2
    spread = (sums[:, m:] - sums[:, :m] ** 2)[:, None] + 0 * scale
    tails = [(1 - level) / 2, (1 + level) / 2]
    bounds = []
    for parts in terms:
        sampled = (counts @ parts.transpose(1, 0, 2).reshape(n, f * m)).reshape(resamples, f, m)
        with np.errstate(invalid="ignore", divide="ignore"):
            bounds.append(np.quantile(sampled / spread, tails, axis=0))
    return Indices(first, total, variance, {(i,): first[i] for i in range(f)}), bounds[0], bounds[1]
