"""Which cells of a table with totals to hide, and what can be worked out of the hidden ones.

A table is a vector ``x`` of k cells and the equations ``lines @ x = 0`` among them: a row of ``lines`` has 1 at each
part and -1 at their total (or the weights of a mean). Hiding the small cells alone protects nothing: a total less the
parts that are printed is the part that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Amount", "bounds", "class_sizes", "hide", "secondary"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

UNFIT = "no table fits what is printed: its parts do not add up to their totals"


@dataclass(frozen=True, eq=False)
class Amount:
    """Something printed in every cell that adds up along the lines, and what is known of it without the table.

    ``x`` (k,) is its value, from ``low`` to ``high`` (k,) before anything is printed; a hidden cell is safe when the
    interval that can be worked out of it is at least ``width`` (k,) wide.
    """

    x: Array
    low: Array
    high: Array
    width: Array


def secondary(lines: ArrayLike, hidden: ArrayLike, cost: ArrayLike) -> Mask:
    """Hide further cells until no line has exactly one hidden cell.

    Of the cells of such a line the cheapest is hidden. What remains can still be narrowed by inequalities and by
    combining lines: see :func:`hide`.

    Parameters
    ----------
    lines : (m, k)
        The equations.
    hidden : (k,) of bool
        Cells that must be hidden.
    cost : (k,)
        What is lost with a cell, such as its number of answers.

    Examples
    --------
    >>> total_of_two = [[1, 1, -1]]
    >>> secondary(total_of_two, [True, False, False], [3, 40, 43]).tolist()
    [True, True, False]
    """
    equations, dear = np.asarray(lines, float) != 0, np.asarray(cost, float)
    suppressed = np.array(hidden, dtype=bool)
    while True:
        alone = (equations & suppressed).sum(axis=1) == 1
        if not alone.any():
            return suppressed
        line = equations[int(np.argmax(alone))] & ~suppressed
        if not line.any():
            raise ValueError("a line of one hidden cell alone shows that it is zero")
        suppressed[int(np.argmin(np.where(line, dear, np.inf)))] = True


def bounds(lines: ArrayLike, low: ArrayLike, high: ArrayLike, wanted: ArrayLike) -> tuple[Array, Array]:
    """The smallest and the largest value that each wanted cell can have, given all the lines and intervals.

    Two linear programs a cell, over the cells that the lines join with it.

    Parameters
    ----------
    lines : (m, k)
        The equations.
    low, high : (k,)
        What each cell lies between; the same twice where it is printed, infinite where nothing is known.
    wanted : (k,) of bool
        Whose intervals are asked for.

    Returns
    -------
    Two arrays (k,), not a number where not wanted.

    Raises
    ------
    ValueError
        If no table fits, because what is printed does not add up.

    Examples
    --------
    >>> low, high = bounds([[1, 1, -1]], [0, 40, 43], [np.inf, 40, 43], [True, False, False])
    >>> float(low[0]), float(high[0])
    (3.0, 3.0)
    """
    return _bounds(lines, low, high, wanted)


def hide(lines: ArrayLike, primary: ArrayLike, cost: ArrayLike, amounts: Sequence[Amount]) -> Mask:
    """Hide the cells that must be hidden and as many more as keep what can be worked out of these wide enough.

    First :func:`secondary`; then every primary cell is attacked by :func:`bounds`, and while one is too narrow the
    cheapest cell beside it is hidden too. Greedy: few cells, not the fewest.

    Parameters
    ----------
    lines : (m, k)
        The equations, the same for all amounts.
    primary : (k,) of bool
        Cells that must be hidden.
    cost : (k,)
        What is lost with a cell.
    amounts
        What is printed in the cells.

    Returns
    -------
    (k,) of bool

    Examples
    --------
    Two men and two women of a small place are hidden by nothing but the men: the place and the women must go too.

    >>> count = np.array([2.0, 2.0, 4.0, 50.0, 54.0])  # men, women, the place; another place, both
    >>> lines = [[1, 1, -1, 0, 0], [0, 0, 1, 1, -1]]
    >>> amount = Amount(count, np.zeros(5), np.full(5, np.inf), np.full(5, 5.0))
    >>> hide(lines, [True, False, False, False, False], count, [amount]).tolist()
    [True, True, True, True, False]
    """
    equations, dear = np.asarray(lines, float), np.asarray(cost, float)
    small = np.asarray(primary, bool)
    hidden = secondary(equations, small, dear)
    part = _joined(equations != 0)
    reached = [np.array([amount.x, amount.x]) for amount in amounts]
    for cell in np.flatnonzero(small):  # to hide more only widens intervals: a cell found safe stays so
        while any(_narrow(equations, hidden, int(cell), *both) for both in zip(amounts, reached, strict=True)):
            neighbours = (equations[equations[:, cell] != 0] != 0).any(axis=0) & ~hidden
            if not neighbours.any():
                neighbours = (part == part[cell]) & ~hidden
            if not neighbours.any():
                raise ValueError("with every cell hidden one can still be worked out: too much is known beforehand")
            hidden[int(np.argmin(np.where(neighbours, dear, np.inf)))] = True
            hidden = secondary(equations, hidden, dear)
    return hidden


def class_sizes(codes: ArrayLike) -> NDArray[np.intp]:
    """How many rows share all the codes of each row, itself included: k-anonymity is the smallest of them.

    Parameters
    ----------
    codes : (n, q)
        A row a person, a column a thing by which a person could be known.

    Examples
    --------
    >>> class_sizes([["F", 12], ["F", 12], ["M", 12]]).tolist()
    [2, 2, 1]
    """
    rows = np.asarray(codes)
    if not rows.size:
        return np.full(len(rows), len(rows), dtype=np.intp)
    _, place, count = np.unique(rows.astype(str), axis=0, return_inverse=True, return_counts=True)
    return np.asarray(count[place.ravel()], dtype=np.intp)


def _bounds(
    lines: ArrayLike, low: ArrayLike, high: ArrayLike, wanted: ArrayLike, reached: Array | None = None
) -> tuple[Array, Array]:
    """As :func:`bounds`; ``reached`` (2, k) is widened, in place, to every table that a linear program ends at."""
    equations = np.asarray(lines, float)
    under, over, asked = np.asarray(low, float), np.asarray(high, float), np.asarray(wanted, bool)
    result = np.full((2, len(under)), np.nan)
    open_ = under < over
    result[:, asked & ~open_] = under[asked & ~open_]
    among = (equations[:, open_] != 0).any(axis=1)
    noise = 1e-6 * max(1.0, np.abs(under[~open_]).max(initial=0.0))
    if (np.abs(equations[~among] @ np.where(open_, 0.0, under)) > noise).any():
        raise ValueError(UNFIT)
    here = equations[among]
    fixed = here[:, ~open_] @ under[~open_]
    part = _joined(here[:, open_] != 0)
    places = np.flatnonzero(open_)
    for cell in np.flatnonzero(asked & open_):
        group = part == part[np.searchsorted(places, cell)]
        mine = places[group]
        rows = (here[:, mine] != 0).any(axis=1)
        aim = np.asarray(mine == cell, float)
        result[:, cell], tables = _extremes(aim, here[np.ix_(rows, mine)], -fixed[rows], under[mine], over[mine])
        if reached is not None:
            for table in tables:
                reached[0, mine] = np.minimum(reached[0, mine], table)
                reached[1, mine] = np.maximum(reached[1, mine], table)
    return result[0], result[1]


def _narrow(lines: Array, hidden: Mask, cell: int, amount: Amount, reached: Array) -> bool:
    """Whether an amount of a cell can be worked out too closely.

    ``reached`` (2, k): the smallest and the largest value of each cell in the tables that are known to fit. Where these
    are far enough apart no linear program is needed; what the programs end at is added to them.
    """
    enough = amount.width[cell] * (1 - 1e-6)
    if reached[1, cell] - reached[0, cell] >= enough:
        return False
    low, high = np.where(hidden, amount.low, amount.x), np.where(hidden, amount.high, amount.x)
    under, over = _bounds(lines, low, high, np.arange(len(hidden)) == cell, reached)
    return bool(max(over[cell] - under[cell], 0.0) < enough)


def _extremes(aim: Array, lines: Array, sums: Array, low: Array, high: Array) -> tuple[list[float], list[Array]]:
    """The smallest and the largest value of ``aim @ x`` where ``lines @ x = sums`` and x is from low to high.

    And the tables x that have them, where they are finite.
    """
    ends = list(zip(low.tolist(), high.tolist(), strict=True))
    extremes: list[float] = []
    tables: list[Array] = []
    for sign in (1.0, -1.0):
        answer = linprog(sign * aim, A_eq=lines, b_eq=sums, bounds=ends)
        if answer.status == 3:
            extremes.append(-sign * np.inf)
        elif answer.fun is None or answer.x is None:
            raise ValueError(UNFIT)
        else:
            extremes.append(sign * answer.fun)
            tables.append(answer.x)
    return extremes, tables


def _joined(equations: Mask) -> NDArray[np.int32]:
    """The number of the connected part that each cell belongs to."""
    m, k = equations.shape
    graph = csr_array((m + k, m + k), dtype=bool).tolil()
    graph[:m, m:] = equations
    return np.asarray(connected_components(graph.tocsr(), directed=False)[1][m:])
