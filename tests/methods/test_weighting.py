"""What every weighting keeps, whatever scores it learns from."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cwi.methods import weighting
from cwi.methods.weighting import (
    ahp,
    budget_allocation,
    correlation_balanced,
    critic,
    entropy,
    first_component,
    gini,
    pca,
)
from cwi.methods.weighting.importance import balance
from cwi.methods.weighting.judgement import ahp_consistency, ahp_each, budget

Array = NDArray[np.float64]
Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

settings.register_profile("weighting", deadline=None, max_examples=40)
USUAL = settings.get_profile("weighting")

NOTHING = np.empty((0, 3))
THIRD = np.full(3, 1 / 3)
LEARNT = {
    "equal": weighting.equal,
    "stated": weighting.stated,
    "pca": partial(pca, together=0.0, each=0.0),
    "pca, all factors": lambda z, stated: pca(z, stated, factors=len(stated)),
    "first_component": first_component,
    "entropy": entropy,
    "critic": critic,
    "critic by rank": partial(critic, scale="none", correlation="spearman"),
    "gini": gini,
    "gini inverse": partial(gini, inverse=True),
    "correlation_balanced": partial(correlation_balanced, tolerance=1.0),
}
SPREAD_IN_UNITS = {"critic by rank"}  # the others do not change when every score is multiplied


def sample(n: int, k: int, seed: int, noise: float = 0.7) -> Array:
    """Scores with something in common."""
    rng = np.random.default_rng(seed)
    return 50 + 10 * (rng.normal(size=(n, 1)) + noise * rng.normal(size=(n, k)))


def weighed(name: str, z: Array, stated: Array) -> Array | None:
    try:
        return np.asarray(LEARNT[name](z, stated))
    except ValueError:
        return None


# ---------------------------------------------------------------- promises


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNT)
@given(n=st.integers(7, 15), k=st.integers(1, 5), seed=st.integers(0, 10**6), factor=st.sampled_from([1e-12, 1, 1e12]))
@USUAL
def test_weights_sum_to_one_and_follow_their_part(name: str, n: int, k: int, seed: int, factor: float) -> None:
    z, rng = np.maximum(sample(n, k, seed), 1.0), np.random.default_rng(seed)
    stated = rng.dirichlet(np.ones(k) * 20)
    before = z.copy(), stated.copy()
    w = weighed(name, z, stated)
    assume(w is not None)
    assert w is not None
    assert w.shape == (k,)
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1, abs=1e-12)
    rows, columns = rng.permutation(n), rng.permutation(k)
    near = {"abs": 1e-3 if name == "correlation_balanced" else 1e-7}  # the nearest is found by a search
    assert weighed(name, z[np.ix_(rows, columns)], stated[columns]) == pytest.approx(w[columns], **near)
    assert weighed(name, factor * z, stated) == pytest.approx(w, **near)
    holed = np.vstack([z, np.where(np.arange(k) == 0, np.nan, 3.0)])
    assert weighed(name, holed, stated) == pytest.approx(w, abs=1e-12)
    assert np.array_equal(before[0], z)
    assert np.array_equal(before[1], stated)


@pytest.mark.parametrize("name", LEARNT)
def test_a_single_part_has_all_the_weight(name: str) -> None:
    for z in (np.empty((0, 1)), np.full((4, 1), 7.0), np.array([[np.nan]])):
        assert LEARNT[name](z, np.ones(1)).tolist() == [1.0]


@pytest.mark.parametrize("name", ["entropy", "gini", "critic"])
def test_parts_that_spread_alike_count_alike(name: str) -> None:
    z = np.array([[10.0, 20, 30], [20, 30, 10], [30, 10, 20]])
    assert LEARNT[name](z, np.array([0.6, 0.3, 0.1])) == pytest.approx(THIRD)


@pytest.mark.parametrize("name", ["entropy", "gini", "gini inverse"])
def test_two_units_are_enough_for_spread(name: str) -> None:
    z = np.array([[40.0, 10.0], [60.0, 90.0]])
    w = LEARNT[name](z, np.array([0.5, 0.5]))
    assert (w[1] > w[0]) == (name != "gini inverse")


@pytest.mark.parametrize("name", ["entropy", "gini"])
def test_a_part_that_is_the_same_everywhere_counts_nothing(name: str) -> None:
    z = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]])
    assert LEARNT[name](z, np.array([0.5, 0.5])) == pytest.approx([0, 1], abs=1e-12)


# ---------------------------------------------------------------- what cannot be done


@pytest.mark.parametrize(
    ("name", "z", "said"),
    [
        ("pca", sample(3, 3, 1), "pca needs at least 4 units that have all parts; there are 3"),
        ("first_component", NOTHING, "first_component needs at least 4 units that have all parts; there are 0"),
        (
            "correlation_balanced",
            np.full((9, 3), np.nan),
            "correlation_balanced needs at least 4 units that have all parts; there are 0",
        ),
        ("entropy", sample(1, 3, 1), "entropy needs at least 2 units that have all parts; there are 1"),
        ("critic", sample(2, 3, 1), "critic needs at least 3 units that have all parts; there are 2"),
        ("gini", NOTHING, "gini needs at least 2 units that have all parts; there are 0"),
        (
            "pca",
            np.column_stack([sample(5, 2, 1), np.full(5, 0.1)]),
            "column 2 is the same in all 5 units; pca needs parts that vary",
        ),
        (
            "critic",
            np.column_stack([np.full(5, 0.1), sample(5, 2, 1)]),
            "column 0 is the same in all 5 units; critic needs parts that vary",
        ),
        (
            "gini inverse",
            np.column_stack([sample(5, 2, 1), np.full(5, 0.1)]),
            "column 2 is the same in all 5 units; gini needs parts that vary",
        ),
        ("entropy", np.array([[0.0, 1, 2], [3, 4, 5]]), "entropy needs scores above zero; the lowest is 0"),
        ("gini", np.array([[-1.0, 1, 2], [3, 4, 5]]), "gini needs scores that are not below zero; the lowest is -1"),
        ("gini", np.array([[0.0, 1, 2], [0, 4, 5]]), "column 0 is zero everywhere; gini needs a mean above zero"),
        (
            "entropy",
            np.full((4, 3), 7.0),
            "entropy cannot distinguish the parts: they do not vary, or all vary in the same way",
        ),
        (
            "critic",
            np.outer(np.arange(4.0), [1, 2, 3]),
            "critic cannot distinguish the parts: they do not vary, or all vary in the same way",
        ),
    ],
)
def test_what_cannot_be_learnt_is_refused_with_the_reason(name: str, z: Array, said: str, says: Says) -> None:
    with says(ValueError, said):
        LEARNT[name](z, THIRD)


def test_unknown_parameters_are_refused(says: Says) -> None:
    z = sample(9, 3, 1)
    with says(ValueError, "scale is 'max'; it must be 'minmax' or 'none'"):
        critic(z, THIRD, scale="max")
    with says(ValueError, "correlation is 'kendall'; it must be 'pearson' or 'spearman'"):
        critic(z, THIRD, correlation="kendall")
    with says(ValueError, "pca cannot keep 4 of 3 components"):
        pca(z, THIRD, factors=4)
    with says(ValueError, "target shares must not be below zero and must sum to one; they are [0.5, 0.6, 0.0]"):
        correlation_balanced(z, THIRD, target=[0.5, 0.6, 0.0])
    with says(ValueError, "the target is of 2 parts; there are 3"):
        correlation_balanced(z, THIRD, target=[0.5, 0.5])


# ---------------------------------------------------------------- components


def test_pca_says_when_its_rules_leave_too_little() -> None:
    z = np.random.default_rng(2).normal(size=(60, 8))
    with pytest.raises(ValueError, match=r"^pca keeps \d of 8 components by its rules; they explain \d\d% of the"):
        pca(z, np.full(8, 1 / 8), together=0.9)


def test_pca_gives_each_factor_its_variance() -> None:
    rng = np.random.default_rng(7)
    one, other = rng.normal(size=(2, 400, 1))
    z = np.hstack([one + 0.1 * rng.normal(size=(400, 3)), other + 0.1 * rng.normal(size=(400, 2))])
    assert pca(z, np.full(5, 0.2)) == pytest.approx(np.full(5, 0.2), abs=0.01)


def test_the_first_component_has_the_weights_of_its_score() -> None:
    z = sample(30, 4, 3)
    w = first_component(z, np.full(4, 0.25))
    standard = (z - z.mean(axis=0)) / z.std(axis=0)
    left = np.linalg.svd(standard, full_matrices=False)[0][:, 0]
    assert abs(np.corrcoef(standard @ w, left)[0, 1]) == pytest.approx(1, abs=1e-12)


def test_a_part_against_the_first_component_is_refused() -> None:
    z = sample(30, 4, 3)
    z[:, 2] *= -1
    with pytest.raises(
        ValueError, match=r"^column 2 runs against the first component \(it loads -0\.\d\d\); no weight"
    ):
        first_component(z, np.full(4, 0.25))
    assert pca(z, np.full(4, 0.25))[2] > 0.1  # where the sign is lost


# ---------------------------------------------------------------- dispersion


def test_entropy_and_gini_by_definition() -> None:
    z = np.random.default_rng(5).uniform(1, 100, (9, 4))
    p = z / z.sum(axis=0)
    lack = 1 + (p * np.log(p)).sum(axis=0) / np.log(9)
    assert entropy(z, np.full(4, 0.25)) == pytest.approx(lack / lack.sum())
    g = np.abs(z[:, None] - z[None]).sum(axis=(0, 1)) / (2 * 81 * z.mean(axis=0))
    assert gini(z, np.full(4, 0.25)) == pytest.approx(g / g.sum())
    assert gini(z, np.full(4, 0.25), inverse=True) == pytest.approx(1 / g / (1 / g).sum())


# ---------------------------------------------------------------- importance


def achieved(z: Array, w: Array) -> Array:
    r = np.array([np.corrcoef(part, z @ w)[0, 1] for part in z.T])
    return np.asarray(r * np.abs(r) / (r**2).sum())


@pytest.mark.slow
@given(k=st.integers(2, 5), seed=st.integers(0, 10**6), scale=st.sampled_from([1e-12, 1.0, 1e12]))
@USUAL
def test_importance_is_what_was_asked_for_or_the_nearest_is_said(k: int, seed: int, scale: float) -> None:
    z = sample(20, k, seed, noise=1.5) * np.logspace(0, 2, k) * scale
    target = np.random.default_rng(seed).dirichlet(np.ones(k) * 10)
    found = balance(z, target)
    assert found.achieved == pytest.approx(achieved(z, found.weights), abs=1e-6)
    assert found.met == (np.abs(found.achieved - target).max() <= 0.005)
    if found.met:
        assert correlation_balanced(z, target) == pytest.approx(found.weights)
    else:
        with pytest.raises(ValueError, match="no weights give every part its own"):
            correlation_balanced(z, target)
        miss = ((found.achieved - target) ** 2).sum()
        for other in np.random.default_rng(seed).dirichlet(np.ones(k), 300) / z.std(axis=0):
            assert miss <= ((achieved(z, other) - target) ** 2).sum() + 1e-6


def test_independent_parts_are_balanced_by_their_spread() -> None:
    z = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * [1, 2, 4]
    z = np.vstack([z, z])
    assert correlation_balanced(z, THIRD) == pytest.approx(np.array([4, 2, 1]) / 7)
    w = correlation_balanced(z, THIRD, target=[0.25, 0.25, 0.5])
    assert w == pytest.approx(np.array([4, 2, np.sqrt(2)]) / (6 + np.sqrt(2)))


@pytest.mark.slow
def test_the_refusal_says_how_far_it_got_and_tolerance_lets_it_pass() -> None:
    z = np.column_stack([sample(20, 2, 1, noise=0.2), sample(20, 1, 2)])
    target = [0.6, 0.1, 0.3]
    said = r"column \d would have 0\.\d{3} of the importance where 0\.\d{3} is asked for"
    with pytest.raises(ValueError, match=said):
        correlation_balanced(z, THIRD, target=target)
    found = balance(z, np.array(target))
    assert not found.met
    assert correlation_balanced(z, THIRD, target=target, tolerance=0.5) == pytest.approx(found.weights)


# ---------------------------------------------------------------- judgement


def test_budget_allocation_keeps_each_expert() -> None:
    given = [[50, 30, 20], [40, 40, 20], [60, 20, 20]]
    found = budget(given, 3)
    assert found.experts.tolist() == [[0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.6, 0.2, 0.2]]
    assert found.weights == pytest.approx([0.5, 0.3, 0.2])
    assert found.spread == pytest.approx([0.1, 0.1, 0])
    assert np.isnan(budget(given[:1], 3).spread).all()
    assert budget_allocation(NOTHING, THIRD, points=given) == pytest.approx([0.5, 0.3, 0.2])


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "budget allocation needs the points of at least one expert"),
        ([[50, 50]], "expert 1 gave points to 2 parts; there are 3"),
        ([[40, 40, 20], [50, 60, -10]], "expert 2 gave [50, 60, -10]; points must be numbers not below zero"),
        ([[40, 40, float("nan")]], "expert 1 gave [40, 40, nan]; points must be numbers not below zero"),
        ([[40, 40, 10]], "the points of expert 1 sum to 90; they must sum to 100"),
    ],
)
def test_points_that_are_no_budget_are_refused(points: list[list[float]], said: str, says: Says) -> None:
    with says(ValueError, said):
        budget_allocation(NOTHING, THIRD, points=points)


def matrix(w: Array) -> Array:
    return np.asarray(w[:, None] / w)


@pytest.mark.slow
@given(k=st.integers(1, 10), seed=st.integers(0, 10**6))
@USUAL
def test_judgements_without_contradiction_give_their_weights(k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    w = rng.dirichlet(np.ones(k) * 3) + 0.01
    w /= w.sum()
    found = ahp_consistency(matrix(w))
    assert found.weights == pytest.approx(w)
    assert (found.eigenvalue, found.index, found.ratio) == pytest.approx((k, 0, 0), abs=1e-6)
    order = rng.permutation(k)
    assert ahp_consistency(matrix(w)[np.ix_(order, order)]).weights == pytest.approx(w[order])
    chain = np.full((k, k), np.nan)  # each judged against its neighbour only
    for i in range(k):
        chain[i, max(i - 1, 0) : i + 2] = matrix(w)[i, max(i - 1, 0) : i + 2]
    assert ahp_consistency(chain).weights == pytest.approx(w)
    assert ahp_consistency(chain).index == pytest.approx(0, abs=1e-6)


def test_the_groups_judgement_is_the_geometric_mean_of_those_who_judged() -> None:
    a, b = (
        np.array([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]),
        np.array([[1, 8, 9], [1 / 8, 1, 3], [1 / 9, 1 / 3, 1]]),
    )
    both = np.sqrt(a * b)
    assert ahp_consistency([a, b]).weights == pytest.approx(ahp_consistency(both).weights)
    b[0, 2] = b[2, 0] = np.nan
    both[0, 2], both[2, 0] = 4, 1 / 4
    assert ahp_consistency([a, b]).weights == pytest.approx(ahp_consistency(both).weights)
    assert ahp(NOTHING, THIRD, judgements=[a.tolist(), b.tolist()]) == pytest.approx(ahp_consistency(both).weights)


def test_judgements_that_contradict_one_another_are_refused_unless_the_limit_is_raised() -> None:
    circle = [[1, 3, 1 / 3], [1 / 3, 1, 3], [3, 1 / 3, 1]]
    with pytest.raises(
        ValueError, match=r"^the judgements contradict one another: their consistency ratio is 1\.\d{3}"
    ):
        ahp(NOTHING, THIRD, judgements=circle)
    assert ahp(NOTHING, THIRD, judgements=circle, limit=2.0) == pytest.approx(THIRD)


def test_short_decimals_are_reciprocal_enough() -> None:
    assert ahp_consistency([[1, 7], [0.14, 1]]).weights == pytest.approx([0.875, 0.125], abs=0.002)


NAN = float("nan")


@pytest.mark.parametrize(
    ("judgements", "more", "said"),
    [
        ([[1, 2], [1 / 2, 1]], {}, "the judgements are of 2 parts; there are 3"),
        ([[1, 2, 3], [1, 2]], {}, "the judgements are no square matrices of one size"),
        ([1, 2, 3], {}, "the judgements are no square matrices of one size"),
        (np.ones((2, 3)), {}, "the judgements are no square matrices of one size"),
        (np.ones((11, 11)), {}, "random_index 'saaty' is for 10 parts; there are 11"),
        (np.eye(3), {}, "a judgement must be a number above zero, or not a number where nobody judged"),
        (np.ones((3, 3)), {"random_index": "own"}, "random_index is 'own'; it must be one of saaty, donegan_dodd"),
        (
            [[1, 2, 3], [2, 1, 1], [1 / 3, 1, 1]],
            {},
            "judgements of one pair contradict each other in matrix 1: row 1, column 2 is 2, and row 2, column 1 is 2",
        ),
        (
            [[1, 2, NAN], [1 / 2, 1, NAN], [NAN, NAN, 1]],
            {},
            "the judgements fall apart: no chain of them connects all parts",
        ),
    ],
)
def test_judgements_that_are_none_are_refused(judgements: object, more: dict[str, str], said: str, says: Says) -> None:
    with says(ValueError, said):
        ahp(NOTHING, THIRD, judgements=judgements, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("k", [1, 2, 3, 5, 9])
def test_experts_weighed_each_are_as_each_by_itself(k: int) -> None:
    rng = np.random.default_rng(k)
    logs = rng.normal(size=(12, k, k))
    matrices = np.exp(logs - logs.transpose(0, 2, 1))
    weights, ratios = ahp_each(matrices)
    alone = [ahp_consistency(matrix) for matrix in matrices]
    assert weights == pytest.approx(np.array([found.weights for found in alone]))
    assert ratios == pytest.approx([found.ratio for found in alone], abs=1e-12)


@pytest.mark.parametrize("factor", [1e-100, 1e-12, 1e12])
def test_critic_without_scaling_knows_no_unit(factor: float) -> None:
    """Scores in a very small unit were refused as if they did not vary."""
    z, stated = sample(7, 2, 1), np.full(2, 0.5)
    expected = critic(z, stated, scale="none", correlation="spearman")
    assert critic(factor * z, stated, scale="none", correlation="spearman") == pytest.approx(expected)
