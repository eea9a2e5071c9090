"""How far each region is from the nation on every node of a level, with the interval of the draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.plan import Plan
from cwi.analysis.uncertainty.preparation import prepare
from cwi.edition import Edition, checked_edition
from cwi.errors import DataError, MethodologyError
from cwi.rules import check_generator

__all__ = ["gaps_to_nation", "gaps_to_top"]

TAILS = (0.05, 0.95)


def gaps_to_nation(edition: Edition, level: str, *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """The gap between each region and the nation at every node of a level, and whether it is more than noise.

    Each node is drawn with all factors of the methodology that change it, region and nation in the same draws.

    Parameters
    ----------
    level
        A level above the indicators.
    draws
        Of each node, at least 1.

    Returns
    -------
    DataFrame
        region, node, score, nation, gap (score less nation, points), low, high (5 and 95 % of the draws; missing where
        no factor changes the node), comparable (whether both are made of the same indicators), clear (whether the gap
        is comparable and its interval leaves out 0). A row for each region and node that both have.

    Raises
    ------
    DataError
        If the methodology has no nation or no such level.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = gaps_to_nation(read_edition(2023), "dimension", draws=100, rng=np.random.default_rng(1))
    >>> bool((table["low"] <= table["high"]).all()), 0 < int(table["clear"].sum()) < len(table)
    (True, True)
    """
    checked_edition(edition)
    check_generator(rng)
    rules, year = edition.methodology, edition.year
    if rules.nation is None:
        raise DataError("the methodology names no nation; there is nothing to compare regions with")
    if level not in rules.tree.levels[1:]:
        raise DataError(f"no level above the indicators is called '{level}'")
    official, has = edition.scores.wide(year, level), edition.scores.values(year).notna()
    parts, whole = [], _whole(edition)
    for code, child in zip(official.columns, rng.spawn(official.shape[1]), strict=True):
        scores = official[code].dropna()
        if rules.nation not in scores:
            continue
        below = list(rules.tree.under(code))
        same = (has[below] == has.loc[rules.nation, below]).all(axis=1)
        regions = [region for region in edition.regions if region in scores]
        table = pd.DataFrame({"region": regions, "node": code, "score": scores[regions].to_numpy(float)})
        table["nation"] = float(scores[rules.nation])
        table["gap"] = table["score"] - table["nation"]
        table[["low", "high"]] = _interval(_plan(edition, str(code), whole), regions, draws, child)
        table["comparable"] = same[regions].to_numpy(bool)
        parts.append(table)
    columns = ["region", "node", "score", "nation", "gap", "low", "high", "comparable"]
    result = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    clear = (result["low"] > 0) | (result["high"] < 0)
    return result.assign(clear=clear & result["comparable"].astype(bool))


def gaps_to_top(plan: Plan, unit: str, nodes: Sequence[str], *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """How far the nodes of one unit are above or below its own index, and whether that is more than noise.

    Node and index are computed in the same draws, so that what moves both of them alike moves no gap.

    Parameters
    ----------
    plan
        Of :func:`prepare`, of the index.
    unit
        A region or the nation.
    nodes
        Nodes of any level above the indicators.
    draws
        At least 1.

    Returns
    -------
    DataFrame
        node, score, top (the index), gap (score less index, points), low, high (5 and 95 % of the draws in which both
        have a score), clear (whether the interval leaves out 0). A row for each node that has a score, if the index has
        one.

    Raises
    ------
    DataError
        If the plan has no such unit.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare
    >>> edition = read_edition(2023)
    >>> table = gaps_to_top(prepare(edition), "KZ", ["ecology"], draws=100, rng=np.random.default_rng(1))
    >>> table[["node", "gap", "clear"]].round(1).to_numpy().tolist()
    [['ecology', -16.7, True]]
    """
    check_generator(rng)
    place = pd.Index(plan.units["region"][plan.units["year"] == plan.years[-1]]).get_indexer([unit])
    if place[0] < 0:
        raise DataError(f"nothing is drawn for '{unit}'")
    row = np.flatnonzero((plan.units["year"] == plan.years[-1]).to_numpy())[place[0]]
    points = rng.random((draws, plan.size))
    top = simulate(plan, points=points)
    index, rows = float(top.nominal[row]), []
    for node in nodes:
        drawn = simulate(replace(plan, node=node), points=points)
        score, counted = float(drawn.nominal[row]), drawn.counted & top.counted
        gaps = (drawn.scores[row] - top.scores[row])[counted]
        if np.isnan(score - index) or np.isnan(gaps).all():
            continue
        low, high = np.nanquantile(gaps, TAILS)
        rows.append((node, score, index, score - index, low, high, bool(low > 0 or high < 0)))
    return pd.DataFrame(rows, columns=["node", "score", "top", "gap", "low", "high", "clear"])


def _whole(edition: Edition) -> Plan | None:
    """The plan of the index: reading its panels takes long, and they serve every node."""
    try:
        return prepare(edition)
    except MethodologyError:  # of a year without an index no factor changes it
        return None


def _plan(edition: Edition, node: str, whole: Plan | None) -> Plan | None:
    """The plan of one node: that of the index with its factors, or where there is none, one of its own."""
    if whole is not None:
        return replace(whole, node=node)
    try:
        return prepare(edition, node=node)
    except MethodologyError:  # no factor changes this node
        return None


def _interval(plan: Plan | None, regions: list[str], draws: int, rng: np.random.Generator) -> np.ndarray:
    """(regions, 2) 5 and 95 % of the drawn gaps of one node."""
    if plan is None:
        return np.full((len(regions), 2), np.nan)
    drawn = simulate(plan, draws=draws, rng=rng)
    rows = pd.Index(drawn.units["region"])
    scores = drawn.scores[:, drawn.counted]
    gaps = scores[rows.get_indexer(regions)] - scores[rows.get_loc(plan.methodology.nation)]
    result = np.full((len(regions), 2), np.nan)
    known = ~np.isnan(gaps).all(axis=1)
    result[known] = np.nanquantile(gaps[known], TAILS, axis=1).T
    return result
