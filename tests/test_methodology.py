"""What a methodology promises - its fingerprint, its alternatives, its tree - and what it refuses."""

import functools
import hashlib
import re

import numpy as np
import pytest

from cwi import read_edition, read_methodology, score
from cwi.derivation import weigh
from cwi.errors import MethodologyError
from cwi.methodology import methodologies
from cwi.methods import aggregation, normalisation, weighting
from cwi.methods.aggregation import geometric

RULES = "methodology/t1/methodology.toml"
INDICATORS = "methodology/t1/indicators.csv"
TOML = f"data/{RULES}: "
CSV = f"data/{INDICATORS}"
REPLACED = f"data/{RULES}, replaced"


@pytest.fixture
def methodology(project):
    return read_methodology("t1")


def test_what_is_read(methodology):
    assert [level.name for level in methodology.levels] == ["component", "index"]
    assert [[node.code for node in level] for level in methodology.nodes] == [["home", "school"], ["index"]]
    assert [methodology.top.parts, *(node.parts for node in methodology.nodes[0])] == [(0, 1), (0, 1), (2,)]
    assert [node.parent for node in methodology.nodes[0]] == ["index", "index"]
    assert methodology.top.parent is None
    assert [weights.tolist() for weights in methodology.stated_weights] == [[0.75, 0.25, 1], [2 / 3, 1 / 3]]
    assert methodology.nodes[0][0].titles == {"en": "Home", "ru": "home", "kk": "home"}
    assert str(methodology.normalisation) == "goalposts (cap = True)"


@pytest.mark.slow
def test_every_file_that_was_read_has_a_checksum(project):
    assert [name for name, _ in read_methodology("t1").files] == [f"data/{INDICATORS}", f"data/{RULES}"]
    before = read_edition(2022).checksum
    cells = "methodology/t1/cells.csv"
    project.write(cells, "indicator,region,year,finding,decision,regions,reason\npoverty,A,2022,jump,keep,,checked\n")
    digest = hashlib.sha256(project.path(cells).read_bytes()).hexdigest()
    assert read_methodology("t1").files[-1] == (f"data/{cells}", digest)
    assert read_edition(2022).checksum != before


def test_titles_and_regions_by_code(methodology):
    titles = methodology.titles_of("en")
    assert [titles[code] for code in ("poverty", "home", "school", "index")] == ["Poverty", "Home", "school", "index"]
    assert methodology.is_region(["A", "N", "B"]).tolist() == [True, False, True]
    assert methodology.replace(nation=None).is_region(["A", "N"]).tolist() == [True, True]


def test_three_levels_and_one(project):
    project.write(
        RULES,
        project.path(RULES).read_text(encoding="utf-8").split("[[level]]")[0]
        + '[[level]]\nname = "index"\nweighting = "stated"\naggregation = "arithmetic"\n',
    )
    project.write(INDICATORS, "code,worst,best\npoverty,50,0\nwater,50,100\n")
    assert [[node.code for node in level] for level in read_methodology("t1").nodes] == [["index"]]
    project.append(RULES, '[[level]]\nname = "domain"\nweighting = "equal"\naggregation = "arithmetic"\n')
    project.append(RULES, '[[level]]\nname = "whole"\nweighting = "equal"\naggregation = "arithmetic"\n')
    project.write(INDICATORS, "code,index,domain,worst,best\npoverty,a,x,50,0\nwater,b,x,50,100\nplaces,c,y,0,1\n")
    nodes = read_methodology("t1").nodes
    assert [[node.code for node in level] for level in nodes] == [["a", "b", "c"], ["x", "y"], ["whole"]]


def test_a_version_or_a_folder(project):
    assert read_methodology("t1").fingerprint == read_methodology(project.path("methodology/t1")).fingerprint
    assert read_methodology(str(project.path("methodology/t1"))).version == "t1"
    assert list(methodologies()) == ["t1"]


