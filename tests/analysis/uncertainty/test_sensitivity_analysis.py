"""Which choice matters: a published table through a real index, factors without effect, failures that are shown."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from cwi import DataError, Edition, Methodology, MethodologyError, ParameterError, read_methodology, score
from cwi.analysis.uncertainty.plan import Plan
from cwi.analysis.uncertainty.preparation import prepare
from cwi.analysis.uncertainty.sensitivity_analysis import exact, sensitivity, sobol
from cwi.analysis.uncertainty.single_changes import leave_one_out, one_at_a_time

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]
Planned = Callable[..., Plan]

REFERENCE = Path(__file__).parents[2] / "reference" / "sobol"
GEOMETRIC = {"aggregation": {"name": "geometric", "floor": 1}}
CHOICES: Mapping[str, list[dict[str, Any]]] = {
    "scale": [{}, {"name": "mm", "normalisation": "min_max"}, {"name": "ranks", "normalisation": "percentile_rank"}],
    "mean": [{}, {"name": "g", "index": GEOMETRIC}],
    "weights": [{}, {"name": "equal", "index": {"weighting": "equal"}}],
}


def choices(**shares: list[float]) -> dict[str, Any]:
    return {
        name: {"choices": [
            choice | ({"share": shares[name][i]} if name in shares else {}) for i, choice in enumerate(said)
        ]}
        for name, said in CHOICES.items()
    }  # fmt: skip


def of(table: pd.DataFrame, output: str, region: str = "") -> pd.DataFrame:
    return table[(table["output"] == output) & (table["region"] == region)].set_index("factor")


# ---------------------------------------------------------------- enumeration


def test_the_discrete_table_through_an_index() -> None:
    """The 3 × 2 × 4 outcomes, written by rules of a notebook: each leaves its number, the last looks the outcome up."""
    table = pd.read_csv(REFERENCE / "discrete.csv")
    expected = pd.read_csv(REFERENCE / "expected.csv").set_index("factor").map(lambda text: float(Fraction(text)))
    y = table["y"].to_numpy(float).reshape(3, 2, 4)
    found = exact(picked(y), 2021, order=3)
    indices = of(found.indices, "score", "A")
    for factor in expected.index:
        assert indices.at[factor, "first"] == pytest.approx(expected.at[factor, "first"], abs=1e-12)
        assert indices.at[factor, "total"] == pytest.approx(expected.at[factor, "total"], abs=1e-12)
    assert indices["variance"].to_numpy() == pytest.approx(y.var())
    joint = found.joint[(found.joint["output"] == "score") & (found.joint["region"] == "A")]
    assert joint["share"].sum() == pytest.approx(1, abs=1e-12)
    assert len(joint) == 7
    assert len(found.runs) == 24
    assert found.failed.empty


def picked(y: Array) -> Plan:
    """An index whose score is y[i, j, k] for the choices i of a scale, j and k of two means."""
    rules = read_methodology(Path(__file__).parents[2] / "methodologies" / "hand").replace(without=["mind", "illness"])
    rows = pd.DataFrame(
        [(region, year, "height", value) for year in (2019, 2020, 2021) for region, value in (("A", 0.0), ("B", 5.0))],
        columns=["region", "year", "indicator", "value"],
    )

    def scale(i: int) -> Any:
        def normal(x: Array, worst: Array, best: Array, log: Array, base: Array | None) -> Array:
            return np.asarray(100.0 * i + 1e4 * (x > 1))

        normal.__name__ = f"scale_{i}"
        return normal

    def middle(j: int) -> Any:
        def mean(scores: Array, w: Array) -> Array:
            return np.asarray(scores[..., 0] + 10.0 * j)

        mean.__name__ = f"middle_{j}"
        return mean

    def top(k: int) -> Any:
        def mean(scores: Array, w: Array) -> Array:
            code = scores[..., 0] % 1e4
            return np.asarray(y[(code // 100).astype(int), (code % 100 // 10).astype(int), k])

        mean.__name__ = f"top_{k}"
        return mean

    official = rules.replace(normalisation=scale(0), dimension={"aggregation": middle(0)}, node={
        "body": {"aggregation": middle(0)}}, index={"aggregation": top(0)})  # fmt: skip

    def factor(count: int, of: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
        return {"choices": [{}, *({"name": str(i), **of(i)} for i in range(1, count))]}

    said = {
        "normalisation": factor(3, lambda i: {"normalisation": scale(i)}),
        "aggregation": factor(2, lambda j: {"node": {"body": {"aggregation": middle(j)}}}),
        "expert": factor(4, lambda k: {"index": {"aggregation": top(k)}}),
    }
    return prepare(Edition.of(rows, official), {"factor": said})


@pytest.mark.slow
def test_enumeration_against_scores_of_replaced_methodologies(
    plan: Planned, observations: pd.DataFrame, methodology: Methodology
) -> None:
    """Twelve indices by cwi.score, variances by numpy."""
    found = exact(plan(choices()), 2021)
    y = np.empty((3, 2, 2))
    for i, j, k in np.ndindex(3, 2, 2):
        changes: dict[str, Any] = {}
        for said, at in zip(CHOICES.values(), (i, j, k), strict=True):
            changes = merged(changes, {key: value for key, value in said[at].items() if key != "name"})
        nodes = score(observations, methodology.replace(**changes), years=[2021]).nodes
        row = nodes[(nodes["node"] == "index") & (nodes["region"] == "R2")]
        y[i, j, k] = row["score"].iloc[0]
    indices = of(found.indices, "score", "R2")
    assert indices["variance"].to_numpy() == pytest.approx(y.var(), rel=1e-9)
    for axis, factor in enumerate(CHOICES):
        others = tuple(i for i in range(3) if i != axis)
        assert indices.at[factor, "first"] == pytest.approx(y.mean(axis=others).var() / y.var(), rel=1e-9)
        assert indices.at[factor, "total"] == pytest.approx(y.var(axis=axis).mean() / y.var(), rel=1e-9)


def merged(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    """Changes of two choices together; both may speak of one level."""
    return one | {key: one.get(key, {}) | said if isinstance(said, dict) else said for key, said in two.items()}


def test_a_factor_without_effect_on_a_region_has_exactly_zero(plan: Planned) -> None:
    """Only R4 carries a figure: how old it may be says nothing to the score of any other."""
    age = {"age": {"choices": [{}, {"name": "new", "max_age": 0}]}}
    dimension = {"dimension": {"choices": [{}, {"name": "g", "dimension": GEOMETRIC}]}}
    found = exact(plan({"scale": choices()["scale"], **dimension, **age}, node="mind"), 2021, order=3)
    for region in ("R0", "R1", "R7"):
        indices = of(found.indices, "score", region)
        assert indices.loc["age", ["first", "total"]].tolist() == [0, 0]
        joint = found.joint[(found.joint["output"] == "score") & (found.joint["region"] == region)]
        assert (joint.loc[joint["factors"].str.contains("age"), "share"] == 0).all()
        assert joint["share"].sum() == pytest.approx(1, abs=1e-12)
    assert (of(found.indices, "score", "R4").loc["age", ["first", "total"]] > 0).all()


@pytest.mark.slow
def test_shares_of_choices_count(plan: Planned) -> None:
    even = exact(plan(choices()), 2021)
    never = exact(plan(choices(mean=[1.0, 0.0])), 2021)
    for region in ("R0", "R3"):
        assert of(never.indices, "score", region).loc["mean", ["first", "total"]].tolist() == [0, 0]
        assert of(even.indices, "score", region).at["mean", "total"] > 0


def test_what_is_looked_at(plan: Planned) -> None:
    found = exact(plan(choices()), 2021)
    outputs = found.indices.groupby("output")["region"].unique()
    assert outputs["mean rank shift"].tolist() == [""]
    with_score = [f"R{i}" for i in range(8) if i != 5]
    assert [r for r in outputs["score"] if r != "All"] == with_score or "R5" in outputs["score"]
    assert "All" not in outputs["rank"]
    assert list(found.runs.columns) == ["scale", "mean", "weights", "mean rank shift", "reason"]
    official = found.runs.query("scale == 'official' and mean == 'official' and weights == 'official'")
    assert official["mean rank shift"].tolist() == [0]
    assert found.runs["mean rank shift"].max() > 0
    assert set(found.joint["factors"]) == {
        "scale", "mean", "weights", "scale × mean", "scale × weights", "mean × weights"
    }  # fmt: skip


STEEP = {"name": "steep", "ends": {"deaths": {"worst": 1}}}
CLASH = {
    "ends": {"choices": [{}, STEEP]},
    "mean": {"choices": [{}, {"name": "g", "index": {"aggregation": "geometric"}}]},
}


@pytest.mark.slow
@pytest.mark.parametrize("declared", [True, False])
def test_combinations_that_fail_are_shown(declared: bool, plan: Planned) -> None:
    said = {"factor": CLASH, "incompatible": [{"ends": "steep", "mean": "g"}] if declared else []}
    found = exact(plan(said), 2021)
    assert len(found.runs) == 4
    assert found.failed[["ends", "mean"]].to_numpy().tolist() == [["steep", "g"]]
    reason = found.failed["reason"].iloc[0]
    expected = "choices that are declared incompatible" if declared else "index: geometric needs scores above zero"
    assert reason.startswith(expected)
    assert np.isnan(found.failed["mean rank shift"]).all()
    assert found.indices[["first", "total"]].isna().all(axis=None)


def test_nothing_to_enumerate(plan: Planned, says: Says) -> None:
    with says(
        MethodologyError, "factors: no factor is a list of choices or of sets of weights; nothing can be enumerated"
    ):
        exact(plan({"noise": {"weights": {"noise": 0.1}}}), 2021)


def test_too_much_to_enumerate(plan: Planned, monkeypatch: pytest.MonkeyPatch, says: Says) -> None:
    monkeypatch.setattr("cwi.analysis.uncertainty.sensitivity_analysis.MOST", 11)
    with says(
        MethodologyError,
        "factors: 3 × 2 × 2 = 12 combinations are more than 11; leave a factor out, or estimate with sobol",
    ):
        exact(plan(choices()), 2021)


@pytest.mark.slow
def test_fifty_thousand_are_the_most(plan: Planned, says: Says) -> None:
    said = {
        code: {"choices": [{}, *({"name": str(i), "ends": {code: {"worst": i / 7}}} for i in range(1, 9))]}
        for code in ("fit", "height", "weight", "reading", "sums")
    }
    with says(
        MethodologyError,
        "factors: 9 × 9 × 9 × 9 × 9 = 59,049 combinations are more than 50,000; "
        "leave a factor out, or estimate with sobol",
    ):
        exact(plan(said), 2021)


@pytest.mark.parametrize("how", [exact, one_at_a_time, leave_one_out, sobol])
def test_a_year_without_regions(how: Callable[..., Any], plan: Planned, says: Says) -> None:
    more = {"rng": np.random.default_rng(1), "n": 2} if how is sobol else {}
    with says(DataError, "there is no region of 2019; there are regions of 2020, 2021"):
        how(plan(choices()), 2019, **more)


# ---------------------------------------------------------------- estimation


@pytest.mark.slow
def test_estimates_meet_the_enumeration(plan: Planned) -> None:
    made = plan(choices())
    truth = exact(made, 2021).indices
    found = sobol(made, 2021, n=1024, rng=np.random.default_rng(1), level=0.999)
    assert found.runs == 1024 * 5
    assert found.failed == {}
    both = truth.merge(found.indices, on=["output", "region", "factor"], suffixes=("", "_found"))
    assert len(both) == len(truth) == len(found.indices)
    seen = both[both["variance"] > 0]
    for index in ("first", "total"):
        assert seen[f"{index}_found"].to_numpy() == pytest.approx(seen[index].to_numpy(), abs=0.05)
        assert (seen[f"{index}_low"] <= seen[index] + 0.01).all()
        assert (seen[index] - 0.01 <= seen[f"{index}_high"]).all()


def test_a_factor_of_many_axes_is_one_or_many(plan: Planned) -> None:
    noise = {"noise": {"weights": {"noise": 0.25, "levels": ["index"]}}}
    made = plan(noise | {"mean": choices()["mean"]})
    one = sobol(made, 2021, n=64, rng=np.random.default_rng(1), resamples=10)
    assert sorted(one.indices["factor"].unique()) == ["mean", "noise"]
    assert one.runs == 64 * 4
    many = sobol(made, 2021, n=64, rng=np.random.default_rng(1), resamples=10, by=["noise"])
    assert sorted(many.indices["factor"].unique()) == ["mean", "noise 1", "noise 2", "noise 3"]
    assert many.runs == 64 * 6
    again = sobol(made, 2021, n=64, rng=np.random.default_rng(1), resamples=10)
    pd.testing.assert_frame_equal(one.indices, again.indices, check_exact=True)


@pytest.mark.slow
def test_runs_that_fail_are_counted_and_nothing_is_estimated(plan: Planned) -> None:
    found = sobol(plan(CLASH), 2021, n=16, rng=np.random.default_rng(1), resamples=10)
    assert sum(found.failed.values()) > 0
    assert all(reason.startswith("index: geometric needs scores above zero") for reason in found.failed)
    assert found.indices[["first", "total", "first_low", "total_high"]].isna().all(axis=None)


@pytest.mark.parametrize("n", [0, 1, 3, 1000])
def test_only_powers_of_two_are_balanced(n: int, plan: Planned, says: Says) -> None:
    with says(
        DataError,
        f"n is {n}; a Sobol sequence is balanced only at a power of two, such as 1024; for another number of rows hand "
        "over a design of your own",
    ):
        sobol(plan(choices()), 2021, n=n, rng=np.random.default_rng(1))


def test_axes_of_nobody(plan: Planned, says: Says) -> None:
    with says(
        MethodologyError,
        "factors: no factor is called 'weight' (did you mean 'weights'?); there are scale, mean, weights",
    ):
        sobol(plan(choices()), 2021, n=4, rng=np.random.default_rng(1), by=["weight"])


# ---------------------------------------------------------------- one at a time


@pytest.mark.slow
def test_each_choice_alone(plan: Planned, observations: pd.DataFrame, methodology: Methodology) -> None:
    table = one_at_a_time(plan(choices()), 2021)
    assert list(table["choice"].unique()) == ["mm", "ranks", "g", "equal"]
    nodes = score(observations, methodology.replace(index=GEOMETRIC), years=[2021]).nodes
    expected = nodes[nodes["node"] == "index"].set_index("region")
    official = score(observations, methodology, years=[2021]).nodes.query("node == 'index'").set_index("region")
    rows = table[table["choice"] == "g"].set_index("region")
    assert "All" not in rows.index
    assert rows["score"].to_numpy() == pytest.approx(
        expected.loc[rows.index, "score"].to_numpy(), abs=1e-12, nan_ok=True
    )
    assert rows["rank"].to_numpy() == pytest.approx(
        expected.loc[rows.index, "rank"].astype(float).to_numpy(), nan_ok=True
    )
    moved = official["rank"].astype(float) - expected["rank"].astype(float)
    assert rows["moved"].to_numpy() == pytest.approx(moved[rows.index].to_numpy(), nan_ok=True)
    assert (rows["reason"] == "").all()


def test_a_choice_that_fails_says_why(plan: Planned) -> None:
    factors = CLASH | {"ends": {"choices": [{"name": "as it is"}, {"name": "low", "ends": {"deaths": {"worst": 1.0}}}]}}
    low = plan(factors)
    table = one_at_a_time(low, 2021)
    assert (table["reason"] == "").all()
    rules = {
        "f": {
            "choices": [{}, {"name": "low", "ends": {"deaths": {"worst": 1.0}}, "index": {"aggregation": "geometric"}}]
        }
    }
    table = one_at_a_time(plan(rules), 2021)
    assert table["score"].isna().all()
    assert table["reason"].str.startswith("index: geometric needs scores above zero").all()


@pytest.mark.slow
@pytest.mark.parametrize(("level", "count"), [("indicator", 9), ("component", 6), ("dimension", 3)])
def test_each_part_left_out(
    level: str, count: int, plan: Planned, observations: pd.DataFrame, methodology: Methodology
) -> None:
    table = leave_one_out(plan(choices()), 2021, level)
    assert table["part"].nunique() == count
    for part, rows in table.groupby("part"):
        if rows["reason"].iloc[0]:
            assert rows["score"].isna().all()
            assert "nothing is left of" in rows["reason"].iloc[0]
            continue
        nodes = score(observations, methodology.replace(without=[part]), years=[2021]).nodes
        expected = nodes[nodes["node"] == "index"].set_index("region").loc[rows["region"]]
        assert rows["score"].to_numpy() == pytest.approx(expected["score"].to_numpy(), abs=1e-12, nan_ok=True)
        assert rows["rank"].to_numpy() == pytest.approx(expected["rank"].astype(float).to_numpy(), nan_ok=True)


def test_parts_that_nobody_measured_are_passed_over(plan: Planned, observations: pd.DataFrame) -> None:
    gone = observations[observations["indicator"] != "ill"]
    table = leave_one_out(plan({"noise": {"weights": {"noise": 0.1}}}, observations=gone), 2021)
    assert "ill" not in set(table["part"])
    assert table["part"].nunique() == 8


def test_a_level_that_is_not_there(plan: Planned, says: Says) -> None:
    with says(
        MethodologyError,
        "no level below the index is called 'components' (did you mean 'component'?); "
        "there are indicator, component, dimension",
    ):
        leave_one_out(plan(choices()), 2021, "components")


# ---------------------------------------------------------------- together


@pytest.mark.slow
def test_all_four_together_are_each_alone(plan: Planned) -> None:
    made = plan(choices())
    found = sensitivity(made, 2020, n=8, rng=np.random.default_rng(1))
    pd.testing.assert_frame_equal(found.sobol.indices, sobol(made, 2020, n=8, rng=np.random.default_rng(1)).indices)
    assert found.exact is not None
    pd.testing.assert_frame_equal(found.exact.indices, exact(made, 2020).indices)
    pd.testing.assert_frame_equal(found.alone, one_at_a_time(made, 2020))
    parts = found.without[found.without["level"] == "component"].drop(columns="level")
    pd.testing.assert_frame_equal(parts, leave_one_out(made, 2020, "component"))
    assert sensitivity(made, n=8, rng=np.random.default_rng(1)).year == 2021


@pytest.mark.parametrize("function", [sensitivity, exact, sobol, one_at_a_time, leave_one_out])
def test_what_is_no_plan_is_refused(function: Callable[..., Any], observations: pd.DataFrame, says: Says) -> None:
    with says(
        ParameterError,
        f"{function.__name__} takes a plan, not an object of the type DataFrame; "
        "prepare(edition, factors) gives a plan",
    ):
        function(observations, **({"rng": np.random.default_rng(1)} if function in (sensitivity, sobol) else {}))
