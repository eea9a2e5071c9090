"""Scores of one level of the tree from the level below: what is missing, weights in force, aggregation.

Arrays only; leading axes are draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.errors import ColumnError, MethodologyError
from cwi.methodology import Node

__all__ = ["LevelScores", "aggregate_level", "named", "one_pattern"]

Array = NDArray[np.float64]


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
    return LevelScores(_side_by_side(scores), _side_by_side(seen), _side_by_side(measured)), _side_by_side(coverage)


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


def one_pattern(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The one pattern of what is seen, if it is the same in all draws."""
    if seen.ndim == 2:
        return seen
    flat = seen.reshape(-1, *seen.shape[-2:])
    return flat[0] if len(flat) and bool((flat == flat[0]).all()) else seen


def _side_by_side(arrays: Sequence[Any]) -> Any:
    """Arrays of the nodes side by side on a new last axis; each stays in one piece in memory."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    result = np.empty((len(arrays), *shape[::-1]), dtype=arrays[0].dtype)
    for place, array in zip(result, arrays, strict=True):
        place.T[...] = array
    return result.T


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