def test_a_version_is_not_looked_for_where_one_happens_to_stand(project, tmp_path, monkeypatch):
    (tmp_path / "t1").mkdir()
    (tmp_path / "t1" / "methodology.toml").write_text('version = "other"', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert read_methodology("t1").version == "t1"


# ---------------------------------------------------------------- the fingerprint

SAID = {
    "version": (RULES, 'version = "t1"', 'version = "t2"'),
    "status": (RULES, '"working"', '"official"'),
    "title": (RULES, '"Test"', '"Tests"'),
    "base": (RULES, "[2021, 2022]", "[2022]"),
    "nation": (RULES, 'nation = "N"\n', ""),
    "normalisation": (RULES, "cap = true", "cap = false"),
    "max_age": (RULES, "max_age = 1", "max_age = 2"),
    "decimals": (RULES, "decimals = 1", "decimals = 2"),
    "experimental_below": (RULES, "0.75", "0.7"),
    "name of a level": (RULES, 'name = "index"', 'name = "whole"'),
    "weighting": (RULES, 'weighting = "stated"', 'weighting = "equal"'),
    "aggregation": (RULES, 'aggregation = "arithmetic"\ncoverage = 0.5', 'aggregation = "geometric"\ncoverage = 0.5'),
    "parameter": (RULES, '"arithmetic"\ncoverage = 0.5', '{name = "power", p = 1}\ncoverage = 0.5'),
    "coverage": (RULES, "coverage = 0.5", "coverage = 0.6"),
    "coverage of the index": (RULES, "coverage = 1.0", "coverage = 0.9"),
    "title of a node": (RULES, '"Home"', '"House"'),
    "weight of a node": (RULES, "weight = 2", "weight = 3"),
    "rule of a node": (RULES, "weight = 2", 'weight = 2\naggregation = "geometric"'),
    "code": (INDICATORS, "water,home", "drink,home"),
    "component": (INDICATORS, "places,school", "places,yard"),
    "worst": (INDICATORS, "50,0,linear", "51,0,linear"),
    "best": (INDICATORS, "50,100,linear", "50,99,linear"),
    "scale": (INDICATORS, "50,100,linear", "50,100,log"),
    "weight": (INDICATORS, "linear,3", "linear,4"),
    "data": (INDICATORS, "linear,3,open", "linear,3,awaiting data"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "old", "new"), SAID.values(), ids=SAID)
def test_the_fingerprint_changes_with_what_is_said(project, name, old, new):
    before = read_methodology("t1").fingerprint
    assert re.fullmatch("[0-9a-f]{12}", before)
    project.change(name, old, new)
    assert read_methodology(project.path("methodology/t1")).fingerprint != before


DESCRIBED = {
    "title_ru": "Бедность", "title_kk": "Кедейлік", "definition_en": "d", "definition_ru": "d", "definition_kk": "d",
    "question_en": "q", "question_ru": "q", "question_kk": "q", "unit": "%", "kind": "survey", "owner": "o",
    "ends_basis": "target", "ends_reason": "r", "respondent": "r", "ages": "10-17", "note": "n", "decimals": "2",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("column", "text"), DESCRIBED.items(), ids=DESCRIBED)
def test_the_fingerprint_changes_with_each_column_of_a_description(project, column, text):
    before = read_methodology("t1").fingerprint
    head, first, *rest = project.path(INDICATORS).read_text(encoding="utf-8").splitlines()
    default = "1" if column == "decimals" else ""
    described = [f"{head},{column}", f"{first},{text}", *(f"{line},{default}" for line in rest)]
    project.write(INDICATORS, "\n".join(described))
    assert read_methodology("t1").fingerprint != before


@pytest.mark.slow
def test_the_fingerprint_does_not_change_with_what_says_nothing(project):
    before = read_methodology("t1").fingerprint
    text = project.path(RULES).read_text(encoding="utf-8")
    project.write(
        RULES, "# our choice\n" + text.replace("max_age = 1", "max_age   =   1  # years").replace("\n", "\r\n")
    )
    assert read_methodology("t1").fingerprint == before
    rows = [line.split(",") for line in project.path(INDICATORS).read_text(encoding="utf-8").splitlines()]
    project.write(
        INDICATORS,
        "\n".join(",".join([*row[::-1], unit]) for row, unit in zip(rows, ["unit", "", "", ""], strict=True)),
    )
    assert read_methodology("t1").fingerprint == before  # columns in another order, and an empty one
    project.change(INDICATORS, "linear,0,50", "linear,0.0,5e1")
    assert read_methodology("t1").fingerprint == before
    head, poverty, water, places = project.path(INDICATORS).read_text(encoding="utf-8").splitlines()
    project.write(INDICATORS, "\n".join([head, poverty, places, water]))
    assert read_methodology("t1").fingerprint == before  # the tree keeps its order: home before school


@pytest.mark.slow
def test_the_order_of_rows_moves_no_score(project):
    def scores():
        nodes = read_edition(2022).scores.nodes
        return nodes.set_index(["region", "node"])[["score", "coverage", "measured"]].sort_index()

    before = scores()
    head, poverty, water, places = project.path(INDICATORS).read_text(encoding="utf-8").splitlines()
    project.write(INDICATORS, "\n".join([head, places, water, poverty]))
    after = scores()
    assert (before.index == after.index).all()
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-12)


# ---------------------------------------------------------------- alternatives


def middle(y, w):
    """A rule of one's own."""
    return np.median(y, axis=-1)


