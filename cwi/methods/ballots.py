"""Weights from ballots on which people ticked parts: counted, post-stratified, redrawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["divided", "effective_number", "rake", "resampled", "support", "weights_of"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Margin = tuple[Places, Array]

BLOCK = 64  # redrawn sets of ballots that are held at once


def support(ticks: NDArray[np.bool_], under: Array) -> Array:
    """The support of each ballot for each part: the share of the indicators under it that were ticked.

    Parameters
    ----------
    ticks : (n, k)
        Which of k indicators each of n ballots ticked.
    under : (k, p)
        1 where an indicator lies under a part (an indicator under itself), else 0.

    Returns
    -------
    (n, p) array from 0 to 1.

    Examples
    --------
    >>> support(np.array([[True, True, False]]), np.array([[1.0, 0], [1, 0], [0, 1]]))
    array([[1., 0.]])
    """
    return np.asarray(ticks @ (under / under.sum(axis=0)))


def divided(answers: Array, parents: Places) -> Array:
    """One vote a ballot and parent, divided among the parts as the ballot supports them.

    Parameters
    ----------
    said : (n, p)
        What each ballot gives to each part, none below zero.
    parents : (p,)
        The parent of each part, counted from 0.

    Returns
    -------
    (n, p) array; the parts of a parent sum to one, or are nought on a ballot that supports none of them.

    Examples
    --------
    >>> divided(np.array([[1.0, 1, 0, 0, 1]]), np.array([0, 0, 0, 1, 1]))
    array([[0.5, 0.5, 0. , 0. , 1. ]])
    """
    family = np.eye(parents.max() + 1)[parents]
    total = (answers @ family)[..., parents]
    return np.asarray(np.divide(answers, total, out=np.zeros_like(answers, dtype=float), where=total > 0))


def weights_of(votes: Array, parents: Places, *, floor: float = 0.0) -> Array:
    """Weights in proportion to votes, with a least weight for every part.

    Parameters
    ----------
    votes : (..., p)
        The votes of each part, none below zero. Leading axes are draws.
    parents : (p,)
        The parent of each part, counted from 0.
    floor
        The least weight, as a share of the weight that the part would have if all counted alike; from 0 (none) to 1
        (all count alike). Votes divide what is left.

    Returns
    -------
    (..., p) array; the parts of a parent sum to one. Where nobody voted for any of them they count alike.

    Raises
    ------
    ValueError
        If the floor is not from 0 to 1.

    Examples
    --------
    >>> weights_of(np.array([30.0, 10, 0, 0]), np.array([0, 0, 1, 1]))
    array([0.75, 0.25, 0.5 , 0.5 ])
    >>> weights_of(np.array([30.0, 0]), np.array([0, 0]), floor=0.2)
    array([0.9, 0.1])
    """
    if not 0 <= floor <= 1:
        raise ValueError(f"floor is {floor:g}; it must be from 0 to 1")
    family = np.eye(parents.max() + 1)[parents]
    equal = 1 / family.sum(axis=0)[parents]
    total = (votes @ family)[..., parents]
    share = np.divide(votes, total, out=np.broadcast_to(equal, votes.shape).copy(), where=total > 0)
    return np.asarray(floor * equal + (1 - floor) * share)


def effective_number(g: Array) -> float:
    """How many voters of equal weight would give the same precision [1]_.

    Parameters
    ----------
    g : (n,)
        Weights of voters, none below zero.

    References
    ----------
    .. [1] Kish (1965), Survey Sampling, section 11.7.

    Examples
    --------
    >>> effective_number(np.array([1.0, 1, 1, 1])), effective_number(np.array([3.0, 1, 0, 0]))
    (4.0, 1.6)
    """
    return float(g.sum() ** 2 / np.square(g).sum()) if g.any() else 0.0


def rake(counts: Array, margins: Sequence[Margin], *, tolerance: float = 1e-10, rounds: int = 1000) -> Array:
    """Counts in cells brought to given margins by turns, iterative proportional fitting [1]_.

    Of tables, for many draws at once, where a draw may leave a category empty; :func:`cwi.methods.survey.rake` is of
    respondents, keeps what its errors need, and refuses an empty category.

    Parameters
    ----------
    counts : (..., c)
        What was counted in each cell. Leading axes are draws.
    margins
        For each variable the category of each cell, (c,), counted from 0, and the share each category must have.
    tolerance
        How far a share may be from its margin at the end.
    rounds
        After how many turns it is given up.

    Returns
    -------
    (..., c) array of shares, summing to one. A category in which nothing was counted has nothing; its share goes to
    the others in proportion.

    Raises
    ------
    ValueError
        If the margins cannot be met together.

    References
    ----------
    .. [1] Deming and Stephan (1940), doi 10.1214/aoms/1177731829.

    Examples
    --------
    >>> counts = np.array([40.0, 20, 10, 30])
    >>> sexes, areas = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> shares = rake(counts, [(sexes, np.array([0.5, 0.5])), (areas, np.array([0.3, 0.7]))])
    >>> bool(np.allclose([shares[:2].sum(), shares[[0, 2]].sum()], [0.5, 0.3]))
    True
    """
    table = counts / counts.sum(axis=-1, keepdims=True)
    if not margins:
        return np.asarray(table)
    members = [np.eye(len(shares))[place] for place, shares in margins]
    for _ in range(rounds):
        worst = 0.0
        for member, (_, shares) in zip(members, margins, strict=True):
            totals = table @ member
            wanted = np.where(totals > 0, shares, 0.0)
            wanted = wanted / wanted.sum(axis=-1, keepdims=True)
            worst = max(worst, float(np.abs(totals - wanted).max()))
            table = table * (np.divide(wanted, totals, out=np.zeros_like(totals), where=totals > 0) @ member.T)
        if worst <= tolerance:
            return np.asarray(table)
    raise ValueError(
        f"after {rounds} rounds a share is still {worst:.2g} from its margin; merge categories in which few were "
        "counted"
    )


def resampled(x: Array, cells: Places, margins: Sequence[Margin], *, draws: int, rng: np.random.Generator) -> Array:
    """Votes of ballots redrawn with replacement, raked to the margins in every draw: the bootstrap [1]_.

    Parameters
    ----------
    x : (n, p)
        What each ballot gives to each part.
    cells : (n,)
        The cell of the raked table that each ballot lies in, counted from 0.
    margins
        As in :func:`rake`; without any, every drawn ballot counts alike.
    draws
        How many sets of n ballots are drawn.
    rng
        The generator that they are drawn from.

    Returns
    -------
    (draws, p) array of weighted means.

    References
    ----------
    .. [1] Efron (1979), doi 10.1214/aos/1176344552; calibrated anew in each draw: Canty and Davison (1999),
       doi 10.1111/1467-9884.00196.

    Examples
    --------
    >>> means = resampled(np.eye(2), np.zeros(2, int), [], draws=3, rng=np.random.default_rng(1))
    >>> means.shape, bool(np.allclose(means.sum(axis=1), 1))
    ((3, 2), True)
    """
    n = len(x)
    member = np.eye(cells.max() + 1)[cells]
    result = np.empty((draws, x.shape[1]))
    for start in range(0, draws, BLOCK):
        size = min(BLOCK, draws - start)
        drawn = rng.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)
        counts = times @ member
        factor = np.divide(rake(counts, margins), counts, out=np.zeros_like(counts), where=counts > 0)
        result[start : start + size] = (times * factor[:, cells]) @ x
    return result
