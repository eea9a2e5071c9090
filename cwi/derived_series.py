"""Series that are computed from other series, each by a formula that is data.

``data/derived_series.csv`` has one row a series: its formula, the number of decimals, where and when it applies, and
the record of its source. ``cwi data build`` writes the rows, ``cwi check`` computes them again, and ``trace`` prints
the formula and the rows that it was computed from. A formula has the names of series, numbers, + - * /, parentheses and

===================  ===============================================================================
``national(x)``      x of the nation in the same year
``women(x)``         x of women (girls); ``men(x)``: of men (boys)
``successors(x)``    the sum of x over the territories that a former territory was divided into
``whole(x)``         x of the territory itself, or where there is none the sum over its successors
``regions(x)``       the sum of x over the regions at the end of the year
``at(x, 2020)``      x of the year 2020
``sqrt(x)``          the square root
===================  ===============================================================================

A name stands for the total (all sexes, town and village) of the territory and year that is computed.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.territory import Territory
from cwi.textfiles import number, read_csv

__all__ = [
    "DerivedSeries",
    "Formula",
    "compute_series",
    "derived_problems",
    "named_series",
    "read_derived_series",
    "rows_by_reference",
]

COLUMNS = ("series", "formula", "decimals", "source")
OPTIONAL = ("first_year", "last_year", "territories", "n", "se", "note")
TERRITORIES = ("", "former", "nation", "start of year")  # empty: all that have every input
OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
FUNCTIONS = ("at", "men", "national", "regions", "sqrt", "successors", "whole", "women")
SEX = {"women": "F", "men": "M"}
SUSPECT, BACKCAST, DERIVED = "suspect", "backcast", "derived"
SE_DIGITS = 4
SE_TOLERANCE = 0.01  # of standard errors, which were computed from rounded rates in some files
Reference = tuple[str, str, str, int]  # series, sex, territory, year


@dataclass(frozen=True)
class Formula:
    """An expression of series, read and checked.

    Examples
    --------
    >>> Formula("10000 * physicians_count / population").series
    ('physicians_count', 'population')
    >>> Formula("100 * sum(poverty)")
    Traceback (most recent call last):
    cwi.errors.DataError: 'sum' is not a function of formulas; known are at, men, national, regions, sqrt, successors, \
