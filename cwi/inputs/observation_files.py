"""Rows of observations written to their file, with the checksum in the record of their source.

Both files are written aside and moved into place, so that an interruption leaves the old or the new one, never half of
one. Between the two moves a checksum may be out of date: ``cwi check`` names it, and the same command writes it again.
"""

from __future__ import annotations

import csv
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomlkit
from numpy.typing import NDArray

from cwi import folders
from cwi.derived_series import DerivedSeries, compute_series, named_series, read_derived_series
from cwi.errors import DataError
from cwi.observations import read_observations
from cwi.territory import read_territory
from cwi.textfiles import numbers, read_text, read_toml, sha256
from cwi.writing import csv_text

__all__ = [
    "COLUMNS",
    "Built",
    "build_derived",
    "number_text",
    "record_source",
    "record_sources",
    "replace_file",
    "rows_text",
    "write_rows",
]

COLUMNS = ("region", "year", "indicator", "sex", "area", "value", "se", "n", "status", "source", "note")
KEY = ["indicator", "region", "year", "sex", "area"]


@dataclass(frozen=True)
class Built:
    """What was done to the file of a derived series: rows added, changed and removed."""

    file: str
    rows: int
    added: int
    changed: int
    removed: int


def replace_file(path: Path, content: bytes) -> None:
    """Write a file aside and move it into place.

    Raises
    ------
    DataError
        If the folder or the disk does not allow it; the file is then as it was.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        aside = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as problem:
        raise DataError(f"{folders.relative(path)}: cannot be written ({problem.strerror})") from None


def number_text(value: float) -> str:
    """A number as it is kept in a file: no exponent, no needless zeros; empty where it is missing.

    >>> number_text(46.7590), number_text(5636761.0), number_text(1e-05), number_text(float("nan"))
    ('46.759', '5636761', '0.00001', '')
    """
    if math.isnan(value):
        return ""
    return np.format_float_positional(value, trim="-")


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Write a file of observations, sorted by indicator, region, year, sex and area.

    ``rows``: the columns of an observations file as text; columns that it lacks are empty.
    """
    replace_file(path, rows_text(rows).encode())


def rows_text(rows: pd.DataFrame) -> str:
    """The text of a file of observations, as :func:`write_rows` writes it."""
    table = rows.reindex(columns=[*COLUMNS], fill_value="").astype(object).fillna("").astype(str).reset_index(drop=True)
    table = table.sort_values(KEY, kind="stable")
    return csv_text([COLUMNS, *table.to_numpy()])


def record_source(name: str, entries: Mapping[str, Any], folder: Path | None = None) -> None:
    """Write entries of one record of sources.toml, and leave all else in the file as it is, comments included."""
    record_sources({name: entries}, folder)


def record_sources(records: Mapping[str, Mapping[str, Any]], folder: Path | None = None) -> None:
    """Write entries of some records of sources.toml, as :func:`record_source`, where any of them differs."""
    path = (folder or folders.data()) / "sources.toml"
    known = read_toml(path, DataError)
    differing = {
        name: entries
        for name, entries in records.items()
        if name not in known or any(known[name].get(key) != value for key, value in entries.items())
    }
    if not differing:
        return
    document = tomlkit.parse(read_text(path, DataError))
    for name, entries in differing.items():
        if name not in document:
            document.add(tomlkit.nl())
            document.add(name, tomlkit.table())
        record: Any = document[name]
        record.update(entries)
    replace_file(path, tomlkit.dumps(document).encode())


def build_derived(folder: Path | None = None) -> list[Built]:
    """Compute every series of data/derived_series.csv and write the files of those that differ.

    A row whose figure agrees keeps its note. Series that rest on other derived series are computed after them.

    Returns
    -------
    list
        What was done, a record a file that changed.

    Raises
    ------
    DataError
        If the formulas or the observations cannot be read, formulas rest on each other in a circle, or a file cannot
        be written.
    """
    folder = folder or folders.data()
    territory = read_territory(folder)
    observations = read_observations(folder, territory=territory)
    formulas = read_derived_series(folder)
    observations = observations[observations["indicator"].isin(named_series(formulas))]
    series = _in_order(formulas)
    made: dict[str, list[pd.DataFrame]] = {}
    for derived in series:
        table = compute_series(derived, observations, territory)
        made.setdefault(derived.source, []).append(_as_text(derived, table))
        own = (observations["indicator"] == derived.series) & (observations["source"] == derived.source)
        fresh = table.assign(
            indicator=derived.series, sex="", area="", source=derived.source, note=derived.note,
            scored=table["status"] != "suspect",
        )  # fmt: skip
        observations = pd.concat([observations[~own], fresh], ignore_index=True)
    done = [built for source, tables in made.items() if (built := _write(folder, source, pd.concat(tables)))]
    record_sources({source: {"sha256": sha256(folder / "observations" / f"{source}.csv")} for source in made}, folder)
    return done


def _in_order(series: Mapping[str, DerivedSeries]) -> list[DerivedSeries]:
    """Each series after those that its formula names."""
    order: list[DerivedSeries] = []
    waiting = dict(series)
    while waiting:
        ready = [
            name for name, each in waiting.items() if not (set(each.formula.series) - {name}) & waiting.keys()
        ]  # fmt: skip
        if not ready:
            raise DataError(
                f"{next(iter(waiting.values())).place}: {', '.join(waiting)} rest on each other in a circle"
            )
        order += [waiting.pop(name) for name in ready]
    return order


def _as_text(derived: DerivedSeries, table: pd.DataFrame) -> pd.DataFrame:
    numbers = {column: [number_text(value) for value in table[column]] for column in ("value", "se", "n")}
    return table.assign(
        **numbers, year=table["year"].astype(str), indicator=derived.series, sex="", area="",
        source=derived.source, note=derived.note,
    )  # fmt: skip


def _write(folder: Path, source: str, rows: pd.DataFrame) -> Built | None:
    """Write the file of one source where a row differs."""
    path = folder / "observations" / f"{source}.csv"
    rows = rows.reindex(columns=[*COLUMNS], fill_value="").set_index(KEY, drop=False)
    added, changed, removed = len(rows), 0, 0
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            kept = pd.DataFrame(list(csv.DictReader(file)), dtype=str).fillna("")
        kept = kept.reindex(columns=[*COLUMNS], fill_value="")
        kept = kept.set_index(KEY, drop=False)
        both = rows.index.intersection(kept.index)
        same = both[_agree(rows.loc[both], kept.loc[both])]
        added, changed, removed = len(rows) - len(both), len(both) - len(same), len(kept) - len(both)
        rows.loc[same] = kept.loc[same, rows.columns]
    if not (added or changed or removed):
        return None
    write_rows(path, rows)
    return Built(folders.relative(path), len(rows), added, changed, removed)


def _agree(one: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows are kept as they are: the same figure and status, standard errors to what was printed."""
    agree = (one["status"] == other["status"]).to_numpy(bool)
    for column, tolerance in (("value", 0.0), ("n", 0.01), ("se", 0.01)):
        a, b = (numbers(table[column]).to_numpy(float) for table in (one, other))
        with np.errstate(invalid="ignore"):
            close = np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b))
        agree = agree & (close | (one[column] == other[column]).to_numpy(bool))
    return agree
