"""Draws against the long way: every alternative is what cwi.score makes of the replaced methodology."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from cwi import DataError, Edition, Methodology, MethodologyError, ParameterError, read_edition, score
from cwi.analysis.uncertainty.common import distinct
from cwi.analysis.uncertainty.engine import Engine
from cwi.analysis.uncertainty.plan import Plan
from cwi.analysis.uncertainty.preparation import prepare

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Planned = Callable[..., Plan]

GEOMETRIC = {"aggregation": {"name": "geometric", "floor": 1}}
CHOICES: Mapping[str, dict[str, Any]] = {
    "age": {"max_age": 0},
    "filled": {"imputation": "mean"},
    "range": {"normalisation": "min_max"},
    "ranks": {"normalisation": "percentile_rank"},
    "ends": {"ends": {"fit": {"worst": 20, "best": 90}, "rent": {"best": 50}}},
    "base": {"base": [2019], "normalisation": "min_max"},
    "component": {"component": GEOMETRIC},
    "dimension": {"dimension": {"aggregation": "harmonic", "weighting": "equal"}},
    "index": {"index": GEOMETRIC},
    "borda": {"index": {"aggregation": "borda"}},
    "copeland": {"dimension": {"aggregation": "copeland"}},
    "entropy": {"component": {"weighting": "entropy"}},
    "pca": {"node": {"health": {"weighting": "pca"}}},
    "critic above": {"dimension": {"weighting": "critic"}, "normalisation": "min_max"},
    "gini at the top": {"index": {"weighting": "gini"}, "component": GEOMETRIC},
    "node": {"node": {"life": {"weight": 5, "aggregation": {"name": "power", "p": 0.5}}, "school": {"coverage": 0.9}}},
    "without": {"without": ["ill", "growth"]},
    "without a dimension": {"without": ["mind"]},
    "weights": {"indicators": "set below"},
    "screening": {"screening": {"measured": 0.9}},
    "screening and without": {"screening": {"measured": 0.9}, "without": ["ill", "growth"]},
    "learn from completed": {"learn_from": "completed", "imputation": "mean", "normalisation": "min_max"},
    "one indicator": {"indicator": {"fit": {"normalisation": "percentile_rank"}}},
    "a unit and years": {"normalisation": {"name": "ampi", "reference": "R0", "range_years": [2019, 2020]}},
    "years": {"normalisation": {"name": "ampi", "reference": "median", "reference_years": [2020]}},
    "a unit of one indicator": {"indicator": {"fit": {"normalisation": {"name": "ampi", "reference": "R0"}}}},
}


def changes_of(name: str, methodology: Methodology) -> dict[str, Any]:
    if name == "weights":
        return {"indicators": methodology.indicators.assign(weight=np.arange(1.0, 10))}
    return dict(CHOICES[name])


def scored(rows: pd.DataFrame, methodology: Methodology, units: pd.DataFrame, node: str = "index") -> Array:
    nodes = score(rows, methodology, years=[2020, 2021]).nodes
    found = nodes[nodes["node"] == node].set_index(["region", "year"])["score"]
    return found.reindex(pd.MultiIndex.from_frame(units)).to_numpy(float)


def same(found: Array, expected: Array) -> None:
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert found == pytest.approx(expected, abs=1e-12, rel=1e-12, nan_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOICES)
def test_one_choice_is_the_replaced_methodology(
    name: str, plan: Planned, observations: pd.DataFrame, methodology: Methodology
) -> None:
    changes = changes_of(name, methodology)
    made = plan({"f": {"choices": [{"name": "n", **changes}, {}]}})
    outcome = made.run(np.array([[0, 1, 0]]))
    assert outcome.failed == {}
    same(outcome.scores[:, 0], scored(observations, methodology.replace(**changes), made.units))
    same(outcome.scores[:, 1], scored(observations, methodology, made.units))
    assert outcome.scores[:, 0].tobytes() == outcome.scores[:, 2].tobytes()
    assert not np.array_equal(outcome.scores[:, 0], outcome.scores[:, 1], equal_nan=True)


def test_a_treatment_is_a_choice_too(plan: Planned, whole: pd.DataFrame, methodology: Methodology) -> None:
    odd = (whole["indicator"] == "weight") & (whole["region"] == "R0") & (whole["year"] < 2021)
    rows = whole.assign(value=whole["value"].mask(odd, 900.0))
    made = plan({"f": {"choices": [{}, {"name": "n", "treatment": {"limit": 5}}]}}, observations=rows)
    same(made.run(np.array([[1]])).scores[:, 0], scored(rows, methodology.replace(treatment={"limit": 5}), made.units))


MANY: dict[str, list[dict[str, Any]]] = {
    "age": [{}, {"max_age": 0}],
    "scale": [{"normalisation": "min_max"}, {}, {"normalisation": "percentile_rank"}],
    "component": [{}, {"component": {"weighting": "critic", "coverage": 0.9}}],
    "dimension": [{}, {"dimension": {"weighting": "gini"}}, {"dimension": {"aggregation": "borda"}}],
    "index": [{}, {"index": GEOMETRIC}, {"node": {"index": {"weighting": "equal"}}}],
}


@pytest.fixture(scope="module")
def many(plan: Planned) -> Plan:
    named = {
        name: {"choices": [{"name": f"{name} {i}", **changes} if changes else {} for i, changes in enumerate(choices)]}
        for name, choices in MANY.items()
    }
    return plan(named)


@pytest.mark.slow
def test_all_combinations_are_the_replaced_methodologies(
    many: Plan, observations: pd.DataFrame, methodology: Methodology
) -> None:
    choices = np.indices([len(choices) for choices in MANY.values()]).reshape(len(MANY), -1)
    assert choices.shape[1] == 108
    outcome = many.run(choices)
    assert outcome.failed == {}
    for column in np.random.default_rng(2).permutation(108)[:40]:
        changes: dict[str, Any] = {}
        for made, place in zip(MANY.values(), choices[:, column], strict=True):
            changes |= made[place]
        same(outcome.scores[:, column], scored(observations, methodology.replace(**changes), many.units))


@pytest.mark.slow
def test_company_changes_no_bit(many: Plan) -> None:
    """Alone, in any order, repeated: the same bytes."""
    choices = np.indices([len(choices) for choices in MANY.values()]).reshape(len(MANY), -1)
    together = many.run(choices).scores
    shuffled = np.random.default_rng(3).integers(0, 108, 500)
    assert many.run(choices[:, shuffled]).scores.tobytes() == together[:, shuffled].tobytes()
    for column in (0, 17, 107):
        assert many.run(choices[:, [column]]).scores[:, 0].tobytes() == together[:, column].tobytes()


@pytest.mark.parametrize("node", ["life", "school", "index"])
def test_any_node_may_be_asked_for(
    node: str, plan: Planned, observations: pd.DataFrame, methodology: Methodology
) -> None:
    made = plan({"f": {"choices": [{}, {"name": "n", "component": GEOMETRIC}]}}, node=node)
    found = made.run(np.array([[0, 1]])).scores
    same(found[:, 0], scored(observations, methodology, made.units, node))
    same(found[:, 1], scored(observations, methodology.replace(component=GEOMETRIC), made.units, node))


def test_a_node_that_is_not_there(plan: Planned, says: Says) -> None:
    with says(
        MethodologyError,
        "no node is called 'lives' (did you mean 'life'?); "
        "there are health, growth, school, mood, safety, home, life, mind, place, index",
    ):
        plan({"f": {"weights": {"noise": 0.1}}}, node="lives")


# ---------------------------------------------------------------- weights


NOISE = {"weights": {"noise": 0.1}}
EXPERTS = pd.DataFrame({"life": [1.0, 5.0, 0.0], "mind": [1.0, 2.0, 1.0], "place": [2.0, 3.0, 1.0],
                        "reading": [1.0, 2.0, 3.0], "sums": [2.0, 2.0, 3.0]})  # fmt: skip


@pytest.mark.slow
def test_a_set_of_weights_is_drawn_whole(plan: Planned, whole: pd.DataFrame, methodology: Methodology) -> None:
    made = plan({"votes": {"weights": {"sets": "experts"}}}, sets={"experts": EXPERTS}, observations=whole)
    u = (np.array([[0.0, 0.3, 0.34, 0.6, 0.67, 0.999]]), [0, 0, 1, 1, 2, 2])
    found = made.run(made.choices(u[0]), u[0]).scores
    for column, expert in enumerate(u[1]):
        said = EXPERTS.iloc[expert]
        table = methodology.indicators
        weights = table["code"].map(said).fillna(table["weight"]).astype(float)
        rules = methodology.replace(
            indicators=table.assign(weight=weights),
            node={code: {"weight": float(said[code])} for code in ("life", "mind", "place")},
        )
        same(found[:, column], scored(whole, rules, made.units))


def test_who_has_a_score_is_judged_by_the_official_weights(plan: Planned) -> None:
    """R5 has no reading; an expert for whom reading counts little gives it no better coverage."""
    votes = {"votes": {"weights": {"sets": "experts"}}}
    made = plan(votes, sets={"experts": EXPERTS}, node="school")
    u = np.array([[0.0, 0.4, 0.9]])
    here = (made.units["region"] == "R5").to_numpy()
    assert np.isnan(made.run(made.choices(u), u).scores).all(axis=1).tolist() == here.tolist()


def test_a_set_and_noise_stand_together_in_either_order(plan: Planned) -> None:
    """A set declared after the noise does not undo it."""
    noise, votes = {"weights": {"noise": 0.5, "levels": ["index"]}}, {"weights": {"sets": "experts"}}
    one = plan({"noise": noise, "votes": votes}, sets={"experts": EXPERTS})
    two = plan({"votes": votes, "noise": noise}, sets={"experts": EXPERTS})
    u = np.random.default_rng(4).random((4, 50))
    found = one.run(one.choices(u), u).scores
    other = two.run(two.choices(u), u[[3, 0, 1, 2]]).scores
    assert found.tobytes() == other.tobytes()
    fixed = one.run(one.choices(u), u, fixed=["noise"]).scores
    assert not np.array_equal(found, fixed)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (EXPERTS.drop(columns="mind"), "the weights 'experts' lack 'mind', a part of 'index' like 'life'"),
        (EXPERTS.rename(columns={"life": "lif"}), "the weights 'experts' name 'lif' (did you mean 'life'?); "
         "there are fit, ill, height, weight, reading, sums, worry, deaths, rent, health, growth, school, mood, "
         "safety, home, life, mind, place"),
        (EXPERTS.iloc[:0], "the weights 'experts' hold no set"),
        (EXPERTS.assign(sums=[1.0, np.nan, 2.0]),
         "the weights 'experts' of the parts of 'school' are missing, below zero or all zero"),
        (EXPERTS.assign(sums=[1.0, -1.0, 2.0]),
         "the weights 'experts' of the parts of 'school' are missing, below zero or all zero"),
        (EXPERTS.assign(sums=0.0, reading=[0.0, 1.0, 1.0]),
         "the weights 'experts' of the parts of 'school' are missing, below zero or all zero"),
    ],
)  # fmt: skip
def test_sets_with_holes(table: pd.DataFrame, sentence: str, plan: Planned, says: Says) -> None:
    with says(DataError, sentence):
        plan({"votes": {"weights": {"sets": "experts"}}}, sets={"experts": table})


def test_a_table_of_weights_that_was_not_handed_in(plan: Planned, says: Says) -> None:
    with says(
        MethodologyError,
        "factors: 'votes' asks for the weights 'expert' (did you mean 'experts'?); there are experts",
    ):
        plan({"votes": {"weights": {"sets": "expert"}}}, sets={"experts": EXPERTS})


@pytest.mark.parametrize(
    ("other", "node"),
    [
        ({"choices": [{}, {"name": "n", "index": {"weighting": "equal"}}]}, "index"),
        ({"choices": [{}, {"name": "n", "node": {"life": {"weight": 3}}}]}, "index"),
        ({"choices": [{}, {"name": "n", "node": {"school": {"weighting": "equal"}}}]}, "school"),
        ({"weights": {"sets": "experts"}}, "school"),
    ],
)
def test_a_set_does_not_undo_another_factor(other: dict[str, Any], node: str, plan: Planned, says: Says) -> None:
    with says(
        MethodologyError,
        f"factors: the factors 'other' and 'votes' both replace the weights of the parts of '{node}'; "
        "one would undo the other, so make them one factor",
    ):
        plan({"other": other, "votes": {"weights": {"sets": "experts"}}}, sets={"experts": EXPERTS})


@pytest.mark.slow
def test_noise_is_symmetric_and_speaks_at_its_levels(plan: Planned, methodology: Methodology) -> None:
    """Exactly: mirrored points give mirrored weights, and the index follows as a ratio of linear forms."""
    made = plan({"noise": {"weights": {"noise": 0.4, "levels": ["index"]}}})
    assert made.size == 3
    u = np.random.default_rng(5).random((3, 200))
    assert u.shape[0] == len(methodology.stated_weights[2])
    parts = {node: plan({"f": {"weights": {"noise": 0.1}}}, node=node).run(np.empty((0, 1), int)).scores[:, 0]
             for node in ("life", "mind", "place")}  # fmt: skip
    y = np.stack(list(parts.values()))
    for points in (u, 1 - u):
        weights = methodology.stated_weights[2][:, None] * (1 + 0.4 * (2 * points - 1))
        expected = y.T @ weights / weights.sum(axis=0)
        assert made.run(made.choices(points), points).scores == pytest.approx(expected, rel=1e-12, nan_ok=True)
    middle = np.full((3, 1), 0.5)
    same(made.run(made.choices(middle), middle).scores, made.run(made.official_choices()).scores)


def test_dirichlet_weights_have_their_mean_and_variance(plan: Planned, methodology: Methodology) -> None:
    """Seen through an index that is one dimension's weight: scores of 100 and 0."""
    made = plan({"dirichlet": {"weights": {"concentration": 20, "levels": ["index"]}}})
    share = methodology.stated_weights[2]
    rng = np.random.default_rng(6)
    factor = made.factors["dirichlet"]
    weights = Engine(made).perturbed_weights(2, share, [(factor, u := rng.random((3, 40_000)))])
    drawn = (weights[:, 0] / weights[:, 0].sum(axis=1, keepdims=True)).T
    assert u.shape == drawn.shape
    assert drawn.mean(axis=1) == pytest.approx(share, abs=2e-3)
    assert drawn.var(axis=1) == pytest.approx(share * (1 - share) / 21, rel=0.03)
    assert np.cov(drawn[0], drawn[1])[0, 1] == pytest.approx(-share[0] * share[1] / 21, rel=0.05)


