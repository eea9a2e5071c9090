"""The regions of each year, and the changes of their borders.

A code belongs to one territory: a region whose borders changed has another code from that day on
(East Kazakhstan is KZ-VOS to June 2022 and KZ-63 since), so no key can join the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi import folders
from cwi.errors import DataError, near
from cwi.names import Name, read_cases
from cwi.textfiles import read_csv

__all__ = ["NAMES", "PARENT_REGION", "Territory", "read_territory"]

KINDS = ("nation", "region", "city")
NAMES = ("name_en", "name_ru", "name_kk")
LONGEST = 59  # letters of a name
OF_KIND = ("city", "region", "г.", "город", "область", "қаласы", "облысы")
PARENT_REGION = "parent region"  # the status of a value that a region takes from the territory it was part of


@dataclass(frozen=True, eq=False)
class Territory:
    """Regions with their validity, and the changes of borders.

    ``regions``: index code; kind, name_en, name_ru, name_kk, valid_from, valid_to (dates; the first and the
    last possible day where the file says nothing).
    ``changes``: date, old, new, a row a successor.
    ``cases``: names in the cases of a language, by code and language, as :func:`~cwi.names.read_cases` gives them.
    """

    regions: pd.DataFrame
    changes: pd.DataFrame
    cases: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def nation(self) -> str:
        """The code of the whole country; an empty text where the units are of no country."""
        nations = self.regions.index[self.regions["kind"] == "nation"]
        return str(nations[0]) if len(nations) else ""

    def valid(self, code: str, year: int) -> bool:
        """Whether the territory existed on some day of the year."""
        row, first, last = self.regions.loc[code], _day(year, 1, 1), _day(year, 12, 31)
        return bool(row["valid_from"] <= last and row["valid_to"] >= first)

    def regions_of(self, year: int) -> tuple[str, ...]:
        """The regions at the end of the year, without the nation, in the order of the file.

        Raises
        ------
        DataError
            If the calendar has no such year.
        """
        if year not in self._of_years:
            last, table = _day(year, 12, 31), self.regions
            there = (table["kind"] != "nation") & (table["valid_from"] <= last) & (table["valid_to"] >= last)
            self._of_years[year] = tuple(map(str, table.index[there]))
        return self._of_years[year]

    @cached_property
    def _of_years(self) -> dict[int, tuple[str, ...]]:
        return {}

    def ancestors(self, code: str) -> list[str]:
        """The territories that a region was part of, the latest first."""
        former = []
        while (old := self._parents.get(code)) is not None:
            code = old
            former.append(code)
        return former

    @cached_property
    def _parents(self) -> dict[str, str]:
        return {str(new): str(old) for new, old in zip(self.changes["new"], self.changes["old"], strict=True)}

    def successors(self, code: str) -> tuple[str, ...]:
        """The territories that a former territory was divided into; none where it was not divided."""
        return self._successors.get(code, ())

    @cached_property
    def _successors(self) -> dict[str, tuple[str, ...]]:
        return {str(old): tuple(map(str, rows["new"])) for old, rows in self.changes.groupby("old", sort=False)}

    def on_regions(self, observations: pd.DataFrame, regions: tuple[str, ...]) -> pd.DataFrame:
        """The observations of these regions and the nation, gaps filled from the parent region and flagged.

        For an indicator and a year in which a series knows only the former territory, each successor takes
        that value with the status 'parent region'.
        """
        region, names = pd.factorize(observations["region"])
        number = {str(name): place for place, name in enumerate(names)}
        cell, measured = _cells(observations), observations["value"].notna().to_numpy()
        own = np.flatnonzero(np.isin(region, [number[code] for code in (self.nation, *regions) if code in number]))
        inherited, heirs = [own[:0]], []
        for heir in (code for code in regions if code in self._parents):
            known = cell[measured & (region == number.get(heir, len(names)))]
            for parent in self.ancestors(heir):
                rows = np.flatnonzero(measured & (region == number.get(parent, len(names))))
                rows = rows[~np.isin(cell[rows], known)]
                known = np.concatenate([known, cell[rows]])
                inherited.append(rows)
                heirs += [heir] * len(rows)
        result = observations.take(np.concatenate([own, *inherited])).reset_index(drop=True)
        if heirs:
            names_of = [result["region"].iloc[: len(own)], pd.Series(heirs, dtype=result["region"].dtype)]
            taken = result["scored"].to_numpy(bool) & (np.arange(len(result)) >= len(own))
            result["region"] = pd.concat(names_of, ignore_index=True)
            result["status"] = result["status"].mask(taken, PARENT_REGION)
        return result

    def name(self, code: str, language: str = "en") -> Name:
        """The name of a region, which a message may ask for in a case."""
        return Name(str(self.regions.at[code, f"name_{language}"]), self.cases.get((code, language)))

    def code_of(self, word: str, codes: Iterable[str]) -> str | None:
        """The one of these codes that is written so, or whose name in any language is; nothing where none or two are.

        Words such as 'city' or 'область' may be left out where that leaves no doubt.

        >>> territory = read_territory()
        >>> territory.code_of("астана", ["KZ", "KZ-71"]), territory.code_of("Almaty", territory.regions_of(2023))
        ('KZ-71', None)
        """
        wanted = word.strip().casefold()
        names = {code: self._written[code] for code in codes}
        exact = [code for code, (known, _) in names.items() if wanted in known]
        if len(exact) != 1:
            exact = [code for code, (_, short) in names.items() if _short(wanted) in short]
        return exact[0] if len(exact) == 1 else None

    @cached_property
    def _written(self) -> dict[str, tuple[set[str], set[str]]]:
        """Code and names of each region in small letters, and the same without words such as 'city'."""
        known = {code: {code.casefold(), *(name.casefold() for name in names)} for code, names in self._names.items()}
        return {code: (names, set(map(_short, names))) for code, names in known.items()}

    def names(self, code: str) -> list[str]:
        """The names of a region in English, Russian and Kazakh."""
        return list(self._names[code])

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        columns = [self.regions[column].astype(str) for column in NAMES]
        return {str(code): list(names) for code, *names in zip(self.regions.index, *columns, strict=True)}


def read_territory(folder: Path | None = None) -> Territory:
    """Read regions.csv and boundary_changes.csv of a data folder.

    Raises
    ------
    DataError
        With file and line, if a code is listed twice, a date is not a date, or a change does not fit the regions.
    """
    folder = folder or folders.data()
    path = folder / "regions.csv"
    where = folders.relative(path)
    table = read_csv(path, DataError, required=("code", "kind", *NAMES, "valid_from", "valid_to"))
    for line, row in table.iterrows():
        if row["kind"] not in KINDS:
            raise DataError(f"{where} line {line}: kind is '{row['kind']}'{near(row['kind'], KINDS)}")
        for column in ("code", *NAMES):
            if not row[column]:
                raise DataError(f"{where} line {line}: '{column}' is empty")
    for line in table.index[table["code"].duplicated()]:
        raise DataError(f"{where} line {line}: the region '{table.at[line, 'code']}' is listed twice")
    if (table["kind"] == "nation").sum() != 1:
        raise DataError(f"{where}: one row must be of the kind 'nation'; there are {(table['kind'] == 'nation').sum()}")
    for column, unbounded in (("valid_from", date.min), ("valid_to", date.max)):
        dates = [_date(text, where, line, column) if text else unbounded for line, text in table[column].items()]
        table[column] = pd.Series(dates, index=table.index, dtype=object)
    for line, row in table.iterrows():
        if row["valid_from"] > row["valid_to"]:
            raise DataError(f"{where} line {line}: {row['code']} ends on {row['valid_to']}, before it begins")
    _refuse_names(table, where)
    changes_path = folder / "boundary_changes.csv"
    changes = read_csv(changes_path, DataError, required=("date", "old", "new"), optional=("note", "source"))
    where = folders.relative(changes_path)
    begins, ends = (dict(zip(table["code"], table[column], strict=True)) for column in ("valid_from", "valid_to"))
    for line, day, old, new in zip(changes.index, changes["date"], changes["old"], changes["new"], strict=True):
        when = _date(day, where, line, "date")
        for code in (old, new):
            if code not in begins:
                raise DataError(f"{where} line {line}: no region has the code '{code}'{near(code, begins)}")
        if old == new:
            raise DataError(f"{where} line {line}: '{old}' cannot be its own successor")
        if not ends[old] < when == begins[new]:
            raise DataError(
                f"{where} line {line}: in regions.csv '{old}' must end before {when} and '{new}' begin on that day"
            )
    for line in changes.index[changes["new"].duplicated()]:
        raise DataError(f"{where} line {line}: '{changes.at[line, 'new']}' has two parents")
    for column, side, verb, unbounded in (
        ("new", "valid_from", "begins", date.min),
        ("old", "valid_to", "ends", date.max),
    ):
        for line, code, day in zip(table.index, table["code"], table[side], strict=True):
            if day != unbounded and code not in set(changes[column]):
                raise DataError(
                    f"{folders.relative(path)} line {line}: '{code}' {verb} on {day}, but {where} has no change with "
                    f"it in the column '{column}'; without it figures of the other territory are lost"
                )
    cases = read_cases(folder, dict.fromkeys(map(str, table["code"])))
    return Territory(table.set_index("code"), changes.reset_index(drop=True), cases)


def _refuse_names(table: pd.DataFrame, where: str) -> None:
    """No name is too long to be drawn, and no two territories of one time are called alike."""
    for column in NAMES:
        for line, name in table[column].items():
            if len(name) > LONGEST:
                raise DataError(
                    f"{where} line {line}: {column} has {len(name)} letters; at most {LONGEST} can be drawn on a map"
                )
        folded = table[column].str.casefold()
        alike = folded.duplicated(keep=False)
        for _, same in table[alike].groupby(folded[alike], sort=False):
            rows = same.sort_values("valid_from", kind="stable").reset_index().to_dict("records")
            for one, other in pairwise(rows):
                if other["valid_from"] <= one["valid_to"]:
                    raise DataError(
                        f"{where} line {other['line']}: {other['code']} has the same {column} as {one['code']}, "
                        f"'{other[column]}'; give each its own"
                    )


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise DataError(f"year is {year}; it must be a whole number from {date.min.year} to {date.max.year}") from None


def _short(name: str) -> str:
    """A name without the words for city and region."""
    return " ".join(word for word in name.split() if word not in OF_KIND) or name


def _date(text: str, where: str, line: object, column: str) -> date:
    try:
        return date.fromisoformat(text if len(text) == 10 and "W" not in text else "")
    except ValueError:
        raise DataError(f"{where} line {line}: {column} is '{text}'; a date is written 2022-06-08") from None


def _cells(observations: pd.DataFrame) -> NDArray[np.int64]:
    """A number of each row's cell, without its region."""
    cell = np.zeros(len(observations), dtype=np.int64)
    for column in ("indicator", "year", "sex", "area"):
        codes, values = pd.factorize(observations[column])
        cell = cell * (len(values) + 1) + codes
    return cell
