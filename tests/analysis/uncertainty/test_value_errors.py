"""Values redrawn: moments and quantiles that are known, what shares a draw, and errors that cannot be used."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from cwi import DataError, Methodology
from cwi.analysis.uncertainty.distinct_values import DistinctValues, Perturbation, distinct_values
from cwi.analysis.uncertainty.factors import read_factors
from cwi.analysis.uncertainty.value_errors import perturbation
from cwi.panel import read_panel

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Redrawn = Callable[..., tuple[pd.DataFrame, Array]]

MANY = 2_001
EVEN = (np.arange(MANY) + 0.5) / MANY  # a grid of uniform numbers: means over it are integrals


@pytest.fixture
def found(observations: pd.DataFrame, methodology: Methodology) -> DistinctValues:
    return distinct_values([read_panel(observations, methodology, years=[2020, 2021])])


@pytest.fixture
def redraw(observations: pd.DataFrame, methodology: Methodology) -> Redrawn:
    """``redraw(settings, u)``: the observations that are redrawn, and what becomes of them."""

    def make(
        settings: dict[str, Any],
        u: Callable[[int], Array],
        *,
        rows: pd.DataFrame = observations,
        covariance: pd.DataFrame | None = None,
    ) -> tuple[pd.DataFrame, Array]:
        known = read_factors(methodology, {"factor": {"f": {"values": settings}}})["f"].settings
        found = distinct_values([read_panel(rows, methodology, years=[2020, 2021])])
        made: Perturbation = perturbation(known, found, methodology, rows, covariance)
        own = found.table.loc[made.rows]
        points = u(len(own))
        values = np.repeat(own["value"].to_numpy(float)[:, None], points.shape[1], axis=1)
        before = values.copy()
        result = made.draw(values, points)
        assert np.array_equal(values, before), "what is handed in is not written into"
        return own, result

    return make


def middle(rows: int) -> Array:
    return np.full((rows, 1), 0.5)


def alike(rows: int) -> Array:
    return np.repeat(EVEN[None], rows, axis=0)


def random(rows: int) -> Array:
    return np.random.default_rng(8).random((rows, 4000))


# ---------------------------------------------------------------- whose value is whose


def test_an_observation_stands_once_however_often_it_is_used(found: DistinctValues, observations: pd.DataFrame) -> None:
    table = found.table
    assert not table.duplicated(["region", "indicator", "observed"]).any()
    units, codes = 18, 9
    assert found.places[0].shape == (units, codes)
    panel = [(region, year) for year in (2020, 2021) for region in ["All", *(f"R{i}" for i in range(8))]]
    place = dict(zip(panel, range(units), strict=True))
    carried = found.places[0][place["R4", 2021], 4]
    assert carried == found.places[0][place["R4", 2020], 4]
    assert table.loc[carried, ["region", "indicator", "observed"]].tolist() == ["R4", "reading", 2020]
    assert (found.places[0][[place["R5", 2020], place["R5", 2021]], 4] == -1).all()
    deaths = [found.places[0][place[f"R{i}", 2021], 7] for i in range(8)]
    assert deaths[6] == deaths[7]
    assert len(set(deaths)) == 7
    assert table.at[deaths[6], "regions"] == ("R6", "R7")
    values = observations.set_index(["region", "indicator", "year"])["value"]
    keys = pd.MultiIndex.from_frame(table[["region", "indicator", "observed"]])
    assert table["value"].to_numpy() == pytest.approx(values.reindex(keys).to_numpy(), abs=0)


def test_what_is_imputed_is_nobodys_observation(observations: pd.DataFrame, methodology: Methodology) -> None:
    filled = methodology.replace(imputation="mean")
    panel = read_panel(observations, filled, years=[2021])
    assert (panel.cells["status"] == "imputed").sum() == 1
    found = distinct_values([panel])
    assert (found.places[0] == -1).sum() == 1
    assert len(found.table) == panel.cells["value"].notna().sum() - 1 - 1  # R6 and R7 share one


# ---------------------------------------------------------------- sampling


def test_nothing_moves_in_the_middle(redraw: Redrawn) -> None:
    for settings in ({"error": "sampling"}, {"error": "sampling", "overlap": 0.7}, {"error": "rounding"}):
        own, values = redraw(settings, middle)
        assert values[:, 0] == pytest.approx(own["value"].to_numpy(float), abs=1e-12)


@pytest.mark.slow
def test_a_normal_error_has_its_standard_error(redraw: Redrawn) -> None:
    own, values = redraw({"error": "sampling"}, alike)
    plain = own["indicator"].isin(["height", "weight"]).to_numpy()
    assert plain.sum() == 2 * 9 * 2
    z = stats.norm.ppf(EVEN)
    expected = own["value"].to_numpy()[plain, None] + own["se"].to_numpy()[plain, None] * z
    assert values[plain] == pytest.approx(expected, abs=1e-12)
    assert values[plain].std(axis=1) == pytest.approx(own["se"].to_numpy()[plain], rel=1e-2)


@pytest.mark.slow
def test_shares_are_drawn_on_the_logit_scale(redraw: Redrawn) -> None:
    own, values = redraw({"error": "sampling"}, alike)
    share = own["indicator"].isin(["fit", "ill"]).to_numpy()
    p, se = own["value"].to_numpy()[share] / 100, own["se"].to_numpy()[share] / 100
    expected = 100 * special.expit(special.logit(p)[:, None] + (se / p / (1 - p))[:, None] * stats.norm.ppf(EVEN))
    assert values[share] == pytest.approx(expected, rel=1e-12)
    assert ((values[share] > 0) & (values[share] < 100)).all()


@pytest.mark.parametrize(("value", "large"), [(0.1, 3.0), (50.0, 30.0), (99.9, 3.0)])
def test_shares_stay_shares_and_small_errors_are_those_that_were_given(
    value: float, large: float, redraw: Redrawn, observations: pd.DataFrame
) -> None:
    fit = observations["indicator"] == "fit"
    wide = observations.assign(value=observations["value"].mask(fit, value), se=observations["se"].mask(fit, large))
    own, values = redraw({"error": "sampling"}, alike, rows=wide)
    drawn = values[(own["indicator"] == "fit").to_numpy()]
    assert ((drawn >= 0) & (drawn <= 100)).all()
    se = 1e-3 * value * (100 - value) / 100
    small = wide.assign(se=wide["se"].mask(fit, se))
    own, values = redraw({"error": "sampling"}, alike, rows=small)
    drawn = values[(own["indicator"] == "fit").to_numpy()]
    assert drawn.std(axis=1) == pytest.approx(se, rel=1e-2)  # the delta method
    assert drawn.mean(axis=1) == pytest.approx(value, rel=1e-5)


def test_no_error_in_no_error_out(redraw: Redrawn, observations: pd.DataFrame) -> None:
    fit = observations["indicator"] == "fit"
    rows = observations.assign(se=observations["se"].mask(fit, 0.0))
    own, _ = redraw({"error": "sampling"}, random, rows=rows)
    assert set(own["indicator"]) == {"ill", "height", "weight"}
    own, _ = redraw({"error": "sampling"}, random, rows=observations.drop(columns="se"))
    assert own.empty


def covariances(correlation: float, pairs: list[tuple[str, str]], rows: pd.DataFrame) -> pd.DataFrame:
    """The same correlation for each pair in every region and year."""
    se = rows.dropna(subset=["se"]).set_index(["region", "year", "indicator"])["se"]
    keys = {(str(region), int(year)) for region, year, _ in se.index}
    return pd.DataFrame(
        [
            (region, year, a, b, correlation * se[region, year, a] * se[region, year, b])
            for region, year in sorted(keys)
            for a, b in pairs
        ],
        columns=["region", "year", "indicator", "other", "covariance"],
    )


def mixing(redraw: Redrawn, covariance: pd.DataFrame) -> tuple[pd.DataFrame, Array]:
    """The matrix that turns independent deviates into errors, column by column."""
    step = 1e-3

    def each(rows: int) -> Array:
        return np.asarray(special.ndtr(np.column_stack([step * np.eye(rows), np.zeros(rows)])))

    own, values = redraw({"error": "sampling"}, each, covariance=covariance)
    share = own["indicator"].isin(["fit", "ill"]).to_numpy()
    scale = values.copy()
    scale[share] = special.logit(values[share] / 100)
    value = own["value"].to_numpy()
    slope = np.where(share, 100 / (value * (100 - value)), 1.0)
    return own, (scale[:, :-1] - scale[:, -1:]) / step / slope[:, None]


def test_the_errors_of_one_survey_have_their_covariance(redraw: Redrawn, observations: pd.DataFrame) -> None:
    """Exactly: the mixing matrix times its transpose, without a random number."""
    pairs = [("fit", "ill"), ("height", "weight"), ("height", "fit")]
    given = covariances(0.4, pairs, observations)
    own, matrix = mixing(redraw, given)
    sigma = matrix @ matrix.T
    expected = np.diag(own["se"].to_numpy() ** 2)
    keys = list(zip(own["region"], own["observed"], own["indicator"], strict=True))
    for row in given.itertuples():
        a, b = (row.region, row.year, row.indicator), (row.region, row.year, row.other)
        if a in keys and b in keys:
            i, j = keys.index(a), keys.index(b)
            expected[i, j] = expected[j, i] = row.covariance
    assert sigma == pytest.approx(expected, abs=1e-9)
    assert np.count_nonzero(expected) == len(own) + 2 * len(pairs) * 18


@pytest.mark.slow
def test_covariances_are_met_by_draws_too(redraw: Redrawn, observations: pd.DataFrame) -> None:
    given = covariances(-0.8, [("height", "weight")], observations)
    own, values = redraw({"error": "sampling"}, random, covariance=given)
    pick = {code: values[((own["region"] == "R1") & (own["observed"] == 2021) & (own["indicator"] == code)).to_numpy()]
            for code in ("height", "weight", "fit")}  # fmt: skip
    assert np.corrcoef(pick["height"][0], pick["weight"][0])[0, 1] == pytest.approx(-0.8, abs=0.02)
    assert abs(np.corrcoef(pick["height"][0], pick["fit"][0])[0, 1]) < 0.06
    none = redraw({"error": "sampling"}, random)[1]
    assert values[(own["indicator"] == "fit").to_numpy()] == pytest.approx(
        none[(own["indicator"] == "fit").to_numpy()], rel=1e-12
    )


def test_a_perfect_correlation_is_allowed(redraw: Redrawn, observations: pd.DataFrame) -> None:
    given = covariances(1.0, [("height", "weight")], observations)
    own, values = redraw({"error": "sampling"}, random, covariance=given)
    place = {(row.indicator, row.region, row.observed): at for at, row in enumerate(own.itertuples())}
    height, weight = (values[place[code, "R2", 2020]] for code in ("height", "weight"))
    assert np.corrcoef(height, weight)[0, 1] == pytest.approx(1, abs=1e-9)


def test_overlapping_samples_share_their_error(redraw: Redrawn) -> None:
    own, values = redraw({"error": "sampling", "overlap": 0.6}, random)
    place = {(row.indicator, row.region, row.observed): at for at, row in enumerate(own.itertuples())}
    error = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
    now, then = ([place["height", f"R{i}", year] for i in range(8)] for year in (2021, 2020))
    assert (error[now] * error[then]).mean(axis=1) == pytest.approx(0.6, abs=0.06)
    assert values[now].std(axis=1) == pytest.approx(0.8, rel=0.05)
    alone = redraw({"error": "sampling"}, random)[1]
    assert abs(np.corrcoef(alone[now[0]], alone[then[0]])[0, 1]) < 0.06
    assert np.array_equal(values[then], alone[then])


def test_the_same_sample_in_both_years_has_the_same_error(redraw: Redrawn) -> None:
    own, values = redraw({"error": "sampling", "overlap": 1.0}, random)
    place = {(row.indicator, row.region, row.observed): at for at, row in enumerate(own.itertuples())}
    for region in ("R0", "R3"):
        now, then = (place["weight", region, year] for year in (2021, 2020))
        moved = values[now] - values[then]
        assert np.ptp(moved) < 1e-12


# ---------------------------------------------------------------- rounding


@pytest.mark.slow
def test_rounding_is_uniform_within_half_a_unit(redraw: Redrawn, observations: pd.DataFrame) -> None:
    rows = observations.assign(value=observations["value"].mask(observations["indicator"] == "weight",
                                                                observations["value"].round(1)))  # fmt: skip
    own, values = redraw({"error": "rounding"}, alike, rows=rows)
    assert len(own) == len(observed_rows(rows))
    away = values - own["value"].to_numpy(float)[:, None]
    half = np.where(own["indicator"] == "weight", 0.05, 0.005)[:, None]
    assert away == pytest.approx(half * (2 * EVEN - 1), abs=1e-12)
    assert away.std(axis=1) == pytest.approx(half[:, 0] / np.sqrt(3), rel=1e-6)


def observed_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The observations of 2020 and 2021 that a panel of both uses; R6 and R7 share their deaths in each."""
    own = rows[(rows["year"] >= 2020) & (rows["indicator"] != "population")]
    return own[~((own["region"] == "R7") & (own["indicator"] == "deaths"))]