# ---------------------------------------------------------------- what is refused before anything runs


@pytest.mark.slow
@pytest.mark.parametrize(
    "factor",
    [
        {"choices": [{}, {"name": "n", "max_age": 2}]},
        {"choices": [{}, {"name": "n", "ends": {"fit": {"best": 100}}}, {"name": "o", "index": {"coverage": 0.9}}]},
    ],
)
def test_an_idle_factor_is_refused(factor: dict[str, Any], plan: Planned, says: Says) -> None:
    said = {"f": factor, "noise": {"weights": {"noise": 0.1}}}
    with says(
        MethodologyError,
        "factors: the factor 'f' changes no score of 2020, 2021; "
        "leave it out, or look for a setting that does not do what it should",
    ):
        plan(said)
    left = plan(said, leave_out_idle=True)
    assert left.idle == ("f",)
    assert left.factors.names == ("noise",)


def test_errors_that_nothing_has(plan: Planned, observations: pd.DataFrame, says: Says) -> None:
    sampling = {"f": {"values": {"error": "sampling"}}}
    with says(MethodologyError, "factors: the factor 'f' finds no observation of 2020, 2021 to perturb"):
        plan(sampling, observations=observations.assign(se=np.nan))
    with says(
        MethodologyError,
        "factors: no factor changes a score; the factor 'f' finds no observation of 2020, 2021 to perturb",
    ):
        plan(sampling, observations=observations.assign(se=0.0), leave_out_idle=True)


