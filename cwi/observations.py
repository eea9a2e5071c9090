"""Observations: one long table in which every value has a status and a source.

Columns: region, year, indicator, sex, area, value, se, n, status, source, note; a row without sex and
area is a total. Zero, missing and suppressed are different things and stay so to the printed page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.territory import PARENT_REGION, Territory, read_territory
from cwi.textfiles import csv_cells, number, read_csv, read_toml

__all__ = [
    "MIDDLING",
    "Problem",
    "problems",
    "read_covariance",
    "read_observations",
    "read_series",
    "read_sources",
    "read_statuses",
]

REQUIRED = ("region", "year", "indicator", "value", "status", "source")
OPTIONAL = ("sex", "area", "se", "n", "note")
COLUMNS = ("region", "year", "indicator", "sex", "area", "value", "se", "n", "status", "source", "note")
KEY = ["region", "year", "indicator", "sex", "area"]
COVARIANCE = ("region", "year", "indicator", "other", "covariance")
YEARS = (1990, 2100)
MIDDLING = ("share", "rate", "ratio", "mean", "index")  # kinds whose national value lies among those of the regions
KINDS = (*MIDDLING, "count", "money", "context")
GIVEN_LATER = (PARENT_REGION, "carried", "imputed")  # statuses that the program gives, never a file

Rule = tuple[Callable[[str], bool], Callable[[str], str]]  # whether a cell is valid, and the message where it is not


@dataclass(frozen=True)
class Problem:
    """One error in the data: its kind, where it is, and what would be valid."""

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
        raise DataError(f"{folders.relative(path)} line {line}: '{table.at[line, 'status']}' is listed twice")
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
    for line in table.index[table["indicator"] == ""]:
        raise DataError(f"{where} line {line}: 'indicator' is empty")
    for line in table.index[table["indicator"].duplicated()]:
        raise DataError(f"{where} line {line}: the series '{table.at[line, 'indicator']}' is listed twice")
    for column in ("low", "high"):
        for line, text in table[column].items():
            if number(text) is None:
                raise DataError(f"{where} line {line}: {column} is '{text}', which is not a number")
        table[column] = table[column].astype(float)
    for line in table.index[table["low"] >= table["high"]]:
        raise DataError(f"{where} line {line}: low is not below high")
    for column, words in (("kind", KINDS), ("used", ("yes", "no"))):
        for line, word in table[column].items():
            if word not in words:
                raise DataError(f"{where} line {line}: {column} is '{word}'{near(word, words)}")
    return table.set_index("indicator")


def read_sources(folder: Path | None = None) -> Mapping[str, Mapping[str, Any]]:
    """The register of sources: publisher, title, licence, date, file and its checksum, by record.

    Where source_words.csv beside it has a text of publisher, title or licence in Russian and Kazakh, the record has it
    too, as ``title_ru`` and so on.

    Raises
    ------
    DataError
        If a record lacks a key that each must have, or source_words.csv cannot be used.
    """
    path = (folder or folders.data()) / "sources.toml"
    sources = read_toml(path, DataError)
    for name, record in sources.items():
        keys = ("publisher", "title", "licence", "retrieved")
        if missing := [key for key in keys if not isinstance(record, dict) or not record.get(key)]:
            raise DataError(f"{folders.relative(path)}: the source '{name}' has no {', '.join(missing)}")
        for key in (*keys, "file", "sha256"):
            if not isinstance(record.get(key, ""), str):
                raise DataError(
                    f"{folders.relative(path)}: {key} of the source '{name}' is {record[key]!r}; it must be a text in "
                    "quotes"
                )
    words = _source_words(path.parent / "source_words.csv")
    for record in sources.values():
        for key in ("publisher", "title", "licence"):
            translations = words.get(str(record[key]), {})
            record |= {f"{key}_{language}": text for language, text in translations.items()}
    return sources


def _source_words(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Translations of texts of sources.toml, by text and language; none where there is no such file."""
    if not path.is_file():
        return {}
    table = read_csv(path, DataError, required=("text", "ru", "kk"))
    for line in table.index[table["text"].duplicated()]:
        raise DataError(f"{folders.relative(path)} line {line}: '{table.at[line, 'text']}' is listed twice")
    for line in table.index[(table == "").any(axis=1)]:
        raise DataError(f"{folders.relative(path)} line {line}: a cell is empty; each text has both translations")
    rows = zip(table["text"], table["ru"], table["kk"], strict=True)
    return {text: {"ru": ru, "kk": kk} for text, ru, kk in rows}


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
    table, wrong = _read(folder, territory)
    if wrong:
        more = f" (and {len(wrong) - 1} more: 'cwi check' lists them)" if len(wrong) > 1 else ""
        raise DataError(f"{wrong[0]}{more}")
    return table


