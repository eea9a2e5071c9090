"""Weights brought to what is known of the population: post-strata, margins, totals.

Calibration changes the weights as little as it can so that the sample gives known totals exactly. It also makes
estimates of what goes with these totals more exact; :class:`Calibrated` is handed to the design for that, which then
takes the errors from the residuals [1]_.

.. [1] Deville and Särndal (1992), doi 10.1080/01621459.1992.10475217; Särndal, Swensson and Wretman (1992), 6.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from cwi.errors import near
from cwi.methods.survey.arrays import Array, Codes, cells_of, weights_of

__all__ = ["DISTANCES", "Calibrated", "calibrate", "post_stratify", "rake"]

DISTANCES = ("linear", "raking")


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Calibrated weights and what made them.

    ``weights``: (n,) after. ``start``: (n,) before. ``auxiliary``: (n, q) what was calibrated on, sparse.
    ``totals``: (q,) what it gives now. ``variance``: (n,) of the model that is behind it. ``steps``: how many it took.
    """

    weights: Array
    start: Array
    auxiliary: sparse.csr_array
    totals: Array
    variance: Array
    steps: int

    @property
    def factors(self) -> Array:
        """What each weight was multiplied with, (n,)."""
        return self.weights / self.start


def post_stratify(weights: ArrayLike, cells: ArrayLike, totals: ArrayLike) -> Calibrated:
    """Weights that give the known number of persons in each cell.

    Parameters
    ----------
    weights : (n,)
        Above zero.
    cells : (n,)
        Whole numbers from 0 to c - 1.
    totals : (c,)
        Persons in each cell of the population, above zero.

    Raises
    ------
    ValueError
        If a cell has a total and no respondent, or the shapes do not fit.

    Examples
    --------
    >>> post_stratify([1.0, 1.0, 1.0], [0, 0, 1], [50.0, 30.0]).weights
    array([25., 25., 30.])
    """
    w, known = weights_of(weights), _totals(totals)
    place, _ = cells_of(cells, w.size, "cell", "cells", known.size)
    sums = np.bincount(place, w, known.size)
    for one in np.flatnonzero(sums == 0):
        raise ValueError(f"cell {one} has {known[one]:g} persons and no respondent; join it with another")
    return Calibrated(w * (known / sums)[place], w, _indicators([place], [known.size]), known, np.ones(w.size), 1)


def rake(
    weights: ArrayLike,
    margins: Sequence[ArrayLike],
    totals: Sequence[ArrayLike],
    *,
    bounds: tuple[float, float] = (0.0, np.inf),
    tolerance: float = 1e-10,
    steps: int = 500,
) -> Calibrated:
    """Weights that give the known totals of several margins, and keep the sample's association between them.

    Parameters
    ----------
    weights : (n,)
        Above zero.
    margins
        For each margin, the category of each respondent, (n,) whole numbers from 0.
    totals
        For each margin, persons in its categories, above zero; the same sum in all. Where rounding makes them differ
        in the seventh digit, the sum of the first holds.
    bounds
        The least and the largest factor of a weight.
    tolerance
        The largest relative gap left in a total.
    steps
        How many are tried.

    Raises
    ------
    ValueError
        If a category has a total and no respondent, the margins differ in their sums, or the totals are not met
        within the steps.

    References
    ----------
    .. [1] Deming and Stephan (1940), doi 10.1214/aoms/1177731829; Deville, Särndal and Sautory (1993).

    Examples
    --------
    >>> sex, area = [0, 0, 1, 1], [0, 1, 0, 1]
    >>> rake(np.ones(4), [sex, area], [[60.0, 40.0], [70.0, 30.0]]).weights.round(6)
    array([42., 18., 28., 12.])
    """
    w = weights_of(weights)
    if len(margins) != len(totals) or not margins:
        raise ValueError(f"{len(margins)} margins and {len(totals)} lists of totals; there must be one for each")
    known, places = [_totals(total) for total in totals], []
    for number, (margin, total) in enumerate(zip(margins, known, strict=True)):
        place, _ = cells_of(margin, w.size, "category", f"categories of margin {number}", total.size)
        places.append(place)
        for one in np.flatnonzero(np.bincount(place, minlength=total.size) == 0):
            raise ValueError(
                f"category {one} of margin {number} has {total[one]:g} persons and no respondent; join it with another"
            )
        if abs(total.sum() - known[0].sum()) > 1e-6 * known[0].sum():
            raise ValueError(
                f"margin {number} has {total.sum():.10g} persons and margin 0 has {known[0].sum():.10g}; "
                "they must agree"
            )
    x = _indicators(places, [total.size for total in known])
    agreed = np.concatenate([total * (known[0].sum() / total.sum()) for total in known])
    return calibrate(w, x, agreed, distance="raking", bounds=bounds, tolerance=tolerance, steps=steps)