def test_a_rounded_share_stays_a_share_and_what_is_derived_is_not_rounded(
    redraw: Redrawn, observations: pd.DataFrame
) -> None:
    fit = (observations["indicator"] == "fit").to_numpy()
    rows = observations.assign(value=observations["value"].mask(fit & (observations["region"] == "R1"), 100.0))
    rows = rows.assign(status=rows["status"].mask(fit & (rows["region"] == "R2"), "derived"))
    own, values = redraw({"error": "rounding"}, alike, rows=rows)
    whole = values[((own["indicator"] == "fit") & (own["region"] == "R1")).to_numpy()]
    assert whole.max() == 100
    assert whole.min() == pytest.approx(99.995, abs=1e-5)
    assert not ((own["indicator"] == "fit") & (own["region"] == "R2")).any()


# ---------------------------------------------------------------- counts of rare events


OF = {"deaths": {"exposure": "population", "per": 100_000}}


def events_of(own: pd.DataFrame) -> tuple[Array, Array]:
    exposure = 250_000.0 * own["regions"].map(len).to_numpy(float)
    return own["value"].to_numpy() * exposure / 100_000, 100_000 / exposure


@pytest.mark.slow
def test_the_mean_of_a_rare_event_has_the_posterior_of_jeffreys(redraw: Redrawn) -> None:
    own, values = redraw({"error": "counts", "of": OF}, alike)
    assert set(own["indicator"]) == {"deaths"}
    events, scale = events_of(own)
    assert (own["regions"].map(len) == 2).sum() == 2
    assert values == pytest.approx(stats.gamma.ppf(EVEN, events[:, None] + 0.5) * scale[:, None], rel=1e-5)
    assert values.mean(axis=1) == pytest.approx((events + 0.5) * scale, rel=1e-3)
    assert values.var(axis=1) == pytest.approx((events + 0.5) * scale**2, rel=2e-2)


