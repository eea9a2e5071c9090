"""Errors that used to print as results: ranks in another unit, shares without an error, thirds, weights in points."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from cwi import DataError, Methodology, MethodologyError, ParameterError
from cwi.analysis import uncertainty
from cwi.analysis.uncertainty import Plan, exact, rank_confidence, simulate, sobol
from cwi.analysis.uncertainty.draws import official_ranks, points, ranked

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Planned = Callable[..., Plan]
SAMPLING: dict[str, Any] = {"survey": {"values": {"error": "sampling"}}}


def thousandth(x: Array, worst: Array, best: Array, log: Array, base: Array | None) -> Array:
    """The official scale in another unit."""
    y = np.where(log, np.log(np.where(log, x, 1.0)), x)
    low, high = (np.where(log, np.log(np.where(log, ends, 1.0)), ends) for ends in (worst, best))
    return np.asarray((y - low) / (high - low) / 10.0)


# ---------------------------------------------------------------- ranks


def test_another_unit_moves_no_rank(plan: Planned, whole: pd.DataFrame) -> None:
    """Rounded to one decimal, scores from 0 to 0.1 would all tie."""
    made = plan({"unit": {"choices": [{}, {"name": "other", "normalisation": thousandth}]}}, observations=whole)
    drawn = simulate(made, draws=40, rng=np.random.default_rng(1))
    other = drawn.ranks[:, drawn.choices[0] == 1]
    assert other.shape[1] > 5
    assert (other == drawn.ranks[:, drawn.choices[0] == 0][:, :1]).all()
    assert (drawn.shift(2021) == 0).all()
    found = exact(made, 2021)
    assert found.runs["mean rank shift"].tolist() == [0, 0]


def test_printed_ties_are_those_of_the_report_and_draws_have_none(plan: Planned, whole: pd.DataFrame) -> None:
    made = plan({"noise": {"weights": {"noise": 0.25}}}, observations=whole)
    drawn = simulate(made, draws=50, rng=np.random.default_rng(1))
    nominal, rows = drawn.nominal.copy(), made.regions(2021)
    nominal[rows] = 50 + 1e-4 * np.arange(8)
    assert official_ranks(nominal, made)[rows].tolist() == [1] * 8
    assert ranked(nominal[:, None], made)[rows, 0].tolist() == list(range(8, 0, -1))
    nominal[rows] = 50 * (1 + 1e-15 * np.arange(8))
    assert ranked(nominal[:, None], made)[rows, 0].tolist() == [1] * 8


def test_thirds_count_those_ranked_in_the_draw(plan: Planned, whole: pd.DataFrame) -> None:
    made = plan({"noise": {"weights": {"noise": 0.25}}}, observations=whole)
    drawn = simulate(made, draws=60, rng=np.random.default_rng(1))
    rows = made.regions(2021)
    for count, third in ((8, 3), (7, 2), (4, 1)):
        ranks = drawn.ranks.copy()
        ranks[rows] = np.r_[np.arange(1, count + 1), np.zeros(8 - count)].astype(ranks.dtype)[:, None]
        summary = replace(drawn, ranks=ranks).summary(2021).drop(index="All")
        assert summary["top_third"].sum() == third
        assert summary["bottom_third"].sum() == third


@pytest.mark.slow
def test_of_twenty_regions_seven_six_and_seven(plan: Planned, whole: pd.DataFrame) -> None:
    nation = whole["region"] == "All"
    more = [whole.assign(region=whole["region"].where(nation, whole["region"] + mark)) for mark in "abc"]
    rows = pd.concat(more, ignore_index=True).drop_duplicates(["region", "year", "indicator"], ignore_index=True)
    rows = rows[~rows["region"].isin(["R4c", "R5c", "R6c", "R7c"])]
    made = plan({"noise": {"weights": {"noise": 0.25}}}, observations=rows)
    drawn = simulate(made, draws=8, rng=np.random.default_rng(1))
    ranks = drawn.ranks.copy()
    ranks[made.regions(2021)] = np.arange(1, 21)[:, None]
    shares = replace(drawn, ranks=ranks).summary(2021).drop(index="All")[["top_third", "bottom_third"]]
    middle = (shares == 0).all(axis=1).sum()
    assert (shares["top_third"].sum(), middle, shares["bottom_third"].sum()) == (7, 6, 7)


def test_intervals_of_ranks_are_asked_for_in_one_way() -> None:
    """Weights that are drawn are a factor of a plan; a function beside ``simulate`` answered the same otherwise."""
    assert not hasattr(uncertainty, "rank_intervals")
    assert {"prepare", "simulate", "sensitivity", "robustness"} <= set(uncertainty.__all__)


# ---------------------------------------------------------------- what cannot be drawn


def test_all_draws_failed_is_an_error(plan: Planned, whole: pd.DataFrame, methodology: Methodology, says: Says) -> None:
    clash = {
        "ends": {"choices": [{}, {"name": "steep", "ends": {"deaths": {"worst": 1}}}]},
        "mean": {"choices": [{}, {"name": "g", "index": {"aggregation": "geometric"}}]},
    }
    made = plan({"factor": clash, "incompatible": [{"ends": "steep", "mean": "g"}]}, observations=whole)
    corner = np.full((3, made.size), 0.9)
    with says(DataError, "no draw of 3 can be used: choices that are declared incompatible (3 draws)"):
        simulate(made, points=corner)


def test_a_failing_choice_of_share_nothing_is_not_enumerated(plan: Planned) -> None:
    steep = {"name": "steep", "share": 0.0, "ends": {"deaths": {"worst": 1}}, "index": {"aggregation": "geometric"}}
    scale = {"choices": [{}, {"name": "mm", "normalisation": "min_max"}]}
    found = exact(plan({"scale": scale, "rare": {"choices": [{"share": 1.0}, steep]}}), 2021)
    assert found.failed.empty
    assert len(found.runs) == 2
    assert found.indices.query("factor == 'scale'")["total"].notna().any()


def test_a_factor_within_rounding_noise_is_idle(plan: Planned, whole: pd.DataFrame, says: Says) -> None:
    """Ends that move by their last bit change scores by rounding noise alone."""
    ends = {"choices": [{}, {"name": "noise", "ends": {"height": {"best": 20 * (1 + 2.0**-51)}}}]}
    with says(
        MethodologyError,
        "factors: the factor 'f' changes no score of 2020, 2021; leave it out, or look for a setting that does not do "
        "what it should",
    ):
        plan({"f": ends}, observations=whole)


# ---------------------------------------------------------------- weights


POINTS = pd.DataFrame(
    {"life": [60.0, 20.0], "mind": [30.0, 40.0], "place": [10.0, 40.0]}, index=["Anna", "Berik"]
)  # of 100


@pytest.mark.slow
def test_points_of_a_hundred_are_shares(plan: Planned, whole: pd.DataFrame) -> None:
    """Around 60 of 100 a Dirichlet distribution is as wide as around 0.6."""
    factors = {
        "experts": {"weights": {"sets": "experts"}},
        "spread": {"weights": {"concentration": 50, "levels": ["index"]}},
    }
    u = np.random.default_rng(1).random((40, plan(factors, observations=whole, sets={"experts": POINTS}).size))
    one, two = (
        simulate(plan(factors, observations=whole, sets={"experts": table}), points=u).scores
        for table in (POINTS, POINTS / 100)
    )
    assert one == pytest.approx(two, rel=1e-12)
    assert one.std(axis=1).min() > 0


@pytest.mark.slow
def test_sets_of_weights_are_enumerated(plan: Planned, whole: pd.DataFrame, methodology: Methodology) -> None:
    factors = {
        "experts": {"weights": {"sets": "experts"}},
        "scale": {"choices": [{}, {"name": "mm", "normalisation": "min_max"}]},
        "noise": {"weights": {"noise": 0.25, "levels": ["component"]}},
    }
    made = plan(factors, observations=whole, sets={"experts": POINTS})
    found = exact(made, 2021)
    assert found.runs["experts"].tolist() == ["Anna", "Anna", "Berik", "Berik"]
    y = {}
    for name, weights in POINTS.iterrows():
        for scale in ({}, {"normalisation": "min_max"}):
            node = {code: {"weight": float(weight)} for code, weight in weights.items()}
            rules = methodology.replace(node=node, index={"weighting": "stated"}, **scale)
            single = plan({"noise": {"weights": {"noise": 0.1}}}, observations=whole, methodology=rules)
            y[name, len(scale)] = single.run(single.official_choices()).scores[made.regions(2021)[0], 0]
    table = np.array(list(y.values())).reshape(2, 2)
    first = found.indices.query("output == 'score' and region == 'R0'").set_index("factor")["first"]
    assert first["experts"] == pytest.approx(table.mean(axis=1).var() / table.var(), rel=1e-9)
    assert set(first.index) == {"experts", "scale"}


# ---------------------------------------------------------------- points and designs that are handed in


def test_points_are_fed_and_made_again(plan: Planned, whole: pd.DataFrame, says: Says) -> None:
    made = plan(SAMPLING | {"noise": {"weights": {"noise": 0.25}}}, observations=whole)
    drawn = simulate(made, draws=12, rng=np.random.default_rng(1))
    u = points(drawn.seed, 0, 12, made.size).T
    fed = simulate(made, points=u[3:])
    assert fed.scores.tobytes() == np.ascontiguousarray(drawn.scores[:, 3:]).tobytes()
    assert fed.replication(0).scores["score"].tolist() == drawn.replication(3).scores["score"].tolist()
    assert repr(fed).endswith("; points handed in)")
    with says(ParameterError, "simulate needs draws and rng, or points of the unit cube"):
        simulate(made)
    with says(ParameterError, "simulate takes draws and rng, or points of the unit cube, not both"):
        simulate(made, draws=3, points=u)
    with says(
        ParameterError, f"points have the shape (12, 2); they must be (draws, {made.size}), a column for each axis"
    ):
        simulate(made, points=u[:, :2])
    with says(ParameterError, "points must be numbers from 0 to 1"):
        simulate(made, points=u + 1)


def test_a_design_of_fifty_rows_is_fed(plan: Planned, whole: pd.DataFrame) -> None:
    """First order (Saltelli 2010) and total (Jansen) by their formulas, on a design that is no power of two."""
    made = plan(
        {
            "a": {"weights": {"noise": 0.5, "levels": ["component"]}},
            "b": {"weights": {"noise": 0.5, "levels": ["index"]}},
        },
        observations=whole,
    )
    design = np.random.default_rng(3).random((50, 2 * made.size))
    found = sobol(made, 2021, design=design, rng=np.random.default_rng(1), resamples=5)
    assert found.runs == 50 * 4
    a, b = design[:, : made.size].T, design[:, made.size :].T
    row = made.regions(2021)[0]
    fa, fb = (made.run(made.choices(u), u.copy()).scores[row] for u in (a, b))
    for name in ("a", "b"):
        mixed = a.copy()
        mixed[made.axes[name]] = b[made.axes[name]]
        fab = made.run(made.choices(mixed), mixed).scores[row]
        variance = np.var(np.r_[fa, fb])
        centre = np.r_[fa, fb].mean()
        own = found.indices.query("output == 'score' and region == 'R0' and factor == @name").iloc[0]
        assert own["first"] == pytest.approx(((fb - centre) * (fab - fa)).mean() / variance, rel=1e-9)
        assert own["total"] == pytest.approx(((fa - fab) ** 2).mean() / 2 / variance, rel=1e-9)


# ---------------------------------------------------------------- confidence sets of an edition's ranks


@pytest.mark.slow
def test_only_errors_of_values_make_a_confidence_set(plan: Planned, whole: pd.DataFrame, says: Says) -> None:
    noise = {"noise": {"weights": {"noise": 0.25}}}
    one = rank_confidence(plan(SAMPLING, observations=whole), 2021, draws=300, rng=np.random.default_rng(1))
    assert one["rank"].tolist() == list(range(1, 9))
    assert ((one["low"] <= one["rank"]) & (one["rank"] <= one["high"])).all()
    assert (one["high"] > one["low"]).any()
    small = whole.assign(se=whole["se"] / 1e4)
    tight = rank_confidence(plan(SAMPLING | noise, observations=small), 2021, draws=300, rng=np.random.default_rng(1))
    assert (tight["low"] == tight["high"]).all(), "weights are no error of measurement"
    with says(
        MethodologyError,
        "factors: no factor perturbs values; without an error there is no confidence set of a rank",
    ):
        rank_confidence(plan(noise, observations=whole), rng=np.random.default_rng(1))
