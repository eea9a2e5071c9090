"""Difference-in-differences for a panel that a user brings, where a measure began in some regions and not in others.

Group-time effects (Callaway and Sant'Anna 2021, doi 10.1016/j.jeconom.2020.12.001) without covariates: the change of
the regions that began in a year since the year before, less the change of those that had not begun yet. Never two-way
fixed effects, which are biased where regions begin in different years.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import number, read_csv

__all__ = ["Effect", "difference_in_differences", "read_effect_panel"]

COLUMNS = ("region", "year", "value", "first_year")
ENOUGH_BEFORE = 3  # years before the first beginning; with fewer a trend of its own cannot be seen


@dataclass(frozen=True, eq=False)
class Effect:
    """What a comparison of regions gives.

    ``table``: first_year, year, effect, se (missing with one region on a side), treated, comparison (numbers of
    regions); rows with year < first_year - 1 are pre-trends, which should be near zero. ``average``: over regions and
    years since each began, in the unit of the value. ``placebo``: the same average for other sets of regions as if they
    had begun. ``p_value``: share of all sets with an average as far from zero; it cannot be below ``floor``.
    ``cautions``: sentences.
    """

    table: pd.DataFrame
    average: float
    placebo: np.ndarray
    p_value: float
    floor: float
    cautions: tuple[str, ...]

    @property
    def pre_trends(self) -> pd.DataFrame:
        """Rows of years before the year that is the base of the comparison."""
        return self.table[self.table["year"] < self.table["first_year"] - 1]

    def __repr__(self) -> str:
        return (
            f"Effect({self.average:+.3g} on average; {len(self.placebo)} placebos, p = {self.p_value:.3f}, not below "
            f"{self.floor:.3f}; descriptive)"
        )


def read_effect_panel(path: Path | str) -> pd.DataFrame:
    """A panel from a CSV file: region, year, value, first_year (empty where the measure did not begin).

    Raises
    ------
    DataError
        With the file and the line, if a cell cannot be used.
    """
    table = read_csv(Path(path), DataError, required=COLUMNS)
    where = folders.relative(Path(path))
    for line, row in table.iterrows():
        for name in ("year", "value", "first_year"):
            text = row[name]
            if name == "first_year" and not text:
                continue
            if number(text) is None or (name != "value" and not text.isdecimal()):
                kind = "a number" if name == "value" else "a year of four digits"
                raise DataError(f"{where} line {line}: {name} is '{text}'; it must be {kind}")
    years = {name: pd.to_numeric(table[name]) for name in ("year", "value", "first_year")}
    return table.assign(**years)[list(COLUMNS)].reset_index(drop=True)


def difference_in_differences(panel: pd.DataFrame, *, rng: np.random.Generator, draws: int = 999) -> Effect:
    """The change of regions where a measure began less the change of those where it had not, with placebo sets.

    Parameters
    ----------
    panel
        region, year, value, first_year (missing where the measure did not begin): a row a region and year, no gaps.
    rng
        Draws the placebo sets where there are more than ``draws``.
    draws
        Placebo sets at most.

    Raises
    ------
    DataError
        If the panel has gaps or doubles, or nothing can be identified: the measure began everywhere, nowhere, in all
        regions at once, or in the first year.

    Examples
    --------
    >>> rows = [(r, y, y + 5.0 * (r == "A" and y > 2020), 2021 if r == "A" else None)
    ...         for r in "ABCDE" for y in range(2017, 2023)]
    >>> panel = pd.DataFrame(rows, columns=["region", "year", "value", "first_year"])
    >>> difference_in_differences(panel, rng=np.random.default_rng(1))
    Effect(+5 on average; 4 placebos, p = 0.200, not below 0.200; descriptive)
    """
    wide, first = _checked(panel)
    rows = [_compared(wide, first, cohort, year) for cohort, year in _cells(wide, first)]
    table = pd.DataFrame(rows)
    average = _average(wide.to_numpy(float), first.to_numpy(float), wide.columns.to_numpy(int))
    others = _placebo_sets(first, rng, draws)
    years = wide.columns.to_numpy(int)
    placebo = np.array([_average(wide.to_numpy(float), each, years) for each in others])
    as_far = int((np.abs(placebo) >= abs(average) - 1e-12).sum())
    floor = 1 / (1 + len(placebo))
    return Effect(table, average, placebo, (1 + as_far) / (1 + len(placebo)), floor, _cautions(wide, first, floor))


def _checked(panel: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Regions x years, and the year in which each began (infinite where it did not)."""
    for name in COLUMNS:
        if name not in panel:
            raise DataError(f"the panel has no column '{name}'{near(name, [str(column) for column in panel])}")
    for region, part in panel.groupby("region")["first_year"]:
        if part.nunique(dropna=False) > 1:
            raise DataError(f"{region} has more than one first_year; a measure begins once in a region")
    for row in panel[panel.duplicated(["region", "year"])].to_dict("records"):
        raise DataError(f"{row['region']} has two values in {row['year']:.0f}; one is needed")
    wide = panel.pivot(index="region", columns="year", values="value").astype(float)
    if wide.isna().any(axis=None):
        row, column = np.argwhere(wide.isna().to_numpy())[0]
        raise DataError(
            f"{wide.index[row]} has no value in {wide.columns[column]:.0f}; every region needs one in every year"
        )
    first = panel.groupby("region")["first_year"].first().astype(float).reindex(wide.index).fillna(np.inf)
    begun = first[np.isfinite(first)]
    if begun.empty:
        raise DataError("the measure began in no region; there is nothing to compare")
    for code, when in begun[begun <= float(wide.columns.to_numpy(float).min())].items():
        raise DataError(f"{code} began in {when:.0f}, with no year before it in the panel; nothing shows a change")
    if len(begun) == len(first) and begun.nunique() == 1:
        raise DataError(
            f"the measure began in all regions in {begun.iloc[0]:.0f}; no effect can be separated from what would have "
            "happened anyway"
        )
    return wide, first


