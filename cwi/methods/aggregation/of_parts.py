"""Aggregations of parts: one unit at a time, from the scores of its parts to the score of the whole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cwi.traits import method

__all__ = ["arithmetic", "geometric", "harmonic", "mean_min", "owa", "penalised", "power"]

Array = NDArray[np.float64]


@method("aggregation", in_browser=True, arithmetic=lambda y, w: _sum(w, y))
def arithmetic(y: Array, w: Array) -> Array:
    """The weighted arithmetic mean: a lack in one part is made up by plenty in another.

    Examples
    --------
    >>> float(arithmetic(np.array([90.0, 60.0, 30.0]), np.full(3, 1 / 3)))
    60.0
    """
    return _weighted(w, y)


@method(
    "aggregation",
    needs_true_zero=True,
    in_browser=True,
    arithmetic=lambda y, w, floor=None: _product(_raised(y, floor), w),
)
def geometric(y: Array, w: Array, *, floor: float | None = None) -> Array:
    """The weighted geometric mean, exp(sum w ln y): a lack in one part costs more than plenty elsewhere returns.

    Parameters
    ----------
    floor
        Scores below it are lifted to it, so that a zero has a mean; without one a zero is refused.
        Ranks depend on it: state it, and try another.

    Raises
    ------
    ValueError
        If a score is zero or below, or the floor is.

    References
    ----------
    UNDP, Human Development Report, technical note 1 (the HDI since 2010).

    Examples
    --------
    >>> round(float(geometric(np.array([80.0, 20.0]), np.array([0.5, 0.5]))), 9)
    40.0
    """
    y = _lifted(y, floor)
    _above_zero(y, "geometric")
    return np.asarray(np.exp(_weighted(w, np.log(y))))


@method(
    "aggregation",
    needs_true_zero=True,
    in_browser=True,
    not_split="no split of it over parts is laid down",
    arithmetic=lambda y, w, floor=None: (
        "1 / (" + " + ".join(f"{b} / {a}" for a, b in zip(_raised(y, floor), w, strict=True)) + ")"
    ),
)
def harmonic(y: Array, w: Array, *, floor: float | None = None) -> Array:
    """The weighted harmonic mean, 1 / sum (w / y): below the geometric, unless all parts are equal.

    Parameters
    ----------
    floor
        Scores below it are lifted to it, as in :func:`geometric`.

    Raises
    ------
    ValueError
        If a score is zero or below, or the floor is.

    Examples
    --------
    >>> round(float(harmonic(np.array([60.0, 30.0]), np.array([0.5, 0.5]))), 9)
    40.0
    """
    y = _lifted(y, floor)
    _above_zero(y, "harmonic")
    return np.asarray(1.0 / _weighted(w, 1.0 / y))


@method(
    "aggregation",
    needs_true_zero=True,
    in_browser=True,
    not_split="no split of it over parts is laid down",
    arithmetic=lambda y, w, p: f"({_sum(w, [f'{a}^({p:g})' for a in y])})^(1 / ({p:g}))" if p else _product(y, w),
    example={"p": 0.5},
)
def power(y: Array, w: Array, *, p: float) -> Array:
    """The weighted power mean (sum w y^p)^(1/p); p = 1 arithmetic, p → 0 geometric, p = -1 harmonic [1]_.

    Raises
    ------
    ValueError
        If a score is below zero, or is zero while p is zero or below.

    References
    ----------
    .. [1] OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 6, "generalised mean".

    Examples
    --------
    >>> round(float(power(np.array([90.0, 10.0]), np.array([0.5, 0.5]), p=0.5)), 9)
    40.0
    """
    if p == 0:
        return geometric(y, w)
    if p < 0:
        _above_zero(y, f"power (p = {p:g})")
    elif np.any(y < 0):
        raise ValueError("power needs scores that are not below zero")
    return np.asarray(_weighted(w, y**p) ** (1.0 / p))


@method(
    "aggregation",
    needs_true_zero=True,
    made_for=("ampi", "z_score"),
    not_split="its penalty belongs to all parts together and to none of them",
    arithmetic=lambda y, w, direction, ddof=0, weighted=True: _penalised(y, w, direction, ddof, weighted),
    example={"direction": "down"},
)
def penalised(y: Array, w: Array, *, direction: str, ddof: int = 0, weighted: bool = True) -> Array:
    """The mean less (or plus) a penalty for imbalance: M ∓ S cv with cv = S / M, the Mazziotta-Pareto index [1]_.

    M and S are the weighted mean and standard deviation of a unit's parts, the latter divided by k. Balanced parts
    give their mean. It is not bounded by the smallest part.
    On scores made with reference 100 and ends 70 and 130 this is the adjusted index of [2]_.

    Parameters
    ----------
    direction
        ``"down"`` takes the penalty off, where more is better; ``"up"`` adds it, where more is worse.
    ddof
        0 divides the squares by the number k of parts that count, as the authors do; 1 by k - 1.
    weighted
        Whether S and cv use the weights, as M does; without, all parts that count are alike in the penalty.

    Raises
    ------
    ValueError
        If a mean is zero or below, so that it has no coefficient of variation, or a setting is unknown.

    References
    ----------
    .. [1] De Muro, Mazziotta and Pareto (2011), doi 10.1007/s11205-010-9727-z.
    .. [2] Mazziotta and Pareto (2016), doi 10.1007/s11205-015-0998-2.

    Examples
    --------
    >>> w = np.full(3, 1 / 3)
    >>> [round(float(penalised(np.array(y), w, direction="down")), 9) for y in ([60, 60, 60], [90, 60, 30])]
    [60.0, 50.0]
    >>> round(float(penalised(np.array([90.0, 60, 30]), w, direction="down", ddof=1)), 9)
    45.0
    """
    if direction not in ("down", "up"):
        raise ValueError(f"direction is '{direction}'; it must be 'down' or 'up'")
    if ddof not in (0, 1):
        raise ValueError(f"ddof is {ddof}; it must be 0 (divided by k) or 1 (by k - 1)")
    mean = arithmetic(y, w)
    counts = w > 0
    k = counts.sum(axis=-1)
    in_penalty = w if weighted else counts / k[..., None]
    middle = mean if weighted else arithmetic(y, in_penalty)
    lowest = float(min(np.min(mean), np.min(middle)))
    if lowest <= 0:
        raise ValueError(f"penalised needs means above zero; the lowest is {lowest:g}")
    penalty = _weighted(in_penalty, (y - middle[..., None]) ** 2) / middle
    if ddof:
        penalty = penalty * (k / np.maximum(k - 1, 1))
    return np.asarray(mean - penalty if direction == "down" else mean + penalty)


@method(
    "aggregation",
    not_split="what it takes off belongs to the part that is the smallest, which need not be the same on both sides",
    arithmetic=lambda y, w, alpha, beta: _mean_min(y, w, alpha, beta),
    example={"alpha": 0.5, "beta": 0.0},
)
def mean_min(y: Array, w: Array, *, alpha: float, beta: float) -> Array:
    """Between the mean and the smallest part: M - α (√((M - min)² + β²) - β) [1]_.

    ``alpha`` 0 is the weighted mean; ``alpha`` 1 with ``beta`` 0 is the smallest part that counts. The larger
    ``beta``, the more a small imbalance is forgiven.

    Parameters
    ----------
    alpha
        From 0 to 1.
    beta
        In units of the scores, zero or above.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Casadio Tarabusi and Guarini (2013), Social Indicators Research 112, 19-45.

    Examples
    --------
    >>> y, w = np.array([90.0, 60.0, 30.0]), np.full(3, 1 / 3)
    >>> [round(float(mean_min(y, w, alpha=a, beta=b)), 9) for a, b in ((0, 0), (1, 0), (0.5, 40))]
    [60.0, 30.0, 55.0]
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha:g}; it must be from 0 to 1")
    if not 0 <= beta < np.inf:
        raise ValueError(f"beta is {beta:g}; it must be zero or above")
    mean = arithmetic(y, w)
    smallest = np.where(w > 0, y, np.inf).min(axis=-1)
    return np.asarray(mean - alpha * (np.hypot(mean - smallest, beta) - beta))


