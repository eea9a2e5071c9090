"""The arrow on bare arrays: values of units on indicators in, scores of every level out.

Leading axes are draws, so that ten thousand alternatives cost no loop; no tables, no names of regions.
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

__all__ = ["Derived", "derive", "judging", "named", "treat", "weigh"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Derived:
    """Scores as arrays, level by level; the lowest level is that of the indicators.

    ``scores[l]`` : (..., n, k_l)  scores of the k_l nodes of level l, not a number where the coverage is too low
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
) -> Derived:
    """The arrow on bare arrays.

    Parameters
    ----------
    x : (..., n, k)
        Values of n units on the k indicators of the methodology, in its order; not a number where nothing was
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
    own = weigh(methodology, base)
    rulings = judging(methodology, own)
    y = _normalise(x, methodology, base)
    seen = (~np.isnan(y)).astype(float)
    scores, coverage, measured = [y], [seen], [seen]
    for nodes, ruling, using in zip(methodology.nodes, rulings, own if weights is None else weights, strict=True):
        used = np.asarray(using, float)
        parts = [_aggregate(node, scores[-1], measured[-1], ruling, used, groups) for node in nodes]
        for collected, arrays in zip((scores, coverage, measured), zip(*parts, strict=True), strict=True):
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
            collected.append(np.stack([np.broadcast_to(a, shape) for a in arrays], axis=-1))
    return Derived(tuple(scores), tuple(coverage), tuple(measured))


def weigh(methodology: Methodology, base: Array | None = None) -> tuple[Array, ...]:
    """For each level, the weight of every part in its parent, as the methodology's rules give it.

    Parameters
    ----------
    base : (m, k), optional
        Values of the base years, for schemes that learn from data.
    """
    z = np.empty((0, len(methodology.indicators)))
    if base is not None and any(node.weighting.learns for level in methodology.nodes for node in level):
        z = _normalise(np.asarray(base, float), methodology, base)
    result: list[Array] = []
    codes = list(methodology.indicators["code"])
    for nodes, stated in zip(methodology.nodes, methodology.stated_weights, strict=True):
        weights = np.zeros(len(stated))
        for node in nodes:
            parts = list(node.parts)
            weights[parts] = _weights(node, z[:, parts], stated[parts], [codes[part] for part in parts])
        result.append(weights)
        codes = [node.code for node in nodes]
        if any(node.weighting.learns for above in methodology.nodes[len(result) :] for node in above):
            z = np.stack([_aggregate(node, z, np.ones_like(z), weights, weights)[0] for node in nodes], axis=-1)
    return tuple(result)


def judging(methodology: Methodology, own: Sequence[Array]) -> tuple[Array, ...]:
    """The weights that say whether enough was measured: a node's own, or the stated ones where they are learnt.

    What a scheme learnt in the base years may lie on indicators that nobody measures any more.

    Parameters
    ----------
    own
        What :func:`weigh` gives.
    """
    result = []
    for nodes, weights, stated in zip(methodology.nodes, own, methodology.stated_weights, strict=True):
        ruling = weights.copy()
        for node in nodes:
            if node.weighting.learns:
                ruling[list(node.parts)] = stated[list(node.parts)]
        result.append(ruling)
    return tuple(result)


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


def _normalise(x: Array, methodology: Methodology, base: Array | None) -> Array:
    table = methodology.indicators
    ends = table[["worst", "best"]].to_numpy(float).T
    treated = treat(methodology, base)
    if treated is not None:
        turned = np.isin(treated.how, ("log", "boxcox"))
        ends = np.where(turned, treatment.apply(treated, ends), ends)
        x = treatment.apply(treated, x)
        base = None if base is None else treatment.apply(treated, base)
    with named("normalisation", list(table["code"])):
        return methodology.normalisation(x, ends[0], ends[1], (table["scale"] == "log").to_numpy(), base)


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
    node: Node, y: Array, measured: Array, ruling: Array, using: Array, groups: NDArray[np.intp] | None = None
) -> tuple[Array, Array, Array]:
    """Score, coverage and measured share of one node from the level below.

    ``ruling`` are the weights that say whether enough was measured, ``using`` those that the score is made with.
    """
    parts = list(node.parts)
    rule = ruling[parts] / ruling[parts].sum()
    share = np.asarray((rule * measured[..., parts]).sum(axis=-1))
    y, w = y[..., parts], using[..., parts]
    has = ~np.isnan(y)
    if has.all():
        coverage = np.ones(y.shape[:-1])
    else:
        coverage, w = np.asarray((rule * has).sum(axis=-1)), w * has
    total = w.sum(axis=-1)
    used = w / np.where(total > 0, total, 1.0)[..., None]
    enough = (coverage >= node.coverage - 1e-9) & (total > 0)
    if not enough.any():
        return np.full(np.broadcast_shapes(enough.shape), np.nan), coverage, share
    counts = enough[..., None] & (w > 0)
    if not counts.all():
        y = np.where(has & counts, y, 1.0)
        used = np.where(enough[..., None], used, 1.0 / used.shape[-1])
    with named(node.code):
        compare = node.aggregation.of_units
        score = _compare(node, y, used, enough, groups) if compare else node.aggregation(y, used)
    return np.where(enough, score, np.nan), coverage, share


def _compare(node: Node, y: Array, w: Array, enough: NDArray[np.bool_], groups: NDArray[np.intp] | None) -> Array:
    """Scores by a rule that compares units, among those of one group that have enough measured."""
    groups = np.zeros(y.shape[-2], dtype=np.intp) if groups is None else groups
    w = np.broadcast_to(w, y.shape)
    score = np.full(enough.shape, np.nan)
    for group in np.unique(groups[groups >= 0]):
        here = enough & (groups == group)
        for pattern in np.unique(here.reshape(-1, here.shape[-1]), axis=0):
            draws = (here == pattern).all(axis=-1)
            if pattern.any():
                block = node.aggregation(y[draws][:, pattern], w[draws][:, pattern])
                score[draws] = np.where(pattern, _spread(block, pattern), score[draws])
    return score


def _spread(block: Array, pattern: NDArray[np.bool_]) -> Array:
    """Scores of some units at their places among all."""
    full = np.full((*block.shape[:-1], len(pattern)), np.nan)
    full[..., pattern] = block
    return full


class named:
    """Says at which node a rule refused, and because of which of its parts."""

    def __init__(self, what: str, parts: Sequence[str] = ()) -> None:
        self.what, self.parts = what, parts

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValueError) and not isinstance(error, MethodologyError):
            reason = error.of(self.parts) if isinstance(error, ColumnError) and self.parts else error
            raise MethodologyError(f"{self.what}: {reason}") from error