def test_a_factor_that_moves_only_beside_another_is_not_idle(plan: Planned, methodology: Methodology) -> None:
    """The stated weight of life says nothing while the index weighs its parts alike."""
    said = {
        "weighting": {"choices": [{}, {"name": "stated", "index": {"weighting": "stated"}}]},
        "life": {"choices": [{}, {"name": "heavy", "node": {"life": {"weight": 9}}}]},
    }
    alike = methodology.replace(index={"weighting": "equal"})
    assert plan(said, methodology=alike).idle == ()
    with pytest.raises(MethodologyError, match="the factor 'life' changes no score"):
        plan({"life": said["life"]}, methodology=alike)


@pytest.mark.slow
def test_one_observation_has_one_error(plan: Planned, observations: pd.DataFrame, says: Says) -> None:
    deaths = observations["indicator"] == "deaths"
    rows = observations.assign(se=observations["se"].mask(deaths, 1.0))
    said = {
        "survey": {"values": {"error": "sampling"}},
        "events": {"values": {"error": "counts", "of": {"deaths": {"exposure": "population", "per": 100_000}}}},
    }
    with says(
        MethodologyError,
        "factors: the factors 'survey' and 'events' both perturb deaths in All, 2020; "
        "give it a standard error or count its events, not both",
    ):
        plan(said, observations=rows)
    rounded = plan({"events": said["events"], "rounded": {"values": {"error": "rounding"}}}, observations=rows)
    u = np.random.default_rng(7).random((rounded.size, 5))
    other = plan({"rounded": {"values": {"error": "rounding"}}, "events": said["events"]}, observations=rows)
    moved = np.vstack([u[rounded.axes["rounded"]], u[rounded.axes["events"]]])
    one, two = (made.run(made.choices(points), points).scores for made, points in ((rounded, u), (other, moved)))
    assert one.tobytes() == two.tobytes()


