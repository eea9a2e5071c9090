"""``cwi check`` finds what is wrong in each part of the data folder, and goes on to the next part."""

import pytest

from cwi.checks import check_all

PARTS = ["territory", "sources", "observations", "methodologies", "editions"]
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
    "methodologies": (
        "methodology/t1/indicators.csv",
        "places,school,Places",
        "placez,school,Places",
        "data/methodology/t1/indicators.csv line 4: 'placez' is said to be open but data/series.csv has no such series",
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
    """The small project without the weight that its index does not look at."""
    project.change(RULES, "weight = 2\n", "")
    return project


def found(checks):
    return {check.name: list(check.problems) for check in checks}


def test_a_whole_project_has_no_problem(project):
    checks = list(check_all())
    assert found(checks) == {part: [] for part in PARTS}
    assert [check.looked_at for check in checks] == [
        "5 territories, 2 successions",
        "2 records",
        "20 rows in 2 files",
        "t1",
        "2022",
    ]


def test_a_weight_that_nothing_looks_at(project):
    project.change(RULES, 'title_en = "Home"', 'title_en = "Home"\nweight = 2')
    assert found(check_all())["methodologies"] == [
        "data/methodology/t1/methodology.toml: the parts of 'index' are written with different weights, but its "
        "weighting is 'equal', which does not look at them; write weighting = \"stated\", or take the weights away"
    ]


@pytest.mark.parametrize("part", PARTS)
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
    assert found(check_all())["methodologies"] == [
        "data/methodology/t1/methodology.toml: version 't1' is also the version of data/methodology/copy; "
        "two methodologies cannot share one version"
    ]
