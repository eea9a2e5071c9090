"""Scores of every level computed from arrays: values of units on indicators in, scores out.

Leading axes are draws, so ten thousand alternatives need no loop. No tables and no names of regions here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError, MethodologyError
from cwi.methodology import Methodology, Node
from cwi.methods import treatment
from cwi.methods.treatment import Treatment

__all__ = [
    "Derived",
    "Fitted",
    "LevelScores",
    "aggregate_level",
    "base_level_scores",
    "coverage_weights",
    "derive",
    "fit",
    "learning",
    "named",
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
    for nodes, own, stated, using in zip(
        methodology.nodes, fitted.weights, methodology.stated_weights, used, strict=True
    ):
        judged = coverage_weights(nodes, own, stated)
        above, covered = aggregate_level(levels[-1], nodes, judged, np.asarray(using, float), groups)
        levels.append(above)
        coverage.append(covered)
    scores = tuple(level.scores for level in levels)
    measured = (level.measured for level in levels)
    return Derived(scores, *(tuple(map(_like, arrays, scores)) for arrays in (coverage, measured)))


@dataclass(frozen=True, eq=False)
class LevelScores:
    """The scores of one level of the tree, with what the level above needs to know of them.

    ``scores``  : (..., n, k) of the k nodes of the level
    ``seen``    : (n, k) which have a score, when that is the same in all draws, or (..., n, k)
    ``measured``: (n, k) or (..., n, k) share of the weight of all indicators under a node that was measured
    """

    scores: Array
    seen: NDArray[np.bool_]
    measured: Array


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
    y = _normalise(x, methodology, base, treated, columns)
    seen = _settled(~np.isnan(y))
    if y.ndim == 2:
        y = np.asfortranarray(y)  # an indicator in one piece
    if seen.ndim == 2:
        seen = np.asfortranarray(seen)
    return LevelScores(y, seen, seen.astype(float))


def aggregate_level(
    below: LevelScores,
    nodes: Sequence[Node],
    coverage_weights: Array,
    weights: Array,
    groups: NDArray[np.intp] | None = None,
) -> tuple[LevelScores, Array]:
    """Aggregate one level: the scores of its nodes, and the share of the weight of their parts that has a score.

    ``coverage_weights`` decide whether enough was measured; ``weights`` are those that the scores are computed with.
    """
    scores, seen, coverage, measured = zip(
        *(_aggregate(node, below, coverage_weights, weights, groups) for node in nodes), strict=True
    )
    return LevelScores(_beside(scores), _beside(seen), _beside(measured)), _beside(coverage)


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
    if methodology.treatment is None:
        return None
    linear = (methodology.indicators["scale"] == "linear").to_numpy()
    with named("treatment", list(methodology.indicators["code"])):
        if base is None or not len(base):
            raise ValueError("it is decided on the base years, and there are no values of these")
        return treatment.learn(np.where(linear, base, np.nan), **methodology.treatment)


def _normalise(
    x: Array,
    methodology: Methodology,
    base: Array | None,
    treated: Treatment | None,
    columns: NDArray[np.intp] | None,
) -> Array:
    table = methodology.indicators if columns is None else methodology.indicators.iloc[columns]
    ends = table[["worst", "best"]].to_numpy(float).T
    if treated is not None and columns is not None:
        treated = treatment.of_columns(treated, columns)
    base = base if base is None or columns is None else base[:, columns]
    if treated is not None:
        turned = np.isin(treated.how, ("log", "boxcox"))
        ends = np.where(turned, treatment.apply(treated, ends), ends)
        x = treatment.apply(treated, x)
        base = None if base is None else treatment.apply(treated, base)
    with named("normalisation", list(table["code"])):
        return methodology.normalisation(x, ends[0], ends[1], (table["scale"] == "log").to_numpy(), base)


def coverage_weights(nodes: Sequence[Node], own: Array, stated: Array) -> Array:
    """The weights that decide whether enough was measured: a node's own, or the stated ones where they are learnt.

    What a scheme learnt in the base years may give weight to indicators that are no longer measured.
    """
    weights = own.copy()
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


def _aggregate(
    node: Node, below: LevelScores, coverage_weights: Array, weights: Array, groups: NDArray[np.intp] | None
) -> tuple[Array, NDArray[np.bool_], Array, Array]:
    """Score of one node from the level below, whether there is one, coverage, and measured share."""
    at = _place(node.parts)
    counted = coverage_weights[at] / coverage_weights[at].sum()
    y, w, seen = below.scores[..., at], weights[..., at], below.seen[..., at]
    share = np.asarray((counted * below.measured[..., at]).sum(axis=-1))
    coverage = np.where(seen.all(axis=-1), 1.0, (counted * seen).sum(axis=-1))
    enough = coverage >= node.coverage - 1e-9
    with named(node.code):
        if node.aggregation.of_units:
            score = _compare(node, y, w, seen, enough, groups)
        elif seen.ndim == 2:
            score = _by_pattern(node, y, w, seen, enough)
        else:
            score = _one_by_one(node, y, w, seen, enough)
    return score, _seen(score, enough), coverage, share


def _seen(score: Array, enough: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which units have a score; the one pattern of all draws where it is the same."""
    if enough.ndim == 1:
        gaps = np.isnan(score.sum(axis=tuple(range(score.ndim - 1))))  # one gap in any draw makes the sum one
        if bool((gaps == ~enough).all()):
            return enough
    return ~np.isnan(score)


