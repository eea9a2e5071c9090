"""The rank interval of the weights alone, as it is printed beside the index in the published editions.

It has its own random numbers, and stays as it is so that published editions can be recomputed to the last digit. All
other intervals are those of :func:`cwi.analysis.uncertainty.simulate`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cwi.derivation import derive
from cwi.index import Scores
from cwi.methods.ranking import rank

__all__ = ["LEVEL", "NOISE", "weights_interval"]

NOISE, LEVEL = 0.25, 0.90


def weights_interval(scores: Scores, year: int, *, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """The interval of each region's rank and index when the weights are perturbed.

    In every draw each weight of every level is multiplied by 1 + u, u uniform on ± 25 %, and the weights under a parent
    are brought back to sum to one. 90 % of the draws are inside the interval.

    Parameters
    ----------
    scores, year
        The scores of the year.
    draws
        How many sets of weights are drawn, at least 1.
    rng
        The generator that they are drawn from.

    Returns
    -------
    DataFrame
        index region; low and high (of the rank), score_low, score_high (points).

    Raises
    ------
    DataError
        If there are no scores of that year.

    Examples
    --------
    >>> from cwi import read_edition
    >>> table = weights_interval(read_edition(2023).scores, 2023, draws=100, rng=np.random.default_rng(1))
    >>> bool((table["low"] <= table["high"]).all())
    True
    """
    methodology = scores.methodology
    values = scores.without_nation(scores.values(year))
    weights = [w * (1 + rng.uniform(-NOISE, NOISE, size=(draws, 1, len(w)))) for w in scores.weights]
    index = derive(values.to_numpy(float), methodology, base=scores.base, weights=weights).index
    ranks = rank(index, decimals=methodology.decimals)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
        score_low, score_high = np.quantile(index, tails, axis=0, method="inverted_cdf")
    columns = {"low": low, "high": high, "score_low": score_low, "score_high": score_high}
    return pd.DataFrame(columns, index=values.index)
