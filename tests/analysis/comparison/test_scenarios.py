"""Scenarios are other indices of the same data; they are kept apart from uncertainty."""

import sys

import pytest

from cwi import read_edition
from cwi.analysis.comparison import read_scenarios, scenario_summary, scenarios
from cwi.analysis.comparison.scenarios import with_series
from cwi.analysis.uncertainty import read_factors
from cwi.cli import main
from cwi.errors import MethodologyError


@pytest.fixture(scope="module")
def edition():
    return read_edition(2023, "2026.1")


@pytest.fixture(scope="module")
def table(edition):
    return scenarios(edition).set_index(["scenario", "region"])


@pytest.mark.slow
def test_the_official_index_is_first_and_as_published(edition, table):
    assert table.index[0][0] == "official"
    own = edition.scores.of("index")[2023].drop("KZ")
    assert table.loc["official", "score"].drop("KZ").to_dict() == own.to_dict()


@pytest.mark.slow
def test_each_scenario_is_the_edition_by_other_rules(edition, table):
    for name, row in read_scenarios(edition.methodology).items():
        again = with_series(edition, row.get("series", {})).under(**row.get("changes", {})).scores
        expected = again.nodes[again.nodes["node"] == "index"].set_index("region")["score"]
        assert name == "without_cities" or set(table.loc[name, "score"].dropna().index) == set(expected.dropna().index)
        for region, score in table.loc[name, "score"].dropna().items():
            assert score == expected[region]


@pytest.mark.slow
def test_without_carried_figures_and_at_half_coverage_there_is_no_index_of_2023(table):
    assert table.loc["own_year_only", "score"].isna().all()
    assert table.loc["stricter_coverage", "score"].isna().all()
    assert table.loc["older_figures", "score"].notna().all()


@pytest.mark.slow
@pytest.mark.parametrize("year", [2018, 2019, 2020, 2021])
def test_the_childrens_budget_measures_family_policy_in_its_scenario_alone(edition, year):
    """By hand from the series; in 2018 two regions that were divided that year have none, and the index none at all."""
    edition = edition.earlier(year)
    other = with_series(edition, {"child_budget_share": "child_budget_share_local"})
    other = other.under(ends={"child_budget_share": {"worst": 25.4, "best": 58.5}})
    share = edition.observations.query("indicator == 'child_budget_share_local' and year == @year").set_index("region")
    by_hand = (100 * (share["value"] - 25.4) / (58.5 - 25.4)).clip(0, 100)
    scored = other.scores.of("family_policy")[year].dropna()
    assert len(scored) == (15 + 1 if year == 2018 else 17 + 1)  # regions and the nation
    assert scored.to_dict() == pytest.approx(by_hand.reindex(scored.index).to_dict())
    assert edition.scores.of("family_policy")[year].isna().all()


def test_ends_of_the_childrens_budget_are_five_deviations_of_the_base_years_apart(edition):
    rows = edition.base.query("indicator == 'child_budget_share_local' and region != 'KZ' and 2018 <= year <= 2022")
    ends = read_scenarios(edition.methodology)["childrens_budget"]["changes"]["ends"]["child_budget_share"]
    mean, sd = rows["value"].mean(), rows["value"].std()
    assert (ends["worst"], ends["best"]) == pytest.approx((mean - 2.5 * sd, mean + 2.5 * sd), abs=0.05)


@pytest.mark.slow
def test_what_is_a_scenario_is_no_factor(edition):
    drawn = {
        key
        for factor in read_factors(edition.methodology).discrete
        for choice in factor.choices
        for key in choice.changes
    }
    assert "max_age" not in drawn
    choices = [choice for factor in read_factors(edition.methodology).discrete for choice in factor.choices]
    assert not any("coverage" in str(choice.changes) for choice in choices)


SCENARIO = """[scenario.a]
title_en = "A"
title_ru = "А"
title_kk = "А"
reason = "why"
changes = {max_age = 0}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('reason = "why"', "", "scenario 'a': reason is missing"),
        ("changes = {max_age = 0}", "changes = {}", "scenario 'a': changes is missing"),
        ("reason =", "cause =", "scenario 'a': it has no setting 'cause'"),
        ("max_age = 0", "max_ages = 0", "nothing is called 'max_ages'"),
        ("changes =", "series = {nothing_here = 'x'}\nchanges =", "series: there is no indicator 'nothing_here'"),
    ],
)
def test_a_scenario_that_is_wrong_is_refused(project, old, new, message):
    project.write("methodology/t1/scenarios.toml", SCENARIO.replace(old, new))
    with pytest.raises(MethodologyError) as error:
        read_scenarios(read_edition(2022).methodology)
    assert message in str(error.value)
    assert str(error.value).startswith("data/methodology/t1/scenarios.toml: ")


def test_a_methodology_without_scenarios_has_the_official_index_alone(project):
    assert set(scenarios(read_edition(2022))["scenario"]) == {"official"}


CITIES = ["KZ-71", "KZ-75", "KZ-79"]


@pytest.mark.slow
def test_without_the_three_cities_the_others_keep_their_scores_and_move_up(table):
    """Places are counted among the seventeen."""
    official, other = (table.loc[name].drop("KZ") for name in ("official", "without_cities"))
    assert other.loc[CITIES].isna().all(axis=None)
    rest = official.drop(CITIES)
    assert other["score"].drop(CITIES).to_dict() == rest["score"].to_dict()
    printed = (rest["score"] + 1e-9).round(1)
    assert other["rank"].drop(CITIES).to_dict() == printed.rank(ascending=False, method="min").to_dict()


@pytest.mark.slow
def test_the_summary_is_that_of_the_table(edition, table):
    summary = scenario_summary(edition)
    official = table.loc["official", "score"].drop("KZ")
    assert summary.loc["official", ["first", "last"]].tolist() == [official.idxmax(), official.idxmin()]
    assert summary.loc["official", ["regions", "spearman", "moved"]].tolist() == [20, 1, 0]
    rest = official.drop(CITIES)
    row = summary.loc["without_cities"]
    assert (row["first"], row["regions"], row["spearman"]) == (rest.idxmax(), 17, 1)
    assert row["gap"] == rest.max() - rest.min()
    assert summary.loc["own_year_only", ["regions", "first", "last"]].tolist() == [0, "", ""]


@pytest.mark.slow
def test_a_region_that_is_none_is_named(edition, monkeypatch, says):
    place = sys.modules[with_series.__module__]
    monkeypatch.setattr(place, "read_scenarios", lambda _: {"small": {"without_regions": ["KZ-70"]}})
    with says(
        MethodologyError,
        "scenario 'small': without_regions: there is no region 'KZ-70' (did you mean 'KZ-79'?); there are "
        + ", ".join(list(edition.territory.regions.index)[:20]) + f", and {len(edition.territory.regions) - 20} more",
    ):  # fmt: skip
        place.scenarios(edition)


@pytest.mark.slow
def test_the_command_prints_the_leader_of_each_scenario(edition, monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["cwi", "scenarios", "2023", *words])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, *capsys.readouterr()

    code, out, err = run("--methodology", "2026.1")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines[0] == "2023, methodology 2026.1: other indices of the same data"
    assert lines[2] == "The official index 20 Astana Kostanay 22.3 1.00 0"
    assert "Without Astana, Almaty and Shymkent 17 Kyzylorda Kostanay 12.7 1.00 0" in lines
    assert "Figures of the year itself only 0 none none – – –" in lines
    assert run()[2] == (
        "MethodologyError: methodology 2024.1 has no scenarios.toml; --methodology names another version\n"
    )