def calibrate(
    weights: ArrayLike,
    auxiliary: ArrayLike | sparse.csr_array,
    totals: ArrayLike,
    *,
    distance: str = "linear",
    variance: ArrayLike | None = None,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    tolerance: float = 1e-10,
    steps: int = 100,
) -> Calibrated:
    """The weights nearest to the given ones that give known totals.

    A weight is multiplied with F(x·b / v), b such that the totals are met: F(u) = 1 + u ("linear": the generalised
    regression estimator) or exp(u) ("raking": never below zero), cut at the bounds [1]_.

    Parameters
    ----------
    weights : (n,)
        Above zero.
    auxiliary : (n, q)
        What is known of each respondent; a column of ones brings the weights to the size of the population. Columns
        that follow from others are allowed where their totals do too.
    totals : (q,)
        Their sums over the population.
    distance
        "linear" or "raking".
    variance : (n,)
        How unsure the auxiliaries are of each respondent, v, above zero; all 1 by default. One auxiliary that is its
        own variance makes the ratio estimator.
    bounds
        The least and the largest factor of a weight, around 1.
    tolerance
        The largest gap left in a total, relative to it and to what the weights gave before.
    steps
        How many steps of Newton's method are tried.

    Raises
    ------
    ValueError
        If something is missing, the shapes do not fit, or the totals cannot be met.

    References
    ----------
    .. [1] Deville and Särndal (1992), doi 10.1080/01621459.1992.10475217, cases 1, 2 and 7.

    Examples
    --------
    >>> made = calibrate([10.0, 10.0, 10.0], [[1, 20], [1, 30], [1, 40]], [33.0, 1000.0])
    >>> made.weights, (made.weights @ made.auxiliary).round(9)
    (array([10.5, 11. , 11.5]), array([  33., 1000.]))
    """
    d, known = weights_of(weights), np.asarray(totals, dtype=float)
    x = sparse.csr_array(auxiliary if sparse.issparse(auxiliary) else np.asarray(auxiliary, dtype=float))
    if x.ndim != 2 or x.shape != (d.size, known.size):
        raise ValueError(f"auxiliaries of the shape {x.shape} do not fit {d.size} weights and {known.size} totals")
    if not (np.isfinite(x.data).all() and np.isfinite(known).all()):
        raise ValueError("auxiliaries or totals are missing or infinite; the auxiliaries of all must be known")
    if distance not in DISTANCES:
        raise ValueError(f"there is no distance {distance!r}{near(distance, DISTANCES)}")
    v = np.ones(d.size) if variance is None else np.asarray(variance, dtype=float)
    if v.shape != d.shape or not (np.isfinite(v) & (v > 0)).all():
        raise ValueError(f"variances of the shape {v.shape} must be {d.size} numbers above zero")
    low, high = bounds
    if not low < 1 < high:
        raise ValueError(f"the bounds of the factors are {low:g} and {high:g}; 1 must lie between them")

    scale = np.maximum(np.abs(known), abs(x).T @ d)
    scale[scale == 0] = 1.0
    even, wanted = x @ sparse.diags_array(1 / scale), known / scale
    slope = np.zeros(known.size)
    fit = _fit(d, even, wanted, v, slope, distance, low, high)
    for step in range(steps):
        if np.abs(fit.gap).max() <= tolerance:
            return Calibrated(d * fit.factor, d, x, known, v, step)
        turn = inverse((even.T @ (even * (d * fit.bend / v)[:, None])).toarray()) @ fit.gap
        for halving in range(40):
            trial = _fit(d, even, wanted, v, slope + turn / 2**halving, distance, low, high)
            falls = trial.loss < fit.loss - 1e-4 * (fit.gap @ turn) / 2**halving
            if falls or np.abs(trial.gap).max() < 0.5 * np.abs(fit.gap).max():  # the loss is too flat near its end
                break
        else:
            break
        slope, fit = slope + turn / 2**halving, trial
    if np.abs(fit.gap).max() <= tolerance:
        return Calibrated(d * fit.factor, d, x, known, v, steps)
    one = int(np.abs(fit.gap).argmax())
    limits = f" with factors from {low:g} to {high:g}" if low > 0 or high < np.inf else ""
    raise ValueError(
        f"the totals cannot be met{limits}: total {one} is {known[one] - fit.gap[one] * scale[one]:.6g} and should be "
        f"{known[one]:.6g}; loosen the bounds, join small cells, or look for totals that contradict each other"
    )


