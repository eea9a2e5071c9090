"""The arrow: a score is what a methodology makes of observations.

``score`` takes the long table and gives the tree of scores; :mod:`cwi.derivation` is the same arrow on arrays.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.derivation import Derived, derive, named, treat, weigh
from cwi.errors import DataError
from cwi.methodology import Methodology, Rule
from cwi.methods.imputation import Filled, in_turn
from cwi.methods.imputation.filled import Imputation
from cwi.methods.ranking import rank
from cwi.methods.treatment import Treatment, changes

__all__ = ["Derived", "Scores", "derive", "score", "weigh"]

Array = NDArray[np.float64]

FLAGS = ("carried", "imputed", "parent region", "derived", "corrected", "backcast", "treated", "capped", "gaps")
IMPUTED = "imputed"
NEVER_IMPUTED = ("suppressed", "not applicable")


@dataclass(frozen=True, eq=False)
class Scores:
    """Answers as tidy tables, with the derivation kept.

    ``nodes``: region, year, node, level, score, rank, coverage, measured, flag. The rank is among the regions of
    one year and leaves the nation out.
    ``edges``: parent, node, weight: what a part counts in its parent when all parts are measured.
    ``cells``: region, year, indicator, value, observed (year), status, source, score: what each indicator score
    was made of; one row for every region, year and indicator, empty where nothing was measured.
    ``treated``: region, year, indicator, value, treated, why: the cells that the treatment of outliers changed.
    ``weights``: the same weights as arrays, and ``base``: the values of the base years, both for :func:`derive`.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    cells: pd.DataFrame
    treated: pd.DataFrame
    weights: tuple[Array, ...]
    base: Array
    methodology: Methodology

    def of(self, node: str) -> pd.DataFrame:
        """The scores of a node: a row a region, a column a year."""
        rows = self.nodes[self.nodes["node"] == node]
        if rows.empty:
            raise KeyError(node)
        return rows.pivot(index="region", columns="year", values="score")

    def wide(self, year: int, level: str, value: str = "score") -> pd.DataFrame:
        """One level in one year: a row a region, a column a node, in the order of the tree."""
        rows = self.nodes[(self.nodes["year"] == year) & (self.nodes["level"] == level)]
        order = list(dict.fromkeys(rows["node"]))
        return rows.pivot(index="region", columns="node", values=value)[order]

    def values(self, year: int) -> pd.DataFrame:
        """The values behind one year's scores: a row a region, a column an indicator, in the methodology's order."""
        rows = self.cells[self.cells["year"] == year]
        return rows.pivot(index="region", columns="indicator", values="value")[self.methodology.indicators["code"]]

    def implied_weights(self) -> pd.Series:
        """What each indicator counts in the index when all are measured: the product of the weights above it.

        Equal weights at every level are not equal weights of the indicators.
        """
        above = self.edges.set_index("node")
        codes = list(self.methodology.indicators["code"])
        weight, place = pd.Series(1.0, index=codes), pd.Series(codes, index=codes)
        for _ in self.methodology.levels:
            weight *= above["weight"].reindex(place).to_numpy()
            place = pd.Series(above["parent"].reindex(place).to_numpy(), index=codes)
        return weight

    def explain(self, region: str, year: int) -> pd.DataFrame:
        """The tree under one number, from the index down to the values.

        Returns
        -------
        DataFrame
            depth, region, node, level, score, weight (in its parent), share (of the weight of the measured parts),
            contribution (share × score: what an arithmetic parent adds up), coverage, flag; for indicators also
            value, observed, status, source.
        """
        here = self.nodes[(self.nodes["region"] == region) & (self.nodes["year"] == year)].set_index("node")
        if here.empty:
            raise DataError(f"there is no score for {region} in {year}")
        cells = self.cells[(self.cells["region"] == region) & (self.cells["year"] == year)].set_index("indicator")
        children = dict(list(self.edges.groupby("parent", sort=False)))
        rows: list[dict[str, Any]] = []

        def walk(code: str, depth: int, weight: float, share: float) -> None:
            node = here.loc[code]
            row = {"depth": depth, "region": region, "node": code, "level": node["level"], "score": node["score"]}
            row |= {
                "weight": weight,
                "share": share,
                "contribution": share * node["score"],
                "coverage": node["coverage"],
            }
            row |= {"flag": node["flag"]}
            if code in cells.index:
                row |= {key: cells.at[code, key] for key in ("value", "observed", "status", "source")}
            rows.append(row)
            if code in children:
                parts = children[code]
                scored = here["score"].reindex(parts["node"]).notna().to_numpy()
                total = parts["weight"].to_numpy()[scored].sum()
                for part, own, has in zip(parts["node"], parts["weight"], scored, strict=True):
                    walk(part, depth + 1, own, own / total if has else 0.0)

        walk(self.methodology.top.code, 0, 1.0, 1.0)
        return pd.DataFrame(rows)


