"""The steps before the scores, as one methodology states them: denominators, gaps, screening, treatment, scales."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cwi import Methodology, Scores, read_methodology, score
from cwi.analysis.comparison import strengths
from cwi.errors import DataError, MethodologyError
from cwi.panel import read_panel

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
CODES = ["a1", "a2", "a3", "b1", "b2", "b3"]
UNITS = [f"U{place:02d}" for place in range(14)]
RULES = """
version = "chain"
base = [2020]
normalisation = "min_max"
decimals = 6
learn_from = "completed"
imputation = {name = "group_mean", groups = "income"}
treatment = {limit = 3, then = "log"}
screening = {measured = 0.9, count = "completed"}

[[level]]
name = "pillar"
weighting = "stated"
aggregation = "arithmetic"
coverage = 0.0

[[level]]
name = "index"
weighting = "stated"
aggregation = "arithmetic"
coverage = 0.0
"""
INDICATORS = """code,pillar,worst,best,weight,denominator,per,unit,raw_unit
a1,a,0,1,1,people,1000,per 1000,number
a2,a,0,1,2,,,%,
a3,a,1,0,1,area,,per km2,number
b1,b,0,1,1,,,%,
b2,b,0,1,1,,,%,
b3,b,1,0,3,,,%,
"""


def made(folder: Path, *, rules: str = RULES, indicators: str = INDICATORS) -> Methodology:
    folder.mkdir(exist_ok=True)
    (folder / "methodology.toml").write_text(rules, encoding="utf-8")
    (folder / "indicators.csv").write_text(indicators, encoding="utf-8")
    groups = "region,income\n" + "".join(f"{unit},{'high' if i % 2 else 'low'}\n" for i, unit in enumerate(UNITS))
    (folder / "groups.csv").write_text(groups, encoding="utf-8")
    (folder / "denominators.csv").write_text("code,unit\npeople,inhabitants\narea,km2\n", encoding="utf-8")
    return read_methodology(folder)


def observed(seed: int = 5, year: int = 2020) -> pd.DataFrame:
    """Skewed values with gaps, and two denominators."""
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(size=(len(UNITS), len(CODES))))
    values[0, 0], values[3, 4] = 900.0, 40.0
    values[rng.random(values.shape) < 0.12] = np.nan
    sizes = np.column_stack([rng.uniform(1e3, 9e3, len(UNITS)), rng.uniform(10, 90, len(UNITS))])
    table = pd.DataFrame(np.hstack([values, sizes]), index=UNITS, columns=[*CODES, "people", "area"])
    long = table.rename_axis("region").reset_index().melt("region", var_name="indicator")
    return long.assign(year=year)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Methodology:
    return made(tmp_path_factory.mktemp("chain") / "rules")


@pytest.fixture(scope="module")
def scores(rules: Methodology) -> Scores:
    return score(observed(), rules)


def by_hand(table: pd.DataFrame) -> pd.Series:
    """COINr's order, step by step, without the library."""
    x = table.pivot(index="region", columns="indicator", values="value")
    x["a1"], x["a3"] = 1000 * x["a1"] / x["people"], x["a3"] / x["area"]
    x = x[CODES]
    group = ["high" if UNITS.index(unit) % 2 else "low" for unit in x.index]
    x = x.fillna(x.groupby(group).transform("mean"))

    def beyond(column: pd.Series) -> bool:
        return abs(stats.skew(column, bias=False)) > 2 and stats.kurtosis(column, bias=False) > 3.5

    for code in CODES:
        column = x[code]
        if not beyond(column):
            continue
        assert stats.skew(column) > 0
        for place in range(1, 4):
            capped = column.clip(upper=column.sort_values(ascending=False).iloc[place])
            if not beyond(capped):
                x[code] = capped
                break
        else:
            x[code] = np.log(column - column.min() + 0.01 * (column.max() - column.min()))
    y = 100 * (x - x.min()) / (x.max() - x.min())
    for code in ("a3", "b3"):
        y[code] = 100 - y[code]
    pillars = pd.DataFrame({"a": (y["a1"] + 2 * y["a2"] + y["a3"]) / 4, "b": (y["b1"] + y["b2"] + 3 * y["b3"]) / 5})
    return pillars.mean(axis=1)


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_the_whole_chain_of_coinr_in_one_methodology(rules: Methodology, seed: int) -> None:
    """Denominate, impute, screen, treat, normalise, aggregate: as computed step by step outside the library."""
    table = observed(seed)
    result = score(table, rules)
    assert (result.cells["status"] == "imputed").sum() >= 4
    assert not result.treated.empty
    pd.testing.assert_series_equal(
        result.of("index")[2020], by_hand(table), check_names=False, rtol=0, atol=1e-12, check_index_type=False
    )