REPLACEMENTS = {
    "level, word": {"index": {"aggregation": "geometric"}},
    "level, table": {"index": {"aggregation": {"name": "power", "p": 0.5}}},
    "level, function": {"index": {"aggregation": middle}},
    "level, coverage": {"component": {"coverage": 0.75}},
    "level, weighting": {"component": {"weighting": "equal"}},
    "node": {"node": {"school": {"weight": 3}}},
    "node, rule": {"node": {"home": {"aggregation": "geometric"}}},
    "node, title": {"node": {"index": {"title_kk": "Индекс"}}},
    "normalisation": {"normalisation": {"name": "goalposts", "cap": False}},
    "base": {"base": range(2018, 2023)},
    "max_age": {"max_age": 0},
    "decimals": {"decimals": 2},
    "experimental_below": {"experimental_below": 0.5},
    "nation": {"nation": None},
    "status": {"status": "official"},
    "two things": {"max_age": 0, "index": {"coverage": 0.5}},
}


@pytest.mark.slow
@pytest.mark.parametrize("changes", REPLACEMENTS.values(), ids=REPLACEMENTS)
def test_an_alternative_has_another_fingerprint_and_leaves_the_first_as_it_was(methodology, changes):
    before = methodology.fingerprint
    other = methodology.replace(**changes)
    assert other.fingerprint != before
    assert other.changed == tuple(changes)
    assert (methodology.changed, read_methodology("t1").fingerprint) == ((), before)


def test_replacing_a_thing_by_itself_changes_no_fingerprint(methodology):
    same = methodology.replace(
        index={"aggregation": "arithmetic"}, max_age=1, base=[2021, 2022], indicators=methodology.indicators.copy(),
        node={"home": {"weight": 2}},
    )  # fmt: skip
    assert same.fingerprint == methodology.fingerprint


def test_what_is_not_replaced_in_a_node_stays(methodology):
    home = methodology.replace(node={"home": {"coverage": 0.25}}).nodes[0][0]
    assert (home.coverage, home.weight, home.titles["en"]) == (0.25, 2, "Home")


def test_a_table_of_indicators(methodology):
    table = methodology.indicators
    other = methodology.replace(indicators=table.assign(best=[10.0, 90.0, 140.0]))
    assert other.indicators["best"].tolist() == [10, 90, 140]
    assert methodology.indicators["best"].tolist() == [0, 100, 150]
    assert other.fingerprint != methodology.fingerprint


def test_other_ends_for_one_indicator(methodology):
    code = methodology.indicators["code"].iloc[0]
    other = methodology.replace(ends={code: {"worst": 77}})
    assert other.indicators["worst"].iloc[0] == 77
    assert other.indicators["best"].tolist() == methodology.indicators["best"].tolist()
    assert other.indicators["worst"].tolist()[1:] == methodology.indicators["worst"].tolist()[1:]
    assert other.fingerprint != methodology.fingerprint


@pytest.mark.slow
def test_what_is_left_out_counts_nothing_and_is_not_missed():
    """As if the indicator had never been on the list: scores, coverage and weights of the others."""
    edition = read_edition(2022)
    official, code = edition.methodology, "life_expectancy"
    without = official.replace(without=[code])
    table = official.indicators[official.indicators["code"] != code].astype(str)
    never = official.replace(indicators=table)
    assert official.fingerprint not in (without.fingerprint, never.fingerprint)
    scored = [score(edition.observations, rules, years=[2022]) for rules in (without, never)]
    for level in ("component", "dimension", "index"):
        for value in ("score", "coverage", "measured"):
            a, b = (scores.wide(2022, level, value).to_numpy(float) for scores in scored)
            np.testing.assert_allclose(a, b, rtol=1e-14)
    assert scored[0].implied_weights()[code] == 0
    np.testing.assert_allclose(scored[0].implied_weights().sum(), 1)


@pytest.mark.slow
def test_without_a_whole_branch():
    official = read_edition(2022).methodology
    dimensions = official.replace(without=["child"]).nodes[-1][0].parts
    assert len(dimensions) == 3


POINTS = {"child": 40, "family_community": 30, "public_policy": 20, "country": 10}
JUDGED = {
    "child": {"family_community": 2, "public_policy": 3, "country": 4},
    "family_community": {"public_policy": 2, "country": 3},
    "public_policy": {"country": 2},
}


@pytest.mark.parametrize("left_out", list(POINTS))
def test_weights_given_by_code_fit_what_is_left(left_out):
    """Points, shares and judgements of the other parts stay what they are; nothing is read by its place."""
    official = read_methodology("2024.1")
    codes = [code for code in POINTS if code != left_out]
    place = [list(POINTS).index(code) for code in codes]

    def weights(weighting):
        made = official.replace(index={"weighting": weighting}).replace(without=[left_out])
        found = weigh(made)[-1]
        assert found[list(POINTS).index(left_out)] == 0
        return found[place]

    whole = np.array([POINTS[code] for code in codes], dtype=float)
    points = {"name": "budget_allocation", "points": [POINTS]}
    np.testing.assert_allclose(weights(points), whole / whole.sum(), rtol=1e-14)
    two = {"name": "budget_allocation", "points": [POINTS, dict.fromkeys(POINTS, 25)]}
    np.testing.assert_allclose(weights(two), (whole / whole.sum() + 1 / 3) / 2, rtol=1e-14)
    times = np.ones((4, 4))
    for one, row in JUDGED.items():
        for other, more in row.items():
            i, j = list(POINTS).index(one), list(POINTS).index(other)
            times[i, j], times[j, i] = more, 1 / more
    means = times[np.ix_(place, place)].prod(axis=1) ** (1 / 3)  # of three parts the principal vector is that of means
    ahp = {"name": "ahp", "judgements": [JUDGED]}
    np.testing.assert_allclose(weights(ahp), means / means.sum(), rtol=1e-9)