def score(
    observations: pd.DataFrame,
    methodology: Methodology,
    *,
    years: Sequence[int] | None = None,
    base: pd.DataFrame | None = None,
) -> Scores:
    """What the methodology makes of the observations.

    Parameters
    ----------
    observations
        Long table with region, year, indicator and value; status, source, sex, area and scored where there are.
        Rows by sex or area, of other indicators, and of a status that is not scored are left out.
    methodology
        The rules; a value is carried for at most its ``max_age`` years, and flagged.
    years
        The years to score; all that have a row by default.
    base
        Observations that rules learn from where they learn from data (in the methodology's base years);
        ``observations`` by default.

    Returns
    -------
    Scores

    Raises
    ------
    DataError
        If a column is missing, a key stands twice, or nothing can be scored.
    MethodologyError
        If a rule cannot be applied to these scores.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> scores = score(edition.observations, edition.methodology, years=[2023])
    >>> len(scores.wide(2023, "dimension").columns)
    4
    """
    table = _totals(observations, methodology)
    wanted = sorted({int(year) for year in (years if years is not None else table["year"].unique())})
    if not wanted:
        raise DataError(f"no row can be scored by methodology {methodology.version}: there is no year to score")
    cells = pd.concat([_cells(table, methodology, year) for year in wanted], ignore_index=True)
    if cells["value"].isna().all():
        raise DataError(
            f"no indicator of methodology {methodology.version} has a value that can be scored in "
            f"{', '.join(map(str, wanted))}"
            + (f"; max_age = {methodology.max_age} finds nothing to carry either" if methodology.max_age else "")
        )
    if methodology.imputation:
        cells = _imputed(cells, table, _never(observations), methodology)
    k = len(methodology.indicators)
    x = cells["value"].to_numpy(float).reshape(-1, k)
    learnt = _base(table if base is None else _totals(base, methodology), methodology)
    weights = weigh(methodology, learnt)
    units = cells.loc[::k, ["region", "year"]].reset_index(drop=True)
    groups = np.where(units["region"] == methodology.nation, -1, units["year"])
    derived = derive(x, methodology, base=learnt, weights=weights, groups=groups)
    cells["score"] = derived.scores[0].reshape(-1)
    return Scores(
        nodes=_node_table(units, cells, derived, learnt, methodology),
        edges=_edge_table(methodology, weights),
        cells=cells,
        treated=_treated_table(units, x, learnt, methodology),
        weights=weights,
        base=learnt,
        methodology=methodology,
    )


def _totals(observations: pd.DataFrame, methodology: Methodology) -> pd.DataFrame:
    """The rows that may be scored: totals of the methodology's indicators with a scored status."""
    for column in ("region", "year", "indicator", "value"):
        if column not in observations:
            raise DataError(f"the observations have no column '{column}'; they have {', '.join(observations.columns)}")
    table = observations[observations["indicator"].isin(methodology.indicators["code"])]
    for column in ("sex", "area"):
        if column in table:
            table = table[table[column].fillna("") == ""]
    if "scored" in table:
        table = table[table["scored"].astype(bool)]
    table = table[table["value"].notna()]
    key = ["region", "year", "indicator"]
    if (twice := table.duplicated(key)).any():
        row = table[twice].iloc[0]
        raise DataError(f"{row['indicator']} in {row['region']}, {row['year']} has two values; a value has one row")
    table = table[[*key, "value"]].assign(
        status=table.get("status", "normal"),
        source=table.get("source", ""),
    )
    if not np.isfinite(table["value"].to_numpy(float)).all():
        row = table[~np.isfinite(table["value"].to_numpy(float))].iloc[0]
        raise DataError(f"{row['indicator']} in {row['region']}, {row['year']} is not finite")
    return table.astype({"year": int, "value": float})


