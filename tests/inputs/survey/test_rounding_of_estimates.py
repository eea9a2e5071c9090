"""What is published is attacked with whole numbers of people; without rounding the same attacks succeed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cwi
from cwi.errors import DataError
from cwi.inputs.survey.definitions import _settings, read_survey_definitions
from cwi.inputs.survey.disclosure import attack, undone
from cwi.inputs.survey.estimates import Estimates, estimate
from cwi.inputs.survey.population import imagine
from cwi.inputs.survey.recode import recode
from cwi.inputs.survey.records import Limits, SurveyDefinitions
from cwi.inputs.survey.rounding import rounded, rounded_covariance, steps
from cwi.inputs.survey.synthetic import Sample, synthesize

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

SIX = ["KZ-10", "KZ-19", "KZ-39", "KZ-55", "KZ-71", "KZ-79"]
SMALL = ["KZ-19", "KZ-55"]
WEIGHTS = dict(zip(SIX, [211.3, 150.7, 97.1, 320.9, 260.5, 180.2], strict=True))
CODE = "violence_experienced"


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.fixture(scope="module")
def children(definitions: SurveyDefinitions) -> pd.DataFrame:
    """Two regions have some forty answers each, fewer than a sensitive indicator needs; weights are equal in each."""
    edition = cwi.read_edition(2023)
    population = imagine(definitions, edition, rng=np.random.default_rng(1))
    sample = Sample(clusters=12, children=(8, 12), younger=(1, 2))
    table = synthesize(definitions, population, rng=np.random.default_rng(2), year=2023, regions=SIX, sample=sample)[0]
    kept = table.groupby("region").cumcount() % 5 == 0
    table = table[kept | ~table["region"].isin(SMALL)].reset_index(drop=True)
    return table.assign(weight=table["region"].map(WEIGHTS), area="U", stratum=table["region"])


def made(children: pd.DataFrame, definitions: SurveyDefinitions, base: int) -> Estimates:
    rules = replace(definitions, limits=replace(definitions.limits, base=base))
    return estimate(children, None, rules, year=2023, territory=cwi.read_edition(2023).territory)


@pytest.fixture(scope="module")
def published(children: pd.DataFrame, definitions: SurveyDefinitions) -> Estimates:
    return made(children, definitions, definitions.limits.base)


@pytest.fixture(scope="module")
def exact(children: pd.DataFrame, definitions: SurveyDefinitions) -> Estimates:
    return made(children, definitions, 1)


def totals(found: Estimates) -> pd.DataFrame:
    rows = found.quality.merge(found.observations[["region", "indicator", "area", "sex", "value", "status"]])
    return rows[(rows["area"] == "") & (rows["sex"] == "")].set_index(["indicator", "region"]).sort_index()


def hidden_regions(table: pd.DataFrame, code: str) -> list[str]:
    rows = table.loc[code]
    return list(rows.index[rows["status"] == "suppressed"])


def possible(found: Estimates, sizes: pd.Series, code: str) -> list[tuple[int, int]]:
    """All pairs of numbers of children in two hidden regions that fit the nation's and the other regions' shares."""
    table = totals(found).loc[code]
    first, second = hidden_regions(totals(found), code)
    weight = sizes * pd.Series(WEIGHTS)
    others = [region for region in SIX if region not in (first, second)]
    step = table["step"].fillna(0.0)
    middle = (table.at["KZ", "value"] * weight.sum() - (table.loc[others, "value"] * weight[others]).sum()) / 100
    half = (step["KZ"] * weight.sum() + (step[others] * weight[others]).sum()) / 200 + 1e-6
    a, b = np.meshgrid(np.arange(sizes[first] + 1), np.arange(sizes[second] + 1), indexing="ij")
    fits = np.abs(a * WEIGHTS[first] + b * WEIGHTS[second] - middle) <= half
    return [(int(x), int(y)) for x, y in np.argwhere(fits)]


@pytest.mark.slow
def test_whole_numbers_of_children_do_not_give_back_a_hidden_share(
    children: pd.DataFrame, published: Estimates, exact: Estimates, definitions: SurveyDefinitions
) -> None:
    answers = recode(children, definitions)[CODE]
    sizes = answers.groupby(children["region"]).count()
    counts = answers.groupby(children["region"]).sum()
    assert hidden_regions(totals(published), CODE) == SMALL
    assert possible(exact, sizes, CODE) == [tuple(counts[SMALL].astype(int))]  # the control: one pair, the true one
    pairs = np.array(possible(published, sizes, CODE))
    assert tuple(counts[SMALL].astype(int)) in [tuple(pair) for pair in pairs.tolist()]
    width = 100 * np.ptp(pairs, axis=0) / sizes[SMALL].to_numpy()
    whole = totals(published).at[(CODE, "KZ"), "value"] / 100
    assert (width >= definitions.limits.protection * 4 * whole * (1 - whole)).all()


def count_bounds(found: Estimates, truth: pd.Series, answered: int, code: str, region: str) -> tuple[float, float]:
    """What is known of a hidden number to whoever knows which numbers are equal, by all that is printed.

    The response, the other indicators of the region, and the nation less the other regions; a printed number stands
    for all that are rounded to it.
    """
    half = 0 if (found.response["answered"] % 10).any() else 5
    n = totals(found)["n"]
    low, high = 0.0, np.inf
    equal = [
        n[other, region] for other in truth.index.unique("indicator") if truth[other, region] == truth[code, region]
    ]
    if answered == truth[code, region]:
        equal.append(found.response.set_index(["region", "area"]).at[(region, ""), "answered"])
    for number in (number for number in equal if not np.isnan(number)):
        low, high = max(low, number - half), min(high, number + max(half - 1, 0))
    others = n[code].drop("KZ")[SIX].drop(region)
    if others.notna().all() and not np.isnan(n[code, "KZ"]):
        spare = n[code, "KZ"] - others.sum()  # the nation's is the sum of rounded numbers
        low, high = max(low, spare - half), min(high, spare + max(half - 1, 0))
    return low, high


@pytest.mark.slow
def test_differences_do_not_give_back_a_hidden_number_of_answers(
    children: pd.DataFrame, published: Estimates, exact: Estimates, definitions: SurveyDefinitions
) -> None:
    answers = recode(children, definitions)
    truth = answers.groupby(children["region"]).count().T.stack().rename_axis(["indicator", "region"])
    answered = children.groupby("region").size()
    table = totals(published)
    hidden = table.index[table["status"] == "suppressed"]
    assert len(hidden) > 2
    known, control = [], []
    for code, region in hidden:
        low, high = count_bounds(published, truth, answered[region], code, region)
        assert low <= truth[code, region] <= high
        known.append(high - low)
        low, high = count_bounds(exact, truth, answered[region], code, region)
        control.append(high - low)
    assert min(known) >= definitions.limits.k
    assert min(control) == 0  # the control: numbers that are not rounded give some back exactly
    assert set(published.response["area"]) == {""}


@pytest.mark.slow
def test_parts_of_regions_have_no_number_of_answers(published: Estimates, exact: Estimates) -> None:
    parts = published.observations[(published.observations["area"] != "") | (published.observations["sex"] != "")]
    assert parts["value"].notna().any()
    assert parts["n"].isna().all()
    assert exact.observations.loc[exact.observations["sex"] != "", "n"].notna().any()


@pytest.mark.slow
def test_a_linear_program_finds_no_hidden_share(
    children: pd.DataFrame, published: Estimates, definitions: SurveyDefinitions
) -> None:
    mass = recode(children, definitions)[CODE].notna() * children["weight"]
    weight = mass.groupby(children["region"]).sum()
    weight["KZ"] = weight.sum()
    rows = published.observations.query(f"indicator == '{CODE}' and status != 'missing'")
    table = rows.assign(weight=rows["region"].map(weight), n=0.0)  # numbers are attacked above
    table["status"] = np.where(rows["status"] == "suppressed", "suppressed", "published")
    intervals = attack(table, nation="KZ", decimals=0)
    intervals["n_high"] = np.inf
    assert set(intervals["region"]) == set(SMALL)
    assert undone(intervals, definitions.limits).empty


@pytest.mark.slow
def test_everything_printed_of_an_estimate_follows_from_rounded_figures(published: Estimates) -> None:
    table = totals(published)
    table = table[(table["status"] != "suppressed") & (table["status"] != "missing")]
    at_end = (table["se"] > 0) & (np.minimum(table["value"], 100 - table["value"]) <= table["step"] / 2)
    for units in (table["value"] / table["step"].where(~at_end, table["step"] / 2), table["se"] / table["step"] * 2):
        assert units.to_numpy() == pytest.approx(units.round().to_numpy(), abs=1e-6)
    inner = table[(table["se"] > 0)]
    value = inner["value"]
    deff = inner["n"] * inner["se"] ** 2 / (value * (100 - value))
    assert inner["deff"].to_numpy() == pytest.approx(deff.to_numpy())
    assert inner["cv"].to_numpy() == pytest.approx((100 * inner["se"] / value).to_numpy())
    assert table.loc[table.index.get_level_values("region") == "KZ", "psus"].isna().all()


def test_a_share_that_is_rounded_to_an_end_keeps_an_error_and_an_interval() -> None:
    cells = pd.DataFrame({
        "region": ["A", "B", "C", "KZ"], "area": "", "sex": "", "indicator": "i",
        "value": [0.3, 99.8, 0.0, 33.0], "se": [0.3, 0.2, 0.0, 1.0], "df": 20.0, "kish": 1.04, "psus": [22.0, 3, 18, 9],
        "n": [104.0, 104, 98, 306], "weight": [104.0, 104, 98, 306], "heaviest": 1.0,
    })  # fmt: skip
    made = rounded(cells, cells, nation="KZ", limits=Limits(25, 50, 5, 10.0), level=0.95).set_index("region")
    assert made["step"].tolist() == [1.0, 1.0, 2.0, 0.5]
    assert made["value"].tolist() == [0.5, 99.5, 0.0, 33.0]
    assert made["se"].tolist() == [0.5, 0.5, 0.0, 1.0]
    assert made["n"].tolist() == [100.0, 100.0, 100.0, 300.0]
    assert made["psus"].tolist() == pytest.approx([20.0, np.nan, 20.0, np.nan], nan_ok=True)
    t = 2.0859634  # the 0.975 quantile of t with 20 degrees of freedom, from tables (22 clusters are few, and exact)
    upper = 100 / (1 + np.exp(-(np.log(0.005 / 0.995) + t * 0.005 / (0.005 * 0.995))))
    assert made.at["A", "high"] == pytest.approx(upper, rel=1e-6)
    assert made.at["B", "low"] == pytest.approx(100 - upper, rel=1e-6)
    assert made.at["A", "deff"] == pytest.approx(100 * 0.25 / (0.5 * 99.5))
    assert made.loc[["A", "B"], "cv"].tolist() == pytest.approx([100.0, 100 * 0.5 / 99.5])
    assert np.isnan(made.at["C", "deff"])
    assert 0 < made.at["C", "high"] < 10


@pytest.mark.slow
def test_the_note_of_few_answers_tells_no_more_than_the_rounded_number(published: Estimates) -> None:
    table = totals(published)
    told = table.drop("KZ", level="region").query("status == 'derived'")
    few = published.observations.set_index(["indicator", "region"])
    few = few[(few["area"] == "") & (few["sex"] == "")]["note"].reindex(told.index).str.contains("few answers")
    assert few.any()
    assert (few == (told["n"] < 50)).all()


def test_a_step_is_at_least_one_respondent() -> None:
    n = np.arange(25, 3000)
    found = steps(np.ones(n.size), n)
    assert (found >= 100 / n - 1e-9).all()
    assert (found <= np.maximum(250 / n, 0.1) + 1e-9).all()


def test_rounded_covariances_are_those_of_some_errors() -> None:
    """Of few clusters: correlations of rank two, which rounding alone would make impossible."""
    rng = np.random.default_rng(4)
    v = rng.standard_normal((2, 12))
    matrix = v.T @ v
    i, j = np.triu_indices(12, 1)
    codes = np.array([f"i{number}" for number in range(12)])
    pairs = pd.DataFrame({"region": "A", "indicator": codes[i], "other": codes[j], "covariance": matrix[i, j]})
    se = pd.DataFrame({"region": "A", "indicator": codes, "se": np.sqrt(np.diag(matrix))})
    coarse = se.assign(se=se["se"].round(1) + 0.1)
    found = rounded_covariance(pairs, se, coarse)["covariance"]
    again = np.diag(coarse["se"] ** 2)
    again[i, j] = again[j, i] = found
    assert np.linalg.eigvalsh(again)[0] >= -1e-8
    assert np.corrcoef(found, matrix[i, j])[0, 1] > 0.99


def test_a_base_that_hides_nothing_is_refused(says: Says) -> None:
    settings = {
        "version": "1", "status": "working", "methodology": "2024.1", "columns": {},
        "disclosure": {"suppress_below": 25, "flag_below": 50, "k": 5, "protection": 10.0, "base": 5},
    }  # fmt: skip
    settings["columns"] = dict(read_survey_definitions("2024.1").columns)
    with says(DataError, "survey.toml: [disclosure] base is 5; it must be a whole number above k, which is 5"):
        _settings(settings, "1", "survey.toml")
