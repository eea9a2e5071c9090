"""The tree: levels, parents, what every part counts at the top, and what it counts where parts are missing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwi import MethodologyError, read_edition, read_methodology
from cwi.tree import Tree

SMALL = Tree(
    ("indicator", "component", "index"),
    (("a", "b", "c", "d"), ("one", "two"), ("whole",)),
    (np.array([0, 0, 1, -1]), np.array([0, 0])),
)
WEIGHTS = (np.array([0.5, 0.5, 1.0, 0.0]), np.array([0.5, 0.5]))


def test_who_belongs_to_whom() -> None:
    assert SMALL.path("b") == ("b", "one", "whole")
    assert SMALL.under("one") == ("a", "b")
    assert SMALL.under("whole") == ("a", "b", "c")  # d is left out
    assert SMALL.parts_of["two"] == ("c",)
    assert SMALL.depth_first == ("whole", "one", "a", "b", "two", "c")
    assert SMALL.level_of["two"] == "component"
    assert SMALL.membership()[2].tolist() == [0, 0, 1, 0, 0, 1]


def test_implied_weights_are_products() -> None:
    indicators, components, top = SMALL.implied(WEIGHTS)
    assert indicators.tolist() == [0.25, 0.25, 0.5, 0.0]
    assert components.tolist() == [0.5, 0.5]
    assert top.tolist() == [1.0]


def test_missing_parts_give_their_weight_to_their_siblings_only() -> None:
    scored = (
        np.array([[True, False, True, False], [True, True, False, False], [False, False, False, False]]),
        np.array([[True, True], [True, False], [False, False]]),
        np.array([[True], [True], [False]]),
    )
    indicators, components, top = SMALL.in_force(WEIGHTS, scored)
    assert indicators.tolist() == [[0.5, 0, 0.5, 0], [0.5, 0.5, 0, 0], [0, 0, 0, 0]]
    assert components.tolist() == [[0.5, 0.5], [1, 0], [0, 0]]
    assert top.tolist() == [[1], [1], [0]]


def test_unknown_codes_and_levels_are_named() -> None:
    with pytest.raises(MethodologyError, match=r"^no indicator or node is called 'on' \(did you mean 'one'\?\); there"):
        SMALL.path("on")
    sentence = r"^no level is called 'components' \(did you mean 'component'\?\); there are indicator, comp"
    with pytest.raises(MethodologyError, match=sentence):
        SMALL.at("components")


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.lists(st.booleans(), min_size=56, max_size=56))
def test_weights_in_force_sum_to_one_wherever_anything_is_measured(here: list[bool]) -> None:
    methodology = read_methodology("2024.1")
    scored = [np.array([here])]
    for nodes in methodology.nodes:
        scored.append(np.array([[scored[-1][0][list(node.parts)].any() for node in nodes]]))
    weights = methodology.tree.in_force(methodology.stated_weights, scored)
    for level in weights:
        assert level.sum() == pytest.approx(float(any(here)))
    assert (weights[0][~scored[0]] == 0).all()


@pytest.mark.slow
def test_weights_in_force_make_the_index() -> None:
    """With arithmetic means the index is the sum of weights in force times the scores of the indicators."""
    scores = read_edition(2023).scores
    weights, values = scores.weights_in_force(2023), scores.wide(2023, "indicator").astype(float)
    index = scores.of("index")[2023]
    made = (weights * values.reindex(columns=weights.columns).fillna(0.0)).sum(axis=1)
    np.testing.assert_allclose(made[index.index], index, atol=1e-9)
    implied = scores.implied_weights()
    wrong = (implied * values.fillna(0.0)).sum(axis=1) / (implied * values.notna()).sum(axis=1)
    assert (wrong[index.index] - index).abs().max() > 1  # the control: the audit's old weights do not make it


def test_parts_belong_to_one_node_or_none() -> None:
    assert SMALL.belongs(0).tolist() == [[True, False], [True, False], [False, True], [False, False]]
    assert SMALL.belongs(1).tolist() == [[True], [True]]
