"""The scales of the questionnaire: how reliably several items measure one thing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.inputs.survey.recode import item_numbers
from cwi.inputs.survey.records import Limits, SurveyDefinitions
from cwi.inputs.survey.rounding import rounded_counts, steps
from cwi.methods import survey

__all__ = ["scale_reliability"]


def scale_reliability(
    answers: pd.DataFrame, design: survey.Design, definitions: SurveyDefinitions, level: float
) -> pd.DataFrame:
    """How far the items of each scale go together, over the whole sample, rounded for publication.

    Parameters
    ----------
    answers
        Of children and parents, a row a respondent.
    design
        Of the same rows.
    definitions
        Scales, and the limits: a scale with fewer complete answers than may be published is left out.
    level
        Of the interval of alpha, between 0 and 1.

    Returns
    -------
    DataFrame
        scale, indicator, items, n, complete (per cent), alpha, low, high, item (the weakest), item_rest.
    """
    limits, exact = definitions.limits, definitions.limits.base == 1
    rows = []
    for code, scale in definitions.scales.items():
        items = item_numbers(answers, definitions, scale.items)
        if len(items.dropna()) < limits.suppress_below:
            continue
        of = [definitions.items[item] for item in scale.items]
        ages = max(item.ages[0] for item in of), min(item.ages[1] for item in of)
        asked = ((answers["respondent"] == of[0].respondent) & answers["age"].between(*ages)).to_numpy()
        result = survey.reliability(items[asked].to_numpy(), design.w[asked])
        complete = 100 * result.complete
        low, high = survey.alpha_interval(items.to_numpy(), design, level=level)
        weakest = int(result.item_rest.argmin())
        rows.append(
            {
                "scale": code,
                "indicator": scale.indicator,
                "items": len(scale.items),
                "n": float(rounded_counts(result.n, limits)),
                "complete": complete if exact else _coarse(complete, design.w[asked], limits),
                "alpha": result.alpha,
                "low": low,
                "high": high,
                "item": scale.items[weakest],
                "item_rest": result.item_rest[weakest],
            }
        )
    names = ["scale", "indicator", "items", "n", "complete", "alpha", "low", "high", "item", "item_rest"]
    table = pd.DataFrame(rows, columns=names)
    digits = {"complete": 1, "alpha": 2, "low": 2, "high": 2, "item_rest": 2}
    return table if exact else table.round(digits)


def _coarse(share: float, weights: NDArray[np.float64], limits: Limits) -> float:
    """A share of the whole sample to what as many respondents make as numbers of answers are rounded to."""
    step = float(steps(limits.base * weights.max(), weights.sum()))
    return round(share / step) * step
