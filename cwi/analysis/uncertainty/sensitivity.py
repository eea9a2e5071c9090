"""Which choice matters: shares of variance, exact where the choices are finite, estimated with intervals elsewhere.

An output is the mean rank shift, or the score or the rank of one region. The first-order index of a factor is the share
of an output's variance that goes away when the factor is known; the total index the share that stays when all others
are known. Their difference is what the factor does together with others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import qmc

from cwi.analysis.uncertainty.draws import ranked
from cwi.analysis.uncertainty.plan import Alternatives, Outcome
from cwi.errors import DataError, MethodologyError, near
from cwi.methods.ranking import mean_rank_shift
from cwi.methods.variance import anova, sobol_indices

__all__ = ["MOST", "Exact", "Sobol", "exact", "leave_one_out", "one_at_a_time", "sobol"]

Array = NDArray[np.float64]
MOST = 50_000  # combinations that are enumerated
SHIFT = "mean rank shift"
BARRED = "choices that are declared incompatible"


@dataclass(frozen=True, eq=False)
class Exact:
    """Every combination of the choices, and what follows from them without any error of sampling.

    ``indices``: output, region, factor, first, total, variance
    ``joint``  : output, region, factors, share: what factors do together beyond what each does alone
    ``runs``   : a row a combination: the choice of each factor, mean rank shift, and the reason if it failed
    ``failed`` : the rows of ``runs`` that failed or are declared incompatible; with any, no index is a number
    """

    indices: pd.DataFrame
    joint: pd.DataFrame
    runs: pd.DataFrame

    @property
    def failed(self) -> pd.DataFrame:
        """The combinations without scores, with the reason of each."""
        return self.runs[self.runs["reason"] != ""]


@dataclass(frozen=True, eq=False)
class Sobol:
    """Estimated indices: output, region, factor, first, first_low, first_high, total, total_low, total_high, variance.

    ``runs``  : how many the design made
    ``failed``: reasons, and the number of runs, in which a rule could not be applied or choices are declared
    incompatible; with any, indices that they are part of are not a number
    """

    indices: pd.DataFrame
    runs: int
    failed: Mapping[str, int]


def exact(plan: Alternatives, year: int, *, order: int = 2) -> Exact:
    """First-order and total indices of the choices by trying every combination.

    Parameters
    ----------
    plan
        Of :func:`cwi.analysis.uncertainty.alternatives`; its factors that are lists of choices vary, all others stay
        official.
    year
        The year whose regions are looked at.
    order
        Up to how many factors together are told apart.

    Raises
    ------
    MethodologyError
        If there is no list of choices, or more than 50,000 combinations.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty.preparation import alternatives
    >>> from cwi.analysis.uncertainty.factors import read_factors
    >>> edition = read_edition(2023)
    >>> geometric = {"name": "geometric", "index": {"aggregation": {"name": "geometric", "floor": 1}}}
    >>> factors = read_factors(edition.methodology, {"factor": {
    ...     "mean": {"choices": [{}, geometric]},
    ...     "scale": {"choices": [{}, {"name": "min-max", "normalisation": "min_max"}]}}})
    >>> plan = alternatives(edition.observations, edition.methodology, factors, years=[2023], base=edition.base)
    >>> found = exact(plan, 2023)
    >>> len(found.runs), sorted(found.indices["factor"].unique())
    (4, ['mean', 'scale'])
    """
    factors = plan.factors.discrete
    grid = [len(factor.choices) for factor in factors]
    count = math.prod(grid)
    if not grid:
        raise MethodologyError(f"{plan.factors.where}: no factor is a list of choices; nothing can be enumerated")
    if count > MOST:
        raise MethodologyError(
            f"{plan.factors.where}: {' × '.join(map(str, grid))} = {count:,} combinations are more than {MOST:,}; "
            "leave a factor out, or estimate with sobol"
        )
    choices = np.indices(grid).reshape(len(grid), -1)
    outcome = _tried(plan, choices)
    official = plan.run(plan.official(1)).scores
    names, values = _outputs(plan, year, outcome.scores, official)
    found = anova(values.T.reshape(*grid, -1), [np.array([c.share for c in f.choices]) for f in factors], order=order)
    indices = pd.concat(
        [
            names.assign(factor=factor.name, first=found.first[i], total=found.total[i], variance=found.variance)
            for i, factor in enumerate(factors)
        ],
        ignore_index=True,
    )
    joint = pd.concat(
        [
            names.assign(factors=" × ".join(factors[i].name for i in members), share=share)
            for members, share in found.joint.items()
        ],
        ignore_index=True,
    )
    runs = pd.DataFrame(
        {factor.name: [factor.choices[i].name for i in row] for factor, row in zip(factors, choices, strict=True)}
    )
    shift = values[(names["output"] == SHIFT).to_numpy()][0]
    reasons = [outcome.failed.get(run, "") for run in range(count)]
    return Exact(indices, joint, runs.assign(**{SHIFT: shift}, reason=reasons))


def sobol(
    plan: Alternatives,
    year: int,
    *,
    n: int = 1024,
    rng: np.random.Generator,
    resamples: int = 200,
    level: float = 0.90,
    by: Sequence[str] = (),
) -> Sobol:
    """First-order and total indices of all factors, estimated on a scrambled Sobol sequence.

    A factor that owns many axes of the unit cube (a weight each, an observation each) is one factor here.

    Parameters
    ----------
    plan, year
        As for :func:`exact`; all factors vary.
    n
        Rows of each of the two matrices, a power of two; n (f + 2) runs are made.
    rng
        Scrambles the sequence and draws the bootstrap samples.
    resamples, level
        Of the bootstrap intervals.
    by
        Factors whose axes are told apart, each a factor of its own.

    Returns
    -------
    Sobol

    Raises
    ------
    DataError
        If n is no power of two.
    MethodologyError
        If a factor of ``by`` is unknown.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty.preparation import alternatives
    >>> from cwi.analysis.uncertainty.factors import read_factors
    >>> edition = read_edition(2023)
    >>> factors = read_factors(edition.methodology, {"factor": {"weights": {"weights": {"noise": 0.25}}}})
    >>> plan = alternatives(edition.observations, edition.methodology, factors, years=[2023], base=edition.base)
    >>> found = sobol(plan, 2023, n=16, rng=np.random.default_rng(1), resamples=20)
    >>> found.runs, found.failed
    (48, {})
    """
    if n < 2 or n & (n - 1):
        raise DataError(f"n is {n}; a Sobol sequence is balanced only at a power of two, such as 1024")
    for name in by:
        if name not in plan.factors.names:
            raise MethodologyError(
                f"{plan.factors.where}: no factor is called '{name}'{near(name, plan.factors.names)}"
            )
    groups: dict[str, list[int]] = {}
    for factor in plan.factors:
        axis = plan.axes[factor.name]
        for place in range(axis.start, axis.stop):
            name = f"{factor.name} {place - axis.start + 1}" if factor.name in by else factor.name
            groups.setdefault(name, []).append(place)
    d = plan.size
    design = qmc.Sobol(2 * d, scramble=True, rng=rng).random_base2(n.bit_length() - 1)
    a, b = design[:, :d].T.copy(), design[:, d:].T.copy()
    mixed = [np.where(np.isin(np.arange(d), places)[:, None], b, a) for places in groups.values()]
    runs, failed = [], []
    for points in (a, b, *mixed):
        outcome = _tried(plan, plan.choices(points), points)
        runs.append(outcome.scores)
        failed += list(outcome.failed.values())
    official = plan.run(plan.official(1)).scores
    names, _ = _outputs(plan, year, official, official)
    outputs = [_outputs(plan, year, scores, official)[1].T for scores in runs]
    found, first, total = sobol_indices(
        outputs[0], outputs[1], np.stack(outputs[2:]), resamples=resamples, rng=rng, level=level
    )
    columns = {
        "first": found.first, "first_low": first[0], "first_high": first[1],
        "total": found.total, "total_low": total[0], "total_high": total[1],
    }  # fmt: skip
    table = pd.concat(
        [
            names.assign(factor=name, variance=found.variance, **{key: of[i] for key, of in columns.items()})
            for i, name in enumerate(groups)
        ],
        ignore_index=True,
    )
    reasons = pd.Series(failed, dtype=object).value_counts()
    return Sobol(table, len(runs) * n, {str(reason): int(number) for reason, number in reasons.items()})


def one_at_a_time(plan: Alternatives, year: int) -> pd.DataFrame:
    """Each choice alone in place of the official one.

    Returns
    -------
    DataFrame
        factor, choice, region, score, rank, official_score, official_rank, moved (places up), and reason if it failed.
    """
    rows, frames = _regions(plan, year), []
    official = plan.run(plan.official(1)).scores
    nominal = ranked(official, plan)[rows, 0].astype(float)
    for number, factor in enumerate(plan.factors.discrete):
        choices = plan.official(len(factor.choices))
        choices[number] = np.arange(len(factor.choices))
        outcome = _tried(plan, choices)
        ranks = ranked(outcome.scores, plan)[rows].astype(float)
        ranks[ranks == 0] = np.nan
        for place, choice in enumerate(factor.choices):
            if place != factor.official:
                frames.append(
                    pd.DataFrame(
                        {
                            "factor": factor.name,
                            "choice": choice.name,
                            "region": plan.units["region"].to_numpy()[rows],
                            "score": outcome.scores[rows, place],
                            "rank": ranks[:, place],
                            "official_score": official[rows, 0],
                            "official_rank": nominal,
                            "moved": nominal - ranks[:, place],
                            "reason": outcome.failed.get(place, ""),
                        }
                    )
                )
    columns = ["factor", "choice", "region", "score", "rank", "official_score", "official_rank", "moved", "reason"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def leave_one_out(plan: Alternatives, year: int, level: str = "indicator") -> pd.DataFrame:
    """Scores and ranks without one part of the tree, each in turn.

    Parameters
    ----------
    plan, year
        As for :func:`exact`; nothing else varies.
    level
        Whose parts are left out: indicator, or a level below the index. Parts that nobody measured are passed over.

    Returns
    -------
    DataFrame
        part, region, score, rank, official_rank, moved (places up), reason if it cannot be left out.
    """
    methodology = plan.methodology
    names = methodology.tree.levels[:-1]
    if level not in names:
        raise MethodologyError(f"no level below the index is called '{level}'{near(level, names)}")
    depth = names.index(level)
    codes = methodology.tree.codes[depth]
    official = plan.run(plan.official(1)).scores
    rows = _regions(plan, year)
    nominal = ranked(official, plan)[rows, 0].astype(float)
    frames = []
    for code in (code for code, seen in zip(codes, plan.measured[depth], strict=True) if seen):
        try:
            scores, reason = plan.without(code), ""
        except MethodologyError as problem:
            scores, reason = np.full_like(official, np.nan), str(problem)
        ranks = ranked(scores, plan)[rows, 0].astype(float)
        ranks[ranks == 0] = np.nan
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


def _regions(plan: Alternatives, year: int) -> NDArray[np.intp]:
    rows = np.flatnonzero(plan.groups == year)
    if not len(rows):
        years = sorted(set(plan.groups[plan.groups >= 0].tolist()))
        raise DataError(f"there is no region of {year}; there are regions of {', '.join(map(str, years))}")
    return rows


def _tried(plan: Alternatives, choices: NDArray[np.intp], u: Array | None = None) -> Outcome:
    """What became of some draws; those whose choices are declared incompatible count as failed."""
    outcome, barred = plan.run(choices, u), plan.barred(choices)
    failed = dict(outcome.failed) | dict.fromkeys(np.flatnonzero(barred).tolist(), BARRED)
    return Outcome(np.where(barred, np.nan, outcome.scores), failed)


def _outputs(plan: Alternatives, year: int, scores: Array, official: Array) -> tuple[pd.DataFrame, Array]:
    """What is looked at: the mean rank shift, and score and rank of each region; (outputs, draws)."""
    rows = _regions(plan, year)
    rows = rows[~np.isnan(official[rows, 0])]
    regions = plan.units["region"].to_numpy()[rows]
    ranks, nominal = (ranked(made, plan)[rows].astype(float) for made in (scores, official))
    ranks[ranks == 0] = np.nan
    shift = mean_rank_shift(nominal[:, 0], ranks.T)
    shift = np.where(np.isnan(ranks).any(axis=0), np.nan, shift)
    names = pd.DataFrame(
        [(SHIFT, ""), *(("score", region) for region in regions), *(("rank", region) for region in regions)],
        columns=["output", "region"],
    )
    return names, np.vstack([shift[None], scores[rows], ranks])