@pytest.mark.slow
def test_scoring_once_is_scoring_in_two_passes(rules: Methodology, scores: Scores) -> None:
    """First the gaps, written out as observations, then the rest without an imputation."""
    filled = scores.cells[["region", "year", "indicator", "value"]]
    undivided = rules.indicators.assign(denominator="")
    second = score(filled, rules.replace(imputation=[], indicators=undivided))
    np.testing.assert_allclose(second.of("index")[2020], scores.of("index")[2020], rtol=0, atol=1e-12)
    spread = rules.replace(normalisation="z_score")  # the control: what scales learn from matters
    measured, completed = (score(observed(), spread.replace(learn_from=word)) for word in ("measured", "completed"))
    assert np.abs(measured.of("index")[2020] - completed.of("index")[2020]).max() > 0.1


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(deadline=None, max_examples=5)
def test_two_passes_agree_for_any_table(rules: Methodology, seed: int) -> None:
    table = observed(seed)
    once = score(table, rules)
    second = score(
        once.cells[["region", "year", "indicator", "value"]],
        rules.replace(imputation=[], indicators=rules.indicators.assign(denominator="")),
    )
    np.testing.assert_allclose(second.of("index")[2020], once.of("index")[2020], rtol=0, atol=1e-12)


# ---------------------------------------------------------------- denominators


def test_flights_for_each_thousand_inhabitants_as_coinr_prints_them(tmp_path: Path) -> None:
    """The vignette 'Denomination' of COINr 1.1.11: WorldDenoms are World Bank figures, the scale factor is 1,000."""
    rules = made(
        tmp_path / "flights",
        rules='version = "f"\nnormalisation = "goalposts"\n[[level]]\nname = "index"\nweighting = "equal"\n'
        'aggregation = "arithmetic"\n',
        indicators="code,worst,best,denominator,per\nFlights,0,0.01,people,1000\n",
    )
    rows = [["AUT", "Flights", 29.01725], ["AUT", "people", 8877067.0], ["BGR", "Flights", 9.23588]]
    table = pd.DataFrame(rows, columns=["region", "indicator", "value"]).assign(year=2019)
    cells = score(table, rules).cells.set_index("region")["value"]
    assert cells["AUT"] == pytest.approx(0.003268788, abs=5e-10)
    assert "BGR" not in cells.index  # without a denominator there is no value


def test_a_denominator_of_another_year_needs_max_age(rules: Methodology) -> None:
    table = observed()
    people = table["indicator"] == "people"
    late = table.assign(year=table["year"].where(~people, 2019))
    plain = rules.replace(imputation=[], screening=None, treatment=None)
    assert read_panel(late, plain, years=[2020]).x[:, 0].tolist() != []
    assert np.isnan(read_panel(late, plain, years=[2020]).x[:, 0]).all()
    used = read_panel(late, plain.replace(max_age=1), years=[2020]).x[:, 0]
    np.testing.assert_array_equal(used, read_panel(table, plain).x[:, 0])


def test_what_cannot_be_divided_is_refused(rules: Methodology, says: Says, tmp_path: Path) -> None:
    table = observed()
    table.loc[(table["region"] == "U04") & (table["indicator"] == "area"), "value"] = 0.0
    sentence = "the denominator area in U04, 2020 is 0; nothing can be divided by it, it must be above zero"
    with says(DataError, sentence):
        score(table, rules)
    unknown = rules.indicators.assign(denominator=["peeple", *rules.indicators["denominator"][1:]])
    with pytest.raises(MethodologyError) as caught:
        rules.replace(indicators=unknown)
    assert str(caught.value).endswith(
        "the denominator of 'a1' is 'peeple' (did you mean 'people'?); there are people, area"
    )
    itself = rules.indicators.assign(denominator=["a1", *rules.indicators["denominator"][1:]])
    with pytest.raises(MethodologyError, match=r"a1: the denominator is the indicator itself; name another series$"):
        rules.replace(indicators=itself)


