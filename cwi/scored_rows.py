"""The rows of the long table that a methodology may score, and the value of each region and indicator among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.denominators import denominators_of, divided
from cwi.errors import DataError
from cwi.indicators import POOLED
from cwi.methodology import Methodology
from cwi.territory import PARENT_REGION
from cwi.vintage import decided, of_one_year, pooled

__all__ = ["cells_of_years", "never_imputed", "rows_where", "scored_rows"]

Array = NDArray[np.float64]

NEVER_IMPUTED = ("suppressed", "not applicable")


def scored_rows(observations: pd.DataFrame, methodology: Methodology) -> pd.DataFrame:
    """The rows that may be scored: totals of the methodology's indicators with a scored status.

    Region, indicator, status and source are categories: a table of millions of rows is compared by number.
    """
    for column in ("region", "year", "indicator", "value"):
        if column not in observations:
            raise DataError(f"the observations have no column '{column}'; they have {', '.join(observations.columns)}")
    table = observations
    wanted = {*methodology.indicators["code"], *denominators_of(methodology.indicators)}
    indicator = _categories(table["indicator"])
    kept = np.append(indicator.categories.isin(list(wanted)), False)[indicator.codes]
    if methodology.cells is not None:
        table = decided(table[kept], methodology.cells, PARENT_REGION)
        indicator, kept = _categories(table["indicator"]), np.ones(len(table), dtype=bool)
    for column in ("sex", "area"):
        if column in table:
            kept &= (table[column].fillna("") == "").to_numpy(bool)
    if "scored" in table:
        kept &= table["scored"].to_numpy(bool)
    values = table["value"].to_numpy(float, na_value=np.nan)
    rows = np.flatnonzero(kept & ~np.isnan(values))

    def words(column: str, otherwise: str) -> Any:
        """A column of words at the rows, or one word everywhere."""
        if column not in table:
            return pd.Categorical.from_codes(np.zeros(len(rows), dtype=np.intp), categories=pd.Index([otherwise]))
        return pd.Categorical(_categories(table[column]).take(rows))

    def numbers(column: str) -> Array:
        """A column of numbers at the rows, NaN where there is none."""
        if column not in table:
            return np.full(len(rows), np.nan)
        return table[column].to_numpy(float, na_value=np.nan)[rows]

    result = pd.DataFrame(
        {
            "region": _categories(table["region"]).take(rows),
            "year": table["year"].to_numpy()[rows].astype(int),
            "indicator": indicator.take(rows),
            "value": values[rows],
            "status": words("status", "normal"),
            "source": words("source", ""),
            "se": numbers("se"),
            "n": numbers("n"),
        }
    )
    _refuse_faults(result)
    result = divided(result, methodology.indicators, max_age=methodology.max_age)
    if POOLED not in methodology.indicators:
        return result
    return pooled(result, methodology.indicators.set_index("code")[POOLED])


def _refuse_faults(table: pd.DataFrame) -> None:
    """Refuse rows without a region, two rows of one cell, and values that are infinite."""
    region, indicator = table["region"].cat.codes.to_numpy(np.int64), table["indicator"].cat.codes.to_numpy(np.int64)
    if (region < 0).any():
        row = table[region < 0].iloc[0]
        raise DataError(f"{row['indicator']} in {row['year']} has a value and no region; a value has one")
    year, years = pd.factorize(table["year"])
    cell = (region * max(len(years), 1) + year) * len(table["indicator"].cat.categories) + indicator
    if (twice := pd.Series(cell).duplicated()).any():
        row = table[twice.to_numpy()].iloc[0]
        raise DataError(f"{row['indicator']} in {row['region']}, {row['year']} has two values; a value has one row")
    if not (finite := np.isfinite(table["value"].to_numpy())).all():
        row = table[~finite].iloc[0]
        raise DataError(f"{row['indicator']} in {row['region']}, {row['year']} is not finite")


def _categories(column: pd.Series) -> Any:
    """A column as categories in the order of the alphabet."""
    codes, names = pd.factorize(column, sort=True)
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))


def rows_where(table: pd.DataFrame, kept: NDArray[np.bool_]) -> pd.DataFrame:
    """Some rows of a table, without a copy where it is all of them."""
    return table if kept.all() else table[kept]


def cells_of_years(table: pd.DataFrame, methodology: Methodology, years: Sequence[int]) -> pd.DataFrame:
    """For every year, region and indicator the latest value that is not too old."""
    cells = [_cells(table, methodology, year) for year in years]
    return cells[0] if len(cells) == 1 else pd.concat(cells, ignore_index=True)


def _cells(table: pd.DataFrame, methodology: Methodology, year: int) -> pd.DataFrame:
    """For every region and indicator the latest value that is not too old."""
    years = table["year"].to_numpy()
    recent = rows_where(table, (years <= year) & (years >= year - methodology.max_age))
    if methodology.vintage:
        recent = of_one_year(recent, methodology.vintage, methodology.nation)
    region, regions = pd.factorize(recent["region"].array, sort=True)
    codes = pd.Index(methodology.indicators["code"])
    k = len(codes)
    indicator = recent["indicator"].array
    place = region * k + codes.get_indexer(pd.Index(indicator.categories))[indicator.codes]
    order = np.argsort(recent["year"].to_numpy(), kind="stable")
    row = np.full(len(regions) * k, -1, dtype=np.intp)
    row[place[order]] = order  # the latest year is written last
    empty = row < 0

    def numbers(column: str) -> Array:
        """A column of numbers at the cells, NaN where there is no row."""
        return np.append(recent[column].to_numpy(float), np.nan)[row]

    def words(column: str) -> Any:
        """A column of words at the cells, missing where there is no row."""
        array = recent[column].array
        return _texts(array.categories).take(np.append(array.codes, -1)[row], allow_fill=True)

    at = np.where(empty, 0, recent["year"].to_numpy()[np.maximum(row, 0)]) if len(recent) else row
    return pd.DataFrame(
        {
            "region": pd.Index(regions.categories).take(regions.codes).repeat(k),
            "year": year,
            "indicator": codes.take(np.tile(np.arange(k), len(regions))),
            "value": numbers("value"),
            "observed": pd.arrays.IntegerArray(at.astype(np.int64), empty),
            "status": words("status"),
            "source": words("source"),
            "se": numbers("se"),
            "n": numbers("n"),
        }
    )


def _texts(words: pd.Index) -> Any:
    """Words as an array that a table takes as it is."""
    return pd.Series(words, dtype="str").array


def never_imputed(observations: pd.DataFrame) -> set[tuple[str, int, str]]:
    """Cells that are never imputed: withheld to protect persons, or without meaning there."""
    if "status" not in observations:
        return set()
    rows = observations[observations["status"].isin(NEVER_IMPUTED)]
    return {(str(r), int(y), str(i)) for r, y, i in rows[["region", "year", "indicator"]].to_numpy()}
