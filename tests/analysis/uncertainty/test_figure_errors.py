"""Errors of carried figures, of parents' figures and of surveys that print none: by hand, then as promises."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cwi import Edition, read_edition, read_methodology
from cwi.analysis.uncertainty import (
    errors_of_carried_figures,
    errors_of_parent_figures,
    far_from_median,
    prepare,
    read_factors,
    simulate,
)
from cwi.analysis.uncertainty.figure_errors import cell_errors
from cwi.errors import MethodologyError, ParameterError
from cwi.panel import read_panel

pytestmark = pytest.mark.slow

HAND = Path(__file__).parents[2] / "methodologies" / "hand"
REGIONS = ["A", "B", "C", "D"]
SAYS = "an assumption has a status and a source"


def table(last: int = 2020) -> pd.DataFrame:
    """Height of four regions: all rise by 2 a year at the median, A and B by 3, C and D by 1."""
    rows = []
    for place, region in enumerate(REGIONS):
        for year in range(2014, last + 1):
            step = 3 if place < 2 else 1
            rows.append((region, year, "height", float(step * (year - 2014))))
            rows.append((region, year, "illness", 20.0))
            rows.append((region, year, "reading", 10.0))
    return pd.DataFrame(rows, columns=["region", "year", "indicator", "value"])


@pytest.fixture(scope="module")
def hand() -> Edition:
    rules = read_methodology(HAND).replace(max_age=2)
    return Edition.of(pd.concat([table()]), rules, 2020)


def test_how_far_a_series_moved_by_hand(hand: Edition) -> None:
    sizes = errors_of_carried_figures(hand)
    assert sizes.loc[("height", 1), ["common", "own", "changes"]].tolist() == [2, 1, 24]
    assert sizes.loc[("height", 2), ["common", "own", "changes"]].tolist() == [4, 2, 20]
    assert sizes.loc[("height", 3), ["common", "own", "basis"]].tolist() == [6, 3, "own series"]
    assert sizes.loc[("reading", 1), ["common", "own"]].tolist() == [0, 0]


def test_a_series_with_few_changes_moves_as_the_others_do() -> None:
    rules = read_methodology(HAND).replace(max_age=2)
    rows = table()
    once = pd.DataFrame({"region": REGIONS, "year": 2019, "indicator": "warmth", "value": [0.0, 10.0, 20.0, 30.0]})
    rows = pd.concat([rows[rows["indicator"] == "height"], once])
    sizes = errors_of_carried_figures(Edition.of(rows, rules, 2020))
    spread = np.std([0, 10, 20, 30]) / np.std(rows.loc[rows["indicator"] == "height", "value"])
    assert sizes.loc[("warmth", 1), "basis"] == "other series"
    assert sizes.loc[("warmth", 1), ["common", "own"]].tolist() == pytest.approx([2 * spread, 1 * spread])


def drawn(edition: Edition, error: str, draws: int = 4000) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """The cells of the edition's panel, their values, and these drawn."""
    panel = read_panel(edition.observations, edition.methodology, years=[edition.year], base=edition.base)
    errors = cell_errors({"error": error}, [panel], edition)
    x = np.repeat(panel.x.T[:, :, None], draws, axis=2)
    u = np.random.default_rng(3).random((len(errors.rows), draws))
    errors.draw(0, x, np.arange(panel.x.shape[1]), u)
    return panel.cells, panel.x, x


def test_carried_figures_share_what_all_regions_have_in_common(hand: Edition) -> None:
    """2021 carries 2020: own part 1, common part 2, so a deviation of sqrt(5) and a covariance near 4."""
    later = hand.earlier(2021)
    _, before, after = drawn(later, "carried")
    height = after[list(later.methodology.indicators["code"]).index("height")] - 30  # (n, draws)
    moves = height - height.mean(axis=1, keepdims=True)
    covariance = np.cov(moves)
    assert np.diag(covariance) == pytest.approx([5] * 4, rel=0.1)
    off = covariance[~np.eye(4, dtype=bool)]
    assert off == pytest.approx([4 - 1 / 3] * 12, rel=0.1)  # own parts sum to zero over the four
    assert not np.isnan(after[~np.isnan(np.repeat(before.T[:, :, None], 4000, axis=2))]).any()


def test_a_figure_of_its_own_year_has_no_such_error(hand: Edition) -> None:
    _, before, after = drawn(hand, "carried", 10)
    assert np.array_equal(after[:, :, 0], before.T, equal_nan=True)


@pytest.fixture(scope="module")
def real() -> Edition:
    return read_edition(2023, "2026.1")


def test_parts_differ_from_their_former_region_around_its_figure(real: Edition) -> None:
    _, before, after = drawn(real, "parent", 500)
    codes = list(real.methodology.indicators["code"])
    units = read_panel(real.observations, real.methodology, years=[2023]).units["region"].tolist()
    births = after[codes.index("adolescent_births")]
    pair = [units.index(code) for code in ("KZ-19", "KZ-33")]
    weight = real.population[["KZ-19", "KZ-33"]].to_numpy(float)
    mean = (births[pair] * weight[:, None]).sum(axis=0) / weight.sum()
    assert mean == pytest.approx(before[pair[0], codes.index("adolescent_births")])
    size = errors_of_parent_figures(real).at["adolescent_births", "own"]
    assert np.sqrt(births[pair].var(axis=1).mean()) == pytest.approx(size, rel=0.15)
    own = units.index("KZ-11")  # a region that was never divided
    assert (births[own] == before[own, codes.index("adolescent_births")]).all()


