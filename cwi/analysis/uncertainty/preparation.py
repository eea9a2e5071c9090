"""An edition and its factors made into a plan, and checked before anything is drawn.

A setting that does nothing, a table of weights with a hole, a value with two errors: all are refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.distinct_values import distinct_values
from cwi.analysis.uncertainty.draws import NOISE
from cwi.analysis.uncertainty.factors import Factor, Factors, factors_of
from cwi.analysis.uncertainty.figure_errors import CELLS, cell_errors
from cwi.analysis.uncertainty.plan import PANEL, Choices, Plan
from cwi.analysis.uncertainty.value_errors import perturbation
from cwi.edition import Edition, checked_edition
from cwi.errors import DataError, MethodologyError, near
from cwi.methodology import Methodology
from cwi.panel import Panel, multiply_imputed, read_panel
from cwi.rules import check_generator

__all__ = ["prepare"]

Array = NDArray[np.float64]


def prepare(
    edition: Edition,
    factors: Factors | Mapping[str, Any] | str | Sequence[str] | None = None,
    *,
    years: Sequence[int] = (),
    node: str | None = None,
    sets: Mapping[str, pd.DataFrame] | None = None,
    rng: np.random.Generator | None = None,
    leave_out_idle: bool | None = None,
) -> Plan:
    """Prepare an edition and all that may be varied of it, to be drawn.

    Parameters
    ----------
    edition
        The methodology, the observations and the covariances of sampling errors; of a table that is in no folder,
        ``Edition.of(table, methodology)``.
    factors
        What may vary: names of factors of factors.toml beside the methodology, as a list or with commas between; all
        of them by default; or factors of :func:`read_factors`, or a table of such, ``{"factor": {...}}``.
    years
        The years that are scored, the edition's by default; all of them have the same draws.
    node
        Whose scores are computed, the index by default.
    sets
        Tables of weights by name, for factors of weights with ``sets``: a row a set (an expert, a voter), a column a
        part by its code. Of a node that it names it must name all parts.
    rng
        For the completed tables of a multiple imputation; needed with such a factor only.
    leave_out_idle
        Leave out factors that change no score, and list them in ``idle``, instead of refusing them; by default only
        factors of factors.toml are left out, since they are meant for all years.

    Raises
    ------
    MethodologyError
        If a factor is unknown, cannot be applied or changes no score.
    DataError
        If a table of weights or covariances cannot be used.

    Examples
    --------
    >>> from cwi import read_edition
    >>> prepare(read_edition(2023), "scale, weights, survey")
    Plan(2023: 20 regions, 2 factors: scale, weights; left out: survey)

    References
    ----------
    OECD/JRC (2008), Handbook on Constructing Composite Indicators, step 7.
    """
    checked_edition(edition)
    known = factors_of(edition.methodology, factors)
    if rng is not None:
        check_generator(rng)
    if leave_out_idle is None:
        leave_out_idle = not isinstance(factors, (Factors, Mapping))
    plan = _plan(edition, known, years or [edition.year], node, sets or {}, rng)
    idle = _idle(plan)
    if idle and not leave_out_idle:
        raise MethodologyError(f"{known.where}: {idle[min(idle)]}")
    if idle and len(idle) == len(known):
        raise MethodologyError(f"{known.where}: no factor changes a score; {'; '.join(idle.values())}")
    if not idle:
        return plan
    left = prepare(edition, known.without(*idle), years=years, node=node, sets=sets, rng=rng, leave_out_idle=True)
    return replace(left, idle=(*idle, *left.idle))


def _plan(
    edition: Edition,
    factors: Factors,
    years: Sequence[int],
    node: str | None,
    sets: Mapping[str, pd.DataFrame],
    rng: np.random.Generator | None,
) -> Plan:
    """A plan with all factors, idle ones among them."""
    methodology, observations = edition.methodology, edition.observations
    plan = Plan(methodology, factors, node or methodology.top.code)
    panels: dict[Choices, Panel] = {}
    for choices in _combinations(plan):
        panels[choices] = read_panel(observations, plan.rules(choices), years=years, base=edition.base)
    _refuse_other_units(panels, factors)
    errors = [factor for factor in factors if factor.kind == "values"]
    imputed: dict[Choices, Array] = {}
    for factor in factors:
        if factor.kind == "imputations":
            if rng is None:
                raise MethodologyError(f"{factors.where}: the factor '{factor.name}' draws tables; it needs rng")
            m = factor.settings["m"]
            imputed = {key: multiply_imputed(observations, panel, m=m, rng=rng) for key, panel in panels.items()}
    values = distinct_values(list(panels.values())) if errors else plan.values
    covariance = edition.covariance
    if covariance is not None and "year" in covariance:  # an edition knows nothing of the years after it
        covariance = covariance[~(pd.to_numeric(covariance["year"], errors="coerce") > edition.year)]
    plan = replace(
        plan, panels=panels, imputed=imputed, values=values,
        perturbations={
            factor.name: cell_errors(factor.settings, list(panels.values()), edition)
            if factor.settings["error"] in CELLS
            else perturbation(factor.settings, values, methodology, observations, covariance)
            for factor in errors
        },
        sets=_checked_sets(sets, factors, methodology), names=edition.names,
    )  # fmt: skip
    _refuse_two_errors(plan, errors)
    _ = plan.target
    _refuse_two_sets(plan)
    return plan


def _combinations(plan: Plan) -> list[Choices]:
    """The combinations of the choices that change the panel, all other choices official."""
    numbers, result = plan.stages[PANEL], []
    for key in np.ndindex(*(len(plan.factors.discrete[number].choices) for number in numbers)):
        choices = list(plan.official)
        for number, choice in zip(numbers, key, strict=True):
            choices[number] = int(choice)
        result.append(tuple(choices))
    return result


def _refuse_other_units(panels: Mapping[Choices, Panel], factors: Factors) -> None:
    first, *others = panels.values()
    for panel in others:
        if not panel.units.equals(first.units):
            raise MethodologyError(
                f"{factors.where}: under one of its choices other regions have values than under the official ones; "
                "draws of different regions cannot be compared"
            )


def _refuse_two_errors(plan: Plan, errors: Sequence[Factor]) -> None:
    """One value has one error; it may be rounded as well."""
    owner: dict[int, str] = {}
    for factor in errors:
        if factor.settings["error"] == "rounding" or factor.settings["error"] in CELLS:
            continue
        for row in plan.perturbations[factor.name].rows.tolist():
            if (before := owner.setdefault(row, factor.name)) != factor.name:
                cell = plan.values.table.loc[row]
                raise MethodologyError(
                    f"{plan.factors.where}: the factors '{before}' and '{factor.name}' both perturb "
                    f"{cell['indicator']} in {cell['region']}, {cell['observed']}; give it a standard error or count "
                    "its events, not both"
                )


def _checked_sets(
    sets: Mapping[str, pd.DataFrame], factors: Factors, methodology: Methodology
) -> dict[str, pd.DataFrame]:
    """The tables of weights that the factors ask for, each complete for every node that it names."""
    checked = {}
    known = [part for parts in methodology.tree.parts_of.values() for part in parts]
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
                raise DataError(f"the weights '{name}' name '{code}'{near(code, known)}")
        for node, parts in methodology.tree.parts_of.items():
            named = [code for code in parts if code in table.columns]
            if named and len(named) < len(parts):
                missing = next(code for code in parts if code not in named)
                raise DataError(f"the weights '{name}' lack '{missing}', a part of '{node}' like '{named[0]}'")
            if named and not ((table[named] >= 0).all(axis=None) and (table[named].sum(axis=1) > 0).all()):
                raise DataError(f"the weights '{name}' of the parts of '{node}' are missing, below zero or all zero")
        checked[name] = table
    return checked


def _refuse_two_sets(plan: Plan) -> None:
    """A set of weights replaces what any other set, or a choice, gives for the same weights."""
    nodes = [node for level in plan.methodology.nodes for node in level]
    parts_of = plan.methodology.tree.parts_of
    owner: dict[str, str] = {}  # of the weights of the parts of a node
    for factor in plan.factors:
        if "sets" in factor.settings:
            columns = plan.sets[factor.settings["sets"]].columns
            replaced = {code for code in parts_of if columns.isin(list(parts_of[code])).any()}
        elif factor.kind == "choices":
            replaced = {
                node.code for node in nodes for choice in factor.choices for changes in [choice.changes]
                if "weighting" in changes.get(node.level, {})
                or "weighting" in changes.get("node", {}).get(node.code, {})
                or any("weight" in changes.get("node", {}).get(part, {}) for part in parts_of[node.code])
            }  # fmt: skip
        else:
            continue
        for code in (code for code in parts_of if code in replaced):
            before = plan.factors[owner.setdefault(code, factor.name)]
            if before.name != factor.name and ("sets" in before.settings or "sets" in factor.settings):
                raise MethodologyError(
                    f"{plan.factors.where}: the factors '{before.name}' and '{factor.name}' both replace the weights "
                    f"of the parts of '{code}'; one would undo the other, so make them one factor"
                )


def _idle(plan: Plan) -> dict[str, str]:
    """The factors that change no score, each with a sentence: a misspelt setting must not pass for robustness.

    A factor is tried with all others official, and if it then does nothing, with all others varied too.
    """
    official = plan.run(plan.official_choices())
    if official.failed:
        raise MethodologyError(f"{plan.factors.where}: the official choices cannot be run: {official.failed[0]}")
    years = ", ".join(map(str, plan.years))
    idle = {}
    for factor in plan.factors:
        axes = plan.axes[factor.name]
        if axes.start == axes.stop:
            idle[factor.name] = f"the factor '{factor.name}' finds no observation of {years} to perturb"
        elif not _moves_alone(plan, factor, official.scores) and not _moves_with_others(plan, axes):
            idle[factor.name] = (
                f"the factor '{factor.name}' changes no score of {years}; "
                "leave it out, or look for a setting that does not do what it should"
            )
    return idle


def _moves_alone(plan: Plan, factor: Factor, official: Array) -> bool:
    if factor.kind == "choices":
        choices = plan.official_choices(len(factor.choices))
        choices[list(plan.factors.discrete).index(factor)] = np.arange(len(factor.choices))
        return _differ(plan.run(choices).scores, official)
    u = np.full((plan.size, 8), 0.5)
    u[plan.axes[factor.name]] = _spread(u.shape)[plan.axes[factor.name]]
    others = [name for name in plan.factors.names if name != factor.name]
    return _differ(plan.run(plan.official_choices(8), u, fixed=others).scores, official)


def _moves_with_others(plan: Plan, axes: slice) -> bool:
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
    """Whether scores differ by more than rounding noise, or one of them is missing."""
    if not np.array_equal(np.isnan(one) & np.isnan(two), np.isnan(one) | np.isnan(two)):
        return True
    size = max(np.nanmax(np.abs(scores), initial=0.0) for scores in (one, two))
    return bool((np.abs(one - two) > NOISE * size).any())
