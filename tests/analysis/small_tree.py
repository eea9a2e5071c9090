"""A small tree of two dimensions, four components and eight indicators, and values for it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cwi import Edition, Methodology, Scores, read_methodology, score

YEAR = 2020
TREE = {"left": {"a": ["a1", "a2", "a3"], "b": ["b1"]}, "right": {"c": ["c1", "c2"], "d": ["d1", "d2"]}}
CODES = [code for components in TREE.values() for codes in components.values() for code in codes]


def tree() -> Methodology:
    """All means, all equal, ends 0 and 100; less is better in a2."""
    rows = [
        {"code": code, "component": component, "dimension": dimension, "worst": "0", "best": "100"}
        for dimension, components in TREE.items()
        for component, codes in components.items()
        for code in codes
    ]
    table = pd.DataFrame(rows)
    table.loc[table["code"] == "a2", ["worst", "best"]] = ["100", "0"]
    plain: dict[str, Any] = {"overrides": {}}
    return replace(read_methodology("2024.1"), **plain).replace(indicators=table, base=[YEAR], nation=None)


def values(n: int = 9, seed: int = 4) -> pd.DataFrame:
    x = np.random.default_rng(seed).uniform(10, 90, (n, len(CODES)))
    return pd.DataFrame(x, columns=CODES, index=[f"R{i}" for i in range(n)])


def long(table: pd.DataFrame) -> pd.DataFrame:
    cells = table.rename_axis("region").reset_index().melt("region", var_name="indicator").dropna()
    return cells.assign(year=YEAR, status="normal", source="")


def scored(table: pd.DataFrame, methodology: Methodology) -> Scores:
    return score(long(table), methodology)


def edition_of(table: pd.DataFrame, methodology: Methodology) -> Edition:
    return Edition.of(long(table), methodology, YEAR)
