"""A whole survey estimated: equal to a survey package, covering a truth that is known, and silent where it must be."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import svy

import cwi
from cwi.analysis.uncertainty.monte_carlo import simulate
from cwi.analysis.uncertainty.preparation import prepare
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.disclosure import attack, undone
from cwi.inputs.survey.estimates import Estimates, estimate, survey_design
from cwi.inputs.survey.population import Population, imagine
from cwi.inputs.survey.recode import item_numbers, recode
from cwi.inputs.survey.records import Limits, Share, SurveyDefinitions
from cwi.inputs.survey.synthetic import Sample, invited, synthesize
from cwi.inputs.survey.weights import Weighting, weigh
from cwi.methods.survey import make_replicates, proportion
from cwi.observations import COLUMNS

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Answers = tuple[pd.DataFrame, pd.DataFrame]

YEAR = 2023
SIX = ["KZ-10", "KZ-19", "KZ-39", "KZ-55", "KZ-71", "KZ-79"]  # two of them cities, all urban
SMALL = Sample(clusters=12, children=(14, 22), younger=(2, 4))
ROUNDS = 16
FIRST = 4
TOTAL = ["region", "indicator"]


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    """With exact figures: how they are rounded for publication is tested in test_rounding_of_estimates.py."""
    definitions = read_survey_definitions("2024.1")
    return replace(definitions, limits=replace(definitions.limits, base=1))


@pytest.fixture(scope="module")
def edition() -> Edition:
    return cwi.read_edition(YEAR)


@pytest.fixture(scope="module")
def population(definitions: SurveyDefinitions, edition: Edition) -> Population:
    return imagine(definitions, edition, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def answers(definitions: SurveyDefinitions, population: Population) -> Answers:
    return synthesize(definitions, population, rng=np.random.default_rng(2), year=YEAR, regions=SIX, sample=SMALL)


@pytest.fixture(scope="module")
def found(answers: Answers, definitions: SurveyDefinitions, edition: Edition) -> Estimates:
    return estimate(*answers, definitions, year=YEAR, territory=edition.territory)


@pytest.fixture(scope="module")
def samples(definitions: SurveyDefinitions, population: Population) -> list[Answers]:
    """Many samples of one population."""
    return [
        synthesize(definitions, population, rng=np.random.default_rng([5, seed]), year=YEAR, regions=SIX, sample=SMALL)
        for seed in range(ROUNDS)
    ]


@pytest.fixture(scope="module")
def rounds(samples: list[Answers], definitions: SurveyDefinitions, edition: Edition) -> list[Estimates]:
    """What each of them says."""
    return [estimate(*both, definitions, year=YEAR, territory=edition.territory) for both in samples]


def totals(found: Estimates, what: str = "observations") -> pd.DataFrame:
    """The rows of regions as wholes."""
    table = getattr(found, what)
    rows = table[(table["area"] == "") & (table["sex"] == "") & table["region"].isin(SIX)]
    return rows.set_index(TOTAL).sort_index()


# ------------------------------------------------------------------ against others


@pytest.mark.parametrize("code", ["life_satisfaction", "food_affordable", "legal_protection"])
def test_a_survey_package_finds_the_same(
    code: str, answers: Answers, found: Estimates, definitions: SurveyDefinitions
) -> None:
    both = pd.concat(answers, ignore_index=True)
    both["y"] = recode(both, definitions)[code]
    frame = pl.from_pandas(both[["region", "stratum", "psu", "weight", "y"]])
    sample = svy.Sample(frame, svy.Design(stratum="stratum", psu="psu", wgt="weight"))
    other = sample.estimation.mean("y", by="region", drop_nulls=True).to_polars().sort("region")
    own = totals(found).xs(code, level="indicator")
    assert own["value"].to_numpy() == pytest.approx(100 * other["est"].to_numpy(), abs=1e-9)
    assert own["se"].to_numpy() == pytest.approx(100 * other["se"].to_numpy(), abs=1e-9)


def test_a_part_of_a_region_by_hand(answers: Answers, found: Estimates, definitions: SurveyDefinitions) -> None:
    """Girls of the villages of one region: the clusters without any of them count as zeros."""
    children = answers[0].assign(y=recode(answers[0], definitions)["clubs_and_sections"])
    rural = children[(children["region"] == "KZ-39") & (children["area"] == "R")]
    girls = rural[(rural["sex"] == "F") & rural["y"].notna()]
    total = girls["weight"].sum()
    value = (girls["weight"] * girls["y"]).sum() / total
    u = (girls["weight"] * (girls["y"] - value) / total).groupby(girls["psu"]).sum()
    u = u.reindex(rural["psu"].unique(), fill_value=0.0)
    row = found.observations.query(
        "region == 'KZ-39' and area == 'R' and sex == 'F' and indicator == 'clubs_and_sections'"
    ).iloc[0]
    assert row["value"] == pytest.approx(100 * value)
    assert row["se"] == pytest.approx(100 * np.sqrt(len(u) * u.var()))
    assert row["n"] == len(girls)


def test_covariances_are_those_of_the_jackknife(
    answers: Answers, found: Estimates, definitions: SurveyDefinitions
) -> None:
    """Between what children say, what parents say, and what a child and a parent say: they share their clusters."""
    both = pd.concat(answers, ignore_index=True)
    design = survey_design(both, weigh(both))
    y = recode(both, definitions)
    made = make_replicates(design, "jackknife")
    for region in ("KZ-10", "KZ-71"):
        here = (both["region"] == region).to_numpy()
        own = y[here].to_numpy()
        weights = made.weights[here].T
        shares = 100 * (weights @ np.nan_to_num(own)) / (weights @ ~np.isnan(own))
        centre = totals(found).loc[region].reindex(y.columns)["value"].to_numpy()
        gaps = (shares - centre) * np.sqrt(made.rscales)[:, None]
        jackknife = pd.DataFrame(gaps.T @ gaps, y.columns, y.columns)
        rows = found.covariance[found.covariance["region"] == region]
        others = np.array([jackknife.at[a, b] for a, b in rows[["indicator", "other"]].to_numpy()])
        assert len(rows) == 210
        assert np.abs(rows["covariance"] - others).max() < 0.06 * np.abs(others).max()
        respondent = {code: share.respondent for code, share in definitions.indicators.items()}
        across = rows["indicator"].map(respondent) != rows["other"].map(respondent)
        assert np.corrcoef(rows["covariance"][across], others[across])[0, 1] > 0.999
        assert (np.abs(rows["covariance"][across]) > 0.1).any()


# ------------------------------------------------------------------ against the truth


def gaps(rounds: list[Estimates], population: Population) -> tuple[np.ndarray, np.ndarray]:
    """Estimates less the truth and their errors, (samples, regions, indicators)."""
    truth = population.in_year(YEAR).loc[SIX]
    values, errors = (
        np.stack([totals(one)[name].unstack()[truth.columns].to_numpy() for one in rounds]) for name in ("value", "se")
    )
    return values - truth.to_numpy(), errors


def test_intervals_cover_the_truth_as_often_as_they_say(rounds: list[Estimates], population: Population) -> None:
    truth = population.truth(YEAR)
    key = ["region", "area", "sex", "indicator"]
    held = [
        (row["low"] <= row["value"]) & (row["value"] <= row["high"])
        for one in rounds
        for row in [one.quality[one.quality["region"].isin(SIX)].drop(columns="se").merge(truth, on=key).dropna()]
    ]
    every = pd.concat(held)
    assert len(every) > 10_000
    assert 0.93 <= every.mean() <= 0.97
    deviations, errors = gaps(rounds, population)
    assert np.sqrt((errors**2).mean()) == pytest.approx(np.sqrt((deviations**2).mean()), rel=0.06)


def across(found: Estimates, definitions: SurveyDefinitions, good: pd.Series) -> float:
    """The mean correlation of a child's and a parent's indicator in one region, both turned so that more is better."""
    rows = found.covariance[found.covariance["region"].isin(SIX)]
    respondent = {code: share.respondent for code, share in definitions.indicators.items()}
    rows = rows[rows["indicator"].map(respondent) != rows["other"].map(respondent)]
    se = totals(found)["se"]
    sizes = [se.reindex(pd.MultiIndex.from_frame(rows[["region", name]])).to_numpy() for name in ("indicator", "other")]
    signs = rows["indicator"].map(good) * rows["other"].map(good)
    return float((rows["covariance"] * signs / (sizes[0] * sizes[1])).mean())


def test_children_and_parents_of_a_region_err_together(
    samples: list[Answers],
    rounds: list[Estimates],
    population: Population,
    definitions: SurveyDefinitions,
    edition: Edition,
) -> None:
    """Over many samples the products of standardised errors are as the covariances say; whoever takes the clusters of
    parents for others than those of children finds nothing between them."""
    deviations, errors = gaps(rounds, population)
    good = population.good.to_numpy()
    z = deviations / errors * good
    child = np.array([share.respondent == "child" for share in definitions.indicators.values()])
    products = z[..., child].mean(axis=-1) * z[..., ~child].mean(axis=-1)
    told = np.mean([across(one, definitions, population.good) for one in rounds])
    assert abs(told - products.mean()) < 3 * products.std() / np.sqrt(products.size)
    assert told > 0.05
    children, parents = samples[0]
    apart = estimate(
        children, parents.assign(psu="parents " + parents["psu"]), definitions, year=YEAR, territory=edition.territory
    )
    assert abs(across(apart, definitions, population.good)) < 0.02


def test_whoever_forgets_the_clusters_is_too_sure(
    samples: list[Answers], definitions: SurveyDefinitions, population: Population, edition: Edition
) -> None:
    forgetful = [
        estimate(*(table.assign(psu=table["id"]) for table in one), definitions, year=YEAR, territory=edition.territory)
        for one in samples[:FIRST]
    ]
    deviations, errors = gaps(forgetful, population)
    assert (np.abs(deviations) < 1.96 * errors).mean() < 0.90


# ------------------------------------------------------------------ what the tables hold


def test_the_observations_have_the_schema_of_all_others(found: Estimates, definitions: SurveyDefinitions) -> None:
    rows = found.observations
    assert tuple(rows.columns) == COLUMNS
    assert not rows.duplicated(["region", "year", "indicator", "sex", "area"]).any()
    assert set(rows["source"]) == {f"synthetic-survey-{YEAR}"}
    assert rows["note"].str.startswith("synthetic").all()
    assert rows["value"].dropna().between(0, 100).all()
    assert rows["value"].notna().eq(rows["status"].isin(["derived", "partial"])).all()
    for code, share in definitions.indicators.items():
        own = rows[(rows["indicator"] == code) & rows["value"].notna()]
        assert (own["area"] != "").any() == ("area" in share.domain)
        assert (own["sex"] != "").any() == ("sex" in share.domain)
    quality = found.quality.merge(rows, on=["region", "year", "indicator", "sex", "area"], suffixes=("", "_told"))
    assert len(quality) == len(rows)
    assert quality["se"].equals(quality["se_told"])
    told = quality[quality["value"].notna()]
    assert ((told["low"] <= told["value"]) & (told["value"] <= told["high"])).all()
    assert told["cv"].to_numpy() == pytest.approx((100 * told["se"] / told["value"]).to_numpy())


def test_a_survey_of_some_regions_says_nothing_of_the_country(found: Estimates, edition: Edition) -> None:
    rows = found.observations.set_index("region")
    assert set(rows.loc["KZ", "status"]) == {"partial"}
    assert set(rows.loc["KZ-75", "status"]) == {"missing"}
    assert set(rows.loc["KZ-75", "note"]) == {"synthetic, nobody answered"}
    assert set(rows.index) == {"KZ", *edition.regions}


def test_the_same_in_whatever_order_the_respondents_stand(
    answers: Answers, found: Estimates, definitions: SurveyDefinitions, edition: Edition
) -> None:
    mixed = [table.sample(frac=1, random_state=1) for table in answers]
    other = estimate(*mixed, definitions, year=YEAR, territory=edition.territory)
    for name in ("observations", "covariance", "quality", "reliability", "response"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(other, name), rtol=1e-9)


def test_only_children_answered(
    answers: Answers, found: Estimates, definitions: SurveyDefinitions, edition: Edition
) -> None:
    alone = estimate(answers[0], None, definitions, year=YEAR, territory=edition.territory)
    of_parents = [code for code, share in definitions.indicators.items() if share.respondent == "parent"]
    rows = alone.observations
    assert set(rows.loc[rows["indicator"].isin(of_parents), "status"]) == {"missing"}
    assert not alone.covariance[["indicator", "other"]].isin(of_parents).any(axis=None)
    assert set(alone.response["respondent"]) == {"child"}
    own = totals(alone).dropna(subset="value")
    assert own["value"].to_numpy() == pytest.approx(totals(found).loc[own.index, "value"].to_numpy())


def test_a_region_in_which_all_say_the_same_has_no_error_to_carry(
    answers: Answers, definitions: SurveyDefinitions, edition: Edition
) -> None:
    children = answers[0].copy()
    children.loc[children["region"] == "KZ-39", "life_satisfaction"] = 9
    same = estimate(children, answers[1], definitions, year=YEAR, territory=edition.territory)
    row = totals(same).loc[("KZ-39", "life_satisfaction")]
    assert (row["value"], row["se"]) == (100.0, 0.0)
    assert row["note"] == "synthetic, all answer alike: no error can be estimated"
    interval = totals(same, "quality").loc[("KZ-39", "life_satisfaction")]
    assert 95 < interval["low"] < interval["high"] == 100
    assert interval["flag"] == "no error"
    rows = same.observations[same.observations["region"].isin(SIX)]
    everything = pd.concat([edition.base, rows.assign(scored=rows["status"] == "derived")])
    sampling = {"factor": {"sampling": {"values": {"error": "sampling"}}}}
    assert same.covariance is not None
    covariance = same.covariance[same.covariance["region"].isin(SIX)]
    plan = prepare(replace(edition, base=everything, covariance=covariance), sampling)
    drawn = simulate(plan, draws=200, rng=np.random.default_rng(1))
    widths = drawn.summary(YEAR).eval("score_p95 - score_p5")
    assert (widths[SIX] > 0.3).all()
    assert (widths.drop(SIX) == 0).all()


# ------------------------------------------------------------------ what must not be told


def test_a_small_region_is_hidden_everywhere(
    answers: Answers, definitions: SurveyDefinitions, edition: Edition
) -> None:
    """Forty children of one region: what is sensitive needs fifty, parts of the region need twenty-five."""
    children = answers[0]
    few = children["region"].ne("KZ-39") | (children.groupby("psu").cumcount() < 2)
    kept = children[few & children["region"].isin(SIX[:4])]
    made = estimate(kept, None, definitions, year=YEAR, territory=edition.territory)
    rows, key = made.observations, ["region", "indicator", "area", "sex"]
    hidden = rows[rows["status"] == "suppressed"]
    assert {"bullying", "violence_experienced"} <= set(hidden.loc[hidden["area"] == "", "indicator"])
    assert hidden[["value", "se", "n"]].isna().all(axis=None)
    quality = made.quality.merge(hidden[key], on=key)
    assert quality[["n", "psus", "df", "se", "cv", "deff", "kish", "low", "high"]].isna().all(axis=None)
    assert set(quality["flag"]) == {"suppressed"}
    pairs = set(map(tuple, hidden.loc[(hidden["area"] == "") & (hidden["sex"] == ""), TOTAL].to_numpy()))
    for name in ("indicator", "other"):
        assert not pairs & set(map(tuple, made.covariance[["region", name]].to_numpy()))
    assert (rows["note"].str.contains("few answers (25-49)", regex=False)).any()
    areas = made.response[made.response["area"] != ""]
    assert (areas["answered"] >= 25).all()


def test_what_is_hidden_cannot_be_worked_out(
    answers: Answers, definitions: SurveyDefinitions, edition: Edition
) -> None:
    """An intruder who knows the population attacks the published table; where only the small cells are hidden, they
    follow from the totals."""
    children = answers[0]
    kept = children[children["region"].isin(SIX[:3])]
    kept = kept[kept["region"].ne("KZ-39") | (kept.groupby("psu").cumcount() < 2)].reset_index(drop=True)
    rows = estimate(kept, None, definitions, year=YEAR, territory=edition.territory).observations
    rows = rows[(rows["indicator"] == "clubs_and_sections") & (rows["status"] != "missing")]
    told = kept[recode(kept, definitions)["clubs_and_sections"].notna()]
    weight = [
        told.loc[
            ((told["region"] == row.region) | (row.region == "KZ"))
            & ((told["area"] == row.area) | (row.area == ""))
            & ((told["sex"] == row.sex) | (row.sex == "")),
            "weight",
        ].sum()
        for row in rows.itertuples()
    ]
    published = rows.assign(weight=weight)
    hidden = published["status"] == "suppressed"
    assert hidden.sum() > 4
    close = undone(attack(published, nation="KZ"), definitions.limits)
    assert "KZ-39" not in set(close["region"])  # of others, hidden only to protect these, more may be known
    small = published["region"].eq("KZ-39") & published["area"].ne("")
    bare = published.assign(status=published["status"].where(small & hidden, "derived"))
    values = estimate(kept, None, replace(definitions, limits=Limits(1, 1, 1, 1e-6, 1), indicators=eased(definitions)),
                      year=YEAR, territory=edition.territory).observations  # fmt: skip
    key = ["region", "indicator", "area", "sex"]
    known = bare[[*key, "status", "weight"]].merge(values[[*key, "value", "n"]], on=key)
    known[["value", "n"]] = known[["value", "n"]].where(known["status"] != "suppressed")
    assert "KZ-39" in set(undone(attack(known, nation="KZ"), definitions.limits)["region"])


def eased(definitions: SurveyDefinitions) -> dict[str, Share]:
    """Indicators of which everything is told."""
    return {code: replace(share, smallest_n=1) for code, share in definitions.indicators.items()}


# ------------------------------------------------------------------ response, scales, weights


def test_response_counts_who_was_asked_and_who_answered(
    answers: Answers, population: Population, definitions: SurveyDefinitions, edition: Edition
) -> None:
    asked = invited(*answers, population, rng=np.random.default_rng(2), regions=SIX, sample=SMALL)
    made = estimate(*answers, definitions, year=YEAR, territory=edition.territory, invited=asked)
    table = made.response.set_index(["region", "area", "respondent"])
    assert table.loc[("KZ", "", "child"), "answered"] == len(answers[0])
    assert table.loc[("KZ", "", "child"), "invited"] == asked.query("respondent == 'child'")["invited"].sum()
    assert table.loc[("KZ", "U", "child"), "rate"] == pytest.approx(82, abs=2.5)  # as the sample was drawn
    assert table.loc[("KZ", "R", "child"), "rate"] == pytest.approx(90, abs=2.5)
    assert (table["rate"] <= 100).all()
    plain = estimate(*answers, definitions, year=YEAR, territory=edition.territory).response
    assert plain["invited"].isna().all()
    assert plain["answered"].tolist() == made.response["answered"].tolist()


def test_reliability_of_scales(answers: Answers, found: Estimates, definitions: SurveyDefinitions) -> None:
    table = found.reliability.set_index("scale")
    assert list(table.index) == list(definitions.scales)
    assert ((table["low"] < table["alpha"]) & (table["alpha"] < table["high"])).all()
    items = item_numbers(answers[0], definitions, definitions.scales["friends_support"].items).dropna()
    k, w = items.shape[1], answers[0].loc[items.index, "weight"]
    matrix = np.cov(items.T, aweights=w)
    alpha = k / (k - 1) * (1 - np.trace(matrix) / matrix.sum())
    assert table.at["friends_support", "alpha"] == pytest.approx(alpha)
    assert table.at["friends_support", "n"] == len(items)


def test_weights_stand_for_the_silent_and_meet_what_is_known(
    answers: Answers, definitions: SurveyDefinitions, edition: Edition
) -> None:
    children = answers[0]
    cells = children.groupby(["region", "area", "sex"]).size().rename("persons").reset_index()
    known = cells.assign(respondent="child", persons=1000.0 + 10 * cells.index)
    asked = children.groupby(["respondent", "region", "area"]).size().rename("invited").reset_index()
    asked["invited"] *= 2
    made = weigh(children, Weighting(invited=asked, largest=3.0, totals=[known]))
    sums = children.assign(w=made.weights).groupby(["region", "area", "sex"])["w"].sum()
    assert sums.to_numpy() == pytest.approx(known["persons"].to_numpy())
    steps = made.record.set_index("step")
    assert list(steps.index) == ["non-response", "trimming", "calibration"]
    assert steps.at["non-response", "after"] == pytest.approx(2 * steps.at["non-response", "before"])
    assert steps.loc["non-response", ["least", "largest"]].tolist() == pytest.approx([2, 2])
    assert steps.at["trimming", "after"] == pytest.approx(steps.at["trimming", "before"])
    assert steps.at["calibration", "after"] == pytest.approx(known["persons"].sum())
    sex = known.groupby(["respondent", "region", "sex"], as_index=False)["persons"].sum()
    area = known.groupby(["respondent", "region", "area"], as_index=False)["persons"].sum()
    raked = children.assign(w=weigh(children, Weighting(totals=[sex, area])).weights)
    for margin, name in ((sex, "sex"), (area, "area")):
        sums = raked.groupby(["region", name])["w"].sum()
        assert sums.to_numpy() == pytest.approx(margin["persons"].to_numpy())
    calibrated = estimate(
        children, None, definitions, year=YEAR, territory=edition.territory, weighting=Weighting(totals=[known])
    )
    assert calibrated.weighting["step"].tolist() == ["calibration"]


def test_trimmed_weights_vary_less(answers: Answers) -> None:
    made = weigh(answers[1], Weighting(largest=1.5))
    own = answers[1].assign(w=made.weights)
    ratio = own["w"] / own.groupby("region")["w"].transform("mean")
    assert ratio.max() <= 1.5 * (1 + 1e-9)
    row = made.record.iloc[0]
    assert row["effect_after"] < row["effect_before"]
    assert own.groupby("region")["w"].sum().to_numpy() == pytest.approx(
        answers[1].groupby("region")["weight"].sum().to_numpy()
    )


def test_what_is_known_of_the_population_makes_errors_smaller_where_it_explains() -> None:
    """Sex explains the answer wholly: with the numbers of girls and boys known, nothing is left to chance."""
    rng = np.random.default_rng(3)
    n = 400
    people = pd.DataFrame({
        "respondent": "child", "region": "KZ-10", "area": "U", "stratum": "a", "psu": np.arange(n).astype(str),
        "sex": np.where(rng.random(n) < 0.5, "F", "M"), "weight": 10.0,
    })  # fmt: skip
    known = pd.DataFrame({"respondent": "child", "sex": ["F", "M"], "persons": [2100.0, 1900.0]})
    y = (people["sex"] == "F").to_numpy(float)
    design = survey_design(people, weigh(people, Weighting(totals=[known])))
    exact = proportion(y, design)
    assert exact.estimate.item() == pytest.approx(0.525)
    assert exact.se.item() == pytest.approx(0, abs=1e-12)
    assert proportion(y, survey_design(people, weigh(people))).se.item() > 0.02


# ------------------------------------------------------------------ what is refused


def test_a_stratum_of_one_cluster_needs_a_rule(
    answers: Answers, found: Estimates, definitions: SurveyDefinitions, edition: Edition, says: Says
) -> None:
    children = answers[0]
    rural = children["stratum"] == "KZ-39-R"
    one = children[~rural | (children["psu"] == children.loc[rural, "psu"].iloc[0])]
    with says(
        DataError,
        "the stratum 'KZ-39-R' has one cluster only, so its variance cannot be estimated; choose the rule: "
        "lonely = certainty, centre or collapse",
    ):
        estimate(one, None, definitions, year=YEAR, territory=edition.territory)
    with says(
        DataError,
        "there is no rule 'merge' for a stratum of one cluster; there are error, certainty, centre, collapse",
    ):
        estimate(one, None, definitions, year=YEAR, territory=edition.territory, lonely="merge")
    made = {
        rule: totals(estimate(one, None, definitions, year=YEAR, territory=edition.territory, lonely=rule), "quality")
        for rule in ("certainty", "centre", "collapse")
    }
    here, elsewhere = ("KZ-39", "life_satisfaction"), ("KZ-19", "life_satisfaction")
    assert made["certainty"].loc[here, "se"] < made["centre"].loc[here, "se"]
    assert made["collapse"].loc[here, "df"] == SMALL.clusters  # one stratum of the towns' clusters and the lonely one
    for table in made.values():  # collapsing stays in the region
        assert table.loc[elsewhere, "se"] == pytest.approx(totals(found).loc[elsewhere, "se"])


def test_where_every_stratum_is_one_cluster_taken_for_certain_nothing_is_known_of_the_error(
    answers: Answers, definitions: SurveyDefinitions, edition: Edition
) -> None:
    children = answers[0]
    first = children.groupby("stratum")["psu"].transform("first")
    one = children[children["region"].ne("KZ-71") | (children["psu"] == first)]
    one = pd.concat([one[one["region"] != "KZ-71"], *[one[one["region"] == "KZ-71"]] * 2], ignore_index=True)
    made = estimate(one, None, definitions, year=YEAR, territory=edition.territory, lonely="certainty")
    row = totals(made).loc[("KZ-71", "life_satisfaction")]
    assert row["note"].endswith("one cluster a stratum: no error can be estimated")
    assert totals(made, "quality").loc[("KZ-71", "life_satisfaction"), "flag"] == "no error"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda t: t.drop(columns="psu"),
            "answers of child: the column 'psu' is missing; there are synthetic, id, household",
        ),
        (lambda t: t.assign(weight=t["weight"].where(t.index != 4)), "answers of child, row 4: 'weight' is empty"),
        (lambda t: t.assign(year=2022), "answers of child, row 0: the year is 2022, not 2023"),
        (lambda t: t.assign(region="KZ-VOS"), "answers of child: 2023 had no region 'KZ-VOS'"),
        (lambda t: t.assign(psu="P1"), "the cluster 'P1' is in the strata 'KZ-10-R' and 'KZ-10-U' and 'KZ-19-R'"),
        (lambda t: t.iloc[:0], "there are no answers, neither of children nor of parents"),
    ],
)
def test_answers_that_no_design_can_be_made_of_are_refused(
    answers: Answers,
    definitions: SurveyDefinitions,
    edition: Edition,
    spoil: Callable[[pd.DataFrame], pd.DataFrame],
    sentence: str,
) -> None:
    with pytest.raises(DataError) as refused:
        estimate(spoil(answers[0]), None, definitions, year=YEAR, territory=edition.territory)
    assert str(refused.value).startswith(sentence)


ASKED = pd.DataFrame({"respondent": "child", "region": "KZ-10", "area": ["R", "U"], "invited": [20, 10]})
KNOWN = pd.DataFrame({"respondent": "child", "area": ["R", "U"], "persons": [200.0, 100.0]})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (Weighting(invited=ASKED.iloc[:1]),
         "invited: there is no row for child, KZ-10, U, whom respondents belong to"),
        (Weighting(invited=ASKED.assign(invited=[20, 1])),
         "in the class child, KZ-10, U 2 answered and 1 were invited; who was not invited cannot answer"),
        (Weighting(invited=ASKED.assign(invited=[20, 11])),
         "in the class child, KZ-10, U 2 of 11 answered, too few to represent the others; join it with a similar "
         "class"),
        (Weighting(invited=ASKED.drop(columns="area")),
         "invited: the column 'area' is missing; there are respondent, region, invited"),
        (Weighting(invited=ASKED.assign(invited=[20, 0])),
         "invited: child, KZ-10, U has 0 in the column 'invited'; it must be a number above zero"),
        (Weighting(largest=0.5), "the largest weight is 0.5 times the mean; it must be above 1"),
        (Weighting(totals=[KNOWN.rename(columns={"area": "aera"})]),
         "totals: there is no column 'aera' (did you mean 'area'?); there are respondent, region, area, sex, persons"),
        (Weighting(totals=[pd.concat([KNOWN, KNOWN])]), "totals: child, R is listed twice"),
        (Weighting(totals=[KNOWN, pd.DataFrame({"respondent": "child", "sex": ["F", "M"], "persons": [200.0, 200.0]})]),
         "totals: margin 1 has 400 persons and margin 0 has 300; they must agree"),
        (Weighting(totals=[pd.DataFrame({"respondent": "child", "sex": ["F", "M"], "area": "U", "persons": 9.0})]),
         "totals: there is no row for child, R, F, whom respondents belong to"),
        (Weighting(totals=[pd.concat([KNOWN.assign(sex="F"), KNOWN.assign(sex="M")])]),
         "totals: child, U, M has 100 persons and nobody answered; join it with another"),
    ],
)  # fmt: skip
def test_weighting_that_does_not_fit_is_refused(given: Weighting, sentence: str, says: Says) -> None:
    people = pd.DataFrame({
        "respondent": "child", "region": "KZ-10", "area": list("RRRRRRUU"), "sex": list("FMFMFMFF"), "weight": 10.0,
    })  # fmt: skip
    with says(DataError, sentence):
        weigh(people, given)


def test_definitions_with_another_limit_are_obeyed(
    answers: Answers, definitions: SurveyDefinitions, edition: Edition
) -> None:
    strict = replace(
        definitions,
        indicators={code: replace(share, domain=("region",)) for code, share in definitions.indicators.items()},
    )
    made = estimate(*answers, strict, year=YEAR, territory=edition.territory)
    assert set(made.observations["area"]) == set(made.observations["sex"]) == {""}