def test_shares_that_are_asked_for_fit_what_is_left():
    official = read_methodology("2024.1")
    asked = {code: points / 100 for code, points in POINTS.items()}
    made = official.replace(index={"weighting": {"name": "correlation_balanced", "target": asked}}, without=["country"])
    np.testing.assert_allclose(made.top.weighting.parameters["target"], [4 / 9, 3 / 9, 2 / 9], rtol=1e-14)


def test_points_that_do_not_make_a_hundred_are_not_mended_by_leaving_a_part_out():
    official = read_methodology("2024.1")
    short = official.replace(index={"weighting": {"name": "budget_allocation", "points": [POINTS | {"child": 30}]}})
    for made in (short, short.replace(without=["country"])):
        with pytest.raises(MethodologyError) as said:
            weigh(made)
        assert str(said.value) == "index: the points of expert 1 sum to 90; they must sum to 100"


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ({"poverty": {"worst": 0, "best": 0}},
         ", ends line 2: poverty: worst and best are both 0; a scale needs two ends"),
        ({"poverty": {"worst": "50"}}, ": worst of 'poverty' is '50'; it must be a number"),
        ({"poverty": {"wrost": 50}}, ": the ends of 'poverty' has no setting 'wrost' (did you mean 'worst'?); "
         "there are worst, best"),
    ],
)  # fmt: skip
def test_ends_that_are_refused(methodology, says, ends, sentence):
    with says(MethodologyError, f"data/methodology/t1/methodology.toml, replaced{sentence}"):
        methodology.replace(ends=ends)


@pytest.mark.slow
def test_other_ends_move_the_scores_by_hand(project, methodology):
    edition = read_edition(2022)
    other = score(edition.observations, methodology.replace(ends={"poverty": {"worst": 40, "best": 8}}), years=[2022])
    of = other.of("poverty")[2022]
    assert of[["A", "B", "EAST"]].tolist() == pytest.approx([100, 100 * 22 / 32, 100 * 15 / 32])


CELL = """\
def halved(y, w):
    return (w * y).sum(axis=-1) / {by}
"""


@pytest.mark.slow
def test_a_function_from_a_cell(project, methodology):
    """What is defined in a notebook has its source in a cell; the fingerprint tells two of one name apart."""
    import linecache

    def cell(number, by):
        name, text = f"<cell {number}>", CELL.format(by=by)
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        space = {}
        exec(compile(text, name, "exec"), space)
        return space["halved"]

    two, three = (methodology.replace(index={"aggregation": cell(by, by)}) for by in (2, 3))
    assert two.top.aggregation.name == three.top.aggregation.name == "halved"
    assert two.fingerprint != three.fingerprint
    edition = read_edition(2022)
    of = [score(edition.observations, rules, years=[2022]).of("index") for rules in (edition.methodology, two)]
    np.testing.assert_allclose(of[0], 2 * of[1])


