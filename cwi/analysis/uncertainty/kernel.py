"""Scores and ranks of many draws, each computed alone from its indicators to the index: loops that are compiled.

A draw is the same to the last bit in any block, thread or worker, because nothing here looks at another draw. Rules
that compare units are no part of this; the engine computes them with NumPy, as it does all others that are no
arithmetic, geometric, harmonic or power mean (codes 0 to 3).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["climb", "compiled", "rank_draws", "rank_sorted", "warm"]

Array = NDArray[np.float64]
Function = TypeVar("Function", bound=Callable[..., Any])
CHUNK = 128  # units that climb together, inside the processor's memory
SLACK = 1e-9  # of a coverage that is just enough


def compiled(function: Function) -> Function:
    """Compiled when it is first called, and kept for later processes where the disk can be written."""
    try:
        return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:  # there is nowhere to keep it
        return cast(Function, numba.njit(nogil=True, error_model="numpy")(function))


@compiled
def _raised(y: float, code: int, parameter: float) -> float:
    """A score as it enters the sum of a mean; not a number where the mean has no such score."""
    if code == 0:
        return y
    if code == 1:
        if y < parameter:
            y = parameter
        return math.log(y) if y > 0 else math.nan
    if code == 2:
        if y < parameter:
            y = parameter
        return 1.0 / y if y > 0 else math.nan
    if y < 0 or (y == 0 and parameter < 0):
        return math.nan
    return y * y if parameter == 2.0 else y**parameter


@compiled
def _back(mean: float, code: int, parameter: float) -> float:
    """The mean of a sum over its weights."""
    if code == 0:
        return mean
    if code == 1:
        return math.exp(mean)
    if code == 2:
        return 1.0 / mean
    return math.sqrt(mean) if parameter == 2.0 else mean ** (1.0 / parameter)


@compiled
def _of_some(
    value: Array, unit: int, parts: Any, first: int, last: int, w: Array, counted: Array, cover: float, code: int,
    par: float,
) -> tuple[float, bool]:  # fmt: skip
    """The score of a unit that lacks a part, or has one that the mean refuses; whether it was refused."""
    total, seen, used, sum_, whole = 0.0, 0.0, 0.0, 0.0, True
    refused = False
    for p in range(first, last):
        y = value[parts[p], unit]
        total += counted[parts[p]]
        if math.isnan(y):
            whole = False
            continue
        seen += counted[parts[p]]
        used += w[parts[p]]
        if w[parts[p]] > 0:
            term = _raised(y, code, par)
            refused = refused or math.isnan(term)
            sum_ += w[parts[p]] * term
    if not (whole or seen / total >= cover - SLACK) or not used > 0:
        return math.nan, False
    return _back(sum_ / used, code, par), refused


@compiled
def climb(
    table: Array, columns: Any, moved: Array, rule_of: Any, parts: Any, first: Any, last: Any, code: Any,
    parameter: Array, cover: Array, counted: Array, weights: Array, weight_of: Any, target: int, scores: Array,
    refused: Any,
) -> None:  # fmt: skip
    """The scores of one node in some draws, written into ``scores``.

    Parameters
    ----------
    table : (k, n)
        Scores of the indicators.
    columns, moved : (c,), (c, n, draws)
        Indicators whose scores each draw has for itself, and these; none where c is 0.
    rule_of : (draws,)
        Which of the r rules a draw follows.
    parts, first, last : (r, p), (r, nodes), (r, nodes)
        For each rule the values that nodes are made of, and where those of a node begin and end among them. Values are
        numbered from the first indicator; after the indicators come the nodes, from the lowest level.
    code, parameter, cover : (r, nodes)
        Of the aggregation of each node, and its least coverage.
    counted : (r, p)
        What each value counts for the coverage of its node.
    weights, weight_of : (w, p), (draws,)
        What each value counts in its node, and which of these rows a draw has.
    target
        The node whose scores are asked for, by number.
    scores, refused : (draws, n), (draws,)
        Results; a draw in which a mean refuses a score is marked.
    """
    k, n = table.shape
    nodes = code.shape[1]
    value = np.empty((k + nodes, CHUNK))
    for begin in range(0, n, CHUNK):
        size = min(CHUNK, n - begin)
        value[:k, :size] = table[:, begin : begin + size]
        for d in range(len(rule_of)):
            r, w = rule_of[d], weights[weight_of[d]]
            for c in range(len(columns)):
                for unit in range(size):
                    value[columns[c], unit] = moved[c, begin + unit, d]
            for node in range(nodes):
                here = value[k + node]
                begins, ends = first[r, node], last[r, node]
                how, par = code[r, node], parameter[r, node]
                total, least = 0.0, 1.0
                here[:size] = 0.0
                for p in range(begins, ends):
                    weight = w[parts[r, p]]
                    total += weight
                    least = min(least, weight)
                    row = value[parts[r, p]]
                    if how == 0:
                        for unit in range(size):
                            here[unit] += weight * row[unit]
                    else:
                        for unit in range(size):
                            here[unit] += weight * _raised(row[unit], how, par)
                for unit in range(size):
                    mean = here[unit] / total
                    if math.isfinite(mean) and least > 0:
                        here[unit] = _back(mean, how, par)
                    else:
                        here[unit], bad = _of_some(
                            value, unit, parts[r], begins, ends, w, counted[r], cover[r, node], how, par
                        )
                        refused[d] = refused[d] or bad
            scores[d, begin : begin + size] = value[k + target, :size]


@compiled
def rank_draws(scores: Array, ranks: Any, noise: float) -> None:
    """(draws, n) scores to ranks, 0 where there is none; scores ``noise`` apart, relative to the largest, are tied."""
    draws, n = scores.shape
    for d in range(draws):
        y = scores[d]
        size = 0.0
        for unit in range(n):
            if abs(y[unit]) > size:
                size = abs(y[unit])
        slack = noise * size
        for unit in range(n):
            mine, above = y[unit] + slack, 0
            for other in range(n):
                above += y[other] > mine
            ranks[d, unit] = 0 if math.isnan(mine) else above + 1


@compiled
def rank_sorted(scores: Array, order: Any, ranks: Any, noise: float) -> None:
    """The same for many units, from the order in which scores fall, gaps last: (draws, n) each."""
    draws, n = scores.shape
    for d in range(draws):
        y, at = scores[d], order[d]
        last = n - 1
        while last >= 0 and math.isnan(y[at[last]]):
            ranks[d, at[last]] = 0
            last -= 1
        if last < 0:
            continue
        slack = noise * max(abs(y[at[0]]), abs(y[at[last]]))
        above = 0
        for place in range(last + 1):
            mine = y[at[place]] + slack
            while y[at[above]] > mine:
                above += 1
            ranks[d, at[place]] = above + 1


def warm() -> None:
    """Compile everything, so that no run has to wait for it; for the set-up."""
    from cwi.analysis.uncertainty.beta_quantiles import warm_beta

    warm_beta()
    zero, one, none = np.zeros((1, 1), dtype=np.intp), np.ones((1, 1)), np.empty(0, dtype=np.intp)
    first, scores, ranks = np.zeros(1, dtype=np.intp), np.empty((1, 1)), np.empty((1, 1), dtype=np.uint16)
    climb(
        one, none, np.empty((0, 0, 0)), first, zero, zero, zero + 1, zero, one, one, one, one, first, 0, scores,
        np.zeros(1, dtype=bool),
    )  # fmt: skip
    rank_draws(scores, ranks, 0.0)
    rank_sorted(scores, zero, ranks, 0.0)
