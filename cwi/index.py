"""The arrow: a score is what a methodology makes of observations.

``score`` takes the long table and gives the tree of scores; ``derive`` is the same arrow on bare arrays,
with any leading axes for draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import ColumnError, DataError, MethodologyError
from cwi.methodology import Methodology, Node
from cwi.methods.ranking import rank

__all__ = ["Derived", "Scores", "derive", "score", "weigh"]

Array = NDArray[np.float64]

FLAGS = ("carried", "parent region", "derived", "corrected", "backcast", "capped", "gaps")


@dataclass(frozen=True, eq=False)
class Derived:
    """Scores as arrays, level by level; the lowest level is that of the indicators.

    ``scores[l]`` : (..., n, k_l)  scores of the k_l nodes of level l, not a number where the coverage is too low
    ``coverage[l]``: (..., n, k_l) share of the weight of a node's parts that has a score (indicators: 0 or 1)
    ``measured[l]``: (..., n, k_l) share of the weight of all indicators under a node that was measured
    """

    scores: tuple[Array, ...]
    coverage: tuple[Array, ...]
    measured: tuple[Array, ...]

    @property
    def index(self) -> Array:
        """The score of the topmost node, (..., n)."""
        return np.asarray(self.scores[-1][..., 0])


@dataclass(frozen=True, eq=False)
class Scores:
    """Answers as tidy tables, with the derivation kept.

    ``nodes``: region, year, node, level, score, rank, coverage, measured, flag. The rank is among the regions of
    one year and leaves the nation out.
    ``edges``: parent, node, weight: what a part counts in its parent when all parts are measured.
    ``cells``: region, year, indicator, value, observed (year), status, source, score: what each indicator score
    was made of; one row for every region, year and indicator, empty where nothing was measured.
    ``weights``: the same weights as arrays, and ``base``: the values of the base years, both for :func:`derive`.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    cells: pd.DataFrame
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
        children = {parent: rows for parent, rows in self.edges.groupby("parent", sort=False)}
        rows: list[dict[str, Any]] = []

        def walk(code: str, depth: int, weight: float, share: float) -> None:
            node = here.loc[code]
            row = {"depth": depth, "region": region, "node": code, "level": node["level"], "score": node["score"]}
            row |= {"weight": weight, "share": share, "contribution": share * node["score"], "coverage": node["coverage"]}
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


def derive(
    x: Array, methodology: Methodology, *, base: Array | None = None, weights: Sequence[Array] | None = None
) -> Derived:
    """The arrow on bare arrays.

    Parameters
    ----------
    x : (..., n, k)
        Values of n units on the k indicators of the methodology, in its order; not a number where nothing was
        measured. Leading axes are draws.
    base : (m, k), optional
        Values of the base years, for rules that learn from data.
    weights : optional
        For each level, the weight of every part in its parent, (..., 1 or n, k), instead of the methodology's
        own; they are brought to sum to one under each parent. Leading axes are draws. Whether enough was
        measured is still judged by the methodology's own weights.

    Returns
    -------
    Derived

    Raises
    ------
    MethodologyError
        If a rule cannot be applied, with the node and the reason.

    Examples
    --------
    >>> from cwi import read_methodology
    >>> methodology = read_methodology("2024.1")
    >>> x = np.full((1000, 20, 56), np.nan)
    >>> derive(x, methodology).index.shape
    (1000, 20)
    """
    table = methodology.indicators
    x = np.asarray(x, dtype=float)
    if x.ndim < 2 or x.shape[-1] != len(table):
        raise MethodologyError(f"values have the shape {x.shape}; the last axis must hold {len(table)} indicators")
    own = weigh(methodology, base)
    y = _normalise(x, methodology, base)
    seen = (~np.isnan(y)).astype(float)
    scores, coverage, measured = [y], [seen], [seen]
    for nodes, ruling, using in zip(methodology.nodes, own, own if weights is None else weights, strict=True):
        parts = [_aggregate(node, scores[-1], measured[-1], ruling, np.asarray(using, float)) for node in nodes]
        for collected, arrays in zip((scores, coverage, measured), zip(*parts, strict=True), strict=True):
            shape = np.broadcast_shapes(*(a.shape for a in arrays))
            collected.append(np.stack([np.broadcast_to(a, shape) for a in arrays], axis=-1))
    return Derived(tuple(scores), tuple(coverage), tuple(measured))


