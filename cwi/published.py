"""What was published of an edition: every number as it was printed, and the rows that it rested on."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pandas as pd

from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.textfiles import read_csv, read_toml

__all__ = ["FROZEN", "PUBLISHED", "differing_rows", "freeze_rows", "read_published"]

FROZEN = "rows.csv.gz"
PUBLISHED = ("name", "value", "unit", "decimals", "text_en", "text_ru", "text_kk")
RECORD: dict[str, type] = {
    "methodology": str,
    "fingerprint": str,
    "data": str,
    "draws": int,
    "seed": int,
    "revision": list,
}
KINDS = {str: "a text in quotes", int: "a whole number", list: "a list of texts"}
KEY = ["indicator", "region", "year", "sex", "area"]


def read_published(edition: Edition) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every number of the published report as it was printed (index name), and the record of what it was made of.

    Raises
    ------
    DataError
        If nothing was published for that year, or the record cannot be used.
    """
    path = edition.path / "published.csv"
    if not path.is_file():
        raise DataError(f"{folders.relative(path)}: nothing was published; 'cwi publish {edition.year}' does that")
    table = read_csv(path, DataError, required=PUBLISHED)
    for line in table.index[table["name"].duplicated()]:
        raise DataError(f"{folders.relative(path)} line {line}: '{table.at[line, 'name']}' is listed twice")
    record = read_toml(edition.path / "published.toml", DataError)
    where = folders.relative(edition.path / "published.toml")
    for key, kind in RECORD.items():
        if key not in record:
            raise DataError(f"{where}: '{key}' is missing")
        value: Any = record[key]
        texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if type(value) is not kind or (kind is list and not texts):
            raise DataError(f"{where}: {key} is {value!r}; it must be {KINDS[kind]}")
    return table.set_index("name"), record


def freeze_rows(edition: Edition) -> bytes:
    """The rows that an edition rests on as a compressed CSV file; the same rows give the same bytes."""
    return gzip.compress(_rows(edition).encode(), mtime=0)


def differing_rows(edition: Edition) -> list[str]:
    """What differs between the rows in use and those frozen at publication, a sentence a row; nothing if all agree.

    Raises
    ------
    DataError
        If no rows were frozen, or the file cannot be read.
    """
    path = edition.path / FROZEN
    try:
        frozen = pd.read_csv(path, dtype=str, keep_default_na=False).set_index(KEY)
    except FileNotFoundError:
        raise DataError(f"{folders.relative(path)}: there is no such file") from None
    except (OSError, EOFError, ValueError, KeyError) as problem:
        raise DataError(f"{folders.relative(path)}: cannot be read ({problem})") from None
    now = pd.read_csv(io.StringIO(_rows(edition)), dtype=str, keep_default_na=False).set_index(KEY)
    sentences = [
        f"{_row_name(cell)} was used when it was published and is gone" for cell in frozen.index.difference(now.index)
    ]
    sentences += [f"{_row_name(cell)} is new since it was published" for cell in now.index.difference(frozen.index)]
    both = frozen.index.intersection(now.index)
    before, after = frozen.loc[both], now.loc[both, frozen.columns]
    for row, column in zip(*(before != after).to_numpy().nonzero(), strict=True):
        then, now_ = before.iat[row, column], after.iat[row, column]
        name = frozen.columns[column]
        sentences.append(f"{_row_name(both[row])}: {name} was '{then}' when it was published and is '{now_}' now")
    return sorted(sentences)


def _rows(edition: Edition) -> str:
    return edition.used.to_csv(index=False, lineterminator="\n")


def _row_name(cell: tuple[str, ...]) -> str:
    indicator, region, year, *groups = cell
    return " ".join([f"{indicator} in {region}, {year}", *(f"({group})" for group in groups if group)])
