"""What varies in an index: a plan made by :func:`cwi.analysis.uncertainty.prepare` of an edition and its factors.

A factor has some axes of the unit cube: one for a list of choices, one for each weight or value that it perturbs. A
draw is a point of the cube; :class:`cwi.analysis.uncertainty.engine.Engine` computes the scores of many draws at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.distinct_values import DistinctValues, Perturbation
from cwi.analysis.uncertainty.factors import Factor, Factors
from cwi.analysis.uncertainty.figure_errors import CellErrors
from cwi.analysis.uncertainty.weight_changes import axes_of_levels
from cwi.errors import DataError, MethodologyError, ParameterError, near
from cwi.html import html_table
from cwi.methodology import Methodology
from cwi.panel import Panel
from cwi.references import needs_observations

if TYPE_CHECKING:
    from cwi.analysis.uncertainty.engine import Engine

__all__ = ["PANEL", "SCALE", "Choices", "Outcome", "Plan", "checked_plan", "counted"]

Array = NDArray[np.float64]
Choices = tuple[int, ...]  # of each factor with choices the number of one, in the order of the factors
PANEL, SCALE = "panel", "scale"
STAGE_OF = {
    "max_age": (PANEL,), "vintage": (PANEL,), "imputation": (PANEL,), "base": (PANEL,), "learn_from": (PANEL,),
    "screening": (PANEL,), "normalisation": (SCALE,), "treatment": (SCALE,), "ends": (SCALE,), "refused": (SCALE,),
    "indicator": (SCALE,),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Outcome:
    """The scores of some draws.

    ``scores``: (n, draws) of the node that is asked for, NaN where there is none.
    ``failed``: the reason, by draw, of draws in which a rule could not be applied.
    """

    scores: Array
    failed: Mapping[int, str]


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """An edition's methodology and values, and all that may be varied of them.

    ``factors``: what varies; ``idle``: factors that were left out because they change no score
    ``node``   : whose scores are computed, the index as a rule
    ``panels`` : the values under each combination of choices that changes them; ``imputed``: their completed tables
    ``values``, ``perturbations``: the distinct values behind the panels, and what each factor of values does to them
    ``sets``   : tables of weights by name
    ``names``  : names of regions by code
    """

    methodology: Methodology
    factors: Factors
    node: str
    panels: Mapping[Choices, Panel] = field(default_factory=dict)
    imputed: Mapping[Choices, Array] = field(default_factory=dict)
    values: DistinctValues = field(default_factory=lambda: DistinctValues(pd.DataFrame(), ()))
    perturbations: Mapping[str, Perturbation | CellErrors] = field(default_factory=dict)
    sets: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def units(self) -> pd.DataFrame:
        """Region and year of the n units."""
        return next(iter(self.panels.values())).units

    @property
    def groups(self) -> NDArray[np.intp]:
        """(n,) the year of each unit, -1 for the nation."""
        return next(iter(self.panels.values())).groups

    @property
    def first_figures(self) -> tuple[str, ...]:
        """The indicators without a value in the base years: choices that learn a scale read them between their ends."""
        if not any(self.rules(choices).normalisation.learns for choices in self.single_changes(SCALE)):
            return ()
        return tuple(dict.fromkeys(code for panel in self.panels.values() for code in panel.first_figures))

    @property
    def years(self) -> tuple[int, ...]:
        """The years that are scored."""
        return tuple(sorted({int(year) for year in self.units["year"]}))

    def regions(self, year: int | None = None) -> NDArray[np.intp]:
        """The units that are regions in a year, the last by default.

        Raises
        ------
        DataError
            If there is no region of that year.
        """
        rows = np.flatnonzero(self.groups == (self.years[-1] if year is None else year))
        if not len(rows):
            years = sorted(set(self.groups[self.groups >= 0].tolist()))
            raise DataError(f"there is no region of {year}; there are regions of {', '.join(map(str, years))}")
        return rows

    @cached_property
    def without_error(self) -> pd.DataFrame:
        """Values of a survey that are drawn without an error, because none is known for them.

        Returns
        -------
        DataFrame
            factor, indicator, region, observed (year), reason. Of a share of nobody or of all an error is known if its
            number of answers is.
        """
        table, rows = self.values.table, []
        for name, change in self.perturbations.items():
            for row, reason in change.unknown.items() if isinstance(change, Perturbation) else ():
                at = table.loc[row]
                rows.append((name, at["indicator"], at["region"], at["observed"], reason))
        return pd.DataFrame(rows, columns=["factor", "indicator", "region", "observed", "reason"])

    @cached_property
    def target(self) -> tuple[int, int]:
        """Level and place of the node whose scores are computed."""
        nodes = self.methodology.tree.codes[1:]
        for level, codes in enumerate(nodes):
            if self.node in codes:
                return level, codes.index(self.node)
        raise MethodologyError(f"no node is called '{self.node}'{near(self.node, chain.from_iterable(nodes))}")

    @cached_property
    def axes(self) -> Mapping[str, slice]:
        """For each factor its axes of the unit cube."""
        axes, start = {}, 0
        for factor in self.factors:
            axes[factor.name] = slice(start, start := start + self._width(factor))
        return axes

    @property
    def size(self) -> int:
        """How many axes the cube has."""
        return max((axis.stop for axis in self.axes.values()), default=0)

    def _width(self, factor: Factor) -> int:
        if factor.kind == "weights" and "sets" not in factor.settings:
            return max(int(axes.stop) for axes in axes_of_levels(factor, self.methodology).values())
        return len(self.perturbations[factor.name].rows) if factor.kind == "values" else 1

    # ------------------------------------------------------------ choices

    @cached_property
    def official(self) -> Choices:
        """The official choice of each factor."""
        return tuple(factor.official for factor in self.factors.discrete)

    @cached_property
    def stages(self) -> Mapping[str | int, tuple[int, ...]]:
        """For each stage of the computation (panel, scale, then levels) the factors with choices that change it.

        Where a scale is held against a unit or years that are named, their values are read with the panel, so that
        what changes the scale changes the panel too.
        """
        changed: dict[str | int, list[int]] = {stage: [] for stage in (PANEL, SCALE, *range(self._levels))}
        for number, factor in enumerate(self.factors.discrete):
            keys = (key for choice in factor.choices for key in choice.changes.items())
            for stage in {stage for key in keys for stage in self._stages_of(*key)}:
                changed[stage].append(number)
        if self.needs_observations:
            changed[PANEL] = sorted({*changed[PANEL], *changed[SCALE]})
        return {stage: tuple(numbers) for stage, numbers in changed.items()}

    @cached_property
    def needs_observations(self) -> bool:
        """Whether the official scales, or those of a choice, are held against a unit or years that are named."""
        factors = range(len(self.factors.discrete))
        every = [self.official, *(choices for number in factors for choices in self._one_changed(number))]
        return any(needs_observations(self.rules(choices)) for choices in every)

    def single_changes(self, stage: str | int) -> Iterator[Choices]:
        """The official choices with one changed, for every choice of the factors that change a stage."""
        for number in self.stages[stage]:
            yield from self._one_changed(number)

    def _one_changed(self, number: int) -> Iterator[Choices]:
        """The official choices with that of one factor changed."""
        for choice in range(len(self.factors.discrete[number].choices)):
            yield (*self.official[:number], choice, *self.official[number + 1 :])

    @property
    def _levels(self) -> int:
        return len(self.methodology.levels)

    def _stages_of(self, key: str, value: Any) -> set[str | int]:
        """The stages that one replaced setting changes."""
        if key in STAGE_OF:
            return set(STAGE_OF[key])
        names = [level.name for level in self.methodology.levels]
        if key in names:
            return {names.index(key)}
        level_of = {code: level for level, codes in enumerate(self.methodology.tree.codes[1:]) for code in codes}
        if key == "node":  # a weight of a node is used at the level above
            above = {min(level_of[code] + 1, self._levels - 1) for code, table in value.items() if "weight" in table}
            return {*(level_of[code] for code in value), *above}
        if key == "without":  # a screening counts the indicators that are left
            return {*(level_of.get(code, -1) + 1 for code in value), *((PANEL,) if self._screens else ())}
        return {PANEL, SCALE, *range(self._levels)} if key == "indicators" else set()

    @property
    def _screens(self) -> bool:
        """Whether units are screened, officially or by a choice."""
        chosen = (choice for factor in self.factors.discrete for choice in factor.choices)
        return self.methodology.screening is not None or any("screening" in choice.changes for choice in chosen)

    def at(self, stages: Sequence[str | int], choices: Sequence[int]) -> Choices:
        """The choices with those that change none of these stages made official: the same for draws that agree there.

        Raises
        ------
        KeyError
            If there is no such stage.
        """
        numbers = {number for stage in stages for number in self.stages[stage]}
        return tuple(
            choices[number] if number in numbers else official for number, official in enumerate(self.official)
        )

    def rules(self, choices: Choices) -> Methodology:
        """The methodology with some choices in place."""
        rules = self.methodology
        for factor, choice in zip(self.factors.discrete, choices, strict=True):
            if choice != factor.official:
                rules = rules.replace(**factor.choices[choice].changes)
        return rules

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

    def official_choices(self, draws: int = 1) -> NDArray[np.intp]:
        """(factors with choices, draws) the official choices."""
        return np.repeat(np.array(self.official, dtype=np.intp)[:, None], draws, axis=1)

    def incompatible(self, choices: NDArray[np.intp]) -> NDArray[np.bool_]:
        """(draws,) which draws hold choices that are declared incompatible."""
        factors = self.factors.discrete
        names = [factor.name for factor in factors]
        result = np.zeros(choices.shape[1], dtype=bool)
        for pairs in self.factors.incompatible:
            all_of_them = np.ones(choices.shape[1], dtype=bool)
            for name, choice in pairs:
                number = names.index(name)
                all_of_them &= choices[number] == [known.name for known in factors[number].choices].index(choice)
            result |= all_of_them
        return result

    def describe(self, choices: NDArray[np.intp]) -> str:
        """What one draw chooses other than officially, in words."""
        pairs = zip(self.factors.discrete, choices, strict=True)
        words = [f"{f.name} = '{f.choices[choice].name}'" for f, choice in pairs if choice != f.official]
        return ", ".join(words) or "the official choices"

    # ------------------------------------------------------------ draws

    @cached_property
    def _engine(self) -> Engine:
        from cwi.analysis.uncertainty.engine import Engine

        return Engine(self)

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a worker: all but what the engine keeps."""
        return {name: value for name, value in vars(self).items() if name != "_engine"}

    def run(self, choices: NDArray[np.intp], u: Array | None = None, *, fixed: Sequence[str] = ()) -> Outcome:
        """The scores of some draws.

        Parameters
        ----------
        choices : (factors with choices, draws)
            Which choice each draw makes.
        u : (size, draws), optional
            Points of the unit cube for all factors that are no list of choices; without them these do not vary.
        fixed
            Names of factors that do not vary although there are points.

        Returns
        -------
        Outcome
        """
        return self._engine.run(choices, u, fixed)

    def __repr__(self) -> str:
        years = ", ".join(map(str, self.years))
        regions = int((self.groups == self.years[-1]).sum())
        left_out = f"; left out: {', '.join(self.idle)}" if self.idle else ""
        unknown = len(self.without_error)
        without = f"; {unknown} {'value' if unknown == 1 else 'values'} without a known error" if unknown else ""
        new = ", ".join(self.first_figures)
        between = f"; read between its ends where a scale is learnt: {new}" if new else ""
        return f"Plan({years}: {regions} regions, {counted(self.factors)}{left_out}{without}{between})"

    def _repr_html_(self) -> str:
        rows = [{"factor": f.name, "kind": f.kind, "what varies": f.summary, "axes": self._width(f)}
                for f in self.factors]  # fmt: skip
        return html_table(pd.DataFrame(rows), repr(self))


def counted(factors: Factors) -> str:
    """How many factors there are and which: '2 factors: scale, weights'."""
    return f"{len(factors)} {'factor' if len(factors) == 1 else 'factors'}: {', '.join(factors.names)}"


def checked_plan(plan: object, function: str) -> Plan:
    """The plan, if it is one.

    Raises
    ------
    ParameterError
        If it is not.
    """
    if isinstance(plan, Plan):
        return plan
    raise ParameterError(
        f"{function} takes a plan, not an object of the type {type(plan).__name__}; "
        "prepare(edition, factors) gives a plan"
    )
