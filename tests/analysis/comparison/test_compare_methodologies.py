"""Several schemes side by side: a case for a pencil, and schemes that must not be run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tree import CODES, YEAR, edition_of, long, tree, values

from cwi import DataError, Edition, MethodologyError, read_edition
from cwi.analysis.comparison.methodologies import Comparison, compare, incompatible, weightings
from cwi.analysis.uncertainty import prepare, simulate

pytestmark = pytest.mark.slow

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]


def by_hand() -> pd.DataFrame:
    """Left and right of five regions; within a dimension all indicators agree."""
    left = pd.Series({"A": 90.0, "B": 60, "C": 50, "D": 40, "E": 10})
    right = pd.Series({"A": 80.0, "B": 20, "C": 50, "D": 30, "E": 5})
    table = pd.DataFrame({code: left if code[0] in "ab" else right for code in CODES})
    return table.assign(a2=100 - left)


def hand_comparison() -> Comparison:
    stated = {"weighting": "stated"}
    schemes = {
        "ours": tree(),
        "left": tree().replace(index=stated, node={"left": {"weight": 9}, "right": {"weight": 1}}),
        "right": tree().replace(index=stated, node={"left": {"weight": 1}, "right": {"weight": 9}}),
        "no": "nobody said how",
    }
    return compare(Edition.of(long(by_hand()), tree(), YEAR), schemes)


def test_a_case_for_a_pencil() -> None:
    found = hand_comparison()
    # ours 85 40 50 35 7.5; left 89 56 50 39 9.5; right 81 24 50 31 5.5
    assert found.ranks.to_dict("list") == {"ours": [1, 2, 3, 4, 5], "left": [1, 3, 2, 4, 5], "right": [1, 2, 4, 3, 5]}
    assert list(found.ranks.index) == ["A", "C", "B", "D", "E"]
    right = found.scores[found.scores["scheme"] == "right"].set_index("region")
    assert right["score"].to_dict() == pytest.approx({"A": 81, "B": 24, "C": 50, "D": 31, "E": 5.5})
    assert right["shift"].to_dict() == {"A": 0, "B": -1, "C": 0, "D": 1, "E": 0}
    assert right["third"].to_dict() == {"A": 1, "C": 2, "D": 2, "B": 3, "E": 3}
    row = found.schemes.loc["left"]
    assert row[["regions", "mean_shift", "spearman", "kendall", "over_2"]].tolist() == pytest.approx(
        [5, 0.4, 0.9, 0.8, 0]
    )
    assert found.shifts.loc["left", "right"] == pytest.approx(0.8)
    assert found.correlations.loc["left", "right"] == pytest.approx(1 - 6 * 6 / (5 * 24))
    assert found.refused.to_dict("records") == [{"scheme": "no", "reason": "nobody said how"}]
    assert found.robust["always"].to_dict() == {"A": "first", "C": "", "B": "", "D": "", "E": "last"}
    assert found.robust.loc["B", ["best", "worst", "spread"]].tolist() == [2, 4, 2]
    weights = found.weights.pivot(index="indicator", columns="scheme", values="weight")
    assert weights.loc["b1"].to_dict() == pytest.approx({"ours": 0.25, "left": 0.45, "right": 0.05})
    assert weights.sum().tolist() == pytest.approx([1, 1, 1])


def test_movers_are_named_the_farthest_first() -> None:
    x = values()
    turned = tree().replace(index={"weighting": "stated"}, node={"left": {"weight": 0}})
    found = compare(Edition.of(long(x), tree(), YEAR), {"ours": tree(), "right": turned})
    shift = (found.ranks["right"] - found.ranks["ours"]).abs()
    for places in (2, 5):
        named = found.schemes.at["right", f"movers_{places}"].split(", ")
        assert set(named) - {""} == set(shift.index[shift > places])
        assert found.schemes.at["right", f"over_{places}"] == (shift > places).sum()
        assert shift.reindex([code for code in named if code]).is_monotonic_decreasing
    assert found.schemes.at["right", "over_2"] > 0
    assert found.schemes.at["ours", "mean_shift"] == 0


def test_what_holds_under_every_scheme_holds_in_the_ranks() -> None:
    edition = read_edition(2023)
    schemes = weightings(edition, "entropy, critic, gini", level="all")
    found = compare(edition, schemes)
    ranks, always = found.ranks, found.robust["always"]
    n = len(ranks)
    holds = {
        "first": ranks.eq(1).all(axis=1),
        "last": ranks.eq(n).all(axis=1),
        "in the top third": (ranks <= n / 3).all(axis=1),
        "in the bottom third": (ranks > 2 * n / 3).all(axis=1),
        "above the middle": (ranks <= n / 2).all(axis=1),
        "below the middle": (ranks > n / 2).all(axis=1),
    }
    for word, true in holds.items():
        assert true[always == word].all(), word
    assert (always[~pd.DataFrame(holds).any(axis=1)] == "").all()
    assert (always != "").sum() > 5
    assert (always == "").any()


def test_beyond_noise_is_outside_the_interval() -> None:
    found = hand_comparison()
    interval = pd.DataFrame({"rank_p5": [1, 2, 2, 3, 5], "rank_p95": [1, 2, 3, 3, 5]}, index=list("ACBDE"))
    table = found.beyond(interval).set_index(["scheme", "region"])["beyond"]
    assert table["left"].to_dict() == {"A": 0, "B": 0, "C": 1, "D": 1, "E": 0}
    assert table["right"].to_dict() == {"A": 0, "B": 1, "C": 0, "D": 0, "E": 0}
    assert "ours" not in table.index


def test_the_official_ranks_lie_inside_the_noise_around_them() -> None:
    edition = read_edition(2019)
    intervals = simulate(prepare(edition, "weights"), draws=200, rng=np.random.default_rng(1)).summary()
    far = edition.methodology.replace(index={"weighting": "stated"}, node={"child": {"weight": 20}})
    schemes = {"ours": edition.methodology, "same": edition.methodology.replace(decimals=2), "far": far}
    table = compare(edition, schemes).beyond(intervals)
    assert (table.loc[table["scheme"] == "same", "beyond"] == 0).all()
    assert (table.loc[table["scheme"] == "far", "beyond"] != 0).any()


@pytest.mark.parametrize("scale", ["z_score", "ampi", "rank", "percentile_rank", "above_below_mean"])
@pytest.mark.parametrize("rule", ["geometric", "harmonic", {"name": "power", "p": 0.5}])
def test_what_does_not_go_together_is_named_before_it_is_run(scale: str, rule: Any) -> None:
    bad = tree().replace(normalisation=scale, component={"aggregation": rule})
    (sentence,) = incompatible(bad)
    name = rule if isinstance(rule, str) else rule["name"]
    assert sentence.startswith(f"{scale} and {name} do not go together: {name} needs a scale with a true zero; ")
    found = compare(Edition.of(long(values()), tree(), YEAR), {"ours": tree(), "bad": bad})
    assert found.refused.to_dict("records") == [{"scheme": "bad", "reason": sentence}]
    assert list(found.runs) == ["ours"]
    with pytest.raises(MethodologyError, match=r"\Athe reference 'bad' cannot be run: "):
        compare(Edition.of(long(values()), tree(), YEAR), {"bad": bad})


def test_what_goes_together_is_run() -> None:
    good = {
        "geometric": tree().replace(index={"aggregation": "geometric"}),
        "ampi": tree().replace(normalisation="ampi", index={"aggregation": {"name": "penalised", "direction": "down"}}),
        "z": tree().replace(normalisation="z_score"),
    }
    assert [incompatible(methodology) for methodology in good.values()] == [[], [], []]
    assert list(compare(Edition.of(long(values()), tree(), YEAR), good).runs) == list(good)


def test_the_order_would_hang_on_the_scale() -> None:
    """Why z-scores and the geometric mean do not go together: the mean of the scale changes who comes first."""
    x, geometric = values(), {"index": {"aggregation": "geometric"}}
    ranks = [
        compare(
            Edition.of(long(x), tree(), YEAR), {"z": tree().replace(normalisation={"name": "z_score", "mean": mean})}
        ).runs["z"]
        for mean in (30, 1000)
    ]
    dimensions = [run.wide(YEAR, "dimension") for run in ranks]
    orders = [np.exp(np.log(y).mean(axis=1)).rank().tolist() for y in dimensions]
    assert orders[0] != orders[1]
    assert ranks[0].of("index")[YEAR].rank().tolist() == ranks[1].of("index")[YEAR].rank().tolist()
    assert incompatible(tree().replace(normalisation="z_score", **geometric))


def test_a_scheme_that_refuses_is_listed_with_its_reason() -> None:
    x = values()
    x.iloc[:, 0] = 50.0
    found = compare(Edition.of(long(x), tree(), YEAR), {"ours": tree(), "z": tree().replace(normalisation="z_score")})
    assert found.refused["reason"].tolist() == ["normalisation: a1 is constant in the base years"]


def test_words_of_schemes(says: Says) -> None:
    schemes = weightings(edition_of(values(), tree()), ["entropy", "budget_allocation"], level="dimension")
    assert list(schemes) == ["working", "entropy", "budget_allocation"]
    entropy = schemes["entropy"]
    assert not isinstance(entropy, str)
    assert [level.weighting.name for level in entropy.levels] == ["equal", "entropy", "equal"]
    assert str(schemes["budget_allocation"]).endswith("weighting 'budget_allocation' needs the parameter 'points'")
    assert list(weightings(edition_of(values(), tree()), " entropy ,, gini")) == ["working", "entropy", "gini"]
    with says(
        MethodologyError,
        "no weighting is called 'entrpy' (did you mean 'entropy'?); there are ahp, budget_allocation, "
        "correlation_balanced, critic, entropy, equal, first_component, gini, max_correlation, pca, stated",
    ):
        weightings(edition_of(values(), tree()), "entrpy")
    with says(
        MethodologyError,
        "no level is called 'dimensions' (did you mean 'dimension'?); there are component, dimension, index, all",
    ):
        weightings(edition_of(values(), tree()), "entropy", level="dimensions")
    with says(DataError, "there is no scheme to compare"):
        compare(Edition.of(long(values()), tree(), YEAR), {})


@settings(deadline=None, max_examples=5)
@given(seed=st.integers(0, 10**6))
def test_rows_may_be_shuffled(seed: int) -> None:
    x = long(values(seed=3))
    schemes = weightings(edition_of(values(), tree()), "entropy, gini", level="index")
    one = compare(Edition.of(x, tree(), YEAR), schemes)
    other = compare(Edition.of(x.sample(frac=1, random_state=seed), tree(), YEAR), schemes)
    pd.testing.assert_frame_equal(one.scores, other.scores)
    pd.testing.assert_frame_equal(one.schemes, other.schemes)
