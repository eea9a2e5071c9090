"""Scores of observations under a methodology, as tables.

``score`` takes the long table of observations and returns the scores of all levels; :mod:`cwi.derivation` computes them
on arrays.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, ClassVar, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.accessor import PlotAccessor
from cwi.derivation import Derived, derive, fit, weigh
from cwi.errors import DataError, near
from cwi.html import html_table
from cwi.indicator_scores import refusals
from cwi.methodology import Methodology, checked_methodology
from cwi.panel import read_panel
from cwi.score_tables import CAPPED, CARRIED, FLAGS, ScoreTables, edge_table, has_flag
from cwi.screening import COLUMNS as SCREENING_COLUMNS
from cwi.tree import INDICATOR

__all__ = ["CAPPED", "CARRIED", "FLAGS", "Derived", "Scores", "derive", "has_flag", "score", "weigh"]

Array = NDArray[np.float64]
Table = TypeVar("Table", pd.DataFrame, pd.Series)

VALUES = ("score", "rank", "coverage", "measured", "flag")  # columns of the table of nodes


class BuiltWhenRead:
    """A table of a frozen dataclass that may be given as a function; it is called when the table is first read."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: Any, kind: type | None = None) -> pd.DataFrame:
        if owner is None:
            raise AttributeError(self.name)  # so that the field has no default
        table: pd.DataFrame | Callable[[], pd.DataFrame] = owner.__dict__[self.name]
        if not isinstance(table, pd.DataFrame):
            table = owner.__dict__[self.name] = table()
        return table

    def __set__(self, owner: Any, table: pd.DataFrame | Callable[[], pd.DataFrame]) -> None:
        owner.__dict__[self.name] = table


