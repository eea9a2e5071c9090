"""Replicate weights: what they are made of, what they must give, and the same adjustment in each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cwi.methods.survey import (
    Design,
    adjust_replicates,
    calibrate,
    make_replicates,
    mean,
    post_stratify,
    proportion,
    quantile,
    ratio,
    total,
)

Array = NDArray[np.float64]
Sample = Any  # of conftest.py
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def pairs(seed: int = 5) -> tuple[Design, Array]:
    """Eleven strata of two units of four."""
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(22), 4)
    y = rng.normal(0, 1, size=22)[psu] + rng.normal(0, 1, size=88)
    return Design(rng.uniform(1, 4, size=88), strata=psu // 2, psu=psu), np.column_stack([y, y > 0])


def test_jackknife_leaves_out_one_unit_and_keeps_the_size_of_its_stratum(sample: Sample) -> None:
    design = sample.design
    made = make_replicates(design, "jackknife")
    assert made.weights.shape == (design.n, design.units)
    for one in range(design.units):
        gone = made.weights[:, one] == 0
        assert np.unique(design.unit[gone]).tolist() == [one]
        same = design.stratum[design.unit] == design.stratum[one]
        assert (made.weights[~same, one] == design.w[~same]).all()
        size = design.size[design.stratum[one]]
        assert made.weights[same & ~gone, one] == pytest.approx(design.w[same & ~gone] * size / (size - 1))


@pytest.mark.parametrize("method", ["jackknife", "balanced"])
def test_errors_of_totals_are_the_linearised_ones(method: str) -> None:
    """A total is linear in the weights, so that these methods give its error exactly."""
    design, y = pairs()
    plain, again = (total(y, d) for d in (design, replace(design, replicates=make_replicates(design, method))))
    assert again.covariance == pytest.approx(plain.covariance, rel=1e-9)
    assert again.df.tolist() == plain.df.tolist()
    with_fay = replace(design, replicates=make_replicates(design, "balanced", fay=0.5))
    assert total(y, with_fay).covariance == pytest.approx(plain.covariance, rel=1e-9)


def test_with_many_replicates_the_bootstrap_comes_near() -> None:
    design, y = pairs()
    made = make_replicates(design, "bootstrap", count=4000, rng=np.random.default_rng(1))
    plain, again = total(y, design), total(y, replace(design, replicates=made))
    assert again.se == pytest.approx(plain.se, rel=0.04)
    assert made.weights.mean(axis=1) == pytest.approx(design.w, rel=0.15)
    assert (made.weights >= 0).all()


def test_the_bootstrap_knows_the_finite_population() -> None:
    psu = np.arange(40)
    y = np.random.default_rng(2).normal(10, 1, size=40)
    for share in (0.0, 0.5, 0.9):
        design = Design(np.ones(40), psu=psu, fpc=share)
        made = make_replicates(design, "bootstrap", count=4000, rng=np.random.default_rng(3))
        assert mean(y, replace(design, replicates=made)).se == pytest.approx(mean(y, design).se, rel=0.05)


def test_the_same_chance_gives_the_same_replicates() -> None:
    design, _ = pairs()
    one, other, third = (
        make_replicates(design, "bootstrap", count=10, rng=np.random.default_rng(seed)).weights for seed in (4, 4, 5)
    )
    assert (one == other).all()
    assert (one != third).any()


def test_ratios_proportions_and_quantiles_have_errors_of_replicates_too() -> None:
    design, y = pairs()
    made = make_replicates(design, "bootstrap", count=2000, rng=np.random.default_rng(6))
    again = replace(design, replicates=made)
    for function in (
        lambda d: ratio(y[:, 0] + 10, y[:, 1] + 1, d),
        lambda d: proportion(y[:, 1], d),
        lambda d: quantile(y[:, 0], d, p=0.5),
    ):
        plain, found = function(design), function(again)
        assert found.estimate == plain.estimate
        assert found.covariance != plain.covariance
        assert found.se == pytest.approx(plain.se, rel=0.25)


def test_covariance_between_domains_by_replicates() -> None:
    design, y = pairs()
    own = np.arange(88) % 2
    with_all = replace(design, replicates=make_replicates(design, "jackknife"))
    plain, again = (total(y, d, domains=own, between=True) for d in (design, with_all))
    assert plain.between is not None
    assert again.between == pytest.approx(plain.between, rel=1e-9)


def test_calibrated_replicates_hold_what_the_residuals_say() -> None:
    design, y = pairs()
    x = np.column_stack([np.ones(88), y[:, 0] + np.random.default_rng(9).normal(0, 0.3, size=88)])
    totals = np.array([220.0, 15.0])
    done = calibrate(design.w, x, totals)
    made = adjust_replicates(
        make_replicates(design, "jackknife"), lambda w, rows: calibrate(w, x[rows], totals).weights
    )
    assert (made.weights.T @ x) == pytest.approx(np.tile(totals, (22, 1)), abs=1e-5)
    by_residuals = mean(y, replace(design, weights=done.weights, calibration=done))
    by_replicates = mean(y, replace(design, weights=done.weights, replicates=made))
    ignored = mean(y, replace(design, weights=done.weights))
    assert by_replicates.se == pytest.approx(by_residuals.se, rel=0.15)
    assert ignored.se[0, 0] > 2 * by_residuals.se[0, 0]


def test_a_domain_that_a_replicate_loses_has_no_error() -> None:
    design, y = pairs()
    own = np.where(design.unit == 0, 0, -1)
    found = mean(y, replace(design, replicates=make_replicates(design, "jackknife")), domains=own)
    assert np.isfinite(found.estimate).all()
    assert np.isnan(found.se).all()


def test_a_lonely_unit_taken_for_certain_stays_in_all_replicates() -> None:
    strata = [1, 1, 2, 2, 3]
    design = Design(np.ones(5), strata=strata, lonely="certainty")
    made = make_replicates(design, "jackknife")
    assert made.weights.shape == (5, 4)
    assert (made.weights[4] == 1).all()
    y = np.array([1.0, 4, 2, 6, 9])
    assert total(y, replace(design, replicates=made)).se.item() == pytest.approx(total(y, design).se.item())


@pytest.mark.parametrize(
    ("change", "settings", "sentence"),
    [
        (
            {},
            {"method": "jacknife"},
            "there are no replicates 'jacknife' (did you mean 'jackknife'?); there are jackknife, bootstrap, balanced",
        ),
        (
            {},
            {"method": "bootstrap", "count": 10},
            "the bootstrap needs a count of at least 2 replicates and a generator of chance, rng",
        ),
        ({}, {"method": "balanced", "fay": 1}, "fay is 1; it must be from 0 to below 1"),
        (
            {"strata": [1, 1, 1, 2, 2]},
            {"method": "balanced"},
            "balanced replicates need two units in each stratum; 1 of 2 strata have another number",
        ),
        (
            {"strata": [1, 1, 2, 2, 3], "lonely": "centre"},
            {"method": "jackknife"},
            "replicates cannot centre a lonely unit; collapse its stratum or take it for certain",
        ),
        (
            {"strata": [1, 2, 3, 4, 5], "lonely": "certainty"},
            {"method": "jackknife"},
            "no stratum has two units, so that none can be left out",
        ),
    ],
)
def test_what_cannot_be_replicated_is_refused(
    says: Says, change: dict[str, Any], settings: dict[str, Any], sentence: str
) -> None:
    design = Design(np.ones(5), **change)
    with says(ValueError, sentence):
        make_replicates(design, **settings)


def test_balanced_replicates_know_no_finite_population(says: Says) -> None:
    design = Design(np.ones(4), strata=[1, 1, 2, 2], fpc=0.5)
    with says(ValueError, "balanced replicates know no finite population; leave fpc out or use the jackknife"):
        make_replicates(design, "balanced")


def test_post_stratified_replicates_give_the_totals(sample: Sample) -> None:
    made = make_replicates(sample.design, "bootstrap", count=20, rng=np.random.default_rng(1))
    after = adjust_replicates(made, lambda w, rows: post_stratify(w, sample.girl[rows], [400.0, 500.0]).weights)
    assert after.weights[sample.girl == 1].sum(axis=0) == pytest.approx(np.full(20, 500))
    assert ((after.weights == 0) == (made.weights == 0)).all()
