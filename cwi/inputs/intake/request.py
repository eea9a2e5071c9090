"""What is asked of whom for a year: frozen when the templates are written, so that answers are read against it."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders
from cwi.edition import Project
from cwi.errors import DataError
from cwi.inputs.intake.owners import AKIMATS, read_deliveries, read_owners
from cwi.inputs.observation_files import number_text, replace_file
from cwi.methodology import Methodology
from cwi.observations import read_series
from cwi.textfiles import number, read_csv
from cwi.writing import made_folder

__all__ = [
    "KEY",
    "Request",
    "build_request",
    "due_day",
    "freeze_request",
    "index_day",
    "key_of",
    "of_key",
    "own_sources",
    "read_request",
    "year_folder",
]

COLUMNS = (
    "methodology", "owner", "series", "indicator", "region", "title_en", "title_ru", "title_kk", "unit", "unit_ru",
    "unit_kk", "kind", "low", "high", "last", "last_year",
)  # fmt: skip
TO_LOOK_BACK = 2  # years that the last figure may lie back
KEY = re.compile(r"(\d{4})\|([a-z0-9-]+)\|([a-z0-9_]+)\|([A-Z0-9-]+)\|([0-9a-f]{8})")


@dataclass(frozen=True, eq=False)
class Request:
    """The cells that are asked for.

    ``year``; ``version``: eight digits of the checksum of the list, printed in every template; ``methodology``: the
    version whose indicators are asked for; ``cells``: index series and region, a row a figure, with owner, titles,
    units, limits (low, high: float) and the last figure (last: float, NaN where there is none; last_year: int, 0).
    """

    year: int
    version: str
    methodology: str
    cells: pd.DataFrame

    @cached_property
    def facts(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """The row of each cell by series and region."""
        names = list(map(str, self.cells.columns))
        return {
            (str(row[names.index("series")]), str(row[names.index("region")])): dict(zip(names, row, strict=True))
            for row in self.cells.itertuples(index=False, name=None)
        }

    @cached_property
    def owners(self) -> list[str]:
        """The owners that are asked, in the order of the list."""
        return list(dict.fromkeys(self.cells["owner"]))

    def of(self, owner: str) -> pd.DataFrame:
        """The cells of one owner."""
        return self.cells[self.cells["owner"] == owner]


def due_day(year: int) -> date:
    """The day by which the figures of a year are delivered: 1 April of the next (order of 1 February 2022)."""
    return date(year + 1, 4, 1)


def index_day(year: int) -> date:
    """The day by which the index of a year is computed: 1 June of the next (order of 1 February 2022)."""
    return date(year + 1, 6, 1)


def year_folder(year: int, data: Path | None = None) -> Path:
    """The folder of a year's intake: the request, receipts, originals and answers."""
    return (data or folders.data()) / "intake" / str(year)


def own_sources(year: int) -> str:
    """How the records of sources begin that the intake of a year writes."""
    return f"intake-{year}-"


def key_of(year: int, owner: str, series: str, region: str) -> str:
    """The key of a row of a template: readable, and with a check sum against a key that was dragged or mistyped.

    >>> key_of(2024, "health", "immunisation", "KZ-71")
    '2024|health|immunisation|KZ-71|1a3e99d8'
    """
    text = f"{year}|{owner}|{series}|{region}"
    return f"{text}|{zlib.crc32(text.encode()):08x}"


def of_key(text: str) -> tuple[int, str, str, str] | None:
    """Year, owner, series and region of a key; None where the text is none, or its check sum does not fit.

    >>> of_key("2024|health|immunisation|KZ-71|1a3e99d8"), of_key("2024|health|immunisation|KZ-72|1a3e99d8")
    ((2024, 'health', 'immunisation', 'KZ-71'), None)
    """
    match = KEY.fullmatch(text.strip())
    if match is None:
        return None
    year, owner, series, region, _ = match.groups()
    return (int(year), owner, series, region) if key_of(int(year), owner, series, region) == match[0] else None


