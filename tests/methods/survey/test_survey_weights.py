"""Weights after non-response, calibration and trimming: they meet what is known, and stay as near as they can."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
import svy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog, minimize

from cwi.methods.survey import (
    Design,
    adjust_nonresponse,
    calibrate,
    design_effect_of_weights,
    mean,
    post_stratify,
    rake,
    trim,
)

Array = NDArray[np.float64]
Sample = Any  # of conftest.py
Drawn = Callable[[int], Sample]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("weights", deadline=None, max_examples=30)
USUAL = settings.get_profile("weights")
SEEDS = st.integers(0, 10_000)


def known(sample: Sample) -> tuple[list[Array], list[Array]]:
    """Margins of region and sex, a little away from what the sample says, with one sum."""
    own = [sample.region, sample.girl]
    totals = [np.bincount(margin, sample.weights) for margin in own]
    totals[0] = totals[0] * [1.1, 0.95, 1.2, 0.9]
    totals[1] = totals[1] * [1.05, 0.97]
    return own, [1000 * total / total.sum() for total in totals]


# ---------------------------------------------------------------- against an independent package


def theirs(sample: Sample) -> Any:
    frame = pl.DataFrame(
        {
            "w": sample.weights,
            "h": sample.strata,
            "u": sample.psu,
            "region": sample.region.astype(str),
            "girl": sample.girl.astype(str),
            "y": np.nan_to_num(sample.y[:, 0], nan=50.0),
            "x": np.nan_to_num(sample.y[:, 2], nan=6.0),
        }
    )
    return svy.Sample(frame, svy.Design(stratum="h", psu="u", wgt="w"))


def held(sample: Sample, made: Any, adjusted: Any) -> None:
    """The same weights, and the same error of a mean with them."""
    y = np.nan_to_num(sample.y[:, 0], nan=50.0)
    assert made.weights == pytest.approx(adjusted.data["new"].to_numpy(), rel=1e-6)
    design = Design(made.weights, strata=sample.strata, psu=sample.psu, calibration=made)
    row = adjusted.estimation.mean("y").to_polars()
    found = mean(y, design)
    assert found.estimate.item() == pytest.approx(row["est"].item(), rel=1e-9)
    assert found.se.item() == pytest.approx(row["se"].item(), rel=1e-6)
    assert found.se.item() != pytest.approx(
        mean(y, Design(made.weights, strata=sample.strata, psu=sample.psu)).se.item()
    )


def test_post_strata_against_another_package(sample: Sample) -> None:
    cells, totals = sample.region, np.array([200.0, 300, 150, 350])
    controls = {str(cell): total for cell, total in enumerate(totals)}
    held(
        sample,
        post_stratify(sample.weights, cells, totals),
        theirs(sample).weighting.poststratify(controls=controls, cells="region", wgt_name="new"),
    )


def test_regression_estimator_against_another_package(sample: Sample) -> None:
    x = np.nan_to_num(sample.y[:, 2], nan=6.0)
    both = np.column_stack([sample.girl == 0, sample.girl == 1, x]).astype(float)
    totals = np.array([2000.0, 2300.0, 31000.0])
    controls = {svy.Cat("girl"): {"0": 2000.0, "1": 2300.0}, "x": 31000.0}
    held(
        sample,
        calibrate(sample.weights, both, totals),
        theirs(sample).weighting.calibrate(controls=controls, wgt_name="new"),
    )


def test_raking_against_another_package(sample: Sample) -> None:
    margins, totals = known(sample)
    controls = {
        name: {str(one): value for one, value in enumerate(total)}
        for name, total in zip(("region", "girl"), totals, strict=True)
    }
    made = rake(sample.weights, margins, totals)
    other = theirs(sample).weighting.rake(controls=controls, wgt_name="new", tol=1e-10, max_iter=1000)
    assert made.weights == pytest.approx(other.data["new"].to_numpy(), rel=1e-6)


def test_nonresponse_against_another_package(sample: Sample) -> None:
    answered = np.random.default_rng(1).random(sample.weights.size) < 0.7
    made = adjust_nonresponse(sample.weights, answered, sample.region)
    frame = pl.DataFrame(
        {
            "w": sample.weights,
            "region": sample.region,
            "resp": np.where(answered, "rr", "nr"),
            "row": range(answered.size),
        }
    )
    other = svy.Sample(frame, svy.Design(wgt="w")).weighting.adjust(
        resp_status="resp", cells="region", resp_mapping={"rr": "rr", "nr": "nr"}, wgt_name="new"
    )
    rows = other.data.sort("row")
    assert made.weights[answered] == pytest.approx(rows["new"].to_numpy(), rel=1e-12)
    assert (made.weights[~answered] == 0).all()


# ---------------------------------------------------------------- promises


@pytest.mark.slow
@given(seed=SEEDS)
@USUAL
def test_calibration_meets_the_totals_and_nothing_is_nearer(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    margins, totals = known(one)
    x = np.column_stack([margins[0] == value for value in range(4)] + [margins[1] == 0]).astype(float)
    wanted = np.concatenate([totals[0], totals[1][:1]])
    linear, exponential = (calibrate(one.weights, x, wanted, distance=how) for how in ("linear", "raking"))
    assert linear.weights @ x == pytest.approx(wanted, rel=1e-7)
    assert exponential.weights @ x == pytest.approx(wanted, rel=1e-7)
    assert (exponential.weights > 0).all()
    d = one.weights
    moves = np.random.default_rng(seed).normal(size=(d.size, 20))
    moves -= x @ np.linalg.lstsq(x, moves, rcond=None)[0]  # these keep all totals
    for made, distance in (
        (linear, lambda w: (((w.T - d) ** 2) / d).sum(axis=-1)),
        (exponential, lambda w: (w.T * np.log(w.T / d) - w.T + d).sum(axis=-1)),
    ):
        least = distance(made.weights[:, None])
        away = made.weights[:, None] + 0.05 * made.weights.min() * np.abs(moves).max() ** -1 * moves
        assert (distance(away) > least - 1e-9).all()


def test_bounded_calibration_is_the_nearest_within_its_bounds() -> None:
    rng = np.random.default_rng(4)
    d = rng.uniform(1, 3, size=12)
    x = np.column_stack([np.ones(12), rng.normal(5, 2, size=12)])
    totals = x.T @ d * [1.05, 1.12]
    free, made = calibrate(d, x, totals), calibrate(d, x, totals, bounds=(0.8, 1.25))
    assert free.factors.max() > 1.3
    assert made.factors.max() == 1.25
    best = minimize(
        lambda w: ((w - d) ** 2 / d).sum(),
        d,
        jac=lambda w: 2 * (w - d) / d,
        constraints=[LinearConstraint(x.T, totals, totals)],
        bounds=[(0.8 * one, 1.25 * one) for one in d],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert best.success
    assert made.weights == pytest.approx(best.x, abs=1e-5)


@pytest.mark.slow
@given(seed=SEEDS, low=st.floats(0.3, 0.95), high=st.floats(1.05, 2))
@USUAL
def test_bounds_that_can_be_kept_are_met_and_others_refused(drawn: Drawn, seed: int, low: float, high: float) -> None:
    """Whether they can is found by linear programming."""
    one = drawn(seed)
    d, x = one.weights, np.column_stack([np.ones(one.weights.size), np.nan_to_num(one.y[:, 0], nan=50.0)])
    totals = x.T @ d * [1.0, 1 + 0.1 * np.random.default_rng(seed).uniform(-1, 1)]
    can = linprog(np.zeros(d.size), A_eq=(x * d[:, None]).T, b_eq=totals, bounds=(low, high)).status == 0
    for distance in ("linear", "raking"):
        if not can:
            with pytest.raises(ValueError, match="the totals cannot be met with factors from"):
                calibrate(d, x, totals, distance=distance, bounds=(low, high))
            continue
        made = calibrate(d, x, totals, distance=distance, bounds=(low, high))
        assert made.weights @ x == pytest.approx(totals, rel=1e-7)
        assert (made.factors >= low - 1e-12).all()
        assert (made.factors <= high + 1e-12).all()


@pytest.mark.slow
@given(seed=SEEDS)
@USUAL
def test_raking_is_the_classical_iteration_and_keeps_the_crossing(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    margins, totals = known(one)
    made = rake(one.weights, margins, totals)
    w = one.weights.copy()
    for _ in range(200):
        for margin, total in zip(margins, totals, strict=True):
            w *= (total / np.bincount(margin, w))[margin]
    assert made.weights == pytest.approx(w, rel=1e-6)
    factors = {(r, g): made.factors[(margins[0] == r) & (margins[1] == g)] for r in range(4) for g in range(2)}
    odds = [factors[r, 0].mean() / factors[r, 1].mean() for r in range(4) if factors[r, 0].size and factors[r, 1].size]
    assert odds == pytest.approx(np.full(len(odds), odds[0]), rel=1e-6)


@pytest.mark.slow
@given(seed=SEEDS)
@USUAL
def test_post_strata_are_a_calibration_to_their_indicators(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    totals = np.array([10.0, 20, 30, 40])
    made = post_stratify(one.weights, one.region, totals)
    x = (one.region[:, None] == np.arange(4)).astype(float)
    assert made.weights == pytest.approx(calibrate(one.weights, x, totals).weights)
    assert made.weights == pytest.approx(rake(one.weights, [one.region], [totals]).weights)
    assert (made.auxiliary.toarray() == x).all()


@pytest.mark.slow
@given(seed=SEEDS, top=st.floats(1.05, 5), bottom=st.floats(0, 0.9))
@USUAL
def test_trimmed_weights_keep_the_sums_and_the_limits(drawn: Drawn, seed: int, top: float, bottom: float) -> None:
    one = drawn(seed)
    least = np.array([one.weights[one.region == r].mean() for r in range(4)])
    upper, lower = top * least.max(), bottom * least.min()
    done = trim(one.weights, upper=upper, lower=lower, groups=one.region)
    assert np.bincount(one.region, done.weights) == pytest.approx(np.bincount(one.region, one.weights))
    assert done.weights.max() <= upper
    assert done.weights.min() >= lower
    cut = (one.weights > upper) | (one.weights < lower)
    assert done.rows.tolist() == np.flatnonzero(cut).tolist()
    assert (done.before == one.weights[cut]).all()
    between = (done.weights > lower) & (done.weights < upper)
    for region in range(4):
        grown = (done.weights / one.weights)[between & (one.region == region)]
        assert grown == pytest.approx(np.full(grown.size, grown[0] if grown.size else 1))
    if not cut.any():
        assert done.weights == pytest.approx(one.weights)
        assert done.moved == 0


def test_the_record_of_a_trimming() -> None:
    done = trim([1.0, 1, 1, 1, 16], upper=8)
    assert done.weights.tolist() == [3, 3, 3, 3, 8]
    assert done.moved == pytest.approx(8 / 20)
    assert [done.effect_before, done.effect_after] == pytest.approx([5 * 260 / 400, 5 * 100 / 400])
    lost = trim([1.0, 1, 1, 1, 16], upper=8, redistribute=False)
    assert lost.weights.tolist() == [1, 1, 1, 1, 8]


@given(seed=SEEDS)
@USUAL
def test_who_answered_stands_for_the_whole_class(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    answered = np.random.default_rng(seed).random(one.weights.size) < 0.8
    made = adjust_nonresponse(one.weights, answered, one.region)
    assert np.bincount(one.region, made.weights) == pytest.approx(np.bincount(one.region, one.weights))
    assert (made.factors >= 1).all()
    assert made.factors * made.rates == pytest.approx(np.ones(4))


def test_equal_weights_have_no_design_effect() -> None:
    assert design_effect_of_weights([7.0, 7.0, 7.0]) == 1
    assert design_effect_of_weights([1.0, 1.0, 4.0]) == pytest.approx(3 * 18 / 36)


# ---------------------------------------------------------------- what is refused

W = [1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: adjust_nonresponse(W, [True, False, False, False], [0, 0, 1, 1]),
            "nobody of class 1 answered; join it with a class that is like it",
        ),
        (
            lambda: adjust_nonresponse(W, [True, False, True, True], [0, 0, 1, 1], limit=1.5),
            "class 0 needs the factor 2, above the limit of 1.5; join it with a class that is like it",
        ),
        (lambda: adjust_nonresponse(W, [True], [0]), "answers of the shape (1,) do not fit 4 weights"),
        (
            lambda: adjust_nonresponse(W, [True] * 4, [0, -1, 0, 0]),
            "classes run from -1 to 0; they must lie between 0 and 0",
        ),
        (
            lambda: post_stratify(W, [0, 0, 1, 1], [5.0, 5.0, 3.0]),
            "cell 2 has 3 persons and no respondent; join it with another",
        ),
        (lambda: post_stratify(W, [0, 0, 1, 2], [5.0, 5.0]), "cells run from 0 to 2; they must lie between 0 and 1"),
        (lambda: post_stratify(W, [0, 0, 1, 1], [5.0, 0.0]), "the totals must be a list of numbers above zero"),
        (
            lambda: post_stratify([1.0, 0, 1, 1], [0, 0, 1, 1], [5.0, 5.0]),
            "weights are zero in 1 of 4 rows, first in row 1; each respondent must represent somebody",
        ),
        (lambda: rake(W, [[0, 0, 1, 1]], []), "1 margins and 0 lists of totals; there must be one for each"),
        (
            lambda: rake(W, [[0, 0, 1, 1], [0, 1, 0, 1]], [[5.0, 5.0], [5.0, 6.0]]),
            "margin 1 has 11 persons and margin 0 has 10; they must agree",
        ),
        (
            lambda: rake(W, [[0, 0, 1, 1], [0, 0, 0, 0]], [[5.0, 5.0], [5.0, 5.0]]),
            "category 1 of margin 1 has 5 persons and no respondent; join it with another",
        ),
        (
            lambda: rake(W, [[0, 0, 1, 1], [0, 0, 1, 1]], [[5.0, 5.0], [4.0, 6.0]]),
            "the totals cannot be met: total 2 is 4.5 and should be 4; loosen the bounds, join small cells, or "
            "look for totals that contradict each other",
        ),
        (
            lambda: calibrate(W, np.ones((4, 1)), [10.0], bounds=(0.5, 2.0)),
            "the totals cannot be met with factors from 0.5 to 2: total 0 is 8 and should be 10; loosen the bounds, "
            "join small cells, or look for totals that contradict each other",
        ),
        (
            lambda: calibrate(W, np.ones((3, 1)), [10.0]),
            "auxiliaries of the shape (3, 1) do not fit 4 weights and 1 totals",
        ),
        (
            lambda: calibrate(W, [[1.0], [np.nan], [1.0], [1.0]], [10.0]),
            "auxiliaries or totals are missing or infinite; the auxiliaries of all must be known",
        ),
        (
            lambda: calibrate(W, np.ones((4, 1)), [4.0], distance="linar"),
            "there is no distance 'linar' (did you mean 'linear'?); there are linear, raking",
        ),
        (
            lambda: calibrate(W, np.ones((4, 1)), [4.0], bounds=(1.2, 2)),
            "the bounds of the factors are 1.2 and 2; 1 must lie between them",
        ),
        (
            lambda: calibrate(W, np.ones((4, 1)), [4.0], variance=[1.0, 0, 1, 1]),
            "variances of the shape (4,) must be 4 numbers above zero",
        ),
        (
            lambda: trim(W, upper=0.5, lower=0.6),
            "the limits are 0.6 and 0.5; they must be two numbers from 0 that rise",
        ),
        (
            lambda: trim(W, upper=0.5),
            "the 4 weights of group 0 sum to 4; with each from 0 to 0.5 they cannot",
        ),
    ],
)
def test_what_cannot_be_weighted_is_refused(says: Says, call: Callable[[], Any], sentence: str) -> None:
    with says(ValueError, sentence):
        call()
