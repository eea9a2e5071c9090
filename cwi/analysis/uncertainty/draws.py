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

__all__ = ["Block", "Ranks", "block_size", "blocks", "compute", "points", "ranked", "with_gaps"]

Array = NDArray[np.float64]
Ranks = NDArray[np.uint32]

CELLS = 2**22  # numbers that a block may hold in one array
TURNED = 2**6  # points that are turned into columns together, inside the processor's memory
DRAWS = 2**14  # draws of a block, at most


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


def compute(plan: Plan, seed: int, start: int, draws: int) -> Block:
    """The draws from ``start`` on."""
    u = points(seed, start, draws, plan.size)
    choices = plan.choices(u)
    outcome = plan.run(choices, u)
    return Block(outcome.scores, ranked(outcome.scores, plan), choices, outcome.failed)


def blocks(plan: Plan, seed: int, jobs: Sequence[tuple[int, int]], *, workers: int, client: Any) -> Iterator[Block]:
    """Run blocks in order, each given by its first draw and its length: here, in threads, or on a Dask cluster."""
    if client is not None:
        shared = client.scatter(plan, broadcast=True, hash=False)
        waiting = [client.submit(compute, shared, seed, *job, pure=False, retries=3) for job in jobs]
        waiting.reverse()
        while waiting:
            yield waiting.pop().result()
    elif workers > 1 and len(jobs) > 1:
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(lambda job: compute(plan, seed, *job), jobs)
    else:
        for job in jobs:
            yield compute(plan, seed, *job)


def block_size(plan: Plan, draws: int, workers: int) -> int:
    """Draws of a block: as many as fit into memory, and no fewer blocks than workers."""
    fits = max(1, min(DRAWS, CELLS // max(len(plan.units), plan.size)))
    rounds = -(-draws // (fits * workers))
    return -(-draws // (rounds * workers))


def ranked(scores: Array, plan: Plan) -> Ranks:
    """(n, draws) ranks among the regions of one year, 0 where there is none."""
    ranks = np.zeros(scores.shape, dtype=np.uint32)
    for group in np.unique(plan.groups[plan.groups >= 0]):
        rows = np.flatnonzero(plan.groups == group)
        own = rank(scores[rows].T, decimals=plan.methodology.decimals).T
        ranks[rows] = np.where(np.isnan(own), 0, own)
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
