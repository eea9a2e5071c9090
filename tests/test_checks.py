"""``cwi check`` finds what is wrong in each part of the data folder, and goes on to the next part."""

import re
import shutil

import pytest

from cwi import checks, folders, read_methodology
from cwi.checks import PARTS, check_all
from cwi.errors import DataError, MethodologyError, near
from cwi.inputs.crosswalk import CLOSENESS, read_crosswalk
from cwi.territory import read_territory

pytestmark = pytest.mark.slow

SPOILT = {
    "territory": (
        "regions.csv",
        "B,city",
        "B,town",
        "data/regions.csv line 4: kind is 'town'; there are nation, region, city",
    ),
    "sources": (
        "sources.toml",
        'title = "Schools"',
        "",
        "data/sources.toml: the source 'schools' has no title",
    ),
    "observations": (
        "observations/schools.csv",
        "A,2022,places,120",
        "A,2022,places,520",
        "data/observations/schools.csv line 3: places in A, 2022 is 520 per 100; the register allows 0 to 200",
    ),
    "covariances": (
        "covariance/survey.csv",
        "water,0.1",
        "water,0.9",
        "data/covariance/survey.csv line 2: the covariance of poverty and water in A, 2022 is 0.9; "
        "it cannot be further from 0 than the product of their standard errors, 0.25",
    ),
    "factors": (
        "methodology/t1/factors.toml",
        "noise = 0.25",
        "nose = 0.25",
        "data/methodology/t1/factors.toml: factor 'weights': weights has no setting 'nose' (did you mean 'noise'?); "
        "there are noise, concentration, sets, levels",
    ),
    "methodologies": (
        "methodology/t1/indicators.csv",
        "places,school,Places",
        "placez,school,Places",
        "data/methodology/t1/indicators.csv line 4: 'placez' is marked as open but data/series.csv has no such series",
    ),
    "editions": (
        "editions/2022/edition.toml",
        'methodology = "t1"',
        "",
        "edition 2022: data/editions/2022/edition.toml: 'methodology' is missing",
    ),
}


RULES = "methodology/t1/methodology.toml"


@pytest.fixture
def project(project):
    """The small project without the weight that its index does not look at, and with errors that vary together."""
    project.change(RULES, "weight = 2\n", "")
    for name, value in (("poverty", "8"), ("water", "95")):
        project.change("observations/living.csv", f"A,2022,{name},,,{value},,,", f"A,2022,{name},,,{value},0.5,100,")
    project.write(
        "covariance/survey.csv",
        "region,year,indicator,other,covariance\nA,2022,poverty,water,0.1\n",
    )
    project.sign()
    return project


def found(checks):
    return {check.name: list(check.problems) for check in checks}


def test_a_whole_project_has_no_problem(project):
    checks = list(check_all())
    assert found(checks) == {part: [] for part in PARTS}
    assert [check.looked_at for check in checks] == [
        "5 territories, 2 successions",
        "none",
        "2 records",
        "20 rows in 2 files",
        "none",
        "none",
        "1 pairs",
        "t1",
        "t1: 2",
        "none",
        "none",
        "none",
        "2022",
    ]


def test_a_weight_that_nothing_looks_at(project):
    project.change(RULES, 'title_en = "Home"', 'title_en = "Home"\nweight = 2')
    assert found(check_all())["methodologies"] == [
        "data/methodology/t1/methodology.toml: the parts of 'index' are written with different weights, but its "
        "weighting is 'equal', which does not look at them; write weighting = \"stated\", or take the weights away"
    ]


@pytest.mark.parametrize("part", SPOILT)
def test_a_problem_is_found_in_its_part(project, part):
    name, old, new, sentence = SPOILT[part]
    project.change(name, old, new)
    assert sentence in found(check_all())[part]


def test_a_missing_territory_does_not_hide_the_rest(project):
    project.path("regions.csv").unlink()
    problems = found(check_all())
    assert problems["territory"] == ["data/regions.csv: there is no such file"]
    assert problems["sources"] == problems["methodologies"] == []


