"""The scores of many draws of a plan at once, level by level, without a loop over draws.

What does not depend on a draw is computed once. On every level the draws that follow the same rules are aggregated
together. Sums run over parts in their order, so a draw has the same bits alone, in a block of any size and on any
machine of a cluster. See docs/explanation/how-a-draw-is-computed.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.columns import columns, distinct, single, stacked
from cwi.analysis.uncertainty.factors import Factor
from cwi.analysis.uncertainty.figure_errors import CellErrors
from cwi.analysis.uncertainty.plan import PANEL, SCALE, Choices, Outcome, Plan
from cwi.analysis.uncertainty.weight_changes import WeightChange, axes_of_levels, in_order, levels_named, perturbed
from cwi.derivation import base_level_scores, coverage_weights, learning, normalise, weigh_level
from cwi.errors import MethodologyError
from cwi.level_scores import LevelScores, aggregate_level

__all__ = ["Engine"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Pieces = list[tuple[Places, LevelScores]]  # scores of some draws each, before they are put side by side
SHARED = 2**11  # scores that draws of the same rules must have together to be worked on by themselves
SHORT = 32  # draws that are worked on together however many units there are
CLOSE = 2**19  # numbers of a level of draws of the same rules, which stay in the processor's memory
FAR = 2**22  # numbers of a level of draws of many rules, which share what they have in common


@dataclass(eq=False)
class _Draws:
    """Scores of some draws at one level: those of draw d are in ``column[d]`` of the leading axis; -1 if it failed."""

    level: LevelScores
    column: Places
    failed: dict[int, str] = field(default_factory=dict)


class Engine:
    """Computes the draws of a plan, and keeps what many of them have in common."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rules = cache(plan.rules)
        self.official_scores = cache(self._official_scores)
        self.weights = cache(self._weights)
        self.base_scores = cache(self._base_scores)
        self.common = cache(self._common)
        self.sets = cache(lambda name: levels_named(plan.sets[name], plan.methodology))
        self.learns = cache(self._learns)

    def run(self, choices: NDArray[np.intp], u: Array | None, fixed: Sequence[str]) -> Outcome:
        """The scores of some draws; see :meth:`Plan.run`."""
        moving = [f for f in self.plan.factors if u is not None and f.kind != "choices" and f.name not in fixed]
        scores = np.full((len(self.plan.units), choices.shape[1]), np.nan)
        failed: dict[int, str] = {}
        for batch in self._batches(choices, moving):
            points = None if u is None else u if len(batch) == u.shape[1] else u[:, batch]
            outcome = self._batch(choices[:, batch], points, moving)
            scores[:, batch] = outcome.scores
            failed |= {int(batch[draw]): reason for draw, reason in outcome.failed.items()}
        return Outcome(scores, dict(sorted(failed.items())))

    # ------------------------------------------------------------ what does not depend on a draw, kept by choices

    def _values(self, choices: Sequence[int], table: int) -> Array:
        """(n, k) the values before they are perturbed; ``table`` of the multiple imputation, -1 without one."""
        key = self.plan.at([PANEL], choices)
        return self.plan.panels[key].x if table < 0 else self.plan.imputed[key][table]

    def _official_scores(self, choices: Choices, table: int) -> LevelScores:
        """The indicators' scores of values that are not perturbed."""
        panel, rules = self.plan.panels[self.plan.at([PANEL], choices)], self.rules(self.plan.at([SCALE], choices))
        level = normalise(self._values(choices, table), rules, panel.base)
        return LevelScores(np.asfortranarray(level.scores), level.seen, level.measured)

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
            return base_level_scores(self.rules(self.plan.at([SCALE], choices)), panel.base)
        nodes = self.rules(self.plan.at([level - 1], choices)).nodes[level - 1]
        weights = self.weights_at(level - 1, choices)
        below = self.base_scores(level - 1, self.plan.at((PANEL, SCALE, *range(level - 1)), choices))
        return None if below is None else aggregate_level(below, nodes, weights, weights)[0]

    def _common(self, level: int, choices: Choices) -> _Draws:
        """One draw up to below a level, where nothing but choices varies."""
        column = np.array(choices, dtype=np.intp)[:, None]
        draws = self._start(column, None, ())
        for step in range(level):
            draws = self._step(step, draws, column, [])
        return draws

    def _learns(self, level: int) -> bool:
        """Whether under some choice a scheme of this level learns from the scores below it."""
        official = self.plan.official
        single_changes = [
            (*official[:number], choice, *official[number + 1 :])
            for number in self.plan.stages[level]
            for choice in range(len(self.plan.factors.discrete[number].choices))
        ]
        return any(learning(self.rules(choices).nodes)[level] for choices in [official, *single_changes])

    # ------------------------------------------------------------ batches of draws

    def _batches(self, choices: NDArray[np.intp], moving: Sequence[Factor]) -> Iterator[Places]:
        """The draws in batches: those that choose alike by themselves where they are many, and not too many at once.

        Where only choices vary, draws that choose differently share what they have in common, and stay together.
        """
        draws = np.arange(choices.shape[1])
        widths = [len(self.plan.methodology.indicators), *map(len, self.plan.methodology.nodes)]
        cells = len(self.plan.units) * max(widths[self._unchanged(moving) :])
        groups, most = [draws], FAR // cells
        if moving:
            combinations, which = distinct(choices)
            if combinations.shape[1] * SHARED <= len(draws) * len(self.plan.units):
                order = np.argsort(which, kind="stable")
                groups = np.split(order, np.flatnonzero(np.diff(which[order])) + 1)
                most = CLOSE // cells
        for group in groups:
            yield from np.array_split(group, -(-len(group) // max(most, SHORT))) if len(group) else []

    def _unchanged(self, moving: Sequence[Factor]) -> int:
        """How many levels, from the lowest, are the same in all draws that choose alike."""
        if any(factor.kind in ("values", "imputations") for factor in moving):
            return 0
        levels = [level for factor in moving for level in self._perturbed_levels(factor)]
        return 1 + min(levels, default=self.plan.target[0])

    def _batch(self, choices: NDArray[np.intp], u: Array | None, moving: Sequence[Factor]) -> Outcome:
        level, place = self.plan.target
        unchanged = self._unchanged(moving)
        if unchanged and (choices == choices[:, :1]).all():
            first, draws = unchanged - 1, self._repeated(unchanged - 1, choices)
        else:
            first, draws = 0, self._start(choices, u, moving)
        for step in range(first, level + 1):
            draws = self._step(step, draws, choices, self._weight_changes(step, u, moving))
        scores = np.full((len(self.plan.units), choices.shape[1]), np.nan)
        scored = np.flatnonzero(draws.column >= 0)
        if len(scored):
            scores[:, scored] = draws.level.scores.T[place][:, draws.column[scored]]
        return Outcome(scores, draws.failed)

    def _repeated(self, level: int, choices: NDArray[np.intp]) -> _Draws:
        """Draws that choose alike below a level: one column for all of them."""
        one = self.common(level, self.plan.at((PANEL, SCALE, *range(level)), choices[:, 0].tolist()))
        draws = choices.shape[1]
        failed = {draw: reason for reason in one.failed.values() for draw in range(draws)}
        return _Draws(one.level, np.repeat(one.column, draws), failed)

    # ------------------------------------------------------------ the indicators

    def _start(self, choices: NDArray[np.intp], u: Array | None, moving: Sequence[Factor]) -> _Draws:
        """The indicators' scores: one column for all draws with the same values and scale, or one for each draw."""
        table = np.full(choices.shape[1], -1, dtype=np.intp)
        for factor in moving:
            if factor.kind == "imputations" and u is not None:
                m = factor.settings["m"]
                table = np.minimum((u[self.plan.axes[factor.name].start] * m).astype(np.intp), m - 1)
        stages = self.plan.stages
        keys, column = distinct(np.vstack([choices[[*stages[PANEL], *stages[SCALE]]], table]))
        values = [factor for factor in moving if factor.kind == "values"]
        pieces: Pieces = []
        failed: dict[int, str] = {}
        for number in range(keys.shape[1]):
            draws = np.flatnonzero(column == number)
            chosen = self.plan.at([PANEL, SCALE], choices[:, draws[0]].tolist())
            imputation = int(table[draws[0]])
            if values and u is not None:
                _isolate_failures(draws, partial(self._perturbed, chosen, imputation, values, u), pieces, failed)
                continue
            try:
                pieces.append((draws, single(self.official_scores(chosen, imputation))))
            except MethodologyError as problem:
                failed |= dict.fromkeys(draws.tolist(), str(problem))
        return self._side_by_side(pieces, len(column), len(self.plan.methodology.indicators), failed)

    def _perturbed(
        self, choices: Choices, table: int, values: Sequence[Factor], u: Array, draws: Places
    ) -> LevelScores:
        """The indicators' scores of some draws with perturbed values, a column a draw."""
        plan = self.plan
        key = plan.at([PANEL], choices)
        new = np.repeat(plan.values.table["value"].to_numpy(float)[:, None], len(draws), axis=1)
        later: list[tuple[CellErrors, Array]] = []
        for factor in sorted(values, key=lambda factor: factor.settings["error"] == "rounding"):
            change = plan.perturbations[factor.name]
            points = u[plan.axes[factor.name]]
            if isinstance(change, CellErrors):
                later.append((change, points if len(draws) == u.shape[1] else points[:, draws]))
                continue
            new[change.rows] = change.draw(new[change.rows], points if len(draws) == u.shape[1] else points[:, draws])
        place = plan.values.places[list(plan.panels).index(key)].T
        moved = np.flatnonzero((place >= 0).any(axis=1))  # only indicators that move are normalised again
        place = place[moved]
        x = np.repeat(self._values(choices, table).T[moved][:, :, None], len(draws), axis=2)
        x[place >= 0] = new[place[place >= 0]]
        for cells, points in later:
            cells.draw(list(plan.panels).index(key), x, moved, points)
        drawn = normalise(x.T, self.rules(plan.at([SCALE], choices)), plan.panels[key].base, moved)
        unmoved = self.official_scores(choices, table)
        scores = np.repeat(unmoved.scores.T[:, :, None], len(draws), axis=2)
        scores[moved] = drawn.scores.T
        if drawn.seen.ndim == 2:
            seen = unmoved.seen.copy()
            seen[:, moved] = drawn.seen
        else:
            seen = ~np.isnan(scores.T)
        return LevelScores(scores.T, seen, seen.astype(float))

    def _side_by_side(self, pieces: Pieces, draws: int, k: int, failed: dict[int, str]) -> _Draws:
        """Scores of some draws each as one array; a piece of one column is the same for all its draws."""
        column, at = np.full(draws, -1, dtype=np.intp), 0
        for some, level in pieces:
            width = len(level.scores)
            column[some] = at + (np.arange(width) if width > 1 else 0)
            at += width
        return _Draws(stacked([level for _, level in pieces], len(self.plan.units), k), column, failed)

    # ------------------------------------------------------------ one level up

    def _perturbed_levels(self, factor: Factor) -> Mapping[int, slice]:
        """The levels whose weights a factor perturbs, and which of its axes do."""
        if factor.kind != "weights":
            return {}
        if "sets" in factor.settings:
            return dict.fromkeys(self.sets(factor.settings["sets"]), slice(0, 1))
        return axes_of_levels(factor, self.plan.methodology)

    def _weight_changes(self, level: int, u: Array | None, moving: Sequence[Factor]) -> list[WeightChange]:
        """What the factors of weights do to the weights of a level."""
        return [] if u is None else in_order(
            [(factor, u[self.plan.axes[factor.name]][levels[level]]) for factor in moving
             for levels in [self._perturbed_levels(factor)] if level in levels]
        )  # fmt: skip

    def perturbed_weights(
        self, level: int, weights: Array, changes: Sequence[WeightChange], draws: Places | slice = slice(None)
    ) -> Array:
        """The weights of some draws: (draws, 1, k)."""
        result = weights[:, None]
        for factor, u in changes:
            sets = self.sets(factor.settings["sets"])[level] if "sets" in factor.settings else None
            points = u if isinstance(draws, slice) or len(draws) == u.shape[1] else u[:, draws]
            result = perturbed(factor.settings, result, points, sets, self.plan.methodology.nodes[level])
        return result.T[:, None]

    def _step(self, level: int, draws: _Draws, choices: NDArray[np.intp], changes: Sequence[WeightChange]) -> _Draws:
        """All draws one level up; those in the same column that follow the same rules are computed once, as a task."""
        alive = np.flatnonzero(draws.column >= 0)
        stages = (PANEL, SCALE, *range(level + 1)) if self.learns(level) else (level,)
        rows = sorted({number for stage in stages for number in self.plan.stages[stage]})
        _, rule = distinct(choices[rows][:, alive])
        if changes or len(draws.level.scores) >= len(alive):
            first, of_draw = np.arange(len(alive)), np.arange(len(alive))
        else:
            pairs, of_draw = distinct(np.vstack([draws.column[alive], rule]))
            first = np.empty(pairs.shape[1], dtype=np.intp)
            first[of_draw[::-1]] = np.arange(len(alive))[::-1]
        task = alive[first]
        pieces: Pieces = []
        failed_tasks: dict[int, str] = {}
        for number in range(rule.max(initial=-1) + 1):
            mine = np.flatnonzero(rule[first] == number)
            if len(mine):
                try:
                    up = self._aggregation(level, draws, choices[:, task[mine[0]]].tolist(), changes, task)
                except MethodologyError as problem:
                    failed_tasks |= dict.fromkeys(mine.tolist(), str(problem))
                else:
                    _isolate_failures(mine, up, pieces, failed_tasks)
        tasks = self._side_by_side(pieces, len(task), len(self.plan.methodology.nodes[level]), {})
        column = np.full(len(draws.column), -1, dtype=np.intp)
        column[alive] = tasks.column[of_draw]
        failed = dict(draws.failed)
        for number, reason in failed_tasks.items():
            failed |= dict.fromkeys(alive[of_draw == number].tolist(), reason)
        return _Draws(tasks.level, column, failed)

    def _aggregation(
        self, level: int, draws: _Draws, choices: Sequence[int], changes: Sequence[WeightChange], task: Places
    ) -> Callable[[Places], LevelScores]:
        """What aggregates tasks that follow the same rules of a level."""
        rules = self.rules(self.plan.at([level], choices))
        nodes, weights = rules.nodes[level], self.weights_at(level, choices)
        coverage = coverage_weights(nodes, weights, rules.stated_weights[level])

        def up(tasks: Places) -> LevelScores:
            some = task[tasks]
            used = self.perturbed_weights(level, weights, changes, some) if changes else weights
            below = columns(draws.level, draws.column[some])
            scores, _ = aggregate_level(below, nodes, coverage, used, self.plan.groups)
            return single(scores) if scores.scores.ndim == 2 else scores

        return up


def _isolate_failures(
    draws: Places, compute: Callable[[Places], LevelScores], pieces: Pieces, failed: dict[int, str]
) -> None:
    """The scores of some draws together if that works, or of each half, until those that fail are alone."""
    try:
        pieces.append((draws, compute(draws)))
    except MethodologyError as problem:
        if len(draws) == 1:
            failed[int(draws[0])] = str(problem)
            return
        for half in np.array_split(draws, 2):
            _isolate_failures(half, compute, pieces, failed)