def _cells(table: pd.DataFrame, methodology: Methodology, year: int) -> pd.DataFrame:
    """For every region and indicator the latest value that is not too old."""
    recent = table[(table["year"] <= year) & (table["year"] >= year - methodology.max_age)]
    latest = recent.sort_values("year", kind="stable").drop_duplicates(["region", "indicator"], keep="last")
    regions = sorted(latest["region"].unique())
    full = pd.MultiIndex.from_product([regions, methodology.indicators["code"]], names=["region", "indicator"])
    cells = latest.rename(columns={"year": "observed"}).set_index(["region", "indicator"]).reindex(full).reset_index()
    cells.insert(1, "year", year)
    cells["observed"] = cells["observed"].astype("Int64")
    return cells[["region", "year", "indicator", "value", "observed", "status", "source"]]


def _never(observations: pd.DataFrame) -> set[tuple[str, int, str]]:
    """Cells that are never imputed: withheld to protect persons, or without meaning there."""
    if "status" not in observations:
        return set()
    rows = observations[observations["status"].isin(NEVER_IMPUTED)]
    return {(str(r), int(y), str(i)) for r, y, i in rows[["region", "year", "indicator"]].to_numpy()}


def _imputed(
    cells: pd.DataFrame, table: pd.DataFrame, never: set[tuple[str, int, str]], methodology: Methodology
) -> pd.DataFrame:
    """Fill gaps of the regions by the methodology's imputations, in turn; the nation's gaps stay open."""
    codes = list(methodology.indicators["code"])
    regions = [region for region in dict.fromkeys(cells["region"]) if region != methodology.nation]
    years = sorted({*table["year"], *cells["year"]})
    shape = (len(years), len(regions), len(codes))
    panel, barred = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    at = (
        {y: i for i, y in enumerate(years)},
        {r: i for i, r in enumerate(regions)},
        {c: i for i, c in enumerate(codes)},
    )
    for rows in (table, cells[cells["value"].notna()]):
        own = rows[rows["region"].isin(regions)]
        places = tuple(own[column].map(at[i]) for i, column in enumerate(("year", "region", "indicator")))
        panel[places] = own["value"].to_numpy(float)
    for region, year, indicator in never:
        if year in at[0] and region in at[1] and indicator in at[2]:
            barred[at[0][year], at[1][region], at[2][indicator]] = True
    methods = [_imputation(rule, years, regions, methodology) for rule in methodology.imputation]
    filled = in_turn(panel, barred, methods=methods)
    empty = cells.index[cells["value"].isna() & (cells["region"] != methodology.nation)]
    places = tuple(cells.loc[empty, column].map(at[i]) for i, column in enumerate(("year", "region", "indicator")))
    new = empty[filled.how[places] != ""]
    places = tuple(cells.loc[new, column].map(at[i]) for i, column in enumerate(("year", "region", "indicator")))
    cells = cells.copy()
    cells.loc[new, "value"] = filled.values[places]
    cells.loc[new, "observed"] = cells.loc[new, "year"]
    cells.loc[new, "status"] = IMPUTED
    cells.loc[new, "source"] = filled.how[places]
    return cells


def _imputation(rule: Rule, years: list[int], regions: list[str], methodology: Methodology) -> Imputation:
    """A rule with what the observations know: years, the components of the indicators, groups of regions by code."""
    given: dict[str, Any] = dict(rule.parameters)
    takes = inspect.signature(rule.function).parameters
    if "years" in takes:
        given["years"] = years
    components = pd.factorize(methodology.indicators[methodology.levels[0].name])[0]
    if "groups" in given:
        group = {region: i for i, members in enumerate(given["groups"].values()) for region in members}
        given["groups"] = np.array([group.get(region, -1 - place) for place, region in enumerate(regions)])

    def impute(values: Array, never: NDArray[np.bool_] | None) -> Filled:
        # An indicator that nobody measured can neither be filled nor help.
        seen = np.asarray(~np.isnan(values).all(axis=(0, 1)))
        here = given | {"components": components[seen]} if "components" in takes else given
        codes = [code for code, known in zip(methodology.indicators["code"], seen.tolist(), strict=True) if known]
        with named(f"imputation '{rule.name}'", codes):
            found = Filled(*rule.function(values[..., seen], None if never is None else never[..., seen], **here))
        filled = Filled(values.copy(), np.full(values.shape, "", dtype=found.how.dtype))
        filled.values[..., seen], filled.how[..., seen] = found.values, found.how
        return filled

    return impute


def _treated_table(units: pd.DataFrame, x: Array, learnt: Array, methodology: Methodology) -> pd.DataFrame:
    """Every cell that the treatment of outliers changed, before and after."""
    columns = ["region", "year", "indicator", "value", "treated", "why"]
    treated = treat(methodology, learnt)
    if treated is None:
        return pd.DataFrame(columns=columns)
    found = changes(treated, x)
    table = units.iloc[found.row].reset_index(drop=True)
    codes = methodology.indicators["code"].to_numpy()
    return table.assign(indicator=codes[found.column], value=found.old, treated=found.new, why=found.why)[columns]