AGGREGATIONS, NORMALISATIONS, WEIGHTINGS = (
    ", ".join(family.__all__) for family in (aggregation, normalisation, weighting)
)
REPLACED_REFUSED = {
    "unknown": (
        {"maxage": 1},
        ": nothing is called 'maxage' (did you mean 'max_age'?); there are component, index, node, indicator, "
        "normalisation, ends, indicators, status, base, nation, max_age, decimals, experimental_below, treatment, "
        "imputation, without, vintage, learn_from, refused, screening",
    ),
    "unknown rule": (
        {"index": {"aggregation": "geometrical"}},
        f": no aggregation is called 'geometrical' (did you mean 'geometric'?); there are {AGGREGATIONS}",
    ),
    "unknown setting of a level": (
        {"index": {"agregation": "geometric"}},
        ": the level 'index' has no setting 'agregation' (did you mean 'aggregation'?); "
        "there are weighting, aggregation, coverage",
    ),
    "no table": ({"index": "geometric"}, ": the level 'index' must be a table of settings"),
    "node no table": ({"node": "home"}, ": a node is written [node.code]"),
    "left out that is not there": (
        {"without": ["poverty", "hom"]},
        ": without names 'hom' (did you mean 'home'?); there are poverty, water, places, home, school",
    ),
    "nothing left": (
        {"without": ["places"]},
        ": without places nothing is left of 'school'; leave 'school' out itself",
    ),
    "without no list": ({"without": "home"}, ": without is 'home'; it must be a list of codes"),
    "ends of a stranger": (
        {"ends": {"watr": {"worst": 1}}},
        ": ends has no setting 'watr' (did you mean 'water'?); there are poverty, water, places",
    ),
    "ends not a number": (
        {"ends": {"water": {"worst": "low"}}},
        ": worst of 'water' is 'low'; it must be a number",
    ),
    "ends of nothing": (
        {"ends": {"water": {"low": 1}}},
        ": the ends of 'water' has no setting 'low'; there are worst, best",
    ),
    "one end twice": (
        {"ends": {"water": {"worst": 1, "best": 1}}},
        ", ends line 3: water: worst and best are both 1; a scale needs two ends",
    ),
    "orphan": (
        {"node": {"hom": {"weight": 1}}},
        ": [node.hom] is an orphan: no indicator is under 'hom' (did you mean 'home'?); there are home, school, index",
    ),
    "max_age": ({"max_age": -1}, ": max_age is -1; it must be a whole number not below 0"),
    "decimals": ({"decimals": 1.5}, ": decimals is 1.5; it must be a whole number from 0 to 12"),
    "base": ({"base": 2021}, ": base is 2021; it must be a list of years"),
    "status": ({"status": "final"}, ": status is 'final' (did you mean 'official'?); there are working, official"),
    "source": (
        {"index": {"aggregation": functools.partial(geometric)}},
        ": the source of the aggregation 'partial' cannot be read; write it as a function with def",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), REPLACED_REFUSED.values(), ids=REPLACED_REFUSED)
def test_an_alternative_that_is_refused(methodology, says, changes, sentence):
    with says(MethodologyError, REPLACED + sentence):
        methodology.replace(**changes)


def test_a_table_of_indicators_that_is_refused(methodology, says):
    table = methodology.indicators
    with says(
        MethodologyError, f"{REPLACED}, indicators line 2: poverty: worst and best are both 50; a scale needs two ends"
    ):
        methodology.replace(indicators=table.assign(best=50.0))
    with says(MethodologyError, f"{REPLACED}, indicators: the column 'worst' is missing"):
        methodology.replace(indicators=table.drop(columns="worst"))
    with says(MethodologyError, f"{REPLACED}, indicators line 2: best is 'nan', which is not a number"):
        methodology.replace(indicators=table.assign(best=float("nan")))


# ---------------------------------------------------------------- rules that are refused

