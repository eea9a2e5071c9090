"""What is done about values far from all others, decided once and kept.

The base years decide: :func:`learn` looks at each of their columns and returns a :class:`Treatment`, a frozen record
of caps and transformations; :func:`apply` treats any years by it, :func:`changes` lists every cell it changes.

base : (m, k)      values of the base years, not a number where nothing was measured
x : (..., n, k)    values of any years, in the same units

A column is left alone unless its skewness *and* its kurtosis are far from those of a bell curve. With fixed ends and
caps (``goalposts``) there is usually nothing to treat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.errors import near
from cwi.methods.treatment.outlying import beyond, outlying, shape, skewness

__all__ = [
    "SHIFTS",
    "THEN",
    "Changes",
    "Treatment",
    "apply",
    "changes",
    "learn",
    "learn_each",
    "of_columns",
]

Array = NDArray[np.float64]
Words = NDArray[np.str_]

THEN = ("log", "boxcox", "nothing")
SHIFTS = ("hundredth", "one")


@dataclass(frozen=True, eq=False)
class Changes:
    """Every cell that a treatment changes, in the order of rows and columns; all arrays have one length.

    ``why``: "high" or "low" (brought to a cap), "log" or "boxcox" (transformed).
    """

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    old: Array
    new: Array
    why: Words

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Treatment:
    """What is done to each of k columns; every array is (k,).

    ``how``: "none", "winsorised", "log" or "boxcox", or "winsorised, log" and "winsorised, boxcox" for both. Caps are
    infinite where there are none. A transformed value is
    s ((s (x - origin) / unit)^power - 1) / power, s being ``side``, or s ln(s (x - origin) / unit) for power 0:
    no longer in the unit of the column, so its ends must be transformed with it. ``power`` is not a number where
    nothing is transformed. ``skewness`` and ``kurtosis``: before (row 0) and after (row 1), (2, k).
    ``base``: (m, k) values of the base years, and ``changes``: the cells of theirs that are changed.
    """

    how: tuple[str, ...]
    low: Array
    high: Array
    side: Array
    origin: Array
    unit: Array
    power: Array
    skewness: Array
    kurtosis: Array
    still_outlying: NDArray[np.bool_]
    base: Array = field(repr=False)

    @cached_property
    def changes(self) -> Changes:
        """The cells of the base years that are changed; listed when they are asked for."""
        return changes(self, self.base)


def learn(
    base: Array,
    *,
    limit: int = 5,
    then: str = "log",
    skew: float = 2.0,
    kurt: float = 3.5,
    combine: bool = False,
    shift: str = "hundredth",
    power: float | None = None,
) -> Treatment:
    """Decide from the base years how each column is treated.

    A column that is :func:`outlying` has its most extreme value brought to the next one, on the side its skewness
    points to, then the two most extreme to the third, up to ``limit`` values, and stops as soon as it is no longer
    outlying. Where the limit is not enough, or all values would become equal, nothing is winsorised and the column is
    transformed instead: with side s = 1 (a long tail above) or -1 (below),

    * "log": s ln(s (x - origin)), the origin a hundredth of the range beyond the end of the short tail;
      for s = 1 that is ln(x - min + 0.01 range);
    * "boxcox": s (u^p - 1)/p with u = s (x - origin)/range and the power p of the greatest likelihood [1]_;
    * "nothing": it stays as it is.

    With ``combine`` the transformation is of the column as winsorised up to the limit, not of the column as it was.

    Parameters
    ----------
    base : (m, k)
        Values of the base years.
    limit
        The most values of a column that are winsorised, not below 0; about a twentieth of the units is customary.
    then
        What is done where that is not enough: "log", "boxcox" or "nothing".
    skew, kurt
        The limits of :func:`outlying`.
    combine
        Whether the column is winsorised up to the limit before it is transformed.
    shift
        How far the origin is beyond the end of the short tail: "hundredth" of the range, or "one" unit of the column,
        ln(x - min + 1), which depends on that unit; Box-Cox then does not divide by the range.
    power
        Of Box-Cox, instead of the one of the greatest likelihood.

    Returns
    -------
    Treatment
        ``still_outlying`` says where nothing helped.

    Raises
    ------
    ValueError
        If ``then`` is unknown, the limit is below zero or a value is infinite.

    References
    ----------
    .. [1] Box and Cox (1964), Journal of the Royal Statistical Society B 26, 211-252.

    Examples
    --------
    >>> treatment = learn(np.array([[1.0], [2.0], [3.0], [2.0], [1.0], [3.0], [2.0], [99.0]]))
    >>> treatment.how, treatment.high
    (('winsorised',), array([3.]))
    >>> [(int(c), float(o), float(n)) for c, o, n in zip(
    ...     treatment.changes.row, treatment.changes.old, treatment.changes.new, strict=True)]
    [(7, 99.0, 3.0)]
    """
    from scipy import stats  # heavy: imported where it is used

    base = np.asarray(base, dtype=float)
    _refuse_settings(base, limit, then, shift)
    k = base.shape[1]

    def is_outlying(x: Array) -> bool:
        return bool(outlying(x[:, None], skew=skew, kurt=kurt)[0])

    how = ["none"] * k
    low, high = np.full(k, -np.inf), np.full(k, np.inf)
    side, origin, unit, powers = np.ones(k), np.zeros(k), np.ones(k), np.full(k, np.nan)
    before = shape(base)
    for j in np.flatnonzero(beyond(*before, skew=skew, kurt=kurt)):
        x = base[~np.isnan(base[:, j]), j]
        side[j] = np.sign(skewness(x[:, None])[0])
        cap = _winsorised(side[j] * x, limit, is_outlying)
        if cap is not None:
            how[j] = "winsorised"
            low[j], high[j] = (-np.inf, cap) if side[j] > 0 else (-cap, np.inf)
        elif then != "nothing":
            how[j] = then
            # a value of later years beyond the short tail is brought to its end: the logarithm ends there
            low[j], high[j] = (x.min(), np.inf) if side[j] > 0 else (-np.inf, x.max())
            far = _farthest(side[j] * x, limit) if combine else None
            if far is not None:
                how[j] = f"winsorised, {then}"
                low[j], high[j] = (low[j], far) if side[j] > 0 else (-far, high[j])
                x = np.clip(x, low[j], high[j])
            reach = x.max() - x.min()
            beyond_tail = 1.0 if shift == "one" else 0.01 * reach
            origin[j] = x.min() - beyond_tail if side[j] > 0 else x.max() + beyond_tail
            if then == "boxcox" and shift != "one":
                unit[j] = reach
            u = side[j] * (x - origin[j]) / unit[j]
            likeliest = power is None and then == "boxcox"
            powers[j] = float(stats.boxcox_normmax(u, method="mle")) if likeliest else 0.0 if power is None else power
    rules = (tuple(how), low, high, side, origin, unit, powers)
    after = shape(_treated(base, *rules[1:]))
    return Treatment(
        *rules,
        skewness=np.stack([before[0], after[0]]),
        kurtosis=np.stack([before[1], after[1]]),
        still_outlying=beyond(*after, skew=skew, kurt=kurt),
        base=base,
    )


def _refuse_settings(base: Array, limit: int, then: str, shift: str) -> None:
    for what, word, words in (("then", then, THEN), ("shift", shift, SHIFTS)):
        if word not in words:
            raise ValueError(f"{what} is '{word}'{near(word, words)}")
    if limit < 0 or np.isinf(base).any():
        raise ValueError(f"limit is {limit}; it must not be below zero, and values must be finite")


def learn_each(base: Array, settings: Sequence[Mapping[str, Any] | None]) -> Treatment:
    """Decide how each column is treated where columns have settings of their own.

    Parameters
    ----------
    base : (m, k)
        Values of the base years.
    settings
        For each column the parameters of :func:`learn`, or None where nothing is done to it.

    Examples
    --------
    >>> column = np.array([1.0, 2.0, 3.0, 2.0, 1.0, 3.0, 2.0, 99.0])
    >>> learn_each(np.column_stack([column, column, column]), [{"limit": 5}, None, {"limit": 0}]).how
    ('winsorised', 'none', 'log')
    """
    base = np.asarray(base, dtype=float)
    kinds: list[tuple[Mapping[str, Any] | None, list[int]]] = []
    for column, setting in enumerate(settings):
        same = next((columns for known, columns in kinds if known == setting), None)
        if same is None:
            kinds.append((setting, [column]))
        else:
            same.append(column)
    if len(kinds) == 1 and kinds[0][0] is not None:
        return learn(base, **kinds[0][0])
    whole = learn(np.full_like(base, np.nan))
    how = list(whole.how)
    for setting, columns in kinds:
        part = learn(base[:, columns], **setting) if setting is not None else learn(base[:, columns], skew=np.inf)
        for place, column in enumerate(columns):
            how[column] = part.how[place]
        for name in ("low", "high", "side", "origin", "unit", "power", "still_outlying"):
            getattr(whole, name)[columns] = getattr(part, name)
        for name in ("skewness", "kurtosis"):
            getattr(whole, name)[:, columns] = getattr(part, name)
    return replace(whole, how=tuple(how), base=base)


def apply(treatment: Treatment, x: Array) -> Array:
    """The values as the treatment leaves them; the order of units never turns.

    Parameters
    ----------
    x : (..., n, k)
        Values of any years. The two ends of transformed columns go the same way: ``apply(treatment, ends)`` with
        ends (2, k).

    Returns
    -------
    (..., n, k) array; not a number where x is not.

    Examples
    --------
    >>> treatment = learn(np.array([[1.0], [2.0], [3.0], [2.0], [1.0], [3.0], [2.0], [99.0]]))
    >>> apply(treatment, np.array([[0.5], [2.5], [7.0]]))[:, 0].tolist()
    [0.5, 2.5, 3.0]
    """
    t = treatment
    return _treated(np.asarray(x, dtype=float), t.low, t.high, t.side, t.origin, t.unit, t.power)


def of_columns(treatment: Treatment, columns: NDArray[np.intp]) -> Treatment:
    """The treatment of some columns only, for :func:`apply`.

    Examples
    --------
    >>> learnt = learn(np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 90.0]]), limit=1)
    >>> of_columns(learnt, np.array([1])).high.tolist() == learnt.high[[1]].tolist()
    True
    """
    arrays = ("low", "high", "side", "origin", "unit", "power", "still_outlying")
    picked = {name: getattr(treatment, name)[columns] for name in arrays}
    how = tuple(treatment.how[column] for column in columns)
    return replace(treatment, how=how, base=treatment.base[:, columns], **picked)


def changes(treatment: Treatment, x: Array) -> Changes:
    """The cells of x (n, k) that the treatment changes, to be published with the result.

    Examples
    --------
    >>> treatment = learn(np.array([[1.0], [2.0], [3.0], [2.0], [1.0], [3.0], [2.0], [99.0]]))
    >>> changes(treatment, np.array([[0.5], [7.0]])).why.tolist()
    ['high']
    """
    x = np.asarray(x, dtype=float)
    return _listed(x, apply(treatment, x), treatment.how, treatment.low, treatment.high, treatment.side)


def _winsorised(x: Array, limit: int, beyond: Callable[[Array], bool]) -> float | None:
    """The cap from above at which x is no longer outlying, or None; a cap that makes all values equal helps nobody."""
    caps = np.sort(x)[::-1][1 : limit + 1]
    return next((float(cap) for cap in caps if cap > x.min() and not beyond(np.minimum(x, cap))), None)


def _farthest(x: Array, limit: int) -> float | None:
    """The cap that winsorises as many values as the limit allows and leaves two different ones, where there is one."""
    caps = [float(cap) for cap in np.sort(x)[::-1][1 : limit + 1] if cap > x.min()]
    return caps[-1] if caps else None


def _treated(x: Array, low: Array, high: Array, side: Array, origin: Array, unit: Array, power: Array) -> Array:
    y = np.clip(x, low, high)
    for j in np.flatnonzero(~np.isnan(power)):
        u, p = side[j] * (y[..., j] - origin[j]) / unit[j], power[j]
        y[..., j] = side[j] * (np.log(u) if p == 0 else np.expm1(p * np.log(u)) / p)
    return y


def _listed(old: Array, new: Array, how: tuple[str, ...], low: Array, high: Array, side: Array) -> Changes:
    row, column = np.nonzero((old != new) & ~np.isnan(old))
    before, after = old[row, column], new[row, column]
    winsorised = np.array([word.startswith("winsorised") for word in how], dtype=bool)[column]
    transformation = np.array([word.removeprefix("winsorised, ") for word in how], dtype=str)[column]
    capped = np.where(side[column] > 0, before > high[column], before < low[column])
    capped |= transformation == "winsorised"
    why = np.where(winsorised & capped, np.where(before > high[column], "high", "low"), transformation)
    return Changes(row, column, before, after, np.asarray(why, dtype=str))
