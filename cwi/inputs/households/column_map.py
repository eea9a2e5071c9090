"""What the columns of a user's file are called, and what their codes mean: a map, so that the file stays as it is."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders, textfiles
from cwi.errors import DataError, near
from cwi.inputs.households.variables import DESIGN, read_variables
from cwi.textfiles import read_toml

__all__ = ["Column", "ColumnMap", "column_maps", "read_column_map"]

SETTINGS = ("column", "codes", "missing", "times", "per")
KINDS_OF_SETTING: Mapping[str, Any] = {
    "columns": list, "column": str, "codes": dict, "missing": list, "times": (int, float), "per": str,
}  # fmt: skip
NAMES = {list: "a list", str: "a text in quotes", dict: "a table of settings", (int, float): "a number"}
OF_CENSUS = ("stratum", "psu", "weight")  # what a register does not have


@dataclass(frozen=True)
class Column:
    """Where a variable comes from: columns (joined with a hyphen), codes, codes of no answer, a factor, a divisor."""

    columns: tuple[str, ...]
    codes: Mapping[str, Any]
    missing: tuple[float, ...]
    times: float
    per: str


@dataclass(frozen=True, eq=False)
class ColumnMap:
    """A map of columns; ``design`` and ``variables`` by our names. ``census``: a register of all, not a sample.

    ``read``: what the names and codes rest on, such as "known, text not read"; empty if nothing is recorded.
    """

    name: str
    note: str
    census: bool
    design: Mapping[str, Column]
    variables: Mapping[str, Column]
    read: str = ""

    def __repr__(self) -> str:
        return f"ColumnMap({self.name}, {len(self.variables) or 'all'} variables)"

    def missing_columns(self, table: pd.DataFrame) -> list[tuple[str, str]]:
        """The variables of the design whose columns the table does not have, each with the first such column."""
        gone = []
        for name, column in self.design.items():
            absent = [source for source in column.columns if source not in table]
            if absent:
                gone.append((name, absent[0]))
        return gone

    def no_numbers(self, table: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
        """Variables with cells that are no number, and these cells with their row in the file."""
        known = read_variables()
        for name, column in (self.variables or {name: Column((name,), {}, (), 1.0, "") for name in known}).items():
            if column.columns[0] in table:
                cells = _coded(table[column.columns[0]], column).set_axis(range(1, len(table) + 1))
                bad = cells.notna() & textfiles.numbers(cells).isna()
                if bad.any():
                    yield name, cells[bad]

    def misspelt(self, table: pd.DataFrame) -> Iterator[tuple[str, str]]:
        """Columns that are written almost as a variable which the table does not have, each with the variable."""
        known = {*(column for one in self.variables.values() for column in one.columns)} or {*read_variables()}
        others = [str(column) for column in table.columns if str(column) not in known]
        for name in sorted(known - {*map(str, table.columns)}):
            for close in difflib.get_close_matches(name, others, n=1, cutoff=0.9):
                yield close, name

    def applied(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table under our names, with our codes; what has no column is left out."""
        known = read_variables()
        variables = self.variables or {name: Column((name,), {}, (), 1.0, "") for name in known}
        result: dict[str, pd.Series] = {}
        for name, column in self.design.items():
            if len(column.columns) > 1:
                first, *others = (table[source].astype("string") for source in column.columns)
                result[name] = first.str.cat(pd.concat(others, axis=1), sep="-")
            else:
                result[name] = _coded(table[column.columns[0]], column)
        for name, column in variables.items():
            if column.columns[0] in table:
                result[name] = textfiles.numbers(_coded(table[column.columns[0]], column)) * column.times
        for name, column in variables.items():
            if column.per and name in result and column.per in result:
                result[name] = result[name] / result[column.per]
        frame = pd.DataFrame(result)
        if self.census:
            frame = frame.assign(stratum="all", psu=frame["household"], weight=1.0)
        for extra in ("synthetic", "source"):
            if extra in table:
                frame[extra] = table[extra]
        return frame