def test_other_regions_cannot_be_compared(plan: Planned, observations: pd.DataFrame, says: Says) -> None:
    gone = observations[~((observations["region"] == "R3") & (observations["year"] == 2021))]
    with says(
        MethodologyError,
        "factors: under one of its choices other regions have values than under the official ones; "
        "draws of different regions cannot be compared",
    ):
        plan({"age": {"choices": [{}, {"name": "new", "max_age": 0}]}}, observations=gone)


def test_an_official_index_that_cannot_be_made(
    plan: Planned, observations: pd.DataFrame, methodology: Methodology, says: Says
) -> None:
    broken = methodology.replace(index={"aggregation": "geometric"})
    low = observations.assign(value=observations["value"].mask(observations["indicator"] == "deaths", 900.0))
    with says(
        MethodologyError,
        "factors: the official choices cannot be run: index: geometric needs scores above zero; the lowest is -1063.6",
    ):
        plan({"noise": {"weights": {"noise": 0.1}}}, methodology=broken, observations=low)


def test_imputations_need_a_generator(plan: Planned, says: Says) -> None:
    with says(MethodologyError, "factors: the factor 'gaps' draws tables; it needs rng"):
        plan({"gaps": {"imputations": 3}})


# ---------------------------------------------------------------- columns


@pytest.mark.parametrize("rows", [[[3, 1, 3, 3], [0, -1, 0, 1]], [[10**9, 5, 10**9, 5]], [[0] * 5] * 40])
def test_different_columns(rows: list[list[int]]) -> None:
    table = np.array(rows, dtype=np.intp)
    found, which = distinct(table)
    assert np.array_equal(found[:, which], table)
    assert found.shape[1] == len({tuple(column) for column in table.T.tolist()})


