"""The counting measures at every cut-off, from union to intersection, for all groups at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.methods.deprivation.bits import CountingPlan, Tally, pack

__all__ = ["Cutoffs", "every_cutoff", "measures_of"]

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cutoffs:
    """The measures of m groups, and of all persons in the last row, at K cut-offs by d indicators.

    ``k``: the count from which a person is poor, in whole numbers, (K,), of ``total`` for who lacks everything;
    ``share``: k / total. ``H``, ``A``, ``M0``: (m + 1, K). ``censored``, ``contributions``: (m + 1, K, d).
    ``uncensored``: (m + 1, d). ``size``: persons counted, (m + 1,). ``lost``: the share of weight with a gap, (m + 1,).
    """

    k: Whole
    total: int
    H: Array
    A: Array
    M0: Array
    censored: Array
    contributions: Array
    uncensored: Array
    size: Array
    lost: Array

    @property
    def share(self) -> Array:
        """Cut-offs as shares of what can be lacking, (K,)."""
        return np.asarray(self.k / self.total)


def measures_of(tally: Tally, cutoffs: ArrayLike | None = None) -> Cutoffs:
    """All measures that follow from a tally.

    Parameters
    ----------
    tally
        Of :meth:`CountingPlan.tally`, or a sum of these.
    cutoffs : (K,)
        Whole numbers from 1 to the sum of the weights; by default every count that a person can have, but 0.

    Raises
    ------
    ValueError
        If a cut-off is not from 1 to the sum of the weights.
    """
    plan = tally.plan
    levels = plan.levels
    k = levels[1:] if cutoffs is None else np.asarray(cutoffs, dtype=np.int64)
    for one in k[(k < 1) | (k > plan.total)]:
        raise ValueError(f"a cut-off is {one}; it must be from 1 to {plan.total}")
    at = np.searchsorted(levels, k)
    mass, joint = _with_all(tally.mass), _with_all(tally.joint)
    size = mass.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.cumsum(mass[:, ::-1], axis=1)[:, ::-1] / size[:, None]
        weighed = np.cumsum((mass * levels)[:, ::-1], axis=1)[:, ::-1] / size[:, None] / plan.total
        censored = np.cumsum(joint[:, ::-1], axis=1)[:, ::-1] / size[:, None, None]
        H, M0, h = above[:, at], weighed[:, at], censored[:, at]
        lost = _with_all(tally.lost)
        return Cutoffs(
            k=k,
            total=plan.total,
            H=H,
            A=M0 / H,
            M0=M0,
            censored=h,
            contributions=h * (plan.w / plan.total) / M0[:, :, None],
            uncensored=joint.sum(axis=1) / size[:, None],
            size=size,
            lost=lost / (lost + size),
        )


def every_cutoff(
    g: ArrayLike,
    w: Iterable[Fraction | float],
    *,
    cutoffs: ArrayLike | None = None,
    people: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    count: int | None = None,
) -> Cutoffs:
    """H, A, M0, headcounts and contributions at every cut-off; who has a gap is left out and counted as lost.

    Parameters
    ----------
    g : (n, d)
        1 where deprived, 0 where not, not a number where unknown.
    w : (d,)
        Weights in any unit; they are brought to whole numbers, so that a count at a cut-off reaches it.
    cutoffs : (K,)
        Whole numbers; by default every count that a person can have.
    people : (n,)
        How many persons each row stands for.
    groups : (n,)
        Whole numbers from 0; all persons are one group by default.
    count
        How many groups there are, where the last may be empty.

    Raises
    ------
    ValueError
        As in :func:`pack`, :class:`CountingPlan` and :func:`measures_of`.

    Examples
    --------
    >>> g = [[1, 0, 1, 0], [0, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 0], [1, 0, 1, 0]]
    >>> found = every_cutoff(g, [1, 1, 1, 1])
    >>> found.k.tolist(), found.H[-1].tolist()
    ([1, 2, 3, 4], [1.0, 0.6, 0.2, 0.0])
    >>> found.M0[-1].round(4).tolist()
    [0.45, 0.35, 0.15, 0.0]
    """
    codes, complete = pack(g)
    plan = CountingPlan(w)
    if plan.d != np.asarray(g).shape[1]:
        raise ValueError(f"{plan.d} weights do not fit {np.asarray(g).shape[1]} indicators")
    group = np.zeros(codes.size, dtype=np.int64) if groups is None else np.asarray(groups)
    many = (int(group.max()) + 1 if group.size else 1) if count is None else count
    return measures_of(plan.tally(codes, group, many, people=people, complete=complete), cutoffs)


def _with_all(values: NDArray[Any]) -> Array:
    """Groups, and all of them together as a last row."""
    return np.concatenate([values, values.sum(axis=0, keepdims=True)])
