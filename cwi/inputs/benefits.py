"""Benefits for children as dated parameters with their sources, published totals, and the register of laws.

The tables are in data/benefits/; a parameter that is not there is not simulated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import number, read_csv

__all__ = ["BENEFITS", "BenefitRules", "read_benefit_rules", "read_laws", "read_totals"]

BENEFITS = ("birth", "care", "large_family", "targeted")
TITLES = ("title_en", "title_ru", "title_kk")
LARGEST = 1e15  # KZT: more than the whole product of the country
YEAR = re.compile(r"(19|20)\d\d", re.ASCII)
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
LAWS = ("code", "date", *TITLES, "article", "right", "components", "indicators", "in_force", "source", "read")


@dataclass(frozen=True, eq=False)
class BenefitRules:
    """What holds on one day.

    ``values``: by benefit and parameter, in the unit of the table; ``mci``, ``subsistence``: KZT; ``take_up``: shares;
    ``titles``: by benefit and language; ``table``, ``amounts``: the rows that hold, with their sources; ``benefits``: a
    row a benefit, with its law and what of it was not checked.
    """

    day: date
    values: Mapping[str, Mapping[str, float]]
    mci: float
    subsistence: float
    take_up: Mapping[str, float]
    titles: Mapping[str, Mapping[str, str]]
    table: pd.DataFrame
    amounts: pd.DataFrame
    benefits: pd.DataFrame

    def __repr__(self) -> str:
        return f"BenefitRules({self.day}, {len(self.values)} benefits, MCI {self.mci:,.0f} KZT)"


def read_benefit_rules(day: date | str) -> BenefitRules:
    """The parameters that hold on a day.

    Raises
    ------
    DataError
        With file and line, if a row cannot be read, a period ends before it begins or overlaps with another of the same
        amount or parameter, or no amount or parameter holds on that day.

    Examples
    --------
    >>> read_benefit_rules("2024-07-01")
    BenefitRules(2024-07-01, 4 benefits, MCI 3,692 KZT)
    """
    when = date.fromisoformat(day) if isinstance(day, str) else day
    dated = ("valid_from", "valid_to", "source", "status")
    amounts = _holding("amounts", ("amount",), ("value", "unit", *dated), when)
    table = _holding("parameters", ("benefit", "parameter"), ("value", "unit", *dated), when)
    benefits = _read("benefits", ("code", "form", *TITLES, "law", "note"))
    shares = _read("take_up", ("benefit", "rate", "status"))
    for name in ("MCI", "subsistence_minimum"):
        if name not in set(amounts["amount"]):
            raise DataError(f"data/benefits/amounts.csv: there is no {name} for {when}")
    known = amounts.set_index("amount")["value"].astype(float)
    values: dict[str, dict[str, float]] = {}
    for line, row in table.iterrows():
        if row["benefit"] not in BENEFITS:
            raise DataError(
                f"data/benefits/parameters.csv line {line}: there is no benefit '{row['benefit']}'"
                f"{near(row['benefit'], BENEFITS)}"
            )
        values.setdefault(row["benefit"], {})[row["parameter"]] = float(row["value"])
    for name in BENEFITS:
        if name not in values:
            raise DataError(f"data/benefits/parameters.csv: nothing of '{name}' holds on {when}")
    titles = {
        row["code"]: {language: row[f"title_{language}"] for language in ("en", "ru", "kk")}
        for _, row in benefits.iterrows()
    }
    for table_name, column, rows in (("take_up", "benefit", shares), ("benefits", "code", benefits)):
        for name in BENEFITS:
            if name not in set(rows[column]):
                raise DataError(f"data/benefits/{table_name}.csv: there is no row of '{name}'")
    for line, row in shares.iterrows():
        if not 0 <= float(row["rate"]) <= 1:
            raise DataError(f"data/benefits/take_up.csv line {line}: rate is {row['rate']}; it must be from 0 to 1")
    rates = {row["benefit"]: float(row["rate"]) for _, row in shares.iterrows()}
    mci, subsistence = float(known["MCI"]), float(known["subsistence_minimum"])
    return BenefitRules(when, values, mci, subsistence, rates, titles, table, amounts, benefits)


def read_totals() -> pd.DataFrame:
    """Published totals: year, benefit, quantity, value, unit, source, note."""
    table = _read("totals", ("year", "benefit", "quantity", "value", "unit", "source", "note"))
    return table.astype({"year": int, "value": float}).reset_index(drop=True)


def read_laws() -> pd.DataFrame:
    """The register of laws and policies for children, by the earliest day that a date can mean.

    A date is a year, a month or a day (``1994``, ``2020-10``, ``2023-04-20``), no finer than its source gives it.

    Raises
    ------
    DataError
        With file and line, if a date is none of these.

    Examples
    --------
    >>> read_laws()["code"].tolist()[:2]
    ['convention', 'child_rights']
    """
    table = _read("laws", LAWS)
    earliest = [_earliest_day(text, line) for line, text in table["date"].items()]
    return table.iloc[np.argsort(np.array(earliest, dtype="datetime64[D]"), kind="stable")].reset_index(drop=True)


def _earliest_day(text: str, line: object) -> date:
    """The first day of the year or month that a date names, or the day itself."""
    try:
        return date.fromisoformat((text + "-01-01")[:10] if DATE.fullmatch(text) else "")
    except ValueError:
        raise DataError(
            f"data/benefits/laws.csv line {line}: date is '{text}'; it must be a year, a month or a day, "
            "like 2023, 2023-04 or 2023-04-20"
        ) from None


def _read(name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    path = folders.data() / "benefits" / f"{name}.csv"
    table = read_csv(path, DataError, required=columns, filled=True)
    for column in ("value", "rate"):
        if column in table:
            for line, text in table[column].items():
                value = number(text)
                if value is None:
                    raise DataError(f"{folders.relative(path)} line {line}: {column} is '{text}', which is no number")
                if abs(value) > LARGEST:
                    raise DataError(f"{folders.relative(path)} line {line}: {column} is {value:g}, beyond any amount")
    if "year" in table:
        for line, text in table["year"].items():
            if not YEAR.fullmatch(text):
                raise DataError(f"{folders.relative(path)} line {line}: year is '{text}'; it must be like 2024")
    return table


def _holding(name: str, key: tuple[str, ...], columns: tuple[str, ...], when: date) -> pd.DataFrame:
    """The rows that hold on a day; there is one of each key."""
    table = _read(name, (*key, *columns))
    where = f"data/benefits/{name}.csv line"
    periods: dict[tuple[str, ...], list[tuple[date, date, object]]] = {}
    holds = []
    for line, row in table.iterrows():
        begins = _day(row["valid_from"], f"{where} {line}: valid_from")
        ends = _day(row["valid_to"], f"{where} {line}: valid_to") if row["valid_to"] else date.max
        if ends < begins:
            raise DataError(f"{where} {line}: valid_to is {ends}, before valid_from, {begins}")
        others = periods.setdefault(tuple(row[part] for part in key), [])
        for first, last, other in others:
            if begins <= last and first <= ends:
                raise DataError(
                    f"{where} {line}: '{' '.join(row[part] for part in key)}' holds from {begins}, when line {other} "
                    "holds too; let one period end before the next begins"
                )
        others.append((begins, ends, line))
        holds.append(begins <= when <= ends)
    return table[np.array(holds, dtype=bool)]


def _day(text: str, what: str) -> date:
    """A day as the tables have it."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise DataError(f"{what} is '{text}'; it must be a day like 2024-01-01") from None
