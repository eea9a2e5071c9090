"""Everything that is published of a survey, attacked together: all numbers of answers, unequal weights, two years.

The intruder is the worst there can be: who knows who took part, the weight of each of them and which numbers are equal
or contained in each other, and lacks only the hidden figures. Each attack has a control, the same figures unrounded.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cwi
from cwi.inputs.rehearsal import _rounds
from cwi.inputs.survey.definitions import read_survey_definitions
from cwi.inputs.survey.disclosure import attack, protect, undone
from cwi.inputs.survey.estimates import Estimates, estimate
from cwi.inputs.survey.population import imagine
from cwi.inputs.survey.recode import recode
from cwi.inputs.survey.records import Limits, SurveyDefinitions
from cwi.inputs.survey.rounding import least_counts, rounded_counts, rounded_df
from cwi.inputs.survey.synthetic import Sample, synthesize

pytestmark = pytest.mark.slow  # its fixtures take seconds

SIX = ["KZ-10", "KZ-19", "KZ-39", "KZ-55", "KZ-71", "KZ-79"]
SMALL = ["KZ-19", "KZ-55"]
YEARS = (2022, 2023)
LIMITS = Limits(suppress_below=25, flag_below=50, k=5, protection=10.0, base=10)


@pytest.fixture(scope="module")
def definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@pytest.fixture(scope="module")
def answers(definitions: SurveyDefinitions) -> pd.DataFrame:
    """A small survey: in two regions some forty children, weights that differ from child to child."""
    population = imagine(definitions, cwi.read_edition(2023), rng=np.random.default_rng(1))
    sample = Sample(clusters=12, children=(8, 12), younger=(1, 2), weights=0.5)
    table = synthesize(definitions, population, rng=np.random.default_rng(2), year=2023, regions=SIX, sample=sample)[0]
    kept = (table.groupby("region").cumcount() % 5 == 0) | ~table["region"].isin(SMALL)
    return table[kept].reset_index(drop=True).assign(stratum=lambda rows: rows["region"], area="U")


def made(answers: pd.DataFrame, definitions: SurveyDefinitions, base: int, year: int = 2023) -> Estimates:
    rules = replace(definitions, limits=replace(definitions.limits, base=base))
    territory = cwi.read_edition(2023).territory
    return estimate(answers.assign(year=year), None, rules, year=year, territory=territory)


@pytest.fixture(scope="module")
def published(answers: pd.DataFrame, definitions: SurveyDefinitions) -> Estimates:
    return made(answers, definitions, definitions.limits.base)


@pytest.fixture(scope="module")
def exact(answers: pd.DataFrame, definitions: SurveyDefinitions) -> Estimates:
    return made(answers, definitions, 1)


def totals(estimates: Estimates) -> pd.DataFrame:
    rows = estimates.quality.merge(estimates.observations[["region", "indicator", "area", "sex", "value", "status"]])
    return rows[(rows["area"] == "") & (rows["sex"] == "")].set_index(["indicator", "region"]).sort_index()


# ---------------------------------------------------------------- numbers of answers, all indicators together


def closed(low: np.ndarray, high: np.ndarray, within: Iterable[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """What is left of intervals of numbers when some are known to be no more than others, x[i] <= x[j]."""
    low, high = low.astype(float), high.astype(float)
    for _ in range(len(low)):
        for i, j in within:
            low[j], high[i] = max(low[j], low[i]), min(high[i], high[j])
    return low, high


def known_numbers(
    tables: list[pd.DataFrame], response: pd.Series, truth: pd.DataFrame, definitions: SurveyDefinitions, base: int
) -> pd.DataFrame:
    """How closely each hidden number of answers is known by all indicators of all years, response and clusters."""
    limits = replace(definitions.limits, base=base)
    rows = []
    for region in SMALL:
        printed = pd.concat([table.xs(region, level="region") for table in tables], keys=range(len(tables)))
        n = np.append(printed["n"].to_numpy(float), response[region])
        least = [definitions.indicators[code].smallest_n for _, code in printed.index]
        seen = ~np.isnan(n)
        low = np.where(seen, least_counts(np.where(seen, n, 0), limits), 0)
        high = np.where(seen, low + base - 1, np.inf)
        # hidden for its own sake: as printed it is below the least (the worst that its being hidden tells)
        ceiling = [base * np.ceil(number / base) + (base - 1) // 2 if base > 1 else number - 1 for number in least]
        hidden = printed["status"].eq("suppressed").to_numpy()
        exact = truth.loc[[code for _, code in printed.index], region].to_numpy()
        high[:-1] = np.where(hidden & (exact < least), ceiling, high[:-1])
        # as many answers as clusters: degrees of freedom and the stratum of the region, where they are printed
        clusters = (printed["df"] + 1).fillna(0).to_numpy(float)
        low[:-1] = np.maximum(low[:-1], clusters)
        asked = np.append(exact, truth.attrs["answered"][region])
        within = [(i, j) for i in range(len(n)) for j in range(len(n)) if i != j and asked[i] <= asked[j]]
        low, high = closed(low, high, within)
        for place in np.flatnonzero(hidden):
            assert low[place] <= exact[place] <= high[place]
            rows.append((region, printed.index[place], high[place] - low[place]))
    return pd.DataFrame(rows, columns=["region", "cell", "width"])


@pytest.fixture(scope="module")
def truth(answers: pd.DataFrame, definitions: SurveyDefinitions) -> pd.DataFrame:
    """Numbers of answers by indicator and region."""
    table = recode(answers, definitions).groupby(answers["region"]).count().T
    table.attrs["answered"] = answers.groupby("region").size()
    return table


def test_all_numbers_of_two_years_together_do_not_give_back_a_hidden_one(
    answers: pd.DataFrame,
    published: Estimates,
    exact: Estimates,
    truth: pd.DataFrame,
    definitions: SurveyDefinitions,
) -> None:
    """Of a panel: the same children, so that the numbers of both years are the same."""
    width = {}
    for base, one in ((definitions.limits.base, published), (1, exact)):
        other = made(answers, definitions, base, YEARS[0])
        response = one.response.set_index(["region", "area"])["answered"].xs("", level="area")
        width[base] = known_numbers([totals(one), totals(other)], response, truth, definitions, base)["width"]
    assert len(width[10]) > 4
    assert width[10].min() >= definitions.limits.k
    assert width[1].min() == 0  # the control


numbers = st.lists(st.integers(0, 400), min_size=3, max_size=8)


@given(n=numbers, shown=st.data(), base=st.integers(6, 30))
@settings(deadline=None, max_examples=150, derandomize=True)
def test_numbers_that_contain_each_other_leave_the_whole_width_of_rounding(
    n: list[int], shown: st.DataObject, base: int
) -> None:
    """Whatever is known of the order of numbers, the ends of all intervals are ends of rounding."""
    limits = replace(LIMITS, base=base)
    order = np.argsort(n, kind="stable")
    within = [(int(i), int(j)) for i, j in pairwise(order)]
    within += [(j, i) for i, j in within if n[i] == n[j]]
    hidden = shown.draw(st.integers(0, len(n) - 1))
    low = least_counts(rounded_counts(n, limits), limits)
    high = rounded_counts(n, limits) + (base - 1) // 2
    low[hidden], high[hidden] = 0, 10_000
    under, over = closed(low, high, within)
    assert under[hidden] <= n[hidden] <= over[hidden]
    assert over[hidden] - under[hidden] >= min(base - 1, (base - 1) // 2)  # the second: at the lower end, 0
    if under[hidden] > 0:
        assert over[hidden] - under[hidden] >= base - 1


@lru_cache
def _definitions() -> SurveyDefinitions:
    return read_survey_definitions("2024.1")


@given(first=st.integers(1, 120), second=st.integers(1, 120), sensitive=st.booleans())
@settings(deadline=None, max_examples=25, derandomize=True)
def test_cells_whose_numbers_are_printed_alike_are_hidden_alike(first: int, second: int, sensitive: bool) -> None:
    definitions = _definitions()
    code = "bullying" if sensitive else "life_satisfaction"

    def status(n: int) -> list[str]:
        regions = {"KZ-10": n, "KZ-11": 400, "KZ-15": 500, "KZ": n + 900}
        table = pd.DataFrame({"region": list(regions), "area": "", "sex": "", "indicator": code, "value": 40.0})
        table["n"] = table["weight"] = list(map(float, regions.values()))
        return list(protect(table, definitions, nation="KZ")["status"])

    if rounded_counts(first, LIMITS) == rounded_counts(second, LIMITS):
        assert status(first) == status(second)
    least = definitions.indicators[code].smallest_n
    assert (status(first)[0] == "suppressed") == (least_counts(first, LIMITS) < least)
    if first < least:
        assert status(first)[0] == "suppressed"


@given(clusters=st.integers(2, 900), strata=st.integers(1, 40))
@settings(deadline=None, max_examples=100, derandomize=True)
def test_degrees_of_freedom_tell_no_more_than_the_printed_number_of_clusters(clusters: int, strata: int) -> None:
    df = float(max(clusters - strata, 1))
    printed = float(rounded_df(df, clusters, LIMITS))
    assert 1 <= printed <= df
    if clusters >= LIMITS.suppress_below:
        alike = np.arange(least_counts(clusters, LIMITS), least_counts(clusters, LIMITS) + LIMITS.base)
        made = {float(rounded_df(c - (clusters - df), c, LIMITS)) for c in alike if c - (clusters - df) >= 1}
        assert len(made) == 1
    else:
        assert printed == df


# ---------------------------------------------------------------- shares, with the weight of every child known


def sums(weights: np.ndarray) -> int:
    """All sums that some of these weights (whole numbers) can have, as the bits of one number."""
    reached = 1
    for weight in weights.tolist():
        reached |= reached << int(weight)
    return reached


def possible_share(
    estimates: Estimates, weights: dict[str, np.ndarray], code: str, *, known_error: bool
) -> tuple[float, float]:
    """The least and the largest share of the first hidden region that some answers of both give, in per cent."""
    table = totals(estimates).loc[code]
    whole = {region: int(weights[region].sum()) for region in SIX}
    everyone = sum(whole.values())
    others = [region for region in SIX if region not in SMALL]
    step = table["step"].fillna(0.0)
    middle = (table.at["KZ", "value"] * everyone - sum(table.at[r, "value"] * whole[r] for r in others)) / 100
    half = (step["KZ"] * everyone + sum(step[r] * whole[r] for r in others)) / 200 + 1
    first, second = (sums(weights[region]) for region in SMALL)
    low, high = max(int(middle - half), 0), int(middle + half)
    found = []
    for mass in range(whole[SMALL[0]] + 1):
        if not first >> mass & 1:
            continue
        least, most = max(low - mass, 0), high - mass
        if most < 0 or not second >> least & ((1 << (most - least + 1)) - 1):
            continue
        if known_error and not _errors_fit(table, whole, mass, middle - mass):
            continue
        found.append(100 * mass / whole[SMALL[0]])
    return min(found), max(found)


def _errors_fit(table: pd.DataFrame, whole: dict[str, int], mass: int, rest: float) -> bool:
    """Whether the nation's error less those of the others can be these two's, by a design effect of 0.5 to 4."""
    others = [region for region in SIX if region not in SMALL]
    everyone = sum(whole.values())
    half = table["step"].fillna(0.0) / 4  # errors are printed to half a step
    low = (max(table.at["KZ", "se"] - half["KZ"], 0) * everyone) ** 2
    high = ((table.at["KZ", "se"] + half["KZ"]) * everyone) ** 2
    low -= sum(((table.at[r, "se"] + half[r]) * whole[r]) ** 2 for r in others)
    high -= sum((max(table.at[r, "se"] - half[r], 0) * whole[r]) ** 2 for r in others)
    shares = [100 * mass / whole[SMALL[0]], 100 * min(max(rest, 0), whole[SMALL[1]]) / whole[SMALL[1]]]
    simple = sum(p * (100 - p) / 40 * whole[r] ** 2 for p, r in zip(shares, SMALL, strict=True))
    return bool(0.5 * simple <= high and low <= 4 * simple)


@pytest.mark.parametrize("known_error", [False, True], ids=["shares", "shares and errors"])
@pytest.mark.parametrize("code", ["violence_experienced", "bullying", "feeling_low", "loneliness"])
def test_unequal_weights_that_are_all_known_do_not_give_back_a_hidden_share(
    answers: pd.DataFrame,
    published: Estimates,
    exact: Estimates,
    definitions: SurveyDefinitions,
    code: str,
    known_error: bool,
) -> None:
    there = recode(answers, definitions)[code].notna()
    weights = {
        region: np.rint(answers.loc[there & (answers["region"] == region), "weight"].to_numpy() / 10).astype(int)
        for region in SIX
    }
    yes = recode(answers, definitions)[code] == 1
    here = there & (answers["region"] == SMALL[0])
    true = 100 * answers.loc[here & yes, "weight"].sum() / answers.loc[here, "weight"].sum()
    low, high = possible_share(published, weights, code, known_error=known_error)
    assert low - 1 <= true <= high + 1
    whole = totals(published).at[(code, "KZ"), "value"] / 100
    assert high - low >= definitions.limits.protection * 4 * whole * (1 - whole)


# ---------------------------------------------------------------- a few respondents, whose sums are all tried


FEW = 11  # respondents in each of the two hidden regions: all their subsets can be tried


@pytest.fixture(scope="module")
def tiny(answers: pd.DataFrame) -> pd.DataFrame:
    """The same survey, in the two hidden regions a few children of two clusters each."""
    first = answers.groupby(["region", "psu"]).cumcount() * 1000 + answers.groupby("region").cumcount()
    place = first.groupby(answers["region"]).rank(method="first")
    return answers[(place <= FEW) | ~answers["region"].isin(SMALL)].reset_index(drop=True)


def subsets(weights: np.ndarray) -> np.ndarray:
    """The sums of all subsets."""
    found = np.zeros(1)
    for weight in weights:
        found = np.concatenate([found, found + weight])
    return found


def fitting(estimates: Estimates, answers: pd.DataFrame, y: pd.Series, code: str) -> np.ndarray:
    """All shares of the first hidden region, in per cent, that fit what is printed; the weight of every child known."""
    table, there = totals(estimates).loc[code], y.notna()
    weight = answers["weight"].where(there, 0.0).groupby(answers["region"]).sum()
    others = [region for region in SIX if region not in SMALL]
    step = table["step"].fillna(0.0)
    middle = (table.at["KZ", "value"] * weight.sum() - (table.loc[others, "value"] * weight[others]).sum()) / 100
    half = (step["KZ"] * weight.sum() + (step[others] * weight[others]).sum()) / 200 + 1e-6
    one, two = (subsets(answers.loc[there & (answers["region"] == region), "weight"].to_numpy()) for region in SMALL)
    two = np.sort(two)
    some = np.searchsorted(two, middle - half - one, "left") < np.searchsorted(two, middle + half - one, "right")
    return np.unique(np.round(100 * one[some] / weight[SMALL[0]], 6))


def test_sums_of_unequal_weights_give_back_an_unrounded_share_and_no_rounded_one(
    tiny: pd.DataFrame, definitions: SurveyDefinitions
) -> None:
    """The control of the attack on shares: of figures that are not rounded one answer is left, the true one."""
    codes = ("violence_experienced", "feeling_low")
    some = replace(definitions, indicators={code: definitions.indicators[code] for code in codes}, scales={})
    y = recode(tiny, some)
    open_, closed_ = made(tiny, some, 1), made(tiny, some, definitions.limits.base)
    for code in codes:
        here = (tiny["region"] == SMALL[0]) & y[code].notna()
        weights = tiny.loc[here, "weight"]
        true = 100 * weights[y.loc[here, code] == 1].sum() / weights.sum()
        assert totals(closed_).loc[code].loc[SMALL, "status"].tolist() == ["suppressed"] * 2
        assert fitting(open_, tiny, y[code], code) == pytest.approx([true], abs=1e-3)
        possible = fitting(closed_, tiny, y[code], code)
        assert possible.min() - 1e-3 <= true <= possible.max() + 1e-3
        assert len(possible) > 500
        whole = totals(closed_).at[(code, "KZ"), "value"] / 100
        assert possible.max() - possible.min() >= definitions.limits.protection * 4 * whole * (1 - whole)


# ---------------------------------------------------------------- linear programs on everything that is rounded


def attacked(estimates: Estimates, answers: pd.DataFrame, definitions: SurveyDefinitions) -> pd.DataFrame:
    """What linear programs find of hidden shares of all indicators, each value known to half its step."""
    y = recode(answers, definitions)
    rows = []
    for names in ((), ("area",), ("sex",), ("area", "sex")):
        for region in (answers["region"], "KZ"):
            keys = answers[["area", "sex"]].assign(**{name: "" for name in ("area", "sex") if name not in names})
            keys = keys.assign(region=region)
            for code in definitions.indicators:
                mass = answers["weight"].where(y[code].notna(), 0.0)
                parts = keys.assign(weight=mass, n=y[code].notna()).groupby(["region", "area", "sex"])[["weight", "n"]]
                rows.append(parts.sum().reset_index().assign(indicator=code))
    known = pd.concat(rows, ignore_index=True).rename(columns={"n": "answers"})
    table = estimates.observations[estimates.observations["status"] != "missing"].drop(columns="n")
    key = ["region", "area", "sex", "indicator"]
    table = table.merge(estimates.quality[[*key, "step"]], on=key).merge(known, on=key)
    table["status"] = np.where(table["status"] == "suppressed", "suppressed", "published")
    found = attack(table.assign(n=0.0), nation="KZ")
    return found.assign(n_high=np.inf).merge(known, on=key)


def test_linear_programs_find_no_hidden_share_of_a_small_survey(
    answers: pd.DataFrame, published: Estimates, definitions: SurveyDefinitions
) -> None:
    found = attacked(published, answers, definitions)
    least = found["indicator"].map({code: share.smallest_n for code, share in definitions.indicators.items()})
    own = found[found["answers"] < least]
    assert len(own) > 8
    assert undone(own, definitions.limits).empty


def test_linear_programs_find_no_hidden_share_of_the_rehearsal(definitions: SurveyDefinitions) -> None:
    """A round of the rehearsal with a sample so small that many parts of regions are hidden."""
    sample, codes = Sample(clusters=4, children=(8, 12), younger=(1, 3)), ("life_satisfaction", "bullying")
    edition = cwi.read_edition(YEARS[0])
    (whole,) = _rounds([edition], "2024.1", sample, np.random.default_rng(1))
    rng = np.random.default_rng(1)  # the same draws again, to know what is hidden
    population = imagine(definitions, edition, rng=rng)
    answers = pd.concat(synthesize(definitions, population, rng=rng, year=YEARS[0], sample=sample), ignore_index=True)
    some = replace(definitions, indicators={code: definitions.indicators[code] for code in codes})
    rows = whole.observations[whole.observations["indicator"].isin(codes)]
    found = attacked(replace(whole, observations=rows), answers, some)
    least = found["indicator"].map({code: share.smallest_n for code, share in some.indicators.items()})
    own = found[found["answers"] < least]
    assert len(own) > 50
    assert undone(own, definitions.limits).empty
