"""What weights can do: which a region would need to be first, its best case, and the leads that no weights undo.

All of it speaks of one level in an additive tree, where the index is a weighted mean of the nodes of that level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

from cwi.edition import Edition, checked_edition
from cwi.errors import DataError, MethodologyError, near
from cwi.index import Scores
from cwi.methods.benefit_of_doubt import benefit_of_doubt
from cwi.methods.ranking import rank_within, robust_dominance

__all__ = ["Parts", "WeightsToLead", "best_case", "nearest_weights", "parts_of", "robust_leads", "weights_to_lead"]

Array = NDArray[np.float64]
SAME = 1e-9  # scores closer than this share a rank


@dataclass(frozen=True, eq=False)
class Parts:
    """The nodes of a level as parts of the index.

    ``scores``: a row a region, a column a node that somebody has; only regions that have all of them.
    ``weights``: what each counts in the index of these regions, summing to one.
    ``left_out``: the regions that lack a node, each with its reason.
    """

    scores: pd.DataFrame
    weights: pd.Series
    left_out: dict[str, str]


@dataclass(frozen=True, eq=False)
class WeightsToLead:
    """The weights nearest to the methodology's under which each region would be first.

    ``regions``: index region, nearest first; rank, possible (whether any weights make it first), distance (the share
    of the weight that would have to be moved, 0 to 1), raised and lowered (the node whose weight changes most), why
    (where nothing was computed).
    ``weights``: region, node, current, needed, change; of the regions that can be first.
    The distance is unique, the weights need not be.
    """

    level: str
    regions: pd.DataFrame
    weights: pd.DataFrame

    @property
    def changes(self) -> pd.DataFrame:
        """A row a region that can be first, nearest first, a column a node: the change of its weight."""
        wide = self.weights.pivot(index="region", columns="node", values="change")
        order = self.regions.index[self.regions.index.isin(wide.index)]
        return wide.reindex(index=order, columns=list(dict.fromkeys(self.weights["node"])))


def nearest_weights(y: Array, w: Array, unit: int, *, lead: float = 0.0) -> Array | None:
    """The weights nearest to w under which a unit is first, by linear programming [1]_.

    min ½ sum |v - w| over v not below zero, summing to one, with v·y_unit - v·y ≥ ``lead`` for every other unit. Half
    the sum of absolute differences is the share of the weight that is moved (total variation).

    Parameters
    ----------
    y : (n, k)
        Scores of n units on k parts, all there.
    w : (k,)
        The weights to stay near to, none below zero, summing to one.
    unit
        The row that is to be first; with a ``lead`` of 0 it may share the place.
    lead
        In the unit of the scores, not below zero.

    Returns
    -------
    (k,) array, or None where no weights make the unit first.

    Raises
    ------
    ValueError
        If a score is missing, w is not a set of weights, or the lead is below zero.

    References
    ----------
    .. [1] The same question without a distance: Cherchye, Moesen, Rogge and Van Puyenbroeck (2007), doi
       10.1007/s11205-006-9029-7.

    Examples
    --------
    The second unit is ten points behind in one part and twenty ahead in the other, so a third on the latter is enough:

    >>> y, w = np.array([[60.0, 40.0], [50.0, 60.0]]), np.array([0.75, 0.25])
    >>> nearest_weights(y, w, 1).round(6).tolist()
    [0.666667, 0.333333]
    >>> nearest_weights(np.array([[60.0, 40.0], [50.0, 30.0]]), w, 1) is None
    True
    """
    y, w = np.asarray(y, dtype=float), np.asarray(w, dtype=float)
    n, k = y.shape
    if np.isnan(y).any() or w.shape != (k,) or (w < 0).any() or abs(w.sum() - 1) > SAME or lead < 0:
        raise ValueError(
            f"{w.size} weights that sum to {w.sum():g} for {k} parts, {int(np.isnan(y).sum())} scores missing, "
            f"lead {lead:g}; there must be one weight for each part, none below zero, summing to one, no score "
            "missing, and a lead not below zero"
        )
    scale = max(float(np.abs(y).max(initial=0.0)), 1e-300)  # the solver's tolerances are absolute
    behind = np.delete(y - y[unit], unit, axis=0) / scale
    none = np.zeros((n - 1, k))
    found = linprog(
        np.concatenate([np.zeros(k), np.full(2 * k, 0.5)]),
        A_ub=np.hstack([behind, none, none]) if n > 1 else None,
        b_ub=np.full(n - 1, -lead / scale) if n > 1 else None,
        A_eq=np.vstack([np.hstack([np.eye(k), -np.eye(k), np.eye(k)]), np.r_[np.ones(k), np.zeros(2 * k)]]),
        b_eq=np.r_[w, 1.0],
        method="highs",
    )
    return None if found.x is None else np.asarray(found.x[:k])


def parts_of(edition: Edition, level: str) -> Parts:
    """The nodes of a level and what each counts in the index of the regions that have them all.

    Raises
    ------
    DataError
        If no region has all nodes.
    MethodologyError
        If the level is unknown, or the tree above it is not additive.

    Examples
    --------
    >>> from cwi import read_edition
    >>> parts = parts_of(read_edition(2023), "dimension")
    >>> parts.scores.shape, parts.weights.tolist()
    ((20, 4), [0.25, 0.25, 0.25, 0.25])
    """
    scores, year = checked_edition(edition).scores, edition.year
    methodology = scores.methodology
    names = methodology.tree.levels
    if level not in names[:-1]:
        raise MethodologyError(f"no level below '{names[-1]}' is called '{level}'{near(level, names[:-1])}")
    above = names.index(level)
    for nodes in methodology.nodes[above:]:
        for node in nodes:
            if node.aggregation.name != "arithmetic":
                raise MethodologyError(
                    f"{node.code} is put together by '{node.aggregation.name}'; weights of the level '{level}' can be "
                    "looked for only where everything above it is 'arithmetic'"
                )
    table = scores.without_nation(scores.wide(year, level))
    table = table.loc[:, table.notna().any()]
    lacks = table.isna()
    left_out = {
        str(region): f"it has no score of {', '.join(table.columns[row])}"
        for region, row in lacks.iterrows()
        if row.any()
    }
    table, weights = table[~lacks.any(axis=1)], _weights(scores, list(table.columns), above)
    index = scores.of(methodology.top.code)[year].reindex(table.index)
    made = (table @ weights - index).abs() <= 1e-6  # not so where a node's parent has too little measured for a score
    left_out |= {str(code): "its index is not the weighted mean of these nodes" for code in table.index[~made]}
    if not made.any():
        raise DataError(f"no region has an index of {year} made of all nodes of the level '{level}' that were measured")
    return Parts(table[made], weights, left_out)


def weights_to_lead(edition: Edition, level: str, *, lead: float = 0.0) -> WeightsToLead:
    """For each region the weights of a level, nearest to the methodology's, under which it would be first.

    Parameters
    ----------
    edition, level
        As in :func:`parts_of`.
    lead
        Points that the region must be ahead; 0 lets it share the first place.

    Returns
    -------
    WeightsToLead

    Examples
    --------
    >>> from cwi import read_edition
    >>> needed = weights_to_lead(read_edition(2023), "dimension")
    >>> needed.regions.loc[needed.regions["possible"], "distance"].round(3).to_dict()
    {'KZ-71': 0.0, 'KZ-75': 0.141, 'KZ-35': 0.722}
    """
    parts = parts_of(edition, level)
    y, w = parts.scores.to_numpy(float), parts.weights.to_numpy(float)
    ranks = rank_within(y @ w, tolerance=SAME)
    rows, weights = [], []
    for unit, region in enumerate(parts.scores.index):
        v = nearest_weights(y, w, unit, lead=lead)
        row = {"region": region, "rank": ranks[unit], "possible": v is not None, "distance": np.nan}
        row |= {"raised": "", "lowered": "", "why": "" if v is not None else "no weights of this level make it first"}
        if v is not None:
            change = np.where(np.abs(v - w) > SAME, v - w, 0.0)
            row["distance"] = float(np.abs(change).sum() / 2)
            if row["distance"]:
                row["raised"] = parts.weights.index[int(change.argmax())]
                row["lowered"] = parts.weights.index[int(change.argmin())]
            weights.append(
                pd.DataFrame(
                    {"region": region, "node": parts.weights.index, "current": w, "needed": v, "change": change}
                )
            )
        rows.append(row)
    rows += [
        {
            "region": region,
            "rank": np.nan,
            "possible": False,
            "distance": np.nan,
            "raised": "",
            "lowered": "",
            "why": why,
        }
        for region, why in parts.left_out.items()
    ]
    table = pd.DataFrame(rows).sort_values(["distance", "rank"], kind="stable").set_index("region")
    return WeightsToLead(level, table, pd.concat(weights, ignore_index=True))


def robust_leads(edition: Edition, level: str, *, band: float) -> pd.DataFrame:
    """Which region is ahead of which under all weights of a level within a band of the methodology's.

    Parameters
    ----------
    band
        How far each weight may move, in hundredths of one: 0.05 is five of a hundred. 1 admits all weights.

    Returns
    -------
    DataFrame
        true where the row is ahead of the column under all of them; rows and columns in the order of the index.

    Examples
    --------
    >>> from cwi import read_edition
    >>> leads = robust_leads(read_edition(2023), "dimension", band=0.05)
    >>> int(leads.to_numpy().sum()), leads.columns[0]
    (163, 'KZ-71')
    """
    parts = parts_of(edition, level)
    y, w = parts.scores.to_numpy(float), parts.weights.to_numpy(float)
    order = np.argsort(-(y @ w), kind="stable")
    codes = parts.scores.index[order]
    leads = robust_dominance(y[order], w, band=band)
    return pd.DataFrame(leads, index=codes, columns=pd.Index(codes, name="other"))


def best_case(edition: Edition, level: str, *, shares: tuple[float, float] | None = None) -> pd.DataFrame:
    """Each region by the weights that suit it best: the benefit of the doubt, as its best case and no ranking.

    Parameters
    ----------
    shares
        The lowest and the highest part of what one node may add to a region's own sum; without it a region that leads
        in one node alone reaches 1.

    Returns
    -------
    DataFrame
        index region in the order of the index; index (of the methodology's weights, its best 1), best (from 0 to 1),
        gain (below zero where the methodology's weights break the limits of the shares).

    Examples
    --------
    >>> from cwi import read_edition
    >>> case = best_case(read_edition(2023), "dimension", shares=(0.1, 0.4))
    >>> bool((case["best"] >= case["index"] - 1e-9).all())
    True
    """
    parts = parts_of(edition, level)
    y, w = parts.scores.to_numpy(float), parts.weights.to_numpy(float)
    own = y @ w / (y @ w).max()
    best = benefit_of_doubt(y, shares=shares)
    gain = np.where(np.abs(best - own) > SAME, best - own, 0.0)
    table = pd.DataFrame({"index": own, "best": best, "gain": gain}, index=parts.scores.index)
    return table.sort_values("index", ascending=False, kind="stable")


def _weights(scores: Scores, codes: list[str], level: int) -> pd.Series:
    """What each of these nodes of a level counts in the index where no others of the level have scores.

    A parent's weight is shared by those of its parts that lead down to one of the nodes.
    """
    tree = scores.methodology.tree
    scored = [np.zeros((1, len(own)), dtype=bool) for own in tree.codes]
    scored[level][0] = np.isin(tree.codes[level], codes)
    for below in range(level, len(tree.codes) - 1):
        scored[below + 1] = scored[below] @ tree.belongs(below)
    weights = tree.in_force(scores.weights, scored)[level][0]
    return pd.Series(weights, index=list(tree.codes[level]))[codes]
