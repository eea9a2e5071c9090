"""Words that only ask which value is better: they need neither a unit nor a zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cwi.methods.normalisation.learning import choice, direction, learnt, refuse_constant
from cwi.traits import method

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# The classes of the Handbook's table 3: percentiles of the base years, and the points below, between and above them.
PERCENTILES = (15.0, 25.0, 65.0, 85.0, 95.0)
POINTS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
NOISE = 1e-9  # two numbers this close, relative to the larger, are the same number


@method("normalisation", learns=True, no_true_zero="a place is no quantity")
def rank(x: Array, worst: Array, best: Array, log: Flags, base: Array | None = None) -> Array:
    """The place of a value among those of the base years, counted from the worst: 1 + number of worse values [1]_.

    Equal values share the lower place. Distances are lost, and a score moves when others move.

    Returns
    -------
    (..., n, k) array; whole numbers from 1 (nobody is worse) to m + 1 (better than all of the base years).

    Raises
    ------
    ValueError
        Without base years, or for a column that is constant or empty there.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, tables 3 and 15.

    Examples
    --------
    >>> base = np.array([[5.0], [7.0], [7.0], [9.0]])
    >>> rank(base, np.array([0.0]), np.array([1.0]), np.array([False]), base)[:, 0].tolist()
    [1.0, 2.0, 2.0, 4.0]
    """
    return borda(x, worst, best, log, base) + 1.0


@method("normalisation", learns=True, no_true_zero="a place is no quantity")
def borda(x: Array, worst: Array, best: Array, log: Flags, base: Array | None = None) -> Array:
    """Borda's points: the number of values of the base years that are worse, ``rank`` - 1 [1]_.

    An equal value brings no point. (Where ties are to bring half a point, compare whole units by outranking.)

    Returns
    -------
    (..., n, k) array; whole numbers from 0 to m.

    Raises
    ------
    ValueError
        As :func:`rank`.

    References
    ----------
    .. [1] J.-C. de Borda (1784), Mémoire sur les élections au scrutin; as in the R package COINr.

    Examples
    --------
    >>> base = np.array([[5.0], [7.0], [7.0], [9.0]])
    >>> borda(base, np.array([1.0]), np.array([0.0]), np.array([False]), base)[:, 0].tolist()
    [3.0, 1.0, 1.0, 0.0]
    """
    return _worse(x, worst, best, base)[0]


@method("normalisation", learns=True, no_true_zero="a place is no quantity")
def percentile_rank(
    x: Array, worst: Array, best: Array, log: Flags, base: Array | None = None, *, formula: str = "rank/n"
) -> Array:
    """The rank in hundredths of the number of values of the base years; two formulas are in print.

    "rank/n" is the Handbook's [1]_: the worst value gets 100/n. "(rank-1)/(n-1)" is that of the R package COINr: the
    worst gets 0. The best gets 100 in both, unless it is shared, and so does what is better than all of the base years.

    Returns
    -------
    (..., n, k) array; from 0 to 100.

    Raises
    ------
    ValueError
        As :func:`rank`, and for an unknown formula.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, table 15.

    Examples
    --------
    >>> x, ends = np.array([[5.0], [7.0], [9.0], [11.0], [13.0]]), (np.array([0.0]), np.array([1.0]))
    >>> percentile_rank(x, *ends, np.array([False]), x)[:, 0].tolist()
    [20.0, 40.0, 60.0, 80.0, 100.0]
    >>> percentile_rank(x, *ends, np.array([False]), x, formula="(rank-1)/(n-1)")[:, 0].tolist()
    [0.0, 25.0, 50.0, 75.0, 100.0]
    """
    choice(formula, ("rank/n", "(rank-1)/(n-1)"), "formula")
    worse, n = _worse(x, worst, best, base)
    share = (worse + 1) / n if formula == "rank/n" else worse / (n - 1)
    return np.asarray(np.minimum(100.0 * share, 100.0))


@method("normalisation", learns=True, no_true_zero="a place is no quantity")
def bands(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    percentiles: Sequence[float] = PERCENTILES,
    points: Sequence[float] = POINTS,
) -> Array:
    """Points of the class that the percentile rank falls into [1]_.

    A value whose ``percentile_rank`` (100 rank / n in the base years) is below the first percentile gets the first
    points, below the second the second, and so on; at or above the last one it gets the last points. The preset
    classes are those of the Handbook's table 3; its worked example, table 15, follows others: 5, 15, 35, 65, 85, 95
    with 0, 20, 40, 50, 60, 80, 100 points.

    Parameters
    ----------
    percentiles : (c,)
        Where the classes part, rising, from 0 to 100.
    points : (c + 1,)
        What each class gets, rising.

    Returns
    -------
    (..., n, k) array of points.

    Raises
    ------
    ValueError
        As :func:`rank`, and if percentiles and points do not fit each other or do not rise.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, tables 3 and 15.

    Examples
    --------
    >>> x = np.arange(1.0, 21.0)[:, None]
    >>> bands(x, np.array([0.0]), np.array([1.0]), np.array([False]), x)[[1, 2, 4, 12, 16, 18], 0].tolist()
    [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    cuts, prizes = np.asarray(percentiles, dtype=float), np.asarray(points, dtype=float)
    if len(prizes) != len(cuts) + 1 or (np.diff(cuts) <= 0).any() or (np.diff(prizes) <= 0).any():
        raise ValueError(f"{len(cuts)} percentiles and {len(prizes)} points; both must rise, with one point more")
    if len(cuts) and (cuts[0] < 0 or cuts[-1] > 100):
        raise ValueError(f"the percentiles reach from {cuts[0]:g} to {cuts[-1]:g}; they must lie from 0 to 100")
    share = percentile_rank(x, worst, best, log, base)
    # 100 rank / n may miss a percentile by its last digit; a gap is sorted behind all of them
    place = np.searchsorted(cuts - 1e-9, share, side="right")
    return np.where(np.isnan(share), np.nan, prizes[place])


def _worse(x: Array, worst: Array, best: Array, base: Array | None) -> tuple[Array, Array]:
    """How many values of the base years are worse, (..., n, k), and how many there are, (k,)."""
    sign = direction(worst, best)
    base = sign * learnt(base, x)
    refuse_constant(base)
    x, base = sign * x, np.sort(base, axis=0)
    n = (~np.isnan(base)).sum(axis=0)
    # what is equal but for the rounding of a sum is equal, as in every comparison of units
    least = x - NOISE * np.abs(x)
    worse = np.stack([np.searchsorted(base[: n[j], j], least[..., j], side="left") for j in range(len(n))], axis=-1)
    return np.where(np.isnan(x), np.nan, worse), n.astype(float)
