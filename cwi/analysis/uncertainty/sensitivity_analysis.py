"""Which factor matters: shares of variance, exact where choices are finite, estimated with intervals elsewhere.

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

from cwi.analysis.uncertainty.draws import ranked, with_gaps
from cwi.analysis.uncertainty.factors import Factor
from cwi.analysis.uncertainty.monte_carlo import checked_points
from cwi.analysis.uncertainty.plan import Outcome, Plan, checked_plan
from cwi.analysis.uncertainty.single_changes import BARRED, leave_one_out, one_at_a_time
from cwi.errors import DataError, MethodologyError, near
from cwi.methods.ranking import mean_rank_shift
from cwi.methods.variance import anova, sobol_indices
from cwi.rules import check_generator

__all__ = ["MOST", "SHIFT", "Exact", "Sensitivity", "Sobol", "exact", "sensitivity", "sobol"]

Array = NDArray[np.float64]
MOST = 50_000  # combinations that are enumerated
SHIFT = "mean rank shift"


@dataclass(frozen=True, eq=False)
class Exact:
    """Every combination of the choices, and indices without any error of sampling.

    ``indices``: output, region, factor, first, total, variance
    ``joint``  : output, region, factors, share: what factors do together beyond what each does alone
    ``runs``   : a row a combination: the choice of each factor, mean rank shift, and the reason if it failed
    ``failed`` : the rows of ``runs`` that failed or are declared incompatible; with any, indices are NaN
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

    ``runs``  : the number of runs of the design
    ``failed``: reasons, and the number of runs, in which a rule could not be applied or choices are declared
    incompatible; with any, indices that they are part of are NaN
    """

    indices: pd.DataFrame
    runs: int
    failed: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Which factor matters in a year, by four methods.

    ``sobol``  : estimated indices of all factors
    ``exact``  : indices of the factors that are lists of choices, by enumeration; None where there is none
    ``alone``  : of :func:`one_at_a_time`, each choice alone
    ``without``: of :func:`leave_one_out`, each part of the tree left out; ``level`` is that of the part
    """

    year: int
    sobol: Sobol
    exact: Exact | None
    alone: pd.DataFrame
    without: pd.DataFrame

    def factor_importance(self, output: str = SHIFT, region: str = "") -> pd.DataFrame:
        """The factors by their total index for one output, the strongest first."""
        rows = self.sobol.indices
        rows = rows[(rows["output"] == output) & (rows["region"] == region)]
        return rows.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)


def sensitivity(plan: Plan, year: int | None = None, *, n: int = 512, rng: np.random.Generator) -> Sensitivity:
    """Enumerate and estimate indices, and change one thing at a time.

    Parameters
    ----------
    plan
        Of :func:`prepare`.
    year
        The year whose regions are looked at, the last by default.
    n, rng
        Of :func:`sobol`.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare
    >>> plan = prepare(read_edition(2023), "scale, weights")
    >>> sensitivity(plan, n=16, rng=np.random.default_rng(1)).factor_importance()["factor"].tolist()
    ['scale', 'weights']
    """
    checked_plan(plan, "sensitivity")
    levels = plan.methodology.tree.levels[:-1]
    return Sensitivity(
        year=plan.years[-1] if year is None else year,
        exact=exact(plan, year) if any(f.choices or "sets" in f.settings for f in plan.factors) else None,
        sobol=sobol(plan, year, n=n, rng=rng),
        alone=one_at_a_time(plan, year),
        without=pd.concat([leave_one_out(plan, year, level).assign(level=level) for level in levels]),
    )


