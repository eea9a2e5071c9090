"""What the weights explorer computes with: the tree, the scores of the indicators, and weights to start from.

Everything is plain lists and numbers, written into the page as they are: a double has the same digits there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import coverage_weights, weigh
from cwi.errors import MethodologyError
from cwi.index import Scores
from cwi.methodology import Methodology, Node
from cwi.traits import methods_of, traits_of

__all__ = [
    "MIDDLE",
    "MOST",
    "board",
    "by_count",
    "points",
    "sets",
    "under",
    "with_scheme",
]

Array = NDArray[np.float64]

MOST = 100.0  # the most points that a slider gives
MIDDLE = 50.0  # what equal parts have


def board(scores: Scores, year: int, intervals: pd.DataFrame) -> dict[str, Any]:
    """All that a page needs to compute the index under other weights.

    Parameters
    ----------
    scores
        Those of the year.
    intervals
        As :func:`cwi.analysis.uncertainty.full_intervals` gives them for the methodology's own weights.

    Returns
    -------
    dict
        ``decimals``; ``indicators`` (codes); ``levels`` from the bottom up, each with its name, its nodes, for every
        part the weight by which coverage is judged (``ruling``), and ``sets`` of points by name; ``units`` with the
        scores of their indicators, ``index`` (as Python computes it) and ``interval``. A gap is None.

    Raises
    ------
    MethodologyError
        If a node is put together by a rule that the page cannot compute.
    """
    methodology = scores.methodology
    rulings = map(coverage_weights, methodology.nodes, scores.weights, methodology.stated_weights)
    levels = [
        {
            "name": level.name,
            "nodes": [_node(node) for node in nodes],
            "ruling": weights.tolist(),
            "sets": {name: given.tolist() for name, given in weight_sets.items()},
        }
        for level, nodes, weights, weight_sets in zip(
            methodology.levels, methodology.nodes, rulings, sets(scores), strict=True
        )
    ]
    cells = scores.cells[scores.cells["year"] == year]
    wide = cells.pivot(index="region", columns="indicator", values="score")[methodology.indicators["code"]]
    index = scores.of(methodology.top.code)[year]
    bands = intervals.reindex(wide.index)[["low", "high", "score_low", "score_high"]]
    units = [
        {
            "code": str(code),
            "ranked": bool(ranked),
            "scores": _plain(wide.loc[code]),
            "index": _plain([index[code]])[0],
            "interval": _plain(bands.loc[code]),
        }
        for code, ranked in zip(wide.index, methodology.is_region(wide.index), strict=True)
    ]
    return {
        "decimals": methodology.decimals,
        "indicators": list(methodology.indicators["code"]),
        "levels": levels,
        "units": units,
    }


def sets(scores: Scores) -> list[dict[str, Array]]:
    """Points to start from, for each level by name: the methodology's own first, then what can be had there.

    ``methodology``; ``equal``; ``count`` (a part counts as many times as there are indicators under it); and the
    schemes that learn from the base years where they give weights for every node of the level, the levels below
    weighted as the methodology says.
    """
    methodology, offered = scores.methodology, []
    counts = by_count(methodology)
    for at, (nodes, weights_of_level) in enumerate(zip(methodology.nodes, scores.weights, strict=True)):
        here = {"methodology": weights_of_level, "equal": np.ones(len(weights_of_level))}
        if at:
            here["count"] = counts[at]
        for scheme in learning_schemes():
            try:
                here[scheme] = weigh(with_scheme(methodology, at, scheme), scores.base)[at]
            except MethodologyError:
                continue  # a scheme that refuses one node is not offered
        offered.append({name: points(weights, nodes) for name, weights in here.items()})
    return offered


def with_scheme(methodology: Methodology, at: int, scheme: str) -> Methodology:
    """The methodology with a weighting word at one level, also at nodes that have a weighting of their own."""
    return methodology.replace(**under(methodology, at, scheme))


def under(methodology: Methodology, at: int, scheme: str) -> dict[str, Any]:
    """What ``replace`` is given for a weighting word at one level: the level, and the nodes that do not follow it."""
    overridden = [
        node.code for node in methodology.nodes[at] if "weighting" in methodology.overrides.get(node.code, {})
    ]
    settings: dict[str, Any] = {methodology.levels[at].name: {"weighting": scheme}}
    if overridden:
        settings["node"] = {code: {"weighting": scheme} for code in overridden}
    return settings


def points(weights: Array, nodes: Sequence[Node]) -> Array:
    """Weights as sliders show them: the mean under a parent is 50, or less where the largest would pass 100.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> top = read_methodology("2024.1").nodes[-1]
    >>> points(np.array([0.25, 0.25, 0.25, 0.25]), top)
    array([50., 50., 50., 50.])
    >>> points(np.array([0.7, 0.1, 0.1, 0.1]), top).round(1)
    array([100. ,  14.3,  14.3,  14.3])
    """
    result = np.zeros(len(weights))
    for node in nodes:
        given = weights[list(node.parts)]
        result[list(node.parts)] = given * min(MIDDLE / given.mean(), MOST / given.max())
    return np.minimum(result, MOST)


def learning_schemes() -> list[str]:
    """The weighting schemes that learn from the base years and need no parameter."""
    return [word for word, function in methods_of("weighting").items() if traits_of(function).learns]


def by_count(methodology: Methodology) -> list[Array]:
    """For each level, how many indicators lie under every part."""
    sizes = [np.ones(len(methodology.indicators))]
    for nodes in methodology.nodes[:-1]:
        sizes.append(np.array([sizes[-1][list(node.parts)].sum() for node in nodes]))
    return sizes


def _node(node: Node) -> dict[str, Any]:
    rule = node.aggregation
    known = [word for word, function in methods_of("aggregation").items() if traits_of(function).in_browser]
    if not rule.traits.in_browser:
        raise MethodologyError(
            f"{node.level} '{node.code}' is put together by '{rule}', which the weights explorer cannot compute in a "
            f"page; it knows {', '.join(known)}"
        )
    mean = {"name": rule.name, **dict(rule.parameters)}
    return {"code": node.code, "parts": list(node.parts), "coverage": node.coverage, "mean": mean}


def _plain(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in np.asarray(values, dtype=float)]
