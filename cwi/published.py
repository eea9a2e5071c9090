"""What was published of an edition: every number as it was printed, the rows, the rules and the executed notebook.

A folder data/editions/<year>/ holds the latest vintage, and in vintages/<number>/ each one that it replaced:

===================  =================================================================================
``published.csv``    every number as it was printed
``published.toml``   vintage, date, methodology, checksums, seed, and the reason of each revision
``rows.csv.gz``      the rows that the edition rests on
``kept.zip``         the rules (``rules/``) and the executed notebooks (``notebooks/``)
``revision.csv``     every number that the revision changed: old, new, difference and cause
``revision.*.html``  the same to read, in three languages
===================  =================================================================================
"""

from __future__ import annotations

import gzip
import io
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from cwi import folders
from cwi.edition import FROZEN, Edition, editions, open_project
from cwi.errors import CwiError, DataError, near
from cwi.methodology import Methodology, read_methodology
from cwi.textfiles import read_csv, read_toml

__all__ = [
    "FROZEN",
    "KEPT",
    "PUBLISHED",
    "VINTAGES",
    "differing_rows",
    "differing_rules",
    "freeze_rows",
    "frozen",
    "frozen_rules",
    "keep",
    "published_series",
    "read_published",
    "vintages",
]

KEPT = "kept.zip"
VINTAGES = "vintages"
PUBLISHED = ("name", "value", "unit", "decimals", "text_en", "text_ru", "text_kk")
RECORD: dict[str, type] = {
    **dict.fromkeys(("methodology", "fingerprint", "data"), str),
    **dict.fromkeys(("draws", "seed"), int),
    "revision": list,
}
LATER: dict[str, type] = {"vintage": int, "date": str, "code": str, "registers": str}  # since there are vintages
KINDS = {str: "a text in quotes", int: "a whole number", list: "a list of texts"}
KEY = ["indicator", "region", "year", "sex", "area"]
RULES, NOTEBOOKS = "rules/", "notebooks/"


def vintages(edition: Edition) -> dict[int, Path]:
    """The folder of each vintage that was published, the latest last."""
    if not (edition.path / "published.toml").is_file():
        return {}
    kept = {int(path.name): path for path in (edition.path / VINTAGES).glob("*") if path.name.isdecimal()}
    return {**dict(sorted(kept.items())), _record(edition.path)["vintage"]: edition.path}