def weigh(methodology: Methodology, base: Array | None = None) -> tuple[Array, ...]:
    """For each level, the weight of every part in its parent, as the methodology's rules give it.

    Parameters
    ----------
    base : (m, k), optional
        Values of the base years, for schemes that learn from data.
    """
    k = len(methodology.indicators)
    z = _normalise(np.empty((0, k)) if base is None else np.asarray(base, float), methodology, base)
    result = []
    for nodes, stated in zip(methodology.nodes, methodology.stated_weights, strict=True):
        weights = np.zeros(len(stated))
        for node in nodes:
            parts = list(node.parts)
            with _named(node.code):
                weights[parts] = node.weighting(z[..., parts], stated[parts])
        result.append(weights)
        z = np.stack([_aggregate(node, z, np.ones_like(z), weights, weights)[0] for node in nodes], axis=-1)
    return tuple(result)


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
            f"{', '.join(map(str, wanted))}" + (f" or the {methodology.max_age} years before" if methodology.max_age else "")
        )
    k = len(methodology.indicators)
    x = cells["value"].to_numpy(float).reshape(-1, k)
    learnt = _base(table if base is None else _totals(base, methodology), methodology)
    weights = weigh(methodology, learnt)
    derived = derive(x, methodology, base=learnt, weights=weights)
    cells["score"] = derived.scores[0].reshape(-1)
    units = cells.loc[::k, ["region", "year"]].reset_index(drop=True)
    return Scores(
        nodes=_node_table(units, cells, derived, methodology),
        edges=_edge_table(methodology, weights),
        cells=cells,
        weights=weights,
        base=learnt,
        methodology=methodology,
    )


def _normalise(x: Array, methodology: Methodology, base: Array | None) -> Array:
    table = methodology.indicators
    with _named("normalisation", list(table["code"])):
        return methodology.normalisation(
            x,
            table["worst"].to_numpy(float),
            table["best"].to_numpy(float),
            (table["scale"] == "log").to_numpy(),
            base,
        )


def _aggregate(node: Node, y: Array, measured: Array, ruling: Array, using: Array) -> tuple[Array, Array, Array]:
    """Score, coverage and measured share of one node from the level below.

    ``ruling`` are the weights that say whether enough was measured, ``using`` those that the score is made with.
    """
    parts = list(node.parts)
    y, rule = y[..., parts], ruling[parts] / ruling[parts].sum()
    has = ~np.isnan(y)
    coverage = np.asarray((rule * has).sum(axis=-1))
    w = using[..., parts] * has
    total = w.sum(axis=-1)
    enough = (coverage >= node.coverage - 1e-9) & (total > 0)
    used = np.where(enough[..., None], w / np.where(enough, total, 1.0)[..., None], 1.0 / len(parts))
    with _named(node.code):
        score = node.aggregation(np.where(has & enough[..., None] & (w > 0), y, 1.0), used)
    return np.where(enough, score, np.nan), coverage, np.asarray((rule * measured[..., parts]).sum(axis=-1))


class _named:
    """Says at which node a rule refused, and because of which of its parts."""

    def __init__(self, what: str, parts: Sequence[str] = ()) -> None:
        self.what, self.parts = what, parts

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ValueError) and not isinstance(error, MethodologyError):
            reason = error.of(self.parts) if isinstance(error, ColumnError) and self.parts else error
            raise MethodologyError(f"{self.what}: {reason}") from error


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
        status=table["status"] if "status" in table else "normal",
        source=table["source"] if "source" in table else "",
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


def _base(table: pd.DataFrame, methodology: Methodology) -> Array:
    """Values of the base years as measured then: nothing carried, nothing inherited, without the nation."""
    rows = table[
        table["year"].isin(methodology.base)
        & (table["region"] != methodology.nation)
        & ~table["status"].isin(["parent region", "backcast"])
    ]
    wide = rows.pivot(index=["region", "year"], columns="indicator", values="value")
    return wide.reindex(columns=methodology.indicators["code"]).to_numpy(float)


def _node_table(units: pd.DataFrame, cells: pd.DataFrame, derived: Derived, methodology: Methodology) -> pd.DataFrame:
    codes = [list(methodology.indicators["code"]), *([node.code for node in level] for level in methodology.nodes)]
    names = ["indicator", *(level.name for level in methodology.levels)]
    flags = _flags(cells, derived, methodology)
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


def _flags(cells: pd.DataFrame, derived: Derived, methodology: Methodology) -> list[list[str]]:
    """For each level and node the things a reader must know, gathered from everything below."""
    shape = derived.scores[0].shape
    table = methodology.indicators
    low, high = table[["worst", "best"]].min(axis=1).to_numpy(), table[["worst", "best"]].max(axis=1).to_numpy()
    value = cells["value"].to_numpy(float).reshape(shape)
    status = cells["status"].to_numpy(object).reshape(shape)
    late = (cells["observed"] < cells["year"]).fillna(False).to_numpy(bool).reshape(shape)
    with np.errstate(invalid="ignore"):
        at = {
            "carried": late,
            **{name: status == name for name in ("parent region", "derived", "corrected", "backcast")},
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