def _cells(wide: pd.DataFrame, first: pd.Series) -> Iterator[tuple[int, int]]:
    """Cohorts and years that can be compared: somebody has not begun by then, and the base year is in the panel."""
    for cohort in sorted(set(first[np.isfinite(first)])):
        for year in wide.columns:
            if year != cohort - 1 and (first > max(year, cohort)).any() and cohort - 1 in wide.columns:
                yield int(cohort), int(year)


def _compared(wide: pd.DataFrame, first: pd.Series, cohort: int, year: int) -> dict[str, float]:
    """One cohort in one year, by least squares of the change on having begun; standard error HC3."""
    import statsmodels.api as sm  # when a panel is brought; it takes most of a second

    chosen = (first == cohort) | (first > max(year, cohort))
    change = (wide[year] - wide[cohort - 1])[chosen]
    begun = (first == cohort)[chosen].astype(float)
    treated, comparison = int(begun.sum()), int((1 - begun).sum())
    fitted = sm.OLS(change.to_numpy(), sm.add_constant(begun.to_numpy())).fit()
    error = float("nan")
    if min(treated, comparison) > 1:
        error = float(fitted.get_robustcov_results("HC3").bse[1])
    return {
        "first_year": cohort, "year": year, "effect": float(fitted.params[1]), "se": error,
        "treated": treated, "comparison": comparison,
    }  # fmt: skip


def _average(values: np.ndarray, first: np.ndarray, years: np.ndarray) -> float:
    """The mean effect over regions and years since each began: differences of means, as the regressions give them."""
    total = weight = 0.0
    for cohort in np.unique(first[np.isfinite(first)]):
        base = np.flatnonzero(years == cohort - 1)
        for place in np.flatnonzero(years >= cohort):
            others = first > years[place]
            if not others.any() or not base.size:
                continue
            change = values[:, place] - values[:, base[0]]
            own = first == cohort
            total += float(own.sum() * (change[own].mean() - change[others].mean()))
            weight += float(own.sum())
    return total / weight if weight else float("nan")


def _placebo_sets(first: pd.Series, rng: np.random.Generator, draws: int) -> list[np.ndarray]:
    """Other assignments of the same beginnings to regions: all of them, or as many as are drawn."""
    actual = first.to_numpy(float)
    begun = np.flatnonzero(np.isfinite(actual))
    if len(set(actual[begun])) == 1 and comb(len(actual), len(begun)) <= draws + 1:
        sets = []
        for chosen in combinations(range(len(actual)), len(begun)):
            each = np.full(len(actual), np.inf)
            each[list(chosen)] = actual[begun[0]]
            if not np.array_equal(each, actual):
                sets.append(each)
        return sets
    drawn = (rng.permutation(actual) for _ in range(draws))
    return [each for each in drawn if not np.array_equal(each, actual)]


def _cautions(wide: pd.DataFrame, first: pd.Series, floor: float) -> tuple[str, ...]:
    """What must be printed beside the number."""
    begun = first[np.isfinite(first)]
    before = int((wide.columns < begun.min()).sum())
    cautions = ["Descriptive: the change of some regions less the change of others. It is an effect only if both would "
                "have changed alike without the measure."]  # fmt: skip
    if before < ENOUGH_BEFORE:
        cautions.append(
            f"Only {before} year{'s' if before > 1 else ''} before the measure: a trend of its own cannot be seen."
        )
    if floor > 0.05:
        cautions.append(f"With so few regions the p-value cannot be below {floor:.2f}.")
    return tuple(cautions)
