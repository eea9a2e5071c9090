"""Files of children read through a column map, with a list of everything that is wrong with them.

CSV, Parquet, SPSS (.sav) and Stata (.dta). Files of persons are outside the repository; only what is marked synthetic
in every row may be inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cwi import folders, textfiles
from cwi.errors import DataError, near, optional
from cwi.inputs.households.column_map import ColumnMap, read_column_map
from cwi.inputs.households.variables import DESIGN, KINDS, Variable, read_variables
from cwi.inputs.survey import SYNTHETIC, traces
from cwi.observations import Problem
from cwi.territory import Territory, read_territory
from cwi.textfiles import refuse_torn

__all__ = ["FLAGS", "Households", "household_problems", "read_households"]

FLAGS = ("gap", "lonely psu", "no weight")  # printed, but no reason to refuse a file
FAR = 1000  # times the median weight
SHOWN = 3


@dataclass(frozen=True, eq=False)
class Households:
    """Children in their households: a row a child.

    ``children``: id, household, region (code), area (U, R), stratum, psu, weight, sex (F, M), age, and the variables
    that the file has. ``flags``: what was noticed but not refused. ``synthetic``: whether every row is marked so.
    """

    children: pd.DataFrame
    flags: tuple[Problem, ...]
    synthetic: bool
    source: str
    census: bool = False

    def __repr__(self) -> str:
        mark = "synthetic, " if self.synthetic else ""
        return f"Households({mark}{len(self.children):,} children, {self.children['region'].nunique()} regions)"


def read_households(path: Path | str, columns: str | Path | ColumnMap = "standard", *, year: int) -> Households:
    """Read a file of children.

    Parameters
    ----------
    path
        A .csv, .parquet, .sav or .dta file with a row a child, outside the repository.
    columns
        A map of columns: its name, the path of your own, or one that was read.
    year
        Whose regions there are.

    Raises
    ------
    DataError
        With the file, the rows, what is there and what would do, for the first of the problems;
        :func:`household_problems` lists all of them.
    """
    table, findings, column_map = _read(Path(path), columns, year)
    wrong = [problem for problem in findings if problem.kind not in FLAGS]
    if wrong:
        more = f" (and {len(wrong) - 1} more problems)" if len(wrong) > 1 else ""
        raise DataError(f"{wrong[0]}{more}")
    marked = SYNTHETIC in table and bool(table[SYNTHETIC].eq(SYNTHETIC).all())
    return Households(table, tuple(findings), marked, Path(path).stem, column_map.census)


def household_problems(path: Path | str, columns: str | Path | ColumnMap = "standard", *, year: int) -> list[Problem]:
    """Everything that is wrong with a file of children or flagged; parameters as in :func:`read_households`."""
    return _read(Path(path), columns, year)[1]


def _read(path: Path, columns: str | Path | ColumnMap, year: int) -> tuple[pd.DataFrame, list[Problem], ColumnMap]:
    column_map = columns if isinstance(columns, ColumnMap) else read_column_map(columns)
    where = folders.relative(path)
    inside = path.resolve().is_relative_to(folders.root().resolve())
    if inside and SYNTHETIC not in path.name:
        raise DataError(
            f"{where}: files of persons may not be in the repository; move it out (only files with '{SYNTHETIC}' in "
            "their name may stay)"
        )
    table = _open(path)
    if inside and not (SYNTHETIC in table and table[SYNTHETIC].eq(SYNTHETIC).all()):
        raise DataError(
            f"{where}: the name has '{SYNTHETIC}', but not every row does in a column '{SYNTHETIC}'; files of persons "
            "may not be in the repository"
        )
    personal = [
        Problem("person", where, None, f"in the column '{column}' there is {what}; delete it before the file is read")
        for column, _, what in traces(table)
    ]
    known = [str(column) for column in table.columns]
    gone = [
        Problem("missing column", where, None, f"the column '{column}' ({name}) is missing{near(column, known)}")
        for name, column in column_map.missing_columns(table)
    ]  # fmt: skip
    if table.empty:
        gone = [Problem("empty", where, None, "there is no child in it")]
    if gone:
        return table, [*personal, *gone], column_map
    mapped = column_map.applied(table)
    mapped.index = pd.RangeIndex(1, len(mapped) + 1, name="row")
    territory = read_territory()
    mapped["region"] = _regions(mapped["region"], territory, year)
    findings = [*personal, *_columns(table, column_map, where), *_checks(mapped, where, territory.regions_of(year))]
    weighty = textfiles.numbers(mapped["weight"]) != 0
    return mapped[weighty].reset_index(drop=True), findings, column_map


def _columns(table: pd.DataFrame, column_map: ColumnMap, where: str) -> Iterator[Problem]:
    """Columns that would be passed over because of a slip, and cells that are no number."""
    for column, name in column_map.misspelt(table):
        sentence = f"the column '{column}' is written almost as '{name}', which the file does not have; rename it"
        yield Problem("misspelt column", where, None, sentence)
    variables = read_variables()
    for name, cells in column_map.no_numbers(table):
        for row, text in cells[:SHOWN].items():
            sentence = f"row {row}: {name} is '{str(text)[:60]}'; it must be {variables[name].allowed}"
            yield Problem("value", where, None, sentence)


def _open(path: Path) -> pd.DataFrame:
    where, kind = folders.relative(path), path.suffix
    if kind not in (".csv", ".parquet", ".sav", ".dta"):
        raise DataError(f"{where}: the name ends in '{kind}'; there are .csv, .parquet, .sav, .dta")
    if not path.is_file():
        raise DataError(f"{where}: there is no such file")
    reader = None
    if kind in (".sav", ".dta"):
        reader = optional("pyreadstat", extra="survey", purpose=f"{where}: a file {kind}")
    try:
        if reader is not None:
            table, _ = (reader.read_sav if kind == ".sav" else reader.read_dta)(str(path))
            return pd.DataFrame(table)
        if kind == ".parquet":
            return pd.read_parquet(path)
        refuse_torn(path)
        return pd.read_csv(path, encoding="utf-8-sig")
    except DataError:
        raise
    except Exception as problem:  # of many kinds, by what is damaged
        raise DataError(f"{where}: the file cannot be read ({type(problem).__name__}); save it again") from None


def _regions(cells: pd.Series, territory: Territory, year: int) -> pd.Series:
    """Codes of regions that come as codes or as names in one of the three languages; others stay as they are."""
    codes = territory.regions_of(year)
    words = {str(word) for word in cells.dropna().unique()} - set(codes)
    known = {word: territory.code_of(word, codes) for word in words}
    return cells.map(lambda word: known.get(str(word)) or word)


def _checks(table: pd.DataFrame, where: str, regions: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with the design and the variables of a mapped table."""

    def rows(kind: str, bad: pd.Series, sentence: str) -> Iterator[Problem]:
        places = [str(row) for row in table.index[bad.to_numpy(bool)]]
        if places:
            more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
            head = f"row{'s' if len(places) > 1 else ''} {', '.join(places[:SHOWN])}{more}"
            yield Problem(kind, where, None, f"{head}: {sentence}")

    for name in DESIGN:
        yield from rows(name, table[name].isna(), f"{name} is empty")
    twice = table["id"].duplicated(keep=False) & table["id"].notna()
    yield from rows("duplicate", twice, "the id is there more than once; a child has one row")
    for name, allowed in (("region", regions), ("area", ("U", "R")), ("sex", ("F", "M"))):
        for word in table.loc[table[name].notna() & ~table[name].isin(allowed), name].drop_duplicates():
            yield from rows(name, table[name] == word, f"{name} is '{word}'{near(word, allowed)}")
    age, weight = (textfiles.numbers(table[name]) for name in ("age", "weight"))
    wrong = table["age"].notna() & ~(age.ge(0) & age.lt(18))
    yield from rows("age", wrong, "age must be a number of years from 0 to below 18; leave out adults")
    yield from rows("weight", table["weight"].notna() & ~(weight >= 0), "the weight is no number above zero")
    yield from rows("no weight", weight == 0, "the weight is 0; who stands for nobody is left out")
    if not (weight > 0).any():
        yield Problem("weight", where, None, "no weight is above zero")
    far = weight > FAR * weight[weight > 0].median()
    yield from rows("weight", far, f"the weight is more than {FAR:,} times the median of the file")
    pairs = table.dropna(subset=["stratum", "psu"])
    mixed = (pairs.groupby("psu")["stratum"].transform("nunique") > 1).reindex(table.index, fill_value=False)
    yield from rows("design", mixed, "the sampling unit is in more than one stratum; give each its own name")
    units = pairs.groupby("stratum")["psu"].nunique()
    for stratum in units.index[units == 1]:
        yield Problem("lonely psu", where, None, f"the stratum '{stratum}' has one sampling unit only; choose the rule")
    for code, variable in read_variables().items():
        if code in table:
            yield from _values(table[code], variable, rows)


def _values(cells: pd.Series, variable: Variable, rows: object) -> Iterator[Problem]:
    """Values of a variable that it cannot have, and gaps."""
    assert callable(rows)
    values = textfiles.numbers(cells)
    known = KINDS[variable.kind]
    inside = values.isin(known) if known else values.between(variable.low, variable.high)
    bad = cells.notna() & ~inside
    for value in cells[bad].drop_duplicates()[:SHOWN]:
        shown = f"{value:g}" if isinstance(value, int | float | np.number) else f"'{value}'"
        yield from rows("value", cells == value, f"{variable.code} is {shown}; it must be {variable.allowed}")
    if bad.sum() == 0 and cells.isna().all():
        yield from rows("gap", cells.isna(), f"{variable.code} is empty in every row")
