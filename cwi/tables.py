"""Long tables of values outside a full project: read safely, every code as the text that it is.

A unit called ``NA`` (Namibia) is a unit: an empty cell is the only one that holds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.folders import relative
from cwi.observations import COLUMNS, KEY, YEARS
from cwi.territory import NAMES, Territory
from cwi.textfiles import number, read_csv

__all__ = ["UNSCORED", "completed", "read_table", "read_units", "territory_of"]

REQUIRED = ("region", "year", "indicator", "value")
OPTIONAL = tuple(column for column in COLUMNS if column not in REQUIRED)
UNSCORED = ("suspect", "partial", "missing", "suppressed", "not applicable")  # statuses of values that take no part
OBSERVATIONS, UNITS = "observations.csv", "units.csv"


def read_table(path: str | Path) -> pd.DataFrame:
    """Read observations from one CSV file, or from ``observations.csv`` or the folder ``observations`` of a folder.

    Parameters
    ----------
    path
        A file with the columns region, year, indicator, value, and where there are any sex, area, se, n, status,
        source, note; or a folder that holds one, as ``cwi import`` writes it.

    Returns
    -------
    DataFrame
        region, year (int), indicator, sex, area, value (float), se, n, status, source, note, scored (bool), file, line.
        A value without a status has the status "normal", an empty one "missing".

    Raises
    ------
    DataError
        With file and line, if a code is empty, a number is none, or a value is there twice.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "observations.csv"
    >>> _ = place.write_text("region,year,indicator,value\\nNA,2020,income,9.5\\n")
    >>> read_table(place)[["region", "value", "status"]].to_numpy().tolist()
    [['NA', 9.5, 'normal']]
    """
    path = Path(path)
    if path.is_dir():
        single = path / OBSERVATIONS
        paths = [single] if single.is_file() else sorted((path / "observations").glob("*.csv"))
        if not paths:
            raise DataError(f"{relative(path)}: there is no {OBSERVATIONS} and no table in observations/")
    else:
        paths = [path]
    table = pd.concat([_cells(each, path if path.is_dir() else path.parent) for each in paths], ignore_index=True)
    if table.empty:
        raise DataError(f"{relative(path)}: no table holds an observation")
    for line in table.index[table.duplicated(KEY)]:
        row = table.loc[line]
        first = table[(table[KEY] == row[KEY]).all(axis=1)].iloc[0]
        raise DataError(
            f"{row['file']} line {row['line']}: {row['indicator']} of {row['region']}, {row['year']} is in "
            f"{first['file']} line {first['line']} too; a value has one row"
        )
    return table


def completed(table: pd.DataFrame) -> pd.DataFrame:
    """A long table with all the columns of observations; those that it lacks hold nothing."""
    for column in REQUIRED:
        if column not in table:
            columns = ", ".join(map(str, table.columns))
            raise DataError(f"the observations have no column '{column}'; they have {columns}")
    empty, missing = pd.Series("", index=table.index), pd.Series(np.nan, index=table.index)
    text = {name: table.get(name, empty).fillna("") for name in ("sex", "area", "source", "note")}
    numbers = {name: table.get(name, missing) for name in ("se", "n")}
    status = table.get("status", empty).fillna("")
    status = status.mask(status == "", np.where(table["value"].isna(), "missing", "normal"))
    scored = table.get("scored", ~status.isin(UNSCORED)).astype(bool)
    complete = table.assign(**text, **numbers, status=status, scored=scored)
    places = {"file": table.get("file", ""), "line": table.get("line", 0)}
    return complete.assign(**places)[[*COLUMNS, "scored", "file", "line"]]


def read_units(folder: Path) -> dict[str, str]:
    """The names of units by code, of units.csv where there is one."""
    path = Path(folder) / UNITS
    if not path.is_file():
        return {}
    table = read_csv(path, DataError, required=("region", "name"))
    for line in table.index[table["region"].duplicated()]:
        raise DataError(f"{relative(path)} line {line}: the unit '{table.at[line, 'region']}' is there twice")
    return dict(zip(table["region"], table["name"], strict=True))


def territory_of(table: pd.DataFrame, names: Mapping[str, str], nation: str | None) -> Territory:
    """The units of a table as a territory without a history: one name in all languages, valid in every year."""
    codes = sorted(set(table["region"]))
    named = [names.get(code) or code for code in codes]
    regions = pd.DataFrame(dict.fromkeys(NAMES, named), index=pd.Index(codes, name="code", dtype=object))
    regions.insert(0, "kind", ["nation" if code == nation else "region" for code in codes])
    regions["valid_from"] = pd.Series([date.min] * len(codes), index=regions.index, dtype=object)
    regions["valid_to"] = pd.Series([date.max] * len(codes), index=regions.index, dtype=object)
    return Territory(regions, pd.DataFrame(columns=["date", "old", "new", "note", "source"]))


def _cells(path: Path, folder: Path) -> pd.DataFrame:
    """One file, checked cell by cell."""
    name = relative(path)
    table = read_csv(path, DataError, required=REQUIRED, optional=OPTIONAL)
    for column in ("region", "indicator"):
        for line in table.index[table[column] == ""]:
            raise DataError(f"{name} line {line}: '{column}' is empty; a value needs one")
    for line, text in table["year"].items():
        if not (text.isascii() and text.isdecimal() and YEARS[0] <= int(text) <= YEARS[1]):
            span = f"it must be a whole number from {YEARS[0]} to {YEARS[1]}"
            raise DataError(f"{name} line {line}: year is '{text}'; {span}")
    for column in ("value", "se", "n"):
        for line, text in table.get(column, pd.Series(dtype=str)).items():
            if text and number(text) is None:
                hint = "; decimals take a point" if "," in text else "; leave the cell empty where there is none"
                raise DataError(f"{name} line {line}: {column} is '{text}', which is not a number{hint}")
        if column in table:
            table[column] = table[column].map(number).astype(float)
    table = table.astype({"year": int})
    return completed(table.assign(file=path.relative_to(folder).as_posix(), line=table.index))