def test_many_rows_do_not_overflow() -> None:
    table = np.random.default_rng(9).integers(0, 1000, (40, 300))
    found, which = distinct(np.hstack([table, table]))
    assert found.shape[1] == 300
    assert np.array_equal(found[:, which[:300]], table)
    assert np.array_equal(which[:300], which[300:])


def test_no_draw_at_all(many: Plan) -> None:
    outcome = many.run(np.empty((len(MANY), 0), dtype=np.intp))
    assert outcome.scores.shape == (18, 0)


def test_an_edition_is_all_that_a_plan_needs(observations: pd.DataFrame, methodology: Methodology) -> None:
    made = prepare(Edition.of(observations, methodology), {"factor": {"noise": {"weights": {"noise": 0.1}}}})
    assert made.units["year"].unique().tolist() == [2021]
    assert made.size == 9 + 6 + 3


def test_a_plan_is_one_line_and_a_table(plan: Planned) -> None:
    made = plan({"f": {"choices": [{}, {"name": "n", "max_age": 2}]}, "noise": NOISE}, leave_out_idle=True)
    assert repr(made) == "Plan(2020, 2021: 8 regions, 1 factor: noise; left out: f)"
    html = made._repr_html_()
    assert "<td>noise 0.1, levels component, dimension, index</td>" in html
    assert "Plan(2020, 2021: 8 regions, 1 factor: noise; left out: f)" in html


