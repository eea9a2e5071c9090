"""Who lacks several things at once: the counting measures of Alkire and Foster.

A share of the deprived in each indicator does not say whether they are the same persons; counting does. A person is
poor whose deprivations weigh at least ``k``; the measure grows with the number of the poor and with what each lacks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import ColumnError, near

__all__ = ["Deprivation", "alkire_foster", "deprived"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

MISSING = ("refuse", "drop")
TIE = 1e-9  # six weights of one twelfth may add up to 0.49999999999999994, and still reach one half


@dataclass(frozen=True, eq=False)
class Deprivation:
    """The counting measures of n persons by d indicators, and of m groups of them.

    ``H``: the share of persons who are poor. ``A``: the mean count of the poor. ``M0``: H·A.
    ``censored``: the share of all persons who are poor and deprived in each indicator, h_j(k), (d,).
    ``uncensored``: the share who are deprived in it, poor or not, (d,).
    ``contributions``: w_j h_j(k) / M0, (d,). ``weights``: w, with the sum 1, (d,).
    ``counts``: the weighted count c of each person, not a number of one left out, (n,). ``poor``: who is poor, (n,).
    ``used``: who was counted, (n,), and ``lost``: the share of the sample weight that was left out.
    ``groups``: the labels in their order, (m,), with the share of each among the persons counted and its own H, A
    and M0; all empty where no groups were given.
    """

    H: float
    A: float
    M0: float
    censored: Array
    uncensored: Array
    contributions: Array
    weights: Array
    counts: Array
    poor: Flags
    used: Flags
    lost: float
    groups: NDArray[Any]
    group_share: Array
    group_H: Array
    group_A: Array
    group_M0: Array


def deprived(x: ArrayLike, cutoff: ArrayLike, *, less_is_worse: bool | Iterable[bool] = True) -> Array:
    """Who is deprived: 1 strictly beyond the cut-off, 0 at it and on its good side, missing where x is missing.

    Parameters
    ----------
    x : (n, d)
        Achievements of n persons in d indicators, not a number where there is none.
    cutoff : (d,) or one number
        What is just enough, in the unit of x.
    less_is_worse : (d,) or one value
        True where being below the cut-off is to be deprived, false where being above it is.

    Returns
    -------
    (n, d) array of 0, 1 and not a number.

    Raises
    ------
    ValueError
        If a cut-off is not a number, or the shapes do not fit.

    References
    ----------
    .. [1] Alkire and Foster (2011), doi 10.1016/j.jpubeco.2010.11.006: g_ij = 1 if x_ij < z_j.

    Examples
    --------
    >>> deprived([[8.0, 3.0], [7.9, 3.1], [np.nan, 2.0]], [8, 3], less_is_worse=[True, False])
    array([[ 0.,  0.],
           [ 1.,  1.],
           [nan,  0.]])
    """
    values, ends = np.asarray(x, dtype=float), np.asarray(cutoff, dtype=float)
    if np.isnan(ends).any():
        raise ValueError("a cut-off is missing")
    below = np.asarray(less_is_worse if isinstance(less_is_worse, bool) else list(less_is_worse), dtype=bool)
    beyond = np.where(below, values < ends, values > ends)
    if beyond.shape != values.shape:
        raise ValueError(f"values of the shape {values.shape} do not fit cut-offs of the shape {ends.shape}")
    return np.where(np.isnan(values), np.nan, beyond.astype(float))


def alkire_foster(
    g: ArrayLike,
    w: ArrayLike,
    *,
    k: float,
    sample_weights: ArrayLike | None = None,
    groups: Iterable[Any] | None = None,
    missing: str = "refuse",
) -> Deprivation:
    """How many are poor in many ways, how poor they are, and in what [1]_.

    The count of person i is c_i = sum over j of w_j g_ij, and i is poor if c_i >= k. With p_i the person's part of the
    sample weights: H = sum p_i [i poor], A = sum p_i c_i [i poor] / H, M0 = H·A; the censored headcount of an indicator
    is h_j(k) = sum p_i g_ij [i poor], and w_j h_j(k) / M0 its contribution. M0 is the mean of the groups' M0 by their
    shares of the population; so is H, but not A.

    A count within 1e-9 of ``k`` reaches it. A ``k`` up to the least weight is the union (poor is who lacks anything),
    1 the intersection (who lacks everything); who lacks nothing of weight is never poor. These are estimates only:
    their errors need the design of the survey.

    Parameters
    ----------
    g : (n, d)
        1 where person i is deprived in indicator j, 0 where not, not a number where unknown; see :func:`deprived`.
    w : (d,)
        Weights of the indicators, none below zero; they are brought to the sum 1.
    k
        The count from which a person is poor, above 0 and at most 1.
    sample_weights : (n,)
        How many persons each row stands for; all the same by default. None below zero.
    groups : (n,)
        A label of each person.
    missing
        "refuse" a table with gaps, or "drop" every person with a gap: the rest then stand for them, which is right
        only if the gaps say nothing about deprivation; read ``lost`` with the result.

    Returns
    -------
    :class:`Deprivation`
        H, M0, headcounts, contributions and shares from 0 to 1, A from k to 1. The contributions add up to 1, the
        shares of the groups too. Where nobody is poor, H and M0 are 0, A and the contributions not a number.

    Raises
    ------
    ValueError
        If a cell is missing or not 0 or 1 (:class:`cwi.errors.ColumnError`), weights are below zero, missing or all
        zero, k is not above 0 and at most 1, the shapes do not fit, a person has no group, or nobody, in all or in
        a group, is left to count.

    References
    ----------
    .. [1] Alkire and Foster (2011), Counting and multidimensional poverty measurement, Journal of Public Economics 95,
       476-487, doi 10.1016/j.jpubeco.2010.11.006.

    Examples
    --------
    >>> g = [[1, 0, 1, 0], [0, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]]
    >>> found = alkire_foster(g, [1, 1, 1, 1], k=1 / 2, groups=["North", "North", "South", "South", "South"])
    >>> [round(float(share), 4) for share in (found.H, found.A, found.M0)]
    [0.6, 0.5833, 0.35]
    >>> found.contributions.round(4)
    array([0.2857, 0.1429, 0.4286, 0.1429])
    >>> found.group_M0.round(4)
    array([0.25  , 0.4167])
    """
    table, gaps = _checked(g, k, missing)
    n, d = table.shape
    weights = _parts(w, d, "weights", "indicators")
    people = _parts(np.ones(n) if sample_weights is None else sample_weights, n, "sample weights", "persons")
    used: Flags = np.logical_not(gaps.any(axis=1))
    kept = float(people[used].sum())
    if kept == 0:
        raise ValueError("nobody with a sample weight has all indicators")
    part = np.where(used, people, 0.0) / kept
    known = np.where(gaps, 0.0, table)
    counts = np.where(used, np.minimum(known @ weights, 1.0), 0.0)  # weights may add up to a rounding step above one
    poor = used & (counts >= k - TIE) & (counts > 0)
    share = part * poor

    H, M0 = float(share.sum()), float((share * counts).sum())  # summed alike, so that M0 never passes H
    censored = share @ known
    labels, member = _members(groups, n)
    size, group_H, group_M0 = part @ member, share @ member, (share * counts) @ member
    for label in labels[size == 0]:
        raise ValueError(f"nobody with a sample weight is left to count in the group {str(label)!r}")
    with np.errstate(divide="ignore", invalid="ignore"):
        return Deprivation(
            H=H,
            A=M0 / H if H else np.nan,
            M0=M0,
            censored=censored,
            uncensored=part @ known,
            contributions=weights * censored / M0 if M0 else np.full(d, np.nan),
            weights=weights,
            counts=np.where(used, counts, np.nan),
            poor=poor,
            used=used,
            lost=float(people[~used].sum()),
            groups=labels,
            group_share=size,
            group_H=group_H / size,
            group_A=group_M0 / group_H,
            group_M0=group_M0 / size,
        )


def _checked(g: ArrayLike, k: float, missing: str) -> tuple[Array, Flags]:
    """The table of deprivations and where it has gaps, or why they cannot be counted."""
    table = np.asarray(g, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"deprivations of the shape {table.shape}; there must be persons by indicators")
    if not 0 < k <= 1:
        raise ValueError(f"k is {k:g}; it must be above 0 and at most 1")
    if missing not in MISSING:
        raise ValueError(f"there is no rule {missing!r} for what is missing{near(missing, MISSING)}")
    gaps = np.isnan(table)
    for column in np.flatnonzero(((table != 0) & (table != 1) & ~gaps).any(axis=0)):
        raise ColumnError(int(column), "has values other than 0 and 1")
    for column in np.flatnonzero(gaps.any(axis=0) & (missing == "refuse")):
        rows = np.flatnonzero(gaps[:, column])
        raise ColumnError(
            int(column),
            f"is missing in {rows.size} of {len(table)} rows, first in row {rows[0]}; 'drop' would leave them out",
        )
    return table, gaps


def _parts(values: ArrayLike, size: int, what: str, whose: str) -> Array:
    """The weights with the sum 1, or why they cannot be."""
    array = np.asarray(values, dtype=float)
    if array.shape != (size,):
        raise ValueError(f"{what} of the shape {array.shape} do not fit {size} {whose}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} are missing or infinite")
    if (array < 0).any():
        raise ValueError(f"{what} are below zero")
    if not array.any():
        raise ValueError(f"{what} are all zero")
    scaled = array / array.max()
    return np.asarray(scaled / scaled.sum())


def _members(groups: Iterable[Any] | None, n: int) -> tuple[NDArray[Any], Array]:
    """The m labels in their order, and 1 where a person (row) is of a group (column), (n, m); m = 0 without groups."""
    if groups is None:
        return np.array([], dtype=str), np.empty((n, 0))
    names = list(groups)
    if len(names) != n:
        raise ValueError(f"{len(names)} labels of groups do not fit {n} persons")
    for row, name in enumerate(names):
        if name is None or name != name:  # not a number
            raise ValueError(f"the person in row {row} has no group")
    labels, place = np.unique(np.asarray(names), return_inverse=True)
    return labels, (place[:, None] == np.arange(labels.size)).astype(float)
