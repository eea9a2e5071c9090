"""What a survey adds: nothing where it says nothing, and what is drawn is what was estimated."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cwi
from cwi.analysis.survey.share import SurveyShare, survey_share, with_survey
from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.preparation import prepare
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.estimates import Estimates, estimate
from cwi.inputs.survey.rounds import PILOT, survey_round

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

SAMPLING = {"factor": {"sampling": {"values": {"error": "sampling"}}}}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return cwi.read_edition(2023)


@pytest.fixture(scope="module")
def found(edition: Edition) -> Estimates:
    definitions = read_survey_definitions("2024.1")
    held = survey_round("", definitions, edition, rng=np.random.default_rng(7))
    return estimate(held.children, held.parents, definitions, year=2023, territory=edition.territory)


@pytest.fixture(scope="module")
def share(edition: Edition, found: Estimates) -> SurveyShare:
    return survey_share(edition, found, draws=400, rng=np.random.default_rng(1))


def test_without_the_survey_the_index_is_that_of_the_edition(edition: Edition, share: SurveyShare) -> None:
    official = edition.scores.of("index")[2023]
    assert share.ranks["without"].to_numpy() == pytest.approx(official.reindex(share.ranks.index).to_numpy())
    assert list(share.ranks.index) == list(edition.regions)
    assert share.measured[0] < share.measured[1]
    assert share.synthetic
    assert (share.ranks["moved"] == share.ranks["rank_without"] - share.ranks["rank_with"]).all()
    assert (share.ranks["moved"] != 0).any()


def test_shares_of_variance_agree_with_the_widths(share: SurveyShare) -> None:
    """Two independent sources of a nearly additive score: squared widths add up, and so do first-order indices."""
    widths = share.sources["score_median"]
    assert widths["both"] ** 2 == pytest.approx(widths["sampling"] ** 2 + widths["weights"] ** 2, rel=0.2)
    first = share.variance[share.variance["output"] == "score"].pivot(index="region", columns="factor", values="first")
    assert first.sum(axis=1).median() == pytest.approx(1, abs=0.12)
    told = widths["sampling"] ** 2 / widths["both"] ** 2
    assert share.share("score") == pytest.approx(told, abs=0.12)
    assert share.share("score", "weights") > share.share("score") > 0.1


def test_drawn_errors_of_an_index_of_one_linear_scale_are_those_of_its_formula(
    edition: Edition, found: Estimates
) -> None:
    """The index is a weighted mean and errors are small: its error is w'Σw, and without covariances far from it."""
    surveyed = with_survey(edition, found)
    scores = surveyed.scores
    drawn, told = (
        simulate(prepare(each, SAMPLING), draws=2000, rng=np.random.default_rng(2))
        for each in (surveyed, replace(surveyed, covariance=None))
    )
    seen, blind, formula = [], [], []
    totals = found.observations[(found.observations["area"] == "") & (found.observations["sex"] == "")]
    for region in ("KZ-10", "KZ-39", "KZ-61"):
        row = drawn.units.index[(drawn.units["region"] == region)][0]
        seen.append(drawn.scores[row].std())
        blind.append(told.scores[row].std())
        slopes = gradient(scores, region)
        se = totals[totals["region"] == region].set_index("indicator")["se"].reindex(slopes.index)
        sigma = pd.DataFrame(np.diag(se**2), slopes.index, slopes.index)
        for pair in found.covariance[found.covariance["region"] == region].itertuples():
            sigma.loc[pair.indicator, pair.other] = sigma.loc[pair.other, pair.indicator] = pair.covariance
        formula.append(np.sqrt(slopes @ sigma @ slopes))
    assert seen == pytest.approx(formula, rel=0.06)
    assert (np.array(blind) < 0.85 * np.array(seen)).all()


def gradient(scores: cwi.Scores, region: str) -> pd.Series:
    """What the index changes by when a survey indicator changes by a point, from the tree of one region."""
    tree = scores.explain(region, 2023)
    table = scores.methodology.indicators.set_index("code")
    above: dict[int, float] = {}
    slopes = {}
    for row in tree.itertuples():
        above[row.depth] = row.share * (above[row.depth - 1] if row.depth else 1.0)
        if row.level == "indicator" and table.at[row.node, "kind"] == "survey" and row.share > 0:
            slopes[row.node] = above[row.depth] * 100 / (table.at[row.node, "best"] - table.at[row.node, "worst"])
    return pd.Series(slopes)


def test_a_pilot_is_compared_among_its_regions(edition: Edition) -> None:
    definitions = read_survey_definitions("2024.1")
    held = survey_round("", definitions, edition, rng=np.random.default_rng(7), pilot=True)
    made = estimate(held.children, held.parents, definitions, year=2023, territory=edition.territory)
    share = survey_share(edition, made, draws=50, rng=np.random.default_rng(1), n=16)
    assert share.regions == edition.regions[:PILOT]
    assert sorted(share.ranks["rank_with"])[-1] <= PILOT
    observations = with_survey(edition, made).observations
    nation = observations[(observations["region"] == "KZ") & (observations["source"] == "synthetic-survey-2023")]
    assert not nation["scored"].any()


def test_a_survey_of_nowhere_is_refused(edition: Edition, found: Estimates, says: Says) -> None:
    rows = found.observations.assign(status="missing", value=np.nan)
    with says(DataError, "the survey of 2023 has no estimate for a region of the edition 2023"):
        with_survey(edition, replace(found, observations=rows))