whole, women
    """

    text: str

    def __post_init__(self) -> None:
        _check(self._tree, self.text)

    @cached_property
    def _tree(self) -> ast.expr:
        try:
            return ast.parse(self.text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise DataError(f"'{self.text}' is not a formula; it has names, numbers, + - * / and parentheses") from None

    @property
    def series(self) -> tuple[str, ...]:
        """The names of series in it, each once, in their order."""
        called = {id(node.func) for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
        names = [
            node for node in ast.walk(self._tree) if isinstance(node, ast.Name) and id(node) not in called
        ]  # fmt: skip
        names.sort(key=lambda node: (node.lineno, node.col_offset))
        return tuple(dict.fromkeys(node.id for node in names))

    def value(
        self, known: Mapping[Reference, float], territory: Territory, region: str, year: int
    ) -> tuple[float, tuple[Reference, ...]]:
        """The result for a territory and a year, and the figures that it was computed from.

        ``known``: figures by series, sex ('' for all), territory and year. The result is not a number where a figure
        is missing or a divisor is 0.
        """
        used: list[Reference] = []

        def figure(name: str, sex: str, place: str, when: int) -> float:
            used.append((name, sex, place, when))
            return known.get(used[-1], math.nan)

        def total(name: ast.expr, sex: str, places: Collection[str], when: int) -> float:
            return math.fsum(compute(name, sex, place, when) for place in places) if places else math.nan

        def compute(node: ast.expr, sex: str, place: str, when: int) -> float:
            if isinstance(node, ast.Constant):
                return float(node.value)  # type: ignore[arg-type]
            if isinstance(node, ast.Name):
                return figure(node.id, sex, place, when)
            if isinstance(node, ast.UnaryOp):
                return -compute(node.operand, sex, place, when)
            if isinstance(node, ast.BinOp):
                left, right = (compute(part, sex, place, when) for part in (node.left, node.right))
                division = isinstance(node.op, ast.Div)
                return math.nan if division and right == 0 else OPERATORS[type(node.op)](left, right)
            assert isinstance(node, ast.Call)
            assert isinstance(node.func, ast.Name)
            word, first = node.func.id, node.args[0]
            if word == "at":
                return compute(first, sex, place, int(node.args[1].value))  # type: ignore[attr-defined]
            if word in SEX:
                return compute(first, SEX[word], place, when)
            if word == "national":
                return compute(first, sex, territory.nation, when)
            if word == "regions":
                return total(first, sex, territory.regions_of(when), when)
            if word == "sqrt":
                root = compute(first, sex, place, when)
                return math.sqrt(root) if root >= 0 else math.nan
            if word == "whole":
                before = len(used)
                own = compute(first, sex, place, when)
                if not math.isnan(own):
                    return own
                del used[before:]
            return total(first, sex, territory.successors(place), when)

        return compute(self._tree, "", region, year), tuple(dict.fromkeys(used))


def _check(node: ast.AST, text: str) -> None:
    """Refuse whatever is no arithmetic of series."""

    def refuse(why: str) -> NoReturn:
        raise DataError(why)

    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not math.isfinite(node.value):
            refuse(f"'{text}' holds {node.value!r}; a formula has numbers and the names of series")
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        _check(node.left, text)
        _check(node.right, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, text)
    elif isinstance(node, ast.Call):
        word = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if word not in FUNCTIONS:
            refuse(f"'{word}' is not a function of formulas; known are {', '.join(FUNCTIONS)}")
        wanted = 2 if word == "at" else 1
        if len(node.args) != wanted or node.keywords:
            refuse(f"'{ast.unparse(node)}': {word} takes {'a series and a year' if wanted == 2 else 'one expression'}")
        if word == "at" and not (isinstance(node.args[1], ast.Constant) and isinstance(node.args[1].value, int)):
            refuse(f"'{ast.unparse(node)}': at takes a series and a year")
        _check(node.args[0], text)
    elif not isinstance(node, ast.Name):
        refuse(f"'{text}' holds '{ast.unparse(node)}'; a formula has names, numbers, + - * / and parentheses")


@dataclass(frozen=True)
class DerivedSeries:
    """One row of data/derived_series.csv."""

    series: str
    formula: Formula
    decimals: int
    source: str
    first_year: int | None
    last_year: int | None
    territories: str
    n: Formula | None
    se: Formula | None
    note: str
    place: str

    def applies(self, territory: Territory, region: str, year: int) -> bool:
        """Whether a figure of this territory and year is computed at all."""
        if not (self.first_year or year) <= year <= (self.last_year or year):
            return False
        if self.territories == "nation":
            return region == territory.nation
        if self.territories == "former":
            return bool(territory.successors(region)) and territory.valid(region, year)
        if self.territories == "start of year":
            return region in (territory.nation, *territory.regions_of(year - 1))
        return True


def read_derived_series(folder: Path | None = None) -> Mapping[str, DerivedSeries]:
    """The formulas of data/derived_series.csv by series; empty where the project has none.

    Raises
    ------
    DataError
        With file and line, if a formula, a number of decimals, a year or a word is not valid.

    Examples
    --------
    >>> read_derived_series()["physicians"].formula.text
    '10000 * physicians_count / population'
    """
    path = (folder or folders.data()) / "derived_series.csv"
    if not path.exists():
        return {}
    table, where = read_csv(path, DataError, required=COLUMNS, optional=OPTIONAL, filled=True), folders.relative(path)
    table = table.reindex(columns=[*COLUMNS, *OPTIONAL], fill_value="")
    series: dict[str, DerivedSeries] = {}
    for line, row in table.iterrows():
        place = f"{where} line {line}"
        if row["series"] in series:
            raise DataError(f"{place}: the series '{row['series']}' is listed twice")
        if row["territories"] not in TERRITORIES:
            words = [word for word in TERRITORIES if word]
            raise DataError(f"{place}: territories is '{row['territories']}'{near(row['territories'], words)}")
        first, last = (_whole(row[column], f"{place}: {column}") if row[column] else None for column in OPTIONAL[:2])
        n, se = (_formula(row[column], place) if row[column] else None for column in ("n", "se"))
        series[row["series"]] = DerivedSeries(
            row["series"], _formula(row["formula"], place), _whole(row["decimals"], f"{place}: decimals"),
            row["source"], first, last, row["territories"], n, se, row["note"], place,
        )  # fmt: skip
    return series


def _formula(text: str, place: str) -> Formula:
    try:
        return Formula(text)
    except DataError as problem:
        raise DataError(f"{place}: {problem}") from None


def _whole(text: str, what: str) -> int:
    value = number(text)
    if value is None or value % 1 or value < 0:
        raise DataError(f"{what} is '{text}'; it must be a whole number")
    return int(value)


def rows_by_reference(observations: pd.DataFrame, names: Collection[str]) -> dict[Reference, dict[Hashable, Any]]:
    """The measured rows of these series for town and village together, by series, sex, territory and year."""
    rows = observations[observations["indicator"].isin(names) & (observations["area"] == "")]
    return {
        (str(row["indicator"]), str(row["sex"]), str(row["region"]), int(row["year"])): {**row}
        for row in rows[rows["value"].notna()].to_dict("records")
    }


def compute_series(derived: DerivedSeries, observations: pd.DataFrame, territory: Territory) -> pd.DataFrame:
    """Every figure of a series that its formula gives, in the columns of an observations file.

    A figure that another source publishes is not computed. The status is 'suspect' where an input is, 'backcast' for a
    territory that did not exist in the year, otherwise 'derived'.

    Returns
    -------
    DataFrame
        region, year, value (rounded to the decimals of the series), se, n, status, sorted by region and year.
    """
    formulas = [formula for formula in (derived.formula, derived.n, derived.se) if formula]
    rows = rows_by_reference(observations, {name for formula in formulas for name in formula.series})
    known = {reference: float(row["value"]) for reference, row in rows.items()}
    published = observations[
        (observations["indicator"] == derived.series)
        & (observations["source"] != derived.source)
        & (observations["sex"] == "")
        & (observations["area"] == "")
    ]
    taken = set(zip(published["region"], published["year"], strict=True))
    years = sorted({int(year) for year in observations["year"]})
    made = []
    for region in territory.regions.index:
        for year in years:
            if (region, year) in taken or not derived.applies(territory, region, year):
                continue
            value, used = derived.formula.value(known, territory, region, year)
            if math.isnan(value):
                continue
            status = DERIVED if territory.valid(region, year) else BACKCAST
            if any(rows[reference]["status"] == SUSPECT for reference in used):
                status = SUSPECT
            n, se = (
                formula.value(known, territory, region, year)[0] if formula else math.nan
                for formula in (derived.n, derived.se)
            )
            made.append((region, year, _rounded(value, derived.decimals), _significant(se), n, status))
    return pd.DataFrame(made, columns=["region", "year", "value", "se", "n", "status"])


def _rounded(value: float, decimals: int) -> float:
    return round(value, decimals) + 0.0


def _significant(value: float) -> float:
    return value if math.isnan(value) else float(f"{value:.{SE_DIGITS}g}")


def named_series(series: Mapping[str, DerivedSeries]) -> set[str]:
    """The series that are computed, and those that a formula names."""
    formulas = [formula for each in series.values() for formula in (each.formula, each.n, each.se) if formula]
    return {*series, *(name for formula in formulas for name in formula.series)}


def derived_problems(
    series: Mapping[str, DerivedSeries], observations: pd.DataFrame, territory: Territory, names: Collection[str]
) -> Iterator[str]:
    """What in the rows of derived series is not what their formulas give, one sentence a row.

    ``names``: the series of the register. A figure may differ by half a unit of its last decimal, because its inputs
    may be kept with fewer decimals than they were computed from.
    """
    observations = observations[observations["indicator"].isin(named_series(series))]
    for derived in series.values():
        unknown = [name for name in (derived.series, *derived.formula.series) if name not in names]
        if unknown:
            yield f"{derived.place}: data/series.csv has no series '{unknown[0]}'{near(unknown[0], names)}"
            continue
        kept = observations[(observations["indicator"] == derived.series) & (observations["source"] == derived.source)]
        if kept.empty:
            yield f"{derived.place}: no row of '{derived.series}' names the source '{derived.source}'; " + BUILD
            continue
        yield from _differences(derived, kept, compute_series(derived, observations, territory))


BUILD = "'cwi data build' writes the rows"


def _differences(derived: DerivedSeries, kept: pd.DataFrame, made: pd.DataFrame) -> Iterator[str]:
    both = kept.merge(made, on=["region", "year"], how="outer", suffixes=("", "_made"), indicator="which")
    tolerance = 0.5000001 * 10.0**-derived.decimals
    for row in both.to_dict("records"):
        what = f"{derived.series} in {row['region']}, {row['year']}"
        if row["which"] == "right_only":
            yield f"{derived.place}: {what} is missing; the formula gives {row['value_made']:.15g}; {BUILD}"
            continue
        place = f"{row['file']} line {row['line']:.0f}: {what}"
        if row["which"] == "left_only":
            yield f"{place} is {row['value']:.15g}, but the formula '{derived.formula.text}' has no figure for it"
        elif abs(row["value"] - row["value_made"]) > tolerance:
            yield (
                f"{place} is {row['value']:.15g}; the formula '{derived.formula.text}' gives {row['value_made']:.15g}; "
                + BUILD
            )
        elif row["status"] != row["status_made"]:
            yield f"{place} is '{row['status']}'; its inputs make it '{row['status_made']}'; {BUILD}"
        else:
            for column in ("n", "se"):
                one, other = row[column], row[f"{column}_made"]
                if not (math.isnan(one) and math.isnan(other)) and not math.isclose(one, other, rel_tol=SE_TOLERANCE):
                    yield f"{place} has {column} {one:.6g}; the formula gives {other:.6g}; {BUILD}"
