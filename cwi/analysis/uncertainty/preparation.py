"""All that may be varied of an index, made ready to be run, and checked before it is.

A setting that does nothing, a table of weights with a hole, an observation with two errors: all are refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.factors import Factor, Factors
from cwi.analysis.uncertainty.plan import PANEL, Alternatives
from cwi.analysis.uncertainty.value_errors import Observed, Redraw, observed, redraws
from cwi.errors import DataError, MethodologyError, near
from cwi.methodology import Methodology
from cwi.panel import Panel, multiply_imputed, read_panel

__all__ = ["alternatives"]

Array = NDArray[np.float64]


def alternatives(
    observations: pd.DataFrame,
    methodology: Methodology,
    factors: Factors,
    *,
    years: Sequence[int],
    base: pd.DataFrame | None = None,
    node: str | None = None,
    covariance: pd.DataFrame | None = None,
    sets: Mapping[str, pd.DataFrame] | None = None,
    rng: np.random.Generator | None = None,
    leave_out_idle: bool = False,
) -> Alternatives:
    """All that may be varied, ready to be run.

    Parameters
    ----------
    observations, methodology, years, base
        As for :func:`cwi.score`.
    factors
        What may vary.
    node
        Whose scores are asked for; the index by default.
    covariance
        Of estimates of one survey: region, year, indicator, other, covariance; those of different regions and years
        are independent.
    sets
        Tables of weights by name, for factors of weights with ``sets``: a row a set (an expert, a voter), a column a
        part by its code. Of a node that it speaks of it must name all parts.
    rng
        For the completed tables of a multiple imputation; needed with such a factor only.
    leave_out_idle
        Leave a factor that changes no score out, and say so in ``idle``, instead of refusing it.

    Raises
    ------
    MethodologyError
        If a factor cannot be applied or changes no score.
    DataError
        If a table of weights or covariances cannot be used.
    """
    nothing = Observed(pd.DataFrame(), ())
    plan = Alternatives(methodology, factors, node or methodology.top.code, {}, {}, nothing, {}, {})
    keys = _combinations([len(factors.discrete[number].choices) for number in plan.stages[PANEL]])
    panels: dict[tuple[int, ...], Panel] = {}
    for key in keys:
        choices = [factor.official for factor in factors.discrete]
        for number, choice in zip(plan.stages[PANEL], key, strict=True):
            choices[number] = choice
        panels[key] = read_panel(observations, plan.rules(plan.at([PANEL], choices)), years=years, base=base)
    _same_units(panels, factors)
    found = nothing
    moved: dict[str, Redraw] = {}
    imputed: dict[tuple[int, ...], Array] = {}
    values = [factor for factor in factors if factor.kind == "values"]
    if values:
        found = observed(list(panels.values()))
    for factor in values:
        moved[factor.name] = redraws(factor.settings, found, methodology, observations, covariance)
    _not_twice(values, moved, found, factors.where)
    for factor in factors:
        if factor.kind == "imputations":
            if rng is None:
                raise MethodologyError(f"{factors.where}: the factor '{factor.name}' draws tables; it needs rng")
            m = factor.settings["m"]
            imputed = {key: multiply_imputed(observations, panel, m=m, rng=rng) for key, panel in panels.items()}
    whole = replace(
        plan, panels=panels, imputed=imputed, found=found, redraws=moved,
        sets=_checked_sets(sets or {}, factors, methodology), _kept={},
    )  # fmt: skip
    _ = whole.target
    _not_undone(whole)
    idle = _idle(whole)
    if idle and not leave_out_idle:
        raise MethodologyError(f"{factors.where}: {idle[min(idle)]}")
    if idle and len(idle) == len(factors):
        raise MethodologyError(f"{factors.where}: no factor changes a score; {'; '.join(idle.values())}")
    if not idle:
        return whole
    left = alternatives(
        observations, methodology, factors.without(*idle), years=years, base=base, node=node, covariance=covariance,
        sets=sets, rng=rng, leave_out_idle=True,
    )  # fmt: skip
    return replace(left, idle=(*idle, *left.idle), _kept={})


def _combinations(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in key) for key in np.ndindex(*sizes)]


def _same_units(panels: Mapping[tuple[int, ...], Panel], factors: Factors) -> None:
    first, *others = panels.values()
    for panel in others:
        if not panel.units.equals(first.units):
            raise MethodologyError(
                f"{factors.where}: under one of its choices other regions have values than under the official ones; "
                "draws of different regions cannot be compared"
            )


def _not_twice(values: Sequence[Factor], moved: Mapping[str, Redraw], found: Observed, where: str) -> None:
    """One observation has one error; it may be rounded as well."""
    owner: dict[int, str] = {}
    for factor in values:
        if factor.settings["error"] == "rounding":
            continue
        for row in moved[factor.name].rows.tolist():
            if (before := owner.setdefault(row, factor.name)) != factor.name:
                cell = found.table.loc[row]
                raise MethodologyError(
                    f"{where}: the factors '{before}' and '{factor.name}' both redraw {cell['indicator']} in "
                    f"{cell['region']}, {cell['observed']}; give it a standard error or count its events, not both"
                )


def _checked_sets(
    sets: Mapping[str, pd.DataFrame], factors: Factors, methodology: Methodology
) -> dict[str, pd.DataFrame]:
    """The tables of weights that the factors ask for, each whole for every node that it speaks of."""
    found = {}
    groups = _parts(methodology)
    known = [part for members in groups.values() for part in members]
    for factor in factors:
        name = factor.settings.get("sets")
        if name is None:
            continue
        if name not in sets:
            raise MethodologyError(f"{factors.where}: '{factor.name}' asks for the weights '{name}'{near(name, sets)}")
        table = sets[name]
        if table.empty:
            raise DataError(f"the weights '{name}' hold no set")
        for code in table.columns:
            if code not in known:
                raise DataError(f"the weights '{name}' speak of '{code}'{near(code, known)}")
        for node, members in groups.items():
            named = [code for code in members if code in table.columns]
            if named and len(named) < len(members):
                missing = next(code for code in members if code not in named)
                raise DataError(
                    f"the weights '{name}' say nothing of '{missing}', a part of '{node}' like '{named[0]}'"
                )
            if named and not ((table[named] >= 0).all(axis=None) and (table[named].sum(axis=1) > 0).all()):
                raise DataError(f"the weights '{name}' of the parts of '{node}' are missing, below zero or all zero")
        found[name] = table
    return found


def _not_undone(plan: Alternatives) -> None:
    """A set of weights replaces what any other set, or a choice, says of the same weights."""
    nodes = [node for level in plan.methodology.nodes for node in level]
    parts = _parts(plan.methodology)
    owner: dict[str, str] = {}  # of the weights of the parts of a node
    for factor in plan.factors:
        if "sets" in factor.settings:
            own = {code for code in parts if plan.sets[factor.settings["sets"]].columns.isin(parts[code]).any()}
        elif factor.kind == "choices":
            own = {
                node.code for node in nodes for choice in factor.choices for said in [choice.changes]
                if "weighting" in said.get(node.level, {}) or "weighting" in said.get("node", {}).get(node.code, {})
                or any("weight" in said.get("node", {}).get(part, {}) for part in parts[node.code])
            }  # fmt: skip
        else:
            continue
        for code in (code for code in parts if code in own):
            before = plan.factors[owner.setdefault(code, factor.name)]
            if before.name != factor.name and ("sets" in before.settings or "sets" in factor.settings):
                raise MethodologyError(
                    f"{plan.factors.where}: the factors '{before.name}' and '{factor.name}' both replace the weights "
                    f"of the parts of '{code}'; one would undo the other, so make them one factor"
                )


def _parts(methodology: Methodology) -> dict[str, list[str]]:
    """The codes of the parts of each node."""
    return {code: list(parts) for code, parts in methodology.tree.parts_of.items()}


def _idle(plan: Alternatives) -> dict[str, str]:
    """The factors that change no score, each with a sentence: a misspelt setting must not pass for robustness.

    A factor is tried with all others official, and if it then does nothing, with all others varied too.
    """
    official = plan.run(plan.official(1))
    if official.failed:
        raise MethodologyError(f"{plan.factors.where}: the official choices cannot be run: {official.failed[0]}")
    years = ", ".join(map(str, sorted(set(plan.units["year"]))))
    found = {}
    for factor in plan.factors:
        axes = plan.axes[factor.name]
        if axes.start == axes.stop:
            found[factor.name] = f"the factor '{factor.name}' finds no observation of {years} to redraw"
        elif not _moves_alone(plan, factor, official.scores) and not _moves_beside(plan, axes):
            found[factor.name] = (
                f"the factor '{factor.name}' changes no score of {years}; "
                "take it away, or look for a setting that does not do what it says"
            )
    return found


def _moves_alone(plan: Alternatives, factor: Factor, official: Array) -> bool:
    if factor.kind == "choices":
        choices = plan.official(len(factor.choices))
        choices[list(plan.factors.discrete).index(factor)] = np.arange(len(factor.choices))
        return _differ(plan.run(choices).scores, official)
    u = np.full((plan.size, 8), 0.5)
    u[plan.axes[factor.name]] = _spread(u.shape)[plan.axes[factor.name]]
    others = [name for name in plan.factors.names if name != factor.name]
    return _differ(plan.run(plan.official(8), u, still=others).scores, official)


def _moves_beside(plan: Alternatives, axes: slice) -> bool:
    u = _spread((plan.size, 64))
    other = u.copy()
    other[axes] = (u[axes] + np.arange(1, 65) / 65) % 1.0
    one, two = (plan.run(plan.choices(points), points).scores for points in (u, other))
    return _differ(one, two)


def _spread(shape: tuple[int, int]) -> Array:
    """Points of the unit cube that differ on every axis, the same ones always: multiples of irrational numbers."""
    axis, place = np.arange(1.0, shape[0] + 1), np.arange(1.0, shape[1] + 1)
    return np.outer(np.sqrt(axis + 0.5), place * np.pi) % 1.0


def _differ(one: Array, two: Array) -> bool:
    return not bool(((one == two) | (np.isnan(one) & np.isnan(two))).all())