def read_covariance(folder: Path | None = None) -> pd.DataFrame | None:
    """Covariances of estimates of one survey, from data/covariance, where there are any.

    Returns
    -------
    DataFrame
        region, year (int), indicator, other, covariance (float), file, line; each pair once.

    Raises
    ------
    DataError
        With file and line, if a cell holds no number.
    """
    tables = []
    for path in sorted(((folder or folders.data()) / "covariance").glob("*.csv")):
        table, where = read_csv(path, DataError, required=COVARIANCE), folders.relative(path)
        for column, kind in (("year", "whole number"), ("covariance", "number")):
            for line, text in table[column].items():
                value = number(text)
                if value is None or (column == "year" and value % 1):
                    raise DataError(f"{where} line {line}: {column} is '{text}', which is not a {kind}")
        tables.append(table.reset_index().assign(file=where).astype({"year": float, "covariance": float}))
    if not tables:
        return None
    return pd.concat(tables, ignore_index=True).astype({"year": int})[[*COVARIANCE, "file", "line"]]


def problems(folder: Path | None = None, *, territory: Territory | None = None) -> list[Problem]:
    """Everything that is wrong with the rows of data/observations, with the sources and their checksums."""
    folder = folder or folders.data()
    table, wrong = _read(folder, territory)
    if wrong:
        return wrong
    territory = territory or read_territory(folder)
    return [
        *_source_problems(folder),
        *_misfiled(table, folder),
        *_national_problems(table, read_series(folder), territory),
    ]


def _read(folder: Path | None, territory: Territory | None) -> tuple[pd.DataFrame, list[Problem]]:
    folder = folder or folders.data()
    territory = territory or read_territory(folder)
    series, sources, statuses = read_series(folder), read_sources(folder), read_statuses(folder)
    paths = sorted((folder / "observations").glob("*.csv"))
    if not paths:
        raise DataError(f"{folders.relative(folder / 'observations')}: there is no table of observations")
    table = _joined(paths)
    wrong = _cell_problems(table, _rules(territory.regions.index, series.index, sources, statuses.index))
    if not wrong:
        table["year"] = table["year"].astype(int)
        for column in ("value", "se", "n"):
            numbers = {text: number(text) for text in table[column].unique()}
            table[column] = table[column].map(numbers).astype(float)
        table["scored"] = table["status"].map(statuses["scored"])
        wrong = _row_problems(table, territory, series)
    if wrong:
        return table, sorted(wrong, key=lambda p: (p.file, p.line or 0))
    table = table.sort_values(["indicator", "region", "year", "sex", "area"], ignore_index=True)
    return table[[*COLUMNS, "scored", "file", "line"]], []


