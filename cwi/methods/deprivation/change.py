"""Changes of the counting measures between two years: absolute, relative, a year, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Change", "GroupChange", "group_change", "measure_change"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Change:
    """Of one or many places, arrays of one shape.

    ``absolute``: after less before. ``relative``: as a share of before. ``yearly``: absolute divided by the years.
    ``yearly_rate``: the constant rate a year that leads from before to after. ``from_H``, ``from_A``: the parts of the
    change of M0 that come from how many are poor and from how much they lack; they add up to ``absolute``.
    """

    absolute: Array
    relative: Array
    yearly: Array
    yearly_rate: Array
    from_H: Array
    from_A: Array


@dataclass(frozen=True, eq=False)
class GroupChange:
    """A change of M0 in m groups: ``within`` from the M0 of each, ``between`` from its share of persons, (m,)."""

    within: Array
    between: Array


def measure_change(H: tuple[ArrayLike, ArrayLike], A: tuple[ArrayLike, ArrayLike], *, years: float) -> Change:
    """The change of M0 = H·A, and its exact split into H and A by Shapley values [1]_.

    Each part is the mean over both orders in which H and A can be changed: (H2 - H1)(A1 + A2) / 2 and
    (A2 - A1)(H1 + H2) / 2. Where nobody is poor in one of the years, A is not defined and the change is that of H.

    Parameters
    ----------
    H, A
        Before and after, from 0 to 1.
    years
        Between them, above zero.

    Raises
    ------
    ValueError
        If the years are not above zero or the shapes differ.

    References
    ----------
    .. [1] Alkire et al. (2015), Multidimensional Poverty Measurement and Analysis, 9.2; Shorrocks (2013), doi
       10.1007/s10888-011-9214-z.

    Examples
    --------
    >>> change = measure_change((0.60, 0.30), (0.50, 0.40), years=5)
    >>> round(change.absolute.item(), 4), round(change.from_H.item(), 4), round(change.from_A.item(), 4)
    (-0.18, -0.135, -0.045)
    >>> round(change.yearly.item(), 4), round(change.yearly_rate.item(), 4)
    (-0.036, -0.1674)
    """
    if not years > 0:
        raise ValueError(f"there are {years:g} years between the two; it must be above zero")
    h1, h2 = (np.asarray(one, dtype=float) for one in H)
    a1, a2 = (np.asarray(one, dtype=float) for one in A)
    if not h1.shape == h2.shape == a1.shape == a2.shape:
        raise ValueError(f"H and A of the shapes {h1.shape}, {h2.shape}, {a1.shape}, {a2.shape} do not fit")
    first, last = np.where(h1 == 0, a2, a1), np.where(h2 == 0, a1, a2)
    first, last = (np.where((h1 == 0) & (h2 == 0), 0.0, one) for one in (first, last))
    before, after = h1 * first, h2 * last
    with np.errstate(divide="ignore", invalid="ignore"):
        return Change(
            absolute=after - before,
            relative=(after - before) / before,
            yearly=(after - before) / years,
            yearly_rate=(after / before) ** (1 / years) - 1,
            from_H=(h2 - h1) * (first + last) / 2,
            from_A=(last - first) * (h1 + h2) / 2,
        )


def group_change(share: tuple[ArrayLike, ArrayLike], M0: tuple[ArrayLike, ArrayLike]) -> GroupChange:
    """The change of M0 in all, split over groups: what changed within each, and what because persons moved.

    Parameters
    ----------
    share, M0
        Before and after, (m,); shares of persons add up to 1.

    Raises
    ------
    ValueError
        If the shapes differ or shares do not add up to 1.

    Examples
    --------
    >>> found = group_change(([0.4, 0.6], [0.5, 0.5]), ([0.3, 0.1], [0.2, 0.1]))
    >>> found.within.round(4).tolist(), found.between.round(4).tolist()
    ([-0.045, 0.0], [0.025, -0.01])
    """
    v1, v2 = (np.asarray(one, dtype=float) for one in share)
    m1, m2 = (np.asarray(one, dtype=float) for one in M0)
    if not v1.shape == v2.shape == m1.shape == m2.shape:
        raise ValueError(f"shares and M0 of the shapes {v1.shape}, {v2.shape}, {m1.shape}, {m2.shape} do not fit")
    for one in (v1, v2):
        if abs(one.sum() - 1) > 1e-6:
            raise ValueError(f"shares of groups add up to {one.sum():g}, not 1")
    return GroupChange(within=(m2 - m1) * (v1 + v2) / 2, between=(v2 - v1) * (m1 + m2) / 2)
