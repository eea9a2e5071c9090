"""The columns of a design matrix: what regressions and comparisons of groups make of the variables of children."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from cwi.errors import DataError, near

__all__ = ["design_columns"]

MISSING = "missing"


def design_columns(
    children: pd.DataFrame, covariates: Sequence[str], *, all_categories: bool = False
) -> tuple[pd.DataFrame, dict[str, str]]:
    """A constant, numbers as they are, and 0 or 1 for each category but the most common one.

    Returns
    -------
    DataFrame, dict
        A column a term ("constant", the variable, or "variable: category"), and the category of each variable of words
        that has no column; ``all_categories`` leaves none out. A gap in a category is a category of its own.

    Raises
    ------
    DataError
        If a covariate is unknown.
    """
    columns: dict[str, Any] = {"constant": np.ones(len(children))}
    reference = {}
    for name in covariates:
        if name not in children:
            raise DataError(f"the table of children has no column '{name}'{near(name, map(str, children.columns))}")
        cells = children[name]
        if pd.api.types.is_numeric_dtype(cells):
            columns[name] = cells.to_numpy(float)
            continue
        words = cells.astype("string").fillna(MISSING)
        counts = words.value_counts()
        reference[name] = str(sorted(counts.index[counts == counts.max()])[0])
        for word in sorted(words.unique()):
            if all_categories or word != reference[name]:
                columns[f"{name}: {word}"] = (words == word).to_numpy(float)
    return pd.DataFrame(columns), reference
