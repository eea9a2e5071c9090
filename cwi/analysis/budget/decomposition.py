"""What changed in spending per child: more money in the budget, its share for children, more children, prices.

Spending per child in constant prices is c·s·B / (N·P): B own spending, s the share for children of unchanged
coefficients, c what reclassification adds to it, N children, P prices. The change of its logarithm is the sum of the
changes of the five.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["PARTS", "change"]

PARTS = ("money", "share", "classification", "children", "prices")


def change(before: pd.Series, after: pd.Series) -> pd.Series:
    """The change of real spending per child split into its parts, in log points (100 times the logarithm).

    Parameters
    ----------
    before, after
        own, share (0 to 1), children (persons), deflator; ``same_share``, the later share under the coefficients
        of the earlier year, where they differ.

    Returns
    -------
    Series
        money, share, classification, children, prices, and total, their sum.

    Raises
    ------
    ValueError
        If a number is not above zero.

    Examples
    --------
    >>> year = pd.Series({"own": 100.0, "share": 0.5, "children": 10.0, "deflator": 1.0})
    >>> change(year, pd.Series({"own": 200.0, "share": 0.5, "children": 20.0, "deflator": 1.0})).round(1).to_dict()
    {'money': 69.3, 'share': 0.0, 'classification': 0.0, 'children': -69.3, 'prices': 0.0, 'total': 0.0}
    """
    same = float(after.get("same_share", after["share"]))
    pairs = {
        "money": after["own"] / before["own"] if before["own"] > 0 else np.nan,
        "share": same / before["share"] if before["share"] > 0 else np.nan,
        "classification": after["share"] / same if same > 0 else np.nan,
        "children": before["children"] / after["children"] if after["children"] > 0 else np.nan,
        "prices": before["deflator"] / after["deflator"] if after["deflator"] > 0 else np.nan,
    }
    ratios = pd.Series(pairs, dtype=float).reindex(list(PARTS))
    if not (ratios > 0).all():
        raise ValueError(
            f"{', '.join(ratios.index[~(ratios > 0)])}: spending can be split where all numbers are above zero"
        )
    parts = {str(name): 100 * float(np.log(ratio)) for name, ratio in ratios.items()}
    return pd.Series(parts | {"total": sum(parts.values())})
