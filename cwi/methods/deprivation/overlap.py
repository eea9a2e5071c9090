"""Which deprivations occur together: all combinations of dimensions, what each shares with others, and breadth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cwi.errors import ColumnError

__all__ = ["breadth", "overlap_pattern", "overlaps", "two_by_two"]

Array = NDArray[np.float64]

WIDEST = 20  # dimensions


def overlaps(g: ArrayLike, sample_weights: ArrayLike | None = None) -> Array:
    """The share of persons with each combination of deprivations, (2^d,); they add up to 1.

    Cell b holds the persons who are deprived in exactly the dimensions whose bits are set in b: cell 0 in none, cell
    1 in the first alone, cell 3 in the first two alone, the last in all. Overlaps describe who lacks what together;
    they show no cause.

    Parameters
    ----------
    g : (n, d)
        1 where deprived, 0 where not, at most 20 dimensions.
    sample_weights : (n,)
        How many persons each row stands for.

    Raises
    ------
    ValueError
        If there are too many dimensions, shapes do not fit, or a cell is neither 0 nor 1
        (:class:`cwi.errors.ColumnError`).

    Examples
    --------
    >>> overlaps([[1, 0], [1, 1], [0, 0], [0, 0]]).tolist()
    [0.5, 0.25, 0.0, 0.25]
    """
    table, people = _read(g, sample_weights)
    d = table.shape[1]
    if d > WIDEST:
        raise ValueError(f"there are {d} dimensions; at most {WIDEST} can overlap")
    codes = table.astype(np.int64) @ (1 << np.arange(d, dtype=np.int64))
    return np.asarray(np.bincount(codes, people, 1 << d) / people.sum())


def overlap_pattern(g: ArrayLike, sample_weights: ArrayLike | None = None) -> Array:
    """For each dimension, the share of persons deprived in it and in 0, 1, 2, ... others, (d, d).

    Row j adds up to the share deprived in dimension j; its first cell are those who lack it alone.

    Parameters are those of :func:`overlaps`.

    Examples
    --------
    >>> overlap_pattern([[1, 0], [1, 1], [0, 0], [0, 0]]).tolist()
    [[0.25, 0.25], [0.0, 0.25]]
    """
    table, people = _read(g, sample_weights)
    d = table.shape[1]
    others = table.sum(axis=1)[:, None] - table
    share = people / people.sum()
    return np.stack([share @ ((table == 1) & (others == many)) for many in range(d)], axis=1)


def two_by_two(first: ArrayLike, second: ArrayLike, sample_weights: ArrayLike | None = None) -> Array:
    """Shares of persons by two conditions, such as poor by income (rows) and deprived (columns); (2, 2), no before yes.

    Examples
    --------
    >>> two_by_two([0, 1, 1, 0], [0, 1, 0, 0]).tolist()
    [[0.5, 0.0], [0.25, 0.25]]
    """
    table, people = _read(np.column_stack([np.asarray(first), np.asarray(second)]), sample_weights)
    share = np.bincount((2 * table[:, 0] + table[:, 1]).astype(np.int64), people, 4) / people.sum()
    return np.asarray(share.reshape(2, 2))


def breadth(g: ArrayLike, sample_weights: ArrayLike | None = None) -> Array:
    """How broad well-being is: the share of persons who are deprived in none of d dimensions, in 1, ... in d, (d + 1,).

    Examples
    --------
    >>> breadth([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0]]).tolist()
    [0.5, 0.25, 0.25, 0.0]
    """
    table, people = _read(g, sample_weights)
    return np.asarray(np.bincount(table.sum(axis=1).astype(np.int64), people, table.shape[1] + 1) / people.sum())


def _read(g: ArrayLike, sample_weights: ArrayLike | None) -> tuple[Array, Array]:
    """Deprivations of 0 and 1, and weights of persons."""
    table = np.asarray(g, dtype=float)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"deprivations of the shape {table.shape}; there must be persons by dimensions")
    for column in np.flatnonzero(((table != 0) & (table != 1)).any(axis=0)):
        raise ColumnError(int(column), "has values other than 0 and 1; leave out who has a gap")
    people = np.ones(len(table)) if sample_weights is None else np.asarray(sample_weights, dtype=float)
    if people.shape != (len(table),):
        raise ValueError(f"sample weights of the shape {people.shape} do not fit {len(table)} persons")
    if not (np.isfinite(people) & (people >= 0)).all() or not people.any():
        raise ValueError("sample weights are missing, infinite, below zero or all zero")
    return table, people