def exact(plan: Plan, year: int | None = None, *, order: int = 2) -> Exact:
    """First-order and total indices of the choices, and of sets of weights, by trying every combination.

    Parameters
    ----------
    plan
        Of :func:`prepare`; its factors that are lists of choices or sets of weights vary, all others stay official. A
        choice of share 0 is never drawn, and not tried.
    year
        The year whose regions are looked at, the last by default.
    order
        Up to how many factors together are told apart.

    Raises
    ------
    MethodologyError
        If there is no list of choices, or more than 50,000 combinations.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare
    >>> geometric = {"name": "geometric", "index": {"aggregation": {"name": "geometric", "floor": 1}}}
    >>> plan = prepare(read_edition(2023), {"factor": {
    ...     "mean": {"choices": [{}, geometric]},
    ...     "scale": {"choices": [{}, {"name": "min-max", "normalisation": "min_max"}]}}})
    >>> result = exact(plan)
    >>> len(result.runs), sorted(result.indices["factor"].unique())
    (4, ['mean', 'scale'])
    """
    checked_plan(plan, "exact")
    factors = [factor for factor in plan.factors if factor.choices or "sets" in factor.settings]
    drawn = [_alternatives(plan, factor) for factor in factors]
    grid = [len(names) for names, _, _ in drawn]
    count = math.prod(grid)
    if not grid:
        raise MethodologyError(
            f"{plan.factors.where}: no factor is a list of choices or of sets of weights; nothing can be enumerated"
        )
    if count > MOST:
        raise MethodologyError(
            f"{plan.factors.where}: {' × '.join(map(str, grid))} = {count:,} combinations are more than {MOST:,}; "
            "leave a factor out, or estimate with sobol"
        )
    places = np.indices(grid).reshape(len(grid), -1)
    choices, u = _combined(plan, factors, [at for _, at, _ in drawn], places)
    outcome = _run(plan, choices, u, fixed=[factor.name for factor in plan.factors if factor not in factors])
    official = plan.run(plan.official_choices()).scores
    names, values = _outputs(plan, year, outcome.scores, official)
    divided = anova(values.T.reshape(*grid, -1), [share for _, _, share in drawn], order=order)
    indices = pd.concat(
        [
            names.assign(factor=factor.name, first=divided.first[i], total=divided.total[i], variance=divided.variance)
            for i, factor in enumerate(factors)
        ],
        ignore_index=True,
    )
    joint = pd.concat(
        [
            names.assign(factors=" × ".join(factors[i].name for i in members), share=share)
            for members, share in divided.joint.items()
        ],
        ignore_index=True,
    )
    runs = pd.DataFrame(
        {
            factor.name: [names[i] for i in row]
            for factor, (names, _, _), row in zip(factors, drawn, places, strict=True)
        }
    )
    shift = values[(names["output"] == SHIFT).to_numpy()][0]
    reasons = [outcome.failed.get(run, "") for run in range(count)]
    return Exact(indices, joint, runs.assign(**{SHIFT: shift}, reason=reasons))


def _alternatives(plan: Plan, factor: Factor) -> tuple[list[str], Array, Array]:
    """Of a factor that is enumerated the names of its alternatives, where each is on its axis, and its share."""
    if factor.choices:
        kept = [(number, choice) for number, choice in enumerate(factor.choices) if choice.share > 0]
        shares = np.array([choice.share for _, choice in kept])
        return [choice.name for _, choice in kept], np.array([float(number) for number, _ in kept]), shares
    table = plan.sets[factor.settings["sets"]]
    m = len(table)
    return [str(name) for name in table.index], (np.arange(m) + 0.5) / m, np.full(m, 1.0 / m)


def _combined(
    plan: Plan, factors: Sequence[Factor], at: Sequence[Array], places: NDArray[np.intp]
) -> tuple[NDArray[np.intp], Array | None]:
    """The choices and, where sets of weights are enumerated too, the points of some combinations."""
    choices = plan.official_choices(places.shape[1])
    u = None if all(factor.choices for factor in factors) else np.full((plan.size, places.shape[1]), 0.5)
    for factor, values, row in zip(factors, at, places, strict=True):
        if factor.choices:
            choices[list(plan.factors.discrete).index(factor)] = values[row].astype(np.intp)
        elif u is not None:
            u[plan.axes[factor.name]] = values[row]
    return choices, u


