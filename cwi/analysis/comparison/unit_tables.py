"""Units beside each other: groups, strengths and weaknesses, trends; for any tree and any number of levels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.errors import DataError, near
from cwi.index import Scores
from cwi.methods.ranking import rank
from cwi.methods.trends import compound_growth, slope, total_growth
from cwi.tree import INDICATOR
from cwi.unit_groups import check_grouping

__all__ = ["group_summary", "ranks_within_groups", "strengths", "trends"]


def group_summary(scores: Scores, grouping: str, year: int | None = None, level: str | None = None) -> pd.DataFrame:
    """Scores of a level by groups of units, such as groups.csv names them; the nation is left out.

    Parameters
    ----------
    grouping
        A column of groups.csv.
    year, level
        The last year and the level of the index by default.

    Returns
    -------
    DataFrame
        group, node, n (units with a score), mean, median, low, high; groups in alphabetical order.

    Raises
    ------
    MethodologyError
        If there is no such grouping.
    DataError
        If there is no such year or level.
    """
    table = _grouped(scores, grouping, year, level)
    long = table.melt(id_vars=["group"], var_name="node", value_name="score").dropna(subset="score")
    result = long.groupby(["group", "node"], sort=False)["score"].agg(
        n="count", mean="mean", median="median", low="min", high="max"
    )
    order = [(group, node) for group in sorted(table["group"].unique()) for node in table.columns.drop("group")]
    return result.reindex([key for key in order if key in result.index]).reset_index()


def ranks_within_groups(
    scores: Scores, grouping: str, year: int | None = None, level: str | None = None
) -> pd.DataFrame:
    """The rank of each unit among the units of its group; ties as everywhere, at the methodology's decimals.

    Parameters
    ----------
    grouping, year, level
        As for :func:`group_summary`.

    Returns
    -------
    DataFrame
        index region; group, and a column a node with the rank, missing where a unit has no score.
    """
    table = _grouped(scores, grouping, year, level)
    nodes = list(table.columns.drop("group"))
    ranks = pd.DataFrame(np.nan, index=table.index, columns=nodes)
    for _, rows in table.groupby("group", sort=True):
        among = rank(rows[nodes].to_numpy(float).T, decimals=scores.methodology.decimals).T
        ranks.loc[rows.index, nodes] = among
    return pd.concat([table["group"], ranks.astype("Int64")], axis=1)


def strengths(
    scores: Scores, region: str, year: int | None = None, *, level: str = INDICATOR, n: int = 5
) -> pd.DataFrame:
    """Where a unit ranks best and where it ranks worst among all units, in one level of the tree [1]_.

    Parameters
    ----------
    region
        Its code or name.
    year
        The last year by default.
    level
        The indicators by default.
    n
        How many of each; a node is never both.

    Returns
    -------
    DataFrame
        kind ("strength" or "weakness"), node, parent, score, rank, ranked (units that have a score there), value and
        unit (of indicators); the strongest first, then the weakest.

    Raises
    ------
    DataError
        If the region, the year or the level is unknown, or ``n`` is below 1.

    References
    ----------
    .. [1] ``get_str_weak`` of the R package COINr.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = strengths(read_edition(2023).scores, "KZ-71", level="component", n=2)
    >>> table["kind"].tolist()
    ['strength', 'strength', 'weakness', 'weakness']
    """
    if n < 1:
        raise DataError(f"n is {n}; it must be at least 1")
    year = scores.years[-1] if year is None else year
    code = scores.code(region)
    ranks = scores.without_nation(scores.wide(year, level, "rank"))
    if code not in ranks.index:
        raise DataError(f"{region} has no rank in {year}; the nation is not ranked{near(region, ranks.index)}")
    table = pd.DataFrame(
        {
            "rank": ranks.loc[code].astype(float),
            "ranked": ranks.notna().sum(),
            "score": scores.wide(year, level).loc[code],
        }
    ).dropna(subset="rank")
    place = (table["rank"] - 1) / (table["ranked"] - 1).clip(lower=1)
    order = table.assign(place=place).sort_values(["place", "score"], ascending=[True, False], kind="stable")
    best = order.head(min(n, -(-len(order) // 2)))
    worst = order.drop(best.index).tail(n).iloc[::-1]
    result = pd.concat([best.assign(kind="strength"), worst.assign(kind="weakness")]).rename_axis("node").reset_index()
    result["parent"] = result["node"].map(scores.methodology.tree.parent_of)
    result["value"], result["unit"] = np.nan, ""
    if level == INDICATOR:
        result["value"] = result["node"].map(dict(scores.values(year).loc[code].items()))
        result["unit"] = result["node"].map(scores.methodology.indicators.set_index("code")["unit"])
    return result[["kind", "node", "parent", "score", "rank", "ranked", "value", "unit"]].astype({"rank": int})


def trends(scores: Scores, node: str | None = None) -> pd.DataFrame:
    """Growth and trend of a node over the years that were scored: of its scores, of an indicator also of its values.

    Parameters
    ----------
    node
        The index by default.

    Returns
    -------
    DataFrame
        region, of ("score" or "value"), years (with a number), total (growth from the first to the last, in %),
        compound (the same a year, in %), slope (least squares, in points or in the unit of the indicator, a year).

    Raises
    ------
    DataError
        If there is no such node, or fewer than two years were scored.
    """
    node = scores.methodology.top.code if node is None else node
    if len(scores.years) < 2:
        raise DataError(f"{len(scores.years)} year was scored ({scores.years[0]}); a trend needs two")
    tables = {"score": scores.of(node)}
    if node in set(scores.methodology.indicators["code"]):
        cells = scores.cells[scores.cells["indicator"] == node]
        tables["value"] = cells.pivot(index="region", columns="year", values="value")
    parts = []
    for what, table in tables.items():
        values, years = table.to_numpy(float).T, [float(year) for year in table.columns]
        numbers = {"total": total_growth, "compound": compound_growth, "slope": slope}
        parts.append(
            pd.DataFrame(
                {"region": table.index, "of": what, "years": (~np.isnan(values)).sum(axis=0)}
                | {name: function(values, years) for name, function in numbers.items()}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _grouped(scores: Scores, grouping: str, year: int | None, level: str | None) -> pd.DataFrame:
    """Scores of a level, a row a region that is in a group, with its group."""
    groups = scores.methodology.groups
    check_grouping(groups, grouping, "the methodology")
    assert groups is not None
    level = scores.methodology.levels[-1].name if level is None else level
    table = scores.without_nation(scores.wide(scores.years[-1] if year is None else year, level))
    group = groups[grouping].reindex(table.index).fillna("")
    table = table.assign(group=group)
    return pd.DataFrame(table[table["group"] != ""])
