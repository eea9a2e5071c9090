"""Scores, weights and treated outliers as long tables, with what a reader must know of a score: its flags."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import Derived
from cwi.errors import DataError, near
from cwi.methodology import Methodology
from cwi.methods.ranking import rank
from cwi.methods.treatment import Changes
from cwi.panel import IMPUTED
from cwi.territory import PARENT_REGION

__all__ = ["CAPPED", "CARRIED", "FLAGS", "edge_table", "has_flag", "node_table", "treated_table"]

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


def treated_table(units: pd.DataFrame, methodology: Methodology, changed: Changes | None) -> pd.DataFrame:
    """Every cell that the treatment of outliers changed, before and after."""
    columns = ["region", "year", "indicator", "value", "treated", "why"]
    if changed is None:
        return pd.DataFrame(columns=columns)
    table = units.iloc[changed.row].reset_index(drop=True)
    codes = methodology.indicators["code"].to_numpy()
    return table.assign(indicator=codes[changed.column], value=changed.old, treated=changed.new, why=changed.why)[
        columns
    ]


def node_table(
    units: pd.DataFrame, cells: pd.DataFrame, derived: Derived, methodology: Methodology, changed: Changes | None
) -> pd.DataFrame:
    """The scores, ranks and flags of all nodes as a long table, the index first."""
    names, codes = methodology.tree.levels, methodology.tree.codes
    flags = _flags(cells, derived, methodology, changed)
    levels = list(reversed(range(len(names))))
    n = len(units)
    unit = np.concatenate([np.repeat(np.arange(n), len(codes[depth])) for depth in levels])
    begins = np.cumsum([0, *(len(codes[depth]) for depth in levels)])
    node = np.concatenate([np.tile(np.arange(a, b), n) for a, b in pairwise(begins)])
    level = np.repeat(levels, [n * len(codes[depth]) for depth in levels])

    def joined(arrays: Sequence[Array]) -> Array:
        """Numbers of all levels, the index first."""
        return np.concatenate([np.asarray(arrays[depth], dtype=float).reshape(-1) for depth in levels])

    ranks = joined(_ranks(units, derived, methodology))
    unranked = np.isnan(ranks)
    return pd.DataFrame(
        {
            "region": units["region"].array.take(unit),
            "year": units["year"].to_numpy()[unit],
            "node": _texts([code for depth in levels for code in codes[depth]]).take(node),
            "level": _texts(names).take(level),
            "score": joined(derived.scores),
            "rank": pd.arrays.IntegerArray(np.where(unranked, 0, ranks).astype(np.int64), unranked),
            "coverage": joined(derived.coverage),
            "measured": joined(derived.measured),
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