def _base(table: pd.DataFrame, methodology: Methodology) -> Array:
    """Values of the base years as measured then: nothing carried, nothing inherited, without the nation."""
    rows = table[
        table["year"].isin(methodology.base)
        & (table["region"] != methodology.nation)
        & ~table["status"].isin(["parent region", "backcast"])
    ]
    wide = rows.pivot(index=["region", "year"], columns="indicator", values="value")
    return wide.reindex(columns=methodology.indicators["code"]).to_numpy(float)


def _node_table(
    units: pd.DataFrame, cells: pd.DataFrame, derived: Derived, learnt: Array, methodology: Methodology
) -> pd.DataFrame:
    codes = [list(methodology.indicators["code"]), *([node.code for node in level] for level in methodology.nodes)]
    names = ["indicator", *(level.name for level in methodology.levels)]
    flags = _flags(cells, derived, methodology, treat(methodology, learnt))
    ranks = _ranks(units, derived, methodology)
    parts = []
    for depth in reversed(range(len(names))):
        k = len(codes[depth])
        part = pd.DataFrame(
            {
                "region": np.repeat(units["region"].to_numpy(), k),
                "year": np.repeat(units["year"].to_numpy(), k),
                "node": np.tile(np.array(codes[depth], dtype=object), len(units)),
                "level": names[depth],
                "score": derived.scores[depth].reshape(-1),
                "rank": ranks[depth].reshape(-1),
                "coverage": derived.coverage[depth].reshape(-1),
                "measured": derived.measured[depth].reshape(-1),
                "flag": flags[depth],
            }
        )
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table.astype({"rank": "Int64"})


def _ranks(units: pd.DataFrame, derived: Derived, methodology: Methodology) -> list[Array]:
    ranked = (units["region"] != methodology.nation).to_numpy()
    result = []
    for scores in derived.scores:
        ranks = np.full(scores.shape, np.nan)
        for year in units["year"].unique():
            rows = np.flatnonzero(ranked & (units["year"] == year).to_numpy())
            ranks[rows] = rank(scores[rows].T, decimals=methodology.decimals).T
        result.append(ranks)
    return result


def _flags(
    cells: pd.DataFrame, derived: Derived, methodology: Methodology, treated: Treatment | None
) -> list[list[str]]:
    """For each level and node the things a reader must know, gathered from everything below."""
    shape = derived.scores[0].shape
    table = methodology.indicators
    low, high = table[["worst", "best"]].min(axis=1).to_numpy(), table[["worst", "best"]].max(axis=1).to_numpy()
    value = cells["value"].to_numpy(float).reshape(shape)
    status = cells["status"].to_numpy(object).reshape(shape)
    changed = np.zeros(shape, dtype=bool)
    if treated is not None:
        found = changes(treated, value)
        changed[found.row, found.column] = True
    late = (cells["observed"] < cells["year"]).fillna(False).to_numpy(bool).reshape(shape)
    with np.errstate(invalid="ignore"):
        at = {
            "carried": late,
            **{name: status == name for name in (IMPUTED, "parent region", "derived", "corrected", "backcast")},
            "treated": changed,
            "capped": ((value < low) | (value > high)) & (derived.scores[0] >= 0) & (derived.scores[0] <= 100),
            "gaps": np.zeros(shape, dtype=bool),
        }
    result = []
    for depth in range(len(derived.scores)):
        if depth:
            nodes = methodology.nodes[depth - 1]
            at = {
                name: np.stack([found[:, list(node.parts)].any(axis=1) for node in nodes], axis=1)
                for name, found in at.items()
            }
            at["gaps"] |= derived.measured[depth] < 1 - 1e-9
        stacked = np.stack([at[name].reshape(-1) for name in FLAGS], axis=1)
        result.append(["; ".join(name for name, here in zip(FLAGS, row, strict=True) if here) for row in stacked])
    return result


def _edge_table(methodology: Methodology, weights: Sequence[Array]) -> pd.DataFrame:
    parts: list[str] = list(methodology.indicators["code"])
    rows = []
    for nodes, level_weights in zip(methodology.nodes, weights, strict=True):
        for node in nodes:
            rows += [{"parent": node.code, "node": parts[i], "weight": level_weights[i]} for i in node.parts]
        parts = [node.code for node in nodes]
    return pd.DataFrame(rows)