@pytest.mark.parametrize("error", ["carried", "parent"])
def test_nothing_moves_in_the_middle(real: Edition, error: str) -> None:
    plan = prepare(real, {"factor": {"f": {"values": {"error": error}}}})
    middle = plan.run(plan.official_choices(2), np.full((plan.size, 2), 0.5)).scores
    official = plan.run(plan.official_choices(1)).scores
    np.testing.assert_allclose(middle, np.repeat(official, 2, axis=1), atol=1e-9)


def test_a_draw_has_the_same_bits_in_any_block(real: Edition) -> None:
    plan = prepare(real, "carried, parent, surveys, weights")
    one, other = (simulate(plan, draws=60, rng=np.random.default_rng(5), block=b).scores for b in (7, 60))
    assert np.array_equal(one, other, equal_nan=True)


def test_older_figures_have_larger_errors(real: Edition) -> None:
    sizes = errors_of_carried_figures(real)["own"].unstack("age")
    rising = (sizes[2] >= sizes[1]) & (sizes[3] >= sizes[2])
    assert rising.mean() > 0.8
    assert (sizes.loc[["housing_space", "adolescent_births"], 1] > 0).all()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3), st.integers(0, 2))
def test_shares_stay_shares_and_order_follows_the_deviate(u: list[float], place: int) -> None:
    from cwi.analysis.uncertainty.figure_errors import SHARE, _moved

    values = np.array([[0.5], [50.0], [99.5]])
    step = stats.norm.ppf(np.array(u))[:, None] * 3
    moved = _moved(values, step, SHARE)
    assert ((moved > 0) & (moved < 100)).all()
    assert (
        np.sign(moved[place, 0] - values[place, 0]) == np.sign(round(float(step[place, 0]), 12))
        or abs(moved[place, 0] - values[place, 0]) < 1e-9
    )


# ---------------------------------------------------------------- surveys that print no errors


def test_an_assumed_sample_gives_the_error_of_a_share(real: Edition) -> None:
    of = {"neet": {"n": 600, "deff": 1.5, "status": "assumed", "source": "made up"}}
    plan = prepare(real, {"factor": {"f": {"values": {"error": "assumed", "of": of}}}})
    rows = plan.values.table
    own = rows[(rows["indicator"] == "neet") & (rows["region"] == "KZ-11")]
    change = plan.perturbations["f"]
    place = list(change.rows).index(own.index[0])
    u = np.full((len(change.rows), 2), 0.5)
    u[place] = stats.norm.cdf([-1, 1])
    value = float(own["value"].iloc[0])
    low, high = change.draw(np.repeat(rows.loc[change.rows, "value"].to_numpy(float)[:, None], 2, axis=1), u)[place]
    se = np.sqrt(1.5 * value * (100 - value) / 600)
    assert (high - low) / 2 == pytest.approx(se, rel=0.05)  # a deviate on the logit scale
    assert low < value < high


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ({}, "of must name the indicators of a survey, and the size of its sample"),
        ({"neet": {"n": 5, "cv": 0.1}}, "of 'neet': give n (with deff), or cv"),
        ({"neet": {"n": 5, "source": "x"}}, f"of 'neet': status is missing; {SAYS}"),
        ({"neet": {"n": 5, "status": "x"}}, f"of 'neet': source is missing; {SAYS}"),
        (
            {"physicians": {"n": 5, "status": "x", "source": "x"}},
            "of 'physicians': a sample size gives the error of a share; its unit is 'per 10 000'",
        ),
    ],
)  # fmt: skip
def test_an_assumption_says_what_it_is(real: Edition, of: dict[str, object], message: str) -> None:
    with pytest.raises(MethodologyError) as error:
        read_factors(real.methodology, {"factor": {"f": {"values": {"error": "assumed", "of": of}}}})
    assert str(error.value) == f"factors: factor 'f': {message}"


def test_every_assumption_of_the_methodology_carries_status_and_source(real: Edition) -> None:
    of = read_factors(real.methodology)["surveys"].settings["of"]
    assert {row["status"] for row in of.values()} == {"assumed"}
    assert all(len(row["source"]) > 30 for row in of.values())


# ---------------------------------------------------------------- the printed order is no outlier of its draws


def test_regions_far_from_the_median_of_their_draws(real: Edition) -> None:
    """Six of twenty in the review of 2024.1, whose factors are one-sided; none under the factors of 2026.1."""
    old = read_edition(2023)
    before, after = (
        far_from_median(simulate(prepare(edition), draws=1000, rng=np.random.default_rng(1)), draws=200)
        for edition in (old, real)
    )
    assert 3 <= len(before) <= 9
    assert set(before["factor"]) & {"age", "scale", "mean_of_components", "mean_of_dimensions"}
    assert (before["places"].abs() >= 3).all()
    named = before[before["factor"] != ""]
    held = (named["rank"] - named["median_held"]).abs()
    assert (held <= named["places"].abs() - 1).all()
    assert len(after) <= 1


def test_places_and_draws_are_counts(real: Edition, says) -> None:  # type: ignore[no-untyped-def]
    drawn_once = simulate(prepare(real, "weights"), draws=5, rng=np.random.default_rng(1))
    with says(ParameterError, "places is 0; it must be at least 1"):
        far_from_median(drawn_once, places=0)
    with says(ParameterError, "draws is 0; it must be at least 1"):
        far_from_median(drawn_once, draws=0)