@dataclass(frozen=True, eq=False, repr=False)
class Scores:
    """Scores as tidy tables, with what they were computed from.

    ``nodes``: region, year, node, level, score, rank, coverage, measured, flag. The rank is among the regions of
    one year and leaves the nation out.
    ``edges``: parent, node, weight: what a part counts in its parent when all parts are measured.
    ``cells``: region, year, indicator, value, observed (year), status, source, se, n, score: what each indicator
    score was made of; one row for every region, year and indicator, empty where nothing was measured.
    ``treated``: region, year, indicator, value, treated, why: the cells that the treatment of outliers changed.
    ``screened``: region, year, measured, nonzero, why: the units that the screening left without scores.
    ``refused``: indicator, why: those without scores because their scale refuses them.
    ``weights``: the same weights as arrays, and ``base``: the values of the base years, both for :func:`derive`.
    ``names``: of regions by code, where they are known.
    ``plot``: pictures, ``scores.plot.ranking()`` and others; :mod:`cwi.report.plot` draws them.

    ``nodes``, ``edges`` and ``treated`` are built when they are first read.
    """

    cells: pd.DataFrame
    weights: tuple[Array, ...]
    base: Array
    methodology: Methodology
    nodes: BuiltWhenRead = BuiltWhenRead()
    edges: BuiltWhenRead = BuiltWhenRead()
    treated: BuiltWhenRead = BuiltWhenRead()
    names: Mapping[str, str] = field(default_factory=dict)
    screened: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SCREENING_COLUMNS)))
    refused: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["indicator", "why"]))

    plot: ClassVar[PlotAccessor] = PlotAccessor("ranking", "map", "heatmap")

    def with_names(self, names: Mapping[str, str]) -> Scores:
        """The same scores with names of regions by code."""
        named = copy.copy(self)
        object.__setattr__(named, "names", names)
        return named

    @cached_property
    def _tables(self) -> dict[Hashable, pd.DataFrame]:
        """The tables that :meth:`of` and :meth:`wide` made."""
        return {}

    @cached_property
    def years(self) -> tuple[int, ...]:
        """The years that were scored."""
        return tuple(sorted(int(year) for year in self.nodes["year"].unique()))

    def of(self, node: str) -> pd.DataFrame:
        """The scores of a node: a row a region, a column a year.

        Raises
        ------
        DataError
            If there is no such node.
        """
        if node not in self._tables:
            rows = self.nodes[self.nodes["node"] == node]
            if rows.empty:
                raise DataError(f"no node is called '{node}'{near(node, self.nodes['node'].unique())}")
            self._tables[node] = rows.pivot(index="region", columns="year", values="score")
        return self._tables[node].copy()

    def at(self, region: str, node: str | None = None, year: int | None = None) -> float:
        """One score: of a region by code or name, of the index and the last year by default; missing is NaN.

        Raises
        ------
        DataError
            If the node, the year or the region was not scored.
        """
        table = self.of(self.methodology.top.code if node is None else node)
        column = table[self._scored_year(self.years[-1] if year is None else year)]
        return float(column.loc[self.code(region)])

    def code(self, region: str) -> str:
        """The code of a region that is given by its code or its name.

        Raises
        ------
        DataError
            If no region that was scored has it.
        """
        scored = set(self.nodes["region"])
        if region in scored:
            return region
        named = {name: code for code, name in self.names.items() if code in scored}
        if region not in named:
            raise DataError(f"no region is called '{region}'{near(region, [*named, *sorted(scored)])}")
        return named[region]

    def wide(self, year: int, level: str, value: str = "score") -> pd.DataFrame:
        """One level in one year: a row a region, a column a node, in the order of the tree.

        Parameters
        ----------
        value
            score, rank, coverage, measured or flag.

        Raises
        ------
        DataError
            If the year was not scored, or there is no such level or value.
        """
        self._scored_year(year)
        if level not in (levels := self.methodology.tree.levels):
            raise DataError(f"no level is called '{level}'{near(level, levels)}")
        if value not in VALUES:
            raise DataError(f"scores have no '{value}'{near(value, VALUES)}")
        if (year, level, value) not in self._tables:
            rows = self.nodes[(self.nodes["year"] == year) & (self.nodes["level"] == level)]
            order = list(dict.fromkeys(rows["node"]))
            self._tables[year, level, value] = rows.pivot(index="region", columns="node", values=value)[order]
        return self._tables[year, level, value].copy()

    def values(self, year: int) -> pd.DataFrame:
        """The values behind one year's scores: a row a region, a column an indicator, in the methodology's order."""
        self._scored_year(year)
        rows = self.cells[self.cells["year"] == year]
        return rows.pivot(index="region", columns="indicator", values="value")[self.methodology.indicators["code"]]

    def implied_weights(self) -> pd.Series:
        """What each indicator counts in the index when all are measured: the product of the weights above it.

        Equal weights at every level are not equal weights of the indicators.
        """
        tree = self.methodology.tree
        return pd.Series(tree.implied(self.weights)[0], index=list(tree.codes[0]))

    def weights_in_force(self, year: int, level: str = INDICATOR) -> pd.DataFrame:
        """What each part really counts in the index of a year, region by region.

        The measured parts of a node share the weight of its missing ones, node by node, as an arithmetic mean does.

        Parameters
        ----------
        level
            "indicator", or another level below the index.

        Returns
        -------
        DataFrame
            A row a region, a column a part; each row sums to 1, or to 0 where a region has no index.

        Examples
        --------
        >>> from cwi import read_edition
        >>> scores = read_edition(2023).scores
        >>> float(scores.implied_weights()["physicians"].round(4)), float(
        ...     scores.weights_in_force(2023).at["KZ-71", "physicians"].round(4)
        ... )
        (0.0278, 0.125)
        """
        tree = self.methodology.tree
        tree.at(level)
        tables = [self.wide(year, name) for name in tree.levels]
        weights = tree.in_force(self.weights, [table.notna().to_numpy() for table in tables])
        depth = tree.levels.index(level)
        return pd.DataFrame(weights[depth], index=tables[0].index, columns=list(tree.codes[depth]))

    def without_nation(self, table: Table) -> Table:
        """The rows of a table that are of regions, by its column region or its index: all but the nation's.

        Examples
        --------
        >>> from cwi import read_edition
        >>> scores = read_edition(2023).scores
        >>> len(scores.values(2023)), len(scores.without_nation(scores.values(2023)))
        (21, 20)
        """
        by_column = "region" in getattr(table, "columns", ())
        return table[self.methodology.is_region(table["region"] if by_column else table.index)]

    def flagged(self, *flags: str) -> pd.Series:
        """Which rows of ``nodes`` have any of these flags: true or false, by the index of ``nodes``.

        Examples
        --------
        >>> from cwi import read_edition
        >>> scores = read_edition(2023).scores
        >>> sorted(scores.nodes.loc[scores.flagged("parent region"), "region"].unique())
        ['KZ-10', 'KZ-19', 'KZ-33', 'KZ-35', 'KZ-62', 'KZ-63']
        """
        return has_flag(self.nodes["flag"], *flags)

    def _scored_year(self, year: int) -> int:
        if year not in self.years:
            raise DataError(f"there are no scores of {year!r}{near(0, map(str, self.years))}")
        return year

    def explain(self, region: str, year: int) -> pd.DataFrame:
        """The tree under one number, from the index down to the values.

        Parameters
        ----------
        region
            Its code, or its name where names are known.

        Raises
        ------
        DataError
            If the region or the year was not scored.

        Returns
        -------
        DataFrame
            depth, region, node, level, score, weight (in its parent), share (of the weight of the measured parts),
            contribution (share × score: what an arithmetic parent adds up), coverage, flag; for indicators also
            value, observed, status, source.
        """
        self._scored_year(year)
        region = self.code(region)
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
                for part, part_weight, has in zip(parts["node"], parts["weight"], scored, strict=True):
                    walk(part, depth + 1, part_weight, part_weight / total if has else 0.0)

        walk(self.methodology.top.code, 0, 1.0, 1.0)
        return pd.DataFrame(rows)

    def ranked(self, year: int | None = None) -> pd.DataFrame:
        """The index of a year as a table to read: a row a region, the first first, the nation last.

        Returns
        -------
        DataFrame
            index region (codes); name, rank, score of the index, and of each node below it.
        """
        year = self._scored_year(self.years[-1] if year is None else year)
        top, levels = self.methodology.top, self.methodology.tree.levels
        rows = self.nodes[(self.nodes["year"] == year) & (self.nodes["node"] == top.code)].set_index("region")
        order = rows.sort_values(["rank", "score"], ascending=[True, False], kind="stable", na_position="last").index
        below = self.wide(year, levels[-2]) if len(levels) > 2 else pd.DataFrame(index=rows.index)
        table = pd.DataFrame(
            {"name": [self.names.get(code, code) for code in order], "rank": rows["rank"].reindex(order)}, index=order
        )
        return table.assign(**{top.code: rows["score"]}).join(below)

    def __repr__(self) -> str:
        rules = f"methodology {self.methodology.version} {self.methodology.fingerprint[:4]}…"
        years = ", ".join(map(str, self.years))
        regions = int(self.methodology.is_region(self.nodes["region"].unique()).sum())
        return f"Scores({years}: {regions} regions, {rules})"

    def _repr_html_(self) -> str:
        return html_table(self.ranked(), repr(self), decimals=self.methodology.decimals)


def score(
    observations: pd.DataFrame,
    methodology: Methodology,
    *,
    years: Sequence[int] | None = None,
    base: pd.DataFrame | None = None,
) -> Scores:
    """Score observations by a methodology: all regions, years and levels of the tree.

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
        If a column is missing, a key is listed twice, or nothing can be scored.
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
    panel = read_panel(observations, checked_methodology(methodology), years=years, base=base)
    methodology = panel.methodology
    cells, x, units = panel.cells, panel.x, panel.units
    fitted = fit(methodology, panel.base)
    derived = derive(x, methodology, fitted=fitted, groups=panel.groups)
    cells["score"] = derived.scores[0].reshape(-1)
    tables = ScoreTables(units, cells, x, derived, methodology, fitted.treatment)
    return Scores(
        nodes=tables.nodes,
        edges=partial(edge_table, methodology, fitted.weights),
        cells=cells,
        treated=tables.treated,
        weights=fitted.weights,
        base=panel.base,
        methodology=methodology,
        screened=panel.screened,
        refused=pd.DataFrame(
            list(refusals(x, methodology, fitted.base, fitted.treatment).items()), columns=["indicator", "why"]
        ),
    )