SETTINGS = (
    "version, title_en, title_ru, title_kk, normalisation, status, base, nation, max_age, decimals, "
    "experimental_below, treatment, imputation, without, vintage, learn_from, "
    "refused, screening, level, node, and 1 more"
)
LOWER = 'weighting = "stated"\naggregation = "arithmetic"'
REFUSED = {
    "no version": ('version = "t1"\n', "", "'version' is missing"),
    "version a number": ('"t1"', "2024.1", 'version is 2024.1; it must be a text in quotes, such as "2024.1"'),
    "version empty": ('"t1"', '""', "version is ''; it must be a text in quotes, such as \"2024.1\""),
    "no normalisation": ('normalisation = {name = "goalposts", cap = true}\n', "", "'normalisation' is missing"),
    "status": ('"working"', '"oficial"', "status is 'oficial' (did you mean 'official'?); there are working, official"),
    "unknown setting": (
        "normalisation =",
        "normalization =",
        f"the methodology has no setting 'normalization' (did you mean 'normalisation'?); there are {SETTINGS}",
    ),
    "base not a list": ("[2021, 2022]", "2021", "base is 2021; it must be a list of years"),
    "base a text": ("[2021, 2022]", '"2021"', "base is '2021'; it must be a list of years"),
    "base not whole": ("[2021, 2022]", "[2021.5]", "base is 2021.5; it must be a whole number"),
    "base of texts": ("[2021, 2022]", '["2021"]', "base is '2021'; it must be a whole number"),
    "nation a number": ('nation = "N"', "nation = 5", "nation is 5; it must be the code of a region"),
    "max_age negative": ("max_age = 1", "max_age = -1", "max_age is -1; it must be a whole number not below 0"),
    "max_age not whole": ("max_age = 1", "max_age = 1.0", "max_age is 1.0; it must be a whole number not below 0"),
    "max_age a truth": ("max_age = 1", "max_age = true", "max_age is True; it must be a whole number not below 0"),
    "decimals": ("decimals = 1", "decimals = 13", "decimals is 13; it must be a whole number from 0 to 12"),
    "experimental_below": ("0.75", "75", "experimental_below is 75; it must be a number from 0 to 1"),
    "syntax": ("max_age = 1", "max_age =", "this is not TOML: Invalid value (at line 7, column 10)"),
    "setting twice": (
        "max_age = 1",
        "max_age = 1\nmax_age = 1",
        "this is not TOML: Cannot overwrite a value (at line 8, column 12)",
    ),
    # rules
    "unknown normalisation": (
        '"goalposts"',
        '"goalpost"',
        f"no normalisation is called 'goalpost' (did you mean 'goalposts'?); there are {NORMALISATIONS}",
    ),
    "unknown weighting": (
        '"stated"',
        '"state"',
        f"no weighting is called 'state' (did you mean 'stated'?); there are {WEIGHTINGS}",
    ),
    "unknown aggregation": (
        LOWER,
        LOWER.replace("arithmetic", "geometrical"),
        f"no aggregation is called 'geometrical' (did you mean 'geometric'?); there are {AGGREGATIONS}",
    ),
    "unknown parameter": (
        "cap = true",
        "capp = true",
        "normalisation 'goalposts' takes no parameter 'capp' (did you mean 'cap'?); there are cap, low, high",
    ),
    "missing parameter": (
        LOWER,
        LOWER.replace("arithmetic", "power"),
        "aggregation 'power' needs the parameter 'p'",
    ),
    "parameter a text": (
        LOWER,
        LOWER.replace('"arithmetic"', '{name = "power", p = "2"}'),
        "p is '2'; it must be a number",
    ),
    "parameter a truth": (
        LOWER,
        LOWER.replace('"arithmetic"', '{name = "power", p = true}'),
        "p is True; it must be a number",
    ),
    "parameter infinite": (
        LOWER,
        LOWER.replace('"arithmetic"', '{name = "power", p = inf}'),
        "p is inf; it must be a number",
    ),
    "parameter no truth": ("cap = true", "cap = 1", "cap is 1; it must be true or false"),
    "rule a number": (
        LOWER,
        LOWER.replace('"arithmetic"', "5"),
        f'aggregation is 5; it must be a word or {{name = "word"}}; there are {AGGREGATIONS}',
    ),
    "rule without name": (
        LOWER,
        LOWER.replace('"arithmetic"', "{p = 1}"),
        f"aggregation is {{'p': 1}}; it must be a word or {{name = \"word\"}}; there are {AGGREGATIONS}",
    ),
    "coverage above one": ("coverage = 0.5", "coverage = 1.5", "coverage is 1.5; it must be a number from 0 to 1"),
    "coverage a text": ("coverage = 0.5", 'coverage = "half"', "coverage is 'half'; it must be a number from 0 to 1"),
    "coverage a truth": ("coverage = 0.5", "coverage = true", "coverage is True; it must be a number from 0 to 1"),
    "coverage no number": ("coverage = 0.5", "coverage = nan", "coverage is nan; it must be a number from 0 to 1"),
    # levels
    "level without name": ('name = "component"\n', "", "a [[level]] has no name"),
    "level named by a number": ('name = "component"', "name = 1", "a [[level]] has no name"),
    "level without rule": ('weighting = "stated"\n', "", "the level 'component' has no weighting"),
    "two levels of one name": ('name = "index"', 'name = "component"', "two levels are called 'component'"),
    "level indicator": (
        'name = "component"',
        'name = "indicator"',
        "'indicator' is the level below the first [[level]]; it needs no entry",
    ),
    "level named by a column": (
        'name = "component"',
        'name = "weight"',
        "no level can be called 'weight', the word has another meaning",
    ),
    "level named by a setting": (
        'name = "component"',
        'name = "base"',
        "no level can be called 'base', the word has another meaning",
    ),
    "unknown setting of a level": (
        "coverage = 0.5",
        "covrage = 0.5",
        "the level 'component' has no setting 'covrage' (did you mean 'coverage'?); "
        "there are name, weighting, aggregation, coverage",
    ),
    # nodes
    "orphan": (
        "[node.home]",
        "[node.hom]",
        "[node.hom] is an orphan: no indicator is under 'hom' (did you mean 'home'?); there are home, school, index",
    ),
    "node is an indicator": (
        "[node.home]",
        "[node.poverty]",
        "[node.poverty] is an orphan: no indicator is under 'poverty'; there are home, school, index",
    ),
    "nodes as a list": ("[node.home]", "[[node]]", "a node is written [node.code]"),
    "node no table": (
        '[node.home]\ntitle_en = "Home"\nweight = 2',
        "[node]\nhome = 5",
        "the node 'home' must be a table of settings",
    ),
    "node twice": (
        "weight = 2",
        "weight = 2\n[node.home]\nweight = 1",
        "this is not TOML: Cannot declare ('node', 'home') twice (at line 26, column 11)",
    ),
    "weight below zero": ("weight = 2", "weight = -2", "weight is -2; it must be a number not below 0"),
    "weight a text": ("weight = 2", 'weight = "2"', "weight is '2'; it must be a number not below 0"),
    "weight infinite": ("weight = 2", "weight = inf", "weight is inf; it must be a number not below 0"),
    "weights all zero": (
        "weight = 2",
        "weight = 0\n[node.school]\nweight = 0",
        "the weights of the parts of 'index' are all zero",
    ),
    "unknown setting of a node": (
        "weight = 2",
        "wieght = 2",
        "the node 'home' has no setting 'wieght' (did you mean 'weight'?); "
        "there are weighting, aggregation, coverage, weight, title_en, title_ru, title_kk",
    ),
}


