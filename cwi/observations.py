"""What was measured: one long table in which every value has a status and names its source.

Columns: region, year, indicator, sex, area, value, se, n, status, source, note; a row without sex and
area is a total. Zero, missing and suppressed are different things and stay so to the printed page.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from cwi import folders
from cwi.errors import DataError, near
from cwi.territory import PARENT_REGION, Territory, read_territory
from cwi.textfiles import read_csv, read_toml

__all__ = ["Problem", "problems", "read_observations", "read_series", "read_sources", "read_statuses"]

REQUIRED = ("region", "year", "indicator", "value", "status", "source")
OPTIONAL = ("sex", "area", "se", "n", "note")
COLUMNS = ("region", "year", "indicator", "sex", "area", "value", "se", "n", "status", "source", "note")
KEY = ["region", "year", "indicator", "sex", "area"]
YEARS = (1990, 2100)
GIVEN_LATER = (PARENT_REGION, "carried")  # statuses that the program gives, never a file


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row, and what would do."""

    kind: str
    file: str
    line: int | None
    text: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file} line {self.line}"
        return f"{place}: {self.text}"


def read_statuses(folder: Path | None = None) -> pd.DataFrame:
    """The statuses a value may have: index status; sdmx, scored (bool), titles, definition."""
    path = (folder or folders.data()) / "statuses.csv"
    titles = ("title_en", "title_ru", "title_kk")
    table = read_csv(path, DataError, required=("status", "sdmx", "scored", *titles, "definition"))
    for line, word in table["scored"].items():
        if word not in ("yes", "no"):
            raise DataError(f"{folders.relative(path)} line {line}: scored is '{word}'; it must be yes or no")
    for line in table.index[table["status"].duplicated()]:
        raise DataError(f"{folders.relative(path)} line {line}: '{table.at[line, 'status']}' stands there twice")
    table["scored"] = table["scored"] == "yes"
    return table.set_index("status")


def read_series(folder: Path | None = None) -> pd.DataFrame:
    """The register of series: index indicator; titles, unit, low and high (what a value may be), judgement."""
    path = (folder or folders.data()) / "series.csv"
    where = folders.relative(path)
    table = read_csv(
        path,
        DataError,
        required=("indicator", "title_en", "title_ru", "unit", "low", "high", "kind", "source_code", "used"),
        optional=("judgement",),
    )
    for line in table.index[table["indicator"].duplicated()]:
        raise DataError(f"{where} line {line}: the series '{table.at[line, 'indicator']}' stands there twice")
    for column in ("low", "high"):
        for line, text in table[column].items():
            if _number(text) is None:
                raise DataError(f"{where} line {line}: {column} is '{text}', which is not a number")
        table[column] = table[column].astype(float)
    for line in table.index[table["low"] >= table["high"]]:
        raise DataError(f"{where} line {line}: low is not below high")
    return table.set_index("indicator")


def read_sources(folder: Path | None = None) -> Mapping[str, Mapping[str, Any]]:
    """The register of sources: publisher, title, licence, date, file and its checksum, by record."""
    path = (folder or folders.data()) / "sources.toml"
    sources = read_toml(path, DataError)
    for name, record in sources.items():
        for key in ("publisher", "title", "licence", "retrieved"):
            if not isinstance(record, dict) or not record.get(key):
                raise DataError(f"{folders.relative(path)}: the source '{name}' has no {key}")
    return sources


def read_observations(folder: Path | None = None, *, territory: Territory | None = None) -> pd.DataFrame:
    """Read and validate every file of data/observations.

    Returns
    -------
    DataFrame
        region, year (int), indicator, sex, area, value (float), se, n, status, source, note, scored (bool),
        file, line; sorted by indicator, region and year.

    Raises
    ------
    DataError
        With file, line, what was found and what would do, for the first of the problems.

    Examples
    --------
    >>> observations = read_observations()
    >>> sorted(observations["region"].unique())[:2]
    ['KZ', 'KZ-10']
    """
    table, found = _read(folder, territory)
    if found:
        more = f" (and {len(found) - 1} more: 'cwi check' lists them)" if len(found) > 1 else ""
        raise DataError(f"{found[0]}{more}")
    return table


