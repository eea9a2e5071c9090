"""A census of millions: all regions, cut-offs and overlaps from Parquet, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from cwi.inputs.households import census_batches, census_files, census_regions
from cwi.methods.deprivation import CountingPlan, Cutoffs, Tally, measures_of

__all__ = ["CensusResult", "count_census"]

WORKERS = 2


@dataclass(frozen=True, eq=False)
class CensusResult:
    """``cutoffs``: all measures, a row a region and the nation last; ``overlaps``: shares of children by combination of
    dimensions, a row a region and the nation last, (m + 1, 2^D); ``regions``: their codes; ``rows``: children read."""

    cutoffs: Cutoffs
    overlaps: np.ndarray
    regions: tuple[str, ...]
    items: tuple[str, ...]
    dimensions: tuple[str, ...]
    rows: int

    def table(self, k: int) -> pd.DataFrame:
        """H, A, M0, children counted and the share lost, by region, at a cut-off in whole weights.

        Raises
        ------
        ValueError
            If no child can have that count.
        """
        if k not in self.cutoffs.k:
            raise ValueError(f"k is {k}; it must be one of {', '.join(map(str, self.cutoffs.k))}")
        at = int(np.flatnonzero(self.cutoffs.k == k)[0])
        c = self.cutoffs
        columns = {"H": c.H[:, at], "A": c.A[:, at], "M0": c.M0[:, at], "children": c.size, "lost": c.lost}
        return pd.DataFrame(columns, index=pd.Index([*self.regions, "all"], name="region"))


def count_census(
    path: Path | str,
    weights: Mapping[str, Fraction | float],
    *,
    dimensions: Mapping[str, Sequence[str]] | None = None,
    regions: Iterable[str] | None = None,
    region: str = "region",
    weight: str = "",
    client: Any = None,
) -> CensusResult:
    """Count a census or register.

    Deprivations are packed into bits and tallied batch by batch; row groups are shared by two threads, or by the
    workers of a Dask cluster, and tallies add up. A child with a gap in any item is left out and counted as lost.

    Parameters
    ----------
    path
        A Parquet file, or a folder of them, with a row a child and a column of yes and no an item.
    weights
        Of items, by the column of each.
    dimensions
        For the overlaps: the items of each, at most 12 dimensions.
    regions
        Their codes, in the order of the result; by default those that the file has, which costs a pass.
    region, weight
        Columns; without a weight each row is one child.
    client
        A ``distributed.Client``; the same call then runs on its workers, which must see the files.

    Raises
    ------
    DataError
        If a column is missing, an item has other values than 0 and 1, or a region is unknown.
    """
    items = tuple(weights)
    groups = dict(dimensions or {})
    plan = CountingPlan(weights.values(), [[items.index(one) for one in members] for members in groups.values()])
    codes = tuple(census_regions(path, region) if regions is None else regions)
    tasks = [
        (file, row_group) for file in census_files(path) for row_group in range(pq.ParquetFile(file).num_row_groups)
    ]

    def job(task: tuple[Path, int]) -> Tally:
        return _tallied(task, plan, items, codes, region, weight)

    start = plan.empty(len(codes))
    if client is not None:
        futures = client.map(_tallied, tasks, plan=plan, items=items, codes=codes, region=region, weight=weight)
        parts: Iterable[Tally] = client.gather(futures)
        total = reduce(Tally.include, parts, start)
    else:
        with ThreadPoolExecutor(WORKERS) as pool:
            total = reduce(Tally.include, pool.map(job, tasks), start)
    cells = np.concatenate([total.cells, total.cells.sum(axis=0, keepdims=True)])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = cells / cells.sum(axis=1, keepdims=True)
    return CensusResult(measures_of(total), shares, codes, items, tuple(groups), total.rows)


def _tallied(
    task: tuple[Path, int], plan: CountingPlan, items: Sequence[str], codes: Sequence[str], region: str, weight: str
) -> Tally:
    """The tally of one row group."""
    file, row_group = task
    total = plan.empty(len(codes))
    for batch in census_batches(file, items, codes, region=region, weight=weight, groups=[row_group]):
        part = plan.tally(batch.codes, batch.region, len(codes), people=batch.people, complete=batch.complete)
        total = total.include(part)
    return total
