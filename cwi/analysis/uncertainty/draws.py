"""Draws: each a point of the unit cube at its own place in one stream of random numbers, computed block by block.

A draw can be recomputed from the seed and its number alone; workers and the other draws of a block change no bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.plan import Plan
from cwi.methods.ranking import rank

__all__ = [
    "NOISE",
    "Block",
    "Ranks",
    "Stream",
    "block_size",
    "blocks",
    "compute",
    "official_ranks",
    "points",
    "ranked",
    "with_gaps",
]

Array = NDArray[np.float64]
Ranks = NDArray[np.unsignedinteger[Any]]

CELLS = 2**22  # numbers that a block may hold in one array
FEW = 64  # units that are ranked by comparing each with each; more are sorted
DRAWS = 2**14  # draws of a block, at most
NOISE = 1e-9  # two scores this close, relative to the largest of a draw, are the same number


@dataclass(frozen=True, eq=False)
class Block:
    """Some draws that follow each other, of n units.

    ``scores``, ``ranks``: (n, draws); ``choices``: (factors with choices, draws); ``failed``: reasons by draw,
    counted from the first of the block.
    """

    scores: Array
    ranks: Ranks
    choices: NDArray[np.intp]
    failed: Mapping[int, str]


@dataclass(frozen=True, eq=False)
class Stream:
    """Where the points of draws come from: a seed, or (draws, axes) points that were handed in."""

    seed: int
    fed: Array | None = None

    def points(self, start: int, draws: int, size: int) -> Array:
        """(size, draws) points of the draws from ``start`` on."""
        return points(self.seed, start, draws, size) if self.fed is None else self.fed[start : start + draws].T


def points(seed: int, start: int, draws: int, size: int) -> Array:
    """(size, draws) points of the unit cube: those of the draws from ``start`` on.

    Examples
    --------
    >>> bool((points(7, 3, 1, 5)[:, 0] == points(7, 0, 10, 5)[:, 3]).all())
    True
    """
    stream = np.random.PCG64(seed)
    stream.advance(start * size)
    return np.random.Generator(stream).random((draws, size)).T


def compute(plan: Plan, stream: Stream, start: int, draws: int) -> Block:
    """The draws from ``start`` on."""
    u = stream.points(start, draws, plan.size)
    choices = plan.choices(u)
    outcome = plan.run(choices, u)
    return Block(outcome.scores, ranked(outcome.scores, plan), choices, outcome.failed)


def blocks(
    plan: Plan, stream: Stream, jobs: Sequence[tuple[int, int]], *, workers: int, client: Any
) -> Iterator[Block]:
    """Run blocks in order, each given by its first draw and its length: here, in threads, or on a Dask cluster."""
    if client is not None:
        shared = client.scatter(plan, broadcast=True, hash=False)
        waiting = [client.submit(compute, shared, stream, *job, pure=False, retries=3) for job in jobs]
        waiting.reverse()
        while waiting:
            yield waiting.pop().result()
    elif workers > 1 and len(jobs) > 1:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(lambda job: compute(plan, stream, *job), jobs)
    else:
        for job in jobs:
            yield compute(plan, stream, *job)


def block_size(plan: Plan, draws: int, workers: int) -> int:
    """Draws of a block: as many as fit into memory, and no fewer blocks than workers."""
    fits = max(1, min(DRAWS, CELLS // max(len(plan.units), plan.size)))
    rounds = -(-draws // (fits * workers))
    return -(-draws // (rounds * workers))


def ranked(scores: Array, plan: Plan) -> Ranks:
    """(n, draws) ranks among the regions of one year, 0 where there is none.

    Scores are not rounded: printed decimals belong to the official unit, and a draw may have another. Only what differs
    by rounding noise is tied.
    """
    from cwi.analysis.uncertainty.kernel import rank_draws, rank_sorted

    ranks = np.zeros(scores.shape, dtype=np.uint16 if len(scores) < 2**16 else np.uint32)
    for rows in _years(plan):
        y = np.ascontiguousarray(scores[rows].T)
        own = np.empty(y.shape, dtype=ranks.dtype)
        if len(rows) <= FEW:
            rank_draws(y, own, NOISE)
        else:
            rank_sorted(y, np.argsort(-y, axis=1), own, NOISE)
        ranks[rows] = own.T
    return ranks


def official_ranks(scores: Array, plan: Plan) -> Array:
    """(n,) ranks of the official scores as they are printed, NaN where there is none."""
    ranks = np.full(len(scores), np.nan)
    for rows in _years(plan):
        ranks[rows] = rank(scores[rows], decimals=plan.methodology.decimals)
    return ranks


def _years(plan: Plan) -> list[NDArray[np.intp]]:
    """The regions of each year, that are ranked together."""
    return [np.flatnonzero(plan.groups == group) for group in np.unique(plan.groups[plan.groups >= 0])]


def with_gaps(ranks: NDArray[Any]) -> Array:
    """Ranks as numbers, NaN where there is none.

    Examples
    --------
    >>> with_gaps(np.array([2, 0], dtype=np.uint32)).tolist()
    [2.0, nan]
    """
    result = ranks.astype(float)
    result[result == 0] = np.nan
    return result