@pytest.mark.parametrize(("old", "new", "sentence"), REFUSED.values(), ids=REFUSED)
def test_rules_that_are_refused(project, says, old, new, sentence):
    project.change(RULES, old, new)
    with says(MethodologyError, TOML + sentence):
        read_methodology("t1")


def test_no_levels(project, says):
    head, *levels = project.path(RULES).read_text(encoding="utf-8").split("[[level]]")
    project.write(RULES, head)
    with says(MethodologyError, TOML + "'level' is missing"):
        read_methodology("t1")
    for other in ("level = []\n" + head, head + "[level]" + levels[0], 'level = ["component"]\n' + head):
        project.write(RULES, other)
        with says(MethodologyError, TOML + "levels are written [[level]], the lowest first"):
            read_methodology("t1")


# ---------------------------------------------------------------- trees that are refused

COLUMNS = (
    "code, component, worst, best, scale, weight, decimals, pooled_years, denominator, per, raw_unit, title_en, "
    "title_ru, title_kk, definition_en, definition_ru, definition_kk, question_en, question_ru, question_kk, and 9 more"
)
HEAD = "code,component,title_en,worst,best,scale,weight,data"
POVERTY = "poverty,home,Poverty,50,0,linear,3,open"
PLACES = "places,school,Places,50,150,linear,1,open"


def cell(row, column, text):
    cells = row.split(",")
    cells[HEAD.split(",").index(column)] = text
    return ",".join(cells)


def place(code, lower, upper):
    return f" line 2: '{code}' is a code of the level '{lower}' and of the level '{upper}'; " + (
        "a node cannot lie above itself, give one of them another code"
    )


TREES = {
    "worst no number": (POVERTY, cell(POVERTY, "worst", "x"), " line 2: worst is 'x', which is not a number"),
    "worst empty": (POVERTY, cell(POVERTY, "worst", ""), " line 2: worst is '', which is not a number"),
    "best infinite": (POVERTY, cell(POVERTY, "best", "inf"), " line 2: best is 'inf', which is not a number"),
    "best nan": (POVERTY, cell(POVERTY, "best", "nan"), " line 2: best is 'nan', which is not a number"),
    "best with underscore": (POVERTY, cell(POVERTY, "best", "1_0"), " line 2: best is '1_0', which is not a number"),
    "decimal comma": (
        POVERTY,
        cell(POVERTY, "best", '"2,5"'),
        " line 2: best is '2,5', which is not a number; decimals take a point",
    ),
    "bare decimal comma": (
        POVERTY,
        cell(POVERTY, "best", "2,5"),
        " line 2: 9 cells where the first line names 8 columns; a number with a decimal comma or a text with a comma "
        "must be in quotes, decimals take a point",
    ),
    "equal ends": (
        POVERTY,
        cell(POVERTY, "best", "50.0"),
        " line 2: poverty: worst and best are both 50; a scale needs two ends",
    ),
    "log of zero": (
        POVERTY,
        cell(POVERTY, "scale", "log"),
        " line 2: poverty: a logarithmic scale needs both ends above zero",
    ),
    "weight below zero": (POVERTY, cell(POVERTY, "weight", "-1"), " line 2: poverty: the weight -1 is below zero"),
    "weight no number": (POVERTY, cell(POVERTY, "weight", "much"), " line 2: weight is 'much', which is not a number"),
    "scale": (
        POVERTY,
        cell(POVERTY, "scale", "lin"),
        " line 2: scale is 'lin' (did you mean 'linear'?); there are linear, log",
    ),
    "no scale": (POVERTY, cell(POVERTY, "scale", ""), " line 2: scale is ''; there are linear, log"),
    "data": (
        POVERTY,
        cell(POVERTY, "data", "opn"),
        " line 2: data is 'opn' (did you mean 'open'?); there are open, awaiting data",
    ),
    "indicator twice": (PLACES, POVERTY, " line 4: the indicator 'poverty' is listed twice"),
    "no code": (POVERTY, cell(POVERTY, "code", ""), " line 2: 'code' is empty; an indicator needs a place in the tree"),
    "no component": (
        POVERTY,
        cell(POVERTY, "component", ""),
        " line 2: 'component' is empty; an indicator needs a place in the tree",
    ),
    "component named as its indicator": (
        POVERTY,
        cell(POVERTY, "component", "poverty"),
        place("poverty", "indicator", "component"),
    ),
    "component named as another indicator": (
        POVERTY,
        cell(POVERTY, "component", "places"),
        place("places", "component", "indicator").replace("line 2", "line 4"),
    ),
    "component named as the index": (
        POVERTY,
        cell(POVERTY, "component", "index"),
        place("index", "component", "index"),
    ),
    "unknown column": (
        "title_en",
        "titel_en",
        f" line 1: no column is called 'titel_en' (did you mean 'title_en'?); there are {COLUMNS}",
    ),
    "missing column": (
        "worst,best,scale",
        "ages,best,scale",
        " line 1: the column 'worst' is missing; "
        "the first line reads code, component, title_en, ages, best, scale, weight, data",
    ),
    "column twice": ("title_en", "best", " line 1: the column 'best' is listed twice"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), TREES.values(), ids=TREES)
