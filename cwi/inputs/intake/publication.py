"""One table of a publication as observations: names matched to codes, shown first, written with its source record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import tomlkit

from cwi import folders
from cwi.errors import DataError, near
from cwi.inputs.cells import Table, read_table
from cwi.inputs.intake.owners import Places, plain, read_places
from cwi.inputs.intake.typed_numbers import decide, readings
from cwi.inputs.intake.values import status_of, words_of
from cwi.inputs.observation_files import replace_file, rows_text
from cwi.observations import read_observations, read_series
from cwi.territory import read_territory
from cwi.textfiles import read_text
from cwi.writing import made_folder

__all__ = ["ROLES", "Publication", "add_publication", "read_publication"]

ROLES = {
    "region": ("region", "регион", "область", "өңір", "облыс"),
    "year": ("year", "год", "жыл"),
    "value": ("value", "значение", "мән", "мәні"),
    "indicator": ("indicator", "series", "показатель", "көрсеткіш"),
    "note": ("note", "примечание", "ескертпе"),
}
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
YEAR = re.compile(r"(19|20)\d\d")


@dataclass(frozen=True, eq=False)
class Publication:
    """A table that was read: ``rows`` with place, name (as printed), region, year, indicator, value, status, note."""

    path: Path
    sha256: str
    rows: pd.DataFrame


def read_publication(
    path: Path,
    *,
    series: str | None = None,
    year: int | None = None,
    columns: Mapping[str, str] | None = None,
    data: Path | None = None,
) -> Publication:
    """Read a table, CSV or XLSX: a row a region, with a column of values or a column a year.

    Parameters
    ----------
    path
        The names of the columns are in the first row.
    series
        The code of the series, where no column names it.
    year
        The year of the values, where no column and no heading names it.
    columns
        The heading of each of region, year, value, indicator, note, where it is none of the usual ones.
    data
        The data folder; that of the project by default.

    Raises
    ------
    DataError
        With file and line or cell, for the first cell that cannot be used: a name that is no region, or more than one;
        a series that is not in the register; a text that is no number, or may be two; a figure outside the limits of
        the register; a figure that is there twice.
    """
    data = data or folders.data()
    table = read_table(path, "data", DataError, [])
    heads = _heads(table, columns or {})
    years = {int(name): name for name in table.columns if YEAR.fullmatch(name)} if "value" not in heads else {}
    if "value" not in heads and not years:
        raise DataError(
            f"{table.place(1)}: there is neither a column of values nor one a year; --column value=HEADING names it"
        )
    if "year" not in heads and year is None and not years:
        raise DataError(f"{table.place(1)}: the year is not named; --year 2024 names it")
    register, territory = read_series(data), read_territory(data)
    places, limits = read_places(territory, data), register.to_dict("index")
    rows = []
    for row in table.rows:
        code = table.text(row, heads["indicator"]) if "indicator" in heads else series
        if code not in register.index:
            raise DataError(
                f"{table.place(row, heads.get('indicator', ''))}: the series is '{code or ''}', which "
                f"data/series.csv does not have{near(code, register.index)}; --series CODE names it"
            )
        for when, head in years.items() or [(_year(table, row, heads, year), heads["value"])]:
            number, status = _value(table, row, head, limits[str(code)])
            if number is None and not status:
                continue
            name = table.text(row, heads["region"])
            region = _region(table, row, heads["region"], name, when, places)
            note = table.text(row, heads["note"]) if "note" in heads else ""
            value = "" if number is None else format(number, "f")
            rows.append((table.place(row, head), name, region, when, code, value, status or "normal", note))
    names = ["place", "name", "region", "year", "indicator", "value", "status", "note"]
    made = pd.DataFrame(rows, columns=names)
    _refuse_twice(made)
    return Publication(path, hashlib.sha256(path.read_bytes()).hexdigest(), made)


def _heads(table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """The heading of each role."""
    for role, head in columns.items():
        if role not in ROLES:
            raise DataError(f"--column names '{role}'{near(role, ROLES)}")
        if head not in table.columns:
            raise DataError(f"{table.place(1)}: the column '{head}' is missing{near(head, table.columns)}")
    heads = dict(columns)
    for role, words in ROLES.items():
        if role not in heads and (named := [name for name in table.columns if plain(name) in words]):
            heads[role] = named[0]
    if "region" not in heads:
        raise DataError(f"{table.place(1)}: no column names the regions; --column region=HEADING names it")
    return heads


def _year(table: Table, row: int, heads: Mapping[str, str], year: int | None) -> int:
    if "year" not in heads:
        assert year is not None
        return year
    text = table.text(row, heads["year"])
    if not YEAR.fullmatch(text):
        raise DataError(f"{table.place(row, heads['year'])}: the year is '{text}'; it has four digits, such as 2024")
    return int(text)


def _value(table: Table, row: int, head: str, entry: Mapping[Any, Any]) -> tuple[Decimal | None, str]:
    """The figure of a cell, or the status in place of one; neither for an empty cell."""
    text, place = table.text(row, head), table.place(row, head)
    if not text:
        return None, ""
    if status := status_of(text, words_of({})):
        return None, status
    low, high = float(entry["low"]), float(entry["high"])
    share = str(entry["unit"]).startswith("%")
    possible = readings(text.removesuffix("%") if share else text)
    number = decide(possible, low, high, None)
    if not possible:
        raise DataError(f"{place}: '{text}' is not a number; write the number alone, or 'n/a' where there is none")
    if number is None:
        raise DataError(
            f"{place}: '{text}' may be {' or '.join(format(each, 'f') for each in possible)}; write it without a mark "
            "of thousands"
        )
    if not low <= number <= high:
        raise DataError(
            f"{place}: {number:f} {entry['unit']} is outside {low:g} to {high:g}, which data/series.csv allows; "
            "correct the figure or the limits"
        )
    return number, ""


def _region(table: Table, row: int, head: str, name: str, year: int, places: Places) -> str:
    territory = places.territory
    codes = [str(code) for code in territory.regions.index if territory.valid(str(code), year)]
    region = places.code_of(name, [*territory.regions_of(year), territory.nation]) or places.code_of(name, codes)
    if region is None:
        names = [territory.name(code, "ru") for code in territory.regions_of(year)]
        raise DataError(
            f"{table.place(row, head)}: '{name}' is not the name of one region of {year}{near(name, names)}; "
            "data/intake/spellings.csv takes another spelling"
        )
    return region


def _refuse_twice(rows: pd.DataFrame) -> None:
    key = ["indicator", "region", "year"]
    for row in rows[rows.duplicated(key)].to_dict("records"):
        first = rows[(rows[key] == pd.Series({name: row[name] for name in key})).all(axis=1)].iloc[0]
        raise DataError(
            f"{row['place']}: {row['indicator']} in {row['region']}, {row['year']} is there twice, first at "
            f"{first['place']}; a value has one row"
        )


def add_publication(
    publication: Publication, source: str, record: Mapping[str, str], data: Path | None = None
) -> list[str]:
    """Write the rows with the record of their source, and keep the original; the names of the files written.

    Parameters
    ----------
    publication
        As :func:`read_publication` gives it.
    source
        The name of the record, such as 'bns-neet-2024'.
    record
        publisher, title, licence and whatever else the record has.

    Raises
    ------
    DataError
        If the name is none, the record lacks a key, there is such a source of another file already, or a figure has a
        source already.
    """
    data = data or folders.data()
    if not NAME.fullmatch(source):
        raise DataError(f"the source is called '{source}'; a name has small letters, digits and hyphens: bns-neet-2024")
    for key in ("publisher", "title", "licence"):
        if not record.get(key):
            raise DataError(f"the record of '{source}' has no {key}; --{key} gives it")
    rows = publication.rows.assign(source=source)
    text = rows_text(rows.astype({"year": str}))
    kept = f"intake/publications/{publication.sha256[:12]}-{publication.path.name}"
    path = data / "sources.toml"
    document = tomlkit.parse(read_text(path, DataError))
    entry: Any = document.get(source)
    if entry is not None and entry.get("original_sha256") != publication.sha256:
        raise DataError(f"data/sources.toml has a record '{source}' of another file already; choose another name")
    _refuse_known(rows, source, data)
    if entry is None:
        made = tomlkit.table()
        made.update(record)
        made.update({"retrieved": date.today().isoformat(), "original": kept, "original_sha256": publication.sha256})
        made.update({"file": f"observations/{source}.csv", "sha256": hashlib.sha256(text.encode()).hexdigest()})
        document.add(tomlkit.nl())
        document.add(source, made)
    contents = {
        data / kept: publication.path.read_bytes(),
        path: tomlkit.dumps(document).encode(),
        data / "observations" / f"{source}.csv": text.encode(),
    }
    written = []
    for target, content in contents.items():
        if not target.is_file() or target.read_bytes() != content:
            made_folder(target.parent)
            replace_file(target, content)
            written.append(folders.relative(target))
    return written


def _refuse_known(rows: pd.DataFrame, source: str, data: Path) -> None:
    known = read_observations(data)
    known = known[(known["sex"] == "") & (known["area"] == "") & (known["source"] != source)]
    places = {(row[0], row[1], row[2]): f"{row[3]} line {row[4]}"
              for row in known[["indicator", "region", "year", "file", "line"]].to_numpy()}  # fmt: skip
    for row in rows.to_dict("records"):
        if there := places.get((row["indicator"], row["region"], row["year"])):
            raise DataError(
                f"{row['place']}: {row['indicator']} in {row['region']}, {row['year']} is in {there} already; a value "
                "has one row, leave it out here or there"
            )