@pytest.mark.parametrize(
    ("register", "sentence"),
    [
        (
            "code,unit\npeople,\narea,km2\n",
            "denominators.csv line 2: 'unit' is empty; a denominator has a code and a unit",
        ),
        (
            "code,unit\npeople,inhabitants\narea,km2\npeople,persons\n",
            "denominators.csv line 4: the denominator 'people' is listed twice",
        ),
        (
            None,
            "the denominator of 'a1' is 'people'; there is no denominators.csv, which lists each with its unit",
        ),
    ],
)
def test_a_register_of_denominators_that_is_refused(tmp_path: Path, register: str | None, sentence: str) -> None:
    made(tmp_path / "sizes")  # the control: as written it is read
    path = tmp_path / "sizes" / "denominators.csv"
    path.unlink()
    if register is not None:
        path.write_text(register, encoding="utf-8")
    with pytest.raises(MethodologyError) as caught:
        read_methodology(tmp_path / "sizes")
    assert str(caught.value).endswith(sentence)


def test_a_factor_of_zero_is_refused(rules: Methodology) -> None:
    with pytest.raises(MethodologyError, match=r"a1: per is 0; it must be above zero$"):
        rules.replace(indicators=rules.indicators.assign(per=[0, *rules.indicators["per"][1:]]))


def test_what_is_learnt_from_has_two_words(rules: Methodology) -> None:
    with pytest.raises(MethodologyError) as caught:
        rules.replace(learn_from="complete")
    assert str(caught.value).endswith(
        "learn_from is 'complete' (did you mean 'completed'?); there are measured, completed"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "without"),
    [
        ({"name": "carry", "direction": "backward", "max_age": 1}, {"name": "carry", "max_age": 1}),
        ({"name": "linear", "extrapolate": "constant"}, {"name": "linear"}),
    ],
)
def test_a_methodology_asks_for_filling_before_the_first_value(
    rules: Methodology, asked: Mapping[str, Any], without: Mapping[str, Any]
) -> None:
    """A gap of 2020 gets the value of 2021; the control leaves it open."""
    table = pd.concat([observed(5, 2020), observed(6, 2021)], ignore_index=True)
    here = (table["region"] == "U05") & (table["indicator"] == "a2")
    table.loc[here, "value"] = table.loc[here, "year"].map({2020: np.nan, 2021: 0.75})
    plain = rules.replace(screening=None, treatment=None, nation=None)
    cells = score(table, plain.replace(imputation=asked), years=[2020]).cells.set_index(["region", "indicator"])
    assert cells.loc[("U05", "a2"), ["value", "status"]].tolist() == [0.75, "imputed"]
    left = score(table, plain.replace(imputation=without), years=[2020]).wide(2020, "indicator")
    assert np.isnan(left.at["U05", "a2"])


# ---------------------------------------------------------------- screening


@pytest.mark.slow
def test_units_are_screened_by_availability_and_by_zeros(rules: Methodology) -> None:
    table = observed()
    here = table["indicator"].isin(CODES)
    table.loc[(table["region"] == "U01") & here & ~table["indicator"].isin(["a1", "b1"]), "value"] = np.nan
    table.loc[(table["region"] == "U02") & here, "value"] = 0.0
    asked = rules.replace(screening={"measured": 0.5, "nonzero": 0.5}, treatment=None)
    result = score(table, asked)
    assert result.screened.set_index("region")[["measured", "why"]].to_dict("index") == {
        "U01": {"measured": pytest.approx(2 / 6), "why": "availability"},
        "U02": {"measured": pytest.approx(1.0), "why": "zeros"},
    }
    assert result.of("index")[2020][["U01", "U02"]].isna().all()
    assert set(result.cells.query("region == 'U01'")["status"]) == {"screened"}
    without = score(table[~table["region"].isin(["U01", "U02"])], asked)
    left = result.of("index")[2020].drop(["U01", "U02"])
    pd.testing.assert_series_equal(without.of("index")[2020], left)  # who is left out teaches nothing
    after = score(table, asked.replace(screening={"measured": 0.5, "count": "completed"}))
    assert after.screened.empty


