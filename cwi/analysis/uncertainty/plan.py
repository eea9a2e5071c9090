"""Compute many alternatives of the index at once: every draw is a point of the unit cube.

A factor owns some axes of the cube: one for a list of choices, one for each weight or observation that it disturbs.
Draws are never looped over. What does not depend on a draw is computed once; on every level of the tree the draws
that go by the same rules are aggregated together. Sums run over parts in their order, so a draw has the same bits
alone, in a block of any size and on any machine of a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.columns import columns, distinct, single, stacked
from cwi.analysis.uncertainty.factors import Factor, Factors
from cwi.analysis.uncertainty.value_errors import Observed, Redraw
from cwi.analysis.uncertainty.weight_changes import Act, axes_of_levels, disturbed, in_turn, spoken
from cwi.derivation import base_level_scores, coverage_weights, derive, learning, normalise, weigh_level
from cwi.errors import MethodologyError, near
from cwi.level_scores import LevelScores, aggregate_level
from cwi.methodology import Methodology
from cwi.panel import Panel

__all__ = ["PANEL", "Alternatives", "Outcome"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
PANEL, SCALE = "panel", "scale"
STAGE_OF = {
    "max_age": (PANEL,), "vintage": (PANEL,), "imputation": (PANEL,), "base": (PANEL,),
    "normalisation": (SCALE,), "treatment": (SCALE,), "ends": (SCALE,),
}  # fmt: skip
SHARED = 2**11  # scores that draws of the same rules must have together to be worked on by themselves
SHORT = 32  # draws that are worked on together however many units there are
CLOSE = 2**19  # numbers of a floor of draws of the same rules, which stay in the processor's memory
FAR = 2**22  # numbers of a floor of draws of many rules, which share what they have in common


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

    floor: LevelScores
    column: Places
    failed: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Alternatives:
    """A methodology, the observations it is applied to, and all that may be varied; made by
    :func:`cwi.analysis.uncertainty.preparation.alternatives`.

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
        nodes = self.methodology.tree.codes[1:]
        for level, codes in enumerate(nodes):
            if self.node in codes:
                return level, codes.index(self.node)
        raise MethodologyError(f"no node is called '{self.node}'{near(self.node, chain.from_iterable(nodes))}")

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
            return max(int(axes.stop) for axes in axes_of_levels(factor, self.methodology).values())
        return len(self.redraws[factor.name].rows) if factor.kind == "values" else 1

    def _stage(self, key: str, value: Any) -> tuple[str | int, ...]:
        if key in STAGE_OF:
            return STAGE_OF[key]
        names = [level.name for level in self.methodology.levels]
        if key in names:
            return (names.index(key),)
        level_of = {code: level for level, codes in enumerate(self.methodology.tree.codes[1:]) for code in codes}
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

    def barred(self, choices: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(draws,) which draws hold choices that are declared incompatible."""
        factors = self.factors.discrete
        names = [factor.name for factor in factors]
        found = np.zeros(choices.shape[1], dtype=bool)
        for pairs in self.factors.incompatible:
            here = np.ones(choices.shape[1], dtype=bool)
            for name, choice in pairs:
                number = names.index(name)
                here &= choices[number] == [made.name for made in factors[number].choices].index(choice)
            found |= here
        return found

    def describe(self, choices: NDArray[np.intp]) -> str:
        """What one draw chooses other than officially, in words."""
        made = zip(self.factors.discrete, choices, strict=True)
        said = [
            f"{factor.name} = '{factor.choices[choice].name}'" for factor, choice in made if choice != factor.official
        ]
        return ", ".join(said) or "the official choices"

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

    def _lowest(self, choices: Sequence[int], table: int) -> LevelScores:
        key = ("floor", self._panel_key(choices), self.at([SCALE], choices), table)
        if key not in self._kept:
            panel = self.panels[self._panel_key(choices)]
            rules = self.rules(self.at([SCALE], choices))
            floor = normalise(self._values(choices, table), rules, panel.base)
            self._kept[key] = LevelScores(np.asfortranarray(floor.scores), floor.seen, floor.measured)
        found: LevelScores = self._kept[key]
        return found

    def _own(self, level: int, choices: Sequence[int]) -> Array:
        """The weights of a level by its own rules."""
        rules = self.rules(self.at([level], choices))
        key: tuple[Any, ...] = ("own", level, self.at([level], choices))
        learns = learning(rules.nodes)[level]
        if learns:
            key += (self._panel_key(choices), self.at([SCALE, *range(level)], choices))
        if key not in self._kept:
            codes = rules.tree.codes[level]
            z = self._base(level, choices) if learns else None
            self._kept[key] = weigh_level(rules.nodes[level], rules.stated_weights[level], codes, z)
        found: Array = self._kept[key]
        return found

    def _base(self, level: int, choices: Sequence[int]) -> LevelScores | None:
        """The floor below a level in the base years."""
        key = ("base", level, self._panel_key(choices), self.at([SCALE, *range(level)], choices))
        if key not in self._kept:
            if level == 0:
                base = self.panels[self._panel_key(choices)].base
                self._kept[key] = base_level_scores(self.rules(self.at([SCALE], choices)), base)
            else:
                rules = self.rules(self.at([level - 1], choices))
                weights = self._own(level - 1, choices)
                below = self._base(level - 1, choices)
                self._kept[key] = (
                    None if below is None else aggregate_level(below, rules.nodes[level - 1], weights, weights)[0]
                )
        found: LevelScores | None = self._kept[key]
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
        moving = [f for f in self.factors if u is not None and f.kind != "choices" and f.name not in still]
        scores = np.full((len(self.units), choices.shape[1]), np.nan)
        failed: dict[int, str] = {}
        for here in self._portions(choices, moving):
            part = None if u is None else u if len(here) == u.shape[1] else u[:, here]
            outcome = self._portion(choices[:, here], part, moving)
            scores[:, here] = outcome.scores
            failed |= {int(here[draw]): reason for draw, reason in outcome.failed.items()}
        return Outcome(scores, dict(sorted(failed.items())))

    @cached_property
    def measured(self) -> tuple[NDArray[np.bool_], ...]:
        """For each floor, that of the indicators first, which of its nodes anybody measured by the official choices."""
        panel = self.panels[self._panel_key(self.official(1)[:, 0].tolist())]
        derived = derive(panel.x, self.methodology, base=panel.base, groups=self.groups)
        return tuple(np.asarray((measured > 0).any(axis=0)) for measured in derived.measured)

    def without(self, part: str) -> Array:
        """(n, 1) the official scores with one part of the tree left out."""
        rules = self.methodology.replace(without=[*self.methodology.without, part])
        panel = self.panels[self._panel_key(self.official(1)[:, 0].tolist())]
        derived = derive(panel.x, rules, base=panel.base, groups=self.groups)
        level, place = self.target
        return derived.scores[level + 1][:, place, None]

    def _portions(self, choices: NDArray[np.intp], moving: Sequence[Factor]) -> Iterator[Places]:
        """The draws taken apart: those that choose alike by themselves where they are many, and not too many at once.

        Where nothing else moves, draws that choose differently share what they have in common, and stay together.
        """
        draws = np.arange(choices.shape[1])
        widths = [len(self.methodology.indicators), *map(len, self.methodology.nodes)]
        cells = len(self.units) * max(widths[self._still(moving) :])
        groups, most = [draws], FAR // cells
        if moving:
            combinations, which = distinct(choices)
            if combinations.shape[1] * SHARED <= len(draws) * len(self.units):
                order = np.argsort(which, kind="stable")
                groups = np.split(order, np.flatnonzero(np.diff(which[order])) + 1)
                most = CLOSE // cells
        for group in groups:
            yield from np.array_split(group, -(-len(group) // max(most, SHORT))) if len(group) else []

    def _still(self, moving: Sequence[Factor]) -> int:
        """How many floors, from the lowest, are the same in all draws that choose alike."""
        if any(factor.kind in ("values", "imputations") for factor in moving):
            return 0
        levels = [level for factor in moving for level in self._touched(factor)]
        return 1 + min(levels, default=self.target[0])

    def _portion(self, choices: NDArray[np.intp], u: Array | None, moving: Sequence[Factor]) -> Outcome:
        level, place = self.target
        still = self._still(moving)
        if still and (choices == choices[:, :1]).all():
            step, state = still - 1, self._settled(still - 1, choices)
        else:
            step, state = 0, self._start(choices, u, moving)
        for above in range(step, level + 1):
            state = self._step(above, state, choices, self._acts(above, u, moving))
        scores = np.full((len(self.units), choices.shape[1]), np.nan)
        alive = np.flatnonzero(state.column >= 0)
        if len(alive):
            scores[:, alive] = state.floor.scores.T[place][:, state.column[alive]]
        return Outcome(scores, state.failed)

    def _settled(self, level: int, choices: NDArray[np.intp]) -> _State:
        """Draws that choose alike below a level where nothing varies: one column, made once and kept."""
        own = choices[:, 0].tolist()
        key = ("settled", level, self._panel_key(own), self.at([SCALE, *range(level)], own))
        if key not in self._kept:
            state = self._start(choices[:, :1], None, ())
            for step in range(level):
                state = self._step(step, state, choices[:, :1], [])
            self._kept[key] = state
        one: _State = self._kept[key]
        draws = choices.shape[1]
        failed = {draw: reason for reason in one.failed.values() for draw in range(draws)}
        return _State(one.floor, np.repeat(one.column, draws), failed)

    def _start(self, choices: NDArray[np.intp], u: Array | None, moving: Sequence[Factor]) -> _State:
        """The lowest floor: one column for all draws with the same values and scale, or one for each draw."""
        table = np.full(choices.shape[1], -1, dtype=np.intp)
        for factor in moving:
            if factor.kind == "imputations" and u is not None:
                m = factor.settings["m"]
                table = np.minimum((u[self.axes[factor.name].start] * m).astype(np.intp), m - 1)
        keys, column = distinct(np.vstack([choices[[*self.stages[PANEL], *self.stages[SCALE]]], table]))
        values = [factor for factor in moving if factor.kind == "values"]
        pieces: list[tuple[Places, LevelScores]] = []
        failed: dict[int, str] = {}
        for number in range(keys.shape[1]):
            here = np.flatnonzero(column == number)
            own, drawn = choices[:, here[0]].tolist(), int(table[here[0]])
            if values and u is not None:
                redraw = partial(self._redrawn, own, drawn, values, u)
                apart(here, redraw, pieces, failed)
                continue
            try:
                pieces.append((here, single(self._lowest(own, drawn))))
            except MethodologyError as problem:
                failed |= dict.fromkeys(here.tolist(), str(problem))
        return self._standing(pieces, len(column), len(self.methodology.indicators), failed)

    def _standing(
        self, pieces: Sequence[tuple[Places, LevelScores]], draws: int, k: int, failed: dict[int, str]
    ) -> _State:
        """Floors of some draws each as one, side by side; a floor of one column is the same for all its draws."""
        column, at = np.full(draws, -1, dtype=np.intp), 0
        for here, floor in pieces:
            width = len(floor.scores)
            column[here] = at + (np.arange(width) if width > 1 else 0)
            at += width
        return _State(stacked([floor for _, floor in pieces], len(self.units), k), column, failed)

    def _redrawn(
        self, choices: Sequence[int], table: int, values: Sequence[Factor], u: Array, draws: Places
    ) -> LevelScores:
        """The lowest floor of some draws with values redrawn, a column a draw."""
        key = self._panel_key(choices)
        new = np.repeat(self.found.table["value"].to_numpy(float)[:, None], len(draws), axis=1)
        for factor in sorted(values, key=lambda factor: factor.settings["error"] == "rounding"):
            redraw = self.redraws[factor.name]
            points = u[self.axes[factor.name]]
            new[redraw.rows] = redraw.draw(new[redraw.rows], points if len(draws) == u.shape[1] else points[:, draws])
        place = self.found.places[list(self.panels).index(key)].T
        moved = np.flatnonzero((place >= 0).any(axis=1))  # only what moves is brought to the scale again
        place = place[moved]
        x = np.repeat(self._values(choices, table).T[moved][:, :, None], len(draws), axis=2)
        x[place >= 0] = new[place[place >= 0]]
        drawn = normalise(x.T, self.rules(self.at([SCALE], choices)), self.panels[key].base, moved)
        still = self._lowest(choices, table)
        scores = np.repeat(still.scores.T[:, :, None], len(draws), axis=2)
        scores[moved] = drawn.scores.T
        if drawn.seen.ndim == 2:
            seen = still.seen.copy()
            seen[:, moved] = drawn.seen
        else:
            seen = ~np.isnan(scores.T)
        return LevelScores(scores.T, seen, seen.astype(float))

    def _touched(self, factor: Factor) -> Mapping[int, slice]:
        """The levels whose weights a factor disturbs, and which of its axes do."""
        if factor.kind != "weights":
            return {}
        if "sets" in factor.settings:
            return dict.fromkeys(self._spoken(factor.settings["sets"]), slice(0, 1))
        return axes_of_levels(factor, self.methodology)

    def _acts(self, level: int, u: Array | None, moving: Sequence[Factor]) -> list[Act]:
        """What the factors of weights do to the weights of a level."""
        return [] if u is None else in_turn(
            [(factor, u[self.axes[factor.name]][touched[level]]) for factor in moving
             for touched in [self._touched(factor)] if level in touched]
        )  # fmt: skip

    def _spoken(self, name: str) -> dict[int, Array]:
        if ("sets", name) not in self._kept:
            self._kept["sets", name] = spoken(self.sets[name], self.methodology)
        found: dict[int, Array] = self._kept["sets", name]
        return found

    def _using(self, level: int, own: Array, acts: Sequence[Act], draws: Places) -> Array:
        """The weights of some draws: (draws, 1, k)."""
        used = own[:, None]
        for factor, u in acts:
            sets = self._spoken(factor.settings["sets"])[level] if "sets" in factor.settings else None
            used = disturbed(factor.settings, used, u if len(draws) == u.shape[1] else u[:, draws], sets)
        return used.T[:, None]

    def _learns(self, level: int) -> bool:
        """Whether under some choice a scheme of this level learns from the scores below it."""
        if ("learns", level) not in self._kept:
            made = [((f, c),) for f in self.stages[level] for c in range(len(self.factors.discrete[f].choices))]
            self._kept["learns", level] = any(learning(self.rules(key).nodes)[level] for key in [(), *made])
        return bool(self._kept["learns", level])

    def _step(self, level: int, state: _State, choices: NDArray[np.intp], acts: Sequence[Act]) -> _State:
        """All draws one level up; those that stand in the same column and go by the same rules, as one."""
        draws = np.flatnonzero(state.column >= 0)
        stages = (PANEL, SCALE, *range(level + 1)) if self._learns(level) else (level,)
        rows = sorted({number for stage in stages for number in self.stages[stage]})
        _, rule = distinct(choices[rows][:, draws])
        if acts or len(state.floor.scores) >= len(draws):
            first, of_draw = np.arange(len(draws)), np.arange(len(draws))
        else:
            pairs, of_draw = distinct(np.vstack([state.column[draws], rule]))
            first = np.empty(pairs.shape[1], dtype=np.intp)
            first[of_draw[::-1]] = np.arange(len(draws))[::-1]
        task = draws[first]
        pieces: list[tuple[Places, LevelScores]] = []
        broken: dict[int, str] = {}
        for number in range(rule.max(initial=-1) + 1):
            mine = np.flatnonzero(rule[first] == number)
            if len(mine):
                self._climb(level, state, choices[:, task[mine[0]]].tolist(), acts, task, mine, pieces, broken)
        tasks = self._standing(pieces, len(task), len(self.methodology.nodes[level]), {})
        column = np.full(len(state.column), -1, dtype=np.intp)
        column[draws] = tasks.column[of_draw]
        failed = dict(state.failed)
        for number, reason in broken.items():
            failed |= dict.fromkeys(draws[of_draw == number].tolist(), reason)
        return _State(tasks.floor, column, failed)

    def _climb(
        self,
        level: int,
        state: _State,
        choices: Sequence[int],
        acts: Sequence[Act],
        task: Places,
        mine: Places,
        pieces: list[tuple[Places, LevelScores]],
        broken: dict[int, str],
    ) -> None:
        """Tasks that go by the same rules of a level."""
        try:
            nodes = self.rules(self.at([level], choices)).nodes[level]
            own = self._own(level, choices)
        except MethodologyError as problem:
            broken |= dict.fromkeys(mine.tolist(), str(problem))
            return
        judged = coverage_weights(nodes, own, self.rules(self.at([level], choices)).stated_weights[level])

        def up(these: Places) -> LevelScores:
            using = self._using(level, own, acts, task[these]) if acts else own
            floor, _ = aggregate_level(
                columns(state.floor, state.column[task[these]]), nodes, judged, using, self.groups
            )
            return single(floor) if floor.scores.ndim == 2 else floor

        apart(mine, up, pieces, broken)


def apart(
    draws: Places,
    make: Callable[[Places], LevelScores],
    pieces: list[tuple[Places, LevelScores]],
    failed: dict[int, str],
) -> None:
    """The floor of some draws together if that can be made, or of each half, until those that fail stand alone."""
    try:
        pieces.append((draws, make(draws)))
    except MethodologyError as problem:
        if len(draws) == 1:
            failed[int(draws[0])] = str(problem)
            return
        for half in np.array_split(draws, 2):
            apart(half, make, pieces, failed)