def test_two_methodologies_of_one_version(project):
    for name in ("methodology.toml", "indicators.csv"):
        project.write(f"methodology/copy/{name}", project.path(f"methodology/t1/{name}").read_bytes())
    assert [problem for problems in found(check_all()).values() for problem in problems] == [
        "data/methodology/t1/methodology.toml: version 't1' is also the version of data/methodology/copy; "
        "two methodologies cannot share one version"
    ]


def test_a_pair_that_stands_twice_and_one_without_an_error(project):
    project.append(
        "covariance/survey.csv",
        "A,2022,water,poverty,0.1\nB,2022,poverty,water,0.1\nN,2022,poverty,water,0.1\nC,2022,poverty,water,0.1\n",
    )
    place = "data/covariance/survey.csv line "
    assert found(check_all())["covariances"] == [
        f"{place}3: the covariance of water and poverty in A, 2022 is listed twice",
        f"{place}4: poverty in B, 2022 has no standard error; nothing varies with it",
        f"{place}5: water in N, 2022 has no standard error; nothing varies with it",
        f"{place}6: poverty in C, 2022 has no standard error; nothing varies with it",
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("A,2022,poverty,water,half", "covariance is 'half', which is not a number"),
        ("A,2022,poverty,water,", "covariance is '', which is not a number"),
        ("A,2022.5,poverty,water,0.1", "year is '2022.5', which is not a whole number"),
    ],
)
def test_a_covariance_that_is_no_number(project, row, sentence):
    project.write("covariance/survey.csv", f"region,year,indicator,other,covariance\n{row}\n")
    assert found(check_all())["covariances"] == [f"data/covariance/survey.csv line 2: {sentence}"]


