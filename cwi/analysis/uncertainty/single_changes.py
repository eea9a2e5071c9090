"""One thing changed at a time: each choice alone, and each part of the tree left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.draws import ranked, with_gaps
from cwi.analysis.uncertainty.plan import PANEL, Plan, checked_plan
from cwi.derivation import derive
from cwi.errors import MethodologyError, near

__all__ = ["BARRED", "leave_one_out", "one_at_a_time"]

Array = NDArray[np.float64]
BARRED = "choices that are declared incompatible"


def one_at_a_time(plan: Plan, year: int | None = None) -> pd.DataFrame:
    """Each choice alone in place of the official one.

    Parameters
    ----------
    plan
        Of :func:`prepare`; its factors that are lists of choices are changed one after the other.
    year
        The year whose regions are looked at, the last by default.

    Returns
    -------
    DataFrame
        factor, choice, region, score, rank, official_score, official_rank, moved (places up), and reason if it failed.
    """
    rows, frames = checked_plan(plan, "one_at_a_time").regions(year), []
    official = plan.run(plan.official_choices()).scores
    nominal = ranked(official, plan)[rows, 0].astype(float)
    for number, factor in enumerate(plan.factors.discrete):
        choices = plan.official_choices(len(factor.choices))
        choices[number] = np.arange(len(factor.choices))
        outcome, barred = plan.run(choices), plan.incompatible(choices)
        scores = np.where(barred, np.nan, outcome.scores)
        ranks = with_gaps(ranked(scores, plan)[rows])
        for place, choice in enumerate(factor.choices):
            if place != factor.official:
                frames.append(
                    pd.DataFrame(
                        {
                            "factor": factor.name,
                            "choice": choice.name,
                            "region": plan.units["region"].to_numpy()[rows],
                            "score": scores[rows, place],
                            "rank": ranks[:, place],
                            "official_score": official[rows, 0],
                            "official_rank": nominal,
                            "moved": nominal - ranks[:, place],
                            "reason": BARRED if barred[place] else outcome.failed.get(place, ""),
                        }
                    )
                )
    columns = ["factor", "choice", "region", "score", "rank", "official_score", "official_rank", "moved", "reason"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def leave_one_out(plan: Plan, year: int | None = None, level: str = "indicator") -> pd.DataFrame:
    """Scores and ranks without one part of the tree, each in turn.

    Parameters
    ----------
    plan
        Of :func:`prepare`; its factors stay official.
    year
        The year whose regions are looked at, the last by default.
    level
        Whose parts are left out: indicator, or a level below the index. Parts that were not measured are passed over.

    Returns
    -------
    DataFrame
        part, region, score, rank, official_rank, moved (places up), reason if it cannot be left out.

    Raises
    ------
    MethodologyError
        If there is no such level below the index.
    """
    methodology, rows = checked_plan(plan, "leave_one_out").methodology, plan.regions(year)
    names = methodology.tree.levels[:-1]
    if level not in names:
        raise MethodologyError(f"no level below the index is called '{level}'{near(level, names)}")
    depth = names.index(level)
    official = plan.run(plan.official_choices()).scores
    nominal = ranked(official, plan)[rows, 0].astype(float)
    panel = plan.panels[plan.at([PANEL], plan.official)]
    measured = derive(panel.x, methodology, base=panel.base, groups=plan.groups).measured[depth]
    frames = []
    for code in np.array(methodology.tree.codes[depth], dtype=object)[(measured > 0).any(axis=0)]:
        try:
            scores, reason = _without(plan, code), ""
        except MethodologyError as problem:
            scores, reason = np.full_like(official, np.nan), str(problem)
        ranks = with_gaps(ranked(scores, plan)[rows, 0])
        frames.append(
            pd.DataFrame(
                {
                    "part": code,
                    "region": plan.units["region"].to_numpy()[rows],
                    "score": scores[rows, 0],
                    "rank": ranks,
                    "official_rank": nominal,
                    "moved": nominal - ranks,
                    "reason": reason,
                }
            )
        )
    columns = ["part", "region", "score", "rank", "official_rank", "moved", "reason"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _without(plan: Plan, part: str) -> Array:
    """(n, 1) the official scores with one part of the tree left out."""
    rules = plan.methodology.replace(without=[*plan.methodology.without, part])
    panel = plan.panels[plan.at([PANEL], plan.official)]
    derived = derive(panel.x, rules, base=panel.base, groups=plan.groups)
    level, place = plan.target
    return derived.scores[level + 1][:, place, None]
