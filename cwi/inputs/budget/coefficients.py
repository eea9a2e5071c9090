"""Which share of a programme, or of a whole function, is spent on children: class, coefficient, low and high."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import number, read_csv

__all__ = ["CLASSES", "read_coefficients", "read_functions"]

CLASSES = ("direct", "indirect", "public good", "none")
SHARES = ("coefficient", "low", "high")
REST = ("right", "component", "reason", "source", "version")


def read_coefficients(path: Path | None = None) -> pd.DataFrame:
    """The coefficients of programmes.

    Parameters
    ----------
    path
        Another table than data/budget/coefficients.csv.

    Returns
    -------
    DataFrame
        Index administrator and programme; name, class, coefficient, low, high (0 to 1), capital (bool), right
        (articles of the Convention on the Rights of the Child), component (of the index), reason, source, version.

    Raises
    ------
    DataError
        If a programme has two rows, a class is unknown, a share is not from 0 to 1 or low, coefficient and high are
        not in that order, or the class and the share contradict each other.

    Examples
    --------
    >>> table = read_coefficients()
    >>> str(table.at[("261", "203"), "class"]), str(table.at[("271", "203"), "class"])
    ('direct', 'none')
    """
    path = path or folders.data() / "budget" / "coefficients.csv"
    required = ("administrator", "programme", "name", "class", *SHARES, "capital", *REST)
    table = read_csv(path, DataError, required=required, filled=True)
    where = folders.relative(path)
    for line, word in table["capital"].items():
        if word not in ("yes", "no"):
            raise DataError(f"{where} line {line}: capital is '{word}'; it must be yes or no")
    table["capital"] = table["capital"] == "yes"
    return _checked(table, where, ["administrator", "programme"])


def read_functions(path: Path | None = None) -> pd.DataFrame:
    """The coefficients of whole functions, where programmes are not printed; index functional_group (two digits).

    Examples
    --------
    >>> read_functions().loc["04", ["coefficient", "low"]].astype(float).tolist()
    [1.0, 0.93]
    """
    path = path or folders.data() / "budget" / "functions.csv"
    table = read_csv(path, DataError, required=("functional_group", "class", *SHARES, *REST), filled=True)
    return _checked(table, folders.relative(path), ["functional_group"])


def _checked(table: pd.DataFrame, where: str, key: list[str]) -> pd.DataFrame:
    for line, row in table[table.duplicated(key)].iterrows():
        same = table[(table[key] == row[key]).all(axis=1)]
        first, what = same.index[0], " ".join(f"{name} {row[name]}" for name in key)
        raise DataError(
            f"{where} line {line}: {what} has the class '{row['class']}' here and '{same.at[first, 'class']}' in line "
            f"{first}; a programme has one row"
        )
    for line, row in table.iterrows():
        if row["class"] not in CLASSES:
            raise DataError(f"{where} line {line}: no class is called '{row['class']}'{near(row['class'], CLASSES)}")
        for name in SHARES:
            value = number(row[name])
            if value is None or not 0 <= value <= 1:
                raise DataError(f"{where} line {line}: {name} is '{row[name]}'; it must be a number from 0 to 1")
        low, middle, high = (float(row[name]) for name in ("low", "coefficient", "high"))
        if not low <= middle <= high:
            raise DataError(f"{where} line {line}: low {low:g}, coefficient {middle:g} and high {high:g} do not rise")
        if row["class"] == "none" and high > 0:
            raise DataError(f"{where} line {line}: the class is 'none' and high is {high:g}; it must be 0")
        if not row["reason"] or not row["source"] or not row["version"]:
            raise DataError(f"{where} line {line}: reason, source or version is empty; each row needs all three")
    return table.astype(dict.fromkeys(SHARES, float)).set_index(key)
