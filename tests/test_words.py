"""Every word that a methodology may use, used: it scores, or it refuses with a reason; nothing is silent."""

import numpy as np
import pandas as pd
import pytest

from cwi import read_edition, score
from cwi.derivation import derive
from cwi.errors import MethodologyError
from cwi.traits import FAMILIES, methods_of, traits_of, words

NEEDS = {  # by codes of regions and parts, which a method cannot know
    "group_mean": {"groups": {"cities": ["KZ-71", "KZ-75", "KZ-79"], "north": ["KZ-11", "KZ-39", "KZ-59"]}},
    "group_median": {"groups": {"cities": ["KZ-71", "KZ-75", "KZ-79"], "north": ["KZ-11", "KZ-39", "KZ-59"]}},
    "budget_allocation": {"points": [{"child": 40, "family_community": 30, "public_policy": 20, "country": 10}]},
    "ahp": {
        "judgements": {
            "child": {"family_community": 1, "public_policy": 2, "country": 2},
            "family_community": {"public_policy": 2, "country": 2},
            "public_policy": {"country": 1},
        }
    },
}
RATIO = [word for word, function in methods_of("normalisation").items() if traits_of(function).needs_true_zero]


IMPUTATION = "imputation"


@pytest.fixture(scope="module")
def edition():
    return read_edition(2019)


def scored(edition, **changes):
    return score(edition.observations, edition.methodology.replace(**changes), years=[2019], base=edition.base)


def rule(word, family=None):
    family = next(f for f in FAMILIES if word in methods_of(f)) if family is None else family
    return {"name": word, **traits_of(methods_of(family)[word]).parameters(), **NEEDS.get(word, {})}


@pytest.mark.slow
@pytest.mark.parametrize("word", words("normalisation"))
def test_normalisations(edition, word):
    changes = {"normalisation": rule(word, "normalisation")}
    if word in RATIO:
        with pytest.raises(MethodologyError, match="is read on a logarithmic scale, which has no zero"):
            scored(edition, **changes)
        table = edition.methodology.indicators.assign(scale="linear")
        changes["indicators"] = table
    scores = scored(edition, **changes)
    assert scores.of("index")[2019].notna().all()
    assert scores.methodology.fingerprint != edition.methodology.fingerprint or word == "goalposts"


@pytest.mark.slow
@pytest.mark.parametrize("level", ["dimension", "index"])
@pytest.mark.parametrize("word", words("weighting"))
def test_weightings(edition, word, level):
    if word in ("ahp", "budget_allocation") and level == "dimension":
        with pytest.raises(MethodologyError, match=r"of 'child' names '.+'|of 'child' says nothing"):
            scored(edition, **{level: {"weighting": rule(word, "weighting")}})
        return
    if word in ("first_component", "pca") and level == "dimension":
        with pytest.raises(MethodologyError, match=r": (pca keeps|\w+ runs against)"):
            scored(edition, **{level: {"weighting": rule(word, "weighting")}})
        return
    scores = scored(edition, **{level: {"weighting": rule(word, "weighting")}})
    assert scores.of("index")[2019].notna().all()
    weights = scores.edges.groupby("parent")["weight"].agg(["sum", "min"])
    assert weights["sum"].to_numpy() == pytest.approx(1)
    assert (weights["min"] >= 0).all()


@pytest.mark.parametrize("word", words("aggregation"))
def test_aggregations(edition, word):
    if word == "condorcet":
        with pytest.raises(MethodologyError, match="index: majorities go in a circle"):
            scored(edition, index={"aggregation": word})
        return
    index = scored(edition, index={"aggregation": rule(word, "aggregation")}).of("index")[2019]
    assert index.drop("KZ").notna().all()
    assert index.isna()["KZ"] == traits_of(methods_of("aggregation")[word]).compares_units


@pytest.mark.slow
@pytest.mark.parametrize("word", words("imputation"))
def test_imputations(edition, word):
    """One figure is taken away from a region; what is put in is flagged to the index, and nothing else is touched."""
    rows = edition.observations
    gone = (rows["indicator"] == "unemployment") & (rows["region"] == "KZ-11") & (rows["year"] >= 2017)
    hidden = rows[~gone | (rows["year"] > 2019)] if word == "linear" else rows[~gone]
    methodology = edition.methodology.replace(imputation=rule(word, "imputation"), max_age=0)
    if word == "linear":
        later = edition.base[(edition.base["year"] == 2020) & edition.base["region"].isin(rows["region"].unique())]
        hidden = pd.concat([hidden, later])
    scores = score(hidden, methodology, years=[2019], base=edition.base)
    cell = scores.cells[(scores.cells["region"] == "KZ-11") & (scores.cells["indicator"] == "unemployment")].iloc[0]
    assert (cell["status"], cell["source"]) == ("imputed", word)
    assert cell["observed"] == 2019
    top = scores.nodes[(scores.nodes["region"] == "KZ-11") & (scores.nodes["node"] == "index")].iloc[0]
    assert "imputed" in top["flag"]
    assert not (scores.cells.loc[scores.cells["region"] == "KZ", "status"] == "imputed").any()
    before = score(hidden, edition.methodology.replace(max_age=0), years=[2019], base=edition.base).cells["value"]
    after = scores.cells["value"]
    pd.testing.assert_series_equal(after[before.notna()], before[before.notna()])