@pytest.mark.parametrize(
    ("screening", "sentence"),
    [
        ({"count": "measured"}, "the screening asks for nothing; write measured = 0.65, nonzero = 0.5, or both"),
        ({"measured": 65}, "measured of the screening is 65; it must be a number from 0 to 1"),
        ({"measured": 0.5, "count": "all"}, "count of the screening is 'all'; there are measured, completed"),
        ({"least": 0.5}, "the screening has no setting 'least'; there are measured, nonzero, count"),
    ],
)
def test_a_screening_that_is_refused(rules: Methodology, screening: Mapping[str, Any], sentence: str) -> None:
    with pytest.raises(MethodologyError) as caught:
        rules.replace(screening=screening)
    assert str(caught.value).endswith(sentence)


# ---------------------------------------------------------------- groups


def test_groups_that_nobody_knows_are_refused(rules: Methodology) -> None:
    with pytest.raises(MethodologyError) as caught:
        rules.replace(imputation={"name": "group_mean", "groups": "incom"})
    assert str(caught.value).endswith(
        "no grouping of units is called 'incom' (did you mean 'income'?); there are income"
    )
    lists = rules.replace(imputation={"name": "group_mean", "groups": {"north": ["U00"], "south": ["U1"]}})
    with pytest.raises(MethodologyError, match=r"^imputation 'group_mean': the group 'south' names 'U1', which has "):
        score(observed(), lists)
    with pytest.raises(MethodologyError, match=r"'U00' is in the groups 'north' and 'south'$"):
        rules.replace(imputation={"name": "group_mean", "groups": {"north": ["U00"], "south": ["U00"]}})


@pytest.mark.slow
def test_a_column_of_groups_is_the_same_as_its_lists(rules: Methodology, scores: Scores) -> None:
    lists = {"low": UNITS[::2], "high": UNITS[1::2]}
    other = score(observed(), rules.replace(imputation={"name": "group_mean", "groups": lists}))
    pd.testing.assert_series_equal(other.of("index")[2020], scores.of("index")[2020])


def test_groups_are_part_of_the_fingerprint(rules: Methodology, tmp_path: Path) -> None:
    other = made(tmp_path / "other")
    assert other.fingerprint == rules.fingerprint
    path = tmp_path / "other" / "groups.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("U00,low", "U00,high"), encoding="utf-8")
    assert read_methodology(tmp_path / "other").fingerprint != rules.fingerprint


# ---------------------------------------------------------------- rules of single indicators


@pytest.mark.slow
def test_one_indicator_has_its_own_scale_and_treatment(rules: Methodology, scores: Scores) -> None:
    assert {"a1", "b2"} <= set(scores.treated["indicator"])
    own = rules.replace(indicator={"b2": {"normalisation": {"name": "min_max", "low": 1.0}, "treatment": "none"}})
    result = score(observed(), own)
    assert set(result.treated["indicator"]) == set(scores.treated["indicator"]) - {"b2"}
    plain = score(observed(), rules.replace(treatment=None)).of("b2")[2020]
    np.testing.assert_allclose(result.of("b2")[2020], 1 + 0.99 * plain)
    pd.testing.assert_series_equal(result.of("a1")[2020], scores.of("a1")[2020])
    assert own.fingerprint != rules.fingerprint
    with pytest.raises(MethodologyError, match=r"\[indicator.b9\] is no indicator; there are a1, a2"):
        rules.replace(indicator={"b9": {"treatment": "none"}})


@pytest.mark.slow
def test_an_indicator_that_its_scale_refuses(rules: Methodology, says: Says) -> None:
    """It stops the scoring, or is left out by rule; one that is in ``without`` stops nothing."""
    table = observed()
    table.loc[table["indicator"] == "b1", "value"] = 3.0
    with says(MethodologyError, "normalisation: b1 is constant in the base years"):
        score(table, rules)
    left = score(table, rules.replace(without=["b1"]))
    assert left.refused.empty
    open_rules = score(table, rules.replace(refused="missing"))
    assert open_rules.refused.to_dict("records") == [{"indicator": "b1", "why": "is constant in the base years"}]
    assert open_rules.of("b1")[2020].isna().all()
    assert open_rules.nodes.query("node == 'index'")["flag"].str.contains("gaps").all()
    pd.testing.assert_series_equal(open_rules.of("index")[2020], left.of("index")[2020])


