"""Scores of every level computed from arrays: values of units on indicators in, scores out.

Leading axes are draws, so ten thousand alternatives need no loop. No tables and no names of regions here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cwi.errors import MethodologyError
from cwi.indicator_scores import normalised
from cwi.level_scores import LevelScores, aggregate_level, named, one_pattern
from cwi.methodology import Methodology, Node
from cwi.methods import treatment
from cwi.methods.treatment import Treatment

__all__ = [
    "Derived",
    "Fitted",
    "base_level_scores",
    "coverage_weights",
    "derive",
    "fit",
    "learning",
    "normalise",
    "treat",
    "weigh",
    "weigh_level",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Derived:
    """Scores as arrays, level by level; the lowest level is that of the indicators.

    ``scores[l]`` : (..., n, k_l)  scores of the k_l nodes of level l, NaN where the coverage is too low
    ``coverage[l]``: (..., n, k_l) share of the weight of a node's parts that has a score (indicators: 0 or 1)
    ``measured[l]``: (..., n, k_l) share of the weight of all indicators under a node that was measured
    """

    scores: tuple[Array, ...]
    coverage: tuple[Array, ...]
    measured: tuple[Array, ...]

    @property
    def index(self) -> Array:
        """The score of the topmost node, (..., n)."""
        return np.asarray(self.scores[-1][..., 0])


def derive(
    x: Array,
    methodology: Methodology,
    *,
    base: Array | None = None,
    weights: Sequence[Array] | None = None,
    groups: NDArray[np.intp] | None = None,
    fitted: Fitted | None = None,
) -> Derived:
    """Scores of all levels from an array of values.

    Parameters
    ----------
    x : (..., n, k)
        Values of n units on the k indicators of the methodology, in its order; NaN where nothing was
        measured. Leading axes are draws.
    base : (m, k), optional
        Values of the base years, for rules that learn from data.
    weights : optional
        For each level, the weight of every part in its parent, (..., 1 or n, k), instead of the methodology's
        own; they are brought to sum to one under each parent. Leading axes are draws. Whether enough was
        measured is still judged by the methodology's own weights.
    groups : (n,), optional
        For rules that compare units: which units are compared with each other (one year's regions); a unit below 0
        takes no part and has no score there (the nation). All are compared by default.
    fitted : optional
        What :func:`fit` learnt from the base years, instead of ``base``, where it is known already.

    Returns
    -------
    Derived

    Raises
    ------
    MethodologyError
        If a rule cannot be applied, with the node and the reason.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> methodology = read_methodology("2024.1")
    >>> x = np.full((1000, 20, 56), np.nan)
    >>> derive(x, methodology).index.shape
    (1000, 20)
    """
    table = methodology.indicators
    x = np.asarray(x, dtype=float)
    if x.ndim < 2 or x.shape[-1] != len(table):
        raise MethodologyError(f"values have the shape {x.shape}; the last axis must hold {len(table)} indicators")
    fitted = fit(methodology, base) if fitted is None else fitted
    levels = [_indicator_scores(x, methodology, fitted.base, fitted.treatment)]
    coverage = [levels[0].seen.astype(float)]
    used = fitted.weights if weights is None else weights
    for nodes, fitted_weights, stated, used_weights in zip(
        methodology.nodes, fitted.weights, methodology.stated_weights, used, strict=True
    ):
        coverage_by = coverage_weights(nodes, fitted_weights, stated)
        above, covered = aggregate_level(levels[-1], nodes, coverage_by, np.asarray(used_weights, float), groups)
        levels.append(above)
        coverage.append(covered)
    scores = tuple(level.scores for level in levels)
    measured = (level.measured for level in levels)
    return Derived(scores, *(tuple(map(_like, arrays, scores)) for arrays in (coverage, measured)))


def normalise(
    x: Array, methodology: Methodology, base: Array | None, columns: NDArray[np.intp] | None = None
) -> LevelScores:
    """The scores of the indicators: values after treatment and normalisation.

    ``columns`` are the indicators that ``x`` has, where it has not all of them.
    """
    return _indicator_scores(x, methodology, base, treat(methodology, base), columns)


def _indicator_scores(
    x: Array,
    methodology: Methodology,
    base: Array | None,
    treated: Treatment | None,
    columns: NDArray[np.intp] | None = None,
) -> LevelScores:
    y = normalised(x, methodology, base, treated, columns)
    seen = one_pattern(~np.isnan(y))
    if y.ndim == 2:
        y = np.asfortranarray(y)  # an indicator in one piece
    if seen.ndim == 2:
        seen = np.asfortranarray(seen)
    return LevelScores(y, seen, seen.astype(float))


def weigh(methodology: Methodology, base: Array | None = None) -> tuple[Array, ...]:
    """For each level, the weight of every part in its parent, as the methodology's rules give it.

    Parameters
    ----------
    base : (m, k), optional
        Values of the base years, for schemes that learn from data.
    """
    learns = base is not None and any(learning(methodology.nodes))
    return _weights_of_levels(methodology, base, treat(methodology, base) if learns else None)


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the rules of a methodology learn from the base years, decided once for any values.

    ``base``     : (m, k) values of the base years, or None
    ``treatment``: what is done to outliers of each indicator, or None
    ``weights``  : for each level, (k_l,) the weight of every part in its parent
    """

    base: Array | None
    treatment: Treatment | None
    weights: tuple[Array, ...]


def fit(methodology: Methodology, base: Array | None = None) -> Fitted:
    """Decide the treatment of outliers and the weights on the base years.

    Parameters
    ----------
    base : (m, k), optional
        Values of the base years, for rules that learn from data.

    Raises
    ------
    MethodologyError
        If the treatment has no base years to be decided on, or a rule cannot be applied to them.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> [len(weights) for weights in fit(read_methodology("2024.1")).weights]
    [56, 14, 4]
    """
    treated = treat(methodology, base)
    return Fitted(base, treated, _weights_of_levels(methodology, base, treated))


def _weights_of_levels(methodology: Methodology, base: Array | None, treated: Treatment | None) -> tuple[Array, ...]:
    learnt = learning(methodology.nodes)
    z = None
    if base is not None and any(learnt):
        values = np.asarray(base, float)
        z = _indicator_scores(values, methodology, values, treated)
    result: list[Array] = []
    levels = zip(methodology.nodes, methodology.stated_weights, methodology.tree.codes, strict=False)
    for level, (nodes, stated, codes) in enumerate(levels):
        weights = weigh_level(nodes, stated, codes, z)
        result.append(weights)
        if z is not None and any(learnt[level + 1 :]):
            z, _ = aggregate_level(z, nodes, weights, weights)
    return tuple(result)


def learning(levels: Sequence[Sequence[Node]]) -> list[bool]:
    """For each level, whether a scheme there learns from the scores of the base years."""
    return [any(node.weighting.learns for node in nodes) for nodes in levels]


def base_level_scores(methodology: Methodology, base: Array | None) -> LevelScores | None:
    """The indicators' scores in the base years, that weighting schemes learn from; None without base years."""
    return None if base is None else normalise(np.asarray(base, float), methodology, base)


def weigh_level(nodes: Sequence[Node], stated: Array, codes: Sequence[str], z: LevelScores | None) -> Array:
    """The weight of every part of one level in its parent; ``z`` is the level below in the base years."""
    scores = np.empty((0, len(stated))) if z is None else z.scores
    weights = np.zeros(len(stated))
    for node in nodes:
        parts = list(node.parts)
        weights[parts] = _weights(node, scores[:, parts], stated[parts], [codes[part] for part in parts])
    return weights


def treat(methodology: Methodology, base: Array | None) -> Treatment | None:
    """What the methodology's treatment does to each indicator, decided on the base years; nothing without one.

    Indicators on a logarithmic scale are left alone.
    """
    if not any(settings is not None for settings in methodology.treatments):
        return None
    linear = (methodology.indicators["scale"] == "linear").to_numpy()
    with named("treatment", list(methodology.indicators["code"])):
        if base is None or not len(base):
            raise ValueError("it is decided on the base years, and there are no values of these")
        return treatment.learn_each(np.where(linear, base, np.nan), methodology.treatments)


def coverage_weights(nodes: Sequence[Node], fitted: Array, stated: Array) -> Array:
    """The weights that decide whether enough was measured: a node's own, or the stated ones where they are learnt.

    What a scheme learnt in the base years may give weight to indicators that are no longer measured.
    """
    weights = fitted.copy()
    for node in nodes:
        if node.weighting.learns:
            weights[list(node.parts)] = stated[list(node.parts)]
    return weights


def _weights(node: Node, z: Array, stated: Array, codes: Sequence[str]) -> Array:
    """What the parts of a node count.

    A scheme that learns weighs the parts that have scores in the base years among themselves; a part that was never
    measured then keeps its stated share, so that it is missed by the coverage rule as much as before.
    """
    seen = np.asarray(~np.isnan(z).all(axis=0))
    if node.weighting.learns:
        codes = [code for code, known in zip(codes, seen.tolist(), strict=True) if known]
    with named(node.code, codes):
        if not node.weighting.learns or seen.all():
            return node.weighting(z, stated)
        if not seen.any():
            return stated
        share = stated[seen].sum()
        weights = stated.copy()
        weights[seen] = share * node.weighting(z[:, seen], stated[seen] / share)
        return weights


def _like(array: Array, scores: Array) -> Array:
    """The same for every draw, without a copy."""
    return np.broadcast_to(array, scores.shape)