def _joined(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of all files in one table, every cell as text, each row with its file and line."""
    columns: dict[str, list[str]] = {column: [] for column in (*REQUIRED, *OPTIONAL, "file")}
    lines: list[int] = []
    for path in paths:
        cells, own = csv_cells(path, DataError, required=REQUIRED, optional=OPTIONAL)
        if not own:
            raise DataError(
                f"{folders.relative(path)}: no row is left in it; restore the file, or delete it with its record in "
                "sources.toml"
            )
        lines += own
        for column in (*REQUIRED, *OPTIONAL):
            columns[column] += cells.get(column) or [""] * len(own)
        columns["file"] += [folders.relative(path)] * len(own)
    return pd.DataFrame(columns, dtype=str).assign(line=np.array(lines, dtype="int64"))


def _rules(
    regions: Iterable[str], series: Iterable[str], sources: Iterable[str], statuses: Iterable[str]
) -> dict[str, Rule]:
    """What each cell of a row must be."""

    def one_of(what: str, words: Iterable[str]) -> Rule:
        known = list(words)
        return known.__contains__, lambda text: f"{what} '{text}'{near(text, known)}"

    def one_of_or_all(what: str, words: tuple[str, ...]) -> Rule:
        return ("", *words).__contains__, lambda text: f"{what} '{text}'{near(text, words)}; an empty cell means all"

    def number_or_none(what: str) -> Rule:
        return (
            lambda text: text == "" or number(text) is not None,
            lambda text: (
                f"{what} is '{text}', which is not a number"
                + ("; decimals take a point" if "," in text else "; leave the cell empty where there is none")
            ),
        )

    year = f"it must be a whole number from {YEARS[0]} to {YEARS[1]}"
    return {
        "region": one_of("no region has the code", regions),
        "year": (
            lambda text: text.isascii() and text.isdecimal() and YEARS[0] <= int(text) <= YEARS[1],
            lambda text: f"year is '{text}'; {year}",
        ),
        "indicator": one_of("data/series.csv has no series", series),
        "sex": one_of_or_all("no sex is called", ("F", "M")),
        "area": one_of_or_all("no area is called", ("U", "R")),
        "value": number_or_none("value"),
        "se": number_or_none("se"),
        "n": number_or_none("n"),
        "status": one_of("no status is called", [status for status in statuses if status not in GIVEN_LATER]),
        "source": one_of("data/sources.toml has no record", sources),
    }


def _cell_problems(table: pd.DataFrame, rules: Mapping[str, Rule]) -> list[Problem]:
    import pandera.pandas as pa  # heavy: imported where it is used

    def check(good: Callable[[str], bool]) -> pa.Check:
        return pa.Check(lambda cells: cells.isin([text for text in cells.unique() if good(text)]))

    schema = pa.DataFrameSchema({column: pa.Column(str, check(good)) for column, (good, _) in rules.items()})
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as failed:
        cases = failed.failure_cases
        return [
            Problem(case.column, row.file, int(row.line), rules[case.column][1](case.failure_case))
            for case, row in zip(_rows(cases), _rows(table.loc[cases["index"]]), strict=True)
        ]
    return []


def _row_problems(table: pd.DataFrame, territory: Territory, series: pd.DataFrame) -> list[Problem]:
    wrong = []

    def add(kind: str, row: Any, text: str) -> None:
        wrong.append(Problem(kind, row.file, int(row.line), text))

    begins, ends = (territory.regions[column].map(lambda day: day.year) for column in ("valid_from", "valid_to"))
    early = table["year"] < table["region"].map(begins)
    late = table["year"] > table["region"].map(ends)
    for row in _rows(table[late | (early & (table["status"] != "backcast"))]):
        add(
            "territory",
            row,
            f"{row.region} did not exist in {row.year}; a value published for later borders has the status 'backcast', "
            "one of the former territory its own code (see data/regions.csv)",
        )
    for _, same in table[table.duplicated(KEY, keep=False)].groupby(KEY, sort=False):
        first, *again = _rows(same)
        cell = " ".join(filter(None, [first.indicator, first.region, str(first.year), first.sex, first.area]))
        for row in again:
            add("duplicate", row, f"{cell} is in {first.file} line {first.line} too; a value has one row")
    empty = table["value"].isna()
    without = table["status"].isin(["missing", "suppressed", "not applicable"])
    for row in _rows(table[empty & ~without]):
        add(
            "value",
            row,
            f"{row.indicator} in {row.region}, {row.year} is empty but '{row.status}'; "
            "an empty value has the status 'missing' or 'suppressed'",
        )
    for row in _rows(table[~empty & without]):
        add(
            "value",
            row,
            f"{row.indicator} in {row.region}, {row.year} is '{row.status}' but has the value {row.value:g}",
        )
    low, high = table["indicator"].map(series["low"]), table["indicator"].map(series["high"])
    for row in _rows(table[table["scored"] & ((table["value"] < low) | (table["value"] > high))]):
        register = series.loc[row.indicator]
        add(
            "range",
            row,
            f"{row.indicator} in {row.region}, {row.year} is {row.value:g} {register['unit']}; "
            f"the register allows {register['low']:g} to {register['high']:g}",
        )
    for row in _rows(table[(table["se"] < 0) | (table["n"] < 0)]):
        add("error", row, f"{row.indicator} in {row.region}, {row.year} has a standard error or a count below zero")
    return wrong


def _misfiled(table: pd.DataFrame, folder: Path) -> list[Problem]:
    """Rows that name a source whose record is of another file."""
    files = {
        name: folders.relative(folder / str(record.get("file", ""))) for name, record in read_sources(folder).items()
    }
    wrong = table[table["source"].map(files) != table["file"]].drop_duplicates(["file", "source"])
    return [
        Problem("source", str(file), int(line), f"the record '{source}' is that of {files[source]}")
        for file, line, source in wrong[["file", "line", "source"]].to_numpy()
    ]


def _source_problems(folder: Path) -> list[Problem]:
    """Files without a record, records whose file is gone, and files that differ from the record."""
    wrong, claimed = [], set()
    where = folders.relative(folder / "sources.toml")
    for name, record in read_sources(folder).items():
        if "file" not in record:
            continue
        path = folder / record["file"]
        claimed.add(path.resolve())
        if not path.is_file():
            wrong.append(Problem("source", where, None, f"the file of '{name}', {record['file']}, is not there"))
        elif (digest := hashlib.sha256(path.read_bytes()).hexdigest()) != str(record.get("sha256")).lower():
            wrong.append(
                Problem(
                    "checksum",
                    folders.relative(path),
                    None,
                    f"the file is not the one that '{name}' records in data/sources.toml (its sha256 is {digest}); "
                    "if the change is meant, write the new checksum and the reason there",
                )
            )
    for path in sorted((folder / "observations").glob("*.csv")):
        if path.resolve() not in claimed:
            wrong.append(
                Problem("source", folders.relative(path), None, "no record of data/sources.toml names this file")
            )
    return wrong


def _national_problems(table: pd.DataFrame, series: pd.DataFrame, territory: Territory) -> list[Problem]:
    """National totals that lie outside the range of the regions, for shares, rates and means."""
    scored = table[table["scored"] & (table["sex"] == "") & (table["area"] == "")]
    scored = scored[scored["indicator"].map(series["kind"]).isin(MIDDLING)]
    key = ["indicator", "year"]
    nation = scored[scored["region"] == territory.nation].set_index(key)
    regions = scored[scored["region"] != territory.nation].groupby(key)["value"].agg(["min", "max", "size"])
    joined = nation.join(regions, how="inner")
    outside = joined[(joined["size"] >= 5) & ((joined["value"] < joined["min"]) | (joined["value"] > joined["max"]))]
    return [
        Problem(
            "national",
            row.file,
            int(row.line),
            f"{row.Index[0]} in {territory.nation}, {row.Index[1]} is {row.value:g}, outside the range of the "
            f"{row.size} regions ({row.min:g} to {row.max:g})",
        )
        for row in _rows(outside)
    ]


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    return iter(table.itertuples())