@pytest.mark.slow
def test_few_events_and_none(redraw: Redrawn, observations: pd.DataFrame) -> None:
    deaths = observations["indicator"] == "deaths"
    for count in (0, 1, 3, 4000):
        rows = observations.assign(value=observations["value"].mask(deaths, count / 2.5))
        own, values = redraw({"error": "counts", "of": OF}, alike, rows=rows[rows["status"] == "normal"])
        events, scale = events_of(own)
        assert events == pytest.approx(count)
        assert values[0] == pytest.approx(stats.gamma.ppf(EVEN, count + 0.5) * scale[0], rel=1e-5)
        assert (values >= 0).all()


@pytest.mark.slow
def test_a_count_is_poisson(redraw: Redrawn) -> None:
    own, values = redraw({"error": "counts", "of": OF, "distribution": "poisson"}, alike)
    events, scale = events_of(own)
    counts = values / scale[:, None]
    assert counts == pytest.approx(counts.round(), abs=1e-9)
    assert counts == pytest.approx(stats.poisson.ppf(EVEN, events[:, None]), abs=1e-9)
    assert counts.mean(axis=1) == pytest.approx(events, rel=2e-3)
    assert counts.var(axis=1) == pytest.approx(events, rel=2e-2)


@pytest.mark.parametrize("distribution", ["gamma", "poisson"])
def test_the_ends_of_the_interval_are_numbers(distribution: str, redraw: Redrawn) -> None:
    """scipy's quantile of a Poisson count at 0 is -1."""
    corners = lambda rows: np.tile([0.0, 1.0 - 2.0**-53], (rows, 1))  # noqa: E731
    _, values = redraw({"error": "counts", "of": OF, "distribution": distribution}, corners)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    _, values = redraw({"error": "sampling"}, corners)
    assert np.isfinite(values).all()


