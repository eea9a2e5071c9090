"""The scores of many draws of a plan: what draws have in common is computed once, each draw climbs the tree alone.

Draws whose aggregations are means of parts climb in compiled loops (:mod:`cwi.analysis.uncertainty.kernel`). Other
rules, and draws in which a mean refuses a score, are computed with NumPy, those that choose alike together. Both ways a
draw has the same bits alone, in a block of any size and on any machine of a cluster. See
docs/explanation/how-a-draw-is-computed.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cwi.analysis.uncertainty.common import Aggregations, Common, LevelRules, distinct
from cwi.analysis.uncertainty.factors import Factor
from cwi.analysis.uncertainty.figure_errors import CellErrors
from cwi.analysis.uncertainty.plan import PANEL, SCALE, Choices, Outcome, Plan
from cwi.analysis.uncertainty.weight_changes import WeightChange, axes_of_levels, in_order, levels_named, perturbed
from cwi.derivation import normalise
from cwi.errors import MethodologyError
from cwi.level_scores import LevelScores, aggregate_level

__all__ = ["Engine", "IndicatorDraws"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
CELLS = 2**21  # values of draws that are redrawn and normalised together


@dataclass(frozen=True, eq=False)
class IndicatorDraws:
    """Scores of the indicators of some draws: a table (n, k), and columns that each draw has for itself.

    ``columns``, ``moved``: (c,) which indicators, (c, n, draws) their scores; none where c is 0.
    """

    draws: Places
    table: Array
    columns: Places
    moved: Array

    def scores(self, chosen: Places) -> LevelScores:
        """Those of some of these draws, as a level of the tree."""
        if not len(self.columns):
            seen = ~np.isnan(self.table)
            return LevelScores(self.table[None], seen, seen.astype(float))
        scores = np.repeat(self.table.T[:, :, None], len(chosen), axis=2)
        scores[self.columns] = self.moved[:, :, chosen]
        seen = ~np.isnan(scores.T)
        return LevelScores(scores.T, seen, seen.astype(float))


class Engine:
    """Computes the draws of a plan, and keeps what many of them have in common."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.common = Common(plan)
        self.sets = cache(lambda name: levels_named(plan.sets[name], plan.methodology))
        self.touched = cache(self._touched)

    def run(self, choices: NDArray[np.intp], u: Array | None, fixed: Sequence[str]) -> Outcome:
        """The scores of some draws; see :meth:`Plan.run`."""
        moving = [f for f in self.plan.factors if u is not None and f.kind != "choices" and f.name not in fixed]
        scores = np.full((choices.shape[1], len(self.plan.units)), np.nan)
        failed: dict[int, str] = {}
        followed = [self.followed(level, choices, failed) for level in range(self.plan.target[0] + 1)]
        weights = [self.drawn_weights(level, followed[level], u, moving) for level in range(len(followed))]
        simple = np.ones(choices.shape[1], dtype=bool)
        simple[list(failed)] = False
        for rules, which in followed:
            simple &= np.array([one is not None and one.aggregations is not None for one in rules], dtype=bool)[which]
        refused = np.zeros(len(simple), dtype=bool)
        for indicators in self.indicators(choices, u, moving, failed):
            some = np.flatnonzero(simple[indicators.draws])
            if len(some):
                self.climb(indicators, some, followed, weights, scores, refused)
            self._long_way(indicators, (~simple | refused)[indicators.draws], followed, weights, scores, failed)
        scores[list(failed)] = np.nan
        return Outcome(scores.T, dict(sorted(failed.items())))

    # ------------------------------------------------------------ the rules and the weights of each draw

    def followed(
        self, level: int, choices: NDArray[np.intp], failed: dict[int, str]
    ) -> tuple[list[LevelRules | None], Places]:
        """The different rules of a level that the draws follow, and which of them each does; None where they fail."""
        stages = (PANEL, SCALE, *range(level + 1)) if self.common.learns(level) else (level,)
        rows = sorted({number for stage in stages for number in self.plan.stages[stage]})
        different, which = distinct(choices[rows])
        rules: list[LevelRules | None] = []
        for number in range(different.shape[1]):
            chosen = list(self.plan.official)
            for row, choice in zip(rows, different[:, number].tolist(), strict=True):
                chosen[row] = choice
            try:
                rules.append(self.common.level_rules(level, tuple(chosen)))
            except MethodologyError as problem:
                rules.append(None)
                draws = np.flatnonzero(which == number).tolist()
                failed |= {draw: str(problem) for draw in draws if draw not in failed}
        return rules, which

    def drawn_weights(
        self, level: int, followed: tuple[list[LevelRules | None], Places], u: Array | None, moving: Sequence[Factor]
    ) -> Array | None:
        """(draws, k) the perturbed weights of a level; None where nothing perturbs them."""
        changes = self._weight_changes(level, u, moving)
        if not changes:
            return None
        rules, which = followed
        k = len(self.plan.methodology.tree.codes[level])
        own = np.array([np.ones(k) if one is None else one.weights for one in rules])
        return self.perturbed_weights(level, own[which].T, changes)[:, 0]

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

    def perturbed_weights(self, level: int, weights: Array, changes: Sequence[WeightChange]) -> Array:
        """The weights of draws, (draws, 1, k), of those before, (k,) or (k, draws)."""
        result = weights[:, None] if weights.ndim == 1 else weights
        for factor, u in changes:
            sets = self.sets(factor.settings["sets"])[level] if "sets" in factor.settings else None
            result = perturbed(factor.settings, result, u, sets, self.plan.methodology.nodes[level])
        return result.T[:, None]

    # ------------------------------------------------------------ the indicators

    def indicators(
        self, choices: NDArray[np.intp], u: Array | None, moving: Sequence[Factor], failed: dict[int, str]
    ) -> Iterator[IndicatorDraws]:
        """The indicators' scores of draws that have the same values before they are perturbed, and the same scale."""
        imputation = np.full(choices.shape[1], -1, dtype=np.intp)
        for factor in moving:
            if factor.kind == "imputations" and u is not None:
                m = factor.settings["m"]
                imputation = np.minimum((u[self.plan.axes[factor.name].start] * m).astype(np.intp), m - 1)
        stages = self.plan.stages
        keys, which = distinct(np.vstack([choices[[*stages[PANEL], *stages[SCALE]]], imputation]))
        values = [factor for factor in moving if factor.kind == "values"]
        none = np.empty(0, dtype=np.intp), np.empty((0, 0, 0))
        for number in range(keys.shape[1]):
            draws = np.flatnonzero(which == number)
            chosen = self.plan.at([PANEL, SCALE], choices[:, draws[0]].tolist())
            table = int(imputation[draws[0]])
            try:
                scores = self.common.table(chosen, table)
            except MethodologyError as problem:
                failed |= {draw: str(problem) for draw in draws.tolist() if draw not in failed}
                continue
            if not values or u is None:
                yield IndicatorDraws(draws, scores, *none)
                continue
            pieces: list[tuple[Places, Any]] = []
            for some in np.array_split(draws, -(-len(draws) * scores.size // CELLS)):
                _isolate_failures(some, partial(self._perturbed, chosen, table, values, u), pieces, failed)
                while pieces:
                    together, (columns, moved) = pieces.pop()
                    yield IndicatorDraws(together, scores, columns, moved)

    def _perturbed(
        self, choices: Choices, table: int, values: Sequence[Factor], u: Array, draws: Places
    ) -> tuple[Places, Array]:
        """The indicators whose values are perturbed in some draws, and their scores (indicators, n, draws)."""
        plan = self.plan
        key = plan.at([PANEL], choices)
        number = list(plan.panels).index(key)
        rows, moved, at, row = self.touched(tuple(factor.name for factor in values), number)
        if not len(moved):
            return moved, np.empty((0, 0, 0))
        new = np.repeat(plan.values.table["value"].to_numpy(float)[rows, None], len(draws), axis=1)
        later: list[tuple[CellErrors, Array]] = []
        for factor in sorted(values, key=lambda factor: factor.settings["error"] == "rounding"):
            change = plan.perturbations[factor.name]
            points = np.ascontiguousarray(u[plan.axes[factor.name]][:, draws])
            if isinstance(change, CellErrors):
                later.append((change, points))
            else:
                own = np.searchsorted(rows, change.rows)
                new[own] = change.draw(new[own], points)
        x = np.repeat(self.common.values(choices, table).T[moved][:, :, None], len(draws), axis=2)
        x[at] = new[row]
        for cells, points in later:
            cells.draw(number, x, moved, points)
        drawn = normalise(x.T, self.common.scales(choices), plan.panels[key].base, moved)
        return moved, np.ascontiguousarray(drawn.scores.T)

    def _touched(self, names: tuple[str, ...], panel: int) -> tuple[Places, Places, tuple[Places, ...], Places]:
        """What some factors of values perturb in a panel: rows of the distinct values, the indicators that these are
        of, the cells (among these indicators) and the place of the row in each.
        """
        changes = [self.plan.perturbations[name] for name in names]
        rows = np.unique(np.concatenate([np.empty(0, dtype=np.intp), *(
            change.rows for change in changes if not isinstance(change, CellErrors))]))  # fmt: skip
        place = self.plan.values.places[panel].T
        perturbed_cells = (place >= 0) & np.isin(place, rows)
        columns = np.asarray(perturbed_cells.any(axis=1))
        for change in changes:
            if isinstance(change, CellErrors):
                columns[change.panels[panel].column] = True
        moved = np.flatnonzero(columns)  # only these are normalised again
        at = np.nonzero(perturbed_cells[moved])
        return rows, moved, at, np.searchsorted(rows, place[moved][at])

    # ------------------------------------------------------------ up the tree

    def climb(
        self,
        indicators: IndicatorDraws,
        some: Places,
        followed: Sequence[tuple[list[LevelRules | None], Places]],
        weights: Sequence[Array | None],
        scores: Array,
        refused: NDArray[np.bool_],
    ) -> None:
        """Some draws by compiled loops."""
        from cwi.analysis.uncertainty.kernel import climb

        draws = indicators.draws[some]
        combined, rule_of = distinct(np.array([which[draws] for _, which in followed]))
        levels, below = [], 0
        for (rules, _), chosen in zip(followed, combined, strict=True):
            own = [one.aggregations for one in (rules[number] for number in chosen.tolist()) if one is not None]
            stacked = Aggregations(*(np.array(column) for column in zip(*(one for one in own if one), strict=True)))
            moved_up = {name: getattr(stacked, name) + below for name in ("first", "last", "parts")}
            levels.append(stacked._replace(**moved_up))
            below += levels[-1].parts.shape[1]
        every = Aggregations(*(np.hstack(columns) for columns in zip(*levels, strict=True)))
        used, weight_of = every.weights, rule_of
        if any(drawn is not None for drawn in weights):
            used, weight_of = every.weights[rule_of], np.arange(len(draws))
            begin = 0
            for level, drawn in zip(levels, weights, strict=True):
                end = begin + level.parts.shape[1]
                if drawn is not None:
                    used[:, begin:end] = drawn[draws]
                begin = end
        target = every.code.shape[1] - levels[-1].code.shape[1] + self.plan.target[1]
        result, bad = np.empty((len(draws), scores.shape[1])), np.zeros(len(draws), dtype=bool)
        moved = indicators.moved
        if len(some) < len(indicators.draws) and moved.size:
            moved = np.ascontiguousarray(moved[:, :, some])
        climb(
            np.ascontiguousarray(indicators.table.T), indicators.columns, moved, rule_of, every.parts, every.first,
            every.last, every.code, every.parameter, every.cover, every.counted, used, weight_of, target, result, bad,
        )  # fmt: skip
        scores[draws], refused[draws] = result, bad

    def _long_way(
        self,
        indicators: IndicatorDraws,
        here: NDArray[np.bool_],
        followed: Sequence[tuple[list[LevelRules | None], Places]],
        weights: Sequence[Array | None],
        scores: Array,
        failed: dict[int, str],
    ) -> None:
        """The other draws with NumPy: those that follow the same rules together, in halves where one fails."""
        left = np.flatnonzero(here & ~np.isin(indicators.draws, list(failed)))
        if not len(left):
            return
        _, which = distinct(np.array([of[indicators.draws[left]] for _, of in followed]))
        for number in range(int(which.max()) + 1):
            alike = left[which == number]
            pieces: list[tuple[Places, Array]] = []
            own: dict[int, str] = {}
            up = partial(self._up, indicators, followed, weights)
            for some in np.array_split(alike, -(-len(alike) * indicators.table.size // CELLS)):
                _isolate_failures(some, up, pieces, own)
            for some, result in pieces:
                scores[indicators.draws[some]] = result
            failed |= {int(indicators.draws[draw]): reason for draw, reason in own.items()}

    def _up(
        self,
        indicators: IndicatorDraws,
        followed: Sequence[tuple[list[LevelRules | None], Places]],
        weights: Sequence[Array | None],
        some: Places,
    ) -> Array:
        """(draws or 1, n) the scores of draws that follow the same rules."""
        draws = indicators.draws[some]
        scores = indicators.scores(some)
        for (rules, which), drawn in zip(followed, weights, strict=True):
            own = rules[which[draws[0]]]
            assert own is not None
            used = own.weights if drawn is None else drawn[draws][:, None]
            scores, _ = aggregate_level(scores, own.nodes, own.counted, used, self.plan.groups)
        return np.asarray(scores.scores[..., self.plan.target[1]])


def _isolate_failures(
    draws: Places, compute: Callable[[Places], Any], pieces: list[tuple[Places, Any]], failed: dict[int, str]
) -> None:
    """What is computed of some draws together if that works, or of each half, until those that fail are alone."""
    try:
        pieces.append((draws, compute(draws)))
    except MethodologyError as problem:
        if len(draws) == 1:
            failed[int(draws[0])] = str(problem)
            return
        for half in np.array_split(draws, 2):
            _isolate_failures(half, compute, pieces, failed)
