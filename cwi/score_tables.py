"""Scores, weights and treated outliers as long tables, with what a reader must know of a score: its flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import Derived
from cwi.errors import DataError, near
from cwi.methodology import Methodology
from cwi.methods.ranking import rank
from cwi.methods.treatment import Changes, Treatment, changes
from cwi.panel import IMPUTED
from cwi.territory import PARENT_REGION

__all__ = ["CAPPED", "CARRIED", "FLAGS", "ScoreTables", "edge_table", "has_flag"]

Array = NDArray[np.float64]

CARRIED, CAPPED = "carried", "capped"
STATUSES = ("synthetic", IMPUTED, PARENT_REGION, "derived", "corrected", "backcast")  # that a reader must know
FLAGS = ("synthetic", CARRIED, *STATUSES[1:], "treated", CAPPED, "gaps")
BETWEEN = "; "  # two flags in the column of a table
_FLAG_TEXTS = [  # of every number whose bits are flags
    BETWEEN.join(flag for place, flag in enumerate(FLAGS) if bits >> place & 1) for bits in range(1 << len(FLAGS))
]


def has_flag(column: pd.Series, *flags: str) -> pd.Series:
    """Which cells of a column of flags hold any of the given ones.

    Parameters
    ----------
    column
        Such as ``scores.nodes["flag"]``, or a column of ``scores.wide(year, level, "flag")``; missing cells have none.
    flags
        Of :data:`FLAGS`.

    Raises
    ------
    DataError
        If a flag is unknown.

    Examples
    --------
    >>> has_flag(pd.Series(["", "carried; gaps", None]), "carried", "capped").tolist()
    [False, True, False]
    """
    for flag in flags:
        if flag not in FLAGS:
            raise DataError(f"no flag is called '{flag}'{near(flag, FLAGS)}")
    cells = column.fillna("")
    wanted = [cell for cell in cells.unique() if set(cell.split(BETWEEN)) & set(flags)]
    return cells.isin(wanted)


@dataclass(frozen=True, eq=False)
class ScoreTables:
    """What the tables of scores are built from: n units, their cells and values (n, k), and the scores as arrays."""

    units: pd.DataFrame
    cells: pd.DataFrame
    x: Array
    derived: Derived
    methodology: Methodology
    treatment: Treatment | None

    @cached_property
    def changed(self) -> Changes | None:
        """The values that the treatment of outliers changed."""
        return None if self.treatment is None else changes(self.treatment, self.x)

    def treated(self) -> pd.DataFrame:
        """Every cell that the treatment of outliers changed, before and after."""
        if self.changed is None:
            return pd.DataFrame(columns=["region", "year", "indicator", "value", "treated", "why"])
        rows, columns = self.changed.row, self.changed.column
        return pd.DataFrame(
            {
                "region": self.units["region"].array.take(rows),
                "year": self.units["year"].to_numpy()[rows],
                "indicator": self.methodology.indicators["code"].array.take(columns),
                "value": self.changed.old,
                "treated": self.changed.new,
                "why": self.changed.why,
            }
        )

    def nodes(self) -> pd.DataFrame:
        """The scores, ranks and flags of all nodes as a long table, the index first."""
        names, codes = self.methodology.tree.levels, self.methodology.tree.codes
        flags = _flags(self.cells, self.derived, self.methodology, self.changed)
        levels = list(reversed(range(len(names))))
        n = len(self.units)
        unit = np.concatenate([np.repeat(np.arange(n), len(codes[depth])) for depth in levels])
        begins = np.cumsum([0, *(len(codes[depth]) for depth in levels)])
        node = np.concatenate([np.tile(np.arange(a, b), n) for a, b in pairwise(begins)])
        level = np.repeat(levels, [n * len(codes[depth]) for depth in levels])

        def joined(arrays: Sequence[Array]) -> Array:
            """Numbers of all levels, the index first."""
            return np.concatenate([np.asarray(arrays[depth], dtype=float).reshape(-1) for depth in levels])

        ranks = joined(_ranks(self.units, self.derived, self.methodology))
        unranked = np.isnan(ranks)
        return pd.DataFrame(
            {
                "region": self.units["region"].array.take(unit),
                "year": self.units["year"].to_numpy()[unit],
                "node": _texts([code for depth in levels for code in codes[depth]]).take(node),
                "level": _texts(names).take(level),
                "score": joined(self.derived.scores),
                "rank": pd.arrays.IntegerArray(np.where(unranked, 0, ranks).astype(np.int64), unranked),
                "coverage": joined(self.derived.coverage),
                "measured": joined(self.derived.measured),
                "flag": _texts(_FLAG_TEXTS).take(np.concatenate([flags[depth].reshape(-1) for depth in levels])),
            }
        )


def _texts(words: Sequence[str]) -> Any:
    """Words as an array that a table takes as it is."""
    return pd.Series(list(words), dtype="str").array


def _ranks(units: pd.DataFrame, derived: Derived, methodology: Methodology) -> list[Array]:
    """For each level the ranks of the regions in each year, (n, k); the nation has none."""
    ranked = methodology.is_region(units["region"])
    result = []
    for scores in derived.scores:
        ranks = np.full(scores.shape, np.nan)
        for year in units["year"].unique():
            rows = np.flatnonzero(ranked & (units["year"] == year).to_numpy())
            ranks[rows] = rank(scores[rows].T, decimals=methodology.decimals).T
        result.append(ranks)
    return result


def _flags(
    cells: pd.DataFrame, derived: Derived, methodology: Methodology, changed: Changes | None
) -> list[NDArray[np.uint16]]:
    """For each level (n, k) what a reader must know of a score, gathered from all indicators below it: a bit a flag."""
    here = _marks(cells, derived.scores[0], methodology, changed)
    gaps = np.uint16(1 << FLAGS.index("gaps"))
    result = [here]
    for parents, measured in zip(methodology.tree.parents, derived.measured[1:], strict=True):
        order = np.argsort(parents, kind="stable")
        order = order[parents[order] >= 0]
        begins = np.flatnonzero(np.diff(parents[order], prepend=-1))
        here = np.bitwise_or.reduceat(here[:, order], begins, axis=1)
        here = np.where(measured < 1 - 1e-9, here | gaps, here)
        result.append(here)
    return result


def _marks(cells: pd.DataFrame, scores: Array, methodology: Methodology, changed: Changes | None) -> NDArray[np.uint16]:
    """The flags of the indicator scores (n, k), a bit each in the order of FLAGS."""
    value = cells["value"].to_numpy(float).reshape(scores.shape)
    status, statuses = (np.asarray(part) for part in pd.factorize(cells["status"]))
    status = status.reshape(scores.shape)
    ends = methodology.indicators[["worst", "best"]].to_numpy(float)
    treated = np.zeros(scores.shape, dtype=bool)
    if changed is not None:
        treated[changed.row, changed.column] = True
    low, high = methodology.score_range
    with np.errstate(invalid="ignore"):
        outside = (value < ends.min(axis=1)) | (value > ends.max(axis=1))
        marks = {
            CARRIED: (cells["observed"] < cells["year"]).fillna(False).to_numpy(bool).reshape(scores.shape),
            **{name: np.isin(status, np.flatnonzero(statuses == name)) for name in STATUSES},
            "treated": treated,
            CAPPED: outside & (scores >= low) & (scores <= high),
            "gaps": np.zeros(scores.shape, dtype=bool),
        }
    bits = np.zeros(scores.shape, dtype=np.uint16)
    for place, flag in enumerate(FLAGS):
        bits |= marks[flag].astype(np.uint16) << np.uint16(place)
    return bits


def edge_table(methodology: Methodology, weights: Sequence[Array]) -> pd.DataFrame:
    """The weight of every part in its parent, lowest level first; parts that are left out have no row."""
    tree, tables = methodology.tree, []
    for level, (parents, weights_of_level) in enumerate(zip(tree.parents, weights, strict=True)):
        order = np.argsort(parents, kind="stable")
        order = order[parents[order] >= 0]
        codes, above = np.array(tree.codes[level], dtype=object), np.array(tree.codes[level + 1], dtype=object)
        tables.append(
            pd.DataFrame({"parent": above[parents[order]], "node": codes[order], "weight": weights_of_level[order]})
        )
    return pd.concat(tables, ignore_index=True)