# ---------------------------------------------------------------- what cannot be used


def put(rows: pd.DataFrame, code: str, region: str, **cells: Any) -> pd.DataFrame:
    here = (rows["indicator"] == code) & (rows["region"] == region) & (rows["year"] == 2021)
    assert here.sum() == 1
    return rows.assign(**{column: rows[column].mask(here, value) for column, value in cells.items()})


@pytest.mark.parametrize("value", [0.0, 100.0])
def test_a_share_at_its_bound_has_no_error(
    value: float, redraw: Redrawn, observations: pd.DataFrame, says: Says
) -> None:
    rows = put(observations, "fit", "R3", value=value)
    with says(
        DataError,
        f"fit in R3, 2021 is {value:g}% with a standard error of 3; a share at its bound has no "
        "standard error: leave it empty and give n, the number of answers, or give a share between 0 and 100",
    ):
        redraw({"error": "sampling"}, middle, rows=rows)
    redraw({"error": "sampling"}, middle, rows=put(rows, "fit", "R3", se=0.0))


@pytest.mark.parametrize("se", [-1.0, np.inf])
def test_a_standard_error_is_a_number(se: float, redraw: Redrawn, observations: pd.DataFrame, says: Says) -> None:
    with says(DataError, f"height in R3, 2021 has a standard error of {se:g}; it must be a number not below zero"):
        redraw({"error": "sampling"}, middle, rows=put(observations, "height", "R3", se=se))


