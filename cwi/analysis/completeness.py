"""What an edition has figures for, and which more would give a missing score, before anything is reported.

Own figure: of the edition's year and the region itself. Carried: of an earlier year. Parent: of the region that it was
part of. Missing: none that the methodology may use.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.edition import Edition
from cwi.index import CARRIED, has_flag
from cwi.nodes import Node
from cwi.territory import PARENT_REGION
from cwi.tree import INDICATOR

__all__ = ["first_figures", "indicators_of", "missing_scores"]

Array = NDArray[np.float64]

STATES = ("own", "carried", "parent", "missing")


def indicators_of(edition: Edition) -> pd.DataFrame:
    """For every indicator, how many regions have a figure of which kind.

    Returns
    -------
    DataFrame
        Index indicator, in the order of the methodology; own, carried, parent, missing (numbers of regions), nation
        (its own state in a word), last_year (the newest year of a figure, 0 where there is none).

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = indicators_of(read_edition(2023))
    >>> [int(number) for number in table.loc["adolescent_births", ["own", "carried", "parent", "missing"]]]
    [14, 0, 6, 0]
    """
    scores = edition.scores
    cells = scores.cells[scores.cells["year"] == edition.year]
    nodes = scores.nodes[(scores.nodes["year"] == edition.year) & (scores.nodes["level"] == INDICATOR)]
    flags = nodes.set_index(["region", "node"])["flag"]
    cells = cells.set_index(["region", "indicator"])
    here = flags.reindex(cells.index)
    state = pd.Series("own", index=cells.index)
    state[has_flag(here, CARRIED).to_numpy()] = "carried"
    state[has_flag(here, PARENT_REGION).to_numpy()] = "parent"
    state[cells["value"].isna().to_numpy()] = "missing"
    kinds = pd.DataFrame(state.unstack("indicator"))
    nation = edition.methodology.nation
    of_nation = list(kinds.loc[nation]) if nation in kinds.index else [""] * kinds.shape[1]
    regions = scores.without_nation(kinds)
    table = pd.DataFrame({word: (regions == word).sum() for word in STATES})
    last = pd.DataFrame(cells["observed"].unstack("indicator")).max().fillna(0).astype(int)
    order = list(edition.methodology.indicators["code"])
    return table.assign(nation=of_nation, last_year=last).reindex(order)


def first_figures(edition: Edition) -> tuple[str, ...]:
    """The indicators that are measured in the edition and in none of its base years, in the methodology's order.

    What learns a scale from the base years reads them between their ends, as
    :func:`cwi.indicator_scores.spread_between_ends` does; weights that are learnt leave them their stated share.

    Examples
    --------
    >>> from cwi import read_edition
    >>> first_figures(read_edition(2023))
    ()
    """
    base, codes = edition.scores.base, list(edition.methodology.indicators["code"])
    if not len(base):
        return ()
    cells = edition.scores.cells
    measured = set(cells.loc[cells["value"].notna(), "indicator"])
    new = np.flatnonzero(np.isnan(base).all(axis=0)).tolist()
    return tuple(codes[place] for place in new if codes[place] in measured)


def missing_scores(edition: Edition) -> pd.DataFrame:
    """The nodes that have no score for some region or the nation, and what would give them one.

    Returns
    -------
    DataFrame
        node, level, regions (how many have no score), nation (true where it has none), required and best (share of
        the weight of its parts that must have a score, and the most that a region has), needed (how many
        further parts the region with the fewest needs at least), candidates (the parts that some of these regions
        lack, in the order of the tree). No row where every node has a score.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = missing_scores(read_edition(2023)).set_index("node")
    >>> int(table.at["socialization", "needed"]), table.at["socialization", "candidates"][:1]
    (1, ('juvenile_offending',))
    """
    scores, methodology = edition.scores, edition.methodology
    year, nation = edition.year, methodology.nation
    levels = methodology.tree.levels
    rows = []
    for depth, nodes in enumerate(methodology.nodes):
        below, here = scores.wide(year, levels[depth]), scores.wide(year, levels[depth + 1])
        weights = scores.edges.set_index(["parent", "node"])["weight"]
        for node in nodes:
            without = here.index[here[node.code].isna()]
            if not len(without):
                continue
            parts = [below.columns[i] for i in node.parts]
            share = weights.loc[node.code].reindex(parts).to_numpy(float)
            seen = np.asarray(below.loc[without, parts].notna())
            lacking = [part for i, part in enumerate(parts) if not seen[:, i].all()]
            needed = _needed(node, share, seen)
            rows.append(
                {
                    "node": node.code,
                    "level": node.level,
                    "regions": int(methodology.is_region(without).sum()),
                    "nation": nation in without,
                    "required": node.coverage,
                    "best": float((seen @ share / share.sum()).max()),
                    "needed": needed,
                    "candidates": tuple(lacking),
                }
            )
    columns = ["node", "level", "regions", "nation", "required", "best", "needed", "candidates"]
    return pd.DataFrame(rows, columns=columns)


def _needed(node: Node, share: Array, seen: NDArray[np.bool_]) -> int:
    """The number of further parts that the row with the fewest needs at least, heaviest parts first."""
    share = share / share.sum()
    gained = np.cumsum(np.sort(np.where(seen, 0.0, share), axis=1)[:, ::-1], axis=1)
    reached = (seen @ share)[:, None] + gained >= node.coverage - 1e-9
    return int(np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, len(share)).max())
