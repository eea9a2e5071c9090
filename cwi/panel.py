"""The value used for each region and indicator: the most recent within ``max_age``, gaps imputed by rule.

Between the long table of observations and the arrays of :mod:`cwi.derivation`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.errors import DataError
from cwi.level_scores import named
from cwi.methodology import Methodology, Rule
from cwi.methods.imputation import Filled, in_turn, multiple_imputation
from cwi.methods.imputation.filled import Imputation
from cwi.references import with_references
from cwi.scored_rows import cells_of_years, never_imputed, rows_where, scored_rows
from cwi.screening import COLUMNS, SCREENED, screened_units
from cwi.territory import PARENT_REGION
from cwi.unit_groups import group_labels, grouping_of

__all__ = ["IMPUTED", "Panel", "multiply_imputed", "read_panel"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]

IMPUTED = "imputed"
KEY = ["region", "year", "indicator"]


@dataclass(frozen=True, eq=False)
class Panel:
    """The values of regions in some years, a row for every region, year and indicator.

    ``cells``: region, year, indicator, value, observed (year), status, source, se (standard error), n (answers behind
    it); empty where nothing was measured. Indicators in the methodology's order.
    ``base`` : (m, k) values of the base years, that rules learn from
    ``methodology``: the rules, with the values of the units and years that a scale is held against
    ``screened``: region, year, measured, nonzero, why: the units that the screening left out
    """

    cells: pd.DataFrame
    base: Array
    methodology: Methodology
    screened: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS)))

    @cached_property
    def units(self) -> pd.DataFrame:
        """Region and year of each of the n units."""
        return self.cells.loc[:: len(self.methodology.indicators), ["region", "year"]].reset_index(drop=True)

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """(n,) which units are compared with each other: those of one year; the nation is -1."""
        return np.where(self.methodology.is_region(self.units["region"]), self.units["year"], -1).astype(np.intp)

    @cached_property
    def x(self) -> Array:
        """(n, k) the values."""
        return self.wide("value")

    @property
    def first_figures(self) -> tuple[str, ...]:
        """The indicators that have a value here and none in the base years, where there are base years."""
        if not len(self.base):
            return ()
        new = np.isnan(self.base).all(axis=0) & ~np.isnan(self.x).all(axis=0)
        return tuple(self.methodology.indicators["code"].to_numpy()[new].tolist())

    def wide(self, column: str) -> Array:
        """(n, k) the numbers of a column of ``cells``."""
        return self.cells[column].to_numpy(float, na_value=np.nan).reshape(-1, len(self.methodology.indicators))


def read_panel(
    observations: pd.DataFrame,
    methodology: Methodology,
    *,
    years: Sequence[int] | None = None,
    base: pd.DataFrame | None = None,
) -> Panel:
    """The values that a methodology scores, from the long table of observations.

    Parameters
    ----------
    observations, methodology, years, base
        As for :func:`cwi.score`.

    Raises
    ------
    DataError
        If a column is missing, a key is listed twice, or nothing can be scored.
    MethodologyError
        If an imputation cannot be applied.

    Examples
    --------
    >>> from cwi import read_edition
    >>> edition = read_edition(2023)
    >>> panel = read_panel(edition.observations, edition.methodology, years=[2023])
    >>> panel.x.shape, panel.base.shape[1]
    ((21, 56), 56)
    """
    table = scored_rows(observations, methodology)
    wanted = sorted({int(year) for year in (years if years is not None else table["year"].unique())})
    if not wanted:
        raise DataError(f"no row can be scored by methodology {methodology.version}: there is no year to score")
    source = _Source(table, observations, base, methodology)
    cells = cells_of_years(table, methodology, wanted)
    if cells["value"].isna().all():
        raise DataError(
            f"no indicator of methodology {methodology.version} has a value that can be scored in "
            f"{', '.join(map(str, wanted))}"
            + (f"; max_age = {methodology.max_age} finds nothing to carry either" if methodology.max_age else "")
        )
    cells, screened = source.completed(cells)
    learnt = source if base is None else replace(source, table=scored_rows(base, methodology), observations=base)
    rules = with_references(methodology, learnt.learning_rows)
    return Panel(cells, learnt.base, rules, screened)


@dataclass(frozen=True, eq=False)
class _Source:
    """Observations that may be scored, and what is asked of them: gaps filled, units screened, years to learn from.

    ``table``: the rows of ``observations`` that may be scored; ``base_observations``: others that rules
    learn from, or None.
    """

    table: pd.DataFrame
    observations: pd.DataFrame
    base_observations: pd.DataFrame | None
    methodology: Methodology

    @cached_property
    def never(self) -> set[tuple[str, int, str]]:
        """Cells that are never imputed."""
        return never_imputed(self.observations)

    @cached_property
    def known(self) -> set[str]:
        """All units that have observations."""
        tables = [self.observations, *([] if self.base_observations is None else [self.base_observations])]
        return {str(unit) for table in tables for unit in table["region"].unique()}

    def completed(self, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Cells with gaps filled and without the units that the screening leaves out, and those units."""
        screening = self.methodology.screening
        nobody = pd.DataFrame(columns=list(COLUMNS))
        first = screening is not None and screening["count"] == "measured"
        cells, before = self._screened(cells) if first else (cells, nobody)
        if self.methodology.imputation:
            gone = pd.MultiIndex.from_frame(before[["region", "year"]])
            left = self.table[~pd.MultiIndex.from_frame(self.table[["region", "year"]]).isin(gone)]
            cells = _imputed(cells, left, self.never, self.methodology, self.known)
        cells, after = self._screened(cells) if screening is not None and not first else (cells, nobody)
        return cells, after if before.empty else before

    def _screened(self, cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        methodology = self.methodology
        k = len(methodology.indicators)
        values = cells["value"].to_numpy(float).reshape(-1, k)[:, methodology.used]
        units = cells.loc[::k, ["region", "year"]].reset_index(drop=True)
        regions = methodology.is_region(units["region"])
        out = screened_units(values[regions], units[regions], methodology.screening or {})
        gone = pd.MultiIndex.from_frame(cells[["region", "year"]]).isin(
            pd.MultiIndex.from_frame(out[["region", "year"]])
        )
        cells = cells.copy()
        cells.loc[gone, "value"] = np.nan
        cells.loc[gone, "status"] = SCREENED
        return cells, out

    @cached_property
    def base(self) -> Array:
        """(m, k) the values of the base years that rules learn from."""
        rows = self.learning_rows(self.methodology.base)
        rows = rows_where(rows, self.methodology.is_region(rows["region"]))
        codes = pd.Index(self.methodology.indicators["code"])
        region, _ = pd.factorize(rows["region"], sort=True)
        year, years = pd.factorize(rows["year"], sort=True)
        unit, units = pd.factorize(region * len(years) + year, sort=True)
        wide = np.full((len(units), len(codes)), np.nan)
        wide[unit, codes.get_indexer(pd.Index(rows["indicator"]))] = rows["value"].to_numpy(float)
        return wide

    def learning_rows(self, years: Sequence[int]) -> pd.DataFrame:
        """Rows of some years that rules learn from: nothing of former territories, as measured or as completed."""
        if self.methodology.learn_from == "completed":
            here = sorted(set(years) & set(self.table["year"]))
            if not here:
                return self.table.iloc[:0]
            rows, _ = self.completed(cells_of_years(self.table, self.methodology, here))
            rows = rows[rows["value"].notna()]
        else:
            rows = rows_where(self.table, self.table["year"].isin(years).to_numpy())
        return rows_where(rows, ~rows["status"].isin([PARENT_REGION, "backcast"]).to_numpy())


def multiply_imputed(
    observations: pd.DataFrame, panel: Panel, *, m: int, rng: np.random.Generator, **settings: Any
) -> Array:
    """Multiple imputation: several completed tables of a panel, all equally likely [1]_.

    Parameters
    ----------
    observations
        What the panel was made of; its other years help too.
    panel
        Its gaps are filled where the indicator was measured anywhere; what was measured stays as it is. Gaps of the
        nation, suppressed values and what does not apply stay open.
    m
        Number of tables, at least 2.
    rng
        The generator that they are drawn from.
    settings
        Of :func:`cwi.methods.imputation.multiple_imputation`.

    Returns
    -------
    (m, n, k) array

    References
    ----------
    .. [1] Rubin (1987), Multiple Imputation for Nonresponse in Surveys.
    """
    methodology = panel.methodology
    stack = _Stack.of(panel.cells, scored_rows(observations, methodology), never_imputed(observations), methodology)
    seen = np.asarray(~np.isnan(stack.values).all(axis=(0, 1)))
    components = methodology.components[seen]
    codes = [code for code, known in zip(methodology.indicators["code"], seen.tolist(), strict=True) if known]
    with named("multiple imputation", codes):
        filled = multiple_imputation(
            stack.values[..., seen], stack.never_filled[..., seen], m=m, rng=rng, components=components, **settings
        )
    values = np.broadcast_to(stack.values, (m, *stack.values.shape)).copy()
    values[..., seen] = filled.values
    cells = panel.cells
    empty = cells.index[cells["value"].isna() & methodology.is_region(cells["region"])]
    x = np.broadcast_to(cells["value"].to_numpy(float), (m, len(cells))).copy()
    year, region, indicator = stack.places(cells.loc[empty])
    x[:, empty] = values[:, year, region, indicator]
    return x.reshape(m, *panel.x.shape)


def _imputed(
    cells: pd.DataFrame,
    table: pd.DataFrame,
    never: set[tuple[str, int, str]],
    methodology: Methodology,
    known: set[str],
) -> pd.DataFrame:
    """Fill gaps of the regions by the methodology's imputations, in turn; the nation's gaps stay open."""
    stack = _Stack.of(cells, table, never, methodology)
    methods = [_imputation(rule, stack.years, stack.regions, methodology, known) for rule in methodology.imputation]
    filled = in_turn(stack.values, stack.never_filled, methods=methods)
    open_cells = cells["value"].isna() & (cells["status"] != SCREENED) & methodology.is_region(cells["region"])
    empty = cells.index[open_cells]
    new = empty[filled.how[stack.places(cells.loc[empty])] != ""]
    places = stack.places(cells.loc[new])
    cells = cells.copy()
    cells.loc[new, "value"] = filled.values[places]
    cells.loc[new, "observed"] = cells.loc[new, "year"]
    cells.loc[new, "status"] = IMPUTED
    cells.loc[new, "source"] = filled.how[places]
    return cells


@dataclass(frozen=True, eq=False)
class _Stack:
    """All years, regions and indicators as one array with gaps: what an imputation looks at.

    ``values``: (t, n, k); ``never_filled``: the same shape, true where nothing may be filled in
    """

    values: Array
    never_filled: NDArray[np.bool_]
    years: list[int]
    regions: list[str]
    codes: list[str]

    @classmethod
    def of(
        cls, cells: pd.DataFrame, table: pd.DataFrame, never: set[tuple[str, int, str]], methodology: Methodology
    ) -> _Stack:
        codes = list(methodology.indicators["code"])
        every = cells["region"].unique()
        regions = every[methodology.is_region(every)].tolist()
        years = sorted({*table["year"], *cells["year"]})
        shape = (len(years), len(regions), len(codes))
        stack = cls(np.full(shape, np.nan), np.zeros(shape, dtype=bool), years, regions, codes)
        for rows in (table, cells[cells["value"].notna()]):
            kept = rows[rows["region"].isin(regions)]
            stack.values[stack.places(kept)] = kept["value"].to_numpy(float)
        never_filled = pd.DataFrame(list(never), columns=KEY)
        known = (
            never_filled["region"].isin(regions)
            & never_filled["year"].isin(years)
            & never_filled["indicator"].isin(codes)
        )
        stack.never_filled[stack.places(never_filled[known])] = True
        return stack

    def places(self, rows: pd.DataFrame) -> tuple[Places, Places, Places]:
        """The positions of rows with region, year and indicator in the arrays."""
        return (
            pd.Index(self.years).get_indexer(pd.Index(rows["year"])),
            pd.Index(self.regions).get_indexer(pd.Index(rows["region"])),
            pd.Index(self.codes).get_indexer(pd.Index(rows["indicator"])),
        )


def _imputation(
    rule: Rule, years: list[int], regions: list[str], methodology: Methodology, known: set[str]
) -> Imputation:
    """An imputation with what the data give it: years, components of the indicators, groups of regions by code."""
    given: dict[str, Any] = dict(rule.parameters)
    takes = inspect.signature(rule.function).parameters
    if "years" in takes:
        given["years"] = years
    components = methodology.components
    ends = methodology.indicators[["worst", "best"]].to_numpy(float)
    directions = np.where(ends[:, 1] > ends[:, 0], 1.0, -1.0)
    if "groups" in given:
        where = f"imputation '{rule.name}'"
        group_of = grouping_of(given["groups"], methodology.groups, where, known)
        given["groups"] = group_labels(group_of, regions)

    def impute(values: Array, never: NDArray[np.bool_] | None) -> Filled:
        # An indicator that nobody measured can neither be filled nor help.
        seen = np.asarray(~np.isnan(values).all(axis=(0, 1)))
        of_indicators = {"components": components, "directions": directions}
        here = given | {name: array[seen] for name, array in of_indicators.items() if name in takes}
        codes = [code for code, known in zip(methodology.indicators["code"], seen.tolist(), strict=True) if known]
        with named(f"imputation '{rule.name}'", codes):
            imputed = Filled(*rule.function(values[..., seen], None if never is None else never[..., seen], **here))
        filled = Filled(values.copy(), np.full(values.shape, "", dtype=imputed.how.dtype))
        filled.values[..., seen], filled.how[..., seen] = imputed.values, imputed.how
        return filled

    return impute