@pytest.mark.slow
def test_covariances_that_contradict_the_standard_errors(
    redraw: Redrawn, observations: pd.DataFrame, says: Says
) -> None:
    given = covariances(0.4, [("height", "weight")], observations)
    here = (given["region"] == "R2") & (given["year"] == 2021)
    with says(
        DataError,
        "the covariances of R2, 2021 contradict its standard errors: as a matrix they are not positive semidefinite; "
        "a correlation above 1 hides in them",
    ):
        redraw({"error": "sampling"}, middle, covariance=given.assign(
            covariance=given["covariance"].mask(here, 0.8 * 1.5 * 1.01)))  # fmt: skip
    redraw({"error": "sampling"}, middle, covariance=given.assign(
        covariance=given["covariance"].mask(here, 0.8 * 1.5)))  # fmt: skip
    with says(DataError, "the covariance of height and weight in R2, 2021 is nan; it must be a number"):
        redraw({"error": "sampling"}, middle, covariance=given.assign(covariance=given["covariance"].mask(here)))
    with says(
        DataError,
        "the covariances have no column 'other'; they need region, year, indicator, other, covariance",
    ):
        redraw({"error": "sampling"}, middle, covariance=given.drop(columns="other"))


def test_rates_without_those_at_risk(redraw: Redrawn, observations: pd.DataFrame, says: Says) -> None:
    people = observations["indicator"] == "population"
    with says(DataError, "deaths in R4, 2020 is a rate of events, but the series 'population' has no value for R4"):
        redraw({"error": "counts", "of": OF}, middle, rows=observations[~(people & (observations["region"] == "R4"))])
    rows = observations.assign(value=observations["value"].mask(people & (observations["region"] == "R4"), 0.0))
    with says(DataError, "deaths in R4, 2020: its exposure 'population' is 0; it must be above zero"):
        redraw({"error": "counts", "of": OF}, middle, rows=rows)
    with says(DataError, "deaths in R4, 2021 is -1; a rate of events cannot be below zero"):
        redraw({"error": "counts", "of": OF}, middle, rows=put(observations, "deaths", "R4", value=-1.0))


def test_those_at_risk_of_the_nearest_year(redraw: Redrawn, observations: pd.DataFrame) -> None:
    people = observations["indicator"] == "population"
    rows = observations[~(people & (observations["year"] != 2019))]
    same = redraw({"error": "counts", "of": OF}, alike)[1]
    assert np.array_equal(redraw({"error": "counts", "of": OF}, alike, rows=rows)[1], same)


# ---------------------------------------------------------------- no error that can be estimated is not no error


def cells_of(own: pd.DataFrame, values: Array, code: str, region: str) -> Array:
    at = (own["indicator"] == code) & (own["region"] == region) & (own["observed"] == 2021)
    return np.asarray(values[at.to_numpy()][0])


@pytest.mark.slow
@pytest.mark.parametrize(("value", "events"), [(0.0, 0), (100.0, 8)])
def test_nobody_of_eight_is_drawn_from_its_interval(
    value: float, events: int, redraw: Redrawn, observations: pd.DataFrame
) -> None:
    """Jeffreys: Beta(x + 1/2, n - x + 1/2), of 0 of 8 below 0.2617 with 97.5 % (Brown, Cai and DasGupta 2001)."""
    for se in (0.0, np.nan):
        own, values = redraw(
            {"error": "sampling"}, alike, rows=put(observations, "fit", "R3", value=value, se=se, n=8.0)
        )
        drawn = cells_of(own, values, "fit", "R3") / 100
        assert drawn == pytest.approx(stats.beta.ppf(EVEN, events + 0.5, 8.5 - events), abs=1e-6)
        far = np.quantile(drawn, 0.975) if events == 0 else 1 - np.quantile(drawn, 0.025)
        assert far == pytest.approx(0.2617, abs=1e-3)


