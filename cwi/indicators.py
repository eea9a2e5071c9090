"""The table of indicators: their place in the tree, their ends, their names, and notes on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cwi.errors import MethodologyError
from cwi.rules import check_choice, check_known, check_number
from cwi.textfiles import number

__all__ = [
    "DECIMALS",
    "DENOMINATOR",
    "ENDS",
    "LANGUAGES",
    "OPEN",
    "OPTIONAL",
    "PER",
    "POOLED",
    "TITLES",
    "checked_indicators",
    "ended",
]

LANGUAGES = ("en", "ru", "kk")
TITLES = tuple(f"title_{language}" for language in LANGUAGES)

# What indicators.csv may hold beside the code and a column a level.
ENDS = ("worst", "best")
DESCRIPTION = (
    *TITLES,
    *(f"definition_{language}" for language in LANGUAGES),
    *(f"question_{language}" for language in LANGUAGES),
    *("unit", "kind", "owner", "ends_basis", "ends_reason", "data", "respondent", "ages", "note"),
)
POOLED = "pooled_years"  # over how many years rare events are averaged; where the column is there, each says it
# An observation is divided by the denominator of its region and year and multiplied by per (1,000 inhabitants …); unit
# is that of the result, raw_unit that of the observation.
DENOMINATOR, PER = "denominator", "per"
OPTIONAL = ("scale", "weight", "decimals", POOLED, DENOMINATOR, PER, "raw_unit", *DESCRIPTION)
CHOICES = {
    "scale": ("linear", "log"),
    "kind": ("statistical", "survey"),
    "data": ("open", "awaiting data"),
    "ends_basis": ("natural", "target", "range", "spread", "norm"),
}
OPEN = "open"
DECIMALS = 12


def checked_indicators(table: pd.DataFrame, levels: list[str], where: str) -> pd.DataFrame:
    """The table of indicators, checked, with all its columns and in the order of the tree; cells may be text."""
    for column in ("code", *levels, *ENDS):
        if column not in table:
            raise MethodologyError(f"{where}: the column '{column}' is missing")
    if table.empty:
        raise MethodologyError(f"{where}: there is no indicator")
    defaults = {"weight": "1", "scale": "linear", "decimals": "1", **dict.fromkeys(DESCRIPTION, "")}
    table = table.assign(**{column: text for column, text in defaults.items() if column not in table})
    for column in ("code", *levels):
        for line in table.index[table[column] == ""]:
            raise MethodologyError(f"{where} line {line}: '{column}' is empty; an indicator needs a place in the tree")
    for line in table.index[table["code"].duplicated()]:
        raise MethodologyError(f"{where} line {line}: the indicator '{table.at[line, 'code']}' is listed twice")
    for column, choices in CHOICES.items():
        for line, word in table[column].items():
            if word or column == "scale":
                check_choice(word, choices, column, f"{where} line {line}")
    if PER in table:
        table = table.assign(**{PER: table[PER].replace("", "1")})
    for column in ("weight", "decimals", *ENDS, *(column for column in (POOLED, PER) if column in table)):
        table[column] = [_text_number(text, column, f"{where} line {line}") for line, text in table[column].items()]
    for line, row in table.iterrows():
        here = f"{where} line {line}: {row['code']}"
        if row["worst"] == row["best"]:
            raise MethodologyError(f"{here}: worst and best are both {row['worst']:g}; a scale needs two ends")
        if row["weight"] < 0:
            raise MethodologyError(f"{here}: the weight {row['weight']:g} is below zero")
        if row["decimals"] not in range(DECIMALS + 1):
            raise MethodologyError(
                f"{here}: decimals is {row['decimals']:g}; it must be a whole number from 0 to {DECIMALS}"
            )
        if POOLED in table and row[POOLED] not in range(1, 11):
            raise MethodologyError(f"{here}: {POOLED} is {row[POOLED]:g}; it must be a whole number from 1 to 10")
        if PER in table and not row[PER] > 0:
            raise MethodologyError(f"{here}: {PER} is {row[PER]:g}; it must be above zero")
        if row.get(DENOMINATOR) == row["code"]:
            raise MethodologyError(f"{here}: the denominator is the indicator itself; name another series")
        if row["ends_basis"] == "norm" and not row["ends_reason"]:
            raise MethodologyError(f"{here}: the ends are a norm; ends_reason must name it and its source")
        if row["scale"] == "log" and min(row["worst"], row["best"]) <= 0:
            raise MethodologyError(f"{here}: a logarithmic scale needs both ends above zero")
    # A parent is met in the order of the file; its indicators are consecutive in the tree.
    order = [pd.factorize(table[level])[0] for level in levels]
    if order:
        table = table.iloc[np.lexsort(order)]
    return table.astype({"decimals": int})


def ended(table: pd.DataFrame, changes: Any, where: str) -> pd.DataFrame:
    """The table of indicators with other ends for some of them."""
    check_known(changes, tuple(table["code"]), where, "ends")
    table = table.copy()
    for code, ends in changes.items():
        check_known(ends, ENDS, where, f"the ends of '{code}'")
        for end, value in ends.items():
            table.loc[table["code"] == code, end] = check_number(value, f"{end} of '{code}'", where)
    return table


def _text_number(text: Any, what: str, where: str) -> float:
    value = number(str(text))
    if value is None:
        hint = "; decimals take a point" if "," in str(text) else ""
        raise MethodologyError(f"{where}: {what} is '{text}', which is not a number{hint}")
    return value
