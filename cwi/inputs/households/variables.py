"""The variables that a table of children may have, as data/households/variables.csv lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cwi import folders
from cwi.errors import DataError, near
from cwi.textfiles import number, read_csv

__all__ = ["DESIGN", "KINDS", "Variable", "read_variables"]

DESIGN = ("id", "household", "region", "area", "stratum", "psu", "weight", "sex", "age")
KINDS: Mapping[str, tuple[float, ...]] = {"lack": (1, 2, 3), "yes-no": (0, 1), "number": ()}
COLUMNS = ("code", "kind", "low", "high", "title_en", "title_ru", "title_kk")


@dataclass(frozen=True)
class Variable:
    """One variable: "lack" (1 has, 2 cannot afford, 3 does not want), "yes-no" (1, 0) or "number" from low to high."""

    code: str
    kind: str
    low: float
    high: float
    titles: Mapping[str, str]

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        if self.kind == "number":
            return f"a number from {self.low:g} to {self.high:g}"
        return "1 (has), 2 (cannot afford) or 3 (does not want)" if self.kind == "lack" else "1 (yes) or 0 (no)"


def read_variables() -> dict[str, Variable]:
    """All variables by code, in the order of the file.

    Raises
    ------
    DataError
        With file and line, if a kind is unknown or a number has no range.

    Examples
    --------
    >>> read_variables()["internet"].allowed
    '1 (has), 2 (cannot afford) or 3 (does not want)'
    """
    path = folders.data() / "households" / "variables.csv"
    table = read_csv(path, DataError, required=COLUMNS, filled=True)
    variables = {}
    for line, row in table.iterrows():
        where = f"{folders.relative(path)} line {line}"
        if row["kind"] not in KINDS:
            raise DataError(f"{where}: kind is '{row['kind']}'{near(row['kind'], KINDS)}")
        known = KINDS[row["kind"]]
        low, high = (min(known), max(known)) if known else (number(row["low"]), number(row["high"]))
        if low is None or high is None or low >= high:
            raise DataError(f"{where}: the range of '{row['code']}' is '{row['low']}' to '{row['high']}'")
        titles = {language: row[f"title_{language}"] for language in ("en", "ru", "kk")}
        variables[row["code"]] = Variable(row["code"], row["kind"], float(low), float(high), titles)
    return variables