@method(
    "aggregation",
    not_split="its weights go with the places of parts, not with the parts",
    example=lambda k: {"order_weights": [2 * (k - i) / (k * (k + 1)) for i in range(k)]},
)
def owa(y: Array, w: Array, *, order_weights: Sequence[float]) -> Array:
    """Weights that go with the place of a part, not with its name: an ordered weighted average [1]_.

    With equal ``w`` the best part counts ``order_weights[0]``, the next ``order_weights[1]``, and so on: (1, 0, …) is
    the best part, (…, 0, 1) the worst, equal ones the mean. Unequal ``w`` (or a part missing) stretch or shrink
    the places: the part takes what the order weights, spread evenly over their places, give to its stretch [2]_.

    Parameters
    ----------
    order_weights : (k,)
        From the best part to the worst; none below zero, summing to one.

    Raises
    ------
    ValueError
        If there is not one for each part, one is below zero, or they do not sum to one.

    References
    ----------
    .. [1] Yager (1988), doi 10.1109/21.87068.
    .. [2] Torra (1997), the weighted OWA operator, International Journal of Intelligent Systems 12, 153-166.

    Examples
    --------
    The worst part counts half:

    >>> round(float(owa(np.array([30.0, 90.0, 60.0]), np.full(3, 1 / 3), order_weights=[0.25, 0.25, 0.5])), 9)
    52.5
    """
    places = np.asarray(order_weights, dtype=float)
    k = y.shape[-1]
    if places.shape != (k,):
        raise ValueError(f"there are {places.size} order weights for {k} parts")
    if not (places >= 0).all() or not abs(places.sum() - 1) <= 1e-6:
        raise ValueError(f"order weights must not be below zero and must sum to one; they are {places.tolist()}")
    y, w = np.broadcast_arrays(y, w)
    order = np.argsort(-y, axis=-1, kind="stable")
    ends = np.cumsum(np.take_along_axis(w, order, axis=-1), axis=-1)
    ends[..., -1] = 1.0
    steps = np.append(0.0, np.cumsum(places) / places.sum())
    used = np.diff(np.interp(ends, np.linspace(0.0, 1.0, k + 1), steps), axis=-1, prepend=0.0)
    return arithmetic(np.take_along_axis(y, order, axis=-1), used)