def inverse(squares: Array) -> Array:
    """The inverse of sums of squares and products, also where columns follow from others."""
    size = np.sqrt(np.diag(squares))
    size[size == 0] = 1.0
    return np.asarray(
        np.linalg.pinv(squares / np.outer(size, size), rcond=1e-11, hermitian=True) / np.outer(size, size)
    )


@dataclass(frozen=True, eq=False)
class _Fit:
    """Of slopes b: factors F(x·b / v), how fast they grow, the gaps in the totals, and the convex loss.

    The loss falls by the gaps, so that its lowest point is where they are closed.
    """

    factor: Array
    bend: Array
    gap: Array
    loss: float


def _fit(
    d: Array, x: sparse.csr_array, wanted: Array, v: Array, slope: Array, distance: str, low: float, high: float
) -> _Fit:
    u = x @ slope / v
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        ends = np.array([low, high]) - 1 if distance == "linear" else np.log([max(low, 0.0), high])
        held = np.clip(u, *ends)  # where the factor is at a bound it stays there, and the loss goes on as a line
        factor = 1 + held if distance == "linear" else np.exp(held)
        curve = held + held**2 / 2 if distance == "linear" else factor
        bend = np.ones_like(u) if distance == "linear" else factor
        loss = float((d * v) @ (curve + factor * (u - held)) - wanted @ slope)
    inside = (u > ends[0]) & (u < ends[1])
    return _Fit(
        factor=factor,
        bend=np.where(inside, bend, 1e-3 * bend),  # a little, so that nobody is lost for the next step
        gap=wanted - x.T @ (d * factor),
        loss=loss if np.isfinite(loss) else np.inf,
    )


def _indicators(places: Sequence[Codes], sizes: Sequence[int]) -> sparse.csr_array:
    """A one in the column of each respondent's category, for each margin, (n, q)."""
    n, offsets = places[0].size, np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns = np.stack([place + offset for place, offset in zip(places, offsets, strict=True)], axis=1)
    return sparse.csr_array(
        (np.ones(columns.size), columns.ravel(), np.arange(n + 1) * len(places)), shape=(n, int(sum(sizes)))
    )


def _totals(totals: ArrayLike) -> Array:
    known = np.asarray(totals, dtype=float)
    if known.ndim != 1 or not known.size or not (np.isfinite(known) & (known > 0)).all():
        raise ValueError("the totals must be a list of numbers above zero")
    return known
