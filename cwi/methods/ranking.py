"""Who comes first: ranks that agree with what is printed, how far two rankings agree, and which leads are sure.

Two units whose scores are the same at the printed precision share a rank, and the order of the rows
does not matter.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "dominance",
    "kendall",
    "least_lead",
    "letter_groups",
    "mean_rank_shift",
    "movers",
    "rank",
    "rank_within",
    "robust_dominance",
    "spearman",
]

Array = NDArray[np.float64]
FEW_DIGITS = 1e-4  # the distance of neighbouring numbers from which noise and digits are told apart as they are written
PAPER = Context(prec=400)  # any number in full
FEW = 64  # units that are ranked by comparing each with each; more are sorted


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
    y = np.asarray(y, dtype=float)
    rounded = half_away(y, decimals)
    if y.shape[-1] <= FEW:
        above, ahead = np.zeros_like(rounded, dtype=np.uint8), np.empty_like(rounded, dtype=bool)
        for unit in range(y.shape[-1]):
            above += np.greater(rounded[..., unit, None], rounded, out=ahead).view(np.uint8)
        ranks = above + 1.0
    else:
        ranks = rank_within(rounded, tolerance=0.0)
    return np.asarray(np.where(np.isnan(y), np.nan, ranks))


def half_away(y: ArrayLike, decimals: int) -> Array:
    """Round half away from zero, as the country's statistics do, on the number as it would be written out.

    A number within two units in its last place of a half counts as the half, unless few digits are left behind the
    decimals that are kept.

    Examples
    --------
    >>> half_away(np.array([0.25, -0.25, 2.675]), 1)
    array([ 0.3, -0.3,  2.7])
    """
    x = np.asarray(y, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.abs(x) * 10.0**decimals
        unit = np.spacing(scaled)
        # 2.675 is held as 2.67499..., 61.25 may be summed as 61.2499...; half a unit in the last place is held
        rounded = np.asarray(np.copysign(np.floor(scaled + 0.5 + np.maximum(2 * unit, 1e-9)) / 10.0**decimals, x))
    plain = unit < FEW_DIGITS
    if plain.all():
        return rounded
    for place in map(tuple, np.argwhere(np.isfinite(x) & ~plain)):
        rounded[place] = _as_written(float(x[place]), decimals)
    return np.where(np.isfinite(x), rounded, x)


def _as_written(number: float, decimals: int) -> float:
    """A number rounded half away from zero, as on paper."""
    return float(Decimal(repr(number)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, PAPER))


def rank_within(y: Array, *, tolerance: float) -> Array:
    """Rank 1 for the highest score; scores at most ``tolerance`` apart share the better rank, and so do chains of them.

    Unlike rounding it never parts two scores that are close. A tolerance of the size of real differences ties a long
    chain from end to end.

    Parameters
    ----------
    y : (..., n)
        Scores, not a number where there is none.
    tolerance
        In the unit of the scores, not below zero.

    Returns
    -------
    (..., n) array of ranks from 1 to n, not a number where y is not.

    Raises
    ------
    ValueError
        If the tolerance is below zero.

    Examples
    --------
    >>> rank_within(np.array([0.1 + 0.2, 0.3, 0.4, np.nan]), tolerance=1e-9)
    array([ 2.,  2.,  1., nan])
    """
    if tolerance < 0:
        raise ValueError(f"tolerance is {tolerance:g}; it must not be below zero")
    y = np.asarray(y, dtype=float)
    order = np.argsort(-y, axis=-1, kind="stable")  # gaps come last
    falling = np.take_along_axis(y, order, axis=-1)
    place = np.arange(y.shape[-1])
    with np.errstate(invalid="ignore"):
        begins = np.ones(y.shape, dtype=bool)
        begins[..., 1:] = falling[..., :-1] - falling[..., 1:] > tolerance
    shared = np.maximum.accumulate(np.where(begins, place, 0), axis=-1) + 1.0
    ranks = np.empty(y.shape)
    np.put_along_axis(ranks, order, shared, axis=-1)
    return np.where(np.isnan(y), np.nan, ranks)


def spearman(a: Array, b: Array) -> Array:
    """Spearman's rank correlation: that of the ranks, ties at their mean, of the units that have both.

    A value near 1 can hide units that move far: give :func:`movers` with it.

    Parameters
    ----------
    a, b : (..., n)
        Scores or ranks, both in the same sense; leading axes are draws.

    Returns
    -------
    (...) array from -1 to 1; not a number where fewer than two units have both, or all are tied.

    Examples
    --------
    >>> round(float(spearman(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3]))), 9)
    0.8
    """
    from scipy import stats  # heavy: imported where it is used

    a, b = _paired(a, b)
    n = np.maximum((~np.isnan(a)).sum(axis=-1, keepdims=True), 1)
    first, second = (stats.rankdata(values, axis=-1, nan_policy="omit") - (n + 1) / 2 for values in (a, b))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            np.nansum(first * second, axis=-1) / np.sqrt(np.nansum(first**2, axis=-1) * np.nansum(second**2, axis=-1))
        )


def kendall(a: Array, b: Array) -> Array:
    """Kendall's tau-b: pairs in the same order less pairs turned round, over the pairs that are not tied.

    Parameters
    ----------
    a, b : (..., n)
        Scores or ranks, both in the same sense; leading axes are draws.

    Returns
    -------
    (...) array from -1 to 1; not a number where fewer than two units have both, or all are tied.

    Examples
    --------
    >>> round(float(kendall(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3]))), 9)
    0.666666667
    """
    from scipy import stats  # heavy: imported where it is used

    a, b = _paired(a, b)
    result = np.full(a.shape[:-1], np.nan)
    for draw in np.ndindex(result.shape):
        has = ~np.isnan(a[draw])
        if has.sum() > 1:
            result[draw] = stats.kendalltau(a[draw][has], b[draw][has]).statistic
    return result


def mean_rank_shift(reference: Array, other: Array) -> Array:
    """How many places a unit moves on average: the mean of |reference - other| over the units that have both [1]_.

    Parameters
    ----------
    reference, other : (..., n)
        Ranks; leading axes are draws.

    Returns
    -------
    (...) array in places, from 0; not a number where no unit has both.

    References
    ----------
    .. [1] Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.

    Examples
    --------
    >>> float(mean_rank_shift(np.array([1.0, 2, 3, 4]), np.array([1.0, 4, 3, 2])))
    1.0
    """
    shift = np.abs(np.subtract(*_paired(reference, other)))
    n = (~np.isnan(shift)).sum(axis=-1)
    return np.asarray(np.where(n > 0, np.nansum(shift, axis=-1) / np.maximum(n, 1), np.nan))


def movers(reference: Array, other: Array, *, more_than: float = 2.0) -> NDArray[np.bool_]:
    """Which units move by more than so many places; ``.sum(axis=-1)`` counts them.

    Parameters
    ----------
    reference, other : (..., n)
        Ranks; a unit without one of them is no mover.
    more_than
        In places.

    Returns
    -------
    (..., n) array.

    Examples
    --------
    >>> movers(np.array([1.0, 2, 3, 4]), np.array([4.0, 2, 1, 3]), more_than=2).tolist()
    [True, False, False, False]
    """
    return np.asarray(np.abs(np.subtract(*_paired(reference, other))) > more_than)


def letter_groups(apart: ArrayLike) -> list[tuple[int, ...]]:
    """Compact letter display: all largest sets of units of which no two can be distinguished [1]_.

    A letter for each set: two units share a letter if and only if they are not told apart. Found as the maximal cliques
    of the graph of pairs that are not told apart [2]_. In an order of ranks a set need not be a run.

    Parameters
    ----------
    apart : (n, n)
        True where two units are told apart, in either direction; the diagonal does not matter.

    Returns
    -------
    list of tuples of places from 0 to n - 1, each ascending, ordered by their members.

    Raises
    ------
    ValueError
        If the table is not square.

    References
    ----------
    .. [1] Piepho (2004), Journal of Computational and Graphical Statistics 13, 456-466.
    .. [2] Bron and Kerbosch (1973), Communications of the ACM 16, 575-577.

    Examples
    --------
    >>> letter_groups([[0, 0, 0], [0, 0, 1], [0, 1, 0]])  # the second and the third are told apart, both like the first
    [(0, 1), (0, 2)]
    """
    told = np.asarray(apart, dtype=bool)
    if told.ndim != 2 or told.shape[0] != told.shape[1]:
        raise ValueError(f"the table has the shape {told.shape}; it must have a row and a column for each unit")
    alike = ~(told | told.T)
    like = [set(np.flatnonzero(row).tolist()) - {unit} for unit, row in enumerate(alike)]
    result: list[tuple[int, ...]] = []

    def grow(members: set[int], candidates: set[int], seen: set[int]) -> None:
        if not candidates and not seen:
            result.append(tuple(sorted(members)))
            return
        pivot = max(candidates | seen, key=lambda unit: len(like[unit] & candidates))
        for unit in sorted(candidates - like[pivot]):
            grow(members | {unit}, candidates & like[unit], seen & like[unit])
            candidates, seen = candidates - {unit}, seen | {unit}

    if len(alike):
        grow(set(), set(range(len(alike))), set())
    return sorted(result)


def dominance(y: Array) -> NDArray[np.bool_]:
    """Which unit is ahead of which whatever the weights: at least as high in every part, and higher in one.

    Parameters
    ----------
    y : (..., n, k)
        Scores of the parts; a gap in either unit leaves the pair open.

    Returns
    -------
    (..., n, n) array, true where the row dominates the column. It holds for every aggregation that never falls when a
    part rises; the lead may be nil where the weight of the higher parts is.

    Examples
    --------
    >>> dominance(np.array([[3.0, 3.0], [2.0, 3.0], [1.0, 9.0]])).tolist()
    [[False, True, False], [False, False, False], [False, False, False]]
    """
    a, b = y[..., :, None, :], y[..., None, :, :]
    return np.asarray((a >= b).all(axis=-1) & (a > b).any(axis=-1))


def least_lead(y: Array, w: Array, *, band: float) -> Array:
    """The smallest lead of each unit over each other that any weights within ``band`` of w leave it [1]_.

    min sum v (y_a - y_b) over all weights v that sum to one, none below zero and none further than ``band`` from its
    w. This linear programme is solved outright: each part gets the least it may, and what is left goes to the parts in
    the order of their differences, the most unfavourable first. A band of 1 admits all weights.

    Parameters
    ----------
    y : (n, k)
        Scores of the parts.
    w : (k,)
        Weights, none below zero, summing to one.
    band
        Largest change of a weight, not below 0.

    Returns
    -------
    (n, n) array in the unit of the scores: the lead of the row over the column, for arithmetic aggregation; not a
    number where either unit has a gap.

    Raises
    ------
    ValueError
        If w is not a set of weights, or the band is below zero.

    References
    ----------
    .. [1] Foster, McGillivray and Seth (2013), Econometric Reviews 32, 35-56; there with weights drawn towards any
       single part, here with a limit for each.

    Examples
    --------
    >>> y, w = np.array([[80.0, 40.0], [50.0, 60.0]]), np.array([0.5, 0.5])
    >>> least_lead(y, w, band=0.08).round(9).tolist()
    [[0.0, 1.0], [-9.0, 0.0]]
    """
    y, w = np.asarray(y, dtype=float), np.asarray(w, dtype=float)
    if w.shape != y.shape[-1:] or (w < 0).any() or abs(w.sum() - 1) > 1e-9 or band < 0:
        raise ValueError(
            f"{w.size} weights that sum to {w.sum():g} for {y.shape[-1]} parts, band {band:g}; "
            "there must be one for each part, none below zero, summing to one, and a band not below zero"
        )
    least, most = np.maximum(w - band, 0.0), np.minimum(w + band, 1.0)
    result = np.empty((len(y), len(y)))
    for i, scores in enumerate(y):
        gap = scores - y
        order = np.argsort(gap, axis=-1, kind="stable")
        room = (most - least)[order]
        used = np.cumsum(room, axis=-1) - room
        given = least[order] + np.clip((1.0 - least.sum()) - used, 0.0, room)
        result[i] = (given * np.take_along_axis(gap, order, axis=-1)).sum(axis=-1)
    return result


def robust_dominance(y: Array, w: Array, *, band: float, tolerance: float = 1e-9) -> NDArray[np.bool_]:
    """Which unit is ahead of which under all weights within ``band`` of w: :func:`least_lead` above ``tolerance``.

    Parameters
    ----------
    y, w, band
        As in :func:`least_lead`.
    tolerance
        A lead that counts as none, in the unit of the scores.

    Returns
    -------
    (n, n) array, true where the row is surely ahead of the column; the number of robust pairs is its sum.

    Examples
    --------
    >>> y, w = np.array([[80.0, 40.0], [50.0, 60.0]]), np.array([0.5, 0.5])
    >>> int(robust_dominance(y, w, band=0.08).sum()), int(robust_dominance(y, w, band=0.12).sum())
    (1, 0)
    """
    return np.asarray(least_lead(y, w, band=band) > tolerance)


def _paired(a: Array, b: Array) -> tuple[Array, Array]:
    """Both on one shape, each with the gaps of both."""
    a, b = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    gap = np.isnan(a) | np.isnan(b)
    return np.where(gap, np.nan, a), np.where(gap, np.nan, b)
