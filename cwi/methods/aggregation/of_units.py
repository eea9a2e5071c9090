"""Aggregations of units: a unit's score is what it is among the others.

Adding or dropping a unit may change the order of the rest (Fishburn's paradox for Borda), so these are views
of one set of units in one year, not scores to compare over time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cwi.traits import method

__all__ = ["borda", "condorcet", "copeland", "mean_of_ranks", "outranking", "thirds", "wroclaw"]

Array = NDArray[np.float64]

OTHERS = "a unit's score depends on all other units, not on its parts alone"
NOISE = 1e-9  # two numbers this close, relative to the larger, are the same number


@method("aggregation", compares_units=True, not_split=OTHERS)
def wroclaw(y: Array, w: Array, *, ddof: int = 0) -> Array:
    """Nearness to the best: 100 (1 - D / (mean D + 2 sd D)), Hellwig's measure of development [1]_.

    D = √(sum w (y - y*)²) is the distance to a unit that would be best in every part; its mean and standard
    deviation are over the units.

    Parameters
    ----------
    ddof
        0 divides the squares of the standard deviation by the number n of units, 1 by n - 1; both are in print.

    Returns
    -------
    (..., n) array in hundredths: 100 for a unit that is best in every part, below zero for one beyond
    two standard deviations from the mean distance.

    References
    ----------
    .. [1] Hellwig (1968), Przegląd Statystyczny 15 (4); the taxonomic method of Wrocław.

    Examples
    --------
    >>> wroclaw(np.array([[90.0, 80.0], [60.0, 40.0], [30.0, 0.0]]), np.array([[0.5, 0.5]])).round(1)
    array([100.,  62.,  24.])
    >>> wroclaw(np.array([[90.0, 80.0], [60.0, 40.0], [30.0, 0.0]]), np.array([[0.5, 0.5]]), ddof=1).round(1)
    array([100. ,  66.7,  33.3])
    """
    if ddof not in (0, 1):
        raise ValueError(f"ddof is {ddof}; it must be 0 (divided by n) or 1 (by n - 1)")
    y, w = np.broadcast_arrays(y, w)
    best = np.where(w > 0, y, -np.inf).max(axis=-2, keepdims=True)
    distance = np.sqrt((w * np.where(w > 0, y - best, 0.0) ** 2).sum(axis=-1))
    spread = distance.std(axis=-1, keepdims=True, ddof=ddof if distance.shape[-1] > 1 else 0)
    far = distance.mean(axis=-1, keepdims=True) + 2 * spread
    return np.asarray(100.0 * (1.0 - np.divide(distance, far, out=np.zeros_like(distance), where=far > 0)))


@method("aggregation", compares_units=True, not_split=OTHERS)
def mean_of_ranks(y: Array, w: Array) -> Array:
    """How many units lie behind on the average of the parts: n less the weighted mean of a unit's ranks.

    The view of UNICEF's report cards, where ties share the better rank. A rank says nothing of the distance.

    Returns
    -------
    (..., n) array from 0 (last in everything) to n - 1 (first in everything).

    References
    ----------
    UNICEF Innocenti, Report Card 7 (2007), where dimensions are ranked by the average rank.

    Examples
    --------
    >>> mean_of_ranks(np.array([[90.0, 50.0], [60.0, 70.0], [30.0, 50.0]]), np.array([[0.5, 0.5]]))
    array([1.5, 1.5, 0.5])
    """
    y, w = np.broadcast_arrays(y, w)
    ranks = np.zeros(y.shape[:-1])
    for j in range(y.shape[-1]):
        counts = w[..., None, :, j] > 0
        ranks += w[..., j] * (1 + ((_above(y[..., j]) == 0) & counts).sum(axis=-1))
    return np.asarray(y.shape[-2] - ranks)


def thirds(ranks: Array) -> Array:
    """The top (1), middle (2) and bottom (3) third of a ranking.

    Parameters
    ----------
    ranks : (..., n)
        From 1, not a number where a unit has none.

    Examples
    --------
    >>> thirds(np.array([1.0, 4.0, 2.0, np.nan, 3.0]))
    array([ 1.,  3.,  2., nan,  3.])
    """
    n = np.sum(~np.isnan(ranks), axis=-1, keepdims=True)
    return np.ceil(3 * ranks / np.where(n > 0, n, 1))


def outranking(y: Array, w: Array) -> Array:
    """How much speaks for a unit against another: the weight of the parts it leads in, half of those it shares.

    A pair is compared on the parts both have, whose weights are brought to sum to one; where it has none, half
    speaks for each.

    Returns
    -------
    (..., n, n) array, e[a, b] from 0 to 1 with e[a, b] + e[b, a] = 1 and zeros on the diagonal.

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6, "non-compensatory multi-criteria approach".

    Examples
    --------
    >>> outranking(np.array([[9.0, 5.0, 1.0], [6.0, 7.0, 1.0]]), np.array([[0.5, 0.25, 0.25]]))
    array([[0.   , 0.625],
           [0.375, 0.   ]])
    """
    y, w = np.broadcast_arrays(y, w)
    n = y.shape[-2]
    won, total = np.zeros((*y.shape[:-1], n)), np.zeros((*y.shape[:-1], n))
    for j in range(y.shape[-1]):
        # The weights of two units differ by what each lacks: the geometric mean keeps the ratios of what they share.
        pair = np.sqrt(w[..., :, None, j]) * np.sqrt(w[..., None, :, j])
        won += pair * _above(y[..., j])
        total += pair
    e = np.divide(won, total, out=np.full_like(won, 0.5), where=total > 0)
    e[..., np.arange(n), np.arange(n)] = 0.0
    return e


@method("aggregation", compares_units=True, not_split=OTHERS)
def borda(y: Array, w: Array) -> Array:
    """How many units lie behind, part by part: the row sums of :func:`outranking`, ties counting half.

    Returns
    -------
    (..., n) array from 0 to n - 1: Borda's points of a vote in which each part has its weight.

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6, "Borda".

    Examples
    --------
    >>> borda(np.array([[9.0, 5.0], [6.0, 7.0], [3.0, 1.0]]), np.array([[0.75, 0.25]]))
    array([1.75, 1.25, 0.  ])
    """
    return np.asarray(outranking(y, w).sum(axis=-1))


@method("aggregation", compares_units=True, not_split=OTHERS)
def copeland(y: Array, w: Array) -> Array:
    """Units beaten by a majority of the weight, less units lost to; not the same as the row sums of Borda.

    Returns
    -------
    (..., n) array of whole numbers from 1 - n to n - 1.

    References
    ----------
    Copeland (1951); Munda and Nardo (2009), doi 10.1080/00036840601019364.

    Examples
    --------
    >>> copeland(np.array([[9.0, 5.0], [6.0, 7.0], [3.0, 1.0]]), np.array([[0.75, 0.25]]))
    array([ 2.,  0., -2.])
    """
    return np.asarray(majority(outranking(y, w)).sum(axis=-1))


@method("aggregation", compares_units=True, not_split=OTHERS)
def condorcet(y: Array, w: Array) -> Array:
    """The order in which every unit beats those behind it by a majority of the weight, where there is one.

    Returns
    -------
    (..., n) array from 0 to n - 1: units behind, level ones counting half.

    Raises
    ------
    ValueError
        If majorities go in a circle; it names three units of one, numbered from 1.

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6, "Condorcet".

    Examples
    --------
    >>> condorcet(np.array([[9.0, 5.0], [6.0, 7.0], [3.0, 1.0]]), np.array([[0.75, 0.25]]))
    array([2., 1., 0.])
    """
    sign = majority(outranking(y, w))
    level = (sign >= 0).astype(float)
    if (broken := np.argwhere((level @ level > 0) & (level == 0))).size:
        *draw, a, c = broken[0]
        b = int(np.flatnonzero((level[*draw, a] > 0) & (level[*draw, :, c] > 0))[0])
        raise ValueError(
            f"majorities go in a circle: unit {a + 1} holds against unit {b + 1}, unit {b + 1} against unit {c + 1}, "
            f"and unit {c + 1} beats unit {a + 1}; there is no Condorcet order"
        )
    return np.asarray((sign.sum(axis=-1) + y.shape[-2] - 1) / 2)


def majority(e: Array) -> Array:
    """Who beats whom: 1, 0 or -1 for each pair of an outranking matrix (..., n, n).

    Examples
    --------
    >>> majority(np.array([[0.0, 0.625], [0.375, 0.0]]))
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    other = np.swapaxes(e, -1, -2)
    return np.where(np.abs(e - other) <= NOISE * (e + other), 0.0, np.sign(e - other))


def _above(y: Array) -> Array:
    """1 where a unit has more than another, ½ where it has the same, else 0: (..., n) to (..., n, n)."""
    a, b = y[..., :, None], y[..., None, :]
    same = np.abs(a - b) <= NOISE * np.maximum(np.abs(a), np.abs(b))
    return np.where(same, 0.5, (a > b).astype(float))
