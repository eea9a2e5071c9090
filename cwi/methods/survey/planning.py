"""How many must be asked: the size of the next survey for a wanted margin, and the margin for a given size.

The variance of a proportion is deff · (1 - n / N) · S² / n, with S² = p (1 - p) N / (N - 1); the margin is z times its
root. All arguments may be arrays, such as one number for each region.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cwi.errors import near

__all__ = ["RULES", "allocate", "design_effect", "margin_of_error", "optimal_take", "sample_size"]

Array = NDArray[np.float64]

RULES = ("proportional", "equal", "power", "neyman")


def sample_size(
    wanted: ArrayLike,
    *,
    p: ArrayLike = 0.5,
    deff: ArrayLike = 1.0,
    population: ArrayLike = np.inf,
    response: ArrayLike = 1.0,
    level: float = 0.95,
) -> NDArray[np.int64]:
    """How many persons must be asked so that a proportion has a wanted margin [1]_.

    Parameters
    ----------
    wanted
        Half the length of the interval, as a share: 0.03 for 3 percentage points.
    p
        The proportion expected; 0.5 asks for the most.
    deff
        The design effect expected, see :func:`design_effect`.
    population
        Persons in the domain, N.
    response
        The share of those asked who answer, above 0 and at most 1; 1 gives the number of answers.
    level
        Of the interval.

    Returns
    -------
    Whole numbers, rounded up.

    Raises
    ------
    ValueError
        If a number is out of its range, or more would have to be asked than there are.

    References
    ----------
    .. [1] Cochran (1977), Sampling Techniques, 4.4, with deff after Kish (1965), Survey Sampling, 8.2.

    Examples
    --------
    >>> sample_size(0.05).item(), sample_size(0.05, deff=1.8, response=0.8).item()
    (385, 865)
    >>> sample_size([0.03, 0.05], population=20_000, deff=1.5).tolist()
    [1483, 561]
    """
    half, share, effect, size, rate = _broad(wanted, p, deff, population, response)
    _within("the margin", half, half > 0, "above zero")
    first = effect * (_z(level) / half) ** 2 * _variance(share, size, effect, rate)
    answers = first / (1 + first / size)
    asked = np.ceil(answers / rate - 1e-9)
    if (asked > size).any():
        one = np.flatnonzero(asked > size)[0]
        raise ValueError(
            f"{asked.flat[one]:.0f} would have to be asked of {size.flat[one]:.0f}: the margin of "
            f"{half.flat[one]:g} cannot be had at a response of {rate.flat[one]:g}"
        )
    return np.asarray(asked, dtype=np.int64)


def margin_of_error(
    asked: ArrayLike,
    *,
    p: ArrayLike = 0.5,
    deff: ArrayLike = 1.0,
    population: ArrayLike = np.inf,
    response: ArrayLike = 1.0,
    level: float = 0.95,
) -> Array:
    """The margin of a proportion that a number of persons asked will give; arguments as in :func:`sample_size`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> margin_of_error(400).round(4).item(), margin_of_error([400, 400], deff=[1.0, 2.0], response=0.8).round(4)
    (0.049, array([0.0548, 0.0775]))
    """
    n, share, effect, size, rate = _broad(asked, p, deff, population, response)
    _within("the number asked", n, (n > 0) & (n <= size), "above zero and at most the population")
    answers = n * rate
    return np.asarray(
        _z(level) * np.sqrt(effect * (1 - answers / size) * _variance(share, size, effect, rate) / answers)
    )


def design_effect(
    cluster: ArrayLike, icc: ArrayLike, *, cv_weights: ArrayLike = 0.0, cv_cluster: ArrayLike = 0.0
) -> Array:
    """What clusters and unequal weights make of the variance: (1 + (m (1 + cv²) - 1) · icc) · (1 + cv_w²) [1]_.

    Parameters
    ----------
    cluster
        Mean number of respondents of a sampling unit, m, at least 1.
    icc
        How alike respondents of one unit are: the intraclass correlation, from 0 to 1.
    cv_weights
        Standard deviation of the weights over their mean.
    cv_cluster
        The same of the numbers of respondents of a unit.

    References
    ----------
    .. [1] Kish (1987), Weighting in deft², The Survey Statistician, June; Holt (1980), Journal of the Royal
       Statistical Society A 143, for units of unequal size.

    Examples
    --------
    >>> design_effect(21, 0.05).item(), design_effect([10, 20], 0.05, cv_weights=0.5).tolist()
    (2.0, [1.8125, 2.4375])
    """
    m, rho, weights, sizes = _broad(cluster, icc, cv_weights, cv_cluster)
    _within("a cluster", m, m >= 1, "at least 1")
    _within("icc", rho, (rho >= 0) & (rho <= 1), "from 0 to 1")
    _within("a coefficient of variation", np.minimum(weights, sizes), np.minimum(weights, sizes) >= 0, "not below zero")
    return np.asarray((1 + (m * (1 + sizes**2) - 1) * rho) * (1 + weights**2))


def optimal_take(icc: ArrayLike, *, cost_unit: ArrayLike, cost_person: ArrayLike) -> Array:
    """The number of respondents of a unit that gives most for the money.

    The root of cost_unit / cost_person · (1 - icc) / icc [1]_.

    Parameters
    ----------
    icc
        Above 0 and at most 1.
    cost_unit, cost_person
        What one more sampling unit and one more respondent cost, above zero.

    References
    ----------
    .. [1] Cochran (1977), Sampling Techniques, 10.6; Kish (1965), Survey Sampling, 8.3.

    Examples
    --------
    >>> optimal_take(0.05, cost_unit=400, cost_person=10).round(1).item()
    27.6
    """
    rho, unit, person = _broad(icc, cost_unit, cost_person)
    _within("icc", rho, (rho > 0) & (rho <= 1), "above 0 and at most 1")
    _within("a cost", np.minimum(unit, person), np.minimum(unit, person) > 0, "above zero")
    return np.sqrt(unit / person * (1 - rho) / rho)


def allocate(
    n: int,
    sizes: ArrayLike,
    *,
    rule: str = "proportional",
    power: float = 0.5,
    spread: ArrayLike | None = None,
    least: ArrayLike = 0,
) -> NDArray[np.int64]:
    """A sample of n shared out among strata.

    ============ ============================================================================================
    proportional by size: best for the nation if strata are alike
    equal        the same to each: regions of the same exactness
    power        by spread · size to the ``power``: between the two [1]_; spread is the coefficient of variation
    neyman       by spread · size: best for the nation; spread is the standard deviation [2]_
    ============ ============================================================================================

    Parameters
    ----------
    n
        How many in all.
    sizes : (h,)
        Persons in each stratum, above zero; no stratum gets more.
    rule
        A word of the table.
    power
        From 0 (equal) to 1 (proportional).
    spread : (h,)
        How unlike the answers of a stratum are; all the same by default, but "neyman" needs it.
    least
        What each stratum gets at least.

    Returns
    -------
    (h,) whole numbers with the sum n, by largest remainders.

    Raises
    ------
    ValueError
        If n is less than what the strata get at least or more than there are, or a number is out of its range.

    References
    ----------
    .. [1] Bankier (1988), doi 10.1080/00031305.1988.10475556.
    .. [2] Neyman (1934), doi 10.2307/2342192.

    Examples
    --------
    >>> allocate(100, [900, 90, 10]), allocate(100, [900, 90, 10], rule="power", least=5)
    (array([90,  9,  1]), array([70, 22,  8]))
    """
    most = np.asarray(sizes, dtype=float)
    if most.ndim != 1 or not most.size or not (np.isfinite(most) & (most > 0)).all():
        raise ValueError("sizes of strata must be a list of numbers above zero")
    if rule not in RULES:
        raise ValueError(f"there is no rule {rule!r} to allocate by{near(rule, RULES)}")
    if rule == "neyman" and spread is None:
        raise ValueError("the rule 'neyman' needs the spread of each stratum")
    if not 0 <= power <= 1:
        raise ValueError(f"power is {power:g}; it must be from 0 to 1")
    wide = np.broadcast_to(np.asarray(1.0 if spread is None else spread, dtype=float), most.shape)
    if not (np.isfinite(wide) & (wide >= 0)).all() or not wide.any():
        raise ValueError("the spread of a stratum must be a number not below zero, and not all zero")
    floor = np.minimum(np.broadcast_to(np.asarray(least, dtype=float), most.shape), most)
    if not floor.sum() <= n <= np.floor(most).sum():
        raise ValueError(f"{n} cannot be shared out: at least {floor.sum():.0f} and at most {most.sum():.0f} can")
    exponent = {"proportional": 1.0, "equal": 0.0, "power": power, "neyman": 1.0}[rule]
    wanted = most**exponent * (wide if rule in ("power", "neyman") else 1.0)
    return _rounded(_filled(n, wanted, floor, most), n, np.floor(most))


def _filled(n: int, wanted: Array, floor: Array, most: Array) -> Array:
    """N in proportion to what is wanted, none below its floor or above its most: one t in clip(t · wanted)."""
    low, high = 0.0, n / wanted[wanted > 0].min() * 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.clip(middle * wanted, floor, most).sum() < n else (low, middle)
    return np.asarray(np.clip(high * wanted, floor, most))


def _rounded(share: Array, n: int, most: Array) -> NDArray[np.int64]:
    """Whole numbers with the sum n: the largest remainders are rounded up, the first among equals."""
    floors = np.floor(share + 1e-9)
    order = np.argsort(-(np.round(share - floors, 9) - 2 * (floors >= most)), kind="stable")
    floors[order[: n - int(floors.sum())]] += 1
    return floors.astype(np.int64)


def _variance(p: Array, size: Array, effect: Array, rate: Array) -> Array:
    """P (1 - p) N / (N - 1), where all four are in their ranges."""
    _within("p", p, (p > 0) & (p < 1), "between 0 and 1")
    _within("the population", size, size > 1, "above 1")
    _within("the design effect", effect, effect > 0, "above zero")
    _within("the response", rate, (rate > 0) & (rate <= 1), "above 0 and at most 1")
    return p * (1 - p) / (1 - 1 / size)


def _broad(first: ArrayLike, *others: ArrayLike) -> tuple[Array, ...]:
    arrays = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (first, *others)))
    return tuple(np.asarray(array) for array in arrays)


def _within(what: str, values: Array, good: NDArray[np.bool_], must: str) -> None:
    if not np.all(good):
        raise ValueError(f"{what} is {values[~good].flat[0]:g}; it must be {must}")


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"the level is {level:g}; it must be between 0 and 1")
    return float(stats.norm.ppf((1 + level) / 2))
