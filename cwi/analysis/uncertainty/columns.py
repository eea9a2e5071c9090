"""Floors of a tree that have a column a draw: which draws are alike, some columns of a floor, floors side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.level_scores import LevelScores

__all__ = ["columns", "distinct", "single", "stacked"]

Places = NDArray[np.intp]
MANY = 4  # places for each column that may be kept, to tell different ones without sorting


def distinct(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Places]:
    """The different columns of a table of whole numbers from -1 up, and which of them each column is.

    Examples
    --------
    >>> found, which = distinct(np.array([[1, 0, 1], [2, 2, 2]]))
    >>> found.tolist(), which.tolist()
    ([[0, 1], [2, 2]], [1, 0, 1])
    """
    code = np.zeros(rows.shape[1], dtype=np.intp)
    for row in rows:
        base = int(row.max(initial=0)) + 2
        if int(code.max(initial=0)) >= 2**62 // base:
            code = np.unique(code, return_inverse=True)[1].astype(np.intp)
        code = code * base + row + 1
    most = int(code.max(initial=-1)) + 1
    if most > MANY * len(code):
        _, first, which = np.unique(code, return_index=True, return_inverse=True)
        return rows[:, first], which.astype(np.intp)
    at = np.full(most, -1, dtype=np.intp)  # small numbers are places: nothing is sorted
    at[code[::-1]] = np.arange(len(code))[::-1]
    first = at[at >= 0]
    at[at >= 0] = np.arange(len(first))
    return rows[:, first], at[code]


def single(floor: LevelScores) -> LevelScores:
    """A floor without draws as one of a single column."""
    return LevelScores(floor.scores[None], floor.seen, floor.measured)


def columns(floor: LevelScores, columns: Places) -> LevelScores:
    """Some columns of a floor; without a leading axis where they are all the same one."""
    if (columns == columns[0]).all():
        return LevelScores(*(array[columns[0]] if array.ndim > 2 else array for array in _arrays(floor)))
    if len(columns) == len(floor.scores) and (columns == np.arange(len(columns))).all():
        return floor
    scores, seen, measured = (array.T[..., columns].T if array.ndim > 2 else array for array in _arrays(floor))
    if seen.ndim > 2 and (seen == seen[0]).all():
        seen, measured = seen[0], measured[0] if measured.ndim > 2 else measured
    return LevelScores(scores, seen, measured)


def _arrays(floor: LevelScores) -> tuple[Any, Any, Any]:
    return floor.scores, floor.seen, floor.measured


def stacked(floors: Sequence[LevelScores], n: int, k: int) -> LevelScores:
    """The columns of several floors side by side."""
    if len(floors) == 1:
        return floors[0]
    if not floors:
        return LevelScores(np.empty((0, n, k)), np.zeros((n, k), dtype=bool), np.zeros((n, k)))
    total = sum(len(floor.scores) for floor in floors)
    scores = np.empty((k, n, total))
    first = floors[0]
    alike = all(
        mine.ndim == 2 and np.array_equal(mine, other)
        for floor in floors
        for mine, other in ((floor.seen, first.seen), (floor.measured, first.measured))
    )
    seen = first.seen if alike else np.empty((k, n, total), dtype=bool).T
    measured = first.measured if alike else np.empty((k, n, total)).T
    at = 0
    for floor in floors:
        here = slice(at, at := at + len(floor.scores))
        scores[..., here] = floor.scores.T
        if not alike:
            seen[here], measured[here] = floor.seen, floor.measured
    return LevelScores(scores.T, seen, measured)