@pytest.mark.parametrize("status", ["suppressed", "not applicable"])
def test_what_is_withheld_is_never_imputed(edition, status):
    rows = edition.observations.copy()
    here = (rows["indicator"] == "unemployment") & (rows["region"] == "KZ-11")
    rows.loc[here, ["value", "status", "scored"]] = [np.nan, status, False]
    scores = score(rows, edition.methodology.replace(imputation=["linear", "median"]), years=[2019], base=edition.base)
    cell = scores.cells[(scores.cells["region"] == "KZ-11") & (scores.cells["indicator"] == "unemployment")].iloc[0]
    assert np.isnan(cell["value"])


def test_treatment_is_learnt_from_the_base_years_and_listed(edition):
    scores = scored(edition, treatment={"limit": 2, "skew": 1.0, "kurt": 1.0})
    assert not scores.treated.empty
    cells = scores.cells.set_index(["region", "indicator"])["value"]
    for row in scores.treated.to_dict("records"):
        assert cells[row["region"], row["indicator"]] == row["value"]
        assert row["treated"] != row["value"]
    flagged = scores.nodes[(scores.nodes["level"] == "indicator") & scores.nodes["flag"].str.contains("treated")]
    treated = set(scores.treated[["region", "indicator"]].itertuples(index=False, name=None))
    assert set(flagged[["region", "node"]].itertuples(index=False, name=None)) == treated


@pytest.mark.slow
def test_a_unit_rule_looks_at_one_year_at_a_time(edition):
    methodology = edition.methodology.replace(index={"aggregation": "borda"})
    both = score(edition.observations, methodology, years=[2018, 2019], base=edition.base)
    for year in (2018, 2019):
        alone = score(edition.observations, methodology, years=[year], base=edition.base)
        pd.testing.assert_series_equal(both.of("index")[year].dropna(), alone.of("index")[year].dropna())


def test_a_unit_rule_over_draws_is_a_loop_over_draws(edition):
    methodology = edition.methodology.replace(index={"aggregation": "copeland"})
    x = edition.scores.values(2019).drop(index="KZ").to_numpy(float)
    rng = np.random.default_rng(3)
    draws = np.abs(x * (1 + rng.normal(0, 0.1, size=(5, *x.shape))))
    draws[2, 3] = np.nan  # a region without anything in one draw
    at_once = derive(draws, methodology).index
    one_by_one = np.stack([derive(draw, methodology).index for draw in draws])
    np.testing.assert_array_equal(at_once, one_by_one)


def test_implied_weights_sum_to_one(edition):
    weights = edition.scores.implied_weights()
    assert weights.sum() == pytest.approx(1)
    assert weights["poverty"] == pytest.approx(1 / 4 / 4 / 5)


REFUSED = {
    "points by place": (
        {"index": {"weighting": {"name": "budget_allocation", "points": [[40, 30, 20, 10]]}}},
        "points of 'index' must name each part by its code, {child = …}",
    ),
    "points for a stranger": (
        {"index": {"weighting": {"name": "budget_allocation", "points": [{"chld": 100}]}}},
        "points of 'index' names 'chld' (did you mean 'child'?); "
        "there are child, family_community, public_policy, country",
    ),
    "a part without points": (
        {"index": {"weighting": {"name": "budget_allocation", "points": [{"child": 100}]}}},
        "points of 'index' does not name 'family_community'",
    ),
    "unknown imputation": (
        {"imputation": "medain"},
        f"no imputation is called 'medain' (did you mean 'median'?); there are {', '.join(words('imputation'))}",
    ),
    "unknown treatment": (
        {"treatment": {"limt": 5}},
        "the treatment has no setting 'limt' (did you mean 'limit'?); there are limit, then, skew, kurt, combine, "
        "shift, power",
    ),
    "a word where a number belongs": (
        {"index": {"aggregation": {"name": "power", "p": "half"}}},
        "p is 'half'; it must be a number",
    ),
    "a number where a word belongs": (
        {"index": {"aggregation": {"name": "penalised", "direction": 1}}},
        "direction is 1; it must be a word in quotes",
    ),
    "no list": (
        {"index": {"aggregation": {"name": "owa", "order_weights": 1}}},
        "order_weights is 1; it must be a list of numbers",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(edition, case):
    changes, sentence = REFUSED[case]
    with pytest.raises(MethodologyError) as refused:
        scored(edition, **changes)
    assert str(refused.value).partition(": ")[2] == sentence
