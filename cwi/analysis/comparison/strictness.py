"""What is left of an index under stricter rules on age and coverage: without carried figures, with more measured."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cwi.edition import Edition
from cwi.errors import MethodologyError
from cwi.methods.ranking import spearman

__all__ = ["STRICTER", "stricter_rules"]

STRICTER = (0.25, 1 / 3, 0.5)  # shares of the weight of a lowest node that could be asked for


@lru_cache(maxsize=4)  # the same in each language of a report
def stricter_rules(edition: Edition) -> pd.DataFrame:
    """Score a year with younger figures only, and with more of each lowest node measured.

    Returns
    -------
    DataFrame
        The rules in force first, then each lower age down to none carried, then each higher coverage of the lowest
        nodes: max_age (years), coverage (share; the lowest of the nodes), regions (with an index), nation (index of
        the nation; missing where it has none), spearman (rank correlation with the index in force, of the regions that
        have both; missing below three), moved (largest shift of ranks, places).

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = stricter_rules(read_edition(2023))
    >>> table["regions"].to_list()  # with figures of at most two years, or a quarter measured, there is no index
    [20, 0, 0, 0, 0, 0, 0]
    """
    rules = edition.methodology
    lowest = rules.levels[0].name
    coverage = min(node.coverage for node in rules.nodes[0])
    settings: list[tuple[int, float, dict[str, Any]]] = [
        (age, coverage, {"max_age": age}) for age in range(rules.max_age - 1, -1, -1)
    ]
    settings += [
        (rules.max_age, share, {lowest: {"coverage": share}}) for share in STRICTER if share > coverage
    ]  # fmt: skip
    official = _index(edition)
    rows = [_row(edition, official, official, rules.max_age, coverage)]
    for age, share, changed in settings:
        try:
            other = _index(edition.under(**changed))
        except MethodologyError:  # nothing is left to score
            other = official * np.nan
        rows.append(_row(edition, official, other, age, share))
    return pd.DataFrame(rows, columns=["max_age", "coverage", "regions", "nation", "spearman", "moved"])


def _index(edition: Edition) -> pd.Series:
    return edition.scores.of(edition.methodology.top.code)[edition.year]


def _row(edition: Edition, official: pd.Series, other: pd.Series, age: int, coverage: float) -> list[float]:
    regions = pd.DataFrame({"official": official, "other": other}).reindex(edition.regions)
    nation = other.get(edition.methodology.nation, np.nan)
    both = regions.dropna()
    if len(both) < 3:
        return [age, coverage, int(regions["other"].notna().sum()), float(nation), np.nan, np.nan]
    ranks = (-both).rank(method="min").to_numpy(float).T
    moved = float(np.abs(ranks[0] - ranks[1]).max())
    agreement = float(spearman(ranks[0], ranks[1]))
    return [age, coverage, int(regions["other"].notna().sum()), float(nation), agreement, moved]