def test_a_tree_that_is_refused(project, says, old, new, sentence):
    project.change(INDICATORS, old, new)
    with says(MethodologyError, CSV + sentence):
        read_methodology("t1")


WORDS = {
    "kind": ("stat", "statistical", "; there are statistical, survey"),
    "ends_basis": ("rang", "range", " (did you mean 'range'?); there are natural, target, range, spread, norm"),
}


@pytest.mark.parametrize("column", WORDS)
def test_a_word_of_a_description_that_is_refused(project, says, column):
    wrong, right, hint = WORDS[column]
    table = f"code,component,worst,best,{column}\npoverty,home,1,0,{right}\nwater,school,0,1,{{}}\n"
    project.write(INDICATORS, table.format(right))
    assert read_methodology("t1").indicators[column].tolist() == [right, right]
    project.write(INDICATORS, table.format(wrong))
    with says(MethodologyError, f"{CSV} line 3: {column} is '{wrong}'{hint}"):
        read_methodology("t1")


def test_goalposts_from_a_norm_name_it(project, says):
    """The ends of a guideline score like any others, once the guideline is named."""
    table = "code,component,worst,best,ends_basis,ends_reason\npoverty,home,10,5,norm,{}\nwater,school,0,1,natural,\n"
    project.write(INDICATORS, table.format("WHO guideline of 2021"))
    row = read_methodology("t1").indicators.iloc[0]
    assert row[["worst", "best", "ends_basis", "ends_reason"]].tolist() == [10, 5, "norm", "WHO guideline of 2021"]
    project.write(INDICATORS, table.format(""))
    with says(MethodologyError, f"{CSV} line 2: poverty: the ends are a norm; ends_reason must name it and its source"):
        read_methodology("t1")


@pytest.mark.parametrize("digits", ["1.5", "-1", "13"])
def test_digits_that_are_refused(project, says, digits):
    project.write(INDICATORS, f"code,component,worst,best,decimals\nwater,home,0,1,{digits}\n")
    with says(MethodologyError, f"{CSV} line 2: water: decimals is {digits}; it must be a whole number from 0 to 12"):
        read_methodology("t1")


def test_weights_of_indicators_that_are_all_zero(project, says):
    project.change(INDICATORS, PLACES, cell(PLACES, "weight", "0"))
    with says(MethodologyError, TOML + "the weights of the parts of 'school' are all zero"):
        read_methodology("t1")


def test_a_node_with_two_parents(project, says):
    project.change(RULES, '[[level]]\nname = "index"', '[[level]]\nname = "domain"\nweighting = "equal"\n'
                   'aggregation = "arithmetic"\n\n[[level]]\nname = "index"')  # fmt: skip
    project.write(INDICATORS, "code,component,domain,worst,best\na,home,x,0,1\nb,school,x,0,1\nc,home,y,0,1\n")
    with says(
        MethodologyError, f"{CSV} line 4: 'home' belongs to the domain 'y' here and to 'x' above; a node has one parent"
    ):
        read_methodology("t1")


def test_tables_without_indicators(project, says):
    project.write(INDICATORS, "")
    with says(
        MethodologyError,
        f"{CSV}: the file is empty; its first line must name the columns code, component, worst, best",
    ):
        read_methodology("t1")
    project.write(INDICATORS, HEAD)
    with says(MethodologyError, f"{CSV}: there is no indicator"):
        read_methodology("t1")
    project.path(INDICATORS).unlink()
    with says(MethodologyError, f"{CSV}: there is no such file"):
        read_methodology("t1")


# ---------------------------------------------------------------- versions


def test_two_methodologies_of_one_version(project, says):
    project.write("methodology/t2/methodology.toml", project.path(RULES).read_bytes())
    with says(
        MethodologyError,
        "data/methodology/t2/methodology.toml: version 't1' is also the version of data/methodology/t1; "
        "two methodologies cannot share one version",
    ):
        read_methodology("t1")


def test_an_unknown_version(project, says):
    with says(MethodologyError, "no methodology has the version 't11' (did you mean 't1'?); there are t1"):
        read_methodology("t11")
    with says(MethodologyError, "data/methodology/t2/methodology.toml: there is no such file"):
        read_methodology(project.path("methodology/t2"))