@pytest.mark.slow
def test_a_value_whose_error_nobody_knows_is_named(redraw: Redrawn, plan: Any, observations: pd.DataFrame) -> None:
    rows = put(observations, "fit", "R3", se=np.nan)
    rows = put(put(rows, "height", "R4", se=0.0), "ill", "R2", value=0.0, se=0.0)
    made = plan({"survey": {"values": {"error": "sampling"}}}, observations=rows)
    named = made.without_error.sort_values("region")[["indicator", "region", "observed", "reason"]]
    assert named.to_numpy().tolist() == [
        ["ill", "R2", 2021, "a standard error of 0"],
        ["fit", "R3", 2021, "no standard error"],
        ["height", "R4", 2021, "a standard error of 0"],
    ]
    assert repr(made) == "Plan(2020, 2021: 8 regions, 1 factor: survey; 3 values without a known error)"
    known = plan({"survey": {"values": {"error": "sampling"}}}, observations=put(rows, "ill", "R2", n=40.0))
    assert len(known.without_error) == 2


@pytest.mark.slow
def test_a_large_error_near_the_bound_keeps_mean_and_sd(redraw: Redrawn, observations: pd.DataFrame) -> None:
    """1 % with an error of 3 was drawn with a mean of 9.5."""
    fine = (np.arange(40_001) + 0.5) / 40_001

    def finely(rows: int) -> Array:
        return np.repeat(fine[None], rows, axis=0)

    rows = put(put(observations, "fit", "R3", value=1.0, se=3.0), "ill", "R1", value=98.0, se=1.5)
    rows = put(rows, "deaths", "R1", value=2.0, se=1.6)
    own, values = redraw({"error": "sampling"}, finely, rows=rows)
    for code, region, mean, se in (("fit", "R3", 1.0, 3.0), ("ill", "R1", 98.0, 1.5), ("deaths", "R1", 2.0, 1.6)):
        drawn = cells_of(own, values, code, region)
        assert drawn.mean() == pytest.approx(mean, rel=2e-3)
        assert drawn.std() == pytest.approx(se, rel=2e-2)
        assert drawn.min() >= 0
        assert drawn.max() <= (100 if code != "deaths" else np.inf)


def test_an_error_that_no_share_can_have(redraw: Redrawn, observations: pd.DataFrame, says: Says) -> None:
    with says(
        DataError,
        "fit in R3, 2021 is 1% with a standard error of 10; no share has that mean and so large an error: it must be "
        "below 9.95",
    ):
        redraw({"error": "sampling"}, middle, rows=put(observations, "fit", "R3", value=1.0, se=10.0))


@pytest.mark.slow
def test_covariances_that_fit_no_cell(redraw: Redrawn, observations: pd.DataFrame, says: Says) -> None:
    given = covariances(0.4, [("height", "weight")], observations)
    first = given.iloc[[0]]
    region, year = first["region"].iloc[0], first["year"].iloc[0]
    pair = f"the covariance of height and weight in {region}, {year}"

    def refused(rows: pd.DataFrame, sentence: str) -> None:
        with says(DataError, sentence):
            redraw({"error": "sampling"}, middle, covariance=rows)

    refused(given.replace({"region": {region: "R9"}}), "the covariance of height and weight in R9, 2019 fits no cell: "
            "there is no height in R9, 2019")  # fmt: skip
    turned = first.rename(columns={"indicator": "other", "other": "indicator"})
    refused(pd.concat([given, turned]), f"the covariance of weight and height in {region}, {year} is given twice; "
            "each pair has one row")  # fmt: skip
    refused(given.astype({"year": str}), f"{pair} has the year '{year}'; it must be a whole number")
    redraw({"error": "sampling"}, middle, covariance=given)


def test_what_a_sum_adds_is_no_published_digit(redraw: Redrawn, observations: pd.DataFrame) -> None:
    """0.1 + 0.2 has seventeen digits; the series is published with two."""
    rows = put(observations, "height", "R3", value=0.1 + 0.2)
    own, values = redraw({"error": "rounding"}, alike, rows=rows)
    drawn = cells_of(own, values, "height", "R4")
    assert np.ptp(drawn) == pytest.approx(0.01, rel=1e-2)
