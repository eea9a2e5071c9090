"""Weights adjusted for non-response, and trimmed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cwi.methods.survey.arrays import Array, Codes, cells_of, design_effect_of_weights, weights_of

__all__ = ["Adjusted", "Trimmed", "adjust_nonresponse", "trim"]


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Weights of those who answered, standing also for those of their class who did not.

    ``weights``: (n,), 0 for who did not answer. ``factors``: (c,) by class. ``rates``: (c,) weighted response rates.
    """

    weights: Array
    factors: Array
    rates: Array


@dataclass(frozen=True, eq=False)
class Trimmed:
    """Trimmed weights, and the record of what was trimmed.

    ``weights``: (n,) after. ``rows``: places of the weights cut, ``before``: what they were. ``moved``: the share of
    the sum of weights that was cut, and went to others or was lost. ``effect_before``, ``effect_after``: the
    :func:`~cwi.methods.survey.design_effect_of_weights`.
    """

    weights: Array
    rows: Codes
    before: Array
    moved: float
    effect_before: float
    effect_after: float


def adjust_nonresponse(
    weights: ArrayLike, answered: ArrayLike, classes: ArrayLike, *, limit: float = np.inf
) -> Adjusted:
    """Adjust for non-response: those who answered represent their class.

    It is right as far as in a class who answers and who does not are alike.

    Parameters
    ----------
    weights : (n,)
        Of all who were asked, above zero.
    answered : (n,)
        True or false.
    classes : (n,)
        Whole numbers from 0: groups known for all who were asked.
    limit
        The largest factor allowed.

    Raises
    ------
    ValueError
        If nobody of a class answered, or its factor is above the limit.

    References
    ----------
    .. [1] Little (1986), Survey nonresponse adjustments for estimates of means, International Statistical Review 54,
       139-157, doi 10.2307/1403140.

    Examples
    --------
    >>> adjust_nonresponse([1.0, 1.0, 1.0, 1.0], [True, False, True, True], [0, 0, 1, 1]).weights
    array([2., 0., 1., 1.])
    """
    w, yes = weights_of(weights), np.asarray(answered, dtype=bool)
    if yes.shape != w.shape:
        raise ValueError(f"answers of the shape {yes.shape} do not fit {w.size} weights")
    place, count = cells_of(classes, w.size, "class", "classes")
    every, some = np.bincount(place, w, count), np.bincount(place, w * yes, count)
    for one in np.flatnonzero((every > 0) & (some == 0)):
        raise ValueError(f"nobody of class {one} answered; join it with a class that is like it")
    with np.errstate(invalid="ignore"):
        factors = every / some
    for one in np.flatnonzero(factors > limit):
        raise ValueError(
            f"class {one} needs the factor {factors[one]:.3g}, above the limit of {limit:g}; join it with a class "
            "that is like it"
        )
    return Adjusted(np.where(yes, w * factors[place], 0.0), factors, 1 / factors)


def trim(
    weights: ArrayLike,
    *,
    upper: float,
    lower: float = 0.0,
    groups: ArrayLike | None = None,
    redistribute: bool = True,
) -> Trimmed:
    """Cut extreme weights, and give what was cut to the others in proportion to theirs.

    A few very large weights make errors large; to cut them makes errors smaller and may bias. Nobody's weight passes
    the limits in the end, and the sum of each group stays. What calibration made exact is lost: calibrate again, or
    with bounds.

    Parameters
    ----------
    weights : (n,)
        Above zero.
    upper, lower
        The largest and the least weight allowed.
    groups : (n,)
        Whole numbers from 0: what is cut stays in its group. One group by default.
    redistribute
        False: what is cut is lost.

    Raises
    ------
    ValueError
        If the limits are turned round, or a group's sum cannot be held within them.

    References
    ----------
    .. [1] Potter (1990), A study of procedures to identify and trim extreme sampling weights, Proceedings of the
       Section on Survey Research Methods, American Statistical Association, 225-230.

    Examples
    --------
    >>> done = trim([1.0, 1.0, 2.0, 8.0], upper=5)
    >>> done.weights, done.rows, done.moved
    (array([1.75, 1.75, 3.5 , 5.  ]), array([3]), 0.25)
    """
    w = weights_of(weights)
    if not 0 <= lower < upper:
        raise ValueError(f"the limits are {lower:g} and {upper:g}; they must be two numbers from 0 that rise")
    place, count = cells_of(np.zeros(w.size, dtype=int) if groups is None else groups, w.size, "group", "groups")
    cut = np.clip(w, lower, upper)
    moved = float(np.abs(w - cut).sum() / w.sum())
    if redistribute:
        members = np.bincount(place, minlength=count)
        target = np.asarray(np.bincount(place, w, count), dtype=float)
        for one in np.flatnonzero((target > upper * members) | (target < lower * members)):
            raise ValueError(
                f"the {members[one]} weights of group {one} sum to {target[one]:.6g}; with each from {lower:g} to "
                f"{upper:g} they cannot"
            )
        cut = _held(w, place, target, lower, upper)
    rows = np.flatnonzero((w > upper) | (w < lower))
    return Trimmed(cut, rows, w[rows], moved, design_effect_of_weights(w), design_effect_of_weights(cut))


def _held(w: Array, place: Codes, target: Array, lower: float, upper: float) -> Array:
    """clip(t_g w, lower, upper) with the one t of each group that keeps its sum.

    Who is at a limit is found by halving on a log scale; then t is exact.
    """
    least = np.full(target.size, np.log(max(lower, np.finfo(float).tiny)) - np.log(w.max()) - 1)
    most = np.full(target.size, np.log(upper) - np.log(w.min()) + 1)
    for _ in range(60):
        middle = (least + most) / 2
        short = np.bincount(place, np.clip(np.exp(middle)[place] * w, lower, upper), target.size) < target
        least, most = np.where(short, middle, least), np.where(short, most, middle)
    grown = np.exp((least + most) / 2)[place] * w
    free = (grown > lower) & (grown < upper)
    rest = target - np.bincount(place, np.where(free, 0.0, np.clip(grown, lower, upper)), target.size)
    spare = np.bincount(place, w * free, target.size)
    exact = np.where(free, w * (rest / np.where(spare > 0, spare, 1.0))[place], grown)
    return np.asarray(np.clip(exact, lower, upper))