def problems(folder: Path | None = None, *, territory: Territory | None = None) -> list[Problem]:
    """Everything that is wrong with the rows of data/observations, with the sources and their checksums."""
    folder = folder or folders.data()
    table, found = _read(folder, territory)
    if found:
        return found
    return [*_source_problems(folder), *_national_problems(table, read_series(folder), territory or read_territory(folder))]


def _read(folder: Path | None, territory: Territory | None) -> tuple[pd.DataFrame, list[Problem]]:
    folder = folder or folders.data()
    territory = territory or read_territory(folder)
    series, sources, statuses = read_series(folder), read_sources(folder), read_statuses(folder)
    schema = _schema(territory.regions.index, series.index, sources, statuses.index)
    paths = sorted((folder / "observations").glob("*.csv"))
    if not paths:
        raise DataError(f"{folders.relative(folder / 'observations')}: there is no table of observations")
    tables = []
    for path in paths:
        part = read_csv(path, DataError, required=REQUIRED, optional=OPTIONAL)
        for column in OPTIONAL:
            if column not in part:
                part[column] = ""
        tables.append(part.reset_index().assign(file=folders.relative(path)))
    table = pd.concat(tables, ignore_index=True)
    found = _schema_problems(table, schema)
    if not found:
        table["year"] = table["year"].astype(int)
        for column in ("value", "se", "n"):
            table[column] = pd.to_numeric(table[column].where(table[column] != "", None), errors="coerce").astype(float)
        table["scored"] = table["status"].map(statuses["scored"])
        found = _row_problems(table, territory, series)
    if found:
        return table, sorted(found, key=lambda p: (p.file, p.line or 0))
    table = table.sort_values(["indicator", "region", "year", "sex", "area"], ignore_index=True)
    return table[[*COLUMNS, "scored", "file", "line"]], []


def _schema(regions: Iterable[str], series: Iterable[str], sources: Iterable[str], statuses: Iterable[str]) -> pa.DataFrameSchema:
    """The schema of a row as text; the name of a check is the sentence said when it fails."""

    def one_of(what: str, words: Iterable[str]) -> pa.Column:
        known = list(words)
        said = lambda found: f"{what} '{found}'{near(found, known)}"  # noqa: E731
        return pa.Column(str, pa.Check.isin(known, name="one of", error=said))

    def number(what: str) -> pa.Column:
        return pa.Column(
            str,
            pa.Check(
                lambda cells: cells.map(lambda text: text == "" or _number(text) is not None),
                name="number",
                error=lambda text: f"{what} is '{text}', which is not a number"
                + ("; decimals take a point" if "," in text else "; leave the cell empty where there is none"),
            ),
        )

    given = [status for status in statuses if status not in GIVEN_LATER]
    return pa.DataFrameSchema(
        {
            "region": one_of("no region has the code", regions),
            "year": pa.Column(
                str,
                pa.Check(
                    lambda cells: cells.map(lambda text: text.isdecimal() and YEARS[0] <= int(text) <= YEARS[1]),
                    name="year",
                    error=lambda text: f"year is '{text}'; it must be a whole number from {YEARS[0]} to {YEARS[1]}",
                ),
            ),
            "indicator": one_of("data/series.csv has no series", series),
            "sex": one_of("no sex is called", ("", "F", "M")),
            "area": one_of("no area is called", ("", "U", "R")),
            "value": number("value"),
            "se": number("se"),
            "n": number("n"),
            "status": one_of("no status is called", given),
            "source": one_of("data/sources.toml has no record", sources),
        }
    )


def _schema_problems(table: pd.DataFrame, schema: pa.DataFrameSchema) -> list[Problem]:
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as failed:
        says = {
            (column, check.name): check.error for column, rules in schema.columns.items() for check in rules.checks
        }
        return [
            Problem(
                row["column"],
                table.at[row["index"], "file"],
                int(table.at[row["index"], "line"]),
                says[row["column"], row["check"] if (row["column"], row["check"]) in says else "one of"](
                    row["failure_case"]
                ),
            )
            for row in failed.failure_cases.to_dict("records")
        ]
    return []


