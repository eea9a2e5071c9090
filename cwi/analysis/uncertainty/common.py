"""What the draws of a plan have in common: rules, weights and scores that depend on choices alone, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.plan import PANEL, SCALE, Choices, Plan
from cwi.derivation import base_level_scores, coverage_weights, learning, normalise, weigh_level
from cwi.level_scores import LevelScores, aggregate_level
from cwi.methodology import Methodology, Node
from cwi.methods.aggregation import arithmetic, geometric, harmonic, power

__all__ = ["Aggregations", "Common", "LevelRules", "distinct"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
CODES: Mapping[Any, int] = {arithmetic: 0, geometric: 1, harmonic: 2, power: 3}


class Aggregations(NamedTuple):
    """The rules of one level as arrays: of its nodes (those ending in a node), and of their parts."""

    code: Places
    parameter: Array
    cover: Array
    first: Places
    last: Places
    parts: Places
    counted: Array
    weights: Array


@dataclass(frozen=True, eq=False)
class LevelRules:
    """The rules of one level under some choices; ``aggregations`` only where all are means that are compiled."""

    nodes: Sequence[Node]
    counted: Array
    weights: Array
    aggregations: Aggregations | None


class Common:
    """What is computed once for all draws that make the same choices at the stages that matter to it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rules = cache(plan.rules)
        self.table = cache(self._table)
        self.weights = cache(self._weights)
        self.base_scores = cache(self._base_scores)
        self.learns = cache(self._learns)
        self.level_rules = cache(self._level_rules)

    def values(self, choices: Sequence[int], table: int) -> Array:
        """(n, k) the values before they are perturbed; ``table`` of the multiple imputation, -1 without one."""
        key = self.plan.at([PANEL], choices)
        return self.plan.panels[key].x if table < 0 else self.plan.imputed[key][table]

    def scales(self, choices: Sequence[int]) -> Methodology:
        """The rules that make scores of values, with what the observations give them."""
        if self.plan.needs_observations:
            return self.plan.panels[self.plan.at([PANEL], choices)].methodology
        return self.rules(self.plan.at([SCALE], choices))

    def _table(self, choices: Choices, table: int) -> Array:
        """(n, k) the indicators' scores of values that are not perturbed."""
        base = self.plan.panels[self.plan.at([PANEL], choices)].base
        return np.asfortranarray(normalise(self.values(choices, table), self.scales(choices), base).scores)

    def weights_at(self, level: int, choices: Sequence[int]) -> Array:
        """The weights of a level by its own rules."""
        learns = learning(self.rules(self.plan.at([level], choices)).nodes)[level]
        stages = (PANEL, SCALE, *range(level + 1)) if learns else (level,)
        return self.weights(level, self.plan.at(stages, choices))

    def _weights(self, level: int, choices: Choices) -> Array:
        rules = self.rules(self.plan.at([level], choices))
        below = (PANEL, SCALE, *range(level))
        z = self.base_scores(level, self.plan.at(below, choices)) if learning(rules.nodes)[level] else None
        return weigh_level(rules.nodes[level], rules.stated_weights[level], rules.tree.codes[level], z)

    def _base_scores(self, level: int, choices: Choices) -> LevelScores | None:
        """The scores below a level in the base years."""
        if level == 0:
            panel = self.plan.panels[self.plan.at([PANEL], choices)]
            return base_level_scores(self.scales(choices), panel.base)
        nodes = self.rules(self.plan.at([level - 1], choices)).nodes[level - 1]
        weights = self.weights_at(level - 1, choices)
        below = self.base_scores(level - 1, self.plan.at((PANEL, SCALE, *range(level - 1)), choices))
        return None if below is None else aggregate_level(below, nodes, weights, weights)[0]

    def _learns(self, level: int) -> bool:
        """Whether under some choice a scheme of this level learns from the scores below it."""
        every = [self.plan.official, *self.plan.single_changes(level)]
        return any(learning(self.rules(choices).nodes)[level] for choices in every)

    def _level_rules(self, level: int, choices: Choices) -> LevelRules:
        rules = self.rules(self.plan.at([level], choices))
        nodes, weights = rules.nodes[level], self.weights_at(level, choices)
        counted = coverage_weights(nodes, weights, rules.stated_weights[level])
        return LevelRules(nodes, counted, weights, _as_arrays(nodes, counted, weights))


def _as_arrays(nodes: Sequence[Node], counted: Array, weights: Array) -> Aggregations | None:
    """The aggregations of a level as arrays, if all are means of parts that are compiled."""
    parts = np.full(len(weights), -1, dtype=np.intp)
    rows, at = [], 0
    for node in nodes:
        code, settings = CODES.get(node.aggregation.function), node.aggregation.parameters
        parameter = settings.get("p", settings.get("floor"))
        if code is None or (code in (1, 2) and parameter is not None and not 0 < parameter < np.inf):
            return None
        if code == CODES[power] and parameter == 0:
            code = CODES[geometric]
        parts[at : at + len(node.parts)] = node.parts
        rows.append((code, 0.0 if parameter is None else float(parameter), node.coverage, at, at + len(node.parts)))
        at += len(node.parts)
    codes, parameters, cover, first, last = (np.array(column) for column in zip(*rows, strict=True))
    return Aggregations(codes, parameters, cover, first, last, parts, counted, weights)


def distinct(rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], Places]:
    """The different columns of a table of whole numbers from -1 up, and which of them each column is.

    Examples
    --------
    >>> different, which = distinct(np.array([[1, 0, 1], [2, 2, 2]]))
    >>> different[:, which].tolist()
    [[1, 0, 1], [2, 2, 2]]
    """
    code = np.zeros(rows.shape[1], dtype=np.intp)
    for row in rows:
        base = int(row.max(initial=0)) + 2
        if int(code.max(initial=0)) >= 2**62 // base:
            code = np.unique(code, return_inverse=True)[1].astype(np.intp)
        code = code * base + row + 1
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    return rows[:, first], which.astype(np.intp)
