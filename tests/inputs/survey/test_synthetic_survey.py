"""The imagined population keeps what was published, its truth is true, and samples of it behave as a survey's."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import cwi
from cwi import folders
from cwi.edition import Edition
from cwi.errors import DataError
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.population import Population, imagine, read_published_shares, read_traits
from cwi.inputs.survey.recode import item_numbers, recode
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.inputs.survey.synthetic import Sample, synthesize

pytestmark = pytest.mark.slow  # its fixtures take seconds

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
SMALL = Sample(clusters=10, children=(12, 24), younger=(2, 5))
DRAWS = 12


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.fixture(scope="module")
def edition() -> Edition:
    return cwi.read_edition(2023)


@pytest.fixture(scope="module")
def population(definitions: SurveyDefinitions, edition: Edition) -> Population:
    return imagine(definitions, edition, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def samples(definitions: SurveyDefinitions, population: Population) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Answers of both kinds of respondent with their indicators, a pair a draw."""
    found = []
    for seed in range(DRAWS):
        children, parents = synthesize(
            definitions, population, rng=np.random.default_rng([7, seed]), year=2023, sample=SMALL
        )
        both = pd.concat([children, parents], ignore_index=True)
        found.append((both, recode(both, definitions)))
    return found


def test_what_was_published_holds_in_the_population(
    definitions: SurveyDefinitions, population: Population, edition: Edition
) -> None:
    published = read_published_shares(definitions, [edition.territory.nation, *edition.regions])
    people = population.people["children"]
    assert len(published) == 12
    for code, rows in published.groupby("indicator"):
        known = rows.set_index("region")["value"]
        shares = population.shares[str(code)]
        assert shares[known.drop("KZ").index].tolist() == known.drop("KZ").tolist()
        assert shares.drop(known.index, errors="ignore").max() < known.drop("KZ").min()
        assert (shares * people).sum() / people.sum() == pytest.approx(known["KZ"], abs=0.01)


def test_regions_differ_as_what_was_measured_in_them(population: Population, edition: Edition) -> None:
    table = edition.observations
    table = table[(table["sex"] == "") & (table["area"] == "") & (table["year"] == 2023)]
    poverty = table[table["indicator"] == "poverty"].set_index("region")["value"]
    together = population.shares.corrwith(poverty.reindex(population.shares.index), method="spearman")
    assert together["food_affordable"] < -0.4
    assert together["healthy_diet"] < -0.3


def test_the_truth_of_a_region_is_its_share_and_the_mix_of_its_parts(population: Population) -> None:
    truth = population.truth(2023).set_index(["indicator", "region", "area", "sex"])["value"]
    for code, share in population.definitions.indicators.items():
        total = truth[code].xs(("", ""), level=("area", "sex"))
        assert total.to_numpy() == pytest.approx(population.in_year(2023)[code].to_numpy(), abs=1e-6)
        if share.respondent == "child":
            for region, urban in population.people["urban"].items():
                town = (truth[code, region, "U", "F"] + truth[code, region, "U", "M"]) / 2
                village = town if urban == 1 else (truth[code, region, "R", "F"] + truth[code, region, "R", "M"]) / 2
                assert urban * town + (1 - urban) * village == pytest.approx(total[region], abs=1e-6)
    assert ("feeling_low", "KZ-71", "R", "") not in truth.index  # the capital has no villages
    assert (truth["feeling_low"].xs("F", level="sex") > truth["feeling_low"].xs("M", level="sex")).all()


def test_shares_change_from_year_to_year_by_what_is_imagined(population: Population) -> None:
    change = (population.in_year(2024) - population.in_year(2023)).mean()
    meant = pd.Series({code: trait.change for code, trait in population.traits.items()})
    assert (np.sign(change) == np.sign(meant)).mean() > 0.9
    assert change.abs().between(0.05, 2.5).all()


