"""Estimates and their errors: by hand, against an independent package, and what holds for every sample."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import svy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from cwi.errors import ColumnError
from cwi.methods.survey import (
    Design,
    Estimates,
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
Drawn = Callable[[int], Sample]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("survey", deadline=None, max_examples=30)
USUAL = settings.get_profile("survey")
SEEDS = st.integers(0, 10_000)
NAMES = ("measure", "yes", "count")


def same(one: Estimates, other: Estimates, *names: str, rel: float = 1e-8, shift: float = 0.0) -> None:
    for name in names or ("estimate", "se", "low", "high", "df", "n", "psus", "deff", "kish"):
        gap = shift if name in ("estimate", "low", "high") else 0.0
        assert getattr(one, name) + gap == pytest.approx(getattr(other, name), rel=rel, abs=1e-10, nan_ok=True), name


# ---------------------------------------------------------------- by hand


def slow(y: Array, w: Array, strata: Array, psu: Array, inside: Array) -> tuple[float, float]:
    """A weighted mean and its error, unit by unit, as the formula is written."""
    there = inside & ~np.isnan(y)
    size = w[there].sum()
    middle = (w[there] * y[there]).sum() / size
    variance = 0.0
    for stratum in np.unique(strata):
        units = np.unique(psu[strata == stratum])
        sums = []
        for unit in units:
            rows = (psu == unit) & there
            sums.append((w[rows] * (y[rows] - middle)).sum() / size)
        variance += units.size / (units.size - 1) * ((np.array(sums) - np.mean(sums)) ** 2).sum()
    return middle, float(np.sqrt(variance))


def test_domains_and_indicators_at_once_are_the_formula_for_each(sample: Sample) -> None:
    found = mean(sample.y, sample.design, domains=sample.region)
    assert found.estimate.shape == found.se.shape == (4, 3)
    for domain in range(4):
        for j in range(3):
            middle, error = slow(sample.y[:, j], sample.weights, sample.strata, sample.psu, sample.region == domain)
            assert found.estimate[domain, j] == pytest.approx(middle, rel=1e-12)
            assert found.se[domain, j] == pytest.approx(error, rel=1e-10)


def test_a_simple_random_sample_has_the_textbook_error() -> None:
    y = np.array([2.0, 4, 4, 5, 7, 9])
    found = mean(y, Design(np.full(6, 10.0)))
    assert found.estimate.item() == y.mean()
    assert found.se.item() == pytest.approx(y.std(ddof=1) / np.sqrt(6))
    assert [found.deff.item(), found.kish.item(), found.effective_n.item()] == pytest.approx([1, 1, 6])
    assert found.low.item() == pytest.approx(y.mean() - stats.t.ppf(0.975, 5) * found.se.item())
    assert found.cv.item() == pytest.approx(found.se.item() / y.mean())
    with_fpc = mean(y, Design(np.full(6, 10.0), fpc=0.1))
    assert with_fpc.se.item() == pytest.approx(found.se.item() * np.sqrt(0.9))


def test_a_stratified_sample_has_the_textbook_error() -> None:
    y, strata = np.array([1.0, 3, 5, 10, 14, 12, 16]), np.array([0, 0, 0, 1, 1, 1, 1])
    sizes = np.array([30.0, 70.0])
    shares, counts = sizes / 100, np.array([3, 4])
    found = mean(y, Design((sizes / counts)[strata], strata=strata, fpc=(counts / sizes)[strata]))
    means = np.array([y[strata == h].mean() for h in (0, 1)])
    variances = np.array([y[strata == h].var(ddof=1) for h in (0, 1)])
    assert found.estimate.item() == pytest.approx(shares @ means)
    assert found.se.item() == pytest.approx(np.sqrt((shares**2 * (1 - counts / sizes) * variances / counts).sum()))
    assert found.df.item() == 5


def test_clusters_of_one_size_have_the_textbook_error(sample: Sample) -> None:
    rng = np.random.default_rng(3)
    y = rng.normal(0, 1, size=(8, 1)) + rng.normal(0, 1, size=(8, 5))
    found = mean(y.ravel(), Design(np.ones(40), psu=np.repeat(np.arange(8), 5)))
    assert found.se.item() == pytest.approx(y.mean(axis=1).std(ddof=1) / np.sqrt(8))
    assert found.deff.item() > 2


# ---------------------------------------------------------------- an independent package


def table(sample: Sample) -> pl.DataFrame:
    answers = {name: [None if np.isnan(v) else v for v in sample.y[:, j]] for j, name in enumerate(NAMES)}
    return pl.DataFrame(
        {
            "w": sample.weights,
            "h": sample.strata,
            "u": sample.psu,
            "region": sample.region,
            "girl": sample.girl,
            **answers,
        }
    )


def oracle(sample: Sample) -> Any:
    return svy.Sample(table(sample), svy.Design(stratum="h", psu="u", wgt="w"))


def held(found: Estimates, column: int, theirs: pl.DataFrame, by: str | None = None) -> None:
    rows = theirs.sort(by) if by else theirs
    for mine, name in ((found.estimate, "est"), (found.se, "se"), (found.low, "lci"), (found.high, "uci")):
        assert mine[:, column] == pytest.approx(rows[name].cast(pl.Float64).to_numpy(), rel=1e-8), name
    assert found.df[:, column].tolist() == rows["df"].to_list()
    assert found.n[:, column].tolist() == rows["n"].to_list()


def test_means_totals_and_ratios_of_domains_against_another_package(sample: Sample) -> None:
    other = oracle(sample).estimation
    for by, own in (("region", sample.region), ("girl", sample.girl)):
        means = mean(sample.y, sample.design, domains=own, df="observed")
        totals = total(sample.y, sample.design, domains=own, df="observed")
        for j, name in enumerate(NAMES):
            theirs = other.mean(name, by=by, drop_nulls=True, deff="wr").to_polars().sort(by)
            held(means, j, theirs, by)
            assert means.deff[:, j] == pytest.approx(theirs["deff"].to_numpy(), rel=1e-8)
            held(totals, j, other.total(name, by=by, drop_nulls=True).to_polars(), by)
        ratios = ratio(sample.y[:, 0], sample.y[:, 2], sample.design, domains=own, df="observed")
        held(ratios, 0, other.ratio("measure", "count", by=by, drop_nulls=True).to_polars(), by)


def test_proportions_against_another_package(sample: Sample) -> None:
    theirs = oracle(sample).estimation.prop("yes", drop_nulls=True).to_polars()
    found = proportion(sample.y[:, 1], sample.design, df="observed")
    held(found, 0, theirs.filter(pl.col("yes").cast(pl.Float64) == 1))


def test_covariance_between_domains_against_another_package(sample: Sample) -> None:
    theirs = oracle(sample).estimation.mean("measure", by="girl", drop_nulls=True).covariance
    found = mean(sample.y, sample.design, domains=sample.girl, between=True)
    assert found.between is not None
    assert found.between[:, 0, :, 0] == pytest.approx(np.asarray(theirs), rel=1e-8)
    assert abs(found.between[0, 0, 1, 0]) > 1e-4


def test_quantiles_against_another_package(sample: Sample) -> None:
    for p in (0.1, 0.5, 0.8):
        theirs = oracle(sample).estimation.quantile("measure", p=p, by="girl", drop_nulls=True).to_polars()
        found = quantile(sample.y[:, 0], sample.design, p=p, domains=sample.girl, df="observed")
        assert found.estimate[:, 0] == pytest.approx(theirs.sort("girl")["est"].to_numpy())
        for mine, name in ((found.se, "se"), (found.low, "lci"), (found.high, "uci")):
            assert mine[:, 0] == pytest.approx(theirs.sort("girl")[name].to_numpy(), rel=1e-9)


# ---------------------------------------------------------------- domains


def test_a_filtered_sample_has_another_error_and_fewer_degrees_of_freedom(sample: Sample) -> None:
    rare = sample.girl * (sample.psu % 3 == 0)
    own = np.where(rare == 1, 0, -1)
    whole = mean(sample.y[:, 0], sample.design, domains=own)
    kept = rare == 1
    frame = Design(sample.weights[kept], strata=sample.strata[kept], psu=sample.psu[kept], lonely="certainty")
    filtered = mean(sample.y[kept, 0], frame)
    assert filtered.estimate.item() == pytest.approx(whole.estimate.item())
    assert filtered.df.item() < whole.df.item() / 2
    assert abs(filtered.se.item() / whole.se.item() - 1) > 0.05
    marked = mean(np.where(kept, sample.y[:, 0], np.nan), sample.design)  # left out is not there, but its unit is
    same(marked, whole)


def test_without_the_units_the_error_is_too_small(sample: Sample) -> None:
    naive = mean(sample.y[:, 0], Design(sample.weights, strata=sample.strata))
    assert naive.se.item() < 0.8 * mean(sample.y[:, 0], sample.design).se.item()


def test_three_ways_to_count_degrees_of_freedom() -> None:
    strata, psu = np.repeat([0, 1, 2], 8), np.repeat(np.arange(12), 2)
    design = Design(np.ones(24), strata=strata, psu=psu)
    own = np.full(24, -1)
    own[[0, 1, 2, 8]] = 0  # two units of the first stratum, one of the second
    y = np.arange(24.0)
    assert design.df == 9
    assert mean(y, design, domains=own).df.item() == 6
    assert mean(y, design, domains=own, df="observed").df.item() == 1
    assert mean(y, design, domains=own, df="design").df.item() == 9


def test_a_region_is_estimated_from_its_own_strata(sample: Sample) -> None:
    found = mean(sample.y, sample.design, domains=sample.region, between=True)
    for region in range(4):
        rows = sample.region == region
        alone = Design(sample.weights[rows], strata=sample.strata[rows], psu=sample.psu[rows])
        assert found.df[region] == pytest.approx(mean(sample.y[rows], alone).df[0])
        assert found.covariance[region] == pytest.approx(mean(sample.y[rows], alone).covariance[0], rel=1e-9)
    assert found.between is not None
    assert found.between[0, :, 1, :] == pytest.approx(np.zeros((3, 3)), abs=1e-12)


def test_a_domain_with_nobody_has_no_estimate(sample: Sample) -> None:
    own = np.where(sample.girl == 1, 0, -1)
    found = mean(sample.y, sample.design, domains=own, count=2)
    assert found.n[1].tolist() == [0, 0, 0]
    assert np.isnan([found.estimate[1], found.se[1], found.low[1], found.deff[1], found.cv[1]]).all()
    assert np.isfinite(found.covariance[0]).all()
    assert np.isnan(total(sample.y, sample.design, domains=own, count=2).estimate[1]).all()


def test_the_covariance_of_indicators_is_that_of_their_difference(sample: Sample) -> None:
    complete = np.nan_to_num(sample.y, nan=1.0)
    found = mean(complete, sample.design)
    difference = mean(complete[:, 0] - complete[:, 2], sample.design)
    c = found.covariance[0]
    assert difference.se.item() ** 2 == pytest.approx(c[0, 0] + c[2, 2] - 2 * c[0, 2])
    assert np.sqrt(np.diag(c)) == pytest.approx(found.se[0])
    assert (np.linalg.eigvalsh(c) > -1e-12).all()


# ---------------------------------------------------------------- intervals


def test_intervals_of_proportions_stay_between_nothing_and_all(sample: Sample) -> None:
    y = np.zeros(sample.weights.size)
    y[np.flatnonzero(sample.region == 0)[:2]] = 1
    found = proportion(np.column_stack([y, 1 - y]), sample.design, domains=sample.region)
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()
    assert mean(y, sample.design).low.item() < 0 < proportion(y, sample.design).low.item()
    assert found.low[:, 0] == pytest.approx(1 - found.high[:, 1])
    assert found.high[1, 0] > 0.02  # nobody of these has it, which is not to say that nobody can
    assert found.se[1, 0] == 0


@given(seed=SEEDS)
@USUAL
def test_where_all_answer_the_same_no_rounding_is_seen(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    all_of_them = np.where(np.isnan(one.y), np.nan, 1.0)
    found = proportion(all_of_them, one.design, domains=one.girl)
    assert (found.estimate == 1).all()
    assert (found.high == 1).all()
    assert ((found.low > 0.9) & (found.low < 1)).all()
    assert (found.se == 0).all()
    assert np.isnan(found.deff).all()
    assert np.isnan(mean(7 * all_of_them, one.design).deff).all()


def test_nobody_of_a_simple_random_sample_has_the_exact_binomial_interval() -> None:
    found = proportion(np.zeros(50), Design(np.ones(50)))
    exact = stats.binomtest(0, 50).proportion_ci(0.95, method="exact")
    assert [found.low.item(), found.high.item()] == pytest.approx([exact.low, exact.high])


def test_the_level_sets_the_length(sample: Sample) -> None:
    wide, narrow = (mean(sample.y, sample.design, level=level) for level in (0.99, 0.9))
    t = stats.t.ppf([0.995, 0.95], wide.df[0, 0])
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(np.full((1, 3), t[0] / t[1]))


# ---------------------------------------------------------------- what holds for every sample


@pytest.mark.slow
@given(seed=SEEDS, factor=st.floats(1e-6, 1e6))
@USUAL
def test_the_scale_of_the_weights_changes_no_mean(drawn: Drawn, seed: int, factor: float) -> None:
    one = drawn(seed)
    scaled = replace(one.design, weights=factor * one.weights)
    same(mean(one.y, one.design, domains=one.girl), mean(one.y, scaled, domains=one.girl))
    sums, large = total(one.y, one.design), total(one.y, scaled)
    assert large.estimate == pytest.approx(factor * sums.estimate)
    assert large.se == pytest.approx(factor * sums.se)


@given(seed=SEEDS, shift=st.floats(-1e4, 1e4))
@USUAL
def test_adding_a_constant_moves_the_mean_and_nothing_else(drawn: Drawn, seed: int, shift: float) -> None:
    one = drawn(seed)
    names = ("estimate", "se", "low", "high", "df", "n", "deff")
    same(mean(one.y, one.design), mean(one.y + shift, one.design), *names, rel=1e-7, shift=shift)


@pytest.mark.slow
@given(seed=SEEDS)
@USUAL
def test_the_order_of_the_rows_does_not_matter(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    rows = np.random.default_rng(seed).permutation(one.psu.size)
    moved = Design(one.weights[rows], strata=one.strata[rows] * 7 - 3, psu=one.psu[rows] + 100)
    same(mean(one.y, one.design, domains=one.girl), mean(one.y[rows], moved, domains=one.girl[rows]))
    halves = (quantile(y, d, p=0.5) for y, d in ((one.y, one.design), (one.y[rows], moved)))
    same(next(halves), next(halves), "estimate", "se", "low", "high")


@given(seed=SEEDS)
@USUAL
def test_who_stands_for_two_is_two_of_one_unit(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    twice = np.repeat(np.arange(one.psu.size), 2)
    halved = Design(one.weights[twice] / 2, strata=one.strata[twice], psu=one.psu[twice])
    same(mean(one.y, one.design), mean(one.y[twice], halved), "estimate", "se", "low", "high", "df", "psus")


@given(seed=SEEDS)
@USUAL
def test_the_whole_is_made_of_its_domains(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    parts = total(one.y, one.design, domains=one.girl, between=True)
    whole = total(one.y, one.design)
    assert parts.estimate.sum(axis=0) == pytest.approx(whole.estimate[0])
    assert parts.between is not None
    assert parts.between.sum(axis=(0, 2)) == pytest.approx(whole.covariance[0])
    means = mean(one.y, one.design, domains=one.region)
    assert (means.estimate.min(axis=0) <= mean(one.y, one.design).estimate[0] + 1e-9).all()


@given(seed=SEEDS)
@USUAL
def test_strata_that_are_alike_may_be_one(drawn: Drawn, seed: int) -> None:
    """With the same units in both, two strata and one differ only in what is between their means."""
    one = drawn(seed)
    double = Design(
        np.concatenate([one.weights, one.weights]),
        strata=np.concatenate([one.strata, one.strata + 100]),
        psu=np.concatenate([one.psu, one.psu + 1000]),
    )
    y = np.concatenate([one.y, one.y])
    merged = replace(double, strata=np.concatenate([one.strata, one.strata]))
    apart, together = mean(y, double), mean(y, merged)
    assert apart.estimate == pytest.approx(together.estimate)
    assert (together.se < apart.se).all()  # n / (n - 1) is nearer to 1
    size = double.size.max()
    assert (apart.se**2 / together.se**2 <= (size / (size - 1)) / (2 * size / (2 * size - 1)) * 1.6).all()


@pytest.mark.slow
@given(seed=SEEDS)
@USUAL
def test_many_columns_are_each_alone(drawn: Drawn, seed: int) -> None:
    one = drawn(seed)
    together = proportion((one.y > 5) * np.where(np.isnan(one.y), np.nan, 1), one.design, domains=one.region)
    for j in range(3):
        y = np.where(np.isnan(one.y[:, j]), np.nan, one.y[:, j] > 5)
        alone = proportion(y, one.design, domains=one.region)
        assert together.estimate[:, [j]] == pytest.approx(alone.estimate)
        assert together.low[:, [j]] == pytest.approx(alone.low, nan_ok=True)


def test_a_mean_is_a_ratio_to_one_and_a_total_over_the_size(sample: Sample) -> None:
    same(mean(sample.y, sample.design), ratio(sample.y, np.ones(sample.weights.size), sample.design))
    same(mean(sample.y, sample.design), ratio(sample.y, np.ones_like(sample.y), sample.design))


def test_a_total_calibrated_to_the_size_is_the_mean_times_the_size(sample: Sample) -> None:
    y = np.nan_to_num(sample.y)
    made = post_stratify(sample.weights, np.zeros(y.shape[0], dtype=int), [1000.0])
    design = replace(sample.design, weights=made.weights, calibration=made)
    assert total(y, design).se == pytest.approx(1000 * mean(y, sample.design).se)
    assert mean(y, design).se == pytest.approx(mean(y, sample.design).se)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda d: mean([1.0], d), ValueError, "indicators of the shape (1,) do not fit 4 respondents"),
        (lambda d: mean([1.0, np.inf, 2, 3], d), ColumnError, "column 0 is infinite in row 1"),
        (lambda d: mean(np.ones(4), d, level=95), ValueError, "the level is 95; it must be between 0 and 1"),
        (
            lambda d: mean(np.ones(4), d, df="stratum"),
            ValueError,
            "there are no degrees of freedom 'stratum' (did you mean 'strata'?); there are strata, observed, design",
        ),
        (
            lambda d: mean(np.ones(4), d, domains=[0, 1]),
            ValueError,
            "domains of the shape (2,) do not fit 4 respondents",
        ),
        (
            lambda d: mean(np.ones(4), d, domains=[0, 1, 2, 3], count=3),
            ValueError,
            "domains run to 3; they must run from 0 to 2",
        ),
        (
            lambda d: mean(np.ones(4), d, domains=["a", "b", "a", "b"]),
            ValueError,
            "domains are not whole numbers; give their places: np.unique(..., return_inverse=True)[1]",
        ),
        (
            lambda d: proportion([[0, 1], [1, 2], [0, 0], [1, 1]], d),
            ColumnError,
            "column 1 has values other than 0 and 1, so it is no proportion",
        ),
        (lambda d: ratio(np.ones((4, 3)), np.ones((4, 2)), d), ValueError, "2 denominators do not fit 3 indicators"),
        (
            lambda d: ratio(np.ones(4), np.ones(3), d),
            ValueError,
            "denominators of the shape (3,) do not fit 4 respondents",
        ),
        (lambda d: quantile(np.ones(4), d, p=50), ValueError, "p is 50; it must be between 0 and 1"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    says: Says, call: Callable[[Design], Estimates], error: type[Exception], sentence: str
) -> None:
    with says(error, sentence):
        call(Design(np.ones(4)))


def test_the_errors_of_replicates_come_near_the_linearised(sample: Sample) -> None:
    plain = mean(sample.y, sample.design, domains=sample.region)
    again = mean(
        sample.y, replace(sample.design, replicates=make_replicates(sample.design, "jackknife")), domains=sample.region
    )
    same(plain, again, "estimate", "n", "psus", "df")
    assert again.se == pytest.approx(plain.se, rel=0.05)
    assert (again.se != plain.se).all()