def test_what_a_project_does_not_have_is_no_problem(project):
    project.path("covariance/survey.csv").unlink()
    project.path("methodology/t1/factors.toml").unlink()
    looked_at = {check.name: (check.looked_at, check.problems) for check in check_all()}
    assert [looked_at[part] for part in ("covariances", "factors", "survey", "crosswalk", "policy")] == [
        ("none", ())
    ] * 5


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The real definitions, crosswalk and rules without any observation, to be spoilt."""
    for name in ("survey", "crosswalk", "methodology", "policy"):
        shutil.copytree(folders.data() / name, tmp_path / "data" / name)
    for name in ("regions.csv", "boundary_changes.csv", "statuses.csv", "series.csv"):
        shutil.copyfile(folders.data() / name, tmp_path / "data" / name)
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))

    def change(name, old, new):
        path = tmp_path / "data" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def test_the_real_definitions_of_the_survey_are_looked_at(copy, says):
    assert PARTS["survey"]() == ("2024.1", [])
    copy("survey/published_results.csv", "KZ-39", "KZ-93")
    known = near("KZ-93", list(read_territory().regions.index))
    with says(DataError, f"data/survey/published_results.csv line 3: region is 'KZ-93'{known}"):
        PARTS["survey"]()


def test_an_indicator_that_is_imagined_without_a_number_is_named(copy, says):
    copy("survey/2024.1/synthetic.csv", "life_satisfaction,", "life_satisfaction,x")
    with says(DataError, "data/survey/2024.1/synthetic.csv line 2: target is 'x85', which cannot be used"):
        PARTS["survey"]()


def test_the_real_factors_are_looked_at(copy, says):
    assert PARTS["factors"]() == ("2024.1: 9, 2026.1: 12", [])
    copy("methodology/2024.1/factors.toml", "max_age = 5", "max_agee = 5")
    rules = read_methodology("2024.1")
    known = [level.name for level in rules.levels]
    known += ["node", "indicator", "normalisation", "ends", "indicators", "status", "base", "nation", "max_age"]
    known += ["decimals", "experimental_below", "treatment", "imputation", "without", "vintage", "learn_from"]
    known += ["refused", "screening"]
    with says(
        MethodologyError,
        "data/methodology/2024.1/factors.toml: factor 'age', choice 2 ('up to five years'): "
        f"data/methodology/2024.1/methodology.toml, replaced: nothing is called 'max_agee'{near('max_agee', known)}",
    ):
        PARTS["factors"]()


def test_the_crosswalk_is_looked_at_with_its_rules(copy, says, monkeypatch):
    class Latest:
        methodology = read_methodology("2024.1")

    monkeypatch.setattr(checks, "editions", lambda: {2022: None, 2023: None})
    monkeypatch.setattr(checks, "read_edition", {2023: Latest}.__getitem__)
    assert PARTS["crosswalk"]() == ("15 systems, 12 rules", [])
    copy("crosswalk/methods.toml", 'system  = "rc7"', 'system  = "rc77"')
    known = near("rc77", read_crosswalk(Latest.methodology).systems.index)
    with says(MethodologyError, f"data/crosswalk/methods.toml: the method 'report_card' is of 'rc77'{known}"):
        PARTS["crosswalk"]()
    copy("crosswalk/methods.toml", 'system  = "rc77"', 'system  = "rc7"')
    copy("crosswalk/counterparts.csv", ",same,", ",sane,")
    known = near("sane", CLOSENESS)
    with pytest.raises(
        DataError, match=rf"\Adata/crosswalk/counterparts.csv line \d+: closeness is 'sane'{re.escape(known)}\Z"
    ):
        PARTS["crosswalk"]()


def test_a_published_share_of_none_is_a_share(copy):
    copy("survey/published_results.csv", ",90.1,", ",0,")
    assert PARTS["survey"]() == ("2024.1", [])


def test_the_register_of_measures_is_held_against_the_methodology(copy, says, monkeypatch):
    class Latest:
        methodology = read_methodology("2024.1")

    monkeypatch.setattr(checks, "editions", lambda: [2023])
    monkeypatch.setattr(checks, "read_edition", lambda year: Latest)
    assert PARTS["policy"]() == ("76 measures, 28 targets, 69 facts, 2 targets of indicators", [])
    copy("policy/measures.csv", "235,done,commissions,family_policy", "235,done,commissions,family_policies")
    known = near("family_policies", [node.code for node in Latest.methodology.nodes[0]])
    with says(
        DataError, f"data/policy/measures.csv line 4: methodology 2024.1 has no component 'family_policies'{known}"
    ):
        PARTS["policy"]()


# ---------------------------------------------------------------- each problem once


def test_a_problem_of_the_observations_is_listed_once(project):
    for year in (2020, 2021):
        project.write(f"editions/{year}/edition.toml", 'methodology = "t1"\n')
    project.append("observations/living.csv", "A,2023,poverty,,,700,,,normal,living,\n")
    project.sign()
    checks = {check.name: check for check in check_all()}
    sentence = "data/observations/living.csv line 18: poverty in A, 2023 is 700 %; the register allows 0 to 100"
    assert [problem for check in checks.values() for problem in check.problems] == [sentence]
    assert checks["observations"].problems == (sentence,)
    assert checks["editions"].looked_at == "not looked at: a problem above prevents it"


def test_a_problem_of_several_editions_names_their_years(project):
    project.write("editions/2021/edition.toml", 'methodology = "t1"\n')
    project.change("methodology/t1/methodology.toml", 'nation = "N"', 'nation = "M"')
    wrong = found(check_all())["editions"]
    assert wrong == [
        "edition 2021, 2022: data/methodology/t1/methodology.toml: nation is 'M'; in regions.csv it is 'N'"
    ]


def test_all_missing_keys_of_a_source_are_named_at_once(project):
    project.change("sources.toml", 'title = "Schools"\nlicence = "free"\n', "")
    assert found(check_all())["sources"] == ["data/sources.toml: the source 'schools' has no title, licence"]