def test_the_same_seed_gives_the_same_answers(definitions: SurveyDefinitions, population: Population) -> None:
    def drawn(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        return synthesize(definitions, population, rng=np.random.default_rng(seed), year=2023, regions=["KZ-39"])

    for first, second, other in zip(drawn(1), drawn(1), drawn(2), strict=True):
        pd.testing.assert_frame_equal(first, second)
        assert not first["weight"].reset_index(drop=True).equals(other["weight"].reset_index(drop=True))


def test_every_row_says_synthetic_and_the_design_is_as_drawn(
    definitions: SurveyDefinitions, population: Population, samples: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    both = samples[0][0]
    assert set(both["synthetic"]) == {"synthetic"}
    assert both["id"].is_unique
    assert both["id"].str.startswith("synthetic-").all()
    assert both["source"].str.startswith("synthetic").all()
    design = both.groupby("stratum")["psu"].nunique()
    assert len(design) == 37  # seventeen regions with villages, three cities
    assert set(design) == {SMALL.clusters, 2 * SMALL.clusters}
    assert (both.groupby("psu")["stratum"].nunique() == 1).all()
    children = both[both["respondent"] == "child"]
    assert children["age"].between(10, 17).all()
    total = children.groupby("region")["weight"].sum().to_numpy()
    assert total == pytest.approx(population.people["children"].to_numpy(), rel=1e-4)
    assert children["weight"].std() / children["weight"].mean() > 0.4
    parents = both[both["respondent"] == "parent"]
    assert (parents["age"] < 10).any()
    joined = parents.merge(children, on="household")
    assert 0.8 < len(joined) / len(children) < 1
    assert (joined["age_x"] == joined["age_y"]).all()


def test_the_full_sample_is_of_the_size_of_a_national_survey(
    definitions: SurveyDefinitions, population: Population
) -> None:
    children, parents = synthesize(definitions, population, rng=np.random.default_rng(3), year=2024)
    assert 15_000 <= len(children) <= 20_000
    assert 15_000 <= len(parents) <= 25_000


def test_a_pilot_is_held_where_it_is_said(definitions: SurveyDefinitions, population: Population, says: Says) -> None:
    ten = list(population.people.index[:10])
    children, parents = synthesize(
        definitions, population, rng=np.random.default_rng(3), year=2021, regions=ten, sample=SMALL
    )
    assert set(children["region"]) == set(parents["region"]) == set(ten)
    assert set(children["year"]) == {2021}
    with says(
        DataError,
        "the population has no region 'KZ-99' (did you mean 'KZ-79'?); there are " + ", ".join(population.people.index),
    ):
        synthesize(definitions, population, rng=np.random.default_rng(3), year=2021, regions=["KZ-99"])


def test_difficult_questions_are_refused_more_often_and_skips_are_kept(
    definitions: SurveyDefinitions, samples: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    both = samples[0][0]
    for item in definitions.items.values():
        answers = both.loc[both["respondent"] == item.respondent, item.code]
        assert set(answers) <= {response.code for response in item.responses}
        silent = answers.isin([98, 99]).mean()
        assert (0.03 < silent < 0.09) if item.sensitive else (silent < 0.045), item.code
    children = both[both["respondent"] == "child"]
    assert ((children["school_satisfaction"] == 5) == (children["school_glad"] == 95)).all()
    assert ((children["friends_support"] == 6) == (children["friends_listen"] == 95)).all()
    parents = both[both["respondent"] == "parent"]
    assert ((parents["age"] < 6) == (parents["school_things_affordable"] == 95)).all()


def test_items_of_a_scale_hang_together(
    definitions: SurveyDefinitions, samples: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    numbers = item_numbers(samples[0][0], definitions)
    for scale in definitions.scales.values():
        x = numbers[list(scale.items)].dropna()
        k = x.shape[1]
        alpha = k / (k - 1) * (1 - x.var().sum() / x.sum(axis=1).var())
        assert 0.65 < alpha < 0.88, scale.code


def test_those_of_one_cluster_are_alike(
    definitions: SurveyDefinitions, samples: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    found = {code: [] for code in definitions.indicators}
    for both, indicators in samples[:4]:
        for code in indicators:
            rows = both[["stratum", "psu"]].assign(y=indicators[code]).dropna()
            found[code].append(likeness(rows))
    mean = pd.DataFrame(found).mean()
    assert mean.between(0.015, 0.10).all(), mean
    assert 0.03 < mean.mean() < 0.08


def likeness(rows: pd.DataFrame) -> float:
    """Intra-cluster correlation by the analysis of variance, within strata."""
    own = rows["y"] - rows.groupby("psu")["y"].transform("mean")
    between = rows.groupby("psu")["y"].transform("mean") - rows.groupby("stratum")["y"].transform("mean")
    clusters, strata = rows["psu"].nunique(), rows["stratum"].nunique()
    within = (own**2).sum() / (len(rows) - clusters)
    among = (between**2).sum() / (clusters - strata)
    size = len(rows) / clusters
    return float((among - within) / (among + (size - 1) * within))


def test_estimates_lie_around_the_truth_and_intervals_cover_it(
    population: Population, samples: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    """Twelve samples, twenty regions, every third indicator; intervals that forget the clusters cover too rarely."""
    truth = population.in_year(2023)
    z, naive = [], []
    for both, indicators in samples:
        for code in indicators.columns[::3]:
            value, se, simple = estimates(both, indicators[code])
            z.append(((value - truth[code]) / se).to_numpy())
            naive.append(((value - truth[code]) / simple).to_numpy())
    deviations, forgetful = np.array(z).ravel(), np.array(naive).ravel()
    assert len(deviations) == DRAWS * 20 * 7
    assert abs(deviations.mean()) < 0.2
    assert 0.915 < (np.abs(deviations) < 2.03).mean() < 0.965  # some 35 degrees of freedom, shares near the ends
    assert (np.abs(forgetful) < 1.96).mean() < 0.90


def estimates(both: pd.DataFrame, y: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Weighted shares by region in per cent, their linearised errors, and those of a simple random sample."""
    rows = both[["region", "stratum", "psu", "weight"]].assign(y=100 * y).dropna()
    rows["wy"] = rows["weight"] * rows["y"]
    total = rows.groupby("region")["weight"].sum()
    value = rows.groupby("region")["wy"].sum() / total
    rows["u"] = rows["weight"] * (rows["y"] - rows["region"].map(value)) / rows["region"].map(total)
    clusters = rows.groupby(["region", "stratum", "psu"])["u"].sum().groupby(level=["region", "stratum"])
    m = clusters.size()
    variance = (m * clusters.var()).groupby(level="region").sum()
    simple = np.sqrt(value * (100 - value) / rows.groupby("region").size())
    return value, np.sqrt(variance), simple


def test_by_town_and_sex_estimates_lie_around_the_truth(
    population: Population, samples: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    truth = population.truth(2023).set_index(["indicator", "area", "sex", "region"])["value"].sort_index()
    people = population.people["children"]
    for code in ("trust_in_family", "legal_protection", "friends_support", "clubs_and_sections", "feeling_low"):
        for area, sex in (("U", "F"), ("R", "M")):
            gaps = []
            for both, indicators in samples:
                rows = both.assign(y=100 * indicators[code])
                rows = rows[(rows["area"] == area) & (rows["sex"] == sex) & rows["y"].notna()]
                by_region = rows.assign(wy=rows["y"] * rows["weight"]).groupby("region")[["wy", "weight"]].sum()
                gaps.append(by_region["wy"] / by_region["weight"] - truth[code, area, sex])
            table = pd.DataFrame(gaps)
            mean = (table * people).sum(axis=1) / people[table.columns].sum()
            assert abs(mean.mean()) < 4 * mean.std() / np.sqrt(DRAWS) + 0.1, (code, area, sex)


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("2024.1/synthetic.csv", "\nbullying,11,", "\nbullyng,11,", "data/survey/2024.1/synthetic.csv line 16: the "
         "survey has no indicator 'bullyng' (did you mean 'bullying'?); there are life_satisfaction, feeling_low, "
         "loneliness, healthy_diet, reading_for_pleasure, problem_solving, trust_in_family, time_with_parents, "
         "food_affordable, own_books_and_desk, clubs_and_sections, family_friendly_employer, friends_support, "
         "school_belonging, bullying, school_satisfaction, health_care_access, legal_protection, "
         "play_and_sports_places, safe_way_to_school, and 1 more"),
        ("2024.1/synthetic.csv", "\nbullying,11,3.0,", "\nbullying,11,wide,",
         "data/survey/2024.1/synthetic.csv line 16: spread is 'wide', which cannot be used"),
        ("2024.1/synthetic.csv", ",0.03 0.20 0.45,", ",0.03 0.20,",
         "data/survey/2024.1/synthetic.csv line 8: apart is '0.03 0.20', which cannot be used"),
        ("2024.1/synthetic.csv", "poverty 0.3 unemployment 0.2", "poverty 0.3 rain 0.2",
         "data/survey/2024.1/synthetic.csv line 16: drivers is 'poverty 0.3 rain 0.2', which cannot be used"),
        ("published_results.csv", "KZ-79,2024 round,88.7", "KZ-79,2024 round,887",
         "data/survey/published_results.csv line 4: value is '887', which is no share in per cent"),
        ("published_results.csv", "KZ-79,2024 round,88.7", "Shymkent,2024 round,88.7",
         "data/survey/published_results.csv line 4: region is 'Shymkent'; there are KZ, KZ-39, KZ-43, KZ-47, "
         "KZ-62, KZ-71, KZ-79"),
    ],
)  # fmt: skip
def test_spoiled_tables_are_refused(
    definitions: SurveyDefinitions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    says: Says,
    name: str,
    old: str,
    new: str,
    sentence: str,
) -> None:
    shutil.copytree(folders.data() / "survey", tmp_path / "data" / "survey")
    path = tmp_path / "data" / "survey" / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8", newline="\n")
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    with says(DataError, sentence):
        if name.startswith("published"):
            read_published_shares(definitions, ["KZ", "KZ-39", "KZ-43", "KZ-47", "KZ-62", "KZ-71", "KZ-79"])
        else:
            read_traits(definitions)


def test_a_rule_whose_truth_has_no_formula_is_refused(population: Population, says: Says) -> None:
    share = replace(population.definitions.indicators["trust_in_family"], minimum=1)
    other = replace(
        population, definitions=replace(population.definitions, indicators={"trust_in_family": share})
    )  # fmt: skip
    with says(
        DataError,
        "the true share of trust_in_family is not known: its rule must be count and all its items answered",
    ):
        other.levels(2023)