def sobol(
    plan: Plan,
    year: int | None = None,
    *,
    n: int = 1024,
    rng: np.random.Generator,
    design: Array | None = None,
    resamples: int = 200,
    level: float = 0.90,
    by: Sequence[str] = (),
) -> Sobol:
    """First-order and total indices of all factors, estimated on a scrambled Sobol sequence.

    A factor that has many axes of the unit cube (a weight each, a value each) is one factor here.

    Parameters
    ----------
    plan, year
        As for :func:`exact`; all factors vary.
    n
        Rows of each of the two matrices, a power of two; n (f + 2) runs are made.
    design : (rows, 2 plan.size), optional
        Matrix A beside matrix B, points of the unit cube instead of the Sobol sequence; of any number of rows, two at
        least. A design of 50 rows (as in COINr's examples) is fed so.
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
        If n is no power of two and there is no design.
    MethodologyError
        If a factor of ``by`` is unknown.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare
    >>> plan = prepare(read_edition(2023), "weights")
    >>> result = sobol(plan, n=16, rng=np.random.default_rng(1), resamples=20)
    >>> result.runs, result.failed
    (48, {})
    """
    checked_plan(plan, "sobol")
    check_generator(rng)
    if design is not None:
        design = checked_points(design, 2 * plan.size)
        n = len(design)
    elif n < 2 or n & (n - 1):
        raise DataError(
            f"n is {n}; a Sobol sequence is balanced only at a power of two, such as 1024; for another number of rows "
            "hand over a design of your own"
        )
    groups = _axes_of_groups(plan, by)
    d = plan.size
    if design is None:
        design = qmc.Sobol(2 * d, scramble=True, rng=rng).random_base2(n.bit_length() - 1)
    a, b = design[:, :d].T.copy(), design[:, d:].T.copy()
    mixed = [np.where(np.isin(np.arange(d), places)[:, None], b, a) for places in groups.values()]
    runs, failed = [], []
    for points in (a, b, *mixed):
        outcome = _run(plan, plan.choices(points), points)
        runs.append(outcome.scores)
        failed += list(outcome.failed.values())
    official = plan.run(plan.official_choices()).scores
    names, _ = _outputs(plan, year, official, official)
    outputs = [_outputs(plan, year, scores, official)[1].T for scores in runs]
    estimate, first, total = sobol_indices(
        outputs[0], outputs[1], np.stack(outputs[2:]), resamples=resamples, rng=rng, level=level
    )
    columns = {
        "first": estimate.first, "first_low": first[0], "first_high": first[1],
        "total": estimate.total, "total_low": total[0], "total_high": total[1],
    }  # fmt: skip
    table = pd.concat(
        [
            names.assign(factor=name, variance=estimate.variance, **{key: of[i] for key, of in columns.items()})
            for i, name in enumerate(groups)
        ],
        ignore_index=True,
    )
    reasons = pd.Series(failed, dtype=object).value_counts()
    return Sobol(table, len(runs) * n, {str(reason): int(number) for reason, number in reasons.items()})


def _axes_of_groups(plan: Plan, by: Sequence[str]) -> dict[str, list[int]]:
    """The axes of each factor, or of each axis of a factor that is separated."""
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
    return groups


def _run(plan: Plan, choices: NDArray[np.intp], u: Array | None = None, fixed: Sequence[str] = ()) -> Outcome:
    """The outcome of some draws; those whose choices are declared incompatible count as failed."""
    outcome, barred = plan.run(choices, u, fixed=fixed), plan.incompatible(choices)
    failed = dict(outcome.failed) | dict.fromkeys(np.flatnonzero(barred).tolist(), BARRED)
    return Outcome(np.where(barred, np.nan, outcome.scores), failed)


def _outputs(plan: Plan, year: int | None, scores: Array, official: Array) -> tuple[pd.DataFrame, Array]:
    """The outputs: the mean rank shift, and score and rank of each region; (outputs, draws)."""
    rows = plan.regions(year)
    rows = rows[~np.isnan(official[rows, 0])]
    regions = plan.units["region"].to_numpy()[rows]
    ranks = with_gaps(ranked(scores, plan)[rows])
    shift = mean_rank_shift(ranked(official, plan)[rows, 0].astype(float), ranks.T)
    shift = np.where(np.isnan(ranks).any(axis=0), np.nan, shift)
    names = pd.DataFrame(
        [(SHIFT, ""), *(("score", region) for region in regions), *(("rank", region) for region in regions)],
        columns=["output", "region"],
    )
    return names, np.vstack([shift[None], scores[rows], ranks])
