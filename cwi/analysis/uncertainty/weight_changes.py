"""Perturbed weights of one level of the tree, as functions of uniform numbers from 0 to 1.

A factor of weights is noise on each weight, a Dirichlet distribution around those of each node, or a set of weights
that is drawn whole. At 1/2 noise changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cwi.analysis.uncertainty.factors import Factor
from cwi.methodology import Methodology, Node

__all__ = ["WeightChange", "as_shares", "axes_of_levels", "in_order", "levels_named", "perturbed"]

Array = NDArray[np.float64]
WeightChange = tuple[Factor, Array]  # a factor of weights, and its rows of the unit cube for one level
ORDER = ("sets", "concentration", "noise")  # a set would undo any change made to the weights before


def axes_of_levels(factor: Factor, methodology: Methodology) -> dict[int, slice]:
    """For each level that a factor perturbs weight by weight, which of its axes are those of the level's parts."""
    axes, start = {}, 0
    for level, (item, stated) in enumerate(zip(methodology.levels, methodology.stated_weights, strict=True)):
        if item.name in factor.settings["levels"]:
            axes[level] = slice(start, start := start + len(stated))
    return axes


def levels_named(table: pd.DataFrame, methodology: Methodology) -> dict[int, Array]:
    """The levels whose parts a table of weights names: (sets, parts) shares of a node, NaN for parts left alone."""
    return {
        level: as_shares(table.reindex(columns=list(codes)).to_numpy(float).T, methodology.nodes[level]).T
        for level, codes in enumerate(methodology.tree.codes[:-1])
        if table.columns.isin(codes).any()
    }


def as_shares(weights: Array, nodes: Sequence[Node]) -> Array:
    """(k, draws) weights brought to sum to one under each node, whatever points they were given in."""
    result = np.array(weights, dtype=float)
    for node in nodes:
        parts = list(node.parts)
        total = np.zeros(result.shape[1:])
        for part in parts:  # in their order: the same bits for one draw as for many
            total = total + result[part]
        result[parts] /= np.where(total > 0, total, 1.0)
    return result


def in_order(changes: Sequence[WeightChange]) -> list[WeightChange]:
    """Sets first, noise last, in whatever order they are declared."""
    return sorted(changes, key=lambda change: [key in change[0].settings for key in ORDER], reverse=True)


def perturbed(
    settings: Mapping[str, Any], weights: Array, u: Array, sets: Array | None, nodes: Sequence[Node]
) -> Array:
    """The weights of k parts in some draws.

    Parameters
    ----------
    settings
        Of a factor of weights.
    weights : (k, 1 or draws)
        The weights before.
    u : (k or 1, draws)
        Points of the factor's axes, one axis where a set is drawn whole.
    sets : (m, k)
        What a set is drawn from, NaN for parts that it leaves alone.
    nodes
        Whose parts the weights are; a Dirichlet distribution is around their shares.

    Returns
    -------
    (k, draws) array, not brought to sum to one.
    """
    if "noise" in settings:
        return np.asarray(weights * (1.0 + settings["noise"] * (2.0 * u - 1.0)))
    if "concentration" in settings:
        shape = settings["concentration"] * as_shares(weights, nodes)
        return np.where(shape > 0, special.gammaincinv(np.where(shape > 0, shape, 1.0), u), 0.0)
    assert sets is not None
    drawn = sets[np.minimum((u[0] * len(sets)).astype(np.intp), len(sets) - 1)].T
    return np.where(np.isnan(drawn), weights, drawn)