def _sum(w: Sequence[str], y: Sequence[str]) -> str:
    """A weighted sum as it is written."""
    return " + ".join(f"{b} × {a}" for a, b in zip(y, w, strict=True))


def _product(y: Sequence[str], w: Sequence[str]) -> str:
    """A weighted product as it is written."""
    return " × ".join(f"{a}^{b}" for a, b in zip(y, w, strict=True))


def _raised(y: Sequence[str], floor: float | None) -> list[str]:
    """Scores as they enter a mean with a floor."""
    return [a if floor is None or float(a) >= floor else f"{floor:g}" for a in y]


def _mean_of(y: Sequence[str], w: Sequence[str]) -> float:
    return sum(float(a) * float(b) for a, b in zip(y, w, strict=True))


def _penalised(y: Sequence[str], w: Sequence[str], direction: str, ddof: int, weighted: bool) -> str:
    mean, k = f"{_mean_of(y, w):.10g}", len(y)
    in_penalty = list(w) if weighted else [f"{1 / k:.10g}"] * k
    middle = f"{_mean_of(y, in_penalty):.10g}"
    squares = _sum(in_penalty, [f"({a} - {middle})^2" for a in y])
    more = f" × {k} / {k - 1}" if ddof and k > 1 else ""
    return f"{mean} {'-' if direction == 'down' else '+'} ({squares}) / {middle}{more}, {mean} = {_sum(w, y)}"


def _mean_min(y: Sequence[str], w: Sequence[str], alpha: float, beta: float) -> str:
    mean, least = f"{_mean_of(y, w):.10g}", min((a for a, b in zip(y, w, strict=True) if float(b) > 0), key=float)
    return f"{mean} - {alpha:g} × (√(({mean} - {least})^2 + {beta:g}^2) - {beta:g}), {mean} = {_sum(w, y)}"


def _weighted(w: Array, y: Array) -> Array:
    """Sum w y over the parts, in their order: the same to the last bit for one unit alone as among a million draws."""
    shape = np.broadcast_shapes(w.shape[:-1], y.shape[:-1])
    total, term = np.empty(shape[::-1]).T, np.empty(shape[::-1]).T  # the leading axes, draws, are the ones that run
    np.multiply(w[..., 0], y[..., 0], out=total)
    for part in range(1, y.shape[-1]):
        np.add(total, np.multiply(w[..., part], y[..., part], out=term), out=total)
    return total


def _lifted(y: Array, floor: float | None) -> Array:
    if floor is None:
        return y
    if not 0 < floor < np.inf:
        raise ValueError(f"the floor is {floor:g}; it must be above zero")
    return np.maximum(y, floor)


def _above_zero(y: Array, name: str) -> None:
    if np.any(y <= 0):
        raise ValueError(f"{name} needs scores above zero; the lowest is {float(np.min(y)):g}")
