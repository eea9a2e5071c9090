"""The arrow with something varied, for many draws at once: every draw is a point of the unit cube.

A factor owns some axes of the cube: one for a list of choices, one for each weight or observation that it disturbs.
Draws are never looped over. What does not depend on a draw is worked out once; on every level of the tree the draws
that go by the same rules climb together. Sums run over parts in their order, so a draw has the same bits alone, in a
block of any size and on any machine of a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cwi.analysis.columns import columns, distinct, single, stacked
from cwi.analysis.factors import Factor, Factors
from cwi.analysis.redraw import Observed, Redraw
from cwi.derivation import Floor, base_floor, climb, derive, judging, learning, normalise, weigh_level
from cwi.errors import MethodologyError, near
from cwi.methodology import Methodology
from cwi.panel import Panel

__all__ = ["PANEL", "Alternatives", "Outcome"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
PANEL, SCALE = "panel", "scale"
STAGE_OF = {
    "max_age": (PANEL,), "imputation": (PANEL,), "base": (PANEL,),
    "normalisation": (SCALE,), "treatment": (SCALE,), "ends": (SCALE,),
}  # fmt: skip
SHARED = 64  # draws that a rule must have in common before they are taken apart by what lies below them


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of some draws.

    ``scores``: (n, draws) of the node that is asked for; not a number where there is none.
    ``failed``: the reason, by draw, of draws in which a rule could not be applied.
    """

    scores: Array
    failed: Mapping[int, str]


