"""Draws: each a point of the unit cube at its own place in one stream of random numbers, computed block by block.

A draw can be recomputed from the seed and its number alone; workers and the other draws of a block change no bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.plan import Plan
from cwi.methods.ranking import rank, rank_within

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
Ranks = NDArray[np.uint32]

CELLS = 2**22  # numbers that a block may hold in one array
TURNED = 2**6  # points that are turned into columns together, inside the processor's memory
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
        return points(self.seed, start, draws, size) if self.fed is None else self.fed[start : start + draws].T.copy()


def points(seed: int, start: int, draws: int, size: int) -> Array:
    """(size, draws) points of the unit cube: those of the draws from ``start`` on.

    Examples
    --------
    >>> bool((points(7, 3, 1, 5)[:, 0] == points(7, 0, 10, 5)[:, 3]).all())
    True
    """
    stream = np.random.PCG64(seed)
    stream.advance(start * size)
    generator = np.random.Generator(stream)
    result = np.empty((size, draws))
    for first in range(0, draws, TURNED):
        here = result[:, first : first + TURNED]
        here[...] = generator.random(here.shape[::-1]).T
    return result


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
    return _by_year(plan, scores, _unrounded)


def official_ranks(scores: Array, plan: Plan) -> Array:
    """(n,) ranks of the official scores as they are printed, NaN where there is none."""
    ranks = _by_year(plan, scores[:, None], lambda y: rank(y, decimals=plan.methodology.decimals))
    return with_gaps(ranks[:, 0])


def _unrounded(y: Array) -> Array:
    """(draws, n) to ranks: ties where scores are the same but for noise."""
    size = np.nanmax(np.abs(y), axis=1, keepdims=True, initial=0.0)
    return rank_within(y / np.where(size > 0, size, 1.0), tolerance=NOISE)


def _by_year(plan: Plan, scores: Array, rule: Callable[[Array], Array]) -> Ranks:
    ranks = np.zeros(scores.shape, dtype=np.uint32)
    for group in np.unique(plan.groups[plan.groups >= 0]):
        rows = np.flatnonzero(plan.groups == group)
        ranks[rows] = np.nan_to_num(rule(scores[rows].T).T)
    return ranks


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
