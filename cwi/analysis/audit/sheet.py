"""The scores of one year as an audit reads them: regions by nodes, correlations, and the same regions drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.audit.limits import FEWEST, LEVEL
from cwi.errors import DataError
from cwi.index import Derived, Scores, derive
from cwi.methodology import Methodology

__all__ = ["Group", "Sheet", "correlate", "interval", "read_sheet"]

Array = NDArray[np.float64]
CHUNK = 250  # draws at once, to bound memory


@dataclass(frozen=True, eq=False)
class Group:
    """A node with its parts: codes in the order of the tree, and their weights in it, summing to one."""

    node: str
    level: str
    parts: tuple[str, ...]
    weights: Array


@dataclass(frozen=True, eq=False)
class Sheet:
    """All nodes of a year side by side.

    ``table``: scores, a row a region (the nation left out), a column a node, indicators first. ``again`` (draws, n):
    which regions stand in each redrawn set, with replacement.
    """

    scores: Scores
    year: int
    table: pd.DataFrame
    level_of: dict[str, str]
    again: NDArray[np.intp]

    @property
    def methodology(self) -> Methodology:
        """The rules that the scores were made with."""
        return self.scores.methodology

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of the levels, indicators first."""
        return tuple(dict.fromkeys(self.level_of.values()))

    @cached_property
    def codes(self) -> list[str]:
        """The nodes that have enough scores to be compared."""
        return [str(code) for code in self.table if self.table[code].notna().sum() >= FEWEST]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every node with its parts, lowest level first."""
        tree, groups = self.methodology.tree, []
        for nodes, weights in zip(self.methodology.nodes, self.scores.weights, strict=True):
            for node in nodes:
                own = weights[list(node.parts)]
                groups.append(Group(node.code, node.level, tree.parts_of[node.code], np.asarray(own / own.sum())))
        return tuple(groups)

    @property
    def parent_of(self) -> Mapping[str, str]:
        """The node that each part belongs to."""
        return self.methodology.tree.parent_of

    def of(self, level: str) -> list[str]:
        """The comparable nodes of a level."""
        return [code for code in self.codes if self.level_of[code] == level]

    def measured(self, group: Group) -> list[str]:
        """The comparable parts of a group."""
        return [part for part in group.parts if part in self.codes]

    @cached_property
    def r(self) -> Array:
        """The correlation of every comparable node with every other, (k, k) in the order of ``codes``."""
        return correlate(self.table[self.codes].to_numpy(float))

    def pair(self, a: str, b: str) -> float:
        """The correlation of two comparable nodes; with itself, whether a node varies at all."""
        i, j = self.at([a, b])
        return float(self.r[i, j])

    def closest(self, code: str, others: list[str]) -> tuple[str, float] | None:
        """Which of the others has the highest correlation with a node."""
        found = [(self.pair(code, other), other) for other in others if np.isfinite(self.pair(code, other))]
        if not found:
            return None
        r, other = max(found, key=lambda pair: pair[0])
        return other, r

    @cached_property
    def drawn(self) -> Array:
        """The same for each redrawn set of regions, (draws, k, k)."""
        x = self.table[self.codes].to_numpy(float)
        chunks = [correlate(x[self.again[i : i + CHUNK]]) for i in range(0, len(self.again), CHUNK)]
        return np.concatenate(chunks)

    def at(self, codes: list[str]) -> list[int]:
        """The places of comparable nodes in ``codes``."""
        return [self._place[code] for code in codes]

    @cached_property
    def _place(self) -> dict[str, int]:
        return {code: i for i, code in enumerate(self.codes)}

    @cached_property
    def without(self) -> tuple[list[str], Derived]:
        """Everything scored again without one part: its code for each draw, and the scores (draws, n, k).

        Its weight is zero and its siblings share what it had; whether enough was measured is judged as before.
        """
        parts = [part for group in self.groups for part in group.parts if self.table[part].notna().any()]
        levels, weights = self.levels, []
        for depth, own in enumerate(self.scores.weights):
            names = [code for code in self.table if self.level_of[str(code)] == levels[depth]]
            weights.append(own * np.array([[[name != part for name in names]] for part in parts], dtype=float))
        values = self.scores.values(self.year).loc[self.table.index].to_numpy(float)
        return parts, derive(values, self.methodology, base=self.scores.base, weights=weights)


def read_sheet(scores: Scores, year: int, *, draws: int, rng: np.random.Generator) -> Sheet:
    """Lay the scores of a year side by side.

    Raises
    ------
    ValueError
        If draws is below 1.
    DataError
        If there are no scores of that year, or of no region.
    """
    if draws < 1:
        raise ValueError(f"draws {draws}; there must be at least 1")
    if year not in set(scores.nodes["year"]):
        raise DataError(f"there are no scores of {year}")
    names = scores.methodology.tree.levels
    wide = [scores.wide(year, name) for name in names]
    table = scores.without_nation(pd.concat(wide, axis=1)).astype(float)
    if table.empty:
        raise DataError(f"there are scores of no region in {year}")
    level_of = {str(code): name for name, part in zip(names, wide, strict=True) for code in part}
    again = rng.integers(len(table), size=(draws, len(table)))
    return Sheet(scores, year, table, level_of, again)


def correlate(x: Array) -> Array:
    """Pearson's correlation of each column with each, over the units that have both.

    Parameters
    ----------
    x : (..., n, k)
        Scores, not a number where there is none; leading axes are draws.

    Returns
    -------
    (..., k, k) array from -1 to 1; not a number where fewer than three units have both, or one is the same in them.

    Examples
    --------
    >>> correlate(np.array([[1.0, 2, 5], [2, 4, 5], [3, 6, 5], [np.nan, 1, 5]]))[0].round(3)
    array([ 1.,  1., nan])
    """
    columns = np.moveaxis(x, -1, 0).reshape(x.shape[-1], x[..., 0].size if x.shape[-1] else 0)
    has = ~np.isnan(columns)
    filled = np.where(has, columns, 0.0)
    mean = filled.sum(axis=1) / np.maximum(has.sum(axis=1), 1)
    size = np.abs(filled).max(axis=1, initial=0.0)
    spread = np.abs(np.where(has, columns - mean[:, None], 0.0)).max(axis=1, initial=0.0)
    scale = np.where(spread > 1e-12 * size, spread, np.inf)
    m = (~np.isnan(x)).astype(float)
    z = np.where(m > 0, (x - mean) / scale, 0.0)
    mt, zt = np.swapaxes(m, -1, -2), np.swapaxes(z, -1, -2)
    n = mt @ m
    total, square = zt @ m / np.maximum(n, 1), (zt**2) @ m  # of the row's column, where the other has a value too
    variance = np.maximum(square - n * total**2, 0.0)
    covariance = zt @ z - n * total * np.swapaxes(total, -1, -2)
    product = variance * np.swapaxes(variance, -1, -2)
    known = (n >= FEWEST) & (product > 1e-20)
    return np.where(known, np.clip(covariance / np.sqrt(np.where(known, product, 1.0)), -1.0, 1.0), np.nan)


def interval(draws: Array, *, level: float = LEVEL) -> tuple[Array, Array]:
    """The middle ``level`` of draws on the first axis; those that are not a number do not count.

    Not a number where fewer than half of the draws could be computed.

    Examples
    --------
    >>> low, high = interval(np.array([[1.0], [2.0], [3.0], [np.nan]]), level=0.5)
    >>> low.tolist(), high.tolist()
    ([1.0], [3.0])
    """
    ordered = np.sort(draws, axis=0)  # what is no number stands last
    n = (~np.isnan(draws)).sum(axis=0)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        place = np.clip(np.ceil(tail * n - 1e-9).astype(int) - 1, 0, None)
        found = np.take_along_axis(ordered, place[None], axis=0)[0]
        ends.append(np.where(2 * n >= len(draws), found, np.nan))
    return ends[0], ends[1]
