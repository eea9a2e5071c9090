"""The next sample: closed forms where there are any, and what more children do to the index."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import cwi
from cwi.analysis.survey.sample_size import as_held, likeness, sample_plan, widths
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.estimates import Estimates, estimate
from cwi.inputs.survey.rounds import survey_round

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

MANY = pd.Series(np.inf, index=["KZ-10", "KZ-39"])


@pytest.fixture(scope="module")
def edition() -> Edition:
    return cwi.read_edition(2023)


@pytest.fixture(scope="module")
def found(edition: Edition) -> Estimates:
    definitions = read_survey_definitions("2024.1")
    held = survey_round("", definitions, edition, rng=np.random.default_rng(7), pilot=True)
    return estimate(held.children, held.parents, definitions, year=2023, territory=edition.territory)


@pytest.mark.parametrize(("margin", "share", "n"), [(5, 50, 385), (3, 50, 1068), (5, 85, 196), (2, 10, 865)])
def test_a_simple_random_sample_of_many_has_the_formula_of_textbooks(margin: float, share: float, n: int) -> None:
    """z² p q / m², rounded up: 385 for 5 points is in every textbook (Cochran 1977, 4.4)."""
    z = stats.norm.ppf(0.975)
    assert n == np.ceil(z**2 * share * (100 - share) / margin**2)
    plan = sample_plan(MANY, margin=margin, share=share, take=1, icc=0)
    assert plan["deff"].tolist() == [1.0, 1.0]
    assert plan["answers"].tolist() == plan["asked"].tolist() == plan["clusters"].tolist() == [n, n]
    assert plan["margin"].to_numpy() == pytest.approx(100 * z * np.sqrt(share * (100 - share) / n) / 100)


def test_clusters_weights_and_the_silent_make_it_larger() -> None:
    """deff = (1 + (20 - 1) · 0.05) (1 + 0.3²) = 2.1255; 384.15 · deff = 816.5 answers, 41 clusters, of 80 in 100."""
    plan = sample_plan(MANY, margin=5, take=20, icc=0.05, cv_weights=0.3, response=0.8, cost_cluster=200, cost_child=5)
    row = plan.loc["KZ-10"]
    assert row["deff"] == pytest.approx(1.95 * 1.09)
    assert (row["clusters"], row["answers"], row["asked"]) == (41, 820, 1025)
    assert row["cost"] == 41 * 200 + 1025 * 5
    assert row["margin"] == pytest.approx(100 * stats.norm.ppf(0.975) * np.sqrt(0.25 * 1.95 * 1.09 / 820))
    assert "cost" not in sample_plan(MANY, margin=5)


def test_of_few_children_few_are_asked() -> None:
    """n / (1 + n / N) with N / (N - 1) in the variance: of 1,000 children 278 for 5 points (Cochran 1977, 4.4)."""
    plan = sample_plan(pd.Series({"KZ-10": 1000.0}), margin=5, take=1, icc=0)
    assert plan.at["KZ-10", "asked"] == 278


def test_by_region() -> None:
    rates = pd.Series({"KZ-39": 0.5, "KZ-10": 1.0})
    plan = sample_plan(MANY, margin=5, take=1, icc=pd.Series({"KZ-10": 0.0, "KZ-39": 0.0}), response=rates)
    assert plan["asked"].tolist() == [385, 770]


@given(
    margin=st.floats(3, 20),
    take=st.integers(1, 40),
    icc=st.floats(0, 0.3),
    response=st.floats(0.3, 1),
    size=st.floats(50_000, 500_000),
)
@settings(max_examples=60, deadline=None)
def test_the_margin_is_kept_and_a_cluster_less_would_not_do(
    margin: float, take: int, icc: float, response: float, size: float
) -> None:
    row = sample_plan(pd.Series({"a": size}), margin=margin, take=take, icc=icc, response=response).loc["a"]
    assert row["margin"] <= margin * (1 + 1e-9)
    assert row["answers"] == row["clusters"] * take <= row["asked"] * response * (1 + 1e-9)
    fewer = row["answers"] - take
    if fewer > 0:
        spread = 0.25 * size / (size - 1) * row["deff"] * (1 - fewer / size)
        assert 100 * stats.norm.ppf(0.975) * np.sqrt(spread / fewer) > margin * (1 - 1e-9)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"margin": 0}, "the sample cannot be planned: the margin is 0; it must be above zero"),
        ({"margin": 5, "share": 100}, "the sample cannot be planned: p is 1; it must be between 0 and 1"),
        ({"margin": 5, "take": 0.5}, "the sample cannot be planned: a cluster is 0.5; it must be at least 1"),
        ({"margin": 5, "cost_child": 5}, "a cost needs both what a cluster and what a child costs"),
        ({"margin": 5, "response": pd.Series({"KZ-10": 1.0})},
         "the response of KZ-39 is not given; there are KZ-10"),
        ({"margin": 5, "response": 0.0}, "the response is 0; it must be above 0 and at most 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(given: dict[str, float], sentence: str, says: Says) -> None:
    with says(DataError, sentence):
        sample_plan(MANY, **given)


def test_a_small_region_may_have_too_few(says: Says) -> None:
    with says(DataError, "the sample cannot be planned: 476 of 400 would have to be asked in KZ-10"):
        sample_plan(pd.Series({"KZ-10": 400.0}), margin=5, take=14, icc=0.04, response=0.5)


def test_what_was_planned_is_what_a_survey_so_held_shows(found: Estimates) -> None:
    """The likeness found is that of the answers as they were drawn, some 0.04, and gives back the design effects."""
    alike = likeness(found.quality)
    assert len(alike) == 21
    assert 0.02 < alike.median() < 0.06
    rows = found.quality[(found.quality["area"] == "") & (found.quality["sex"] == "") & found.quality["cv"].notna()]
    rows = rows[rows["region"] != "KZ"]
    back = (1 + (rows["n"] / rows["psus"] - 1) * rows["indicator"].map(alike)) * rows["kish"]
    ratio = rows["deff"] / back
    assert ratio.median() == pytest.approx(1, abs=0.06)
    held = as_held(found.quality)
    assert held["icc"] > alike.median()
    assert 0.2 < held["cv_weights"] < 0.5


def test_more_children_make_the_index_no_less_sure(edition: Edition, found: Estimates) -> None:
    table = widths(edition, found, [2000, 8000, 32000], draws=300, rng=np.random.default_rng(1))
    assert list(table.index) == [2000, 8000, 32000]
    for column in ("score_median", "score_most", "rank_median", "rank_most"):
        assert table[column].is_monotonic_decreasing, column
    assert table["told_apart"].is_monotonic_increasing
    assert table["score_median"].to_numpy()[:-1] / table["score_median"].to_numpy()[1:] == pytest.approx(2, abs=0.1)


def test_as_many_as_were_asked_give_the_intervals_of_the_survey(edition: Edition, found: Estimates) -> None:
    answered = found.response.query("region == 'KZ' and area == '' and respondent == 'child'")["answered"].item()
    again = widths(edition, found, [answered], draws=300, rng=np.random.default_rng(1))
    assert again["factor"].item() == pytest.approx(1)
    regions = found.response.query("region != 'KZ' and area == '' and respondent == 'child'").set_index("region")
    shifted = regions["answered"].where(regions.index != regions.index[0], 4 * regions["answered"])
    other = widths(edition, found, [shifted.sum()], draws=300, rng=np.random.default_rng(1), shares=shifted)
    assert other["factor"].item() == pytest.approx(1)
    assert other["score_most"].item() <= again["score_most"].item() + 1e-9


def test_totals_and_shares_that_cannot_be_are_refused(edition: Edition, found: Estimates, says: Says) -> None:
    with says(DataError, "a sample of 0 was asked for; it must be above zero"):
        widths(edition, found, [0], draws=10, rng=np.random.default_rng(1))
    with says(DataError, "the region KZ-11 has no share of the sample above zero"):
        widths(edition, found, [100], draws=10, rng=np.random.default_rng(1), shares=pd.Series({"KZ-10": 1.0}))
