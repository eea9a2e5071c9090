"""Scores of one level with a column a draw: which columns are equal, some of them, and several arrays side by side."""

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
    >>> different, which = distinct(np.array([[1, 0, 1], [2, 2, 2]]))
    >>> different.tolist(), which.tolist()
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


def single(level: LevelScores) -> LevelScores:
    """Scores without draws as those of a single column."""
    return LevelScores(level.scores[None], level.seen, level.measured)


def columns(level: LevelScores, columns: Places) -> LevelScores:
    """Some columns; without a leading axis where they are all the same one."""
    if (columns == columns[0]).all():
        return LevelScores(*(array[columns[0]] if array.ndim > 2 else array for array in _arrays(level)))
    if len(columns) == len(level.scores) and (columns == np.arange(len(columns))).all():
        return level
    scores, seen, measured = (array.T[..., columns].T if array.ndim > 2 else array for array in _arrays(level))
    if seen.ndim > 2 and (seen == seen[0]).all():
        seen, measured = seen[0], measured[0] if measured.ndim > 2 else measured
    return LevelScores(scores, seen, measured)


def _arrays(level: LevelScores) -> tuple[Any, Any, Any]:
    return level.scores, level.seen, level.measured


def stacked(levels: Sequence[LevelScores], n: int, k: int) -> LevelScores:
    """The columns of several arrays of scores side by side."""
    if len(levels) == 1:
        return levels[0]
    if not levels:
        return LevelScores(np.empty((0, n, k)), np.zeros((n, k), dtype=bool), np.zeros((n, k)))
    total = sum(len(level.scores) for level in levels)
    scores = np.empty((k, n, total))
    first = levels[0]
    same = all(
        mine.ndim == 2 and np.array_equal(mine, other)
        for level in levels
        for mine, other in ((level.seen, first.seen), (level.measured, first.measured))
    )
    seen = first.seen if same else np.empty((k, n, total), dtype=bool).T
    measured = first.measured if same else np.empty((k, n, total)).T
    at = 0
    for level in levels:
        here = slice(at, at := at + len(level.scores))
        scores[..., here] = level.scores.T
        if not same:
            seen[here], measured[here] = level.seen, level.measured
    return LevelScores(scores.T, seen, measured)
