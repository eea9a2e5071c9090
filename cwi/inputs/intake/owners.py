"""Who delivers which series for which territories, and the names under which regions come back."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.territory import Territory
from cwi.textfiles import read_csv

__all__ = ["AKIMATS", "Places", "plain", "read_deliveries", "read_owners", "read_places"]

KINDS = ("ministry", "committee", "akimat")
AKIMATS = "akimats"  # in the column owner: each akimat, for its own region
TERRITORIES = ("all", "nation", "regions", "own")
OWNERS = ("owner", "kind", "region", "name_en", "name_ru", "name_kk", "status", "source")
DELIVERIES = ("series", "owner", "territories", "indicator", "title_kk", "unit_ru", "unit_kk", "status", "note")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DIVIDER = re.compile(r"\s+/\s+|\n")  # between the languages of one cell


def read_owners(folder: Path | None = None) -> pd.DataFrame:
    """The bodies that deliver figures.

    Parameters
    ----------
    folder
        The data folder; that of the project by default.

    Returns
    -------
    DataFrame
        Index owner (a code); kind, region (of an akimat), name_en, name_ru, name_kk, status, source.

    Raises
    ------
    DataError
        With file and line, if a code or a region is listed twice, a kind is unknown or a name is missing.

    Examples
    --------
    >>> owners = read_owners()
    >>> len(owners), (owners["kind"] == "akimat").sum().item()
    (28, 20)
    """
    path = (folder or folders.data()) / "intake" / "owners.csv"
    table, where = read_csv(path, DataError, required=OWNERS, filled=True), folders.relative(path)
    for line, row in table.iterrows():
        here = f"{where} line {line}"
        if not CODE.fullmatch(row["owner"]) or row["owner"] == AKIMATS:
            raise DataError(f"{here}: owner is '{row['owner']}'; a code has small letters, digits and hyphens")
        if row["kind"] not in KINDS:
            raise DataError(f"{here}: kind is '{row['kind']}'{near(row['kind'], KINDS)}")
        if (row["kind"] == "akimat") != bool(row["region"]):
            raise DataError(f"{here}: 'region' is filled for an akimat and for no other owner")
        for column in ("name_en", "name_ru", "name_kk", "status"):
            if not row[column]:
                raise DataError(f"{here}: '{column}' is empty")
    for column in ("owner", "region"):
        for line in table.index[table[column].duplicated() & (table[column] != "")]:
            raise DataError(f"{where} line {line}: the {column} '{table.at[line, column]}' is listed twice")
    return table.set_index("owner")


def read_deliveries(folder: Path | None = None, *, owners: pd.DataFrame | None = None) -> pd.DataFrame:
    """Which owner delivers which series, for which territories.

    Returns
    -------
    DataFrame
        series, owner (a code, or 'akimats'), territories (all, nation, regions, own), indicator (that the series is
        for; empty where every edition needs it), title_kk (of a series that is no indicator), unit_ru, unit_kk,
        status, note.

    Raises
    ------
    DataError
        With file and line, if an owner or a word is unknown, a unit is missing, or two owners deliver one figure.
    """
    folder = folder or folders.data()
    owners = read_owners(folder) if owners is None else owners
    path = folder / "intake" / "deliveries.csv"
    table, where = read_csv(path, DataError, required=DELIVERIES, filled=True), folders.relative(path)
    taken: dict[tuple[str, str], str] = {}
    for line, row in table.iterrows():
        here = f"{where} line {line}"
        if row["owner"] != AKIMATS and row["owner"] not in owners.index:
            raise DataError(f"{here}: owner is '{row['owner']}'{near(row['owner'], [*owners.index, AKIMATS])}")
        if row["territories"] not in TERRITORIES:
            raise DataError(f"{here}: territories is '{row['territories']}'{near(row['territories'], TERRITORIES)}")
        if (row["owner"] == AKIMATS) != (row["territories"] == "own"):
            raise DataError(f"{here}: akimats deliver their own region, and nobody else does")
        for column in ("series", "unit_ru", "unit_kk", "status"):
            if not row[column]:
                raise DataError(f"{here}: '{column}' is empty")
        for part in {"all": ("nation", "regions"), "own": ("regions",)}.get(row["territories"], (row["territories"],)):
            if (first := taken.setdefault((row["series"], part), here)) != here:
                raise DataError(f"{here}: {first} names who delivers '{row['series']}' of the {part} already")
    return table


def plain(text: str) -> str:
    """A text for comparison: small letters, one kind of blank, dash and quotation mark, no full stop.

    >>> plain("  Северо–Казахстанская\\xa0обл. ")
    'северо-казахстанская обл'
    """
    text = re.sub(r"[\u2010-\u2015\u2212]", "-", text.casefold().replace("ё", "е"))
    return " ".join(re.sub(r"[.«»\"'“”]", " ", text).split())


@dataclass(frozen=True, eq=False)
class Places:
    """Regions by every name in use: codes, names in three languages, and spellings of data/intake/spellings.csv."""

    territory: Territory
    spellings: dict[str, str]

    def code_of(self, text: str, codes: Collection[str]) -> str | None:
        """The one of these codes that is meant; None where none or more than one may be.

        A cell with two names, one a language, is read if both are of one region.
        """
        parts = [part for part in DIVIDER.split(text) if part.strip()]
        meant = {self._one(part, codes) for part in parts}
        return meant.pop() if len(meant) == 1 else None

    def _one(self, text: str, codes: Collection[str]) -> str | None:
        code = self.spellings.get(plain(text))
        if code is not None:
            return code if code in codes else None
        word = " ".join(text.split())
        return self.territory.code_of(word, codes) or self.territory.code_of(word.rstrip("."), codes)


def read_places(territory: Territory, folder: Path | None = None) -> Places:
    """The names of regions with the old and short spellings of data/intake/spellings.csv.

    Raises
    ------
    DataError
        With file and line, if a code is unknown, or a spelling is listed twice or is the name of another region.

    Examples
    --------
    >>> from cwi.territory import read_territory
    >>> territory = read_territory()
    >>> places, codes = read_places(territory), territory.regions_of(2024)
    >>> [places.code_of(name, codes) for name in ("Кустанайская область", "Нур-Султан", "Ақтөбе облысы", "Алматы")]
    ['KZ-39', 'KZ-71', 'KZ-15', None]
    """
    path = (folder or folders.data()) / "intake" / "spellings.csv"
    if not path.is_file():
        return Places(territory, {})
    table, where = read_csv(path, DataError, required=("region", "spelling", "note")), folders.relative(path)
    known = [str(code) for code in territory.regions.index]
    names = {plain(name): code for code in known for name in territory.names(code)}
    spellings: dict[str, str] = {}
    for line, row in table.iterrows():
        word = plain(row["spelling"])
        if row["region"] not in known:
            raise DataError(
                f"{where} line {line}: no region has the code '{row['region']}'{near(row['region'], known)}"
            )
        other = spellings.get(word) or names.get(word, row["region"])
        if not word or word in spellings or other != row["region"]:
            raise DataError(
                f"{where} line {line}: the spelling '{row['spelling']}' is empty or that of {other} already"
            )
        spellings[word] = row["region"]
    return Places(territory, spellings)
