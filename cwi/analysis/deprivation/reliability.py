"""Whether the items of a specification belong together: what its authors ask for before it is used in a country."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cwi.analysis.deprivation.domains import sample_design
from cwi.inputs.deprivation import Deprivations
from cwi.methods.survey import alpha_interval, reliability

__all__ = ["ReliabilityBlock", "reliability_block"]

ALPHA, ITEM_REST, SUITABLE, RISK = 0.7, 0.3, 0.5, 1.0
NOT_WANTED = 3


@dataclass(frozen=True, eq=False)
class ReliabilityBlock:
    """``alpha`` with its interval under the design; ``items``: item_rest, alpha_without, suitability (share of children
    who have the item or would if they could), relative_risk (of lacking it where income is below the median, against
    above), remark; ``n``: children without a gap."""

    alpha: float
    low: float
    high: float
    items: pd.DataFrame
    n: int


def reliability_block(coded: Deprivations, *, lonely: str = "error") -> ReliabilityBlock:
    """Alpha, item-rest correlations, suitability and validity of the items of one specification.

    Items that are not for the age of a child count as not lacking. Remarks: alpha below 0.7 rises without the item,
    item-rest below 0.3, wanted by fewer than half, not lacked more often where income is low.

    Raises
    ------
    ValueError
        If fewer than two items vary.

    References
    ----------
    .. [1] Guio, Gordon, Marlier, Najera and Pomati (2018), doi 10.1007/s12187-017-9491-6: suitability, validity,
       reliability, additivity.
    """
    children, specification = coded.children, coded.specification
    table = np.where(coded.used[:, None], np.nan_to_num(coded.items.to_numpy(float)), np.nan)
    varies = np.array([np.nanvar(column) > 0 for column in table.T])
    design = sample_design(children, lonely=lonely)
    found = reliability(table[:, varies], coded.person)
    low, high = alpha_interval(table[:, varies], design)
    income = children["income"].to_numpy(float) if "income" in children else np.full(len(children), np.nan)
    poorer = income < np.nanmedian(income) if np.isfinite(income).any() else np.zeros(len(children), dtype=bool)
    rows, place = [], 0
    for column, item in enumerate(specification.items):
        rest = without = np.nan
        if varies[column]:
            rest, without, place = float(found.item_rest[place]), float(found.without[place]), place + 1
        answers = children[item.variable].to_numpy(float)
        known = coded.used & ~np.isnan(answers)
        wanted = np.nan
        if item.test == "cannot afford" and known.any():
            wanted = float(np.average(answers[known] != NOT_WANTED, weights=coded.person[known]))
        shares = [
            float(np.average(np.nan_to_num(table[side & coded.used, column]), weights=coded.person[side & coded.used]))
            if (side & coded.used).any() else np.nan
            for side in (poorer, ~poorer)
        ]  # fmt: skip
        risk = shares[0] / shares[1] if shares[1] else np.nan
        remarks = [
            word
            for word, holds in (
                ("raises alpha when left out", found.alpha < ALPHA and without > found.alpha),
                ("weak item-rest", rest < ITEM_REST),
                ("not wanted by most", wanted < SUITABLE),
                ("not lacked more by the poorer", risk < RISK),
            )
            if holds
        ]
        rows.append((item.code, rest, without, wanted, risk, "; ".join(remarks)))
    names = ["item", "item_rest", "alpha_without", "suitability", "relative_risk", "remark"]
    items = pd.DataFrame(rows, columns=names).set_index("item")
    return ReliabilityBlock(found.alpha, low, high, items, found.n)