def _coded(cells: pd.Series, column: Column) -> pd.Series:
    """The cells with our codes; a code that the map does not name stays as it is and is found by the check."""
    if column.missing:
        cells = cells.where(~textfiles.numbers(cells).isin(column.missing))
    if not column.codes:
        return cells
    numbers = textfiles.numbers(cells)
    words = numbers.map(lambda value: f"{value:g}" if value == value else None).where(numbers.notna(), cells)
    return words.map(lambda word: column.codes.get(str(word), word))


def column_maps() -> tuple[str, ...]:
    """The names of the maps in data/households/maps/.

    Examples
    --------
    >>> column_maps()
    ('family_card', 'household_budget', 'mics6', 'standard')
    """
    return tuple(sorted(path.stem for path in (folders.data() / "households" / "maps").glob("*.toml")))


def read_column_map(name: str | Path) -> ColumnMap:
    """A map by its name in data/households/maps/, or by the path of your own TOML file.

    Raises
    ------
    DataError
        With the file, if there is no such map, or a variable or a setting is unknown.

    Examples
    --------
    >>> read_column_map("mics6")
    ColumnMap(mics6, 8 variables)
    """
    path = Path(name) if Path(name).suffix == ".toml" else folders.data() / "households" / "maps" / f"{name}.toml"
    if not path.is_file():
        raise DataError(f"no map of columns is called '{name}'{near(name, column_maps())}")
    where, table = folders.relative(path), read_toml(path, DataError)
    known = read_variables()
    census = table.get("census", False)
    if not isinstance(census, bool):
        raise DataError(f"{where}: census is {census!r}; it must be true or false")
    for section, names in (("design", DESIGN), ("variables", tuple(known))):
        if not isinstance(table.get(section, {}), dict):
            raise DataError(f"{where}: '{section}' is no table of settings; it must be written [{section}]")
        for code in table.get(section, {}):
            if code not in names:
                raise DataError(f"{where}: [{section}] has no variable '{code}'{near(code, names)}")
    for code in DESIGN:
        if code not in table.get("design", {}) and not (census and code in OF_CENSUS):
            raise DataError(f"{where}: [design] does not map '{code}'")
    variables = {code: _column(code, one, where) for code, one in table.get("variables", {}).items()}
    for code, column in variables.items():
        if column.per and column.per not in variables:
            raise DataError(f"{where}: '{code}' is divided by '{column.per}', which the map does not have")
    design = {code: _column(code, one, where) for code, one in table["design"].items()}
    name, note, read = (str(table.get(key, "")) for key in ("name", "note", "read"))
    return ColumnMap(name or path.stem, note, census, design, variables, read)


def _column(code: str, settings: Mapping[str, Any], where: str) -> Column:
    if not isinstance(settings, dict):
        raise DataError(f"{where}: '{code}' is {settings!r}; it must be written {code} = {{columns = [\"…\"]}}")
    for key in settings:
        if key not in (*SETTINGS, "columns"):
            raise DataError(f"{where}: '{code}' has no setting '{key}'{near(key, (*SETTINGS, 'columns'))}")
    for key, value in settings.items():
        if not isinstance(value, KINDS_OF_SETTING[key]) or isinstance(value, bool):
            raise DataError(f"{where}: {key} of '{code}' is {value!r}; it must be {NAMES[KINDS_OF_SETTING[key]]}")
    if not math.isfinite(settings.get("times", 1.0)) or not settings.get("times", 1.0):
        raise DataError(f"{where}: times of '{code}' is {settings['times']!r}; it must be a number other than zero")
    for key, kind in (("columns", str), ("missing", int | float)):
        if not all(isinstance(each, kind) and not isinstance(each, bool) for each in settings.get(key, ())):
            what = "names in quotes" if kind is str else "numbers"
            raise DataError(f"{where}: {key} of '{code}' is {settings[key]!r}; it must be a list of {what}")
    for word, value in settings.get("codes", {}).items():
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise DataError(f"{where}: the code {word} of '{code}' means {value!r}; it must be a number or a text")
    columns = tuple(settings.get("columns", ())) or ((settings["column"],) if "column" in settings else ())
    if not columns:
        raise DataError(f"{where}: '{code}' names no column")
    return Column(
        columns,
        {str(key): value for key, value in settings.get("codes", {}).items()},
        tuple(settings.get("missing", ())),
        float(settings.get("times", 1.0)),
        str(settings.get("per", "")),
    )
