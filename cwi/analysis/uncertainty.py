"""How sure the scores are: the arrow drawn many times with something varied."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.errors import DataError
from cwi.index import Scores, derive
from cwi.methods.ranking import rank

__all__ = ["rank_intervals"]


def rank_intervals(
    scores: Scores, year: int, *, draws: int, rng: np.random.Generator, noise: float = 0.25, level: float = 0.90
) -> pd.DataFrame:
    """Where each region may rank when nobody is sure of the weights.

    In every draw each weight of every level is multiplied by 1 + u, u uniform on [-noise, noise], and the
    weights under a parent are brought back to sum to one.

    Parameters
    ----------
    scores, year
        The scores of the year.
    draws
        How many sets of weights are drawn, at least 1.
    rng
        The generator that they are drawn from.
    noise
        Largest relative change of a weight, from 0 to below 1.
    level
        Share of the draws inside the interval.

    Returns
    -------
    DataFrame
        index region; rank (as published), low and high (the interval of the rank), score_low, score_high.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), Journal of the Royal Statistical Society A 168, 307-323.

    Examples
    --------
    >>> from cwi import read_edition
    >>> scores = read_edition(2023).scores
    >>> table = rank_intervals(scores, 2023, draws=100, rng=np.random.default_rng(1))
    >>> bool((table["low"] <= table["high"]).all())
    True
    """
    if draws < 1 or not 0 <= noise < 1 or not 0 < level < 1:
        raise ValueError(
            f"draws {draws}, noise {noise:g}, level {level:g}; draws must be at least 1, "
            "noise from 0 to below 1, level between 0 and 1"
        )
    if year not in set(scores.cells["year"]):
        raise DataError(f"there are no scores of {year}")
    methodology = scores.methodology
    values = scores.values(year)
    values = values[values.index != methodology.nation]
    weights = [w * (1 + rng.uniform(-noise, noise, size=(draws, 1, len(w)))) for w in scores.weights]
    index = derive(values.to_numpy(float), methodology, base=scores.base, weights=weights).index
    ranks = rank(index, decimals=methodology.decimals)
    tails = [(1 - level) / 2, (1 + level) / 2]
    official = scores.nodes[(scores.nodes["node"] == methodology.top.code) & (scores.nodes["year"] == year)]
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
        score_low, score_high = np.quantile(index, tails, axis=0, method="inverted_cdf")
    return pd.DataFrame(
        {
            "rank": official.set_index("region")["rank"].reindex(values.index),
            "low": low,
            "high": high,
            "score_low": score_low,
            "score_high": score_high,
        },
        index=values.index,
    )