@pytest.mark.slow
def test_factors_by_name_leave_out_what_is_idle_and_own_factors_do_not(says: Says) -> None:
    edition = read_edition(2019)
    assert prepare(edition, "weights, survey").idle == ("survey",)
    assert prepare(edition, ["weights"]).factors.names == ("weights",)
    with says(
        MethodologyError,
        "data/methodology/2024.1/factors.toml: no factor is called 'wieghts' (did you mean 'weights'?); there are "
        "scale, mean_of_components, mean_of_dimensions, weighting, age, weights, rounding, rare_events, survey",
    ):
        prepare(edition, "wieghts")


def test_what_is_no_edition_is_refused(observations: pd.DataFrame, says: Says) -> None:
    for wrong, kind in ((observations, "DataFrame"), ("2023", "str"), (2023, "int")):
        with says(
            ParameterError,
            f"edition is of the type {kind}; it must be an Edition: read_edition(year), or for a table "
            "Edition.of(table, methodology)",
        ):
            prepare(wrong)  # type: ignore[arg-type]
    with says(
        MethodologyError,
        "methodology is the text '2024.1'; give the rules themselves, read_methodology('2024.1'), or ask an edition: "
        "edition.under('2024.1')",
    ):
        Edition.of(observations, "2024.1")  # type: ignore[arg-type]


@pytest.mark.slow
def test_an_official_scale_held_against_a_unit(plan: Planned, whole: pd.DataFrame, methodology: Methodology) -> None:
    """The official reference is a unit of the first year; a choice takes another, a third the goalposts again."""
    rules = methodology.replace(normalisation={"name": "ampi", "reference": "All", "reference_years": [2019]})
    other = {"normalisation": {"name": "ampi", "reference": "R3", "range_years": [2019, 2020, 2021]}}
    back = {"normalisation": "goalposts"}
    choices = [{}, {"name": "another unit", **other}, {"name": "goalposts", **back}]
    factors = {"scale": {"choices": choices}, "survey": {"values": {"error": "sampling"}}}
    made = plan(factors, observations=whole, methodology=rules)
    outcome = made.run(np.array([[0, 1, 2]]))
    for column, replaced in enumerate((rules, rules.replace(**other), rules.replace(**back))):
        same(outcome.scores[:, column], scored(whole, replaced, made.units))
    drawn = made.run(np.array([[0, 1]]), np.full((made.size, 2), 0.5))  # an error of zero: the median of its deviate
    same(drawn.scores, outcome.scores[:, :2])


def test_a_unit_of_reference_that_is_not_there(plan: Planned, says: Says) -> None:
    choice = {"name": "n", "normalisation": {"name": "ampi", "reference": "R9"}}
    with says(
        MethodologyError,
        "normalisation: reference is 'R9'; there are mean, median, All, R0, R1, R2, R3, R4, R5, R6, R7",
    ):
        plan({"f": {"choices": [{}, choice]}})