def _by_pattern(node: Node, y: Array, w: Array, seen: NDArray[np.bool_], enough: NDArray[np.bool_]) -> Array:
    """Scores where the same is missing in all draws: units that lack the same parts share their weights."""
    score: Array | None = None
    left = enough.copy()
    while left.any():
        pattern = seen[left.argmax()]
        here = left & (seen == pattern).all(axis=-1)
        left &= ~here
        units = slice(None) if here.all() else np.flatnonzero(here)
        part, weights = y[..., units, :], w[..., units, :] if w.ndim > 1 and w.shape[-2] > 1 else w
        if not pattern.all():
            part, weights = np.where(pattern, part, 1.0), weights * pattern
        used, some = _shares(weights)
        if (pattern & (used == 0)).any():  # a part that counts nothing stops nobody
            part = np.where(used > 0, part, 1.0)
        result = node.aggregation(part, used)
        if some is not None:
            result = np.where(some, result, np.nan)
        if here.all():
            return result
        if score is None:
            score = np.full(np.broadcast_shapes(y.shape[:-1], w.shape[:-1])[::-1], np.nan).T
        score[..., units] = result
    return np.full(y.shape[:-1], np.nan) if score is None else score


def _one_by_one(node: Node, y: Array, w: Array, seen: NDArray[np.bool_], enough: NDArray[np.bool_]) -> Array:
    """Scores where each draw may lack something else."""
    used, some = _shares(w * seen)
    if some is not None:
        enough = enough & some
    result = node.aggregation(np.where(seen & enough[..., None] & (used > 0), y, 1.0), used)
    return np.where(enough, result, np.nan)


def _shares(w: Array) -> tuple[Array, NDArray[np.bool_] | None]:
    """Weights brought to sum to one, and where that can be done if it is not everywhere; equal weights elsewhere."""
    total = np.asarray(w[..., 0].copy())
    for part in range(1, w.shape[-1]):
        total += w[..., part]
    some = total > 0
    if some.all():
        return w / total[..., None], None
    return np.where(some[..., None], w / np.where(some, total, 1.0)[..., None], 1.0 / w.shape[-1]), some


def _place(parts: Sequence[int]) -> slice | list[int]:
    """The positions of the parts: a slice where they are consecutive, so that nothing is copied."""
    together = parts[-1] - parts[0] == len(parts) - 1 and list(parts) == sorted(parts)
    return slice(parts[0], parts[-1] + 1) if together else list(parts)


def _settled(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The one pattern of what is seen, if it is the same in all draws."""
    if seen.ndim == 2:
        return seen
    flat = seen.reshape(-1, *seen.shape[-2:])
    return flat[0] if len(flat) and bool((flat == flat[0]).all()) else seen


def _like(array: Array, scores: Array) -> Array:
    """The same for every draw, without a copy."""
    return np.broadcast_to(array, scores.shape)


def _beside(arrays: Sequence[Any]) -> Any:
    """Arrays of the nodes side by side on a new last axis; each stays in one piece in memory."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    result = np.empty((len(arrays), *shape[::-1]), dtype=arrays[0].dtype)
    for place, array in zip(result, arrays, strict=True):
        place.T[...] = array
    return result.T


def _compare(
    node: Node,
    y: Array,
    w: Array,
    seen: NDArray[np.bool_],
    enough: NDArray[np.bool_],
    groups: NDArray[np.intp] | None,
) -> Array:
    """Scores by a rule that compares units, among those of one group that have enough measured."""
    used, some = _shares(w * seen)
    enough = enough if some is None else enough & some
    y, used = np.broadcast_arrays(np.where(seen, y, 1.0), used)
    enough = np.broadcast_to(enough, y.shape[:-1])
    groups = np.zeros(y.shape[-2], dtype=np.intp) if groups is None else groups
    score = np.full(enough.shape, np.nan)
    for group in np.unique(groups[groups >= 0]):
        here = enough & (groups == group)
        for pattern in np.unique(here.reshape(-1, here.shape[-1]), axis=0):
            draws = (here == pattern).all(axis=-1)
            if pattern.any():
                block = node.aggregation(y[draws][:, pattern], used[draws][:, pattern])
                score[draws] = np.where(pattern, _spread(block, pattern), score[draws])
    return score


def _spread(block: Array, pattern: NDArray[np.bool_]) -> Array:
    """Scores of some units at their places among all."""
    full = np.full((*block.shape[:-1], len(pattern)), np.nan)
    full[..., pattern] = block
    return full


class named:
    """Add to a rule's error the node where it was raised, and the part that caused it."""

    def __init__(self, what: str, parts: Sequence[str] = ()) -> None:
        self.what, self.parts = what, parts

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValueError) and not isinstance(error, MethodologyError):
            reason = error.of(self.parts) if isinstance(error, ColumnError) and self.parts else error
            raise MethodologyError(f"{self.what}: {reason}") from error
