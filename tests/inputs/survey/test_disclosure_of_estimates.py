"""Small cells stay hidden: estimates are attacked as an intruder would, with controls that are undone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cwi
from cwi.derivation import derive
from cwi.errors import DataError
from cwi.index import Scores
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.disclosure import SUPPRESSED, attack, protect, protect_scores, undone
from cwi.inputs.survey.population import imagine
from cwi.inputs.survey.recode import recode
from cwi.inputs.survey.records import SurveyDefinitions
from cwi.inputs.survey.synthetic import Sample, synthesize
from cwi.methods.ranking import half_away

pytestmark = pytest.mark.slow  # its fixtures take seconds

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
KEY = ["region", "area", "sex", "indicator"]
CODES = ["life_satisfaction", "bullying", "legal_protection", "clubs_and_sections", "food_affordable"]


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.fixture(scope="module")
def estimates(definitions: SurveyDefinitions) -> pd.DataFrame:
    """Shares of a small synthetic sample by region, area and sex with all totals; errors are made up."""
    population = imagine(definitions, cwi.read_edition(2023), rng=np.random.default_rng(1))
    children, parents = synthesize(
        definitions,
        population,
        rng=np.random.default_rng(2),
        year=2023,
        regions=population.people.index[:8],
        sample=Sample(clusters=6, children=(4, 16), younger=(1, 3)),
    )
    both = pd.concat([children, parents], ignore_index=True)
    indicators = recode(both, definitions)
    parts = []
    for code in CODES:
        rows = both[["region", "area", "sex", "weight"]].assign(y=100 * indicators[code]).dropna()
        for region in (rows["region"], "KZ"):
            for area in (rows["area"], ""):
                for sex in (rows["sex"], ""):
                    cell = rows.assign(wy=rows["weight"] * rows["y"], region=region, area=area, sex=sex)
                    groups = cell.groupby(["region", "area", "sex"])
                    sums = groups[["weight", "wy"]].sum().assign(n=groups.size(), indicator=code)
                    parts.append(sums.reset_index())
    table = pd.concat(parts, ignore_index=True)
    table["value"] = table["wy"] / table["weight"]
    return table.drop(columns="wy").assign(year=2023, se=1.5, low=0.0, high=99.0, source="synthetic survey")


@pytest.fixture(scope="module")
def published(estimates: pd.DataFrame, definitions: SurveyDefinitions) -> pd.DataFrame:
    return protect(estimates, definitions, nation="KZ")


def small(estimates: pd.DataFrame, published: pd.DataFrame, least: int = 25) -> pd.Series:
    """Whether each published row rests on too few answers."""
    return published[KEY].merge(estimates, on=KEY)["n"] < least


def test_small_cells_and_more_are_hidden_and_nothing_of_them_is_left(
    estimates: pd.DataFrame, published: pd.DataFrame
) -> None:
    hidden = published["status"] == SUPPRESSED
    few = small(estimates, published)
    assert few.sum() > 10
    assert hidden[few].all()
    assert hidden.sum() > few.sum()
    assert published.loc[hidden, ["value", "se", "n", "low", "high"]].isna().all(axis=None)
    assert published.loc[~hidden, ["value", "se", "n", "low", "high"]].notna().all(axis=None)
    assert not set(published.columns) - set(estimates.columns) - {"status", "note"}  # nothing tells why
    lines = published.to_csv().splitlines()
    values = estimates.set_index(KEY)["value"].map(repr)
    for row in published[hidden].head(20).itertuples():
        assert values[row.region, row.area, row.sex, row.indicator] not in lines[row.Index + 1]


def test_few_answers_are_flagged(published: pd.DataFrame) -> None:
    flagged = published["note"] == "few answers (25-49)"
    assert flagged.any()
    assert published.loc[flagged, "n"].between(25, 44).all()  # 45 to 49 are printed as 50, and the note tells no more
    assert not published.loc[~flagged & (published["status"] != SUPPRESSED), "n"].lt(45).any()


def test_sensitive_indicators_are_printed_for_whole_regions_only(
    published: pd.DataFrame, definitions: SurveyDefinitions
) -> None:
    rows = published[published["indicator"] == "bullying"]
    assert len(rows) == 9
    assert (rows[["area", "sex"]] == "").all(axis=None)
    parents = published[published["indicator"] == "food_affordable"]
    assert set(parents["area"]) == {"", "U", "R"}
    assert set(parents["sex"]) == {""}
    assert definitions.indicators["bullying"].smallest_n == 50


def test_no_small_cell_can_be_worked_out(
    estimates: pd.DataFrame, published: pd.DataFrame, definitions: SurveyDefinitions
) -> None:
    intervals = attack(published, nation="KZ")
    assert len(intervals) == (published["status"] == SUPPRESSED).sum()
    truth = intervals[KEY].merge(estimates, on=KEY)
    assert (intervals["n_low"] <= truth["n"] + 1e-6).all()
    assert (intervals["n_high"] >= truth["n"] - 1e-6).all()
    assert (intervals["value_low"] <= truth["value"] + 1e-3).all()
    assert (intervals["value_high"] >= truth["value"] - 1e-3).all()
    broken = undone(intervals, definitions.limits)
    primary = truth["n"] < 25
    assert not primary[broken.index].any()
    rounded = attack(published.assign(value=published["value"].round(0)), nation="KZ", decimals=0)
    assert (
        rounded["value_high"] - rounded["value_low"] >= intervals["value_high"] - intervals["value_low"] - 1e-3
    ).all()


def test_hiding_the_small_cells_alone_is_undone(
    estimates: pd.DataFrame, published: pd.DataFrame, definitions: SurveyDefinitions
) -> None:
    """The control: the same attack on the same table with primary suppression only."""
    table = published[KEY].merge(estimates, on=KEY)
    few = table["n"] < 25
    table[["value", "n"]] = table[["value", "n"]].where(~few)
    naive = attack(table.assign(status=np.where(few, SUPPRESSED, "published")), nation="KZ")
    broken = undone(naive, definitions.limits)
    assert len(broken) > 0.5 * few.sum()
    exact = naive["value_high"] - naive["value_low"] < 0.01
    assert exact.any()
    truth = naive[KEY].merge(estimates, on=KEY)
    assert naive.loc[exact, "value_low"].to_numpy() == pytest.approx(truth.loc[exact, "value"].to_numpy(), abs=0.02)


def test_the_order_of_rows_does_not_matter(
    estimates: pd.DataFrame, published: pd.DataFrame, definitions: SurveyDefinitions
) -> None:
    shuffled = protect(estimates.sample(frac=1, random_state=3), definitions, nation="KZ")
    joined = published.merge(shuffled, on=KEY)
    assert (joined["status_x"] == joined["status_y"]).all()


def test_nothing_is_hidden_where_nothing_is_small(estimates: pd.DataFrame, definitions: SurveyDefinitions) -> None:
    many = estimates.assign(n=estimates["n"] * 100)
    assert (protect(many, definitions, nation="KZ")["status"] == "published").all()
    limits = replace(definitions.limits, suppress_below=10**5, flag_below=10**6)
    found = protect(many, definitions, nation="KZ", limits=limits)
    assert (found["status"] == SUPPRESSED).mean() > 0.5


def test_tables_that_cannot_be_protected_are_refused(
    estimates: pd.DataFrame, published: pd.DataFrame, definitions: SurveyDefinitions, says: Says
) -> None:
    with says(
        DataError,
        "the table of estimates has no column 'weight' (did you mean 'high'?); there are region, area, sex, n, "
        "indicator, value, year, se, low, high, source",
    ):
        protect(estimates.drop(columns="weight"), definitions, nation="KZ")
    with says(DataError, "the table of estimates has two rows for 2023, KZ-10, R, F, life_satisfaction"):
        protect(pd.concat([estimates, estimates.iloc[[0]]]), definitions, nation="KZ")
    one = estimates[estimates["indicator"] == "life_satisfaction"]
    with says(
        DataError,
        "the survey has no indicator 'happiness'; there are "
        + ", ".join(list(definitions.indicators)[:20])
        + ", and 1 more",
    ):
        protect(one.assign(indicator="happiness"), definitions, nation="KZ")
    part = (one["region"] == "KZ-10") & (one["area"] == "R") & (one["sex"] == "M")
    boys = int(one.loc[part, "n"].iloc[0])
    total = int(one.loc[(one["region"] == "KZ") & (one["area"] == "R") & (one["sex"] == "M"), "n"].iloc[0])
    with says(
        DataError,
        f"life_satisfaction: the parts of KZ/R/M have {total - boys} answers and the total has {total}; what is "
        "missing would follow by subtraction, so hand in all parts",
    ):
        protect(one[~part], definitions, nation="KZ")
    spoiled = published[published["indicator"] == "life_satisfaction"].copy()
    line = (spoiled["region"] == "KZ") & (spoiled["area"] == "") & (spoiled["sex"] == "F")
    spoiled.loc[line, "value"] = 2.0
    with says(
        DataError,
        "life_satisfaction: no table fits what is printed: its parts do not add up to their totals",
    ):
        attack(spoiled, nation="KZ")


# ---------------------------------------------------------------- scores


@pytest.fixture(scope="module")
def scores() -> Scores:
    return cwi.read_edition(2023).scores


def consistent(scores: Scores, nodes: pd.DataFrame, region: str, indicator: str) -> np.ndarray:
    """The scores (0-100) of an indicator in a region that lead to everything that is printed there, by trying them.

    The whole arrow is run again for each; it shares nothing with the equations of the protection.
    """
    methodology = scores.methodology
    codes = list(methodology.indicators["code"])
    values = scores.values(2023)
    ends = methodology.indicators.set_index("code").loc[indicator, ["worst", "best"]].astype(float)
    tried = np.append(np.linspace(0, 100, 1001), scores.of(indicator).at[region, 2023])
    x = np.repeat(values.to_numpy(float)[None], len(tried), axis=0)
    x[:, list(values.index).index(region), codes.index(indicator)] = ends["worst"] + tried / 100 * (
        ends["best"] - ends["worst"]
    )
    derived = derive(x, methodology, base=scores.base)
    row = list(values.index).index(region)
    here = nodes[(nodes["region"] == region) & (nodes["year"] == 2023)].set_index("node")
    fits = np.ones(len(tried), dtype=bool)
    for level, found in zip(methodology.nodes, derived.scores[1:], strict=True):
        for place, node in enumerate(level):
            printed = here.at[node.code, "score"]
            if not np.isnan(printed):
                step = here.at[node.code, "step"] or 0.0
                again = found[:, row, place]
                again = half_away(again / step, 0) * step if step else again
                fits &= np.abs(again - printed) < 1e-6
    return tried[fits]


@pytest.mark.parametrize(
    ("region", "indicator"), [("KZ-10", "poverty"), ("KZ-39", "internet_use"), ("KZ-79", "physicians")]
)
def test_no_score_tells_what_a_suppressed_indicator_is(
    scores: Scores, definitions: SurveyDefinitions, region: str, indicator: str
) -> None:
    suppressed = pd.DataFrame({"region": [region], "year": [2023], "indicator": [indicator]})
    nodes = protect_scores(scores, suppressed, definitions.limits)
    truth = scores.of(indicator).at[region, 2023]
    possible = consistent(scores, nodes, region, indicator)
    assert possible.min() - 0.1 <= truth <= possible.max() + 0.1
    assert possible.max() - possible.min() >= definitions.limits.protection - 0.2
    usual = scores.nodes.assign(score=half_away(scores.nodes["score"].to_numpy(float), 1), step=0.1)
    control = consistent(scores, usual, region, indicator)  # the control: all nodes as they are usually printed
    assert len(control) > 0
    assert control.max() - control.min() < 2


def test_what_is_withheld_is_said_and_the_rest_untouched(scores: Scores, definitions: SurveyDefinitions) -> None:
    suppressed = pd.DataFrame({"region": ["KZ-10"], "year": [2023], "indicator": ["poverty"]})
    nodes = protect_scores(scores, suppressed, definitions.limits).set_index(["region", "node"])
    before = scores.nodes.set_index(["region", "node"])
    assert nodes.at[("KZ-10", "poverty"), "status"] == "withheld"
    assert np.isnan(nodes.at[("KZ-10", "poverty"), "score"])
    coarse = nodes[nodes["status"] == "coarsened"]
    assert set(coarse.index.get_level_values("node")) >= {"household_resources", "family_community"}
    assert (coarse["score"] % coarse["step"] == 0).all()
    assert coarse["rank"].isna().all()
    others = nodes.index.get_level_values("region") != "KZ-10"
    pd.testing.assert_frame_equal(nodes.loc[others, before.columns], before[others])
    assert (nodes.loc[others, "status"] == "published").all()


def test_nodes_that_are_no_arithmetic_mean_are_withheld(definitions: SurveyDefinitions) -> None:
    edition = cwi.read_edition(2023)
    scores = edition.under(node={"household_resources": {"aggregation": {"name": "power", "p": 0.5}}}).scores
    suppressed = pd.DataFrame({"region": ["KZ-10"], "year": [2023], "indicator": ["poverty"]})
    nodes = protect_scores(scores, suppressed, definitions.limits).set_index(["region", "node"])
    withheld = nodes[nodes["status"] == "withheld"].index.get_level_values("node")
    assert set(withheld) == {"poverty", "household_resources", "family_community", "index"}


def test_scores_that_are_not_there_are_refused(scores: Scores, definitions: SurveyDefinitions, says: Says) -> None:
    rows = pd.DataFrame({"region": ["KZ-10"], "year": [2021], "indicator": ["poverty"]})
    with says(DataError, "there is no score for KZ-10 in 2021"):
        protect_scores(scores, rows, definitions.limits)
    with pytest.raises(DataError, match=r"\Ano indicator is called 'povrty' \(did you mean 'poverty'\?\); there are "):
        protect_scores(scores, rows.assign(year=2023, indicator="povrty"), definitions.limits)
