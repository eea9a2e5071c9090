"""Confidence sets of ranks: what can be known of the true order from estimates and their errors.

Arrays only. The spread of ranks in repeated draws is no confidence interval: where true scores nearly tie it is too
narrow. Here differences of all pairs are tested together, and a rank is what these leave open.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["rank_confidence_sets"]

Array = NDArray[np.float64]
NOISE = 1e-12  # of the largest error: a spread below it is none


def rank_confidence_sets(
    estimates: Array, errors: Array, *, level: float = 0.95
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first and the last rank of each unit that the errors allow, for all units together [1]_.

    With a probability of at least ``level`` every true rank is within its set. For each ordered pair it is tested
    whether one unit is above the other; the critical value is the quantile of the largest studentised difference of the
    errors, and is lowered in steps as pairs are decided [2]_. A unit is at least as low as one place below all that are
    surely above it, and at least as high as one place above all that are surely below it.

    Parameters
    ----------
    estimates : (n,)
        Scores, the higher the better.
    errors : (draws, n)
        Draws of the joint errors of the estimates; only their differences from their mean count.
    level
        Probability that all sets hold together, above 0 and below 1.

    Returns
    -------
    Two (n,) arrays of ranks from 1 to n.

    Raises
    ------
    ValueError
        If a number is missing, the shapes do not fit, there are fewer than two draws, or the level is out of its range.

    References
    ----------
    .. [1] Mogstad, Romano, Shaikh and Wilhelm (2024), Inference for ranks with applications to mobility across
       neighbourhoods and academic achievement across countries, Review of Economic Studies 91, 476-518.
    .. [2] Romano and Wolf (2005), Stepwise multiple testing as formalized data snooping, Econometrica 73, 1237-1282.

    Examples
    --------
    >>> errors = np.random.default_rng(1).normal(size=(2000, 3))
    >>> low, high = rank_confidence_sets(np.array([50.0, 49.0, 30.0]), errors)
    >>> low.tolist(), high.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    estimates, errors = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float)
    n = len(estimates)
    if errors.ndim != 2 or errors.shape[1] != n or len(errors) < 2:
        raise ValueError(f"errors have the shape {errors.shape}; they must be at least 2 draws of {n} units")
    if np.isnan(estimates).any() or np.isnan(errors).any():
        raise ValueError("an estimate or an error is missing; leave units without a score out")
    if not 0 < level < 1:
        raise ValueError(f"level is {level:g}; it must be between 0 and 1")
    first, second = np.triu_indices(n, 1)
    centred = (errors - errors.mean(axis=0)).T
    gaps = centred[first] - centred[second]  # (pairs, draws)
    spread = gaps.std(axis=1)
    known = spread > NOISE * max(float(np.abs(centred).max(initial=0.0)), 1e-300)
    differ = estimates[first] - estimates[second]
    decided = ~known & (differ != 0)  # without an error an order is certain
    gaps[known] /= spread[known, None]
    statistic = np.where(known, np.abs(differ) / np.where(known, spread, 1.0), 0.0)
    upward = np.sign(differ)  # the only direction of a pair that can be decided
    while True:
        largest = np.zeros(gaps.shape[1])
        for pair in np.flatnonzero(known):
            one = -upward[pair] * gaps[pair]  # the direction against the estimates always stays open
            np.maximum(largest, np.abs(gaps[pair]) if not decided[pair] else one, out=largest)
        critical = float(np.quantile(largest, level, method="inverted_cdf"))
        more = known & ~decided & (statistic > critical)
        if not more.any():
            break
        decided |= more
    above = np.zeros((n, n), dtype=bool)
    above[first[decided & (upward > 0)], second[decided & (upward > 0)]] = True
    above[second[decided & (upward < 0)], first[decided & (upward < 0)]] = True
    return 1 + above.sum(axis=0), n - above.sum(axis=1)
