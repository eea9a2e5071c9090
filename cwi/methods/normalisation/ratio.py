"""Words that divide by a reference: they need a true zero, and are read on the scale as it was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cwi.methods.normalisation.learning import (
    choice,
    direction,
    learnt,
    logged,
    measured,
    of_base,
    reference_of,
    reference_values_of,
    refuse,
)
from cwi.traits import method

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@method(
    "normalisation",
    learns=True,
    arithmetic=lambda x, worst, best, log, base, start="base", less="mirror", cap=True: _to_target(
        x, best, best > worst, log, base, start, less, cap
    ),
)
def distance_to_target(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    start: str = "base",
    less: str = "mirror",
    cap: bool = True,
) -> Array:
    """How much of the way to the target is done; the target is the best end [1]_.

    ``start`` "base": the way begins at the mean B of the base years, 100 (x - B) / (best - B), in logarithms where an
    indicator is read so. No zero is needed. ``start`` "zero": the way begins at nothing, 100 x / best; where less is
    better ``less`` says how it is turned, 200 - 100 x / best ("mirror") or 100 best / x ("reciprocal").

    Returns
    -------
    (..., n, k) array; 100 at the target, and beyond it when capped; below zero for what is worse than the start.

    Raises
    ------
    ValueError
        From "base": without base years, or where their mean is at the target or beyond. From "zero": for values below
        zero, a target that is not above it, a logarithmic scale.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, "distance to a reference".

    Examples
    --------
    A mean of 40 in the base years, a target of 10:

    >>> x, base = np.array([[25.0], [46.0]]), np.array([[30.0], [50.0]])
    >>> distance_to_target(x, np.array([60.0]), np.array([10.0]), np.array([False]), base)[:, 0].tolist()
    [50.0, -20.0]
    """
    choice(start, ("base", "zero"), "start")
    if start == "zero":
        y = _against(x, np.asarray(best, dtype=float), worst, best, log, None, less)
    else:
        begin, end = of_base(np.nanmean, logged(learnt(base, x), log)), logged(best, log)
        refuse((end - begin) * direction(worst, best) <= 0, "has the mean of its base years at the target or beyond it")
        y = np.asarray(100.0 * ((logged(x, log) - begin) / (end - begin)))
    return np.minimum(y, 100.0) if cap else y


@method(
    "normalisation",
    learns=True,
    needs_true_zero=True,
    from_observations=("reference_values",),
    arithmetic=lambda x, worst, best, log, base, reference="mean", equal=100.0, less="mirror", **given: _ratio(
        x, _middle(base, reference, **given), best > worst, less, equal
    ),
)
def distance_to_reference(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    reference: str | int = "mean",
    reference_years: Sequence[int] | None = None,
    equal: float = 100.0,
    less: str = "mirror",
    reference_values: Array | None = None,
) -> Array:
    """The ratio to a reference r of the base years, in hundredths: ``equal`` + 100 (x / r - 1) [1]_.

    ``equal`` 100 makes it the ratio 100 x / r, ``equal`` 0 the relative difference 100 (x - r) / r. Where less is
    better: ``equal`` - 100 (x / r - 1) ("mirror") or ``equal`` + 100 (r / x - 1) ("reciprocal").

    Parameters
    ----------
    reference
        "mean" or "median" of the base years, the code of the unit to compare with, or the position of its row in
        ``base`` (0 is the first; rows have no names here).
    reference_years
        Years of the reference, instead of the base years; of several the mean.
    equal
        The score of a value equal to the reference.
    less
        How the ratio is turned where less is better, "mirror" or "reciprocal".
    reference_values : (k,)
        The values of the unit or of the years, which the observations give.

    Returns
    -------
    (..., n, k) array; no upper bound.

    Raises
    ------
    ValueError
        Without base years, for values below zero (with "reciprocal": not above it), for a reference that is not above
        zero, and for a logarithmic scale.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, tables 3 and 15.

    Examples
    --------
    >>> base = np.array([[8.0], [12.0]])
    >>> distance_to_reference(base, np.array([0.0]), np.array([1.0]), np.array([False]), base)[:, 0].tolist()
    [80.0, 120.0]
    >>> distance_to_reference(base, np.array([1.0]), np.array([0.0]), np.array([False]), base, equal=0)[:, 0].tolist()
    [20.0, -20.0]
    """
    base = learnt(base, x)
    linear = np.zeros(base.shape[1], dtype=bool)
    middle = reference_values_of(base, reference, reference_years, reference_values, np.ones(base.shape[1]), linear)
    return _against(x, middle, worst, best, log, base, less, equal)


@method(
    "normalisation",
    learns=True,
    needs_true_zero=True,
    arithmetic=lambda x, worst, best, log, base, equal=100.0, less="mirror": _ratio(
        x, float(np.nanmax(base) if best > worst else np.nanmin(base)), best > worst, less, equal
    ),
)
def distance_to_leader(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    equal: float = 100.0,
    less: str = "mirror",
) -> Array:
    """The ratio to the best value of the base years, as :func:`distance_to_reference`.

    The best value is the highest, or the lowest where less is better.

    Returns
    -------
    (..., n, k) array; ``equal`` for the leader, less for all others of the base years.

    Raises
    ------
    ValueError
        As :func:`distance_to_reference`: a lowest value of zero cannot lead.

    Examples
    --------
    >>> base = np.array([[8.0], [10.0]])
    >>> distance_to_leader(base, np.array([0.0]), np.array([1.0]), np.array([False]), base)[:, 0].tolist()
    [80.0, 100.0]
    """
    base = learnt(base, x)
    leader = np.where(direction(worst, best) > 0, of_base(np.nanmax, base), of_base(np.nanmin, base))
    return _against(x, leader, worst, best, log, base, less, equal)


@method(
    "normalisation",
    learns=True,
    needs_true_zero=True,
    arithmetic=lambda x, worst, best, log, base, equal=100.0, less="mirror": _ratio(
        x, float(np.nanmin(base) if best > worst else np.nanmax(base)), best > worst, less, equal
    ),
)
def distance_to_worst(
    x: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None = None,
    *,
    equal: float = 100.0,
    less: str = "mirror",
) -> Array:
    """The ratio to the worst value of the base years, as :func:`distance_to_reference`.

    The worst value is the lowest, or the highest where less is better.

    Returns
    -------
    (..., n, k) array; ``equal`` for the last, more for all others of the base years.

    Raises
    ------
    ValueError
        As :func:`distance_to_reference`: a lowest value of zero cannot be divided by.

    Examples
    --------
    >>> base = np.array([[8.0], [10.0]])
    >>> distance_to_worst(base, np.array([0.0]), np.array([1.0]), np.array([False]), base)[:, 0].tolist()
    [100.0, 125.0]
    """
    base = learnt(base, x)
    last = np.where(direction(worst, best) > 0, of_base(np.nanmin, base), of_base(np.nanmax, base))
    return _against(x, last, worst, best, log, base, less, equal)


@method(
    "normalisation",
    learns=True,
    needs_true_zero=True,
    arithmetic=lambda x, worst, best, log, base: _ratio(
        x, float(np.nanmax(base)), best > worst, "mirror", 100.0 if best > worst else 0.0
    ),
)
def fraction_of_max(x: Array, worst: Array, best: Array, log: Flags, base: Array | None = None) -> Array:
    """The share of the largest value of the base years, 100 x / max; where less is better the rest, 100 - 100 x / max.

    The fraction of the *range* is :func:`~cwi.methods.normalisation.min_max` without caps.

    Returns
    -------
    (..., n, k) array; from 0 to 100 in the base years.

    Raises
    ------
    ValueError
        Without base years, for values below zero, where the largest is zero, and for a logarithmic scale.

    Examples
    --------
    >>> base = np.array([[2.0], [8.0]])
    >>> fraction_of_max(base, np.array([1.0]), np.array([0.0]), np.array([False]), base)[:, 0].tolist()
    [75.0, 0.0]
    """
    base = learnt(base, x)
    equal = np.where(direction(worst, best) > 0, 100.0, 0.0)
    return _against(x, of_base(np.nanmax, base), worst, best, log, base, "mirror", equal)


@method("normalisation", learns=True, needs_true_zero=True, no_true_zero="its classes go below zero")
def above_below_mean(
    x: Array, worst: Array, best: Array, log: Flags, base: Array | None = None, *, threshold: float = 0.2
) -> Array:
    """Better (1) or worse (-1) than the mean of the base years by more than the threshold, or neither (0) [1]_.

    With i = x / mean: 1 for i > 1 + threshold and -1 for i < 1 - threshold; the other way round where less is better.

    Returns
    -------
    (..., n, k) array of -1, 0 and 1.

    Raises
    ------
    ValueError
        Without base years, for values below zero, for a mean of zero, for a logarithmic scale, and if the threshold is
        below zero.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 5, tables 3 and 15.

    Examples
    --------
    >>> base = np.array([[5.0], [11.0], [14.0]])
    >>> above_below_mean(base, np.array([0.0]), np.array([1.0]), np.array([False]), base)[:, 0].tolist()
    [-1.0, 0.0, 1.0]
    """
    if threshold < 0:
        raise ValueError(f"threshold is {threshold:g}; it must not be below zero")
    base = learnt(base, x)
    lead = _against(x, of_base(np.nanmean, base), worst, best, log, base, "mirror", 0.0) / 100.0
    return np.where(np.abs(lead) > threshold + 1e-12, np.sign(lead), np.where(np.isnan(lead), np.nan, 0.0))


@method(
    "normalisation",
    learns=True,
    needs_true_zero=True,
    arithmetic=lambda x, worst, best, log, base, less="mirror": _ratio(
        x, float(np.nanmean(base)), best > worst, less, 100.0
    ),
)
def base_year_index(
    x: Array, worst: Array, best: Array, log: Flags, base: Array | None = None, *, less: str = "mirror"
) -> Array:
    """Change since the base years: 100 x / x0, x0 being the mean of their values [1]_.

    One x0 for all units keeps them comparable with each other; a unit's own change is had by handing in its own rows
    as ``base``. Where less is better two variants are in use and differ: 200 - 100 x / x0 ("mirror", which gives a
    fall by a tenth what a rise by a tenth gets) and 100 x0 / x ("reciprocal").

    Returns
    -------
    (..., n, k) array; 100 for the base years, more for what became better.

    Raises
    ------
    ValueError
        As :func:`distance_to_reference`.

    References
    ----------
    .. [1] Land, Lamb and Mustillo (2001), Social Indicators Research 56, 241-320.

    Examples
    --------
    >>> x, base, ends = np.array([[8.0]]), np.array([[10.0]]), (np.array([1.0]), np.array([0.0]))
    >>> float(base_year_index(x, *ends, np.array([False]), base)[0, 0])
    120.0
    >>> float(base_year_index(x, *ends, np.array([False]), base, less="reciprocal")[0, 0])
    125.0
    """
    return distance_to_reference(x, worst, best, log, base, reference="mean", less=less)


def _against(
    x: Array,
    reference: Array,
    worst: Array,
    best: Array,
    log: Flags,
    base: Array | None,
    less: str,
    equal: float | Array = 100.0,
) -> Array:
    """``equal`` and a hundredth for each hundredth that a value is better than the reference."""
    choice(less, ("mirror", "reciprocal"), "less")
    falls = direction(worst, best) < 0
    x = np.asarray(x, dtype=float)
    for values in (x,) if base is None else (x, base):
        below = (values < 0).any(axis=tuple(range(values.ndim - 1)))
        refuse(np.asarray(below), "has values below zero; a ratio needs a scale with a true zero")
    refuse(
        np.asarray(log, dtype=bool) & measured(x),
        "is read on a logarithmic scale, which has no zero; a ratio needs a true one",
    )
    refuse(np.asarray(reference <= 0), "has zero or less as its reference; a ratio cannot be taken to it")
    lead = (x - reference) / reference
    if less == "reciprocal":
        zero = (x == 0).any(axis=tuple(range(x.ndim - 1)))
        refuse(falls & zero, "has a value of zero; a reciprocal needs values above zero")
        lead[..., falls] = (reference[falls] - x[..., falls]) / x[..., falls]
    else:
        lead[..., falls] *= -1.0
    return np.asarray(equal + 100.0 * lead)


def _middle(base: Array, reference: str | int, reference_values: float | None = None, **years: object) -> float:
    """The reference of one column, of its rows or as observed."""
    return float(reference_of(base[:, None], reference)[0]) if reference_values is None else float(reference_values)


def _ratio(x: float, reference: float, more: bool, less: str, equal: float) -> str:
    """A ratio to a reference, as it is written."""
    value, middle = f"{x:.15g}", f"{reference:.15g}"
    if more:
        return f"{equal:g} + 100 × ({value} / {middle} - 1)"
    return (
        f"{equal:g} - 100 × ({value} / {middle} - 1)"
        if less == "mirror"
        else f"{equal:g} + 100 × ({middle} / {value} - 1)"
    )


def _to_target(x: float, best: float, more: bool, log: bool, base: Array, start: str, less: str, cap: bool) -> str:
    """The share of the way to the target, as it is written."""
    if start == "zero":
        text, done = _ratio(x, best, more, less, 100.0), (x >= best) if more else (x <= best)
    else:
        begin = float(np.nanmean(np.log(base) if log else base))
        ln = "ln " if log else ""
        text = f"100 × ({ln}{x:.15g} - {begin:.12g}) / ({ln}{best:.15g} - {begin:.12g})"
        done = (x >= best) if more else (x <= best)
    return text + (", at most 100" if cap and done else "")