@pytest.mark.parametrize(
    ("treatment", "sentence"),
    [
        ({"limit": 2.5}, "limit of the treatment is 2.5; it must be a whole number not below 0"),
        ({"limit": "5"}, "limit of the treatment is '5'; it must be a whole number not below 0"),
        ({"limit": True}, "limit of the treatment is True; it must be a whole number not below 0"),
        ({"then": "logs"}, "then of the treatment is 'logs' (did you mean 'log'?); there are log, boxcox, nothing"),
        ({"shift": "two"}, "shift of the treatment is 'two'; there are hundredth, one"),
        ({"combine": 1}, "combine of the treatment is 1; it must be true or false"),
        ({"power": 0.5}, 'power of the treatment is that of Box-Cox; write then = "boxcox" with it'),
        ({"skew": -1}, "skew of the treatment is -1; it must be a number not below 0"),
        (True, "the treatment must be a table of settings"),
    ],
)
def test_settings_of_the_treatment_are_checked_when_they_are_read(
    rules: Methodology, treatment: Any, sentence: str
) -> None:
    with pytest.raises(MethodologyError) as caught:
        rules.replace(treatment=treatment)
    assert str(caught.value).endswith(sentence)


def test_the_treatment_of_one_indicator_is_checked_too(rules: Methodology) -> None:
    with pytest.raises(MethodologyError) as caught:
        rules.replace(indicator={"b2": {"treatment": {"limit": 2.5}}})
    assert str(caught.value).endswith(
        "[indicator.b2]: limit of the treatment is 2.5; it must be a whole number not below 0"
    )


def test_box_cox_of_a_stated_power_in_a_methodology(rules: Methodology, scores: Scores) -> None:
    """The root of x - min + 1, brought to 0 to 100 by its own range, of the one indicator that asks for it."""
    rooted = {"limit": 0, "then": "boxcox", "shift": "one", "power": 0.5}
    result = score(observed(), rules.replace(indicator={"b2": {"treatment": rooted}}))
    assert "b2" in set(result.treated["indicator"])
    x = result.values(2020)["b2"]
    y = stats.boxcox(x - x.min() + 1, lmbda=0.5)
    np.testing.assert_allclose(result.of("b2")[2020], 100 * (y - y.min()) / (y.max() - y.min()), atol=1e-9)
    pd.testing.assert_series_equal(result.of("a1")[2020], scores.of("a1")[2020])


# ---------------------------------------------------------------- references


def two_years(rules: Methodology) -> tuple[pd.DataFrame, Methodology]:
    table = pd.concat([observed(5, 2020), observed(6, 2021)], ignore_index=True)
    return table, rules.replace(imputation=[], screening=None, treatment=None, learn_from="measured", nation="U01")


@pytest.mark.slow
def test_a_unit_and_years_of_reference(rules: Methodology, says: Says) -> None:
    """AMPI as its authors have it: the range over both years, the reference the nation in the first."""
    table, plain = two_years(rules)
    named = {"name": "ampi", "reference": "U01", "reference_years": [2020], "range_years": [2020, 2021]}
    result = score(table, plain.replace(normalisation=named), years=[2021])
    both = read_panel(table, plain)
    mine = both.units["region"] != "U01"
    low, high = np.nanmin(both.x[mine], axis=0), np.nanmax(both.x[mine], axis=0)
    middle = both.x[((both.units["region"] == "U01") & (both.units["year"] == 2020)).to_numpy()][0]
    x = both.x[(both.units["year"] == 2021).to_numpy()]
    sign = np.array([1, 1, -1, 1, 1, -1])
    expected = 100 + sign * 60 * (x - middle) / (high - low)
    measured = ~np.isnan(middle)
    scored = result.wide(2021, "indicator").to_numpy()
    np.testing.assert_allclose(scored[:, measured], expected[:, measured], rtol=0, atol=1e-9)
    wrong = plain.replace(normalisation={"name": "ampi", "reference": "U1"})
    with pytest.raises(MethodologyError, match=r"^normalisation: reference is 'U1' \(did you mean 'U"):
        score(table, wrong)
    never = plain.replace(normalisation={"name": "ampi", "range_years": [1999]})
    with says(MethodologyError, "normalisation: range_years are 1999; there is no observation of these years"):
        score(table, never)


def test_a_ratio_to_a_unit_by_its_code(rules: Methodology) -> None:
    table, plain = two_years(rules)
    table = table.dropna(subset="value")
    complete = sorted(set(CODES) & set(table.query("region == 'U03' and year == 2020")["indicator"]))
    kept = plain.replace(without=[code for code in CODES if code not in complete], nation=None)
    ratio = score(table, kept.replace(normalisation={"name": "distance_to_reference", "reference": "U03"}))
    scored = ratio.wide(2020, "indicator").loc["U03", complete]
    assert scored.tolist() == [100.0] * len(complete)
    values = ratio.values(2020)["a2"]
    np.testing.assert_allclose(ratio.of("a2")[2020], 100 * values / values["U03"])


