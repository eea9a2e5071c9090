"""The order that most of the weight supports (Condorcet, Kemeny, Young and Levenglick), exactly, with all its ties."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from math import prod

import numpy as np
from numpy.typing import NDArray

from cwi.methods.aggregation.of_units import NOISE, OTHERS, majority, outranking
from cwi.traits import method

__all__ = ["Orders", "kemeny", "kemeny_orders"]

Array = NDArray[np.float64]
Sets = NDArray[np.int64]  # a set of units is a number: bit i stands for unit i

LARGEST = 20  # units in one circle of majorities that are solved exactly: 2 to the 20th sets of them are weighed


@dataclass(frozen=True, eq=False)
class Orders:
    """The orders of units with the most support.

    ``orders`` : (m, n)  units from first to last, numbered from 0; not all of them where m < count
    ``places`` : (n,)    the mean place of each unit over all optimal orders, from 1
    ``score``            the sum of e[a, b] over all a placed before b
    ``count``            how many optimal orders there are; more than one is a tie
    ``exact``            whether this is proven; otherwise it is the best that was found
    """

    orders: NDArray[np.int64]
    places: Array
    score: float
    count: float
    exact: bool


@method("aggregation", compares_units=True, not_split=OTHERS)
def kemeny(y: Array, w: Array, *, exact: bool = True) -> Array:
    """Units behind in the order that most of the weight supports: max sum of e[a, b] over a before b.

    Where several orders are optimal (:func:`kemeny_orders` shows them) a unit has the mean of its places, so
    that the order of the rows does not matter.

    Parameters
    ----------
    exact
        Whether to refuse an order that is not proven to be the best: one where more than 20 units beat each other
        in circles.

    Returns
    -------
    (..., n) array from 0 to n - 1.

    Raises
    ------
    ValueError
        If the order cannot be proven and ``exact`` is asked for.

    References
    ----------
    Kemeny (1959); Young and Levenglick (1978), doi 10.1137/0135023; OECD/JRC (2008), Handbook on Constructing
    Composite Indicators, step 6, "non-compensatory multi-criteria approach".

    Examples
    --------
    >>> kemeny(np.array([[9.0, 5.0], [6.0, 7.0], [3.0, 1.0]]), np.array([[0.75, 0.25]]))
    array([2., 1., 0.])
    """
    e = outranking(y, w)
    n = e.shape[-1]
    result = np.empty(e.shape[:-1])
    for draw in np.ndindex(e.shape[:-2]):
        best = kemeny_orders(e[draw], limit=1)
        if exact and not best.exact:
            raise ValueError(f"more than {LARGEST} units beat each other in circles; the best order is not proven")
        result[draw] = n - best.places
    return result


def kemeny_orders(e: Array, *, limit: int = 1000) -> Orders:
    """All orders of units with the most support.

    Units that beat all of the rest come before it in every optimal order, so each circle of majorities
    is solved by itself: exactly, by dynamic programming over its subsets, up to 20 units; beyond by moving single
    units as long as that helps, starting from Borda's order.

    Parameters
    ----------
    e : (n, n)
        An outranking matrix: what speaks for the row against the column, in any unit.
    limit
        The most orders to write out.

    Examples
    --------
    Condorcet's circle: a beats b, b beats c, c beats a, and three orders are as good.

    >>> e = np.array([[0, 2, 1], [1, 0, 2], [2, 1, 0]])
    >>> found = kemeny_orders(e)
    >>> found.orders.tolist(), found.places.tolist(), found.score, found.count
    ([[0, 1, 2], [1, 2, 0], [2, 0, 1]], [2.0, 2.0, 2.0], 5.0, 3.0)
    """
    from scipy.sparse.csgraph import connected_components  # heavy: imported where it is used

    e = np.array(e, dtype=float)
    np.fill_diagonal(e, 0.0)
    sign = majority(e)
    circles, label = connected_components(sign >= 0, directed=True, connection="strong")
    members = [np.flatnonzero(label == circle) for circle in range(circles)]
    members.sort(key=lambda units: -int(((sign[units[0]] > 0) & (label != label[units[0]])).sum()))
    parts = [_solve(e[np.ix_(units, units)], limit) for units in members]
    places, before = np.empty(len(e)), 0
    for units, part in zip(members, parts, strict=True):
        places[units] = before + part.places
        before += len(units)
    chosen = islice(product(*(part.orders for part in parts)), limit)
    orders = np.array([np.concatenate([u[o] for u, o in zip(members, row, strict=True)]) for row in chosen])
    ahead = np.triu(e[np.ix_(orders[0], orders[0])])
    return Orders(
        orders=orders[np.lexsort(orders.T[::-1])],
        places=places,
        score=float(ahead.sum()),
        count=prod(part.count for part in parts),
        exact=all(part.exact for part in parts),
    )


def _solve(e: Array, limit: int) -> Orders:
    """One circle of majorities."""
    if len(e) > LARGEST:
        order = _search(e)
        return Orders(order[None], np.argsort(order).astype(float) + 1, 0.0, 1.0, False)
    return _Subsets(e).orders(limit)


class _Subsets:
    """Held and Karp's dynamic programming: the best order of every subset, from that of its subsets less one."""

    def __init__(self, e: Array) -> None:
        self.n = len(e)
        self.noise = NOISE * float(e.max(initial=0.0)) * self.n
        self.half = self.n // 2
        self.low, self.high = _sums(e[: self.half]), _sums(e[self.half :])
        every = np.arange(2**self.n)
        size = np.bitwise_count(every)
        self.layers = np.split(every[np.argsort(size, kind="stable")], np.cumsum(np.bincount(size))[:-1])
        self.best = np.zeros(2**self.n)
        for layer in self.layers[1:]:
            self.best[layer] = -np.inf
        for layer in self.layers[:-1]:
            for unit in range(self.n):
                before = layer[layer >> unit & 1 == 0]
                after = before | 1 << unit
                self.best[after] = np.maximum(self.best[after], self.best[before] + self.support(before, unit))

    def support(self, before: Sets, unit: int) -> Array:
        """What speaks for a set of units before one other."""
        return np.asarray(self.low[before & (1 << self.half) - 1, unit] + self.high[before >> self.half, unit])

    def last(self, sets: Sets, unit: int) -> tuple[Sets, Sets]:
        """The sets that an optimal order can end with the unit, and what is left of them."""
        sets = sets[sets >> unit & 1 == 1]
        before = sets ^ 1 << unit
        good = self.best[before] + self.support(before, unit) >= self.best[sets] - self.noise
        return sets[good], before[good]

    def orders(self, limit: int) -> Orders:
        """All optimal orders, counted by the ways down from the full set times the ways up to it."""
        down, up = np.zeros(2**self.n), np.zeros(2**self.n)
        down[-1] = up[0] = 1.0
        for layer in reversed(self.layers):
            here = layer[down[layer] > 0]
            for unit in range(self.n):
                sets, before = self.last(here, unit)
                down[before] += down[sets]
        places = np.zeros(self.n)
        for place, layer in enumerate(self.layers):
            here = layer[down[layer] > 0]
            for unit in range(self.n):
                sets, before = self.last(here, unit)
                up[sets] += up[before]
                places[unit] += place * (down[sets] * up[before]).sum()
        written = np.array(list(islice(self.written(2**self.n - 1), limit)), dtype=np.int64)
        return Orders(written.reshape(-1, self.n), places / up[-1], float(self.best[-1]), float(up[-1]), True)

    def written(self, units: int) -> Iterator[tuple[int, ...]]:
        if units == 0:
            yield ()
        for unit in range(self.n):
            for before in self.last(np.array([units]), unit)[1]:
                yield from ((*order, unit) for order in self.written(int(before)))


def _sums(rows: Array) -> Array:
    """The sum of every subset of rows, the subset written as a number."""
    sums = np.zeros((1, rows.shape[1]))
    for row in rows:
        sums = np.concatenate([sums, sums + row])
    return sums


def _search(e: Array) -> NDArray[np.int64]:
    """From Borda's order, move single units to where they are supported best until none gains by it."""
    lead = e - e.T
    order = np.argsort(-lead.sum(axis=1), kind="stable")
    noise, moved = NOISE * float(e.max(initial=0.0)) * len(e), True
    while moved:
        moved = False
        for unit in order.copy():
            at = int(np.flatnonzero(order == unit)[0])
            rest = np.delete(order, at)
            support = np.append(0.0, np.cumsum(lead[rest, unit]))
            if support.max() > support[at] + noise:
                order, moved = np.insert(rest, int(support.argmax()), unit), True
    return order