def read_published(edition: Edition, vintage: int | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every number of the published report as it was printed (index name), and the record of what it was made of.

    Parameters
    ----------
    vintage
        The number of a vintage, the latest by default.

    Raises
    ------
    DataError
        If nothing was published for that year, or there is no such vintage.
    """
    folder = edition.path
    if not (folder / "published.csv").is_file():
        where = folders.relative(folder / "published.csv")
        raise DataError(f"{where}: nothing was published; 'cwi publish {edition.year}' does that")
    if vintage is not None:
        known = vintages(edition)
        if vintage not in known:
            raise DataError(
                f"the edition of {edition.year} has no vintage {vintage}; there are {', '.join(map(str, known))}"
            )
        folder = known[vintage]
    path = folder / "published.csv"
    table = read_csv(path, DataError, required=PUBLISHED, filled=True)
    for line in table.index[table["name"].duplicated()]:
        raise DataError(f"{folders.relative(path)} line {line}: '{table.at[line, 'name']}' is listed twice")
    return table.set_index("name"), _record(folder)


def _record(folder: Path) -> dict[str, Any]:
    path = folder / "published.toml"
    record, where = read_toml(path, DataError), folders.relative(path)
    known = RECORD | LATER
    for key in (*RECORD, *record):
        if key not in record:
            raise DataError(f"{where}: '{key}' is missing")
        if key not in known:
            raise DataError(f"{where}: there is no '{key}'{near(key, known)}")
        value: Any = record[key]
        texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if type(value) is not known[key] or (known[key] is list and not texts):
            raise DataError(f"{where}: {key} is {value!r}; it must be {KINDS[known[key]]}")
    return {"vintage": 1 + len(record["revision"]), "date": "", **record}


def published_series(
    name: str, years: Iterable[int] | None = None, *, join: bool = False, root: Path | None = None
) -> pd.DataFrame:
    """A published number through the years, such as ``score.{year}.KZ-71.index``.

    Parameters
    ----------
    name
        The name of the number, with ``{year}`` in the place of the year.
    years
        The years; all that were published by default.
    join
        Put numbers of several vintages or methodologies in one series. They are not comparable without more.

    Returns
    -------
    DataFrame
        Index year; value, vintage, methodology. A year in which the number was not printed is missing.

    Raises
    ------
    DataError
        If they are of several vintages or methodologies and ``join`` is not asked for, or none was printed.

    Examples
    --------
    >>> series = published_series("rank.{year}.KZ-71.index", [2019, 2023])
    >>> series.columns.tolist()
    ['value', 'vintage', 'methodology']
    """
    project = open_project(root)
    chosen = sorted(editions(project.root / "data") if years is None else years)
    rows = {}
    for year in chosen:
        edition = project.edition(year)
        if years is None and not (edition.path / "published.csv").is_file():
            continue
        table, record = read_published(edition)
        if (key := name.replace("{year}", str(year))) in table.index:
            rules = f"{record['methodology']} {record['fingerprint']}"
            rows[year] = (float(str(table.at[key, "value"])), int(record["vintage"]), rules)
    if not rows:
        raise DataError(f"no edition published a number '{name}'")
    series = pd.DataFrame.from_dict(rows, orient="index", columns=["value", "vintage", "methodology"])
    for column, what in (("methodology", "methodologies"), ("vintage", "vintages")):
        if not join and series[column].nunique() > 1:
            of = "; ".join(f"{value}: {_span(group.index)}" for value, group in series.groupby(column, sort=False))
            raise DataError(
                f"the numbers '{name}' are of several {what} ({of}) and make no series; ask for it with join, or score "
                "the years by one methodology"
            )
    return series.rename_axis("year")


def _span(years: Iterable[int]) -> str:
    return ", ".join(str(year) for year in years)


# ---------------------------------------------------------------- what is frozen


def freeze_rows(edition: Edition) -> bytes:
    """The rows that an edition rests on as a compressed CSV file; the same rows give the same bytes."""
    return gzip.compress(_rows(edition).encode(), mtime=0)


def keep(edition: Edition, notebooks: Mapping[str, bytes]) -> bytes:
    """The rules of an edition and its executed notebooks as a ZIP file; the same contents give the same bytes."""
    rules = edition.methodology.path.parent
    files = {f"{RULES}{path.name}": path.read_bytes() for path in sorted(rules.iterdir()) if path.is_file()}
    files |= {f"{NOTEBOOKS}{name}": content for name, content in sorted(notebooks.items())}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def frozen(edition: Edition, rules: Methodology | None = None) -> Edition:
    """The edition on the rows that were frozen at its publication, under its rules or those given.

    Rows that the edition does not rest on (other series, later years) are those of today.
    """
    rows = _frozen_rows(edition)
    table = rows.reset_index()
    for column in ("value", "se", "n"):
        table[column] = pd.to_numeric(table[column].replace("", None)).astype(float)
    table["year"] = table["year"].astype(int)
    table["scored"] = table["scored"] == "True"
    table["file"], table["line"] = folders.relative(edition.path / FROZEN), range(2, len(table) + 2)
    others = edition.base.drop(edition.used.index)
    base = pd.concat([table[list(edition.base.columns)], others], ignore_index=True)
    base = base.astype({column: edition.base[column].dtype for column in edition.base.columns})
    return replace(edition, base=base, methodology=rules or edition.methodology)


def frozen_rules(edition: Edition) -> Methodology | None:
    """The rules that were frozen at publication; none where they were not kept, or cannot be read any more."""
    files = _kept_rules(edition)
    if not files:
        return None
    with tempfile.TemporaryDirectory() as aside:
        for name, content in files.items():
            (Path(aside) / name).write_bytes(content)
        try:
            return read_methodology(Path(aside))
        except CwiError:
            return None


def differing_rules(edition: Edition) -> list[str]:
    """What differs between the rules of today and those kept at publication, a sentence a setting."""
    sentences = []
    folder = edition.methodology.path.parent
    for name, content in _kept_rules(edition).items():
        path = folder / name
        now = path.read_bytes() if path.is_file() else b""
        if now == content:
            continue
        before, after = (_settings(name, text) for text in (content, now))
        for key in sorted({*before, *after}):
            then, today = before.get(key, "missing"), after.get(key, "missing")
            if then != today:
                where = folders.relative(path)
                sentences.append(f"{where}: {key} was {then} when it was published and is {today} now")
    return sentences


def _kept_rules(edition: Edition) -> dict[str, bytes]:
    path = edition.path / KEPT
    if not path.is_file():
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.startswith(RULES)]
            return {name.removeprefix(RULES): archive.read(name) for name in names}
    except (OSError, zipfile.BadZipFile) as problem:
        raise DataError(f"{folders.relative(path)}: cannot be read ({problem})") from None


def _settings(name: str, content: bytes) -> dict[str, str]:
    """Every setting of a file of rules by its name: of a table a cell, of TOML a key."""
    if name.endswith(".csv"):
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        if table.empty or not len(table.columns):
            return {}
        rows = table.groupby(table.columns[0], sort=False).agg("; ".join)
        return {f"{row}, {column}": f"'{rows.at[row, column]}'" for row in rows.index for column in rows}
    if not name.endswith(".toml"):
        return {}

    def flat(value: Any, key: str) -> dict[str, str]:
        if isinstance(value, Mapping):
            inner = [flat(item, f"{key}.{part}" if key else str(part)) for part, item in value.items()]
            return {name: text for settings in inner for name, text in settings.items()}
        if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            items = {str(item.get("name", place)): item for place, item in enumerate(value)}
            return flat(items, key)
        return {key: repr(value)}

    return flat(tomllib.loads(content.decode()), "")


def differing_rows(edition: Edition) -> list[str]:
    """What differs between the rows in use and those frozen at publication, a sentence a row; nothing if all agree.

    Raises
    ------
    DataError
        If no rows were frozen, or the file cannot be read.
    """
    rows = _frozen_rows(edition)
    now = pd.read_csv(io.StringIO(_rows(edition)), dtype=str, keep_default_na=False).set_index(KEY)
    sentences = [
        f"{_row_name(cell)} was used when it was published and is gone" for cell in rows.index.difference(now.index)
    ]
    sentences += [f"{_row_name(cell)} is new since it was published" for cell in now.index.difference(rows.index)]
    both = rows.index.intersection(now.index)
    before, after = rows.loc[both], now.loc[both, rows.columns]
    for row, column in zip(*(before != after).to_numpy().nonzero(), strict=True):
        then, now_ = before.iat[row, column], after.iat[row, column]
        name = rows.columns[column]
        sentences.append(f"{_row_name(both[row])}: {name} was '{then}' when it was published and is '{now_}' now")
    return sorted(sentences)


def _frozen_rows(edition: Edition) -> pd.DataFrame:
    path = edition.path / FROZEN
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False).set_index(KEY)
    except FileNotFoundError:
        raise DataError(f"{folders.relative(path)}: there is no such file") from None
    except (OSError, EOFError, ValueError, KeyError) as problem:
        raise DataError(f"{folders.relative(path)}: cannot be read ({problem})") from None


def _rows(edition: Edition) -> str:
    return edition.used.to_csv(index=False, lineterminator="\n")


def _row_name(cell: tuple[str, ...]) -> str:
    indicator, region, year, *groups = cell
    return " ".join([f"{indicator} in {region}, {year}", *(f"({group})" for group in groups if group)])