# ---------------------------------------------------------------- settings of an aggregation


@pytest.mark.slow
def test_the_penalty_and_the_distance_of_wroclaw_by_the_sample(rules: Methodology) -> None:
    """With two parts, by hand: their variance over k - 1 is half the square of their difference."""
    penalty = {"name": "penalised", "direction": "down", "ddof": 1, "weighted": False}
    result = score(observed(), rules.replace(node={"a": {"weight": 3}}, index={"aggregation": penalty}))
    parts = result.wide(2020, "pillar")
    a, b = parts["a"], parts["b"]
    expected = (3 * a + b) / 4 - (a - b) ** 2 / 2 / ((a + b) / 2)
    np.testing.assert_allclose(result.of("index")[2020], expected, atol=1e-9)
    distance = np.sqrt(((a - a.max()) ** 2 + (b - b.max()) ** 2) / 2)
    taxonomy = score(observed(), rules.replace(index={"aggregation": {"name": "wroclaw", "ddof": 1}}))
    expected = 100 * (1 - distance / (distance.mean() + 2 * distance.std(ddof=1)))
    np.testing.assert_allclose(taxonomy.of("index")[2020], expected, atol=1e-9)


# ---------------------------------------------------------------- alternatives


def test_fewer_indicators_take_their_rules_with_them(rules: Methodology) -> None:
    rich = rules.replace(node={"b": {"weight": 2}}, indicator={"b2": {"treatment": "none"}}, without=["b1"])
    fewer = rich.replace(indicators=rich.indicators[rich.indicators["pillar"] == "a"])
    assert (dict(fewer.overrides), dict(fewer.indicator_rules), fewer.without) == ({}, {}, ())
    assert score(observed(), fewer).of("index")[2020].notna().all()


@pytest.mark.slow
def test_a_tree_of_one_level_is_imputed(tmp_path: Path) -> None:
    rules = made(
        tmp_path / "flat",
        rules='version = "f"\nbase = [2020]\nnormalisation = "min_max"\n'
        'imputation = [{name = "em", ridge = 0.1}, "row_mean"]\n'
        "[[level]]\n"
        'name = "index"\nweighting = "equal"\naggregation = "arithmetic"\n',
        indicators="code,worst,best\n" + "".join(f"{code},0,1\n" for code in CODES),
    )
    assert score(observed(), rules).of("index")[2020].notna().all()


def test_a_function_typed_at_a_prompt_is_refused_with_the_way_out(rules: Methodology) -> None:
    session: dict[str, Any] = {}
    exec("def lowest(y, w):\n    return y.min(axis=-1)\n", session)
    with pytest.raises(MethodologyError) as caught:
        rules.replace(index={"aggregation": session["lowest"]})
    assert str(caught.value).endswith(
        "the source of the aggregation 'lowest' is not kept where it was typed, and the fingerprint of a methodology "
        "needs it; write the function into a file and import it, or define it in a notebook"
    )


def test_scores_from_1_to_100_have_a_geometric_mean(rules: Methodology) -> None:
    scaled = rules.replace(normalisation={"name": "min_max", "low": 1.0}, index={"aggregation": "geometric"})
    result = score(observed(), scaled)
    indicators = result.wide(2020, "indicator")
    assert (indicators.min().min(), indicators.max().max()) == (pytest.approx(1), pytest.approx(100))
    assert result.of("index")[2020].notna().all()


def test_strengths_in_a_tree_of_other_levels(scores: Scores) -> None:
    ranks = scores.wide(2020, "pillar", "rank")
    unit = ranks.index[(ranks["a"] < ranks["b"]).to_numpy()][0]
    table = strengths(scores, unit, level="pillar", n=1)
    assert table[["kind", "node", "parent"]].to_numpy().tolist() == [
        ["strength", "a", "index"], ["weakness", "b", "index"]
    ]  # fmt: skip
    assert table["rank"].tolist() == ranks.loc[unit, ["a", "b"]].tolist()
    assert table["ranked"].tolist() == [len(UNITS)] * 2