def build_request(project: Project, year: int, methodology: Methodology) -> Request:
    """The figures of a year that the indicators of a methodology need and that no other source has.

    Parameters
    ----------
    project
        As :func:`cwi.open_project` gives it.
    year
        The year of the figures.
    methodology
        Its indicators are asked for, or the series that they are computed from.

    Raises
    ------
    DataError
        If the owners cannot be read, or a series that is asked for is neither in the register nor an indicator.
    """
    data = project.root / "data"
    owners = read_owners(data)
    deliveries, series = read_deliveries(data, owners=owners), read_series(data)
    indicators = methodology.indicators.set_index("code", drop=False)
    territory = project.territory
    table = project.observations
    totals = table[(table["sex"] == "") & (table["area"] == "") & ~table["source"].str.startswith(own_sources(year))]
    known = totals[totals["value"].notna()]
    there = set(map(tuple, known.loc[known["year"] == year, ["indicator", "region"]].to_numpy()))
    before = known[known["scored"] & known["year"].between(year - TO_LOOK_BACK, year - 1)]
    last = before.sort_values("year").drop_duplicates(["indicator", "region"], keep="last")
    last = last.set_index(["indicator", "region"])[["value", "year"]]
    regions, of_region = territory.regions_of(year), {row["region"]: code for code, row in owners.iterrows()}
    rows = []
    for line, row in deliveries.iterrows():
        code, indicator = row["series"], row["indicator"]
        if indicator and indicator not in indicators.index:
            continue
        facts = _facts(row, series, indicators, f"{folders.relative(data / 'intake' / 'deliveries.csv')} line {line}")
        for region in (*((territory.nation,) if row["territories"] in ("all", "nation") else ()),
                       *(regions if row["territories"] != "nation" else ())):  # fmt: skip
            owner = of_region.get(region, "") if row["owner"] == AKIMATS else row["owner"]
            if (code, region) in there or not owner:
                continue
            value, when = last.loc[(code, region)] if (code, region) in last.index else (float("nan"), 0)
            rows.append({**facts, "owner": owner, "region": region, "last": float(value), "last_year": int(when)})
    if not rows:
        raise DataError(f"data/intake/deliveries.csv: nothing of {year} is left to ask for; each figure has a source")
    cells = pd.DataFrame(rows, columns=list(COLUMNS)).assign(methodology=methodology.version)
    order = {owner: place for place, owner in enumerate(owners.index)}
    cells = cells.sort_values("owner", key=lambda column: column.map(order), kind="stable", ignore_index=True)
    return _request(year, methodology.version, cells)


def _facts(row: pd.Series, series: pd.DataFrame, indicators: pd.DataFrame, where: str) -> dict[str, object]:
    """Titles, units, kind and limits of a series: of the register, or of an indicator that has none yet."""
    code = row["series"]
    facts: dict[str, object] = {name: row[name] for name in ("series", "indicator", "title_kk", "unit_ru", "unit_kk")}
    if code in series.index:
        entry = series.loc[code]
        facts |= {name: entry[name] for name in ("title_en", "title_ru", "unit", "kind", "low", "high")}
    elif code in indicators.index:
        entry = indicators.loc[code]
        share = str(entry["unit"]) == "%"
        low, high = sorted((float(entry["worst"]), float(entry["best"])))
        facts |= {"unit": entry["unit"], "kind": "share" if share else "rate"}
        facts |= {"low": 0.0 if share else max(0.0, 2 * low - high), "high": 100.0 if share else 2 * high - low}
    else:
        raise DataError(f"{where}: '{code}' is neither a series of data/series.csv nor an indicator")
    if code in indicators.index:
        entry = indicators.loc[code]
        facts |= {name: entry.get(name, "") or entry["title_en"] for name in ("title_en", "title_ru", "title_kk")}
    return facts


def freeze_request(request: Request, data: Path | None = None) -> Path:
    """Write the request to its place; the same request changes nothing."""
    path = year_folder(request.year, data) / "request.csv"
    made_folder(path.parent)
    text = _text(request.cells)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        replace_file(path, text.encode())
    return path


def read_request(year: int, data: Path | None = None) -> Request:
    """The request of a year as it was frozen.

    Raises
    ------
    DataError
        If no templates were written for the year, or the list was changed into something that cannot be read.
    """
    path = year_folder(year, data) / "request.csv"
    where = folders.relative(path)
    if not path.is_file():
        raise DataError(f"{where}: there is no such file; 'cwi intake templates {year}' writes it with the templates")
    table = read_csv(path, DataError, required=COLUMNS)
    if table.empty:
        raise DataError(f"{where}: nothing is asked for; 'cwi intake templates {year}' writes the file again")
    for column in ("low", "high", "last", "last_year"):
        for line, text in table[column].items():
            if text and number(text) is None:
                raise DataError(f"{where} line {line}: {column} is '{text}', which is not a number")
        table[column] = table[column].map(number).astype(float)  # an empty cell is missing
    cells = table.reset_index(drop=True).astype({"last_year": int})
    return _request(year, str(cells["methodology"].iloc[0]), cells)


def _request(year: int, methodology: str, cells: pd.DataFrame) -> Request:
    version = hashlib.sha256(_text(cells).encode()).hexdigest()[:8]
    return Request(year, version, methodology, cells.set_index(["series", "region"], drop=False))


def _text(cells: pd.DataFrame) -> str:
    numbers = {name: [number_text(float(value)) for value in cells[name]] for name in ("low", "high", "last")}
    text = io.StringIO(newline="")
    cells[list(COLUMNS)].assign(**numbers).to_csv(text, index=False, lineterminator="\n")
    return text.getvalue()
