"""Disclosure control of the survey's estimates: small cells are suppressed so that nothing else reveals them.

Estimates come as a long table with totals: an empty ``area`` or ``sex`` means all, the nation is a region of its own.
``weight`` is the sum of the weights of those who answered; what an intruder knows of the population stands for it, so
it is taken as known for hidden cells too.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError, near
from cwi.index import Scores
from cwi.inputs.survey.records import Limits, SurveyDefinitions
from cwi.inputs.survey.rounding import least_counts, rounded_counts
from cwi.methods.ranking import half_away
from cwi.methods.survey.disclosure import Amount, bounds, hide

__all__ = ["PUBLISHED", "SUPPRESSED", "attack", "protect", "protect_scores", "undone"]

Array = NDArray[np.float64]

CELL = ["region", "area", "sex"]
REQUIRED = (*CELL, "indicator", "value", "n", "weight")
KEPT = (*CELL, "year", "indicator", "weight", "unit", "source", "synthetic", "note", "status")
PUBLISHED, SUPPRESSED = "published", "suppressed"
STEPS = (1.0, 5.0, 10.0)  # how coarsely a score may be printed instead of not at all


def protect(
    estimates: pd.DataFrame, definitions: SurveyDefinitions, *, nation: str, limits: Limits | None = None
) -> pd.DataFrame:
    """Hide what must not be printed, and as much beside it that it cannot be worked out.

    Rows finer than an indicator's finest domain are left out. A cell with fewer answers than the indicator allows, or
    with a number that is rounded like one of these, is hidden; then further cells, until a linear program finds no
    hidden small cell closer than the limits: ``k`` for its number of answers, ``protection`` points for its share where
    its region has 50 %, and in proportion to v (100 - v) where that has v, since a share near 0 or 100 is known to be
    so beforehand.

    Parameters
    ----------
    estimates
        region, area, sex, indicator, value (per cent), n (answers), weight, and any further columns (year, se, ...).
        All parts of a total that has parts must be there.
    definitions
        Finest domains and smallest numbers.
    nation
        The code of the whole country.
    limits
        Other limits than those of the definitions.

    Returns
    -------
    DataFrame
        The rows left, with ``status`` (published, suppressed) and ``note`` ('few answers (25-49)'). Of a suppressed
        row only what names it and the weight are kept; all else is empty. Nothing says which cell was hidden for its
        own sake.

    Raises
    ------
    DataError
        If a column is missing, an indicator unknown, a row is listed twice, or a part of a total is missing.
    """
    limits = limits or definitions.limits
    table = _checked(estimates, definitions)
    finest = table["indicator"].map({code: len(share.domain) for code, share in definitions.indicators.items()})
    depth = np.select([table["sex"] != "", table["area"] != ""], [3, 2], 1)
    table = table[depth <= finest].reset_index(drop=True)
    least = table["indicator"].map({code: share.smallest_n for code, share in definitions.indicators.items()})
    # by the least number that is printed alike: that a cell is hidden must not tell more than its rounded number
    small = np.asarray(least_counts(table["n"], limits) < least.clip(lower=limits.suppress_below))
    hidden = np.zeros(len(table), dtype=bool)
    for rows in _tables(table):
        part = table.iloc[rows]
        lines = _lines(part, nation)  # for every table: a small part that was left out would follow by subtraction
        if small[rows].any():
            amounts = [
                _amount(part["n"], np.inf, np.full(len(part), float(limits.k))),
                _amount(
                    part["value"] * part["weight"],
                    100 * part["weight"],
                    _needed(_whole(part, nation), limits) * part["weight"],
                ),
            ]
            hidden[rows] = hide(lines, small[rows], part["n"], amounts)
    few = ~hidden & (rounded_counts(table["n"], limits) < limits.flag_below)  # what is printed must not tell more
    for column in table.columns.difference(list(KEPT)):
        table[column] = table[column].where(~hidden)
    return table.assign(
        status=np.where(hidden, SUPPRESSED, PUBLISHED),
        note=np.where(few, f"few answers ({limits.suppress_below}-{limits.flag_below - 1})", ""),
    )


def attack(published: pd.DataFrame, *, nation: str, decimals: int | None = None) -> pd.DataFrame:
    """What an intruder can work out of the suppressed cells of a published table, by linear programming.

    Parameters
    ----------
    published
        As :func:`protect` gives it.
    nation
        The code of the whole country.
        Where it has ``step``, values are known to half a step only.
    decimals
        Digits to which values are printed; exact values by default, the worst case.

    Returns
    -------
    DataFrame
        A row a suppressed cell: year (where there is one), region, area, sex, indicator, n_low, n_high, value_low,
        value_high, whole (the share of the region, or of the country where the region's is suppressed too).

    Raises
    ------
    DataError
        If the table does not add up.
    """
    table = published.fillna({"area": "", "sex": ""}).reset_index(drop=True)
    halves = table["step"].fillna(0).to_numpy(float) / 2 if "step" in table else np.zeros(len(table))
    halves = halves + (0.0 if decimals is None else 0.5 * 10.0**-decimals)
    recovered = []
    for rows in _tables(table):
        part = table.iloc[rows]
        hidden = (part["status"] == SUPPRESSED).to_numpy()
        if not hidden.any():
            continue
        lines, weight = _lines(part, nation), part["weight"].to_numpy(float)
        value, n = part["value"].to_numpy(float), part["n"].to_numpy(float)
        scale, half = weight.max(), halves[rows]
        low = np.where(hidden, 0.0, np.maximum(value - half, 0)) * weight / scale
        high = np.where(hidden, 100.0, np.minimum(value + half, 100)) * weight / scale
        try:
            counted = bounds(lines, np.where(hidden, 0, n), np.where(hidden, np.inf, n), hidden)
            shared = bounds(lines, low, high, hidden)
        except ValueError as problem:
            raise DataError(f"{part['indicator'].iloc[0]}: {problem}") from None
        names = ["n_low", "n_high", "value_low", "value_high"]
        keys = part[[*(["year"] if "year" in part else []), *CELL, "indicator"]].assign(whole=_whole(part, nation))
        intervals = [*counted, *(end * scale / weight for end in shared)]
        recovered.append(keys.assign(**dict(zip(names, intervals, strict=True)))[hidden])
    columns = [*CELL, "indicator", "whole", "n_low", "n_high", "value_low", "value_high"]
    return pd.concat(recovered, ignore_index=True) if recovered else pd.DataFrame(columns=columns)


def undone(intervals: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """The rows of an attack in which a cell came out closer than the limits allow.

    Cells that were hidden only to protect others may be among them.
    """
    close = intervals["value_high"] - intervals["value_low"] < _needed(intervals["whole"].to_numpy(float), limits) * (
        1 - 1e-6
    )
    counted = intervals["n_high"] - intervals["n_low"] < limits.k * (1 - 1e-6)
    return intervals.loc[(close | counted).to_numpy()]


def protect_scores(scores: Scores, suppressed: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Withhold or coarsen the scores that would reveal a suppressed indicator.

    The score of the indicator itself is withheld. Each node above it is one equation with the suppressed scores as
    unknowns, since the values of the others are printed; from the index downwards a node is printed as it is, else
    coarsened to 1, 5 or 10 points, else withheld, so that with everything printed before it no suppressed score is
    known to less than ``limits.protection`` points of the 0-100 scale. A node that is no arithmetic mean is withheld.
    What is printed of it elsewhere (contributions, gaps, changes) must be left out or computed from what is given here.

    Where suppressed values are left out of the scores from the start (status 'suppressed' in the observations),
    nothing of them is in any score, and this is not needed.

    Parameters
    ----------
    scores
        Computed with the values that are to be hidden.
    suppressed
        region, year, indicator of those values.
    limits
        How wide is safe.

    Returns
    -------
    DataFrame
        The nodes of ``scores`` with ``status`` ('published', 'coarsened', 'withheld') and ``step`` (points to which a
        score is rounded, 0 where it is not); score, rank and coverage are emptied where they would tell.
    """
    nodes = scores.nodes.assign(status=PUBLISHED, step=0.0)
    for (region, year), rows in suppressed.groupby(["region", "year"]):
        here = nodes.index[(nodes["region"] == region) & (nodes["year"] == year)]
        if here.empty:
            raise DataError(f"there is no score for {region} in {year}")
        codes = list(rows["indicator"])
        hidden = here[nodes.loc[here, "node"].isin(codes)]
        if len(hidden) < len(codes):
            known = list(scores.methodology.indicators["code"])
            unknown = next(code for code in codes if code not in set(nodes.loc[hidden, "node"]))
            raise DataError(f"no indicator is called '{unknown}'{near(unknown, known)}")
        nodes.loc[hidden, ["score", "rank"]] = np.nan
        nodes.loc[hidden, "status"] = "withheld"
        _protect_above(nodes, here, scores, codes, limits)
    return nodes


def _whole(part: pd.DataFrame, nation: str) -> Array:
    """For each cell the share of its region, or of the country where that is hidden, or 50."""
    totals = part[(part["area"] == "") & (part["sex"] == "")].set_index("region")["value"]
    country = totals.get(nation, np.nan)
    return part["region"].map(totals).fillna(50.0 if pd.isna(country) else country).to_numpy(float)


def _needed(totals: Array, limits: Limits) -> Array:
    """Points by which a hidden share must stay uncertain where the whole has this share."""
    return np.round(limits.protection * 4 * (totals / 100) * (1 - totals / 100), 6)


def _protect_above(nodes: pd.DataFrame, here: pd.Index, scores: Scores, codes: list[str], limits: Limits) -> None:
    """Decide, from the index down, how the nodes above suppressed indicators are printed in one region and year."""
    scores_here = scores.nodes.loc[here].set_index("node")["score"]
    weights = _shares(scores, scores_here, codes)
    place = dict(zip(nodes.loc[here, "node"], here, strict=True))
    truth = scores_here.reindex(codes).to_numpy(float)
    ranks = scores.nodes.loc[here].set_index("node")["rank"].astype(float)
    finest = 10.0**-scores.methodology.decimals
    equations: list[Array] = []
    intervals: list[tuple[float, float]] = []
    for code in reversed(list(weights)):
        row, at = weights[code], place[code]
        if row is not None and not row.any():
            continue
        nodes.loc[at, ["score", "rank"]] = np.nan
        nodes.loc[at, "status"] = "withheld"
        for step in (finest, *STEPS):
            if row is None:
                break
            printed = float(half_away(scores_here[code] / step, 0)) * step
            middle = printed - (scores_here[code] - float(row @ truth))
            tried = [*intervals, (middle - step / 2, middle + step / 2)]
            if _wide(np.array([*equations, row]), np.array(tried), limits.protection):
                equations.append(row)
                intervals = tried
                nodes.loc[at, ["score", "step"]] = printed, step
                nodes.loc[at, "status"] = "coarsened"
                if step == finest:
                    nodes.loc[at, "status"], nodes.loc[at, "rank"] = PUBLISHED, ranks[code]
                break


def _wide(rows: Array, sums: Array, protection: float) -> bool:
    """Whether unknowns from 0 to 100, of which these sums are known to lie in intervals, all stay wide enough."""
    m, k = rows.shape
    lines = np.hstack([rows, -np.eye(m)])
    low, high = np.concatenate([np.zeros(k), sums[:, 0]]), np.concatenate([np.full(k, 100.0), sums[:, 1]])
    under, over = bounds(lines, low, high, np.arange(m + k) < k)
    return bool((over[:k] - under[:k] >= protection * (1 - 1e-9)).all())


def _shares(scores: Scores, totals: pd.Series, codes: list[str]) -> dict[str, Array | None]:
    """What each suppressed indicator counts in every node, lowest first; none where no arithmetic mean is taken."""
    tree, weight = scores.methodology.tree, scores.edges.set_index("node")["weight"]
    none = np.zeros(len(codes))
    shares: dict[str, Array | None] = dict.fromkeys(tree.codes[0], none)
    shares.update(zip(codes, np.eye(len(codes)), strict=True))
    for node in (node for level in scores.methodology.nodes for node in level):
        parts = [part for part in tree.parts_of[node.code] if pd.notna(totals.get(part))]
        rows = [shares[part] for part in parts]
        known = [row for row in rows if row is not None]
        if pd.isna(totals.get(node.code)) or (len(known) == len(rows) and not np.any(known)):
            shares[node.code] = none
        elif node.aggregation.name == "arithmetic" and len(known) == len(rows):
            counted = weight[parts].to_numpy(float)
            shares[node.code] = counted / counted.sum() @ np.array(known)
        else:
            shares[node.code] = None
    return {code: shares[code] for codes in tree.codes[1:] for code in codes}


def _checked(estimates: pd.DataFrame, definitions: SurveyDefinitions) -> pd.DataFrame:
    for column in REQUIRED:
        if column not in estimates:
            raise DataError(f"the table of estimates has no column '{column}'{near(column, estimates.columns)}")
    table = estimates.fillna({"area": "", "sex": ""}).reset_index(drop=True)
    for code in table["indicator"].unique():
        if code not in definitions.indicators:
            raise DataError(f"the survey has no indicator '{code}'{near(code, definitions.indicators)}")
    keys = [*(["year"] if "year" in table else []), *CELL, "indicator"]
    if (twice := table.duplicated(keys)).any():
        first = table[keys].to_numpy()[twice.to_numpy()][0]
        raise DataError("the table of estimates has two rows for " + ", ".join(str(cell) or "all" for cell in first))
    return table


def _tables(table: pd.DataFrame) -> Iterator[NDArray[np.intp]]:
    """The rows of each indicator and year, in an order of their own, so that that of the table does not matter."""
    keys = ["indicator", *(["year"] if "year" in table else [])]
    order = np.lexsort([table[column].to_numpy(str) for column in reversed(CELL)])
    for rows in table.iloc[order].groupby(keys, sort=False).indices.values():
        yield order[rows]


def _amount(x: pd.Series, high: pd.Series | float, width: pd.Series | Array) -> Amount:
    """An amount on a scale of its own, so that sums of people and numbers of answers are equally exact."""
    scale = float(x.max()) or 1.0
    values = x.to_numpy(float) / scale
    return Amount(
        values, np.zeros(len(x)), np.broadcast_to(np.asarray(high, float) / scale, len(x)), np.asarray(width) / scale
    )


def _lines(part: pd.DataFrame, nation: str) -> Array:
    """The equations of one indicator's table: towns and villages, girls and boys, regions make their totals."""
    cells = list(part[CELL].itertuples(index=False, name=None))
    place = {cell: i for i, cell in enumerate(cells)}
    regions = [region for region in dict.fromkeys(part["region"]) if region != nation]
    n = part["n"].to_numpy(float)
    lines = []
    for region, area, sex in cells:
        for parts in (
            [(region, a, sex) for a in ("U", "R")] if not area else [],
            [(region, area, s) for s in ("F", "M")] if not sex else [],
            [(r, area, sex) for r in regions] if region == nation else [],
        ):
            there = [place[cell] for cell in parts if cell in place]
            if there:
                line = np.zeros(len(cells))
                line[there], line[place[region, area, sex]] = 1.0, -1.0
                if abs(n @ line) > 0.5:  # not when one of them is suppressed: not a number
                    what = "/".join(word or "all" for word in (region, area, sex))
                    raise DataError(
                        f"{part['indicator'].iloc[0]}: the parts of {what} have {n[there].sum():g} answers and the "
                        f"total has {n[place[region, area, sex]]:g}; what is missing would follow by subtraction, so "
                        "hand in all parts"
                    )
                lines.append(line)
    return np.array(lines).reshape(len(lines), len(cells))
