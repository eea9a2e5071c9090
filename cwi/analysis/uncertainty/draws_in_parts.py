"""The first draws of a simulation in parts, so that they can be put together again under other weights.

A reader of the weights explorer moves a slider, and the page computes these draws anew: the scores of the indicators
as each draw has them, the rules that it follows, and what it does to the weights. All three are read from the draws of
a plan; numbers that are drawn are rounded to multiples of a power of two, and Python computes with the same multiples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cwi.analysis.uncertainty.common import LevelRules
from cwi.analysis.uncertainty.draws import ranked
from cwi.analysis.uncertainty.engine import IndicatorDraws
from cwi.analysis.uncertainty.plan import Plan, checked_plan
from cwi.analysis.uncertainty.simulation import Simulation, quantiles_of
from cwi.errors import DataError

__all__ = ["MISSING", "LiveDraws", "live_draws"]

Array = NDArray[np.float64]
Steps = NDArray[np.int16]

MISSING = -(2**15)  # a score that is not there
FINEST = 1600  # scores lie on at least so many multiples
NOISE_STEP = 2.0**-8  # of what a draw does to a weight
TAILS = (0.05, 0.95)


@dataclass(frozen=True, eq=False, repr=False)
class LiveDraws:
    """Some draws of a plan in parts.

    Attributes
    ----------
    plan
        What varies.
    fixed
        Names of factors that are held at the official choice, because what they do cannot be put together again under
        other weights: rules that are no mean of parts, sets of weights that take the place of those before, a weight
        above zero where the official one is zero.
    steps : (k, n, draws)
        Scores of the indicators in multiples of ``step``, ``MISSING`` where there is none.
    step
        A power of two, in points.
    rules, which
        For each level the different rules, and for each draw (draws,) which of them it follows.
    ratios
        For each level (rules, k) what a rule makes of a weight, relative to the official one.
    noise
        For each level (draws, k) what else a draw makes of a weight, in multiples of ``NOISE_STEP``; None where
        nothing else does.
    """

    plan: Plan
    fixed: tuple[str, ...]
    steps: Steps
    step: float
    rules: Sequence[Sequence[LevelRules]]
    which: Sequence[NDArray[np.intp]]
    ratios: Sequence[Array]
    noise: Sequence[Steps | None]

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return int(self.steps.shape[2])

    @property
    def covered(self) -> tuple[str, ...]:
        """Names of the factors that vary."""
        return tuple(factor.name for factor in self.plan.factors if factor.name not in self.fixed)

    @cached_property
    def indicators(self) -> Array:
        """(k, n, draws) scores of the indicators, NaN where there is none."""
        return np.where(self.steps == MISSING, np.nan, self.steps * self.step)

    def weights(self, given: Sequence[Array]) -> list[Array]:
        """(draws, k) the weights of every draw for each level, of those that are given."""
        return [
            (np.asarray(row, dtype=float) * ratio[which] * (1.0 if noise is None else noise * NOISE_STEP))
            for row, ratio, which, noise in zip(given, self.ratios, self.which, self.noise, strict=True)
        ]

    def scores(self, given: Sequence[Array]) -> tuple[Array, NDArray[np.bool_]]:
        """The index of every unit in every draw under some weights.

        Parameters
        ----------
        given
            For each level (k,) one weight for every part of its nodes, zero or more, on any scale.

        Returns
        -------
        (n, draws), (draws,)
            Scores, NaN where there is none; and draws that do not count, because a mean refuses a score.
        """
        scores = np.full((self.draws, self.steps.shape[1]), np.nan)
        refused = np.zeros(self.draws, dtype=bool)
        every = np.arange(self.draws)
        columns = np.arange(len(self.steps))
        drawn = IndicatorDraws(every, np.full(self.steps.shape[1::-1], np.nan), columns, self.indicators)
        followed: list[tuple[list[LevelRules | None], NDArray[np.intp]]] = [
            (list(rules), which) for rules, which in zip(self.rules, self.which, strict=True)
        ]
        self.plan._engine.climb(drawn, every, followed, self.weights(given), scores, refused)
        return scores.T, refused

    def intervals(self, given: Sequence[Array]) -> pd.DataFrame:
        """The intervals of rank and index that hold 90 % of these draws under some weights.

        Parameters
        ----------
        given
            As for :meth:`scores`.

        Returns
        -------
        DataFrame
            index region, the nation too; low, high (ranks; missing for the nation), score_low, score_high; missing
            where no draw that counts has a score.
        """
        scores, refused = self.scores(given)
        kept = np.ascontiguousarray(scores[:, ~refused])
        ranks = np.sort(ranked(kept, self.plan), axis=1)
        places = quantiles_of(ranks, (ranks > 0).sum(axis=1), TAILS, last=True)
        ordered = np.sort(kept, axis=1)
        ends = quantiles_of(ordered, (~np.isnan(ordered)).sum(axis=1), TAILS)
        columns = dict(zip(("low", "high", "score_low", "score_high"), (*places, *ends), strict=True))
        return pd.DataFrame(columns, index=pd.Index(self.plan.units["region"].tolist(), name="region"))

    def __repr__(self) -> str:
        held = f"; held: {', '.join(self.fixed)}" if self.fixed else ""
        return f"LiveDraws({self.draws:,} draws of {', '.join(self.covered)}{held}; step {self.step:g})"


def live_draws(simulation: Simulation, *, draws: int) -> LiveDraws:
    """The first draws of a simulation of one year, in parts.

    Parameters
    ----------
    simulation
        Of :func:`simulate`, of one year and the index.
    draws
        How many at most, at least 1. Draws that count in no table are left out.

    Raises
    ------
    DataError
        If there is no draw that can be used.

    Examples
    --------
    >>> from cwi import read_edition
    >>> from cwi.analysis.uncertainty import prepare, simulate
    >>> edition = read_edition(2023)
    >>> drawn = simulate(prepare(edition, "scale, weights"), draws=50, rng=np.random.default_rng(1))
    >>> parts = live_draws(drawn, draws=20)
    >>> parts
    LiveDraws(20 draws of scale, weights; step 0.0625)
    >>> table = parts.intervals(edition.scores.weights)
    >>> bool((table["low"] <= table["high"]).loc["KZ-71"]), bool(table["low"].isna()["KZ"])
    (True, True)
    """
    plan = checked_plan(simulation.plan, "live_draws")
    first = min(draws, simulation.draws)
    u = simulation.stream.points(0, max(first, 0), plan.size)[:, simulation.counted[: max(first, 0)]]
    fixed = _held(plan)
    choices = plan.choices(u)
    for number, factor in enumerate(plan.factors.discrete):
        if factor.name in fixed:
            choices[number] = factor.official
    engine, failed = plan._engine, dict[int, str]()
    moving = [f for f in plan.factors if f.kind != "choices" and f.name not in fixed]
    scores = np.full((len(plan.methodology.indicators), len(plan.units), u.shape[1]), np.nan)
    for drawn in engine.indicators(choices, u, moving, failed):
        scores[:, :, drawn.draws] = drawn.table.T[:, :, None]
        if len(drawn.columns):
            scores[np.ix_(drawn.columns, np.arange(len(plan.units)), drawn.draws)] = drawn.moved
    followed = [engine.followed(level, choices, failed) for level in range(len(plan.methodology.levels))]
    kept = np.setdiff1d(np.arange(u.shape[1]), list(failed))
    if not len(kept):
        reasons = "; ".join(sorted(set(failed.values())))
        raise DataError(f"none of the first {draws} draws can be used{': ' if reasons else ''}{reasons}")
    step = _step(scores)
    whole = np.rint(scores[:, :, kept] / step)
    steps = np.where(np.isnan(whole), MISSING, whole).astype(np.int16)
    rules, which, ratios, noise = [], [], [], []
    for level, (variants, of) in enumerate(followed):
        used, place = np.unique(of[kept], return_inverse=True)
        rules.append([one for one in (variants[int(i)] for i in used) if one is not None])
        which.append(place.astype(np.intp))
        ratios.append(np.array([_ratio(plan, level, one) for one in rules[-1]]))
        perturbed = engine.drawn_weights(level, (variants, of), u, moving)
        noise.append(None if perturbed is None else _noise(perturbed[kept], rules[-1], which[-1]))
    return LiveDraws(plan, fixed, steps, step, rules, which, ratios, noise)


def _held(plan: Plan) -> tuple[str, ...]:
    """Names of the factors that cannot vary under weights that are given later."""
    held = [factor.name for factor in plan.factors if factor.kind == "weights" and "sets" in factor.settings]
    for number, factor in enumerate(plan.factors.discrete):
        changed = [(*plan.official[:number], c, *plan.official[number + 1 :]) for c in range(len(factor.choices))]
        for level in range(len(plan.methodology.levels)):
            every = [plan._engine.common.level_rules(level, choices) for choices in changed]
            official = _official(plan, level)
            new = [((official == 0) & (one.weights > 0) & _counts(one)).any() for one in every]
            if any(one.aggregations is None for one in every) or any(new):
                held.append(factor.name)
                break
    return tuple(dict.fromkeys(held))


def _official(plan: Plan, level: int) -> Array:
    return plan._engine.common.level_rules(level, plan.official).weights


def _counts(rules: LevelRules) -> NDArray[np.bool_]:
    """(k,) which values are parts of a node by these rules."""
    counts = np.zeros(len(rules.weights), dtype=bool)
    counts[[part for node in rules.nodes for part in node.parts]] = True
    return counts


def _ratio(plan: Plan, level: int, rules: LevelRules) -> Array:
    """(k,) what rules make of the official weights: 0 of a part that they leave out, 1 of one without a weight."""
    official = _official(plan, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(official > 0, rules.weights / official, 1.0)
    return np.where(_counts(rules), ratio, 0.0)


def _noise(perturbed: Array, rules: Sequence[LevelRules], which: NDArray[np.intp]) -> Steps:
    """(draws, k) what a draw makes of the weights of its rules, in multiples of ``NOISE_STEP``, at least one."""
    own = np.array([one.weights for one in rules])[which]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(own > 0, perturbed.reshape(own.shape) / own, 1.0)
    return np.clip(np.rint(ratio / NOISE_STEP), 0, 2**15 - 1).astype(np.int16)


def _step(scores: Array) -> float:
    """A power of two: at least ``FINEST`` steps between the lowest and the highest score, and all within 16 bits."""
    known = scores[np.isfinite(scores)]
    span = float(known.max() - known.min()) if len(known) else 0.0
    largest = float(np.abs(known).max()) if len(known) else 0.0
    fine = 2.0 ** np.floor(np.log2(span / FINEST)) if span > 0 else 2.0**-10
    return float(max(fine, 2.0 ** np.ceil(np.log2(max(largest, 2.0**-20) / (2**15 - 1)))))