@dataclass(eq=False)
class _State:
    """The draws on one floor: draw d stands in ``column[d]`` of the floor's leading axis; nowhere (-1) if it failed."""

    floor: Floor
    column: Places
    failed: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Alternatives:
    """A methodology, the observations it is applied to, and all that may be varied; made by
    :func:`cwi.analysis.alternatives.alternatives`.

    ``units``: region and year of the n units; ``groups``: the year of each, -1 for the nation.
    ``axes`` : for each factor the slice of the unit cube that it owns; ``size`` is the cube's number of axes.
    ``idle`` : factors that were left out because they change no score.
    """

    methodology: Methodology
    factors: Factors
    node: str
    panels: Mapping[tuple[int, ...], Panel]
    imputed: Mapping[tuple[int, ...], Array]
    found: Observed
    redraws: Mapping[str, Redraw]
    sets: Mapping[str, pd.DataFrame]
    idle: tuple[str, ...] = ()
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    # ------------------------------------------------------------ what there is

    @property
    def units(self) -> pd.DataFrame:
        return self._first.units

    @property
    def groups(self) -> NDArray[np.intp]:
        return self._first.groups

    @property
    def _first(self) -> Panel:
        return next(iter(self.panels.values()))

    @cached_property
    def target(self) -> tuple[int, int]:
        """Level and place of the node whose scores are asked for."""
        for level, nodes in enumerate(self.methodology.nodes):
            for place, node in enumerate(nodes):
                if node.code == self.node:
                    return level, place
        codes = [node.code for nodes in self.methodology.nodes for node in nodes]
        raise MethodologyError(f"no node is called '{self.node}'{near(self.node, codes)}")

    @cached_property
    def axes(self) -> Mapping[str, slice]:
        found, start = {}, 0
        for factor in self.factors:
            found[factor.name] = slice(start, start := start + self._width(factor))
        return found

    @property
    def size(self) -> int:
        return max((axis.stop for axis in self.axes.values()), default=0)

    @cached_property
    def stages(self) -> Mapping[str | int, tuple[int, ...]]:
        """For each stage of the arrow (panel, scale, then levels) the factors with choices that touch it."""
        touched: dict[str | int, list[int]] = {stage: [] for stage in (PANEL, SCALE, *range(self._levels))}
        for number, factor in enumerate(self.factors.discrete):
            stages = {
                stage for choice in factor.choices for key in choice.changes.items() for stage in self._stage(*key)
            }
            for stage in stages:
                touched[stage].append(number)
        return {stage: tuple(numbers) for stage, numbers in touched.items()}

    @property
    def _levels(self) -> int:
        return len(self.methodology.levels)

    def _width(self, factor: Factor) -> int:
        if factor.kind == "weights" and "sets" not in factor.settings:
            return sum(len(stated) for stated in self._disturbed(factor).values())
        if factor.kind == "values":
            return len(self.redraws[factor.name].rows)
        return 1

    def _disturbed(self, factor: Factor) -> dict[int, Array]:
        names = [level.name for level in self.methodology.levels]
        return {names.index(level): self.methodology.stated_weights[names.index(level)]
                for level in names if level in factor.settings["levels"]}  # fmt: skip

    def _stage(self, key: str, value: Any) -> tuple[str | int, ...]:
        if key in STAGE_OF:
            return STAGE_OF[key]
        names = [level.name for level in self.methodology.levels]
        if key in names:
            return (names.index(key),)
        level_of = {node.code: level for level, nodes in enumerate(self.methodology.nodes) for node in nodes}
        if key == "node":
            return tuple({level_of[code] for code in value} | self._above(value, level_of))
        if key == "without":
            return tuple({level_of.get(code, -1) + 1 for code in value})
        return (SCALE, *range(self._levels)) if key == "indicators" else ()

    def _above(self, nodes: Mapping[str, Any], level_of: Mapping[str, int]) -> set[int]:
        """A weight of a node speaks at the level above."""
        return {min(level_of[code] + 1, self._levels - 1) for code, said in nodes.items() if "weight" in said}

    # ------------------------------------------------------------ what does not depend on a draw

    def rules(self, key: Sequence[tuple[int, int]]) -> Methodology:
        """The methodology with some choices in place: (factor, choice) by number."""
        key = tuple(key)
        if ("rules", key) not in self._kept:
            rules = self.methodology
            for factor, choice in key:
                rules = rules.replace(**self.factors.discrete[factor].choices[choice].changes)
            self._kept["rules", key] = rules
        found: Methodology = self._kept["rules", key]
        return found

    def at(self, stages: Sequence[str | int], choices: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """The choices that matter to some stages, the official ones left out."""
        numbers = sorted({number for stage in stages for number in self.stages[stage]})
        official = [factor.official for factor in self.factors.discrete]
        return tuple((number, choices[number]) for number in numbers if choices[number] != official[number])

    def _panel_key(self, choices: Sequence[int]) -> tuple[int, ...]:
        return tuple(choices[number] for number in self.stages[PANEL])

    def _values(self, choices: Sequence[int], table: int) -> Array:
        """(n, k) the values before they are redrawn; ``table`` is that of the multiple imputation, -1 without one."""
        key = self._panel_key(choices)
        return self.panels[key].x if table < 0 else self.imputed[key][table]

    def _lowest(self, choices: Sequence[int], table: int) -> Floor:
        key = ("floor", self._panel_key(choices), self.at([SCALE], choices), table)
        if key not in self._kept:
            panel = self.panels[self._panel_key(choices)]
            rules = self.rules(self.at([SCALE], choices))
            self._kept[key] = normalise(self._values(choices, table), rules, panel.base)
        found: Floor = self._kept[key]
        return found

    def _own(self, level: int, choices: Sequence[int]) -> Array:
        """The weights of a level by its own rules."""
        rules = self.rules(self.at([level], choices))
        key: tuple[Any, ...] = ("own", level, self.at([level], choices))
        learns = learning(rules.nodes)[level]
        if learns:
            key += (self._panel_key(choices), self.at([SCALE, *range(level)], choices))
        if key not in self._kept:
            below = level - 1
            codes = [node.code for node in rules.nodes[below]] if level else list(rules.indicators["code"])
            z = self._base(level, choices) if learns else None
            self._kept[key] = weigh_level(rules.nodes[level], rules.stated_weights[level], codes, z)
        found: Array = self._kept[key]
        return found

    def _base(self, level: int, choices: Sequence[int]) -> Floor | None:
        """The floor below a level in the base years."""
        key = ("base", level, self._panel_key(choices), self.at([SCALE, *range(level)], choices))
        if key not in self._kept:
            if level == 0:
                base = self.panels[self._panel_key(choices)].base
                self._kept[key] = base_floor(self.rules(self.at([SCALE], choices)), base)
            else:
                rules = self.rules(self.at([level - 1], choices))
                weights = self._own(level - 1, choices)
                below = self._base(level - 1, choices)
                self._kept[key] = None if below is None else climb(below, rules.nodes[level - 1], weights, weights)[0]
        found: Floor | None = self._kept[key]
        return found

    # ------------------------------------------------------------ draws

    def choices(self, u: Array) -> NDArray[np.intp]:
        """(factors with choices, draws) the number of the choice that each draw makes.

        Parameters
        ----------
        u : (size, draws)
            Points of the unit cube.
        """
        rows = []
        for factor in self.factors.discrete:
            ends = np.cumsum([choice.share for choice in factor.choices])[:-1]
            rows.append(np.searchsorted(ends, u[self.axes[factor.name].start], side="right"))
        return np.array(rows, dtype=np.intp).reshape(len(rows), u.shape[1])

    def official(self, draws: int) -> NDArray[np.intp]:
        """(factors with choices, draws) the official choices."""
        numbers = [factor.official for factor in self.factors.discrete]
        return np.repeat(np.array(numbers, dtype=np.intp)[:, None], draws, axis=1)

    def run(self, choices: NDArray[np.intp], u: Array | None = None, *, still: Sequence[str] = ()) -> Outcome:
        """The scores of some draws.

        Parameters
        ----------
        choices : (factors with choices, draws)
            Which choice each draw makes.
        u : (size, draws), optional
            Points of the unit cube for all that is no list of choices; without them nothing else varies.
        still
            Names of factors that do not vary although there are points.

        Returns
        -------
        Outcome
        """
        draws = choices.shape[1]
        moving = [f for f in self.factors if u is not None and f.kind != "choices" and f.name not in still]
        level, place = self.target
        state = self._start(choices, u, moving, draws)
        for step in range(level + 1):
            state = self._step(step, state, choices, self._multipliers(step, u, moving))
        scores = np.full((draws, len(self.units)), np.nan).T.copy()
        alive = state.column >= 0
        scores[:, alive] = state.floor.scores[state.column[alive], :, place].T
        return Outcome(scores, state.failed)

    def without(self, part: str) -> Array:
        """(n, 1) the official scores with one part of the tree left out."""
        rules = self.methodology.replace(without=[*self.methodology.without, part])
        panel = self.panels[self._panel_key(self.official(1)[:, 0].tolist())]
        derived = derive(panel.x, rules, base=panel.base, groups=self.groups)
        level, place = self.target
        return derived.scores[level + 1][:, place, None]

    def _start(self, choices: NDArray[np.intp], u: Array | None, moving: Sequence[Factor], draws: int) -> _State:
        """The lowest floor: one column for all draws with the same values and scale, or one for each draw."""
        table = np.full(draws, -1, dtype=np.intp)
        for factor in moving:
            if factor.kind == "imputations" and u is not None:
                m = factor.settings["m"]
                table = np.minimum((u[self.axes[factor.name].start] * m).astype(np.intp), m - 1)
        rows = [*self.stages[PANEL], *self.stages[SCALE]]
        keys, column = distinct(np.vstack([choices[rows], table]))
        values = [factor for factor in moving if factor.kind == "values"]
        failed: dict[int, str] = {}
        floors, where = [], np.full(draws, -1, dtype=np.intp)
        at = 0
        for number in range(keys.shape[1]):
            here = np.flatnonzero(column == number)
            own = choices[:, here[0]].tolist()
            try:
                if values and u is not None:
                    floor = self._redrawn(own, int(table[here[0]]), values, u[:, here])
                    where[here] = at + np.arange(len(here))
                    at += len(here)
                else:
                    floor = single(self._lowest(own, int(table[here[0]])))
                    where[here] = at
                    at += 1
            except MethodologyError as problem:
                failed |= dict.fromkeys(here.tolist(), str(problem))
                continue
            floors.append(floor)
        return _State(stacked(floors, len(self.units), len(self.methodology.indicators)), where, failed)

    def _redrawn(self, choices: Sequence[int], table: int, values: Sequence[Factor], u: Array) -> Floor:
        """The lowest floor with values redrawn, a column a draw."""
        key = self._panel_key(choices)
        x = self._values(choices, table)
        new = np.repeat(self.found.table["value"].to_numpy(float)[:, None], u.shape[1], axis=1)
        for factor in values:
            redraw = self.redraws[factor.name]
            new[redraw.rows] = redraw.draw(new[redraw.rows], u[self.axes[factor.name]])
        place = self.found.places[list(self.panels).index(key)]
        drawn = np.repeat(x.T[:, :, None], u.shape[1], axis=2)
        moved = place.T >= 0
        drawn[moved] = new[place.T[moved]]
        floor = normalise(drawn.T, self.rules(self.at([SCALE], choices)), self.panels[key].base)
        return floor

    def _multipliers(self, level: int, u: Array | None, moving: Sequence[Factor]) -> list[tuple[Factor, Array]]:
        """What each factor of weights does to the weights of a level: rows for its parts, a column a draw."""
        found = []
        for factor in moving:
            if factor.kind != "weights" or u is None:
                continue
            own = u[self.axes[factor.name]]
            if "sets" in factor.settings:
                if level in self._spoken(factor.settings["sets"]):
                    found.append((factor, own))
                continue
            start = 0
            for at, stated in self._disturbed(factor).items():
                if at == level:
                    found.append((factor, np.ascontiguousarray(own[start : start + len(stated)])))
                start += len(stated)
        return found

    def _spoken(self, name: str) -> dict[int, Array]:
        """The levels that a table of weight sets speaks of: (sets, parts), not a number for parts it leaves alone."""
        if ("sets", name) not in self._kept:
            table, found = self.sets[name], {}
            codes = list(self.methodology.indicators["code"])
            for level, nodes in enumerate(self.methodology.nodes):
                if table.columns.isin(codes).any():
                    found[level] = table.reindex(columns=codes).to_numpy(float)
                codes = [node.code for node in nodes]
            self._kept["sets", name] = found
        spoken: dict[int, Array] = self._kept["sets", name]
        return spoken

    def _using(self, level: int, own: Array, acts: Sequence[tuple[Factor, Array]], draws: Places) -> Array:
        """The weights of some draws: (draws, 1, k)."""
        used = own[:, None]
        for factor, u in acts:
            mine = u[:, draws] if len(draws) < u.shape[1] else u
            if "noise" in factor.settings:
                used = used * (1.0 + factor.settings["noise"] * (2.0 * mine - 1.0))
            elif "concentration" in factor.settings:
                spread = factor.settings["concentration"] * used
                used = np.where(spread > 0, special.gammaincinv(np.where(spread > 0, spread, 1.0), mine), 0.0)
            else:
                table = self._spoken(factor.settings["sets"])[level]
                picked = table[np.minimum((mine[0] * len(table)).astype(np.intp), len(table) - 1)].T
                used = np.where(np.isnan(picked), used, picked)
        return used.T[:, None, :]

    def _step(
        self, level: int, state: _State, choices: NDArray[np.intp], acts: Sequence[tuple[Factor, Array]]
    ) -> _State:
        """All draws one level up."""
        draws = np.flatnonzero(state.column >= 0)
        rows = list(self.stages[level])
        learns = any(learning(self.rules(((f, c),)).nodes)[level]
                     for f in self.stages[level] for c in range(len(self.factors.discrete[f].choices))
                     ) or learning(self.methodology.nodes)[level]  # fmt: skip
        if learns:
            below = [number for stage in (PANEL, SCALE, *range(level)) for number in self.stages[stage]]
            rows = sorted({*rows, *below})
        keys, rule = distinct(choices[rows][:, draws]) if rows else (None, np.zeros(len(draws), dtype=np.intp))
        if acts or len(state.floor.scores) >= len(draws):
            task, of_draw = draws, np.arange(len(draws))  # a task a draw
            rule_of = rule
        else:
            pairs, of_draw = distinct(np.vstack([state.column[draws], rule]))
            first = np.zeros(pairs.shape[1], dtype=np.intp)
            first[of_draw[::-1]] = np.arange(len(draws))[::-1]
            task, rule_of = draws[first], rule[first]
        pieces: list[tuple[Places, Floor]] = []
        broken: dict[int, str] = {}
        for number in range(1 if keys is None else keys.shape[1]):
            mine = np.flatnonzero(rule_of == number)
            if len(mine):
                own = choices[:, task[mine[0]]].tolist()
                self._climb(level, state, own, acts, task, mine, pieces, broken)
        column = np.full(len(state.column), -1, dtype=np.intp)
        place = np.full(len(task), -1, dtype=np.intp)
        at = 0
        for mine, _ in pieces:
            place[mine] = at + np.arange(len(mine))
            at += len(mine)
        column[draws] = place[of_draw]
        failed = dict(state.failed)
        for number, reason in broken.items():
            failed |= dict.fromkeys(draws[of_draw == number].tolist(), reason)
        nodes = self.methodology.nodes[level]
        return _State(stacked([floor for _, floor in pieces], len(self.units), len(nodes)), column, failed)

    def _climb(
        self,
        level: int,
        state: _State,
        choices: Sequence[int],
        acts: Sequence[tuple[Factor, Array]],
        task: Places,
        mine: Places,
        pieces: list[tuple[Places, Floor]],
        broken: dict[int, str],
    ) -> None:
        """Tasks that go by the same rules of a level, together where they can, apart where one of them fails."""
        standing = state.column[task[mine]]
        below = np.unique(standing)
        if len(below) > 1 and len(below) * SHARED <= len(mine):
            for column in below:
                self._climb(level, state, choices, acts, task, mine[standing == column], pieces, broken)
            return
        rules = self.rules(self.at([level], choices))
        own = self._own(level, choices)
        ruling = judging(rules.nodes[level], own, rules.stated_weights[level])
        using = self._using(level, own, acts, task[mine]) if acts else own
        lower = columns(state.floor, standing)
        try:
            floor, _ = climb(lower, rules.nodes[level], ruling, using, self.groups)
        except MethodologyError as problem:
            if len(mine) == 1 or (len(below) == 1 and not acts):
                broken |= dict.fromkeys(mine.tolist(), str(problem))
                return
            half = len(mine) // 2
            for part in (mine[:half], mine[half:]):
                self._climb(level, state, choices, acts, task, part, pieces, broken)
            return
        pieces.append((mine, single(floor) if floor.scores.ndim == 2 else floor))