def _row_problems(table: pd.DataFrame, territory: Territory, series: pd.DataFrame) -> list[Problem]:
    found = []

    def say(kind: str, row: Any, text: str) -> None:
        found.append(Problem(kind, row.file, int(row.line), text))

    pairs = table[["region", "year"]].drop_duplicates()
    wrong = {(r, y) for r, y in pairs.itertuples(index=False) if not territory.valid(r, y)}
    in_wrong = pd.Series(list(zip(table["region"], table["year"], strict=True)), index=table.index).isin(wrong)
    for row in table[in_wrong & (table["status"] != "backcast")].itertuples():
        say(
            "territory",
            row,
            f"{row.region} did not exist in {row.year}; a value published for later borders has the status 'backcast', "
            "one of the former territory its own code (see data/regions.csv)",
        )
    for row in table[table.duplicated(KEY, keep="first")].itertuples():
        first = table[(table[KEY] == [getattr(row, k) for k in KEY]).all(axis=1)].iloc[0]
        cell = " ".join(filter(None, [row.indicator, row.region, str(row.year), row.sex, row.area]))
        say("duplicate", row, f"{cell} stands in {first.file} line {first.line} too; a value has one row")
    empty = table["value"].isna()
    without = table["status"].isin(["missing", "suppressed"])
    for row in table[empty & ~without].itertuples():
        say("value", row, f"{row.indicator} in {row.region}, {row.year} is empty but '{row.status}'; "
            "an empty value has the status 'missing' or 'suppressed'")
    for row in table[~empty & without].itertuples():
        say("value", row, f"{row.indicator} in {row.region}, {row.year} is '{row.status}' but has the value {row.value:g}")
    low, high = table["indicator"].map(series["low"]), table["indicator"].map(series["high"])
    for row in table[table["scored"] & ((table["value"] < low) | (table["value"] > high))].itertuples():
        register = series.loc[row.indicator]
        say(
            "range",
            row,
            f"{row.indicator} in {row.region}, {row.year} is {row.value:g} {register['unit']}; "
            f"the register allows {register['low']:g} to {register['high']:g}",
        )
    for row in table[(table["se"] < 0) | (table["n"] < 0)].itertuples():
        say("error", row, f"{row.indicator} in {row.region}, {row.year} has a standard error or a count below zero")
    return found


def _source_problems(folder: Path) -> list[Problem]:
    """Files without a record, records whose file is gone, and files that are not what the record says."""
    found, claimed = [], set()
    where = folders.relative(folder / "sources.toml")
    for name, record in read_sources(folder).items():
        if "file" not in record:
            continue
        path = folder / record["file"]
        claimed.add(path.resolve())
        if not path.is_file():
            found.append(Problem("source", where, None, f"the file of '{name}', {record['file']}, is not there"))
        elif (digest := hashlib.sha256(path.read_bytes()).hexdigest()) != record.get("sha256"):
            found.append(
                Problem("checksum", folders.relative(path), None,
                        f"the file is not the one that '{name}' records in data/sources.toml (its sha256 is {digest}); "
                        "if the change is meant, write the new checksum and the reason there")
            )
    for path in sorted((folder / "observations").glob("*.csv")):
        if path.resolve() not in claimed:
            found.append(Problem("source", folders.relative(path), None, "no record of data/sources.toml names this file"))
    return found


def _national_problems(table: pd.DataFrame, series: pd.DataFrame, territory: Territory) -> list[Problem]:
    """National totals that lie outside the range of the regions, for shares, rates and means."""
    scored = table[table["scored"] & (table["sex"] == "") & (table["area"] == "")]
    scored = scored[scored["indicator"].map(series["kind"]).isin(["share", "rate", "ratio", "mean", "index"])]
    key = ["indicator", "year"]
    nation = scored[scored["region"] == territory.nation].set_index(key)
    regions = scored[scored["region"] != territory.nation].groupby(key)["value"].agg(["min", "max", "size"])
    joined = nation.join(regions, how="inner")
    outside = joined[(joined["size"] >= 5) & ((joined["value"] < joined["min"]) | (joined["value"] > joined["max"]))]
    return [
        Problem("national", row.file, int(row.line),
                f"{row.Index[0]} in {territory.nation}, {row.Index[1]} is {row.value:g}, outside the range of the "
                f"{row.size} regions ({row.min:g} to {row.max:g})")
        for row in outside.itertuples()
    ]


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
