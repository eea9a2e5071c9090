"""Weights disturbed: what the weights of one level could have been, as a function of uniform numbers from 0 to 1.

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
from cwi.methodology import Methodology

__all__ = ["Act", "axes_of_levels", "disturbed", "in_turn", "spoken"]

Array = NDArray[np.float64]
Act = tuple[Factor, Array]  # a factor of weights, and its rows of the unit cube for one level
TURN = ("sets", "concentration", "noise")  # a set would undo what was done to the weights before


def axes_of_levels(factor: Factor, methodology: Methodology) -> dict[int, slice]:
    """For each level that a factor disturbs weight by weight, which of its axes are those of the level's parts."""
    found, start = {}, 0
    for level, (item, stated) in enumerate(zip(methodology.levels, methodology.stated_weights, strict=True)):
        if item.name in factor.settings["levels"]:
            found[level] = slice(start, start := start + len(stated))
    return found


def spoken(table: pd.DataFrame, methodology: Methodology) -> dict[int, Array]:
    """The levels that a table of weights speaks of: (sets, parts), not a number for parts that it leaves alone."""
    return {
        level: table.reindex(columns=list(codes)).to_numpy(float)
        for level, codes in enumerate(methodology.tree.codes[:-1])
        if table.columns.isin(codes).any()
    }


def in_turn(acts: Sequence[Act]) -> list[Act]:
    """Sets first, noise last, in whatever order they are declared."""
    return sorted(acts, key=lambda act: [key in act[0].settings for key in TURN], reverse=True)


def disturbed(settings: Mapping[str, Any], used: Array, u: Array, sets: Array | None) -> Array:
    """The weights of k parts in some draws.

    Parameters
    ----------
    settings
        Of a factor of weights.
    used : (k, 1 or draws)
        The weights before.
    u : (k or 1, draws)
        Points of the factor's axes, one axis where a set is drawn whole.
    sets : (m, k)
        What a set is drawn from, not a number for parts that it leaves alone.

    Returns
    -------
    (k, draws) array, not brought to sum to one.
    """
    if "noise" in settings:
        return np.asarray(used * (1.0 + settings["noise"] * (2.0 * u - 1.0)))
    if "concentration" in settings:
        shape = settings["concentration"] * used
        return np.where(shape > 0, special.gammaincinv(np.where(shape > 0, shape, 1.0), u), 0.0)
    assert sets is not None
    drawn = sets[np.minimum((u[0] * len(sets)).astype(np.intp), len(sets) - 1)].T
    return np.where(np.isnan(drawn), used, drawn)
