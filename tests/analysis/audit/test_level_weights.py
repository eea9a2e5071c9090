"""Weights of a level sought against the index, and the statistics of the audit beside them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cwi import Edition, read_edition
from cwi.analysis.audit import audit, level_weights
from cwi.derivation import derive
from cwi.errors import DataError
from cwi.methods.weighting import max_correlation

pytestmark = pytest.mark.slow

Array = np.typing.NDArray[np.float64]


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_edition(2023)


def test_balanced_dimensions_have_one_correlation_with_the_index(edition: Edition) -> None:
    scores = edition.scores
    table = level_weights(scores, "dimension")
    assert table["weight"].sum() == pytest.approx(1)
    assert np.ptp(table["r_before"]) > 0.1
    assert np.ptp(table["r"]) < 0.01
    weights = [*scores.weights[:2], table["weight"].to_numpy()]  # the correlations are those of the index made anew
    y = scores.without_nation(scores.wide(2023, "dimension"))
    values = scores.values(2023).loc[y.index].to_numpy()
    index = derive(values, scores.methodology, base=scores.base, weights=weights).index
    again = [stats.pearsonr(y[part], index).statistic for part in table.index]
    np.testing.assert_allclose(table["r"], again, atol=1e-9)


def test_the_sum_of_correlations_is_a_maximum(edition: Edition) -> None:
    table = level_weights(edition.scores, "dimension", objective="sum")
    assert table["r"].sum() >= table["r_before"].sum()
    y = edition.scores.without_nation(edition.scores.wide(2023, "dimension"))
    closed = max_correlation(y.to_numpy(), np.full(4, 0.25))  # the level is right under the index
    np.testing.assert_allclose(table["weight"], closed, atol=1e-3)
    components = level_weights(edition.scores, "component", objective="sum")
    assert components["r"].sum() > components["r_before"].sum()
    sums = components.groupby("parent")[["before", "weight"]].sum()
    np.testing.assert_allclose(sums["weight"], sums["before"])


def test_what_is_refused(edition: Edition) -> None:
    for given_, sentence in (
        ({"level": "index"}, "no level below the index is called 'index'"),
        ({"level": "dimension", "objective": "max"}, "objective is 'max'; there are balanced, sum"),
        ({"level": "dimension", "target": {"chld": 1.0}}, "the target names 'chld' (did you mean 'child'?)"),
        ({"level": "dimension", "target": {"child": 1.0}}, "the target must give each of "),
    ):
        with pytest.raises(DataError) as caught:
            level_weights(edition.scores, **given_)  # type: ignore[arg-type]
        assert str(caught.value).startswith(sentence)


@given(seed=st.integers(0, 10_000), k=st.integers(2, 5))
@settings(deadline=None, max_examples=30)
def test_no_other_weights_have_a_larger_sum(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(12, k)) * rng.uniform(0.1, 9, k) + rng.normal(size=(12, 1))

    def total(w: Array) -> float:
        whole = z @ w
        return float(sum(np.corrcoef(part, whole)[0, 1] for part in z.T))

    best = max_correlation(z, np.full(k, 1 / k))
    assert best.sum() == pytest.approx(1)
    others = rng.dirichlet(np.ones(k), 50)
    assert total(best) >= max(total(w) for w in others) - 1e-9


def test_statistics_p_values_and_alpha_by_pairs(edition: Edition) -> None:
    result = audit(edition, rng=np.random.default_rng(1), draws=20)
    values = edition.scores.without_nation(edition.scores.values(2023))
    for row in result.statistics.to_dict("records"):
        x = values[row["indicator"]].dropna()
        assert row["median"] == pytest.approx(x.median())
        assert [row["q05"], row["q95"]] == pytest.approx(x.quantile([0.05, 0.95]).tolist())
        assert (row["zeros"], row["distinct"]) == ((x == 0).sum(), x.nunique())
        assert row["n"] + row["missing"] == 20
    table = edition.scores.without_nation(edition.scores.wide(2023, "component"))
    pairs = result.correlations[result.correlations["level"] == "component"].dropna(subset="r")
    for row in pairs.to_dict("records"):
        both = table[[row["a"], row["b"]]].dropna()
        assert row["p"] == pytest.approx(stats.pearsonr(*both.to_numpy().T).pvalue, abs=1e-9)
    whole = result.structure.dropna(subset="alpha")
    complete = whole[whole["n"] == whole["pairs"]]
    assert len(complete)
    np.testing.assert_allclose(complete["alpha_pairs"], complete["alpha"])


def test_alpha_by_pairs_where_there_are_gaps(edition: Edition) -> None:
    """By hand: k r / (1 + (k - 1) r) with r the mean of the correlations of pairs."""
    result = audit(edition, rng=np.random.default_rng(1), draws=20)
    table = edition.scores.without_nation(edition.scores.wide(2023, "component"))
    parts = edition.scores.methodology.tree.parts_of
    gaps = result.structure[result.structure["pairs"] > result.structure["n"]]
    for row in gaps[gaps["level"] == "dimension"].to_dict("records"):
        used = [part for part in parts[row["node"]] if part not in row["left_out"].split(", ")]
        r = table[used].corr().to_numpy()
        mean = r[np.triu_indices(len(used), 1)].mean()
        assert row["alpha_pairs"] == pytest.approx(len(used) * mean / (1 + (len(used) - 1) * mean))
